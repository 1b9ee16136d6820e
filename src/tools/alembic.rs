//! Alembic: what its revision files say of the graph, and what it prints of each revision as SQL.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use regex::Regex;

use crate::{
    tools::{Conversion, File, Raw, Tool, ToolError, named, numbering::Numbers, script::cut},
    words::sql::{Piece, Statement, StatementKind, pieces, split},
};

/// What a revision file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Revision {
    /// The revision.
    pub id: String,
    /// What it comes after.
    pub parents: Vec<String>,
    /// What else has to be there before it.
    pub depends_on: Vec<String>,
    /// When it was created, `YYYY-MM-DD HH:MM:SS`.
    pub created: Option<String>,
    /// The file.
    pub path: String,
    /// Whether its downgrade does nothing but raise an error.
    pub refuses_downgrade: bool,
}

/// What Alembic printed for one revision, in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Printed {
    /// The revisions on the left of the arrow.
    pub from: Vec<String>,
    /// Those on its right.
    pub to: Vec<String>,
    /// The SQL.
    pub sql: String,
}

/// Declares patterns that are compiled when they are first used.
macro_rules! patterns {
    ($($name:ident = $pattern:literal;)*) => {
        $(static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($pattern).expect("a pattern of our own compiles"));)*
    };
}

patterns! {
    ASSIGNED = r#"(?m)^(revision|down_revision|depends_on)\s*(?::[^=\n]*)?=\s*(\([^)]*\)|\[[^\]]*\]|[^\n#]+)"#;
    QUOTED = r#"["']([^"']*)["']"#;
    CREATED = r"(?m)^Create Date:\s*(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})";
    RAISES = r#"(?m)^def downgrade\([^)]*\)[^:\n]*:[^\n]*\n(?:\s*(?:#[^\n]*|"""[^"]*""")?\n)*\s+raise\b"#;
    RUNNING = r"(?m)^-- Running (upgrade|downgrade) (.*) -> (.*)$";
}

/// What revision files say. A file without a revision is left out.
#[must_use]
pub(crate) fn revisions(files: &[File]) -> Vec<Revision> {
    let read = |file: &File| {
        let mut revision = Revision { path: file.path.clone(), ..Revision::default() };
        for found in ASSIGNED.captures_iter(&file.text) {
            let names = QUOTED.captures_iter(&found[2]).map(|it| it[1].to_owned());
            let names: Vec<String> = names.collect();
            match &found[1] {
                "revision" => revision.id = names.into_iter().next()?,
                "down_revision" => revision.parents = names,
                _ => revision.depends_on = names,
            }
        }
        revision.refuses_downgrade = RAISES.is_match(&file.text);
        revision.created = CREATED.captures(&file.text).map(|it| format!("{} {}", &it[1], &it[2]));
        (!revision.id.is_empty()).then_some(revision)
    };
    files.iter().filter(|it| it.path.ends_with(".py")).filter_map(read).collect()
}

/// The revisions that a database has whose heads are known, with all that comes before them.
#[must_use]
pub(crate) fn ancestors(revisions: &[Revision], heads: &[String]) -> BTreeSet<String> {
    let of: BTreeMap<&str, &Revision> = revisions.iter().map(|it| (it.id.as_str(), it)).collect();
    let mut open: Vec<String> = heads.to_vec();
    let mut all = BTreeSet::new();
    while let Some(id) = open.pop() {
        if let Some(revision) = of.get(id.as_str()) {
            open.extend(revision.parents.iter().chain(&revision.depends_on).cloned());
        }
        if !all.insert(id) {
            continue;
        }
    }
    all
}

/// Cuts what Alembic printed at its lines `-- Running upgrade a -> b`.
#[must_use]
pub(crate) fn printed(output: &str) -> Vec<Printed> {
    let names = |text: &str| -> Vec<String> {
        let names = text.split(',').map(|it| it.trim().to_owned());
        names.filter(|it| !it.is_empty()).collect()
    };
    let output = output.replace("\r\n", "\n");
    let marks: Vec<_> = RUNNING.captures_iter(&output).collect();
    let place = |at: usize| marks.get(at).and_then(|it| it.get(0));
    let cut = marks.iter().enumerate().map(|(at, mark)| {
        let start = place(at).map_or(0, |it| it.end());
        let end = place(at + 1).map_or(output.len(), |it| it.start());
        // what follows an arrow may go on with the message
        let to = mark[3].split(" (").next().unwrap_or_default();
        Printed { from: names(&mark[2]), to: names(to), sql: output[start..end].to_owned() }
    });
    cut.collect()
}

