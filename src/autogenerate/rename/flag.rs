//! `--rename` as it is written: `old=new`, each side a name with what it is in before it, parted by dots.
//!
//! A name stands for itself, in upper and in lower case. One that holds a dot, a `=` or a quote at its beginning stands in
//! double quotes, as in SQL.

/// The names of one flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flag {
    /// What is renamed, from the outside to the inside.
    pub(super) old: Vec<String>,
    /// What it is to be called, with what it is in or without.
    pub(super) new: Vec<String>,
    /// The right side as one name: the values of enum types may hold anything.
    pub(super) whole: String,
}

impl Flag {
    /// Reads a flag; there is none where no `=` parts two names.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (old, right) = names(text, Some('='))?;
        if right.is_empty() {
            return None;
        }
        let whole = || vec![right.to_owned()];
        let new = match names(right, None) {
            Some((names, _)) => names,
            None if right.starts_with('"') => return None,
            None => whole(),
        };
        let whole = match (right.starts_with('"'), new.as_slice()) {
            (true, [name]) => name.clone(),
            _ => right.to_owned(),
        };
        Some(Self { old, new, whole })
    }
}

/// Whether there is still something to ask about one flag, where some were confirmed and some were not: it is about another object and
/// another name than the confirmed ones, and about no part of what is not renamed.
#[must_use]
pub(crate) fn may_be_asked(flag: &str, confirmed: &[String], denied: &[String]) -> bool {
    let Some(flag) = Flag::read(flag) else {
        return false;
    };
    let place = |it: &Flag| {
        let around = &it.old[..it.old.len() - 1];
        match it.new.as_slice() {
            [_] => [around, std::slice::from_ref(&it.whole)].concat(),
            new => new.to_vec(),
        }
    };
    let read = |all: &[String]| -> Vec<Flag> {
        let all = all.iter().filter_map(|it| Flag::read(it));
        all.collect()
    };
    let is_taken = |it: &Flag| it.old == flag.old || place(it) == place(&flag);
    let is_around = |it: &Flag| flag.old.len() > it.old.len() && flag.old.starts_with(&it.old);
    !read(confirmed).iter().any(is_taken) && !read(denied).iter().any(is_around)
}

/// A flag as [`Flag::read`] reads it.
pub(in crate::autogenerate) fn written(old: &[&str], new: &[&str]) -> String {
    let side = |names: &[&str]| -> String {
        let names: Vec<String> = names.iter().map(|it| quoted(it)).collect();
        names.join(".")
    };
    format!("{}={}", side(old), side(new))
}

fn quoted(name: &str) -> String {
    match name.is_empty() || name.contains(['.', '=']) || name.starts_with('"') {
        true => format!("\"{}\"", name.replace('"', "\"\"")),
        false => name.to_owned(),
    }
}

/// Reads names up to the end, or up to a character. Gives what follows it.
fn names(text: &str, end: Option<char>) -> Option<(Vec<String>, &str)> {
    let mut all = Vec::new();
    let mut rest = text;
    loop {
        let (name, after) = match rest.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let is_end = |c: char| c == '.' || Some(c) == end;
                let (name, after) = rest.split_at(rest.find(is_end).unwrap_or(rest.len()));
                if name.is_empty() {
                    return None;
                }
                (name.to_owned(), after)
            }
        };
        all.push(name);
        let mut following = after.chars();
        match following.next() {
            Some('.') => rest = following.as_str(),
            Some(_) if end.is_none() => return None,
            next if next == end => return Some((all, following.as_str())),
            _ => return None,
        }
    }
}

/// Reads what stands in double quotes, after the first of them.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"')?;
        name += part;
        match after.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(Vec<String>, Vec<String>)> {
        Flag::read(text).map(|it| (it.old, it.new))
    }

    #[test]
    fn names_are_parted_by_dots_outside_of_quotes() {
        let names = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let both = |old: &[&str], new: &[&str]| Some((names(old), names(new)));
        assert_eq!(read("t=u"), both(&["t"], &["u"]));
        assert_eq!(read("t=app.U"), both(&["t"], &["app", "U"]));
        assert_eq!(read("\"a.b\".\"c=\"\"d\"=\"\""), both(&["a.b", "c=\"d"], &[""]));
        assert_eq!(read("m.so so=it's \"ok\""), both(&["m", "so so"], &["it's \"ok\""]));
        assert_eq!(read("m.a=..."), both(&["m", "a"], &["..."]));
        for wrong in ["", "t", "t=", "=u", "t.=u", ".t=u", "\"t=u", "\"t\"x=u", "t=\"u", "t=\"u\"v"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let letters = ['a', 'B', '.', '=', '"', ' ', '\'', 'ü'];
        let name = |mut number: usize| -> String {
            let mut name = String::new();
            while number > 0 {
                name.push(letters[number % letters.len()]);
                number /= letters.len();
            }
            name
        };
        for number in 0..4_000 {
            let (one, other) = (name(number), name(number * 7 + 3));
            let text = written(&["s", &one, &other], &[&other, &one]);
            let flag = Flag::read(&text).expect(&text);
            assert_eq!(flag.old, ["s", &one, &other], "{text}");
            assert_eq!(flag.new, [&*other, &*one], "{text}");
            let text = written(&["s", &one], &[&other]);
            assert_eq!(Flag::read(&text).expect(&text).whole, other, "{text}");
        }
    }

    #[test]
    fn nothing_is_asked_twice_and_nothing_of_what_is_not_renamed() {
        let all = |flags: &[&str]| flags.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        for (flag, confirmed, denied, wanted) in [
            ("s.t=u", &[][..], &[][..], true),
            ("s.t=v", &["s.t=u"], &[], false),
            ("s.r=u", &["s.t=u"], &[], false),
            ("s.t.a=b", &["s.t=u"], &[], true),
            ("s.t.a=b", &[], &["s.t=u"], false),
            ("s.t.c=b", &["s.t.a=b"], &[], false),
            ("r.t=app.u", &["s.t=app.u"], &[], false),
        ] {
            let found = may_be_asked(flag, &all(confirmed), &all(denied));
            assert_eq!(found, wanted, "{flag}");
        }
    }
}
