//! Everything at once, at any time.

use crate::play::{Bench, Seen, differing, map, misplaced, store};
use proptest::prelude::*;
use serde_json::{Value, json};
use switchyard::run::{NO_LIMIT, Simulation};
use switchyard::sim::{Counter, Outcome, Purpose, Random, Span, Stream, Time};

/// A fault, or the end of one.
fn fault(random: &mut Stream) -> Value {
    let value = random.chance(0.6);
    match random.below(6) {
        0 => json!({ "down": value }),
        1 => json!({ "frozen": value }),
        2 => json!({ "side": random.below(3) }),
        3 => json!({ "slow": if value { 20 } else { 1 } }),
        4 => json!({ "drop_share": if value { 0.3 } else { 0.0 } }),
        _ if value => json!({ "flap": { "down_ms": 1 + random.below(300), "up_ms": 1 + random.below(300) } }),
        _ => json!({ "flap": null }),
    }
}

/// Faults of members, cuts and losses between them, and members that come and go, in the first two thirds; then
/// all is well again.
pub fn random_faults(mut bench: Bench, seed: u64, resize: bool) -> Bench {
    let mut random = Stream::new(seed, "faults", Purpose::Fault);
    let until = bench.duration_ms * 2.0 / 3.0;
    for _ in 0..random.below(25) {
        let at = random.unit() * until;
        bench = match random.below(8) {
            0 if resize => bench.change(at, "s", json!({ "count": 2 + random.below(6) })),
            1 => {
                let loss = if random.chance(0.5) { 0.2 } else { 0.0 };
                bench.change_link(at, json!({ "loss": loss, "cut": random.chance(0.2) }))
            }
            _ => bench.change(at, &format!("s/{}", 1 + random.below(7)), fault(&mut random)),
        };
    }
    bench.change_link(until, json!({ "loss": 0, "cut": false })).change(until, "s", json!({ "members": [] }))
}

/// Settings that were drawn, too.
fn random_store(random: &mut Stream) -> Value {
    let of = |random: &mut Stream, all: &[Value]| all[random.below(all.len() as u64) as usize].clone();
    let words = |all: &[&str]| all.iter().map(|word| json!(word)).collect::<Vec<_>>();
    json!({
        "count": 1 + random.below(6),
        "replicas": 1 + random.below(5),
        "partitioner": of(random, &words(&["ring", "modulo", "rendezvous", "jump", "maglev", "range", "directory"])),
        "replication": of(random, &words(&["quorum", "quorum", "leader-sync", "leader-async"])),
        "read_quorum": 1 + random.below(5),
        "write_quorum": 1 + random.below(5),
        "read_from": of(random, &words(&["leader", "any"])),
        "replication_lag_ms": of(random, &[json!(0), json!(30), json!(300)]),
        "failover_ms": of(random, &[json!(0), json!(100), json!(1000)]),
        "conflicts": of(random, &words(&["last-write-wins", "version-vectors"])),
        "read_repair": random.chance(0.5),
        "hinted_handoff": random.chance(0.5),
        "anti_entropy_every_ms": of(random, &[json!(0), json!(1), json!(100)]),
        "move_per_s": of(random, &[json!(0), json!(20), json!(100_000)]),
        "timeout_ms": of(random, &[json!(1), json!(30), json!(1000)]),
        "accounts": 2 + random.below(30),
        "recovery_ms": of(random, &[json!(1), json!(100)]),
        "workers": 1 + random.below(4),
        "queue": of(random, &[json!(0), json!(5), json!(1000)]),
        "service_ms": of(random, &[json!(0), json!(3), json!({ "dist": "exponential", "mean": 10 })]),
    })
}

