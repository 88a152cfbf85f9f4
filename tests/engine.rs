//! The engine's promises, on random scenarios with faults of every kind: nothing is lost, nothing
//! leaks, and a run is the same run however it is cut, watched, stored or rewound.

mod common;

use common::audit::audit;
use common::scenarios::{Size, checked, json};
use proptest::prelude::*;
use serde_json::{Value, json};
use switchyard::play::{Session, When};
use switchyard::report::Metrics;
use switchyard::run::{Digest, NO_LIMIT, Simulation};
use switchyard::scenario::{Checked, link};
use switchyard::sim::{Event, EventQueue, Heap, Progress, Purpose, Random, Span, Stream, Time, Wheel};

fn end_of(scenario: &Checked) -> Time {
    Time::from_ms(scenario.duration_ms)
}

/// From start to end in one go, watched by the digest alone.
fn in_one_go<Q: EventQueue<Event = Event>>(scenario: &Checked) -> (u64, Simulation<Q>) {
    let mut digest = Digest::default();
    let mut simulation = Simulation::<Q>::with_queue(scenario, &mut digest);
    assert_eq!(simulation.advance(end_of(scenario), NO_LIMIT, &mut digest), Progress::Reached);
    (digest.value(), simulation)
}

fn digest_of(scenario: &Checked) -> u64 {
    in_one_go::<Wheel<Event>>(scenario).0
}

/// Sizes shrink; seeds do not, but a small size makes any seed's scenario small.
fn scenario() -> impl Strategy<Value = (u64, Size)> {
    (any::<u32>(), 1..=3u64, 1..=5u64, 0..=12u64)
        .prop_map(|(seed, clients, nodes, changes)| (seed as u64, Size { clients, nodes, changes }))
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(300))]

    /// At every stop every call is somewhere, every count is right, and nothing was lost.
    #[test]
    fn books_add_up_at_every_stop((seed, size) in scenario(), stops in prop::collection::vec(0.0..1.0f64, 1..30)) {
        let scenario = checked(seed, size);
        let mut simulation = Simulation::new(&scenario, &mut ());
        audit(&simulation);
        let mut stops: Vec<Time> = stops.iter().map(|at| Time::from_ms(at * scenario.duration_ms)).collect();
        stops.push(end_of(&scenario));
        stops.sort();
        for stop in stops {
            simulation.advance(stop, NO_LIMIT, &mut ());
            audit(&simulation);
            let snapshot = simulation.snapshot();
            prop_assert_eq!(snapshot.now, stop);
            prop_assert_eq!(snapshot.issued, simulation.world().books().ended_total() + snapshot.in_flight);
        }
    }

    /// Once nobody asks any more and nothing is frozen, everything comes to its end and nothing leaks.
    #[test]
    fn everything_drains((seed, size) in scenario()) {
        let mut file = json(seed, size);
        let (ends, nodes) = (file["duration_ms"].clone(), file["nodes"].clone());
        for node in nodes.as_array().unwrap() {
            let id = node["id"].as_str().unwrap();
            let mut stop = |place: String, set: Value| {
                let change = json!({ "at_ms": ends, "node": place, "set": set });
                file["changes"].as_array_mut().unwrap().push(change);
            };
            match node["kind"].as_str().unwrap() {
                "clients" => stop(id.into(), json!({ "arrivals": "steady", "rate_per_s": 0 })),
                "balancer" => stop(id.into(), json!({ "health_every_ms": 0, "slow_start_ms": 0 })),
                _ => (1..=12).for_each(|n| stop(format!("{id}/{n}"), json!({ "frozen": false, "flap": null }))),
            }
        }
        let scenario = Checked::from_value(file).expect("the changes are fine");
        let mut simulation = Simulation::new(&scenario, &mut ());
        // The longest draw is a day, times slowness, times the depth of a queue.
        simulation.advance(Time(u64::MAX / 2), NO_LIMIT, &mut ());
        audit(&simulation);
        let world = simulation.world();
        prop_assert_eq!(world.books().in_flight(), 0);
        prop_assert!(world.calls().is_empty(), "{} calls are left", world.calls().len());
        prop_assert!(world.requests().is_empty(), "{} requests are left", world.requests().len());
        prop_assert_eq!(world.pending(), 0);
    }

    /// However a run is cut, it is the same run.
    #[test]
    fn slices_steps_clones_and_queues_give_the_same_run(
        (seed, size) in scenario(),
        slices in prop::collection::vec((0.0..1.0f64, 1..400u64), 1..20),
        watched in any::<bool>(),
    ) {
        let scenario = checked(seed, size);
        let end = end_of(&scenario);
        let (whole, simulation) = in_one_go::<Wheel<Event>>(&scenario);
        prop_assert_eq!(in_one_go::<Heap<Event>>(&scenario).0, whole, "on a heap");

        let mut digest = Digest::default();
        let mut cut = Simulation::new(&scenario, &mut digest);
        for (share, budget) in slices {
            let until = Time(((end.0 - cut.now().0) as f64 * share) as u64 + cut.now().0);
            cut.advance(until, budget, &mut digest);
            // A clone goes on alone; the original is left as it was.
            let mut ahead = cut.clone();
            ahead.advance(end, 500, &mut ());
            if watched {
                cut.snapshot();
            }
        }
        let (mut copy, mut copy_digest) = (cut.clone(), digest);
        cut.advance(end, NO_LIMIT, &mut digest);
        prop_assert_eq!(digest.value(), whole, "in slices");
        copy.advance(end, NO_LIMIT, &mut copy_digest);
        prop_assert_eq!(copy_digest.value(), whole, "from a clone");
        prop_assert_eq!(cut.world().books(), simulation.world().books());
        prop_assert_eq!(cut.snapshot(), simulation.snapshot());

        let mut digest = Digest::default();
        let mut stepped = Simulation::new(&scenario, &mut digest);
        while stepped.step(end, &mut digest).is_some() {}
        prop_assert_eq!(digest.value(), whole, "step by step");

        let (mut metrics, mut digest) = (Metrics::new(Span(end.0)), Digest::default());
        let mut seen = (&mut metrics, &mut digest);
        let mut simulation = Simulation::new(&scenario, &mut seen);
        simulation.advance(end, NO_LIMIT, &mut seen);
        prop_assert_eq!(digest.value(), whole, "with metrics");
        prop_assert_eq!(metrics.total().issued, simulation.world().books().issued);
        prop_assert_eq!(metrics.total().ended, simulation.world().books().ended);
    }

    /// What is saved is what is read, to the last bit; a link keeps the run.
    #[test]
    fn files_and_links_keep_the_scenario((seed, size) in scenario()) {
        let scenario = checked(seed, size);
        prop_assert_eq!(&Checked::parse(&scenario.to_json()).expect("reads itself"), &scenario);
        prop_assert_eq!(&Checked::parse(&scenario.to_pretty_json()).expect("reads itself"), &scenario);
        prop_assert_eq!(&link::decode(&link::encode(&scenario)).expect("reads itself"), &scenario);
        prop_assert_eq!(Checked::parse(&scenario.to_json()).expect("reads itself").to_json(), scenario.to_json());
    }
}

