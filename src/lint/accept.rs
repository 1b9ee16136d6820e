//! What somebody has accepted: comments above a statement, ours and those of other linters.

use std::ops::Range;

use super::{rule::Rule, rules};
use crate::words::sql::Statement;

/// That a rule does not count for a statement.
#[derive(Debug, Clone)]
pub(crate) struct Acceptance {
    /// The statement; none for the whole script.
    pub statement: Option<usize>,
    /// The rule; none for all.
    pub rule: Option<&'static Rule>,
    /// Why.
    pub reason: String,
    /// Whether it is glowplug's own: one of ours that nothing needs is reported.
    pub is_own: bool,
    /// The comment.
    pub at: Range<usize>,
}

/// A comment that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misread {
    /// The comment.
    pub at: Range<usize>,
    /// What is wrong with it.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// How to write one.
const FORM: &str = "Write `-- glowplug: accept RULE \"reason\"` on a line above the statement.";

impl Acceptance {
    /// Whether it covers a finding of a rule.
    #[must_use]
    pub(crate) fn covers(&self, rule: &Rule, statement: usize) -> bool {
        self.statement.is_none_or(|it| it == statement)
            && self.rule.is_none_or(|it| it.name == rule.name || rule.is_called(it.name))
    }
}

/// Reads the comments of a script.
#[must_use]
pub(crate) fn read(script: &str, statements: &[Statement]) -> (Vec<Acceptance>, Vec<Misread>) {
    let (mut accepted, mut misread) = (Vec::new(), Vec::new());
    let mut assured = false;
    let mut from = 0;
    for number in 0..=statements.len() {
        let until = statements.get(number).map_or(script.len(), |it| it.span.start);
        for at in comments(script, from..until) {
            let text = script[at.clone()].trim_start_matches('-').trim();
            let of = (number, at.clone());
            match own(text, &of) {
                Some(Ok(acceptance)) => accepted.push(acceptance),
                Some(Err(wrong)) => misread.push(wrong),
                None => accepted.extend(foreign(text, &of)),
            }
            match text {
                "safety-assured:start" => assured = true,
                "safety-assured:end" => assured = false,
                _ => {}
            }
        }
        if let Some(statement) = statements.get(number) {
            if assured {
                accepted.push(Acceptance {
                    statement: Some(number),
                    rule: None,
                    reason: "safety-assured".into(),
                    is_own: false,
                    at: statement.span.clone(),
                });
            }
            from = statement.span.end;
        }
    }
    (accepted, misread)
}

/// The comments that have a line, or its end, to themselves.
fn comments(script: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = range.start;
    for line in script[range].split_inclusive('\n') {
        if let Some(at) = line.find("--") {
            found.push(start + at..start + line.trim_end().len());
        }
        start += line.len();
    }
    found
}

/// `glowplug: accept RULE "reason"`.
fn own(text: &str, (number, at): &(usize, Range<usize>)) -> Option<Result<Acceptance, Misread>> {
    let rest = text.strip_prefix("glowplug:")?.trim();
    let rest = rest.strip_prefix("accept")?.trim();
    let wrong =
        |message: String, help: String| Some(Err(Misread { at: at.clone(), message, help }));
    let (name, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let reason = reason.trim().trim_matches('"').trim();
    let Some(rule) = rules::of_name(name) else {
        let help = match rules::near(name) {
            Some(near) => {
                format!("Did you mean `{near}`? `glowplug lint --explain` lists the rules.")
            }
            None => format!("{FORM} `glowplug lint --explain` lists the rules."),
        };
        return wrong(format!("`{name}` is not a rule"), help);
    };
    if reason.is_empty() {
        return wrong(format!("the acceptance of `{}` has no reason", rule.name), FORM.into());
    }
    Some(Ok(Acceptance {
        statement: Some(*number),
        rule: Some(rule),
        reason: reason.to_owned(),
        is_own: true,
        at: at.clone(),
    }))
}

/// The comments of squawk, eugene, diesel-guard and pgsafe.
fn foreign(text: &str, (number, at): &(usize, Range<usize>)) -> Vec<Acceptance> {
    let forms = [
        ("squawk-ignore-file", false),
        ("squawk-ignore", true),
        ("eugene: ignore", true),
        ("eugene:ignore", true),
        ("diesel-guard:disable", true),
        ("pgsafe:ignore", true),
    ];
    let form = forms.iter().find_map(|(form, one)| Some((form, one, text.strip_prefix(form)?)));
    let Some((form, is_of_statement, names)) = form else { return Vec::new() };
    let accepted = |rule| Acceptance {
        statement: is_of_statement.then_some(*number),
        rule,
        reason: (*form).to_owned(),
        is_own: false,
        at: at.clone(),
    };
    let names = names.split([',', ' ', '[', ']']).map(str::trim).filter(|it| !it.is_empty());
    let names: Vec<&str> = names.take_while(|it| !it.starts_with("--")).collect();
    if names.is_empty() {
        return vec![accepted(None)];
    }
    let all = rules::all().iter().filter(|rule| names.iter().any(|name| rule.is_called(name)));
    all.map(|rule| accepted(Some(rule))).collect()
}
