//! Points on a circle, each with its member, and the first point at or after a place.
//!
//! The points are sorted by their top bits into at least as many buckets as there are points, and within a
//! bucket, which holds one or none, by insertion. Where each bucket begins is kept: so building takes linear time,
//! and a look-up meets its point at once.

use super::{CELLS, Hashing, Inspection, Members, POINTS_SHOWN, Point};
use crate::sim::order::sort_by_key;

/// The low bits of a point hold the member's index, the others its place on the circle of 2⁶⁴. Hashes of
/// 64 bits so lose 16, of which nobody can tell.
const INDEX_BITS: u32 = 16;
const INDEX_MASK: u64 = (1 << INDEX_BITS) - 1;

/// Most points of a circle. Beyond it every member has fewer, in proportion, but at least its weight.
pub(super) const POINTS_TOTAL_MAX: u64 = 1 << 20;

/// More than the number of a point has.
const DIGITS_MAX: usize = 8;

/// Beyond so many points in one bucket a search by halves is faster.
const FEW: usize = 16;

#[derive(Clone, Debug)]
pub(super) struct Circle {
    /// Ascending; of those on one place, in the order of their members' names.
    points: Vec<u64>,
    /// For each value of a place's top bits, the first point that may follow it; and the end.
    starts: Vec<u32>,
    /// How far a place is shifted to leave these bits.
    shift: u32,
}

impl Default for Circle {
    fn default() -> Circle {
        Circle::sorted(vec![])
    }
}

impl Circle {
    /// `points` for each unit of weight. They are at the hashes of the texts `name:0`, `name:1` and so on;
    /// without a hash at the numbers `0name`, `1name`…, if those are decimal.
    pub fn new(members: &Members, points: u32, hashing: Hashing) -> Circle {
        let most = POINTS_TOTAL_MAX / members.total_weight().max(1);
        let points = u64::from(points).clamp(1, most.max(1)) as u32;
        let mut all = vec![0; members.total_weight() as usize * points as usize];
        let mut rest = &mut all[..];
        for (index, (name, weight)) in members.name.iter().zip(&members.weight).enumerate() {
            let (own, others) = rest.split_at_mut((points * weight) as usize);
            rest = others;
            let (before, after) = match hashing {
                Hashing::Identity => (String::new(), &**name),
                _ => (format!("{name}:"), ""),
            };
            let point = |hash| hashing.place(hash) & !INDEX_MASK | index as u64 & INDEX_MASK;
            match hashing {
                // By far the most frequent, and quick: it is worth a loop of its own.
                Hashing::Xxhash => for_all(&before, after, own, |text| point(Hashing::Xxhash.of(text))),
                _ => for_all(&before, after, own, |text| point(hashing.of(text))),
            }
        }
        let mut circle = Circle::sorted(all);
        circle.order_by_name(members);
        circle
    }

    fn sorted(points: Vec<u64>) -> Circle {
        let bits = points.len().max(2).ilog2() + 1;
        let shift = 64 - bits;
        let bucket = |point: u64| (point >> shift) as usize;
        let mut starts = vec![0u32; (1 << bits) + 1];
        for &point in &points {
            starts[bucket(point)] += 1;
        }
        let (mut end, mut most) = (0, 0);
        for start in &mut starts {
            most = most.max(*start);
            end += *start;
            *start = end;
        }
        // Each bucket is filled from its end, so that what is left is where it begins.
        let mut sorted = vec![0; points.len()];
        for &point in points.iter().rev() {
            let start = &mut starts[bucket(point)];
            *start -= 1;
            sorted[*start as usize] = point;
        }
        // Many in one bucket there are only without a hash.
        if most > FEW as u32 {
            for pair in starts.windows(2).filter(|pair| pair[1] - pair[0] > FEW as u32) {
                sort_by_key(&mut sorted[pair[0] as usize..pair[1] as usize], |&point| point);
            }
        }
        sort_neighbours(&mut sorted);
        Circle { points: sorted, starts, shift }
    }

    /// Points on one place go by name, whatever the order in which the members are listed.
    fn order_by_name(&mut self, members: &Members) {
        let name = |point: u64| &members.name[(point & INDEX_MASK) as usize];
        let same = |pair: &[u64]| pair[0] >> INDEX_BITS == pair[1] >> INDEX_BITS;
        // None, nearly always, unless there is no hash.
        let Some(first) = self.points.windows(2).position(same) else { return };
        for at in first + 1..self.points.len() {
            let mut at = at;
            while at > 0
                && self.points[at] >> INDEX_BITS == self.points[at - 1] >> INDEX_BITS
                && name(self.points[at]) < name(self.points[at - 1])
            {
                self.points.swap(at, at - 1);
                at -= 1;
            }
        }
    }

    /// How many points there are.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// The position of the first point at or after `place`, going round.
    #[inline]
    pub fn at_or_after(&self, place: u64) -> usize {
        let wanted = place & !INDEX_MASK;
        let bucket = (place >> self.shift) as usize;
        let (mut at, end) = (self.starts[bucket] as usize, self.starts[bucket + 1] as usize);
        // Counted, not searched: no branch to guess.
        if let Some([a, b, c]) = self.points.get(at..at + 3) {
            at += usize::from(*a < wanted) + usize::from(*b < wanted) + usize::from(*c < wanted);
        }
        if end - at > FEW {
            at += self.points[at..end].partition_point(|&point| point < wanted);
        }
        // A later bucket's point ends this at once.
        while at < self.points.len() && self.points[at] < wanted {
            at += 1;
        }
        if at < self.points.len() { at } else { 0 }
    }

