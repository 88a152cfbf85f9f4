//! A limiter: a picture by policy, of one key; below it the levels of the keys that matter, and what was decided.

use super::parts::{self, Line, Piece};
use super::windows;
use crate::algo::limit::Mark;
use crate::node::station::LimitView;
use crate::scene::figures;
use crate::scene::gauges;
use crate::scene::geometry::{Cubic, Point, Rect, point, rect};
use crate::scene::palette::Ink;
use crate::scene::shape::{Fill, Label, Shape, Stroke, disc, slab};
use crate::scene::yard::largest_pitch;
use crate::sim::{Span, Time};

type Draw = fn(&LimitView, Rect, &mut Vec<Shape>);

/// By policy.
const PICTURES: &[(&str, Draw)] = &[
    ("token-bucket", bucket),
    ("token-bucket-whole-seconds", bucket),
    ("leaky-meter", bucket),
    ("leaky-queue", bucket),
    ("gcra", arrival),
    ("fixed-window", windows::fixed),
    ("sliding-log", windows::log),
    ("sliding-counter", windows::counter),
    ("concurrency", slots),
];

/// Those whose picture is a bucket, with its level beside it.
const BUCKETS: [&str; 4] = ["token-bucket", "token-bucket-whole-seconds", "leaky-meter", "leaky-queue"];

const PAD: f64 = 12.0;
const HEAD: f64 = 40.0;
const FOOT: f64 = 22.0;
/// Levels of the keys.
const KEYS: f64 = 52.0;
/// Least height of a picture.
const PICTURE: f64 = 84.0;
/// More than these are not drawn one by one.
const UNITS_MAX: f64 = 30.0;
const SLOTS_MAX: f64 = 60.0;

pub fn least_height(view: &LimitView) -> f64 {
    HEAD + PICTURE + FOOT + if view.per.is_empty() { 0.0 } else { KEYS }
}

pub fn draw(name: &str, does: &str, view: &LimitView, card: Rect, shapes: &mut Vec<Shape>) {
    let inner = rect(card.x + PAD, card.y, card.width - 2.0 * PAD, card.height);
    let state = match view.retry_after {
        Some(after) if view.waiting > 0 => {
            Piece::bold(format!("next in {}", short(after))).ink(Ink::WaitingText)
        }
        Some(after) => Piece::bold(format!("again in {}", short(after))).ink(Ink::RefusedText),
        // Beside a bucket it is said already.
        None if BUCKETS.contains(&view.policy) => Piece::dim(""),
        None => Piece::bold(view.state.note.clone()),
    };
    parts::ends(inner, card.y + 18.0, 12.0, Piece::bold(name), state, shapes);
    let shown = if view.per.is_empty() { String::new() } else { view.name.clone() };
    parts::ends(inner, card.y + 32.0, 10.5, Piece::dim(does), Piece::dim(shown), shapes);
    let below = FOOT + if view.per.is_empty() { 0.0 } else { KEYS };
    let area = rect(inner.x, card.y + HEAD, inner.width, card.height - HEAD - below);
    if let Some((_, picture)) = PICTURES.iter().find(|row| row.0 == view.policy) {
        picture(view, area, shapes);
    }
    if !view.per.is_empty() {
        keys(view, rect(inner.x, area.bottom(), inner.width, KEYS), shapes);
    }
    let mut line = Line::new(inner, card.bottom() - 8.0, 10.0);
    let count = |n: u64, what: &str| format!("{} {what}", figures::whole(n));
    line.dot(Ink::Ok, Piece::dim(count(view.passed_count, "passed")), shapes);
    if view.refused_count > 0 {
        line.cross(Ink::Refused, Piece::dim(count(view.refused_count, "refused")), shapes);
    }
    if view.waiting > 0 {
        line.dot(Ink::Waiting, Piece::dim(count(view.waiting.into(), "held")), shapes);
    }
}

/// "0.23 s", "40 ms", "2 s".
pub fn short(span: Span) -> String {
    let seconds = span.seconds();
    match seconds < 0.1 {
        true => figures::ms(Some(span.ms())),
        false => format!("{}{}s", plain(seconds), figures::UNIT),
    }
}

/// As a figure, without a fraction where there is none: what was set, not what was measured.
pub fn plain(value: f64) -> String {
    let whole = (value - value.round()).abs() < 1e-9 && value >= 1.0;
    if whole { figures::whole(value.round() as u64) } else { figures::figure(value) }
}

