//! One leader for each key.

use crate::play::{Bench, Seen, store};
use serde_json::json;
use switchyard::run::{NO_LIMIT, Simulation};
use switchyard::sim::{Call, CallId, Counter, Observer, Outcome, Request, Time};

#[test]
fn a_leader_never_reads_what_is_stale() {
    for seed in 0..10 {
        for replication in ["leader-sync", "leader-async"] {
            let mut bench = Bench::new(seed, json!({ "count": 5, "replication": replication }));
            bench.duration_ms = 4000.0;
            let (seen, _) = bench.play();
            assert_eq!(seen.with(Outcome::Ok), seen.ended.len());
            assert!(seen.count(Counter::Reads) > 200 && seen.count(Counter::Writes) > 200);
            assert_eq!(seen.count(Counter::StaleReads) + seen.count(Counter::LostUpdates), 0);
        }
    }
}

/// A follower lacks the last write for the lag D and a message of mean L. The last write is of exponential age,
/// at rate λ, so the share of stale reads is 1 − exp(−λD) / (1 + λL) of those that a follower answers.
#[test]
fn followers_are_stale_as_long_as_the_lag_says() {
    for lag_ms in [0.0, 20.0, 100.0] {
        let settings = json!({ "count": 3, "replication": "leader-async", "read_from": "any", "service_ms": 0,
            "replication_lag_ms": lag_ms });
        let mut bench = Bench::new(21, settings)
            .clients(json!({ "rate_per_s": 40, "keys": { "kind": "uniform", "count": 1 } }));
        bench.duration_ms = 400_000.0;
        let (seen, _) = bench.play();
        let (rate, mean) = (0.02, 5.0);
        let behind = 1.0 - libm::exp(-rate * lag_ms) / (1.0 + rate * mean);
        let (wanted, reads) = (behind * 2.0 / 3.0, seen.count(Counter::Reads) as f64);
        let share = seen.count(Counter::StaleReads) as f64 / reads;
        let error = (wanted * (1.0 - wanted) / reads).sqrt();
        assert!((share - wanted).abs() < 5.0 * error, "lag {lag_ms}: {share} for {wanted} ± {error}");
    }
}

/// Synchronous followers have what was acknowledged; asynchronous ones lack what the lag held back.
#[test]
fn a_crash_loses_only_what_followers_did_not_have() {
    for seed in 0..10 {
        let run = |replication: &str| {
            let settings = json!({ "count": 4, "replication": replication, "replication_lag_ms": 200, "failover_ms": 500 });
            Bench::new(seed, settings).change(5000.0, "s/1", json!({ "down": true })).play().0
        };
        let sync = run("leader-sync");
        assert_eq!((sync.count(Counter::LostWrites), sync.count(Counter::StaleReads)), (0, 0), "seed {seed}");
        let asynchronous = run("leader-async");
        let lost = asynchronous.count(Counter::LostWrites);
        let held_back = |at_ms: f64| (4795.0..=5000.0).contains(&at_ms);
        let late = asynchronous.ended.iter().filter(|end| end.write && held_back(end.at.ms() - 0.0));
        assert!(lost > 0 && lost as usize <= late.count() + 2, "seed {seed}: {lost}");
        assert!(asynchronous.count(Counter::StaleReads) > 0, "until the key is written again");
        // Somebody leads again after the failover; calls to the machine that is down fail.
        for seen in [sync, asynchronous] {
            let late = seen.ended.iter().filter(|end| end.born.ms() > 6000.0);
            assert!(late.clone().all(|end| matches!(end.outcome, Outcome::Ok | Outcome::Crashed)));
            let fine = late.clone().filter(|end| end.outcome == Outcome::Ok).count() as f64;
            assert!((fine / late.count() as f64 - 0.75).abs() < 0.04);
        }
    }
}

/// What each client was told of its writes: the key, the write's number, when.
#[derive(Default)]
struct Told(Vec<(u32, u32, f64)>);

impl Observer for Told {
    fn returned(&mut self, _: CallId, call: &Call, request: &Request, now: Time) {
        if call.from.node == 0 && request.write && call.outcome == Outcome::Ok {
            self.0.push((request.key, call.answer.version, now.ms()));
        }
    }
}

/// The first machine goes for good. What is missing then is, write by write, what it had acknowledged and not shipped:
/// of the keys that it led what came within the lag. That many are counted as lost, and nothing else is missing.
#[test]
fn what_a_crash_loses_is_the_tail_that_was_not_shipped() {
    const CRASH_MS: f64 = 5000.0;
    const LAG_MS: f64 = 200.0;
    let mut lost_in_all = 0;
    for seed in 0..20 {
        let settings = json!({ "count": 4, "replication": "leader-async", "replication_lag_ms": LAG_MS, "failover_ms": 500 });
        let mut bench = Bench::new(seed, settings).change(CRASH_MS, "s/1", json!({ "down": true }));
        bench.duration_ms = 8000.0;
        bench.own_latency = json!(3);
        let (scenario, mut told, mut counted) = (bench.checked(), Told::default(), Seen::default());
        let mut simulation = Simulation::new(&scenario, &mut told);
        simulation.advance(Time::from_ms(CRASH_MS + 499.0), NO_LIMIT, &mut told);
        let held = |simulation: &Simulation, key: u32| {
            let newest = |member| store(simulation).rows(member)?.get(key).map(|row| row.number());
            (1..4).filter_map(newest).max().unwrap_or(0)
        };
        let lost: Vec<(u32, u32, f64)> =
            told.0.iter().copied().filter(|(key, number, _)| *number > held(&simulation, *key)).collect();
        for (key, _, at_ms) in &lost {
            assert_eq!(store(&simulation).home(*key).all()[0], 0, "seed {seed}: it led key {key}");
            let since = CRASH_MS - LAG_MS - 10.0;
            assert!((since..CRASH_MS + 10.0).contains(at_ms), "seed {seed}: {at_ms}");
        }
        // Nobody was written to meanwhile but by those who led all the time.
        simulation.advance(Time::from_ms(CRASH_MS + 501.0), NO_LIMIT, &mut counted);
        assert_eq!(counted.count(Counter::LostWrites) as usize, lost.len(), "seed {seed}");
        for (key, number, _) in &lost {
            assert!(held(&simulation, *key) < *number, "seed {seed}: key {key}");
        }
        simulation.advance(Time::from_ms(bench.duration_ms), NO_LIMIT, &mut counted);
        assert_eq!(counted.count(Counter::LostWrites) as usize, lost.len(), "seed {seed}");
        assert_eq!(counted.count(Counter::LostUpdates), 0, "seed {seed}: counted once");
        assert_eq!(store(&simulation).check(), Ok(()));
        lost_in_all += lost.len();
    }
    assert!(lost_in_all > 50, "{lost_in_all}");
}

