//! The chain of attestations: each is linked by SHA-256 to the one before it and to every entry of the journal between them.
//!
//! A link is an attestation with a place in the chain. The server computes what each head should be; what follows from that is
//! decided here. Whoever may write the journal can also compute heads: against that stands the newest head, kept elsewhere.

use crate::report::rule::LedgerRule;
use std::collections::BTreeMap;

use crate::{ledger::advice, report::ledger_finding::LedgerFinding};

/// One attestation of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// Its entry in the journal.
    pub id: i64,
    /// Its place, counted from 1.
    pub place: u64,
    /// Its head.
    pub head: String,
    /// The head before it.
    pub before: Option<String>,
    /// Whether its head follows from what the journal holds.
    pub follows: bool,
    /// Whether a person began anew with it.
    pub anew: bool,
    /// The migration that it came after.
    pub name: String,
}

/// An entry that no link covers, or an attestation that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Loose {
    /// Its entry in the journal.
    pub id: i64,
    /// What it says happened.
    pub kind: String,
    /// To which migration.
    pub name: String,
    /// How many links come before it.
    pub links: usize,
    /// Of an entry that notes what was there before a migration: the head that it says was the newest then.
    pub after: Option<String>,
    /// Whether no link comes after it.
    pub last: bool,
}

/// The chain as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chain {
    links: Vec<Link>,
    loose: Vec<Loose>,
}

impl Chain {
    /// Reads the rows of the query.
    #[must_use]
    pub(crate) fn read(rows: Vec<Vec<Option<String>>>) -> Self {
        let mut chain = Self::default();
        for row in rows {
            let Ok([what, id, third, fourth, fifth, sixth, seventh, name]) =
                <[_; 8]>::try_from(row)
            else {
                continue;
            };
            let id = id.and_then(|id| id.parse().ok()).unwrap_or_default();
            let name = name.unwrap_or_default();
            let is = |text: &Option<String>| text.as_deref() == Some("true");
            let number = |text: Option<String>| text.and_then(|it| it.parse().ok());
            if what.as_deref() == Some("link") {
                chain.links.push(Link {
                    id,
                    place: number(third).unwrap_or_default(),
                    head: fourth.unwrap_or_default(),
                    before: fifth,
                    follows: is(&sixth),
                    anew: is(&seventh),
                    name,
                });
            } else {
                let links = number(fifth).unwrap_or_default();
                chain.loose.push(Loose {
                    id,
                    kind: third.unwrap_or_default(),
                    name,
                    links: usize::try_from(links).unwrap_or_default(),
                    after: sixth,
                    last: is(&seventh),
                });
            }
        }
        chain.links.sort_by_key(|it| it.id);
        chain.loose.sort_by_key(|it| it.id);
        chain
    }

    /// The newest head.
    #[must_use]
    pub(crate) fn head(&self) -> Option<&Link> {
        self.links.last()
    }

