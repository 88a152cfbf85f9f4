//! From the world to a snapshot.

use super::snapshot::*;
use crate::algo::balance;
use crate::node::Node;
use crate::node::balancer::Balancer;
use crate::node::clients::{Arrivals, Clients};
use crate::node::keys::Keys;
use crate::node::servers::{Discipline, Servers};
use crate::node::station::{Inside, Station};
use crate::sim::{Call, CallId, Event, EventQueue, Phase, Place, Request, World, order};

pub(super) fn snapshot<Q: EventQueue<Event = Event>>(
    world: &World<Node, Q>,
    names: &[(String, String)],
) -> Snapshot {
    let (dots, under_way) = dots_in_order(world);
    let nodes = world.nodes().iter().zip(names).enumerate();
    Snapshot {
        now: world.now(),
        nodes: nodes
            .map(|(index, (node, (id, name)))| node_view(world, index as u16, node, id, name))
            .collect(),
        links: world
            .links()
            .iter()
            .map(|link| LinkView { from: link.from as usize, to: link.to as usize, cut: link.is_cut() })
            .collect(),
        dots,
        under_way,
        issued: world.books().issued,
        in_flight: world.books().in_flight(),
    }
}

fn node_view<Q: EventQueue<Event = Event>>(
    world: &World<Node, Q>,
    index: u16,
    node: &Node,
    id: &str,
    name: &str,
) -> NodeView {
    let state = match (node.station(world.now()), node) {
        (None, Node::Clients(clients)) => NodeState::Clients(clients_view(world, index, clients)),
        (None, Node::Balancer(balancer)) => NodeState::Balancer(balancer_view(world, balancer)),
        (None, Node::Servers(servers)) => NodeState::Servers(servers_view(world, index, servers)),
        // All others are stations.
        (station, _) => NodeState::Station(with_conditions(world, index, station.unwrap_or_default())),
    };
    NodeView { id: id.to_owned(), name: name.to_owned(), kind: node.kind().id, state }
}

/// Writes into a station what is wrong with its members.
fn with_conditions<Q: EventQueue<Event = Event>>(
    world: &World<Node, Q>,
    index: u16,
    mut station: Station,
) -> Station {
    for (member, it) in station.members.iter_mut().enumerate() {
        let condition = world.condition(Place { node: index, member: member as u16 });
        (it.down, it.frozen, it.side) = (condition.down, condition.frozen, condition.side);
    }
    station
}

fn clients_view<Q: EventQueue<Event = Event>>(
    world: &World<Node, Q>,
    index: u16,
    node: &Clients,
) -> ClientsView {
    let settings = node.settings();
    let mut waiting = vec![0u32; settings.clients.min(64) as usize];
    for (_, request) in world.requests().iter() {
        if request.source == index && request.outcome.is_none() {
            if let Some(count) = waiting.get_mut(request.client as usize) {
                *count += 1;
            }
        }
    }
    let open = !matches!(settings.arrivals, Arrivals::Closed | Arrivals::Replay);
    let arrivals = match settings.arrivals {
        Arrivals::Steady => "steady".to_owned(),
        Arrivals::Poisson => "Poisson".to_owned(),
        Arrivals::Bursty => "bursty".to_owned(),
        Arrivals::Diurnal => "day and night".to_owned(),
        Arrivals::Closed => format!("{} users", settings.users),
        Arrivals::Replay => {
            settings.replay.as_ref().map_or_else(|| "log".to_owned(), |replay| replay.name.clone())
        }
    };
    ClientsView {
        rate_per_s: open.then_some(settings.rate_per_s),
        clients: settings.clients,
        waiting,
        arrivals,
        own_keys: matches!(settings.keys, Keys::List { .. }),
        calling: breaker(node.caller().breaker(0, 1, world.now())),
        gate: node.caller().gate(0, 1, 0, world.now()),
    }
}

fn balancer_view<Q: EventQueue<Event = Event>>(world: &World<Node, Q>, node: &Balancer) -> BalancerView {
    let id = node.settings().policy.id.clone();
    let pools = node.pools().iter().enumerate().map(|(index, pool)| PoolView {
        node: world.links().get(pool.link as usize).map_or(0, |link| link.to as usize),
        inspection: node.inspect(index, world.now()).unwrap_or_default(),
        eligible: pool.backends.eligible.clone(),
        in_flight: pool.backends.in_flight.clone(),
        weight: pool.backends.weight.clone(),
        kept: node.kept(index, world.now()),
    });
    let policy = balance::find(&id).map_or(String::new(), |entry| entry.info.short.to_owned());
    BalancerView { policy, pools: pools.collect(), policy_id: id }
}

