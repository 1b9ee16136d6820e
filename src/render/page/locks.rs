//! The lock timeline: a bar for each table and mode, from the statement that takes the lock to COMMIT.

use maud::{Markup, html};

use super::shown;
use crate::report::deploy::{LockBar, LockTimeline, Waits};

/// The width of the labels on the left.
const LABELS: i32 = 300;
/// The width of all statements together.
const LANES: i32 = 700;
/// The height of a bar with its space.
const ROW: i32 = 34;
/// The height of the head.
const HEAD: i32 = 44;
/// How much of the width is shared evenly, so that a quick statement is seen: thousandths.
const EVEN: i32 = 400;
/// The most characters of a label.
const LABEL: usize = 38;

/// All timelines. None if nothing was observed.
pub(super) fn locks(timelines: &[LockTimeline]) -> Option<Markup> {
    let with_bars: Vec<&LockTimeline> = timelines.iter().filter(|it| !it.bars.is_empty()).collect();
    if with_bars.is_empty() {
        return None;
    }
    Some(html! {
        @for (at, timeline) in with_bars.iter().enumerate() { (one(at, timeline)) }
    })
}

fn one(at: usize, timeline: &LockTimeline) -> Markup {
    let edges = edges(timeline);
    let height = HEAD + ROW * i32::try_from(timeline.bars.len()).unwrap_or(0) + 12;
    let width = LABELS + LANES + 64;
    html! {
        h3 { (shown(&timeline.migration)) }
        @let (long, brief): (Vec<&LockBar>, Vec<&LockBar>) = worst(timeline).into_iter().partition(|it| !it.is_brief());
        @if !long.is_empty() { ul { @for bar in &long { li { (sentence(timeline, bar)) } } } }
        @match (brief.len(), long.is_empty()) {
            (0, _) => {}
            (1, _) => { ul { @for bar in &brief { li { (sentence(timeline, bar)) } } } }
            (many, true) => { p { (many) " locks that others wait for, all of them brief." } }
            (many, false) => { p.soft { (many) " more locks that others wait for are brief." } }
        }
        div.figure role="region" aria-label={ "Lock timeline of " (shown(&timeline.migration)) } tabindex="0" {
            svg.locks role="group" aria-labelledby={ "locks-" (at) } width=(width) height=(height) viewBox=(format!("0 0 {width} {height}")) {
                title id={ "locks-" (at) } { "Locks of " (shown(&timeline.migration)) ": from the statement that takes each to COMMIT" }
                @for (number, statement) in timeline.statements.iter().enumerate() {
                    @let (left, right) = (edges[number], edges[number + 1]);
                    line.grid x1=(left) x2=(left) y1="20" y2=(height - 8) {}
                    g {
                        title { "Line " (statement.line) ": " (shown(&statement.text)) }
                        text.soft x=(left + 3) y="16" { (cut(&format!("line {}", statement.line), right - left)) }
                        text x=(left + 3) y="32" { (cut(&shown(&statement.text), right - left)) }
                    }
                }
                @let end = LABELS + LANES;
                line.grid x1=(end) x2=(end) y1="4" y2=(height - 8) {}
                text.soft x=(end + 4) y="16" { "COMMIT" }
                g role="list" aria-label="Locks" {
                    @for (number, bar) in timeline.bars.iter().enumerate() {
                        (draw(timeline, bar, HEAD + ROW * i32::try_from(number).unwrap_or(0)))
                    }
                }
            }
        }
    }
}

fn draw(timeline: &LockTimeline, bar: &LockBar, y: i32) -> Markup {
    let edges = edges(timeline);
    let last = edges.len() - 1;
    let (left, right) = (edges[bar.from.min(last)], edges[bar.to.min(last)]);
    let width = (right - left).max(6);
    let who = format!("{}{}", who(bar.waits), lasts(bar));
    // beside the bar if it is too short for what it says
    let fits = i32::try_from(who.chars().count()).unwrap_or(0) * 75 / 10 + 12 < width;
    html! {
        g class=(class(bar.waits)) role="listitem" aria-label=(spoken(timeline, bar)) {
            title { (shown(&bar.table)) ": " (bar.mode) ", " (who) }
            text x=(LABELS - 8) y=(y + 13) text-anchor="end" { (short(&shown(&bar.table))) }
            text.soft x=(LABELS - 8) y=(y + 27) text-anchor="end" { (bar.mode) }
            rect.bar x=(left) y=(y + 3) width=(width) height=(ROW - 8) rx="3" {}
            @if fits {
                text.who x=(left + 6) y=(y + 20) { (who) }
            } @else if left > LABELS + LANES / 2 {
                text.who x=(left - 6) y=(y + 20) text-anchor="end" { (who) }
            } @else {
                text.who x=(left + width + 6) y=(y + 20) { (who) }
            }
        }
    }
}

