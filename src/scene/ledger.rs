//! What a balancer goes by, on a panel beside its hexagon: the figures that its policy compares, whose turn it is,
//! or to whom its hashes lead. All of it is the policy's own [`Inspection`]. Where clients come back to the servers that
//! they had, that goes before: how many each server has.

use super::clients::face;
use super::figures;
use super::geometry::{Point, Rect, point, rect};
use super::palette::Ink;
use super::shape::{Fill, Label, Shape, Stroke, disc, ring, slab};
use super::yard::{Axis, largest_pitch};
use crate::algo::balance::{Inspection, NOBODYS, Places};
use crate::run::snapshot::{BalancerView, PoolView};
use std::f64::consts::TAU;

const PAD: f64 = 7.0;
/// Of headings and of what the last pick did.
const SIZE: f64 = 9.5;
const HEADING: f64 = 17.0;
const FOOT: f64 = 15.0;
const ROW: f64 = 14.0;
/// Narrower, nothing on it could be read.
pub const WIDTH_MIN: f64 = 88.0;

/// Between the panels of several pools.
const BETWEEN: f64 = 6.0;
/// Lower, nothing on it could be read.
const HEIGHT_MIN: f64 = 44.0;

/// Where the panels stand: below the hexagon, on a narrow stage at its right. None without room for one.
pub fn place(balancer: &BalancerView, hexagon: Rect, area: Rect, axis: Axis) -> Option<Rect> {
    let pools = balancer.pools.iter().filter(|pool| !pool.eligible.is_empty());
    let wanted: Vec<f64> = pools.map(wanted_height).collect();
    let (all, most) = (stacked(&wanted), wanted.iter().copied().fold(0.0, f64::max));
    let panel = match axis {
        Axis::Across => {
            let (top, bottom) = (hexagon.bottom() + 10.0, area.bottom());
            rect(hexagon.x - 6.0, top, hexagon.width + 12.0, all.min(bottom - top))
        }
        Axis::Down => {
            let (left, height) = (hexagon.right() + 6.0, most.clamp(hexagon.height, hexagon.height + 16.0));
            rect(left, hexagon.center().y - height / 2.0, area.right() - left, height)
        }
    };
    (!wanted.is_empty() && panel.width >= WIDTH_MIN && panel.height >= HEIGHT_MIN).then_some(panel)
}

/// One below the other.
fn stacked(heights: &[f64]) -> f64 {
    heights.iter().sum::<f64>() + BETWEEN * heights.len().saturating_sub(1) as f64
}

/// What a pool's panel shows.
enum Body<'a> {
    /// How many clients come back to each backend.
    Kept(&'a [u32]),
    Places(&'a Places),
    /// What the policy compares.
    Figures(&'a [f64]),
    Turns,
}

impl Body<'_> {
    fn of(pool: &PoolView) -> Body<'_> {
        let inside = &pool.inspection;
        match (&pool.kept, &inside.places, inside.columns.last()) {
            (Some((_, clients)), ..) => Body::Kept(clients),
            (None, Some(places), _) => Body::Places(places),
            (None, None, Some(column)) => Body::Figures(&column.values),
            (None, None, None) => Body::Turns,
        }
    }

    /// Whether what the last pick did is told below; its place is there also before there was one.
    fn has_foot(&self, inside: &Inspection) -> bool {
        match self {
            Body::Kept(_) => false,
            Body::Places(_) => true,
            Body::Figures(_) | Body::Turns => !inside.drawn.is_empty(),
        }
    }
}

/// What a pool's panel can use.
fn wanted_height(pool: &PoolView) -> f64 {
    let (members, shown) = (pool.eligible.len(), Body::of(pool));
    let foot = if shown.has_foot(&pool.inspection) { FOOT } else { 4.0 };
    let body = match shown {
        Body::Places(places) if places.circle => 84.0,
        Body::Places(places) if places.owners.len() > 12 => 62.0,
        Body::Places(_) => 28.0,
        Body::Turns => 22.0 * members.div_ceil(5) as f64,
        Body::Kept(_) | Body::Figures(_) => ROW * members as f64,
    };
    (HEADING + body + foot + 4.0).min(132.0)
}

