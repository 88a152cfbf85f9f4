//! Rendezvous hashing: every member draws a number for the key, and the highest owns it.
//!
//! Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates" (1998; report of 1996). With
//! weights by the logarithmic method of Schindelhauer and Schomaker, "Weighted Distributed Hash Tables"
//! (SPAA 2005): the score is −weight / ln u, u uniform from 0 to 1, which gives shares exactly in proportion;
//! a member whose weight grows only gains keys. Nothing is built, but a look-up asks everybody. Name and key
//! are hashed by xxHash each, and the two hashes mixed (SplitMix64's finish), instead of hashing their texts
//! together for each pair.

use super::*;
use crate::sim::order::{sort_by_key, total_order};
use xxhash_rust::xxh64::xxh64;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "rendezvous",
        name: "Rendezvous hashing",
        short: "Rendezvous",
        summary: "Every member gets a score for the key from a hash; the highest owns it.",
        source: "Thaler, Ravishankar (1998); Schindelhauer, Schomaker (2005)",
        knobs: &[],
    },
    build: |_| Box::new(Rendezvous::default()),
};

#[derive(Clone, Debug, Default)]
struct Rendezvous {
    members: Members,
    /// The hashes of the names.
    hashes: Vec<u64>,
    /// Whether all weights are the same: then the logarithms would change nothing.
    even: bool,
}

impl Rendezvous {
    /// An integer that orders as the score does.
    #[inline]
    fn score(&self, member: usize, key: u64) -> u64 {
        let bits = mixed(self.hashes[member] ^ key) >> 11;
        if self.even {
            return bits;
        }
        // Not 0 and not 1.
        let unit = (bits as i64 as f64 + 0.5) / (1u64 << 53) as f64;
        total_order(-f64::from(self.members.weight[member]) / libm::log(unit))
    }
}

/// SplitMix64's finish (Steele, Lea and Flood, 2014).
pub(super) fn mixed(bits: u64) -> u64 {
    let bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

impl Partition for Rendezvous {
    fn rebuild(&mut self, members: &Members) {
        self.members.clone_from(members);
        self.hashes = members.name.iter().map(|name| xxh64(name.as_bytes(), 0)).collect();
        self.even = members.weight.windows(2).all(|pair| pair[0] == pair[1]);
    }

    fn owner(&self, key: &Key) -> usize {
        let (mut owner, mut highest) = (0, 0);
        for member in 0..self.hashes.len() {
            let score = self.score(member, key.hash);
            if score > highest {
                (owner, highest) = (member, score);
            }
        }
        owner
    }

    /// By score, the highest first.
    fn owners(&self, key: &Key, count: usize, out: &mut Vec<usize>) {
        out.clear();
        out.extend(0..self.hashes.len());
        sort_by_key(out, |&member| !self.score(member, key.hash));
        out.truncate(count);
    }

    /// As parts of 1; the negative logarithm of a weighted score, so that they all fit: u^(1/weight).
    fn way(&self, key: &Key) -> Way {
        let score = |member: usize| {
            let bits = mixed(self.hashes[member] ^ key.hash) >> 11;
            let unit = (bits as i64 as f64 + 0.5) / (1u64 << 53) as f64;
            if self.even { unit } else { libm::pow(unit, 1.0 / f64::from(self.members.weight[member])) }
        };
        Way::Scores((0..self.hashes.len()).map(score).collect())
    }

    fn why(&self, key: &Key, name: &dyn Fn(usize) -> String) -> String {
        format!("has a score with each; that with {} is the highest", name(self.owner(key)))
    }

    fn inspect(&self, members: &Members) -> Inspection {
        let total = members.total_weight().max(1) as f64;
        Inspection {
            note: format!("{} scores for each key", members.len()),
            shares: members.weight.iter().map(|&weight| f64::from(weight) / total).collect(),
            ..Default::default()
        }
    }

    fn check(&self, members: &Members) -> Result<(), String> {
        let same = self.members == *members && self.hashes.len() == members.len();
        if same { Ok(()) } else { Err("built from other members".to_string()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::ring::tests::{key, policy_with, weighted};

    /// The definition in the standard library's floating point, for uneven and even weights.
    #[test]
    #[allow(clippy::disallowed_methods)]
    fn the_highest_score_by_brute_force() {
        for weights in [&[1, 2, 3, 4, 5][..], &[2, 2, 2, 2]] {
            let members = weighted(weights);
            let policy = policy_with("rendezvous", &[], &members);
            let mut owners = vec![];
            for number in 0..5000 {
                let key = key(&*policy, number);
                let score = |member: usize| {
                    let bits = mixed(xxh64(members.name[member].as_bytes(), 0) ^ key.hash);
                    let u = ((bits >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0;
                    f64::from(weights[member]) / -u.ln()
                };
                let mut wanted: Vec<usize> = (0..weights.len()).collect();
                wanted.sort_by(|&a, &b| score(b).total_cmp(&score(a)));
                assert_eq!(policy.owner(&key), wanted[0]);
                policy.owners(&key, 3, &mut owners);
                assert_eq!(owners, wanted[..3]);
            }
        }
    }

    /// A weight that grows takes keys from the others, and moves none between them.
    #[test]
    fn a_growing_weight_only_gains() {
        let (small, large) = (weighted(&[2, 3, 1, 4]), weighted(&[2, 3, 3, 4]));
        let (before, after) =
            (policy_with("rendezvous", &[], &small), policy_with("rendezvous", &[], &large));
        let mut gained = 0;
        for number in 0..20_000 {
            let key = key(&*before, number);
            let (before, after) = (before.owner(&key), after.owner(&key));
            assert!(before == after || after == 2);
            gained += u32::from(before != after);
        }
        // From 1/10 to 3/12 of the keys: 3000 ± 4 · √(20000 · 0.15 · 0.85).
        assert!(gained.abs_diff(3000) < 205, "{gained}");
    }
}
