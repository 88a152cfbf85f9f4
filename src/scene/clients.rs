//! The clients' card: a disc for each client, lit while it waits for an answer.

use super::figures;
use super::geometry::{Rect, point, rect};
use super::palette::Ink;
use super::shape::{Anchor, Fill, Label, Shape, Stroke, disc};
use super::yard::{Axis, largest_pitch};
use crate::node::calling::gate::GateView;
use crate::run::snapshot::{ClientsView, LinkView, NodeState, NodeView, Snapshot};

/// The card's face; the same for every kind of card.
pub fn face(rect: Rect, line: Stroke) -> Shape {
    Shape::Rect { rect, radius: 12.0, fill: Some(Fill::of(Ink::Paper)), line: Some(line) }
}

/// What comes from them: "180 req/s", "10 users", "own keys, 100/s".
pub fn pace(clients: &ClientsView) -> String {
    match clients.rate_per_s {
        Some(rate) if clients.own_keys => format!("own keys, {}/s", figures::short(rate)),
        // As it was set, not as if measured: 70, not 70.0.
        Some(rate) if rate >= 1.0 && rate == libm::trunc(rate) => {
            format!("{}{}req/s", figures::whole(rate as u64), figures::UNIT)
        }
        Some(rate) => format!("{}{}req/s", figures::short(rate), figures::UNIT),
        None => clients.arrivals.clone(),
    }
}

/// A narrower card is upright: everything stands below the name.
pub const UPRIGHT: f64 = 150.0;
/// Least width of the discs beside the words.
const DISCS_MIN: f64 = 30.0;
/// Height of a line of [`draw_gate`].
const GATE_ROW: f64 = 18.0;

/// Of several kinds of clients each says how long its own requests took.
pub fn are_several(snapshot: &Snapshot) -> bool {
    own_rows(snapshot) > 0
}

/// How many lines each kind has for how its requests fare: of two kinds two, of more one.
fn own_rows(snapshot: &Snapshot) -> usize {
    match snapshot.nodes.iter().filter(|node| matches!(node.state, NodeState::Clients(_))).count() {
        0 | 1 => 0,
        2 => 2,
        _ => 1,
    }
}

/// Lines of what a card says of its gate, and of its own kind.
fn gate_rows(gate: &GateView, own: Option<Own>) -> usize {
    gate_words(gate).len() + own.map_or(0, |own| own.rows + usize::from(own.workers.is_some()))
}

/// What each of several kinds of clients says of itself, and in how many lines.
pub fn own(snapshot: &Snapshot, node: usize, p99_ms: Option<f64>, ok_lately: Option<f64>) -> Option<Own> {
    let rows = own_rows(snapshot);
    (rows > 0).then(|| Own { p99_ms, ok_lately, rows, workers: workers_held(snapshot, node) })
}

/// Of several kinds of clients: what each says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Own {
    /// Of what was answered to these.
    pub p99_ms: Option<f64>,
    /// The share of these that lately ended well.
    pub ok_lately: Option<f64>,
    /// In one line or in two.
    rows: usize,
    /// Workers that are busy for them, and all, where other kinds want the same ones.
    pub workers: Option<(usize, usize)>,
}

/// How many workers of plain servers are busy for these clients, and how many there are, if others call the same servers.
/// Where a service runs, its instrument says what it is busy with.
pub fn workers_held(snapshot: &Snapshot, node: usize) -> Option<(usize, usize)> {
    let callers = |server: usize| {
        let from = snapshot.links.iter().filter(move |link| link.to == server).map(|link| link.from);
        from.filter(|from| matches!(snapshot.nodes[*from].state, NodeState::Clients(_)))
    };
    let shared = |link: &&LinkView| link.from == node && callers(link.to).nth(1).is_some();
    let to = snapshot.links.iter().find(shared)?.to;
    match &snapshot.nodes[to].state {
        NodeState::Servers(servers) if servers.runs.is_empty() => {
            let workers = || servers.members.iter().flat_map(|member| &member.workers);
            Some((workers().flatten().filter(|work| work.source == node).count(), workers().count()))
        }
        _ => None,
    }
}

/// How much higher the card is for what stands between the clients and what they call; and for what each of several
/// kinds says of itself.
pub fn gate_height(snapshot: &Snapshot, node: usize, clients: &ClientsView) -> f64 {
    gate_rows(&clients.gate, own(snapshot, node, None, None)) as f64 * GATE_ROW
}

