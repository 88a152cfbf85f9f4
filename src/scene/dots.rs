//! Requests and replies under way: one mark each, or one for many.

use super::geometry::Point;
use super::layout::Layout;
use super::palette::Ink;
use super::shape::{Fill, Shape, Stroke, disc, ring};
use super::travel::{self, Keeping, Mark, MarkKind, Ways, is_shown};
use crate::run::snapshot::Dot;
use crate::sim::{Time, order};

/// Its colour.
pub fn ink(kind: MarkKind) -> Ink {
    match kind {
        MarkKind::Request => Ink::Request,
        MarkKind::Abandoned => Ink::Waiting,
        MarkKind::Reply => Ink::Ok,
        MarkKind::Refused => Ink::Refused,
        MarkKind::Failed => Ink::Failed,
        MarkKind::Probe => Ink::DimInk,
    }
}

/// As a shape. `radius` is that of a request's dot.
pub fn shape(kind: MarkKind, at: Point, radius: f64) -> Shape {
    let ink = ink(kind);
    match kind {
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

/// Radius of a request's dot.
pub fn radius(layout: &Layout) -> f64 {
    if layout.is_tight() { 3.9 } else { 4.6 }
}

/// How far beside its track a reply travels.
pub fn reply_offset(layout: &Layout) -> f64 {
    if layout.is_tight() { 7.0 } else { 9.0 }
}

fn keeping(layout: &Layout) -> Keeping {
    Keeping { inset: radius(layout) + 1.5, reply_offset: reply_offset(layout) }
}

/// Where a dot is now; `None` if it is not on a track.
pub fn position(dot: &Dot, now: Time, layout: &Layout) -> Option<Point> {
    let journey = layout.journey(dot.link, dot.from, dot.to)?;
    Some(travel::place(dot.way, travel::share(dot, now)?, &journey, keeping(layout)))
}

/// Dots nearer to each other than this along their way, in CSS pixels, count as one. The outline of two of them is then
/// nowhere further than a fifteenth of a pixel from that of all that lie between.
const APART: f64 = 1.5;

/// One mark for every dot that is shown, that of the oldest request first. Where there are more than could be told apart,
/// those that lie over each other have one. The order of the dots does not matter.
pub fn marks(dots: &[Dot], now: Time, layout: &Layout, dots_per: u64) -> Vec<Mark> {
    let mut marks = if dots.len() as u64 / dots_per > 2 * MARKS_MAX {
        let ways: Vec<Ways<'_>> = layout.tracks.iter().map(|tracks| layout.ways(tracks)).collect();
        travel::thinned(dots, now, &ways, keeping(layout), dots_per, APART / layout.scale)
    } else {
        let mark = |dot: &Dot| {
            let at = position(dot, now, layout)?;
            Some(Mark { at, kind: MarkKind::of(dot), request: dot.request })
        };
        dots.iter().filter(|dot| is_shown(dot, dots_per)).filter_map(mark).collect()
    };
    order::sort_by_key(&mut marks, |mark| mark.request);
    marks
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
