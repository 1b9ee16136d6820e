//! A second opinion on whether two databases are alike, of `pg_dump`, which shares no code with this program.

/// The lines that only one of two dumps has. Their order is left out: a column that was added later stands in another place.
pub(super) fn differences(wanted: &str, found: &str) -> Vec<String> {
    let (wanted, mut rest) = (lines(wanted), lines(found));
    let mut only = Vec::new();
    for line in wanted {
        match rest.iter().position(|it| *it == line) {
            Some(at) => {
                rest.swap_remove(at);
            }
            None => only.push(format!("missing: {line}")),
        }
    }
    rest.sort();
    only.extend(rest.into_iter().map(|line| format!("too much: {line}")));
    only
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
        .map(sorted_options)
        .collect()
}

/// Storage options stand in the order in which they were set.
fn sorted_options(line: &str) -> String {
    let Some((head, options)) = line.split_once("WITH (") else {
        return line.to_owned();
    };
    let Some((options, tail)) = options.rsplit_once(')') else {
        return line.to_owned();
    };
    let mut options: Vec<&str> = options.split(", ").collect();
    options.sort_unstable();
    format!("{head}WITH ({}){tail}", options.join(", "))
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
    }
}
