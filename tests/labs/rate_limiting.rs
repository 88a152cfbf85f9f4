//! What the labs on rate limiting claim.

use super::common::{Proof, own_seed, p99, run, seeds, session};
use serde_json::{Value, json};
use switchyard::report::{RECENT_WINDOWS, Series};
use switchyard::run::{NO_LIMIT, Simulation};
use switchyard::sim::{Call, CallId, Observer, Request, Time};

const BURST: &str = "rate-limiting/one-burst-six-limiters";
const EDGE: &str = "rate-limiting/the-windows-edge";
const TUNING: &str = "rate-limiting/tuning-a-token-bucket";
const FAIR: &str = "rate-limiting/fair-per-client";
const DELAY: &str = "rate-limiting/refuse-or-delay";

pub fn proofs() -> Vec<Proof> {
    let each = [("limiter.per", json!("client")), ("limiter.policy", bucket("token-bucket", 10, 6))];
    vec![
        Proof {
            id: BURST,
            answer: "about 40",
            solution: vec![("limiter.policy", bucket("leaky-queue", 20, 10))],
        },
        Proof {
            id: EDGE,
            answer: "nearly 40",
            solution: vec![("limiter.policy", window("sliding-log", 20, 1000))],
        },
        Proof {
            id: TUNING,
            answer: "nearly half",
            solution: vec![("limiter.policy", bucket("token-bucket", 20, 60))],
        },
        Proof { id: FAIR, answer: "more than half", solution: each.into() },
        Proof { id: DELAY, answer: "less than 10 %", solution: vec![("limiter.delay_max_ms", json!(500))] },
    ]
}

fn bucket(id: &str, capacity: u32, rate_per_s: u32) -> Value {
    json!({ "id": id, "capacity": capacity, "rate_per_s": rate_per_s })
}

fn window(id: &str, limit: u32, window_ms: u32) -> Value {
    json!({ "id": id, "limit": limit, "window_ms": window_ms })
}

/// When requests passed the limiter: (milliseconds, number).
#[derive(Default)]
struct Passed {
    servers: u16,
    calls: Vec<(f64, u64)>,
}

impl Observer for Passed {
    fn departed(&mut self, _: CallId, call: &Call, request: &Request) {
        if call.to.node == self.servers {
            self.calls.push((call.departed.ms(), request.number));
        }
    }
}

fn passed(id: &str, seed: u64, policy: Value) -> Vec<(f64, u64)> {
    let scenario = session(id, seed, &[("limiter.policy", policy)]).scenario().clone();
    let servers = scenario.nodes.iter().position(|node| node.id == "servers").unwrap() as u16;
    let mut seen = Passed { servers, calls: vec![] };
    let mut simulation = Simulation::new(&scenario, &mut seen);
    simulation.advance(Time::from_ms(scenario.duration_ms), NO_LIMIT, &mut seen);
    seen.calls.sort_by(|a, b| a.0.total_cmp(&b.0));
    seen.calls
}

/// The most that pass in any window of this length, its end not included: by brute force.
fn most_in(calls: &[(f64, u64)], window_ms: f64) -> usize {
    let until = |from: f64| calls.partition_point(|(at, _)| *at < from + window_ms - 1e-6);
    calls.iter().enumerate().map(|(index, (from, _))| until(*from) - index).max().unwrap_or(0)
}

fn between(calls: &[(f64, u64)], from_ms: f64, to_ms: f64) -> usize {
    calls.iter().filter(|(at, _)| (from_ms..to_ms).contains(at)).count()
}

fn numbers(calls: &[(f64, u64)]) -> Vec<u64> {
    let mut numbers: Vec<u64> = calls.iter().map(|(_, number)| *number).collect();
    numbers.sort_unstable();
    numbers
}

/// ITU-T I.371: GCRA and the continuous-state leaky bucket pass the same; so does a token bucket, which is what the
/// leaky one lacks. And in t seconds no more than capacity + rate · t.
#[test]
fn four_limiters_decide_alike() {
    for seed in seeds(BURST) {
        let token = passed(BURST, seed, bucket("token-bucket", 20, 10));
        // The burst leaves the clients from 6 s to 8 s and is 30 ms under way.
        let burst = between(&token, 6030.0, 8030.0);
        assert!((35..=40).contains(&burst), "{seed}: {burst}");
        assert!(most_in(&token, 2000.0) <= 40, "{seed}");
        for id in ["leaky-meter", "gcra", "leaky-queue"] {
            let other = passed(BURST, seed, bucket(id, 20, 10));
            let (ours, theirs) = (numbers(&token), numbers(&other));
            // The queue's last ones are still inside at the end.
            assert!(ours.starts_with(&theirs) && ours.len() - theirs.len() <= 20, "{seed} {id}");
            if id == "leaky-queue" {
                let close = other.windows(2).filter(|pair| pair[1].0 - pair[0].0 < 99.9).count();
                assert_eq!(close, 0, "{seed}: one every 100 ms");
            } else {
                assert_eq!(ours, theirs, "{seed} {id}");
            }
        }
    }
}

