//! A cache: its policy's lists as rows of slots in the policy's own order, ghosts, hands and marks.
//!
//! Each list is a heading and rows of slots; free places are slots too. What does not fit is counted in the place
//! where it would stand. A slot says in this order of weight: just hit (with something old or not), expired, marked by
//! the policy, held.

use super::parts::{self, Line, Piece};
use crate::algo::cache::List;
use crate::node::station::CacheView;
use crate::scene::figures;
use crate::scene::geometry::{Rect, point, rect};
use crate::scene::palette::Ink;
use crate::scene::shape::{Fill, Label, Shape, Stroke, disc, slab};
use crate::scene::text::{self, Weight};

/// What a policy's marks mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Marks {
    /// None, or none that is drawn.
    Plain,
    /// Uses since: a dot each.
    Dots,
    /// A number worth reading.
    Number,
    /// LIRS: 2 hot, 1 held and cold, 0 remembered only.
    Hot,
}

/// By policy: its marks, and what its order says.
const POLICIES: &[(&str, Marks, &str)] = &[
    ("fifo", Marks::Plain, "newest → oldest: the last one leaves next"),
    ("lru", Marks::Plain, "last used → longest unused: the last one leaves next"),
    ("lfu", Marks::Number, "most used → least used: the number counts uses"),
    ("random", Marks::Plain, "any of them may leave"),
    ("clock", Marks::Dots, "the hand goes up the row; ● used, is spared once"),
    ("slru", Marks::Plain, "a hit moves a key up; the last on probation leaves"),
    ("two-q", Marks::Plain, "asked for again after A1in: into Am"),
    ("arc", Marks::Plain, "a hit in B1 or B2 moves the target of T1"),
    ("lirs", Marks::Hot, "dark: hot; pale: held; dashed: only remembered"),
    ("w-tiny-lfu", Marks::Plain, "the sketch decides who stays: newcomer or victim"),
    ("s3-fifo", Marks::Dots, "one-hit wonders leave by the small queue; ● hits"),
    ("sieve", Marks::Dots, "newest → oldest; ● visited, is spared once"),
    ("ttl", Marks::Plain, "only time lets an entry leave"),
    ("min", Marks::Number, "soonest needed → latest: the last one leaves next"),
];

/// Lists of what has yet to prove itself: paler.
const TRIAL: &[&str] =
    &["probation", "A1in (entrance)", "T1 (used once)", "queue Q", "window", "small queue"];

const PAD: f64 = 12.0;
/// Name and what it does.
const HEAD: f64 = 39.0;
/// Last line: what happened.
const FOOT: f64 = 19.0;
const LABEL: f64 = 13.5;
const SLOT: f64 = 20.0;
const SLOT_NUMBERED: f64 = 28.0;
const GAP: f64 = 3.0;
/// Below slots, for a hand.
const HAND: f64 = 9.0;
const GHOST: f64 = 15.0;
const SKETCH: f64 = 17.0;
const SIZE: f64 = 9.5;

fn policy(view: &CacheView) -> (Marks, &'static str) {
    POLICIES.iter().find(|row| row.0 == view.policy).map_or((Marks::Plain, ""), |row| (row.1, row.2))
}

/// About as many slots stand in a row.
const COLUMNS: u32 = 6;

/// Where there is room, slots are larger.
const ZOOMS: [f64; 4] = [1.35, 1.2, 1.1, 1.0];

fn slot_height(marks: Marks, zoom: f64) -> f64 {
    zoom * if marks == Marks::Number { SLOT_NUMBERED } else { SLOT }
}

/// One row of a list, the space to the next one included.
fn row_height(list: &List, marks: Marks, zoom: f64) -> f64 {
    slot_height(marks, zoom) + GAP + if list.hand.is_some() { HAND } else { 0.0 }
}

