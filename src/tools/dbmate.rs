//! dbmate: one file with `-- migrate:up` and `-- migrate:down`.

use crate::tools::{File, Raw, ToolError, numbered::digits};

/// Reads the files, in the order of their names.
pub(super) fn read(files: &[File]) -> Result<Vec<Raw>, ToolError> {
    let mut raws: Vec<Raw> = Vec::new();
    for file in files.iter().filter(|it| !it.path.contains('/') && it.path.ends_with(".sql")) {
        let Some((number, rest)) = digits(file.name()) else { continue };
        let name = rest.strip_suffix(".sql").unwrap_or(rest);
        let Some(up) = marked(&file.text, "up") else {
            let what = "it has no line `-- migrate:up`".into();
            return Err(ToolError::Unconvertible { path: file.path.clone(), what });
        };
        let down = marked(&file.text, "down");
        let is_alone = up.is_alone || down.as_ref().is_some_and(|it| it.is_alone);
        raws.push(Raw {
            id: number.to_owned(),
            number: number.to_owned(),
            name: name.trim_start_matches('_').to_owned(),
            path: file.path.clone(),
            up: up.text.to_owned(),
            // nothing but blanks is no way down
            down: down
                .filter(|it| !it.text.trim().is_empty())
                .map(|it| (file.path.clone(), it.text.to_owned())),
            is_alone,
        });
    }
    raws.sort_by(|one, other| one.number.cmp(&other.number));
    if let Some(pair) = raws.windows(2).find(|it| it[0].number == it[1].number) {
        let (first, second) = (pair[0].path.clone(), pair[1].path.clone());
        return Err(ToolError::Duplicate { first, second });
    }
    Ok(raws)
}

/// A part of a file.
struct Part<'t> {
    text: &'t str,
    is_alone: bool,
}

/// What stands below a mark, up to the next one.
fn marked<'t>(text: &'t str, which: &str) -> Option<Part<'t>> {
    let mut at = 0;
    let mut found: Option<(usize, bool)> = None;
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        if let Some((word, options)) = mark(line) {
            if let Some((start, is_alone)) = found {
                return Some(Part { text: &text[start..at], is_alone });
            }
            if word == which {
                found = Some((end, options.split_whitespace().any(|it| it == "transaction:false")));
            }
        }
        at = end;
    }
    found.map(|(start, is_alone)| Part { text: &text[start..], is_alone })
}

/// The word of a line that is a mark, and what follows it.
fn mark(line: &str) -> Option<(&str, &str)> {
    // an indented one is a comment of the SQL, as dbmate has it
    let line = line.trim_start_matches('\u{feff}').trim_end();
    let rest = line.strip_prefix("--")?.trim_start().strip_prefix("migrate:")?;
    Some(rest.split_once(char::is_whitespace).unwrap_or((rest, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_cut_at_its_marks() {
        let file = |name: &str, text: &str| File { path: name.into(), text: text.into() };
        let read = read(&[
            file("20230102_b.sql", "--migrate:up transaction:false\nB;\n-- migrate:down\n\n"),
            file(
                "20230101_a.sql",
                "head\n-- migrate:up\nA;\n -- migrate:down\n-- migrate:down\nC;\n",
            ),
        ]);
        let read = read.unwrap();
        assert_eq!(read[0].name, "a");
        assert_eq!(read[0].up, "A;\n -- migrate:down\n");
        assert_eq!(read[0].down.as_ref().unwrap().1, "C;\n");
        assert!(!read[0].is_alone && read[1].is_alone && read[1].down.is_none());
        let error = super::read(&[file("1_x.sql", "SELECT 1;")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "1_x.sql cannot be converted: it has no line `-- migrate:up`"
        );
    }
}
