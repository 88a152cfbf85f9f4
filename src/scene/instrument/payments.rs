//! Payments: the states of their life with how many are in each, and the steps between them, lit while one is taken;
//! where the money is that came in; what merchants were told.
//!
//! Both bars of the ledger are as long as all that came in: the lower one is cut into where it is.

use super::Room;
use super::parts::{self, Line, Piece};
use crate::scene::describe::decade;
use crate::scene::figures::{self, money};
use crate::scene::geometry::{Point, Rect, point, rect};
use crate::scene::palette::Ink;
use crate::scene::shape::{Fill, Shape, Stroke, slab};
use crate::sim::{Span, Time};
use crate::systems::payments::{Amount, Books, Movement, PaymentsView, State, TRANSITIONS, Webhooks};

pub const ROOM: Room = Room { least: (286.0, 236.0), most: (500.0, 286.0), weight: 2.0 };

const PAD: f64 = 12.0;
/// Name and number.
const HEAD: f64 = 42.0;
const LEDGER: f64 = 66.0;
const HOOKS: f64 = 18.0;
/// Last line: the newest step.
const FOOT: f64 = 20.0;
const GAP: f64 = 11.0;
const SIZE: f64 = 10.5;
/// How long a step is lit.
const LIT: Span = Span(600_000_000);

/// Where each state stands: column and row, and what it is called there; in the order of [`State::ALL`].
const PLACES: [(usize, usize, &str); State::ALL.len()] = [
    (0, 0, "created"),
    (1, 0, "authorised"),
    (2, 0, "captured"),
    (3, 0, "settled"),
    (2, 1, "in part"),
    (3, 1, "refunded"),
    (1, 1, "voided"),
    (0, 1, "failed"),
];
const COLUMNS: f64 = 4.0;

pub fn draw(name: &str, view: &PaymentsView, card: Rect, shapes: &mut Vec<Shape>) {
    let inner = rect(card.x + PAD, card.y, card.width - 2.0 * PAD, card.height);
    let count = Piece::bold(figures::count(view.payments, "payment", "payments"));
    parts::ends(inner, card.y + 18.0, 12.0, Piece::bold(name), count, shapes);
    let day = Piece::dim(format!("day {}", figures::whole(u64::from(view.day) + 1)));
    let refused = match (view.charged_again, view.refused + view.unknown) {
        (0, 0) => Piece::dim(""),
        (0, _) => Piece::plain(refusals(view, " · ")).ink(Ink::RefusedText),
        (some, _) => Piece::bold(format!("{} charged again", figures::whole(some))).ink(Ink::FailedText),
    };
    parts::ends(inner, card.y + 32.0, SIZE, day, refused, shapes);
    let height = card.height - HEAD - LEDGER - HOOKS - FOOT - 6.0;
    machine(view, rect(inner.x, card.y + HEAD, inner.width, height), shapes);
    let below = card.bottom() - FOOT - HOOKS - LEDGER;
    ledger(&view.books, rect(inner.x, below, inner.width, LEDGER), shapes);
    let baseline = below + LEDGER + 12.0;
    // Without webhooks their line is for those who are stopped.
    match view.webhooks == Webhooks::default() {
        true => stopped(view, inner, baseline, shapes),
        false => hooks(&view.webhooks, view.now, inner, baseline, shapes),
    }
    if let Some(last) = view.recent.last() {
        foot(last, inner, card.bottom() - 9.0, shapes);
    }
}

/// "12 steps refused", "15 refused · 3 had no payment".
fn refusals(view: &PaymentsView, between: &str) -> String {
    match view.unknown {
        0 => figures::count(view.refused, "step refused", "steps refused"),
        some => format!(
            "{} refused{between}{} had no payment",
            figures::whole(view.refused + some),
            figures::whole(some)
        ),
    }
}

fn is_lit(step: &Movement, now: Time) -> bool {
    now.since(step.at) < LIT
}

