//! Markdown as plain text for a terminal: only what the pages of `docs/src` use.

use unicode_width::UnicodeWidthStr as _;

/// No line of a table is longer.
const WIDTH: usize = 100;

/// A last column that has less room than this is not worth having.
const LEAST: usize = 30;

/// A page as plain text.
pub(crate) fn plain(page: &str) -> String {
    let mut out = String::new();
    let mut lines = without_comments(page).into_iter().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            for code in lines.by_ref().take_while(|line| !line.starts_with("```")) {
                out.push_str(format!("    {code}").trim_end());
                out.push('\n');
            }
        } else if line.starts_with('|') {
            let mut rows = vec![cells(&line)];
            while let Some(row) = lines.next_if(|line| line.starts_with('|')) {
                rows.push(cells(&row));
            }
            table(&rows, &mut out);
        } else if let Some(title) = line.strip_prefix("# ") {
            out.push_str(&format!("{}\n", inline(title).to_uppercase()));
        } else if line.starts_with("##") {
            let title = inline(line.trim_start_matches('#').trim());
            out.push_str(&format!("{title}\n{}\n", "-".repeat(title.width())));
        } else {
            out.push_str(&inline(&line));
            out.push('\n');
        }
    }
    out
}

/// The lines of a page, without comments and the empty lines that they leave.
fn without_comments(page: &str) -> Vec<String> {
    let mut text = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("<!--") {
        text.push_str(before);
        rest = after.split_once("-->").map_or("", |(_, rest)| rest.trim_start_matches('\n'));
    }
    text.push_str(rest);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.dedup_by(|a, b| a.is_empty() && b.is_empty());
    lines
}

/// A line without the markup of links and emphasis.
fn inline(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        let link = after.split_once("](").and_then(|(text, target)| {
            let rest = target.split_once(')')?.1;
            (!text.contains('[')).then_some((text, rest))
        });
        match link {
            Some((text, tail)) => {
                out.push_str(text);
                rest = tail;
            }
            None => {
                out.push('[');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out.replace("**", "")
}

fn cells(row: &str) -> Vec<String> {
    let row = row.trim().trim_start_matches('|').trim_end_matches('|').replace("\\|", "\u{0}");
    row.split('|').map(|cell| inline(cell.trim()).replace('\u{0}', "|")).collect()
}

fn table(rows: &[Vec<String>], out: &mut String) {
    let is_rule = |row: &Vec<String>| row.iter().all(|it| it.chars().all(|c| c == '-'));
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let rows: Vec<&Vec<String>> = rows.iter().filter(|row| !is_rule(row)).collect();
    let width = |at: usize| rows.iter().filter_map(|row| Some(row.get(at)?.width())).max();
    let widths: Vec<usize> = (0..columns).map(|at| width(at).unwrap_or_default()).collect();
    let lasts = widths.last().copied().unwrap_or_default();
    let before = widths.iter().sum::<usize>() - lasts + 2 * (columns - 1);
    if before + LEAST > WIDTH {
        return list(&rows, out);
    }
    for row in rows {
        let padded = row.iter().zip(&widths).take(columns - 1);
        let padded =
            padded.map(|(cell, width)| format!("{cell}{}", " ".repeat(width + 2 - cell.width())));
        let last = row.get(columns - 1).map(String::as_str).unwrap_or_default();
        let lines = filled(last, WIDTH - before);
        let first = lines.first().map(String::as_str).unwrap_or_default();
        let head = format!("{}{first}", padded.collect::<String>());
        out.push_str(head.trim_end());
        out.push('\n');
        for line in lines.iter().skip(1) {
            out.push_str(&format!("{}{line}\n", " ".repeat(before)));
        }
    }
}

/// A table that is too wide: each row is a paragraph, its cells named by the heads of their columns.
fn list(rows: &[&Vec<String>], out: &mut String) {
    let Some((heads, rows)) = rows.split_first() else { return };
    for row in rows {
        for (at, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let head = heads.get(at).filter(|head| at > 0 && !head.is_empty());
            let text = head.map_or(cell.clone(), |head| format!("{head}: {cell}"));
            let indent = if at == 0 { "" } else { "    " };
            for line in filled(&text, WIDTH - indent.len()) {
                out.push_str(&format!("{indent}{line}\n"));
            }
        }
        out.push('\n');
    }
}

/// The lines of a text that is broken between words.
fn filled(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