/// What a step of Alembic's is here: without what it does to its table, and without the transactions around it.
fn cleaned(sql: &str, table: &str) -> Result<(String, bool), ToolError> {
    let statements = split(sql).map_err(|error| ToolError::Unconvertible {
        path: "what Alembic prints".into(),
        what: error.to_string(),
    })?;
    let mut is_alone = false;
    let mut is_outside = false;
    let mut gone: Vec<&Statement> = Vec::new();
    for statement in &statements {
        match &statement.kind {
            StatementKind::Transaction(words) => {
                is_outside = words == "COMMIT";
                gone.push(statement);
            }
            _ if is_of(&sql[statement.span.clone()], table) => gone.push(statement),
            _ => is_alone |= is_outside,
        }
    }
    let mut text = sql.to_owned();
    for statement in gone.iter().rev() {
        cut(&mut text, statement);
    }
    let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
    let mut text = String::new();
    let mut was_blank = false;
    for line in lines {
        // what was cut out leaves blank lines behind
        if !(line.is_empty() && was_blank) {
            text.push_str(line);
            text.push('\n');
        }
        was_blank = line.is_empty();
    }
    Ok((text, is_alone))
}

/// Whether a statement is about the table of versions.
fn is_of(statement: &str, table: &str) -> bool {
    let Ok(pieces) = pieces(statement) else {
        return false;
    };
    let verbs = [
        "insert", "into", "update", "delete", "from", "create", "drop", "table", "if", "not",
        "exists",
    ];
    let mut rest = pieces.iter().skip_while(|it| verbs.iter().any(|verb| it.is(verb)));
    let has_verb = pieces.first().is_some_and(|it| verbs.iter().any(|verb| it.is(verb)));
    let name = |piece: Option<&Piece<'_>>| match piece {
        Some(Piece::Word(name) | Piece::Name(name)) => name.clone(),
        _ => String::new(),
    };
    let first = name(rest.next());
    let is_qualified = matches!(rest.next(), Some(Piece::Sign(".")));
    let found = if is_qualified { name(rest.next()) } else { first };
    has_verb && found == table
}

/// The migrations that Alembic's revisions are: in its own order, merges that do nothing left out.
///
/// `table` is the table of versions, `ups` is what Alembic printed on the way up, `downs` on the way down.
///
/// # Errors
/// When what it printed cannot be a migration.
pub(crate) fn convert(
    revisions: &[Revision],
    (ups, downs): (&[Printed], &[Printed]),
    table: &str,
    now: &str,
) -> Result<Conversion, ToolError> {
    let of: BTreeMap<&str, &Revision> = revisions.iter().map(|it| (it.id.as_str(), it)).collect();
    let mut back: BTreeMap<&str, String> = BTreeMap::new();
    for step in downs {
        if let [id] = &step.from[..] {
            back.insert(id, cleaned(&step.sql, table)?.0);
        }
    }
    let mut remarks = Vec::new();
    let mut raws = Vec::new();
    let mut dates = Vec::new();
    for step in ups {
        let [id] = &step.to[..] else { continue };
        let (up, is_alone) = cleaned(&step.sql, table)?;
        let is_merge = step.from.len() > 1;
        if is_merge && up.trim().is_empty() {
            remarks.push(format!("merge {id} was left out: it does nothing"));
            continue;
        }
        let revision = of.get(id.as_str());
        let path = revision.map_or_else(|| id.clone(), |it| it.path.clone());
        let stem = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".py").to_owned();
        dates.push(revision.and_then(|it| it.created.clone()));
        let down = back.remove(id.as_str());
        // nothing to undo is no way down where there was something to do
        let down = down.filter(|it| !it.trim().is_empty() || up.trim().is_empty());
        raws.push(Raw {
            id: id.clone(),
            name: stem,
            down: down.map(|text| (format!("{path} (downgrade)"), text)),
            path,
            up,
            is_alone,
            ..Raw::default()
        });
    }
    for (raw, key) in raws.iter_mut().zip(dated(&dates)) {
        raw.number = key;
    }
    Ok(Conversion { migrations: named(Tool::Alembic, raws, Numbers::Ready, now)?, remarks })
}

