//! Who holds which keys: the policy's places, a row for each member with its load, what the last change moved.

use super::places::{Mark, Places, Side, badge};
use super::{Moment, Room};
use crate::algo::ring::Way;
use crate::node::division::{Division, Handover, KeyAt};
use crate::node::station::{Station, StationMember};
use crate::run::snapshot::NodeView;
use crate::scene::figures;
use crate::scene::gauges;
use crate::scene::geometry::{Point, Rect, point, rect};
use crate::scene::palette::Ink;
use crate::scene::shape::{Fill, Label, Shape, Stroke, slab};

pub const ROOM: Room = Room { least: (216.0, 216.0), most: (620.0, 470.0), weight: 1.6 };

/// Seconds for the eye in which what moves sweeps in.
const SWEEP_S: f64 = 1.2;
const MARGIN: f64 = 12.0;
/// Least height of a row that says something.
const ROW_MIN: f64 = 17.0;
const ROW_MAX: f64 = 27.0;
/// Below a circle, which can use the height; a row can still be pressed.
const ROW_CLOSE: f64 = 25.5;
/// The height of a row with a second line, where there is room; and its least.
const ROW_NOTED: f64 = 36.0;
const ROW_NOTED_MIN: f64 = 31.0;
/// How wide a member's queue is drawn beside its bar.
const QUEUE: f64 = 44.0;
/// Height of the figures below.
const FOOT: f64 = 34.0;

/// Columns in place of rows, where they are too many, are no higher.
const COLUMNS_MAX: f64 = 110.0;
const COLUMNS_MIN: f64 = 30.0;

/// Where the parts of the panel stand.
struct Plan {
    heading: Rect,
    places: Rect,
    /// Above the rows: what their bars are.
    rows_heading: f64,
    rows: Vec<Rect>,
    /// In place of rows, where there are too many members for them.
    columns: Option<Rect>,
    figures: Rect,
}

/// Width of a panel on which rows stand beside a circle in full.
const BESIDE_MIN: f64 = 440.0;

/// How rows and places share the panel.
#[derive(Clone, Copy, PartialEq)]
enum Share {
    /// Rows and figures below the places.
    Below,
    BelowCircle,
    /// Both left of a circle.
    Beside,
    /// Rows left of a circle, figures below both: for narrow panels.
    Close,
}

impl Share {
    /// The least width of a panel.
    fn least(self) -> f64 {
        match self {
            Share::Below | Share::BelowCircle => 0.0,
            Share::Beside => BESIDE_MIN,
            Share::Close => 280.0,
        }
    }

    /// And the width from which on another share is better.
    fn most(self) -> f64 {
        if self == Share::Close { BESIDE_MIN } else { f64::INFINITY }
    }

    /// The most that a row may be high.
    fn row_max(self) -> f64 {
        match self {
            Share::Below => ROW_MAX,
            Share::BelowCircle => ROW_CLOSE,
            Share::Beside | Share::Close => ROW_NOTED,
        }
    }
}

/// Rows stand left of a circle, if that makes it larger and all can still be read.
fn plan(card: Rect, members: usize, circle: bool) -> Plan {
    let size = |plan: &Plan| plan.places.width.min(plan.places.height);
    let below = plan_one(card, members, if circle { Share::BelowCircle } else { Share::Below });
    let is_wide = |share: &Share| circle && (share.least()..share.most()).contains(&card.width);
    let others = [Share::Beside, Share::Close].into_iter().filter(is_wide);
    // Columns would be too thin beside a circle on a narrow panel.
    let others = others
        .map(|share| (share, plan_one(card, members, share)))
        .filter(|(share, plan)| *share != Share::Close || plan.columns.is_none())
        .map(|(_, plan)| plan);
    others.fold(below, |best, plan| if size(&plan) > size(&best) { plan } else { best })
}