/// The height with one row for each list.
pub fn least_height(view: &CacheView) -> f64 {
    let (marks, _) = policy(view);
    let list = |list: &List| if list.ghost { GHOST } else { LABEL + row_height(list, marks, 1.0) };
    let lists: f64 = view.held.lists.iter().map(list).sum();
    HEAD + lists.max(LABEL + SLOT) + if view.held.sketch.is_empty() { 0.0 } else { SKETCH } + FOOT
}

/// How much more height than the least its slots can use. It depends on what stands still only.
pub fn more_height(view: &CacheView) -> f64 {
    let (marks, _) = policy(view);
    let rows = f64::from(view.capacity.div_ceil(COLUMNS));
    (rows * (slot_height(marks, 1.2) + GAP)).clamp(60.0, 250.0) + 14.0
}

/// What stands in one cell of a list.
#[derive(Clone, Copy)]
enum Item {
    Key(usize),
    Free,
    /// So many are not shown; over so many cells.
    More(u32, usize),
    /// So many free places are not shown.
    MoreFree(u32, usize),
}

pub fn draw(
    name: &str,
    does: &str,
    trouble: Option<&str>,
    view: &CacheView,
    card: Rect,
    shapes: &mut Vec<Shape>,
) {
    let (marks, caption) = policy(view);
    let ratio = |hits: u64, reads: u64| (reads > 0).then(|| figures::percent(hits as f64 / reads as f64));
    let all = ratio(view.hits, view.reads).map_or(figures::NONE.to_owned(), |all| format!("{all} hits"));
    let (hits, reads) = view.recent;
    let recent =
        ratio(hits.into(), reads.into()).map_or(String::new(), |ratio| format!("last {reads}: {ratio}"));
    let right = trouble.map_or(Piece::bold(all), |trouble| Piece::bold(trouble).ink(Ink::FailedText));
    let inner = rect(card.x + PAD, card.y, card.width - 2.0 * PAD, card.height);
    parts::ends(inner, card.y + 18.0, 12.0, Piece::bold(name), right, shapes);
    parts::ends(inner, card.y + 32.0, 10.5, Piece::dim(does), Piece::dim(recent), shapes);
    let mut top = card.y + HEAD;
    let mut spare = card.height - least_height(view);
    if spare >= 14.0 && !caption.is_empty() {
        // Its first half says what the order is.
        let label = |text| Label::new(text, point(inner.x, top + 6.5), 10.0).ink(Ink::DimInk);
        let half = caption.split([':', ';']).next().unwrap_or(caption);
        let forms = [label(caption), label(half)];
        let fits = forms.iter().find(|label| label.width() <= inner.width).cloned();
        shapes.push(fits.unwrap_or_else(|| label(caption).within(inner.width)).into());
        (top, spare) = (top + 14.0, spare - 14.0);
    }
    // The largest slots with which nothing is cut.
    let sheets = ZOOMS.map(|zoom| Sheet::new(view, marks, inner, zoom));
    let fitting =
        sheets.iter().find_map(|sheet| sheet.rows(spare).filter(|(_, all)| *all).map(|rows| (sheet, rows)));
    let [.., smallest] = &sheets;
    let Some((sheet, (rows, _))) = fitting.or_else(|| Some((smallest, smallest.rows(spare)?))) else {
        return;
    };
    for ((list, rows), free) in view.held.lists.iter().zip(rows).zip(free_places(view)) {
        top = if list.ghost {
            sheet.ghosts(list, top, shapes)
        } else {
            sheet.list(list, free, rows, top, shapes)
        };
    }
    if !view.held.sketch.is_empty() {
        sketch(view, rect(inner.x, top + 2.0, inner.width, SKETCH - 5.0), shapes);
    }
    foot(view, inner, card.bottom() - 8.0, shapes);
}

/// What became of the last read, in words and as a colour.
fn verdict(view: &CacheView, hit: bool) -> (&'static str, Ink) {
    match (hit, view.last_stale) {
        (true, false) => ("hit", Ink::OkText),
        (true, true) => ("hit, but old", Ink::WaitingText),
        (false, _) => ("missed", Ink::WaitingText),
    }
}

