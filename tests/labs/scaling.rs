//! What the labs on scaling claim.

use super::common::{Proof, count, mean, p99, run, run_until, seeds};
use serde_json::{Value, json};

const SIZE: &str = "scaling/one-big-or-many-small";
const LOSE: &str = "scaling/lose-a-machine";
const ADDING: &str = "scaling/adding-machines";
const LAG: &str = "scaling/autoscaling-lag";

pub fn proofs() -> Vec<Proof> {
    vec![
        Proof {
            id: SIZE,
            answer: "four times as long",
            solution: vec![("lb.policy", json!("least-connections"))],
        },
        Proof { id: LOSE, answer: "about 17 %", solution: vec![("servers.count", json!(4))] },
        Proof { id: ADDING, answer: "by about a tenth", solution: two_at_the_ledger() },
        Proof { id: LAG, answer: "after about 12 s", solution: vec![("servers.scale_min", json!(5))] },
    ]
}

fn one_big() -> [(&'static str, Value); 2] {
    [("servers.count", json!(1)), ("servers/1.speed", json!(4))]
}

/// Milliseconds at the servers, before the crash.
fn time_at_servers(seed: u64, settings: &[(&str, Value)]) -> f64 {
    run_until(SIZE, seed, settings, 40_000.0).nodes["servers"].latency_ms.mean.unwrap()
}

/// M/M/1: service time / (1 − ρ). One machine of four workers is an M/M/4 queue, by Erlang's C formula.
#[test]
fn one_big_machine_takes_a_quarter_of_the_time() {
    let small = mean(SIZE, |seed| time_at_servers(seed, &[]));
    let big = mean(SIZE, |seed| time_at_servers(seed, &one_big()));
    let (load, servers) = (2.8, 4.0);
    assert!((small / (100.0 / 0.3) - 1.0).abs() < 0.1, "{small}");
    assert!((big / (25.0 / 0.3) - 1.0).abs() < 0.1, "{big}");
    assert!((small / big - 4.0).abs() < 0.4, "{}", small / big);
    let blocked = (0..4).fold(1.0, |b, k| load * b / (f64::from(k + 1) + load * b));
    let waits = blocked / (1.0 - load / servers * (1.0 - blocked));
    let theory = 100.0 + waits * 100.0 / (servers - load);
    let pooled = mean(SIZE, |seed| {
        time_at_servers(seed, &[("servers.count", json!(1)), ("servers.workers", json!(4))])
    });
    assert!((pooled / theory - 1.0).abs() < 0.08, "{pooled} for {theory}");
}

#[test]
fn one_big_machine_is_a_single_point_of_failure() {
    for seed in seeds(SIZE) {
        let lost = |settings: &[(&str, Value)]| run(SIZE, seed, settings).0.total.lost;
        // 5 s of 28 a second.
        assert!((105..=190).contains(&lost(&one_big())), "{seed}: {}", lost(&one_big()));
        assert!(lost(&[]) < 35, "{seed}: {}", lost(&[]));
        let least = time_at_servers(seed, &[("lb.policy", json!("least-connections"))]);
        assert!(least < 0.75 * time_at_servers(seed, &[]), "{seed}: {least}");
    }
}

#[test]
fn two_of_three_machines_refuse_a_sixth() {
    let refused_share = |seed, settings: &[(&str, Value)]| {
        let at = |ms| run_until(LOSE, seed, settings, ms).total;
        let (from, to) = (at(12_000.0), at(40_000.0));
        (to.outcomes["queue-full"] - from.outcomes["queue-full"]) as f64
            / (to.requests - from.requests) as f64
    };
    // 120 come, two machines of four workers and 80 ms do 100.
    let usual = mean(LOSE, |seed| refused_share(seed, &[]));
    assert!((usual - 1.0 / 6.0).abs() < 0.012, "{usual}");
    for seed in seeds(LOSE) {
        assert!((refused_share(seed, &[]) - 1.0 / 6.0).abs() < 0.05, "{seed}");
        for enough in [
            vec![("servers.count", json!(4))],
            vec![("servers.count", json!(8)), ("servers.workers", json!(2))],
        ] {
            let (summary, _) = run(LOSE, seed, &enough);
            assert_eq!(summary.total.outcomes["queue-full"], 0, "{seed} {enough:?}");
        }
    }
}

fn two_at_the_ledger() -> Vec<(&'static str, Value)> {
    vec![("app.count", json!(4)), ("ledger.workers", json!(2))]
}

fn throughput(seed: u64, settings: &[(&str, Value)]) -> f64 {
    let ok = |ms| run_until(ADDING, seed, settings, ms).total.outcomes["ok"] as f64;
    (ok(30_000.0) - ok(5_000.0)) / 25.0
}

/// Always busy, the app's workers are a closed circle of customers: 110 ms each (80 of work, 30 on the way),
/// then 20 ms at the ledger. That is the machine-repair model (Palm, 1947), and Amdahl's limit is its end.
#[test]
fn throughput_follows_the_machine_repair_model() {
    let theory = |workers: i32| {
        let term = |k: i32| (0..k).fold(1.0, |term, gone| term * f64::from(workers - gone) * 20.0 / 110.0);
        let idle = 1.0 / (0..=workers).map(term).sum::<f64>();
        (1.0 - idle) * 50.0
    };
    assert!(theory(16) > 49.0 && theory(1000) <= 50.0, "{}", theory(16));
    for machines in [1, 2, 4, 8] {
        let settings = [("app.count", json!(machines))];
        let measured = mean(ADDING, |seed| throughput(seed, &settings));
        let theory = theory(2 * machines);
        assert!((measured / theory - 1.0).abs() < 0.03, "{machines}: {measured} for {theory}");
    }
}

#[test]
fn eight_machines_do_a_tenth_more_than_four() {
    for seed in seeds(ADDING) {
        let of = |machines: u32| throughput(seed, &[("app.count", json!(machines))]);
        let (two, four, eight) = (of(2), of(4), of(8));
        assert!((1.4..1.8).contains(&(four / two)), "{seed}: {}", four / two);
        assert!((1.02..1.19).contains(&(eight / four)), "{seed}: {}", eight / four);
        assert!(throughput(seed, &two_at_the_ledger()) > eight, "{seed}");
    }
}

#[test]
fn the_first_new_machine_comes_after_12_seconds() {
    for seed in seeds(LAG) {
        let calls = |ms| {
            let summary = run_until(LAG, seed, &[], ms);
            summary.nodes["servers"].members.get(&3).map_or(0, |third| third.calls)
        };
        assert_eq!(calls(18_900.0), 0, "{seed}");
        assert!(calls(19_500.0) > 0, "{seed}");
    }
}

#[test]
fn boot_time_matters_more_than_looking_often() {
    for seed in seeds(LAG) {
        let refused = |settings: &[(&str, Value)]| run(LAG, seed, settings).0.total.outcomes["queue-full"];
        let now = refused(&[]);
        assert!(now > 800, "{seed}: {now}");
        let often = refused(&[("servers.scale_every_ms", json!(1000))]);
        let boots = refused(&[("servers.scale_boot_ms", json!(2000))]);
        let low = refused(&[("servers.scale_target", json!(0.3))]);
        assert!(boots < often && often < now && low < now, "{seed}: {now} {often} {boots} {low}");
        let (five, _) = run(LAG, seed, &[("servers.scale_min", json!(5))]);
        assert!(five.total.outcomes["queue-full"] < 20 && p99(&five) < 800.0, "{seed}");
        assert!(count(&five, "servers", "scaled_out") > 0.0, "{seed}");
    }
}