/// Versions from the dates of revisions, each later than the one before. None where a date is missing.
fn dated(dates: &[Option<String>]) -> Vec<String> {
    let mut last = String::new();
    let mut counter = 0_u32;
    let key = |date: &Option<String>| {
        let Some(date) = date else { return String::new() };
        let date = date.replace(':', "").replace(' ', "-");
        if date > last {
            last = date;
            counter = 0;
        } else {
            counter += 1;
        }
        format!("{last}-{counter:04}")
    };
    dates.iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\"\"\"add x\n\nRevision ID: b2\nRevises: a1\nCreate Date: 2024-01-02 10:11:12.5\n\n\"\"\"\nrevision: str = 'b2'\ndown_revision: Union[str, None] = (\n    'a1',\n    \"a0\",\n)\nbranch_labels = None\ndepends_on = None\n";

    #[test]
    fn a_revision_file_tells_its_place_in_the_graph() {
        let read = revisions(&[File { path: "b2_add_x.py".into(), text: FILE.into() }]);
        let expected = Revision {
            id: "b2".into(),
            parents: vec!["a1".into(), "a0".into()],
            depends_on: Vec::new(),
            created: Some("2024-01-02 10:11:12".into()),
            path: "b2_add_x.py".into(),
            refuses_downgrade: false,
        };
        assert_eq!(read, [expected]);
        assert_eq!(ancestors(&read, &["b2".into()]).len(), 3);
    }

    #[test]
    fn a_downgrade_that_raises_is_known_without_a_run() {
        for (body, expected) in [
            (" -> None:\n    raise NotImplementedError()\n", true),
            (":\n    \"\"\"No way.\"\"\"\n    # never\n\n    raise X\n", true),
            (":\n    op.execute('x')\n    raise X\n", false),
            (":\n    pass\n\ndef x():\n    raise X\n", false),
        ] {
            let text = format!("revision = 'a'\n\ndef downgrade(){body}");
            let read = revisions(&[File { path: "a.py".into(), text }]);
            assert_eq!(read[0].refuses_downgrade, expected, "{body}");
        }
    }

    #[test]
    fn what_alembic_prints_is_cut_and_loses_its_table() {
        let output = "BEGIN;\n\nCREATE TABLE alembic_version (\n    version_num VARCHAR(32) NOT NULL\n);\n\n-- Running upgrade  -> a1\n\nCREATE TABLE a (\n    id INTEGER\n);\n\nINSERT INTO alembic_version (version_num) VALUES ('a1') RETURNING alembic_version.version_num;\n\n-- Running upgrade a1 -> b2\n\nCOMMIT;\n\ncreate index concurrently i on a (id);\n\nBEGIN;\n\nUPDATE alembic_version SET version_num='b2' WHERE alembic_version.version_num = 'a1';\n\n-- Running upgrade a1, b2 -> c3\n\nUPDATE alembic_version SET version_num='c3' WHERE alembic_version.version_num = 'b2';\n\nCOMMIT;\n\n";
        let down = "-- Running downgrade a1 -> \n\nDROP TABLE a;\n\nDELETE FROM alembic_version WHERE alembic_version.version_num = 'a1';\n\nCOMMIT;\n";
        let converted =
            convert(&[], (&printed(output), &printed(down)), "alembic_version", "2026").unwrap();
        let shown = converted.migrations.iter().map(|it| {
            let down = it.migration.down.as_ref().map(|it| it.text.clone());
            let whole = it.migration.metadata.run_in_transaction;
            (it.migration.name.clone(), it.migration.up.text.clone(), down, whole)
        });
        let shown: Vec<_> = shown.collect();
        let first = "CREATE TABLE a (\n    id INTEGER\n);\n".to_owned();
        let second = "create index concurrently i on a (id);\n".to_owned();
        assert_eq!(
            shown,
            [
                ("0001_a1".to_owned(), first, Some("DROP TABLE a;\n".to_owned()), true),
                ("0002_b2".to_owned(), second, None, false),
            ]
        );
        assert_eq!(converted.remarks, ["merge c3 was left out: it does nothing"]);
    }

    #[test]
    fn dates_become_versions_that_never_go_back() {
        let dates = ["2024-01-02 10:00:00", "2024-01-01 10:00:00", "2024-01-03 00:00:00"];
        let dates = dates.map(|it| Some(it.to_owned()));
        assert_eq!(
            dated(&dates),
            ["2024-01-02-100000-0000", "2024-01-02-100000-0001", "2024-01-03-000000-0000"]
        );
    }
}
