//! Which types hold all values of which.

/// Whether a column of the second type holds every value of the first. What is not known does not.
#[must_use]
pub(super) fn holds_all(was: &str, is: &str) -> bool {
    let (from, from_size) = parts(was);
    let (to, to_size) = parts(is);
    if was == is {
        return true;
    }
    // the text of a value is all of it
    if to == "text" || to == "character varying" && to_size.is_empty() {
        return true;
    }
    if matches!((from, to), ("character varying", "character varying")) {
        return from_size.first().is_some_and(|from| to_size.first() >= Some(from));
    }
    if from == "numeric" && to == "numeric" {
        return match (&from_size[..], &to_size[..]) {
            (_, []) => true,
            ([p, s], [q, t]) => t >= s && q - t >= p - s,
            _ => false,
        };
    }
    let rank =
        |it: &str| ["smallint", "integer", "bigint", "numeric"].iter().position(|of| *of == it);
    if let (Some(from), Some(to)) = (rank(from), rank(to)) {
        return from <= to && to_size.is_empty();
    }
    matches!(
        (from, to),
        ("real", "double precision")
            | ("json", "jsonb")
            | ("smallint" | "integer", "double precision")
            | ("date", "timestamp without time zone" | "timestamp with time zone")
            | ("timestamp without time zone", "timestamp with time zone")
            | ("timestamp with time zone", "timestamp without time zone")
            | ("cidr", "inet")
    )
}

/// A type without its numbers, and these.
fn parts(name: &str) -> (&str, Vec<i64>) {
    let Some((base, rest)) = name.split_once('(') else { return (name, Vec::new()) };
    let (numbers, _) = rest.split_once(')').unwrap_or((rest, ""));
    (base, numbers.split(',').filter_map(|it| it.trim().parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wider_type_holds_all_and_a_narrower_one_does_not() {
        for (was, is) in [
            ("integer", "bigint"),
            ("character varying(20)", "character varying(40)"),
            ("character varying(20)", "text"),
            ("numeric(10,2)", "numeric(14,2)"),
            ("numeric(10,2)", "numeric"),
        ] {
            assert!(holds_all(was, is), "{was} -> {is}");
            assert!(!holds_all(is, was), "{is} -> {was}");
        }
        assert!(!holds_all("numeric(10,2)", "integer"));
    }
}
