//! What things are called on the page.

use switchyard::run::snapshot::{NodeState, NodeView, Snapshot};
use switchyard::scene::Target;
use switchyard::sim::{OutcomeKind, Place};

/// "Server 3", "Load balancer".
pub fn place_name(snapshot: &Snapshot, place: Place) -> String {
    match snapshot.nodes.get(place.node as usize) {
        Some(node) => member_name(node, place.member as usize),
        None => "–".into(),
    }
}

/// The member's name, or the node's where it is one machine.
pub fn member_name(node: &NodeView, member: usize) -> String {
    match &node.state {
        NodeState::Servers(_) => node.member_name(member as u32 + 1),
        NodeState::Station(station) if station.members.len() > 1 => node.member_name(member as u32 + 1),
        _ => node.name.clone(),
    }
}

pub fn target_name(snapshot: &Snapshot, target: Target) -> String {
    let node = |index: usize| snapshot.nodes.get(index);
    match target {
        Target::Node(index) => node(index).map(|node| node.name.clone()).unwrap_or_default(),
        Target::Member { node: index, member } => {
            node(index).map(|node| member_name(node, member)).unwrap_or_default()
        }
        Target::Link(index) => {
            let ends = snapshot.links.get(index).and_then(|link| Some((node(link.from)?, node(link.to)?)));
            ends.map(|(from, to)| format!("{} → {}", from.name, to.name)).unwrap_or_default()
        }
        Target::Request(number) => format!("Request {}", switchyard::scene::figures::whole(number)),
        Target::Key(key) => format!("Key {}", switchyard::scene::figures::whole(key.into())),
    }
}

/// The class of the style sheet for an outcome.
pub fn outcome_class(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::Ok => "good",
        OutcomeKind::Refused => "refused",
        OutcomeKind::Failed | OutcomeKind::TimedOut => "bad",
    }
}
