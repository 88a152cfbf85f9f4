//! Where everything stands: nodes in columns by depth (rows on a narrow stage), tracks between them.

use super::geometry::{Curve, Point, Rect, point, rect};
use super::yard::{Axis, Density, Yard};
use crate::run::snapshot::{NodeState, Snapshot};
use crate::sim::Place;

/// The tracks of one link: from each member of the caller to where they meet, and on to each callee.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tracks {
    pub from: usize,
    pub to: usize,
    pub outs: Vec<Curve>,
    pub ins: Vec<Curve>,
}

/// Places for a stage of one size. Depends on the snapshot's nodes, links and numbers of members only.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    pub axis: Axis,
    /// The size that everything was laid out in; the stage shows it times `scale`.
    pub width: f64,
    pub height: f64,
    /// 1, or less where the stage is too small for legible cards.
    pub scale: f64,
    pub yards: Vec<Yard>,
    /// By link.
    pub tracks: Vec<Tracks>,
    /// Where the legend may stand.
    pub legend: Rect,
}

/// Narrower than this, and higher than wide, is read from top to bottom.
const NARROW: f64 = 560.0;
const MARGIN: f64 = 24.0;
const MARGIN_NARROW: f64 = 12.0;
/// Above the first node on a narrow stage, for the legend.
const LEGEND_HEIGHT: f64 = 42.0;
/// Below the last one, for notes.
const NOTE_HEIGHT: f64 = 18.0;

impl Layout {
    /// For a stage of this size in CSS pixels.
    pub fn new(snapshot: &Snapshot, width: f64, height: f64) -> Layout {
        let side = |length: f64| if length.is_finite() { length.clamp(40.0, 8192.0) } else { 40.0 };
        let (width, height) = (side(width), side(height));
        let axis = if width < NARROW && height > width * 0.9 { Axis::Down } else { Axis::Across };
        let columns = columns(snapshot);
        let mut factor = 1.0;
        loop {
            let size = rect(0.0, 0.0, width * factor, height * factor);
            if let Some(yards) = place(snapshot, &columns, axis, size) {
                let tracks = tracks(snapshot, axis, &yards);
                let legend = legend(axis, size, &yards);
                let (width, height) = (size.width, size.height);
                return Layout { axis, width, height, scale: 1.0 / factor, yards, tracks, legend };
            }
            // Ends: every area is large enough once it is large.
            factor *= 1.08;
        }
    }

    /// Where a member stands; the node itself if there is no such member.
    pub fn member(&self, node: usize, member: usize) -> Option<Rect> {
        let yard = self.yards.get(node)?;
        Some(yard.cards.get(member).copied().unwrap_or(yard.rect))
    }

    /// The way from one machine to another.
    pub fn journey(&self, link: usize, from: Place, to: Place) -> Option<Journey<'_>> {
        let tracks = self.tracks.get(link)?;
        let (out_of, into) = (self.yards.get(tracks.from)?, self.yards.get(tracks.to)?);
        let lane_in = into.lane(to.member as usize, tracks.ins.len());
        let lane_out = out_of.lane(from.member as usize, tracks.outs.len());
        Some(Journey { out: tracks.outs.get(lane_out), into: tracks.ins.get(lane_in)? })
    }

    /// Dots, tracks and marks are smaller where cards are.
    pub fn is_tight(&self) -> bool {
        self.axis == Axis::Down || self.yards.iter().any(|yard| yard.density > Density::Full)
    }

    pub fn track_width(&self) -> f64 {
        if self.is_tight() { 6.0 } else { 8.0 }
    }
}

/// A way over a link: out of the caller, into the callee.
#[derive(Clone, Copy, Debug)]
pub struct Journey<'a> {
    out: Option<&'a Curve>,
    into: &'a Curve,
}

impl Journey<'_> {
    pub fn length(&self) -> f64 {
        self.out.map_or(0.0, Curve::length) + self.into.length()
    }

    /// Place and direction at a share of the way, at constant speed. Both ends are inset, so that
    /// what travels does not cover what it comes from.
    pub fn at(&self, share: f64, inset: f64) -> (Point, Point) {
        let length = self.length();
        let inset = inset.min(length / 2.0);
        let distance = inset + (length - 2.0 * inset) * share.clamp(0.0, 1.0);
        let out = self.out.map_or(0.0, Curve::length);
        match self.out {
            Some(curve) if distance < out => curve.at(distance),
            _ => self.into.at(distance - out),
        }
    }

    /// How far `p` is from the way.
    pub fn distance(&self, p: Point) -> f64 {
        let out = self.out.map_or(f64::INFINITY, |curve| curve.distance(p));
        out.min(self.into.distance(p))
    }
}

