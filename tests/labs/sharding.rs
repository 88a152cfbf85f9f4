//! What the labs on sharding claim.

use super::common::{Proof, p99, run, seeds, session};
use serde_json::{Value, json};
use switchyard::node::Node;
use switchyard::report::Summary;
use switchyard::run::{NO_LIMIT, Simulation};
use switchyard::sim::{Observer, Outcome, Request, Time};

const KEY: &str = "sharding/which-key";
const ADD: &str = "sharding/add-a-shard";
const HOT: &str = "sharding/hot-shard";
const QUERY: &str = "sharding/a-query-over-all-shards";
const TWO: &str = "sharding/a-transaction-over-two";

pub fn proofs() -> Vec<Proof> {
    vec![
        Proof { id: KEY, answer: "about 85 %", solution: vec![("store.partitioner", json!("modulo"))] },
        Proof { id: ADD, answer: "50 %", solution: vec![("store.partitioner", json!("directory"))] },
        Proof { id: HOT, answer: "about 56 %", solution: copies().into() },
        Proof { id: QUERY, answer: "about 18 %", solution: vec![("store.count", json!(5))] },
        Proof {
            id: TWO,
            answer: "12 s, until it is back",
            solution: vec![("store.service_ms", json!(2)), ("store>store.latency_ms", json!(2))],
        },
    ]
}

