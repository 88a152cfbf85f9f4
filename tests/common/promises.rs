//! What every kind of node must keep, on a scenario with faults and changes: the books add up at every
//! stop, everything drains, and a run is the same run however it is cut.

use super::audit::audit;
use serde_json::Value;
use switchyard::run::{Digest, NO_LIMIT, Simulation};
use switchyard::scenario::Checked;
use switchyard::sim::{Event, EventQueue, Heap, Time, Wheel};

fn checked(file: &Value) -> Checked {
    Checked::from_value(file.clone()).unwrap_or_else(|problems| panic!("{problems:?}\n{file}"))
}

fn digest_of<Q: EventQueue<Event = Event>>(scenario: &Checked) -> u64 {
    let mut digest = Digest::default();
    let mut simulation = Simulation::<Q>::with_queue(scenario, &mut digest);
    simulation.advance(Time::from_ms(scenario.duration_ms), NO_LIMIT, &mut digest);
    digest.value()
}

/// Runs it whole, on another event queue, and in slices that go on from clones; audits at every stop.
pub fn same_run(file: &Value, slices: &[(f64, u64)]) {
    let scenario = checked(file);
    let whole = digest_of::<Wheel<Event>>(&scenario);
    assert_eq!(digest_of::<Wheel<Event>>(&scenario), whole, "once more");
    assert_eq!(digest_of::<Heap<Event>>(&scenario), whole, "on a heap");
    let end = Time::from_ms(scenario.duration_ms);
    let mut digest = Digest::default();
    let mut simulation = Simulation::new(&scenario, &mut digest);
    for (share, budget) in slices {
        let now = simulation.now();
        simulation.advance(Time(now.0 + ((end.0 - now.0) as f64 * share) as u64), *budget, &mut digest);
        audit(&simulation);
        simulation.snapshot();
        let kept = simulation.clone();
        // The original goes on and is thrown away; the checkpoint takes its place.
        simulation.advance(end, 500, &mut ());
        simulation = kept;
    }
    simulation.advance(end, NO_LIMIT, &mut digest);
    audit(&simulation);
    assert_eq!(digest.value(), whole, "in slices, from clones");
}

/// Runs it with these changes at its end, which must make it quiet, until nothing is left to happen.
pub fn drained(file: &Value, calm: Vec<Value>) -> Simulation {
    let mut file = file.clone();
    let ends = file["duration_ms"].clone();
    for mut change in calm {
        change["at_ms"] = ends.clone();
        file["changes"].as_array_mut().expect("changes").push(change);
    }
    let mut simulation = Simulation::new(&checked(&file), &mut ());
    simulation.advance(Time(u64::MAX / 2), 50_000_000, &mut ());
    audit(&simulation);
    let world = simulation.world();
    assert_eq!(world.books().in_flight(), 0, "requests are left");
    assert!(world.calls().is_empty(), "{} calls are left", world.calls().len());
    assert!(world.requests().is_empty(), "{} requests are left", world.requests().len());
    assert_eq!(world.pending(), 0, "events are left");
    simulation
}
