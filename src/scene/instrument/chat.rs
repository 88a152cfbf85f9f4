//! A chat room: who is in it, who is online and at which gateway, what each has yet to get; and the last messages with
//! how far they have come. A disc is a member who counts as online, a dashed ring one who does not.

use super::Room;
use super::parts::{self, Line, Piece};
use crate::scene::describe::decade;
use crate::scene::figures;
use crate::scene::geometry::{Point, Rect, point, rect};
use crate::scene::palette::Ink;
use crate::scene::shape::{Shape, Stroke, disc, ring, slab};
use crate::systems::chat::view::{ChatView, MemberRow, MessageRow, most_behind};
use std::fmt::Write as _;

pub const ROOM: Room = Room { least: (236.0, 190.0), most: (470.0, 300.0), weight: 1.6 };

const PAD: f64 = 12.0;
/// Name, and how many messages are kept.
const HEAD: f64 = 40.0;
/// What went wrong so far.
const FOOT: f64 = 24.0;
const TITLE: f64 = 18.0;
const ROW: f64 = 17.5;
/// With less the lists stand one above the other.
const WIDE: f64 = 320.0;
const GAP: f64 = 18.0;
/// A bar of this length is so many messages.
const BACKLOG: f64 = 40.0;

pub fn draw(name: &str, view: &ChatView, card: Rect, shapes: &mut Vec<Shape>) {
    let inner = rect(card.x + PAD, card.y, card.width - 2.0 * PAD, card.height);
    let online = format!("{} of {} online", view.members_online, view.members_all);
    parts::ends(inner, card.y + 18.0, 12.0, Piece::bold(name), Piece::bold(online).ink(Ink::OkText), shapes);
    let kept = format!("{} messages, {} kept", whole(view.acknowledged), kept(view));
    let full = view.kept >= view.kept_most && view.kept_most > 0;
    let ink = if full && view.waiting > 0 { Ink::WaitingText } else { Ink::DimInk };
    let waiting = figures::count(view.waiting, "delivery waits", "deliveries wait");
    parts::ends(inner, card.y + 32.0, 10.5, Piece::plain(kept).ink(ink), Piece::dim(waiting), shapes);
    let body = rect(inner.x, card.y + HEAD, inner.width, card.height - HEAD - FOOT);
    let (members, messages) = if inner.width >= WIDE {
        let width = (body.width - GAP) * 0.48;
        let x = body.x + width + GAP;
        (rect(body.x, body.y, width, body.height), rect(x, body.y, body.right() - x, body.height))
    } else {
        let rows = ((body.height - 2.0 * TITLE) / ROW).floor();
        let height = TITLE + (rows * 0.6).floor() * ROW;
        (rect(body.x, body.y, body.width, height), {
            rect(body.x, body.y + height, body.width, body.height - height)
        })
    };
    draw_members(view, members, shapes);
    draw_messages(view, messages, shapes);
    draw_foot(view, inner, card.bottom() - 9.0, shapes);
}

fn whole(value: u32) -> String {
    figures::whole(value.into())
}

/// How many messages are kept, or "all" while there is room for more.
fn kept(view: &ChatView) -> String {
    if view.kept == view.acknowledged { "all".into() } else { whole(view.kept) }
}

/// The rows that fit below an area's title.
fn rows(area: Rect, wanted: usize) -> impl Iterator<Item = (usize, f64)> {
    let fit = ((area.height - TITLE) / ROW).floor().max(0.0) as usize;
    (0..fit.min(wanted)).map(move |row| (row, area.y + TITLE + (row as f64 + 0.5) * ROW))
}

fn draw_members(view: &ChatView, area: Rect, shapes: &mut Vec<Shape>) {
    let left = format!("members of room {}", view.room);
    parts::ends(area, area.y + 12.0, 10.5, Piece::dim(left), Piece::dim("to get"), shapes);
    let fit = rows(area, view.members.len()).count();
    let more = (view.members_all as usize).saturating_sub(fit);
    if more > 0 && draw_strip(view, area, shapes) {
        let below = rect(area.x, area.y + ROW, area.width, area.height - ROW);
        let shown = most_behind(view.members.clone(), fit - 1);
        for (row, y) in rows(below, shown.len()) {
            draw_member(&shown[row], below, y, shapes);
        }
        return;
    }
    let shown = most_behind(view.members.clone(), if more > 0 { fit.saturating_sub(1) } else { fit });
    for (row, y) in rows(area, view.members.len()) {
        if more > 0 && row + 1 == fit {
            let text = format!("and {} more", more + 1);
            shapes.push(Piece::dim(text).at(area.x + 14.0, y + 3.8, 10.5).within(area.width - 14.0).into());
            return;
        }
        draw_member(&shown[row], area, y, shapes);
    }
}

