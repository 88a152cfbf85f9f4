//! The legend: every mark that occurs, and nothing else; and what one dot stands for.

use super::dots;
use super::falls;
use super::figures;
use super::geometry::{Point, point};
use super::input::Readings;
use super::layout::Layout;
use super::palette::Ink;
use super::shape::{Label, Shape};
use super::travel::MarkKind;
use super::yard::Axis;
use crate::run::snapshot::Snapshot;
use crate::sim::OUTCOMES;
use crate::sim::{Outcome, OutcomeKind};

const SIZE: f64 = 11.0;
const LINE: f64 = 16.0;

/// A mark and its meaning.
#[derive(Clone, Debug, PartialEq)]
enum Sign {
    Travelling(MarkKind),
    Fallen(Outcome),
}

/// All of them; then with less each time: without the reasons of what was refused or failed, without health checks, and
/// only what went wrong.
fn signs(snapshot: &Snapshot, readings: &Readings, less: usize) -> Vec<(Sign, String)> {
    let with_reasons = less == 0;
    let mut signs = vec![];
    if snapshot.issued > 0 && less < 3 {
        signs.push((Sign::Travelling(MarkKind::Request), "request".to_string()));
        signs.push((Sign::Travelling(MarkKind::Reply), "reply".to_string()));
    }
    if readings.probing && less < 2 {
        signs.push((Sign::Travelling(MarkKind::Probe), "health check".to_string()));
    }
    for kind in [OutcomeKind::Refused, OutcomeKind::Failed, OutcomeKind::TimedOut] {
        let of_kind = OUTCOMES.iter().filter(|row| row.1 == kind);
        let seen = of_kind.filter(|row| readings.ended_by[row.0 as usize] > 0);
        let told = |name: &str, count: u64| format!("{name} ×{}", figures::whole(count));
        let (mut outcomes, mut reasons, mut count) = (vec![], vec![], 0);
        for row in seen {
            let of_it = readings.ended_by[row.0 as usize];
            outcomes.push(row.0);
            reasons.push(told(row.3, of_it));
            count += of_it;
        }
        let Some(first) = outcomes.first() else { continue };
        let name = match kind {
            OutcomeKind::Refused => "refused",
            OutcomeKind::Failed => "failed",
            _ => "timed out",
        };
        let text = match with_reasons && kind != OutcomeKind::TimedOut {
            true => format!("{name}: {}", reasons.join(", ")),
            false => told(name, count),
        };
        signs.push((Sign::Fallen(*first), text));
    }
    signs
}

/// Draws as much as there is room for; what one dot stands for comes last.
pub fn draw(
    snapshot: &Snapshot,
    readings: &Readings,
    layout: &Layout,
    dots_per: u64,
    shapes: &mut Vec<Shape>,
) {
    let mut explanations = vec![];
    for less in 0..4 {
        let (all, shown) = explained(signs(snapshot, readings, less), layout);
        // Nothing may have gone wrong.
        if !shown.is_empty() {
            explanations = shown;
        }
        if all {
            break;
        }
    }
    shapes.extend(explanations);
    draw_note(layout, dots_per, shapes);
}

/// The signs that fit, and whether all do.
fn explained(signs: Vec<(Sign, String)>, layout: &Layout) -> (bool, Vec<Shape>) {
    let area = layout.legend;
    let mut at = point(area.x, area.y + SIZE);
    let mut lines_left = (area.height / LINE).floor() as i32 - 1;
    let mut next_line = |at: &mut Point| {
        *at = point(area.x, at.y + LINE);
        lines_left -= 1;
        lines_left >= 0
    };
    let mut shapes = vec![];
    for (sign, text) in signs {
        let label = Label::new(text, point(0.0, 0.0), SIZE).ink(Ink::DimInk).shrunk(area.width - 14.0);
        let width = 14.0 + label.width();
        let is_over = at.x + width > area.right() && at.x > area.x && !next_line(&mut at);
        if is_over || label.text.is_empty() || label.text.ends_with('…') {
            return (false, shapes);
        }
        let center = point(at.x + 5.0, at.y - SIZE * 0.35);
        shapes.push(match sign {
            Sign::Travelling(kind) => dots::shape(kind, center, 4.4),
            Sign::Fallen(outcome) => falls::piece(outcome, center, 3.6, 1.0),
        });
        shapes.push(Label { at: at.moved(14.0, 0.0), ..label }.into());
        at.x += width + 14.0;
    }
    (true, shapes)
}

/// At the lower left, where nothing else stands.
fn draw_note(layout: &Layout, dots_per: u64, shapes: &mut Vec<Shape>) {
    if dots_per <= 1 {
        return;
    }
    let left = if layout.axis == Axis::Across { 20.0 } else { 12.0 };
    let text = format!("1 dot = {} requests", figures::whole(dots_per));
    let label = Label::new(text, point(left, layout.height - 7.0), SIZE).ink(Ink::DimInk);
    let covers = label.rect();
    if layout.yards.iter().all(|yard| !yard.rect.overlaps(covers)) {
        shapes.push(label.into());
    }
}
