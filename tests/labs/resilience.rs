//! What the labs on resilience claim.

use super::common::{Proof, count, mean, p99, run, run_until, seeds, session};
use serde_json::{Value, json};
use switchyard::run::{NO_LIMIT, Simulation};
use switchyard::sim::{Observer, Outcome, Request, Time};

const STORM: &str = "resilience/retry-storm";
const JITTER: &str = "resilience/backoff-and-jitter";
const BREAKER: &str = "resilience/circuit-breaker";
const HEDGING: &str = "resilience/hedging";
const BULKHEAD: &str = "resilience/bulkhead";

pub fn proofs() -> Vec<Proof> {
    vec![
        Proof {
            id: STORM,
            answer: "almost none",
            solution: vec![("servers.queue", json!(30)), ("clients.retry_budget", json!(0.05))],
        },
        Proof { id: JITTER, answer: "about a tenth", solution: vec![("clients.jitter", json!("full"))] },
        Proof { id: BREAKER, answer: "about half", solution: vec![("clients.breaker_failures", json!(0.5))] },
        Proof { id: HEDGING, answer: "about 8 %", solution: vec![("search.hedge_after_ms", json!(120))] },
        Proof { id: BULKHEAD, answer: "about 60 %", solution: vec![("export.bulkhead", json!(6))] },
    ]
}

/// Answers a second in the last 20 s.
fn at_last(seed: u64, settings: &[(&str, Value)]) -> f64 {
    let ok = |ms| run_until(STORM, seed, settings, ms).total.outcomes["ok"] as f64;
    (ok(40_000.0) - ok(20_000.0)) / 20.0
}

#[test]
fn a_retry_storm_outlasts_its_cause_and_a_budget_ends_it() {
    for seed in seeds(STORM) {
        let storm = at_last(seed, &[]);
        assert!(storm < 5.0, "{seed}: {storm}");
        let longer = [("clients.backoff", json!("exponential")), ("clients.backoff_ms", json!(500))];
        assert!(at_last(seed, &longer) < 5.0, "{seed}: {}", at_last(seed, &longer));
        for help in [
            ("clients.retries", json!(0)),
            ("servers.queue", json!(30)),
            ("clients.retry_budget", json!(0.05)),
        ] {
            assert!(at_last(seed, std::slice::from_ref(&help)) > 80.0, "{seed}: {help:?}");
        }
        // Four calls for each request, but for those that are still to come.
        let (summary, _) = run(STORM, seed, &[]);
        let calls = (summary.nodes["servers"].calls as f64) / 40.0;
        assert!((300.0..360.0).contains(&calls), "{seed}: {calls}");
    }
}

/// The same source finds less than half of the calls with full jitter among a hundred contenders. Here 40 contend for
/// four places, so there are fewer waves to save.
#[test]
fn jitter_pulls_the_waves_apart() {
    for seed in seeds(JITTER) {
        let of = |jitter: &str| run(JITTER, seed, &[("clients.jitter", json!(jitter))]).0;
        let retries = |jitter: &str| count(&of(jitter), "clients", "retries");
        let part = p99(&of("full")) / p99(&of("none"));
        assert!((0.07..0.16).contains(&part), "{seed}: {part}");
        assert!(retries("full") < 0.65 * retries("none"), "{seed}: {}", retries("full"));
        for jitter in ["none", "full", "equal"] {
            assert!(retries("decorrelated") < retries(jitter), "{seed}: {jitter}");
        }
    }
}

/// Marc Brooker, "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015): without jitter those who contend make
/// calls with the square of their number. Four get in with each wave: the k-th wave has 40 − 4k, so there are 36 + 32 + … + 4 refusals at most.
#[test]
fn without_jitter_refusals_add_up_as_waves() {
    for seed in seeds(JITTER) {
        let first = run_until(JITTER, seed, &[], 16_900.0);
        let retries = count(&first, "clients", "retries");
        assert!((170.0..=260.0).contains(&retries), "{seed}: {retries}");
    }
}

