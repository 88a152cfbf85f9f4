//! What theory says of a cache's hit ratio where requests are independent of each other.
//!
//! Sources: H. Che, Y. Tung and Z. Wang, "Hierarchical Web caching systems: modeling, design and experimental
//! results", IEEE JSAC 20 (2002), for LRU; C. Fricker, P. Robert and J. Roberts, "A versatile and accurate
//! approximation for LRU cache performance" (2012), for why it is so good, and for RANDOM. FIFO has the hit
//! ratio of RANDOM: E. Gelenbe, "A unified approach to the evaluation of a class of replacement
//! algorithms" (1973).
//!
//! A key that is fetched is not there yet, and requests for it miss meanwhile. For a key of rate λ that is fetched in a
//! time D and leaves T after it came (RANDOM, FIFO) or after it was last asked for (LRU), a cycle is: one miss, λD more
//! of them, then λT hits, or e^(λT) − 1 of them; the share of hits is the share of time in which it is there.

use crate::node::Settings;
use crate::node::clients::Arrivals;
use crate::node::keys::Keys;
use crate::scenario::{Scenario, paths};

/// How entries leave, as far as theory tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// The one that was not used for longest.
    Lru,
    /// Any, or the oldest.
    Random,
}

/// The share of requests that find their key, in the long run. Requests are independent; `weights` are the keys'
/// popularities, in any unit; `meanwhile` is how many requests come, for whatever key, while one is fetched. `None` if a
/// weight is not a positive number.
pub fn hit_ratio(leaving: Leaving, weights: &[f64], capacity: f64, meanwhile: f64) -> Option<f64> {
    let sum: f64 = weights.iter().sum();
    if !(sum.is_finite() && capacity >= 0.0 && meanwhile >= 0.0)
        || weights.iter().any(|weight| *weight <= 0.0)
    {
        return None;
    }
    if capacity >= weights.len() as f64 {
        return Some(1.0);
    }
    // The probability that a key is there, from how many hits and misses a cycle has.
    let there = |popularity: f64, time: f64| {
        let hits = match leaving {
            Leaving::Lru => libm::expm1(popularity * time),
            Leaving::Random => popularity * time,
        };
        1.0 / (1.0 + (1.0 + popularity * meanwhile) / hits)
    };
    let held = |time: f64| weights.iter().map(|weight| there(weight / sum, time)).sum::<f64>();
    // The time in which as many different keys are asked for as there is room for.
    let (mut low, mut high) = (0.0, 1.0);
    while held(high) < capacity && high < 1e18 {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if held(middle) < capacity { low = middle } else { high = middle }
    }
    Some(weights.iter().map(|weight| weight / sum * there(weight / sum, high)).sum())
}

/// The most keys for which it is worked out: it takes time in proportion.
const KEYS_MAX: u32 = 100_000;

/// Id of the cache, and its predicted hit ratio: for one machine that keeps entries for ever and whose clients only
/// read keys of fixed popularity. `None` for everything else.
pub fn hit_ratio_of(scenario: &Scenario) -> Option<(String, f64)> {
    let mut clients = scenario.nodes.iter().filter_map(|node| match &node.settings {
        Settings::Clients(clients) => Some((node, clients)),
        _ => None,
    });
    let ((source, clients), None) = (clients.next()?, clients.next()) else { return None };
    let [to] = source.to.as_slice() else { return None };
    // By paths: the page of a first visit has no such kind of node.
    let setting = |name: &str| paths::get(scenario, &format!("{to}.{name}"));
    let number = |name: &str| setting(name)?.as_f64();
    let leaving = match setting("eviction")?.get("id")?.as_str()? {
        "lru" => Leaving::Lru,
        "random" | "fifo" => Leaving::Random,
        _ => return None,
    };
    let reads = clients.mix.iter().all(|class| class.write_share == 0.0);
    let plain = reads && number("count") == Some(1.0) && number("ttl_ms") == Some(0.0);
    let weights: Vec<f64> = match clients.keys {
        Keys::Uniform { count } if count <= KEYS_MAX => vec![1.0; count as usize],
        Keys::Zipf { count, s } if count <= KEYS_MAX => {
            (1..=count).map(|rank| libm::pow(f64::from(rank), -s)).collect()
        }
        _ => return None,
    };
    let open = !matches!(clients.arrivals, Arrivals::Closed | Arrivals::Replay);
    let meanwhile = if open { clients.rate_per_s * fetch_ms(scenario, to) / 1000.0 } else { 0.0 };
    let predicted = hit_ratio(leaving, &weights, number("capacity")?, meanwhile)?;
    plain.then(|| (to.clone(), predicted))
}

