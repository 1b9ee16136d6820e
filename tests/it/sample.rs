//! How many of its cases a test looks at where there are more than a newcomer waits for.
//!
//! `GLOWPLUG_TEST_CASES` decides for all tests: without it a few of every class, `more` in `.ci/run`, and with a number so many of
//! what is random and all of what is written down.

use std::collections::BTreeMap;

use crate::support::INSTALLED;

/// The three sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    Few,
    More,
    Count(u64),
}

fn size() -> Size {
    match std::env::var("GLOWPLUG_TEST_CASES") {
        Err(_) => Size::Few,
        Ok(text) if text == "more" => Size::More,
        Ok(text) => Size::Count(text.parse().expect("GLOWPLUG_TEST_CASES is `more` or a number")),
    }
}

/// How many random cases there are.
pub fn count(few: u64, more: u64) -> u64 {
    match size() {
        Size::Few => few,
        Size::More => more,
        Size::Count(count) => count,
    }
}

/// The versions that a test walks through one by one: all of them, or the one that comes first and the oldest and newest of the others.
pub fn majors() -> Vec<u32> {
    let all: Vec<u32> = INSTALLED.iter().map(|it| it.major()).collect();
    let Some((first, rest)) = all[..].split_first() else {
        return all;
    };
    let others = match size() {
        Size::Few => vec![rest.iter().min()],
        Size::More => vec![rest.iter().min(), rest.iter().max()],
        Size::Count(_) => return all,
    };
    let mut some: Vec<u32> = others.into_iter().flatten().copied().collect();
    some.dedup();
    [*first].into_iter().chain(some).collect()
}

/// So many of what is written down, or all: from every class as many as from any other, as far as it has them. The classes come
/// in their order, and `turn` lets another server begin with another class and another one of it.
pub fn of<T>(
    list: Vec<T>,
    class: impl Fn(&T) -> String,
    turn: usize,
    few: usize,
    more: usize,
) -> Vec<T> {
    let most = match size() {
        Size::Few => few,
        Size::More => more,
        Size::Count(_) => return list,
    };
    let mut classes: BTreeMap<String, Vec<(usize, T)>> = BTreeMap::new();
    for (at, item) in list.into_iter().enumerate() {
        classes.entry(class(&item)).or_default().push((at, item));
    }
    let mut classes: Vec<Vec<(usize, T)>> = classes.into_values().collect();
    let count = classes.len().max(1);
    classes.rotate_left(turn * most % count);
    for class in &mut classes {
        let length = class.len();
        // from the end: it is taken from there
        class.rotate_right(turn * length / 5 % length);
    }
    let mut found = Vec::new();
    while found.len() < most && classes.iter().any(|it| !it.is_empty()) {
        let left = most - found.len();
        found.extend(classes.iter_mut().filter_map(Vec::pop).take(left));
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, item)| item).collect()
}
