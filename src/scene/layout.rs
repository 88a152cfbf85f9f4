//! Where everything stands: nodes in columns by depth (rows on a narrow stage), tracks between them.

use super::clients;
use super::fleet;
use super::geometry::{Cubic, Curve, Point, Rect, point, rect};
use super::instrument::{self, Room};
use super::ledger;
use super::travel::{Journey, Ways};
use super::yard::{Axis, Density, Yard};
use crate::node::station::{Inside, Station};
use crate::run::snapshot::{NodeState, NodeView, Snapshot};
use crate::sim::Place;

/// The tracks of one link: from each member of the caller to where they meet, and on to each callee.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tracks {
    pub from: usize,
    pub to: usize,
    pub outs: Vec<Curve>,
    pub ins: Vec<Curve>,
}

/// Places for a stage of one size. Depends on the snapshot's nodes, links, numbers of members and kinds of
/// insides only.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    pub axis: Axis,
    /// The size that everything was laid out in; the stage shows it times `scale`.
    pub width: f64,
    pub height: f64,
    /// How large text is; less where the stage is too small for legible cards, more where a few cards would look lost.
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
/// A stage with more room than this, in CSS pixels, is drawn larger; with the next if it has few plain cards.
const ROOMY: (f64, f64) = (800.0, 480.0);
const ROOMY_FOR_FEW: (f64, f64) = (500.0, 300.0);
/// So many cards are few.
const FEW: usize = 3;
/// How much larger: what is tried first, as shares of the stage's size.
const ENLARGED: [f64; 5] = [0.7, 0.76, 0.82, 0.88, 0.94];
/// How large text may be, beside the usual.
const TEXT: (f64, f64) = (0.5, 4.0);
/// What does not fit is tried again so much smaller.
const SMALLER: f64 = 1.08;
/// No more times smaller than this, for the insides of policies; then plain cards are.
const INSTRUMENTS_MIN: f64 = 1.2;
/// A node that is drawn as one thing can do with this width.
const SINGLE_MIN: f64 = 150.0;
/// Upright clients can do with this width.
const CLIENTS_MIN: f64 = 88.0;
/// On a narrow stage the least height of a card with a sign, without the sign.
const SIGNED_MIN: f64 = 52.0;
/// Between nodes of one column.
const GAP: f64 = 18.0;
/// Above the first node on a narrow stage, for the legend.
const LEGEND_HEIGHT: f64 = 42.0;
/// Below the last one, for notes.
const NOTE_HEIGHT: f64 = 18.0;

