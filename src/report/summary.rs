//! A run in figures: what the command line prints, what goals are checked against.

use super::statistics::jain_fairness;
use crate::node::{FleetAccount, Node, Settings};
use crate::scenario::{Scenario, state_at};
use crate::sim::order::map_of;
use crate::sim::{Counter, OUTCOMES, Outcome, Place, Time};
use crate::watch::{Latencies, MemberTally, Metrics};
use serde::Serialize;
use std::collections::BTreeMap;

/// Durations in milliseconds. Of requests or calls that were answered with `ok`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    pub count: u64,
    pub mean: Option<f64>,
    pub p50: Option<f64>,
    pub p90: Option<f64>,
    pub p95: Option<f64>,
    pub p99: Option<f64>,
    #[serde(rename = "p99.9")]
    pub p999: Option<f64>,
    pub max: Option<f64>,
}

impl From<&Latencies> for Figures {
    fn from(latencies: &Latencies) -> Figures {
        Figures {
            count: latencies.count(),
            mean: latencies.mean_ms(),
            p50: latencies.quantile_ms(0.5),
            p90: latencies.quantile_ms(0.9),
            p95: latencies.quantile_ms(0.95),
            p99: latencies.quantile_ms(0.99),
            p999: latencies.quantile_ms(0.999),
            max: latencies.largest_ms(),
        }
    }
}

/// A whole run up to `at_ms`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    pub title: String,
    pub seed: u64,
    pub at_ms: f64,
    pub total: Total,
    pub nodes: BTreeMap<String, NodeSummary>,
}

/// All requests, as their clients see them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Total {
    pub requests: u64,
    pub in_flight: u64,
    /// Every outcome that can occur, 0 included, by id.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// Requests that ended other than with `ok`.
    pub lost: u64,
    /// Answered with `ok`, a second.
    pub throughput_per_s: f64,
    pub latency_ms: Figures,
}

/// A node: the calls that its members received; of clients `outcomes`, `throughput_per_s` and `latency_ms` are
/// those of the requests that they issued.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeSummary {
    pub kind: &'static str,
    pub calls: u64,
    pub outcomes: BTreeMap<&'static str, u64>,
    pub throughput_per_s: f64,
    /// From arrival to answer; of clients from issue to answer.
    pub latency_ms: Figures,
    pub queueing_ms: Figures,
    pub service_ms: Figures,
    /// Calls that waited, all members together, over time.
    pub queue_length: QueueLength,
    /// Busy workers over all workers, over time. `None` where there are no workers.
    pub utilisation: Option<f64>,
    /// Jain's index over the members' calls.
    pub fairness: Option<f64>,
    /// The most calls of any member over the members' mean; 1 is even.
    pub imbalance: Option<f64>,
    /// What the service that it runs says of itself, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub service: BTreeMap<&'static str, f64>,
    /// What a node of its kind counts, 0 included.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<&'static str, u64>,
    /// Hits over hits and misses, where it counts them; of clients those of their own reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hit_ratio: Option<f64>,
    /// Machines over time, from the order of each to its removal; only where their number follows the load
    /// or they cost something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine_hours: Option<f64>,
    /// Of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    pub members: BTreeMap<u32, MemberSummary>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct QueueLength {
    pub mean: f64,
    /// The longest of any member.
    pub largest: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MemberSummary {
    pub calls: u64,
    /// Of the node's calls.
    pub load_share: f64,
    pub refused: u64,
    pub utilisation: Option<f64>,
    pub latency_ms: Figures,
    pub queue_length: QueueLength,
}

/// Puts a run's metrics in figures. `nodes` are the running ones, as they are at `now`.
pub fn summarise(scenario: &Scenario, metrics: &Metrics, nodes: &[Node], now: Time) -> Summary {
    let state = state_at(scenario, now);
    let tally = metrics.total();
    let ended: u64 = tally.ended.iter().sum();
    let total = Total {
        requests: tally.issued,
        in_flight: tally.in_flight(),
        outcomes: outcomes(&tally.ended),
        lost: ended - tally.ended[Outcome::Ok as usize],
        throughput_per_s: per_s(tally.ended[Outcome::Ok as usize], now),
        latency_ms: Figures::from(&tally.latency),
    };
    let node = |(index, spec): (usize, &crate::scenario::NodeSpec)| {
        let fleet = nodes.get(index).and_then(|node| node.fleet(now));
        let mut summary = node_summary(metrics, index as u16, &spec.settings, fleet, now);
        if let Some(service) = nodes.get(index).and_then(|node| node.service(now)) {
            summary.service = map_of(service.figures.iter().map(|figure| (figure.name, figure.value)));
        }
        (spec.id.clone(), summary)
    };
    Summary {
        title: scenario.title.clone(),
        seed: scenario.seed,
        at_ms: now.ms(),
        total,
        nodes: map_of(state.nodes.iter().enumerate().map(node)),
    }
}

