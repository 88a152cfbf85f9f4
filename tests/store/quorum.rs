//! Leaderless quorums.

use crate::play::Bench;
use serde_json::{Value, json};
use switchyard::sim::{Counter, Outcome, Purpose, Random, Stream};

/// A read quorum and a write quorum share a replica if R + W > N, so a read finds the newest write
/// acknowledged before it (Gifford, 1979). With nothing wrong there is no stale read, whoever coordinates.
#[test]
fn quorums_that_overlap_never_read_what_is_stale() {
    for seed in 0..30 {
        for (n, r, w) in [(3, 2, 2), (3, 1, 3), (3, 3, 1), (5, 3, 3), (4, 2, 3), (1, 1, 1)] {
            for conflicts in ["last-write-wins", "version-vectors"] {
                let store = json!({ "count": 5, "replicas": n, "read_quorum": r, "write_quorum": w,
                    "read_repair": seed % 2 == 0, "conflicts": conflicts });
                let mut bench = Bench::new(seed, store);
                bench.duration_ms = 3000.0;
                let (seen, _) = bench.play();
                assert!(seen.count(Counter::Reads) > 200 && seen.count(Counter::Writes) > 200);
                assert_eq!(seen.count(Counter::StaleReads), 0, "N = {n}, R = {r}, W = {w}, seed {seed}");
            }
        }
    }
}

/// One key, three machines that all hold it, work that takes no time.
fn one_key(seed: u64, rate_per_s: f64, store: Value) -> Bench {
    let mut all = json!({ "count": 3, "replicas": 3, "service_ms": 0, "read_repair": false });
    all.as_object_mut().unwrap().extend(crate::play::map(store));
    let mut bench = Bench::new(seed, all);
    bench.duration_ms = 400_000.0;
    bench.clients(json!({ "rate_per_s": rate_per_s, "keys": { "kind": "uniform", "count": 1 } }))
}

const MEAN_MS: f64 = 5.0;

/// The share of stale reads, from the definition alone (as PBS does it: Bailis et al., 2012): writes and reads
/// at random times and machines, every message with its own delay, no events and no store.
fn model(rate_per_s: f64, r: usize, w: usize, requests: usize) -> f64 {
    let mut random = Stream::new(5, "model", Purpose::Arrivals);
    let mut now = 0.0;
    // For each write: when it is at each machine, and when it is acknowledged.
    let mut writes: Vec<([f64; 3], f64)> = vec![];
    let (mut reads, mut stale) = (0u32, 0u32);
    let mut waiting: Vec<(f64, usize, [f64; 6])> = vec![];
    for _ in 0..requests {
        now += random.exponential() * 1000.0 / rate_per_s;
        let at = random.below(3) as usize;
        let mut delays = [0.0; 6];
        delays.iter_mut().for_each(|delay| *delay = random.exponential() * MEAN_MS);
        (delays[at], delays[at + 3]) = (0.0, 0.0);
        if random.chance(0.5) {
            let there = [0, 1, 2].map(|machine| now + delays[machine]);
            let mut acks = [0, 1, 2].map(|machine| there[machine] + delays[machine + 3]);
            acks.sort_by(f64::total_cmp);
            writes.push((there, acks[w - 1]));
        } else {
            waiting.push((now, writes.len(), delays));
        }
    }
    for (began, before, delays) in waiting {
        reads += 1;
        // Nothing that matters is older than 100 writes or begins 100 later.
        let near = &writes[before.saturating_sub(100)..writes.len().min(before + 100)];
        let newest = near.iter().rposition(|(_, acknowledged)| *acknowledged <= began);
        let mut answers = [0, 1, 2].map(|machine| {
            let asked = began + delays[machine];
            let has = near.iter().rposition(|(there, _)| there[machine] <= asked);
            (asked + delays[machine + 3], has)
        });
        answers.sort_by(|a, b| a.0.total_cmp(&b.0));
        let best = answers[..r].iter().map(|answer| answer.1).max().flatten();
        stale += (best < newest) as u32;
    }
    f64::from(stale) / f64::from(reads)
}

