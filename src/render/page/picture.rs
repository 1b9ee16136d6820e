//! The neighborhood of what changes: tables as boxes, foreign keys as lines that cross no box.

use maud::{Markup, html};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::{
    layout::{self, Rect},
    route::{self, Wire},
    shown,
};
use crate::{
    render::word,
    report::changes::{Change, Changes, ColumnShape, TableShape},
};

/// The height of a row.
const ROW: i32 = 18;
/// The height of a box's head.
const HEAD: i32 = 26;
/// The width of a character of the font, in tenths.
const CHARACTER: i32 = 73;
/// The most characters in a row.
const LONGEST: usize = 38;
/// How many columns of a table are drawn that stay as they are.
const COLUMNS: usize = 10;
/// The space around everything.
const MARGIN: i32 = 30;

/// One row of a box.
struct Row {
    /// What is drawn.
    name: String,
    about: String,
    change: Change,
    /// The column, where it is one.
    column: Option<String>,
    is_key: bool,
}

/// A table, ready to be drawn.
struct Box_<'c> {
    table: &'c TableShape,
    rows: Vec<Row>,
}

/// Draws what changes. None if nothing does.
pub(super) fn picture(changes: &Changes) -> Option<Markup> {
    if changes.is_empty() {
        return None;
    }
    let boxes: Vec<Box_<'_>> = changes.tables.iter().map(Box_::of).collect();
    // one width for all, so that columns are straight
    let width = boxes.iter().map(Box_::width).max().unwrap_or(0);
    let sizes: Vec<(i32, i32)> = boxes.iter().map(|it| (width, it.height())).collect();
    let edges: Vec<(usize, usize)> = changes.references.iter().map(|it| (it.from, it.to)).collect();
    let rects = layout::place(&sizes, &edges);
    let wires = changes.references.iter().map(|it| {
        let row = |at: usize, column: Option<&String>| {
            (at, rects[at].y + boxes[at].row_of(column.map(String::as_str)))
        };
        let from = row(it.from, it.columns.first());
        Wire { from, to: (it.to, rects[it.to].y + boxes[it.to].key_row()) }
    });
    let wires: Vec<Wire> = wires.collect();
    let paths = route::route(&rects, &wires);
    let (right, bottom) = extent(&rects, &paths);
    let (w, h) = (right + 2 * MARGIN, bottom + 2 * MARGIN);
    Some(html! {
        svg.er role="img" aria-labelledby="er-title er-text" width=(w) height=(h)
            viewBox=(format!("{} {} {w} {h}", -MARGIN, -MARGIN)) {
            title id="er-title" { "Tables that change, and their neighbors" }
            desc id="er-text" { (described(changes)) }
            @for (path, reference) in paths.iter().zip(&changes.references) {
                @if let Some(path) = path {
                    (line(path, reference.change, &sentence(changes, reference)))
                }
            }
            @for (at, box_) in boxes.iter().enumerate() { (box_.draw(rects[at])) }
        }
    })
}

/// How far the picture reaches.
fn extent(rects: &[Rect], paths: &[Option<Vec<(i32, i32)>>]) -> (i32, i32) {
    let points = paths.iter().flatten().flatten();
    let corners = rects.iter().map(|it| (it.right(), it.bottom())).chain(points.copied());
    corners.fold((0, 0), |(right, bottom), (x, y)| (right.max(x), bottom.max(y)))
}

fn line(path: &[(i32, i32)], change: Change, what: &str) -> Markup {
    let points: Vec<String> = path.iter().map(|(x, y)| format!("{x},{y}")).collect();
    let (from, to) = (path.first().copied(), path.last().copied());
    html! {
        g class={ "edge " (class(change)) } {
            title { (what) }
            polyline points=(points.join(" ")) fill="none" {}
            // many at the one end, one at the other
            @if let Some((x, y)) = from { circle cx=(x) cy=(y) r="3.5" {} }
            @if let Some((x, y)) = to { rect x=(x - 3) y=(y - 3) width="6" height="6" {} }
        }
    }
}

/// What a line means.
fn sentence(changes: &Changes, reference: &crate::report::changes::Reference) -> String {
    let name = |at: usize| shown(&changes.tables[at].name);
    let columns = shown(&reference.columns.join(", "));
    let mark = match reference.change {
        Change::Same => String::new(),
        change => format!(" ({})", word(change)),
    };
    format!("{} ({columns}) refers to {}{mark}", name(reference.from), name(reference.to))
}

/// The picture in words.
fn described(changes: &Changes) -> String {
    let of = |wanted: Change| -> Vec<String> {
        let all = changes.tables.iter().filter(|it| it.change == wanted);
        all.map(|it| shown(&it.name)).collect()
    };
    let all = [Change::Added, Change::Dropped, Change::Changed, Change::Same].map(|it| {
        let names = of(it);
        let label = if it == Change::Same { "neighbors" } else { word(it) };
        (!names.is_empty()).then(|| format!("{label}: {}", names.join(", ")))
    });
    all.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// The class of what becomes of something.
pub(super) fn class(change: Change) -> &'static str {
    match change {
        Change::Same => "same",
        change => word(change),
    }
}