/// States and the steps between them.
fn machine(view: &PaymentsView, area: Rect, shapes: &mut Vec<Shape>) {
    let width = (area.width - (COLUMNS - 1.0) * GAP) / COLUMNS;
    let height = ((area.height - 18.0) / 2.0).min(38.0);
    let place = |state: State| {
        let (column, row, _) = PLACES[state as usize];
        rect(
            area.x + column as f64 * (width + GAP),
            area.y + row as f64 * (area.height - height),
            width,
            height,
        )
    };
    let lit = |from: State, to: Option<State>| {
        (view.recent.iter()).any(|step| (step.from, step.to) == (from, to) && is_lit(step, view.now))
    };
    // What is lit is painted over what is not.
    for now in [false, true] {
        for ((from, _, to), taken) in TRANSITIONS.iter().zip(view.taken) {
            if from != to && lit(*from, Some(*to)) == now {
                edge(place(*from), place(*to), taken, now, shapes);
            }
        }
    }
    for (state, count) in State::ALL.into_iter().zip(view.states) {
        let (pill, came) = (place(state), State::ALL.iter().any(|from| lit(*from, Some(state))));
        let stopped = lit(state, None);
        let line = match (stopped, came) {
            (true, _) => Stroke::new(Ink::Refused, 2.0),
            (_, true) => Stroke::new(Ink::Request, 2.0),
            _ => Stroke::new(Ink::Line, 1.2),
        };
        let fill = Some(Fill::of(if count > 0 { Ink::Panel } else { Ink::Empty }));
        shapes.push(Shape::Rect { rect: pill, radius: 8.0, fill, line: Some(line) });
        let middle = pill.center().x;
        let top = pill.center().y - 11.0;
        let ink = if count > 0 { Ink::Ink } else { Ink::DimInk };
        let name = Piece::plain(PLACES[state as usize].2).ink(Ink::DimInk).at(middle, top + 8.4, 10.0);
        shapes.push(name.middle().within(width - 1.0).into());
        let count = Piece::bold(figures::whole(count)).ink(ink).at(middle, top + 21.0, 11.5);
        shapes.push(count.middle().within(width - 3.0).into());
        if stopped {
            let (center, line) =
                (point(pill.right() - 6.0, pill.bottom() - 7.0), Stroke::new(Ink::Refused, 1.8));
            shapes.push(Shape::Cross { center, size: 3.2, line });
        }
    }
}

/// A step's line with its head: bold while one is taken, dashed if none ever was.
fn edge(from: Rect, to: Rect, taken: u64, lit: bool, shapes: &mut Vec<Shape>) {
    let (start, end) = ends_of(from, to);
    let line = match (lit, taken) {
        (true, _) => Stroke::new(Ink::Request, 3.0),
        (_, 0) => Stroke::new(Ink::Line, 1.4).dashed(3.0, 3.0),
        _ => Stroke::new(Ink::DimInk, 1.4).faded(0.6),
    };
    let long = start.distance(end).max(0.1);
    let along = point((end.x - start.x) / long, (end.y - start.y) / long);
    let (head, wide) = if lit { (6.0, 4.4) } else { (5.0, 3.2) };
    let back = end.moved(-along.x * head, -along.y * head);
    shapes.push(Shape::Polyline { points: vec![start, back], line });
    let side = |by: f64| back.moved(-along.y * by, along.x * by);
    let fill = Some(Fill { ink: line.ink, alpha: line.alpha });
    shapes.push(Shape::Polygon { points: vec![end, side(wide), side(-wide)], fill, line: None });
}