/// How many acknowledged writes are lost, and how many hits were old; each also shortly.
fn wrongs(view: &CacheView) -> Vec<[String; 2]> {
    let lost = || {
        [
            figures::count(view.lost, "write lost", "writes lost"),
            format!("{} lost", figures::whole(view.lost)),
        ]
    };
    let stale = || {
        let count = format!("{} stale", figures::whole(view.stale));
        [format!("{count}, {} of hits", figures::percent(view.stale as f64 / view.hits.max(1) as f64)), count]
    };
    let (lost, stale) = ((view.lost > 0).then(lost), (view.stale > 0).then(stale));
    lost.into_iter().chain(stale).collect()
}

/// What happened last, what waits to be written, and what went wrong so far.
fn foot(view: &CacheView, inner: Rect, baseline: f64, shapes: &mut Vec<Shape>) {
    let mut line = Line::new(inner, baseline, 10.0);
    if let Some((key, hit)) = view.last {
        let (what, ink) = verdict(view, hit);
        line.put(Piece::bold(format!("k{key} {what}")).ink(ink), shapes);
    }
    if view.unflushed_count > 0 {
        let count = figures::count(view.unflushed_count.into(), "write kept", "writes kept");
        line.dot(Ink::Waiting, Piece::plain(count).ink(Ink::WaitingText), shapes);
    }
    for forms in wrongs(view) {
        // The first that there is room for.
        let _ = forms.into_iter().any(|it| line.put(Piece::bold(it).ink(Ink::FailedText), shapes));
    }
    if let Some(key) = view.evicted {
        line.put(Piece::dim(format!("k{key} fell out")), shapes);
    }
}

/// By list: how many of the free places are shown there.
fn free_places(view: &CacheView) -> Vec<u32> {
    let mut left = view.capacity.saturating_sub(view.entries);
    let room = |list: &List| {
        let free = if list.ghost { 0 } else { list.limit.saturating_sub(list.len).min(left) };
        left -= free;
        free
    };
    view.held.lists.iter().map(room).collect()
}

/// Sizes that hold for the whole card.
struct Sheet<'a> {
    view: &'a CacheView,
    marks: Marks,
    inner: Rect,
    slot: (f64, f64),
    columns: usize,
    zoom: f64,
    size: f64,
}

