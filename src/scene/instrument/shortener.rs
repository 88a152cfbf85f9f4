//! A URL shortener: where its newest codes lie among all codes, some links, and the way of the last redirect
//! with the place at which its click is counted.

use super::Room;
use super::parts::{self, Piece};
use crate::scene::describe::decade;
use crate::scene::figures;
use crate::scene::geometry::{Rect, point, rect};
use crate::scene::palette::Ink;
use crate::scene::shape::{Shape, Stroke, disc, ring, slab};
use crate::scene::text::{self, Weight};
use crate::systems::shortener::{Counting, LinkView, ShortenerView};

pub const ROOM: Room = Room { least: (236.0, 196.0), most: (440.0, 300.0), weight: 1.5 };

const PAD: f64 = 12.0;
const HEAD: f64 = 40.0;
/// The bar of all codes, and what is said of it.
const SPACE: f64 = 34.0;
/// The way of the last redirect.
const WAY: f64 = 48.0;
const ROW: f64 = 16.0;
/// What the links are, above them.
const ROWS_HEAD: f64 = 18.0;
const SIZE: f64 = 10.5;

pub fn draw(name: &str, view: &ShortenerView, card: Rect, shapes: &mut Vec<Shape>) {
    let inner = rect(card.x + PAD, card.y, card.width - 2.0 * PAD, card.height);
    let links = Piece::bold(figures::count(view.links.into(), "link", "links"));
    parts::ends(inner, card.y + 18.0, 12.0, Piece::bold(name), links, shapes);
    let clicks = Piece::dim(clicks(view));
    parts::ends(inner, card.y + 32.0, SIZE, Piece::dim(&view.coding), clicks, shapes);
    space(view, rect(inner.x, card.y + HEAD, inner.width, SPACE), shapes);
    let top = card.y + HEAD + SPACE + ROWS_HEAD;
    let way_top = card.bottom() - WAY;
    let rows = ((way_top - top) / ROW) as usize;
    let which = if view.clicks > 0 { "most clicked" } else { "newest" };
    shapes.push(Piece::dim(which).at(inner.x, top - 1.0, 10.0).into());
    for (nth, link) in view.shown.iter().take(rows).enumerate() {
        row(link, rect(inner.x, top + nth as f64 * ROW, inner.width, ROW), shapes);
    }
    way(view, rect(inner.x, way_top, inner.width, WAY), shapes);
}

/// What has become of the clicks.
fn clicks(view: &ShortenerView) -> String {
    let count = |count| figures::count(count, "click", "clicks");
    match view.counting {
        Counting::Inline => format!("{} counted", count(view.clicks)),
        Counting::Queued => format!("{} sent on", count(view.queued)),
        Counting::Off => format!("{} not counted", count(view.redirects)),
    }
}

/// The newest codes as ticks among all codes; below it collisions, and what strangers have guessed.
fn space(view: &ShortenerView, area: Rect, shapes: &mut Vec<Shape>) {
    let bar = rect(area.x, area.y + 3.0, area.width, 12.0);
    shapes.push(slab(bar, 3.0, Ink::Empty));
    for (nth, place) in view.places.iter().enumerate() {
        let x = bar.x + 1.0 + place * (bar.width - 2.0);
        let (ink, width) = if nth == 0 { (Ink::Ink, 2.2) } else { (Ink::Request, 1.4) };
        let points = vec![point(x, bar.y), point(x, bar.bottom())];
        shapes.push(Shape::Polyline { points, line: Stroke::new(ink, width) });
    }
    let collisions = figures::count(view.collisions, "collision", "collisions");
    let left = match (&view.next, view.collisions_expected) {
        (Some(next), _) if view.collisions == 0 => Piece::dim(format!("next code: {next}")),
        (_, Some(expected)) => {
            let said = match expected {
                ..0.1 => collisions,
                _ => format!("{collisions}, {} expected", figures::figure(expected)),
            };
            if view.collisions > 0 { Piece::bold(said).ink(Ink::FailedText) } else { Piece::dim(said) }
        }
        _ => Piece::bold(collisions).ink(Ink::FailedText),
    };
    let right = match view.guesses {
        0 => Piece::dim(format!("of {}{} codes", view.digits, raised(view.chars))),
        guesses => {
            let said = format!("guessed: {} of {}", figures::whole(view.guessed), figures::whole(guesses));
            if view.guessed > 0 { Piece::bold(said).ink(Ink::FailedText) } else { Piece::dim(said) }
        }
    };
    parts::ends(area, area.bottom() - 4.0, 10.0, left, right, shapes);
}

/// A number as an exponent.
fn raised(number: u32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    number.to_string().bytes().map(|digit| DIGITS[usize::from(digit - b'0')]).collect()
}

