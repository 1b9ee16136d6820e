//! A patch file: a unified diff between what is printed and what the project wants.

mod once;

use std::collections::BTreeSet;

/// Why a patch cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum PatchError {
    /// It is no unified diff.
    #[error("{file} is not a unified diff: {what}")]
    #[diagnostic(
        code(patch::malformed),
        help("Edit the schema file as it should be, then run `glowplug schema --update-patch`.")
    )]
    Malformed {
        /// The patch file.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// A part of it does not fit.
    #[error("hunk {hunk} of {file} ({header}) does not match what is printed now")]
    #[diagnostic(code(patch::misfit))]
    Misfit {
        /// The patch file.
        file: String,
        /// Which hunk, from 1.
        hunk: usize,
        /// Its `@@` line.
        header: String,
        /// What it expects, what is printed, and what to do.
        #[help]
        sides: String,
    },
    /// The file has what no migration makes: a patch would hide it.
    #[error("{file} adds what the database does not have: {}", what.join(", "))]
    #[diagnostic(
        code(patch::unexplained),
        help(
            "A patch only changes how something is printed; nothing was written. `glowplug revision --autogenerate` turns it into a migration."
        )
    )]
    Unexplained {
        /// The schema file.
        file: String,
        /// Tables, columns and `joinable!`s that are only there.
        what: Vec<String>,
    },
}

/// Applies the patch of a file to a text. Every line of context has to be there; nothing is guessed.
///
/// # Errors
/// When it is malformed, or a hunk does not fit.
pub(crate) fn apply(text: &str, file: &str, patch: &str) -> Result<String, PatchError> {
    let parsed = parse(file, patch)?;
    diffy::apply(text, &parsed).map_err(|_| misfit(text, file, &parsed))
}

/// The same where lines next to what the patch changes may be others now, as long as there is one place only, and where the text may have
/// by itself what the patch adds: nothing is there twice then.
///
/// # Errors
/// As [`apply`].
pub(crate) fn apply_once(text: &str, file: &str, patch: &str) -> Result<String, PatchError> {
    let parsed = parse(file, patch)?;
    let whole = parsed.to_string();
    let starts = starts(&whole);
    let head = starts.first().map_or(whole.as_str(), |it| &whole[..*it]);
    let mut now = text.to_owned();
    for (hunk, range) in parsed.hunks().iter().zip(starts.windows(2)) {
        let alone = format!("{head}{}", &whole[range[0]..range[1]]);
        let done = diffy::Patch::from_str(&alone).ok();
        let done = done.and_then(|it| diffy::apply(&now, &it).ok());
        match done {
            Some(done) => now = done,
            None if !places(&now, &lines(hunk.lines(), false)).is_empty() => {}
            None => match loosely(&now, hunk) {
                Some(done) => now = done,
                None => return Err(misfit(text, file, &parsed)),
            },
        }
    }
    let inserted = parsed.hunks().iter().flat_map(diffy::Hunk::lines);
    let inserted: BTreeSet<&str> = inserted
        .filter_map(|line| match line {
            diffy::Line::Insert(line) => Some(line.trim()),
            _ => None,
        })
        .collect();
    Ok(once::without_repeats(&now, &inserted))
}

/// Takes the patch of a file off a text that it was applied to; none where that does not have it.
#[must_use]
pub(crate) fn take_off(text: &str, patch: &str) -> Option<String> {
    let parsed = diffy::Patch::from_str(patch).ok()?;
    let parsed = parsed.reverse();
    if let Ok(done) = diffy::apply(text, &parsed) {
        return Some(done);
    }
    let mut hunks = parsed.hunks().iter();
    hunks.try_fold(text.to_owned(), |text, hunk| loosely(&text, hunk))
}

fn parse<'p>(file: &str, patch: &'p str) -> Result<diffy::Patch<'p, str>, PatchError> {
    diffy::Patch::from_str(patch)
        .map_err(|error| PatchError::Malformed { file: file.to_owned(), what: error.to_string() })
}

/// The lines that a hunk expects, or those that it leaves.
fn lines<'h>(of: &[diffy::Line<'h, str>], before: bool) -> Vec<&'h str> {
    let wanted = |line: &diffy::Line<'h, str>| match line {
        diffy::Line::Context(line) => Some(*line),
        diffy::Line::Delete(line) if before => Some(*line),
        diffy::Line::Insert(line) if !before => Some(*line),
        _ => None,
    };
    of.iter().filter_map(wanted).collect()
}

/// Where a text has lines, one after the other.
fn places(text: &str, wanted: &[&str]) -> Vec<usize> {
    let all: Vec<&str> = text.split_inclusive('\n').collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let places = all.windows(wanted.len()).enumerate();
    let places = places.filter(|(_, it)| *it == wanted);
    places.map(|(at, _)| at).collect()
}