impl Sheet<'_> {
    fn new(view: &CacheView, marks: Marks, inner: Rect, zoom: f64) -> Sheet<'_> {
        let size = SIZE * (1.0 + (zoom - 1.0) * 0.6);
        let widest = view.held.lists.iter().flat_map(|list| &list.keys).max().copied().unwrap_or(0);
        let digits = "0".repeat(widest.to_string().len().max(2));
        let width = text::width(&format!("k{digits}"), size, Weight::Bold) + 6.0 * zoom;
        let columns = (((inner.width + GAP) / (width + GAP)) as usize).max(1);
        // What is left over goes into the slots.
        let width = ((inner.width + GAP) / columns as f64 - GAP).min(width * 1.25);
        Sheet { view, marks, inner, slot: (width, slot_height(marks, zoom)), columns, zoom, size }
    }

    fn row(&self, list: &List) -> f64 {
        row_height(list, self.marks, self.zoom)
    }

    /// How many rows each list gets: one, and further ones where most would be cut; and whether nothing is.
    fn rows(&self, spare: f64) -> Option<(Vec<usize>, bool)> {
        let lists = &self.view.held.lists;
        let larger: f64 = lists.iter().filter(|list| !list.ghost).map(|list| self.row(list)).sum::<f64>()
            - lists
                .iter()
                .filter(|list| !list.ghost)
                .map(|list| row_height(list, self.marks, 1.0))
                .sum::<f64>();
        let mut spare = spare - larger;
        let mut rows = vec![1; lists.len()];
        // As many as the list may grow to, so that nothing jumps while it fills.
        let wanted = |list: &List| list.limit.max(list.len).min(self.view.capacity.max(list.len)) as usize;
        while spare >= 0.0 {
            let lacks = |at: usize, rows: usize| match lists[at].ghost {
                true => 0,
                false => wanted(&lists[at]).saturating_sub(rows * self.columns),
            };
            // What is there comes before what is free.
            let cut = |at: usize, rows: usize| (lists[at].len as usize).saturating_sub(rows * self.columns);
            let open = (0..lists.len()).filter(|at| lacks(*at, rows[*at]) > 0);
            let Some(at) =
                open.max_by_key(|at| (cut(*at, rows[*at]), lacks(*at, rows[*at]), lists.len() - at))
            else {
                return Some((rows, true));
            };
            if self.row(&lists[at]) > spare {
                return Some((rows, false));
            }
            rows[at] += 1;
            spare -= self.row(&lists[at]);
        }
        // Only where the card is smaller than it should be.
        (self.zoom <= 1.0).then_some((rows, false))
    }

    /// What fills so many rows.
    fn items(&self, list: &List, free: u32, rows: usize) -> Vec<Item> {
        let (cells, len, known) = (rows * self.columns, list.len as usize, list.keys.len());
        if len + free as usize <= cells && known == len {
            return (0..len).map(Item::Key).chain((0..free).map(|_| Item::Free)).collect();
        }
        // The widest note that there can be.
        let note = text::width(&format!("… {} more", list.len.max(free)), SIZE, Weight::Regular) + 4.0;
        let span = ((note / (self.slot.0 + GAP)).ceil() as usize).min(self.columns);
        let room = cells - span;
        if len <= room && known == len {
            let shown = room - len;
            let free = Item::MoreFree(free - shown as u32, span);
            return (0..len).map(Item::Key).chain((0..shown).map(|_| Item::Free)).chain([free]).collect();
        }
        // The end is telling: who leaves next. It stays on one row with the note.
        let tail = if known == len { (room / 3).min(3).min(self.columns - span) } else { 0 };
        let head = (room - tail).min(known);
        let more = Item::More((len - head - tail) as u32, span);
        (0..head).map(Item::Key).chain([more]).chain((len - tail..len).map(Item::Key)).collect()
    }

    /// A list with its heading; where the next may begin.
    fn list(&self, list: &List, free: u32, rows: usize, top: f64, shapes: &mut Vec<Shape>) -> f64 {
        let (inner, (width, height)) = (self.inner, self.slot);
        let mut said = format!("{} · {}", list.name, list.len);
        if list.limit < self.view.capacity {
            // While others leave room, a list may outgrow what it is held to when there is none.
            let of = if list.len > list.limit { ", its share" } else { " of" };
            said.push_str(&format!("{of} {}", list.limit));
        }
        let target =
            (self.view.held.figures.iter()).find(|it| it.0 == "target of T1" && list.name.starts_with("T1"));
        if let Some((_, target)) = target {
            said.push_str(&format!(" · target {target:.1}"));
        }
        let label = Label::new(said, point(inner.x, top + 9.5), SIZE).ink(Ink::DimInk);
        shapes.push(label.within(inner.width).into());
        let (pitch, row) = (width + GAP, self.row(list));
        let at = |cell: usize| {
            let (column, line) = ((cell % self.columns) as f64, (cell / self.columns) as f64);
            rect(inner.x + column * pitch, top + LABEL + line * row, width, height)
        };
        let mut cell = 0;
        let mut hand = None;
        for item in self.items(list, free, rows) {
            let place = at(cell);
            let (points, cells) = match item {
                Item::Key(index) => {
                    self.slot(list, index, place, shapes);
                    (Some(index as u32) == list.hand, 1)
                }
                Item::Free => {
                    parts::empty(place, shapes);
                    (false, 1)
                }
                Item::More(count, span) => {
                    self.note(format!("… {count} more"), span, place, shapes);
                    let hidden = list
                        .hand
                        .is_some_and(|hand| hand as usize >= cell && (hand as usize) < cell + count as usize);
                    (hidden, span)
                }
                Item::MoreFree(count, span) => {
                    self.note(format!("+ {count} free"), span, place, shapes);
                    (false, span)
                }
            };
            if points {
                hand = Some(place);
            }
            cell += cells;
        }
        if let Some(slot) = hand {
            self.hand(slot, shapes);
        }
        if let Some((_, target)) = target.filter(|it| it.1 > 0.0 && it.1 < cell as f64) {
            // Between the entries that T1 should have and those beyond.
            let place = at(*target as usize);
            let x = place.x - GAP / 2.0 + (target - libm::floor(*target)) * pitch;
            let points = vec![point(x, place.y - 3.0), point(x, place.bottom() + 3.0)];
            shapes.push(Shape::Polyline { points, line: Stroke::new(Ink::Ink, 2.0) });
        }
        top + LABEL + rows as f64 * row
    }

    fn note(&self, text: String, span: usize, place: Rect, shapes: &mut Vec<Shape>) {
        let width = span as f64 * (self.slot.0 + GAP) - GAP;
        let at = point(place.x + width / 2.0, place.center().y + 3.5);
        shapes.push(Label::new(text, at, SIZE).middle().ink(Ink::DimInk).within(width).into());
    }

    fn hand(&self, slot: Rect, shapes: &mut Vec<Shape>) {
        let (x, y) = (slot.center().x, slot.bottom() + 1.5);
        let points = vec![point(x, y), point(x - 4.5, y + 6.5), point(x + 4.5, y + 6.5)];
        shapes.push(Shape::Polygon { points, fill: Some(Fill::of(Ink::Failed)), line: None });
    }

    /// One entry.
    fn slot(&self, list: &List, index: usize, place: Rect, shapes: &mut Vec<Shape>) {
        let key = list.keys[index];
        let mark = list.marks.get(index).copied();
        let life = self.view.lives.iter().find(|life| life.0 == key).map(|life| life.1);
        let remembered = self.marks == Marks::Hot && mark == Some(0);
        let hit = self.view.last == Some((key, true)) && !remembered;
        let weight = match (self.marks, mark) {
            _ if hit => 1.0,
            (Marks::Dots, Some(0)) | (Marks::Hot, Some(1)) => 0.2,
            (Marks::Dots, Some(_)) | (Marks::Hot, Some(_)) => 0.5,
            _ if TRIAL.contains(&list.name) => 0.2,
            _ => 0.42,
        };
        let ink = if hit { verdict(self.view, true).1 } else { Ink::Request };
        let (fill, line, text) = match life {
            _ if remembered => (None, Stroke::new(Ink::DimInk, 1.0).dashed(2.0, 2.0), Ink::DimInk),
            Some(left) if left <= 0.0 => (None, Stroke::new(Ink::Waiting, 1.2).dashed(3.0, 2.0), Ink::DimInk),
            _ => (Some(Fill { ink, alpha: weight }), Stroke::new(ink, 1.0).faded(0.35), Ink::Ink),
        };
        let text = if hit && fill.is_some() { Ink::OnStrong } else { text };
        shapes.push(Shape::Rect { rect: place, radius: 5.0, fill, line: Some(line) });
        let baseline = place.y
            + place.height * if self.marks == Marks::Number { 0.44 } else { 0.5 }
            + if self.marks == Marks::Number { 0.0 } else { self.size * 0.37 };
        let label = Label::new(format!("k{key}"), point(place.center().x, baseline), self.size)
            .bold()
            .middle()
            .ink(text);
        shapes.push(label.into());
        match (self.marks, mark) {
            (Marks::Dots, Some(count)) => {
                let dots = (0..count.min(3))
                    .map(|dot| point(place.right() - 4.0 - 5.0 * f64::from(dot), place.y + 3.2));
                shapes.extend(dots.map(|at| disc(at, 1.9, if hit { Ink::OnStrong } else { Ink::Ink })));
            }
            (Marks::Number, Some(number)) if number < u32::MAX => {
                let at = point(place.center().x, place.bottom() - 4.5);
                let label = Label::new(figures::whole(number.into()), at, 9.0).middle().ink(text);
                shapes.push(label.within(place.width).into());
            }
            _ => {}
        }
        if let Some(left) = life.filter(|left| *left > 0.0) {
            let ink = if hit {
                Ink::OnStrong
            } else if left < 0.2 {
                Ink::Failed
            } else {
                Ink::RequestText
            };
            let width = (place.width - 6.0) * f64::from(left);
            shapes.push(slab(rect(place.x + 3.0, place.bottom() - 3.4, width.max(1.0), 1.8), 0.9, ink));
        }
        if self.view.unflushed.binary_search(&key).is_ok() {
            shapes.push(disc(point(place.x + 3.2, place.y + 3.2), 3.0, Ink::Waiting));
        }
    }

    /// Keys whose entries are gone, small and dashed, on one line.
    fn ghosts(&self, list: &List, top: f64, shapes: &mut Vec<Shape>) -> f64 {
        let (size, center) = (8.5, top + 6.5);
        let label =
            Label::new(format!("{} · {}", list.name, list.len), point(self.inner.x, center + 3.2), SIZE);
        let label = label.ink(Ink::DimInk).within(self.inner.width * 0.6);
        let mut x = self.inner.x + label.width() + 6.0;
        shapes.push(label.into());
        let note = |hidden: usize| format!("… {hidden} more");
        for (index, key) in list.keys.iter().enumerate() {
            let word = format!("k{key}");
            let width = text::width(&word, size, Weight::Regular) + 5.0;
            let hidden = list.len as usize - index;
            let rest =
                if hidden == 1 { 0.0 } else { text::width(&note(hidden), size, Weight::Regular) + GAP };
            if x + width + rest > self.inner.right() {
                let label = Label::new(note(hidden), point(x, center + 3.0), size).ink(Ink::DimInk);
                shapes.push(label.within(self.inner.right() - x).into());
                break;
            }
            let line = Some(Stroke::new(Ink::DimInk, 0.9).dashed(2.0, 2.0).faded(0.8));
            shapes.push(Shape::Rect {
                rect: rect(x, center - 5.8, width, 11.6),
                radius: 3.0,
                fill: None,
                line,
            });
            let at = point(x + width / 2.0, center + 3.0);
            shapes.push(Label::new(word, at, size).middle().ink(Ink::DimInk).into());
            x += width + GAP;
        }
        top + GHOST
    }
}