impl Layout {
    /// For a stage of this size in CSS pixels, with text so many times as large as usual.
    pub fn new(snapshot: &Snapshot, (width, height): (f64, f64), text: f64) -> Layout {
        let side = |length: f64| if length.is_finite() { length.clamp(40.0, 8192.0) } else { 40.0 };
        let text = if text.is_finite() { text.clamp(TEXT.0, TEXT.1) } else { 1.0 };
        // What text takes, everything takes: a stage with larger text is a smaller one, enlarged.
        let (width, height) = (side(width) / text, side(height) / text);
        let axis = if width < NARROW && height > width * 0.9 { Axis::Down } else { Axis::Across };
        let columns = columns(snapshot);
        let has_instruments = snapshot.nodes.iter().any(has_instrument);
        let cards: usize = snapshot.nodes.iter().map(|node| member_count(&node.state)).sum();
        let roomy = if cards <= FEW && !has_instruments { ROOMY_FOR_FEW } else { ROOMY };
        let is_room = |factor: &f64| width * factor >= roomy.0 && height * factor >= roomy.1;
        let enlarged = ENLARGED.into_iter().filter(|factor| axis == Axis::Across && is_room(factor));
        let turned = |axis, factor: f64, show| Stage {
            snapshot,
            columns: &columns,
            axis,
            size: rect(0.0, 0.0, width * factor, height * factor),
            show,
        };
        let stage = |factor, show| turned(axis, factor, show);
        let usual = if has_instruments { Show::Instruments } else { Show::Cards };
        let mut roomy = enlarged.filter_map(|factor| stage(factor, usual).layout(text / factor));
        if let Some(layout) = roomy.find(|layout| !layout.is_tight()) {
            return layout;
        }
        // Instruments rather than plain cards, even if they move together for it and all gets a little smaller; larger text
        // takes none of them away.
        let close = |factor| [Show::Instruments, Show::CloseInstruments].map(|show| (factor, show));
        let smaller = || std::iter::successors(Some(1.0), |factor| Some(factor * SMALLER));
        let least = INSTRUMENTS_MIN * text.max(1.0);
        let instruments = || {
            let factors = smaller().take_while(|factor| *factor < least);
            factors.flat_map(close).filter(|_| has_instruments)
        };
        let along = |axis| instruments().map(move |(factor, show)| (axis, factor, show));
        // A row that is too long for them may go down instead.
        let down = along(Axis::Down).filter(|_| axis == Axis::Across);
        let plain = smaller().map(|factor| (axis, factor, Show::Cards));
        for (axis, factor, show) in along(axis).chain(down).chain(plain) {
            let stage = turned(axis, factor, show);
            let two_by_two = || Stage { columns: &wrapped(&columns, axis), ..stage }.layout(text / factor);
            if let Some(layout) = stage.layout(text / factor).or_else(two_by_two) {
                if factor < least || !has_instruments {
                    return layout;
                }
                // Where plain cards must be so small, insides may be, too.
                return turned(axis, factor, Show::CloseInstruments).layout(text / factor).unwrap_or(layout);
            }
        }
        unreachable!("every area is large enough once it is large")
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

    /// The ways over a link for all its machines, for thousands of dots.
    pub fn ways<'a>(&'a self, Tracks { from, to, outs, ins }: &'a Tracks) -> Ways<'a> {
        let lanes = |node: usize, ways: usize| {
            let lanes = |yard: &Yard| (0..yard.cards.len().max(1)).map(|it| yard.lane(it, ways)).collect();
            self.yards.get(node).map_or(vec![], lanes)
        };
        Ways { outs, ins, out_of: lanes(*from, outs.len()), into: lanes(*to, ins.len()) }
    }

    /// Dots, tracks and marks are smaller where cards are.
    pub fn is_tight(&self) -> bool {
        self.axis == Axis::Down || self.yards.iter().any(|yard| yard.density > Density::Full)
    }

    pub fn track_width(&self) -> f64 {
        if self.is_tight() { 6.0 } else { 8.0 }
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

/// On a narrow stage many nodes side by side may stand two by two instead.
fn wrapped(columns: &[Vec<usize>], axis: Axis) -> Vec<Vec<usize>> {
    let most = if axis == Axis::Down { 2 } else { usize::MAX };
    columns.iter().flat_map(|column| column.chunks(most)).map(<[usize]>::to_vec).collect()
}

/// What is laid out, and on what.
#[derive(Clone, Copy)]
struct Stage<'a> {
    snapshot: &'a Snapshot,
    columns: &'a [Vec<usize>],
    axis: Axis,
    size: Rect,
    show: Show,
}

/// Whether insides get the room of an instrument, and how far columns are apart for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Show {
    Instruments,
    /// With short tracks, and clients no wider than they must be.
    CloseInstruments,
    Cards,
}

impl Stage<'_> {
    /// What is laid out in this size and shown times `scale`; `None` if it is too small for legible cards.
    fn layout(&self, scale: f64) -> Option<Layout> {
        let yards = place(self)?;
        let tracks = tracks(self.snapshot, self.axis, self.size, &yards);
        let legend = legend(self.axis, self.size, &yards);
        let Rect { width, height, .. } = self.size;
        Some(Layout { axis: self.axis, width, height, scale, yards, tracks, legend })
    }

    fn state(&self, node: &usize) -> &NodeState {
        &self.snapshot.nodes[*node].state
    }