fn per_s(count: u64, now: Time) -> f64 {
    if now.0 == 0 { 0.0 } else { count as f64 / now.seconds() }
}

fn outcomes(ended: &[u64; Outcome::COUNT]) -> BTreeMap<&'static str, u64> {
    map_of(OUTCOMES.iter().map(|(outcome, _, id, _)| (*id, ended[*outcome as usize])))
}

fn node_summary(
    metrics: &Metrics,
    node: u16,
    settings: &Settings,
    fleet: Option<FleetAccount>,
    now: Time,
) -> NodeSummary {
    let (mut sojourn, mut wait, mut service) = (Latencies::new(3), Latencies::new(3), Latencies::new(3));
    let mut ended = [0u64; Outcome::COUNT];
    let issued = metrics.source(node).filter(|_| !settings.kind().called);
    if let Some(source) = issued {
        sojourn.add(&source.latency);
    }
    let mut queue = QueueLength::default();
    let mut busy = 0.0;
    for (_, member) in metrics.members(node) {
        sojourn.add(&member.sojourn);
        wait.add(&member.wait);
        service.add(&member.service);
        for (sum, count) in ended.iter_mut().zip(member.ended) {
            *sum += count;
        }
        queue.mean += member.mean_queued(now);
        queue.largest = queue.largest.max(member.queued_largest);
        busy += member.mean_busy(now);
    }
    let calls: u64 = metrics.members(node).map(|(_, member)| member.arrived).sum();
    let ended = issued.map_or(ended, |source| source.ended);
    let most = metrics.members(node).map(|(_, member)| member.arrived).max().unwrap_or(0);
    let size = settings.configure().size();
    let (count, workers) = (size.members as usize, size.workers as f64);
    // Members that were there for a part of the time have no fair share.
    let steady = fleet.is_none_or(|fleet| fleet.steady);
    let utilisation = |busy: f64, members: f64| (workers > 0.0).then(|| busy / (workers * members));
    let summary = |(place, member): (Place, &MemberTally)| {
        let summary = MemberSummary {
            calls: member.arrived,
            load_share: if calls == 0 { 0.0 } else { member.arrived as f64 / calls as f64 },
            refused: member.refused(),
            utilisation: utilisation(member.mean_busy(now), 1.0),
            latency_ms: Figures::from(&member.sojourn),
            queue_length: QueueLength { mean: member.mean_queued(now), largest: member.queued_largest },
        };
        (place.member as u32 + 1, summary)
    };
    let counted = metrics.counted(node);
    let count_of =
        |what: Counter| counted.iter().find(|(known, _)| *known == what).map_or(0, |(_, count)| *count);
    let (hits, misses) = match issued {
        Some(source) => (source.hits, source.misses),
        None => (count_of(Counter::Hits), count_of(Counter::Misses)),
    };
    let counters = settings.kind().counters;
    NodeSummary {
        service: BTreeMap::new(),
        counts: map_of(counters.iter().map(|what| (what.id(), count_of(*what)))),
        hit_ratio: (hits + misses > 0).then(|| hits as f64 / (hits + misses) as f64),
        kind: settings.kind().id,
        calls,
        outcomes: outcomes(&ended),
        throughput_per_s: per_s(ended[Outcome::Ok as usize], now),
        latency_ms: Figures::from(&sojourn),
        queueing_ms: Figures::from(&wait),
        service_ms: Figures::from(&service),
        queue_length: queue,
        utilisation: utilisation(busy, fleet.map_or(count as f64, |fleet| fleet.in_service)),
        machine_hours: fleet.and_then(|fleet| fleet.machine_hours),
        cost: fleet.and_then(|fleet| fleet.cost),
        fairness: if count > 1 && steady { fairness(metrics, node, count) } else { None },
        imbalance: (count > 1 && steady && calls > 0).then(|| most as f64 * count as f64 / calls as f64),
        members: map_of(metrics.members(node).map(summary)),
    }
}

/// Jain's index over the calls that each of the node's first `count` members received: 1 is even, 1 / count is
/// all to one.
fn fairness(metrics: &Metrics, node: u16, count: usize) -> Option<f64> {
    fairness_of(metrics, node, count, |tally| tally.arrived as f64)
}

/// The same over those that they received lately.
pub fn fairness_lately(metrics: &Metrics, node: u16, count: usize, now: Time) -> Option<f64> {
    fairness_of(metrics, node, count, |tally| tally.recent_per_s(now))
}

fn fairness_of(metrics: &Metrics, node: u16, count: usize, got: impl Fn(&MemberTally) -> f64) -> Option<f64> {
    let got = |member| metrics.member(Place { node, member }).map_or(0.0, &got);
    let shares: Vec<f64> = (0..count as u16).map(got).collect();
    jain_fairness(&shares)
}