fn servers_view<Q: EventQueue<Event = Event>>(
    world: &World<Node, Q>,
    index: u16,
    node: &Servers,
) -> ServersView {
    let number_of =
        |call: CallId| world.calls().get(call.0).map(|call| (call, world.requests().get(call.request.0)));
    let request_number =
        |call: CallId| number_of(call).and_then(|(_, request)| Some(request?.number)).unwrap_or(0);
    let settings = node.settings();
    let ways = world.links().iter().filter(|link| link.from == index && link.to != index).count();
    let member = |(place, machine): (usize, &crate::node::servers::Machine)| {
        let own = settings.member(place);
        let condition = world.condition(Place { node: index, member: place as u16 });
        let work = |view: crate::node::servers::WorkerView| {
            let request = number_of(view.call).and_then(|(_, request)| request);
            WorkView {
                request: request_number(view.call),
                progress: view.progress,
                abandoned: request.is_some_and(|request| request.outcome.is_some()),
                source: request.map_or(0, |request| request.source.into()),
            }
        };
        let mut workers: Vec<Option<WorkView>> =
            node.workers(place, world.now()).into_iter().map(|worker| worker.map(work)).collect();
        // Workers that were removed are shown only while they finish.
        while workers.len() > settings.workers as usize && workers.last().is_some_and(Option::is_none) {
            workers.pop();
        }
        // The next one first.
        let queue = match settings.discipline {
            Discipline::Lifo => machine.queue().rev().take(QUEUE_LISTED_MAX).map(request_number).collect(),
            _ => machine.queue().take(QUEUE_LISTED_MAX).map(request_number).collect(),
        };
        MemberView {
            number: place as u32 + 1,
            workers,
            queue,
            queued: machine.queue().len() as u32,
            queue_places: settings.queue,
            weight: own.weight,
            speed: own.speed,
            slow: own.slow,
            down: condition.down,
            frozen: condition.frozen,
            leaving: place >= node.in_service() as usize,
            calling: breaker(node.caller().breaker(place as u16, ways, world.now())),
        }
    };
    let mut members: Vec<MemberView> = node.machines().iter().enumerate().map(member).collect();
    let fleet = node.cost_per_hour().map(|cost_per_hour| fleet(node, &members, cost_per_hour));
    // Members that were removed are shown while they finish what they have.
    members
        .retain(|member| !member.leaving || member.queued > 0 || member.workers.iter().any(Option::is_some));
    ServersView {
        members,
        in_service: node.in_service().into(),
        booting: node.booting() as u32,
        next_up: node.next_up(),
        fleet,
        runs: node.running().map_or("", |running| running.name()),
        service: node.running().map(|running| running.inspect(world.now())),
        inside: node.running().map_or(Inside::Nothing, |running| Inside::Service(running.view(world.now()))),
    }
}

fn fleet(node: &Servers, members: &[MemberView], cost_per_hour: f64) -> FleetView {
    let up = || members.iter().enumerate().filter(|(_, member)| !member.down && !member.leaving);
    FleetView {
        up: up().count() as u32,
        workers: up().map(|(_, member)| member.workers.len() as u32).sum(),
        busy: up().map(|(_, member)| member.workers.iter().flatten().count() as u32).sum(),
        capacity_per_s: up().map(|(place, _)| node.capacity_per_s(place)).sum(),
        cost_per_hour,
    }
}

/// "breaker open"; empty while it is closed.
fn breaker(state: Option<&str>) -> String {
    state.map_or(String::new(), |state| "breaker ".to_owned() + state)
}

/// Calls and answers on their tracks, oldest request first, and how many there are in all.
fn dots_in_order<Q: EventQueue<Event = Event>>(world: &World<Node, Q>) -> (Vec<Dot>, u64) {
    let (found, under_way) = dots(world);
    // Oldest first, then by link: those are few, a scenario's nodes and their ways.
    let links = world.links().len().max(1) as u64;
    let order = order::order_of(found.iter().map(|dot: &Dot| dot.request * links + dot.link as u64));
    (order.into_iter().map(|at| found[at as usize]).collect(), under_way)
}

/// The same in no order.
pub fn dots<Q: EventQueue<Event = Event>>(world: &World<Node, Q>) -> (Vec<Dot>, u64) {
    let mut found = Vec::with_capacity(world.calls().len().min(DOTS_MAX));
    let mut under_way = 0;
    for (_, call) in world.calls().iter() {
        let (way, from_time) = match call.phase {
            Phase::Outbound => (Way::Out, call.departed),
            Phase::Returning => (Way::Back, call.finished),
            Phase::Lost => (Way::Lost, call.departed),
            Phase::Queued | Phase::Working | Phase::Waiting => continue,
        };
        under_way += 1;
        if found.len() < DOTS_MAX {
            // Calls lie in memory one behind the other, but not in the order of the dots: each is looked at once.
            found.push(dot(call, world.requests().get(call.request.0), way, from_time));
        }
    }
    (found, under_way)
}

fn dot(call: &Call, request: Option<&Request>, way: Way, departed: crate::sim::Time) -> Dot {
    Dot {
        request: request.map_or(0, |request| request.number),
        link: call.link as usize,
        from: call.from,
        to: call.to,
        way,
        departed,
        due: call.due,
        outcome: call.outcome,
        abandoned: call.abandoned || request.is_some_and(|request| request.outcome.is_some()),
        probe: request.is_some_and(|request| request.probe),
    }
}