fn plan_one(card: Rect, members: usize, share: Share) -> Plan {
    let wide = matches!(share, Share::Beside | Share::Close);
    let heading_height = if card.height > 260.0 { 34.0 } else { 18.0 };
    let heading = rect(card.x + MARGIN, card.y + 8.0, card.width - 2.0 * MARGIN, heading_height);
    let body = rect(card.x, heading.bottom() + 4.0, card.width, card.bottom() - heading.bottom() - 12.0);
    // Rows get what they need; the places the rest, and at least half.
    let room = if wide { body.height - FOOT - 16.0 } else { (body.height - FOOT) * 0.5 - 16.0 };
    let pitch = (room / members.max(1) as f64).min(share.row_max());
    let count = if pitch >= ROW_MIN { members } else { 0 };
    let columns = count == 0 && room.min(COLUMNS_MAX) >= COLUMNS_MIN;
    // Columns say the same as rows in less height: the places are what there is to see.
    let columns_high = room.min(COLUMNS_MAX).min((body.height - FOOT) * 0.27).max(COLUMNS_MIN);
    let high = if columns { columns_high } else { count as f64 * pitch };
    let foot = body.bottom() - FOOT;
    let (rows, places) = if wide {
        let (width, below) = match share {
            Share::Close => ((body.width * 0.45).clamp(132.0, 180.0), FOOT),
            _ => ((body.width * 0.48).clamp(232.0, 280.0), 0.0),
        };
        let left = body.x + width + if below > 0.0 { 0.0 } else { 8.0 };
        let places = rect(left, body.y, body.right() - left - MARGIN, body.height - below);
        (rect(body.x, body.y + 16.0, width, high), places)
    } else {
        let top = foot - high;
        // Without rows there is nothing to head.
        let gap = if high > 0.0 { 18.0 } else { 2.0 };
        (rect(body.x, top, body.width, high), rect(heading.x, body.y, heading.width, top - body.y - gap))
    };
    let row = |nth: usize| rect(rows.x, rows.y + nth as f64 * pitch, rows.width, pitch - 1.0);
    Plan {
        heading,
        places,
        rows_heading: rows.y - 4.0,
        rows: (0..count).map(row).collect(),
        columns: columns.then_some(rect(rows.x + MARGIN, rows.y, rows.width - 2.0 * MARGIN, rows.height)),
        figures: match share {
            Share::Close => rect(heading.x, foot, heading.width, FOOT),
            _ => rect(rows.x + MARGIN, foot, rows.width - 2.0 * MARGIN, FOOT),
        },
    }
}

/// A row for each of so many members; none if they are too many.
pub fn rows(division: &Division, card: Rect, members: usize) -> Vec<Rect> {
    plan(card, members, division.now.seen.circle).rows
}

/// What is drawn of the places.
pub fn places<'a>(division: &'a Division, moment: Moment<'_>) -> Places<'a> {
    let mark = |it: &KeyAt| it.place.map(|place| Mark { place, owner: it.owner, moved: it.has_moved() });
    let age = moment.view.age_s(moment.now, division.changed) / SWEEP_S;
    // Slower at both ends.
    let age = if moment.view.reduced_motion { 1.0 } else { age.clamp(0.0, 1.0) };
    let side = |it: &'a crate::node::division::Arrangement| Side { seen: &it.seen, members: &it.members };
    Places {
        now: side(&division.now),
        before: division.before.as_deref().map(side),
        marks: division.keys.iter().filter_map(mark).collect(),
        latest: division.latest.as_ref().and_then(mark),
        way: &division.way,
        eased: age * age * (3.0 - 2.0 * age),
        caption: caption(division),
    }
}

/// How the latest key came to its owner, in two short lines.
fn caption(division: &Division) -> [String; 2] {
    let Some(latest) = division.latest else { return ["no key yet".into(), String::new()] };
    let how = match (&division.way, division.now.seen.circle, division.now.seen.cells.is_empty()) {
        (Way::Scores(_), ..) => "highest score for",
        (Way::Jumps(_), ..) => "last jump of",
        (Way::Probes(_), ..) => "nearest probe of",
        (Way::Place, true, _) => "clockwise from",
        (Way::Place, _, true) => "zone of",
        (Way::Place, ..) => "slot of",
    };
    [how.into(), format!("key {} → {}", latest.key, owners(division, latest.owner))]
}

/// Who has the latest key: its owner, and those that have copies.
fn owners(division: &Division, owner: u16) -> String {
    let copies = division.copies.iter().filter(|member| **member != owner);
    let all = std::iter::once(&owner).chain(copies).map(|member| (member + 1).to_string());
    all.collect::<Vec<_>>().join(", ")
}

pub fn draw(
    node: &NodeView,
    station: &Station,
    division: &Division,
    card: Rect,
    moment: Moment<'_>,
    shapes: &mut Vec<Shape>,
) {
    let plan = plan(card, station.members.len(), division.now.seen.circle);
    draw_heading(node, station, division, plan.heading, shapes);
    places(division, moment).draw(plan.places, shapes);
    draw_rows(station, division, &plan, shapes);
    if let Some(area) = plan.columns {
        draw_columns(station, division, area, shapes);
    }
    draw_figures(division, plan.figures, shapes);
}

