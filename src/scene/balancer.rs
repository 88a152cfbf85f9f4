//! The balancer's hexagon: its policy, and what it will do next.

use super::geometry::{Rect, point};
use super::palette::Ink;
use super::shape::{Fill, Label, Shape, Stroke};
use super::text::{Weight, wrap};
use crate::run::snapshot::{BalancerView, PoolView};

/// What it will do with the next request.
pub fn note(pool: &PoolView) -> String {
    match pool.eligible.iter().any(|eligible| *eligible) {
        true => pool.inspection.note.clone(),
        false => "no server".to_string(),
    }
}

pub fn hexagon(area: Rect) -> Vec<super::geometry::Point> {
    let (cut, middle) = (area.width * 0.24, area.center().y);
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
    let notes: Vec<(String, Ink)> = (balancer.pools.iter().take(2))
        .map(|pool| (note(pool), if pool.eligible.contains(&true) { Ink::DimInk } else { Ink::FailedText }))
        .filter(|(note, _)| !note.is_empty())
        .collect();
    let width = area.width * 0.74;
    let lines_max = if notes.len() > 1 || area.height < 80.0 { 2 } else { 3 };
    let mut size = 13.0;
    let mut lines = wrap(&balancer.policy, size, Weight::Bold, width, lines_max);
    // A long name is set smaller before it is cut.
    while size > 10.5 && lines.iter().any(|line| line.ends_with('…')) {
        size -= 0.5;
        lines = wrap(&balancer.policy, size, Weight::Bold, width, lines_max);
    }
    let pitch = size + 2.5;
    let height = lines.len() as f64 * pitch + notes.len() as f64 * 14.0;
    let middle = area.center().x;
    let mut baseline = area.center().y - height / 2.0 + size - 1.0;
    for line in lines {
        shapes.push(Label::new(line, point(middle, baseline), size).bold().middle().into());
        baseline += pitch;
    }
    for (note, ink) in notes {
        shapes.push(
            Label::new(note, point(middle, baseline), 11.0).middle().ink(ink).within(area.width * 0.72).into(),
        );
        baseline += 14.0;
    }
}