/// Counters of the sketch as heat: each column the largest of some neighbours.
fn sketch(view: &CacheView, area: Rect, shapes: &mut Vec<Shape>) {
    let figure = |name: &str| view.held.figures.iter().find(|it| it.0 == name).map_or(0.0, |it| it.1);
    let said = format!("sketch · {} of {}", figure("requests counted"), figure("halved at"));
    let label = Label::new(said, point(area.x, area.center().y + 3.2), SIZE)
        .ink(Ink::DimInk)
        .within(area.width * 0.6);
    let strip = rect(area.x + label.width() + 6.0, area.y, area.width - label.width() - 6.0, area.height);
    shapes.push(label.into());
    shapes.push(slab(strip, 2.0, Ink::Empty));
    let height = strip.height / view.held.sketch.len() as f64;
    for (row, counters) in view.held.sketch.iter().enumerate() {
        let columns = ((strip.width / 4.0) as usize).clamp(1, counters.len().max(1));
        let width = strip.width / columns as f64;
        for (column, some) in counters.chunks(counters.len().div_ceil(columns).max(1)).enumerate() {
            let most = some.iter().max().copied().unwrap_or(0);
            if most > 0 {
                let cell =
                    rect(strip.x + column as f64 * width, strip.y + row as f64 * height, width, height);
                let fill = Some(Fill { ink: Ink::Request, alpha: 0.15 + 0.85 * f64::from(most) / 15.0 });
                shapes.push(Shape::Rect { rect: cell, radius: 0.0, fill, line: None });
            }
        }
    }
}

