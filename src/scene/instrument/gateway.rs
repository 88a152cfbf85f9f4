//! An API gateway: its checks in their order, and the last requests' ways through them. A way ends in a cross at the
//! check that stopped it, or in a ring below the last one. Beside each check stands how many it has stopped.

use super::Room;
use super::parts::{self, Line, Piece};
use crate::scene::describe::decade;
use crate::scene::figures;
use crate::scene::gauges;
use crate::scene::geometry::{Rect, point, rect};
use crate::scene::palette::Ink;
use crate::scene::shape::{Shape, Stroke, ring};
use crate::systems::gateway::{Check, GatewayView, PASSAGES_SHOWN, Passage};

pub const ROOM: Room = Room { least: (236.0, 176.0), most: (440.0, 262.0), weight: 1.5 };

const PAD: f64 = 12.0;
/// Name, and what has come of all.
const HEAD: f64 = 44.0;
/// Last line: the newest request.
const FOOT: f64 = 24.0;
const NAME: f64 = 84.0;
const COUNT: f64 = 46.0;
const BAR: f64 = 64.0;
/// The checks, and where those that passed all of them go on.
const ROWS: usize = Check::ALL.len() + 1;

pub fn draw(name: &str, view: &GatewayView, card: Rect, shapes: &mut Vec<Shape>) {
    let inner = rect(card.x + PAD, card.y, card.width - 2.0 * PAD, card.height);
    let asked = view.asked();
    let on = figures::whole(view.forwarded);
    let goes_on = Piece::bold(format!("{on} go on")).ink(Ink::OkText);
    parts::ends(inner, card.y + 18.0, 12.0, Piece::bold(name), goes_on, shapes);
    let logins = figures::count(view.logins, "log-in", "log-ins");
    let all = Piece::dim(format!("of {}", figures::whole(asked)));
    parts::ends(inner, card.y + 32.0, 10.5, Piece::dim(logins), all, shapes);
    let pitch = (card.height - HEAD - FOOT) / ROWS as f64;
    let at = |row: usize| card.y + HEAD + (row as f64 + 0.5) * pitch;
    let barred = inner.width >= NAME + BAR + COUNT + PASSAGES_SHOWN as f64 * 14.0;
    let figures = COUNT + if barred { BAR } else { 0.0 };
    let lanes = rect(inner.x + NAME, at(0) - pitch / 2.0, inner.width - NAME - figures - 8.0, at(ROWS - 1));
    for row in 0..ROWS {
        let check = Check::ALL.get(row);
        let count = view.stopped.get(row).copied().unwrap_or(view.forwarded);
        let (label, ink) = check.map_or(("goes on", Ink::Ok), |check| (check.name(), Ink::Refused));
        let ink_here = if count > 0 { ink } else { Ink::DimInk };
        let baseline = at(row) + 3.6;
        shapes.push(Piece::plain(label).at(inner.x, baseline, 10.5).within(NAME - 4.0).into());
        if check.is_some() {
            let gate = vec![point(lanes.x, at(row)), point(lanes.right(), at(row))];
            shapes.push(Shape::Polyline { points: gate, line: Stroke::new(Ink::Line, 1.4) });
        }
        let said = figures::whole(count);
        let said = Piece::bold(said).ink(ink_here.text()).at(inner.right(), baseline, 10.5);
        shapes.push(said.end().within(COUNT - 4.0).into());
        if barred {
            let bar = rect(lanes.right() + 8.0, at(row) - 3.0, BAR, 6.0);
            gauges::level(bar, count as f64 / asked.max(1) as f64, ink, shapes);
        }
    }
    let width = lanes.width / PASSAGES_SHOWN as f64;
    for (nth, passage) in view.passages.iter().rev().enumerate() {
        // The newest one stands at the right.
        let x = lanes.right() - (nth as f64 + 0.5) * width;
        let end = at(passage.stopped.map_or(ROWS - 1, |check| check as usize));
        way(passage, x, lanes.y, end, nth == 0, (width * 0.3).min(6.0), shapes);
    }
    foot(view, inner, card.bottom() - 10.0, shapes);
}

/// One request's way from above down to its end.
fn way(passage: &Passage, x: f64, top: f64, end: f64, newest: bool, size: f64, shapes: &mut Vec<Shape>) {
    let (ink, size) = (if newest { Ink::Request } else { Ink::Track }, size.max(3.2));
    let to = if passage.stopped.is_some() { end } else { end - size };
    let line = Stroke::new(ink, if newest { 3.4 } else { 2.6 });
    shapes.push(Shape::Polyline { points: vec![point(x, top), point(x, to)], line });
    shapes.push(match passage.stopped {
        Some(_) => Shape::Cross { center: point(x, end), size, line: Stroke::new(Ink::Refused, 2.2) },
        None => ring(point(x, end), size, Stroke::new(Ink::Ok, 2.0)),
    });
}

/// What the newest request was, and what came of it.
fn foot(view: &GatewayView, inner: Rect, baseline: f64, shapes: &mut Vec<Shape>) {
    let Some(last) = view.passages.last() else { return };
    let mut line = Line::new(inner, baseline, 10.5);
    let ink = if last.stopped.is_some() { Ink::RefusedText } else { Ink::OkText };
    line.put(Piece::bold(last.why).ink(ink), shapes);
    line.put(Piece::dim(format!("client {} · {}", last.client, last.path)), shapes);
    if last.renewed {
        line.put(Piece::dim("logged in first"), shapes);
    }
}

/// The same in words.
pub fn describe(view: &GatewayView) -> String {
    let stopped = |(check, count): (&Check, &u64)| {
        (*count > 0).then(|| format!("{} stopped by {}", figures::whole(*count), check.name()))
    };
    let mut parts =
        vec![format!("{} of {} go on", figures::whole(view.forwarded), figures::whole(view.asked()))];
    parts.extend(Check::ALL.iter().zip(&view.stopped).filter_map(stopped));
    if let Some(last) = view.passages.last() {
        parts.push(format!("the last one, client {}, {}: {}", last.client, last.path, last.why));
    }
    parts.join(", ")
}

/// The same as far as it changes seldom.
pub fn notable(view: &GatewayView) -> Vec<Option<String>> {
    let stopped = Check::ALL.iter().zip(view.stopped);
    stopped.map(|(check, count)| decade(count, &format!("requests stopped by {}", check.name()))).collect()
}
