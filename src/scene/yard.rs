//! How the members of one node stand in an area: cards in a row or a grid with sidings, or cells; and where
//! the instrument of the node as a whole stands.
//!
//! Everything is said along the flow (`main`) and across it (`cross`), so that one arrangement
//! serves a stage that is read from left to right and one that is read from top to bottom.

use super::geometry::{Cubic, Curve, Point, Rect, point, rect};
use super::instrument::Room;

/// The direction of the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// From left to right.
    Across,
    /// From top to bottom.
    Down,
}

impl Axis {
    pub fn point(self, main: f64, cross: f64) -> Point {
        match self {
            Axis::Across => point(main, cross),
            Axis::Down => point(cross, main),
        }
    }

    pub fn rect(self, main: f64, cross: f64, main_length: f64, cross_length: f64) -> Rect {
        match self {
            Axis::Across => rect(main, cross, main_length, cross_length),
            Axis::Down => rect(cross, main, cross_length, main_length),
        }
    }

    /// (main, cross) of a point.
    pub fn of(self, p: Point) -> (f64, f64) {
        match self {
            Axis::Across => (p.x, p.y),
            Axis::Down => (p.y, p.x),
        }
    }

    /// (main start, cross start, main length, cross length) of a rectangle.
    pub fn parts(self, r: Rect) -> (f64, f64, f64, f64) {
        match self {
            Axis::Across => (r.x, r.y, r.width, r.height),
            Axis::Down => (r.y, r.x, r.height, r.width),
        }
    }

    /// The middle of the edge where the flow comes in.
    pub fn entry(self, r: Rect) -> Point {
        let (main, cross, _, cross_length) = self.parts(r);
        self.point(main, cross + cross_length / 2.0)
    }

    /// The middle of the edge where the flow goes out.
    pub fn exit(self, r: Rect) -> Point {
        let (main, cross, main_length, cross_length) = self.parts(r);
        self.point(main + main_length, cross + cross_length / 2.0)
    }

    /// A curve that leaves and arrives along the flow.
    pub fn bend(self, from: Point, to: Point) -> Cubic {
        let ((m0, c0), (m1, c1)) = (self.of(from), self.of(to));
        let middle = (m0 + m1) / 2.0;
        Cubic([from, self.point(middle, c0), self.point(middle, c1), to])
    }
}

/// How much a member shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Density {
    /// One card for the whole node: clients, balancer.
    Single,
    /// A row on the node's own instrument.
    Rows,
    /// A card with an instrument.
    Instrument,
    Full,
    Compact,
    /// A cell per member, in a panel.
    Cells,
}

const FULL: Size<'_> =
    Size { density: Density::Full, least: &[(196.0, 76.0), (150.0, 94.0)], most: (310.0, 96.0) };
const COMPACT: Size<'_> = Size { density: Density::Compact, least: &[(124.0, 41.0)], most: (280.0, 70.0) };
/// More members than this are never full cards.
const FULL_COUNT_MAX: usize = 12;
/// Room for a siding between two lanes of cards.
const SIDING: f64 = 28.0;
const GAP: f64 = 8.0;
const GAP_MAX: f64 = 34.0;
/// Height of a panel's heading above its cells.
pub const HEADING: f64 = 52.0;
const CELL_MIN: f64 = 4.0;
const CELL_MAX: f64 = 52.0;
/// At most so many tracks lead into a panel of cells.
const PANEL_TRACKS: usize = 6;

/// The members of a node, placed.
#[derive(Clone, Debug, PartialEq)]
pub struct Yard {
    pub axis: Axis,
    pub density: Density,
    /// What the node covers.
    pub rect: Rect,
    /// One for each member (for `Single`, one).
    pub cards: Vec<Rect>,
    /// Where the instrument of the node as a whole stands, if it has one.
    pub inside: Option<Rect>,
    /// Cards one after the other along the flow.
    pub ranks: usize,
    /// Cross positions of the sidings, each between two lanes; empty where tracks enter directly.
    sidings: Vec<f64>,
}