    /// Width and height of a node that is drawn as one plain thing; `None` for others.
    fn single(&self, node: &usize) -> Option<(f64, f64)> {
        let narrow = self.size.width < 720.0 || self.show == Show::CloseInstruments;
        match (self.state(node), self.axis) {
            (NodeState::Clients(clients), Axis::Across) => {
                let several = clients::are_several(self.snapshot);
                // Several stand one above the other, and have a line more each.
                let height = if several { 108.0 } else { 122.0 };
                let height = height + clients::gate_height(self.snapshot, *node, clients);
                Some((if narrow { 96.0 } else { 112.0 }, height))
            }
            (NodeState::Clients(clients), Axis::Down) => {
                let width = self.width_beside(node);
                let gate = clients::gate_height(self.snapshot, *node, clients);
                // Several side by side are upright.
                match width < clients::UPRIGHT {
                    true => Some((width.max(CLIENTS_MIN), 104.0 + gate)),
                    false => Some((width.min(320.0), 62.0 + gate)),
                }
            }
            (NodeState::Balancer(_), Axis::Across) => Some((if narrow { 104.0 } else { 120.0 }, 94.0)),
            // Beside it there is to be room for what it goes by.
            (NodeState::Balancer(_), Axis::Down) => {
                let beside = ledger::WIDTH_MIN + 6.0 + MARGIN_NARROW;
                Some(((self.size.width - 2.0 * beside).clamp(120.0, 150.0), 78.0))
            }
            (NodeState::Station(_), _) if self.room(node).is_some() => None,
            (NodeState::Station(station), Axis::Across) if station.members.is_empty() => Some((150.0, 90.0)),
            (NodeState::Station(station), Axis::Down) if station.members.is_empty() => Some((190.0, 74.0)),
            (NodeState::Station(_) | NodeState::Servers(_), _) => None,
        }
    }

    /// On a narrow stage, what each of those that stand beside this one has of its width.
    fn width_beside(&self, node: &usize) -> f64 {
        let beside = self.columns.iter().find(|column| column.contains(node)).map_or(1, Vec::len);
        let gaps = GAP * (beside - 1) as f64;
        (self.size.width - 2.0 * MARGIN_NARROW - gaps) / beside as f64
    }

    /// The instrument of the node as a whole, and that of each member.
    fn rooms(&self, node: &usize) -> (Option<Room>, Option<Room>) {
        match self.state(node) {
            NodeState::Station(station) if self.show != Show::Cards => {
                let member = station.members.first().and_then(|member| instrument::room(&member.inside));
                (instrument::room(&station.inside), member)
            }
            NodeState::Servers(servers) if self.show != Show::Cards => {
                (instrument::room(&servers.inside), None)
            }
            _ => (None, None),
        }
    }

    /// The larger of its instruments.
    fn room(&self, node: &usize) -> Option<Room> {
        let (whole, member) = self.rooms(node);
        whole.or(member)
    }

    /// Least and most along the flow, and its part of what columns share.
    fn need(&self, node: &usize) -> (f64, f64, f64) {
        let along = |(width, height)| self.axis.parts(rect(0.0, 0.0, width, height)).2;
        // The instrument of all servers is one, however many there are.
        let one = matches!(self.state(node), NodeState::Servers(_)) || member_count(self.state(node)) == 1;
        match (self.single(node), self.room(node)) {
            (Some(size), _) => (along(size), along(size), 0.0),
            (None, Some(room)) if self.axis == Axis::Across || one => {
                (along(room.least), along(room.most), room.weight)
            }
            // One below the other.
            (None, Some(room)) => (along(room.least), f64::INFINITY, room.weight * 2.0),
            // Cards, and below them what they are together.
            (None, None) if self.axis == Axis::Down => {
                let sign = self.sign(node).map_or(0.0, |(_, height)| height + SIGNED_MIN);
                (sign, f64::INFINITY, 1.0)
            }
            (None, None) => (0.0, f64::INFINITY, 1.0),
        }
    }

    /// What stands on servers that are seen together: width and height.
    fn sign(&self, node: &usize) -> Option<(f64, f64)> {
        match self.state(node) {
            NodeState::Servers(servers) => fleet::of(servers).map(|_| fleet::sign(servers)),
            _ => None,
        }
    }

    /// A node in its area, which begins at 0 along the flow.
    fn yard(&self, node: &usize, area: Rect) -> Option<Yard> {
        let axis = self.axis;
        if let Some((width, height)) = self.single(node) {
            // On a narrow stage several may stand side by side.
            let least = width.min(SINGLE_MIN);
            let width = if axis == Axis::Down { width.min(area.width.max(least)) } else { width };
            if width > area.width + 0.5 || height > area.height + 0.5 {
                return None;
            }
            let center = area.center();
            let card = rect(center.x - width / 2.0, center.y - height / 2.0, width, height);
            let inside = match self.state(node) {
                NodeState::Balancer(balancer) => ledger::place(balancer, card, area, axis),
                _ => None,
            };
            let mut yard = Yard::single(axis, card);
            yard.inside = inside;
            return Some(yard);
        }
        let state = self.state(node);
        let count = member_count(state);
        let alone = matches!(state, NodeState::Station(station) if station.members.is_empty());
        if let (NodeState::Station(Station { inside, .. }), (Some(room), _)) = (state, self.rooms(node))
            && instrument::has_rows(inside)
        {
            let card = room.within(area)?;
            return Some(Yard::whole_with_rows(axis, card, instrument::rows(inside, card, count)));
        }
        match self.rooms(node) {
            (Some(room), _) if alone || axis == Axis::Down => Yard::whole(axis, area, room),
            (Some(room), _) => Yard::whole_with_members(axis, area, count, room),
            (None, Some(room)) => Yard::instruments(axis, area, count, room),
            (None, None) => {
                let with_sign = self.sign(node).and_then(|sign| Yard::with_sign(axis, area, count, sign));
                with_sign.or_else(|| Yard::members(axis, area, count))
            }
        }
    }
}

