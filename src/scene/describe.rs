//! The stage in words, for those who do not see it.
//!
//! The text changes only when something notable does: numbers of members, what is the matter with
//! one, a status, a reason for which requests die, the number of which is said as a power of ten.
//! Counts that change with every event are left to the names of the targets. Who announces it should do
//! so at most once in two seconds.

use super::figures;
use super::fleet;
use super::input::{Readings, Status};
use super::instrument;
use super::stage::is_taken_out;
use super::target::conditions;
use crate::run::snapshot::{NodeState, NodeView, PoolView, ServersView, Snapshot};
use crate::sim::OUTCOMES;

/// More members than this in one state are counted, not named.
const NAMED_MAX: usize = 4;

/// What is there, and what is happening: short sentences.
pub fn describe(snapshot: &Snapshot, readings: &Readings) -> String {
    let mut sentences: Vec<String> = snapshot.nodes.iter().map(node).collect();
    for link in snapshot.links.iter().filter(|link| link.cut) {
        let name = |node: usize| snapshot.nodes.get(node).map_or("?", |node| &node.name);
        sentences.push(format!("The link from {} to {} is cut.", name(link.from), name(link.to)));
    }
    for (index, node) in snapshot.nodes.iter().enumerate() {
        if let NodeState::Servers(servers) = &node.state {
            sentences.extend(happening(snapshot, readings, index, node, servers));
        }
    }
    sentences.extend(snapshot.nodes.iter().flat_map(notable));
    sentences.extend(ends(readings));
    if snapshot.issued == 0 {
        sentences.push("Nothing has been sent yet.".to_string());
    }
    sentences.join(" ")
}

/// What the instruments show at this instant, a line for each: as it is drawn, in words. Lines keep their order, and
/// change with what they tell of; who announces them should do so only while time stands still.
pub fn insides(snapshot: &Snapshot) -> Vec<String> {
    snapshot.nodes.iter().flat_map(|node| insides_of(snapshot, node)).collect()
}

fn insides_of(snapshot: &Snapshot, node: &NodeView) -> Vec<String> {
    let line = |name: &str, inside: String| (!inside.is_empty()).then(|| format!("{name}: {inside}"));
    match &node.state {
        NodeState::Clients(clients) => {
            let index = snapshot.nodes.iter().position(|it| std::ptr::eq(it, node));
            let held = index.and_then(|index| super::clients::workers_held(snapshot, index));
            let held = held.map(|(busy, all)| format!("hold {busy} of {all} workers"));
            let gate = super::clients::describe_gate(&clients.gate);
            let said = held.into_iter().chain(Some(gate)).filter(|said| !said.is_empty());
            line(&node.name, said.collect::<Vec<_>>().join(", ")).into_iter().collect()
        }
        NodeState::Balancer(balancer) => {
            let several = balancer.pools.len() > 1;
            let pool = |pool: &PoolView| {
                let to = snapshot.nodes.get(pool.node).filter(|_| several);
                let name = to.map_or(node.name.clone(), |to| format!("{} to {}", node.name, to.name));
                let said = [super::balancer::note(pool), super::ledger::describe(pool)];
                let said: Vec<String> = said.into_iter().filter(|part| !part.is_empty()).collect();
                line(&name, said.join("; "))
            };
            balancer.pools.iter().filter_map(pool).collect()
        }
        NodeState::Servers(servers) => {
            line(&node.name, instrument::in_full(&servers.inside)).into_iter().collect()
        }
        NodeState::Station(station) => {
            let members = station.members.iter().take(MEMBERS_TOLD).filter_map(|member| {
                line(&node.member_name(member.number), instrument::in_full(&member.inside))
            });
            line(&node.name, instrument::in_full(&station.inside)).into_iter().chain(members).collect()
        }
    }
}

/// Of more members the insides are not told.
const MEMBERS_TOLD: usize = 16;

/// What is there.
fn node(node: &NodeView) -> String {
    match &node.state {
        NodeState::Clients(clients) => {
            let count = figures::count(clients.clients as u64, "client", "clients");
            format!("{}: {count}, {}.", node.name, super::clients::pace(clients))
        }
        NodeState::Balancer(balancer) => {
            let policy = balancer.policy.strip_suffix('.').unwrap_or(&balancer.policy);
            format!("{}: {policy}.", node.name)
        }
        NodeState::Station(station) => {
            let inside = instrument::standing(&station.inside);
            let gap = if inside.is_empty() { "" } else { " " };
            format!("{}: {}.{gap}{inside}", node.name, station.does)
        }
        NodeState::Servers(servers) => {
            let workers: Vec<usize> = servers.members.iter().map(|member| member.workers.len()).collect();
            let count = figures::count(workers.len() as u64, "machine", "machines");
            let runs = match servers.runs {
                "" => String::new(),
                service => format!(", {service}"),
            };
            let each = match workers.iter().min() {
                Some(fewest) if workers.iter().max() == Some(fewest) => {
                    format!(" with {} each", figures::count(*fewest as u64, "worker", "workers"))
                }
                _ => String::new(),
            };
            let together: String = fleet::describe(servers).iter().map(|it| format!("; {it}")).collect();
            format!("{}{runs}: {count}{each}{together}.", node.name)
        }
    }
}

