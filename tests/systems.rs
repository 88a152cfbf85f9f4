//! Every kind of node survives every fault and every change of settings at any time: nothing is lost,
//! nothing leaks, and the run is the same however it is cut.

mod common;

use common::audit::audit;
use common::systems::{QUIET_MS, checked};
use proptest::prelude::*;
use switchyard::run::{Digest, NO_LIMIT, Simulation};
use switchyard::sim::{Progress, Time};

/// Everything has a timeout, a loss notice or a retry limit that ends long before this.
const DRAINED_MS: f64 = 400_000.0;
/// Calls, or requests, that nodes have open of their own accord when clients have been silent for long: health checks,
/// comparisons of replicas.
const OPEN_AT_REST: usize = 100;
/// Far more than any of these systems needs; a node that keeps itself busy for ever would use it up.
const EVENTS_MAX: u64 = 20_000_000;

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

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
        // Nothing is left over but what nodes do of their own accord, and that does not pile up.
        let open = |simulation: &Simulation| {
            (simulation.world().calls().len(), simulation.world().requests().len())
        };
        let (calls, requests) = open(&simulation);
        prop_assert!(calls <= OPEN_AT_REST && requests <= OPEN_AT_REST, "{calls} calls, {requests} requests");
    }
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
