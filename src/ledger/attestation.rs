//! What a run left behind: the protection of the ledgers, and how far their rows went. The next run compares.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    ledger::{
        advice,
        change::{Context, Recorded, judge},
        declaration::Declaration,
        lasting::lasting,
        layer::{Layer, Signs},
        snapshot::{Address, Fact, FactKind, Snapshot},
    },
    report::ledger_finding::LedgerFinding,
    words::digest::Digest,
};

/// What a run left behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attestation {
    /// The digest of everything that protects.
    pub digest: Digest,
    /// The ledgers, in the order in which they were declared.
    pub ledgers: Vec<Attested>,
    /// What was found, object by object, so that a difference can be named.
    ///
    /// Left out where the attestation before had the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    facts: Vec<(Option<usize>, FactKind, String, Fact)>,
    /// Why a difference to the one before it was accepted, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
    /// Whether the chain of attestations begins anew with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anew: bool,
}

/// How far the rows of a ledger went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attested {
    /// The ledger, as `public.events`.
    pub ledger: String,
    /// How many rows there were up to the last key; none if it has no key that orders them.
    pub rows: Option<u64>,
    /// The last key.
    pub last: Option<Vec<Option<String>>>,
    /// The rows themselves, oldest first; none where no key orders them, or nothing refuses to change them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Layer>,
    /// By what a change of them would show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signs: Option<Signs>,
}

impl Attested {
    /// Nothing is known yet.
    #[must_use]
    pub fn nothing(label: &str) -> Self {
        Self { ledger: label.to_owned(), rows: None, last: None, layers: Vec::new(), signs: None }
    }
}

impl Attestation {
    /// Puts together what was found.
    #[must_use]
    pub(crate) fn of(
        snapshot: &Snapshot,
        ledgers: Vec<Attested>,
        accepted: Option<String>,
    ) -> Self {
        let facts: Vec<_> = lasting(snapshot)
            .iter()
            .map(|(address, fact)| {
                (address.ledger, address.kind, address.object.clone(), fact.clone())
            })
            .collect();
        let counted: Vec<_> =
            facts.iter().filter(|(_, kind, ..)| *kind != FactKind::Rows).collect();
        let text = serde_json::to_string(&counted).unwrap_or_default();
        Self { digest: Digest::of(&text), ledgers, facts, accepted, anew: false }
    }

    /// What is different now from what the last run left, as far as it matters.
    #[must_use]
    pub(crate) fn drift(&self, now: &Snapshot, ledgers: &[Declaration]) -> Vec<LedgerFinding> {
        // ledgers may be declared in another order now
        let places: BTreeMap<usize, usize> = self
            .ledgers
            .iter()
            .enumerate()
            .filter_map(|(then, it)| {
                let now = ledgers.iter().position(|ledger| ledger.label() == it.ledger)?;
                Some((then, now))
            })
            .collect();
        let facts = self.facts.iter().filter_map(|(ledger, kind, object, fact)| {
            let ledger = match ledger {
                Some(ledger) => Some(*places.get(ledger)?),
                None => None,
            };
            let address = Address { ledger, kind: *kind, object: object.clone() };
            Some((address, fact.clone()))
        });
        let before: Snapshot = facts.collect();
        let context = Context {
            ledgers,
            before: None,
            unused: &std::collections::BTreeSet::new(),
            written: Recorded::default(),
            replaces_triggers: true,
        };
        let mut findings = judge(&before, &lasting(now), &context);
        // nobody knows whether rows changed: what is certain is counted
        for finding in &mut findings {
            finding.rows = false;
            finding.advice = advice::DRIFT;
        }
        findings
    }

    /// Leaves out what `earlier` says already, for the journal.
    #[must_use]
    pub(crate) fn since(mut self, earlier: Option<&Self>) -> Self {
        let names = |it: &Self| it.ledgers.iter().map(|it| it.ledger.clone()).collect::<Vec<_>>();
        if earlier.is_some_and(|it| it.digest == self.digest && names(it) == names(&self)) {
            self.facts.clear();
        }
        self
    }

    /// Takes over the objects of the newest attestation that names them.
    #[must_use]
    pub(crate) fn with_facts_of(mut self, named: Self) -> Self {
        if self.facts.is_empty() && self.digest == named.digest {
            self.facts = named.facts;
        }
        self
    }

    /// What was attested of one ledger.
    #[must_use]
    pub(crate) fn ledger(&self, label: &str) -> Option<&Attested> {
        self.ledgers.iter().find(|it| it.ledger == label)
    }
}