fn draw_heading(
    node: &NodeView,
    station: &Station,
    division: &Division,
    area: Rect,
    shapes: &mut Vec<Shape>,
) {
    let name = Label::new(&node.name, point(area.x, area.y + 12.0), 13.0).bold().shrunk(area.width * 0.6);
    let room = area.width - name.width() - 10.0;
    let policy = Label::new(division.now.short, point(area.right(), area.y + 12.0), 11.5)
        .end()
        .ink(Ink::DimInk)
        .within(room);
    shapes.extend([name, policy].map(Shape::from));
    if area.height > 30.0 {
        let notes: Vec<&str> =
            [station.does.as_str()].into_iter().chain(station.notes.iter().map(String::as_str)).collect();
        let line = Label::new(notes.join(" · "), point(area.x, area.y + 28.0), 11.0).ink(Ink::DimInk);
        shapes.push(line.shrunk(area.width).into());
    }
}

/// How much of all requests members got lately.
struct Load<'a> {
    division: &'a Division,
    total: u32,
    weights: u32,
    /// The share that a full bar stands for: the longest one is not quite full.
    full: f64,
}

impl Load<'_> {
    fn of(division: &Division) -> Load<'_> {
        let now = &division.now;
        let total = now.members.iter().map(|member| division.asked_of(*member)).sum();
        let mut load = Load { division, total, weights: now.weights.iter().sum(), full: 1.0 };
        let widest = (0..now.members.len()).map(|index| load.fair(index).max(load.share(now.members[index])));
        load.full = widest.fold(0.0, f64::max).max(1e-9) * 1.12;
        load
    }

    fn share(&self, member: u16) -> f64 {
        f64::from(self.division.asked_of(member)) / f64::from(self.total.max(1))
    }

    fn fair(&self, index: usize) -> f64 {
        f64::from(self.division.now.weights[index]) / f64::from(self.weights.max(1))
    }
}

/// What the bars are, in as many words as there is room for.
fn bars_heading(division: &Division, at: Point, room: f64) -> Label {
    let forms = match (under_way(division), division.before.is_some()) {
        (Some(_), _) => ["rows: pale = to go, dashed = to come", "pale = to go"],
        (None, true) => ["since the change, │ = fair share", "│ = fair share"],
        (None, false) => ["load lately, │ = fair share", "│ = fair share"],
    };
    let [long, short] = forms.map(|text| Label::new(text, at, 10.5).ink(Ink::DimInk));
    if long.width() <= room { long } else { short.within(room) }
}

/// Rows that are being moved.
fn under_way(division: &Division) -> Option<&Handover> {
    division.handover.as_ref().filter(|handover| !handover.is_over())
}