    /// Whose the point at this position is.
    #[inline]
    pub fn member(&self, position: usize) -> usize {
        self.points.get(position).map_or(0, |point| (point & INDEX_MASK) as usize)
    }

    /// Where the point at this position lies.
    #[inline]
    pub fn place(&self, position: usize) -> u64 {
        self.points.get(position).map_or(0, |point| point & !INDEX_MASK)
    }

    /// How far the point at `position` lies behind `place`, going round.
    #[inline]
    pub fn distance(&self, place: u64, position: usize) -> u64 {
        self.place(position).wrapping_sub(place & !INDEX_MASK)
    }

    /// Adds the members that are met from `position` on, each once, until `out` holds `count` or all.
    pub fn walk(&self, position: usize, members: usize, count: usize, out: &mut Vec<usize>) {
        let wanted = count.min(members);
        for step in 0..self.points.len() {
            if out.len() >= wanted {
                return;
            }
            let member = self.member((position + step) % self.points.len());
            if !out.contains(&member) {
                out.push(member);
            }
        }
    }

    /// Each member's part of the circle: the arcs that end in its points.
    pub fn shares(&self, members: usize) -> Vec<f64> {
        let mut shares = vec![0.0; members];
        let mut before = self.points.last().map_or(0, |last| last & !INDEX_MASK);
        for position in 0..self.points.len() {
            let place = self.place(position);
            let arc = place.wrapping_sub(before);
            // A circle's only point ends all of it.
            let whole = arc == 0 && self.points.len() == 1;
            shares[self.member(position)] += if whole { 1.0 } else { fraction(arc) };
            before = place;
        }
        shares
    }

    pub fn inspect(&self, members: &Members, note: String) -> Inspection {
        let shown = 0..self.points.len().min(POINTS_SHOWN);
        let point =
            |position| Point { at: fraction(self.place(position)), member: self.member(position) as u32 };
        // The middle of each part.
        let cell = |nth| self.member(self.at_or_after(u64::MAX / (2 * CELLS as u64) * (2 * nth as u64 + 1)));
        let cells = if self.points.is_empty() { 0 } else { CELLS };
        Inspection {
            note,
            circle: true,
            zones: false,
            cells: (0..cells).map(|nth| cell(nth) as u32).collect(),
            points: shown.map(point).collect(),
            points_total: self.points.len(),
            shares: self.shares(members.len()),
            loads: vec![],
        }
    }

    /// That the points are in order and are those of `members`.
    pub fn check(&self, members: &Members) -> Result<(), String> {
        let mut counts = vec![0u64; members.len()];
        for point in &self.points {
            *counts.get_mut((point & INDEX_MASK) as usize).ok_or("a point of nobody")? += 1;
        }
        let places = self.points.windows(2).all(|pair| pair[0] >> INDEX_BITS <= pair[1] >> INDEX_BITS);
        let per_weight = members.weight.first().map_or(0, |&weight| counts[0] / u64::from(weight));
        let fair = counts
            .iter()
            .zip(&members.weight)
            .all(|(&count, &weight)| count == per_weight * u64::from(weight));
        if places && fair {
            Ok(())
        } else {
            Err(format!("points per member: {counts:?}, in order: {places}"))
        }
    }
}

/// A place as a part of the circle, below 1.
pub(super) fn fraction(place: u64) -> f64 {
    (place >> 11) as i64 as f64 / (1u64 << 53) as f64
}

/// By insertion: nobody is far from its place.
fn sort_neighbours(points: &mut [u64]) {
    let mut last = 0;
    for end in 0..points.len() {
        if last <= points[end] {
            last = points[end];
            continue;
        }
        let mut at = end;
        while at > 0 && points[at] < points[at - 1] {
            points.swap(at, at - 1);
            at -= 1;
        }
    }
}

/// What `of` makes of the texts `before`, a number, `after`, for the numbers from 0 on.
fn for_all(before: &str, after: &str, out: &mut [u64], of: impl Fn(&[u8]) -> u64) {
    let first = before.len();
    let mut length = first + 1 + after.len();
    let stride = length + DIGITS_MAX;
    // Ten that differ in the last digit, each with a place of its own: one whose last digit has just been written could
    // not be read in longer pieces at once, and so none be hashed beside the one before.
    let mut texts = vec![0; 10 * stride];
    for (text, digit) in texts.chunks_exact_mut(stride).zip(b'0'..) {
        text[..first].copy_from_slice(before.as_bytes());
        text[first] = digit;
        text[first + 1..length].copy_from_slice(after.as_bytes());
    }
    for ten in out.chunks_mut(10) {
        for (out, text) in ten.iter_mut().zip(texts.chunks_exact(stride)) {
            *out = of(&text[..length]);
        }
        // One more ten, on paper.
        let last = length - after.len() - 1;
        let grows = texts[first..last].iter().all(|digit| *digit == b'9');
        for text in texts.chunks_exact_mut(stride) {
            let mut at = last;
            while at > first && text[at - 1] == b'9' {
                at -= 1;
                text[at] = b'0';
            }
            if grows {
                text.copy_within(first..length, first + 1);
                text[first] = b'1';
            } else {
                text[at - 1] += 1;
            }
        }
        length += usize::from(grows);
    }
}
