//! The figures by which runs are compared: a short list, the same for all variants of a scenario.

use super::summary::{NodeSummary, Summary};
use crate::scenario::Scenario;
use crate::sim::{COUNTERS, OUTCOMES, Outcome, OutcomeKind};
use std::collections::BTreeMap;

/// One figure of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyFigure {
    /// `p99`, `cache.hit_ratio`: the same in every variant.
    pub id: String,
    pub name: String,
    pub unit: &'static str,
    /// `None` where there is nothing to tell of yet.
    pub value: Option<f64>,
}

impl KeyFigure {
    /// Whether it says anything, with these values of the variants: what no variant has any of does not, but that
    /// nothing was refused or lost of all requests does.
    pub fn tells(&self, mut values: impl Iterator<Item = Option<f64>>) -> bool {
        !self.id.contains('.') || values.any(|value| value.is_some_and(|value| value != 0.0))
    }
}

/// Of all requests, then of each node that has some of its own: with what its kind counts, and what the
/// service that it runs says of itself. Which there are does not depend on what happens. Shares are in per cent.
pub fn key_figures(scenario: &Scenario, summary: &Summary) -> Vec<KeyFigure> {
    let total = &summary.total;
    let latency = &total.latency_ms;
    let [refused, lost] = lost_shares(&total.outcomes);
    let mut figures: Vec<KeyFigure> = [
        ("mean", "Mean latency", "ms", latency.mean),
        ("p50", "p50 latency", "ms", latency.p50),
        ("p95", "p95 latency", "ms", latency.p95),
        ("p99", "p99 latency", "ms", latency.p99),
        ("throughput", "Answered", "/s", Some(total.throughput_per_s)),
        ("refused", "Refused", "%", refused),
        ("lost", "Not answered", "%", lost),
    ]
    .into_iter()
    .map(|(id, name, unit, value)| KeyFigure { id: id.into(), name: name.into(), unit, value })
    .collect();
    let clients = summary.nodes.values().filter(|node| node.kind == "clients").count();
    let caches = scenario.nodes.iter().any(|node| node.settings.kind().id == "cache");
    for node in &scenario.nodes {
        if let Some(found) = summary.nodes.get(&node.id) {
            let members = node.settings.configure().size().members as usize;
            let one_of_several = clients > 1 && found.kind == "clients";
            let own = if one_of_several { of_group(found, caches) } else { vec![] };
            for (id, name, unit, value) in own.into_iter().chain(of_node(found, members)) {
                let (id, name) = (format!("{}.{id}", node.id), named(name, &node.name));
                figures.push(KeyFigure { id, name, unit, value });
            }
        }
    }
    figures
}

/// Per cent of the requests that ended: those that were refused, and all that were not answered.
fn lost_shares(outcomes: &BTreeMap<&'static str, u64>) -> [Option<f64>; 2] {
    let of = |is_one: fn(Outcome, OutcomeKind) -> bool| {
        let these = OUTCOMES.iter().filter(|(outcome, kind, ..)| is_one(*outcome, *kind));
        these.filter_map(|(_, _, id, _)| outcomes.get(id)).sum::<u64>()
    };
    let ended = of(|_, _| true);
    let refused = of(|outcome, kind| kind == OutcomeKind::Refused && outcome != Outcome::Aborted);
    let lost = of(|_, kind| kind != OutcomeKind::Ok);
    [refused, lost].map(|part| (ended > 0).then(|| part as f64 * 100.0 / ended as f64))
}

/// "Lost updates · Store".
fn named(figure: &str, node: &str) -> String {
    let mut letters = figure.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    format!("{}{} · {node}", first.map(String::from).unwrap_or_default(), letters.as_str())
}

type Named = (&'static str, &'static str, &'static str, Option<f64>);

/// Of one of several groups of clients.
fn of_group(node: &NodeSummary, caches: bool) -> Vec<Named> {
    let [refused, lost] = lost_shares(&node.outcomes);
    let mut figures = vec![
        ("p99", "p99 latency", "ms", node.latency_ms.p99),
        ("throughput", "Answered", "/s", Some(node.throughput_per_s)),
        ("refused", "Refused", "%", refused),
        ("lost", "Not answered", "%", lost),
    ];
    if caches {
        figures.push(("hit_ratio", "Hit ratio", "%", node.hit_ratio.map(|share| share * 100.0)));
    }
    figures
}

fn of_node(node: &NodeSummary, members: usize) -> Vec<Named> {
    let mut figures: Vec<Named> = vec![];
    if let Some(utilisation) = node.utilisation {
        figures.push(("utilisation", "Utilisation", "%", Some(utilisation * 100.0)));
    }
    if node.kind == "cache" {
        figures.push(("hit_ratio", "Hit ratio", "%", node.hit_ratio.map(|share| share * 100.0)));
    }
    if matches!(node.kind, "servers" | "cache" | "store") {
        let most = node.members.values().map(|member| member.load_share).fold(0.0, f64::max);
        // One machine alone has it too, though without a value: a variant may have another number of machines.
        let imbalance = (members > 1 && node.calls > 0).then_some(most * members as f64);
        figures.push(("imbalance", "Most loaded ÷ mean", "", imbalance));
    }
    let counts = COUNTERS.iter().filter_map(|(_, id, label)| Some((*id, *label, "", node.counts.get(id)?)));
    figures.extend(counts.map(|(id, label, unit, count)| (id, label, unit, Some(*count as f64))));
    figures.extend(node.service.iter().map(|(name, value)| (*name, *name, "", Some(*value))));
    figures
}
