//! Rows that move when the division of the keys changes.

use crate::play::{Bench, differing, misplaced, store};
use serde_json::json;
use switchyard::algo::choice::PolicyChoice;
use switchyard::algo::ring::{self, Key, Members};
use switchyard::sim::{Counter, Outcome};

const KEYS: u32 = 400;

/// By the policy alone.
fn owners(policy: &str, members: u16, key: u32) -> Vec<usize> {
    let entry = ring::find(policy).expect("a policy");
    let knobs = PolicyChoice::new(policy).resolve("ring").expect("its defaults");
    let mut policy = (entry.build)(&knobs);
    policy.rebuild(&Members::named((1..=members).map(|number| format!("s/{number}"))));
    let mut owners = vec![];
    policy.owners(&Key::number(key, policy.hashing()), 3, &mut owners);
    owners
}

#[test]
fn rows_move_exactly_if_their_owners_changed_and_nobody_notices() {
    for policy in ["modulo", "ring", "rendezvous"] {
        for replication in ["quorum", "leader-sync", "leader-async"] {
            for (from, to) in [(4, 6), (6, 4)] {
                let settings = json!({ "count": from, "partitioner": policy, "replication": replication, "move_per_s": 100 });
                let mut bench = Bench::new(5, settings)
                    .clients(json!({ "keys": { "kind": "sequential", "count": KEYS },
                        "mix": [{ "path": "/", "write_share": 1 }] }))
                    .change(4000.0, "c", json!({ "mix": [{ "path": "/", "write_share": 0.5 }] }))
                    .change(5000.0, "s", json!({ "count": to }));
                bench.duration_ms = 14_000.0;
                let (seen, end) = bench.play();
                let what = format!("{policy}, {replication}, {from} to {to}");
                assert_eq!(seen.count(Counter::StaleReads), 0, "{what}");
                assert_eq!(seen.count(Counter::LostWrites), 0, "{what}");
                assert_eq!(seen.with(Outcome::Ok), seen.ended.len(), "{what}");
                let moved =
                    (0..KEYS).filter(|key| owners(policy, from, *key) != owners(policy, to, *key)).count();
                assert_eq!(seen.count(Counter::MovedRows) as usize, moved, "{what}");
                assert_eq!((store(&end).rows_to_move(), misplaced(&end)), (0, 0), "{what}");
                let strays = (0..KEYS).filter(|key| {
                    let home: Vec<usize> =
                        store(&end).home(*key).all().iter().map(|at| *at as usize).collect();
                    home != owners(policy, to, *key)
                });
                assert_eq!(strays.count(), 0, "{what}");
            }
        }
    }
}

/// As fast as allowed, and no faster.
#[test]
fn moves_take_the_time_that_they_are_given() {
    let at = |duration_ms: f64| {
        let mut bench = Bench::new(5, json!({ "count": 4, "partitioner": "modulo", "move_per_s": 50 }))
            .clients(json!({ "keys": { "kind": "sequential", "count": KEYS }, "mix": [{ "path": "/", "write_share": 1 }] }))
            .change(3000.0, "s", json!({ "count": 5 }));
        bench.duration_ms = duration_ms;
        bench.play().0.count(Counter::MovedRows)
    };
    let after_four_seconds = at(7000.0);
    assert!((190..=200).contains(&after_four_seconds), "{after_four_seconds}");
}

/// More replicas, or fewer: rows are copied, or thrown away.
#[test]
fn replicas_can_be_added_and_taken_away() {
    for (from, to) in [(2, 4), (4, 2)] {
        let settings = json!({ "count": 5, "replicas": from, "read_quorum": from, "write_quorum": from });
        let mut bench = Bench::new(5, settings)
            .change(5000.0, "s", json!({ "replicas": to, "read_quorum": to, "write_quorum": to }))
            .change(12_000.0, "c", json!({ "rate_per_s": 0 }));
        bench.duration_ms = 15_000.0;
        let (seen, end) = bench.play();
        assert_eq!(seen.count(Counter::StaleReads), 0);
        assert_eq!((misplaced(&end), differing(&end)), (0, 0));
        assert_eq!(store(&end).home(3).all().len(), to);
    }
}