/// What there is of a key: its level as a share, with the letter of what it is.
fn keys(view: &LimitView, area: Rect, shapes: &mut Vec<Shape>) {
    let are = if view.limited == 1 { "is" } else { "are" };
    let who = format!("{} of {} {}s {are} being limited", view.limited, view.known, view.per);
    let said = match view.limited {
        0 => Piece::dim(format!("none of {} {}s is being limited", view.known, view.per)),
        _ => Piece::bold(who).ink(Ink::RefusedText),
    };
    shapes.push(said.at(area.x, area.y + 12.0, 10.0).within(area.width).into());
    let pitch = (area.width / view.keys.len().max(1) as f64).min(34.0);
    for (index, it) in view.keys.iter().enumerate() {
        let bar = rect(area.x + index as f64 * pitch + 1.5, area.y + 18.0, pitch - 4.0, 20.0);
        let ink = if it.limited { Ink::Refused } else { Ink::Request };
        tank(bar, it.level / it.most.max(1.0), ink, shapes);
        if it.key == view.key {
            let line = Some(Stroke::new(Ink::Ink, 1.4));
            shapes.push(Shape::Rect { rect: bar.grown(1.0), radius: 4.0, fill: None, line });
        }
        let label = Label::new(it.short.clone(), point(bar.center().x, bar.bottom() + 10.5), 9.0).middle();
        let label = if it.limited { label.ink(Ink::RefusedText) } else { label.ink(Ink::DimInk) };
        if label.width() <= pitch - 1.0 {
            shapes.push(label.into());
        }
    }
}

/// A place that is filled from below.
pub fn tank(place: Rect, share: f64, ink: Ink, shapes: &mut Vec<Shape>) {
    shapes.push(slab(place, 4.0, Ink::Empty));
    let height = place.height * share.clamp(0.0, 1.0);
    if height >= 0.5 {
        let level = rect(place.x, place.bottom() - height, place.width, height);
        shapes.push(slab(level, 4.0_f64.min(height / 2.0), ink));
    }
}

/// Words one below the other from the top of an area; where the next would stand.
pub fn words(area: Rect, pieces: Vec<Piece>, shapes: &mut Vec<Shape>) -> f64 {
    let mut baseline = area.y + 11.0;
    for piece in pieces {
        shapes.push(piece.at(area.x, baseline, 10.5).shrunk(area.width).into());
        baseline += 14.5;
    }
    baseline
}

/// How far above the line of time the refused ones stand: many that passed would cover them.
pub const REFUSED_ABOVE: f64 = 8.0;

/// Decisions between two times: a dot for each that passed, above the line a cross for each that was refused.
pub fn decisions(
    view: &LimitView,
    passed: &[Time],
    area: Rect,
    (from, to): (f64, f64),
    shapes: &mut Vec<Shape>,
) {
    let y = area.center().y;
    let x = |at: Time| area.x + (at.seconds() - from) / (to - from).max(1e-9) * area.width;
    let mut near = f64::NEG_INFINITY;
    let mut apart = |at: &Time| {
        let here = x(*at);
        let fits = here >= area.x && here <= area.right() && here - near >= 2.0;
        if fits {
            near = here;
        }
        fits.then_some(point(here, y))
    };
    let places: Vec<Point> = passed.iter().filter_map(&mut apart).collect();
    near = f64::NEG_INFINITY;
    let mut apart = |at: &Time| {
        let here = x(*at);
        let fits = here >= area.x && here <= area.right() && here - near >= 3.0;
        if fits {
            near = here;
        }
        fits.then_some(point(here, y - REFUSED_ABOVE))
    };
    let line = Stroke::new(Ink::Refused, 1.7);
    let crosses: Vec<Point> = view.refused.iter().filter_map(&mut apart).collect();
    shapes.extend(crosses.into_iter().map(|center| Shape::Cross { center, size: 3.2, line }));
    shapes.extend(places.into_iter().map(|center| disc(center, 3.4, Ink::Ok)));
}

/// The last decisions on a line of time that ends now.
fn history(view: &LimitView, area: Rect, span_s: f64, shapes: &mut Vec<Shape>) {
    let y = area.y + 8.0;
    shapes.push(slab(rect(area.x, y - 1.5, area.width, 3.0), 1.5, Ink::Track));
    let now = view.now.seconds();
    let band = rect(area.x + 3.5, y - 5.0, area.width - 7.0, 10.0);
    decisions(view, &view.passed, band, (now - span_s, now), shapes);
    let ago = format!("{} ago", short(Span::from_seconds(span_s)));
    parts::ends(area, y + 17.0, 9.5, Piece::dim(ago), Piece::dim("now"), shapes);
}

