//! What the labs on hash rings claim.

use super::common::{Proof, p99, run, seeds, session};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use switchyard::algo::ring::{self, Members, imbalance, owned};
use switchyard::algo::setting::{Knobs, Value as Knob};
use switchyard::node::{Node, cache::Machine};
use switchyard::report::Summary;
use switchyard::run::{NO_LIMIT, Simulation};
use switchyard::sim::{Call, CallId, Observer, Request, Time};

const POINTS: &str = "hash-rings/virtual-points";
const RESIZE: &str = "hash-rings/add-and-remove-a-node";
const BOUNDED: &str = "hash-rings/bounded-load";
const FIVE: &str = "hash-rings/five-ways-to-place-keys";
const SCAN: &str = "hash-rings/the-ring-that-scans-by-name";

pub fn proofs() -> Vec<Proof> {
    let ring = |points: u32| json!({ "id": "ring", "points": points });
    let bounded = json!({ "id": "consistent-hash", "points": 160, "by": "key", "load_factor": 1.25 });
    vec![
        Proof { id: POINTS, answer: "about 2.5 times", solution: vec![("cache.partitioner", ring(100))] },
        Proof { id: RESIZE, answer: "80 %", solution: vec![("cache.partitioner", ring(160))] },
        Proof { id: BOUNDED, answer: "about 25 %", solution: vec![("lb.policy", bounded)] },
        Proof { id: FIVE, answer: "about 76 %", solution: vec![("cache.partitioner", json!("rendezvous"))] },
        Proof { id: SCAN, answer: "still all", solution: vec![("cache.partitioner", ring(160))] },
    ]
}