    /// What is wrong with it. `pinned` is the newest head that somebody kept elsewhere.
    #[must_use]
    pub(crate) fn faults(&self, pinned: Option<&str>) -> Vec<LedgerFinding> {
        let mut found = Vec::new();
        let mut find = |rule, what: String| {
            found.push(LedgerFinding {
                ledger: String::new(),
                rule,
                what,
                advice: advice::JOURNAL,
                rows: true,
            });
        };
        // a person has accepted what was before
        let from = self.links.iter().rposition(|it| it.anew).unwrap_or_default();
        let mut earlier: Option<&Link> = None;
        for link in &self.links[from..] {
            let is_next = match earlier {
                Some(earlier) => {
                    link.before.as_ref() == Some(&earlier.head) && link.place == earlier.place + 1
                }
                None => link.anew || link.before.is_none() && link.place == 1,
            };
            if !is_next {
                let what = format!(
                    "the attestation after {} (entry {} of the journal) does not follow from the one before it: entries were removed or inserted",
                    link.name, link.id
                );
                find(LedgerRule::JournalChanged, what);
            } else if !link.follows && !link.anew {
                let since = earlier
                    .map_or_else(|| "its beginning".to_owned(), |it| format!("entry {}", it.id));
                let what = format!(
                    "the journal from {since} to entry {} does not match what was attested after {}: entries were changed, removed or inserted",
                    link.id, link.name
                );
                find(LedgerRule::JournalChanged, what);
            }
            earlier = Some(link);
        }
        let is_anew = self.links.get(from).is_some_and(|it| it.anew);
        let accepted = if is_anew { from + 1 } else { 0 };
        let heads: BTreeMap<&str, usize> =
            self.links.iter().enumerate().map(|(at, it)| (it.head.as_str(), at)).collect();
        for entry in self.loose.iter().filter(|it| it.links >= accepted) {
            let is_forged = match (entry.kind.as_str(), &entry.after) {
                // before there was a chain, attestations were no links
                ("attest", _) => entry.links > 0,
                (_, Some(after)) if entry.last => {
                    let is_known = heads.contains_key(after.as_str());
                    !(is_known || after.is_empty() && entry.links == 0)
                }
                _ => false,
            };
            if is_forged {
                let what = format!(
                    "entry {} of the journal ({} of {}) was not written by glowplug",
                    entry.id, entry.kind, entry.name
                );
                find(LedgerRule::JournalForged, what);
            }
        }
        if let Some(pinned) = pinned
            && heads.get(pinned).is_none_or(|at| *at < from)
        {
            let what = match &self.head() {
                Some(link) => format!(
                    "the journal does not lead to the head that glowplug.lock keeps ({pinned}): its newest is {}",
                    link.head
                ),
                None => format!(
                    "the journal does not lead to the head that glowplug.lock keeps ({pinned}): it holds no attestation"
                ),
            };
            find(LedgerRule::JournalHead, what);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(place: u64) -> Link {
        Link {
            id: i64::try_from(place).unwrap_or_default() * 10,
            place,
            head: format!("{place:x}"),
            before: (place > 1).then(|| format!("{:x}", place - 1)),
            follows: true,
            anew: false,
            name: format!("m{place}"),
        }
    }

    fn loose(id: i64, kind: &str, links: usize, after: Option<&str>) -> Loose {
        let after = after.map(str::to_owned);
        Loose { id, kind: kind.into(), name: "m".into(), links, after, last: true }
    }

    #[track_caller]
    fn check(links: Vec<Link>, loose: Vec<Loose>, pinned: Option<&str>, expected: &[&str]) {
        let found = Chain { links, loose }.faults(pinned);
        let rules: Vec<&str> = found.iter().map(|it| it.rule.code()).collect();
        assert_eq!(rules, expected, "{found:?}");
    }

    #[test]
    fn a_chain_that_was_let_alone_leads_to_every_head_of_it() {
        check(Vec::new(), Vec::new(), None, &[]);
        check((1..4).map(link).collect(), Vec::new(), Some("2"), &[]);
        let own = vec![loose(31, "up", 3, Some("2")), loose(32, "refused", 3, None)];
        check((1..4).map(link).collect(), own, Some("3"), &[]);
        // before there was a chain
        check(
            Vec::new(),
            vec![loose(1, "attest", 0, None), loose(2, "up", 0, Some(""))],
            None,
            &[],
        );
    }

    #[test]
    fn what_was_taken_out_put_in_or_changed_is_found() {
        check(vec![link(1), link(3)], Vec::new(), None, &["journal-changed"]);
        check(vec![link(2), link(3)], Vec::new(), None, &["journal-changed"]);
        let changed = vec![link(1), Link { follows: false, ..link(2) }, link(3)];
        check(changed, Vec::new(), None, &["journal-changed"]);
        check(vec![link(1)], vec![loose(11, "attest", 1, None)], None, &["journal-forged"]);
        check(vec![link(1)], vec![loose(11, "up", 1, Some("-"))], None, &["journal-forged"]);
        check(vec![link(1)], vec![loose(11, "up", 1, Some("9"))], None, &["journal-forged"]);
    }

    #[test]
    fn a_head_kept_elsewhere_tells_a_chain_that_was_written_anew() {
        check((1..4).map(link).collect(), Vec::new(), Some("f"), &["journal-head"]);
        check(Vec::new(), Vec::new(), Some("1"), &["journal-head"]);
    }

    #[test]
    fn a_person_begins_anew() {
        let anew = Link { anew: true, before: Some("2".into()), ..link(3) };
        let links = || vec![link(1), Link { follows: false, ..link(2) }, anew.clone(), link(4)];
        check(links(), vec![loose(5, "attest", 1, None)], Some("4"), &[]);
        check(links(), Vec::new(), Some("1"), &["journal-head"]);
    }
}