impl<'c> Box_<'c> {
    fn of(table: &'c TableShape) -> Self {
        let mut rows = Vec::new();
        let (mut same, mut hidden) = (0, 0);
        for column in &table.columns {
            let is_plain = column.change == Change::Same && !column.is_key && !column.is_reference;
            same += usize::from(is_plain);
            // a neighbor only shows where it is
            if is_plain && (same > COLUMNS || table.change == Change::Same) {
                hidden += 1;
                continue;
            }
            rows.push(Row::of_column(column));
        }
        let row = |name: String, change| Row {
            name,
            about: String::new(),
            change,
            column: None,
            is_key: false,
        };
        if hidden > 0 {
            let word = if hidden == 1 { "column" } else { "columns" };
            rows.push(row(format!("… {hidden} more {word}"), Change::Same));
        }
        let parts = table.parts.iter().take(COLUMNS);
        rows.extend(parts.map(|it| row(shown(&it.name), it.change)));
        if table.parts.len() > COLUMNS {
            rows.push(row(format!("… {} more", table.parts.len() - COLUMNS), Change::Changed));
        }
        Self { table, rows }
    }

    fn title(&self) -> String {
        let mark = match self.table.change {
            Change::Same => String::new(),
            change => format!(" ({})", word(change)),
        };
        let kind = if self.table.kind == "table" { "" } else { &self.table.kind };
        let kind = if kind.is_empty() { String::new() } else { format!("{kind} ") };
        // the mark stays, however long the name is
        let room = LONGEST.saturating_sub(mark.len() + kind.len());
        format!("{kind}{}{mark}", cut(&shown(&self.table.name), room))
    }

    fn width(&self) -> i32 {
        let rows = self.rows.iter().map(Row::width).chain([self.title().width()]);
        let longest = rows.max().unwrap_or(0).min(LONGEST + 4);
        i32::try_from(longest).unwrap_or(0) * CHARACTER / 10 + 24
    }

    fn height(&self) -> i32 {
        HEAD + ROW * i32::try_from(self.rows.len()).unwrap_or(0) + 6
    }

    /// The middle of the row of a column, below the top of the box; that of the head if it is not drawn.
    fn row_of(&self, column: Option<&str>) -> i32 {
        let at =
            self.rows.iter().position(|it| it.column.is_some() && it.column.as_deref() == column);
        self.middle(at)
    }

    fn key_row(&self) -> i32 {
        self.middle(self.rows.iter().position(|it| it.is_key))
    }

    fn middle(&self, row: Option<usize>) -> i32 {
        row.map_or(HEAD / 2, |it| HEAD + ROW * i32::try_from(it).unwrap_or(0) + ROW / 2)
    }

    fn draw(&self, rect: Rect) -> Markup {
        let Rect { x, y, width, height } = rect;
        html! {
            g class={ "table " (class(self.table.change)) } {
                title { (shown(&self.table.name)) }
                rect.frame x=(x) y=(y) width=(width) height=(height) rx="4" {}
                path.head d=(format!("M{x} {}v-{}q0-4 4-4h{}q4 0 4 4v{}z", y + HEAD, HEAD - 4, width - 8, HEAD - 4)) {}
                text.name x=(x + 10) y=(y + 17) { (self.title()) }
                @for (at, row) in self.rows.iter().enumerate() {
                    (row.draw(x, y + HEAD + ROW * i32::try_from(at).unwrap_or(0) + 14, width))
                }
            }
        }
    }
}

impl Row {
    fn of_column(column: &ColumnShape) -> Self {
        let optional = if column.is_nullable { "?" } else { "" };
        Self {
            name: shown(&column.name),
            about: match &column.was {
                Some(was) => format!("{} → {}{optional}", shown(was), shown(&column.sql_type)),
                None => format!("{}{optional}", shown(&column.sql_type)),
            },
            change: column.change,
            column: Some(column.name.clone()),
            is_key: column.is_key,
        }
    }

    /// A sign, so that color is not needed.
    fn sign(&self) -> &'static str {
        match self.change {
            Change::Added => "+ ",
            Change::Dropped => "− ",
            Change::Changed => "~ ",
            Change::Same => "",
        }
    }

    fn width(&self) -> usize {
        self.sign().width() + self.name.width() + 2 + self.about.width()
    }

    fn draw(&self, x: i32, y: i32, width: i32) -> Markup {
        let room = LONGEST + 2;
        let name = cut(&format!("{}{}", self.sign(), self.name), room);
        let left = room.saturating_sub(name.width() + 1);
        let about = cut(&self.about, left.max(4));
        html! {
            g class=(class(self.change)) {
                @if name.width() < self.sign().width() + self.name.width() || about != self.about {
                    title { (self.name) " " (self.about) }
                }
                text class=[self.is_key.then_some("key")] x=(x + 10) y=(y) { (name) }
                @if !about.is_empty() {
                    text.type x=(x + width - 10) y=(y) text-anchor="end" { (about) }
                }
            }
        }
    }
}