/// A panel for each pool on the room of all: one below the other, or side by side where that is too low. Pools beyond
/// what can be read have none; their notes stand in the hexagon, their figures in words and in the inspector.
pub fn panels<'a>(balancer: &'a BalancerView, room: Rect) -> Vec<(&'a PoolView, Rect)> {
    let pools: Vec<&PoolView> = balancer.pools.iter().filter(|pool| !pool.eligible.is_empty()).collect();
    let fit = |length: f64, least: f64| ((length + BETWEEN) / (least + BETWEEN) + 0.01) as usize;
    let (rows, columns) = (fit(room.height, HEIGHT_MIN), fit(room.width, WIDTH_MIN));
    if rows < pools.len() && columns > rows {
        let shown = columns.min(pools.len());
        let width = (room.width + BETWEEN) / shown as f64 - BETWEEN;
        let panel = |nth: usize| Rect { x: room.x + nth as f64 * (width + BETWEEN), width, ..room };
        return pools.into_iter().take(shown).enumerate().map(|(nth, pool)| (pool, panel(nth))).collect();
    }
    let shown = rows.clamp(1, pools.len().max(1));
    let wanted: Vec<f64> = pools.iter().take(shown).map(|pool| wanted_height(pool)).collect();
    // What is missing is taken from those that want more than the least.
    let spare: f64 = wanted.iter().map(|height| (height - HEIGHT_MIN).max(0.0)).sum();
    let given = room.height - stacked(&vec![HEIGHT_MIN; wanted.len()]);
    let share = if spare > 0.0 { (given / spare).max(0.0) } else { 1.0 };
    let mut top = room.y;
    let panel = |(pool, wanted): (&'a PoolView, f64)| {
        let height =
            if shown == 1 { room.height } else { HEIGHT_MIN + (wanted - HEIGHT_MIN).max(0.0) * share };
        let panel = Rect { y: top, height, ..room };
        top += height + BETWEEN;
        (pool, panel)
    };
    pools.into_iter().zip(wanted).map(panel).collect()
}

/// `name_of` tells a node's name by its index.
pub fn draw<'a>(
    balancer: &BalancerView,
    room: Rect,
    name_of: impl Fn(usize) -> Option<&'a str>,
    shapes: &mut Vec<Shape>,
) {
    let panels = panels(balancer, room);
    let several = balancer.pools.len() > 1;
    for (pool, panel) in panels {
        draw_pool(pool, name_of(pool.node).filter(|_| several), panel, shapes);
    }
}

fn closed_up(sum: &str) -> String {
    sum.split('+').map(str::trim).collect::<Vec<_>>().join("+")
}