/// An open vessel with round lower corners; a hole in the middle of its bottom where it leaks.
fn vessel(at: Rect, leaks: bool, shapes: &mut Vec<Shape>) {
    let (radius, line) = (9.0, Stroke::new(Ink::Ink, 1.8));
    let middle = at.center().x;
    let hole = if leaks { 5.0 } else { 0.0 };
    for (x, inward) in [(at.x, 1.0), (at.right(), -1.0)] {
        let (top, low) = (point(x, at.y), point(x, at.bottom() - radius));
        let turn = point(x + inward * radius, at.bottom());
        let corner = point(x, at.bottom());
        let bend = Cubic([low, low.toward(corner, 0.6), turn.toward(corner, 0.6), turn]);
        let end = point(middle - inward * hole, at.bottom());
        shapes.push(Shape::Path {
            cubics: vec![Cubic::straight(top, low), bend, Cubic::straight(turn, end)],
            line,
        });
    }
}

/// Tokens that come in, or water that leaks out.
fn bucket(view: &LimitView, area: Rect, shapes: &mut Vec<Shape>) {
    let state = &view.state;
    let (level, most, rate) = (state.level, state.most.max(1.0), state.rate_per_s.unwrap_or(0.0));
    let leaks = view.policy.starts_with("leaky");
    let whole = view.policy.ends_with("seconds");
    let width = (area.width * 0.36).clamp(64.0, 124.0);
    let drop_room = 13.0;
    let (above, below) = if leaks { (2.0, drop_room) } else { (drop_room, 3.0) };
    let tub = rect(area.x + 2.0, area.y + above, width, area.height - above - below);
    let inside = rect(tub.x + 3.0, tub.y + 2.0, tub.width - 6.0, tub.height - 5.0);
    let height = inside.height * (level / most).clamp(0.0, 1.0);
    let surface = inside.bottom() - height;
    if height >= 0.5 {
        let fill = Some(Fill { ink: Ink::Request, alpha: 0.22 });
        let water = rect(inside.x, surface, inside.width, height);
        shapes.push(Shape::Rect { rect: water, radius: 6.0_f64.min(height / 2.0), fill, line: None });
    }
    if most <= UNITS_MAX {
        units(level, most, inside, shapes);
    }
    vessel(tub, leaks, shapes);
    let part = level - libm::floor(level);
    let middle = tub.center().x;
    let drop = |y: f64| disc(point(middle, y), 2.6, Ink::Request);
    let next = state.marks.first().map(|mark| mark.at.since(view.now));
    if leaks && level > 0.0 {
        shapes.push(drop(tub.bottom() + 2.0 + (1.0 - part) * (drop_room - 5.0)));
    } else if whole {
        // A second's tokens wait above and come at once.
        let (count, wait) = (rate.clamp(1.0, 5.0) as usize, next.map_or(1.0, Span::seconds).clamp(0.0, 1.0));
        let y = area.y + 3.0 + (1.0 - wait) * (above - 3.0);
        let across = |n: usize| middle + (n as f64 - (count - 1) as f64 / 2.0) * 7.0;
        shapes.extend((0..count).map(|n| disc(point(across(n), y), 2.6, Ink::Request)));
    } else if !leaks && level < most {
        shapes.push(drop(area.y + 2.6 + part * (surface.min(tub.bottom() - 4.0) - area.y - 6.0)));
    }
    let right = rect(tub.right() + 14.0, area.y, area.right() - tub.right() - 14.0, area.height);
    let per_s = plain(rate);
    let (first, steady) = match (leaks, view.policy) {
        (_, "leaky-queue") => (
            format!("{} of {} places", libm::ceil(level), most),
            format!("one every {}", short(Span::from_seconds(1.0 / rate.max(1e-9)))),
        ),
        (true, _) => (format!("{level:.1} of {most} full"), format!("leaks {per_s} a second")),
        _ if whole => (format!("{level:.0} of {most} tokens"), format!("+{per_s} each second")),
        _ => (format!("{level:.1} of {most} tokens"), format!("+{per_s} a second")),
    };
    let mut pieces = vec![Piece::bold(first), Piece::dim(steady)];
    let mark = state.marks.first().filter(|mark| is_near(view, mark));
    if let (Some(next), Some(mark)) = (next.filter(|next| *next > Span::ZERO), mark) {
        pieces.push(Piece::dim(format!("{} in {}", mark.name, short(next))));
    }
    let end = words(right, pieces, shapes);
    let left = rect(right.x, end - 4.0, right.width, right.bottom() - end + 4.0);
    if left.height >= 27.0 {
        let span = (2.0 * most / rate.max(1e-9)).clamp(0.2, 60.0);
        history(view, rect(left.x, left.bottom() - 28.0, left.width, 28.0), span, shapes);
    }
}

