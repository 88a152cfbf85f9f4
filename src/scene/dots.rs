//! Requests and replies under way: one mark each, or one for many.

use super::geometry::Point;
use super::layout::Layout;
use super::palette::Ink;
use super::shape::{Fill, Shape, Stroke, disc, ring};
use crate::run::snapshot::{Dot, Snapshot, Way};
use crate::sim::{OutcomeKind, Time, mix};

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

    fn of(dot: &Dot) -> MarkKind {
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
    mix(request) % dots_per.max(1) == 0
}

/// Radius of a request's dot.
pub fn radius(layout: &Layout) -> f64 {
    if layout.is_tight() { 3.9 } else { 4.6 }
}

/// How far beside its track a reply travels.
pub fn reply_offset(layout: &Layout) -> f64 {
    if layout.is_tight() { 7.0 } else { 9.0 }
}

/// Where a dot is now; `None` if it is not on a track.
pub fn position(dot: &Dot, now: Time, layout: &Layout) -> Option<Point> {
    let span = dot.due.since(dot.departed).seconds();
    if dot.way == Way::Lost || span <= 0.0 {
        return None;
    }
    let share = (now.since(dot.departed).seconds() / span).min(1.0);
    let journey = layout.journey(dot.link, dot.from, dot.to)?;
    let inset = radius(layout) + 1.5;
    if dot.way == Way::Out {
        return Some(journey.at(share, inset).0);
    }
    let (at, direction) = journey.at(1.0 - share, inset);
    let offset = reply_offset(layout);
    Some(at.moved(-direction.y * offset, direction.x * offset))
}

/// One mark for every dot that is shown.
pub fn marks(snapshot: &Snapshot, layout: &Layout, dots_per: u64) -> Vec<Mark> {
    let shown = |dot: &&Dot| {
        if dot.probe { dots_per == 1 } else { gets_a_dot(dot.request, dots_per) }
    };
    let mark = |dot: &Dot| {
        let at = position(dot, snapshot.now, layout)?;
        Some(Mark { at, kind: MarkKind::of(dot), request: dot.request })
    };
    snapshot.dots.iter().filter(shown).filter_map(mark).collect()
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
