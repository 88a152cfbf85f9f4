//! What is under a point, and what buttons can be laid over the stage.

use super::figures;
use super::fleet;
use super::geometry::{Point, Rect, point, rect};
use super::input::{Readings, Status, Target};
use super::instrument;
use super::stage::{Picture, is_taken_out};
use super::yard::Density;
use crate::run::snapshot::{MemberView, NodeState, NodeView, Snapshot};
use crate::sim::Place;

/// A dot is hit from this near.
const DOT_REACH: f64 = 12.0;
const TRACK_REACH: f64 = 8.0;
/// Nothing that can be pressed is smaller.
pub const TARGET_MIN: f64 = 24.0;

/// A rectangle that can be pressed.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetArea {
    pub target: Target,
    /// CSS pixels of the stage, at least [`TARGET_MIN`] each way.
    pub rect: Rect,
    /// For those who cannot see it: "Server 3, 5× slower, queue 14 of 16, p99 2 610 ms".
    pub name: String,
}

impl Picture {
    /// What is at this point (CSS pixels of the stage): a dot, else a member, a node, a track.
    pub fn hit(&self, x: f64, y: f64) -> Option<Target> {
        let near = self.marks.iter().map(|mark| (mark.at.distance(point(x, y)), mark.request));
        let near = near.filter(|(distance, _)| *distance <= DOT_REACH);
        if let Some((_, request)) = near.min_by(|a, b| a.0.total_cmp(&b.0)) {
            return Some(Target::Request(request));
        }
        let p = point(x / self.layout.scale, y / self.layout.scale);
        self.hit_node(p).or_else(|| self.hit_track(p))
    }

    fn hit_node(&self, p: Point) -> Option<Target> {
        for (node, yard) in self.layout.yards.iter().enumerate() {
            if yard.density != Density::Single {
                if let Some(member) = yard.cards.iter().position(|card| card.contains(p)) {
                    return Some(Target::Member { node, member });
                }
            }
            let solid = matches!(yard.density, Density::Single | Density::Cells).then_some(yard.rect);
            if solid.into_iter().chain(yard.inside).any(|rect| rect.contains(p)) {
                return Some(Target::Node(node));
            }
        }
        None
    }

    fn hit_track(&self, p: Point) -> Option<Target> {
        let distance = |link: usize| {
            let tracks = self.layout.tracks.get(link)?;
            let members = (0..tracks.ins.len().max(1)) as std::ops::Range<usize>;
            let journeys = members.filter_map(|member| {
                let to = Place { node: 0, member: member as u16 };
                Some(self.layout.journey(link, Place::default(), to)?.distance(p))
            });
            journeys.min_by(f64::total_cmp)
        };
        let links = (0..self.layout.tracks.len()).filter_map(|link| Some((distance(link)?, link)));
        let (near, link) = links.min_by(|a, b| a.0.total_cmp(&b.0))?;
        (near <= TRACK_REACH).then_some(Target::Link(link))
    }

    /// Buttons for nodes and members, in reading order. Cells that are too small to press have none;
    /// their panel has.
    pub fn targets(&self, snapshot: &Snapshot, readings: &Readings) -> Vec<TargetArea> {
        let mut areas = vec![];
        for (node, (view, yard)) in snapshot.nodes.iter().zip(&self.layout.yards).enumerate() {
            let pressable = yard.cards.iter().all(|card| card.width * self.layout.scale >= TARGET_MIN);
            let solid = matches!(yard.density, Density::Single | Density::Cells).then_some(yard.rect);
            if let Some(rect) = solid.or(yard.inside) {
                areas.push(self.area(Target::Node(node), rect, node_name(view)));
            }
            if let (NodeState::Station(station), true) = (&view.state, yard.density != Density::Single) {
                let heading = if pressable { station.members.len() } else { 0 };
                for (member, card) in yard.cards.iter().enumerate().take(heading) {
                    let it = &station.members[member];
                    let parts =
                        [view.member_name(it.number), it.note.clone(), instrument::describe(&it.inside)];
                    let name =
                        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
                    areas.push(self.area(Target::Member { node, member }, *card, name));
                }
            }
            let NodeState::Servers(servers) = &view.state else { continue };
            if yard.density == Density::Single || (yard.density == Density::Cells && !pressable) {
                continue;
            }
            for (member, (it, card)) in servers.members.iter().zip(&yard.cards).enumerate() {
                let name = member_name(snapshot, readings, (node, member), it);
                areas.push(self.area(Target::Member { node, member }, *card, name));
            }
        }
        areas
    }

    fn area(&self, target: Target, at: Rect, name: String) -> TargetArea {
        let scale = self.layout.scale;
        let at = rect(at.x * scale, at.y * scale, at.width * scale, at.height * scale);
        TargetArea { target, rect: at.at_least(TARGET_MIN), name }
    }
}

/// "Clients, 180 req/s", "Load balancer, Round robin, next → 3".
pub fn node_name(node: &NodeView) -> String {
    match &node.state {
        NodeState::Clients(clients) => {
            let gate = super::clients::describe_gate(&clients.gate);
            let parts = [node.name.clone(), super::clients::pace(clients), gate];
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
        }
        NodeState::Balancer(balancer) => {
            let mut parts = vec![node.name.clone(), balancer.policy.clone()];
            parts.extend(balancer.pools.iter().map(super::balancer::note));
            parts.extend(balancer.pools.iter().map(super::ledger::describe));
            parts.retain(|part| !part.is_empty());
            parts.join(", ")
        }
        NodeState::Servers(servers) => {
            let inside = instrument::describe(&servers.inside);
            let dot = if inside.is_empty() { "" } else { ", " };
            let starting = match servers.booting {
                0 => String::new(),
                _ => format!(", {}", super::servers::starting(servers)),
            };
            let together: String = fleet::describe(servers).iter().map(|it| format!(", {it}")).collect();
            format!("{}, {} in all{starting}{together}{dot}{inside}", node.name, servers.members.len())
        }
        NodeState::Station(station) => super::station::describe(node, station),
    }
}

/// A member, what is the matter with it, and its figures.
pub fn member_name(
    snapshot: &Snapshot,
    readings: &Readings,
    (node, member): (usize, usize),
    it: &MemberView,
) -> String {
    let name = snapshot.nodes.get(node).map(|node| node.member_name(it.number));
    let reading = readings.of(node, member, it);
    let mut parts = vec![name.unwrap_or_default()];
    let conditions = conditions(it, is_taken_out(snapshot, node, member));
    parts.extend(conditions);
    if !it.down {
        let busy = it.workers.iter().flatten().count();
        parts.push(format!("{busy} of {} workers busy", it.workers.len()));
        if it.queue_places > 0 {
            parts.push(format!("queue {} of {}", it.queued, it.queue_places));
        }
        if let Some(p99) = reading.p99_ms {
            parts.push(format!("p99 {}", figures::ms(Some(p99))));
        }
        match reading.status {
            Status::Calm => {}
            Status::Near => parts.push("near its limit".to_string()),
            Status::Over => parts.push("over its limit".to_string()),
        }
    }
    parts.join(", ")
}

/// Everything that is the matter with a member, the gravest first.
pub fn conditions(member: &MemberView, taken_out: bool) -> Vec<String> {
    let slow = member.slow > 1.001;
    let all = [
        (member.down, "down".to_string()),
        (member.frozen, "frozen".to_string()),
        (slow, format!("{} slower", figures::factor(member.slow))),
        (taken_out, "taken out".to_string()),
        (member.leaving, "leaving".to_string()),
    ];
    all.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect()
}
