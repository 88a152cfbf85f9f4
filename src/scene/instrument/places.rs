//! Where keys lie and whose they are: a circle with points, a line with zones, or a table of slots, coloured by
//! owner. What a change moved is drawn strongly, and at first sweeps in.

use crate::algo::ring::{self as ring_family, CELLS, Inspection, Way};
use crate::scene::geometry::{Cubic, Point, Rect, point, rect};
use crate::scene::palette::Ink;
use crate::scene::shape::{Fill, Label, Shape, Stroke, disc, ring, slab};
use std::f64::consts::TAU;

/// An arrangement of places: a policy's inside, and the members by its index.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    pub seen: &'a Inspection,
    /// Empty: the indices are the members.
    pub members: &'a [u16],
}

/// A key on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    pub place: f64,
    pub owner: u16,
    pub moved: bool,
}

/// All that is drawn.
#[derive(Clone, Debug)]
pub struct Places<'a> {
    pub now: Side<'a>,
    pub before: Option<Side<'a>>,
    pub marks: Vec<Mark>,
    /// The key that was asked for last: where it lies, whose it is.
    pub latest: Option<Mark>,
    pub way: &'a Way,
    /// How far what moves has moved, 0 to 1.
    pub eased: f64,
    /// What the middle of a circle says: a dim line, then a strong one.
    pub caption: [String; 2],
}

/// A part of the circle or line with one owner, now and before. From a place below 1 to one above it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    pub from: f64,
    pub to: f64,
    pub owner: u16,
    /// Another owner, before the last change.
    pub before: Option<u16>,
}

/// With more points than this, parts of the circle stand for them.
pub const POINTS_EXACT: usize = 120;
/// With more runs than this a line is drawn as a table.
const ZONES_MAX: usize = 48;
/// What belongs to whom it belonged to before.
const FAINT: f64 = 0.5;

impl Side<'_> {
    fn is_exact(&self) -> bool {
        self.seen.points_total <= POINTS_EXACT.min(self.seen.points.len())
    }

    fn member(&self, index: u32) -> u16 {
        if self.members.is_empty() {
            index as u16
        } else {
            self.members.get(index as usize).copied().unwrap_or(0)
        }
    }

    /// Whose it is what lies here; by parts of the circle if not all points are known.
    pub fn owner_at(&self, place: f64) -> u16 {
        let place = place - place.floor();
        let (seen, points) = (self.seen, &self.seen.points);
        if seen.points_total > points.len() || (!self.is_exact() && !seen.cells.is_empty()) {
            let cell = ((place * seen.cells.len() as f64) as usize).min(seen.cells.len().saturating_sub(1));
            return self.member(seen.cells.get(cell).copied().unwrap_or(0));
        }
        let found = match seen.circle {
            true => points.get(points.partition_point(|it| it.at < place)).or(points.first()),
            false => points.partition_point(|it| it.at <= place).checked_sub(1).and_then(|at| points.get(at)),
        };
        self.member(found.map_or(0, |it| it.member))
    }
}

/// The whole circle or line in parts, in order; none if there are no places.
pub fn segments(now: Side<'_>, before: Option<Side<'_>>) -> Vec<Segment> {
    if now.seen.points.is_empty() {
        return vec![];
    }
    // The same place means the same only where it does not depend on the members.
    let before = before
        .filter(|it| it.seen.circle == now.seen.circle && !it.seen.points.is_empty() && !now.seen.zones);
    let exact = now.is_exact() && before.is_none_or(|it| it.is_exact());
    let mut edges: Vec<f64> = match exact {
        true => {
            let sides = std::iter::once(now).chain(before);
            sides.flat_map(|it| it.seen.points.iter().map(|it| it.at)).collect()
        }
        false => (0..CELLS).map(|cell| cell as f64 / CELLS as f64).collect(),
    };
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    // A circle ends where it began.
    let end = if now.seen.circle { edges[0] + 1.0 } else { 1.0 };
    let mut all: Vec<Segment> = vec![];
    for (at, from) in edges.iter().enumerate() {
        let to = edges.get(at + 1).copied().unwrap_or(end);
        let middle = (from + to) / 2.0;
        let owner = now.owner_at(middle);
        let before = before.map(|it| it.owner_at(middle)).filter(|it| *it != owner);
        match all.last_mut() {
            Some(last) if (last.owner, last.before) == (owner, before) => last.to = to,
            _ => all.push(Segment { from: *from, to, owner, before }),
        }
    }
    all
}

