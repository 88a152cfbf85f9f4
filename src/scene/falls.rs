//! Requests that died: a cross, broken square or dashed ring falls off where it happened, and the
//! same reasons at the same spot gather in one label.

use super::geometry::{Point, Rect, point, rect};
use super::input::{Fall, Readings, Spot, View};
use super::labels::{Labels, around};
use super::layout::Layout;
use super::palette::Ink;
use super::shape::{Label, Shape, Stroke, ring};
use super::yard::{Axis, Density};
use crate::run::snapshot::{Snapshot, Way};
use crate::sim::{LOSS_NOTICE, OUTCOMES, Outcome, OutcomeKind, Place, Time, order};
use crate::watch::FALLS_MAX;

/// Seconds of screen time that a fall takes.
pub const FALL_S: f64 = 0.8;
/// Seconds of screen time for which a label counts what fell.
pub const LABEL_S: f64 = 2.5;
/// At most this many pieces are drawn; labels count all.
const PIECES_MAX: usize = 80;
/// At one spot a piece falls at most so often, in seconds of screen time: more would smear into a blot.
const PIECE_S: f64 = FALL_S / 6.0;

/// The colour of an outcome that is not ok.
pub fn ink(outcome: Outcome) -> Ink {
    match outcome.kind() {
        OutcomeKind::Ok => Ink::Ok,
        OutcomeKind::Refused => Ink::Refused,
        OutcomeKind::Failed => Ink::Failed,
        OutcomeKind::TimedOut => Ink::Waiting,
    }
}

/// The shape of an outcome that is not ok; `size` is half its width.
pub fn piece(outcome: Outcome, center: Point, size: f64, alpha: f64) -> Shape {
    let line = Stroke::new(ink(outcome), (size * 0.42).max(1.0)).faded(alpha);
    match outcome.kind() {
        OutcomeKind::Refused => Shape::Cross { center, size, line },
        OutcomeKind::Failed => Shape::BrokenSquare { center, size, line },
        _ => ring(center, size, line.dashed(2.2, 1.8)),
    }
}

/// All falls that can still be seen or counted: those that are given, and losses on links.
pub fn present(snapshot: &Snapshot, readings: &Readings, view: &View) -> Vec<Fall> {
    let lost = snapshot.dots.iter().filter(|dot| dot.way == Way::Lost && !dot.probe).map(|dot| Fall {
        request: dot.request,
        // The engine tells the caller of a loss this much later.
        at: (dot.due - LOSS_NOTICE).max(dot.departed),
        outcome: Outcome::Lost,
        spot: Spot::Link { link: dot.link, member: dot.to.member, per_mille: 500 },
    });
    let given = readings.falls.iter().copied().filter(|fall| fall.outcome != Outcome::Lost);
    let young = |fall: &Fall| fall.at <= snapshot.now && view.age_s(snapshot.now, fall.at) < LABEL_S;
    given.chain(lost).filter(young).collect()
}

/// How many fell at one spot for one reason, and how long ago the last did.
#[derive(Clone, Copy, Debug, Default)]
struct Heap {
    count: u64,
    /// Seconds of screen time.
    youngest_s: f64,
    /// The last span of [`PIECE_S`] in which a piece began to fall: counted from time 0, so that the same pieces fall
    /// in every picture.
    span: Option<u64>,
}

pub fn draw(
    falls: &[Fall],
    snapshot: &Snapshot,
    layout: &Layout,
    view: &View,
    labels: &mut Labels,
    shapes: &mut Vec<Shape>,
) {
    // In the order of their spots and outcomes.
    let mut heaps: Vec<((Spot, Outcome), Heap)> = vec![];
    let mut drawn = 0;
    let mut in_order: Vec<&Fall> = falls.iter().collect();
    order::sort_by_key(&mut in_order, |fall| fall.at.0);
    for fall in in_order {
        let age = view.age_s(snapshot.now, fall.at);
        let key = (fall.spot, fall.outcome);
        let place = heaps.binary_search_by(|(other, _)| other.cmp(&key)).unwrap_or_else(|place| {
            heaps.insert(place, (key, Heap { youngest_s: LABEL_S, ..Heap::default() }));
            place
        });
        let heap = &mut heaps[place].1;
        heap.count += 1;
        heap.youngest_s = heap.youngest_s.min(age);
        let span = Some((view.age_s(fall.at, Time::ZERO) / PIECE_S) as u64);
        let is_first = std::mem::replace(&mut heap.span, span) != span;
        if !is_first || age >= FALL_S || drawn >= PIECES_MAX || view.reduced_motion {
            continue;
        }
        if let Some(start) = start(fall.spot, snapshot, layout) {
            let share = age / FALL_S;
            shapes.push(piece(
                fall.outcome,
                dropped(start, fall.request, share, layout),
                4.4,
                1.0 - 0.8 * share,
            ));
            drawn += 1;
        }
    }
    let heaps: Vec<_> = heaps
        .into_iter()
        .filter_map(|((spot, outcome), heap)| Some((start(spot, snapshot, layout)?, spot, outcome, heap)))
        .collect();
    // No label stands where something falls, now or in the next moment.
    for (at, ..) in heaps.iter().filter(|_| !view.reduced_motion) {
        labels.take(way_down(*at, layout));
    }
    for (at, spot, outcome, heap) in heaps {
        if view.reduced_motion {
            let at = at.moved(0.0, 10.0);
            labels.take(rect(at.x - 6.0, at.y - 6.0, 12.0, 12.0));
            shapes.push(piece(outcome, at, 4.4, 1.0));
        }
        let alpha = ((LABEL_S - heap.youngest_s) / 0.5).clamp(0.0, 1.0);
        let label = Label::new(gathered(outcome, heap.count, falls), at, 10.5).bold().middle();
        let label = Label { alpha, ..label.ink(ink(outcome).text()) };
        let places = places(spot, at, label.width(), layout);
        labels.place(label, &places, shapes);
    }
}

