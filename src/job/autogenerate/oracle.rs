//! A second opinion on whether two databases are alike, of `pg_dump`, which shares no code with this program.

use std::collections::BTreeMap;

/// The lines that only one of two dumps has. Their order is left out: a column that was added later stands in another place.
pub(super) fn differences(wanted: &str, found: &str) -> Vec<String> {
    let mut count: BTreeMap<String, isize> = BTreeMap::new();
    for line in lines(wanted) {
        *count.entry(line).or_default() += 1;
    }
    for line in lines(found) {
        *count.entry(line).or_default() -= 1;
    }
    let only = |sign: isize, words: &str| -> Vec<String> {
        let lines = count.iter();
        let times = |(line, n): (&String, &isize)| {
            let times = usize::try_from(n * sign).unwrap_or(0);
            vec![format!("{words}: {line}"); times]
        };
        lines.flat_map(times).collect()
    };
    let mut all = only(1, "missing");
    all.extend(only(-1, "too much"));
    all
}

/// What a dump says, line by line, without what is there for psql and for the journal.
fn lines(dump: &str) -> Vec<String> {
    let is_ours = |block: &&str| {
        !["__diesel_schema_migrations", "__glowplug_journal"]
            .iter()
            .any(|name| block.contains(name))
    };
    // a statement with its remarks is a block
    let blocks = dump.split("\n--\n").filter(is_ours);
    let lines = blocks.flat_map(str::lines);
    lines
        .map(|line| line.trim().trim_end_matches(','))
        .filter(|line| !line.is_empty())
        // remarks, commands for psql, and what follows from the order
        .filter(|line| {
            let heads = ["--", "\\", "SET ", "SELECT pg_catalog.set_config"];
            !heads.iter().any(|head| line.starts_with(head))
        })
        // by which index CLUSTER goes is no structure
        .filter(|line| !(line.starts_with("ALTER TABLE ") && line.contains(" CLUSTER ON ")))
        .map(sorted_lists)
        .collect()
}

/// Storage options stand in the order in which they were set; `pg_dump` names parents in the order in which they lie in the
/// system catalog, which is not that of the table.
fn sorted_lists(line: &str) -> String {
    let list = ["WITH (", "INHERITS ("];
    let found = list.iter().find_map(|words| {
        let (head, rest) = line.split_once(words)?;
        let (list, tail) = rest.rsplit_once(')')?;
        Some((head, words, list, tail))
    });
    let Some((head, words, list, tail)) = found else {
        return line.to_owned();
    };
    let mut list: Vec<&str> = list.split(", ").collect();
    list.sort_unstable();
    format!("{head}{words}{}){tail}", list.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_the_journal_do_not_count() {
        let wanted =
            "--\n-- Name: t\n--\n\nCREATE TABLE t (\n    a int,\n    b int\n);\n\\restrict x\n";
        let found = "\n--\n-- Name: __glowplug_journal\n--\n\nCREATE TABLE __glowplug_journal (x int);\n\n--\n-- Name: t\n--\n\nCREATE TABLE t (\n    b int,\n    a int\n);\n";
        assert_eq!(differences(wanted, found), Vec::<String>::new());
        assert_eq!(
            differences(wanted, &found.replace("a int", "a bigint")),
            ["missing: a int", "too much: a bigint"]
        );
        assert_eq!(
            differences("i WITH (a='1', b='2');", "i WITH (b='2', a='1');"),
            Vec::<String>::new()
        );
        assert_eq!(
            differences("INHERITS (p, q);", "INHERITS (q, p);"),
            Vec::<String>::new()
        );
    }
}