/// With the name of its node where there are several.
fn draw_pool(pool: &PoolView, name: Option<&str>, panel: Rect, shapes: &mut Vec<Shape>) {
    shapes.push(face(panel, Stroke::new(Ink::Line, 1.2)));
    let inner = rect(panel.x + PAD, panel.y, panel.width - 2.0 * PAD, panel.height);
    let (inside, shown) = (&pool.inspection, Body::of(pool));
    let heading = match &pool.kept {
        Some((what, _)) => format!("{what}, by server"),
        None => heading(inside),
    };
    let heading = match name {
        Some(name) => format!("{name} · {heading}"),
        None => heading,
    };
    let heading = Label::new(heading, point(inner.x, panel.y + 13.0), SIZE).ink(Ink::DimInk);
    let heading = match heading.width() <= inner.width {
        true => heading,
        // "counter + weight" closed up.
        false => Label { text: closed_up(&heading.text), ..heading },
    };
    shapes.push(heading.shrunk(inner.width).into());
    let mut body = rect(inner.x, panel.y + HEADING, inner.width, panel.height - HEADING - 5.0);
    if shown.has_foot(inside) {
        let foot = Label::new(last(inside), point(inner.x, panel.bottom() - 6.0), SIZE);
        shapes.push(foot.shrunk(inner.width).into());
        body.height -= FOOT - 3.0;
    }
    match shown {
        Body::Kept(clients) => {
            let clients: Vec<f64> = clients.iter().map(|count| f64::from(*count)).collect();
            figures_of(pool, &clients, body, shapes)
        }
        Body::Places(places) if places.circle && body.height < CIRCLE_MIN => {
            strip(places, inside.taken, body, shapes)
        }
        Body::Places(places) if places.circle => circle(places, inside.taken, body, shapes),
        Body::Places(places) => table(places, inside.taken, body, shapes),
        Body::Figures(values) => figures_of(pool, values, body, shapes),
        Body::Turns => turns(pool, body, shapes),
    }
}

/// A figure for each backend: rows where they fit, else columns.
fn figures_of(pool: &PoolView, values: &[f64], body: Rect, shapes: &mut Vec<Shape>) {
    match ROW * 0.9 * values.len() as f64 <= body.height {
        true => rows(pool, values, body, shapes),
        false => bars(pool, values, body, shapes),
    }
}

/// What is compared: "in flight", "score, ms".
fn heading(inside: &Inspection) -> String {
    match (&inside.places, inside.columns.last()) {
        (Some(Places { at_own: Some(share), by, .. }), _) => format!("by {by}, {share:.0} % at own"),
        (Some(places), _) if places.circle => format!("ring, by {}", places.by),
        (Some(places), _) => format!("table, by {}", places.by),
        (None, Some(column)) if column.unit.is_empty() => column.name.to_owned(),
        (None, Some(column)) => format!("{}, {}", column.name, column.unit),
        (None, None) if inside.next.is_some() => "whose turn it is".to_owned(),
        (None, None) => "all alike".to_owned(),
    }
}

/// What the last pick did: "drew 3, 7 → 3", "client 17 → 3", "key 0 → 3 full → 1"; empty if that is not to be seen.
pub fn last(inside: &Inspection) -> String {
    let Some(taken) = inside.taken.map(|taken| taken + 1) else { return String::new() };
    match inside.places.as_ref().and_then(|places| Some((places, places.last?.0))) {
        Some((Places { by, full: Some(full), .. }, number)) => {
            format!("{by} {number} → {} full → {taken}", full + 1)
        }
        Some((Places { by, .. }, number)) => format!("{by} {number} → {taken}"),
        None => {
            let drawn: Vec<String> = inside.drawn.iter().map(|drawn| (drawn + 1).to_string()).collect();
            match drawn.len() {
                0..4 => format!("drew {} → {taken}", drawn.join(", ")),
                many => format!("drew {many} → {taken}"),
            }
        }
    }
}

/// How a backend stands out.
#[derive(Clone, Copy, PartialEq)]
enum Standing {
    /// It is next, or was taken last.
    Chosen,
    /// Drawn and not taken.
    Drawn,
    /// May not be chosen.
    Out,
    Plain,
}

/// The policy goes by rounds, and this is not one of the backend's.
fn rests(inside: &Inspection, member: usize) -> bool {
    let round = inside.columns.iter().find(|column| column.name == "in this round");
    round.is_some_and(|round| round.values.get(member) == Some(&0.0))
}

fn standing(pool: &PoolView, member: usize) -> Standing {
    let inside = &pool.inspection;
    match () {
        () if pool.eligible.get(member) != Some(&true) => Standing::Out,
        () if inside.next == Some(member) || inside.taken == Some(member) => Standing::Chosen,
        () if inside.drawn.contains(&member) => Standing::Drawn,
        () if rests(inside, member) => Standing::Out,
        () => Standing::Plain,
    }
}