impl Places<'_> {
    pub fn draw(&self, area: Rect, shapes: &mut Vec<Shape>) {
        let segments = segments(self.now, self.before);
        match &self.way {
            Way::Scores(scores) => self.draw_scores(scores, area, shapes),
            _ if self.now.seen.circle => self.draw_circle(&segments, area, shapes),
            _ if self.now.seen.points_total > ZONES_MAX => self.draw_table(area, shapes),
            _ => self.draw_line(&segments, area, shapes),
        }
    }

    /// The pieces in which a segment is drawn: who had it, who has it, how strongly.
    fn pieces(&self, segment: &Segment) -> [(f64, f64, u16, f64); 2] {
        let Segment { from, to, owner, before } = *segment;
        let turn = if before.is_some() { to - (to - from) * self.eased } else { from };
        [
            (from, turn, before.unwrap_or(owner), FAINT),
            (turn, to, owner, if before.is_some() { 1.0 } else { FAINT }),
        ]
    }

    fn draw_circle(&self, segments: &[Segment], area: Rect, shapes: &mut Vec<Shape>) {
        let (center, outer) = (area.center(), area.width.min(area.height) / 2.0 - 15.0);
        if outer < 18.0 {
            return;
        }
        let inner = outer - (outer * 0.09).clamp(6.0, 12.0);
        // Of several probes the one nearest to a point counts: what lies before a point is nobody's.
        let is_owned = !matches!(self.way, Way::Probes(_));
        for (from, to, owner, alpha) in segments.iter().flat_map(|it| self.pieces(it)) {
            let (ink, alpha) = if is_owned { (Ink::owner(owner.into()), alpha) } else { (Ink::Empty, 1.0) };
            if to - from > 1e-6 {
                shapes.push(sector(center, (inner, outer), (from, to), ink, alpha));
            }
        }
        for mark in &self.marks {
            let reach = if mark.moved { 12.0 } else { 9.0 };
            let line = Stroke::new(Ink::owner(mark.owner.into()), 1.4);
            let points =
                [outer + 4.0, outer + reach].map(|radius| around(center, radius, mark.place)).to_vec();
            shapes.push(Shape::Polyline { points, line });
        }
        self.draw_points(center, (inner, outer), shapes);
        self.draw_way(center, (inner, outer), shapes);
        self.draw_circle_caption(area, inner * 1.45, shapes);
    }

    /// In the middle of the circle; beside it, if that is too small and there is room.
    fn draw_circle_caption(&self, area: Rect, room: f64, shapes: &mut Vec<Shape>) {
        let center = area.center();
        let [dim, strong] = &self.caption;
        let written = |[dim, strong]: [&str; 2], at: Point| {
            [
                Label::new(dim, at.moved(0.0, -4.0), 11.0).ink(Ink::DimInk),
                Label::new(strong, at.moved(0.0, 13.0), 12.0).bold(),
            ]
        };
        let width = |words| written(words, center).iter().map(Label::width).fold(0.0, f64::max);
        // Of several owners the words are long: then it is the key and they.
        let short = strong.split_once(" → ").map(|(key, owners)| [key, owners]);
        let words = [dim.as_str(), strong.as_str()];
        let words = short.filter(|short| width(words) > room && width(*short) <= room).unwrap_or(words);
        let (width, labels) = (width(words), |at: Point| written(words, at));
        let side = (area.width - area.height) / 2.0 - 4.0;
        if width <= room {
            shapes.extend(labels(center).map(|label| label.middle().into()));
        } else if width <= side {
            shapes.extend(labels(point(area.x, center.y)).map(Shape::from));
        }
    }

    /// Points with their members' numbers where there is room, else dots or ticks; none where they are countless.
    fn draw_points(&self, center: Point, (inner, outer): (f64, f64), shapes: &mut Vec<Shape>) {
        if !self.now.is_exact() {
            return;
        }
        let middle = (inner + outer) / 2.0;
        let mut numbered: Vec<Point> = vec![];
        for it in &self.now.seen.points {
            let member = self.now.member(it.member);
            let (at, ink) = (around(center, middle, it.at), Ink::owner(member.into()));
            let radius = 6.8;
            if self.now.seen.points.len() > 60
                || numbered.iter().any(|other| other.distance(at) < 2.0 * radius + 2.0)
            {
                let points = [inner - 2.0, outer + 2.0].map(|radius| around(center, radius, it.at)).to_vec();
                shapes.push(Shape::Polyline { points, line: Stroke::new(ink, 2.0) });
                continue;
            }
            numbered.push(at);
            badge(at, radius, member, shapes);
        }
    }

    /// From where the latest key lies, clockwise to its point.
    fn draw_way(&self, center: Point, (inner, outer): (f64, f64), shapes: &mut Vec<Shape>) {
        let Some(latest) = self.latest else { return };
        if let Way::Probes(places) = self.way {
            for place in places {
                shapes.push(ring(around(center, inner - 6.0, *place), 2.0, Stroke::new(Ink::DimInk, 1.0)));
            }
        }
        let from = latest.place;
        let points = &self.now.seen.points;
        let owned = |it: &&ring_family::Point| self.now.member(it.member) == latest.owner;
        let to = points.iter().filter(owned).map(|it| (it.at - from).rem_euclid(1.0)).min_by(f64::total_cmp);
        if let Some(length) = to.filter(|_| self.now.seen.points_total == points.len()) {
            let steps = (length * 72.0).ceil().max(1.0) as usize;
            let path = (0..=steps).map(|step| from + length * step as f64 / steps as f64);
            let points: Vec<Point> = path.map(|place| around(center, inner - 6.0, place)).collect();
            let end = around(center, inner - 1.0, from + length);
            shapes.push(Shape::Polyline { points, line: Stroke::new(Ink::Ink, 1.5) });
            shapes.push(disc(end, 2.4, Ink::Ink));
        }
        let needle = [inner - 6.0, outer + 8.0].map(|radius| around(center, radius, from)).to_vec();
        shapes.push(Shape::Polyline { points: needle, line: Stroke::new(Ink::Ink, 1.5) });
        shapes.push(disc(around(center, outer + 10.0, from), 4.0, Ink::Ink));
    }

    /// Zones side by side, keys piled up above them, the latest with a needle; jumps as arcs.
    fn draw_line(&self, segments: &[Segment], area: Rect, shapes: &mut Vec<Shape>) {
        let height = (area.height * 0.16).clamp(12.0, 24.0);
        let caption = if area.height > 90.0 { 34.0 } else { 0.0 };
        let bar = rect(area.x, area.bottom() - height - caption - 4.0, area.width, height);
        let x = |place: f64| bar.x + bar.width * place;
        for (from, to, owner, alpha) in segments.iter().flat_map(|it| self.pieces(it)) {
            let piece = rect(x(from), bar.y, x(to) - x(from), height);
            if piece.width > 0.05 {
                let fill = Some(Fill { ink: Ink::owner(owner.into()), alpha });
                shapes.push(Shape::Rect { rect: piece, radius: 0.0, fill, line: None });
            }
        }
        for (at, it) in self.now.seen.points.iter().enumerate() {
            let end = self.now.seen.points.get(at + 1).map_or(1.0, |next| next.at);
            let label =
                Label::new((self.now.member(it.member) + 1).to_string(), Point::default(), 10.5).bold();
            if x(end) - x(it.at) > label.width() + 4.0 {
                let middle = point((x(it.at) + x(end)) / 2.0, bar.y + height / 2.0 + 4.0);
                shapes.push(Label { at: middle, ..label.middle() }.into());
            }
            if at > 0 {
                let points = vec![point(x(it.at), bar.y - 2.0), point(x(it.at), bar.bottom() + 2.0)];
                shapes.push(Shape::Polyline { points, line: Stroke::new(Ink::Paper, 1.5) });
            }
        }
        let top = (self.pile(bar, area.y, shapes) - 14.0).max(area.y + 4.0);
        if let Some(latest) = self.latest {
            let at = x(latest.place);
            let points = vec![point(at, top + 2.0), point(at, bar.bottom())];
            shapes.push(Shape::Polyline { points, line: Stroke::new(Ink::Ink, 1.5) });
            shapes.push(disc(point(at, top), 4.0, Ink::Ink));
        }
        if let Way::Jumps(met) = self.way {
            let zone = |member: u32| x((f64::from(member) + 0.5) / self.now.seen.points.len().max(1) as f64);
            for pair in met.windows(2) {
                let (from, to) = (point(zone(pair[0]), bar.y), point(zone(pair[1]), bar.y));
                let rise = ((to.x - from.x) * 0.7).min(bar.y - area.y - 4.0);
                let over = |p: Point| point(p.x, p.y - rise);
                let cubics = vec![Cubic([from, over(from), over(to), to])];
                shapes.push(Shape::Path { cubics, line: Stroke::new(Ink::Ink, 1.5) });
                shapes.push(disc(to, 3.0, Ink::Ink));
            }
        }
        self.draw_caption(point(area.center().x, bar.bottom() + 16.0), area.width, caption > 0.0, shapes);
    }

    fn draw_caption(&self, at: Point, room: f64, fits: bool, shapes: &mut Vec<Shape>) {
        let [dim, strong] = &self.caption;
        if fits {
            shapes.push(Label::new(dim, at, 11.0).middle().ink(Ink::DimInk).within(room).into());
            shapes.push(Label::new(strong, at.moved(0.0, 15.0), 12.0).bold().middle().within(room).into());
        }
    }

    /// A dot for each key above where it lies; those that would overlap stand on each other. How far up that is.
    fn pile(&self, bar: Rect, top: f64, shapes: &mut Vec<Shape>) -> f64 {
        let pitch = ((bar.y - top) / 30.0).clamp(5.0, 7.5);
        let columns = (bar.width / pitch).floor().max(1.0);
        let mut heights = vec![0_usize; columns as usize + 1];
        let column = |mark: &Mark| ((mark.place * columns) as usize).min(columns as usize - 1);
        for mark in &self.marks {
            heights[column(mark)] += 1;
        }
        let tallest = heights.iter().copied().max().unwrap_or(0).max(1) as f64;
        let step = ((bar.y - top - 8.0) / tallest).clamp(0.5, pitch);
        heights.fill(0);
        for mark in &self.marks {
            let at = column(mark);
            let center = point(
                bar.x + (at as f64 + 0.5) * bar.width / columns,
                bar.y - 4.0 - heights[at] as f64 * step,
            );
            heights[at] += 1;
            let radius = pitch * if mark.moved { 0.48 } else { 0.36 };
            shapes.push(disc(center, radius, Ink::owner(mark.owner.into())));
        }
        bar.y - 4.0 - tallest * step
    }

    /// Squares in rows, each an equal part of the table; keys as dots in them.
    fn draw_table(&self, area: Rect, shapes: &mut Vec<Shape>) {
        let caption = if area.height > 110.0 { 34.0 } else { 0.0 };
        let room = rect(area.x, area.y, area.width, area.height - caption);
        let Some((columns, pitch)) = crate::scene::yard::largest_pitch(room.width, room.height, CELLS) else {
            return;
        };
        let rows = CELLS.div_ceil(columns) as f64;
        let left = room.center().x - columns as f64 * pitch / 2.0;
        let top = room.center().y - rows * pitch / 2.0;
        let square = |cell: usize| {
            let (column, row) = ((cell % columns) as f64, (cell / columns) as f64);
            rect(left + column * pitch, top + row * pitch, pitch * 0.86, pitch * 0.86)
        };
        for cell in 0..CELLS {
            let place = (cell as f64 + 0.5) / CELLS as f64;
            let owner = self.now.owner_at(place);
            let before = self.before.map(|it| it.owner_at(place)).filter(|before| *before != owner);
            // One after the other.
            let turned = place <= self.eased;
            let (shown, alpha) = match before {
                Some(before) if !turned => (before, FAINT),
                Some(_) => (owner, 1.0),
                None => (owner, FAINT),
            };
            let fill = Some(Fill { ink: Ink::owner(shown.into()), alpha });
            shapes.push(Shape::Rect { rect: square(cell), radius: pitch * 0.16, fill, line: None });
        }
        let cell = |mark: &Mark| ((mark.place * CELLS as f64) as usize).min(CELLS - 1);
        for mark in &self.marks {
            shapes.push(disc(square(cell(mark)).center(), pitch * 0.17, Ink::Ink));
        }
        if let Some(latest) = &self.latest {
            let (rect, line) = (square(cell(latest)).grown(1.6), Some(Stroke::new(Ink::Ink, 1.8)));
            shapes.push(Shape::Rect { rect, radius: pitch * 0.24, fill: None, line });
        }
        self.draw_caption(point(area.center().x, area.bottom() - 20.0), area.width, caption > 0.0, shapes);
    }

    /// A column for each member, as high as its score for the latest key; the highest owns it.
    fn draw_scores(&self, scores: &[f64], area: Rect, shapes: &mut Vec<Shape>) {
        let caption = if area.height > 90.0 { 34.0 } else { 0.0 };
        let floor = area.bottom() - caption - 18.0;
        let pitch = (area.width / scores.len().max(1) as f64).min(44.0);
        let left = area.center().x - pitch * scores.len() as f64 / 2.0;
        let highest = scores.iter().copied().fold(0.0, f64::max);
        for (index, score) in scores.iter().enumerate() {
            let member = self.now.member(index as u32);
            let column = rect(
                left + index as f64 * pitch + pitch * 0.14,
                area.y + 2.0,
                pitch * 0.72,
                floor - area.y - 2.0,
            );
            let height = column.height * score;
            let radius = (pitch * 0.14).min(4.0);
            shapes.push(slab(column, radius, Ink::Empty));
            let alpha = if *score >= highest { 1.0 } else { FAINT };
            let (filled, fill) = (
                rect(column.x, floor - height, column.width, height),
                Some(Fill { ink: Ink::owner(member.into()), alpha }),
            );
            shapes.push(Shape::Rect { rect: filled, radius: radius.min(height / 2.0), fill, line: None });
            let label = Label::new((member + 1).to_string(), point(column.center().x, floor + 13.0), 10.5);
            if label.width() < pitch {
                shapes.push(if *score >= highest { label.bold() } else { label }.middle().into());
            }
        }
        self.draw_caption(point(area.center().x, area.bottom() - 20.0), area.width, caption > 0.0, shapes);
    }
}