/// Nodes by depth: the longest way from a node that nobody calls.
fn columns(snapshot: &Snapshot) -> Vec<Vec<usize>> {
    let count = snapshot.nodes.len();
    let mut depth = vec![0_usize; count];
    // As many rounds as there are nodes settle any graph without cycles; a cycle just stops.
    for _ in 0..count {
        for link in &snapshot.links {
            if let (Some(from), Some(to)) = (depth.get(link.from).copied(), depth.get(link.to).copied()) {
                if link.from != link.to {
                    depth[link.to] = to.max(from + 1).min(count - 1);
                }
            }
        }
    }
    let deepest = depth.iter().copied().max().unwrap_or(0);
    let mut columns = vec![vec![]; deepest + 1];
    for (node, depth) in depth.into_iter().enumerate() {
        columns[depth].push(node);
    }
    columns.retain(|column| !column.is_empty());
    columns
}

/// Width and height of a node that is drawn as one thing; `None` for one with members.
fn single(state: &NodeState, axis: Axis, size: Rect) -> Option<(f64, f64)> {
    match (state, axis) {
        (NodeState::Clients(_), Axis::Across) => Some((if size.width < 720.0 { 96.0 } else { 112.0 }, 122.0)),
        (NodeState::Clients(_), Axis::Down) => Some(((size.width - 24.0).min(320.0), 62.0)),
        (NodeState::Balancer(_), Axis::Across) => {
            Some((if size.width < 720.0 { 104.0 } else { 120.0 }, 94.0))
        }
        (NodeState::Balancer(_), Axis::Down) => Some((150.0, 78.0)),
        (NodeState::Station(station), Axis::Across) if station.members.is_empty() => Some((150.0, 90.0)),
        (NodeState::Station(station), Axis::Down) if station.members.is_empty() => Some((190.0, 74.0)),
        (NodeState::Station(_) | NodeState::Servers(_), _) => None,
    }
}

fn member_count(state: &NodeState) -> usize {
    match state {
        NodeState::Servers(servers) => servers.members.len().max(1),
        NodeState::Station(station) => station.members.len().max(1),
        NodeState::Clients(_) | NodeState::Balancer(_) => 1,
    }
}

/// A column of nodes: how much it needs along the flow.
struct Column<'a> {
    nodes: &'a [usize],
    /// `None`: as much as it can get.
    length: Option<f64>,
    /// Tracks that spread out before it need room.
    gap_before: f64,
}

fn place(snapshot: &Snapshot, columns: &[Vec<usize>], axis: Axis, size: Rect) -> Option<Vec<Yard>> {
    let (_, _, main_size, _) = axis.parts(size);
    let (start, end) = match axis {
        Axis::Across => (MARGIN, main_size - MARGIN),
        Axis::Down => (LEGEND_HEIGHT, main_size - NOTE_HEIGHT),
    };
    let plans: Vec<Column<'_>> =
        (columns.iter().enumerate()).map(|(depth, nodes)| plan(snapshot, nodes, depth, axis, size)).collect();
    let gaps: f64 = plans.iter().map(|plan| plan.gap_before).sum();
    let fixed: f64 = plans.iter().filter_map(|plan| plan.length).sum();
    let flexible = plans.iter().filter(|plan| plan.length.is_none()).count();
    let room = end - start - gaps - fixed;
    if room < 0.0 {
        return None;
    }
    let share = room / flexible.max(1) as f64;
    let mut yards = vec![None; snapshot.nodes.len()];
    for column in &plans {
        place_column(snapshot, column, axis, size, column.length.unwrap_or(share), &mut yards)?;
    }
    let mut yards: Vec<Yard> = yards.into_iter().collect::<Option<_>>()?;
    spread(&plans, axis, (start, end), &mut yards);
    Some(yards)
}

fn plan<'a>(snapshot: &Snapshot, nodes: &'a [usize], depth: usize, axis: Axis, size: Rect) -> Column<'a> {
    let states = || nodes.iter().map(|node| &snapshot.nodes[*node].state);
    let lengths = states().map(|state| {
        single(state, axis, size).map(|(width, height)| axis.parts(rect(0.0, 0.0, width, height)).2)
    });
    // One node with members makes the whole column flexible.
    let length = lengths.collect::<Option<Vec<f64>>>().map(|all| all.into_iter().fold(0.0, f64::max));
    let many = states().map(member_count).sum::<usize>() > 1;
    let gap_before = match (depth, axis, many) {
        (0, ..) => 0.0,
        (_, Axis::Across, true) => 96.0,
        (_, Axis::Across, false) => 64.0,
        (_, Axis::Down, true) => 50.0,
        (_, Axis::Down, false) => 34.0,
    };
    Column { nodes, length, gap_before }
}