/// What is held takes each token that comes: the bucket is not full so soon.
fn is_near(view: &LimitView, mark: &Mark) -> bool {
    view.waiting == 0 || mark.name != "if idle, full"
}

/// Whole units from the bottom left, the one that comes or goes as a paler one.
fn units(level: f64, most: f64, inside: Rect, shapes: &mut Vec<Shape>) {
    let Some((columns, _)) = largest_pitch(inside.width, inside.height, most as usize) else { return };
    // Rows as high as their part of the level, so that units and level agree.
    let rows = (most as usize).div_ceil(columns) as f64;
    let (across, high) = (inside.width / columns as f64, inside.height / rows);
    let radius = (across.min(high) * 0.36).min(9.0);
    let whole = libm::floor(level + 1e-9) as usize;
    for unit in 0..(libm::ceil(level) as usize).min(most as usize) {
        let (column, row) = ((unit % columns) as f64 + 0.5, (unit / columns) as f64 + 0.5);
        let center = point(inside.x + column * across, inside.bottom() - row * high);
        let alpha = if unit < whole { 1.0 } else { 0.3 };
        let fill = Some(Fill { ink: Ink::Request, alpha });
        shapes.push(Shape::Circle { center, radius, fill, line: None });
    }
}

/// GCRA: a line of time with now, the theoretical arrival, and how far it may lie ahead.
fn arrival(view: &LimitView, area: Rect, shapes: &mut Vec<Shape>) {
    let state = &view.state;
    let rate = state.rate_per_s.unwrap_or(1.0).max(1e-9);
    let (burst, interval) = (state.most / rate, 1.0 / rate);
    let ahead = state.level / rate;
    let (from, to) = (-0.6 * burst, 1.06 * burst);
    let x = |at: f64| area.x + (at - from) / (to - from) * area.width;
    let half = (area.height * 0.15).clamp(11.0, 22.0);
    let y = area.y + (area.height * 0.42).clamp(22.0 + half, 70.0);
    let band = rect(x(0.0), y - half, x(burst) - x(0.0), 2.0 * half);
    let fill = Some(Fill { ink: Ink::Request, alpha: 0.12 });
    shapes.push(Shape::Rect { rect: band, radius: 5.0, fill, line: None });
    let width = x(ahead) - x(0.0);
    if width >= 0.5 {
        let fill = Some(Fill { ink: Ink::Request, alpha: 0.4 });
        let taken = rect(band.x, band.y, width, band.height);
        shapes.push(Shape::Rect { rect: taken, radius: 5.0_f64.min(width / 2.0), fill, line: None });
    }
    shapes.push(slab(rect(area.x, y - 1.5, area.width, 3.0), 1.5, Ink::Track));
    let now = view.now.seconds();
    let past = rect(area.x + 3.5, y - 5.0, x(0.0) - area.x - 3.5, 10.0);
    decisions(view, &view.passed, past, (now + from, now), shapes);
    let tick = |at: f64, line: Stroke, shapes: &mut Vec<Shape>| {
        shapes.push(Shape::Polyline {
            points: vec![point(at, y - half - 4.0), point(at, y + half + 4.0)],
            line,
        });
    };
    tick(x(0.0), Stroke::new(Ink::Ink, 1.6), shapes);
    // One passes while the arrival lies no further ahead than this.
    tick(x(burst - interval), Stroke::new(Ink::Refused, 1.6).dashed(3.0, 2.5), shapes);
    shapes.push(disc(point(x(ahead), y), 5.0, Ink::RequestText));
    let centred = |text: String, at: f64, baseline: f64, ink: Ink| {
        let label = Label::new(text, point(0.0, baseline), 10.0).middle().ink(ink);
        let half = label.width() / 2.0;
        Label {
            at: point(at.clamp(area.x + half, (area.right() - half).max(area.x + half)), baseline),
            ..label
        }
    };
    let word = format!(
        "theoretical arrival {}",
        if ahead > 0.0 { format!("in {}", short(Span::from_seconds(ahead))) } else { "now".into() }
    );
    shapes.push(centred(word, x(ahead), y - half - 10.0, Ink::RequestText).within(area.width).into());
    let bound = centred("beyond: refused".into(), x(burst - interval), y + half + 16.0, Ink::RefusedText);
    let now_label = Label::new("now", point(x(0.0), y + half + 16.0), 10.0).middle().ink(Ink::DimInk);
    if now_label.rect().right() + 6.0 < bound.rect().x {
        shapes.push(now_label.into());
    }
    shapes.push(bound.into());
    let rest = rect(area.x, y + half + 22.0, area.width, area.bottom() - y - half - 22.0);
    if rest.height >= 14.0 {
        let said =
            format!("one every {}, burst of {} early", short(Span::from_seconds(interval)), state.most);
        words(rest, vec![Piece::dim(said)], shapes);
    }
}