/// What the picture says, in words.
pub fn describe(view: &CacheView) -> String {
    let mut said = vec![];
    if view.reads > 0 {
        said.push(format!("{} hits", figures::percent(view.hits as f64 / view.reads as f64)));
    }
    for list in &view.held.lists {
        let mut words = format!("{} {}", list.name, list.len);
        if let (Some(first), false) = (list.keys.first(), list.ghost) {
            words.push_str(&format!(" from k{first}"));
            if let Some(last) =
                list.keys.last().filter(|_| list.keys.len() == list.len as usize && list.len > 1)
            {
                words.push_str(&format!(" to k{last}"));
            }
        }
        if let Some(key) = list.hand.and_then(|hand| list.keys.get(hand as usize)) {
            words.push_str(&format!(", hand at k{key}"));
        }
        said.push(words);
    }
    said.extend(view.held.figures.iter().map(|(name, value)| format!("{name} {}", figures::figure(*value))));
    if let Some((key, hit)) = view.last {
        said.push(format!("k{key} {}", verdict(view, hit).0));
    }
    if view.unflushed_count > 0 {
        said.push(figures::count(view.unflushed_count.into(), "write kept", "writes kept"));
    }
    said.extend(wrongs(view).into_iter().map(|[long, _]| long));
    said.join(", ")
}

