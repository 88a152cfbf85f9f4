//! Tracks: quiet lines that requests travel on; broken where a link is cut.

use super::geometry::{Curve, Point};
use super::labels::{Labels, around};
use super::layout::{Layout, Tracks};
use super::palette::Ink;
use super::shape::{Label, Shape, Stroke};
use super::yard::Yard;
use crate::run::snapshot::{NodeState, Snapshot};

/// Half the gap in a broken link.
const GAP: f64 = 11.0;

/// All tracks. Cut ones are labelled.
pub fn draw(snapshot: &Snapshot, layout: &Layout, labels: &mut Labels, shapes: &mut Vec<Shape>) {
    let width = layout.track_width();
    for (index, tracks) in layout.tracks.iter().enumerate() {
        let Some(into) = layout.yards.get(tracks.to) else { continue };
        let cut = snapshot.links.get(index).is_some_and(|link| link.cut);
        for curve in &tracks.outs {
            shapes
                .push(Shape::Path { cubics: curve.cubics().to_vec(), line: Stroke::new(Ink::Track, width) });
        }
        for (lane, curve) in tracks.ins.iter().enumerate() {
            let closed = lane_is_closed(snapshot, tracks, into, lane);
            let line = Stroke::new(Ink::Track, if closed { width * 0.5 } else { width });
            let line = if closed { line.dashed(width, width * 1.2) } else { line };
            if cut {
                draw_cut(curve, line, shapes);
            } else {
                shapes.push(Shape::Path { cubics: curve.cubics().to_vec(), line });
            }
        }
        if cut {
            label_cut(tracks, labels, shapes);
        }
    }
    for (index, tracks) in layout.tracks.iter().enumerate() {
        if snapshot.links.get(index).is_some_and(|link| !link.cut) {
            draw_points(snapshot, layout, tracks, shapes);
        }
    }
}

/// The caller will not choose this member: its own track is drawn thin and dashed.
fn lane_is_closed(snapshot: &Snapshot, tracks: &Tracks, into: &Yard, lane: usize) -> bool {
    if into.ranks != 1 || tracks.ins.len() != into.cards.len() {
        return false;
    }
    let Some(NodeState::Balancer(balancer)) = snapshot.nodes.get(tracks.from).map(|node| &node.state) else {
        return false;
    };
    let pool = balancer.pools.iter().find(|pool| pool.node == tracks.to);
    pool.and_then(|pool| pool.eligible.get(lane)) == Some(&false)
}

/// The railway's points: a short stretch in the request's colour towards who is next.
fn draw_points(snapshot: &Snapshot, layout: &Layout, tracks: &Tracks, shapes: &mut Vec<Shape>) {
    let Some(NodeState::Balancer(balancer)) = snapshot.nodes.get(tracks.from).map(|node| &node.state) else {
        return;
    };
    // Where clients come back to their own, hardly one goes to the next.
    let pool = balancer.pools.iter().find(|pool| pool.node == tracks.to && pool.keeps().is_none());
    let (Some(next), Some(into)) = (pool.and_then(|pool| pool.inspection.next), layout.yards.get(tracks.to))
    else {
        return;
    };
    let lane = into.lane(next, tracks.ins.len());
    if let Some(curve) = tracks.ins.get(lane) {
        // Long enough to have left the other tracks behind.
        let length = (curve.length() * 0.42).min(72.0);
        let line = Stroke::new(Ink::Request, 1.6).faded(0.75);
        shapes.push(Shape::Path { cubics: curve.part(0.0, length).collect(), line });
    }
}

/// Where a curve is broken: the distance from its start.
fn break_at(curve: &Curve) -> f64 {
    let first = curve.cubics().first().map_or(0.0, |first| Curve::new(vec![*first]).length());
    first * 0.55
}

fn draw_cut(curve: &Curve, line: Stroke, shapes: &mut Vec<Shape>) {
    let middle = break_at(curve);
    shapes.push(Shape::Path { cubics: curve.part(0.0, (middle - GAP).max(0.0)).collect(), line });
    shapes.push(Shape::Path { cubics: curve.part(middle + GAP, curve.length()).collect(), line });
    for distance in [middle - GAP, middle + GAP] {
        let (at, direction) = curve.at(distance);
        let across = Point { x: -direction.y * 7.0, y: direction.x * 7.0 };
        let points = vec![at.moved(-across.x, -across.y), at.moved(across.x, across.y)];
        shapes.push(Shape::Polyline { points, line: Stroke::new(Ink::Failed, 2.0) });
    }
}

fn label_cut(tracks: &Tracks, labels: &mut Labels, shapes: &mut Vec<Shape>) {
    let Some(curve) = tracks.ins.first() else { return };
    let (at, _) = curve.at(break_at(curve));
    let label = Label::new("cut", at, 10.5).bold().middle().ink(Ink::FailedText);
    let places = around(at, label.width(), 10.5);
    labels.place(label, &places, shapes);
}
