//! What each replica of a store holds: a row for each machine, a column for each of some keys, in it the version
//! that the machine has; below it what the oracle says, which knows every write.

use super::Room;
use super::parts::{self, Line, Piece, ends};
use crate::node::replicas::{Copies, ReplicasView, Stale};
use crate::node::station::{Station, StationMember};
use crate::run::snapshot::NodeView;
use crate::scene::describe::decade;
use crate::scene::figures;
use crate::scene::geometry::{Rect, point, rect};
use crate::scene::palette::Ink;
use crate::scene::shape::{Fill, Label, Shape, Stroke};
use crate::scene::station::trouble;
use crate::sim::Span;

const MARGIN: f64 = 12.0;
/// Name and setting, and the keys' heads.
const HEAD: f64 = 56.0;
const FOOT: f64 = 38.0;
const ROW_MIN: f64 = 24.0;
const ROW_MAX: f64 = 62.0;
/// Higher rows, the gap between them included, have two lines; from the second height on these stand as far apart as is
/// usual.
const ROW_TALL: f64 = 42.0;
const ROW_ROOMY: f64 = 48.0;
/// Least width, and height.
const CHIP: (f64, f64) = (36.0, 18.0);
const CHIP_MAX: f64 = 62.0;
const CHIP_GAP: f64 = 5.0;
/// Beside the chips: a machine's name and its state.
const NAME: f64 = 62.0;
const STATE: f64 = 64.0;

pub fn room(view: &ReplicasView) -> Room {
    let rows = view.members.len() as f64;
    let height = |row: f64| HEAD + rows * row + FOOT;
    Room { least: (300.0, height(ROW_MIN)), most: (560.0, height(ROW_MAX)), weight: 1.6 }
}

/// A row for each machine.
pub fn rows(card: Rect, members: usize) -> Vec<Rect> {
    parts::rows(card, members, (HEAD, FOOT), ROW_MAX, 4.0)
}

/// Where a row's chips begin, how wide they are, and how many there may be.
fn chips(row: Rect, keys: usize) -> (f64, f64, usize) {
    let tall = row.height >= ROW_TALL - 4.0;
    let (left, right) = match tall {
        true => (row.x + 8.0, row.right() - 8.0),
        false => (row.x + NAME, row.right() - STATE),
    };
    let fit = ((right - left + CHIP_GAP) / (CHIP.0 + CHIP_GAP)) as usize;
    let shown = keys.min(fit);
    (left, ((right - left + CHIP_GAP) / shown.max(1) as f64 - CHIP_GAP).min(CHIP_MAX), shown)
}

pub fn draw(node: &NodeView, station: &Station, view: &ReplicasView, card: Rect, shapes: &mut Vec<Shape>) {
    let inner = rect(card.x + MARGIN, card.y, card.width - 2.0 * MARGIN, card.height);
    let share = view.stale_reads as f64 / view.reads.max(1) as f64;
    let stale = match (view.reads, view.stale_reads) {
        (0, _) => Piece::dim("no reads yet"),
        (_, 0) => Piece::dim("no stale reads"),
        _ => Piece::bold(format!("stale reads {}", figures::percent(share))).ink(Ink::FailedText),
    };
    ends(inner, card.y + 20.0, 12.0, Piece::bold(&node.name), stale, shapes);
    ends(inner, card.y + 35.0, 10.5, Piece::dim(&station.does), agreement(view, inner.width), shapes);
    let rows = rows(card, view.members.len());
    let Some(first) = rows.first() else { return };
    let (left, wide, shown) = chips(*first, view.keys.len());
    let column = |nth: usize| left + nth as f64 * (wide + CHIP_GAP);
    for (nth, (key, _)) in view.keys.iter().take(shown).enumerate() {
        let at = point(column(nth) + wide / 2.0, card.y + HEAD - 4.0);
        let label = Label::new(format!("k{key}"), at, 10.0).middle().ink(Ink::DimInk);
        shapes.push(label.within(wide + CHIP_GAP - 1.0).into());
    }
    for (nth, row) in rows.iter().enumerate() {
        draw_row(node, station, view, nth, *row, shapes);
        let Some(replica) = view.members.get(nth) else { continue };
        let y = if row.height >= ROW_TALL - 4.0 {
            row.bottom() - CHIP.1 - if row.height >= ROW_ROOMY - 4.0 { 5.0 } else { 3.0 }
        } else {
            row.center().y - CHIP.1 / 2.0
        };
        for (nth, (copies, (_, newest))) in replica.copies.iter().zip(&view.keys).take(shown).enumerate() {
            chip(copies, *newest, rect(column(nth), y, wide, CHIP.1), shapes);
        }
    }
    let below = rows.last().map_or(card.y, |row| row.bottom());
    foot(view, inner, below, shapes);
}