/// How much height the stage wants on a narrow page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Height {
    /// For one thing that calls one other.
    Low,
    Usual,
    /// For an instrument, or a long way.
    High,
    /// For instruments on a long way, or several of them.
    Highest,
}

pub fn height(snapshot: &Snapshot) -> Height {
    let columns = columns(snapshot);
    let is_long = columns.len() > 3;
    let all: usize = snapshot.nodes.iter().map(|node| member_count(&node.state)).sum();
    let instruments = snapshot.nodes.iter().filter(|node| has_instrument(node)).count();
    match (instruments > 0, is_long || instruments > 1) {
        (true, true) => Height::Highest,
        (false, false) if columns.len() <= 2 && all <= 3 => Height::Low,
        (false, false) => Height::Usual,
        _ => Height::High,
    }
}

/// Whether on a page of middling width less height will do: what stands in a row, each of one machine, with no more inside
/// than a cache or a limiter, whatever its policy.
pub fn is_flat(snapshot: &Snapshot) -> bool {
    let is_clients = |node: &usize| matches!(snapshot.nodes[*node].state, NodeState::Clients(_));
    let in_a_row = |column: &Vec<usize>| column.len() <= if column.iter().all(is_clients) { 2 } else { 1 };
    let is_low = |node: &NodeView| match &node.state {
        NodeState::Station(station) => {
            let members = station.members.iter().map(|member| &member.inside);
            let low =
                |inside: &Inside| matches!(inside, Inside::Nothing | Inside::Cache(_) | Inside::Limit(_));
            members.chain([&station.inside]).all(low)
        }
        NodeState::Servers(_) => !has_instrument(node),
        NodeState::Clients(_) | NodeState::Balancer(_) => true,
    };
    columns(snapshot).iter().all(in_a_row)
        && snapshot.nodes.iter().all(|node| member_count(&node.state) <= 1 && is_low(node))
}

/// Whether a phone is wide enough for it also with text of twice the size: few nodes side by side, and no instrument with
/// a table in it.
pub fn is_narrow(snapshot: &Snapshot) -> bool {
    let slim = |node: &NodeView| instruments(node).all(|room| room.least.0 <= SLIM);
    columns(snapshot).iter().all(|column| column.len() <= 2) && snapshot.nodes.iter().all(slim)
}

/// An instrument that is no wider fits on a phone with text of twice the size.
const SLIM: f64 = 214.0;

fn has_instrument(node: &NodeView) -> bool {
    instruments(node).next().is_some()
}

/// What the instruments of a node take: of it as a whole, and of its first member.
fn instruments(node: &NodeView) -> impl Iterator<Item = Room> {
    let (whole, member) = match &node.state {
        NodeState::Station(station) => {
            (Some(&station.inside), station.members.first().map(|member| &member.inside))
        }
        NodeState::Servers(servers) => (Some(&servers.inside), None),
        NodeState::Clients(_) | NodeState::Balancer(_) => (None, None),
    };
    whole.into_iter().chain(member).filter_map(instrument::room)
}

fn member_count(state: &NodeState) -> usize {
    match state {
        NodeState::Servers(servers) => servers.members.len().max(1),
        NodeState::Station(station) => station.members.len().max(1),
        NodeState::Clients(_) | NodeState::Balancer(_) => 1,
    }
}

/// A column of nodes: how much it gets along the flow.
struct Column<'a> {
    nodes: &'a [usize],
    length: f64,
    /// Tracks that spread out before it need room.
    gap_before: f64,
}

