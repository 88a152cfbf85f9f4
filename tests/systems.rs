//! Every kind of node survives every fault and every change of settings at any time: nothing is lost,
//! nothing leaks, and the run is the same however it is cut.

mod common;

use common::audit::audit;
use common::systems::{QUIET_MS, checked, serving};
use proptest::prelude::*;
use serde_json::json;
use switchyard::run::{Digest, NO_LIMIT, Simulation};
use switchyard::sim::{NodeId, Progress, Time};

/// Everything has a timeout, a loss notice or a retry limit that ends long before this.
const DRAINED_MS: f64 = 400_000.0;
/// Calls, or requests, that nodes have open of their own accord when clients have been silent for long: health checks,
/// comparisons of replicas.
const OPEN_AT_REST: usize = 100;
/// Far more than any of these systems needs; a node that keeps itself busy for ever would use it up.
const EVENTS_MAX: u64 = 20_000_000;

proptest! {
    #![proptest_config(ProptestConfig { cases: common::cases(150), ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_whatever_goes_wrong(seed in any::<u32>(), stops in prop::collection::vec(0.0..1.0f64, 1..8)) {
        let scenario = checked(seed.into());
        let mut whole = Digest::default();
        let mut simulation = Simulation::new(&scenario, &mut whole);
        let mut stops: Vec<Time> = stops.iter().map(|at| Time::from_ms(at * scenario.duration_ms)).collect();
        stops.sort();
        for stop in stops {
            prop_assert_eq!(simulation.advance(stop, EVENTS_MAX, &mut whole), Progress::Reached);
            audit(&simulation);
            // A checkpoint goes on as the original does.
            let (mut copy, mut from_copy) = (simulation.clone(), whole);
            copy.advance(Time::from_ms(QUIET_MS), NO_LIMIT, &mut from_copy);
            let (mut again, mut from_again) = (simulation.clone(), whole);
            again.advance(Time::from_ms(QUIET_MS), NO_LIMIT, &mut from_again);
            prop_assert_eq!(from_copy.value(), from_again.value());
            prop_assert_eq!(simulation.snapshot().now, stop);
        }
        simulation.advance(Time::from_ms(scenario.duration_ms), EVENTS_MAX, &mut whole);
        let mut straight = Digest::default();
        let mut other = Simulation::new(&scenario, &mut straight);
        other.advance(Time::from_ms(scenario.duration_ms), EVENTS_MAX, &mut straight);
        prop_assert_eq!(whole.value(), straight.value(), "cut or not, it is the same run");
        audit(&other);
    }

    /// Requests, money, messages, rows: the books of everybody are opened after each event.
    #[test]
    fn books_add_up_after_every_event(seed in any::<u32>(), after in 0.0..0.8f64) {
        let scenario = serving(seed.into());
        let mut simulation = Simulation::new(&scenario, &mut ());
        simulation.advance(Time::from_ms(after * scenario.duration_ms), EVENTS_MAX, &mut ());
        let end = Time::from_ms(scenario.duration_ms);
        for _ in 0..400 {
            audit(&simulation);
            if simulation.step(end, &mut ()).is_none() {
                break;
            }
        }
    }

    /// Once clients are silent and all is well again, every request comes to its end.
    #[test]
    fn everything_ends_once_all_is_well(seed in any::<u32>()) {
        let scenario = checked(seed.into());
        let mut simulation = Simulation::new(&scenario, &mut ());
        let progress = simulation.advance(Time::from_ms(DRAINED_MS), EVENTS_MAX, &mut ());
        prop_assert_eq!(progress, Progress::Reached, "it never comes to rest");
        audit(&simulation);
        let books = simulation.world().books();
        prop_assert_eq!(books.in_flight(), 0, "of {} issued", books.issued);
        // Nothing is left over but what nodes do of their own accord, and that does not pile up. Only in stores it
        // may, as far as there are places to wait: one whose timeout is shorter than the way there and back never
        // learns what becomes of a transfer, and repairs wait for the rows that it holds locked.
        let world = simulation.world();
        let is_store = |node: NodeId| scenario.nodes[node as usize].settings.kind().id == "store";
        let calls = world.calls().iter().filter(|(_, call)| !is_store(call.from.node)).count();
        let requests = world.requests().iter().filter(|(_, request)| !is_store(request.source)).count();
        prop_assert!(calls <= OPEN_AT_REST && requests <= OPEN_AT_REST, "{calls} calls, {requests} requests");
    }
}

/// The same with all that a service does, and with stores whose rows move and whose transfers lose their coordinator.
#[test]
fn services_and_stores_add_up_after_every_event() {
    let mut kinds = std::collections::BTreeMap::new();
    for name in ["chat", "feed", "gateway", "payments", "shortener", "store"] {
        let text = std::fs::read_to_string(format!("tests/scenarios/{name}.json")).expect("an example");
        let mut file: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        if name == "store" {
            let changes = file["changes"].as_array_mut().expect("changes");
            changes.push(json!({ "at_ms": 5950, "node": "store", "set": { "count": 6 } }));
            changes.push(json!({ "at_ms": 6010, "node": "store/2", "set": { "down": true } }));
            changes.push(json!({ "at_ms": 6060, "node": "store/2", "set": { "down": false } }));
        }
        let scenario = switchyard::scenario::Checked::from_value(file).expect("it is allowed");
        let mut simulation = Simulation::new(&scenario, &mut ());
        let end = Time::from_ms(scenario.duration_ms);
        for share in [0.05, 0.3, 0.6, 0.9] {
            simulation.advance(Time::from_ms(share * scenario.duration_ms), EVENTS_MAX, &mut ());
            for _ in 0..500 {
                audit(&simulation);
                *kinds.entry(name).or_insert(0) += 1;
                if simulation.step(end, &mut ()).is_none() {
                    break;
                }
            }
        }
    }
    assert!(kinds.values().all(|steps| *steps > 1500), "{kinds:?}");
}

/// The generator is worth its name: nearly all that it draws is allowed, and all kinds come up.
#[test]
fn random_systems_are_allowed_and_of_every_kind() {
    use switchyard::node::KINDS;
    let mut refused = vec![];
    let mut seen = std::collections::BTreeMap::new();
    let mut issued = 0;
    for seed in 0..200 {
        match switchyard::scenario::Checked::from_value(common::systems::json(seed, 0)) {
            Err(problems) => refused.push(problems),
            Ok(scenario) => {
                for node in &scenario.nodes {
                    *seen.entry(node.settings.kind().id).or_insert(0) += 1;
                }
                let mut simulation = Simulation::new(&scenario, &mut ());
                simulation.advance(Time::from_ms(scenario.duration_ms), EVENTS_MAX, &mut ());
                issued += simulation.world().books().issued;
            }
        }
    }
    assert!(refused.len() < 60, "{} refused, such as {:?}", refused.len(), &refused[..3]);
    assert!(KINDS.iter().all(|kind| seen.get(kind.id).is_some_and(|count| *count > 20)), "{seen:?}");
    assert!(issued > 20_000, "{issued} requests in all");
}
