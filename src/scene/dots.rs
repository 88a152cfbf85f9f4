//! Requests and replies under way: one mark each, or one for many.

use super::geometry::Point;
use super::layout::{Journey, Layout};
use super::palette::Ink;
use super::shape::{Fill, Shape, Stroke, disc, ring};
use crate::run::snapshot::{Dot, Way};
use crate::sim::{OutcomeKind, Span, Time, mix, order};

/// What a mark looks like. The colour says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkKind {
    /// Filled dot.
    Request,
    /// Filled dot with a hole, dashed: its client no longer waits.
    Abandoned,
    /// Hollow ring.
    Reply,
    /// Cross: the news that it was refused.
    Refused,
    /// Broken square: the news that it failed.
    Failed,
    /// Small dot: health check.
    Probe,
}

impl MarkKind {
    pub const ALL: [MarkKind; 6] = [
        MarkKind::Request,
        MarkKind::Abandoned,
        MarkKind::Reply,
        MarkKind::Refused,
        MarkKind::Failed,
        MarkKind::Probe,
    ];

    pub fn ink(self) -> Ink {
        match self {
            MarkKind::Request => Ink::Request,
            MarkKind::Abandoned => Ink::Waiting,
            MarkKind::Reply => Ink::Ok,
            MarkKind::Refused => Ink::Refused,
            MarkKind::Failed => Ink::Failed,
            MarkKind::Probe => Ink::DimInk,
        }
    }

    pub fn of(dot: &Dot) -> MarkKind {
        match (dot.probe, dot.way, dot.outcome.kind()) {
            (true, ..) => MarkKind::Probe,
            _ if dot.abandoned => MarkKind::Abandoned,
            (_, Way::Out, _) => MarkKind::Request,
            (_, _, OutcomeKind::Ok) => MarkKind::Reply,
            (_, _, OutcomeKind::Refused) => MarkKind::Refused,
            _ => MarkKind::Failed,
        }
    }

    /// As a shape. `radius` is that of a request's dot.
    pub fn shape(self, at: Point, radius: f64) -> Shape {
        let ink = self.ink();
        match self {
            MarkKind::Request => disc(at, radius, ink),
            MarkKind::Probe => disc(at, radius * 0.55, ink),
            MarkKind::Abandoned => ring(at, radius * 0.85, Stroke::new(ink, 1.4).dashed(2.2, 1.6)),
            MarkKind::Reply => Shape::Circle {
                center: at,
                radius: radius * 0.78,
                fill: Some(Fill::of(Ink::Panel)),
                line: Some(Stroke::new(ink, radius * 0.4)),
            },
            MarkKind::Refused => {
                Shape::Cross { center: at, size: radius * 0.78, line: Stroke::new(ink, radius * 0.42) }
            }
            MarkKind::Failed => {
                Shape::BrokenSquare { center: at, size: radius * 0.8, line: Stroke::new(ink, radius * 0.36) }
            }
        }
    }
}

/// A dot, placed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    pub at: Point,
    pub kind: MarkKind,
    /// The request's number.
    pub request: u64,
}

/// At most about this many dots are drawn.
pub const MARKS_MAX: u64 = 2_500;

/// Of how many requests one gets a dot: 1, 2, 5, 10, 20 … It stays at `before` while that still
/// looks right, so that it does not change to and fro.
pub fn dots_per(under_way: u64, before: u64) -> u64 {
    let shown = under_way / before.max(1);
    let is_step = steps().any(|step| step == before);
    if is_step && shown <= MARKS_MAX && (before == 1 || shown > MARKS_MAX / 5) {
        return before;
    }
    steps().find(|step| under_way / step <= MARKS_MAX).unwrap_or(u64::MAX)
}

fn steps() -> impl Iterator<Item = u64> {
    (0..18).flat_map(|decade| [1, 2, 5].map(|step| step * 10_u64.pow(decade)))
}

/// Whether this request is one of those that get a dot. By a hash of its number: in turn, every
/// twentieth request would always meet the same one of four servers.
pub fn gets_a_dot(request: u64, dots_per: u64) -> bool {
    dots_per <= 1 || mix(request) % dots_per == 0
}

/// Radius of a request's dot.
pub fn radius(layout: &Layout) -> f64 {
    if layout.is_tight() { 3.9 } else { 4.6 }
}

/// How far beside its track a reply travels.
pub fn reply_offset(layout: &Layout) -> f64 {
    if layout.is_tight() { 7.0 } else { 9.0 }
}

/// Which part of its way a dot has behind it; `None` if it is not on a track.
fn share(dot: &Dot, now: Time) -> Option<f64> {
    let Span(span) = dot.due.since(dot.departed);
    let share = (now.since(dot.departed).0 as f64 / span as f64).min(1.0);
    (dot.way != Way::Lost && span > 0).then_some(share)
}

/// Where a dot is that has this part of its way behind it.
fn place(way: Way, share: f64, journey: &Journey<'_>, layout: &Layout) -> Point {
    let inset = radius(layout) + 1.5;
    if way == Way::Out {
        return journey.at(share, inset).0;
    }
    let (at, direction) = journey.at(1.0 - share, inset);
    let offset = reply_offset(layout);
    at.moved(-direction.y * offset, direction.x * offset)
}

