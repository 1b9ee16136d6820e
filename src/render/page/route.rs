//! How edges run between boxes: along a grid of lines that no box covers, with few bends, and beside each other.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use super::layout::Rect;

/// How far the lines next to a box are from it. The space between boxes holds all of them.
const TRACKS: [i32; 3] = [12, 18, 24];
/// What a bend costs, in units of length.
const BEND: i32 = 40;
/// What it costs to run on another edge, for each unit of length.
const SHARED: i32 = 4;

/// One edge: the rows that it connects, as heights at the sides of two boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wire {
    pub(super) from: (usize, i32),
    pub(super) to: (usize, i32),
}

/// The lines of the grid, sorted.
struct Grid {
    xs: Vec<i32>,
    ys: Vec<i32>,
    /// Whether one may go from a point to the next on the right, and to the next below.
    right: Vec<bool>,
    down: Vec<bool>,
}

/// Routes edges: each is a path of points, from side to side. None if there is no way, which only boxes that stand too close cause.
pub(super) fn route(boxes: &[Rect], wires: &[Wire]) -> Vec<Option<Vec<(i32, i32)>>> {
    let grid = Grid::of(boxes, wires);
    let mut used: BTreeMap<(usize, usize), i32> = BTreeMap::new();
    let mut all = Vec::new();
    for wire in wires {
        let path = grid.path(boxes, wire, &used);
        for pair in path.iter().flat_map(|it| it.windows(2)) {
            *used.entry((pair[0].min(pair[1]), pair[0].max(pair[1]))).or_default() += 1;
        }
        all.push(path.map(|it| grid.points(boxes, wire, &it)));
    }
    all
}

impl Grid {
    fn of(boxes: &[Rect], wires: &[Wire]) -> Self {
        let (mut xs, mut ys) = (Vec::new(), Vec::new());
        for it in boxes {
            for track in TRACKS {
                xs.extend([it.x - track, it.right() + track]);
                ys.extend([it.y - track, it.bottom() + track]);
            }
        }
        ys.extend(wires.iter().flat_map(|it| [it.from.1, it.to.1]));
        for list in [&mut xs, &mut ys] {
            list.sort_unstable();
            list.dedup();
        }
        let mut grid = Self { right: Vec::new(), down: Vec::new(), xs, ys };
        let near = TRACKS[0] - 1;
        // whether a straight line keeps its distance from every box
        let is_free = |one: (i32, i32), other: (i32, i32)| {
            boxes.iter().all(|it| {
                one.0.max(other.0) <= it.x - near
                    || one.0.min(other.0) >= it.right() + near
                    || one.1.max(other.1) <= it.y - near
                    || one.1.min(other.1) >= it.bottom() + near
            })
        };
        for &y in &grid.ys {
            for (at, &x) in grid.xs.iter().enumerate() {
                let next = grid.xs.get(at + 1);
                grid.right.push(next.is_some_and(|next| is_free((x, y), (*next, y))));
            }
        }
        for (at, &y) in grid.ys.iter().enumerate() {
            for &x in &grid.xs {
                let next = grid.ys.get(at + 1);
                grid.down.push(next.is_some_and(|next| is_free((x, y), (x, *next))));
            }
        }
        grid
    }

    fn point(&self, node: usize) -> (i32, i32) {
        (self.xs[node % self.xs.len()], self.ys[node / self.xs.len()])
    }

    /// The points next to the sides of a box at a height, as nodes.
    fn ports(&self, rect: Rect, y: i32) -> Vec<usize> {
        let Ok(row) = self.ys.binary_search(&y) else { return Vec::new() };
        let sides = [rect.x - TRACKS[0], rect.right() + TRACKS[0]];
        let column = |x: i32| self.xs.binary_search(&x).ok();
        sides.into_iter().filter_map(column).map(|at| row * self.xs.len() + at).collect()
    }

    /// The neighbors of a node: the way there is horizontal or not.
    fn next(&self, node: usize) -> impl Iterator<Item = (usize, bool)> {
        let width = self.xs.len();
        let ways = [
            (self.right[node]).then(|| (node + 1, true)),
            (!node.is_multiple_of(width) && self.right[node - 1]).then(|| (node - 1, true)),
            (self.down[node]).then(|| (node + width, false)),
            (node >= width && self.down[node - width]).then(|| (node - width, false)),
        ];
        ways.into_iter().flatten()
    }

    /// The cheapest way from one box to another, as nodes.
    fn path(
        &self,
        boxes: &[Rect],
        wire: &Wire,
        used: &BTreeMap<(usize, usize), i32>,
    ) -> Option<Vec<usize>> {
        let goals = self.ports(boxes[wire.to.0], wire.to.1);
        let states = self.xs.len() * self.ys.len() * 2;
        let mut cost = vec![i32::MAX; states];
        let mut from = vec![usize::MAX; states];
        let mut open = BinaryHeap::new();
        for node in self.ports(boxes[wire.from.0], wire.from.1) {
            // an edge leaves its box sideways
            let state = node * 2 + 1;
            cost[state] = 0;
            open.push(Reverse((0, state)));
        }
        while let Some(Reverse((spent, state))) = open.pop() {
            if spent > cost[state] {
                continue;
            }
            let (node, was_flat) = (state / 2, state % 2 == 1);
            if was_flat && goals.contains(&node) && from[state] != usize::MAX {
                return Some(walked(&from, state));
            }
            for (next, is_flat) in self.next(node) {
                let ((x, y), (to_x, to_y)) = (self.point(node), self.point(next));
                let length = (x - to_x).abs() + (y - to_y).abs();
                let times = used.get(&(node.min(next), node.max(next))).copied().unwrap_or(0);
                let bend = if is_flat == was_flat { 0 } else { BEND };
                let spent = spent + length * (1 + SHARED * times.min(3)) + bend;
                let state_next = next * 2 + usize::from(is_flat);
                if spent < cost[state_next] {
                    cost[state_next] = spent;
                    from[state_next] = state;
                    open.push(Reverse((spent, state_next)));
                }
            }
        }
        None
    }

    /// The corners of a way, with its ends at the sides of the boxes.
    fn points(&self, boxes: &[Rect], wire: &Wire, nodes: &[usize]) -> Vec<(i32, i32)> {
        let mut points: Vec<(i32, i32)> = nodes.iter().map(|it| self.point(*it)).collect();
        let side = |(at, y): (usize, i32), next: (i32, i32)| match next.0 < boxes[at].x {
            true => (boxes[at].x, y),
            false => (boxes[at].right(), y),
        };
        if let (Some(first), Some(last)) = (points.first().copied(), points.last().copied()) {
            points.insert(0, side(wire.from, first));
            points.push(side(wire.to, last));
        }
        let mut corners: Vec<(i32, i32)> = Vec::new();
        for point in points {
            if let [.., one, other] = corners[..]
                && ((one.0 == other.0 && other.0 == point.0)
                    || (one.1 == other.1 && other.1 == point.1))
            {
                corners.pop();
            }
            corners.push(point);
        }
        corners
    }
}

/// The nodes of a way, from its beginning.
fn walked(from: &[usize], end: usize) -> Vec<usize> {
    let mut nodes = Vec::new();
    let mut state = end;
    while state != usize::MAX {
        nodes.push(state / 2);
        state = from[state];
    }
    nodes.reverse();
    nodes.dedup();
    nodes
}