/// Mirrokni, Thorup and Zadimoghaddam (2018): of m keys on n members nobody has more than ⌈c · m / n⌉, while keys come
/// and after members came or went, when every row has moved; and reads stay right.
#[test]
fn a_bounded_ring_knows_how_many_keys_each_machine_has() {
    for (policy, bounded) in [("ring", false), ("bounded-ring", true)] {
        for (from, to) in [(5u16, 7u16), (7, 5)] {
            let partitioner = json!({ "id": policy, "points": 1 });
            let settings = json!({ "count": from, "partitioner": partitioner, "replicas": 1, "read_quorum": 1,
                "write_quorum": 1, "move_per_s": 400 });
            let bench = |duration_ms: f64| {
                let mut bench = Bench::new(5, settings.clone())
                    .clients(json!({ "keys": { "kind": "sequential", "count": KEYS },
                        "mix": [{ "path": "/", "write_share": 1 }] }))
                    .change(4000.0, "c", json!({ "mix": [{ "path": "/", "write_share": 0.5 }] }))
                    .change(6000.0, "s", json!({ "count": to }))
                    .change(duration_ms - 300.0, "c", json!({ "rate_per_s": 0 }));
                bench.duration_ms = duration_ms;
                bench.play()
            };
            for (duration_ms, members) in [(1000.0, from), (5000.0, from), (12_000.0, to)] {
                let (seen, end) = bench(duration_ms);
                let what = format!("{policy}, {from} to {to}, {duration_ms} ms");
                let held: Vec<u64> = (0..members as usize)
                    .map(|member| store(&end).rows(member).map_or(0, |rows| rows.held().into()))
                    .collect();
                let total: u64 = held.iter().sum();
                let most = (1.25 * total as f64 / f64::from(members)).ceil() as u64;
                let fullest = held.iter().max().copied().unwrap_or(0);
                assert_eq!(fullest <= most, bounded, "{what}: {held:?}, at most {most}");
                assert_eq!(seen.count(Counter::StaleReads), 0, "{what}");
                assert_eq!(seen.count(Counter::LostWrites), 0, "{what}");
                if members == to {
                    assert_eq!((store(&end).rows_to_move(), misplaced(&end)), (0, 0), "{what}");
                }
            }
        }
    }
}

/// Under W = 1 and with machines that hear nothing of each other each write is with one machine alone. Then W is raised
/// and rows move: a move must know that rows may be older than the setting.
#[test]
fn a_larger_write_quorum_does_not_hide_rows_written_under_a_smaller_one() {
    let settings = json!({ "count": 3, "read_quorum": 1, "write_quorum": 1, "hinted_handoff": false, "read_repair": false });
    for replication in ["quorum", "leader-sync"] {
        let (_, end) = Bench::new(5, settings.clone())
            .clients(json!({ "keys": { "kind": "sequential", "count": KEYS }, "mix": [{ "path": "/", "write_share": 1 }] }))
            .change_link(0.0, json!({ "cut": true }))
            .change(3000.0, "c", json!({ "rate_per_s": 0 }))
            .change_link(5000.0, json!({ "cut": false }))
            .change(5000.0, "s", json!({ "write_quorum": 3, "replication": replication }))
            .change(6000.0, "s", json!({ "count": 6 }))
            .play();
        let moved = (0..KEYS).filter(|key| owners("ring", 3, *key) != owners("ring", 6, *key)).count();
        assert!(moved > 200, "{replication}: {moved}");
        assert_eq!((store(&end).rows_to_move(), misplaced(&end)), (0, 0), "{replication}");
    }
}