fn random_bench(seed: u64) -> Bench {
    let mut random = Stream::new(seed, "bench", Purpose::Fault);
    let store = random_store(&mut random);
    let mut bench = Bench::new(seed, store).clients(json!({
        "rate_per_s": 50 + random.below(300), "timeout_ms": if random.chance(0.5) { 0 } else { 40 },
        "mix": [{ "path": "/", "write_share": 0.5 }, { "path": "/scan", "share": 0.2 }, { "path": "/transfer", "share": 0.5 }] }));
    bench.duration_ms = 4500.0;
    bench.own_latency =
        if random.chance(0.3) { json!(0) } else { json!({ "dist": "exponential", "mean": 4 }) };
    for _ in 0..random.below(4) {
        let (at, mut settings) = (random.unit() * 3000.0, random_store(&mut random));
        let object = settings.as_object_mut().unwrap();
        let kept = random.below(object.len() as u64) as usize;
        let name = object.keys().nth(kept).cloned().unwrap();
        object.retain(|other, _| *other == name);
        bench = bench.change(at, "s", settings);
    }
    random_faults(bench, seed, true)
}

/// Rows that move often, by rules that change.
fn changing_rules(seed: u64) -> Bench {
    let mut random = Stream::new(seed, "rules", Purpose::Fault);
    let of = |random: &mut Stream, all: &[&str]| json!(all[random.below(all.len() as u64) as usize]);
    let all: &[&str] = match random.below(4) {
        0 => &["quorum"],
        1 => &["leader-sync"],
        2 => &["leader-sync", "leader-async"],
        _ => &["quorum", "leader-sync", "leader-async"],
    };
    let mut store = map(random_store(&mut random));
    store.extend(map(json!({ "count": 3 + random.below(4), "replicas": 2 + random.below(3), "queue": 1000,
        "replication": of(&mut random, all), "timeout_ms": 50, "service_ms": 1,
        "move_per_s": 20 + random.below(2) * 400 })));
    let mut bench = Bench::new(seed, json!(store)).clients(json!({ "rate_per_s": 100 + random.below(200) }));
    bench.duration_ms = 4500.0;
    for _ in 0..random.below(12) {
        let at = random.unit() * 4000.0;
        let set = match random.below(5) {
            0 | 1 => json!({ "count": 2 + random.below(6) }),
            2 => json!({ "replicas": 2 + random.below(3) }),
            3 => json!({ "write_quorum": 1 + random.below(4) }),
            _ => json!({ "replication": of(&mut random, all) }),
        };
        bench = bench.change(at, "s", set);
    }
    if random.chance(0.7) { random_faults(bench, seed, false) } else { bench }
}

