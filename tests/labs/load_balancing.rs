//! What the labs on load balancing claim.

use super::common::{Proof, busy, count, mean, p99, run, run_until, seeds, session, share};
use serde_json::{Value, json};
use switchyard::report::Summary;
use switchyard::run::{NO_LIMIT, Simulation};
use switchyard::sim::{Call, CallId, Observer, Request, Time};

const SLOW: &str = "load-balancing/one-slow-server";
const UNEQUAL: &str = "load-balancing/unequal-servers";
const CRASH: &str = "load-balancing/crash-and-health-checks";
const TWO: &str = "load-balancing/two-choices";
const STICKY: &str = "load-balancing/sticky-sessions";
const FLAPPING: &str = "load-balancing/flapping";
const LAYERS: &str = "load-balancing/layer-4-or-7";

pub fn proofs() -> Vec<Proof> {
    let weighted = [("servers/1.weight", json!(4)), ("servers/2.weight", json!(2))];
    let weighted_least = ("lb.policy", json!("weighted-least-connections"));
    vec![
        Proof { id: SLOW, answer: "about 8 %", solution: vec![("lb.policy", json!("peak-ewma"))] },
        Proof {
            id: UNEQUAL,
            answer: "about 40 %",
            solution: weighted.into_iter().chain([weighted_least]).collect(),
        },
        Proof {
            id: CRASH,
            answer: "about 40 %",
            solution: vec![("lb.health_every_ms", json!(500)), ("lb.health_down_after", json!(1))],
        },
        Proof { id: TWO, answer: "about 80 %", solution: vec![("lb.policy", json!("two-choices"))] },
        Proof { id: STICKY, answer: "none", solution: short_memory() },
        Proof {
            id: FLAPPING,
            answer: "never",
            solution: vec![("lb.health_down_after", json!(1)), ("lb.health_up_after", json!(6))],
        },
        Proof { id: LAYERS, answer: "about 33 %", solution: vec![("lb.layer", json!("7"))] },
    ]
}

#[test]
fn round_robin_gives_the_slow_server_as_many_as_the_others_from_the_first_moment_on() {
    for (seed, at_ms) in seeds(SLOW).flat_map(|seed| [(seed, 600.0), (seed, 9_000.0)]) {
        let summary = run_until(SLOW, seed, &[], at_ms);
        let calls = summary.nodes["servers"].members.values().map(|member| member.calls);
        let (least, most) = (calls.clone().min().unwrap(), calls.max().unwrap());
        assert!(least > 10 && most - least <= 1, "{seed}: {least} to {most} at {at_ms} ms");
    }
}

#[test]
fn one_slow_server_fills_its_queue_under_round_robin() {
    for seed in seeds(SLOW) {
        let (summary, _) = run(SLOW, seed, &[]);
        let total = &summary.total;
        assert!(total.outcomes["queue-full"] > 450, "{seed}: {:?}", total.outcomes);
        let refused_by_3 = summary.nodes["servers"].members[&3].refused;
        assert!(refused_by_3 as f64 > 0.99 * total.outcomes["queue-full"] as f64, "{seed}: {refused_by_3}");
        assert!(p99(&summary) > 10.0 * total.latency_ms.p50.unwrap(), "{seed}: {}", p99(&summary));
        assert!(busy(&summary, 3) > 0.98, "{seed}");
        for well in [1, 2, 4] {
            assert!((busy(&summary, well) - 0.6).abs() < 0.08, "{seed}: {}", busy(&summary, well));
        }
        let (well, _) = run(SLOW, seed, &[("servers/3.slow", json!(1))]);
        let median = |summary: &Summary| summary.total.latency_ms.p50.unwrap();
        assert!(median(&summary) / median(&well) < 1.15, "{seed}: {} {}", median(&summary), median(&well));
    }
}

