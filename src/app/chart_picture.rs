//! From a run to the shapes of its charts.

use super::canvas::Canvas;
use super::engine::Frame;
use super::paint;
use super::plot::TimeAxis;
use super::theme::palette;
use std::borrow::Cow;
use switchyard::node::one_of;
use switchyard::node::station::Inside;
use switchyard::play::{Flag, Session};
use switchyard::report::{RECENT_WINDOWS, Window};
use switchyard::run::snapshot::{MemberView, NodeState, NodeView, Snapshot};
use switchyard::scenario::NodeSpec;
use switchyard::scene::{self, Bar, BarChart, Ink, Line, LineChart, Shape, Table, Theory};
use switchyard::sim::Place;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Latency,
    Throughput,
    Hits,
    Load,
    Waiting,
    Wrong,
}

impl Kind {
    /// The three charts that tell most of this system.
    pub fn of(snapshot: &Snapshot) -> [Kind; 3] {
        let caches = snapshot.nodes.iter().any(|node| node.kind == "cache");
        let queues = snapshot.nodes.iter().any(|node| node.kind == "queue" || is_sharded(node));
        let shares = loaded_node(snapshot).is_some_and(|(_, machines)| machines.len() > 1);
        let copies = snapshot.nodes.iter().any(has_copies);
        match (caches, shares) {
            (false, _) if copies => [Kind::Latency, Kind::Throughput, Kind::Wrong],
            (true, true) => [Kind::Latency, Kind::Hits, Kind::Load],
            (true, false) => [Kind::Latency, Kind::Throughput, Kind::Hits],
            (false, true) if !queues => [Kind::Latency, Kind::Throughput, Kind::Load],
            (false, _) => [Kind::Latency, Kind::Throughput, Kind::Waiting],
        }
    }
}

/// Every machine has everything, and is asked as often as the others: what matters is who answers wrongly.
#[cfg(feature = "whole")]
pub fn has_copies(node: &NodeView) -> bool {
    matches!(&node.state, NodeState::Station(it) if matches!(it.inside, Inside::Replicas(_)))
}

/// A first visit has no stores.
#[cfg(not(feature = "whole"))]
fn has_copies(_: &NodeView) -> bool {
    false
}

/// Shards also ask each other: what they receive says little of their shares, which the stage shows.
fn is_sharded(node: &NodeView) -> bool {
    let NodeState::Station(it) = &node.state else { return false };
    node.kind == "store" && matches!(it.inside, Inside::Ring(_))
}

/// (simulated seconds, value)
type Points = Vec<(f64, Option<f64>)>;

