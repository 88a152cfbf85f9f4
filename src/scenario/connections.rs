//! The engine's connections: who reaches whom, by their numbers there.

use super::paths::link_between;
use super::types::Scenario;
use crate::sim::Link;

/// Every connection, in the order of the nodes and of what each calls; then those of nodes whose members
/// talk to each other.
fn pairs(scenario: &Scenario) -> Vec<(usize, usize)> {
    let index_of = |id: &str| scenario.nodes.iter().position(|node| node.id == id);
    let mut pairs = vec![];
    for (from, node) in scenario.nodes.iter().enumerate() {
        pairs.extend(node.to.iter().filter_map(|to| Some((from, index_of(to)?))));
    }
    let talking = scenario.nodes.iter().enumerate().filter(|(_, node)| node.settings.kind().talks);
    pairs.extend(talking.map(|(at, _)| (at, at)));
    pairs
}

/// All of them, as the scenario has them at time 0.
pub fn connections(scenario: &Scenario) -> Vec<Link> {
    let link = |(from, to): (usize, usize)| {
        let spec = link_between(scenario, from, to);
        let name = format!("{}>{}", spec.from, spec.to);
        let mut link =
            Link::new(scenario.seed, &name, from as u16, to as u16, spec.latency_ms.sampler(), spec.loss);
        link.set(spec.latency_ms.sampler(), spec.loss, spec.cut);
        link
    };
    pairs(scenario).into_iter().map(link).collect()
}

/// The number of one.
pub(super) fn number_of(scenario: &Scenario, from: usize, to: usize) -> u16 {
    pairs(scenario).iter().position(|pair| *pair == (from, to)).unwrap_or(0) as u16
}
