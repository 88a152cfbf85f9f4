//! What the labs on the distributed cache claim.

use super::common::{Proof, count, hit_ratio, mean, run, run_until, seeds};
use serde_json::{Value, json};
use switchyard::report::Summary;

const COPIES: &str = "distributed-cache/placement-and-copies";
const LOSE: &str = "distributed-cache/lose-a-node";
const STEP: &str = "distributed-cache/expiry-in-step";

pub fn proofs() -> Vec<Proof> {
    vec![
        Proof { id: COPIES, answer: "about 57 %", solution: vec![("cache.capacity", json!(170))] },
        Proof { id: LOSE, answer: "about a quarter", solution: vec![("cache.replicas", json!(2))] },
        Proof {
            id: STEP,
            answer: "about 180 times",
            solution: vec![("cache.ttl_spread", json!(0.7)), ("cache.coalesce", json!(true))],
        },
    ]
}

/// Reads that went on to the origin, whether it has answered or not.
fn missed(summary: &Summary) -> f64 {
    count(summary, "cache", "misses")
}

#[test]
fn copies_are_paid_for_with_places() {
    let hits = |seed, copies: u32| hit_ratio(&run(COPIES, seed, &[("cache.replicas", json!(copies))]).0);
    for seed in seeds(COPIES) {
        assert!(hits(seed, 1) > 0.93, "{seed}: {}", hits(seed, 1));
        assert!((hits(seed, 2) - 0.57).abs() < 0.04, "{seed}: {}", hits(seed, 2));
        assert!((hits(seed, 3) - 0.38).abs() < 0.04, "{seed}: {}", hits(seed, 3));
    }
    // Chance evicts; a fetch of a key fills all its copies. A first copy stays for 1/μ and is away for 1/λ, so it is
    // there for 1/(1 + a) of the time, with a = μ/λ. Another copy lives for 1/μ from each fetch on, or until the
    // next one: (1 + 2a)/2(1 + a)². All places are taken, so the shares of all copies add up to 1. For two copies
    // that gives a = 1/√2, for three the golden ratio. Placed evenly, and once it has settled.
    let golden = (1.0 + 5.0_f64.sqrt()) / 2.0;
    for (copies, a) in [(2, 0.5_f64.sqrt()), (3, golden)] {
        let (theory, other) = (1.0 / (1.0 + a), (1.0 + 2.0 * a) / (2.0 * (1.0 + a) * (1.0 + a)));
        assert!((theory + f64::from(copies - 1) * other - 1.0).abs() < 1e-12);
        let settled = mean(COPIES, |seed| {
            let even = json!({ "id": "ring", "points": 1000 });
            let settings = [
                ("cache.replicas", json!(copies)),
                ("cache.partitioner", even),
                ("clients.rate_per_s", json!(400)),
                ("origin.workers", json!(64)),
            ];
            let (before, after) =
                (run_until(COPIES, seed, &settings, 6_000.0), run(COPIES, seed, &settings).0);
            let of = |summary: &Summary, what| summary.nodes["cache"].counts[what] as f64;
            let hits = of(&after, "hits") - of(&before, "hits");
            hits / (hits + of(&after, "misses") - of(&before, "misses"))
        });
        assert!((settled - theory).abs() < 0.015, "{copies}: {settled} {theory}");
    }
}

#[test]
fn a_lost_machine_is_a_quarter_of_the_reads_for_the_origin() {
    for seed in seeds(LOSE) {
        let between = |from, to, settings: &[(&str, Value)]| {
            missed(&run_until(LOSE, seed, settings, to)) - missed(&run_until(LOSE, seed, settings, from))
        };
        assert_eq!(missed(&run_until(LOSE, seed, &[], 10_000.0)), 0.0, "{seed}: nothing is missed before");
        // 150 reads a second, and the machine's share of the keys.
        let share = between(10_100.0, 12_000.0, &[]) / (150.0 * 1.9);
        assert!((share - 0.22).abs() < 0.08, "{seed}: {share}");
        let (one, _) = run(LOSE, seed, &[]);
        assert!(one.total.lost > 40, "{seed}: {}", one.total.lost);
        let (two, _) = run(LOSE, seed, &[("cache.replicas", json!(2))]);
        assert!(two.total.lost == 0 && missed(&two) <= 8.0, "{seed}: {} {}", two.total.lost, missed(&two));
        let (soon, _) = run(LOSE, seed, &[("cache.failover_ms", json!(200))]);
        assert!(soon.total.lost < one.total.lost && soon.total.lost > 0, "{seed}: {}", soon.total.lost);
    }
}

#[test]
fn what_is_written_together_expires_together() {
    let second = |seed, settings: &[(&str, Value)], from: f64| {
        missed(&run_until(STEP, seed, settings, from + 1000.0))
            - missed(&run_until(STEP, seed, settings, from))
    };
    // Reads reach the cache 25 ms after they were sent, and the origin another 25 ms later.
    let wave = mean(STEP, |seed| second(seed, &[], 10_030.0));
    assert!((wave - 180.0).abs() < 8.0, "{wave}");
    // So many different keys are among 200 of 300.
    let different = 300.0 * (1.0 - libm::exp(-200.0 / 300.0));
    assert!((different - 146.0).abs() < 0.1 && wave > different, "{different}");
    for seed in seeds(STEP) {
        assert!(second(seed, &[], 10_030.0) > 135.0, "{seed}: {}", second(seed, &[], 10_030.0));
        assert_eq!(missed(&run_until(STEP, seed, &[], 10_000.0)), 0.0, "{seed}");
        let (step, _) = run(STEP, seed, &[]);
        assert!((hit_ratio(&step) - 0.85).abs() < 0.02, "{seed}: {}", hit_ratio(&step));
        assert!(step.total.outcomes["queue-full"] > 100, "{seed}");
        let (spread, _) = run(STEP, seed, &[("cache.ttl_spread", json!(0.5))]);
        assert!(spread.total.outcomes["queue-full"] < 30, "{seed}: {:?}", spread.total.outcomes);
        assert!(missed(&spread) < 1.3 * missed(&step), "{seed}: {} {}", missed(&spread), missed(&step));
    }
}
