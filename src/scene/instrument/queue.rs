//! A queue: a capsule of places for each partition, what its consumers have in hand, and a tray of dead letters.

use super::Room;
use super::parts::{Line, Piece, ends};
use crate::node::queue::{ConsumerView, PartitionView, QueueView};
use crate::node::station::Station;
use crate::run::snapshot::NodeView;
use crate::scene::describe::decade;
use crate::scene::figures;
use crate::scene::geometry::{Rect, point, rect};
use crate::scene::palette::Ink;
use crate::scene::shape::{Fill, Label, Shape, Stroke, disc, slab};
use crate::scene::station::trouble;

const MARGIN: f64 = 12.0;
const HEAD: f64 = 44.0;
const FOOT: f64 = 40.0;
const ROW: f64 = 19.0;
const ROW_MAX: f64 = 30.0;
/// More partitions than these are counted.
const PARTITIONS_MAX: usize = 8;
const CONSUMERS_MAX: usize = 16;
/// A consumer's chip.
const CHIP: (f64, f64) = (46.0, 22.0);
const GAP: f64 = 5.0;
/// Beside the capsule: what is in flight, and whose it is.
const SIDE: f64 = 114.0;

fn parts(view: &QueueView, width: f64) -> (usize, usize) {
    let columns = ((width - 2.0 * MARGIN + GAP) / (CHIP.0 + GAP)) as usize;
    let chips = view.consumers.len().min(CONSUMERS_MAX).div_ceil(columns.max(1));
    (view.partitions.len().min(PARTITIONS_MAX), chips)
}

pub fn room(view: &QueueView) -> Room {
    let height = |width: f64, row: f64| {
        let (rows, chips) = parts(view, width);
        HEAD + rows as f64 * row + 16.0 + chips as f64 * (CHIP.1 + GAP) + FOOT
    };
    Room { least: (236.0, height(236.0, ROW)), most: (400.0, height(236.0, ROW_MAX)), weight: 1.4 }
}

pub fn draw(node: &NodeView, station: &Station, view: &QueueView, card: Rect, shapes: &mut Vec<Shape>) {
    let inner = rect(card.x + MARGIN, card.y, card.width - 2.0 * MARGIN, card.height);
    let waiting: u64 = view.partitions.iter().map(|it| u64::from(it.fresh + it.again)).sum();
    let said = match station.members.first().and_then(trouble) {
        Some(trouble) => Piece::bold(trouble).ink(Ink::FailedText),
        None => Piece::plain(format!("{} waiting", figures::whole(waiting))),
    };
    ends(inner, card.y + 20.0, 12.0, Piece::bold(&node.name), said, shapes);
    let how = if view.ordered { "in order" } else { "to any consumer" };
    let oldest = Piece::dim(format!("oldest is {} old", figures::ms(Some(view.oldest_ms))));
    ends(inner, card.y + 35.0, 10.5, Piece::dim(how), oldest, shapes);
    let (rows, chips) = parts(view, card.width);
    let below = 16.0 + chips as f64 * (CHIP.1 + GAP) + FOOT;
    let pitch = ((card.height - HEAD - below) / rows.max(1) as f64).min(ROW_MAX);
    for (nth, partition) in view.partitions.iter().take(rows).enumerate() {
        let row = rect(inner.x, card.y + HEAD + nth as f64 * pitch, inner.width, pitch);
        draw_partition(view, partition, nth, row, shapes);
    }
    let top = card.y + HEAD + rows as f64 * pitch;
    let hidden = view.partitions.len() - rows;
    let heading =
        if hidden > 0 { format!("{hidden} more partitions · consumers") } else { "consumers".into() };
    let label = Label::new(heading, point(inner.x, top + 11.0), 10.0).ink(Ink::DimInk);
    shapes.push(label.within(inner.width).into());
    let columns = (((inner.width + GAP) / (CHIP.0 + GAP)) as usize).max(1);
    for (nth, consumer) in view.consumers.iter().take(CONSUMERS_MAX).enumerate() {
        let (column, line) = ((nth % columns) as f64, (nth / columns) as f64);
        let place =
            rect(inner.x + column * (CHIP.0 + GAP), top + 16.0 + line * (CHIP.1 + GAP), CHIP.0, CHIP.1);
        draw_consumer(consumer, nth, place, shapes);
    }
    draw_tray(view, rect(inner.x, top + 16.0 + chips as f64 * (CHIP.1 + GAP), inner.width, FOOT), shapes);
}

