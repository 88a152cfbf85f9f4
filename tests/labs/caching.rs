//! What the labs on caching claim.

use super::common::{Proof, count, hit_ratio, mean, p99, run, run_until, seeds};
use serde_json::{Value, json};
use switchyard::labs::find;
use switchyard::play::experiment::Plan;
use switchyard::report::Summary;
use switchyard::scenario::Checked;

const RACE: &str = "caching/eviction-race";
const SCAN: &str = "caching/scan";
const WRITES: &str = "caching/write-strategies";
const STAMPEDE: &str = "caching/stampede";
const TTL: &str = "caching/ttl-and-refresh";
const COLD: &str = "caching/cold-start";

pub fn proofs() -> Vec<Proof> {
    let two_copies = || [("cache.count", json!(2)), ("cache.replicas", json!(2))].into_iter();
    vec![
        Proof { id: RACE, answer: "about 44 %", solution: vec![("cache.eviction", json!("w-tiny-lfu"))] },
        Proof { id: SCAN, answer: "about 30 %", solution: vec![("cache.eviction", json!("s3-fifo"))] },
        Proof { id: WRITES, answer: "about 60, all since the last flush", solution: two_copies().collect() },
        Proof {
            id: STAMPEDE,
            answer: "about a third",
            solution: vec![("cache.coalesce", json!(true)), ("cache.strategy", json!("refresh-ahead"))],
        },
        Proof { id: TTL, answer: "about 37 %", solution: refreshed_ahead().to_vec() },
        Proof {
            id: COLD,
            answer: "about 90",
            solution: two_copies().chain([("cache.warm_share", json!(1))]).collect(),
        },
    ]
}

fn with(id: &str, seed: u64, path: &str, value: &str) -> Summary {
    run(id, seed, &[(path, json!(value))]).0
}

fn evicting(id: &str, seed: u64, policy: &str) -> Summary {
    with(id, seed, "cache.eviction", policy)
}

/// Popularity by Zipf's law.
fn zipf(count: u32, s: f64) -> Vec<f64> {
    let weights: Vec<f64> = (1..=count).map(|rank| libm::pow(f64::from(rank), -s)).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

/// Where an increasing function of 0 … 10⁶ becomes 0.
fn root(increasing: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1e6);
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if increasing(middle) < 0.0 { low = middle } else { high = middle }
    }
    low
}

#[test]
fn the_race_ends_as_the_lesson_says() {
    for seed in seeds(RACE) {
        let of = |policy| hit_ratio(&evicting(RACE, seed, policy));
        let lru = of("lru");
        assert!((lru - 0.315).abs() < 0.02, "{seed}: {lru}");
        for as_bad in ["fifo", "random"] {
            assert!((of(as_bad) - 0.255).abs() < 0.02, "{seed}: {as_bad} {}", of(as_bad));
        }
        for better in ["sieve", "s3-fifo", "w-tiny-lfu"] {
            assert!((of(better) - 0.445).abs() < 0.025, "{seed}: {better} {}", of(better));
        }
        let (double, _) = run(RACE, seed, &[("cache.capacity", json!(48))]);
        assert!((hit_ratio(&double) - of("sieve")).abs() < 0.035, "{seed}: {}", hit_ratio(&double));
    }
}

#[test]
fn who_knows_what_comes_hits_57_per_cent_in_the_race() {
    let plan = Plan::new(Checked::parse(find(RACE).unwrap().scenario).unwrap(), None, 8).unwrap();
    for number in 0..plan.count() {
        let figures = plan.trial(number).unwrap().advance(u64::MAX).unwrap();
        let min = figures.iter().find(|figure| figure.id == "cache.hit_ratio.min").unwrap().value.unwrap();
        assert!((min - 57.0).abs() < 2.0, "{number}: {min}");
    }
}

/// LRU after Che, Tung and Wang (2002): an entry stays for a time T that is the same for all,
/// Σ 1 − exp(−pT) = C. FIFO and random after Gelenbe (1973) and Fricker, Robert and Roberts (2012):
/// Σ pT / (1 + pT) = C.
#[test]
fn the_race_agrees_with_ches_approximation() {
    let popularity = zipf(400, 0.9);
    let hits = |stays: &dyn Fn(f64) -> f64| popularity.iter().map(|p| p * stays(*p)).sum::<f64>();
    let fills = |stays: &dyn Fn(f64) -> f64| popularity.iter().map(|p| stays(*p)).sum::<f64>() - 24.0;
    let che = root(|t| fills(&|p| 1.0 - libm::exp(-p * t)));
    let lru = hits(&|p| 1.0 - libm::exp(-p * che));
    let gelenbe = root(|t| fills(&|p| p * t / (1.0 + p * t)));
    let fifo = hits(&|p| p * gelenbe / (1.0 + p * gelenbe));
    // An entry is there only when its fetch is over, and the cache begins empty: somewhat below.
    for (policy, theory) in [("lru", lru), ("fifo", fifo), ("random", fifo)] {
        let measured = mean(RACE, |seed| hit_ratio(&evicting(RACE, seed, policy)));
        assert!((theory - 0.05..theory).contains(&measured), "{policy}: {measured} for {theory}");
    }
    let best: f64 = popularity.iter().take(24).sum();
    assert!(best < 0.5, "{best}");
    for policy in ["sieve", "s3-fifo", "w-tiny-lfu", "arc", "lirs", "lfu"] {
        let measured = mean(RACE, |seed| hit_ratio(&evicting(RACE, seed, policy)));
        assert!(measured < best, "{policy}: {measured} above {best}");
    }
}