/// Circuit breaker, retry budget, bulkhead, as far as they are set: name, figure, and its colour.
fn gate_words(gate: &GateView) -> Vec<(String, String, Ink)> {
    let breaker = gate.breaker.as_ref().map(|it| {
        let ink = match it.state {
            "closed" => Ink::OkText,
            "open" => Ink::FailedText,
            _ => Ink::WaitingText,
        };
        let failed = if it.known > 0 { format!("{}/{}", it.failed, it.known) } else { String::new() };
        (it.state.to_owned(), failed, ink)
    });
    let retries = gate.retries_saved.map(|saved| {
        let ink = if saved < 1.0 { Ink::FailedText } else { Ink::Ink };
        ("retries".to_owned(), format!("{saved:.1}"), ink)
    });
    let calls = gate.calls.map(|(open, most)| {
        let ink = if open >= most { Ink::RefusedText } else { Ink::Ink };
        ("calls".to_owned(), format!("{open} of {most}"), ink)
    });
    let load = gate.load.map(|(offered, useful)| {
        // Of few calls some are always under way.
        let few = offered < 20 || 2 * useful >= offered;
        let ink = if few { Ink::Ink } else { Ink::FailedText };
        let per_s = |count| format!("{}/s", figures::whole(u64::from(count)));
        [("offered".to_owned(), per_s(offered), Ink::Ink), ("useful".to_owned(), per_s(useful), ink)]
    });
    [breaker, retries, calls].into_iter().flatten().chain(load.into_iter().flatten()).collect()
}

/// A line for each. The breaker is a switch: requests pass where it is closed.
fn draw_gate(gate: &GateView, own: Option<Own>, area: Rect, shapes: &mut Vec<Shape>) {
    let workers = own
        .and_then(|own| own.workers)
        .map(|(busy, all)| ("workers".to_owned(), format!("{busy}/{all}"), Ink::Ink));
    let latency = own.map(|own| ("p99 so far".to_owned(), figures::ms(own.p99_ms), Ink::Ink));
    // Whose requests die is what several kinds of clients are told apart by.
    let ok = own.map(|own| {
        let ink = match own.ok_lately {
            Some(share) if share < 0.9 => Ink::FailedText,
            Some(share) if share < 0.99 => Ink::WaitingText,
            _ => Ink::Ink,
        };
        ("ok lately".to_owned(), own.ok_lately.map_or(figures::NONE.into(), figures::percent), ink)
    });
    // In one line stands what is worse.
    let is_single = own.is_some_and(|own| own.rows < 2);
    let loses = own.and_then(|own| own.ok_lately).is_some_and(|share| share < 0.99);
    let ok = ok.filter(|_| !is_single || loses);
    let latency = latency.filter(|_| !is_single || !loses);
    let rows = gate_words(gate).into_iter().chain(workers).chain(ok).chain(latency);
    for (nth, (name, figure, ink)) in rows.enumerate() {
        let middle = area.y + (nth as f64 + 0.5) * GATE_ROW;
        let is_breaker = nth == 0 && gate.breaker.is_some();
        let text = if is_breaker { area.x + 23.0 } else { area.x };
        if is_breaker {
            let (lift, line) = match name.as_str() {
                "closed" => (0.0, Stroke::new(Ink::Ok, 2.0)),
                "open" => (8.0, Stroke::new(Ink::Failed, 2.0)),
                _ => (4.0, Stroke::new(Ink::Waiting, 2.0).dashed(3.0, 2.0)),
            };
            let (left, right) = (point(area.x + 3.0, middle), point(area.x + 17.0, middle));
            shapes.push(Shape::Polyline { points: vec![left, right.moved(-lift * 0.3, -lift)], line });
            shapes.extend([disc(left, 2.4, Ink::DimInk), disc(right, 2.4, Ink::DimInk)]);
        }
        let right = Label::new(figure, point(area.right(), middle + 3.6), 10.0).end();
        let right = if is_breaker { right.ink(Ink::DimInk) } else { right.bold().ink(ink) };
        let left = Label::new(name, point(text, middle + 3.6), 10.0);
        let left = if is_breaker { left.bold().ink(ink) } else { left.ink(Ink::DimInk) };
        // The breaker's state rather than its figure, where there is no room for both; else the figure.
        let fits = |left: &Label| left.width() + right.width() + 6.0 <= area.right() - text;
        let ends = [" so far", " lately"];
        let short = ends.iter().find_map(|end| left.text.strip_suffix(end)).map(str::to_owned);
        let left = match short {
            Some(short) if !fits(&left) => Label { text: short, ..left },
            _ => left,
        };
        let both = fits(&left);
        if both || !is_breaker {
            shapes.push(right.within(area.right() - text).into());
        }
        if both || is_breaker {
            shapes.push(left.within(area.right() - text).into());
        }
    }
}