/// Applies a hunk with as much of the context around its changes as fits, where one line of it does and there is one such place.
fn loosely(text: &str, hunk: &diffy::Hunk<'_, str>) -> Option<String> {
    let all = hunk.lines();
    let is_context = |line: &&diffy::Line<'_, str>| matches!(line, diffy::Line::Context(_));
    let before = all.iter().take_while(is_context).count();
    let after = all.iter().rev().take_while(is_context).count();
    if before == all.len() {
        return None;
    }
    for left_out in 1..before + after {
        for above in 0..=left_out.min(before) {
            let below = left_out - above;
            if below > after {
                continue;
            }
            let rest = &all[above..all.len() - below];
            let expected = lines(rest, true);
            match places(text, &expected)[..] {
                [] => {}
                [at] => {
                    let old: Vec<&str> = text.split_inclusive('\n').collect();
                    let new = lines(rest, false);
                    let (head, tail) = (&old[..at], &old[at + expected.len()..]);
                    return Some([head, &new, tail].concat().concat());
                }
                _ => return None,
            }
        }
    }
    None
}

/// Makes the patch that leads from one text to another; none if they are equal.
#[must_use]
pub(crate) fn create(printed: &str, wanted: &str) -> Option<String> {
    (printed != wanted).then(|| diffy::create_patch(printed, wanted).to_string())
}

/// Shows what would change in a file, as a unified diff; none if nothing would.
#[must_use]
pub(crate) fn difference(file: &str, before: &str, after: &str) -> Option<String> {
    let mut options = diffy::DiffOptions::new();
    options.set_original_filename(file.to_owned());
    options.set_modified_filename(format!("{file} (as it is printed)"));
    (before != after).then(|| options.create_patch(before, after).to_string())
}

/// Where the hunks of a patch begin, and where it ends.
fn starts(whole: &str) -> Vec<usize> {
    let mut starts: Vec<usize> = whole.match_indices("\n@@ ").map(|(at, _)| at + 1).collect();
    starts.push(whole.len());
    starts
}

/// Finds the first hunk that does not fit, by applying longer and longer beginnings of the patch.
fn misfit(text: &str, file: &str, patch: &diffy::Patch<'_, str>) -> PatchError {
    let whole = patch.to_string();
    let starts = starts(&whole);
    let fits = |end: usize| {
        diffy::Patch::from_str(&whole[..end])
            .is_ok_and(|beginning| diffy::apply(text, &beginning).is_ok())
    };
    let index = (0..patch.hunks().len()).find(|index| !fits(starts[index + 1])).unwrap_or_default();
    let hunk = &patch.hunks()[index];
    let expected = lines(hunk.lines(), true);
    let first = hunk.old_range().start().saturating_sub(1);
    let printed: Vec<&str> = text.split_inclusive('\n').skip(first).take(expected.len()).collect();
    let side = |lines: &[&str]| {
        let lines = lines.iter().map(|line| format!("  {}\n", line.trim_end()));
        lines.collect::<String>()
    };
    PatchError::Misfit {
        file: file.to_owned(),
        hunk: index + 1,
        header: format!("@@ -{} +{} @@", hunk.old_range(), hunk.new_range()),
        sides: format!(
            "It expects, from line {}:\n{}What is printed there now:\n{}Edit the schema file as it should be, then run `glowplug schema --update-patch`.",
            first + 1,
            side(&expected),
            side(&printed)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\n";

    #[test]
    fn a_patch_that_was_made_applies() {
        let wanted = TEXT.replace("c\n", "C\n").replace("l\n", "");
        let patch = create(TEXT, &wanted).unwrap_or_default();
        assert_eq!(apply(TEXT, "p", &patch), Ok(wanted));
        assert_eq!(create(TEXT, TEXT), None);
    }

    #[test]
    fn a_hunk_that_does_not_fit_is_named_with_both_sides() {
        let wanted = TEXT.replace("c\n", "C\n").replace("l\n", "");
        let patch = create(TEXT, &wanted).unwrap_or_default();
        let Err(PatchError::Misfit { hunk, header, sides, .. }) =
            apply(&TEXT.replace("m\n", "M\n"), "p", &patch)
        else {
            panic!("it does not fit");
        };
        assert_eq!((hunk, header.as_str()), (2, "@@ -9,6 +9,5 @@"));
        assert!(sides.contains("  l\n  m\n  n\n"), "{sides}");
        assert!(sides.contains("  l\n  M\n  n\n"), "{sides}");
    }

    #[test]
    fn what_is_there_already_is_not_added_again() {
        let wanted = TEXT.replace("c\n", "c\nx\n").replace("m\n", "m\ny\n");
        let patch = create(TEXT, &wanted).unwrap_or_default();
        let has_one = TEXT.replace("c\n", "c\nx\n");
        assert_eq!(apply_once(&has_one, "p", &patch), Ok(wanted.clone()));
        assert_eq!(apply_once(TEXT, "p", &patch), Ok(wanted.clone()));
        assert_eq!(take_off(&wanted, &patch).as_deref(), Some(TEXT));
        assert_eq!(take_off("a\n", &patch), None);
        // a line next to it is another
        let other = |text: &str| text.replace("b\n", "B\n");
        assert_eq!(apply_once(&other(TEXT), "p", &patch), Ok(other(&wanted)));
        assert_eq!(take_off(&other(&wanted), &patch), Some(other(TEXT)));
        // two places, or none
        let twice = other(TEXT).repeat(2);
        assert!(apply_once(&twice, "p", &patch).is_err());
        let none = TEXT.replace("c\nd\n", "C\nD\n");
        assert!(apply_once(&none, "p", &patch).is_err());
    }

    #[test]
    fn what_is_no_diff_is_refused() {
        assert!(matches!(apply(TEXT, "p", "@@ nonsense\n"), Err(PatchError::Malformed { .. })));
    }
}
