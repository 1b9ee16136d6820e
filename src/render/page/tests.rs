//! The page: its structure, its colors, and what it weighs.

use super::page;
use crate::{
    catalog::{Attribute, Catalog, Coverage, Fact, Key, ObjectKind},
    report::{
        changes::{Changes, PICTURE},
        deploy::{CompatMatrix, CompatRow, Fit, LockBar, LockTimeline, TimelineStatement, Waits},
        finding::{Finding, Place, Severity},
        page::{NewMigration, Page},
    },
};

/// A page with everything on it, and names that mean something to HTML.
fn full() -> Page {
    let odd = "<b onclick=\"x()\">'&\u{202e}\u{1b}\n</style><script>";
    let statement = |line: usize, share: u32| TimelineStatement {
        line,
        text: format!("ALTER TABLE {odd}"),
        share,
    };
    let bar = |from: usize, waits: Waits, lasts: Option<&str>| LockBar {
        table: odd.to_owned(),
        mode: "ACCESS EXCLUSIVE".to_owned(),
        from,
        to: 2,
        waits,
        lasts: lasts.map(str::to_owned),
        grows_with: Some(odd.to_owned()),
    };
    Page {
        project: odd.to_owned(),
        new: vec![NewMigration {
            version: "1".to_owned(),
            name: odd.to_owned(),
            up: odd.to_owned(),
            has_down: false,
            run_in_transaction: true,
        }],
        new_since: Some(odd.to_owned()),
        findings: vec![Finding {
            severity: Severity::Error,
            code: "verify::not-back".to_owned(),
            message: odd.to_owned(),
            details: vec![odd.to_owned()],
            help: Some(odd.to_owned()),
            version: Some("1".to_owned()),
            place: Some(Place { file: odd.to_owned(), region: None }),
            related: Vec::new(),
            fix: None,
        }],
        changes: Some(Changes::between(&catalog(0, odd), &catalog(3, odd), PICTURE)),
        locks: vec![LockTimeline {
            migration: odd.to_owned(),
            statements: vec![statement(1, 10), statement(3, 990)],
            bars: vec![
                bar(0, Waits::Everybody, Some("4 s to 12 s")),
                bar(1, Waits::Writers, None),
                bar(1, Waits::Nobody, None),
            ],
        }],
        compat: Some(CompatMatrix {
            programs: vec!["running".to_owned(), "new".to_owned()],
            rows: vec![CompatRow {
                state: odd.to_owned(),
                fits: vec![Fit::Fails, Fit::Works],
                faults: vec![odd.to_owned()],
            }],
            verdict: Some("deploy first".to_owned()),
        }),
        notes: vec![odd.to_owned()],
        ..Page::default()
    }
}

/// Tables that refer to the first of them.
fn catalog(tables: usize, name: &str) -> Catalog {
    let mut catalog = Catalog::new(Coverage::all());
    let of = |list: &[(Attribute, &str)]| {
        Fact::of(list.iter().map(|(name, value)| (*name, Some((*value).to_owned()))))
    };
    for at in 0..tables {
        let table = format!("{name}{at}");
        let relation = Key::new(ObjectKind::Relation, &["public", &table]);
        catalog.insert(relation, of(&[(Attribute::Kind, "table")]));
        for column in ["id", "name", "first_id"] {
            let key = Key::new(ObjectKind::Column, &["public", &table, column]);
            catalog.insert(key, of(&[(Attribute::Type, "bigint"), (Attribute::Position, "1")]));
        }
        let first = format!("{name}0");
        let key = Key::new(ObjectKind::Constraint, &["public", &table, "first"]);
        catalog.insert(
            key,
            of(&[
                (Attribute::Type, "foreign key"),
                (Attribute::Columns, "[\"first_id\"]"),
                (Attribute::ReferencesSchema, "public"),
                (Attribute::ReferencesTable, &first),
            ]),
        );
    }
    catalog
}

/// The elements of a page: name, attributes. Panics at an element that is not closed, or closed where none is open.
fn elements(text: &str) -> Vec<(String, String)> {
    const VOID: &[&str] = &["meta", "br", "!DOCTYPE"];
    let (mut open, mut all): (Vec<&str>, Vec<(String, String)>) = (Vec::new(), Vec::new());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        if let Some(style) = rest.strip_prefix("<style>") {
            rest = style.split_once("</style>").expect("the style ends").1;
            continue;
        }
        // an attribute may hold a `>`
        let mut quoted = false;
        let end = rest.find(|c: char| {
            quoted ^= c == '"';
            c == '>' && !quoted
        });
        let end = end.expect("an element ends");
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{:?}", &rest[..rest.len().min(200)]);
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        all.push((name.to_owned(), attributes.to_owned()));
        if !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    all
}

#[test]
fn names_are_text_and_nothing_is_fetched_or_run() {
    let text = page(&full());
    let all = elements(&text);
    assert!(
        all.iter().all(|it| it.0 != "script" && it.0 != "b" && it.0 != "link" && it.0 != "img")
    );
    let value = regex::Regex::new("=\"[^\"]*\"").expect("a pattern");
    for (name, attributes) in &all {
        let names = value.replace_all(attributes, "");
        assert!(!names.split(' ').any(|it| it.starts_with("on")), "{name} {attributes}");
    }
    assert!(!text.contains(crate::words::shown::is_special), "marks of direction are visible");
    let addresses = ["http:", "https:", "url(", "@import", "src="];
    assert!(addresses.iter().all(|it| !text.contains(it)), "the page is whole by itself");
    assert_eq!(text.matches("<style>").count(), 1);
}