/// Keys that are named of each list, from its newest end.
const NAMED: usize = 6;

/// The lists as they stand, in the policy's own order: their first keys, what is marked, who is last, hands, ghosts.
pub fn in_full(view: &CacheView) -> String {
    let (marks, _) = policy(view);
    let mut said = vec![format!("{} of {} places taken", view.entries, view.capacity)];
    if view.reads > 0 {
        said.push(format!("{} hits", figures::percent(view.hits as f64 / view.reads as f64)));
    }
    if let Some((key, hit)) = view.last {
        said.push(format!("k{key} {}", verdict(view, hit).0));
    }
    said.extend(view.evicted.map(|key| format!("k{key} left last")));
    for list in &view.held.lists {
        let name = |index: usize| {
            let key = list.keys[index];
            match (marks, list.marks.get(index)) {
                (Marks::Dots, Some(count)) if *count > 0 => match view.policy {
                    "clock" => format!("k{key} used"),
                    "sieve" => format!("k{key} visited"),
                    _ => format!("k{key} {}", figures::count((*count).into(), "hit", "hits")),
                },
                (Marks::Number, Some(number)) if *number < u32::MAX => format!("k{key} ({number})"),
                (Marks::Hot, Some(2)) => format!("k{key} hot"),
                (Marks::Hot, Some(0)) => format!("k{key} remembered"),
                _ => format!("k{key}"),
            }
        };
        let (len, known) = (list.len as usize, list.keys.len());
        let mut words: Vec<String> = (0..known.min(NAMED)).map(name).collect();
        // As in the picture, the end is told too, if it is known.
        let last = (known == len && len > NAMED).then(|| format!("last {}", name(len - 1)));
        let hidden = len - words.len() - usize::from(last.is_some());
        if hidden > 0 {
            words.push(format!("{hidden} more"));
        }
        words.extend(last);
        if let Some(key) = list.hand.and_then(|hand| list.keys.get(hand as usize)) {
            words.push(format!("the hand at k{key}"));
        }
        let limit = if list.limit < view.capacity { format!(" of {}", list.limit) } else { String::new() };
        let ghosts = if list.ghost { ", gone but remembered" } else { "" };
        let colon = if words.is_empty() { "" } else { ": " };
        said.push(format!("{} {len}{limit}{ghosts}{colon}{}", list.name, words.join(", ")));
    }
    said.extend(view.held.figures.iter().map(|(name, value)| format!("{name} {}", figures::figure(*value))));
    if view.unflushed_count > 0 {
        let keys: Vec<String> = view.unflushed.iter().take(NAMED).map(|key| format!("k{key}")).collect();
        let count = figures::count(view.unflushed_count.into(), "write kept", "writes kept");
        said.push(format!("{count}: {}", keys.join(", ")));
    }
    said.extend(wrongs(view).into_iter().map(|[long, _]| long));
    said.join("; ")
}
