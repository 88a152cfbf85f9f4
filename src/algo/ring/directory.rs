//! A directory: a table says for each slot of keys who holds it, and changes as little as possible.
//!
//! As the slots of Redis Cluster (16 384 of them; its specification) and the virtual buckets of Couchbase. A
//! key's slot is its hash modulo `slots` (Redis takes CRC16). A new directory is dealt out in turn by weight.
//! When members change, each keeps its slots up to its due share; what is above that, and what those who
//! left had, goes to those who have less. So it is even and moves the least, but it must be kept and asked:
//! who owns what depends on everything that happened, not only on the present members.

use super::key::HASH;
use super::*;
use crate::algo::setting::{Scale, Setting};
use crate::sim::order::{map_of, sort_by_key};
use std::sync::Arc;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "directory",
        name: "Directory",
        short: "Directory",
        summary: "A table of slots says who holds what; on a change only as many slots move as must.",
        source: "Redis Cluster's hash slots",
        knobs: &[
            HASH,
            Setting::integer("slots", "Slots", "", (1.0, SLOTS_MAX), 16_384.0, "Entries of the directory.")
                .usual(16.0, SLOTS_MAX, Scale::Logarithmic),
        ],
    },
    build: |knobs| {
        let slots = knobs.number("slots").clamp(1.0, SLOTS_MAX) as usize;
        let table = Arc::new(vec![NOBODY; slots]);
        Box::new(Directory { hashing: Hashing::chosen(knobs), table, members: Members::default() })
    },
};

const SLOTS_MAX: f64 = 65_536.0;
const NOBODY: u32 = u32::MAX;

#[derive(Clone, Debug)]
struct Directory {
    hashing: Hashing,
    /// The member of each slot. Shared by clones: checkpoints of a run need not copy it.
    table: Arc<Vec<u32>>,
    members: Members,
}

/// How many of `slots` each member is due: in proportion to weights, the rest to the largest remainders,
/// and of equal ones to the first.
fn shares_due(members: &Members, slots: usize) -> Vec<usize> {
    let total = members.total_weight().max(1);
    let exact = |weight: &u32| slots as u64 * u64::from(*weight);
    let mut due: Vec<usize> = members.weight.iter().map(|weight| (exact(weight) / total) as usize).collect();
    let mut order: Vec<usize> = (0..due.len()).collect();
    sort_by_key(&mut order, |&member| total - exact(&members.weight[member]) % total);
    let rest = slots.saturating_sub(due.iter().sum());
    order.into_iter().take(rest).for_each(|member| due[member] += 1);
    due
}

impl Directory {
    fn slot(&self, key: &Key) -> usize {
        (key.hash % self.table.len().max(1) as u64) as usize
    }

    /// The table by the present indices; slots of those who left are nobody's.
    fn followed(&self, members: &Members) -> Vec<u32> {
        let now = map_of(members.name.iter().zip(0u32..));
        let new_index: Vec<u32> =
            self.members.name.iter().map(|name| now.get(name).copied().unwrap_or(NOBODY)).collect();
        self.table.iter().map(|&old| new_index.get(old as usize).copied().unwrap_or(NOBODY)).collect()
    }
}

impl Partition for Directory {
    fn rebuild(&mut self, members: &Members) {
        if self.members == *members {
            return;
        }
        let mut table = self.followed(members);
        let mut due = shares_due(members, table.len());
        // Each keeps its first slots up to its share…
        for slot in &mut table {
            match due.get_mut(*slot as usize) {
                Some(left) if *left > 0 => *left -= 1,
                _ => *slot = NOBODY,
            }
        }
        // …and the others are dealt to those who are due more, in turn.
        let mut member = 0;
        for slot in table.iter_mut().filter(|slot| **slot == NOBODY) {
            let turn = (0..due.len()).map(|step| (member + step) % due.len()).find(|&next| due[next] > 0);
            if let Some(next) = turn {
                due[next] -= 1;
                *slot = next as u32;
                member = next + 1;
            }
        }
        self.table = Arc::new(table);
        self.members.clone_from(members);
    }

    fn hashing(&self) -> Hashing {
        self.hashing
    }

    fn owner(&self, key: &Key) -> usize {
        let member = self.table.get(self.slot(key)).copied().unwrap_or(0);
        if member == NOBODY { 0 } else { member as usize }
    }

    /// The owner, and those behind it in the list.
    fn owners(&self, key: &Key, count: usize, out: &mut Vec<usize>) {
        following(self.owner(key), self.members.len(), count, out);
    }

    fn place(&self, key: &Key) -> Option<f64> {
        Some(self.slot(key) as f64 / self.table.len() as f64)
    }

    fn why(&self, key: &Key, name: &dyn Fn(usize) -> String) -> String {
        format!(
            "has slot {} of {}, which the table gives to {}",
            self.slot(key),
            self.table.len(),
            name(self.owner(key))
        )
    }

    fn inspect(&self, members: &Members) -> Inspection {
        table::inspect(&self.table, members.len(), format!("{} slots", self.table.len()))
    }

    fn check(&self, members: &Members) -> Result<(), String> {
        if self.members != *members {
            return Err("the directory is for other members".to_string());
        }
        let mut held = vec![0; members.len()];
        for &member in self.table.iter().filter(|_| !members.is_empty()) {
            *held.get_mut(member as usize).ok_or("a slot belongs to nobody")? += 1;
        }
        let due = shares_due(members, if members.is_empty() { 0 } else { self.table.len() });
        if held == due { Ok(()) } else { Err(format!("slots held {held:?}, due {due:?}")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::ring::tests::{policy_with, weighted};
    use crate::algo::setting::Value;
    use proptest::prelude::*;

    #[test]
    fn shares_by_largest_remainder() {
        // 10 by 1, 1, 1: 3.33 each, the rest to the first; by 2, 3, 1: 3.33, 5, 1.67.
        assert_eq!(shares_due(&weighted(&[1, 1, 1]), 10), [4, 3, 3]);
        assert_eq!(shares_due(&weighted(&[2, 3, 1]), 10), [3, 5, 2]);
        assert_eq!(shares_due(&weighted(&[]), 10), [0usize; 0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        /// The least that can move is what members hold beyond the share that they are due then, and all of
        /// those who left: so much moves, and not one slot more.
        #[test]
        fn the_least_moves(changes in prop::collection::vec((any::<bool>(), 0..9usize, 1..5u32), 1..12)) {
            let knobs = [("slots", Value::Number(100.0)), ("hash", Value::Word("identity"))];
            let mut members = weighted(&[1, 2, 3]);
            let mut policy = policy_with("directory", &knobs, &members);
            for (nth, (leaves, at, weight)) in changes.into_iter().enumerate() {
                let (old, before) = (members.clone(), policy.clone());
                if leaves && members.len() > 1 {
                    members.remove(at % members.len());
                } else {
                    members.push(format!("new {nth}"), weight);
                }
                policy.rebuild(&members);
                policy.check(&members).unwrap();
                let due = shares_due(&members, 100);
                let held = owned((&*before, &old), 100);
                let must = |at: usize| match members.name.iter().position(|name| *name == old.name[at]) {
                    Some(now) => held[at].saturating_sub(due[now] as u64),
                    None => held[at],
                };
                let least: u64 = (0..old.len()).map(must).sum();
                prop_assert_eq!(moved((&*before, &old), (&*policy, &members), 100), least);
            }
        }
    }
}