/// What is under way: a slot each.
fn slots(view: &LimitView, area: Rect, shapes: &mut Vec<Shape>) {
    let (level, most) = (view.state.level, view.state.most.max(1.0));
    let place = rect(area.x, area.y + 4.0, area.width, (area.height - 44.0).max(24.0));
    if most <= SLOTS_MAX {
        let Some((columns, pitch)) = largest_pitch(place.width, place.height, most as usize) else {
            return;
        };
        let pitch = pitch.min(34.0);
        for slot in 0..most as usize {
            let (column, row) = ((slot % columns) as f64, (slot / columns) as f64);
            let at = rect(place.x + column * pitch, place.y + row * pitch, pitch - 3.0, pitch - 3.0);
            parts::empty(at, shapes);
            if (slot as f64) < level {
                shapes.push(slab(at, 5.0, Ink::Request));
            }
        }
    } else {
        gauges::level(
            rect(place.x, place.center().y - 6.0, place.width, 12.0),
            level / most,
            Ink::Request,
            shapes,
        );
    }
    let line = rect(area.x, area.bottom() - 29.0, area.width, 28.0);
    history(view, line, 2.0, shapes);
}

/// What the picture says, in words.
pub fn describe(view: &LimitView) -> String {
    let mut said = vec![];
    if !view.per.is_empty() {
        said.push(format!("{} of {} {}s limited", view.limited, view.known, view.per));
        said.push(view.name.clone());
    }
    said.push(view.state.note.clone());
    if let Some(window) = view.state.window {
        // A log looks back from now, at first not as far as its window is long.
        if view.policy != "sliding-log" || window.from > Time::ZERO {
            said.push(format!("window of {}", short(window.to.since(window.from))));
        }
        said.extend(window.before.map(|before| format!("{before} in the one before")));
    }
    for mark in view.state.marks.iter().filter(|mark| mark.at > view.now && is_near(view, mark)) {
        said.push(format!("{} in {}", mark.name, short(mark.at.since(view.now))));
    }
    said.extend(windows::across_edge(view).map(|(count, _)| windows::edge_words(view, count)));
    if let Some(after) = view.retry_after {
        let what = if view.waiting > 0 { "the next of those that are held" } else { "refused, again" };
        said.push(format!("{what} in {}", short(after)));
    }
    said.join(", ")
}

/// Of the key that is shown, of the others what they have, and what was decided.
pub fn in_full(view: &LimitView) -> String {
    let mut said = vec![describe(view)];
    if !view.state.log.is_empty() {
        let first = view.state.log[0].at;
        said.push(format!("the oldest in the log {} ago", short(view.now.since(first))));
    }
    for it in view.keys.iter().filter(|_| !view.per.is_empty()) {
        let limited = if it.limited { ", limited" } else { "" };
        said.push(format!("{}: {} of {}{limited}", it.name, plain(it.level), plain(it.most)));
    }
    for (count, what) in
        [(view.passed_count, "passed"), (view.refused_count, "refused"), (view.waiting.into(), "held")]
    {
        if count > 0 || what == "passed" {
            said.push(format!("{} {what}", figures::whole(count)));
        }
    }
    said.join("; ")
}