fn copies() -> [(&'static str, Value); 2] {
    [("store.replicas", json!(3)), ("store.read_from", json!("any"))]
}

fn by(partitioner: &str) -> [(&'static str, Value); 1] {
    [("store.partitioner", json!(partitioner))]
}

fn refused(summary: &Summary) -> u64 {
    summary.total.outcomes["queue-full"]
}

/// For each machine the share of the store's work that it did.
fn work(summary: &Summary) -> Vec<f64> {
    let busy: Vec<f64> =
        summary.nodes["store"].members.values().map(|member| member.utilisation.unwrap()).collect();
    let all: f64 = busy.iter().sum();
    busy.iter().map(|busy| busy / all).collect()
}

#[test]
fn ranges_put_neighbours_on_one_shard_and_hashes_do_not() {
    for seed in seeds(KEY) {
        let (range, _) = run(KEY, seed, &[]);
        assert!(refused(&range) > 300, "{seed}: {}", refused(&range));
        // So slowly that nothing is refused: work is then what was asked for.
        let mut slow = session(KEY, seed, &[("clients.rate_per_s", json!(25))]);
        slow.advance(Time::from_ms(10_000.0), u64::MAX);
        let first = work(&slow.summary())[0];
        assert!((first - 0.85).abs() < 0.08, "{seed}: {first}");
        for partitioner in ["modulo", "ring", "directory"] {
            let (hashed, _) = run(KEY, seed, &by(partitioner));
            assert!(refused(&hashed) == 0 && p99(&hashed) < 500.0, "{seed} {partitioner}: {}", p99(&hashed));
            assert!(work(&hashed).iter().all(|share| (share - 0.25).abs() < 0.07), "{seed} {partitioner}");
        }
    }
}

/// Modulo keeps the 4 in 20 whose remainders agree; of equal ranges, 4 cut anew into 5, half stays where it was; the
/// least is the new shard's fifth (Karger et al., 1997), which a directory moves exactly.
#[test]
fn rows_move_as_the_partitioner_demands() {
    for seed in seeds(ADD) {
        for (partitioner, wanted) in [("modulo", 0.8), ("range", 0.5), ("ring", 0.2), ("directory", 0.2)] {
            let mut session = session(ADD, seed, &by(partitioner));
            session.advance(Time::from_ms(11_999.0), u64::MAX);
            // Each write was of one of 10 000 keys, some of them of the same.
            let writes = session.summary().nodes["store"].counts["writes"] as f64;
            let rows = 10_000.0 * (1.0 - libm::pow(1.0 - 1e-4, writes));
            assert!((rows - 470.0).abs() < 70.0, "{seed}: {rows}");
            session.advance(session.end(), u64::MAX);
            let summary = session.summary();
            let moved = summary.nodes["store"].counts["moved_rows"] as f64 / rows;
            assert!((moved - wanted).abs() < 0.09, "{seed} {partitioner}: {moved}");
            assert!(summary.total.lost <= 10, "{seed} {partitioner}: {:?}", summary.total.outcomes);
        }
    }
}

#[test]
fn a_hot_key_cannot_be_divided() {
    for seed in seeds(HOT) {
        let eight = ("store.count", json!(8));
        let (four, _) = run(HOT, seed, &[]);
        let (more, _) = run(HOT, seed, std::slice::from_ref(&eight));
        assert!(
            refused(&four) > 600 && refused(&more) > 250,
            "{seed}: {} {}",
            refused(&four),
            refused(&more)
        );
        let slowly = ("clients.rate_per_s", json!(20));
        let most =
            |settings: &[(&str, Value)]| work(&run(HOT, seed, settings).0).into_iter().fold(0.0, f64::max);
        let (of_four, of_eight) = (most(std::slice::from_ref(&slowly)), most(&[slowly, eight]));
        assert!((of_four - 0.625).abs() < 0.08, "{seed}: {of_four}");
        assert!((of_eight - 0.5625).abs() < 0.08, "{seed}: {of_eight}");
        let (copied, _) = run(HOT, seed, &copies());
        assert!(refused(&copied) <= 5, "{seed}: {}", refused(&copied));
        assert!(copied.nodes["store"].counts["stale_reads"] > 10, "{seed}");
    }
}

/// How long requests took, in milliseconds.
#[derive(Default)]
struct Took(Vec<f64>);

impl Observer for Took {
    fn ended(&mut self, request: &Request, _: Outcome, now: Time) {
        self.0.push(now.since(request.born).ms());
    }
}

/// Dean and Barroso (2013): 1 − (1 − p)^N.
#[test]
fn the_slowest_shard_decides() {
    for shards in [1, 5, 20, 50] {
        let (mut slow, mut all) = (0, 0);
        for seed in seeds(QUERY) {
            let scenario = session(QUERY, seed, &[("store.count", json!(shards))]).scenario().clone();
            let mut took = Took::default();
            let mut simulation = Simulation::new(&scenario, &mut took);
            simulation.advance(Time::from_ms(scenario.duration_ms), NO_LIMIT, &mut took);
            let these = took.0.iter().filter(|ms| **ms > 400.0).count();
            let share = these as f64 / took.0.len() as f64;
            let wanted = 1.0 - libm::pow(0.99, f64::from(shards));
            assert!((share - wanted).abs() < 0.07, "{seed} {shards}: {share} for {wanted}");
            slow += these;
            all += took.0.len();
        }
        let wanted = 1.0 - libm::pow(0.99, f64::from(shards));
        assert!((slow as f64 / all as f64 - wanted).abs() < 0.015, "{shards}: {slow} of {all}");
    }
}

/// A third of 150 transfers a second is machine 3's; each locks its accounts from the votes until the decision has come:
/// two messages of 40 ms and 100 ms of work. By Little's law nine transfers are in between when it dies.
#[test]
fn accounts_in_doubt_stay_locked_until_the_coordinator_is_back() {
    let doubts: Vec<f64> = seeds(TWO)
        .map(|seed| {
            let scenario = session(TWO, seed, &[]).scenario().clone();
            let mut simulation = Simulation::new(&scenario, &mut ());
            let mut held = |at_ms: f64| {
                simulation.advance(Time::from_ms(at_ms), NO_LIMIT, &mut ());
                let Node::Store(store) = &simulation.world().nodes()[1] else { panic!("no store") };
                assert_eq!(store.surplus(), 0, "{seed} at {at_ms} ms: no money is made or lost");
                store.locked_for(2)
            };
            held(11_999.0);
            // What was under way arrives within two seconds; from then on nothing changes.
            let soon = held(14_000.0);
            assert!(soon > 2, "{seed}: {soon}");
            for at_ms in [16_000.0, 20_000.0, 23_900.0] {
                assert_eq!(held(at_ms), soon, "{seed} at {at_ms} ms");
            }
            // Recovery asks every 500 ms, and a question takes two messages and its work.
            simulation.advance(Time::from_ms(24_000.0), NO_LIMIT, &mut ());
            let Node::Store(store) = &simulation.world().nodes()[1] else { panic!("no store") };
            let oldest = (0..1000)
                .filter(|key| store.lock(*key).is_some_and(|lock| lock.since < Time::from_ms(13_000.0)));
            assert_eq!(oldest.count(), soon, "{seed}");
            simulation.advance(Time::from_ms(25_500.0), NO_LIMIT, &mut ());
            let Node::Store(store) = &simulation.world().nodes()[1] else { panic!("no store") };
            let old = |key: &u32| store.lock(*key).is_some_and(|lock| lock.since < Time::from_ms(13_000.0));
            assert_eq!((0..1000).filter(old).count(), 0, "{seed}: free again");
            let (summary, _) = run(TWO, seed, &[]);
            summary.nodes["store"].counts["in_doubt"] as f64
        })
        .collect();
    let mean = doubts.iter().sum::<f64>() / doubts.len() as f64;
    let wanted = 2.0 * 150.0 / 3.0 * 0.180;
    assert!((mean / wanted - 1.0).abs() < 0.12, "{mean} for {wanted}");
    // Neither timeouts nor questions help.
    for seed in seeds(TWO).take(4) {
        let hasty = [("store.timeout_ms", json!(400)), ("store.recovery_ms", json!(50))];
        assert!(run(TWO, seed, &hasty).0.nodes["store"].counts["in_doubt"] > 2, "{seed}");
    }
}
