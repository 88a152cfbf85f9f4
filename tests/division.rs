//! What a node shows of how its keys are divided: at many instants of real runs, for every policy of the table,
//! against the policy itself and against counting by hand.

mod common;

use common::record::{change, scenario};
use serde_json::{Value, json};
use switchyard::algo::choice::PolicyChoice;
use switchyard::algo::ring::{self, Key, Members, Partition, Way};
use switchyard::node::division::{Division, KEYS_SHOWN};
use switchyard::node::station::Inside;
use switchyard::play::Session;
use switchyard::run::snapshot::NodeState;
use switchyard::sim::Time;

/// Clients, a cache or store of four members that has five from 2000 ms and three from 4000 ms on.
fn run(kind: &str, policy: &str) -> Session {
    let clients = json!({ "id": "c", "kind": "clients", "rate_per_s": 100,
        "keys": { "kind": "uniform", "count": 600 }, "to": ["n"] });
    let mut node = json!({ "id": "n", "kind": kind, "count": 4, "partitioner": policy });
    let mut nodes = vec![clients];
    if kind == "cache" {
        node["to"] = json!(["o"]);
        node["capacity"] = json!(50);
        nodes.push(node);
        nodes.push(json!({ "id": "o", "kind": "servers", "workers": 500 }));
    } else {
        nodes.push(node);
    }
    let changes: Vec<Value> =
        [(2000.0, 5), (4000.0, 3)].map(|(at, count)| change(at, "n", json!({ "count": count }))).to_vec();
    Session::new(scenario(json!(nodes), json!([]), json!(changes)))
}

fn at(session: &mut Session, ms: f64) -> Division {
    session.advance(Time::from_ms(ms), u64::MAX);
    shown(session)
}

fn shown(session: &Session) -> Division {
    match &session.snapshot().nodes[1].state {
        NodeState::Station(station) => match &station.inside {
            Inside::Ring(division) => (**division).clone(),
            other => panic!("the inside is {other:?}"),
        },
        other => panic!("a station is {other:?}"),
    }
}

/// The policy as the node should have built it, member by member: with so many, one time after the other.
fn policy(kind: &str, id: &str, counts: &[usize]) -> (Box<dyn Partition>, Members) {
    let entry = ring::find(id).unwrap();
    let mut policy = (entry.build)(&PolicyChoice::new(id).resolve("ring").unwrap());
    let between = if kind == "cache" { "-" } else { "/" };
    let members = |count: usize| Members::named((1..=count).map(|number| format!("n{between}{number}")));
    counts.iter().for_each(|count| policy.rebuild(&members(*count)));
    (policy, members(*counts.last().unwrap()))
}

#[test]
fn what_is_shown_is_what_the_policy_says() {
    for kind in ["cache", "store"] {
        for entry in ring::TABLE {
            let (id, mut session) = (entry.info.id, run(kind, entry.info.id));
            let counts = [4, 5, 3];
            for (era, ms) in
                [(0, 300.0), (0, 1900.0), (1, 2000.0), (1, 2600.0), (1, 3900.0), (2, 4000.1), (2, 5500.0)]
            {
                let division = at(&mut session, ms);
                let (now, members) = policy(kind, id, &counts[..=era]);
                assert_eq!(division.now.seen, now.inspect(&members), "{kind} {id} at {ms}");
                assert_eq!(division.now.members, (0..counts[era] as u16).collect::<Vec<_>>());
                let owner =
                    |policy: &dyn Partition, key| policy.owner(&Key::number(key, policy.hashing())) as u16;
                let before = (era > 0).then(|| policy(kind, id, &counts[..era]).0);
                assert!(!division.keys.is_empty() && division.keys.len() <= KEYS_SHOWN);
                for it in division.keys.iter().chain(&division.latest) {
                    assert_eq!(it.owner, owner(&*now, it.key), "{kind} {id}");
                    assert_eq!(it.before, before.as_ref().map(|before| owner(&**before, it.key)));
                    assert_eq!(it.place, now.place(&Key::number(it.key, now.hashing())));
                }
                let latest = division.latest.expect("keys were asked for").key;
                assert_eq!(division.way, now.way(&Key::number(latest, now.hashing())));
                assert_eq!(
                    matches!(division.way, Way::Place),
                    !["rendezvous", "jump", "multi-probe"].contains(&id)
                );
                assert_eq!(division.before.is_some(), era > 0);
            }
        }
    }
}

/// Requests by owner, and what a change moves, counted by hand from the keys that were asked for.
#[test]
fn loads_and_moves_are_counted_right() {
    for entry in ring::TABLE {
        let id = entry.info.id;
        let mut session = run("cache", id);
        let mut keys = vec![];
        let (four, _) = policy("cache", id, &[4]);
        let mut asked = vec![0; 4];
        // The last one steps over the change.
        while session.now() < Time::from_ms(1900.0) {
            let before = shown(&session);
            session.step_event();
            let after = shown(&session);
            if before.asked != after.asked {
                let key = after.latest.unwrap().key;
                keys.push(key);
                asked[four.owner(&Key::number(key, four.hashing()))] += 1;
                let found = (0..4).map(|member| after.asked_of(member)).collect::<Vec<u32>>();
                assert_eq!(found, asked, "{id}");
            }
        }
        assert!(keys.len() > 100, "{id}: {}", keys.len());
        let changed = at(&mut session, 2000.0);
        let moved = changed.moved.expect("keys were known");
        assert_eq!(changed.changed, Time::from_ms(2000.0));
        assert!(moved.of > 90 && moved.moved <= moved.of, "{id}: {moved:?}");
        // Four of five keys move with modulo when a fifth member comes; 4 deviations of a sample.
        let expected = 0.8 * f64::from(moved.of);
        assert!(
            (f64::from(moved.with_modulo) - expected).abs() < 4.0 * libm::sqrt(0.16 * f64::from(moved.of))
        );
        match id {
            "modulo" => assert_eq!(moved.moved, moved.with_modulo),
            // All of these keys are below 600, and `range` divides 10 000.
            "range" | "scan-by-name" => assert_eq!(moved.moved, 0, "{id}"),
            _ => {
                let part = f64::from(moved.moved) / f64::from(moved.of);
                assert!((0.08..0.36).contains(&part), "{id}: {moved:?}");
            }
        }
    }
}
