//! What pages say of commands, settings, codes and rules is made from the program itself.
//!
//! A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->`.

use std::{collections::BTreeSet, fmt::Write as _, path::Path, process::Command};

use glowplug::internal::{
    ledger::LedgerRule,
    lint::{hazards, rule::Rule, rules},
};

use crate::{docs::page, support::GLOWPLUG};

/// Compares a generated part of a page with what it should be, or writes it.
#[track_caller]
pub fn check(page: &str, name: &str, generated: &str) {
    let text = page::read(page);
    let start = format!("<!-- generated: {name} -->\n");
    let (_, rest) = text.split_once(&start).unwrap_or_else(|| panic!("{page}: no {start}"));
    let (shown, _) = rest.split_once("<!-- end -->").expect("it ends");
    let generated = format!("\n{}\n\n", generated.trim());
    if page::updates() {
        let new = format!("{start}{generated}");
        page::write(page, &text.replacen(&format!("{start}{shown}"), &new, 1));
    } else {
        assert_eq!(shown, generated, "{page}: GLOWPLUG_UPDATE_DOCS=1 writes it anew");
    }
}

fn help(command: &[&str]) -> String {
    let mut program = Command::new(GLOWPLUG);
    program.args(command).arg("--help").env("COLUMNS", "100").env("NO_COLOR", "1");
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("GLOWPLUG_") || name == "DATABASE_URL" {
            program.env_remove(name);
        }
    }
    let text = String::from_utf8(program.output().unwrap().stdout).unwrap();
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The subcommands that a help text lists.
fn listed(help: &str) -> Vec<String> {
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let list = list.split("\n\n").next().unwrap_or_default();
    // a description that goes on stands further to the right
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

fn describe(command: &[&str], out: &mut String) {
    let text = help(command);
    let own = text.split("\nGlobal options:\n").next().unwrap_or_default();
    // every command has these two
    let own = own.split("\n  -h, --help").next().unwrap_or_default();
    let (about, usage) = own.split_once("\nUsage:").unwrap_or((own, ""));
    let name = format!("glowplug {}", command.join(" "));
    write!(out, "## {}\n\n{}\n\n```text\nUsage:{}\n```\n\n", name, about.trim(), usage.trim_end())
        .unwrap();
    for name in listed(&text) {
        describe(&[command, &[name.as_str()]].concat(), out);
    }
}

#[test]
fn the_commands_are_those_of_the_program() {
    let page = "docs/src/reference/commands.md";
    let top = help(&[]);
    let mut out = String::new();
    for name in listed(&top) {
        describe(&[&name], &mut out);
    }
    check(page, "commands", &out);
    let global = top.split("\nGlobal options:\n").nth(1).unwrap_or_default();
    check(page, "global options", &format!("```text\n{}\n```", global.trim_end()));
}

fn source(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// All sources of the program, with their tests.
fn sources() -> Vec<String> {
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(source(&path));
        }
    }
    found
}

/// The first paragraph of what is said of an item.
fn said(attributes: &[syn::Attribute]) -> String {
    let line = |it: &syn::Attribute| match &it.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    };
    let lines: Vec<String> = attributes.iter().filter_map(line).collect();
    let first = lines.split(|line| line.trim().is_empty()).next().unwrap_or_default();
    first.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// The last type that a field's type names: `Schema` of `Vec<Schema>`.
fn innermost(kind: &syn::Type) -> String {
    let syn::Type::Path(path) = kind else { return String::new() };
    let last = path.path.segments.last().expect("a path has a segment");
    if let syn::PathArguments::AngleBracketed(inner) = &last.arguments
        && let Some(syn::GenericArgument::Type(inner)) = inner.args.first()
    {
        return innermost(inner);
    }
    last.ident.to_string()
}

#[test]
fn the_settings_are_those_of_the_program() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/project/config.rs");
    let file = syn::parse_file(&source(&path)).unwrap();
    let find = |name: &str| {
        file.items.iter().find_map(|item| match item {
            syn::Item::Struct(it) if it.ident == name => Some(it),
            _ => None,
        })
    };
    let mut out = String::new();
    for table in &find("GlowplugToml").expect("glowplug.toml").fields {
        let name = table.ident.as_ref().unwrap();
        let of = find(&innermost(&table.ty)).expect("a table of settings");
        write!(out, "### {name}\n\n{}\n\n| key | meaning |\n|---|---|\n", said(&of.attrs)).unwrap();
        for key in &of.fields {
            let name = key.ident.as_ref().unwrap();
            writeln!(out, "| `{name}` | {} |", said(&key.attrs)).unwrap();
        }
        out.push('\n');
    }
    check("docs/src/reference/settings.md", "settings", &out);
}