/// How large cards may be, width and height; one of `least` is enough.
#[derive(Clone, Copy, Debug)]
struct Size<'a> {
    density: Density,
    least: &'a [(f64, f64)],
    most: (f64, f64),
}

/// A way to arrange `count` cards.
#[derive(Clone, Copy, Debug)]
struct Grid {
    density: Density,
    ranks: usize,
    lanes: usize,
    width: f64,
    height: f64,
}

impl Yard {
    /// A node that is drawn as one thing.
    pub fn single(axis: Axis, rect: Rect) -> Yard {
        Yard {
            axis,
            density: Density::Single,
            rect,
            cards: vec![rect],
            inside: None,
            ranks: 1,
            sidings: vec![],
        }
    }

    /// A node that is drawn as one thing, with an instrument, in the middle of this area.
    pub fn whole(axis: Axis, area: Rect, room: Room) -> Option<Yard> {
        let card = room.within(area)?;
        Some(Yard { inside: Some(card), ..Yard::single(axis, card) })
    }

    /// A node that is drawn as one thing, on which each member has a row; tracks end at the rows.
    pub fn whole_with_rows(axis: Axis, card: Rect, rows: Vec<Rect>) -> Yard {
        let single = Yard { inside: Some(card), ..Yard::single(axis, card) };
        match rows.is_empty() || axis == Axis::Down {
            true => single,
            false => Yard { density: Density::Rows, cards: rows, ..single },
        }
    }

    /// Members with an instrument each.
    pub fn instruments(axis: Axis, area: Rect, count: usize, room: Room) -> Option<Yard> {
        let size = Size { density: Density::Instrument, least: &[room.least], most: room.most };
        let grid = (1..=3).find_map(|ranks| fitting(axis, area, count, ranks, size))?;
        Some(Yard::cards(axis, area, count, grid))
    }

    /// An instrument for all, and the members below it if they are few.
    pub fn whole_with_members(axis: Axis, area: Rect, count: usize, room: Room) -> Option<Yard> {
        let gap = 14.0;
        let height = (area.height * 0.56 - gap).max(room.least.1);
        let card = room.within(rect(area.x, area.y, area.width, height.min(area.height)))?;
        let rest = rect(area.x, area.y + height + gap, area.width, (area.height - height - gap).max(0.0));
        let Some(mut yard) = Yard::members(axis, rest, count).filter(|yard| yard.density < Density::Cells)
        else {
            return Yard::whole(axis, area, room);
        };
        // The two stand close, in the middle.
        let top = area.y + (area.height - card.height - gap - yard.rect.height) / 2.0;
        yard.shift(0.0, top + card.height + gap - yard.rect.y);
        let width = card.width.max(yard.rect.width);
        if yard.ranks == 1 {
            // As wide as what stands above them, past which their tracks lead.
            yard.cards.iter_mut().for_each(|card| card.width = width);
        }
        yard.inside = Some(rect(area.x, top, width, card.height));
        yard.rect = rect(area.x, top, width, yard.rect.bottom() - top);
        Some(yard)
    }

    /// Cards with a sign for all of them: above, or below where the flow comes from above. A panel of cells has its own.
    pub fn with_sign(axis: Axis, area: Rect, count: usize, (width_min, height): (f64, f64)) -> Option<Yard> {
        let more = height + GAP;
        let top = if axis == Axis::Across { more } else { 0.0 };
        let rest = rect(area.x, area.y + top, area.width, (area.height - more).max(0.0));
        let mut yard = Yard::members(axis, rest, count).filter(|yard| yard.density < Density::Cells)?;
        let Rect { x, y, width, height: own } = yard.rect;
        let (width, sign_y) = match axis {
            Axis::Across => (width.max(width_min.min(area.width)), y - more),
            Axis::Down => (width, y + own + GAP),
        };
        yard.inside = Some(rect(x, sign_y, width, height));
        yard.rect = rect(x, y - top, width, own + more);
        Some(yard)
    }