/// A backend's number in a disc: filled if it is chosen, ringed if it was drawn.
fn badge(at: Point, radius: f64, member: usize, standing: Standing, shapes: &mut Vec<Shape>) {
    let ink = match standing {
        Standing::Chosen => {
            shapes.push(disc(at, radius, Ink::RequestText));
            Ink::OnStrong
        }
        Standing::Drawn => {
            shapes.push(ring(at, radius - 0.8, Stroke::new(Ink::Request, 1.6)));
            Ink::Ink
        }
        Standing::Plain => {
            shapes.push(ring(at, radius - 0.5, Stroke::new(Ink::DimInk, 1.0).faded(0.6)));
            Ink::Ink
        }
        Standing::Out => {
            shapes.push(ring(at, radius - 0.5, Stroke::new(Ink::DimInk, 1.0).dashed(2.0, 2.0)));
            Ink::DimInk
        }
    };
    let size = if member < 99 { radius * 1.4 } else { radius };
    let label = Label::new((member + 1).to_string(), at.moved(0.0, size * 0.36), size).middle().ink(ink);
    shapes.push(if standing == Standing::Chosen { label.bold() } else { label }.into());
}

/// The range of figures, with 0 in it.
fn range(values: &[f64]) -> (f64, f64) {
    let (low, high) =
        values.iter().fold((0.0, 0.0), |(low, high): (f64, f64), it| (low.min(*it), high.max(*it)));
    (low, high.max(low + 1e-9))
}

/// Counts as they are, all else to three digits.
fn figure(value: f64) -> String {
    match value == libm::trunc(value) && value.abs() < 1e4 {
        true => format!("{value}").replace('-', "−"),
        false => figures::figure(value),
    }
}

fn bar_fill(standing: Standing) -> Fill {
    let alpha = match standing {
        Standing::Chosen => 1.0,
        Standing::Drawn => 0.7,
        Standing::Plain => 0.42,
        Standing::Out => 0.15,
    };
    Fill { ink: Ink::Request, alpha }
}

/// A row for each backend: number, bar, figure.
fn rows(pool: &PoolView, values: &[f64], body: Rect, shapes: &mut Vec<Shape>) {
    let pitch = (body.height / values.len().max(1) as f64).min(18.0);
    let label = |value: f64| Label::new(figure(value), point(body.right(), 0.0), 10.0).end();
    let widest = values.iter().map(|value| label(*value).bold().width()).fold(12.0, f64::max);
    let (low, high) = range(values);
    let bar = rect(body.x + 17.0, 0.0, (body.width - 17.0 - widest - 6.0).max(4.0), 6.0);
    let at = |value: f64| bar.x + bar.width * (value - low) / (high - low);
    for (member, value) in values.iter().enumerate() {
        let (standing, middle) = (standing(pool, member), body.y + pitch * (member as f64 + 0.5));
        badge(point(body.x + 6.0, middle), (pitch * 0.45).min(6.5), member, standing, shapes);
        shapes.push(slab(Rect { y: middle - 3.0, ..bar }, 3.0, Ink::Empty));
        let (from, to) = (at(value.min(0.0)), at(value.max(0.0)));
        if to - from >= 0.5 {
            let (fill, filled) = (Some(bar_fill(standing)), rect(from, middle - 3.0, to - from, 6.0));
            shapes.push(Shape::Rect {
                rect: filled,
                radius: 3.0_f64.min((to - from) / 2.0),
                fill,
                line: None,
            });
        }
        if low < 0.0 {
            let points = vec![point(at(0.0), middle - 5.0), point(at(0.0), middle + 5.0)];
            shapes.push(Shape::Polyline { points, line: Stroke::new(Ink::DimInk, 1.0) });
        }
        let label = label(*value);
        let label = match standing {
            Standing::Chosen => label.bold(),
            Standing::Out => label.ink(Ink::DimInk),
            _ => label,
        };
        shapes.push(Label { at: point(body.right(), middle + 3.6), ..label }.into());
    }
}

