//! Finds room for labels beside what they speak of: never on a card or on another label.

use super::geometry::{Point, Rect, rect};
use super::layout::Layout;
use super::shape::{Label, Shape};
use super::yard::Density;

/// What is taken so far.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    taken: Vec<Rect>,
    /// Points of tracks, which a label covers only if there is no other place.
    tracks: Vec<Point>,
    bounds: Rect,
}

impl Labels {
    /// Cards, panels and the legend are taken.
    pub fn new(layout: &Layout) -> Labels {
        let mut taken = vec![layout.legend];
        for yard in &layout.yards {
            taken.extend(yard.inside);
            match yard.density {
                Density::Cells => taken.push(yard.rect),
                _ => taken.extend(yard.cards.iter().copied()),
            }
        }
        let curves = layout.tracks.iter().flat_map(|tracks| tracks.ins.iter().chain(&tracks.outs));
        let tracks = curves.flat_map(|curve| {
            let steps = (curve.length() / 8.0).ceil() as usize;
            (0..=steps).map(move |step| curve.at(step as f64 * 8.0).0)
        });
        let bounds = rect(4.0, 4.0, layout.width - 8.0, layout.height - 8.0);
        Labels { taken, tracks: tracks.collect(), bounds }
    }

    /// Keeps labels off this.
    pub fn take(&mut self, rect: Rect) {
        self.taken.push(rect);
    }

    /// Puts the label at the first of these places where it is free, off the tracks if it can be.
    pub fn place(&mut self, label: Label, places: &[Point], shapes: &mut Vec<Shape>) {
        let covers = |at: Point| Label { at, ..label.clone() }.rect().grown(2.0);
        let is_free = |at: &&Point| {
            let covers = covers(**at);
            covers.inside(self.bounds) && !self.taken.iter().any(|taken| taken.overlaps(covers))
        };
        let off_tracks = |at: &&Point| {
            let covers = covers(**at).grown(3.0);
            !self.tracks.iter().any(|track| covers.contains(*track))
        };
        let free = || places.iter().filter(is_free);
        if let Some(at) = free().find(off_tracks).or_else(|| free().next()).copied() {
            self.taken.push(covers(at));
            shapes.push(Label { at, ..label }.into());
        }
    }
}

/// Places around a point for a label of this width, nearest first: below, above, then to the sides.
pub fn around(p: Point, width: f64, size: f64) -> Vec<Point> {
    let mut places = vec![];
    for step in 0..4 {
        let far = 12.0 + 14.0 * step as f64;
        let beside = width / 2.0 + far;
        places.extend([
            p.moved(0.0, far + size),
            p.moved(0.0, -far),
            p.moved(-beside, size / 3.0),
            p.moved(beside, size / 3.0),
            p.moved(-beside, far + size),
            p.moved(beside, far + size),
        ]);
    }
    places
}
