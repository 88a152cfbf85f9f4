//! Two-phase commit.

use crate::faults::random_faults;
use crate::play::{Bench, Seen, store};
use serde_json::{Value, json};
use switchyard::run::{NO_LIMIT, Simulation};
use switchyard::sim::{Counter, Outcome, Span, Time};

fn transfers(seed: u64, store: Value) -> Bench {
    Bench::new(seed, store).clients(json!({ "mix": [{ "path": "/transfer" }], "rate_per_s": 100 }))
}

#[test]
fn transfers_are_carried_out_or_given_up() {
    let (seen, end) = transfers(1, json!({ "count": 4, "accounts": 20 })).play();
    let (commits, aborts) = (seen.count(Counter::Commits), seen.count(Counter::Aborts));
    assert!(commits > 1000 && aborts > 0);
    let heard = [Outcome::Ok, Outcome::Aborted].map(|outcome| seen.with(outcome) as u64);
    assert_eq!(heard.iter().sum::<u64>() as usize, seen.ended.len());
    assert!(commits - heard[0] <= 5 && aborts - heard[1] <= 5, "the rest is on its way back");
    assert_eq!(store(&end).surplus(), 0);
}

/// Money is neither made nor lost, whatever fails whenever: looked at after every single event.
#[test]
fn the_sum_of_all_balances_never_changes() {
    for seed in 0..12 {
        let settings =
            json!({ "count": 5, "accounts": 20, "timeout_ms": 100, "recovery_ms": 300, "failover_ms": 200 });
        let mut bench = random_faults(transfers(seed, settings), seed, true);
        bench.duration_ms = 6000.0;
        let scenario = bench.checked();
        let mut seen = Seen::default();
        let mut simulation = Simulation::new(&scenario, &mut seen);
        let end = Time::ZERO + Span::from_ms(bench.duration_ms);
        while simulation.step(end, &mut seen).is_some() {
            assert_eq!(store(&simulation).surplus(), 0, "seed {seed} at {}", simulation.now());
        }
        assert!(seen.count(Counter::Commits) > 50, "seed {seed}");
    }
}

/// A coordinator that crashes leaves its participants in doubt: they hold their locks until it is back, and
/// writes of these keys wait in vain (the blocking of two-phase commit).
#[test]
fn participants_hold_their_locks_until_the_coordinator_is_back() {
    let settings =
        json!({ "count": 3, "replicas": 1, "read_quorum": 1, "write_quorum": 1, "recovery_ms": 100 });
    let mut bench = transfers(6, settings)
        .clients(json!({ "rate_per_s": 500, "keys": { "kind": "uniform", "count": 1000 } }))
        .change(3000.0, "s/1", json!({ "down": true }))
        .change(3000.0, "c", json!({ "rate_per_s": 0 }))
        .change(9000.0, "s/1", json!({ "down": false }));
    bench.duration_ms = 12_000.0;
    let scenario = bench.checked();
    let mut simulation = Simulation::new(&scenario, &mut ());
    let mut locked_at = |ms: f64| {
        simulation.advance(Time::from_ms(ms), NO_LIMIT, &mut ());
        store(&simulation).locked()
    };
    let (soon, later, after) = (locked_at(4500.0), locked_at(8900.0), locked_at(11_000.0));
    assert!(soon > 0 && soon == later, "{soon} {later}");
    assert_eq!(after, 0);
}

/// Accounts go with their keys.
#[test]
fn money_survives_a_new_division_of_the_keys() {
    let mut bench = transfers(6, json!({ "count": 3, "accounts": 200, "move_per_s": 200 }))
        .clients(json!({ "keys": { "kind": "uniform", "count": 200 } }))
        .change(4000.0, "s", json!({ "count": 6 }))
        .change(10_000.0, "s", json!({ "count": 2 }))
        .change(16_000.0, "c", json!({ "rate_per_s": 0 }));
    bench.duration_ms = 20_000.0;
    let (seen, end) = bench.play();
    assert!(seen.count(Counter::Commits) > 1000);
    assert_eq!((store(&end).surplus(), store(&end).rows_to_move(), store(&end).locked()), (0, 0, 0));
}