#[test]
fn one_slow_server_gets_about_8_percent_under_least_connections() {
    for seed in seeds(SLOW) {
        let (least, _) = run(SLOW, seed, &[("lb.policy", json!("least-connections"))]);
        assert!((share(&least, 3) - 0.08).abs() < 0.015, "{seed}: {}", share(&least, 3));
        let (ewma, _) = run(SLOW, seed, &[("lb.policy", json!("peak-ewma"))]);
        assert!(share(&ewma, 3) < share(&least, 3), "{seed}");
        assert!(p99(&ewma) < p99(&least) && p99(&least) < 1500.0, "{seed}: {} {}", p99(&ewma), p99(&least));
    }
}

/// "Every health check passes": checks change nothing but their own traffic, so no server is taken out.
#[test]
fn health_checks_do_not_see_a_slow_server() {
    for seed in seeds(SLOW) {
        let with = run(SLOW, seed, &[]).0;
        let without = run(SLOW, seed, &[("lb.health_every_ms", json!(0))]).0;
        assert_eq!(with.total.outcomes, without.total.outcomes, "{seed}");
        assert_eq!(share(&with, 3), share(&without, 3), "{seed}");
    }
}

#[test]
fn unequal_servers_need_unequal_shares() {
    let weights = [("servers/1.weight", json!(4)), ("servers/2.weight", json!(2))];
    for seed in seeds(UNEQUAL) {
        let (equal, _) = run(UNEQUAL, seed, &[]);
        assert!(equal.total.outcomes["queue-full"] > 250, "{seed}: {:?}", equal.total.outcomes);
        assert!((busy(&equal, 1) - 0.35).abs() < 0.04, "{seed}: {}", busy(&equal, 1));
        assert!(busy(&equal, 3) > 0.98 && busy(&equal, 4) > 0.98, "{seed}");
        let (weighted, _) = run(UNEQUAL, seed, &weights);
        for (member, wanted) in [(1, 0.5), (2, 0.25), (3, 0.125), (4, 0.125)] {
            assert!(
                (share(&weighted, member) - wanted).abs() < 0.004,
                "{seed}: {}",
                share(&weighted, member)
            );
            assert!((busy(&weighted, member) - 0.7).abs() < 0.12, "{seed}: {}", busy(&weighted, member));
        }
    }
}

#[test]
fn unequal_servers_get_40_percent_at_the_big_one_under_least_connections() {
    for seed in seeds(UNEQUAL) {
        let (least, _) = run(UNEQUAL, seed, &[("lb.policy", json!("least-connections"))]);
        assert!((share(&least, 1) - 0.4).abs() < 0.025, "{seed}: {}", share(&least, 1));
    }
}

/// Where the balancer sends requests while server 2 is down.
#[derive(Default)]
struct WhileDown {
    to_2: u64,
    all: u64,
}

const DOWN: std::ops::Range<Time> = Time(3_300_000_000)..Time(18_300_000_000);

impl Observer for WhileDown {
    fn departed(&mut self, _: CallId, call: &Call, request: &Request) {
        if call.to.node == 2 && !request.probe && DOWN.contains(&call.departed) {
            self.all += 1;
            self.to_2 += u64::from(call.to.member == 1);
        }
    }
}

fn share_while_down(seed: u64, settings: &[(&str, Value)]) -> f64 {
    let scenario = session(CRASH, seed, settings).scenario().clone();
    assert_eq!(scenario.nodes[2].id, "servers");
    let changed: Vec<Time> = scenario.changes.iter().map(|change| Time::from_ms(change.at_ms)).collect();
    assert_eq!(changed, [DOWN.start, DOWN.end]);
    let mut seen = WhileDown::default();
    let mut simulation = Simulation::new(&scenario, &mut seen);
    simulation.advance(Time::from_ms(scenario.duration_ms), NO_LIMIT, &mut seen);
    seen.to_2 as f64 / seen.all as f64
}

#[test]
fn a_crash_draws_traffic_under_least_connections() {
    for seed in seeds(CRASH) {
        let equal = share_while_down(seed, &[]);
        assert!((equal - 0.25).abs() < 0.01, "{seed}: {equal}");
        let least = share_while_down(seed, &[("lb.policy", json!("least-connections"))]);
        assert!((least - 0.4).abs() < 0.03, "{seed}: {least}");
    }
}

