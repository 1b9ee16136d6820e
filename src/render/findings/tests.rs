//! Names from elsewhere in every format: quotes, line feeds, control characters, marks of direction, emoji.

use super::{Sheet, github, gitlab, junit, markdown, sarif};
use crate::{
    report::finding::{Finding, Fix, Place, Region, Related, Replacement, Severity},
    words::shown::is_special,
};

/// What names are made of.
const PIECES: &[&str] = &[
    "a",
    "Z9",
    " ",
    "\"",
    "'",
    "`",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "\0",
    "\u{1b}[31m",
    "\u{7}",
    "\u{7f}",
    "\u{9b}",
    "%",
    "%0A",
    "::error::",
    ",",
    ":",
    "]]>",
    "<b>",
    "&amp;",
    "&",
    "|",
    "\\",
    "\u{202e}",
    "\u{2066}",
    "\u{200b}",
    "👩‍💻",
    "日本",
    "é",
    "\u{fffe}",
    "\u{ffff}",
    "\u{feff}",
    "@all",
    "#1",
    "](http://x)",
    "![x]",
    "$x$",
    "{{",
    "--",
    "<!--",
    "../",
    "\u{2028}",
    "\u{e0041}",
];

/// Random names, the same for a seed.
struct Names(u64);

impl Names {
    fn number(&mut self, below: u64) -> u64 {
        // xorshift: a test needs no better one
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }

    fn name(&mut self) -> String {
        let count = 1 + self.number(6);
        (0..count).map(|_| PIECES[self.number(PIECES.len() as u64) as usize]).collect()
    }

    fn place(&mut self) -> Place {
        let line = 1 + self.number(99) as usize;
        let column = 1 + self.number(99) as usize;
        let end_line = line + self.number(3) as usize;
        let region = Region { line, column, end_line, end_column: column + 1 };
        Place { file: self.name(), region: (self.number(4) > 0).then_some(region) }
    }

    fn finding(&mut self) -> Finding {
        let fix = Fix {
            description: self.name(),
            replacements: vec![Replacement { place: self.place(), text: self.name() }],
        };
        Finding {
            severity: [Severity::Error, Severity::Warning, Severity::Note][self.number(3) as usize],
            code: ["verify::not-back", "check::differs", "lint::some-rule"]
                [self.number(3) as usize]
                .to_owned(),
            message: self.name(),
            details: vec![self.name(), self.name()],
            help: Some(self.name()),
            version: Some("1".to_owned()),
            place: (self.number(3) > 0).then(|| self.place()),
            related: vec![Related { message: self.name(), place: self.place() }],
            fix: (self.number(2) > 0).then_some(fix),
        }
    }

    fn sheet(&mut self) -> Sheet {
        let count = self.number(6);
        let findings = (0..count).map(|_| self.finding()).collect();
        Sheet { checks: vec!["verify".to_owned(), "schema".to_owned()], ..Sheet::of(findings) }
    }
}

/// Some sheets.
fn sheets() -> impl Iterator<Item = Sheet> {
    let mut names = Names(0x9e37_79b9_7f4a_7c15);
    (0..400).map(move |_| names.sheet())
}

#[test]
fn each_finding_is_one_workflow_command_that_reads_back() {
    for sheet in sheets() {
        let text = github::commands(&sheet);
        let lines: Vec<&str> = text.split_terminator('\n').collect();
        assert_eq!(lines.len(), sheet.findings.len() + 1, "{text}");
        assert!(!text.contains(is_special), "{text:?}");
        for (line, finding) in lines.iter().zip(&sheet.findings) {
            let (properties, message) =
                line[2..].split_once("::").expect("properties end before the message");
            let (_, properties) = properties.split_once(' ').expect("there is a title");
            let decoded = |text: &str| {
                let text = text.replace("%2C", ",").replace("%3A", ":").replace("%0A", "\n");
                text.replace("%25", "%")
            };
            let names = ["file", "line", "endLine", "col", "endColumn", "title"];
            for property in properties.split(',') {
                let (name, _) = property.split_once('=').expect("NAME=VALUE");
                assert!(names.contains(&name), "{line}");
            }
            assert!(properties.ends_with(&format!("title={}", finding.code.replace(':', "%3A"))));
            let shown = crate::words::shown::Shown(&super::full(finding)).to_string();
            assert_eq!(decoded(message), shown);
        }
    }
}