/// Nodes of one column share the stage across the flow, those with many members getting more.
fn place_column(
    snapshot: &Snapshot,
    column: &Column<'_>,
    axis: Axis,
    size: Rect,
    length: f64,
    yards: &mut [Option<Yard>],
) -> Option<()> {
    let (_, _, _, cross_size) = axis.parts(size);
    let (first, last) = match axis {
        Axis::Across => (16.0, cross_size - 16.0),
        Axis::Down => (MARGIN_NARROW, cross_size - MARGIN_NARROW),
    };
    let gap = 18.0;
    let weight = |node: &usize| (member_count(&snapshot.nodes[*node].state) as f64).sqrt();
    let total: f64 = column.nodes.iter().map(weight).sum();
    let room = last - first - gap * (column.nodes.len() - 1) as f64;
    let mut cross = first;
    for node in column.nodes {
        let breadth = room * weight(node) / total;
        let area = axis.rect(0.0, cross, length, breadth);
        let state = &snapshot.nodes[*node].state;
        yards[*node] = Some(match single(state, axis, size) {
            Some((width, height)) => {
                if width > area.width + 0.5 || height > area.height + 0.5 {
                    return None;
                }
                let center = area.center();
                Yard::single(axis, rect(center.x - width / 2.0, center.y - height / 2.0, width, height))
            }
            None => Yard::members(axis, area, member_count(state))?,
        });
        cross += breadth + gap;
    }
    Some(())
}

/// Moves the columns along the flow: what is left over goes into the gaps, as far as that looks right.
fn spread(plans: &[Column<'_>], axis: Axis, (start, end): (f64, f64), yards: &mut [Yard]) {
    let used = |column: &Column<'_>, yards: &[Yard]| {
        let lengths = column.nodes.iter().map(|node| axis.parts(yards[*node].rect).2);
        lengths.fold(0.0, f64::max)
    };
    let taken: f64 = plans.iter().map(|column| used(column, yards) + column.gap_before).sum();
    let free = (end - start - taken).max(0.0);
    let gaps: f64 = plans.iter().map(|column| column.gap_before).sum();
    // At most this many times the least gap.
    let stretch = if gaps > 0.0 { (free / gaps).min(1.6) } else { 0.0 };
    let mut main = start + (free - gaps * stretch) / 2.0;
    if axis == Axis::Down {
        // Reading starts at the top.
        main = start + (free - gaps * stretch) / 4.0;
    }
    for column in plans {
        main += column.gap_before * (1.0 + stretch);
        let length = used(column, yards);
        for node in column.nodes {
            let yard = &mut yards[*node];
            let (at, _, own, _) = axis.parts(yard.rect);
            let by = main + (length - own) / 2.0 - at;
            let (x, y) = if axis == Axis::Across { (by, 0.0) } else { (0.0, by) };
            yard.shift(x, y);
        }
        main += length;
    }
}

fn tracks(snapshot: &Snapshot, axis: Axis, yards: &[Yard]) -> Vec<Tracks> {
    let track = |from: usize, to: usize| {
        // What members of one node say to each other has no track.
        if from == to {
            return None;
        }
        let (out_of, into) = (yards.get(from)?, yards.get(to)?);
        let exit = axis.exit(out_of.rect);
        let (main, cross) = axis.of(exit);
        let meet = match out_of.density {
            Density::Single => exit,
            _ => axis.point(main + 28.0, cross),
        };
        Some(Tracks { from, to, outs: out_of.ways_out(meet), ins: into.ways_in(meet) })
    };
    snapshot.links.iter().map(|link| track(link.from, link.to).unwrap_or_default()).collect()
}

/// Left of the first yard with members, above what stands there; on a narrow stage the top.
fn legend(axis: Axis, size: Rect, yards: &[Yard]) -> Rect {
    let at = point(if axis == Axis::Across { 20.0 } else { 12.0 }, 12.0);
    if axis == Axis::Down {
        return rect(at.x, 8.0, size.width - 24.0, LEGEND_HEIGHT - 12.0);
    }
    let band = rect(at.x, 0.0, size.width - 40.0, 40.0);
    let reaching = yards.iter().filter(|yard| yard.rect.overlaps(band));
    let right = reaching.map(|yard| yard.rect.x - 16.0).fold(size.width - 20.0, f64::min);
    rect(at.x, at.y, (right - at.x).max(0.0), 32.0)
}
