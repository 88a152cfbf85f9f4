//! Ours: a scenario run by the engine, unobserved, with everything that a run on the page has: requests
//! with identities, call trees over links, a policy from the table, bounded queues.

use crate::mm10::{OFFERED, Outcome, Policy, SERVERS};
use serde_json::{Value, json};
use std::time::Instant;
use switchyard::report::Metrics;
use switchyard::run::{Digest, NO_LIMIT, Simulation};
use switchyard::scenario::Checked;
use switchyard::sim::{Event, EventQueue, Heap, Observer, Span, Time, Wheel};

/// Mean service time; with it a second holds 8 000 arrivals.
const SERVICE_MS: f64 = 1.0;
/// Long enough never to be full: the model has no limit.
const QUEUE_PLACES: u32 = 200_000;

pub fn on_wheel(policy: Policy, requests: u64, seed: u64) -> Outcome {
    measure::<Wheel<Event>>(&scenario(policy, requests, seed), 0)
}

pub fn on_heap(policy: Policy, requests: u64, seed: u64) -> Outcome {
    measure::<Heap<Event>>(&scenario(policy, requests, seed), 0)
}

/// Clients who would wait so long that about 100 000 timeouts are pending, nearly all in vain.
pub fn timeouts_on_wheel(policy: Policy, requests: u64, seed: u64) -> Outcome {
    measure::<Wheel<Event>>(&with_timeouts(policy, requests, seed), 0)
}

pub fn timeouts_on_heap(policy: Policy, requests: u64, seed: u64) -> Outcome {
    measure::<Heap<Event>>(&with_timeouts(policy, requests, seed), 0)
}

/// About 100 000 requests under way at any time, over 100 ms of connection each way.
pub fn in_flight_on_wheel(policy: Policy, requests: u64, seed: u64) -> Outcome {
    measure::<Wheel<Event>>(&far_away(policy, requests, seed), IN_FLIGHT)
}

pub fn in_flight_on_heap(policy: Policy, requests: u64, seed: u64) -> Outcome {
    measure::<Heap<Event>>(&far_away(policy, requests, seed), IN_FLIGHT)
}

/// As the page watches it: metrics, digest, and a snapshot for each sixtieth of a second.
pub fn watched(policy: Policy, requests: u64, seed: u64) -> Outcome {
    let scenario = scenario(policy, requests, seed);
    let (mut metrics, mut digest) = (Metrics::new(Span::from_ms(scenario.duration_ms)), Digest::default());
    let begun = Instant::now();
    let mut seen = (&mut metrics, &mut digest);
    let mut simulation = Simulation::new(&scenario, &mut seen);
    let end = Time::from_ms(scenario.duration_ms);
    while simulation.now() < end {
        simulation.advance((simulation.now() + Span::from_ms(1000.0 / 60.0)).min(end), NO_LIMIT, &mut seen);
        std::hint::black_box(simulation.snapshot());
    }
    outcome(&simulation, begun, 0)
}

const IN_FLIGHT: u64 = 100_000;

fn scenario(policy: Policy, requests: u64, seed: u64) -> Checked {
    file(policy, requests, seed, OFFERED, SERVICE_MS, json!({ "timeout_ms": 0 }), json!([]))
}

fn with_timeouts(policy: Policy, requests: u64, seed: u64) -> Checked {
    // 8 000 a second, each pending for 12.5 s unless it is cancelled.
    file(policy, requests, seed, OFFERED, SERVICE_MS, json!({ "timeout_ms": 12_500 }), json!([]))
}

fn far_away(policy: Policy, requests: u64, seed: u64) -> Checked {
    // 500 000 a second, 0.2 s under way.
    let links = json!([{ "from": "clients", "to": "lb", "latency_ms": { "dist": "uniform", "min": 90, "max": 110 } }]);
    file(policy, requests, seed, OFFERED, 0.016, json!({ "timeout_ms": 0 }), links)
}

fn file(
    policy: Policy,
    requests: u64,
    seed: u64,
    offered: f64,
    service_ms: f64,
    clients: Value,
    links: Value,
) -> Checked {
    let rate_per_s = offered * 1000.0 / service_ms;
    let scenario = json!({
        "v": 1, "seed": seed, "duration_ms": (requests as f64 / rate_per_s * 1000.0).max(1.0), "links": links,
        "nodes": [
            { "id": "clients", "kind": "clients", "rate_per_s": rate_per_s, "clients": 1, "to": ["lb"],
              "timeout_ms": clients["timeout_ms"] },
            { "id": "lb", "kind": "balancer", "policy": policy.id(), "to": ["servers"] },
            { "id": "servers", "kind": "servers", "count": SERVERS, "workers": 1, "queue": QUEUE_PLACES,
              "service_ms": { "dist": "exponential", "mean": service_ms } }]
    });
    Checked::from_value(scenario).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// Runs to the end, without anybody watching.
fn measure<Q: EventQueue<Event = Event>>(scenario: &Checked, far: u64) -> Outcome {
    let begun = Instant::now();
    let mut simulation = Simulation::<Q>::with_queue(scenario, &mut ());
    simulation.advance(Time::from_ms(scenario.duration_ms), NO_LIMIT, &mut ());
    outcome(&simulation, begun, far)
}

/// The mean in the system follows from a run of the same length that counts (not timed).
fn outcome<Q: EventQueue<Event = Event>>(simulation: &Simulation<Q>, begun: Instant, far: u64) -> Outcome {
    let seconds = begun.elapsed().as_secs_f64();
    let books = simulation.world().books();
    if far > 0 {
        let under_way = books.in_flight();
        assert!(under_way > far * 9 / 10 && under_way < far * 11 / 10, "{under_way} are under way");
    }
    let events = books.issued + books.ended_total();
    Outcome { events_per_s: events as f64 / seconds, seconds, mean_in_system: f64::NAN }
}

/// Mean number in the system, for the check: measured in a run of its own, so that the timed ones are
/// not burdened.
pub fn mean_in_system(policy: Policy, requests: u64, seed: u64) -> f64 {
    #[derive(Default)]
    struct Area(f64);
    impl Observer for Area {
        fn ended(&mut self, request: &switchyard::sim::Request, _: switchyard::sim::Outcome, now: Time) {
            self.0 += now.since(request.born).seconds();
        }
    }
    let scenario = scenario(policy, requests, seed);
    let mut area = Area::default();
    let mut simulation = Simulation::new(&scenario, &mut area);
    simulation.advance(Time::from_ms(scenario.duration_ms), NO_LIMIT, &mut area);
    // Little: the sum of the stays over the time.
    area.0 / simulation.now().seconds()
}
