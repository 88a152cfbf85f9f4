//! The inside of a policy as a picture on its card: one file per picture, and one table of the room each takes.
//!
//! Everything that is drawn is read off what the policy shows of itself ([`Inside`]); nothing is guessed.

use super::geometry::{Rect, rect};
use super::shape::Shape;
use crate::node::station::{Inside, Station, StationMember};
use crate::run::snapshot::NodeView;

/// The room that an instrument takes: width and height of its card.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// With less, the card says it in a line instead.
    pub least: (f64, f64),
    /// More would be empty paper.
    pub most: (f64, f64),
    /// Its part of the length that columns share; a column of plain cards counts as 1.
    pub weight: f64,
}

impl Room {
    /// As much of the middle of an area as it can use; `None` if that is too little.
    pub fn within(self, area: Rect) -> Option<Rect> {
        let (width, height) = (area.width.min(self.most.0), area.height.min(self.most.1));
        let center = area.center();
        (width >= self.least.0 - 0.01 && height >= self.least.1 - 0.01).then_some(rect(
            center.x - width / 2.0,
            center.y - height / 2.0,
            width,
            height,
        ))
    }
}

/// What this inside needs; `None` if there is no instrument for it.
pub fn room(inside: &Inside) -> Option<Room> {
    let room = |least, most, weight| Some(Room { least, most, weight });
    match inside {
        Inside::Nothing => None,
        Inside::Cache(_) => room((190.0, 92.0), (480.0, 210.0), 1.6),
        Inside::Limit(_) => room((210.0, 150.0), (400.0, 330.0), 1.4),
        Inside::Ring(_) => room((220.0, 220.0), (440.0, 440.0), 1.4),
    }
}

/// The instrument of a node as a whole, on `card`. False if there is none.
pub fn draw(_node: &NodeView, station: &Station, _card: Rect, _shapes: &mut Vec<Shape>) -> bool {
    match &station.inside {
        Inside::Nothing | Inside::Cache(_) | Inside::Limit(_) | Inside::Ring(_) => false,
    }
}

/// The instrument of one member, on `card`. False if there is none.
pub fn draw_member(
    _node: &NodeView,
    _station: &Station,
    member: &StationMember,
    _card: Rect,
    _shapes: &mut Vec<Shape>,
) -> bool {
    match &member.inside {
        Inside::Nothing | Inside::Cache(_) | Inside::Limit(_) | Inside::Ring(_) => false,
    }
}