/// The users' hits while the report runs, as a share of their requests.
fn users_hits(seed: u64, settings: &[(&str, Value)]) -> f64 {
    let at = |ms| run_until(SCAN, seed, settings, ms);
    let (before, after) = (at(9_000.0), at(31_000.0));
    let of = |what| count(&after, "cache", what) - count(&before, "cache", what);
    of("hits") / (of("hits") + of("misses") - 22.0 * 180.0)
}

#[test]
fn a_scan_pushes_the_users_keys_out_of_lru() {
    for seed in seeds(SCAN) {
        let before = run_until(SCAN, seed, &[], 8_000.0);
        assert!(hit_ratio(&before) > 0.9, "{seed}: {}", hit_ratio(&before));
        let lru = users_hits(seed, &[]);
        // The users' own ratio is counted: that of their reads alone, and with the report's it is that of all.
        let at = |ms| run_until(SCAN, seed, &[], ms);
        let (begun, over) = (at(9_000.0), at(31_000.0));
        let own = |summary: &Summary, node: &str| summary.nodes[node].hit_ratio.unwrap_or(0.0);
        let reads = |summary: &Summary| count(summary, "cache", "hits") + count(summary, "cache", "misses");
        let share = |summary: &Summary| {
            let report = if summary.at_ms > 8_000.0 { (summary.at_ms - 8_000.0) * 0.18 } else { 0.0 };
            own(summary, "users") * (reads(summary) - report)
        };
        // It begins with the users' own sixteen keys, and reads each key once.
        assert!(own(&over, "report") < 0.01, "{seed}: {}", own(&over, "report"));
        let users = (share(&over) - share(&begun)) / (reads(&over) - reads(&begun) - 22.0 * 180.0);
        assert!((users - lru).abs() < 0.03, "{seed}: {users} beside {lru}");
        assert!((lru - 0.3).abs() < 0.08, "{seed}: {lru}");
        let double = users_hits(seed, &[("cache.capacity", json!(48))]);
        assert!((0.45..0.6).contains(&double), "{seed}: {double}");
        for resists in ["s3-fifo", "sieve", "arc", "w-tiny-lfu"] {
            let hits = users_hits(seed, &[("cache.eviction", json!(resists))]);
            assert!(hits > 0.99, "{seed}: {resists} {hits}");
        }
    }
}

#[test]
fn a_crash_loses_what_was_written_since_the_last_flush() {
    // 3.5 s of 60 requests a second, three in ten of them writes.
    let expected = 3.5 * 60.0 * 0.3;
    let lost =
        |seed, settings: &[(&str, Value)]| count(&run(WRITES, seed, settings).0, "cache", "lost_writes");
    let measured = mean(WRITES, |seed| lost(seed, &[]));
    assert!((measured / expected - 1.0).abs() < 0.06, "{measured}");
    for seed in seeds(WRITES) {
        assert!(
            (lost(seed, &[]) - expected).abs() < 4.0 * libm::sqrt(expected),
            "{seed}: {}",
            lost(seed, &[])
        );
        for safe in ["write-through", "write-around", "aside"] {
            assert_eq!(lost(seed, &[("cache.strategy", json!(safe))]), 0.0, "{seed} {safe}");
        }
        assert_eq!(lost(seed, &[("cache.count", json!(2)), ("cache.replicas", json!(2))]), 0.0, "{seed}");
    }
}

#[test]
fn write_behind_is_quick_and_write_around_stale() {
    for seed in seeds(WRITES) {
        let of = |strategy| with(WRITES, seed, "cache.strategy", strategy);
        let (behind, through, around) = (of("write-behind"), of("write-through"), of("write-around"));
        let latency = |summary: &Summary| summary.total.latency_ms.mean.unwrap();
        assert!(latency(&behind) < 0.75 * latency(&through), "{seed}");
        assert!(count(&behind, "store", "writes") < 0.5 * count(&through, "store", "writes"), "{seed}");
        let stale = |summary: &Summary| count(summary, "cache", "stale_reads");
        assert!(stale(&around) > 200.0 && stale(&through) < 70.0, "{seed}: {}", stale(&around));
        let share = stale(&through) / count(&through, "cache", "hits");
        assert!((0.02..0.09).contains(&share), "{seed}: {share}");
    }
}