/// Where a dot is now; `None` if it is not on a track.
pub fn position(dot: &Dot, now: Time, layout: &Layout) -> Option<Point> {
    let journey = layout.journey(dot.link, dot.from, dot.to)?;
    Some(place(dot.way, share(dot, now)?, &journey, layout))
}

/// One mark for every dot that is shown, that of the oldest request first. Where there are more than could be told apart,
/// those that lie over each other have one. The order of the dots does not matter.
pub fn marks(dots: &[Dot], now: Time, layout: &Layout, dots_per: u64) -> Vec<Mark> {
    let shown = |dot: &&Dot| {
        if dot.probe { dots_per == 1 } else { gets_a_dot(dot.request, dots_per) }
    };
    let shown = dots.iter().filter(shown);
    let mut marks: Vec<Mark> = if dots.len() as u64 / dots_per > 2 * MARKS_MAX {
        apart(shown, now, layout)
    } else {
        let mark = |dot: &Dot| {
            let at = position(dot, now, layout)?;
            Some(Mark { at, kind: MarkKind::of(dot), request: dot.request })
        };
        shown.filter_map(mark).collect()
    };
    order::sort_by_key(&mut marks, |mark| mark.request);
    marks
}

/// Dots nearer to each other than this along their way, in CSS pixels, count as one. The outline of two of them is then
/// nowhere further than a fifteenth of a pixel from that of all that lie between.
const APART: f64 = 1.5;

/// Dots that are told apart at one place: by kind and by direction.
const KINDS: usize = 2 * MarkKind::ALL.len();

/// A way from one machine to another.
struct Lane<'a> {
    journey: Journey<'a>,
    /// By place and kind: which of the dots found so far is there, counted from 1; 0 for none.
    found: Vec<u32>,
}

impl Lane<'_> {
    fn new<'a>(journey: Journey<'a>, layout: &Layout) -> Lane<'a> {
        let places = (journey.length() * layout.scale / APART) as usize + 1;
        Lane { journey, found: vec![0; places * KINDS] }
    }

    fn found(&mut self, dot: &Dot, share: f64) -> Option<&mut u32> {
        let place = (share * (self.found.len() / KINDS - 1) as f64) as usize;
        let kind = 2 * MarkKind::of(dot) as usize + usize::from(dot.way == Way::Out);
        self.found.get_mut(place * KINDS + kind)
    }
}

/// One mark for dots of a kind that lie over each other: the oldest request's. Takes time in proportion to the dots, but
/// painting them only in proportion to the tracks.
fn apart<'a>(shown: impl Iterator<Item = &'a Dot>, now: Time, layout: &Layout) -> Vec<Mark> {
    let mut lanes: Vec<Lane<'_>> = vec![];
    // By link, and by lane of it: which of the lanes, counted from 1; 0 for one that nothing is on.
    let mut known: Vec<Vec<usize>> = vec![vec![]; layout.tracks.len()];
    let mut found: Vec<(usize, f64, &Dot)> = vec![];
    for dot in shown {
        let (Some(share), Some(of_link)) = (share(dot, now), known.get_mut(dot.link)) else { continue };
        let Some((lane, count)) = layout.lane(dot.link, dot.from, dot.to) else { continue };
        if of_link.is_empty() {
            of_link.resize(count, 0);
        }
        let Some(lane) = of_link.get_mut(lane) else { continue };
        if *lane == 0 {
            let Some(journey) = layout.journey(dot.link, dot.from, dot.to) else { continue };
            lanes.push(Lane::new(journey, layout));
            *lane = lanes.len();
        }
        let lane = *lane - 1;
        let Some(there) = lanes[lane].found(dot, share) else { continue };
        match found.get_mut((*there as usize).wrapping_sub(1)) {
            None => {
                found.push((lane, share, dot));
                *there = found.len() as u32;
            }
            Some(other) if dot.request < other.2.request => *other = (lane, share, dot),
            Some(_) => {}
        }
    }
    let mark = |(lane, share, dot): (usize, f64, &Dot)| Mark {
        at: place(dot.way, share, &lanes[lane].journey, layout),
        kind: MarkKind::of(dot),
        request: dot.request,
    };
    found.into_iter().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_dot_stands_for_as_few_requests_as_the_limit_allows() {
        let cases =
            [(0, 1), (2_500, 1), (2_501, 2), (12_000, 5), (12_506, 10), (50_000, 20), (1_000_000, 500)];
        for (under_way, expected) in cases {
            let per = dots_per(under_way, 1);
            assert!(under_way / per <= MARKS_MAX);
            assert!(per == expected || (under_way, per) == (2_501, 2), "{under_way}: {per}");
        }
    }

    #[test]
    fn the_number_does_not_change_to_and_fro() {
        let mut per = 1;
        let mut changes = 0;
        for step in 0..1000_u64 {
            let next = dots_per(if step % 2 == 0 { 2_450 } else { 2_560 }, per);
            changes += (next != per) as u32;
            per = next;
        }
        assert!(changes <= 1, "{changes}");
        assert_eq!(dots_per(100, 20), 1, "far fewer: back to one each");
    }
}