fn place(stage: &Stage<'_>) -> Option<Vec<Yard>> {
    let columns = stage.columns;
    let (_, _, main_size, _) = stage.axis.parts(stage.size);
    let (start, end) = match stage.axis {
        Axis::Across => (MARGIN, main_size - MARGIN),
        Axis::Down => (LEGEND_HEIGHT, main_size - NOTE_HEIGHT),
    };
    let gaps: Vec<f64> =
        columns.iter().enumerate().map(|(depth, nodes)| gap_before(stage, nodes, depth)).collect();
    let lengths = lengths(stage, columns, end - start - gaps.iter().sum::<f64>())?;
    let parts = columns.iter().zip(lengths).zip(gaps);
    let columns: Vec<Column<'_>> =
        parts.map(|((nodes, length), gap_before)| Column { nodes, length, gap_before }).collect();
    let mut yards = vec![None; stage.snapshot.nodes.len()];
    for column in &columns {
        place_column(stage, column, &mut yards)?;
    }
    let mut yards: Vec<Yard> = yards.into_iter().collect::<Option<_>>()?;
    spread(&columns, stage.axis, (start, end), &mut yards);
    Some(yards)
}

fn gap_before(stage: &Stage<'_>, nodes: &[usize], depth: usize) -> f64 {
    let many = nodes.iter().map(|node| member_count(stage.state(node))).sum::<usize>() > 1;
    match (depth, stage.axis, many) {
        (0, ..) => 0.0,
        (_, Axis::Across, false) if stage.show == Show::CloseInstruments => 40.0,
        (_, Axis::Across, true) if stage.show == Show::CloseInstruments => 64.0,
        (_, Axis::Across, true) => 96.0,
        (_, Axis::Across, false) => 64.0,
        (_, Axis::Down, _) if stage.show == Show::CloseInstruments => 24.0,
        (_, Axis::Down, true) => 50.0,
        (_, Axis::Down, false) => 34.0,
    }
}

/// Shares the room out: each column gets its part, but no less than it needs and no more than it can use.
fn lengths(stage: &Stage<'_>, columns: &[Vec<usize>], room: f64) -> Option<Vec<f64>> {
    let need = |nodes: &Vec<usize>| {
        let all = nodes.iter().map(|node| stage.need(node));
        all.fold((0.0, 0.0, 0.0), |a: (f64, f64, f64), b| (a.0.max(b.0), a.1.max(b.1), a.2.max(b.2)))
    };
    let needs: Vec<(f64, f64, f64)> = columns.iter().map(need).collect();
    let mut lengths: Vec<Option<f64>> = needs.iter().map(|it| (it.2 == 0.0).then_some(it.0)).collect();
    loop {
        let left = room - lengths.iter().flatten().sum::<f64>();
        let open = || needs.iter().enumerate().filter(|(column, _)| lengths[*column].is_none());
        let weights: f64 = open().map(|(_, need)| need.2).sum();
        let share = |weight: f64| left / weights.max(1e-9) * weight;
        // Who needs more than a fair part is served first; only then is it known what is left over.
        let short = open().find(|(_, need)| share(need.2) < need.0).map(|(column, need)| (column, need.0));
        let bound = short.or_else(|| {
            open().find(|(_, need)| share(need.2) > need.1).map(|(column, need)| (column, need.1))
        });
        match bound {
            Some((column, length)) => lengths[column] = Some(length),
            None if left < 0.0 => return None,
            None => {
                let parts = lengths.iter().zip(&needs);
                return Some(parts.map(|(length, need)| length.unwrap_or_else(|| share(need.2))).collect());
            }
        }
    }
}

