//! A patch file: a unified diff between what is printed and what the project wants.

/// Why a patch cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum PatchError {
    /// It is no unified diff.
    #[error("{file} is no unified diff: {what}")]
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
    #[error("hunk {hunk} of {file} ({header}) does not fit what is printed now")]
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
}

/// Applies the patch of a file to a text. Every line of context has to be there; nothing is guessed.
///
/// # Errors
/// When it is malformed, or a hunk does not fit.
pub fn apply(text: &str, file: &str, patch: &str) -> Result<String, PatchError> {
    let parsed = diffy::Patch::from_str(patch).map_err(|error| PatchError::Malformed {
        file: file.to_owned(),
        what: error.to_string(),
    })?;
    diffy::apply(text, &parsed).map_err(|_| misfit(text, file, &parsed))
}

/// Makes the patch that leads from one text to another; none if they are equal.
#[must_use]
pub fn create(printed: &str, wanted: &str) -> Option<String> {
    (printed != wanted).then(|| diffy::create_patch(printed, wanted).to_string())
}

/// Shows what would change in a file, as a unified diff; none if nothing would.
#[must_use]
pub fn difference(file: &str, before: &str, after: &str) -> Option<String> {
    let mut options = diffy::DiffOptions::new();
    options.set_original_filename(file.to_owned());
    options.set_modified_filename(format!("{file} (as it is printed)"));
    (before != after).then(|| options.create_patch(before, after).to_string())
}

/// Finds the first hunk that does not fit, by applying longer and longer beginnings of the patch.
fn misfit(text: &str, file: &str, patch: &diffy::Patch<'_, str>) -> PatchError {
    let whole = patch.to_string();
    let mut starts: Vec<usize> = whole.match_indices("\n@@ ").map(|(at, _)| at + 1).collect();
    starts.push(whole.len());
    let fits = |end: usize| {
        diffy::Patch::from_str(&whole[..end])
            .is_ok_and(|beginning| diffy::apply(text, &beginning).is_ok())
    };
    let index = (0..patch.hunks().len())
        .find(|index| !fits(starts[index + 1]))
        .unwrap_or_default();
    let hunk = &patch.hunks()[index];
    let expected: Vec<&str> = hunk
        .lines()
        .iter()
        .filter_map(|line| match line {
            diffy::Line::Context(line) | diffy::Line::Delete(line) => Some(*line),
            diffy::Line::Insert(_) => None,
        })
        .collect();
    let first = hunk.old_range().start().saturating_sub(1);
    let printed: Vec<&str> = text
        .split_inclusive('\n')
        .skip(first)
        .take(expected.len())
        .collect();
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
        let Err(PatchError::Misfit {
            hunk,
            header,
            sides,
            ..
        }) = apply(&TEXT.replace("m\n", "M\n"), "p", &patch)
        else {
            panic!("it does not fit");
        };
        assert_eq!((hunk, header.as_str()), (2, "@@ -9,6 +9,5 @@"));
        assert!(sides.contains("  l\n  m\n  n\n"), "{sides}");
        assert!(sides.contains("  l\n  M\n  n\n"), "{sides}");
    }

    #[test]
    fn what_is_no_diff_is_refused() {
        assert!(matches!(
            apply(TEXT, "p", "@@ nonsense\n"),
            Err(PatchError::Malformed { .. })
        ));
    }
}