/// A column for each backend, where they are many; the chosen one's number and figure above.
fn bars(pool: &PoolView, values: &[f64], body: Rect, shapes: &mut Vec<Shape>) {
    let pitch = body.width / values.len().max(1) as f64;
    let (low, high) = range(values);
    let tall = rect(body.x, body.y + 12.0, body.width, body.height - 13.0);
    let y = |value: f64| tall.bottom() - tall.height * (value - low) / (high - low);
    let width = (pitch * 0.72).max(0.6);
    for (member, value) in values.iter().enumerate() {
        let standing = standing(pool, member);
        let x = body.x + pitch * member as f64;
        let (top, bottom) = (y(value.max(0.0)).min(y(0.0) - 1.0), y(value.min(0.0)));
        let (fill, column) = (Some(bar_fill(standing)), rect(x, top, width, bottom - top));
        shapes.push(Shape::Rect { rect: column, radius: 1.5_f64.min(width / 2.0), fill, line: None });
        if standing == Standing::Chosen {
            let text = format!("{}: {}", member + 1, figure(*value));
            let label = Label::new(text, point(0.0, body.y + 8.0), 10.0).bold();
            let at = (x + width / 2.0 - label.width() / 2.0).min(body.right() - label.width()).max(body.x);
            shapes.push(Label { at: point(at, label.at.y), ..label }.into());
        }
    }
}

/// The backends in their order, where nothing but that counts, or nothing at all.
fn turns(pool: &PoolView, body: Rect, shapes: &mut Vec<Shape>) {
    let count = pool.eligible.len();
    let Some((columns, pitch)) = largest_pitch(body.width, body.height, count) else { return };
    let pitch = pitch.min(24.0);
    let rows = count.div_ceil(columns);
    let left = body.center().x - columns.min(count) as f64 * pitch / 2.0;
    let top = body.center().y - rows as f64 * pitch / 2.0;
    for member in 0..count {
        let (column, row) = ((member % columns) as f64 + 0.5, (member / columns) as f64 + 0.5);
        let at = point(left + column * pitch, top + row * pitch);
        match standing(pool, member) {
            standing if pitch >= 12.0 => badge(at, pitch * 0.38, member, standing, shapes),
            Standing::Chosen => shapes.push(disc(at, pitch * 0.42, Ink::RequestText)),
            Standing::Out => {}
            _ => shapes.push(disc(at, pitch * 0.3, Ink::Empty)),
        }
    }
}

/// The backend's colour.
fn owner(owner: u32) -> Ink {
    if owner == NOBODYS { Ink::Empty } else { Ink::owner(owner as usize) }
}

/// The slots of a table, in reading order. Where the last hash fell is outlined.
fn table(places: &Places, taken: Option<usize>, body: Rect, shapes: &mut Vec<Shape>) {
    let count = places.owners.len();
    let Some((columns, pitch)) = largest_pitch(body.width, body.height, count) else { return };
    let pitch = pitch.min(24.0);
    let left = body.center().x - columns.min(count) as f64 * pitch / 2.0;
    let slot = |place: usize| {
        let (column, row) = ((place % columns) as f64, (place / columns) as f64);
        rect(left + column * pitch, body.y + row * pitch, pitch * 0.88, pitch * 0.88)
    };
    for (place, of) in places.owners.iter().enumerate() {
        shapes.push(slab(slot(place), pitch * 0.14, owner(*of)));
        if pitch >= 14.0 && *of != NOBODYS {
            let at = slot(place).center().moved(0.0, pitch.min(20.0) * 0.2);
            shapes.push(
                Label::new((of + 1).to_string(), at, (pitch * 0.55).min(11.0))
                    .bold()
                    .middle()
                    .ink(Ink::Paper)
                    .into(),
            );
        }
    }
    if let (Some((_, share)), Some(taken)) = (places.last, taken) {
        let hit = slot(((share * count as f64) as usize).min(count.saturating_sub(1)));
        if pitch < 14.0 {
            // Of a sample the slot shown there may be another's.
            shapes.push(slab(hit, pitch * 0.14, Ink::owner(taken)));
        }
        let line = Some(Stroke::new(Ink::Ink, 1.8));
        shapes.push(Shape::Rect { rect: hit.grown(1.0), radius: pitch * 0.2, fill: None, line });
    }
}

