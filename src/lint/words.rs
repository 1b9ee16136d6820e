//! Numbers and work in words.

use super::{case::short, judge::Effort};

/// A number of rows: `48 million`.
#[must_use]
pub(crate) fn rows(count: f64) -> String {
    match count {
        it if it >= 1e9 => format!("{} billion", digits(it / 1e9)),
        it if it >= 1e6 => format!("{} million", digits(it / 1e6)),
        it if it >= 1e4 => format!("{},000", (it / 1e3).round()),
        it => format!("{}", it.max(0.0).round()),
    }
}

/// A time, not more exact than it is known: `25 s`.
#[must_use]
pub(crate) fn time(seconds: f64) -> String {
    match seconds {
        it if it < 0.001 => "1 ms".to_owned(),
        it if it < 1.0 => format!("{} ms", digits(it * 1000.0)),
        it if it < 120.0 => format!("{} s", digits(it)),
        it if it < 7200.0 => format!("{} min", digits(it / 60.0)),
        it => format!("{} h", digits(it / 3600.0)),
    }
}

/// At most two digits that say something.
fn digits(number: f64) -> String {
    if number >= 100.0 {
        return format!("{}", (number / 10.0).round() * 10.0);
    }
    if number >= 9.95 {
        return format!("{}", number.round());
    }
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// What is done to the rows of a table: `rewrites users and builds 2 indexes`.
#[must_use]
pub(crate) fn work(table: &str, effort: &Effort) -> String {
    let table = short(table);
    let times = |it: f64| match it.round() {
        n if n <= 1.0 => String::new(),
        n => format!(" {n} times"),
    };
    let mut parts = Vec::new();
    if effort.rewritten >= 0.3 {
        parts.push(format!("rewrites {table}"));
    }
    if effort.indexed >= 0.3 {
        let count = effort.indexed.round();
        parts.push(match count {
            n if n <= 1.0 => format!("builds an index of {table}"),
            n => format!("builds {n} indexes of {table}"),
        });
    }
    if effort.scanned >= 0.3 {
        parts.push(format!("reads every row of {table}{}", times(effort.scanned)));
    }
    if effort.written >= 0.3 {
        parts.push(match effort.scanned >= 0.3 {
            true => format!("writes a row for each{}", times(effort.written)),
            false => format!("writes a row for each of {table}{}", times(effort.written)),
        });
    }
    match parts.pop() {
        None => format!("works on part of {table}"),
        Some(last) if parts.is_empty() => last,
        Some(last) => format!("{} and {last}", parts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_two_digits_that_say_something() {
        for (count, text) in [
            (0.0, "0"),
            (999.0, "999"),
            (48_000_000.0, "48 million"),
            (1_260_000.0, "1.3 million"),
            (20_000.0, "20,000"),
        ] {
            assert_eq!(rows(count), text);
        }
        for (seconds, text) in
            [(0.025, "25 ms"), (1.0, "1 s"), (25.2, "25 s"), (150.0, "2.5 min"), (9000.0, "2.5 h")]
        {
            assert_eq!(time(seconds), text);
        }
    }

    #[test]
    fn work_is_said_in_the_order_of_its_weight() {
        let effort = Effort { scanned: 0.0, rewritten: 1.0, indexed: 2.0, written: 0.0 };
        assert_eq!(work("public.users", &effort), "rewrites users and builds 2 indexes of users");
        let effort = Effort { scanned: 1.0, written: 1.0, ..Effort::default() };
        assert_eq!(
            work("public.users", &effort),
            "reads every row of users and writes a row for each"
        );
    }
}
