//! Each policy against its paper's rules, written down again as plainly as they go: lists are vectors,
//! newest first, and everything is searched for. Hits and contents must be the same after every request.

mod ghosts;
mod queues;

use super::sketch::Sketch;
use super::tests::{build, stream};
use super::*;
use ghosts::{Arc, Lirs, Min, S3Fifo, TwoQ, WTinyLfu};
use proptest::prelude::*;
use queues::{Clock, Lfu, Queue, Sieve, Slru};

trait Model {
    /// A request whose miss is admitted: true for a hit.
    fn access(&mut self, key: u32) -> bool;
    /// In any order.
    fn held(&self) -> Vec<u32>;
}

/// Takes `key` off a list; false if it was not there.
fn take(list: &mut Vec<u32>, key: u32) -> bool {
    let place = list.iter().position(|&other| other == key);
    place.map(|place| list.remove(place)).is_some()
}

/// A policy with knobs, and the model that must do the same.
type Pair = (&'static str, Vec<(&'static str, Value)>, Box<dyn Model>);

fn pairs(capacity: u32, random: &[u32; 3], future: &[u32]) -> Vec<Pair> {
    let c = capacity as usize;
    let [first, second, third] = *random;
    let percent = |share: u32| Value::Number(share.into());
    let of = |share: u32| c * share as usize / 100;
    let flag = third % 2 == 0;
    let word = |yes, no| Value::Word(if flag { yes } else { no });
    let queue = |moves| Box::new(Queue { capacity: c, moves, list: vec![] });
    let segments = 2 + third as usize % 3;
    let above = (f64::from(capacity) * (f64::from(first) / (segments - 1) as f64) / 100.0) as usize;
    let mut limits = vec![above; segments];
    limits[0] = c - above * (segments - 1);
    let hir = of(first).max(1);
    let window_limit = of(first).max(1);
    vec![
        ("fifo", vec![], queue(false)),
        ("lru", vec![], queue(true)),
        (
            "lfu",
            vec![("ties", word("newest", "oldest"))],
            Box::new(Lfu { capacity: c, newest: flag, clock: 0, entries: vec![] }),
        ),
        (
            "clock",
            vec![("bits", percent(1 + first % 3)), ("bit_on_load", Value::Flag(flag))],
            Box::new(Clock {
                capacity: c,
                most: (2 << (first % 3)) - 1,
                on_load: flag.into(),
                queue: vec![],
            }),
        ),
        ("sieve", vec![], Box::new(Sieve { capacity: c, hand: 0, queue: vec![] })),
        (
            "slru",
            vec![
                ("segments", Value::Number(segments as f64)),
                ("protected_percent", percent(first)),
                ("first_fill", word("upwards", "lowest")),
            ],
            Box::new(Slru { capacity: c, limits, upwards: flag, segments: vec![vec![]; segments] }),
        ),
        (
            "two-q",
            vec![("in_percent", percent(first)), ("out_percent", percent(second))],
            Box::new(TwoQ {
                capacity: c,
                kin: of(first),
                kout: of(second),
                a1in: vec![],
                a1out: vec![],
                am: vec![],
            }),
        ),
        ("arc", vec![], Box::new(Arc { capacity: c, ..Arc::default() })),
        (
            "lirs",
            vec![("hir_percent", percent(first)), ("stack_percent", percent(100 + second))],
            Box::new(Lirs {
                capacity: c,
                hot_limit: c - hir,
                stack_limit: of(100 + second),
                stack: vec![],
                hot: vec![],
                queue: vec![],
                ghosts: vec![],
            }),
        ),
        (
            "w-tiny-lfu",
            vec![
                ("window_percent", percent(first)),
                ("protected_percent", percent(second % 101)),
                ("sample_per_entry", percent(1 + third % 10)),
            ],
            Box::new(WTinyLfu {
                capacity: c,
                window_limit,
                protected_limit: (c - window_limit) * (second % 101) as usize / 100,
                window: vec![],
                probation: vec![],
                protected: vec![],
                sketch: Sketch::new(capacity, capacity * (1 + third % 10)),
            }),
        ),
        (
            "s3-fifo",
            vec![
                ("small_percent", percent(first)),
                ("ghost_percent", percent(second)),
                ("promote_after", percent(1 + third % 3)),
                ("first_fill", word("main", "small")),
            ],
            Box::new(S3Fifo {
                capacity: c,
                small_limit: of(first),
                ghost_limit: of(second),
                promote_after: 1 + third % 3,
                fill_main: flag,
                small: vec![],
                main: vec![],
                ghost: vec![],
            }),
        ),
        ("min", vec![], Box::new(Min { capacity: c, future: future.to_vec(), held: vec![] })),
    ]
}

/// Requests to few keys, some of them far more popular, with runs in order.
fn requests() -> impl Strategy<Value = Vec<u32>> {
    let run = (0u32..40, 1u32..12).prop_map(|(from, len)| (from..from + len).collect::<Vec<u32>>());
    let single = (0u32..40, 0u32..40).prop_map(|(a, b)| vec![a * b / 40]);
    let part = prop_oneof![1 => run, 6 => single];
    proptest::collection::vec(part, 0..200).prop_map(|parts: Vec<Vec<u32>>| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn policies_do_what_their_papers_say(
        keys in requests(),
        capacity in 1u32..20,
        random in [0u32..=100, 0u32..=250, 0u32..=59],
    ) {
        for (id, knobs, mut model) in pairs(capacity, &random, &keys) {
            let mut policy = build(id, capacity, &knobs);
            policy.foresee(&keys);
            let mut random = stream();
            for (nth, &key) in keys.iter().enumerate() {
                prop_assert_eq!(policy.access(key, &mut random), model.access(key), "{} {:?}, {}", id, knobs, nth);
                prop_assert_eq!(policy.check(), Ok(()), "{}", id);
                let held = model.held();
                prop_assert_eq!(policy.len() as usize, held.len(), "{}", id);
                // Among keys that are never needed again MIN may keep any.
                let same = id == "min" || held.iter().all(|&key| policy.contains(key));
                prop_assert!(same, "{} {:?}, request {}: holds other than {:?}", id, knobs, nth, held);
            }
        }
    }
}

/// Chi-square against the uniform distribution, 99 degrees of freedom: 148.2 is the 0.1 % critical value.
#[test]
fn random_throws_out_each_entry_equally_often() {
    let (mut counts, mut random) = ([0u32; 100], stream());
    let rounds = 20_000;
    for round in 0..rounds {
        let mut policy = build("random", 100, &[]);
        (0..100).for_each(|key| _ = policy.admit(key, &mut random));
        let evicted = policy.admit(1000 + round, &mut random).expect("it is full");
        counts[evicted as usize] += 1;
    }
    let expected = f64::from(rounds) / 100.0;
    let deviation = |count: &u32| (f64::from(*count) - expected) * (f64::from(*count) - expected) / expected;
    let chi_square: f64 = counts.iter().map(deviation).sum();
    assert!(chi_square < 148.2, "{chi_square}");
}