/// What is the matter with a caller's breaker or a station's machines, and what its inside has come to.
fn notable(node: &NodeView) -> Vec<String> {
    match &node.state {
        NodeState::Clients(clients) => {
            let state = clients.gate.breaker.as_ref().map(|breaker| breaker.state);
            let state = state.filter(|state| *state != "closed");
            state.map(|state| format!("{}: the circuit breaker is {state}.", node.name)).into_iter().collect()
        }
        NodeState::Station(station) => {
            let troubled = station.members.iter().filter_map(|member| {
                let trouble = super::station::trouble(member)?;
                Some(format!("{} is {trouble}.", node.member_name(member.number)))
            });
            let cut = station.members.iter().any(|member| member.side != station.members[0].side);
            let cut = cut.then(|| format!("{}: the network between its machines is cut.", node.name));
            let inside = instrument::notable(&station.inside);
            let inside = inside.into_iter().map(|said| format!("{}: {said}.", node.name));
            troubled.chain(cut).chain(inside).collect()
        }
        NodeState::Servers(servers) => {
            let inside = instrument::notable(&servers.inside).into_iter();
            inside.map(|said| format!("{}: {said}.", node.name)).collect()
        }
        NodeState::Balancer(_) => vec![],
    }
}

/// "some reads", "more than 9 reads": a number as a power of ten, so that it is said anew only when that changes.
#[cfg(feature = "whole")]
pub(super) fn decade(count: u64, what: &str) -> Option<String> {
    match count {
        0 => None,
        1..=9 => Some(format!("some {what}")),
        _ => {
            let decade = (1..19).map(|power| 10_u64.pow(power)).take_while(|decade| *decade <= count).last();
            decade.map(|decade| format!("more than {} {what}", figures::whole(decade - 1)))
        }
    }
}

/// What is the matter with members.
fn happening(
    snapshot: &Snapshot,
    readings: &Readings,
    index: usize,
    node: &NodeView,
    servers: &ServersView,
) -> Vec<String> {
    // Members by what is said of them, in the order in which it first occurs.
    let mut groups: Vec<(String, Vec<u32>)> = vec![];
    for (member, view) in servers.members.iter().enumerate() {
        let mut said = conditions(view, is_taken_out(snapshot, index, member));
        if !view.down {
            match readings.of(index, member, view).status {
                Status::Calm => {}
                Status::Near => said.push("near the limit".to_string()),
                Status::Over => said.push("full, and refuses".to_string()),
            }
        }
        if said.is_empty() {
            continue;
        }
        let said = said.join(", ");
        match groups.iter_mut().find(|(known, _)| *known == said) {
            Some((_, members)) => members.push(view.number),
            None => groups.push((said, vec![view.number])),
        }
    }
    let sentence = |(said, members): (String, Vec<u32>)| match members.as_slice() {
        [alone] => format!("{} is {said}.", node.member_name(*alone)),
        some if some.len() <= NAMED_MAX => {
            let numbers: Vec<String> = some.iter().map(u32::to_string).collect();
            format!("{} {}: {said}.", node.name, numbers.join(", "))
        }
        many => format!("{} machines of {}: {said}.", many.len(), node.name),
    };
    groups.into_iter().map(sentence).collect()
}

/// How requests ended that did not end well, to the power of ten.
fn ends(readings: &Readings) -> Vec<String> {
    let sentence = |(outcome, _, _, label): &(crate::sim::Outcome, _, _, &str)| {
        let count = readings.ended_by[*outcome as usize];
        if outcome.is_ok() || count == 0 {
            return None;
        }
        let decade = (0..19).map(|power| 10_u64.pow(power)).take_while(|decade| *decade <= count).last();
        match decade {
            None | Some(1) => Some(format!("Some requests ended: {label}.")),
            Some(decade) => {
                Some(format!("More than {} requests ended: {label}.", figures::whole(decade - 1)))
            }
        }
    };
    OUTCOMES.iter().filter_map(sentence).collect()
}
