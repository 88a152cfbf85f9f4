//! What the labs on message queues claim.

use super::common::{Proof, count, mean, run, seeds, session};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use switchyard::run::{NO_LIMIT, Simulation};
use switchyard::sim::{Call, CallId, Observer, Request, Time};

const PRESSURE: &str = "message-queue/backpressure";
const CONSUMERS: &str = "message-queue/more-consumers";
const POISON: &str = "message-queue/poison";
const TWICE: &str = "message-queue/at-least-once";

pub fn proofs() -> Vec<Proof> {
    vec![
        Proof { id: PRESSURE, answer: "about half", solution: vec![("orders.when_full", json!("block"))] },
        Proof {
            id: CONSUMERS,
            answer: "not at all",
            solution: vec![("orders.consumers", json!(4)), ("orders.partitions", json!(4))],
        },
        Proof { id: POISON, answer: "about a quarter", solution: vec![("orders.attempts_max", json!(3))] },
        Proof { id: TWICE, answer: "about 12 %", solution: vec![("orders.ack_timeout_ms", json!(1000))] },
    ]
}

fn orders(id: &str, seed: u64, settings: &[(&str, Value)], what: &str) -> f64 {
    count(&run(id, seed, settings).0, "orders", what)
}

#[test]
fn somebody_waits_is_refused_or_loses() {
    for seed in seeds(PRESSURE) {
        let of = |when_full: &str| run(PRESSURE, seed, &[("orders.when_full", json!(when_full))]).0;
        let (refuse, block, drop) = (of("refuse"), of("block"), of("drop-oldest"));
        for summary in [&refuse, &block, &drop] {
            let done = count(summary, "orders", "acknowledged") / 40.0;
            assert!((done - 45.0).abs() < 4.0, "{seed}: {done}");
        }
        assert!(refuse.total.lost as f64 > 0.4 * refuse.total.requests as f64, "{seed}");
        assert_eq!((block.total.lost, drop.total.lost), (0, 0), "{seed}");
        let gone = count(&drop, "orders", "dropped") / count(&drop, "orders", "published");
        assert!((gone - 0.5).abs() < 0.05, "{seed}: {gone}");
        assert_eq!(count(&block, "orders", "dropped"), 0.0, "{seed}");
        let (roomy, _) = run(PRESSURE, seed, &[("orders.capacity", json!(96))]);
        assert!(roomy.total.lost as f64 > 0.9 * refuse.total.lost as f64, "{seed}");
    }
}

#[test]
fn more_consumers_than_partitions_are_of_no_use() {
    for seed in seeds(CONSUMERS) {
        let done = |consumers: u32, partitions: u32| {
            let settings = [("orders.consumers", json!(consumers)), ("orders.partitions", json!(partitions))];
            orders(CONSUMERS, seed, &settings, "acknowledged")
        };
        // One at a time, 90 ms each, for 40 s.
        assert!((done(1, 2) / 444.0 - 1.0).abs() < 0.08, "{seed}: {}", done(1, 2));
        assert!((done(2, 2) / 888.0 - 1.0).abs() < 0.08, "{seed}: {}", done(2, 2));
        assert_eq!(done(8, 2), done(2, 2), "{seed}");
        let published = orders(CONSUMERS, seed, &[], "published");
        assert!(done(8, 8) > 0.98 * published, "{seed}: {}", done(8, 8));
        let shared = [("orders.consumers", json!(8)), ("orders.delivery", json!("shared"))];
        assert!(orders(CONSUMERS, seed, &shared, "acknowledged") > 0.98 * published, "{seed}");
    }
}

#[test]
fn poison_stops_each_partition_after_about_49_messages() {
    let share = |seed, settings: &[(&str, Value)]| {
        orders(POISON, seed, settings, "acknowledged") / orders(POISON, seed, settings, "published")
    };
    let usual = mean(POISON, |seed| share(seed, &[]));
    // The mean of a geometric number with 2 %, cut off at the 200 messages that come to each.
    let before: f64 = (1..=200).map(|k| libm::pow(0.98, f64::from(k))).sum::<f64>() / 200.0;
    assert!((before - 0.24).abs() < 0.005, "{before}");
    assert!((usual - before).abs() < 0.05, "{usual}");
    for seed in seeds(POISON) {
        assert!(share(seed, &[]) < 0.5, "{seed}: {}", share(seed, &[]));
        let three = [("orders.attempts_max", json!(3))];
        assert!(share(seed, &three) > 0.95, "{seed}");
        let dead = orders(POISON, seed, &three, "dead_letters") / orders(POISON, seed, &three, "published");
        assert!((0.005..0.035).contains(&dead), "{seed}: {dead}");
        let shared = [("orders.delivery", json!("shared"))];
        assert!(share(seed, &shared) > 0.94, "{seed}");
        assert!(
            orders(POISON, seed, &shared, "redelivered") > orders(POISON, seed, &[], "redelivered"),
            "{seed}"
        );
    }
}

/// How often each message was handed out, by the request's seed.
#[derive(Default)]
struct HandedOut(BTreeMap<u64, u32>);

impl Observer for HandedOut {
    fn departed(&mut self, _: CallId, call: &Call, request: &Request) {
        if call.to.node == 2 {
            *self.0.entry(request.seed).or_insert(0) += 1;
        }
    }
}

#[test]
fn what_takes_longer_than_the_timeout_is_handed_out_again() {
    let again = |seed| {
        let scenario = session(TWICE, seed, &[]).scenario().clone();
        assert_eq!(scenario.nodes[2].id, "workers");
        let mut seen = HandedOut::default();
        let mut simulation = Simulation::new(&scenario, &mut seen);
        simulation.advance(Time::from_ms(scenario.duration_ms), NO_LIMIT, &mut seen);
        seen.0.values().filter(|times| **times > 1).count() as f64 / seen.0.len() as f64
    };
    let theory = libm::exp(-170.0 / 80.0);
    assert!((theory - 0.119).abs() < 0.001, "{theory}");
    let usual = mean(TWICE, again);
    assert!((usual - theory).abs() < 0.012, "{usual}");
    for seed in seeds(TWICE) {
        assert!((again(seed) - theory).abs() < 0.04, "{seed}: {}", again(seed));
        let duplicates = |ms: u32| orders(TWICE, seed, &[("orders.ack_timeout_ms", json!(ms))], "duplicates");
        assert!(duplicates(200) > 300.0 && duplicates(1000) <= 5.0, "{seed}");
        assert!(orders(TWICE, seed, &[], "dead_letters") > 80.0, "{seed}");
    }
}
