//! Two-phase commit: a row for each machine, what it coordinates, and its accounts that are locked, each in the colour of
//! the machine that decides. Filled: in doubt, as that machine is down.

use super::Room;
use super::parts::{self, Line, Piece, ends};
use crate::node::station::Station;
use crate::node::transfers::{HeldLock, Participant, TransfersView};
use crate::run::snapshot::NodeView;
use crate::scene::describe::decade;
use crate::scene::figures::{self, UNIT};
use crate::scene::geometry::{Rect, point, rect};
use crate::scene::palette::Ink;
use crate::scene::shape::{Fill, Label, Shape, Stroke, disc};
use crate::scene::station::trouble;

const MARGIN: f64 = 12.0;
const HEAD: f64 = 44.0;
const FOOT: f64 = 24.0;
const ROW_MIN: f64 = 48.0;
const ROW_MAX: f64 = 78.0;
const CHIP: (f64, f64) = (42.0, 18.0);
const CHIP_GAP: f64 = 5.0;
const SIZE: f64 = 10.5;

pub fn room(view: &TransfersView) -> Room {
    let height = |row: f64| HEAD + view.members.len() as f64 * row + FOOT;
    Room { least: (270.0, height(ROW_MIN)), most: (520.0, height(ROW_MAX)), weight: 1.8 }
}

/// A row for each machine.
pub fn rows(card: Rect, members: usize) -> Vec<Rect> {
    parts::rows(card, members, (HEAD, FOOT), ROW_MAX, 5.0)
}

pub fn draw(node: &NodeView, station: &Station, view: &TransfersView, card: Rect, shapes: &mut Vec<Shape>) {
    let inner = rect(card.x + MARGIN, card.y, card.width - 2.0 * MARGIN, card.height);
    let done = Piece::plain(format!("{} carried out", figures::whole(view.carried_out))).ink(Ink::OkText);
    ends(inner, card.y + 19.0, 12.0, Piece::bold(&node.name), done, shapes);
    let given_up = Piece::dim(format!("{} given up", figures::whole(view.given_up)));
    ends(inner, card.y + 34.0, SIZE, Piece::dim("prepare, then commit"), given_up, shapes);
    for (nth, (row, machine)) in rows(card, view.members.len()).into_iter().zip(&view.members).enumerate() {
        draw_row(node, station, nth, machine, row, shapes);
    }
    let mut line = Line::new(inner, card.bottom() - 10.0, SIZE);
    let doubt: u32 = view.members.iter().map(|machine| machine.in_doubt).sum();
    if doubt > 0 {
        let doubt = figures::count(doubt.into(), "account in doubt", "accounts in doubt");
        line.put(Piece::bold(doubt).ink(Ink::FailedText), shapes);
        // Locks are oldest first.
        let locks = view.members.iter().filter_map(|machine| machine.locks.iter().find(|lock| lock.in_doubt));
        let age = locks.map(|lock| view.now.since(lock.since)).max().unwrap_or_default();
        line.put(Piece::plain(format!("for {:.1}{UNIT}s", age.seconds())).ink(Ink::FailedText), shapes);
    }
    line.put(Piece::dim("colour: who decides"), shapes);
}

fn draw_row(
    node: &NodeView,
    station: &Station,
    nth: usize,
    machine: &Participant,
    row: Rect,
    shapes: &mut Vec<Shape>,
) {
    let Some(member) = station.members.get(nth) else { return };
    let trouble = trouble(member);
    let line = match (trouble, machine.in_doubt) {
        (Some(_), _) => Stroke::new(Ink::Failed, 1.6).dashed(5.0, 4.0),
        (None, 0) => Stroke::new(Ink::Line, 1.2),
        (None, _) => Stroke::new(Ink::Failed, 1.6),
    };
    shapes.push(Shape::Rect { rect: row, radius: 9.0, fill: Some(Fill::of(Ink::Panel)), line: Some(line) });
    let inner = rect(row.x + 8.0, row.y, row.width - 16.0, row.height);
    let state = match (trouble, machine.locked) {
        (Some(trouble), _) => Piece::bold(trouble).ink(Ink::FailedText),
        (None, 0) => Piece::dim("nothing locked"),
        (None, locked) => Piece::plain(format!("{} locked", figures::whole(locked.into()))),
    };
    let state = state.at(inner.right(), row.y + 15.0, SIZE).end();
    shapes.push(disc(point(inner.x + 4.0, row.y + 11.5), 4.0, Ink::owner(nth)));
    let left = rect(inner.x + 13.0, row.y, inner.width - state.width() - 21.0, row.height);
    shapes.push(state.into());
    let mut words = Line::new(left, row.y + 15.0, SIZE);
    words.put(Piece::bold(node.member_name(member.number)), shapes);
    for (count, what) in [(machine.voting, "asking for votes"), (machine.decided, "committing")] {
        if count > 0 {
            words.put(Piece::dim(format!("{count} {what}")), shapes);
        }
    }
    let (top, fit) = (row.y + 22.0, ((inner.width + CHIP_GAP) / (CHIP.0 + CHIP_GAP)) as usize);
    let lines = ((row.bottom() - top + 2.0) / (CHIP.1 + 4.0)).max(1.0) as usize;
    for (nth, lock) in machine.locks.iter().take(fit * lines).enumerate() {
        let x = inner.x + (nth % fit.max(1)) as f64 * (CHIP.0 + CHIP_GAP);
        let y = top + (nth / fit.max(1)) as f64 * (CHIP.1 + 4.0);
        chip(lock, rect(x, y, CHIP.0, CHIP.1), shapes);
    }
}

/// A locked account.
fn chip(lock: &HeldLock, place: Rect, shapes: &mut Vec<Shape>) {
    let (fill, line) = match lock.in_doubt {
        true => (Fill { ink: Ink::Failed, alpha: 0.3 }, Stroke::new(Ink::Failed, 1.4)),
        false => {
            let ink = Ink::owner(lock.coordinator as usize);
            (Fill { ink, alpha: 0.14 }, Stroke::new(ink, 1.2))
        }
    };
    shapes.push(Shape::Rect { rect: place, radius: 5.0, fill: Some(fill), line: Some(line) });
    let label =
        Label::new(format!("k{}", lock.key), point(place.center().x, place.center().y + 3.6), 10.0).middle();
    shapes.push(label.within(place.width - 2.0).into());
}

/// The same in words.
pub fn describe(view: &TransfersView) -> String {
    let mut said = vec![format!(
        "{} carried out, {} given up",
        figures::count(view.carried_out, "transfer", "transfers"),
        figures::whole(view.given_up)
    )];
    for (nth, machine) in view.members.iter().enumerate().filter(|(_, machine)| machine.locked > 0) {
        let doubt = match machine.in_doubt {
            0 => String::new(),
            some => format!(", {some} in doubt"),
        };
        said.push(format!("node {} has {} locked{doubt}", nth + 1, machine.locked));
    }
    said.join("; ")
}

/// The same as far as it changes seldom.
pub fn notable(view: &TransfersView) -> Vec<Option<String>> {
    let doubt = view.members.iter().map(|machine| u64::from(machine.in_doubt)).sum();
    vec![decade(view.given_up, "transfers were given up"), decade(doubt, "accounts are in doubt")]
}