/// Least width of a member's mark, and most.
const MARK: (f64, f64) = (8.5, 13.0);

/// All members as marks on one line, where a list has no room for them. False if that has none either.
fn draw_strip(view: &ChatView, area: Rect, shapes: &mut Vec<Shape>) -> bool {
    let pitch = (area.width / view.members.len().max(1) as f64).min(MARK.1);
    let Some((_, y)) = rows(area, 1).next() else { return false };
    if view.members.len() < view.members_all as usize || pitch < MARK.0 {
        return false;
    }
    let mut members = view.members.clone();
    members.sort_by_key(|member| member.user);
    for (nth, member) in members.iter().enumerate() {
        shapes.push(mark(member, point(area.x + (nth as f64 + 0.5) * pitch, y)));
    }
    true
}

/// A disc is who counts as online, a dashed ring who does not; amber who has something to get.
fn mark(member: &MemberRow, at: Point) -> Shape {
    match (member.gateway, member.waiting > 0) {
        (Some(_), false) => disc(at, 3.6, Ink::Ok),
        (Some(_), true) => disc(at, 3.6, Ink::Waiting),
        (None, waits) => {
            let ink = if waits { Ink::Waiting } else { Ink::DimInk };
            ring(at, 3.2, Stroke::new(ink, 1.4).dashed(2.0, 1.6))
        }
    }
}

fn draw_member(member: &MemberRow, area: Rect, y: f64, shapes: &mut Vec<Shape>) {
    let mut text = format!("user {}", member.user);
    shapes.push(mark(&MemberRow { waiting: 0, ..*member }, point(area.x + 4.0, y)));
    let ink = match member.gateway {
        Some(gateway) => {
            let _ = write!(text, " · g{}", gateway + 1);
            Ink::Ink
        }
        None => Ink::DimInk,
    };
    shapes.push(Piece::plain(text).ink(ink).at(area.x + 14.0, y + 3.8, 10.5).within(66.0).into());
    let said = whole(member.waiting);
    let said = if member.waiting > 0 { Piece::bold(said).ink(Ink::WaitingText) } else { Piece::dim(said) };
    let said = said.at(area.right(), y + 3.8, 10.5).end();
    let bar = rect(area.x + 84.0, y - 3.5, area.right() - said.width() - 6.0 - area.x - 84.0, 7.0);
    shapes.push(said.into());
    if bar.width >= 8.0 {
        shapes.push(slab(bar, 3.5, Ink::Empty));
        if member.waiting > 0 {
            let width = (bar.width * f64::from(member.waiting) / BACKLOG).clamp(3.0, bar.width);
            shapes.push(slab(rect(bar.x, bar.y, width, bar.height), (width / 2.0).min(3.5), Ink::Waiting));
        }
    }
}

/// How far a message has come.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Sent,
    Delivered,
    Read,
}

fn state(message: &MessageRow) -> State {
    match message {
        _ if message.read >= message.of => State::Read,
        _ if message.delivered >= message.of => State::Delivered,
        _ => State::Sent,
    }
}

/// The last messages: number, sender, which earlier one it says again, ticks, and how many have it.
fn draw_messages(view: &ChatView, area: Rect, shapes: &mut Vec<Shape>) {
    // Where nobody reads, there is nothing to say of it.
    let reads = view.members.iter().any(|member| member.unread < view.acknowledged);
    let heading = if reads { "has it · read" } else { "has it" };
    parts::ends(area, area.y + 12.0, 10.5, Piece::dim("last messages"), Piece::dim(heading), shapes);
    for (row, y) in rows(area, view.messages.len()) {
        let message = &view.messages[row];
        let said = match reads {
            true => format!("{} · {} of {}", message.delivered, message.read, message.of),
            false => format!("{} of {}", message.delivered, message.of),
        };
        let said = Piece::plain(said).ink(match state(message) {
            State::Sent => Ink::WaitingText,
            State::Delivered => Ink::Ink,
            State::Read => Ink::OkText,
        });
        let said = said.at(area.right(), y + 3.8, 10.5).end();
        let ticks = point(area.right() - said.width() - 18.0, y);
        let who = match message.copy_of {
            Some(first) => {
                let text = format!("#{} user {} = #{first}", message.seq, message.from);
                Piece::bold(text).ink(Ink::WaitingText)
            }
            None => Piece::plain(format!("#{} user {}", message.seq, message.from)),
        };
        shapes.push(who.at(area.x, y + 3.8, 10.5).shrunk(ticks.x - 4.0 - area.x).into());
        shapes.push(said.into());
        draw_ticks(state(message), ticks, shapes);
    }
}