#[test]
fn health_checks_and_ejection_end_a_crash_early() {
    let failed = |seed, settings: &[(&str, Value)]| run(CRASH, seed, settings).0.total.outcomes["crashed"];
    for seed in seeds(CRASH) {
        let without = failed(seed, &[]);
        let three = failed(seed, &[("lb.health_every_ms", json!(500))]);
        let one = failed(seed, &[("lb.health_every_ms", json!(500)), ("lb.health_down_after", json!(1))]);
        // A quarter of 90 a second: for 15 s; until the third check at 4.5 s; until the first at 3.5 s.
        assert!((300..=380).contains(&without), "{seed}: {without}");
        assert!((20..=40).contains(&three), "{seed}: {three}");
        assert!((2..=12).contains(&one), "{seed}: {one}");
        let (ejected, _) = run(CRASH, seed, &[("lb.eject_after", json!(3))]);
        assert!(ejected.total.outcomes["crashed"] <= 8, "{seed}: {:?}", ejected.total.outcomes);
        assert!(share(&ejected, 2) < 0.035, "{seed}: out until the end: {}", share(&ejected, 2));
    }
}

fn longest_queue(summary: &Summary) -> u32 {
    summary.nodes["servers"].queue_length.largest
}

fn time_at_servers(seed: u64, policy: &str) -> f64 {
    run(TWO, seed, &[("lb.policy", json!(policy))]).0.nodes["servers"].latency_ms.mean.unwrap()
}

#[test]
fn two_choices_shorten_the_longest_queue_and_the_tail() {
    for seed in seeds(TWO) {
        let of = |policy: &str| run(TWO, seed, &[("lb.policy", json!(policy))]).0;
        let (random, turns, two) = (of("random"), of("round-robin"), of("two-choices"));
        assert!((random.nodes["servers"].utilisation.unwrap() - 0.83).abs() < 0.06, "{seed}");
        assert!(longest_queue(&random) >= 20, "{seed}: {}", longest_queue(&random));
        assert!(longest_queue(&two) < 10, "{seed}: {}", longest_queue(&two));
        assert!(p99(&two) < 0.6 * p99(&random), "{seed}: {} {}", p99(&two), p99(&random));
        assert!(p99(&two) < p99(&turns), "{seed}: {} {}", p99(&two), p99(&turns));
    }
}

#[test]
fn two_choices_save_most_of_what_least_connections_saves() {
    for seed in seeds(TWO) {
        let of = |policy| time_at_servers(seed, policy);
        let saved = (of("random") - of("two-choices")) / (of("random") - of("least-connections"));
        assert!((saved - 0.8).abs() < 0.08, "{seed}: {saved}");
    }
}

/// Random: each server is an M/M/1 queue, 1 / (1 − ρ) service times. Two choices, many servers:
/// Σ ρ^(2^i − 2), Mitzenmacher, "The power of two choices in randomized load balancing" (2001).
#[test]
fn two_choices_take_about_the_time_of_the_supermarket_model() {
    let load: f64 = 100.0 * 0.1 / 12.0;
    let random = 100.0 / (1.0 - load);
    let two = 100.0 * (1..8).map(|i| libm::pow(load, libm::exp2(f64::from(i)) - 2.0)).sum::<f64>();
    assert!((random - 600.0).abs() < 1.0 && (two - 211.0).abs() < 2.0, "{random} {two}");
    let measured = mean(TWO, |seed| time_at_servers(seed, "random"));
    // The queues begin empty, and a run has an end.
    assert!((measured / random - 1.0).abs() < 0.12, "{measured}");
    let measured = mean(TWO, |seed| time_at_servers(seed, "two-choices"));
    // Twelve servers are not infinitely many, and what is on its way is counted too.
    assert!((measured / two - 1.0).abs() < 0.15, "{measured}");
}

fn short_memory() -> Vec<(&'static str, Value)> {
    vec![
        ("lb.sticky", json!("client")),
        ("lb.sticky_ms", json!(400)),
        ("lb.policy", json!("least-connections")),
    ]
}