#[test]
fn without_overlap_reads_are_as_stale_as_the_delays_say() {
    for (r, w, rate) in [(1, 1, 40.0), (1, 2, 40.0), (2, 1, 100.0)] {
        let (seen, _) = one_key(11, rate, json!({ "read_quorum": r, "write_quorum": w })).play();
        let reads = seen.count(Counter::Reads) as f64;
        let share = seen.count(Counter::StaleReads) as f64 / reads;
        let wanted = model(rate, r as usize, w as usize, 2_000_000);
        let error = (wanted * (1.0 - wanted) / reads).sqrt();
        assert!(wanted > 0.001, "R = {r}, W = {w}: {wanted}");
        assert!((share - wanted).abs() < 5.0 * error, "R = {r}, W = {w}: {share} for {wanted} ± {error}");
    }
    // R = W = 1 in closed form: the last write was at another machine, and is younger than its delay.
    let (writes_per_ms, gone) = (0.02, 1.0 / MEAN_MS);
    let closed = 2.0 / 3.0 * writes_per_ms / (writes_per_ms + gone);
    assert!((model(40.0, 1, 1, 2_000_000) - closed).abs() < 0.001);
}

/// With W = 1 and clocks that agree a write is lost if the next one begins elsewhere before it has arrived there:
/// in two of three cases elsewhere, and there the gap is shorter than the delay with λ / (λ + 1/L).
#[test]
fn last_write_wins_loses_what_is_written_at_once() {
    for rate in [20.0, 200.0] {
        let (seen, _) = one_key(12, rate, json!({ "write_quorum": 1 })).play();
        let (per_ms, gone, writes) = (rate / 2000.0, 1.0 / MEAN_MS, seen.count(Counter::Writes) as f64);
        let wanted = 2.0 / 3.0 * per_ms / (per_ms + gone);
        let share = seen.count(Counter::LostUpdates) as f64 / writes;
        let error = (wanted * (1.0 - wanted) / writes).sqrt();
        assert!((share - wanted).abs() < 5.0 * error, "{rate}: {share} for {wanted} ± {error}");
    }
}

/// A machine whose clock is behind: what it coordinates loses against older writes, though acknowledged, and
/// reads then bring what is stale, whatever the quorums. Version vectors do not care for clocks.
#[test]
fn a_clock_that_is_behind_loses_writes_unless_versions_are_compared() {
    let run = |conflicts: &str, skew_ms: f64| {
        let members = json!([{ "skew_ms": skew_ms }]);
        let (seen, _) = Bench::new(3, json!({ "conflicts": conflicts, "members": members })).play();
        [Counter::StaleReads, Counter::LostUpdates, Counter::Conflicts].map(|what| seen.count(what))
    };
    let [stale, lost, conflicts] = run("last-write-wins", -500.0);
    assert!(stale > 100 && lost > 20 && conflicts == 0, "{stale} {lost} {conflicts}");
    let [stale, lost_without, _] = run("last-write-wins", 0.0);
    assert!(stale == 0 && lost_without < lost, "{stale} {lost_without}");
    let [stale, lost, conflicts] = run("version-vectors", -500.0);
    assert!(stale == 0 && lost == 0 && conflicts > 0, "{stale} {lost} {conflicts}");
}

/// One after another, no write is lost and nothing conflicts.
#[test]
fn writes_that_do_not_meet_do_not_conflict() {
    let slow = json!({ "arrivals": "steady", "rate_per_s": 4 });
    for conflicts in ["last-write-wins", "version-vectors"] {
        let mut bench = Bench::new(3, json!({ "conflicts": conflicts })).clients(slow.clone());
        bench.own_latency = json!({ "dist": "uniform", "min": 0, "max": 50 });
        bench.duration_ms = 100_000.0;
        let (seen, _) = bench.play();
        assert!(seen.count(Counter::Writes) > 150);
        assert_eq!(seen.count(Counter::LostUpdates) + seen.count(Counter::Conflicts), 0);
    }
}