    /// `count` members in this area; `None` if they cannot be shown legibly. The yard is centred
    /// across the flow and begins where the area begins along it.
    pub fn members(axis: Axis, area: Rect, count: usize) -> Option<Yard> {
        let count = count.max(1);
        match grid(axis, area, count) {
            Some(grid) => Some(Yard::cards(axis, area, count, grid)),
            None => Yard::cells(axis, area, count),
        }
    }

    fn cards(axis: Axis, area: Rect, count: usize, grid: Grid) -> Yard {
        let (main, cross, main_room, cross_room) = axis.parts(area);
        let card = rect(0.0, 0.0, grid.width, grid.height);
        let (_, _, length, breadth) = axis.parts(card);
        let pairs = grid.lanes.div_ceil(2);
        let (spaces, taken) = match grid.ranks {
            1 => (grid.lanes - 1, 0.0),
            _ => (pairs - 1, pairs as f64 * SIDING),
        };
        let free = cross_room - taken - grid.lanes as f64 * breadth;
        let gap = if spaces == 0 { 0.0 } else { (free / spaces as f64).min(GAP_MAX) };
        let used = taken + grid.lanes as f64 * breadth + spaces as f64 * gap;
        let start = cross + (cross_room - used) / 2.0;
        let main_gap = if grid.ranks == 1 {
            0.0
        } else {
            ((main_room - grid.ranks as f64 * length) / (grid.ranks - 1) as f64).min(GAP_MAX / 2.0)
        };
        let lane_at = |lane: usize| {
            let pair = (lane / 2) as f64;
            match grid.ranks {
                1 => start + lane as f64 * (breadth + gap),
                _ => {
                    let pair_at = start + pair * (2.0 * breadth + SIDING + gap);
                    // A lane without a partner has its siding before it, as a second lane has.
                    let second = lane % 2 == 1 || lane + 1 == grid.lanes;
                    let alone = lane % 2 == 0 && lane + 1 == grid.lanes;
                    pair_at + if second { SIDING + if alone { 0.0 } else { breadth } } else { 0.0 }
                }
            }
        };
        let place = |index: usize| {
            // Reading order: along rows, whichever way the flow goes.
            let (rank, lane) = match axis {
                Axis::Across => (index % grid.ranks, index / grid.ranks),
                Axis::Down => (index / grid.lanes, index % grid.lanes),
            };
            axis.rect(main + rank as f64 * (length + main_gap), lane_at(lane), length, breadth)
        };
        let siding = |pair: usize| match 2 * pair + 1 < grid.lanes {
            true => lane_at(2 * pair) + breadth + SIDING / 2.0,
            false => lane_at(2 * pair) - SIDING / 2.0,
        };
        let sidings = if grid.ranks == 1 { vec![] } else { (0..pairs).map(siding).collect() };
        let length = grid.ranks as f64 * length + (grid.ranks - 1) as f64 * main_gap;
        Yard {
            axis,
            density: grid.density,
            rect: axis.rect(main, start, length, used),
            cards: (0..count).map(place).collect(),
            inside: None,
            ranks: grid.ranks,
            sidings,
        }
    }