/// The curves of a chart.
struct Curves {
    lines: Vec<(Cow<'static, str>, Ink, Points)>,
    unit: &'static str,
}

/// Paints a chart; answers with its time axis if it has one.
pub fn paint(kind: Kind, frame: &Frame, flags: &[Flag], canvas: &Canvas) -> Option<TimeAxis> {
    let (width, height, ratio) = canvas.ready_for_text()?;
    let Some(mut curves) = curves(kind, frame.session) else {
        let chart = BarChart { width, height, ..loads(frame.session, frame.snapshot()) };
        paint::paint(&canvas.context, &chart.shapes(), palette(), (width, height), ratio);
        return None;
    };
    curves.lines.retain(|(name, _, points)| is_shown(name, points.iter().filter_map(|(_, value)| *value)));
    let to_s = horizon_s(frame.session);
    let theory = frame.session.theory().filter(|_| kind == Kind::Latency);
    let label = theory.as_ref().map(|line| line.label());
    let chart = LineChart {
        width,
        height,
        from_s: 0.0,
        to_s,
        theory: (theory.as_ref().zip(label.as_ref()))
            .map(|(line, label)| Theory { value: line.mean_ms, label }),
        flags: flags.iter().map(|flag| scene::Flag { at_s: flag.at.seconds(), label: &flag.label }).collect(),
        cursor_s: Some(frame.session.now().seconds()),
        hover_s: frame.pointed.map(|at| at.seconds()),
        ..curves.chart()
    };
    paint::paint(&canvas.context, &chart.shapes(), palette(), (width, height), ratio);
    let plot = chart.plot();
    Some((plot.x, plot.width, to_s))
}

/// A chart for a picture that stands alone: its curves have their names with them, and there is no moment but all that was.
pub fn alone(kind: Kind, session: &Session, (width, height): (f64, f64)) -> Vec<Shape> {
    let Some(mut curves) = curves(kind, session) else {
        return BarChart { width, height, ..loads(session, &session.snapshot()) }.shapes();
    };
    curves.lines.retain(|(name, _, points)| is_shown(name, points.iter().filter_map(|(_, value)| *value)));
    let theory = session.theory().filter(|_| kind == Kind::Latency);
    let label = theory.as_ref().map(|line| line.label());
    let theory = theory.as_ref().zip(label.as_ref());
    let chart = LineChart {
        width,
        height,
        to_s: horizon_s(session),
        theory: theory.map(|(line, label)| Theory { value: line.mean_ms, label }),
        ..curves.chart()
    };
    chart.shapes().into_iter().chain(chart.legend()).collect()
}

/// What has not happened has no curve: it would only lie over the axis. Tables have all.
pub fn is_shown(name: &str, mut values: impl Iterator<Item = f64>) -> bool {
    let is_always = !matches!(
        name,
        "let through" | "dealt with" | "refused" | "failed" | "timed out" | "in queues" | STALE
    );
    is_always || values.any(|value| value > 0.0)
}

/// The same figures in full, to be read or saved.
pub fn table(kind: Kind, session: &Session, snapshot: &Snapshot) -> Table {
    match curves(kind, session) {
        Some(curves) => curves.chart().table(),
        None => loads(session, snapshot).table(),
    }
}

/// The end of the time axis: the run is shown in halves, quarters … of its length, so that what has
/// happened fills the chart and the axis seldom changes.
pub fn horizon_s(session: &Session) -> f64 {
    let (now, end) = (session.now().seconds(), session.end().seconds());
    let mut horizon = end;
    while horizon / 2.0 > now && horizon > end / 20.0 {
        horizon /= 2.0;
    }
    horizon
}

fn curves(kind: Kind, session: &Session) -> Option<Curves> {
    let series = session.metrics().series();
    let points = |value: &dyn Fn(&Window) -> Option<f64>| -> Points {
        series.complete().iter().map(|window| (window.end_ms / 1000.0, value(window))).collect()
    };
    let over = rate_windows(session);
    let rate = |count: fn(&Window) -> u64| -> Points {
        let point = |(index, window): (usize, &Window)| {
            (window.end_ms / 1000.0, Some(series.per_s_over(over, index, count)))
        };
        series.complete().iter().enumerate().map(point).collect()
    };
    match kind {
        Kind::Latency => Some(Curves {
            lines: vec![
                ("p50".into(), Ink::Ok, points(&|window| window.p50_ms)),
                ("p95".into(), Ink::Waiting, points(&|window| window.p95_ms)),
                ("p99".into(), Ink::Failed, points(&|window| window.p99_ms)),
            ],
            unit: "ms",
        }),
        Kind::Throughput => Some(Curves {
            lines: vec![
                ("let through".into(), Ink::Request, rate(|window| window.passed)),
                ("ok".into(), Ink::Ok, rate(|window| window.ok)),
                ("dealt with".into(), Ink::Request, rate(|window| window.dealt_with)),
                ("refused".into(), Ink::Refused, rate(|window| window.refused)),
                ("failed".into(), Ink::Failed, rate(|window| window.failed)),
                ("timed out".into(), Ink::Waiting, rate(|window| window.timed_out)),
            ],
            unit: "/s",
        }),
        Kind::Hits => {
            let ratio = |(index, window): (usize, &Window)| {
                (window.end_ms / 1000.0, series.recent_hit_ratio(index).map(|ratio| ratio * 100.0))
            };
            let points = series.complete().iter().enumerate().map(ratio).collect();
            let stale = |(index, window): (usize, &Window)| {
                (window.end_ms / 1000.0, series.recent_stale_ratio(index).map(|ratio| ratio * 100.0))
            };
            let stale = series.complete().iter().enumerate().map(stale).collect();
            let groups = groups(session);
            let mut lines =
                vec![(hits_of(&groups).into(), Ink::Ok, points), (STALE.into(), Ink::Failed, stale)];
            for (node, name, ink) in groups {
                let ratio = |(index, window): (usize, &Window)| {
                    let ratio = series.recent_hit_ratio_of(node, index);
                    (window.end_ms / 1000.0, ratio.map(|ratio| ratio * 100.0))
                };
                lines.push((name.into(), ink, series.complete().iter().enumerate().map(ratio).collect()));
            }
            Some(Curves { lines, unit: "%" })
        }
        Kind::Waiting => {
            let mut under_way = 0.0;
            let mut issued_and_not_ended = |window: &Window| {
                let ended = window.ok + window.refused + window.failed + window.timed_out;
                under_way += window.issued as f64 - ended as f64;
                (window.end_ms / 1000.0, Some(under_way))
            };
            let under_way = series.complete().iter().map(&mut issued_and_not_ended).collect();
            let waiting = points(&|window| Some(window.waiting as f64));
            let lines = vec![
                ("under way".into(), Ink::Request, under_way),
                ("in queues".into(), Ink::Waiting, waiting),
            ];
            Some(Curves { lines, unit: "" })
        }
        Kind::Wrong => Some(Curves {
            lines: vec![
                ("stale reads".into(), Ink::Waiting, rate(|window| window.stale)),
                ("lost updates".into(), Ink::Failed, rate(|window| window.lost)),
            ],
            unit: "/s",
        }),
        Kind::Load => None,
    }
}

impl Curves {
    fn chart(&self) -> LineChart<'_> {
        let lines = self.lines.iter().map(|(name, ink, points)| Line { name, ink: *ink, points }).collect();
        LineChart { lines, unit: self.unit, ..LineChart::default() }
    }
}