fn draw_rows(station: &Station, division: &Division, plan: &Plan, shapes: &mut Vec<Shape>) {
    let Some(first) = plan.rows.first() else { return };
    let now = &division.now;
    let load = Load::of(division);
    let (share, fair) = (|member| load.share(member), |index| load.fair(index));
    let (scale, total) = (load.full, load.total);
    let (x, right) = (first.x + MARGIN, first.right() - MARGIN);
    let room = if first.width > 300.0 { right - x - 150.0 } else { right - x };
    shapes.push(bars_heading(division, point(x, plan.rows_heading), room).into());
    if let Some(handover) = under_way(division) {
        return draw_handover(station, handover, plan, shapes);
    }
    let label = |row: &Rect, member: &StationMember| {
        let number = member.number.saturating_sub(1) as u16;
        let known = now.members.contains(&number);
        let long = row.height < ROW_NOTED_MIN && row.width > 300.0;
        let ink = if trouble(member).is_some() { Ink::FailedText } else { Ink::DimInk };
        let words = words(member, known.then(|| share(number)), total, long);
        Label::new(words, Point::default(), 10.5).end().ink(ink).within(row.width * 0.5)
    };
    let wide = width_for(plan.rows.iter().zip(&station.members).map(|(row, it)| label(row, it)), 34.0);
    // Who works for others has a queue, too.
    let queues = first.width > 300.0 && station.members.iter().any(|member| member.queued.1 > 0);
    let queue_x = right - wide - 8.0 - QUEUE;
    if queues {
        let at = point(queue_x, plan.rows_heading);
        shapes.push(Label::new("queue", at, 10.5).ink(Ink::DimInk).into());
    }
    for (row, member) in plan.rows.iter().zip(&station.members) {
        let number = member.number.saturating_sub(1) as u16;
        let noted = row.height >= ROW_NOTED_MIN;
        let middle = row.center().y - if noted { 5.0 } else { 0.0 };
        if noted {
            let at = point(x + 21.0, middle + 16.5);
            let queue = match member.queued {
                (_, 0) => String::new(),
                (wait, places) => format!(", queue {wait} of {places}"),
            };
            let note = Label::new(format!("{}{queue}", member.note), at, 10.5).ink(Ink::DimInk);
            shapes.push(note.shrunk(right - at.x).into());
        }
        badge(point(x + 8.0, middle), 7.5, number, shapes);
        let index = now.members.iter().position(|it| *it == number);
        shapes.push(Label { at: point(right, middle + 3.8), ..label(row, member) }.into());
        let from = x + 21.0;
        let to = if queues { queue_x - 10.0 } else { right - wide - 8.0 };
        let bar = rect(from, middle - 4.5, (to - from).max(8.0), 9.0);
        if queues {
            let (wait, places) = member.queued;
            let full = f64::from(wait) / f64::from(places.max(1));
            let ink = if wait >= places { Ink::Failed } else { Ink::Waiting };
            gauges::level(rect(queue_x, middle - 3.0, QUEUE, 6.0), full, ink, shapes);
        }
        let Some(index) = index else {
            shapes.push(slab(bar, 4.5, Ink::Empty));
            continue;
        };
        gauges::level(bar, share(number) / scale, Ink::owner(number.into()), shapes);
        tick(bar, fair(index) / scale, Ink::Ink, shapes);
        if let Some(bound) = bound(division, index) {
            tick(bar, (bound / scale).min(1.0), Ink::Failed, shapes);
        }
    }
}

/// The width that is kept for all rows' words beside their bars, in steps: so all bars have one scale, and it stands still
/// while figures change.
fn width_for(words: impl Iterator<Item = Label>, least: f64) -> f64 {
    const STEP: f64 = 12.0;
    (words.map(|label| label.width()).fold(least, f64::max) / STEP).ceil() * STEP
}

/// Rows that each member holds, in its colour; pale those that still have to go, dashed those that have yet to come.
fn draw_handover(station: &Station, handover: &Handover, plan: &Plan, shapes: &mut Vec<Shape>) {
    let number = |member: &StationMember| member.number.saturating_sub(1) as u16;
    let all = |member: &StationMember| member.rows.unwrap_or(0) + handover.of_member(number(member)).1;
    let most = station.members.iter().map(all).max().unwrap_or(0).max(1);
    let label = |row: &Rect, member: &StationMember| {
        let (leaving, coming) = handover.of_member(number(member));
        let changes = [(leaving, '−'), (coming, '+')].into_iter().filter(|(count, _)| *count > 0);
        let rows = member.rows.unwrap_or(0);
        let mut words = trouble(member).map_or(figures::whole(rows.into()), str::to_owned);
        changes.for_each(|(count, sign)| words.push_str(&format!(" {sign}{}", figures::whole(count.into()))));
        let ink = if trouble(member).is_some() { Ink::FailedText } else { Ink::Ink };
        Label::new(words, Point::default(), 10.5).end().ink(ink).within(row.width * 0.5)
    };
    let wide = width_for(plan.rows.iter().zip(&station.members).map(|(row, it)| label(row, it)), 64.0);
    for (row, member) in plan.rows.iter().zip(&station.members) {
        let (x, right, middle) = (row.x + MARGIN, row.right() - MARGIN, row.center().y);
        let (number, rows) = (number(member), member.rows.unwrap_or(0));
        let (leaving, coming) = handover.of_member(number);
        badge(point(x + 8.0, middle), 7.5, number, shapes);
        shapes.push(Label { at: point(right, middle + 3.8), ..label(row, member) }.into());
        let bar = rect(x + 21.0, middle - 4.5, (right - wide - 29.0 - x).max(8.0), 9.0);
        let part = |from: u32, count: u32| {
            let unit = bar.width / f64::from(most);
            rect(bar.x + unit * f64::from(from), bar.y, unit * f64::from(count), bar.height)
        };
        let stays = rows.saturating_sub(leaving);
        let owner = Ink::owner(number.into());
        for (place, alpha) in [(part(0, stays), 1.0), (part(stays, rows - stays), 0.38)] {
            if place.width >= 0.5 {
                let fill = Some(Fill { ink: owner, alpha });
                shapes.push(Shape::Rect { rect: place, radius: 2.0, fill, line: None });
            }
        }
        let place = part(rows, coming);
        if place.width >= 1.5 {
            let line = Some(Stroke::new(owner, 1.2).dashed(3.0, 2.0));
            shapes.push(Shape::Rect { rect: place, radius: 2.0, fill: None, line });
        }
    }
}