/// What a bar says, for those who do not see it.
fn spoken(timeline: &LockTimeline, bar: &LockBar) -> String {
    let line = |at: usize| timeline.statements.get(at).map(|it| it.line);
    let from = line(bar.from).map(|it| format!(" from line {it}")).unwrap_or_default();
    let to = line(bar.to).map_or(" to COMMIT".to_owned(), |it| format!(" to line {it}"));
    let (table, who) = (shown(&bar.table), who(bar.waits));
    format!("{table}: {},{from}{to}, {who}{}", bar.mode, lasts(bar))
}

/// Where each statement begins, and where the last one ends.
fn edges(timeline: &LockTimeline) -> Vec<i32> {
    let count = i32::try_from(timeline.statements.len().max(1)).unwrap_or(i32::MAX);
    let total: u32 = timeline.statements.iter().map(|it| it.share).sum();
    let mut edges = vec![LABELS];
    let mut at = 0;
    for statement in &timeline.statements {
        let even = if total == 0 { 1000 } else { EVEN };
        let own = match total {
            0 => 0,
            total => i64::from(statement.share) * i64::from(1000 - EVEN) / i64::from(total),
        };
        at += even * 1000 / count + i32::try_from(own * 1000).unwrap_or(0);
        edges.push(
            LABELS + i32::try_from(i64::from(at) * i64::from(LANES) / 1_000_000).unwrap_or(LANES),
        );
    }
    // what is lost by rounding
    if edges.len() > 1
        && let Some(last) = edges.last_mut()
    {
        *last = LABELS + LANES;
    }
    edges
}

/// The bars that somebody waits for, the worst first.
fn worst(timeline: &LockTimeline) -> Vec<&LockBar> {
    let mut bars: Vec<&LockBar> =
        timeline.bars.iter().filter(|it| it.waits != Waits::Nobody).collect();
    bars.sort_by_key(|it| {
        (it.lasts.is_none(), it.is_brief(), std::cmp::Reverse(it.waits), it.from)
    });
    bars
}

/// What blocks what, and for how long.
fn sentence(timeline: &LockTimeline, bar: &LockBar) -> Markup {
    let statement = timeline.statements.get(bar.from);
    html! {
        @match bar.waits {
            Waits::Everybody => { strong { "Readers and writers of " (shown(&bar.table)) " wait" } }
            _ => { strong { "Writers of " (shown(&bar.table)) " wait" } }
        }
        @match (&bar.lasts, &bar.grows_with) {
            (Some(lasts), None) => { " " strong { (shown(lasts)) } }
            (Some(lasts), Some(grows)) => { " " strong { (shown(lasts)) } " (grows with " (shown(grows)) ")" }
            // without production's sizes it is not known how long
            (None, Some(grows)) => { " for a time that grows with " (shown(grows)) }
            (None, None) => " briefly",
        }
        @if let Some(statement) = statement {
            ": " code { (short(&shown(&statement.text))) } " in line " (statement.line) " takes " (bar.mode)
        }
        @if bar.to >= timeline.statements.len() { ", kept to COMMIT." } @else { "." }
    }
}

fn who(waits: Waits) -> &'static str {
    match waits {
        Waits::Everybody => "readers and writers wait",
        Waits::Writers => "writers wait",
        Waits::Nobody => "nobody waits",
    }
}

fn lasts(bar: &LockBar) -> String {
    match (&bar.lasts, bar.waits) {
        (Some(lasts), _) => format!(" {}", shown(lasts)),
        (None, Waits::Nobody) => String::new(),
        (None, _) if !bar.is_brief() => ", grows".to_owned(),
        (None, _) => ", briefly".to_owned(),
    }
}

fn class(waits: Waits) -> &'static str {
    match waits {
        Waits::Everybody => "everybody",
        Waits::Writers => "writers",
        Waits::Nobody => "nobody",
    }
}

/// A text as long as the space for it, in units of the picture.
fn cut(text: &str, space: i32) -> String {
    let room = usize::try_from((space - 6) * 10 / 75).unwrap_or(0);
    if text.chars().count() <= room {
        return text.to_owned();
    }
    match room {
        0..4 => String::new(),
        _ => text.chars().take(room - 1).collect::<String>() + "…",
    }
}

fn short(text: &str) -> String {
    cut(text, i32::try_from(LABEL).unwrap_or(0) * 75 / 10 + 6)
}
