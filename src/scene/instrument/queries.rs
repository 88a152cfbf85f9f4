//! Queries over all machines of a store: a line for each, as long as it took, with a tick for each machine's answer; the
//! last tick ends it. Above them the machines, how busy they are and who is still waited for; below, how long one
//! machine's part takes beside a whole query.

use super::Room;
use super::parts::{Line, Piece, ends};
use crate::node::queries::{QUERIES_SHOWN, QueriesView, Query, Spread};
use crate::node::station::{Station, StationMember};
use crate::run::snapshot::NodeView;
use crate::scene::figures;
use crate::scene::geometry::{Rect, point, rect};
use crate::scene::palette::Ink;
use crate::scene::shape::{Fill, Shape, Stroke, disc, ring, slab};
use crate::scene::station::trouble;
use crate::sim::Span;

pub const ROOM: Room = Room {
    least: (264.0, 212.0),
    most: (560.0, HEAD + STRIP + QUERIES_SHOWN as f64 * ROW + AXIS + FOOT),
    weight: 1.8,
};

const MARGIN: f64 = 12.0;
const HEAD: f64 = 44.0;
/// The machines.
const STRIP: f64 = 26.0;
const ROW: f64 = 18.0;
/// What the lines' lengths are, below them.
const AXIS: f64 = 18.0;
const FOOT: f64 = 38.0;
const SIZE: f64 = 10.5;
/// Beside a line: how long it took.
const SIDE: f64 = 58.0;

pub fn draw(node: &NodeView, station: &Station, view: &QueriesView, card: Rect, shapes: &mut Vec<Shape>) {
    let inner = rect(card.x + MARGIN, card.y, card.width - 2.0 * MARGIN, card.height);
    let asks = format!("each asks {}", figures::count(view.fan_out.into(), "machine", "machines"));
    ends(
        inner,
        card.y + 20.0,
        12.0,
        Piece::bold(&node.name),
        Piece::bold(asks).ink(Ink::RequestText),
        shapes,
    );
    let under_way = figures::count(view.waiting.into(), "query waits", "queries wait");
    ends(inner, card.y + 35.0, SIZE, Piece::dim(&station.does), Piece::dim(under_way), shapes);
    machines(station, view, rect(inner.x, card.y + HEAD, inner.width, STRIP - 10.0), shapes);
    let top = card.y + HEAD + STRIP;
    let bottom = card.bottom() - FOOT - AXIS;
    let rows = ((bottom - top) / ROW) as usize;
    let longest = longest(view, rows);
    for (nth, query) in view.queries.iter().take(rows).enumerate() {
        let row = rect(inner.x, top + nth as f64 * ROW, inner.width - SIDE, ROW);
        line(view, query, row, longest, shapes);
    }
    let axis = rect(inner.x, bottom, inner.width - SIDE, AXIS);
    let (zero, most) = (Piece::dim("0"), Piece::dim(figures::ms(Some(longest.ms()))));
    ends(axis, bottom + 11.0, 10.0, zero, most, shapes);
    let foot = [("one machine", view.part), ("a query", view.whole)];
    for (nth, (what, spread)) in foot.into_iter().enumerate() {
        let baseline = card.bottom() - FOOT + 13.0 + 15.0 * nth as f64;
        ends(inner, baseline, SIZE, Piece::dim(what), Piece::plain(said(view, spread)), shapes);
    }
}

/// "p50 50 ms, 18 % over 150 ms".
fn said(view: &QueriesView, spread: Spread) -> String {
    let ms = |span: Option<Span>| figures::ms(span.map(Span::ms));
    match spread.slow_share {
        Some(share) => {
            format!("p50 {}, {} over {}", ms(spread.median), figures::percent(share), ms(view.slow))
        }
        None => format!("p50 {}", ms(spread.median)),
    }
}

/// A length that all lines fit into, with few digits.
fn longest(view: &QueriesView, rows: usize) -> Span {
    let length = |query: &Query| query.took.unwrap_or(view.now.since(query.began)).ms();
    let most = view.queries.iter().take(rows).map(length).fold(1.0, f64::max);
    let power = libm::pow(10.0, libm::floor(libm::log10(most)));
    let step =
        [1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0].into_iter().find(|step| step * power >= most).unwrap_or(10.0);
    Span::from_ms(step * power)
}

