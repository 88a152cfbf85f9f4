//! The inside of a policy as a picture on its card: one file per picture, and one table of the room each takes.
//!
//! Everything that is drawn is read off what the policy shows of itself ([`Inside`]); nothing is guessed.

#[cfg(feature = "whole")]
mod cache;
#[cfg(feature = "whole")]
mod chat;
#[cfg(feature = "whole")]
mod feed;
#[cfg(feature = "whole")]
mod gateway;
#[cfg(feature = "whole")]
mod limit;
#[cfg(feature = "whole")]
mod parts;
#[cfg(feature = "whole")]
mod payments;
#[cfg(feature = "whole")]
pub mod places;
#[cfg(feature = "whole")]
mod queries;
#[cfg(feature = "whole")]
mod queue;
#[cfg(feature = "whole")]
mod replicas;
#[cfg(feature = "whole")]
pub mod ring;
#[cfg(feature = "whole")]
mod shortener;
#[cfg(feature = "whole")]
mod transfers;
#[cfg(feature = "whole")]
mod windows;

use super::geometry::{Rect, rect};
use super::input::View;
use super::shape::Shape;
use crate::node::station::{Inside, Station, StationMember};
use crate::run::snapshot::{NodeState, NodeView, ServersView};
use crate::sim::Time;
#[cfg(feature = "whole")]
use crate::systems::ServiceView;

/// When it is, and how it is looked at: what moves depends on nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    pub now: Time,
    pub view: &'a View,
}

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
#[cfg(feature = "whole")]
pub fn room(inside: &Inside) -> Option<Room> {
    let room = |least, most, weight| Some(Room { least, most, weight });
    match inside {
        Inside::Nothing => None,
        Inside::Cache(view) => {
            let height = cache::least_height(view);
            room((190.0, height), (480.0, height + cache::more_height(view)), 1.6)
        }
        Inside::Limit(view) => {
            let height = limit::least_height(view);
            room((214.0, height), (400.0, height + 90.0), 1.5)
        }
        Inside::Ring(_) => Some(ring::ROOM),
        Inside::Replicas(view) => Some(replicas::room(view)),
        Inside::Transfers(view) => Some(transfers::room(view)),
        Inside::Queries(_) => Some(queries::ROOM),
        Inside::Queue(view) => Some(queue::room(view)),
        Inside::Service(ServiceView::Nothing) => None,
        Inside::Service(ServiceView::Chat(_)) => Some(chat::ROOM),
        Inside::Service(ServiceView::Feed(_)) => Some(feed::ROOM),
        Inside::Service(ServiceView::Gateway(_)) => Some(gateway::ROOM),
        Inside::Service(ServiceView::Shortener(_)) => Some(shortener::ROOM),
        Inside::Service(ServiceView::Payments(_)) => Some(payments::ROOM),
    }
}

/// The instrument of a node as a whole, on `card`. False if there is none.
#[cfg(feature = "whole")]
pub fn draw(
    node: &NodeView,
    station: &Station,
    card: Rect,
    moment: Moment<'_>,
    shapes: &mut Vec<Shape>,
) -> bool {
    match &station.inside {
        Inside::Cache(view) => cache::draw(&node.name, &station.does, None, view, card, shapes),
        Inside::Limit(view) => limit::draw(&node.name, &station.does, view, card, shapes),
        Inside::Ring(division) => ring::draw(node, station, division, card, moment, shapes),
        Inside::Replicas(view) => replicas::draw(node, station, view, card, shapes),
        Inside::Transfers(view) => transfers::draw(node, station, view, card, shapes),
        Inside::Queries(view) => queries::draw(node, station, view, card, shapes),
        Inside::Queue(view) => queue::draw(node, station, view, card, shapes),
        Inside::Nothing | Inside::Service(_) => return false,
    }
    true
}

/// The instrument of the service that servers run, on `card`.
#[cfg(feature = "whole")]
pub fn draw_service(node: &NodeView, servers: &ServersView, card: Rect, shapes: &mut Vec<Shape>) {
    let Inside::Service(view) = &servers.inside else { return };
    match view {
        ServiceView::Nothing => {}
        ServiceView::Chat(view) => chat::draw(&node.name, view, card, shapes),
        ServiceView::Feed(view) => feed::draw(&node.name, view, card, shapes),
        ServiceView::Gateway(view) => gateway::draw(&node.name, view, card, shapes),
        ServiceView::Shortener(view) => shortener::draw(&node.name, view, card, shapes),
        ServiceView::Payments(view) => payments::draw(&node.name, view, card, shapes),
    }
}

/// Where the instrument of the node as a whole shows its members too: a row for each. Else empty.
#[cfg(feature = "whole")]
pub fn rows(inside: &Inside, card: Rect, members: usize) -> Vec<Rect> {
    match inside {
        Inside::Ring(division) => ring::rows(division, card, members),
        Inside::Replicas(_) => replicas::rows(card, members),
        Inside::Transfers(_) => transfers::rows(card, members),
        _ => vec![],
    }
}

/// Whether the instrument of the node as a whole may show its members too.
#[cfg(feature = "whole")]
pub fn has_rows(inside: &Inside) -> bool {
    matches!(
        inside,
        Inside::Ring(_) | Inside::Replicas(_) | Inside::Transfers(_) | Inside::Queries(_) | Inside::Queue(_)
    )
}

