//! A patched schema.rs in which a patch has added what is printed by itself: Rust takes neither two `table!`s of one name, nor two ways to
//! say that a pair of tables can be joined or can stand in one query.
//!
//! Of two, the one of the patch stays. What a person has doubled elsewhere is left as it is.

use std::collections::{BTreeMap, BTreeSet};

/// The macro that lists tables which can stand in one query.
const TOGETHER: &str = "allow_tables_to_appear_in_same_query!(";

/// The text without what is there twice because of the lines that a patch has added.
pub(super) fn without_repeats(text: &str, added: &BTreeSet<&str>) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut gone: BTreeSet<usize> = BTreeSet::new();
    let parts = tables(&lines).into_iter().chain(joins(&lines));
    let mut named: BTreeMap<String, Vec<Part>> = BTreeMap::new();
    for part in parts {
        named.entry(part.name.clone()).or_default().push(part);
    }
    for parts in named.values().filter(|it| it.len() > 1) {
        let is_added =
            |part: &&Part| lines[part.start..part.end].iter().all(|it| added.contains(it.trim()));
        let Some(kept) = parts.iter().find(is_added) else {
            continue;
        };
        for part in parts.iter().filter(|it| it.start != kept.start) {
            gone.extend(part.start..part.end);
            // and the empty line behind it
            let is_blank = |at: usize| lines.get(at).is_some_and(|it| it.trim().is_empty());
            if part.is_block && is_blank(part.end) {
                gone.insert(part.end);
            }
        }
    }
    let kept = lines.iter().enumerate().filter(|(at, _)| !gone.contains(at));
    let text: String = kept.map(|(_, line)| *line).collect();
    together(text)
}

/// What must not be there twice.
struct Part {
    name: String,
    start: usize,
    end: usize,
    is_block: bool,
}

fn tables(lines: &[&str]) -> Vec<Part> {
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let opening = line.trim();
        if !(opening.ends_with("table! {") || opening.ends_with("view! {")) {
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let closing = format!("{indent}}}");
        let Some(length) = lines[start..].iter().position(|it| it.trim_end() == closing) else {
            continue;
        };
        let end = start + length + 1;
        let named = lines[start + 1..end].iter().find_map(|it| {
            let (name, rest) = it.trim().split_once(" (")?;
            rest.ends_with(") {").then_some(name)
        });
        if let Some(name) = named {
            found.push(Part { name: format!("table {indent}{name}"), start, end, is_block: true });
        }
    }
    found
}

fn joins(lines: &[&str]) -> Vec<Part> {
    let read = |(at, line): (usize, &&str)| {
        let (_, inner) = line.trim().split_once("joinable!(")?;
        let (child, rest) = inner.split_once(" -> ")?;
        let (parent, _) = rest.split_once(" (")?;
        let mut pair = [child, parent];
        pair.sort_unstable();
        Some(Part {
            name: format!("join {} {}", pair[0], pair[1]),
            start: at,
            end: at + 1,
            is_block: false,
        })
    };
    lines.iter().enumerate().filter_map(read).collect()
}

/// One list of tables: where its macro is, and what it lists.
struct Group {
    start: usize,
    end: usize,
    tables: Vec<String>,
}

fn groups(text: &str) -> Vec<Group> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(TOGETHER) {
        let open = at + TOGETHER.len();
        let Some(length) = text[open..].find(')') else {
            continue;
        };
        let close = open + length;
        let start = text[..at].rfind('\n').map_or(0, |it| it + 1);
        let end = text[close..].find('\n').map_or(text.len(), |it| close + it + 1);
        let tables = text[open..close].split(',').map(str::trim);
        let tables = tables.filter(|it| !it.is_empty()).map(str::to_owned);
        found.push(Group { start, end, tables: tables.collect() });
    }
    found
}

/// Lists each table once, and joins lists that have a pair in common.
fn together(mut text: String) -> String {
    loop {
        let all = groups(&text);
        let repeats = all.iter().position(|it| {
            let once: BTreeSet<&String> = it.tables.iter().collect();
            once.len() < it.tables.len()
        });
        let overlaps = |(one, other): (usize, usize)| {
            let others = &all[other].tables;
            all[one].tables.iter().filter(|it| others.contains(it)).count() > 1
        };
        let pairs = (0..all.len()).flat_map(|one| (one + 1..all.len()).map(move |it| (one, it)));
        let (kept, other) = match (repeats, pairs.clone().find(|it| overlaps(*it))) {
            (Some(at), _) => (at, None),
            (None, Some((one, other))) => (one, Some(other)),
            (None, None) => return text,
        };
        let mut tables: Vec<&String> = Vec::new();
        let listed = other.map(|it| all[it].tables.as_slice()).unwrap_or_default();
        for table in all[kept].tables.iter().chain(listed) {
            if !tables.contains(&table) {
                tables.push(table);
            }
        }
        let written = written(&text[all[kept].start..all[kept].end], &tables);
        let range = all[kept].start..all[kept].end;
        if let Some(other) = other {
            text.replace_range(all[other].start..all[other].end, "");
        }
        text.replace_range(range, &written);
    }
}

/// A list as it was written before, with these tables.
fn written(before: &str, tables: &[&String]) -> String {
    let Some((head, _)) = before.split_once(TOGETHER) else {
        return before.to_owned();
    };
    let indent = &head[..head.len() - head.trim_start().len()];
    if before.trim_end().contains('\n') {
        let each = tables.iter().map(|it| format!("{indent}    {it},\n"));
        return format!("{head}{TOGETHER}\n{}{indent});\n", each.collect::<String>());
    }
    let tables: Vec<&str> = tables.iter().map(|it| it.as_str()).collect();
    format!("{head}{TOGETHER}{},);\n", tables.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(added: &[&str], text: &str, wanted: &str) {
        let added = added.iter().copied().collect();
        assert_eq!(without_repeats(text, &added), wanted);
    }

    #[test]
    fn a_table_stands_once_in_a_list_and_a_pair_in_one_list() {
        check(
            &["b,"],
            "diesel::allow_tables_to_appear_in_same_query!(\n    a,\n    b,\n    b,\n);\n",
            "diesel::allow_tables_to_appear_in_same_query!(\n    a,\n    b,\n);\n",
        );
        check(
            &[],
            "diesel::allow_tables_to_appear_in_same_query!(a, b,);\nx\ndiesel::allow_tables_to_appear_in_same_query!(b, a, c,);\n",
            "diesel::allow_tables_to_appear_in_same_query!(a, b, c,);\nx\n",
        );
        let apart = "diesel::allow_tables_to_appear_in_same_query!(a, b,);\ndiesel::allow_tables_to_appear_in_same_query!(b, c,);\n";
        check(&[], apart, apart);
    }

    #[test]
    fn of_two_tables_or_joins_that_of_the_patch_stays() {
        check(
            &["diesel::joinable!(b -> a (y));"],
            "diesel::joinable!(a -> b (x));\ndiesel::joinable!(b -> a (y));\n",
            "diesel::joinable!(b -> a (y));\n",
        );
        let table = |column: &str| {
            format!("diesel::table! {{\n    t (id) {{\n        {column} -> Int4,\n    }}\n}}\n")
        };
        let (printed, patched) = (table("id"), table("other"));
        let added: Vec<&str> = patched.lines().map(str::trim).collect();
        check(&added, &format!("{printed}\n{patched}"), &patched);
    }
}