/// A cell for each machine, filled as far as it is busy, framed while a query waits for it.
fn machines(station: &Station, view: &QueriesView, area: Rect, shapes: &mut Vec<Shape>) {
    let pitch = (area.width / station.members.len().max(1) as f64).min(area.height + 2.0);
    let gap = if pitch >= 6.0 { 2.0 } else { pitch * 0.2 };
    let waited = view.waited_for(station.members.len());
    for (nth, (member, waited)) in station.members.iter().zip(waited).enumerate() {
        let cell = rect(area.x + nth as f64 * pitch, area.y, pitch - gap, area.height);
        machine(member, waited, cell, shapes);
    }
}

fn machine(member: &StationMember, waited: bool, cell: Rect, shapes: &mut Vec<Shape>) {
    let radius = (cell.width * 0.25).min(4.0);
    let line = match (trouble(member), waited) {
        (Some(_), _) => Stroke::new(Ink::Failed, 1.4).dashed(2.0, 2.0),
        (None, true) => Stroke::new(Ink::Waiting, 1.5),
        (None, false) => Stroke::new(Ink::Line, 1.0),
    };
    // Thin cells are told apart by their gaps.
    let line = (cell.width >= 4.0 || waited).then_some(line);
    shapes.push(Shape::Rect { rect: cell, radius, fill: Some(Fill::of(Ink::Empty)), line });
    let height = cell.height * member.level.unwrap_or(0.0).clamp(0.0, 1.0);
    if height >= 0.5 {
        let level = rect(cell.x, cell.bottom() - height, cell.width, height);
        shapes.push(slab(level, radius.min(height / 2.0), Ink::Request));
    }
}

/// One query: how far it is, or how long it took.
fn line(view: &QueriesView, query: &Query, row: Rect, longest: Span, shapes: &mut Vec<Shape>) {
    let y = row.center().y;
    let x = |span: Span| row.x + 3.0 + (row.width - 6.0) * (span.ms() / longest.ms()).min(1.0);
    let end = x(query.took.unwrap_or(view.now.since(query.began)));
    shapes.push(Shape::Polyline {
        points: vec![point(row.x + 3.0, y), point(end, y)],
        line: Stroke::new(Ink::Track, 4.0),
    });
    let mut last = f64::NEG_INFINITY;
    for (_, after) in &query.answers {
        let at = x(*after);
        // What cannot be told apart is drawn once.
        if at - last < 0.5 {
            continue;
        }
        last = at;
        let points = vec![point(at, y - 5.0), point(at, y + 5.0)];
        shapes.push(Shape::Polyline { points, line: Stroke::new(Ink::Request, 1.4) });
    }
    let slow = |took: Span| view.slow.is_some_and(|slow| took > slow);
    let (mark, said) = match query.took {
        None => {
            let said = format!("{} of {}", query.answers.len(), query.asked);
            (disc(point(end, y), 4.0, Ink::Request), Piece::plain(said).ink(Ink::RequestText))
        }
        Some(_) if !query.ok => {
            let line = Stroke::new(Ink::Failed, 1.8);
            (
                Shape::Cross { center: point(end, y), size: 3.6, line },
                Piece::bold("failed").ink(Ink::FailedText),
            )
        }
        Some(took) => {
            let ink = if slow(took) { Ink::Waiting } else { Ink::Ok };
            let said = Piece::plain(figures::ms(Some(took.ms())));
            let said = if slow(took) { said.ink(Ink::WaitingText) } else { said };
            (ring(point(end, y), 4.0, Stroke::new(ink, 2.0)), said)
        }
    };
    shapes.push(mark);
    let mut side = Line::new(rect(row.right() + 6.0, row.y, SIDE - 6.0, ROW), y + 3.8, SIZE);
    side.put(said, shapes);
}

/// The same in words.
pub fn describe(view: &QueriesView) -> String {
    let asked = figures::count(view.fan_out.into(), "machine", "machines");
    let mut parts = vec![format!("each query asks {asked}")];
    for (what, spread) in [("one machine", view.part), ("a query", view.whole)] {
        if spread.median.is_some() {
            parts.push(format!("{what}: {}", said(view, spread)));
        }
    }
    if let Some(query) = view.under_way().next() {
        parts.push(format!("the newest has {} of {} answers", query.answers.len(), query.asked));
    }
    parts.join(", ")
}

/// The same as far as it changes seldom.
pub fn notable(view: &QueriesView) -> Vec<Option<String>> {
    let asked = figures::count(view.fan_out.into(), "machine", "machines");
    vec![Some(format!("each query asks {asked} and waits for the slowest"))]
}