/// For how long replicas have differed, or how long they usually do. What is shorter than this is on its way.
const APART_MS: f64 = 300.0;

fn agreement(view: &ReplicasView, width: f64) -> Piece {
    let ms = |span: Span| match span.seconds() {
        long if long >= 10.0 => figures::with_unit(Some(long), "s"),
        _ => figures::ms(Some(span.ms())),
    };
    let who = if width < 340.0 { "" } else { "replicas " };
    match (view.apart, view.agreed) {
        (Some(apart), _) if apart.ms() >= APART_MS => {
            Piece::bold(format!("{who}apart for {}", ms(apart))).ink(Ink::FailedText)
        }
        // A write is often everywhere by the time its acknowledgement is.
        (_, Some(agreed)) if agreed.median.ms() < 0.5 => Piece::dim(format!("{who}agree at once")),
        (_, Some(agreed)) => Piece::dim(format!("{who}agree after {}", ms(agreed.median))),
        _ => Piece::dim(""),
    }
}

/// A machine's state in a word or two, and whether that is well.
fn state(view: &ReplicasView, nth: usize, member: &StationMember) -> (String, Ink) {
    if let Some(trouble) = trouble(member) {
        return (trouble.to_owned(), Ink::FailedText);
    }
    match (view.keys.len(), view.behind(nth)) {
        (0, _) => ("empty".to_owned(), Ink::DimInk),
        (_, 0) => ("newest".to_owned(), Ink::OkText),
        (_, behind) => (format!("{behind} behind"), Ink::FailedText),
    }
}

fn draw_row(
    node: &NodeView,
    station: &Station,
    view: &ReplicasView,
    nth: usize,
    row: Rect,
    shapes: &mut Vec<Shape>,
) {
    let Some(member) = station.members.get(nth) else { return };
    let (said, ink) = state(view, nth, member);
    let line = match ink {
        Ink::OkText => Stroke::new(Ink::Ok, 1.4),
        Ink::FailedText => Stroke::new(Ink::Failed, 1.6),
        _ => Stroke::new(Ink::Line, 1.2),
    };
    let line = if member.down { line.dashed(5.0, 4.0) } else { line };
    let fill = Some(Fill::of(Ink::Panel));
    shapes.push(Shape::Rect { rect: row, radius: 9.0_f64.min(row.height / 2.0), fill, line: Some(line) });
    let tall = row.height >= ROW_TALL - 4.0;
    // In a low one both lines are nearer to the edges, so that chips do not lie over words.
    let roomy = row.height >= ROW_ROOMY - 4.0;
    let baseline = match (tall, roomy) {
        (true, true) => row.y + 15.0,
        (true, false) => row.y + 12.5,
        (false, _) => row.center().y + 4.0,
    };
    let inner = rect(row.x + 8.0, row.y, row.width - 16.0, row.height);
    let mut name = node.member_name(member.number);
    // Whom a cut keeps away.
    let away: Vec<String> = (station.members.iter())
        .filter(|other| other.side != member.side)
        .map(|other| other.number.to_string())
        .collect();
    if !away.is_empty() && !tall {
        name.push_str(&format!(" · {}", ["A", "B", "C", "D"][(member.side as usize).min(3)]));
    }
    let state = Label::new(said, point(inner.right(), baseline), 10.5).bold().end().ink(ink);
    let room = if tall { inner.width - state.width() - 8.0 } else { NAME - 10.0 };
    shapes.push(state.shrunk(if tall { inner.width } else { STATE - 10.0 }).into());
    let Some(replica) = view.members.get(nth) else { return };
    if !tall {
        return shapes.push(Label::new(name, point(inner.x, baseline), 11.0).bold().shrunk(room).into());
    }
    let mut line = Line::new(rect(inner.x, row.y, room, row.height), baseline, 11.0);
    line.put(Piece::bold(name), shapes);
    let some = |count: u32, what: &str| (count > 0).then(|| format!("{count} {what}"));
    let apart = (!away.is_empty()).then(|| format!("cannot reach {}", away.join(", ")));
    let slow = (member.slow > 1.0).then(|| format!("{} slower", figures::factor(member.slow)));
    for (note, ink) in [(apart, Ink::FailedText), (slow, Ink::WaitingText)] {
        if let Some(note) = note {
            line.put(Piece::plain(note).ink(ink), shapes);
        }
    }
    let notes = [
        view.keys.first().filter(|_| replica.leads).map(|(key, _)| format!("leads k{key}")),
        some(replica.hints_for_it, "hints kept for it"),
        some(replica.locked, "locked"),
        some(replica.undecided, "undecided"),
        Some(member.note.clone()),
    ];
    for note in notes.into_iter().flatten() {
        line.put(Piece::dim(note), shapes);
    }
}