#[test]
fn every_variable_that_is_read_is_documented() {
    let name = regex::Regex::new(r"\bGLOWPLUG_[A-Z_]+\b").unwrap();
    // no settings: a column, a table's name in SQL, and the variable of an example
    let others = ["GLOWPLUG_TOML", "GLOWPLUG_LEDGER_URL"];
    let quoted = regex::Regex::new(r#""(GLOWPLUG_[A-Z_]+)""#).unwrap();
    let mut read = BTreeSet::new();
    for source in sources() {
        read.extend(quoted.captures_iter(&source).map(|it| it[1].to_owned()));
    }
    read.retain(|it| !others.contains(&it.as_str()) && !it.starts_with("GLOWPLUG_TEST_"));
    let text = page::read("docs/src/reference/settings.md");
    let documented: BTreeSet<String> =
        name.find_iter(&text).map(|it| it.as_str().to_owned()).collect();
    let missing: Vec<_> = read.difference(&documented).collect();
    assert!(missing.is_empty(), "not in settings.md: {missing:?}");
}

/// Every code that an error can have, found in its `#[diagnostic(code(…))]`.
fn codes() -> BTreeSet<String> {
    let code = regex::Regex::new(r"\bcode\(([a-z_]+(?:::[a-z0-9_]+)+)\)").unwrap();
    let mut found = BTreeSet::new();
    for source in sources() {
        found.extend(code.captures_iter(&source).map(|it| it[1].to_owned()));
    }
    found
}

#[test]
fn every_message_has_a_page() {
    let text = page::read("docs/src/reference/messages.md");
    let pages = text.lines().filter_map(|line| line.strip_prefix("### "));
    let pages: Vec<String> = pages.map(str::to_owned).collect();
    let documented: BTreeSet<String> = pages.iter().cloned().collect();
    let codes = codes();
    let missing: Vec<_> = codes.difference(&documented).collect();
    let gone: Vec<_> = documented.difference(&codes).filter(|it| *it != "cli::usage").collect();
    assert!(missing.is_empty() && gone.is_empty(), "without a page: {missing:?}; gone: {gone:?}");
    assert!(pages.is_sorted(), "in the order of their codes");
}

#[test]
fn every_finding_has_a_page() {
    let code =
        regex::Regex::new(r#""((?:check|compat|drift|schema|status|verify)::[a-z-]+)""#).unwrap();
    let mut found = BTreeSet::new();
    for source in sources() {
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        found.extend(code.captures_iter(source).map(|it| it[1].to_owned()));
    }
    let text = page::read("docs/src/reference/findings.md");
    let pages = text.lines().filter_map(|line| line.strip_prefix("### "));
    let pages: Vec<String> = pages.map(str::to_owned).collect();
    assert!(pages.is_sorted(), "in the order of their codes");
    assert_eq!(pages, found.into_iter().collect::<Vec<_>>());
}

#[test]
fn the_rules_are_those_of_the_guard() {
    let mut out = LedgerRule::documentation();
    out.push('\n');
    for rule in LedgerRule::ALL {
        write!(out, "### {rule}\n\nProtects {}. {}\n\n", rule.protects(), rule.advice()).unwrap();
    }
    check("docs/src/reference/ledger-rules.md", "rules", &out);
}

#[test]
fn the_rules_of_lint_are_those_of_the_program() {
    let line = |it: &Rule| format!("| [`{0}`](#{0}) | {1} | {2} |\n", it.name, level(it), it.finds);
    let lines: String = rules::all().iter().map(line).collect();
    let table = format!("| rule | | finds |\n|---|---|---|\n{lines}");
    check("docs/src/reference/lint-rules.md", "rules", &table);
    let mut out = String::new();
    for rule in rules::all() {
        let (bad, good) = (rule.bad.trim(), rule.good.trim());
        write!(
            out,
            "### {}\n\n{}. {}\n\nInstead: {}\n\n",
            rule.name, rule.finds, rule.why, rule.instead
        )
        .unwrap();
        if !rule.aliases.is_empty() {
            write!(out, "Also known as `{}`.\n\n", rule.aliases.join("`, `")).unwrap();
        }
        write!(out, "Found:\n\n```sql\n{bad}\n```\n\nNot found:\n\n```sql\n{good}\n```\n\n")
            .unwrap();
    }
    check("docs/src/reference/lint-rules.md", "pages", &out);
    check("docs/src/reference/lint-rules.md", "hazards", &hazards::documentation());
}

fn level(rule: &Rule) -> String {
    let off = if rule.is_on { "" } else { ", off by default" };
    format!("{}{off}", format!("{:?}", rule.severity).to_lowercase())
}