#[test]
fn a_screen_reader_finds_its_way() {
    let text = page(&full());
    let all = elements(&text);
    let count = |name: &str| all.iter().filter(|it| it.0 == name).count();
    assert_eq!(
        [count("main"), count("header"), count("nav"), count("footer"), count("h1")],
        [1; 5]
    );
    assert!(text.contains("<html lang=\"en\">"));
    // no level is skipped, and each section has its heading
    let levels: Vec<u8> =
        all.iter().filter_map(|it| it.0.strip_prefix('h').and_then(|it| it.parse().ok())).collect();
    assert!(levels.windows(2).all(|it| it[1] <= it[0] + 1), "{levels:?}");
    assert_eq!(count("section"), count("h2"));
    // a link leads to a section that is there, and no id is there twice
    let attribute = |name: &str| -> Vec<&str> {
        all.iter()
            .filter_map(|it| it.1.split(&format!("{name}=\"")).nth(1)?.split('"').next())
            .collect()
    };
    let mut ids = attribute(" id");
    ids.extend(all.iter().filter_map(|it| it.1.strip_prefix("id=\"")?.split('"').next()));
    let total = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), total, "{ids:?}");
    for target in attribute("href").iter().chain(&attribute("aria-labelledby")) {
        for id in target.trim_start_matches('#').split(' ') {
            assert!(ids.contains(&id), "{id}");
        }
    }
    // tables say what their rows and columns are; pictures have a name
    assert!(all.iter().filter(|it| it.0 == "th").all(|it| it.1.contains("scope=")));
    assert_eq!(count("table"), count("thead"));
    let pictures = all.iter().filter(|it| it.0 == "svg");
    assert!(
        pictures.clone().count() == 2
            && pictures.clone().all(|it| it.1.contains("aria-labelledby="))
    );
}

/// The contrast of two colors, as WCAG computes it.
fn contrast(one: &str, other: &str) -> f64 {
    let light = |color: &str| {
        let channel = |at: usize| {
            let value = u8::from_str_radix(&color[at..at + 2], 16).expect("a color");
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    };
    let (one, other) = (light(one) + 0.05, light(other) + 0.05);
    (one / other).max(other / one)
}

#[test]
fn every_text_has_the_contrast_of_wcag_aa_in_both_schemes() {
    let schemes: Vec<&str> = super::STYLE.split(":root {").skip(1).collect();
    assert_eq!(schemes.len(), 2, "light and dark");
    for scheme in schemes {
        let color = |name: &str| {
            let value = scheme.split(&format!("--{name}: ")).nth(1).expect("a color");
            value.split(';').next().expect("its value").to_owned()
        };
        let paper = color("paper");
        let shade = color("shade");
        for ground in [&paper, &shade] {
            for ink in ["ink", "soft", "link", "added", "dropped", "changed"] {
                let ratio = contrast(&color(ink), ground);
                assert!(ratio >= 4.5, "{ink} on {ground}: {ratio:.2}");
            }
        }
        for tone in ["added", "dropped", "changed"] {
            let ground = color(&format!("{tone}-shade"));
            for ink in [tone, "ink"] {
                let ratio = contrast(&color(ink), &ground);
                assert!(ratio >= 4.5, "{ink} on {tone}-shade: {ratio:.2}");
            }
        }
    }
}

#[test]
fn a_thousand_tables_are_a_small_page() {
    let changes = Changes::between(&catalog(0, "t"), &catalog(1_000, "t"), PICTURE);
    assert_eq!((changes.tables.len(), changes.left_out.len()), (30, 970));
    let new = (0..1_000).map(|at| NewMigration {
        version: at.to_string(),
        name: format!("{at}_table"),
        up: "CREATE TABLE t (id bigint PRIMARY KEY, name text NOT NULL);\n".repeat(40),
        has_down: true,
        run_in_transaction: true,
    });
    let text = page(&Page { changes: Some(changes), new: new.collect(), ..Page::default() });
    elements(&text);
    assert!(text.len() < 1_500_000, "{}", text.len());
}

#[test]
fn the_timeline_says_what_blocks_what_and_for_how_long() {
    let timeline = LockTimeline {
        migration: "3_total".to_owned(),
        statements: vec![
            TimelineStatement { line: 1, text: "SELECT 1".into(), share: 0 },
            TimelineStatement { line: 2, text: "ALTER TABLE orders".into(), share: 1000 },
        ],
        bars: vec![LockBar {
            table: "orders".into(),
            mode: "ACCESS EXCLUSIVE".into(),
            from: 1,
            to: 2,
            waits: Waits::Everybody,
            lasts: Some("4 s to 12 s".into()),
            grows_with: Some("the rows of orders".into()),
        }],
    };
    let text = super::locks::locks(&[timeline]).expect("a timeline").into_string();
    let words: String =
        text.split('<').filter_map(|it| it.split_once('>')).map(|it| it.1).collect();
    assert!(
        words.contains(
            "Readers and writers of orders wait 4 s to 12 s (grows with the rows of orders): \
         ALTER TABLE orders in line 2 takes ACCESS EXCLUSIVE, kept to COMMIT."
        ),
        "{words}"
    );
    assert!(text.contains("readers and writers wait 4 s to 12 s</text>"), "{text}");
    // each bar says the same to those who do not see it, and the statement that works is wider
    let spoken = "aria-label=\"orders: ACCESS EXCLUSIVE, from line 2 to COMMIT, readers and writers wait 4 s to 12 s\"";
    assert!(text.contains(spoken) && text.contains("role=\"listitem\""), "{text}");
    assert!(text.contains("<rect class=\"bar\" x=\"440\""), "{text}");
}
