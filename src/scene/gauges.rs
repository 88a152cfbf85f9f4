//! Slots, places, meters and badges: what a server's card is made of.

use super::figures;
use super::geometry::{Point, Rect, point, rect};
use super::palette::Ink;
use super::shape::{Fill, Label, Shape, Stroke, disc, ring, slab};
use super::text::{self, Weight};
use crate::run::snapshot::WorkView;

/// Smaller slots and places than this cannot be told apart: a meter stands for them.
const SLOT_MIN: f64 = 7.0;
const PLACE_MIN: f64 = 6.4;

/// A slot per worker, left to right; fills from below as the work is done. Returns the width used.
pub fn slots(
    area: Rect,
    workers: &[Option<WorkView>],
    ink: Ink,
    selected: Option<u64>,
    shapes: &mut Vec<Shape>,
) -> f64 {
    let count = workers.len().max(1);
    let Some((columns, pitch)) = best_pitch(area, count, 24.0, SLOT_MIN) else {
        let busy = workers.iter().flatten().count();
        let short = format!("{busy}/{}", workers.len());
        let long = format!("{short} busy");
        return meter(area, busy as f64 / count as f64, [&long, &short], ink, shapes);
    };
    let size = pitch * 0.86;
    let rows = count.div_ceil(columns);
    let top = area.center().y - (rows as f64 * pitch - (pitch - size)) / 2.0;
    for (index, work) in workers.iter().enumerate() {
        let (column, row) = ((index % columns) as f64, (index / columns) as f64);
        let slot = rect(area.x + column * pitch, top + row * pitch, size, size);
        let radius = size * 0.28;
        shapes.push(Shape::Rect {
            rect: slot,
            radius,
            fill: Some(Fill::of(Ink::Empty)),
            line: Some(Stroke::new(Ink::Line, 1.0)),
        });
        if let Some(work) = work {
            fill_slot(slot, work, ink, shapes);
            if selected == Some(work.request) {
                let line = Stroke::new(Ink::Ink, 1.6);
                shapes.push(Shape::Rect {
                    rect: slot.grown(2.0),
                    radius: radius + 2.0,
                    fill: None,
                    line: Some(line),
                });
            }
        }
    }
    columns.min(count) as f64 * pitch
}

fn fill_slot(slot: Rect, work: &WorkView, ink: Ink, shapes: &mut Vec<Shape>) {
    // Even work that has just begun can be seen.
    let height = (work.progress.clamp(0.0, 1.0) * slot.height).max(slot.height * 0.14);
    let level = rect(slot.x, slot.bottom() - height, slot.width, height);
    let radius = (slot.height * 0.28).min(height / 2.0);
    if work.abandoned {
        // Nobody waits for it any more: hollow.
        let line = Stroke::new(Ink::Waiting, 1.3).dashed(2.0, 1.6);
        let fill = Fill { ink: Ink::Waiting, alpha: 0.28 };
        shapes.push(Shape::Rect { rect: level, radius, fill: Some(fill), line: Some(line) });
    } else {
        shapes.push(slab(level, radius, ink));
    }
}

/// The queue as places, right-aligned: taken ones filled, empty ones hollow; a meter where they are
/// too many. `queue` numbers the first requests, next one first.
pub fn places(
    area: Rect,
    queue: &[u64],
    queued: u32,
    places: u32,
    ink: Ink,
    selected: Option<u64>,
    shapes: &mut Vec<Shape>,
) {
    let count = (places.max(queued)) as usize;
    if count == 0 {
        return;
    }
    let Some((columns, pitch)) = best_pitch(area, count, 12.0, PLACE_MIN) else {
        let short = figures::whole(queued as u64);
        let long = format!("{short}/{}", figures::whole(places as u64));
        meter(area, queued as f64 / count as f64, [&long, &short], ink, shapes);
        return;
    };
    let rows = count.div_ceil(columns);
    let left = area.right() - columns.min(count) as f64 * pitch;
    let top = area.center().y - rows as f64 * pitch / 2.0;
    let radius = pitch * 0.4;
    for index in 0..count {
        let (column, row) = ((index % columns) as f64 + 0.5, (index / columns) as f64 + 0.5);
        let center = point(left + column * pitch, top + row * pitch);
        if (index as u32) < queued {
            shapes.push(disc(center, radius, ink));
            if selected.is_some() && selected == queue.get(index).copied() {
                shapes.push(ring(center, radius + 2.0, Stroke::new(Ink::Ink, 1.6)));
            }
        } else {
            shapes.push(Shape::Circle {
                center,
                radius: radius - 0.5,
                fill: Some(Fill::of(Ink::Empty)),
                line: Some(Stroke::new(Ink::Line, 1.0)),
            });
        }
    }
}