/// Where a step's line leaves a state and where it ends. Lines that cross keep to their side.
fn ends_of(from: Rect, to: Rect) -> (Point, Point) {
    let (a, b) = (from.center(), to.center());
    if from.y == to.y {
        return (point(from.right() + 1.0, a.y), point(to.x - 1.0, b.y));
    }
    let aside = from.width * 0.26;
    // Straight down on the outer side, across on the inner one.
    let shift = match b.x - a.x {
        across if across > 1.0 => (aside, -aside),
        across if across < -1.0 => (-aside, aside),
        _ => (0.0, 0.0),
    };
    (point(a.x + shift.0, from.bottom() + 1.0), point(b.x + shift.1, to.y - 1.0))
}

/// Where the money is: (what, how much, its colour).
fn parts_of(books: &Books) -> [(&'static str, Amount, Ink); 4] {
    [
        ("owed", books.owed, Ink::Request),
        ("paid out", books.paid_out, Ink::Ok),
        ("fees", books.fees, Ink::Waiting),
        ("refunded", books.refunded, Ink::Refused),
    ]
}

fn ledger(books: &Books, area: Rect, shapes: &mut Vec<Shape>) {
    let all = (books.paid + books.debts).max(1) as f64;
    let verdict = match books.difference() {
        0 => Piece::plain("balances").ink(Ink::OkText),
        off => Piece::bold(format!("off by {off}")).ink(Ink::FailedText),
    };
    let verdict = verdict.at(area.right(), area.y + 9.0, SIZE).end();
    let head = rect(area.x, area.y, area.width - verdict.width() - 8.0, area.height);
    shapes.push(verdict.into());
    let mut head = Line::new(head, area.y + 9.0, SIZE);
    head.put(Piece::plain(format!("Paid in {}", money(books.paid))), shapes);
    let came = [("", books.paid, Ink::Request), ("", books.debts, Ink::Failed)];
    bar(&came, all, rect(area.x, area.y + 14.0, area.width, 6.0), shapes);
    bar(&parts_of(books), all, rect(area.x, area.y + 22.0, area.width, 10.0), shapes);
    let mut lines = [44.0, 58.0].map(|down| Line::new(area, area.y + down, SIZE));
    for (nth, (what, amount, ink)) in parts_of(books).into_iter().enumerate() {
        lines[nth / 2].dot(ink, Piece::dim(format!("{what} {}", money(amount))), shapes);
    }
    // Both bars are as long as what was paid in and this together, so it stands wherever there is room for it.
    if books.debts > 0 {
        let debts = |what: &str| Piece::plain(format!("{what} {}", money(books.debts))).ink(Ink::FailedText);
        let [first, second] = &mut lines;
        for what in ["merchants owe", "debts"] {
            if [&mut head, &mut *first, &mut *second]
                .into_iter()
                .any(|line| line.dot(Ink::Failed, debts(what), shapes))
            {
                break;
            }
        }
    }
}

fn bar(parts: &[(&str, Amount, Ink)], all: f64, place: Rect, shapes: &mut Vec<Shape>) {
    shapes.push(slab(place, 2.0, Ink::Empty));
    let mut x = place.x;
    for (_, amount, ink) in parts {
        let width = place.width * *amount as f64 / all;
        if width >= 0.2 {
            shapes.push(slab(rect(x, place.y, width, place.height), 0.0, *ink));
        }
        x += width;
    }
}

/// How many thieves were stopped, and how many others. Where nobody steals there is nothing to say.
fn stopped(view: &PaymentsView, inner: Rect, baseline: f64, shapes: &mut Vec<Shape>) {
    let Some([thieves, honest]) = stopped_of(view) else { return };
    let mut line = Line::new(inner, baseline, SIZE);
    line.put(Piece::plain("Stopped"), shapes);
    line.dot(Ink::Ok, Piece::dim(thieves), shapes);
    line.dot(Ink::Failed, Piece::dim(honest), shapes);
}

/// "9 of 23 thieves", "0 of 568 honest".
fn stopped_of(view: &PaymentsView) -> Option<[String; 2]> {
    let said = |[through, stopped]: [u64; 2], who: &str| {
        format!("{} of {} {who}", figures::whole(stopped), figures::whole(through + stopped))
    };
    (view.thieves != [0; 2]).then(|| [said(view.thieves, "thieves"), said(view.honest, "honest")])
}

fn hooks(hooks: &Webhooks, now: Time, inner: Rect, baseline: f64, shapes: &mut Vec<Shape>) {
    let mut line = Line::new(inner, baseline, SIZE);
    line.put(Piece::plain("Webhooks"), shapes);
    let (again, waiting) = (hooks.again(), hooks.waiting());
    if waiting > 0 {
        line.dot(Ink::Waiting, Piece::dim(format!("{} waiting", figures::whole(waiting.into()))), shapes);
    }
    if hooks.given_up > 0 {
        line.cross(Ink::Failed, Piece::dim(format!("{} given up", figures::whole(hooks.given_up))), shapes);
    }
    if again > 0 {
        line.dot(Ink::Failed, Piece::dim(format!("{} again", figures::whole(again.into()))), shapes);
    }
    line.dot(Ink::Ok, Piece::dim(format!("{} confirmed", figures::whole(hooks.confirmed))), shapes);
    if let Some(next) = hooks.next.filter(|_| again > 0) {
        line.put(Piece::dim(format!("next in {:.1} s", next.since(now).seconds())), shapes);
    }
}

/// The newest step, or what was refused.
fn foot(last: &Movement, inner: Rect, baseline: f64, shapes: &mut Vec<Shape>) {
    let mut line = Line::new(inner, baseline, SIZE);
    match last.to {
        Some(to) => {
            line.put(Piece::bold(format!("{} → {}", last.from.name(), to.name())), shapes);
            line.put(Piece::dim(format!("payment {} · {}", last.payment, money(last.amount))), shapes);
        }
        None => {
            let refused = Piece::bold(format!("refused: it is {}", last.from.name())).ink(Ink::RefusedText);
            line.put(refused, shapes);
            line.put(Piece::dim(format!("payment {}", last.payment)), shapes);
        }
    }
}

/// The same in words.
pub fn describe(view: &PaymentsView) -> String {
    let mut parts = vec![figures::count(view.payments, "payment", "payments")];
    let states = State::ALL.iter().zip(view.states).filter(|(_, count)| *count > 0);
    parts.extend(states.map(|(state, count)| format!("{} {}", figures::whole(count), state.name())));
    if view.refused + view.unknown > 0 {
        parts.push(refusals(view, ", of which "));
    }
    if view.charged_again > 0 {
        parts.push(format!("{} charged again", figures::whole(view.charged_again)));
    }
    if let Some([thieves, honest]) = stopped_of(view) {
        parts.push(format!("stopped {thieves}, {honest}"));
    }
    parts.push(format!("paid in {}", money(view.books.paid)));
    let known = parts_of(&view.books).into_iter().filter(|(_, amount, _)| *amount > 0);
    parts.extend(known.map(|(what, amount, _)| format!("{what} {}", money(amount))));
    if view.books.debts > 0 {
        parts.push(format!("merchants owe {}", money(view.books.debts)));
    }
    parts.push(format!("{} webhooks confirmed", figures::whole(view.webhooks.confirmed)));
    if view.webhooks.waiting() > 0 {
        parts.push(format!("{} waiting", figures::whole(view.webhooks.waiting().into())));
    }
    parts.join(", ")
}

/// The same as far as it changes seldom.
pub fn notable(view: &PaymentsView) -> Vec<Option<String>> {
    let balance =
        if view.books.difference() == 0 { "the ledger balances" } else { "the ledger does not balance" };
    vec![
        Some(balance.to_owned()),
        decade(view.refused, "steps were refused"),
        decade(view.charged_again, "customers were charged again"),
        decade(view.webhooks.waiting().into(), "webhooks wait"),
        decade(view.webhooks.given_up, "webhooks were given up"),
        (view.books.debts > 0).then(|| "merchants owe money".to_owned()),
    ]
}