/// Columns stand no further apart than this, and are no wider.
const PITCH_MAX: f64 = 96.0;
const WIDE_MAX: f64 = 44.0;

/// A column for each member, where they are too many for rows: its load, or its rows while they are moved.
fn draw_columns(station: &Station, division: &Division, area: Rect, shapes: &mut Vec<Shape>) {
    shapes.push(bars_heading(division, point(area.x, area.y - 4.0), area.width).into());
    let load = Load::of(division);
    let handover = under_way(division);
    let rows = |member: &StationMember| f64::from(member.rows.unwrap_or(0));
    let most = station.members.iter().map(rows).fold(1.0, f64::max) * 1.12;
    let pitch = (area.width / station.members.len().max(1) as f64).min(PITCH_MAX);
    let numbered = pitch >= 15.0;
    let floor = area.bottom() - if numbered { 13.0 } else { 2.0 };
    for (nth, member) in station.members.iter().enumerate() {
        let number = member.number.saturating_sub(1) as u16;
        let (wide, high) = ((pitch * 0.8).min(WIDE_MAX), floor - area.y);
        let place = rect(area.x + nth as f64 * pitch + (pitch - wide) / 2.0, area.y, wide, high);
        let radius = (wide * 0.25).min(3.0);
        shapes.push(slab(place, radius, Ink::Empty));
        let index = division.now.members.iter().position(|it| *it == number);
        let share = match handover {
            Some(_) => rows(member) / most,
            None => index.map_or(0.0, |_| load.share(number) / load.full),
        };
        let height = high * share.min(1.0);
        if height >= 0.5 {
            let level = rect(place.x, floor - height, wide, height);
            shapes.push(slab(level, radius.min(height / 2.0), Ink::owner(number.into())));
        }
        if let (Some(index), None) = (index, handover) {
            let y = floor - high * (load.fair(index) / load.full).min(1.0);
            let points = vec![point(place.x - 0.5, y), point(place.right() + 0.5, y)];
            shapes.push(Shape::Polyline { points, line: Stroke::new(Ink::Ink, 1.4) });
        }
        if trouble(member).is_some() {
            let (center, size) = (place.center(), (wide * 0.3).min(5.0));
            shapes.push(Shape::Cross { center, size, line: Stroke::new(Ink::Failed, 1.8) });
        }
        if numbered {
            let at = point(place.center().x, area.bottom() - 2.0);
            let label = |text: String| Label::new(text, at, 10.0).middle().ink(Ink::DimInk);
            let name = member.number.to_string();
            let has_share = index.is_some() && handover.is_none() && load.total > 0;
            let long = has_share.then(|| label(format!("{name} · {}", figures::percent(load.share(number)))));
            let label = long.filter(|label| label.width() + 4.0 <= pitch).unwrap_or_else(|| label(name));
            shapes.push(label.within(pitch).into());
        }
    }
}

/// The share of all that a bounded policy lets this member have at most, while somebody has something.
fn bound(division: &Division, index: usize) -> Option<f64> {
    let loads = &division.now.seen.loads;
    let total: u64 = loads.iter().map(|load| load.holds).sum();
    loads.get(index).filter(|_| total > 0).map(|load| load.most as f64 / total as f64)
}

fn tick(bar: Rect, share: f64, ink: Ink, shapes: &mut Vec<Shape>) {
    let x = bar.x + bar.width * share;
    let points = vec![point(x, bar.y - 2.5), point(x, bar.bottom() + 2.5)];
    shapes.push(Shape::Polyline { points, line: Stroke::new(ink, 1.6) });
}

fn trouble(member: &StationMember) -> Option<&'static str> {
    match (member.down, member.frozen) {
        (true, _) => Some("down"),
        (_, true) => Some("frozen"),
        _ => None,
    }
}

/// "27 %", "27 % · 82 of 100 entries", "down".
fn words(member: &StationMember, share: Option<f64>, total: u32, long: bool) -> String {
    let share = share.filter(|_| total > 0).map(figures::percent);
    let side = (member.side > 0).then(|| format!("side {}", member.side));
    let note = (long && !member.note.is_empty()).then(|| member.note.clone());
    let parts = [trouble(member).map(str::to_owned), side, share, note];
    parts.into_iter().flatten().collect::<Vec<String>>().join(" · ")
}

