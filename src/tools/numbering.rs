//! Versions that sort, byte by byte, in the order of another tool's numbers.

/// What the numbers of a tool are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// Digits.
    Plain,
    /// Groups of digits between dots.
    Dotted,
    /// Versions already.
    Ready,
}

/// The versions of migrations that are in their order, by their numbers. They sort before `now`.
///
/// Numbers stay what they are where that is possible. Others get zeros in front; where there are no numbers, the migrations are counted.
pub(crate) fn keys(numbers: &[&str], of: Numbers, now: &str) -> Vec<String> {
    let fits = |keys: &[String]| {
        let has_length = keys.iter().all(|it| !it.is_empty() && it.len() <= 40);
        let is_sorted = keys.windows(2).all(|pair| plain(&pair[0]) < plain(&pair[1]));
        has_length && is_sorted && keys.last().is_none_or(|it| *plain(it) < *now)
    };
    let is_number = |text: &str| {
        let mut groups = text.split('.');
        let is_digits = |it: &str| !it.is_empty() && it.bytes().all(|c| c.is_ascii_digit());
        match of {
            Numbers::Plain => is_digits(text),
            Numbers::Dotted => groups.all(is_digits),
            Numbers::Ready => true,
        }
    };
    if numbers.iter().all(|it| is_number(it)) {
        let as_is: Vec<String> = numbers.iter().map(|it| (*it).to_owned()).collect();
        if fits(&as_is) {
            return as_is;
        }
        if of != Numbers::Ready {
            for more in [0, 1] {
                let padded = padded(numbers, more);
                if fits(&padded) {
                    return padded;
                }
            }
        }
    }
    let width = numbers.len().to_string().len().max(4);
    (1..=numbers.len()).map(|it| format!("{it:0width$}")).collect()
}

/// A key as Diesel's rule makes a version of it.
fn plain(key: &str) -> String {
    key.replace('-', "")
}

/// The numbers with zeros in front of each group, so many more in front of the first.
fn padded(numbers: &[&str], more: usize) -> Vec<String> {
    let mut widths: Vec<usize> = Vec::new();
    for number in numbers {
        for (at, group) in number.split('.').enumerate() {
            match widths.get_mut(at) {
                Some(width) => *width = (*width).max(group.len()),
                None => widths.push(group.len()),
            }
        }
    }
    if let Some(first) = widths.first_mut() {
        *first += more;
    }
    let pad = |number: &&str| {
        let groups = number.split('.').zip(&widths);
        let groups: Vec<String> =
            groups.map(|(group, width)| format!("{group:0>width$}", width = *width)).collect();
        groups.join(".")
    };
    numbers.iter().map(pad).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_sort_as_the_numbers_do_and_before_those_of_today() {
        let now = "202612010000000000";
        let of = |numbers: &[&str], of| keys(numbers, of, now).join(" ");
        for (numbers, expected) in [
            (&["20230101120000", "20230102120000"][..], "20230101120000 20230102120000"),
            (&["0001", "0002"], "0001 0002"),
            (&["1", "2", "10"], "01 02 10"),
            (&["1", "20230101120000"], "1 20230101120000"),
            (&["9", "20230101120000"], "00000000000009 20230101120000"),
            (&["8", "9"], "08 09"),
            (&["1672531200", "1672531300"], "1672531200 1672531300"),
            (&["99999999999999"], "099999999999999"),
            (&["init", "more"], "0001 0002"),
            (&["1", "1"], "0001 0002"),
        ] {
            assert_eq!(of(numbers, Numbers::Plain), expected);
        }
        for (numbers, expected) in
            [(&["1", "1.1", "1.2.3", "1.10"][..], "1 1.01 1.02.3 1.10"), (&["1", "2"], "1 02")]
        {
            let _ = expected;
            let keys = keys(numbers, Numbers::Dotted, now);
            assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{keys:?}");
            assert!(keys.iter().all(|it| it.as_str() < now), "{keys:?}");
        }
        assert_eq!(of(&["1", "1.1", "1.2.3", "1.10"], Numbers::Dotted), "1 1.01 1.02.3 1.10");
    }
}