#[test]
fn nobody_with_a_cookie_comes_back() {
    let at_2 = |summary: &Summary| summary.nodes["servers"].members[&2].calls;
    for seed in seeds(STICKY) {
        let at_return = run_until(STICKY, seed, &[], 8_000.0);
        let (at_end, _) = run(STICKY, seed, &[]);
        assert_eq!(at_2(&at_end), at_2(&at_return), "{seed}");
        for other in [1, 3, 4] {
            assert!(busy(&at_end, other) > 0.9, "{seed}: {}", busy(&at_end, other));
        }
        assert!(at_end.total.outcomes["queue-full"] > 250, "{seed}: {:?}", at_end.total.outcomes);
    }
}

#[test]
fn a_short_memory_keeps_most_sessions_and_finds_back() {
    for seed in seeds(STICKY) {
        let (short, _) = run(STICKY, seed, &short_memory());
        let kept = count(&short, "lb", "kept") / short.total.requests as f64;
        // A gap over 400 ms in a Poisson stream of 160 / 24 a second: exp(−2.67) = 7 %.
        assert!((kept - 0.93).abs() < 0.02, "{seed}: {kept}");
        assert!(share(&short, 2) > 0.2, "{seed}: {}", share(&short, 2));
        let hash = [("lb.sticky", json!("none")), ("lb.policy", json!("ip-hash"))];
        let (hash, _) = run(STICKY, seed, &hash);
        assert!(share(&hash, 2) > 0.17 && share(&hash, 3) > 0.32, "{seed}");
    }
}

#[test]
fn three_checks_never_catch_a_server_that_is_down_for_a_second() {
    for seed in seeds(FLAPPING) {
        let (three, _) = run(FLAPPING, seed, &[]);
        // Round robin goes on giving it every fourth request.
        assert!((share(&three, 2) - 0.25).abs() < 0.002, "{seed}: {}", share(&three, 2));
        let failed = three.total.outcomes["crashed"] as f64 / three.total.requests as f64;
        assert!((0.08..0.105).contains(&failed), "{seed}: {failed}");
    }
}

#[test]
fn slow_to_trust_again_stays_out() {
    let failed = |seed, settings: &[(&str, Value)]| {
        let (summary, _) = run(FLAPPING, seed, settings);
        (summary.total.outcomes["crashed"], share(&summary, 2))
    };
    for seed in seeds(FLAPPING) {
        let (quick, quick_share) = failed(seed, &[("lb.health_down_after", json!(1))]);
        assert!((30..=75).contains(&quick) && quick_share > 0.1, "{seed}: {quick} {quick_share}");
        let slow = [("lb.health_down_after", json!(1)), ("lb.health_up_after", json!(6))];
        let (slow, slow_share) = failed(seed, &slow);
        assert!(slow <= 20 && slow_share < 0.006, "{seed}: {slow} {slow_share}");
    }
}

#[test]
fn six_connections_over_four_servers_are_a_third_for_the_busiest() {
    for seed in seeds(LAYERS) {
        let (four, _) = run(LAYERS, seed, &[]);
        // ⌈6 / 4⌉ of 6 connections.
        let busiest = [1, 2, 3, 4].map(|member| share(&four, member)).into_iter().fold(0.0, f64::max);
        assert!((busiest - 1.0 / 3.0).abs() < 0.015, "{seed}: {busiest}");
        assert!(busy(&four, 1) > 0.9 && busy(&four, 2) > 0.9, "{seed}");
        assert!((busy(&four, 3) - 0.5).abs() < 0.07 && (busy(&four, 4) - 0.5).abs() < 0.07, "{seed}");
        assert!(four.total.outcomes["queue-full"] > 50, "{seed}");
        assert_eq!(four.nodes["servers"].members.get(&5).map_or(0, |fifth| fifth.calls), 0, "{seed}");
        for even in [("lb.layer", json!("7")), ("lb.connection_requests", json!(10))] {
            let (even, _) = run(LAYERS, seed, &[even]);
            assert_eq!(even.total.outcomes["queue-full"], 0, "{seed}");
            assert!((share(&even, 1) - share(&even, 3)).abs() < 0.01, "{seed}");
            // A fifth of the second half.
            assert!((share(&even, 5) - 0.1).abs() < 0.01, "{seed}: {}", share(&even, 5));
        }
    }
}