#[test]
fn coalescing_ends_the_stampede() {
    for seed in seeds(STAMPEDE) {
        let (now, _) = run(STAMPEDE, seed, &[]);
        let (coalesced, _) = run(STAMPEDE, seed, &[("cache.coalesce", json!(true))]);
        let calls = |summary: &Summary| summary.nodes["origin"].calls as f64;
        // Twelve keys, fetched when they are asked for after 0, 5 … 25 s.
        assert!((69.0..=72.0).contains(&calls(&coalesced)), "{seed}: {}", calls(&coalesced));
        let part = calls(&coalesced) / calls(&now);
        assert!((0.22..0.46).contains(&part), "{seed}: {part}");
        assert!(hit_ratio(&now) > 0.9, "{seed}: {}", hit_ratio(&now));
        assert_eq!(coalesced.total.lost, 0, "{seed}");
        let ahead = [("cache.coalesce", json!(true)), ("cache.strategy", json!("refresh-ahead"))];
        assert!(p99(&run(STAMPEDE, seed, &ahead).0) < p99(&coalesced), "{seed}");
    }
}

fn refreshed_ahead() -> [(&'static str, Value); 3] {
    [
        ("cache.ttl_ms", json!(1000)),
        ("cache.strategy", json!("refresh-ahead")),
        ("cache.refresh_share", json!(0.5)),
    ]
}

fn stale_share(seed: u64, settings: &[(&str, Value)]) -> f64 {
    let (summary, _) = run(TTL, seed, settings);
    count(&summary, "cache", "stale_reads") / count(&summary, "cache", "hits")
}

/// A copy of age a is stale with probability 1 − exp(−a / C), C the mean time between changes; hits come
/// at all ages up to T alike.
#[test]
fn the_stale_share_follows_from_lifetime_and_changes() {
    for (ttl_ms, theory) in [(8000.0, 0.3679), (1000.0, 0.0600)] {
        let ratio = ttl_ms / 8000.0;
        assert!((1.0 - (1.0 - libm::exp(-ratio)) / ratio - theory).abs() < 1e-3, "{ratio}");
        let measured = mean(TTL, |seed| stale_share(seed, &[("cache.ttl_ms", json!(ttl_ms))]));
        assert!((measured / theory - 1.0).abs() < 0.08, "{measured} for {theory}");
    }
    for seed in seeds(TTL) {
        let share = stale_share(seed, &[]);
        assert!((0.28..0.45).contains(&share), "{seed}: {share}");
    }
}

#[test]
fn refresh_ahead_is_as_young_as_1_s_and_hits_as_8_s() {
    for seed in seeds(TTL) {
        let ratio = |settings: &[(&str, Value)]| hit_ratio(&run(TTL, seed, settings).0);
        let (long, short) = (ratio(&[]), ratio(&[("cache.ttl_ms", json!(1000))]));
        assert!((long - 0.958).abs() < 0.005, "{seed}: {long}");
        assert!((short - 0.76).abs() < 0.015, "{seed}: {short}");
        assert!((ratio(&refreshed_ahead()) - long).abs() < 0.02, "{seed}");
        let stale = stale_share(seed, &refreshed_ahead());
        assert!(stale < 0.075, "{seed}: {stale}");
    }
}

#[test]
fn an_empty_cache_sends_nearly_everything_to_the_origin() {
    let misses = |seed, settings: &[(&str, Value)]| {
        count(&run_until(COLD, seed, settings, 1_000.0), "cache", "misses")
    };
    let usual = mean(COLD, |seed| misses(seed, &[]));
    assert!((usual - 88.0).abs() < 6.0, "{usual}");
    for seed in seeds(COLD) {
        let first = misses(seed, &[]);
        assert!((60.0..=115.0).contains(&first), "{seed}: {first}");
        assert!(misses(seed, &[("cache.warm_share", json!(1))]) < 0.5 * first, "{seed}");
    }
}

#[test]
fn a_warm_start_does_not_help_after_a_crash_and_a_copy_does() {
    for seed in seeds(COLD) {
        let refused = |settings: &[(&str, Value)], from_ms, to_ms| {
            let at = |ms| run_until(COLD, seed, settings, ms).total.outcomes["queue-full"];
            at(to_ms) - at(from_ms)
        };
        let warm = [("cache.warm_share", json!(1))];
        assert!(refused(&[], 0.0, 5_000.0) > 20, "{seed}");
        assert!(refused(&warm, 0.0, 5_000.0) < refused(&[], 0.0, 5_000.0) / 4, "{seed}");
        assert!(refused(&warm, 20_000.0, 26_000.0) > 10, "{seed}: {}", refused(&warm, 20_000.0, 26_000.0));
        let copies =
            [("cache.count", json!(2)), ("cache.replicas", json!(2)), ("cache.warm_share", json!(1))];
        assert!(refused(&copies, 20_000.0, 26_000.0) < refused(&warm, 20_000.0, 26_000.0), "{seed}");
    }
}