/// Columns and pitch with which `count` squares fit, in as few rows as leave the pitch large.
fn best_pitch(area: Rect, count: usize, max: f64, min: f64) -> Option<(usize, f64)> {
    let rows_max = (area.height / min).floor().max(1.0) as usize;
    let mut best: Option<(usize, f64)> = None;
    for rows in 1..=rows_max.min(count.max(1)) {
        let columns = count.div_ceil(rows).max(1);
        let pitch = (area.width / columns as f64).min(area.height / rows as f64).min(max);
        // A further row is worth it only for a visibly larger pitch.
        if best.is_none_or(|(_, known)| pitch > known * 1.1) {
            best = Some((columns, pitch));
        }
    }
    best.filter(|(_, pitch)| *pitch >= min)
}

/// A capsule filled to `share` with its figure beside it: the longer text if there is room for both.
/// Returns the width used.
pub fn meter(area: Rect, share: f64, [long, short]: [&str; 2], ink: Ink, shapes: &mut Vec<Shape>) -> f64 {
    let at = point(area.right(), area.center().y + 4.0);
    let label = |text: &str| Label::new(text, at, 10.5).end().ink(Ink::DimInk);
    let room = |label: &Label| area.width - label.width() - 6.0;
    let label = Some(label(long)).filter(|label| room(label) >= 16.0).unwrap_or_else(|| label(short));
    let label = label.within(area.width);
    if room(&label) >= 10.0 {
        level(rect(area.x, area.center().y - 4.0, room(&label), 8.0), share, ink, shapes);
    }
    shapes.push(label.into());
    area.width
}

/// A bar filled from the left.
pub fn level(bar: Rect, share: f64, ink: Ink, shapes: &mut Vec<Shape>) {
    let radius = bar.height / 2.0;
    shapes.push(slab(bar, radius, Ink::Empty));
    let width = bar.width * share.clamp(0.0, 1.0);
    if width >= 0.5 {
        shapes.push(slab(rect(bar.x, bar.y, width.max(bar.height), bar.height), radius, ink));
    }
}

/// A word in a capsule: what is the matter with a machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Badge {
    pub text: String,
    pub ink: Ink,
    /// Filled, for what is wrong; else outlined.
    pub solid: bool,
}

impl Badge {
    const SIZE: f64 = 10.5;
    pub const HEIGHT: f64 = 17.0;

    pub fn width(&self) -> f64 {
        text::width(&self.text, Self::SIZE, Weight::Bold) + 12.0
    }

    /// `at` is the middle of its left edge.
    pub fn draw(&self, at: Point, shapes: &mut Vec<Shape>) {
        let capsule = rect(at.x, at.y - Self::HEIGHT / 2.0, self.width(), Self::HEIGHT);
        let (fill, line, ink) = match self.solid {
            true => (Some(Fill::of(self.ink)), None, Ink::OnStrong),
            false => (None, Some(Stroke::new(self.ink, 1.0)), self.ink),
        };
        shapes.push(Shape::Rect { rect: capsule, radius: Self::HEIGHT / 2.0, fill, line });
        let baseline = point(capsule.center().x, at.y + 3.7);
        shapes.push(Label::new(&self.text, baseline, Self::SIZE).bold().middle().ink(ink).into());
    }
}