#[test]
fn windows_let_their_limit_through_and_a_leaky_queue_makes_requests_wait() {
    for seed in seeds(BURST) {
        for id in ["fixed-window", "sliding-log", "sliding-counter"] {
            let calls = passed(BURST, seed, window(id, 20, 2000));
            let burst = between(&calls, 6030.0, 7990.0);
            assert!(burst <= 20, "{seed} {id}: {burst}");
        }
        let with = |policy| run(BURST, seed, &[("limiter.policy", policy)]).0;
        let (token, queue) = (with(bucket("token-bucket", 20, 10)), with(bucket("leaky-queue", 20, 10)));
        assert!(token.nodes["servers"].queue_length.largest >= 3, "{seed}");
        assert!(queue.nodes["servers"].queue_length.largest <= 2, "{seed}");
        assert!((1800.0..4000.0).contains(&p99(&queue)), "{seed}: {}", p99(&queue));
    }
}

#[test]
fn across_an_edge_nearly_twice_the_limit_passes() {
    for seed in seeds(EDGE) {
        let most = |policy| most_in(&passed(EDGE, seed, policy), 1000.0);
        let fixed = most(window("fixed-window", 20, 1000));
        assert!((34..=40).contains(&fixed), "{seed}: {fixed}");
        let log = most(window("sliding-log", 20, 1000));
        assert!(log <= 20, "{seed}: {log}");
        let counter = most(window("sliding-counter", 20, 1000));
        assert!((log..=30).contains(&counter), "{seed}: {counter}");
        let token = most(bucket("token-bucket", 20, 20));
        assert!((30..=40).contains(&token), "{seed}: {token}");
        let full = |policy| run(EDGE, seed, &[("limiter.policy", policy)]).0.total.outcomes["queue-full"];
        let (fixed, log) = (full(window("fixed-window", 20, 1000)), full(window("sliding-log", 20, 1000)));
        assert!(fixed > 0 && log == 0, "{seed}: {fixed} {log}");
    }
}

/// The chart counts by the second: what passes across an edge is seen there, and would not be over two seconds.
#[test]
fn a_second_of_windows_shows_what_passed_across_the_edge() {
    for seed in seeds(EDGE) {
        let peak = |policy, over: fn(&Series) -> usize| {
            let (_, session) = run(EDGE, seed, &[("limiter.policy", policy)]);
            let series = session.metrics().series();
            let at = |index| series.per_s_over(over(series), index, |window| window.passed);
            (0..series.complete().len()).map(at).fold(0.0, f64::max)
        };
        let by_the_second = Series::windows_of_a_second;
        let fixed = peak(window("fixed-window", 20, 1000), by_the_second);
        let exact = most_in(&passed(EDGE, seed, window("fixed-window", 20, 1000)), 1000.0) as f64;
        assert!(fixed >= 33.0 && fixed <= exact, "{seed}: {fixed} of {exact}");
        assert!(peak(window("sliding-log", 20, 1000), by_the_second) <= 20.0, "{seed}");
        // Over two seconds it would look much like what is allowed.
        let two = peak(window("fixed-window", 20, 1000), |_| RECENT_WINDOWS);
        assert!(two < 0.8 * fixed, "{seed}: {two} beside {fixed}");
    }
}

#[test]
fn a_small_bucket_refuses_bursts_that_its_rate_could_bear() {
    for seed in seeds(TUNING) {
        let with = |capacity, rate| {
            let (summary, _) =
                run(TUNING, seed, &[("limiter.policy", bucket("token-bucket", capacity, rate))]);
            let refused = summary.total.outcomes["rate-limited"] as f64 / summary.total.requests as f64;
            (refused, p99(&summary))
        };
        let steps = [with(5, 40), with(40, 40), with(200, 40)];
        assert!((steps[0].0 - 0.46).abs() < 0.06, "{seed}: {}", steps[0].0);
        assert!(steps[0].0 > steps[1].0 && steps[1].0 > steps[2].0, "{seed}: {steps:?}");
        assert!(steps[0].1 < steps[1].1 && steps[1].1 < steps[2].1, "{seed}: {steps:?}");
    }
    // A bucket that limits nothing refuses nothing, and is no solution.
    let (summary, _) = run(TUNING, own_seed(TUNING), &[("limiter.policy", bucket("token-bucket", 200, 60))]);
    assert!(p99(&summary) > 1000.0 && summary.total.outcomes["rate-limited"] == 0);
}

