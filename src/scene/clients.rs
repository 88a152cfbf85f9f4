//! The clients' card: a disc for each client, lit while it waits for an answer.

use super::figures;
use super::geometry::{Rect, point, rect};
use super::palette::Ink;
use super::shape::{Fill, Label, Shape, Stroke, disc};
use super::yard::{Axis, largest_pitch};
use crate::run::snapshot::{ClientsView, NodeView};

/// The card's face; the same for every kind of card.
pub fn face(rect: Rect, line: Stroke) -> Shape {
    Shape::Rect { rect, radius: 12.0, fill: Some(Fill::of(Ink::Paper)), line: Some(line) }
}

/// What comes from them: "180 req/s", "10 users".
pub fn pace(clients: &ClientsView) -> String {
    match clients.rate_per_s {
        // As it was set, not as if measured: 70, not 70.0.
        Some(rate) if rate >= 1.0 && rate == libm::trunc(rate) => {
            format!("{}{}req/s", figures::whole(rate as u64), figures::UNIT)
        }
        Some(rate) => figures::with_unit(Some(rate), "req/s"),
        None => clients.arrivals.clone(),
    }
}

pub fn draw(node: &NodeView, clients: &ClientsView, card: Rect, axis: Axis, shapes: &mut Vec<Shape>) {
    shapes.push(face(card, Stroke::new(Ink::Line, 1.2)));
    let discs = clients.waiting.len();
    let rest = clients.clients as usize > discs;
    let width = card.width - 20.0;
    let center = card.center().x;
    let area = match axis {
        Axis::Across => {
            let title = Label::new(&node.name, point(center, card.y + 23.0), 13.0).bold().middle();
            shapes.push(title.within(width).into());
            let rate = Label::new(pace(clients), point(center, card.bottom() - 12.0), 11.0).middle();
            shapes.push(rate.ink(Ink::DimInk).within(width).into());
            if rest {
                let at = point(center, card.bottom() - 27.0);
                let text = format!("{discs} of {}", figures::whole(clients.clients as u64));
                shapes.push(Label::new(text, at, 10.0).middle().ink(Ink::DimInk).within(width).into());
            }
            rect(card.x + 14.0, card.y + 33.0, card.width - 28.0, if rest { 48.0 } else { 58.0 })
        }
        Axis::Down => {
            let left = card.x + 14.0;
            shapes.push(Label::new(&node.name, point(left, card.y + 26.0), 13.0).bold().within(84.0).into());
            let rate = Label::new(pace(clients), point(left, card.y + 45.0), 11.0).ink(Ink::DimInk);
            shapes.push(rate.within(84.0).into());
            let mut area = rect(left + 94.0, card.y + 8.0, card.width - 122.0, card.height - 16.0);
            if rest {
                let text = format!("{discs} of {}", figures::whole(clients.clients as u64));
                let at = point(area.center().x, card.bottom() - 7.0);
                shapes.push(Label::new(text, at, 10.0).middle().ink(Ink::DimInk).within(area.width).into());
                area.height -= 12.0;
            }
            area
        }
    };
    let waiting = clients.waiting.iter().map(|waits| *waits > 0);
    draw_discs(area, waiting, discs, shapes);
}

fn draw_discs(area: Rect, lit: impl Iterator<Item = bool>, count: usize, shapes: &mut Vec<Shape>) {
    let Some((columns, pitch)) = largest_pitch(area.width, area.height, count) else { return };
    let pitch = pitch.min(18.0);
    let radius = pitch * 0.31;
    let rows = count.div_ceil(columns);
    let left = area.center().x - columns.min(count) as f64 * pitch / 2.0;
    let top = area.center().y - rows as f64 * pitch / 2.0;
    for (index, lit) in lit.enumerate() {
        let (column, row) = ((index % columns) as f64 + 0.5, (index / columns) as f64 + 0.5);
        let center = point(left + column * pitch, top + row * pitch);
        shapes.push(match lit {
            true => disc(center, radius, Ink::Request),
            // Hollow: lit or not is not a matter of colour alone.
            false => Shape::Circle {
                center,
                radius: (radius - 0.5).max(0.5),
                fill: Some(Fill::of(Ink::Empty)),
                line: Some(Stroke::new(Ink::DimInk, 1.0).faded(0.45)),
            },
        });
    }
}