/// "breaker open, 12 of 20 calls failed", in words; empty where nothing is set.
pub fn describe_gate(gate: &GateView) -> String {
    let breaker = gate
        .breaker
        .as_ref()
        .map(|it| format!("breaker {}, {} of {} calls failed", it.state, it.failed, it.known));
    let retries = gate.retries_saved.map(|saved| format!("budget for {saved:.1} retries"));
    let calls = gate.calls.map(|(open, most)| format!("{open} of {most} calls"));
    let load = gate
        .load
        .map(|(offered, useful)| format!("{offered} calls a second offered, {useful} of them useful"));
    [breaker, retries, calls, load].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

pub fn draw(
    node: &NodeView,
    clients: &ClientsView,
    own: Option<Own>,
    card: Rect,
    axis: Axis,
    shapes: &mut Vec<Shape>,
) {
    let open = clients.gate.breaker.as_ref().is_some_and(|breaker| breaker.state == "open");
    let line = if open { Stroke::new(Ink::Failed, 1.6) } else { Stroke::new(Ink::Line, 1.2) };
    shapes.push(face(card, line));
    // Below all else.
    let gate = gate_rows(&clients.gate, own) as f64 * GATE_ROW;
    let lines = rect(card.x + 9.0, card.bottom() - gate - 4.0, card.width - 18.0, gate);
    draw_gate(&clients.gate, own, lines, shapes);
    let card = rect(card.x, card.y, card.width, card.height - gate);
    let discs = clients.waiting.len();
    let rest = clients.clients as usize > discs;
    let width = card.width - 20.0;
    let center = card.center().x;
    let area = match axis == Axis::Across || card.width < UPRIGHT {
        true => {
            let title = Label::new(&node.name, point(center, card.y + 23.0), 13.0).bold().middle();
            shapes.push(title.shrunk(width).into());
            let rate = Label::new(pace(clients), point(center, card.bottom() - 12.0), 11.0).middle();
            shapes.push(rate.ink(Ink::DimInk).shrunk(width).into());
            if rest {
                let at = point(center, card.bottom() - 27.0);
                let text = format!("{discs} of {}", figures::whole(clients.clients as u64));
                shapes.push(Label::new(text, at, 10.0).middle().ink(Ink::DimInk).within(width).into());
            }
            let below = if rest { 41.0 } else { 31.0 };
            rect(card.x + 14.0, card.y + 33.0, card.width - 28.0, card.height - 33.0 - below)
        }
        false => {
            let left = card.x + 14.0;
            let name = Label::new(&node.name, point(left, card.y + 26.0), 13.0).bold();
            // The discs leave a longer name its room, as far as they have some left.
            let words = name.width().max(84.0).min(card.width - 28.0 - DISCS_MIN);
            let rate = Label::new(pace(clients), point(left, card.y + 45.0), 11.0).ink(Ink::DimInk);
            let mut lines = vec![name, rate];
            let discs_left = left + words + 10.0;
            let mut area =
                rect(discs_left, card.y + 8.0, card.right() - 14.0 - discs_left, card.height - 16.0);
            if rest {
                let text = format!("{discs} of {}", figures::whole(clients.clients as u64));
                let count = Label::new(text, point(area.center().x, card.bottom() - 7.0), 10.0).middle();
                if count.width() <= area.width {
                    area.height -= 12.0;
                    shapes.push(count.ink(Ink::DimInk).into());
                } else {
                    // Below the other words, which move together for it.
                    let raised = |line: Label, y: f64| Label { at: point(left, card.y + y), ..line };
                    lines = [lines, vec![Label { anchor: Anchor::Start, ..count.ink(Ink::DimInk) }]].concat();
                    lines =
                        lines.into_iter().zip([20.0, 36.0, 51.0]).map(|(line, y)| raised(line, y)).collect();
                }
            }
            shapes.extend(lines.into_iter().map(|line| Shape::from(line.shrunk(words))));
            area
        }
    };
    let waiting = clients.waiting.iter().map(|waits| *waits > 0);
    draw_discs(area, waiting, discs, shapes);
}

fn draw_discs(area: Rect, lit: impl Iterator<Item = bool>, count: usize, shapes: &mut Vec<Shape>) {
    let Some((columns, pitch)) = largest_pitch(area.width, area.height, count) else { return };
    let pitch = pitch.min(18.0);
    let radius = pitch * 0.31;
    let rows = count.div_ceil(columns);
    let left = area.center().x - columns.min(count) as f64 * pitch / 2.0;
    let top = area.center().y - rows as f64 * pitch / 2.0;
    for (index, lit) in lit.enumerate() {
        let (column, row) = ((index % columns) as f64 + 0.5, (index / columns) as f64 + 0.5);
        let center = point(left + column * pitch, top + row * pitch);
        shapes.push(match lit {
            true => disc(center, radius, Ink::Request),
            // Hollow: lit or not is not a matter of colour alone.
            false => Shape::Circle {
                center,
                radius: (radius - 0.5).max(0.5),
                fill: Some(Fill::of(Ink::Empty)),
                line: Some(Stroke::new(Ink::DimInk, 1.0).faded(0.45)),
            },
        });
    }
}
