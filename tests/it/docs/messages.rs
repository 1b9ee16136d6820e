//! Every text that people read, in one file, so that a reviewer can read them as a whole.

use std::{fmt::Write as _, fs, path::Path};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use walkdir::WalkDir;

use crate::docs::page;

/// Written by `GLOWPLUG_UPDATE_DOCS=1`.
const PLACE: &str = "tests/snapshots/messages.txt";

/// The string literals of a stream, without those of tests, documentation and reasons for the compiler.
fn literals(stream: TokenStream, found: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let text = token.to_string();
        let previous = at.checked_sub(1).map(|it| tokens[it].to_string()).unwrap_or_default();
        match token {
            TokenTree::Group(group) => {
                let is_attribute = previous == "#" || previous == "!";
                let inside = group.stream().to_string();
                if is_attribute && inside == "cfg (test)" || inside == "cfg(test)" {
                    // what the attribute belongs to ends with its braces
                    at += tokens[at..].iter().position(is_braces).unwrap_or(tokens.len());
                } else if previous != "expect" && !(is_attribute && is_for_compiler(&inside)) {
                    literals(group.stream(), found);
                }
            }
            TokenTree::Literal(_) => {
                if let Ok(literal) = syn::parse_str::<syn::LitStr>(&text) {
                    found.push(literal.value());
                }
            }
            _ => {}
        }
        at += 1;
    }
}

fn is_braces(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

fn is_for_compiler(attribute: &str) -> bool {
    ["doc ", "doc=", "expect", "allow", "arg(env"].iter().any(|it| attribute.starts_with(it))
}

/// Whether it has two words of prose side by side, and is not SQL.
fn is_prose(text: &str) -> bool {
    let is_word = |word: &&str| {
        word.len() > 1
            && word.trim_end_matches([',', '.', ':', ';']).chars().all(|c| c.is_ascii_lowercase())
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_sql = words.first().is_some_and(|first| {
        let letters = first.trim_matches(|c: char| !c.is_ascii_alphabetic());
        letters.len() > 1
            && letters.chars().all(|c| c.is_ascii_uppercase())
            && !matches!(letters, "COMMIT" | "CASCADE" | "CONCURRENTLY" | "SQL" | "SQLSTATE")
    });
    words.windows(2).any(|pair| pair.iter().all(is_word))
        && !is_sql
        && !text.contains("pg_catalog.")
}

#[test]
fn all_messages_can_be_read_as_a_whole() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut out = String::new();
    for entry in WalkDir::new(root.join("src")).sort_by_file_name() {
        let path = entry.unwrap().into_path();
        let is_test =
            path.components().any(|it| it.as_os_str().to_string_lossy().starts_with("tests"));
        if is_test || path.extension().is_none_or(|it| it != "rs") {
            continue;
        }
        let mut found = Vec::new();
        literals(fs::read_to_string(&path).unwrap().parse().unwrap(), &mut found);
        found.retain(|text| is_prose(text));
        if !found.is_empty() {
            writeln!(out, "\n# {}", path.strip_prefix(root).unwrap().display()).unwrap();
        }
        for text in found {
            writeln!(out, "{}", text.trim().replace('\n', "\n    ")).unwrap();
        }
    }
    let out = out.trim_start();
    if page::updates() {
        fs::create_dir_all(root.join(PLACE).parent().unwrap()).unwrap();
        fs::write(root.join(PLACE), out).unwrap();
    } else {
        let kept = fs::read_to_string(root.join(PLACE)).unwrap();
        assert!(kept == out, "GLOWPLUG_UPDATE_DOCS=1 writes {PLACE}; read the difference");
    }
}
