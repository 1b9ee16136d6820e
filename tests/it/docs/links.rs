//! Relative links and their anchors.

use std::{collections::BTreeSet, path::Path};

use crate::docs::page;

/// The anchor that mdBook and the forges make of a heading.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let text: String = heading.trim().to_lowercase().chars().filter(kept).collect();
    text.replace(' ', "-")
}

fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        fenced ^= line.starts_with("```");
        !fenced
    })
}

fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#'))).collect()
}

/// What stands in the round brackets of `[text](target)`, and after `[name]: `.
fn targets(text: &str) -> Vec<String> {
    let inline = regex::Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let named = regex::Regex::new(r"^\[[^\]]+\]: (\S+)").unwrap();
    let code = regex::Regex::new(r"`[^`]*`").unwrap();
    let of = |line: &str| {
        let line = code.replace_all(line, "").into_owned();
        let all = inline.captures_iter(&line).chain(named.captures_iter(&line));
        all.map(|it| it[1].to_owned()).collect::<Vec<_>>()
    };
    prose(text).flat_map(of).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut dead = Vec::new();
    let others =
        ["ARCHITECTURE.md", "CHANGELOG.md", "SECURITY.md", "benches/README.md", "docs/style.md"];
    for page in page::all().into_iter().chain(others.map(str::to_owned)) {
        for target in targets(&page::read(&page)) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, fragment) = target.split_once('#').unwrap_or((&target, ""));
            let here = root.join(&page);
            let there = if file.is_empty() { here } else { here.parent().unwrap().join(file) };
            let missing = !there.exists()
                || !fragment.is_empty()
                    && !anchors(&std::fs::read_to_string(&there).unwrap()).contains(fragment);
            if missing {
                dead.push(format!("{page}: {target}"));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
}

#[test]
fn every_page_is_in_the_summary() {
    let summary = targets(&page::read("docs/src/SUMMARY.md"));
    let pages = page::all();
    let inner = pages.iter().filter_map(|page| page.strip_prefix("docs/src/"));
    let missing: Vec<&str> =
        inner.filter(|it| *it != "SUMMARY.md" && !summary.iter().any(|page| page == it)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