fn placed(by: &str) -> [(&'static str, Value); 1] {
    [("cache.partitioner", json!(by))]
}

fn imbalance_of(summary: &Summary, node: &str) -> f64 {
    summary.nodes[node].imbalance.unwrap()
}

fn hit_ratio(summary: &Summary) -> f64 {
    summary.nodes["cache"].hit_ratio.unwrap()
}

fn refused(summary: &Summary) -> u64 {
    summary.total.outcomes["queue-full"]
}

#[test]
fn a_warm_cache_holds_only_keys_that_are_asked_for() {
    let session = session(POINTS, 1, &[]);
    let nodes = session.simulation().world().nodes();
    let held = |key| {
        let facts = nodes.iter().flat_map(|node| node.about_key(key, Time::ZERO));
        facts.filter(|fact| fact.fact.ends_with("held") && !fact.fact.ends_with("not held")).count()
    };
    assert!((0..1000).map(held).sum::<usize>() > 500);
    assert_eq!((1000..1400).map(held).sum::<usize>(), 0);
}

#[test]
fn one_point_each_gives_one_machine_two_fifths() {
    for seed in seeds(POINTS) {
        let (one, _) = run(POINTS, seed, &[]);
        let share = one.nodes["cache"].members[&3].load_share;
        assert!((share - 0.41).abs() < 0.04, "{seed}: {share}");
        assert!((imbalance_of(&one, "cache") - 2.5).abs() < 0.2, "{seed}: {}", imbalance_of(&one, "cache"));
        // 410 keys in 220 places, each as likely to be asked for: of machine 3's reads 220 / 410 hit.
        assert!((hit_ratio(&one) - 0.81).abs() < 0.05, "{seed}: {}", hit_ratio(&one));
        let with = |points: u32| {
            run(POINTS, seed, &[("cache.partitioner", json!({ "id": "ring", "points": points }))]).0
        };
        let (ten, hundred) = (with(10), with(100));
        assert!((1.4..1.7).contains(&imbalance_of(&ten, "cache")), "{seed}");
        assert!(imbalance_of(&hundred, "cache") < 1.2, "{seed}: {}", imbalance_of(&hundred, "cache"));
        assert!(hit_ratio(&ten) > 0.95 && hit_ratio(&hundred) > 0.999, "{seed}: {}", hit_ratio(&hundred));
        assert!(imbalance_of(&with(1000), "cache") < 1.2, "{seed}");
    }
}

/// Arcs of N · v random points: a member's share has the mean 1 / N, and its standard deviation over that mean is
/// √((N − 1) / (N · v + 1)) (the gaps between uniform points, of which v are summed, have a Dirichlet
/// distribution). Measured over many rings with other names.
#[test]
fn shares_spread_as_one_over_the_root_of_the_points() {
    let entry = ring::find("ring").unwrap();
    let (members, keys, rings) = (6, 20_000, 60);
    for points in [1, 10, 100] {
        let mut knobs = Knobs::defaults(entry.info.knobs);
        knobs.set("points", Knob::Number(points.into()));
        let mut squares = 0.0;
        for nth in 0..rings {
            let named = Members::named((0..members).map(|member| format!("ring-{nth}-{member}")));
            let mut policy = (entry.build)(&knobs);
            policy.rebuild(&named);
            let variation = imbalance(&owned((&*policy, &named), keys), &[]).variation;
            squares += variation * variation;
        }
        let found = (squares / f64::from(rings)).sqrt();
        let n = f64::from(members);
        let wanted = ((n - 1.0) / (n * f64::from(points) + 1.0)).sqrt();
        assert!((found / wanted - 1.0).abs() < 0.15, "{points} points: {found} for {wanted}");
    }
}

/// How many entries lie where they are looked for just before a moment, and how many of them do not after it.
fn moved_at(id: &str, seed: u64, settings: &[(&str, Value)], at_ms: f64) -> (u64, u64) {
    let mut session = session(id, seed, settings);
    let mut moved = |at: f64| {
        session.advance(Time::from_ms(at), u64::MAX);
        let summary = session.summary();
        let Node::Cache(cache) = &session.simulation().world().nodes()[1] else { panic!("no cache") };
        let up = cache.machines().iter().zip(0u16..).filter(|(machine, _)| !machine.down);
        let in_place = |(machine, number): (&Machine, u16)| {
            machine.keys().filter(|key| cache.placing().owner(*key) == Some(number)).count() as u64
        };
        (up.map(in_place).sum::<u64>(), summary.nodes["cache"].counts["moved_keys"])
    };
    let ((entries, before), (_, after)) = (moved(at_ms - 1.0), moved(at_ms + 1.0));
    (entries, after - before)
}

fn moved_share(id: &str, seed: u64, by: &str, at_ms: f64) -> f64 {
    let (entries, moved) = moved_at(id, seed, &placed(by), at_ms);
    moved as f64 / entries as f64
}

/// Karger et al. (1997): from N to N + 1 members a ring moves 1 / (N + 1) of the keys. With modulo those stay whose
/// hash has the same remainder by both: 4 in 20. When one of five fails, the survivors' entries stay with a ring,
/// and with modulo one in four finds itself where it was.
#[test]
fn modulo_moves_four_fifths_and_a_ring_one_fifth() {
    for seed in seeds(RESIZE) {
        let added = |by| moved_share(RESIZE, seed, by, 10_000.0);
        assert!((added("modulo") - 0.8).abs() < 0.04, "{seed}: {}", added("modulo"));
        assert!((added("ring") - 0.2).abs() < 0.04, "{seed}: {}", added("ring"));
        let failed = |by| moved_share(RESIZE, seed, by, 25_500.0);
        assert!((failed("modulo") - 0.75).abs() < 0.05, "{seed}: {}", failed("modulo"));
        assert_eq!(failed("ring"), 0.0, "{seed}");
    }
}

/// Hits over reads between two moments.
fn hit_ratio_between(id: &str, seed: u64, settings: &[(&str, Value)], from_ms: f64, to_ms: f64) -> f64 {
    let mut session = session(id, seed, settings);
    let mut counts = |at: f64| {
        session.advance(Time::from_ms(at), u64::MAX);
        let counts = session.summary().nodes["cache"].counts.clone();
        (counts["hits"], counts["misses"])
    };
    let ((hits, misses), (more_hits, more_misses)) = (counts(from_ms), counts(to_ms));
    (more_hits - hits) as f64 / (more_hits - hits + more_misses - misses) as f64
}

#[test]
fn a_new_machine_floods_the_origin_only_with_modulo() {
    for seed in seeds(RESIZE) {
        let (modulo, _) = run(RESIZE, seed, &[]);
        assert!(refused(&modulo) > 90, "{seed}: {}", refused(&modulo));
        let (ring, _) = run(RESIZE, seed, &placed("ring"));
        assert_eq!(refused(&ring), 0, "{seed}");
        assert!(hit_ratio(&modulo) < 0.78 && hit_ratio(&ring) > 0.9, "{seed}: {}", hit_ratio(&modulo));
        let dip = |by| hit_ratio_between(RESIZE, seed, &placed(by), 10_100.0, 12_100.0);
        assert!(dip("modulo") < 0.4 && dip("ring") > 0.7, "{seed}: {} {}", dip("modulo"), dip("ring"));
    }
}

/// Which member got each request, by number.
#[derive(Default)]
struct Given(BTreeMap<u64, u16>);

impl Observer for Given {
    fn departed(&mut self, _: CallId, call: &Call, request: &Request) {
        if call.to.node == 2 {
            self.0.insert(request.number, call.to.member);
        }
    }
}

fn given(seed: u64, policy: Value) -> BTreeMap<u64, u16> {
    let scenario = session(BOUNDED, seed, &[("lb.policy", policy)]).scenario().clone();
    assert_eq!(scenario.nodes[2].id, "servers");
    let mut seen = Given::default();
    let mut simulation = Simulation::new(&scenario, &mut seen);
    simulation.advance(Time::from_ms(scenario.duration_ms), NO_LIMIT, &mut seen);
    seen.0
}

fn with_factor(load_factor: f64) -> Value {
    json!({ "id": "consistent-hash", "points": 160, "by": "key", "load_factor": load_factor })
}

#[test]
fn a_hot_key_fills_its_server_unless_loads_are_bounded() {
    for seed in seeds(BOUNDED) {
        let (free, _) = run(BOUNDED, seed, &[]);
        let share = free.nodes["servers"].members[&3].load_share;
        assert!((share - 0.57).abs() < 0.04, "{seed}: {share}");
        assert!(refused(&free) > 900, "{seed}: {}", refused(&free));
        for (factor, refusals) in [(2.0, 60), (1.25, 0)] {
            let (bounded, _) = run(BOUNDED, seed, &[("lb.policy", with_factor(factor))]);
            assert!(refused(&bounded) <= refusals, "{seed} {factor}: {}", refused(&bounded));
            assert!(imbalance_of(&bounded, "servers") < factor + 0.04, "{seed} {factor}");
        }
        let (bounded, _) = run(BOUNDED, seed, &[("lb.policy", with_factor(1.25))]);
        assert!(p99(&bounded) < 0.7 * p99(&free), "{seed}: {} {}", p99(&bounded), p99(&free));
        let share = bounded.nodes["servers"].members[&3].load_share;
        assert!((share - 0.25).abs() < 0.015, "{seed}: {share}");
    }
}

#[test]
fn a_tighter_bound_leaves_fewer_requests_at_home() {
    for seed in seeds(BOUNDED) {
        let home = given(seed, with_factor(0.0));
        let at_home = |policy| {
            let given = given(seed, policy);
            let same = given.iter().filter(|(number, member)| home.get(number) == Some(member)).count();
            same as f64 / given.len() as f64
        };
        let (loose, tight) = (at_home(with_factor(2.0)), at_home(with_factor(1.25)));
        let anywhere = at_home(json!("least-connections"));
        assert!((loose - 0.7).abs() < 0.03, "{seed}: {loose}");
        assert!((tight - 0.56).abs() < 0.03, "{seed}: {tight}");
        assert!((anywhere - 0.2).abs() < 0.03, "{seed}: {anywhere}");
    }
}

/// The lists close up: machine 1 keeps its number, 3 to 5 take the place of the one before, and of the last one's
/// keys one in five stays: (3 + 4/5) / 5. (Lamping and Veach, 2014: only the last may leave.)
#[test]
fn jump_moves_the_survivors_keys_too() {
    for seed in seeds(FIVE) {
        for by in ["ring", "rendezvous", "multi-probe", "maglev", "jump"] {
            let added = moved_share(FIVE, seed, by, 12_000.0);
            assert!((added - 1.0 / 6.0).abs() < 0.05, "{seed} {by}: {added}");
            let failed = moved_share(FIVE, seed, by, 30_500.0);
            match by {
                "jump" => assert!((failed - 0.76).abs() < 0.04, "{seed}: {failed}"),
                "maglev" => assert!(failed < 0.03, "{seed}: {failed}"),
                _ => assert_eq!(failed, 0.0, "{seed} {by}"),
            }
        }
    }
}

#[test]
fn of_five_ways_the_ring_is_the_least_even_and_jump_floods_the_origin() {
    for seed in seeds(FIVE) {
        let by = |by| run(FIVE, seed, &placed(by)).0;
        let [ring, rendezvous, probes, maglev, jump] =
            ["ring", "rendezvous", "multi-probe", "maglev", "jump"].map(by);
        for other in [&rendezvous, &probes, &maglev, &jump] {
            assert!(imbalance_of(&ring, "cache") > imbalance_of(other, "cache") + 0.03, "{seed}");
        }
        assert!(imbalance_of(&ring, "cache") > 1.3, "{seed}: {}", imbalance_of(&ring, "cache"));
        assert!(refused(&jump) > 20, "{seed}: {}", refused(&jump));
        for few in [&ring, &rendezvous, &probes, &maglev] {
            assert_eq!(refused(few), 0, "{seed}");
        }
    }
}

#[test]
fn scanning_by_name_asks_one_machine_however_many_there_are() {
    for seed in seeds(SCAN) {
        let (four, _) = run(SCAN, seed, &[]);
        let (eight, _) = run(SCAN, seed, &[("cache.count", json!(8))]);
        for summary in [&four, &eight] {
            assert_eq!(summary.nodes["cache"].members[&1].load_share, 1.0, "{seed}");
            // 300 of 1000 keys, all equally likely.
            assert!((hit_ratio(summary) - 0.3).abs() < 0.03, "{seed}: {}", hit_ratio(summary));
        }
        assert!(refused(&four) > 450, "{seed}: {}", refused(&four));
        assert_eq!(four.total.outcomes, eight.total.outcomes, "{seed}");
        let (ring, _) = run(SCAN, seed, &placed("ring"));
        assert!(refused(&ring) == 0 && hit_ratio(&ring) > 0.99, "{seed}: {}", hit_ratio(&ring));
        // What every test of one machine says: nothing is wrong.
        let one = |by| run(SCAN, seed, &[("cache.count", json!(1)), ("cache.partitioner", json!(by))]).0;
        assert_eq!(one("scan-by-name").total.outcomes, one("ring").total.outcomes, "{seed}");
    }
}
