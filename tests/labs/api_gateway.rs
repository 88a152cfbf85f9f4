//! What the labs on the API gateway claim.

use super::common::{Proof, mean, run, run_until, seeds};
use serde_json::{Value, json};
use switchyard::report::Summary;

const CHECKS: &str = "api-gateway/which-check";
const EXPIRY: &str = "api-gateway/token-expiry";
const NOISY: &str = "api-gateway/one-noisy-tenant";

pub fn proofs() -> Vec<Proof> {
    vec![
        Proof {
            id: CHECKS,
            answer: "the rate limit",
            solution: vec![("gateway.runs.limit_burst", json!(8))],
        },
        Proof {
            id: EXPIRY,
            answer: "about 20",
            solution: vec![
                ("gateway.runs.token_valid_ms", json!(15_000)),
                ("gateway.workers", json!(10)),
                ("gateway.queue", json!(100)),
            ],
        },
        Proof { id: NOISY, answer: "about 60 %", solution: vec![("gateway.runs.limit_per_s", json!(8))] },
    ]
}

fn figure(summary: &Summary, what: &str) -> f64 {
    summary.nodes["gateway"].service[what]
}

fn stopped(summary: &Summary, by: &str) -> f64 {
    figure(summary, &format!("stopped by {by}"))
}

const BY: [&str; 5] = ["size", "authentication", "rate limit", "route", "validation"];

#[test]
fn a_limit_above_the_mean_stops_a_third() {
    let of = |seed, settings: &[(&str, Value)]| run(CHECKS, seed, settings).0;
    for seed in seeds(CHECKS) {
        let summary = of(seed, &[]);
        let all = summary.nodes["gateway"].calls as f64;
        let limit = stopped(&summary, "rate limit");
        assert!((limit / all - 0.345).abs() < 0.04, "{seed}: {}", limit / all);
        let others: f64 = BY.iter().filter(|by| **by != "rate limit").map(|by| stopped(&summary, by)).sum();
        assert!(limit > others, "{seed}: {limit} {others}");
        assert!((0.008..0.025).contains(&(stopped(&summary, "validation") / all)), "{seed}");
        let five = of(seed, &[("gateway.runs.limit_burst", json!(5))]);
        assert!((0.003..0.025).contains(&(stopped(&five, "rate limit") / all)), "{seed}");
        // Every request is stopped by one check, or goes on; and what goes on goes to one service.
        let counted = figure(&summary, "forwarded") + others + limit;
        assert!((counted - all).abs() <= 24.0, "{seed}: {counted} {all}");
        let behind = summary.nodes["shortener"].calls + summary.nodes["feed"].calls;
        assert!((behind as f64 - figure(&summary, "forwarded")).abs() <= 16.0, "{seed}");
    }
    // Erlang's loss formula for one line, whatever the distribution of the time that it is taken.
    let share = mean(CHECKS, |seed| {
        let summary = of(seed, &[]);
        let came = summary.nodes["gateway"].calls as f64
            - stopped(&summary, "size")
            - stopped(&summary, "authentication");
        stopped(&summary, "rate limit") / came
    });
    let offered: f64 = 80.0 / 20.0 * 0.95 * 0.9 / 5.0;
    let erlang = offered / (1.0 + offered);
    assert!((erlang - 0.406).abs() < 0.001 && (share - erlang).abs() < 0.01, "{share} {erlang}");
}

#[test]
fn a_client_logs_in_once_in_a_life_and_a_wait() {
    let logins = |seed, settings: &[(&str, Value)]| figure(&run(EXPIRY, seed, settings).0, "log-ins");
    // A renewal process with cycles of V and an exponential wait: T/μ + (σ² − μ²)/2μ² renewals in T.
    let expected = |valid: f64, clients: f64| {
        let cycle = valid + 1.0;
        clients * (40.0 / cycle + (1.0 - cycle * cycle) / (2.0 * cycle * cycle))
    };
    let usual = mean(EXPIRY, |seed| logins(seed, &[]));
    assert!((usual / expected(2.0, 60.0) - 1.0).abs() < 0.02, "{usual} {}", expected(2.0, 60.0));
    assert!((usual / 40.0 - 20.0).abs() < 1.0, "{usual}");
    for seed in seeds(EXPIRY) {
        assert!((logins(seed, &[]) / 40.0 - 19.4).abs() < 1.5, "{seed}: {}", logins(seed, &[]));
        let valid = |ms: u32| ("gateway.runs.token_valid_ms", json!(ms));
        assert_eq!(logins(seed, &[valid(3_600_000)]), 0.0, "{seed}");
        // In step: nobody before 10 s, and most clients in the two seconds after.
        let until = |ms: f64| figure(&run_until(EXPIRY, seed, &[valid(10_000)], ms), "log-ins");
        assert_eq!(until(9_900.0), 0.0, "{seed}");
        assert!(until(12_500.0) > 45.0, "{seed}: {}", until(12_500.0));
        let never = [valid(10_000), ("gateway.runs.renew", json!(false))];
        let (summary, _) = run(EXPIRY, seed, &never);
        assert_eq!(figure(&summary, "log-ins"), 0.0, "{seed}");
        let refused = summary.total.outcomes["unauthorised"] as f64 / summary.total.requests as f64;
        assert!((refused - 0.75).abs() < 0.04, "{seed}: {refused}");
        assert_eq!(run_until(EXPIRY, seed, &never, 9_900.0).total.lost, 0, "{seed}");
    }
}

#[test]
fn one_tenant_pays_for_its_script() {
    for seed in seeds(NOISY) {
        let during = |settings: &[(&str, Value)]| {
            let (before, after) = (run_until(NOISY, seed, settings, 9_000.0), run(NOISY, seed, settings).0);
            let of = |summary: &Summary, what| summary.nodes["tenants"].outcomes[what] as f64;
            let ok = of(&after, "ok") - of(&before, "ok");
            let ended: f64 = summary_sum(&after, "tenants") - summary_sum(&before, "tenants");
            1.0 - ok / ended
        };
        let none = during(&[]);
        assert!((none - (1.0 - 75.0 / 194.0)).abs() < 0.07, "{seed}: {none}");
        let workers = during(&[("feed.workers", json!(12))]);
        assert!((0.08..0.35).contains(&workers), "{seed}: {workers}");
        // Tenant 0 has a tenth of the requests, and most of those are refused; nobody else's.
        let each = [("gateway.runs.limit_per_s", json!(8))];
        let limited = during(&each);
        assert!((0.05..0.14).contains(&limited), "{seed}: {limited}");
        let (summary, _) = run(NOISY, seed, &each);
        assert_eq!(summary.total.lost, summary.total.outcomes["rate-limited"], "{seed}: nothing else");
        // What passes of one client: a burst, and the rate from then on (RFC 2697 says it of a bucket).
        let script = summary.nodes["script"].outcomes["ok"] as f64;
        assert!(script <= 10.0 + 8.0 * 40.0, "{seed}: {script}");
    }
}

fn summary_sum(summary: &Summary, node: &str) -> f64 {
    summary.nodes[node].outcomes.values().sum::<u64>() as f64
}