/// "queue full ×7"; "×230+" where there are as many falls as are remembered: there were more.
pub fn gathered(outcome: Outcome, count: u64, falls: &[Fall]) -> String {
    let more = if falls.len() < FALLS_MAX { "" } else { "+" };
    match count {
        0 | 1 => outcome.label().to_string(),
        _ => format!("{} ×{count}{more}", outcome.label()),
    }
}

/// What fell at one member, in words: the most frequent reason.
pub fn at_member(falls: &[Fall], place: Place) -> Option<(String, Ink)> {
    let mut counts = [0; Outcome::COUNT];
    for fall in falls.iter().filter(|fall| fall.spot == Spot::Place(place)) {
        counts[fall.outcome as usize] += 1;
    }
    let most = OUTCOMES.iter().map(|(outcome, ..)| (*outcome, counts[*outcome as usize]));
    let (outcome, count) = most.filter(|(_, count)| *count > 0).max_by_key(|(_, count)| *count)?;
    Some((gathered(outcome, count, falls), ink(outcome).text()))
}

/// Where a fall begins.
fn start(spot: Spot, snapshot: &Snapshot, layout: &Layout) -> Option<Point> {
    match spot {
        Spot::Link { link, member, per_mille } => {
            let to = Place { node: 0, member };
            let journey = layout.journey(link, Place::default(), to)?;
            // Beside the card that it is told of, not over it.
            let inset = if layout.axis == Axis::Across { 22.0 } else { 6.0 };
            Some(journey.at(per_mille as f64 / 1000.0, inset).0)
        }
        Spot::Place(place) => {
            let node = place.node as usize;
            let yard = layout.yards.get(node)?;
            if yard.density == Density::Single {
                // On a narrow stage a track leaves in the middle.
                let aside = if yard.axis == Axis::Down { yard.rect.width * 0.22 } else { 0.0 };
                let below = point(yard.rect.center().x + aside, yard.rect.bottom() + 6.0);
                // The last one stands on the stage's edge: there it is the way in.
                if below.y + 2.0 * spread(layout).0 <= layout.height {
                    return Some(below);
                }
            }
            let link = snapshot.links.iter().position(|link| link.to == node)?;
            let journey = layout.journey(link, Place::default(), place)?;
            // Off the siding, not over the card.
            let back = if yard.ranks == 1 && yard.axis == Axis::Across { 22.0 } else { 34.0 };
            let length = journey.length().max(1.0);
            Some(journey.at(1.0 - (back / length).min(1.0), 0.0).0)
        }
    }
}

/// How deep what falls comes, and how wide it spreads.
fn spread(layout: &Layout) -> (f64, f64) {
    if layout.is_tight() { (20.0, 0.7) } else { (42.0, 2.0) }
}

/// Off the track and down, each a little to its own side.
fn dropped(start: Point, request: u64, share: f64, layout: &Layout) -> Point {
    let side = (request.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % 13;
    let (depth, wide) = spread(layout);
    start.moved((side as f64 - 7.0) * wide * share, 7.0 + depth * share * share)
}

/// Where what begins to fall here may come by, as long as it can be seen well.
fn way_down(start: Point, layout: &Layout) -> Rect {
    let (depth, wide) = spread(layout);
    rect(start.x - 7.0 * wide, start.y + 7.0, 12.0 * wide, depth * 0.8).grown(4.0)
}

/// Where its label may stand: left of a card's entry, below a node, around a point of a link.
fn places(spot: Spot, at: Point, width: f64, layout: &Layout) -> Vec<Point> {
    let mut places = vec![];
    if let (Spot::Place(_), Axis::Across) = (spot, layout.axis) {
        let deep = if layout.is_tight() { 22.0 } else { 58.0 };
        for step in 0..4 {
            let left = -width / 2.0 + 8.0 - 12.0 * step as f64;
            places.push(at.moved(left, deep));
            places.push(at.moved(left, -16.0));
        }
    }
    places.extend(around(at, width, 10.5));
    places
}
