//! Settings at the ends of their ranges: time goes on, and memory stays bounded.

mod common;

use common::record::{change, scenario};
use serde_json::{Value, json};
use switchyard::play::Session;
use switchyard::run::{NO_LIMIT, Simulation};
use switchyard::sim::{CALLS_MAX, Progress, Time};

fn clients(settings: Value) -> Value {
    let mut node = json!({ "id": "c", "kind": "clients", "to": ["s"] });
    for (name, value) in settings.as_object().unwrap() {
        node[name] = value.clone();
    }
    node
}

fn server() -> Value {
    json!({ "id": "s", "kind": "servers", "queue": 10, "service_ms": 0 })
}

/// How far a run gets with so many events.
fn reached(nodes: Value, changes: Value, until_ms: f64, events: u64) -> (Progress, f64) {
    let scenario = scenario(nodes, json!([]), changes);
    let mut simulation = Simulation::new(&scenario, &mut ());
    let progress = simulation.advance(Time::from_ms(until_ms), events, &mut ());
    (progress, simulation.now().ms())
}

#[test]
fn bursts_too_dense_for_a_nanosecond_still_end() {
    let dense = json!({ "arrivals": "bursty", "rate_per_s": 1e6, "burst_on_ms": 1, "burst_off_ms": 3.6e6 });
    let (_, now) = reached(json!([clients(dense), server()]), json!([]), 10_000.0, 1_000_000);
    assert!(now > 0.05, "a million events, and it is still {now} ms");
}

#[test]
fn nearly_no_arrivals_are_drawn_at_once() {
    for arrivals in ["steady", "poisson", "bursty", "diurnal"] {
        for rate in [1e-300, 1e-12, 1e-6] {
            let rare = json!({ "arrivals": arrivals, "rate_per_s": rate, "burst_on_ms": 1, "burst_off_ms": 0, "swing": 1 });
            let found = reached(json!([clients(rare), server()]), json!([]), 10_000.0, 1000);
            assert_eq!(found, (Progress::Reached, 10_000.0), "{arrivals} at {rate}/s");
        }
    }
}

#[test]
fn users_who_need_no_time_do_not_stop_the_clock() {
    let hasty = json!({ "arrivals": "closed", "users": 3, "think_ms": 0, "timeout_ms": 100 });
    for changes in [json!([]), json!([change(0.0, "s/1", json!({ "down": true }))])] {
        let (_, now) = reached(json!([clients(hasty.clone()), server()]), changes, 10_000.0, 1_000_000);
        assert!(now > 50.0, "a million events, and it is still {now} ms");
    }
}

/// A machine that hears nothing has only so much room for those who knock.
#[test]
fn a_frozen_machine_does_not_collect_calls_for_ever() {
    let many = json!({ "arrivals": "steady", "rate_per_s": 10_000, "timeout_ms": 50 });
    let scenario = scenario(
        json!([clients(many), server()]),
        json!([]),
        json!([change(0.0, "s/1", json!({ "frozen": true }))]),
    );
    let mut simulation = Simulation::new(&scenario, &mut ());
    simulation.advance(Time::from_ms(9000.0), NO_LIMIT, &mut ());
    assert!(simulation.world().calls().len() < 20_000, "{} calls", simulation.world().calls().len());
}

/// However fast requests come and however long they are under way, there is a bound.
#[test]
fn there_are_only_so_many_calls_at_once() {
    let many = json!({ "arrivals": "steady", "rate_per_s": 1e6, "timeout_ms": 0 });
    let scenario = scenario(
        json!([clients(many), server()]),
        json!([{ "from": "c", "to": "s", "latency_ms": 60_000 }]),
        json!([]),
    );
    let mut session = Session::new(scenario);
    session.advance(Time::from_ms(1500.0), u64::MAX);
    let world = session.simulation().world();
    assert_eq!(world.calls().len(), CALLS_MAX);
    assert_eq!(world.books().in_flight(), CALLS_MAX as u64);
    assert_eq!(session.summary().total.outcomes["bulkhead-full"], 500_000);
}