#[test]
fn a_breaker_loses_about_half() {
    let lost = |seed, settings: &[(&str, Value)]| run(BREAKER, seed, settings).0.total.lost as f64;
    let breaker = [("clients.breaker_failures", json!(0.5))];
    let part = mean(BREAKER, |seed| lost(seed, &breaker)) / mean(BREAKER, |seed| lost(seed, &[]));
    assert!((part - 0.5).abs() < 0.1, "{part}");
    for seed in seeds(BREAKER) {
        let now = lost(seed, &[]);
        for help in [breaker[0].clone(), ("servers.queue", json!(40)), ("servers.discipline", json!("lifo"))]
        {
            assert!(lost(seed, std::slice::from_ref(&help)) < 0.85 * now, "{seed}: {help:?}");
        }
    }
}

/// Requests that took longer than any does without being held up.
#[derive(Default)]
struct Slow {
    slow: u64,
    all: u64,
}

impl Observer for Slow {
    fn ended(&mut self, request: &Request, _: Outcome, now: Time) {
        self.all += 1;
        self.slow += u64::from(now.since(request.born).ms() > 400.0);
    }
}

fn slow_share(seed: u64, settings: &[(&str, Value)]) -> f64 {
    let scenario = session(HEDGING, seed, settings).scenario().clone();
    let mut seen = Slow::default();
    let mut simulation = Simulation::new(&scenario, &mut seen);
    simulation.advance(Time::from_ms(scenario.duration_ms), NO_LIMIT, &mut seen);
    seen.slow as f64 / seen.all as f64
}

/// 1 − (1 − p)ⁿ: Dean and Barroso, "The Tail at Scale" (2013), whose 63 % are p = 1 % and n = 100.
#[test]
fn the_tail_of_four_shards_is_four_times_as_fat() {
    let fan_out = |p: f64, n: i32| 1.0 - libm::pow(1.0 - p, f64::from(n));
    assert!((fan_out(0.01, 100) - 0.63).abs() < 0.005);
    // Two ways of 1 % each.
    let theory = fan_out(0.01, 8);
    assert!((theory - 0.077).abs() < 0.001, "{theory}");
    let measured = mean(HEDGING, |seed| slow_share(seed, &[]));
    assert!((measured - theory).abs() < 0.006, "{measured}");
    for seed in seeds(HEDGING) {
        let (slow, hedged) =
            (slow_share(seed, &[]), slow_share(seed, &[("search.hedge_after_ms", json!(120))]));
        assert!((slow - theory).abs() < 0.03, "{seed}: {slow}");
        assert!(hedged < 0.01, "{seed}: {hedged}");
    }
}

#[test]
fn a_late_hedge_costs_2_percent_and_an_early_one_everything() {
    for seed in seeds(HEDGING) {
        let hedged = |after_ms: f64| run(HEDGING, seed, &[("search.hedge_after_ms", json!(after_ms))]).0;
        let extra = |after_ms| {
            let summary = hedged(after_ms);
            count(&summary, "search", "hedges") / (4.0 * summary.total.requests as f64)
        };
        assert!((0.013..0.027).contains(&extra(120.0)), "{seed}: {}", extra(120.0));
        assert!(extra(40.0) > 0.95, "{seed}: {}", extra(40.0));
        assert!(p99(&hedged(120.0)) < 0.5 * p99(&hedged(0.0)), "{seed}");
    }
}

#[test]
fn a_bulkhead_keeps_the_users_dry() {
    let lost = |seed, settings: &[(&str, Value)]| {
        let outcomes = run(BULKHEAD, seed, settings).0.nodes["users"].outcomes.clone();
        1.0 - outcomes["ok"] as f64 / outcomes.values().sum::<u64>() as f64
    };
    let usual = mean(BULKHEAD, |seed| lost(seed, &[]));
    assert!((usual - 0.6).abs() < 0.05, "{usual}");
    for seed in seeds(BULKHEAD) {
        assert!((0.42..0.75).contains(&lost(seed, &[])), "{seed}: {}", lost(seed, &[]));
        assert!(lost(seed, &[("export.bulkhead", json!(6))]) < 0.002, "{seed}");
    }
}