/// One link: its code, its address, its clicks.
fn row(link: &LinkView, area: Rect, shapes: &mut Vec<Shape>) {
    let baseline = area.y + 11.5;
    let code = Piece::bold(&link.code).ink(Ink::RequestText).at(area.x, baseline, SIZE).within(84.0);
    let tried = match link.attempts {
        0 | 1 => String::new(),
        attempts => format!("{attempts} tried · "),
    };
    let clicks = format!("{tried}{}", figures::count(link.clicks, "click", "clicks"));
    let ink = if tried.is_empty() { Ink::DimInk } else { Ink::FailedText };
    let clicks = Piece::plain(clicks).ink(ink).at(area.right(), baseline, SIZE).end();
    let x = area.x + code.width().max(text::width("00000000", SIZE, Weight::Bold)) + 8.0;
    let url = link.url.trim_start_matches("https://");
    let url =
        Piece::dim(url).at(x, baseline, SIZE).within((area.right() - clicks.width() - 8.0 - x).max(0.0));
    // An address of which only the ellipsis is left says nothing.
    let url = Some(url).filter(|url| url.text.len() > 6);
    shapes.extend([Some(code), url, Some(clicks)].into_iter().flatten().map(Shape::from));
}

/// Look up, count, redirect: counting stands on the way, beside it, or not at all.
fn way(view: &ShortenerView, area: Rect, shapes: &mut Vec<Shape>) {
    let line = vec![point(area.x, area.y), point(area.right(), area.y)];
    shapes.push(Shape::Polyline { points: line, line: Stroke::new(Ink::Line, 1.0) });
    let Some(last) = &view.last else {
        let said = Piece::dim("nothing has been asked for").at(area.x, area.y + 26.0, SIZE);
        return shapes.push(said.within(area.width).into());
    };
    let (y, left, right) = (area.y + 18.0, area.x + 6.0, area.right() - 6.0);
    let middle = (left + right) / 2.0;
    let end = if last.url.is_some() { right } else { left };
    shapes.push(Shape::Polyline {
        points: vec![point(left, y), point(end, y)],
        line: Stroke::new(Ink::Track, 5.0),
    });
    shapes.push(disc(point(left, y), 5.0, Ink::Request));
    let baseline = y + 20.0;
    let code = Piece::bold(&last.code).ink(Ink::RequestText).at(area.x, baseline, 10.0);
    let third = area.width / 3.0;
    let Some(url) = &last.url else {
        shapes.push(Shape::Cross {
            center: point(left + 16.0, y),
            size: 4.0,
            line: Stroke::new(Ink::Failed, 2.0),
        });
        let said = Piece::bold("unknown code").ink(Ink::FailedText).at(area.right(), baseline, 10.0);
        let said = said.end().within(2.0 * third - 6.0);
        return shapes.extend([code.within(third), said].map(Shape::from));
    };
    let (said, ink) = match view.counting {
        // What is guessed is no click.
        _ if last.guess => ("guessed", Ink::FailedText),
        Counting::Inline => {
            shapes.push(disc(point(middle, y), 5.0, Ink::Waiting));
            ("click counted", Ink::WaitingText)
        }
        Counting::Queued => {
            let branch = vec![point(middle - 16.0, y), point(middle, y - 9.0)];
            shapes.push(Shape::Polyline {
                points: branch,
                line: Stroke::new(Ink::Waiting, 1.6).dashed(3.0, 2.0),
            });
            shapes.push(ring(point(middle + 3.0, y - 10.0), 4.0, Stroke::new(Ink::Waiting, 1.8)));
            ("event sent", Ink::WaitingText)
        }
        Counting::Off => ("not counted", Ink::DimInk),
    };
    shapes.push(ring(point(right, y), 5.0, Stroke::new(Ink::Ok, 2.0)));
    let said = Piece::plain(said).ink(ink).at(middle, baseline, 10.0).middle();
    let side = (area.width - said.width()) / 2.0 - 8.0;
    let url = url.trim_start_matches("https://");
    let label = |text: String| Piece::plain(text).ink(Ink::OkText).at(area.right(), baseline, 10.0).end();
    // The end tells addresses apart.
    let tail = || label(format!("…/{}", url.rsplit('/').next().unwrap_or(url)));
    let url = Some(label(url.to_owned())).filter(|label| label.width() <= side).unwrap_or_else(tail);
    shapes.extend([code.within(side), said, url.within(side)].map(Shape::from));
}

/// The same in words.
pub fn describe(view: &ShortenerView) -> String {
    let mut parts = vec![
        figures::count(view.links.into(), "link", "links"),
        format!("codes from {}", view.coding),
        figures::count(view.collisions, "collision", "collisions"),
        clicks(view),
    ];
    if let Some(expected) = view.collisions_expected {
        parts.push(format!("{} collisions expected", figures::figure(expected)));
    }
    if view.guesses > 0 {
        parts.push(format!(
            "{} of {} guesses right",
            figures::whole(view.guessed),
            figures::whole(view.guesses)
        ));
    }
    if let Some(last) = &view.last {
        let url = last.url.as_deref().unwrap_or("nowhere");
        parts.push(format!("the last code, {}, leads to {url}", last.code));
    }
    parts.join(", ")
}

/// The same as far as it changes seldom.
pub fn notable(view: &ShortenerView) -> Vec<Option<String>> {
    vec![
        Some(format!("codes from {}", view.coding)),
        decade(view.collisions, "collisions"),
        decade(view.guessed, "codes were guessed"),
    ]
}