/// The choice of the CAP theorem (Gilbert and Lynch, 2002): machines without a quorum refuse, and those with
/// one read nothing stale.
#[test]
fn the_smaller_side_of_a_partition_refuses() {
    let cut = |quorum: u16| {
        let store = json!({ "count": 3, "read_quorum": quorum, "write_quorum": quorum, "timeout_ms": 100 });
        let (seen, _) = Bench::new(9, store)
            .change(5000.0, "s/1", json!({ "side": 1 }))
            .change(15_000.0, "s/1", json!({ "side": 0 }))
            .play();
        let inside = |from: f64, to: f64| {
            let within = seen.ended.iter().filter(|end| (from..to).contains(&end.born.ms()));
            let fine = within.clone().filter(|end| end.outcome == Outcome::Ok).count();
            fine as f64 / within.count() as f64
        };
        (
            inside(0.0, 4500.0),
            inside(5500.0, 14_500.0),
            inside(16_000.0, 19_000.0),
            seen.count(Counter::StaleReads),
        )
    };
    let (before, during, after, stale) = cut(2);
    assert!(before == 1.0 && after == 1.0 && stale == 0);
    assert!((during - 2.0 / 3.0).abs() < 0.05, "{during}");
    let (before, during, after, stale) = cut(1);
    assert!(before == 1.0 && during == 1.0 && after == 1.0 && stale > 100, "{during} {stale}");
}

/// The slowest of n exponential parts takes H(n) times the mean of one.
#[test]
fn a_scan_is_as_slow_as_its_slowest_part() {
    for n in [1u32, 2, 5, 20] {
        let store = json!({ "count": n, "replicas": 1, "workers": 1000, "timeout_ms": 60_000,
            "service_ms": { "dist": "exponential", "mean": 20 } });
        let mut bench =
            Bench::new(4, store).clients(json!({ "mix": [{ "path": "/scan/all" }], "rate_per_s": 100 }));
        bench.own_latency = json!(0);
        bench.duration_ms = 100_000.0;
        let (seen, _) = bench.play();
        assert_eq!(seen.with(Outcome::Ok), seen.ended.len());
        // One millisecond of latency each way to the store, on average.
        let mean =
            seen.ended.iter().map(|end| end.at.since(end.born).ms()).sum::<f64>() / seen.ended.len() as f64;
        let wanted = 2.0 + 20.0 * (1..=n).map(|k| 1.0 / f64::from(k)).sum::<f64>();
        assert!((mean / wanted - 1.0).abs() < 0.04, "{n}: {mean} for {wanted}");
    }
}

/// One machine with one worker is an M/M/1 queue: a mean stay of 1 / (μ − λ), at half the speed and half the load
/// twice that.
#[test]
fn one_machine_is_a_queue_as_any_other() {
    for (rate, slow, wanted_ms) in [(50.0, 1.0, 20.0), (25.0, 2.0, 40.0)] {
        let store = json!({ "count": 1, "replicas": 1, "workers": 1, "queue": 100_000, "timeout_ms": 60_000,
            "service_ms": { "dist": "exponential", "mean": 10 }, "members": [{ "slow": slow }] });
        let mut bench = Bench::new(8, store).clients(json!({ "rate_per_s": rate }));
        bench.duration_ms = 2_000_000.0;
        let (seen, _) = bench.play();
        let mean =
            seen.ended.iter().map(|end| end.at.since(end.born).ms()).sum::<f64>() / seen.ended.len() as f64;
        assert!(((mean - 2.0) / wanted_ms - 1.0).abs() < 0.05, "{mean} for {wanted_ms} + 2");
    }
}

/// Whatever N − 1 machines hold is elsewhere too.
#[test]
fn a_scan_survives_as_many_crashes_as_there_are_spare_replicas() {
    for (down, outcome) in [(2, Outcome::Ok), (3, Outcome::Crashed)] {
        let mut members = vec![json!({}); 5];
        (0..down).for_each(|member| members[member + 1] = json!({ "down": true }));
        let mut bench = Bench::new(4, json!({ "count": 5, "members": members }))
            .clients(json!({ "mix": [{ "path": "/scan" }], "rate_per_s": 20 }));
        bench.duration_ms = 4000.0;
        let (seen, _) = bench.play();
        // Those that arrive at a machine that is down are refused there.
        let heard: Vec<_> = seen.ended.iter().map(|end| end.outcome).collect();
        assert!(heard.contains(&outcome) && heard.iter().all(|it| *it == outcome || *it == Outcome::Crashed));
    }
}