/// What can be seen of a session.
fn seen(session: &Session) -> (u64, String, String, String) {
    let text = |value: Result<String, _>| value.expect("plain data");
    (
        session.digest(),
        text(serde_json::to_string(&session.snapshot())),
        text(serde_json::to_string(&session.summary())),
        text(serde_json::to_string(session.metrics().series().complete())),
    )
}

fn played_to(scenario: &Checked, to: Time) -> Session {
    let mut session = Session::new(scenario.clone());
    session.advance(to, u64::MAX);
    session
}

/// A setting that every random scenario has, and a value for it.
fn turn() -> impl Strategy<Value = (usize, &'static str, Value)> {
    prop_oneof![
        (0..3usize, Just("rate_per_s"), (1.0..300.0f64).prop_map(Value::from)),
        (0..3usize, Just("timeout_ms"), (1.0..900.0f64).prop_map(Value::from)),
        (0..5usize, Just("count"), (1..12u64).prop_map(Value::from)),
        (0..5usize, Just("policy"), Just(json!("random"))),
        (0..5usize, Just("queue"), (0..20u64).prop_map(Value::from)),
    ]
}

proptest! {
    #![proptest_config(cases(120))]

    /// Any moment is the same whether it is reached by playing or by going back and forth.
    #[test]
    fn seeking_shows_what_playing_shows((seed, size) in scenario(), visits in prop::collection::vec(0.0..=1.0f64, 1..8)) {
        let scenario = checked(seed, size);
        let mut session = Session::new(scenario.clone());
        for (nth, share) in visits.into_iter().enumerate() {
            let to = Time::from_ms(share * scenario.duration_ms);
            if nth % 2 == 0 {
                session.step_event();
                session.step_request();
            }
            prop_assert_eq!(session.seek(to, u64::MAX), Progress::Reached);
            prop_assert_eq!(seen(&session), seen(&played_to(&scenario, to)));
        }
        session.seek(end_of(&scenario), u64::MAX);
        prop_assert_eq!(session.digest(), digest_of(&scenario));
    }

    /// What was turned while it ran is in the scenario, and so in the link: the replay is the same run.
    #[test]
    fn live_changes_replay(
        (seed, size) in scenario(),
        turns in prop::collection::vec((turn(), 0..200_000_000u64, 0..3u8), 1..8),
    ) {
        let mut session = Session::new(checked(seed, size));
        let mut accepted = 0;
        for ((nth, setting, value), ahead, how) in turns {
            let id = if matches!(setting, "rate_per_s" | "timeout_ms") { format!("c{nth}") } else { format!("n{nth}") };
            let before = session.scenario().clone();
            match session.set(&format!("{id}.{setting}"), value, When::Now) {
                Ok(()) => accepted += 1,
                Err(problems) => {
                    prop_assert!(!problems.is_empty());
                    prop_assert_eq!(session.scenario(), &before);
                }
            }
            match how {
                0 => session.advance(session.now() + Span(ahead), u64::MAX),
                1 => session.advance(session.end(), 50),
                _ => session.step_event().map_or(Progress::Reached, |_| Progress::OutOfBudget),
            };
        }
        session.advance(session.end(), u64::MAX);
        let live = session.digest();
        let scenario = session.scenario().clone();
        prop_assert!(scenario.changes.len() >= accepted.min(1));
        prop_assert_eq!(digest_of(&scenario), live, "run anew");
        let opened = link::decode(&link::encode(&scenario)).expect("a link of one's own");
        prop_assert_eq!(digest_of(&opened), live, "run from its link");
        session.restart();
        session.advance(session.end(), u64::MAX);
        prop_assert_eq!(session.digest(), live, "restarted");
        session.seek(Time(session.end().0 / 3), u64::MAX);
        session.seek(session.end(), u64::MAX);
        prop_assert_eq!(session.digest(), live, "after going back");
    }
}
/// A slider that is turned again while nothing has moved is one change, at the very beginning too.
#[test]
fn turning_again_at_the_same_moment_replaces_the_change() {
    for at_ms in [0.0, 1500.0] {
        let file = json!({ "v": 1, "duration_ms": 3000, "nodes": [
            { "id": "c", "kind": "clients", "to": ["s"] }, { "id": "s", "kind": "servers" }],
            "changes": [{ "at_ms": at_ms, "node": "c", "set": { "rate_per_s": 7 } }] });
        let mut session = Session::new(Checked::from_value(file).expect("a scenario"));
        session.advance(Time::from_ms(at_ms), u64::MAX);
        for rate in [50, 60, 20] {
            session.set("c.rate_per_s", json!(rate), When::Now).expect("a rate");
        }
        assert_eq!(session.scenario().changes.len(), 1);
        session.advance(session.end(), u64::MAX);
        assert_eq!(session.digest(), digest_of(session.scenario()));
        assert_eq!(session.value("c.rate_per_s"), Some(json!(20.0)));
    }
}

/// The shortest decimal form of a number is not read back exactly by every parser.
#[test]
fn every_number_is_read_as_it_was_written() {
    let mut random = Stream::new(1, "numbers", Purpose::Keys);
    let mut at_ms = 0.0;
    let rows: Vec<Value> = (0..50_000)
        .map(|_| {
            at_ms += random.unit();
            json!([at_ms, 0, 0, random.unit() * 1000.0])
        })
        .collect();
    let file = json!({ "v": 1, "nodes": [
        { "id": "c", "kind": "clients", "arrivals": "replay", "to": ["s"],
          "replay": { "name": "log", "paths": ["/"], "rows": rows } }, { "id": "s", "kind": "servers" }] });
    let scenario = Checked::from_value(file).expect("a scenario");
    assert!(Checked::parse(&scenario.to_json()).as_ref() == Ok(&scenario));
}
