//! Where boxes stand: in columns from left to right, what others refer to first, so that no two overlap.
//!
//! Layers by the longest path, each ordered by the middle of its neighbors; the same boxes and edges give the same picture.

/// The space between two columns; edges run there.
pub(super) const GAP_X: i32 = 88;
/// The space between two boxes of a column.
pub(super) const GAP_Y: i32 = 40;
/// The most boxes in one column.
const COLUMN: usize = 8;
/// How wide a row of separate groups may become.
const WIDTH: i32 = 1200;
/// How often the order within columns is improved.
const ROUNDS: usize = 8;

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

impl Rect {
    pub(super) fn right(self) -> i32 {
        self.x + self.width
    }

    pub(super) fn bottom(self) -> i32 {
        self.y + self.height
    }
}

/// Places boxes of these sizes. `edges` lead from a box to the one that it refers to.
pub(super) fn place(sizes: &[(i32, i32)], edges: &[(usize, usize)]) -> Vec<Rect> {
    let zero = Rect { x: 0, y: 0, width: 0, height: 0 };
    let mut placed = vec![zero; sizes.len()];
    // the cursor of the groups: from left to right, then the next row
    let (mut x, mut y, mut row) = (0, 0, 0);
    for group in groups(sizes.len(), edges) {
        let rects = place_group(&group, sizes, edges);
        let width = rects.iter().map(|it| it.right()).max().unwrap_or(0);
        let height = rects.iter().map(|it| it.bottom()).max().unwrap_or(0);
        if x > 0 && x + width > WIDTH {
            (x, y, row) = (0, y + row + GAP_Y, 0);
        }
        for (at, rect) in group.iter().zip(rects) {
            placed[*at] = Rect { x: rect.x + x, y: rect.y + y, ..rect };
        }
        x += width + GAP_X;
        row = row.max(height);
    }
    placed
}

/// Boxes that edges connect, the largest group first.
fn groups(count: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut group: Vec<usize> = (0..count).collect();
    // at most as many rounds as boxes: each lowers a number
    loop {
        let before = group.clone();
        for &(from, to) in edges {
            let low = group[from].min(group[to]);
            group[from] = low;
            group[to] = low;
        }
        if group == before {
            break;
        }
    }
    let mut all: Vec<Vec<usize>> = Vec::new();
    for lead in 0..count {
        let members: Vec<usize> = (0..count).filter(|it| group[*it] == lead).collect();
        if !members.is_empty() {
            all.push(members);
        }
    }
    all.sort_by_key(|it| std::cmp::Reverse(it.len()));
    all
}

/// Places the boxes of one group, from the origin on.
fn place_group(group: &[usize], sizes: &[(i32, i32)], edges: &[(usize, usize)]) -> Vec<Rect> {
    let index = |box_: usize| group.iter().position(|it| *it == box_);
    let own = edges.iter().filter_map(|(from, to)| Some((index(*from)?, index(*to)?)));
    let own: Vec<(usize, usize)> = own.filter(|(from, to)| from != to).collect();
    let layers = layers(group.len(), &own);
    let layers = ordered(layers, &own);
    // a long column becomes several
    let columns: Vec<Vec<usize>> = layers
        .iter()
        .flat_map(|layer| {
            let count = layer.len().div_ceil(COLUMN).max(1);
            layer.chunks(layer.len().div_ceil(count).max(1)).map(<[usize]>::to_vec)
        })
        .collect();
    let size = |it: usize| sizes[group[it]];
    let height = |column: &Vec<usize>| {
        let boxes: i32 = column.iter().map(|it| size(*it).1).sum();
        boxes + GAP_Y * (i32::try_from(column.len()).unwrap_or(0) - 1)
    };
    let tallest = columns.iter().map(height).max().unwrap_or(0);
    let mut placed = vec![Rect { x: 0, y: 0, width: 0, height: 0 }; group.len()];
    let mut x = 0;
    for column in &columns {
        let mut y = (tallest - height(column)) / 2;
        let width = column.iter().map(|it| size(*it).0).max().unwrap_or(0);
        for &it in column {
            let (own, height) = size(it);
            placed[it] = Rect { x, y, width: own, height };
            y += height + GAP_Y;
        }
        x += width + GAP_X;
    }
    placed
}

/// The layer of each box: one more than those that it refers to. Edges of circles that lead back do not count.
fn layers(count: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut level = vec![0; count];
    let forward = without_circles(count, edges);
    // without circles, no path is longer than there are boxes
    for _ in 0..count {
        for &(from, to) in &forward {
            level[from] = level[from].max(level[to] + 1);
        }
    }
    let last = level.iter().max().copied().unwrap_or(0);
    (0..=last).map(|layer| (0..count).filter(|it| level[*it] == layer).collect()).collect()
}

/// The edges without those that close a circle.
fn without_circles(count: usize, edges: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut kept: Vec<(usize, usize)> = Vec::new();
    for &(from, to) in edges {
        let mut seen = vec![false; count];
        let mut open = vec![to];
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut seen[at], true) {
                open.extend(kept.iter().filter(|it| it.0 == at).map(|it| it.1));
            }
        }
        if !seen[from] {
            kept.push((from, to));
        }
    }
    kept
}

/// Orders each layer by the middle of its neighbors in the one before, then in the one behind, some times.
fn ordered(mut layers: Vec<Vec<usize>>, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let count: usize = layers.iter().map(Vec::len).sum();
    let mut place = vec![0.0; count];
    let note = |layers: &[Vec<usize>], place: &mut Vec<f64>| {
        for layer in layers {
            for (at, it) in layer.iter().enumerate() {
                // a few dozen boxes are exact in any float
                place[*it] = (at as f64 + 0.5) / layer.len() as f64;
            }
        }
    };
    note(&layers, &mut place);
    for round in 0..ROUNDS {
        let is_forward = round % 2 == 0;
        let order: Vec<usize> = match is_forward {
            true => (0..layers.len()).collect(),
            false => (0..layers.len()).rev().collect(),
        };
        for at in order {
            let middle = |it: usize| {
                let near = edges.iter().filter_map(|&(from, to)| match (from == it, to == it) {
                    (true, _) if is_forward => Some(to),
                    (_, true) if !is_forward => Some(from),
                    _ => None,
                });
                let near: Vec<f64> = near.map(|it| place[it]).collect();
                match near.len() {
                    0 => place[it],
                    many => near.iter().sum::<f64>() / many as f64,
                }
            };
            let mut keyed: Vec<(f64, usize)> =
                layers[at].iter().map(|it| (middle(*it), *it)).collect();
            keyed.sort_by(|one, other| one.0.total_cmp(&other.0));
            layers[at] = keyed.into_iter().map(|it| it.1).collect();
            note(&layers, &mut place);
        }
    }
    layers
}