/// How long a cache waits for what it fetches of servers that are not busy; 0 where it asks something else.
fn fetch_ms(scenario: &Scenario, cache: &str) -> f64 {
    let index_of = |id: &str| scenario.nodes.iter().position(|node| node.id == id);
    let mut at = index_of(cache);
    let mut ways_ms = 0.0;
    // As many steps as there are nodes: a chain of calls has no circle.
    for _ in &scenario.nodes {
        let Some(from) = at else { return 0.0 };
        let [to] = scenario.nodes[from].to.as_slice() else { return 0.0 };
        let Some(next) = index_of(to) else { return 0.0 };
        ways_ms += 2.0 * paths::link_between(scenario, from, next).latency_ms.mean_ms();
        match &scenario.nodes[next].settings {
            Settings::Servers(servers) if servers.runs.id == "plain" => {
                return ways_ms + servers.service_ms.mean_ms();
            }
            Settings::Balancer(_) => at = Some(next),
            _ => return 0.0,
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exact hit ratio of LRU, from the stationary law of its list (W. F. King, "Analysis of demand paging
    /// algorithms", 1971): the list is k₁ … k_C with probability ∏ pᵢ / (1 − p₁ − … − pᵢ₋₁).
    fn king(p: &[f64], capacity: usize, used: &mut Vec<usize>, left: f64, probability: f64) -> f64 {
        if used.len() == capacity {
            return probability * used.iter().map(|key| p[*key]).sum::<f64>();
        }
        let mut sum = 0.0;
        for key in 0..p.len() {
            if !used.contains(&key) {
                used.push(key);
                sum += king(p, capacity, used, left - p[key], probability * p[key] / left);
                used.pop();
            }
        }
        sum
    }

    /// The exact hit ratio of RANDOM and FIFO (Gelenbe, 1973): each set of keys is there with a probability in
    /// proportion to the product of their popularities.
    fn gelenbe(p: &[f64], capacity: u32) -> f64 {
        let (mut all, mut hits) = (0.0, 0.0);
        for set in 0u32..1 << p.len() {
            if set.count_ones() == capacity {
                let inside = || (0..p.len()).filter(|key| set >> key & 1 == 1).map(|key| p[key]);
                let weight: f64 = inside().product();
                all += weight;
                hits += weight * inside().sum::<f64>();
            }
        }
        hits / all
    }

    #[test]
    fn close_to_the_exact_laws_of_small_caches() {
        for exponent in [0.4, 0.8, 1.2] {
            let weights: Vec<f64> = (1..=12).map(|rank| libm::pow(f64::from(rank), -exponent)).collect();
            let sum: f64 = weights.iter().sum();
            let p: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
            for capacity in [2usize, 4, 6] {
                let lru = hit_ratio(Leaving::Lru, &weights, capacity as f64, 0.0).unwrap();
                let exact = king(&p, capacity, &mut vec![], 1.0, 1.0);
                assert!((lru - exact).abs() < 0.015, "lru {exponent} {capacity}: {lru} {exact}");
                let random = hit_ratio(Leaving::Random, &weights, capacity as f64, 0.0).unwrap();
                let exact = gelenbe(&p, capacity as u32);
                // It is always a little low for so few and so unequal keys: by 0.024 at most here.
                assert!(
                    (-0.025..0.001).contains(&(random - exact)),
                    "random {exponent} {capacity}: {random} {exact}"
                );
            }
        }
    }

    #[test]
    fn equal_keys_hit_as_often_as_there_is_room() {
        for leaving in [Leaving::Lru, Leaving::Random] {
            let found = hit_ratio(leaving, &[3.0; 400], 100.0, 0.0).unwrap();
            assert!((found - 0.25).abs() < 1e-9);
            assert_eq!(hit_ratio(leaving, &[1.0; 4], 9.0, 0.0), Some(1.0));
            assert!(hit_ratio(leaving, &[1.0; 4], 0.0, 0.0).unwrap() < 1e-9);
            assert_eq!(hit_ratio(leaving, &[1.0, -1.0, 0.0], 1.0, 0.0), None);
        }
    }
}