/// One tick: sent. Two: all have it. Two green ones: all have read it.
fn draw_ticks(state: State, at: Point, shapes: &mut Vec<Shape>) {
    let ink = match state {
        State::Sent => Ink::Waiting,
        State::Delivered => Ink::DimInk,
        State::Read => Ink::Ok,
    };
    for nth in 0..if state == State::Sent { 1 } else { 2 } {
        let x = at.x + 5.0 * f64::from(nth);
        let points = vec![point(x, at.y), point(x + 2.4, at.y + 2.6), point(x + 7.0, at.y - 3.4)];
        shapes.push(Shape::Polyline { points, line: Stroke::new(ink, 1.5) });
    }
}

fn draw_foot(view: &ChatView, inner: Rect, baseline: f64, shapes: &mut Vec<Shape>) {
    let mut line = Line::new(inner, baseline, 10.5);
    let lost = if view.lost > 0 { Ink::Failed } else { Ink::DimInk };
    line.cross(lost, Piece::plain(format!("{} lost", figures::whole(view.lost))).ink(lost.text()), shapes);
    // Who was silent for too long, what stands there twice for all, and what a phone was sent a second time and left out:
    // what there was before what there was not, where the line is short.
    let mut counts = vec![(view.doubled, "doubled"), (view.twice, "delivered again")];
    if view.taken_for_gone > 0 {
        counts.insert(0, (view.taken_for_gone, "taken for gone"));
    }
    counts.sort_by_key(|(count, _)| *count == 0);
    for (count, what) in counts {
        let ink = if count > 0 { Ink::Waiting } else { Ink::DimInk };
        let said = format!("{} {what}", figures::whole(count));
        line.dot(ink, Piece::plain(said).ink(ink.text()), shapes);
    }
    if view.out_of_order > 0 {
        line.put(Piece::dim(format!("{} out of order", figures::whole(view.out_of_order))), shapes);
    }
}

/// The same in words.
pub fn describe(view: &ChatView) -> String {
    let mut text = format!(
        "room {}: {} of {} members online, {} messages, {} kept, {}",
        view.room,
        view.members_online,
        view.members_all,
        whole(view.acknowledged),
        kept(view),
        figures::count(view.waiting, "delivery waits", "deliveries wait"),
    );
    if let Some(message) = view.messages.first() {
        let MessageRow { seq, from, of, delivered, read, .. } = message;
        let _ =
            write!(text, ", message {seq} of user {from}: {delivered} of {of} have it, {read} have read it");
        if let Some(first) = message.copy_of {
            let _ = write!(text, ", it says again what message {first} says");
        }
    }
    let behind = view.members.iter().filter(|member| member.waiting > 0);
    for member in behind.take(3) {
        let online = if member.gateway.is_some() { "online" } else { "offline" };
        let _ = write!(text, ", user {}, {online}, has {} to get", member.user, whole(member.waiting));
    }
    for (count, what) in [
        (view.lost, "lost"),
        (view.taken_for_gone, "taken for gone"),
        (view.doubled, "doubled"),
        (view.twice, "delivered again"),
        (view.out_of_order, "out of order"),
    ] {
        if count > 0 {
            let _ = write!(text, ", {} {what}", figures::whole(count));
        }
    }
    text
}

/// The same as far as it changes seldom.
pub fn notable(view: &ChatView) -> Vec<Option<String>> {
    let away = view.members_all - view.members_online;
    vec![
        decade(away.into(), "members are offline"),
        decade(view.waiting, "deliveries wait"),
        decade(view.lost, "messages were lost"),
        decade(view.doubled, "messages are doubled"),
        decade(view.twice, "messages were delivered again"),
        decade(view.out_of_order, "messages came out of order"),
    ]
}
