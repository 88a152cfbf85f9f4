//! Modulo: the hash divided by the number of members; the remainder is the owner.
//!
//! The obvious way, perfectly even, and the reason for all the others: with n members instead of n − 1 a
//! key keeps its owner only if both remainders agree, so about (n − 1)/n of the keys move. Weights do
//! not matter, and members are known by their place in the list, not by name.

use super::key::HASH;
use super::*;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "modulo",
        name: "Modulo",
        short: "Modulo",
        summary: "The key's hash modulo the number of members; nearly every key moves when that changes.",
        source: "folklore; the counterexample of Karger et al. (1997)",
        knobs: &[HASH],
    },
    build: |knobs| Box::new(Modulo { hashing: Hashing::chosen(knobs), members: 0 }),
};

#[derive(Clone, Debug)]
struct Modulo {
    hashing: Hashing,
    members: usize,
}

impl Partition for Modulo {
    fn rebuild(&mut self, members: &Members) {
        self.members = members.len();
    }

    fn hashing(&self) -> Hashing {
        self.hashing
    }

    fn owner(&self, key: &Key) -> usize {
        (key.hash % self.members.max(1) as u64) as usize
    }

    /// The owner, and those behind it in the list.
    fn owners(&self, key: &Key, count: usize, out: &mut Vec<usize>) {
        following(self.owner(key), self.members, count, out);
    }

    /// In its member's part of the line.
    fn place(&self, key: &Key) -> Option<f64> {
        Some(place_in_zone(self.owner(key), self.members, key.hash))
    }

    fn why(&self, key: &Key, name: &dyn Fn(usize) -> String) -> String {
        let (owner, members) = (self.owner(key), self.members);
        format!("has a hash that leaves {owner} when divided by {members}: from 0, that is {}", name(owner))
    }

    fn inspect(&self, members: &Members) -> Inspection {
        let note = format!("{} mod {}", self.hashing.note(), self.members);
        let shares = vec![1.0 / self.members.max(1) as f64; members.len()];
        let points = zones(0..members.len());
        Inspection { note, zones: true, points, points_total: members.len(), shares, ..Default::default() }
    }

    fn check(&self, members: &Members) -> Result<(), String> {
        let same = self.members == members.len();
        if same {
            Ok(())
        } else {
            Err(format!("built for {} members, there are {}", self.members, members.len()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::ring::tests::{key, policy_with};
    use crate::algo::setting::Value;

    #[test]
    fn the_remainder_is_the_owner() {
        let members = Members::named(["a", "b", "c", "d"]);
        let policy = policy_with("modulo", &[("hash", Value::Word("identity"))], &members);
        for number in 0..100 {
            assert_eq!(policy.owner(&key(&*policy, number)), number as usize % 4);
        }
        let mut owners = vec![];
        policy.owners(&key(&*policy, 6), 3, &mut owners);
        assert_eq!(owners, [2, 3, 0]);
    }

    /// A key stays for which h mod 4 = h mod 5, which holds for 4 of each 20 consecutive numbers.
    #[test]
    fn four_fifths_of_the_keys_move_from_four_to_five() {
        let four = Members::named(["a", "b", "c", "d"]);
        let five = Members::named(["a", "b", "c", "d", "e"]);
        let identity = [("hash", Value::Word("identity"))];
        let (before, after) =
            (policy_with("modulo", &identity, &four), policy_with("modulo", &identity, &five));
        assert_eq!(moved((&*before, &four), (&*after, &five), 20_000), 16_000);
    }
}