/// A machine that left gave another side the most machines, so others led, and nobody counted what these lacked.
#[test]
fn leaders_that_follow_from_other_members_take_over_too() {
    for seed in [576, 2045, 2080] {
        let (seen, _) = changing_rules(seed).play();
        assert!(seen.count(Counter::LostWrites) > 0, "seed {seed}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::common::cases(100), ..ProptestConfig::default() })]

    /// Nothing is lost and nothing leaks, whatever happens; the same run is the same run, also from a checkpoint.
    #[test]
    fn books_add_up_and_everything_ends(seed in 0..1_000_000u64, middle in 0.0..1.0f64) {
        let mut bench = random_bench(seed);
        let quiet = bench.duration_ms;
        // Long after everything is well again and the last request was issued, nothing is under way.
        bench = bench.change(quiet, "c", json!({ "rate_per_s": 0 }))
            .change(quiet, "s", json!({ "anti_entropy_every_ms": 0, "timeout_ms": 100, "recovery_ms": 100,
                "move_per_s": 1000, "queue": 1000, "replication_lag_ms": 10, "service_ms": 1 }));
        bench.duration_ms = quiet + 60_000.0;
        let scenario = bench.checked();
        let mut seen = Seen::default();
        let mut simulation = Simulation::new(&scenario, &mut seen);
        simulation.advance(Time::from_ms(quiet * middle), NO_LIMIT, &mut seen);
        simulation.world().check().expect("the books add up");
        let (mut checkpoint, mut seen_again) = (simulation.clone(), seen.clone());
        for (simulation, seen) in [(&mut simulation, &mut seen), (&mut checkpoint, &mut seen_again)] {
            simulation.advance(Time::from_ms(bench.duration_ms), NO_LIMIT, seen);
            simulation.world().check().expect("the books add up");
        }
        prop_assert_eq!(seen.digest.value(), seen_again.digest.value());
        prop_assert_eq!(bench.play().0.digest.value(), seen.digest.value());
        prop_assert_eq!(simulation.world().books().in_flight(), 0);
        prop_assert_eq!(simulation.world().calls().len(), 0);
        prop_assert_eq!(store(&simulation).under_way(), (0, 0));
        prop_assert_eq!(store(&simulation).surplus(), 0);
        prop_assert_eq!((store(&simulation).locked(), store(&simulation).rows_to_move()), (0, 0));
        prop_assert_eq!(misplaced(&simulation), 0);
    }

    /// Overlapping quorums keep their promise through every fault and every move, as rows are on disk and clocks
    /// agree: no read is stale. Anti-entropy then makes all replicas the same.
    #[test]
    fn quorums_keep_their_promise_through_faults(seed in 0..1_000_000u64) {
        let (n, r, w) = [(3, 2, 2), (5, 3, 3), (3, 1, 3), (4, 3, 2)][seed as usize % 4];
        let conflicts = if seed % 3 == 0 { "version-vectors" } else { "last-write-wins" };
        let settings = json!({ "count": 5, "replicas": n, "read_quorum": r, "write_quorum": w, "timeout_ms": 100,
            "failover_ms": 100, "hinted_handoff": seed % 5 == 0, "read_repair": seed % 7 == 0, "conflicts": conflicts });
        let mut bench = Bench::new(seed, settings);
        bench.duration_ms = 6000.0;
        bench = random_faults(bench, seed, true)
            .change(4500.0, "s", json!({ "anti_entropy_every_ms": 20 }))
            .change(6000.0, "c", json!({ "rate_per_s": 0 }));
        bench.duration_ms = 12_000.0;
        let (seen, end) = bench.play();
        prop_assert_eq!(seen.count(Counter::StaleReads), 0);
        prop_assert_eq!((differing(&end), misplaced(&end)), (0, 0));
        prop_assert!(seen.with(Outcome::Ok) > 0);
        prop_assert!(end.now() >= Time::ZERO + Span::from_ms(12_000.0));
    }

    /// Whatever befalls one machine, synchronous leaders lose nothing and say nothing stale: somebody who was there
    /// all the time has everything, and leads.
    #[test]
    fn one_bad_machine_costs_a_synchronous_leader_nothing(seed in 0..1_000_000u64) {
        let failover_ms = [0, 50, 400][seed as usize % 3];
        let settings = json!({ "count": 4, "replication": "leader-sync", "timeout_ms": 100,
            "failover_ms": failover_ms, "hinted_handoff": seed % 2 == 0 });
        let mut bench = Bench::new(seed, settings);
        bench.duration_ms = 6000.0;
        let mut random = Stream::new(seed, "one", Purpose::Fault);
        for _ in 0..random.below(20) {
            bench = bench.change(random.unit() * 6000.0, "s/2", fault(&mut random));
        }
        let (seen, _) = bench.play();
        prop_assert_eq!((seen.count(Counter::LostWrites), seen.count(Counter::StaleReads)), (0, 0));
        prop_assert!(seen.with(Outcome::Ok) > 0);
    }

    /// With leaders replicas come to the same in the end, too.
    #[test]
    fn leaders_and_followers_come_together(seed in 0..1_000_000u64) {
        let replication = if seed % 2 == 0 { "leader-sync" } else { "leader-async" };
        let settings = json!({ "count": 5, "replication": replication, "timeout_ms": 100, "failover_ms": 100 });
        let mut bench = Bench::new(seed, settings);
        bench.duration_ms = 6000.0;
        bench = random_faults(bench, seed, true)
            .change(4500.0, "s", json!({ "anti_entropy_every_ms": 20 }))
            .change(6000.0, "c", json!({ "rate_per_s": 0 }));
        bench.duration_ms = 12_000.0;
        let (_, end) = bench.play();
        prop_assert_eq!((differing(&end), misplaced(&end)), (0, 0));
    }

    /// Whoever takes writes, however many of them must, how many replicas there are: all of it may change while rows
    /// move and machines fail, and what was acknowledged is still with somebody ([`Bench::play`] looks), unless a
    /// new leader did not have it, which is counted.
    #[test]
    fn what_was_acknowledged_outlives_moves_under_changing_rules(seed in 0..1_000_000u64) {
        let (seen, _) = changing_rules(seed).play();
        prop_assert!(seen.count(Counter::Writes) > 0);
    }
}