    fn cells(axis: Axis, area: Rect, count: usize) -> Option<Yard> {
        let room = rect(
            area.x + 14.0,
            area.y + HEADING,
            (area.width.min(420.0) - 28.0).max(0.0),
            (area.height - HEADING - 14.0).max(0.0),
        );
        if area.width < 150.0 {
            return None;
        }
        let (columns, pitch) = largest_pitch(room.width, room.height, count)?;
        let rows = count.div_ceil(columns);
        let size = pitch * 0.84;
        let width = area.width.min(420.0);
        let height = HEADING + rows as f64 * pitch + 14.0;
        let panel = rect(
            area.x + if axis == Axis::Down { (area.width - width) / 2.0 } else { 0.0 },
            area.y + if axis == Axis::Across { (area.height - height) / 2.0 } else { 0.0 },
            width,
            height,
        );
        let left = panel.x + (panel.width - columns as f64 * pitch + pitch - size) / 2.0;
        let place = |index: usize| {
            let (column, row) = ((index % columns) as f64, (index / columns) as f64);
            rect(left + column * pitch, panel.y + HEADING + row * pitch, size, size)
        };
        Some(Yard {
            axis,
            density: Density::Cells,
            rect: panel,
            cards: (0..count).map(place).collect(),
            inside: None,
            ranks: columns,
            sidings: vec![],
        })
    }

    /// A point at this distance from the upper left corner.
    pub fn rect_point(&self, x: f64, y: f64) -> Point {
        point(self.rect.x + x, self.rect.y + y)
    }

    /// Moves everything.
    pub fn shift(&mut self, x: f64, y: f64) {
        for card in self.cards.iter_mut().chain(&mut self.inside).chain([&mut self.rect]) {
            (card.x, card.y) = (card.x + x, card.y + y);
        }
        let cross = if self.axis == Axis::Across { y } else { x };
        self.sidings.iter_mut().for_each(|siding| *siding += cross);
    }

    /// Curves from `origin` into the members. Which one is a member's: [`Yard::lane`].
    pub fn ways_in(&self, origin: Point) -> Vec<Curve> {
        match self.density {
            Density::Cells => (0..self.gates())
                .map(|way| Curve::new(vec![self.axis.bend(origin, self.gate(way))]))
                .collect(),
            _ => self.cards.iter().map(|card| self.way_in(origin, *card)).collect(),
        }
    }

    /// Curves from the members to `end`, where all meet; a single card needs none.
    pub fn ways_out(&self, end: Point) -> Vec<Curve> {
        let way = |card: &Rect| match self.siding_of(*card) {
            None => Curve::new(vec![self.axis.bend(self.axis.exit(*card), end)]),
            Some(siding) => {
                let (main, _, length, _) = self.axis.parts(self.rect);
                let (at, _, card_length, _) = self.axis.parts(*card);
                let turn = at + card_length - 18.0;
                let gate = self.axis.point(main + length, siding);
                Curve::new(vec![
                    self.branch(*card, turn, siding, 12.0, true),
                    Cubic::straight(self.axis.point(turn + 12.0, siding), gate),
                    self.axis.bend(gate, end),
                ])
            }
        };
        match self.density {
            Density::Single => vec![],
            Density::Cells => vec![Curve::new(vec![self.axis.bend(self.axis.exit(self.rect), end)])],
            _ => self.cards.iter().map(way).collect(),
        }
    }

    /// Which of the ways in or out is this member's.
    pub fn lane(&self, member: usize, ways: usize) -> usize {
        if ways == 0 {
            return 0;
        }
        let lane = match (self.density, self.axis) {
            (Density::Cells, Axis::Across) => member * ways / self.cards.len().max(1),
            (Density::Cells, Axis::Down) => (member % self.ranks) * ways / self.ranks,
            _ => member,
        };
        lane.min(ways - 1)
    }

    /// How many tracks lead into a panel of cells: none that is nobody's.
    fn gates(&self) -> usize {
        let beside = if self.axis == Axis::Across { self.cards.len() } else { self.ranks };
        beside.clamp(1, PANEL_TRACKS)
    }

    /// Where a track ends at a panel of cells.
    fn gate(&self, way: usize) -> Point {
        let (main, cross, _, breadth) = self.axis.parts(self.rect);
        let inset = if self.axis == Axis::Across { HEADING } else { 20.0 };
        let share = (way as f64 + 0.5) / self.gates() as f64;
        self.axis.point(main, cross + inset + (breadth - inset - 14.0) * share)
    }