#[test]
fn one_limit_for_all_makes_the_quiet_pay_for_the_noisy() {
    for seed in seeds(FAIR) {
        // From 10 s on, when the bucket is empty.
        let late = |settings: &[(&str, Value)]| {
            let mut session = session(FAIR, seed, settings);
            let mut counts = |at: f64, node: &str| {
                session.advance(Time::from_ms(at), u64::MAX);
                let outcomes = session.summary().nodes[node].outcomes.clone();
                (outcomes["ok"] as f64, outcomes["rate-limited"] as f64)
            };
            let (before, noisy) = (counts(10_000.0, "clients"), counts(10_000.0, "noisy"));
            let (after, noisier) = (counts(40_000.0, "clients"), counts(40_000.0, "noisy"));
            let (ok, refused) = (after.0 - before.0, after.1 - before.1);
            (refused / (ok + refused), (noisier.0 - noisy.0) / 30.0)
        };
        let (refused, _) = late(&[]);
        // 40 of 107 pass.
        assert!((refused - (1.0 - 40.0 / 107.0)).abs() < 0.06, "{seed}: {refused}");
        let (refused, noisy_per_s) =
            late(&[("limiter.per", json!("client")), ("limiter.policy", bucket("token-bucket", 10, 6))]);
        assert!(refused < 0.02, "{seed}: {refused}");
        assert!((noisy_per_s - 6.0).abs() < 0.3, "{seed}: {noisy_per_s}");
        let (refused, noisy_per_s) =
            late(&[("limiter.per", json!("client")), ("limiter.policy", bucket("token-bucket", 10, 20))]);
        assert!(refused < 0.02 && (noisy_per_s - 20.0).abs() < 0.5, "{seed}: {refused} {noisy_per_s}");
        let (summary, _) = run(
            FAIR,
            seed,
            &[("limiter.per", json!("client")), ("limiter.policy", bucket("token-bucket", 10, 60))],
        );
        let nine = &summary.nodes["clients"].outcomes;
        let share = nine["queue-full"] as f64 / (nine["ok"] + nine["queue-full"]) as f64;
        assert!((share - 0.25).abs() < 0.06, "{seed}: {share}");
        let (summary, _) = run(FAIR, seed, &[]);
        let nine = &summary.nodes["clients"].outcomes;
        let share = nine["rate-limited"] as f64 / (nine["ok"] + nine["rate-limited"]) as f64;
        assert!((share - 0.49).abs() < 0.06, "{seed}: {share}");
    }
}

#[test]
fn a_line_longer_than_patience_serves_the_dead() {
    for seed in seeds(DELAY) {
        let answered = |settings: &[(&str, Value)]| {
            let (summary, _) = run(DELAY, seed, settings);
            let busy = summary.nodes["servers"].utilisation.unwrap();
            (summary.total.outcomes["ok"] as f64 / summary.total.requests as f64, busy, summary)
        };
        let half = [("limiter.delay_max_ms", json!(500))];
        let refuse = [("limiter.when_over", json!("refuse"))];
        let ((long, busy, _), (short, less_busy, held), (at_once, _, refused)) =
            (answered(&[]), answered(&half), answered(&refuse));
        assert!(long < 0.1 && (busy - less_busy).abs() < 0.05, "{seed}: {long}");
        // 30 of 45 may pass.
        assert!((short - 0.67).abs() < 0.04 && (at_once - 0.67).abs() < 0.04, "{seed}: {short} {at_once}");
        let median = |summary: &switchyard::report::Summary| summary.total.latency_ms.p50.unwrap();
        assert!((median(&held) - median(&refused) - 460.0).abs() < 60.0, "{seed}: {}", median(&held));
    }
}

#[test]
fn a_line_helps_with_bursts() {
    for seed in seeds(DELAY) {
        let bursts = |when_over| {
            let settings = [
                ("clients.rate_per_s", json!(24)),
                ("clients.arrivals", json!("bursty")),
                ("limiter.delay_max_ms", json!(500)),
                ("limiter.when_over", json!(when_over)),
            ];
            run(DELAY, seed, &settings).0.total.outcomes["rate-limited"] as f64
        };
        let (refuse, delay) = (bursts("refuse"), bursts("delay"));
        assert!(delay < 0.85 * refuse, "{seed}: {delay} {refuse}");
    }
}