/// Reads a document of elements, attributes and text. Gives the names of the elements; panics at what is not well-formed.
fn elements(text: &str) -> Vec<String> {
    let mut rest =
        text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").expect("a head");
    let (mut open, mut all): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let check = |text: &str| {
        let mut parts = text.split('&');
        parts.next();
        for part in parts {
            let entity = part.split(';').next().unwrap_or_default();
            assert!(["amp", "lt", "gt", "quot", "apos", "#10", "#9"].contains(&entity), "{text}");
        }
        assert!(!text.contains(['<', '\0', '\u{fffe}', '\u{ffff}']), "{text:?}");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
    };
    while let Some(at) = rest.find('<') {
        check(&rest[..at]);
        assert!(!open.is_empty() || rest[..at].trim().is_empty(), "text outside of an element");
        let end = rest.find('>').expect("an element ends");
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |it| (it, true));
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut attributes = attributes;
        while !attributes.is_empty() {
            let (_, value) = attributes.split_once("=\"").expect("NAME=\"VALUE\"");
            let (value, more) = value.split_once('"').expect("a value ends");
            check(value);
            attributes = more.trim_start();
        }
        all.push(name.to_owned());
        if !is_empty {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty());
    all
}

#[test]
fn junit_is_well_formed_and_counts_right() {
    for sheet in sheets() {
        let text = junit::suites(&sheet, "ci");
        let all = elements(&text);
        let count = |name: &str| all.iter().filter(|it| *it == name).count();
        let failed = sheet.findings.iter().filter(|it| it.severity != Severity::Note).count();
        assert_eq!(count("failure"), failed, "{text}");
        assert!(text.contains(&format!("tests=\"{}\"", count("testcase"))), "{text}");
        assert!(text.contains(&format!("failures=\"{failed}\"")), "{text}");
    }
}

#[test]
fn gitlab_and_sarif_are_json_with_distinct_and_stable_fingerprints() {
    for sheet in sheets() {
        let issues: serde_json::Value =
            serde_json::from_str(&gitlab::issues(&sheet)).expect("a list");
        let issues = issues.as_array().expect("a list");
        assert_eq!(issues.len(), sheet.findings.len());
        let log: serde_json::Value =
            serde_json::from_str(&sarif::log(&sheet, "ci")).expect("a document");
        let results = log["runs"][0]["results"].as_array().expect("results");
        let mut prints = Vec::new();
        for (issue, result) in issues.iter().zip(results) {
            assert!(issue["location"]["path"].as_str().is_some_and(|it| !it.is_empty()));
            assert!(issue["location"]["lines"]["begin"].as_u64() >= Some(1));
            let print = issue["fingerprint"].as_str().expect("a text").to_owned();
            assert_eq!(result["partialFingerprints"]["glowplug/v1"], print.as_str());
            let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
            let uri = place["uri"].as_str().expect("a place");
            assert!(uri.chars().all(|c| c.is_ascii_graphic() && !"<>\"'\\^`{|}:?#".contains(c)));
            let rule = result["ruleIndex"].as_u64().expect("an index") as usize;
            assert_eq!(log["runs"][0]["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
            prints.push(print);
        }
        let mut moved = sheet.clone();
        for finding in &mut moved.findings {
            if let Some(place) = &mut finding.place {
                place.region = None;
            }
        }
        assert_eq!(moved.fingerprints(), prints, "lines do not count");
        prints.sort();
        prints.dedup();
        assert_eq!(prints.len(), sheet.findings.len(), "two findings have one fingerprint");
    }
}

#[test]
fn a_summary_has_one_row_for_each_finding_and_no_markup_of_names() {
    for sheet in sheets() {
        let text = markdown::summary(&sheet, "ci");
        assert!(!text.contains(is_special), "{text:?}");
        let rows = text.lines().filter(|it| {
            ["| error |", "| warning |", "| note |"].iter().any(|word| it.starts_with(word))
        });
        for row in rows.clone() {
            let cells = row.replace("\\\\", "").replace("\\|", "").matches('|').count();
            assert_eq!(cells, 4, "{row}");
            assert!(!row.contains("<b>") && !row.contains("@all") && !row.contains("#1"), "{row}");
            assert!(!row.replace("\\[", "").contains("[x]"), "{row}");
        }
        assert_eq!(rows.count(), sheet.findings.len(), "{text}");
    }
}
