//! A deterministic topological order.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
};

/// Nodes with edges between them. The order of the nodes themselves decides where edges do not.
#[derive(Debug)]
pub(super) struct Graph<N> {
    after: BTreeMap<N, BTreeSet<N>>,
}

impl<N: Ord + Clone> Graph<N> {
    /// One with these nodes and no edges.
    pub(super) fn of(nodes: impl Iterator<Item = N>) -> Self {
        Self {
            after: nodes.map(|node| (node, BTreeSet::new())).collect(),
        }
    }

    /// Says that one comes before another. Nodes that are not there are passed over.
    pub(super) fn before(&mut self, first: &N, second: &N) {
        if first != second
            && self.after.contains_key(second)
            && let Some(after) = self.after.get_mut(first)
        {
            after.insert(second.clone());
        }
    }

    /// One circle among nodes that wait for each other.
    pub(super) fn circle(&self, stuck: &[N]) -> Vec<N> {
        let stuck: BTreeSet<&N> = stuck.iter().collect();
        // each has one before it that is stuck, too: going back leads round
        let mut way: Vec<&N> = stuck.iter().take(1).copied().collect();
        while let Some(at) = way.last() {
            let before = stuck.iter().find(|it| {
                self.after
                    .get(**it)
                    .is_some_and(|after| after.contains(*at))
            });
            let Some(before) = before else { break };
            if let Some(start) = way.iter().position(|it| it == before) {
                way.drain(..start);
                break;
            }
            way.push(before);
        }
        way.reverse();
        way.into_iter().cloned().collect()
    }

    /// The nodes in order, or those that wait for each other.
    pub(super) fn sorted(&self) -> Result<Vec<N>, Vec<N>> {
        let mut waits: BTreeMap<&N, usize> = self.after.keys().map(|node| (node, 0)).collect();
        for after in self.after.values().flatten() {
            if let Some(count) = waits.get_mut(after) {
                *count += 1;
            }
        }
        let free = waits.iter().filter(|(_, count)| **count == 0);
        let mut ready: BinaryHeap<Reverse<&N>> = free.map(|(node, _)| Reverse(*node)).collect();
        let mut order = Vec::with_capacity(self.after.len());
        while let Some(Reverse(node)) = ready.pop() {
            order.push(node.clone());
            for after in self.after.get(node).into_iter().flatten() {
                if let Some(count) = waits.get_mut(after) {
                    *count -= 1;
                    if *count == 0 {
                        ready.push(Reverse(after));
                    }
                }
            }
        }
        if order.len() == self.after.len() {
            return Ok(order);
        }
        let stuck = waits.into_iter().filter(|(_, count)| *count > 0);
        Err(stuck.map(|(node, _)| node.clone()).collect())
    }
}
