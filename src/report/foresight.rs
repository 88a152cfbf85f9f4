//! What a cache could have hit if it had known the future: the hit ratio of MIN (L. A. Belady, "A study of replacement
//! algorithms for a virtual-storage computer", 1966), which may refuse what is needed later than all that it holds.
//!
//! It takes in at once what it misses, so no policy does better where a fetch takes no time. Where one does, a policy
//! that keeps an old entry until the new one is there may in rare cases.

use crate::algo::cache;
use crate::algo::setting::{Knobs, Value};
use crate::node::Settings;
use crate::scenario::{Scenario, paths};
use crate::sim::{Purpose, Stream};

/// The share of these requests that find their key among `capacity` entries; `None` without any.
pub fn foreseen_hit_ratio(keys: &[u32], capacity: u32) -> Option<f64> {
    let entry = cache::find("min")?;
    let mut knobs = Knobs::defaults(entry.info.knobs);
    knobs.set("bypass", Value::Flag(true));
    let mut policy = (entry.build)(capacity, &knobs);
    policy.foresee(keys);
    let hits = policy.replay(keys, &mut Stream::new(0, "", Purpose::Policy));
    (!keys.is_empty()).then(|| hits as f64 / keys.len() as f64)
}

/// The only cache of a scenario: its index among the nodes.
pub fn only_cache(scenario: &Scenario) -> Option<usize> {
    let is_cache = |node: &crate::scenario::NodeSpec| node.settings.kind().id == "cache";
    let mut caches = scenario.nodes.iter().enumerate().filter(|(_, node)| is_cache(node));
    let ((index, _), None) = (caches.next()?, caches.next()) else { return None };
    Some(index)
}

/// How many entries the only cache has for what is asked of it: `None` if they are on several machines or change in
/// number, or if anything but a read puts one in.
pub fn capacity_for_reads(scenario: &Scenario) -> Option<u32> {
    let cache = &scenario.nodes.get(only_cache(scenario)?)?.id;
    // By paths: the page of a first visit has no such kind of node.
    let number = |name: &str| paths::get(scenario, &format!("{cache}.{name}"))?.as_f64();
    let capacity = number("capacity")?;
    let writes = scenario.nodes.iter().any(|node| match &node.settings {
        Settings::Clients(clients) => clients.mix.iter().any(|class| class.write_share > 0.0),
        _ => false,
    });
    let turned =
        (scenario.changes.iter()).any(|change| change.node == *cache || change.set.contains_key("mix"));
    let plain = number("count") == Some(1.0) && number("warm_share") == Some(0.0);
    (plain && !writes && !turned).then_some(capacity as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The best of all ways to answer these requests, found by trying every one.
    fn best(keys: &[u32], held: &mut Vec<u32>, capacity: usize) -> u64 {
        let Some((key, later)) = keys.split_first() else { return 0 };
        if held.contains(key) {
            return 1 + best(later, held, capacity);
        }
        let mut most = best(later, held, capacity);
        if held.len() < capacity {
            held.push(*key);
            most = most.max(best(later, held, capacity));
            held.pop();
        }
        for place in 0..held.len() {
            let left = std::mem::replace(&mut held[place], *key);
            most = most.max(best(later, held, capacity));
            held[place] = left;
        }
        most
    }

    #[test]
    fn no_way_of_keeping_entries_hits_more_often() {
        let mut state = 1u32;
        for _ in 0..60 {
            let keys: Vec<u32> = (0..10)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    state >> 24 & 3
                })
                .collect();
            for capacity in 1..=3 {
                let hits = foreseen_hit_ratio(&keys, capacity).unwrap() * keys.len() as f64;
                let wanted = best(&keys, &mut vec![], capacity as usize);
                assert_eq!(hits.round() as u64, wanted, "{keys:?} in {capacity}");
            }
        }
        assert_eq!(foreseen_hit_ratio(&[], 3), None);
    }
}
