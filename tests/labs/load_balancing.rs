//! What the labs on load balancing claim.

use super::common::{Proof, busy, p99, run, seeds, session, share};
use serde_json::{Value, json};
use switchyard::report::Summary;
use switchyard::run::{NO_LIMIT, Simulation};
use switchyard::sim::{Call, CallId, Observer, Request, Time};

const SLOW: &str = "load-balancing/one-slow-server";
const UNEQUAL: &str = "load-balancing/unequal-servers";
const CRASH: &str = "load-balancing/crash-and-health-checks";

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
    ]
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