/// The instrument of one member, on `card`. False if there is none.
#[cfg(feature = "whole")]
pub fn draw_member(
    node: &NodeView,
    station: &Station,
    member: &StationMember,
    card: Rect,
    shapes: &mut Vec<Shape>,
) -> bool {
    let name = super::station::member_title(node, member);
    let trouble = super::station::trouble(member);
    match &member.inside {
        Inside::Cache(view) => cache::draw(&name, &station.does, trouble, view, card, shapes),
        Inside::Limit(view) => limit::draw(&name, &station.does, view, card, shapes),
        _ => return false,
    }
    true
}

/// The instrument of one member alone, on a card of this size at the origin; empty if it has none. Where an instrument of
/// the node as a whole has the room on the stage, this is how a member's own can be seen.
pub fn member_shapes(node: &NodeView, member: usize, (width, height): (f64, f64)) -> Vec<Shape> {
    let mut shapes = vec![];
    let NodeState::Station(station) = &node.state else { return shapes };
    if let Some(member) = station.members.get(member) {
        draw_member(node, station, member, rect(0.0, 0.0, width, height), &mut shapes);
    }
    shapes
}

/// What the picture says, in words; empty if there is none.
#[cfg(feature = "whole")]
pub fn describe(inside: &Inside) -> String {
    match inside {
        Inside::Cache(view) => cache::describe(view),
        Inside::Limit(view) => limit::describe(view),
        Inside::Ring(division) => ring::describe(division),
        Inside::Service(ServiceView::Chat(view)) => chat::describe(view),
        Inside::Service(ServiceView::Feed(view)) => feed::describe(view),
        Inside::Replicas(view) => replicas::describe(view),
        Inside::Transfers(view) => transfers::describe(view),
        Inside::Queries(view) => queries::describe(view),
        Inside::Queue(view) => queue::describe(view),
        Inside::Service(ServiceView::Gateway(view)) => gateway::describe(view),
        Inside::Service(ServiceView::Shortener(view)) => shortener::describe(view),
        Inside::Service(ServiceView::Payments(view)) => payments::describe(view),
        Inside::Nothing | Inside::Service(ServiceView::Nothing) => String::new(),
    }
}

/// What the picture says in words that stand still; empty for pictures that do not.
#[cfg(feature = "whole")]
pub fn standing(inside: &Inside) -> String {
    match inside {
        Inside::Ring(division) => ring::describe(division),
        _ => String::new(),
    }
}

/// All that the picture says, in words that change with it; empty if there is none.
#[cfg(feature = "whole")]
pub fn in_full(inside: &Inside) -> String {
    match inside {
        Inside::Cache(view) => cache::in_full(view),
        Inside::Limit(view) => limit::in_full(view),
        Inside::Ring(division) => ring::in_full(division),
        _ => describe(inside),
    }
}

/// What an inside has come to, in words that change seldom.
#[cfg(feature = "whole")]
pub fn notable(inside: &Inside) -> Vec<String> {
    let said = match inside {
        Inside::Limit(view) if view.limited > 0 => vec![Some("requests over the limit".to_owned())],
        Inside::Replicas(view) => replicas::notable(view),
        Inside::Queries(view) => queries::notable(view),
        Inside::Queue(view) => queue::notable(view),
        Inside::Transfers(view) => transfers::notable(view),
        Inside::Service(ServiceView::Chat(view)) => chat::notable(view),
        Inside::Service(ServiceView::Feed(view)) => feed::notable(view),
        Inside::Service(ServiceView::Gateway(view)) => gateway::notable(view),
        Inside::Service(ServiceView::Shortener(view)) => shortener::notable(view),
        Inside::Service(ServiceView::Payments(view)) => payments::notable(view),
        _ => vec![],
    };
    said.into_iter().flatten().collect()
}

#[cfg(not(feature = "whole"))]
pub fn notable(_: &Inside) -> Vec<String> {
    vec![]
}

/// The first page has no node with an inside.
#[cfg(not(feature = "whole"))]
pub fn room(_: &Inside) -> Option<Room> {
    None
}

#[cfg(not(feature = "whole"))]
pub fn draw(_: &NodeView, _: &Station, _: Rect, _: Moment<'_>, _: &mut Vec<Shape>) -> bool {
    false
}

#[cfg(not(feature = "whole"))]
pub fn draw_service(_: &NodeView, _: &ServersView, _: Rect, _: &mut Vec<Shape>) {}

#[cfg(not(feature = "whole"))]
pub fn rows(_: &Inside, _: Rect, _: usize) -> Vec<Rect> {
    vec![]
}

#[cfg(not(feature = "whole"))]
pub fn has_rows(_: &Inside) -> bool {
    false
}

#[cfg(not(feature = "whole"))]
pub fn draw_member(_: &NodeView, _: &Station, _: &StationMember, _: Rect, _: &mut Vec<Shape>) -> bool {
    false
}

#[cfg(not(feature = "whole"))]
pub fn describe(_: &Inside) -> String {
    String::new()
}

#[cfg(not(feature = "whole"))]
pub fn standing(_: &Inside) -> String {
    String::new()
}

#[cfg(not(feature = "whole"))]
pub fn in_full(_: &Inside) -> String {
    String::new()
}