/// A member's number in a circle of its colour.
pub fn badge(at: Point, radius: f64, member: u16, shapes: &mut Vec<Shape>) {
    let line = Some(Stroke::new(Ink::owner(member.into()), 2.0));
    shapes.push(Shape::Circle { center: at, radius, fill: Some(Fill::of(Ink::Panel)), line });
    let text = (member + 1).to_string();
    let size = radius * [1.35, 1.35, 1.1, 0.9][text.len().min(3)];
    shapes.push(Label::new(text, at.moved(0.0, size * 0.36), size).bold().middle().into());
}

/// A point at this place of a circle: 0 is at the top, on it goes clockwise.
pub fn around(center: Point, radius: f64, place: f64) -> Point {
    let angle = place * TAU;
    point(center.x + radius * libm::sin(angle), center.y - radius * libm::cos(angle))
}

/// A piece of a ring between two radii and two places.
fn sector(center: Point, (inner, outer): (f64, f64), (from, to): (f64, f64), ink: Ink, alpha: f64) -> Shape {
    let steps = ((to - from) * 60.0).ceil().max(1.0) as usize;
    let place = |step: usize| from + (to - from) * step as f64 / steps as f64;
    let out = (0..=steps).map(|step| around(center, outer, place(step)));
    let back = (0..=steps).rev().map(|step| around(center, inner, place(step)));
    Shape::Polygon { points: out.chain(back).collect(), fill: Some(Fill { ink, alpha }), line: None }
}
