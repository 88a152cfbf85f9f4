//! A node without an instrument of its own: its name, what it does, and a level for each member.

use super::gauges;
use super::geometry::{Rect, point, rect};
use super::instrument::{self, Moment};
use super::palette::Ink;
use super::shape::{Fill, Label, Shape, Stroke};
use super::yard::{Density, HEADING, Yard};
use crate::node::station::{Station, StationMember};
use crate::run::snapshot::NodeView;

pub fn draw(node: &NodeView, station: &Station, yard: &Yard, moment: Moment<'_>, shapes: &mut Vec<Shape>) {
    if yard.density == Density::Cells {
        face(yard.rect, shapes);
        let room = yard.rect.width - 28.0;
        let at = |down: f64| point(yard.rect.x + 14.0, yard.rect.y + down);
        shapes.push(Label::new(&node.name, at(22.0), 13.0).bold().shrunk(room).into());
        shapes.push(Label::new(&station.does, at(HEADING - 13.0), 11.0).ink(Ink::DimInk).shrunk(room).into());
    } else if yard.density == Density::Single && yard.inside.is_none() {
        return draw_whole(node, station, yard.rect, shapes);
    }
    if let Some(card) = yard.inside {
        face(card, shapes);
        if !instrument::draw(node, station, card, moment, shapes) {
            draw_whole(node, station, card, shapes);
        }
    }
    if matches!(yard.density, Density::Single | Density::Rows) {
        return;
    }
    for (member, card) in station.members.iter().zip(&yard.cards) {
        match yard.density {
            Density::Cells => draw_cell(member, *card, shapes),
            Density::Instrument => {
                face(*card, shapes);
                if !instrument::draw_member(node, station, member, *card, shapes) {
                    draw_card(node, station, member, *card, shapes);
                }
            }
            _ => draw_card(node, station, member, *card, shapes),
        }
    }
}

fn face(area: Rect, shapes: &mut Vec<Shape>) {
    let (fill, line) = (Some(Fill::of(Ink::Paper)), Some(Stroke::new(Ink::Line, 1.2)));
    shapes.push(Shape::Rect { rect: area, radius: 12.0, fill, line });
}

/// One card for the whole node: name, what it does, as many notes as fit.
fn draw_whole(node: &NodeView, station: &Station, area: Rect, shapes: &mut Vec<Shape>) {
    face(area, shapes);
    let (x, room) = (area.center().x, area.width - 16.0);
    let mut baseline = area.y + 20.0;
    shapes.push(Label::new(&node.name, point(x, baseline), 13.0).bold().middle().shrunk(room).into());
    for note in std::iter::once(&station.does).chain(&station.notes) {
        baseline += 16.0;
        if baseline > area.bottom() - 6.0 {
            break;
        }
        shapes.push(Label::new(note, point(x, baseline), 11.0).ink(Ink::DimInk).middle().shrunk(room).into());
    }
}

fn draw_card(
    node: &NodeView,
    station: &Station,
    member: &StationMember,
    card: Rect,
    shapes: &mut Vec<Shape>,
) {
    face(card, shapes);
    let (x, room) = (card.x + 12.0, card.width - 24.0);
    let name = member_title(node, member);
    shapes.push(Label::new(name, point(x, card.y + 18.0), 12.0).bold().shrunk(room).into());
    let (note, ink) =
        trouble(member).map_or((member.note.as_str(), Ink::DimInk), |what| (what, Ink::FailedText));
    let notes = std::iter::once((note, ink)).chain([(station.does.as_str(), Ink::DimInk)]);
    let mut baseline = card.y + 18.0;
    for (note, ink) in notes.filter(|(note, _)| !note.is_empty()) {
        baseline += 15.0;
        if baseline > card.bottom() - 14.0 {
            break;
        }
        shapes.push(Label::new(note, point(x, baseline), 11.0).ink(ink).shrunk(room).into());
    }
    if let Some(level) = member.level {
        gauges::level(rect(x, card.bottom() - 10.0, room, 4.0), level, Ink::Request, shapes);
    }
}

/// "Cache 3", and its side of a partition if there is one.
pub fn member_title(node: &NodeView, member: &StationMember) -> String {
    let name = node.member_name(member.number);
    if member.side > 0 { format!("{name} · side {}", member.side) } else { name }
}

/// What is the matter with it.
pub fn trouble(member: &StationMember) -> Option<&'static str> {
    match (member.down, member.frozen) {
        (true, _) => Some("down"),
        (_, true) => Some("frozen"),
        _ => None,
    }
}

/// A cell: filled from below to its level, marked if something is the matter.
fn draw_cell(member: &StationMember, cell: Rect, shapes: &mut Vec<Shape>) {
    let radius = (cell.width * 0.18).min(6.0);
    shapes.push(Shape::Rect { rect: cell, radius, fill: Some(Fill::of(Ink::Empty)), line: None });
    if member.down || member.frozen {
        let line = Stroke::new(Ink::Failed, (cell.width * 0.12).clamp(1.0, 2.4));
        return shapes.push(Shape::Cross { center: cell.center(), size: cell.width * 0.28, line });
    }
    let height = cell.height * member.level.unwrap_or(0.0).clamp(0.0, 1.0);
    if height >= 0.5 {
        let level = rect(cell.x, cell.bottom() - height, cell.width, height);
        let (fill, radius) = (Some(Fill::of(Ink::Request)), radius.min(height / 2.0));
        shapes.push(Shape::Rect { rect: level, radius, fill, line: None });
    }
}

/// "Cache, LRU, 3 machines": the node in words.
pub fn describe(node: &NodeView, station: &Station) -> String {
    let mut parts = vec![node.name.clone(), station.does.clone()];
    parts.extend(station.notes.iter().cloned());
    parts.push(instrument::describe(&station.inside));
    let troubled = station.members.iter().filter(|member| member.down || member.frozen);
    parts.extend(troubled.map(|member| {
        format!("{} {}", node.member_name(member.number), if member.down { "down" } else { "frozen" })
    }));
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}