/// Nodes of one column share the stage across the flow, those with many members getting more.
fn place_column(stage: &Stage<'_>, column: &Column<'_>, yards: &mut [Option<Yard>]) -> Option<()> {
    let (_, _, _, cross_size) = stage.axis.parts(stage.size);
    let (first, last) = match stage.axis {
        Axis::Across => (16.0, cross_size - 16.0),
        Axis::Down => (MARGIN_NARROW, cross_size - MARGIN_NARROW),
    };
    let weight = |node: &usize| {
        let weight = (member_count(stage.state(node)) as f64).sqrt();
        stage.room(node).map_or(weight, |room| weight * room.weight)
    };
    let total: f64 = column.nodes.iter().map(weight).sum();
    let room = last - first - GAP * (column.nodes.len() - 1) as f64;
    let mut cross = first;
    for node in column.nodes {
        let breadth = room * weight(node) / total;
        let area = stage.axis.rect(0.0, cross, column.length, breadth);
        yards[*node] = Some(stage.yard(node, area)?);
        cross += breadth + GAP;
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

fn tracks(snapshot: &Snapshot, axis: Axis, size: Rect, yards: &[Yard]) -> Vec<Tracks> {
    let (.., breadth) = axis.parts(size);
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
        let outs = out_of.ways_out(meet);
        let ins = match detour(axis, breadth, (from, to), meet, yards) {
            None => into.ways_in(meet),
            Some((past, end)) => {
                let behind = into.ways_in(end).into_iter();
                behind.map(|way| Curve::new([&past[..], way.cubics()].concat())).collect()
            }
        };
        Some(Tracks { from, to, outs, ins })
    };
    snapshot.links.iter().map(|link| track(link.from, link.to).unwrap_or_default()).collect()
}

/// How far a track passes beside a node that it goes past: where there is room, and at least.
const CLEARANCES: [f64; 2] = [16.0, 8.0];

/// The way past nodes that stand between the two ends of a link, and where it ends; `None` where none is in the way, or
/// there is no room beside them.
fn detour(
    axis: Axis,
    breadth: f64,
    (from, to): (usize, usize),
    meet: Point,
    yards: &[Yard],
) -> Option<([Cubic; 2], Point)> {
    let (start, cross) = axis.of(meet);
    let (end, aim) = axis.of(axis.entry(yards.get(to)?.rect));
    let others = yards.iter().enumerate().filter(|(node, _)| ![from, to].contains(node));
    let all =
        others.flat_map(|(_, yard)| [yard.rect].into_iter().chain(yard.inside)).map(|it| axis.parts(it));
    let between: Vec<_> = all.filter(|it| it.0 >= start && it.0 + it.2 <= end).collect();
    let straight = axis.bend(meet, axis.entry(yards[to].rect));
    let hits = (0..=24).map(|step| axis.of(straight.at(f64::from(step) / 24.0))).any(|(main, cross)| {
        between.iter().any(|it| main > it.0 && main < it.0 + it.2 && cross > it.1 && cross < it.1 + it.3)
    });
    if !hits {
        return None;
    }
    let far = |at: &f64| (at - cross).abs() + (at - aim).abs();
    let beside = CLEARANCES.into_iter().find_map(|by| {
        let is_free = |at: &f64| between.iter().all(|it| *at <= it.1 - by || *at >= it.1 + it.3 + by);
        let sides = between.iter().flat_map(|it| [it.1 - by, it.1 + it.3 + by]);
        let free = sides.filter(|at| is_free(at) && (4.0..=breadth - 4.0).contains(at));
        free.min_by(|a, b| far(a).total_cmp(&far(b)))
    })?;
    let near = between.iter().map(|it| it.0).fold(end, f64::min);
    let behind = between.iter().map(|it| it.0 + it.2).fold(start, f64::max);
    let (first, last) = (axis.point(near, beside), axis.point(behind, beside));
    Some(([axis.bend(meet, first), Cubic::straight(first, last)], last))
}

/// Above what stands there: the widest piece of the stage's upper edge without a yard; on a narrow stage the top.
fn legend(axis: Axis, size: Rect, yards: &[Yard]) -> Rect {
    let at = point(if axis == Axis::Across { 20.0 } else { 12.0 }, 12.0);
    if axis == Axis::Down {
        return rect(at.x, 8.0, size.width - 24.0, LEGEND_HEIGHT - 12.0);
    }
    let band = rect(at.x, 0.0, size.width - 40.0, 40.0);
    let mut reaching: Vec<Rect> = yards.iter().map(|yard| yard.rect).filter(|it| it.overlaps(band)).collect();
    reaching.sort_by(|a, b| a.x.total_cmp(&b.x));
    let mut best = rect(at.x, at.y, 0.0, 32.0);
    let mut left = at.x;
    for yard in reaching.iter().copied().chain([rect(size.width - 4.0, 0.0, 0.0, 0.0)]) {
        let width = yard.x - 16.0 - left;
        if width > best.width {
            (best.x, best.width) = (left, width);
        }
        left = left.max(yard.right() + 16.0);
    }
    best
}