/// A lower ring is unrolled.
const CIRCLE_MIN: f64 = 34.0;

/// The ring from its top, unrolled, and on it where the last hash fell.
fn strip(places: &Places, taken: Option<usize>, body: Rect, shapes: &mut Vec<Shape>) {
    let (middle, count) = (body.center().y, places.owners.len().max(1) as f64);
    let at = |share: f64| body.x + body.width * share;
    for (place, of) in places.owners.iter().enumerate() {
        let ends = [place, place + 1].map(|end| point(at(end as f64 / count), middle));
        shapes.push(Shape::Polyline { points: ends.to_vec(), line: Stroke::new(owner(*of), 7.0) });
    }
    if let (Some((_, share)), Some(_)) = (places.last, taken) {
        let points = vec![point(at(share), middle - 6.0), point(at(share), middle + 6.0)];
        shapes.push(Shape::Polyline { points, line: Stroke::new(Ink::Ink, 1.8) });
    }
}

/// The ring, clockwise from the top, and on it where the last hash fell.
fn circle(places: &Places, taken: Option<usize>, body: Rect, shapes: &mut Vec<Shape>) {
    let (center, count) = (body.center(), places.owners.len());
    let radius = body.height.min(body.width) / 2.0 - 5.0;
    let at = |radius: f64, share: f64| {
        point(center.x + radius * libm::sin(share * TAU), center.y - radius * libm::cos(share * TAU))
    };
    let share = |place: usize| place as f64 / count as f64;
    for (place, of) in places.owners.iter().enumerate() {
        let (from, to) = (share(place), share(place + 1));
        let points = vec![at(radius, from), at(radius, (from + to) / 2.0), at(radius, to)];
        shapes.push(Shape::Polyline { points, line: Stroke::new(owner(*of), 7.0) });
    }
    if let (Some((_, share)), Some(taken)) = (places.last, taken) {
        let points = vec![at(radius - 8.0, share), at(radius + 4.5, share)];
        shapes.push(Shape::Polyline { points, line: Stroke::new(Ink::Ink, 1.8) });
        badge(center, (radius - 12.0).min(10.0), taken, Standing::Chosen, shapes);
    }
}

/// What the policy goes by, in words: each backend's figure, whom the last pick drew or a hash led to.
pub fn describe(pool: &PoolView) -> String {
    let inside = &pool.inspection;
    let mut said = vec![];
    if let Some((what, clients)) = &pool.kept {
        let counts = clients.iter().take(12).enumerate();
        let counts: Vec<String> = counts.map(|(member, count)| format!("{}: {count}", member + 1)).collect();
        said.push(format!("{what} {}", counts.join(", ")));
    }
    if inside.places.is_none()
        && let Some(column) = inside.columns.last()
    {
        let figures = column.values.iter().take(12).enumerate();
        let figures: Vec<String> =
            figures.map(|(member, value)| format!("{}: {}", member + 1, figure(*value))).collect();
        said.push(format!("{} {}", heading(inside), figures.join(", ")));
    }
    if let Some(share) = inside.places.as_ref().and_then(|places| places.at_own) {
        said.push(format!("{share:.0} % at their own server"));
    }
    said.push(last(inside));
    said.retain(|part| !part.is_empty());
    said.join(", ")
}
