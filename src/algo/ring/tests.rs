//! What every partitioning policy must do, whatever is thrown at it; and helpers for the policies' tests.

use super::*;
use crate::algo::setting::Value;
use proptest::prelude::*;
use std::sync::Arc;

/// The policy with some knobs set, ready for `members`.
pub(super) fn policy_with(id: &str, set: &[(&'static str, Value)], members: &Members) -> Box<dyn Partition> {
    let entry = find(id).expect("a policy of the table");
    let mut knobs = Knobs::defaults(entry.info.knobs);
    set.iter().for_each(|(name, value)| knobs.set(name, value.clone()));
    let mut policy = (entry.build)(&knobs);
    policy.rebuild(members);
    policy
}

pub(super) fn key(policy: &dyn Partition, number: u32) -> Key<'static> {
    Key::number(number, policy.hashing())
}

/// Members `m0`, `m1`… with these weights.
pub(super) fn weighted(weights: &[u32]) -> Members {
    let mut members = Members::default();
    weights.iter().enumerate().for_each(|(at, &weight)| members.push(format!("m{at}"), weight));
    members
}

/// The owners' names of the keys below `keys`.
fn names(policy: &dyn Partition, members: &Members, keys: u32) -> Vec<Arc<str>> {
    (0..keys).map(|number| members.name[policy.owner(&key(policy, number))].clone()).collect()
}

/// For whom a member is its name alone, wherever it stands in the list.
const BY_NAME: &[&str] = &["ring", "bounded-ring", "rendezvous", "multi-probe", "maglev", "scan-by-name"];

/// For whom a change moves only the keys of who leaves, or only to who joins. Maglev moves some others.
const MOVE_THE_LEAST: &[&str] = &["ring", "bounded-ring", "rendezvous", "multi-probe", "scan-by-name"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Owners exist and differ, the owner is the first of them, whatever members come and go.
    #[test]
    fn every_policy_keeps_the_contract(
        changes in prop::collection::vec((0..3u32, 0..20usize, 1..=WEIGHT_MAX), 1..12),
        keys in prop::collection::vec("[a-z0-9:-]{0,12}", 1..20),
    ) {
        for entry in TABLE {
            let mut members = Members::default();
            let mut policy = policy_with(entry.info.id, &[("points", Value::Number(5.0))], &members);
            prop_assert_eq!(policy.check(&members), Ok(()), "{}", entry.info.id);
            prop_assert_eq!(policy.owner(&key(&*policy, 7)), 0, "no panic without members");
            let mut owners = vec![];
            for (nth, (what, at, weight)) in changes.iter().enumerate() {
                match what {
                    0 if members.len() > 1 => members.remove(at % members.len()),
                    1 if !members.is_empty() => {
                        let at = at % members.len();
                        members.weight[at] = *weight;
                    }
                    _ => members.push(format!("m{nth}"), *weight),
                }
                policy.rebuild(&members);
                prop_assert_eq!(policy.check(&members), Ok(()), "{}", entry.info.id);
                for text in &keys {
                    let key = Key::text(text, policy.hashing());
                    let owner = policy.owner(&key);
                    prop_assert!(owner < members.len());
                    let said = policy.why(&key, &|member| format!("<{member}>"));
                    prop_assert!(said.contains(&format!("<{owner}>")), "{}: {said}, {owner}", entry.info.id);
                    for count in [1, 2, members.len(), members.len() + 3] {
                        policy.owners(&key, count, &mut owners);
                        prop_assert_eq!(owners.len(), count.min(members.len()), "{}", entry.info.id);
                        prop_assert_eq!(owners[0], owner);
                        let mut distinct = owners.clone();
                        distinct.sort_unstable();
                        distinct.dedup();
                        prop_assert_eq!(distinct.len(), owners.len(), "{}", entry.info.id);
                    }
                    policy.took(owner);
                    prop_assert_eq!(policy.boxed().owner(&key), policy.owner(&key));
                    prop_assert!(policy.place(&key).is_none_or(|place| (0.0..1.0).contains(&place)));
                }
                let seen = policy.inspect(&members);
                prop_assert!(seen.points.iter().all(|point| (0.0..1.0).contains(&point.at)));
                prop_assert!(seen.points.is_sorted_by(|a, b| a.at <= b.at) && seen.points_total >= seen.points.len());
                let sum = seen.shares.iter().sum::<f64>();
                prop_assert!(seen.shares.is_empty() || (sum - 1.0).abs() < 1e-6, "{}: {}", entry.info.id, sum);
            }
        }
    }

    /// Karger et al.'s monotonicity, and that names are what counts, not the order of the list.
    #[test]
    fn only_the_keys_of_the_removed_or_added_move(
        weights in prop::collection::vec(1..6u32, 2..9), out in 0..9usize, first in 0..9usize
    ) {
        let members = weighted(&weights);
        let mut fewer = members.clone();
        let gone = members.name[out % members.len()].clone();
        fewer.remove(out % members.len());
        for id in MOVE_THE_LEAST {
            let mut policy = policy_with(id, &[("points", Value::Number(20.0))], &members);
            let with = names(&*policy, &members, 500);
            policy.rebuild(&fewer);
            let without = names(&*policy, &fewer, 500);
            for (with, without) in with.iter().zip(&without) {
                prop_assert!(with == without || *with == gone, "{}: {} to {}", id, with, without);
            }
            policy.rebuild(&members);
            prop_assert_eq!(names(&*policy, &members, 500), with, "{}", id);
        }
        let mut turned = members.clone();
        turned.name.rotate_left(first % members.len());
        turned.weight.rotate_left(first % members.len());
        for id in BY_NAME {
            let (a, b) = (policy_with(id, &[], &members), policy_with(id, &[], &turned));
            prop_assert_eq!(names(&*a, &members, 300), names(&*b, &turned, 300), "{}", id);
        }
    }
}

/// The shares shown are the shares got: by keys, four deviations.
#[test]
fn shares_are_what_keys_get() {
    let members = weighted(&[3, 1, 2, 5]);
    let keys = 10_000; // as many as `range` divides
    for entry in TABLE {
        let policy = policy_with(entry.info.id, &[], &members);
        let (shares, got) = (policy.inspect(&members).shares, owned((&*policy, &members), keys));
        for (share, got) in shares.iter().zip(got) {
            let deviation = libm::sqrt(f64::from(keys) * share * (1.0 - share));
            let off = got as f64 - f64::from(keys) * share;
            assert!(off.abs() < 4.0 * deviation, "{}: {got} of {keys}, {share}", entry.info.id);
        }
    }
}

/// Who owns what lies at a place, by the points alone.
fn by_points(seen: &Inspection, place: f64) -> u32 {
    let found = match seen.circle {
        true => seen.points.iter().find(|point| point.at >= place).or(seen.points.first()),
        false => seen.points.iter().rev().find(|point| point.at <= place),
    };
    found.map_or(0, |point| point.member)
}

/// The picture is the policy: where a key lies says whose it is, wherever there are places at all.
#[test]
fn a_keys_place_says_whose_it_is() {
    let members = weighted(&[3, 1, 2, 5]);
    let set =
        [("slots", Value::Number(300.0)), ("points", Value::Number(9.0)), ("table", Value::Word("251"))];
    for entry in TABLE {
        let known = |name: &str| entry.info.knobs.iter().any(|knob| knob.name == name);
        let set: Vec<_> = set.iter().filter(|(name, _)| known(name)).cloned().collect();
        let policy = policy_with(entry.info.id, &set, &members);
        let seen = policy.inspect(&members);
        assert!(seen.points_total == seen.points.len());
        for number in 0..3000 {
            let key = key(&*policy, number * 7);
            let Some(place) = policy.place(&key) else { continue };
            assert_eq!(by_points(&seen, place), policy.owner(&key) as u32, "{} at {place}", entry.info.id);
        }
        assert_eq!(policy.place(&key(&*policy, 1)).is_none(), seen.points.is_empty(), "{}", entry.info.id);
        for (nth, cell) in seen.cells.iter().enumerate() {
            let middle = (nth as f64 + 0.5) / CELLS as f64;
            assert_eq!(*cell, by_points(&seen, middle), "{} at {middle}", entry.info.id);
        }
    }
}

/// The highest score owns the key, the last jump ends at its owner, and the key's place is one of its probes.
#[test]
fn the_way_leads_to_the_owner() {
    for weights in [[2, 2, 2, 2, 2, 2], [3, 1, 2, 5, 1, 4]] {
        let members = weighted(&weights);
        for entry in TABLE {
            let policy = policy_with(entry.info.id, &[], &members);
            for key in (0..2000).map(|number| key(&*policy, number)) {
                let owner = policy.owner(&key);
                match policy.way(&key) {
                    Way::Place => {}
                    Way::Scores(scores) => {
                        let best = (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b]));
                        assert_eq!(best, Some(owner));
                        assert!(scores.iter().all(|score| *score > 0.0 && *score <= 1.0));
                    }
                    Way::Jumps(met) => {
                        assert!(met[0] == 0 && met.is_sorted() && met.last() == Some(&(owner as u32)));
                    }
                    Way::Probes(places) => assert!(places.contains(&policy.place(&key).unwrap())),
                }
            }
        }
    }
}

/// Those that take weights give shares in proportion to them; a ring of 1000 points a member within 15 %.
#[test]
fn weights_count() {
    let members = weighted(&[1, 4]);
    for id in ["ring", "rendezvous", "maglev", "range", "directory", "multi-probe"] {
        let policy = policy_with(id, &[("points", Value::Number(1000.0))], &members);
        let got = owned((&*policy, &members), 10_000);
        assert!((1700..2300).contains(&got[0]), "{id}: {got:?}");
    }
}

#[test]
fn the_ids_that_scenarios_name_are_all_there() {
    let ids: Vec<&str> = TABLE.iter().map(|entry| entry.info.id).collect();
    let promised = "modulo ring bounded-ring rendezvous jump multi-probe maglev range directory scan-by-name";
    assert_eq!(ids.join(" "), promised);
    for entry in TABLE {
        let info = entry.info;
        assert!(info.summary.ends_with('.') && !info.source.is_empty(), "{}", info.id);
        assert!(info.knobs.iter().all(|knob| knob.default_value().is_some() && knob.help.ends_with('.')));
    }
}