/// A text of at most so many columns.
fn cut(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let (mut short, mut width) = (String::new(), 1);
    for c in text.chars() {
        width += c.width().unwrap_or(0);
        if width > room {
            break;
        }
        short.push(c);
    }
    short + "…"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::changes::Reference;

    /// Random numbers, the same every time.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % limit as u64) as usize
        }
    }

    /// Whether a straight line runs through the inside of a rectangle.
    fn crosses(one: (i32, i32), other: (i32, i32), rect: Rect) -> bool {
        one.0.max(other.0) > rect.x
            && one.0.min(other.0) < rect.right()
            && one.1.max(other.1) > rect.y
            && one.1.min(other.1) < rect.bottom()
    }

    #[test]
    fn boxes_never_overlap_and_edges_never_cross_them() {
        let mut numbers = Numbers(0x1234_5678_9abc_def1);
        for case in 0..40 {
            let count = 1 + numbers.below(30);
            let sizes: Vec<(i32, i32)> =
                (0..count).map(|_| (240, 50 + 18 * numbers.below(20) as i32)).collect();
            // some are stars, some are sparse, some have circles and several edges between two
            let edges: Vec<(usize, usize)> = (0..numbers.below(count * 2))
                .map(|_| {
                    let to = if case % 3 == 0 {
                        numbers.below(3).min(count - 1)
                    } else {
                        numbers.below(count)
                    };
                    (numbers.below(count), to)
                })
                .collect();
            let rects = layout::place(&sizes, &edges);
            for (at, one) in rects.iter().enumerate() {
                assert_eq!((one.width, one.height), sizes[at]);
                for other in &rects[at + 1..] {
                    let apart = one.right() + layout::GAP_Y <= other.x
                        || other.right() + layout::GAP_Y <= one.x
                        || one.bottom() + layout::GAP_Y <= other.y
                        || other.bottom() + layout::GAP_Y <= one.y;
                    assert!(apart, "case {case}: {one:?} {other:?}");
                }
            }
            let wires: Vec<Wire> = edges
                .iter()
                .filter(|(from, to)| from != to)
                .map(|&(from, to)| {
                    let row = |numbers: &mut Numbers, it: usize| {
                        rects[it].y + 13 + numbers.below(rects[it].height as usize - 20) as i32
                    };
                    let (one, other) = (row(&mut numbers, from), row(&mut numbers, to));
                    Wire { from: (from, one), to: (to, other) }
                })
                .collect();
            for (path, wire) in route::route(&rects, &wires).iter().zip(&wires) {
                let path =
                    path.as_ref().unwrap_or_else(|| panic!("case {case}: no way for {wire:?}"));
                let ends = [path[0], path[path.len() - 1]];
                for ((x, y), (at, row)) in ends.into_iter().zip([wire.from, wire.to]) {
                    assert!(y == row && (x == rects[at].x || x == rects[at].right()));
                }
                for pair in path.windows(2) {
                    assert!(pair[0].0 == pair[1].0 || pair[0].1 == pair[1].1, "no slanted line");
                    for rect in &rects {
                        assert!(
                            !crosses(pair[0], pair[1], *rect),
                            "case {case}: {path:?} {rect:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn long_names_are_cut_to_their_box_and_whole_in_its_title() {
        let name = "n".repeat(63);
        let column = |name: &str| ColumnShape {
            name: name.to_owned(),
            sql_type: "character varying(200)".to_owned(),
            was: None,
            is_key: false,
            is_reference: true,
            is_nullable: true,
            change: Change::Added,
        };
        let table = |name: &str| TableShape {
            name: name.to_owned(),
            kind: "table".to_owned(),
            change: Change::Changed,
            columns: vec![
                column(&"c".repeat(63)),
                column("日本語のとても長い名前のカラムその一二三"),
            ],
            parts: Vec::new(),
        };
        let reference = Reference {
            from: 0,
            to: 0,
            columns: vec!["c".repeat(63)],
            is_optional: true,
            change: Change::Added,
        };
        let changes = Changes {
            tables: vec![table(&name), table("<script>")],
            references: vec![reference],
            left_out: Vec::new(),
        };
        let text = picture(&changes).expect("a picture").into_string();
        assert!(text.contains(&format!("<title>{name}</title>")), "{text}");
        assert!(text.contains("nnn… (changed)</text>"), "{text}");
        assert!(!text.contains("<script>") && text.contains("&lt;script&gt;"), "{text}");
    }
}
