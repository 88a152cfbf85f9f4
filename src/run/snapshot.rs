//! What is there at one instant, as plain data: for the stage, the panels and the JavaScript API.

use crate::algo::balance::Inspection;
use crate::node::calling::gate::GateView;
use crate::node::station::{Inside, Station};
use crate::sim::{Outcome, Place, Time};
use crate::systems;
use serde::Serialize;

/// A running system at one instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Snapshot {
    pub now: Time,
    pub nodes: Vec<NodeView>,
    pub links: Vec<LinkView>,
    /// Calls and answers under way, at most [`DOTS_MAX`], oldest request first.
    pub dots: Vec<Dot>,
    /// All calls and answers under way, those without a dot included.
    pub under_way: u64,
    pub issued: u64,
    pub in_flight: u64,
}

/// The most dots in a snapshot.
pub const DOTS_MAX: usize = 100_000;
/// The most queued requests listed for one member; `queued` counts all.
pub const QUEUE_LISTED_MAX: usize = 256;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeView {
    /// As in the scenario.
    pub id: String,
    /// As on the stage: "Clients", "Load balancer", "Servers".
    pub name: String,
    /// See [`crate::node::KINDS`].
    pub kind: &'static str,
    pub state: NodeState,
}

impl NodeView {
    /// "Server 3": the member with this number, from 1; "Ledger", if it is the only one and nothing else is called so.
    pub fn member_name(&self, number: u32) -> String {
        let name = crate::node::one_of(&self.name);
        let alone = match &self.state {
            NodeState::Servers(servers) => servers.members.len() == 1 && servers.inside == Inside::Nothing,
            NodeState::Station(station) => station.members.len() == 1,
            NodeState::Clients(_) | NodeState::Balancer(_) => false,
        };
        if alone { name.into() } else { format!("{name} {number}") }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum NodeState {
    Clients(ClientsView),
    Balancer(BalancerView),
    Servers(ServersView),
    /// Any other kind.
    Station(Station),
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ClientsView {
    /// As set; in a closed loop or a replay `None`.
    pub rate_per_s: Option<f64>,
    /// Distinct clients.
    pub clients: u32,
    /// For the first 64 clients: requests that they wait for.
    pub waiting: Vec<u32>,
    /// What describes the arrivals: "Poisson", "10 users".
    pub arrivals: String,
    /// They ask for the keys of a list, in its order.
    #[serde(skip)]
    pub own_keys: bool,
    /// What there is to say of how they call: "breaker open"; mostly empty.
    pub calling: String,
    /// What stands between them and what they call.
    pub gate: GateView,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BalancerView {
    pub policy_id: String,
    /// Short, for the hexagon.
    pub policy: String,
    /// One for each node that it calls, in order.
    pub pools: Vec<PoolView>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PoolView {
    /// Index of the node in the snapshot.
    pub node: usize,
    pub inspection: Inspection,
    /// By member: may be chosen.
    pub eligible: Vec<bool>,
    /// By member: given and not come back.
    pub in_flight: Vec<u32>,
    pub weight: Vec<u32>,
    /// What clients come back to their servers by ("cookies"), and by member how many would now; `None` where all are
    /// chosen for anew.
    pub kept: Option<(&'static str, Vec<u32>)>,
}

impl PoolView {
    /// The clients that come back, by member, if there are any.
    pub fn keeps(&self) -> Option<&(&'static str, Vec<u32>)> {
        self.kept.as_ref().filter(|(_, clients)| clients.iter().any(|count| *count > 0))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ServersView {
    pub members: Vec<MemberView>,
    /// Machines that callers know of.
    pub in_service: u32,
    /// Machines that were ordered and are not up yet.
    pub booting: u32,
    /// Of those that are up next: how many they are, when they were ordered, and when they will be up.
    pub next_up: Option<(u32, Time, Time)>,
    /// Where their number or their cost is a matter.
    pub fleet: Option<FleetView>,
    /// Name of the service that they run; empty for plain work.
    pub runs: &'static str,
    /// The service that they run, if they do.
    pub service: Option<systems::Inspection>,
    /// The same for the stage.
    pub inside: Inside,
}

/// What machines are there together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct FleetView {
    /// Machines in service that are not down.
    pub up: u32,
    /// Their workers, and how many are busy.
    pub workers: u32,
    pub busy: u32,
    /// Calls a second that they can do, if that depends on nobody else.
    pub capacity_per_s: Option<f64>,
    /// Now, machines on order included; 0 if they cost nothing.
    pub cost_per_hour: f64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MemberView {
    /// From 1: `servers/3`.
    pub number: u32,
    /// One entry for each worker, idle ones `None`.
    pub workers: Vec<Option<WorkView>>,
    /// Numbers of the requests in the queue, next one first, at most [`QUEUE_LISTED_MAX`].
    pub queue: Vec<u64>,
    pub queued: u32,
    pub queue_places: u32,
    pub weight: u32,
    pub speed: f64,
    /// 1 when all is well.
    pub slow: f64,
    pub down: bool,
    pub frozen: bool,
    /// Removed from the scenario, still finishing what it has.
    pub leaving: bool,
    /// What there is to say of how it calls others: "breaker open"; mostly empty.
    pub calling: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct WorkView {
    /// Number of the request.
    pub request: u64,
    /// 0 when work begins, 1 when it is done.
    pub progress: f64,
    /// Its client no longer waits.
    pub abandoned: bool,
    /// Index of the clients who sent it, in the snapshot.
    #[serde(skip)]
    pub source: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LinkView {
    /// Indices of nodes in the snapshot.
    pub from: usize,
    pub to: usize,
    pub cut: bool,
}

/// A call (or its answer) on its track.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Dot {
    /// Number of the request.
    pub request: u64,
    /// Index of the link.
    pub link: usize,
    #[serde(skip)]
    pub from: Place,
    #[serde(skip)]
    pub to: Place,
    pub way: Way,
    pub departed: Time,
    /// When it will be at the other end.
    pub due: Time,
    /// For an answer: how it went.
    pub outcome: Outcome,
    /// Its client no longer waits.
    pub abandoned: bool,
    /// Health check.
    pub probe: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    Out,
    Back,
    /// Gone; it falls off the track.
    Lost,
}