/// Writes without a leader win over those of leaders before, however often these had changed.
#[test]
fn quorums_take_over_from_leaders() {
    for seed in 0..10 {
        let (seen, _) = Bench::new(seed, json!({ "replication": "leader-sync", "failover_ms": 200 }))
            .change(1000.0, "s/1", json!({ "down": true }))
            .change(3000.0, "s/1", json!({ "down": false }))
            .change(5000.0, "s", json!({ "replication": "quorum" }))
            .play();
        let late = seen.ended.iter().filter(|end| end.born.ms() > 5000.0);
        assert!(late.clone().count() > 2000 && late.clone().all(|end| end.outcome == Outcome::Ok));
        assert_eq!(seen.count(Counter::StaleReads), 0, "seed {seed}");
    }
}

/// A leader that is cut off goes on for the failover time, and what it took then is lost if it did not wait
/// for anybody. Afterwards nobody on its side leads.
#[test]
fn a_leader_that_is_cut_off_steps_down() {
    let run = |replication: &str| {
        let settings = json!({ "count": 3, "replication": replication, "replication_lag_ms": 10,
            "failover_ms": 1000, "timeout_ms": 200 });
        let cut = Bench::new(2, settings)
            .change(5000.0, "s/1", json!({ "side": 1 }))
            .change(12_000.0, "s/1", json!({ "side": 0 }))
            .change(16_000.0, "s", json!({ "anti_entropy_every_ms": 50 }));
        cut.play()
    };
    let (sync, _) = run("leader-sync");
    assert_eq!((sync.count(Counter::LostWrites), sync.count(Counter::StaleReads)), (0, 0));
    let (asynchronous, simulation) = run("leader-async");
    assert!(asynchronous.count(Counter::LostWrites) > 5);
    for seen in [sync, asynchronous] {
        let refused = |from: f64, to: f64| {
            let within = seen.ended.iter().filter(|end| (from..to).contains(&end.born.ms()));
            within.clone().filter(|end| end.outcome == Outcome::NoBackend).count() as f64
                / within.count() as f64
        };
        assert!((refused(6500.0, 11_500.0) - 1.0 / 3.0).abs() < 0.06);
        assert_eq!(refused(13_500.0, 20_000.0), 0.0);
    }
    assert!(store(&simulation).under_way().0 < 100);
}

/// Rows are under way to new owners when the machine that leads and moves them is cut off. What it would settle with itself
/// alone nobody on the other side would have: there somebody else leads, and must have every row. Nothing was written
/// for long, so nothing is lost and no read is stale.
#[test]
fn a_leader_that_is_cut_off_moves_nothing_for_the_others() {
    for replication in ["leader-sync", "leader-async"] {
        let mut seen_moving = 0;
        for seed in 0..12 {
            let settings = json!({ "count": 4, "replication": replication, "replication_lag_ms": 10, "failover_ms": 500,
                "timeout_ms": 1000, "service_ms": 20, "move_per_s": 100, "read_from": "leader" });
            let bench = Bench::new(seed, settings)
                .clients(json!({ "keys": { "kind": "uniform", "count": 200 } }))
                .change(4000.0, "c", json!({ "mix": [{ "path": "/", "write_share": 0 }] }))
                .change(5500.0, "s", json!({ "count": 6 }))
                .change(5500.0, "s/1", json!({ "side": 1 }));
            let (seen, end) = bench.play();
            let what = format!("{replication}, seed {seed}");
            assert_eq!(seen.count(Counter::StaleReads), 0, "{what}");
            assert_eq!(seen.count(Counter::LostWrites), 0, "{what}");
            seen_moving += seen.count(Counter::MovedRows);
            assert_eq!(store(&end).check(), Ok(()), "{what}");
        }
        assert!(seen_moving > 100, "{seen_moving}");
    }
}

/// A read is in its leader's queue while the row moves, and the leader is among the new owners: what it reads then is the
/// row, and not nothing.
#[test]
fn a_leader_that_keeps_a_row_that_moves_reads_it() {
    let settings = json!({ "count": 4, "replication": "leader-sync", "service_ms": 20, "move_per_s": 200 });
    let mut moved = 0;
    for seed in 0..6 {
        let bench = Bench::new(seed, settings.clone())
            .clients(json!({ "keys": { "kind": "uniform", "count": 200 } }))
            .change(4000.0, "c", json!({ "mix": [{ "path": "/", "write_share": 0 }] }))
            .change(5500.0, "s", json!({ "count": 6 }));
        let (seen, _) = bench.play();
        assert_eq!(seen.count(Counter::StaleReads), 0, "seed {seed}");
        moved += seen.count(Counter::MovedRows);
    }
    assert!(moved > 500, "{moved}");
}
