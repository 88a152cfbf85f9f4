//! The balancer's hexagon: its policy, and what it will do next.

use super::geometry::{Point, Rect, point};
use super::palette::Ink;
use super::shape::{Fill, Label, Shape, Stroke};
use super::text::{Weight, wrap};
use crate::run::snapshot::{BalancerView, PoolView};

/// What it will do with the next request.
pub fn note(pool: &PoolView) -> String {
    match pool.eligible.iter().any(|eligible| *eligible) {
        // The others come back to their own.
        true if pool.keeps().is_some() => format!("new: {}", pool.inspection.note),
        true => pool.inspection.note.clone(),
        false => "no server".to_string(),
    }
}

/// How far the slanted sides reach in.
fn slant(area: Rect) -> f64 {
    (area.width * 0.24).min(25.0)
}

/// Room for text between the slanted sides, this far from the middle.
fn room(area: Rect, from_middle: f64) -> f64 {
    area.width - 2.0 * slant(area) * (from_middle.abs() / (area.height / 2.0)).min(1.0) - 12.0
}

fn hexagon(area: Rect) -> Vec<Point> {
    let (cut, middle) = (slant(area), area.center().y);
    let Rect { x, y, .. } = area;
    let (right, bottom) = (area.right(), area.bottom());
    vec![
        point(x, middle),
        point(x + cut, y),
        point(right - cut, y),
        point(right, middle),
        point(right - cut, bottom),
        point(x + cut, bottom),
    ]
}

pub fn draw(balancer: &BalancerView, area: Rect, shapes: &mut Vec<Shape>) {
    shapes.push(Shape::Polygon {
        points: hexagon(area),
        fill: Some(Fill::of(Ink::Paper)),
        line: Some(Stroke::new(Ink::Request, 2.0)),
    });
    let mut notes: Vec<(String, Ink)> = (balancer.pools.iter().take(2))
        .map(|pool| (note(pool), if pool.eligible.contains(&true) { Ink::DimInk } else { Ink::FailedText }))
        .filter(|(note, _)| !note.is_empty())
        .collect();
    notes.dedup();
    let lines_max = if notes.len() > 1 || area.height < 80.0 { 2 } else { 3 };
    // A long name is set smaller before it is cut.
    let lines = [13.0, 12.0, 11.0, 10.0].map(|size| place(balancer, area, &notes, size, lines_max));
    let whole = |labels: &&Vec<Label>| labels.iter().all(|label| !label.text.ends_with('…'));
    let best = lines.iter().find(whole).or(lines.last());
    shapes.extend(best.into_iter().flatten().cloned().map(Shape::from));
}

/// The name at this size on so many lines and the notes below it, centred.
fn place(
    balancer: &BalancerView,
    area: Rect,
    notes: &[(String, Ink)],
    size: f64,
    lines_max: usize,
) -> Vec<Label> {
    let lines = wrap(&balancer.policy, size, Weight::Bold, room(area, area.height * 0.14), lines_max);
    let (pitch, note_pitch) = (size + 2.5, 14.0);
    let height = lines.len() as f64 * pitch + notes.len() as f64 * note_pitch;
    let center = area.center();
    let mut top = center.y - height / 2.0;
    let mut labels = vec![];
    for line in lines {
        let room = room(area, top + pitch / 2.0 - center.y);
        labels.push(Label::new(line, point(center.x, top + size - 1.0), size).bold().middle().within(room));
        top += pitch;
    }
    for (note, ink) in notes {
        let room = room(area, top + note_pitch / 2.0 - center.y);
        labels.push(Label::new(note, point(center.x, top + 10.5), 11.0).middle().ink(*ink).within(room));
        top += note_pitch;
    }
    labels
}