/// Number, capsule of places from right to left, what is in flight and to whom.
fn draw_partition(
    view: &QueueView,
    partition: &PartitionView,
    nth: usize,
    row: Rect,
    shapes: &mut Vec<Shape>,
) {
    let middle = row.center().y;
    let number = Label::new((nth + 1).to_string(), point(row.x + 4.0, middle + 3.6), 10.5);
    shapes.push(number.bold().middle().into());
    let capsule = rect(row.x + 14.0, middle - 7.0, row.width - 14.0 - SIDE, 14.0);
    let waiting = partition.fresh + partition.again;
    let full = waiting >= view.capacity;
    let line = Stroke::new(if full { Ink::Failed } else { Ink::Line }, if full { 1.6 } else { 1.2 });
    let fill = Some(Fill::of(Ink::Panel));
    shapes.push(Shape::Rect { rect: capsule, radius: 7.0, fill, line: Some(line) });
    let room = rect(capsule.x + 4.0, capsule.y, capsule.width - 8.0, capsule.height);
    let pitch = room.width / f64::from(view.capacity.max(1));
    if pitch >= 6.0 {
        let pitch = pitch.min(12.0);
        for place in 0..view.capacity {
            let at = point(room.right() - (f64::from(place) + 0.5) * pitch, middle);
            // Whoever was handed out before stands first.
            let ink = match place {
                place if place < partition.again => Ink::Waiting,
                place if place < waiting => Ink::Request,
                _ => Ink::Empty,
            };
            shapes.push(disc(at, (pitch * 0.38).min(4.2), ink));
        }
    } else {
        let share = |count: u32| room.width * f64::from(count) / f64::from(view.capacity.max(1));
        let (all, again) = (share(waiting).min(room.width), share(partition.again).min(room.width));
        // One message can hold up all others: it is never too little to be seen.
        let again = if partition.again > 0 { again.max(3.0) } else { 0.0 };
        for (length, ink) in [(all.max(again), Ink::Request), (again, Ink::Waiting)] {
            if length >= 0.5 {
                let bar = rect(room.right() - length, middle - 4.0, length, 8.0);
                shapes.push(slab(bar, 4.0_f64.min(length / 2.0), ink));
            }
        }
    }
    let owner = partition.owner.map_or(String::new(), |owner| format!(" → {}", owner + 1));
    let words = match partition.in_flight {
        0 => format!("{waiting} wait{owner}"),
        out => format!("{waiting} wait, {out} out{owner}"),
    };
    let ink = if partition.redelivered + partition.again > 0 { Ink::WaitingText } else { Ink::Ink };
    let label = Label::new(words, point(capsule.right() + 8.0, middle + 3.6), 10.5).ink(ink);
    shapes.push(label.within(SIDE - 8.0).into());
}

/// Its number, and a dot for each message in its hand: hollow if its time is over.
fn draw_consumer(consumer: &ConsumerView, nth: usize, place: Rect, shapes: &mut Vec<Shape>) {
    let line = match (consumer.away, consumer.overdue > 0) {
        (true, _) => Stroke::new(Ink::Failed, 1.3).dashed(3.0, 2.0),
        (_, true) => Stroke::new(Ink::Waiting, 1.5),
        _ => Stroke::new(Ink::Line, 1.2),
    };
    shapes.push(Shape::Rect { rect: place, radius: 7.0, fill: Some(Fill::of(Ink::Panel)), line: Some(line) });
    let middle = place.center().y;
    let number = Label::new((nth + 1).to_string(), point(place.x + 10.0, middle + 3.6), 10.5).bold();
    shapes.push(number.middle().ink(if consumer.away { Ink::DimInk } else { Ink::Ink }).into());
    if consumer.in_hand > 3 {
        let ink = if consumer.overdue > 0 { Ink::WaitingText } else { Ink::Ink };
        let label = Label::new(consumer.in_hand.to_string(), point(place.right() - 7.0, middle + 3.6), 10.0);
        return shapes.push(label.end().ink(ink).into());
    }
    for nth in 0..consumer.in_hand {
        let at = point(place.x + 22.0 + 8.0 * f64::from(nth), middle);
        shapes.push(match nth < consumer.overdue {
            true => Shape::Circle {
                center: at,
                radius: 3.0,
                fill: None,
                line: Some(Stroke::new(Ink::Waiting, 1.5).dashed(2.0, 1.5)),
            },
            false => disc(at, 3.2, Ink::Request),
        });
    }
}