/// Over how many windows rates are counted: percentiles need many, but what a limiter lets through is judged by the
/// second.
pub fn rate_windows(session: &Session) -> usize {
    let limits = cfg!(feature = "whole")
        && session.scenario().nodes.iter().any(|node| node.settings.kind().id == "limiter");
    if limits { session.metrics().series().windows_of_a_second() } else { RECENT_WINDOWS }
}

/// Beside hits: how many reads were answered with something old.
pub const STALE: &str = "stale";

/// Index, name and colour of the groups of clients that ask a cache, where there are several: each has a hit ratio of its
/// own. The page of a first visit has neither caches nor limiters.
pub fn groups(session: &Session) -> Vec<(u16, String, Ink)> {
    if !cfg!(feature = "whole") {
        return vec![];
    }
    let nodes = &session.scenario().nodes;
    let clients = nodes.iter().enumerate().filter(|(_, node)| node.settings.kind().id == "clients");
    let asking = clients.filter(|(_, node)| asks_a_cache(nodes, node, nodes.len()));
    let inks = [Ink::Request, Ink::Waiting, Ink::Refused];
    let groups = asking.zip(inks).map(|((index, node), ink)| (index as u16, node.name.clone(), ink));
    let groups: Vec<_> = groups.collect();
    if groups.len() > 1 { groups } else { vec![] }
}

/// Whether a way of at most so many links leads to a cache.
fn asks_a_cache(nodes: &[NodeSpec], node: &NodeSpec, links: usize) -> bool {
    let mut called = nodes.iter().filter(|other| node.to.contains(&other.id));
    links > 0 && called.any(|it| it.settings.kind().id == "cache" || asks_a_cache(nodes, it, links - 1))
}

/// What the curve of all hits is called beside those of groups.
pub fn hits_of(groups: &[(u16, String, Ink)]) -> &'static str {
    if groups.is_empty() { "hit ratio" } else { "all" }
}

/// A machine of the chart of loads.
pub struct Machine {
    pub number: u32,
    pub troubled: bool,
}

/// Index of the node whose machines share the load, and its machines: of several nodes the one that has most.
pub fn loaded_node(snapshot: &Snapshot) -> Option<(usize, Vec<Machine>)> {
    let machines = |state: &NodeState| -> Vec<Machine> {
        let server =
            |it: &MemberView| Machine { number: it.number, troubled: it.slow > 1.0 || it.down || it.frozen };
        match state {
            NodeState::Servers(servers) => servers.members.iter().map(server).collect(),
            NodeState::Station(station) => {
                let members = station.members.iter();
                members.map(|it| Machine { number: it.number, troubled: it.down || it.frozen }).collect()
            }
            NodeState::Clients(_) | NodeState::Balancer(_) => vec![],
        }
    };
    let of = |(index, node): (usize, &NodeView)| (index, machines(&node.state));
    // The first of those with as many.
    snapshot.nodes.iter().enumerate().map(of).rev().max_by_key(|(_, machines)| machines.len())
}

/// What each machine has received lately.
fn loads(session: &Session, snapshot: &Snapshot) -> BarChart<'static> {
    let (node, machines) = loaded_node(snapshot).unwrap_or_default();
    let rate = |member: usize| {
        let tally = session.metrics().member(Place { node: node as u16, member: member as u16 });
        tally.map_or(0.0, |tally| tally.recent_per_s(session.now()))
    };
    let letter = snapshot.nodes.get(node).and_then(|node| one_of(&node.name).chars().next()).unwrap_or('S');
    let bar = |(member, machine): (usize, &Machine)| Bar {
        name: format!("{letter}{}", machine.number),
        value: Some(rate(member)),
        ink: if machine.troubled { Ink::Failed } else { Ink::Request },
    };
    let bars: Vec<Bar> = machines.iter().enumerate().map(bar).collect();
    let mean = bars.iter().filter_map(|bar| bar.value).sum::<f64>() / bars.len().max(1) as f64;
    BarChart {
        fair: (bars.len() > 1).then_some(mean),
        bars,
        unit: "/s",
        quantity: "received lately",
        shares: true,
        ..BarChart::default()
    }
}