/// The version of one key: filled where it is the newest, dashed where it is older, several side by side.
fn chip(copies: &Copies, newest: u32, place: Rect, shapes: &mut Vec<Shape>) {
    let label = |text: String, at: Rect, ink: Ink| {
        let at = point(at.center().x, at.center().y + 3.6);
        Label::new(text, at, 10.0).middle().ink(ink).within(place.width)
    };
    let versions = &copies.versions;
    if versions.is_empty() && !copies.at_home {
        return;
    }
    let Some(first) = versions.first() else {
        let line = Some(Stroke::new(Ink::DimInk, 1.0).dashed(2.0, 2.0));
        shapes.push(Shape::Rect { rect: place, radius: 5.0, fill: None, line });
        return shapes.push(label("none".into(), place, Ink::DimInk).into());
    };
    let current = *first >= newest;
    let (fill, line, ink) = match (versions.len(), current) {
        (1, true) => (
            Some(Fill { ink: Ink::Request, alpha: 0.42 }),
            Stroke::new(Ink::Request, 1.0).faded(0.35),
            Ink::Ink,
        ),
        (1, false) => (None, Stroke::new(Ink::Failed, 1.2).dashed(3.0, 2.0), Ink::FailedText),
        _ => (Some(Fill { ink: Ink::Waiting, alpha: 0.3 }), Stroke::new(Ink::Waiting, 1.2), Ink::Ink),
    };
    shapes.push(Shape::Rect { rect: place, radius: 5.0, fill, line: Some(line) });
    let text = match versions[..] {
        [one] => format!("v{one}"),
        [one, two] => format!("{one}|{two}"),
        _ => format!("{first}|+{}", versions.len() - 1),
    };
    shapes.push(label(text, place, ink).into());
}

/// Where something is behind, why; and the oracle's last word.
fn foot(view: &ReplicasView, inner: Rect, top: f64, shapes: &mut Vec<Shape>) {
    let mut line = Line::new(inner, top + 15.0, 10.5);
    let siblings = view.members.iter().any(|it| it.copies.iter().any(|copies| copies.versions.len() > 1));
    let hints: u32 = view.members.iter().map(|member| member.hints_for_it).sum();
    if hints > 0 {
        line.put(Piece::plain(figures::count(hints.into(), "hint kept", "hints kept")), shapes);
    }
    if view.refused.writes > 0 {
        let refused = refused(view);
        line.put(Piece::plain(refused).ink(Ink::RefusedText), shapes);
    }
    if view.beside > 0 {
        let kept = figures::count(view.beside, "conflict kept", "conflicts kept");
        line.put(Piece::bold(kept).ink(Ink::WaitingText), shapes);
    }
    if view.lost > 0 {
        let lost = figures::count(view.lost, "lost update", "lost updates");
        line.put(Piece::bold(lost).ink(Ink::FailedText), shapes);
    }
    if siblings {
        line.put(Piece::plain("7|6 = versions side by side").ink(Ink::WaitingText), shapes);
    }
    line.put(Piece::dim("v7 = version"), shapes);
    line.put(Piece::dim("dashed = too old"), shapes);
    let (forms, ink) = match &view.stale {
        Some(stale) => (verdict(stale), Ink::FailedText),
        None => {
            let long = "the oracle, which knows every write, has seen no stale read";
            ([long, "the oracle has seen no stale read"].map(str::to_owned), Ink::DimInk)
        }
    };
    let label = |text: &String| Label::new(text, point(inner.x, top + 30.0), 10.5).ink(ink);
    let labels = forms.iter().map(label);
    let mut labels = labels.map(|label| if ink == Ink::FailedText { label.bold() } else { label });
    let short = labels.clone().next_back();
    let label = labels.find(|label| label.width() <= inner.width).or(short);
    shapes.extend(label.map(|label| label.shrunk(inner.width).into()));
}