/// Dead letters by their numbers; and what else went wrong.
fn draw_tray(view: &QueueView, area: Rect, shapes: &mut Vec<Shape>) {
    let tray = rect(area.x, area.y + 2.0, area.width, 16.0);
    let dead = view.dead > 0;
    let line = Stroke::new(if dead { Ink::Failed } else { Ink::Line }, 1.2);
    let corners =
        [(tray.x, tray.y), (tray.x, tray.bottom()), (tray.right(), tray.bottom()), (tray.right(), tray.y)];
    shapes.push(Shape::Polyline { points: corners.map(|(x, y)| point(x, y)).to_vec(), line });
    let mut letters =
        Line::new(rect(tray.x + 6.0, tray.y, tray.width - 12.0, tray.height), tray.y + 11.5, 10.0);
    if dead {
        let said = figures::count(view.dead, "dead letter", "dead letters");
        letters.put(Piece::bold(said).ink(Ink::FailedText), shapes);
        for number in &view.dead_letters {
            letters.cross(Ink::Failed, Piece::plain(format!("#{number}")), shapes);
        }
    } else {
        letters.put(Piece::dim("no dead letters"), shapes);
    }
    let mut line = Line::new(area, area.y + 32.0, 10.0);
    let held = view.partitions.iter().map(|it| u64::from(it.held)).sum();
    let counts = [
        (held, "producers held"),
        (view.dropped, "dropped"),
        (view.lost, "lost"),
        (view.seen_twice, "seen twice"),
    ];
    for (count, what) in counts {
        if count > 0 {
            let piece = Piece::plain(format!("{} {what}", figures::whole(count)));
            line.put(
                piece.ink(if what == "producers held" { Ink::WaitingText } else { Ink::FailedText }),
                shapes,
            );
        }
    }
    // Last, where there is room for it: what is here, and not what is gone.
    if let Some(said) = tried_again(view) {
        line.dot(Ink::Waiting, Piece::plain(said).ink(Ink::WaitingText), shapes);
    }
}

/// "3 tried up to 7 times": of the messages that are here, those that were handed out before.
fn tried_again(view: &QueueView) -> Option<String> {
    let again: u32 = view.partitions.iter().map(|it| it.again + it.redelivered).sum();
    let often = figures::count(view.sent_most.into(), "time", "times");
    (again > 0).then(|| format!("{} tried up to {often}", figures::whole(again.into())))
}

/// Depths, consumers and dead letters, in words.
pub fn describe(view: &QueueView) -> String {
    let mut said = vec![];
    for (nth, it) in view.partitions.iter().take(PARTITIONS_MAX).enumerate() {
        let mut words =
            format!("partition {}: {} waiting, {} in flight", nth + 1, it.fresh + it.again, it.in_flight);
        if let Some(owner) = it.owner {
            words.push_str(&format!(", consumer {}", owner + 1));
        }
        said.push(words);
    }
    let count = |of: fn(&ConsumerView) -> bool| view.consumers.iter().filter(|it| of(it)).count();
    said.push(figures::count(view.consumers.len() as u64, "consumer", "consumers"));
    for (count, what) in [
        (count(|it| it.in_hand > 0), "busy"),
        (count(|it| it.overdue > 0), "late"),
        (count(|it| it.away), "away"),
    ] {
        if count > 0 {
            said.push(format!("{count} {what}"));
        }
    }
    said.extend(tried_again(view));
    if view.seen_twice > 0 {
        said.push(format!("{} seen twice", figures::whole(view.seen_twice)));
    }
    if view.dead > 0 {
        said.push(figures::count(view.dead, "dead letter", "dead letters"));
    }
    said.join(", ")
}

/// The same as far as it changes seldom.
pub fn notable(view: &QueueView) -> Vec<Option<String>> {
    let waiting = view.partitions.iter().map(|it| u64::from(it.fresh + it.again)).sum();
    let away = view.consumers.iter().any(|consumer| consumer.away);
    vec![
        decade(waiting, "messages wait"),
        decade(view.dead, "messages are dead letters"),
        away.then(|| "a consumer refused, and is left alone for a while".to_owned()),
    ]
}
