//! Finds room for labels beside what they speak of: never on a card or on another label.

use super::geometry::{Point, Rect, rect};
use super::layout::Layout;
use super::shape::{Label, Shape};
use super::yard::Density;

/// What is taken so far.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    taken: Vec<Rect>,
    bounds: Rect,
}

impl Labels {
    /// Cards, panels and the legend are taken.
    pub fn new(layout: &Layout) -> Labels {
        let mut taken = vec![layout.legend];
        for yard in &layout.yards {
            match yard.density {
                Density::Cells => taken.push(yard.rect),
                _ => taken.extend(yard.cards.iter().copied()),
            }
        }
        Labels { taken, bounds: rect(4.0, 4.0, layout.width - 8.0, layout.height - 8.0) }
    }

    /// Puts the label at the first of these places where it is free, if there is one.
    pub fn place(&mut self, label: Label, places: &[Point], shapes: &mut Vec<Shape>) -> bool {
        for at in places {
            let label = Label { at: *at, ..label.clone() };
            let covers = label.rect().grown(2.0);
            if covers.inside(self.bounds) && !self.taken.iter().any(|taken| taken.overlaps(covers)) {
                self.taken.push(covers);
                shapes.push(label.into());
                return true;
            }
        }
        false
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
