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
        Self { after: nodes.map(|node| (node, BTreeSet::new())).collect() }
    }

    /// Adds a node without edges.
    pub(super) fn add(&mut self, node: N) {
        self.after.entry(node).or_default();
    }

    /// Says that one comes before another, and whether that was not known. Nodes that are not there are passed over.
    pub(super) fn before(&mut self, first: &N, second: &N) -> bool {
        first != second
            && self.after.contains_key(second)
            && self.after.get_mut(first).is_some_and(|after| after.insert(second.clone()))
    }

    /// Takes back that one comes before another.
    pub(super) fn cut(&mut self, first: &N, second: &N) {
        if let Some(after) = self.after.get_mut(first) {
            after.remove(second);
        }
    }

    /// What comes directly after a node.
    pub(super) fn followers(&self, node: &N) -> BTreeSet<N> {
        self.after.get(node).cloned().unwrap_or_default()
    }

    /// What comes directly before a node.
    pub(super) fn leaders(&self, node: &N) -> Vec<N> {
        let leads = self.after.iter().filter(|(_, after)| after.contains(node));
        leads.map(|(first, _)| first.clone()).collect()
    }

    /// The sets of nodes, among those that are stuck, in which each comes before each.
    pub(super) fn knots(&self, stuck: &[N]) -> Vec<BTreeSet<N>> {
        let stuck: BTreeSet<&N> = stuck.iter().collect();
        let mut leaders: BTreeMap<&N, Vec<&N>> = BTreeMap::new();
        for (first, after) in self.after.iter().filter(|(first, _)| stuck.contains(first)) {
            for second in after {
                leaders.entry(second).or_default().push(first);
            }
        }
        // those that end last begin the walks against the arrows: each meets one knot
        let (mut seen, mut ended) = (BTreeSet::new(), Vec::new());
        for start in &stuck {
            let mut way = vec![(*start, false)];
            while let Some((node, is_done)) = way.pop() {
                if is_done {
                    ended.push(node);
                } else if seen.insert(node) {
                    way.push((node, true));
                    let after = self.after.get(node).into_iter().flatten();
                    way.extend(after.filter(|it| stuck.contains(it)).map(|it| (it, false)));
                }
            }
        }
        let (mut seen, mut knots) = (BTreeSet::new(), Vec::new());
        for start in ended.into_iter().rev() {
            let (mut way, mut knot) = (vec![start], BTreeSet::new());
            while let Some(node) = way.pop() {
                if seen.insert(node) {
                    knot.insert(node.clone());
                    way.extend(leaders.get(node).into_iter().flatten());
                }
            }
            if knot.len() > 1 {
                knots.push(knot);
            }
        }
        knots
    }

    /// One circle among nodes that wait for each other.
    pub(super) fn circle(&self, stuck: &[N]) -> Vec<N> {
        let stuck: BTreeSet<&N> = stuck.iter().collect();
        // each has one before it that is stuck, too: going back leads round
        let mut way: Vec<&N> = stuck.iter().take(1).copied().collect();
        while let Some(at) = way.last() {
            let before = stuck
                .iter()
                .find(|it| self.after.get(**it).is_some_and(|after| after.contains(*at)));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(u32, u32)]) -> Graph<u32> {
        let mut graph = Graph::of(edges.iter().flat_map(|(first, second)| [*first, *second]));
        for (first, second) in edges {
            graph.before(first, second);
        }
        graph
    }

    #[test]
    fn knots_are_the_nodes_of_circles_and_not_what_waits_for_them() {
        let graph = graph(&[(1, 2), (2, 3), (3, 2), (3, 4), (4, 5), (5, 4), (5, 6)]);
        let stuck = graph.sorted().unwrap_err();
        assert_eq!(stuck, [2, 3, 4, 5, 6]);
        let mut knots = graph.knots(&stuck);
        knots.sort();
        assert_eq!(knots, [[2, 3].into(), [4, 5].into()]);
    }
}