fn draw_figures(division: &Division, area: Rect, shapes: &mut Vec<Shape>) {
    let mut line = |nth: usize, parts: [(String, Ink); 2]| {
        let baseline = area.y + 14.0 + 15.0 * nth as f64;
        let [(dim, dim_ink), (strong, ink)] = parts;
        let strong = Label::new(strong, point(area.right(), baseline), 11.0)
            .bold()
            .end()
            .ink(ink)
            .within(area.width * 0.6);
        let room = area.width - strong.width() - 8.0;
        shapes.push(Label::new(dim, point(area.x, baseline), 11.0).ink(dim_ink).within(room).into());
        shapes.push(strong.into());
    };
    if let Some(Handover { moved, of, .. }) = under_way(division) {
        let said = format!("{} of {}", figures::whole((*moved).into()), figures::whole((*of).into()));
        line(0, [("rows moved".into(), Ink::DimInk), (said, Ink::WaitingText)]);
    } else if let Some(found) = division.max_over_mean() {
        match &division.handover {
            // What was moved row by row stays to be seen.
            Some(over) if area.width < 250.0 => {
                let moved = figures::whole(over.moved.into());
                line(0, [("rows moved".into(), Ink::DimInk), (moved, Ink::WaitingText)]);
            }
            Some(over) => {
                let said = figures::count(over.moved.into(), "row moved", "rows moved");
                line(0, [(format!("max ÷ mean {found:.2}"), Ink::DimInk), (said, Ink::WaitingText)]);
            }
            None => line(0, [("max ÷ mean".into(), Ink::DimInk), (format!("{found:.2}"), Ink::Ink)]),
        }
    }
    if let Some(moved) = division.moved {
        let share = |count: u32| figures::percent(f64::from(count) / f64::from(moved.of.max(1)));
        // Rows are those that were written, keys all that were asked for.
        let keys = match (area.width < 230.0, division.handover.is_some()) {
            (true, _) => "moved",
            (false, true) => "of all keys asked for",
            (false, false) => "keys moved",
        };
        let label = format!("{keys} {}", share(moved.moved));
        let other = match division.now.policy {
            "modulo" => format!("{} of {}", moved.moved, moved.of),
            _ => format!("with modulo {}", share(moved.with_modulo)),
        };
        line(1, [(label, Ink::Ink), (other, Ink::FailedText)]);
    }
}

/// Who divides the keys and what that moved, in words that stand still.
pub fn describe(division: &Division) -> String {
    let count = figures::count(division.now.members.len() as u64, "member", "members");
    let mut text = format!("Keys are divided among {count}: {}.", division.now.name);
    if let Some(moved) = division.moved {
        let share = |count: u32| figures::percent(f64::from(count) / f64::from(moved.of.max(1)));
        text.push_str(&format!(
            " The last change of members moved {} of the keys; modulo would have moved {}.",
            share(moved.moved),
            share(moved.with_modulo)
        ));
    }
    if under_way(division).is_some() {
        text.push_str(" Rows are being moved to their new owners.");
    }
    text
}

/// What the picture shows beyond that: the places, how the last key came to its owner, and each member's load.
pub fn in_full(division: &Division) -> String {
    let now = &division.now;
    let mut said = vec![describe(division)];
    if !now.seen.note.is_empty() {
        said.push(format!("{}.", now.seen.note));
    }
    if let Some(latest) = division.latest {
        let members = if division.copies.len() > 1 { "members" } else { "member" };
        said.push(format!("Key {} belongs to {members} {}.", latest.key, owners(division, latest.owner)));
    }
    let total: u32 = now.members.iter().map(|member| division.asked_of(*member)).sum();
    if total > 0 {
        let share = |member: &u16| {
            let share = f64::from(division.asked_of(*member)) / f64::from(total);
            format!("{} {}", member + 1, figures::percent(share))
        };
        let shares: Vec<String> = now.members.iter().take(SHARES).map(share).collect();
        said.push(format!("Requests lately by member: {}.", shares.join(", ")));
    }
    said.extend(division.max_over_mean().map(|found| format!("The most is {found:.2} times the mean.")));
    said.join(" ")
}

/// More members than these are not told one by one.
const SHARES: usize = 24;