/// "61 writes and 84 reads refused".
fn refused(view: &ReplicasView) -> String {
    let writes = figures::count(view.refused.writes, "write", "writes");
    match view.refused.reads {
        0 => format!("{writes} refused"),
        reads => format!("{writes} and {} refused", figures::count(reads, "read", "reads")),
    }
}

/// The last stale read, at length and shortly.
fn verdict(stale: &Stale) -> [String; 2] {
    let (key, member) = (stale.key, stale.member + 1);
    let (old, new) = (stale.answered, stale.newest);
    let answer = if old == 0 { "nothing".to_owned() } else { format!("v{old}") };
    let late = stale.late.map_or(String::new(), |late| format!(" {} before", figures::ms(Some(late.ms()))));
    [
        format!("stale: k{key} read at {member} gave {answer}, but v{new} was acknowledged{late}"),
        format!("stale: k{key} at {member} gave {answer}, not v{new}"),
    ]
}

/// Who is behind, what is kept and what was lost, in words.
pub fn describe(view: &ReplicasView) -> String {
    let mut said = vec![];
    for (nth, replica) in view.members.iter().enumerate() {
        let behind = view.behind(nth);
        let mut words = format!("node {}", nth + 1);
        match behind {
            0 => words.push_str(" has the newest"),
            _ => words.push_str(&format!(" behind on {}", figures::count(behind as u64, "key", "keys"))),
        }
        for (count, what) in [(replica.hints_for_it, "hints kept for it"), (replica.locked, "keys locked")] {
            if count > 0 {
                words.push_str(&format!(", {count} {what}"));
            }
        }
        said.push(words);
    }
    let siblings: usize = (view.keys.iter().enumerate())
        .filter(|(key, _)| {
            view.members.iter().any(|it| it.copies.get(*key).is_some_and(|it| it.versions.len() > 1))
        })
        .count();
    if siblings > 0 {
        said.push(figures::count(siblings as u64, "key in conflict", "keys in conflict"));
    }
    if view.stale_reads > 0 {
        let share = view.stale_reads as f64 / view.reads.max(1) as f64;
        said.push(format!("stale reads {}", figures::percent(share)));
    }
    if view.lost > 0 {
        said.push(figures::count(view.lost, "lost update", "lost updates"));
    }
    if view.beside > 0 {
        said.push(figures::count(view.beside, "conflict kept", "conflicts kept"));
    }
    if view.refused.writes > 0 {
        said.push(refused(view));
    }
    let ms = |span: Span| figures::ms(Some(span.ms()));
    said.extend(view.apart.map(|apart| format!("they have been apart for {}", ms(apart))));
    said.extend(view.agreed.map(|it| format!("they agree after {}, {} at most", ms(it.median), ms(it.most))));
    said.join("; ")
}

/// The same as far as it changes seldom.
pub fn notable(view: &ReplicasView) -> Vec<Option<String>> {
    let hints = view.members.iter().any(|member| member.hints_for_it > 0);
    vec![
        decade(view.stale_reads, "reads were stale"),
        decade(view.lost, "updates were lost"),
        decade(view.beside, "conflicts were kept"),
        decade(view.refused.writes, "writes were refused"),
        hints.then(|| "hints are kept for machines that missed writes".to_owned()),
    ]
}
