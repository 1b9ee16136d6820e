//! The pages of the documentation that explain codes, compiled in.

use crate::lint::rules;

/// A section for each code that an error can have.
pub(crate) const MESSAGES: &str = include_str!("../../docs/src/reference/messages.md");

/// A section for each code that a finding can have.
pub(crate) const FINDINGS: &str = include_str!("../../docs/src/reference/findings.md");

/// The codes that have a section.
pub(crate) fn codes() -> impl Iterator<Item = &'static str> {
    let lines = MESSAGES.lines().chain(FINDINGS.lines());
    lines.filter_map(|line| line.strip_prefix("### "))
}

/// What a code means, in Markdown: its section, or what is written of the rule of `lint`.
pub(crate) fn explained(code: &str) -> Option<String> {
    let rule = || rules::of_name(code).filter(|_| code.starts_with("lint::"));
    let of_rule =
        || Some(rule()?).map(|it| format!("{}.\n\n{}\n\n{}", it.finds, it.why, it.instead));
    section(code).map(str::to_owned).or_else(of_rule)
}

/// The section of a code, in Markdown.
pub(crate) fn section(code: &str) -> Option<&'static str> {
    let of = |page: &'static str| {
        let mut sections = page.split("\n### ").skip(1);
        sections.find_map(|it| it.split_once('\n').filter(|(name, _)| *name == code))
    };
    let (_, text) = of(MESSAGES).or_else(|| of(FINDINGS))?;
    // the next chapter is no part of it
    Some(text.split("\n## ").next().unwrap_or(text).trim())
}