    fn siding_of(&self, card: Rect) -> Option<f64> {
        let (_, cross, _, breadth) = self.axis.parts(card);
        let middle = cross + breadth / 2.0;
        self.sidings.iter().copied().min_by(|a, b| (a - middle).abs().total_cmp(&(b - middle).abs()))
    }

    fn way_in(&self, origin: Point, card: Rect) -> Curve {
        let Some(siding) = self.siding_of(card) else {
            return Curve::new(vec![self.axis.bend(origin, self.axis.entry(card))]);
        };
        let (start, ..) = self.axis.parts(self.rect);
        let (main, ..) = self.axis.parts(card);
        let gate = self.axis.point(start, siding);
        // Cards in the first rank turn off just behind the gate.
        let turn = main + 30.0;
        Curve::new(vec![
            self.axis.bend(origin, gate),
            Cubic::straight(gate, self.axis.point(turn - 16.0, siding)),
            self.branch(card, turn, siding, -16.0, false),
        ])
    }

    /// Between the siding and the card's edge that looks at it. `run` is how far along the flow the
    /// curve begins from where it meets the card.
    fn branch(&self, card: Rect, turn: f64, siding: f64, run: f64, outward: bool) -> Cubic {
        let (_, cross, _, breadth) = self.axis.parts(card);
        let edge = if cross > siding { cross } else { cross + breadth };
        let (far, near) = (self.axis.point(turn + run, siding), self.axis.point(turn, edge));
        let corner = self.axis.point(turn, siding);
        let points = [far, far.toward(corner, 0.7), corner.toward(near, 0.2), near];
        Cubic(if outward { [points[3], points[2], points[1], points[0]] } else { points })
    }
}

/// Columns and pitch with which `count` squares fill the room best.
pub fn largest_pitch(width: f64, height: f64, count: usize) -> Option<(usize, f64)> {
    let pitch_with = |columns: usize| {
        let rows = count.div_ceil(columns);
        // As even as so many rows can be.
        (count.div_ceil(rows), (width / columns as f64).min(height / rows as f64).min(CELL_MAX))
    };
    // Among equally large ones, the fewest rows.
    let best = (1..=count).map(pitch_with).max_by(|a, b| a.1.total_cmp(&b.1))?;
    (best.1 * 0.84 >= CELL_MIN).then_some(best)
}

/// The most telling arrangement that fits.
fn grid(axis: Axis, area: Rect, count: usize) -> Option<Grid> {
    let full = || (1..=3).find_map(|ranks| fitting(axis, area, count, ranks, FULL));
    let compact = || (1..=12).find_map(|ranks| fitting(axis, area, count, ranks, COMPACT));
    if count <= FULL_COUNT_MAX { full().or_else(compact) } else { compact() }
}

fn fitting(axis: Axis, area: Rect, count: usize, ranks: usize, size: Size<'_>) -> Option<Grid> {
    if ranks > count {
        return None;
    }
    let lanes = count.div_ceil(ranks);
    // Fewer ranks would hold as many.
    if count.div_ceil(lanes) < ranks {
        return None;
    }
    let (_, _, main_room, cross_room) = axis.parts(area);
    let pairs = lanes.div_ceil(2);
    let taken = match ranks {
        1 => (lanes - 1) as f64 * GAP,
        _ => pairs as f64 * SIDING + (pairs - 1) as f64 * GAP,
    };
    let length = (main_room - (ranks - 1) as f64 * GAP) / ranks as f64;
    let breadth = (cross_room - taken) / lanes as f64;
    let card = axis.rect(0.0, 0.0, length, breadth);
    // A card that stands alone across a narrow stage may be as wide as it.
    let (width, height) = (card.width.min(size.most.0), card.height.min(size.most.1));
    let fits = |least: &(f64, f64)| width >= least.0 && height >= least.1;
    let Size { density, .. } = size;
    size.least.iter().any(fits).then_some(Grid { density, ranks, lanes, width, height })
}
