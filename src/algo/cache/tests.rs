//! What every eviction policy must do, whatever is thrown at it. Models of single policies are in `models`.

use super::*;
use crate::sim::{Purpose, Span, Time};
use proptest::prelude::*;
use std::collections::BTreeMap;

pub(super) fn stream() -> Stream {
    Stream::new(1, "cache", Purpose::Policy)
}

pub(super) fn build(id: &str, capacity: u32, knobs: &[(&'static str, Value)]) -> Box<dyn Evict> {
    let entry = find(id).expect("a policy of the table");
    let mut chosen = Knobs::defaults(entry.info.knobs);
    for (name, value) in knobs {
        assert!(entry.info.knobs.iter().any(|knob| knob.name == *name), "{id} has no {name}");
        chosen.set(name, value.clone());
    }
    (entry.build)(capacity, &chosen)
}

fn faults(id: &str, capacity: u32, keys: &[u32]) -> u64 {
    faults_with(id, capacity, keys, &[])
}

fn faults_with(id: &str, capacity: u32, keys: &[u32], knobs: &[(&'static str, Value)]) -> u64 {
    let mut policy = build(id, capacity, knobs);
    policy.foresee(keys);
    keys.len() as u64 - policy.replay(keys, &mut stream())
}

/// Silberschatz, Galvin and Gagne, "Operating System Concepts", the chapter on page replacement.
#[test]
fn textbook_reference_strings() {
    let string = [7, 0, 1, 2, 0, 3, 0, 4, 2, 3, 0, 3, 2, 1, 2, 0, 1, 7, 0, 1];
    assert_eq!(["fifo", "lru", "min"].map(|id| faults(id, 3, &string)), [15, 12, 9]);
    let anomaly = [1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5];
    assert_eq!((faults("fifo", 3, &anomaly), faults("fifo", 4, &anomaly)), (9, 10));
}

/// Something that happens to a cache.
#[derive(Clone, Debug)]
enum Event {
    Access(u32),
    Touch(u32),
    Admit(u32),
    Remove(u32),
}

fn events(keys: u32) -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        8 => (0..keys).prop_map(Event::Access),
        1 => (0..keys).prop_map(Event::Touch),
        1 => (0..keys).prop_map(Event::Admit),
        1 => (0..keys).prop_map(Event::Remove),
    ];
    proptest::collection::vec(event, 0..300)
}

/// Every policy of the table with its defaults, and with knobs at both their ends.
fn variants(capacity: u32) -> Vec<(&'static str, Box<dyn Evict>)> {
    let mut all = vec![];
    for entry in TABLE {
        let defaults = Knobs::defaults(entry.info.knobs);
        all.push((entry.info.id, (entry.build)(capacity, &defaults)));
        for knob in entry.info.knobs {
            let values = match knob.kind {
                SettingKind::Number { min, max, .. } => vec![Value::Number(min), Value::Number(max)],
                SettingKind::Choice { options, .. } => {
                    options.iter().map(|(id, _)| Value::Word(id)).collect()
                }
                SettingKind::Toggle { default } => vec![Value::Flag(!default)],
                _ => vec![],
            };
            for value in values {
                let mut knobs = defaults.clone();
                knobs.set(knob.name, value);
                all.push((entry.info.id, (entry.build)(capacity, &knobs)));
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Set semantics, with a plain list as the model of what is held; invariants after every operation.
    #[test]
    fn every_policy_holds_what_it_says(events in events(30), capacity in 1u32..12) {
        for (id, mut policy) in variants(capacity) {
            let mut random = stream();
            let mut held: Vec<u32> = vec![];
            for event in &events {
                match *event {
                    Event::Access(key) => {
                        let before = held.contains(&key);
                        prop_assert_eq!(policy.access(key, &mut random), before, "{}", id);
                        held = (0..30).filter(|&key| policy.contains(key)).collect();
                        prop_assert!(before || held.contains(&key) || policy.len() == capacity, "{}", id);
                    }
                    Event::Touch(key) => prop_assert_eq!(policy.touch(key), held.contains(&key), "{}", id),
                    Event::Admit(key) => {
                        let (full, known) = (held.len() as u32 == capacity, held.contains(&key));
                        let evicted = policy.admit(key, &mut random);
                        if !known {
                            held.push(key);
                        }
                        prop_assert!(evicted.is_none() || full && !known, "{}: evicted without need", id);
                        held.retain(|&key| Some(key) != evicted);
                    }
                    Event::Remove(key) => {
                        prop_assert_eq!(policy.remove(key), held.contains(&key), "{}", id);
                        held.retain(|&other| other != key);
                    }
                }
                prop_assert_eq!(policy.check(), Ok(()), "{}", id);
                prop_assert_eq!(policy.len() as usize, held.len(), "{}", id);
                prop_assert!(policy.len() <= capacity && policy.capacity() == capacity, "{}", id);
                prop_assert!((0..30).all(|key| policy.contains(key) == held.contains(&key)), "{}", id);
            }
            shows(id, &*policy, &held)?;
        }
    }

    /// The same misses whether requests come one by one, in bulk, or as a touch and an admission; and a clone
    /// goes on as the original does.
    #[test]
    fn ways_to_ask_agree(keys in proptest::collection::vec(0u32..40, 0..300), capacity in 1u32..20) {
        for (id, policy) in variants(capacity) {
            let mut ways = [policy.clone(), policy.clone(), policy.clone()];
            ways.iter_mut().for_each(|policy| policy.foresee(&keys));
            let [bulk, single, parts] = &mut ways;
            let hits = bulk.replay(&keys, &mut stream());
            let mut random = stream();
            let (first, second) = keys.split_at(keys.len() / 2);
            let mut sum = first.iter().filter(|&&key| single.access(key, &mut random)).count();
            let mut clone = single.clone();
            sum += second.iter().filter(|&&key| clone.access(key, &mut random)).count();
            prop_assert_eq!(hits, sum as u64, "{}", id);
            let mut random = stream();
            let one = |key: &&u32| parts.touch(**key) || (parts.admit(**key, &mut random), false).1;
            prop_assert_eq!(hits, keys.iter().filter(one).count() as u64, "{}", id);
            prop_assert_eq!(bulk.inspect(), clone.inspect(), "{}", id);
            prop_assert_eq!(bulk.inspect(), parts.inspect(), "{}", id);
        }
    }

    /// Mattson et al. (1970): a larger LRU or MIN cache holds all that a smaller one holds.
    #[test]
    fn lru_and_min_are_stack_algorithms(keys in proptest::collection::vec(0u32..20, 1..120)) {
        let mut smaller: Option<Vec<Vec<u32>>> = None;
        for capacity in 1..8 {
            let mut lru = build("lru", capacity, &[]);
            let contents: Vec<Vec<u32>> = keys.iter().map(|&key| {
                lru.access(key, &mut stream());
                (0..20).filter(|&key| lru.contains(key)).collect()
            }).collect();
            if let Some(smaller) = smaller {
                let within = |(less, more): (&Vec<u32>, &Vec<u32>)| less.iter().all(|key| more.contains(key));
                prop_assert!(smaller.iter().zip(&contents).all(within));
            }
            smaller = Some(contents);
            // Entries never needed again are equals for MIN, so only its faults are sure to shrink.
            prop_assert!(faults("min", capacity + 1, &keys) <= faults("min", capacity, &keys));
        }
    }

    /// Belady (1966), Mattson et al. (1970): nobody misses less than MIN; with the right to refuse, not even
    /// a policy that refuses.
    #[test]
    fn nothing_beats_min(keys in proptest::collection::vec(0u32..25, 1..300), capacity in 1u32..12) {
        let min = faults("min", capacity, &keys);
        let bound = faults_with("min", capacity, &keys, &[("bypass", Value::Flag(true))]);
        prop_assert!(bound <= min);
        for (id, mut policy) in variants(capacity) {
            policy.foresee(&keys);
            let found = keys.len() as u64 - policy.replay(&keys, &mut stream());
            let refuses = ["ttl", "min"].contains(&id);
            prop_assert!(found >= if refuses { bound } else { min }, "{}: {} below {}", id, found, min);
        }
    }
}

/// What is shown is what is held.
fn shows(id: &str, policy: &dyn Evict, held: &[u32]) -> Result<(), TestCaseError> {
    let inspection = policy.inspect();
    let mut shown: Vec<u32> = vec![];
    for list in &inspection.lists {
        prop_assert_eq!(list.keys.len(), list.len as usize, "{}: {}", id, list.name);
        prop_assert!(list.marks.is_empty() || list.marks.len() == list.keys.len(), "{}", id);
        prop_assert!(list.hand.is_none_or(|hand| hand < list.len), "{}", id);
        if list.ghost {
            prop_assert!(list.keys.iter().all(|&key| !policy.contains(key)), "{}: {}", id, list.name);
        } else {
            shown.extend(list.keys.iter().filter(|&&key| policy.contains(key)));
        }
    }
    shown.sort_unstable();
    shown.dedup();
    let mut held = held.to_vec();
    held.sort_unstable();
    prop_assert_eq!(shown, held, "{}", id);
    Ok(())
}

/// Che, Tung and Wang (2002): under independent requests an LRU cache of C entries hits key i with probability
/// 1 - exp(-p(i) T), where T solves sum of (1 - exp(-p(i) T)) = C.
#[test]
fn lru_hits_as_che_says() {
    let (keys, capacity, requests) = (2000usize, 200u32, 400_000);
    let weights: Vec<f64> = (1..=keys).map(|rank| 1.0 / libm::pow(rank as f64, 0.9)).collect();
    let total: f64 = weights.iter().sum();
    let held = |t: f64| weights.iter().map(|w| 1.0 - libm::exp(-w / total * t)).sum::<f64>();
    let (mut low, mut high) = (0.0, 1e9);
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if held(middle) < f64::from(capacity) { low = middle } else { high = middle }
    }
    let expected: f64 = weights.iter().map(|w| w / total * (1.0 - libm::exp(-w / total * low))).sum();

    let sums: Vec<f64> = weights
        .iter()
        .scan(0.0, |sum, w| {
            Some({
                *sum += w;
                *sum
            })
        })
        .collect();
    let mut random = stream();
    let mut key = || {
        let place = crate::sim::Random::unit(&mut random) * total;
        sums.partition_point(|&sum| sum <= place) as u32
    };
    let trace: Vec<u32> = (0..requests).map(|_| key()).collect();
    let mut lru = build("lru", capacity, &[]);
    let (warm, measured) = trace.split_at(requests / 8);
    lru.replay(warm, &mut stream());
    let found = lru.replay(measured, &mut stream()) as f64 / measured.len() as f64;
    // The standard deviation of a ratio over 350 000 requests is below 0.0009.
    assert!((found - expected).abs() < 0.004, "{found}, Che {expected}");
}

/// What has expired is never found, whatever the policy evicts; a map with times is the model.
#[derive(Clone, Debug)]
enum Step {
    Get(u32),
    Put(u32, Option<u64>),
    Remove(u32),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let lifetime = prop_oneof![1 => Just(None), 4 => (0u64..60).prop_map(Some)];
    let step = prop_oneof![
        4 => (0u32..15).prop_map(Step::Get),
        4 => (0u32..15, lifetime).prop_map(|(key, lifetime)| Step::Put(key, lifetime)),
        1 => (0u32..15).prop_map(Step::Remove),
        3 => (0u64..20).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 0..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn lifetimes_end_on_time(steps in steps(), capacity in 1u32..8) {
        for (id, policy) in variants(capacity) {
            let mut cache = Expiring::new(policy);
            let (mut random, mut now) = (stream(), Time::ZERO);
            // Key to (written, end).
            let mut model: BTreeMap<u32, (Time, Time)> = BTreeMap::new();
            for step in &steps {
                match *step {
                    Step::Wait(ns) => now = now + Span(ns),
                    Step::Get(key) => {
                        let expected = match model.get(&key) {
                            None => Got::Miss,
                            Some((written, end)) if *end <= now => Got::Expired { age: now.since(*written) },
                            Some((written, end)) => Got::Hit {
                                age: now.since(*written),
                                left: (*end != Time::NEVER).then(|| end.since(now)),
                            },
                        };
                        if let Got::Expired { .. } = expected {
                            model.remove(&key);
                        }
                        prop_assert_eq!(cache.get(key, now), expected, "{}", id);
                    }
                    Step::Put(key, lifetime) => {
                        model.retain(|_, (_, end)| *end > now);
                        let (known, full) = (model.contains_key(&key), model.len() as u32 == capacity);
                        let put = cache.put(key, now, lifetime.map(Span), &mut random);
                        prop_assert!(put.evicted.is_none() && put.admitted || full && !known, "{}", id);
                        if put.admitted {
                            let end = lifetime.map_or(Time::NEVER, |lifetime| now + Span(lifetime));
                            model.insert(key, (now, end));
                        }
                        if let Some(key) = put.evicted {
                            prop_assert!(model.remove(&key).is_some(), "{}", id);
                        }
                    }
                    Step::Remove(key) => {
                        prop_assert_eq!(cache.remove(key), model.remove(&key).is_some(), "{}", id);
                    }
                }
                prop_assert_eq!(cache.check(), Ok(()), "{}", id);
                prop_assert_eq!(cache.len() as usize, model.len(), "{}", id);
                let first = model.values().map(|(_, end)| *end).filter(|&end| end != Time::NEVER).min();
                prop_assert_eq!(cache.next_expiry(), first, "{}", id);
            }
        }
    }
}

#[test]
fn a_full_cache_without_eviction_takes_in_nothing_until_something_expires() {
    let mut cache = Expiring::new(build("ttl", 2, &[]));
    let (mut random, second) = (stream(), |s: u64| Time(s * 1_000_000_000));
    let mut put = |key, now| cache.put(key, now, Some(Span::from_seconds(10.0)), &mut random);
    assert!(put(1, second(0)).admitted && put(2, second(5)).admitted);
    assert_eq!(put(3, second(9)), Put { admitted: false, evicted: None });
    assert!(put(3, second(10)).admitted, "1 has expired");
    assert_eq!(cache.get(1, second(11)), Got::Miss);
    assert_eq!(cache.get(2, second(15)), Got::Expired { age: Span::from_seconds(10.0) });
    let hit = Got::Hit { age: Span::from_seconds(5.0), left: Some(Span::from_seconds(5.0)) };
    assert_eq!(cache.get(3, second(15)), hit);
    assert_eq!((cache.expire(second(19)), cache.expire(second(20)), cache.len()), (None, Some(3), 0));
}

proptest! {
    /// MIN counts requests as long as they come as foreseen, else it looks them up. An unforeseen key at first makes
    /// it look all of them up.
    #[test]
    fn min_knows_the_future_in_whatever_order_it_comes(
        keys in proptest::collection::vec(0u32..30, 2..200),
        swaps in proptest::collection::vec(0usize..200, 0..4),
        capacity in 1u32..12,
    ) {
        let mut counting = build("min", capacity, &[]);
        counting.foresee(&keys);
        let mut looking_up = counting.clone();
        looking_up.touch(u32::MAX);
        let mut asked = keys.clone();
        for at in swaps {
            asked.swap(at % keys.len(), (at + 1) % keys.len());
        }
        let mut random = stream();
        for key in asked {
            prop_assert_eq!(counting.access(key, &mut random), looking_up.access(key, &mut random));
            prop_assert_eq!((counting.check(), looking_up.check()), (Ok(()), Ok(())));
            prop_assert_eq!(counting.inspect(), looking_up.inspect());
        }
    }
}
