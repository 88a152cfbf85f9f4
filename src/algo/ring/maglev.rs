//! Maglev hashing: a table of slots, filled by the members in turn, each from its own permutation.
//!
//! Eisenbud et al. (NSDI 2016), section 3.4; the filling, and how weights count, is that of the balancing
//! policy of the same name. Members take turns in the order of their names, so the order in which they are
//! listed does not matter. Offset and skip are xxHashes of the name with seeds 0 and 1. A change of the members
//! moves few of the others' keys, but some, unlike a ring. Replicas are the next members in the table.

use super::*;
use crate::algo::balance::maglev::{TABLE_SLOTS, Turn, fill, table_size};
use crate::sim::order::map_of;
use std::sync::Arc;
use xxhash_rust::xxh64::xxh64;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "maglev",
        name: "Maglev",
        short: "Maglev",
        summary: "The hash leads to a slot of a table that the members have filled in turn.",
        source: "Eisenbud et al. (NSDI 2016)",
        knobs: &[TABLE_SLOTS],
    },
    build: |knobs| Box::new(Maglev { size: table_size(knobs), ..Default::default() }),
};

#[derive(Clone, Debug, Default)]
struct Maglev {
    /// A prime, so that every skip visits every slot.
    size: usize,
    /// The member of each slot. Shared by clones: checkpoints of a run need not copy it.
    table: Arc<Vec<u32>>,
    members: Members,
}

fn turns(members: &Members, size: usize) -> Vec<Turn> {
    let by_name = map_of(members.name.iter().zip(0u32..));
    let turn = |(name, index): (&Arc<str>, u32)| Turn {
        backend: index,
        slot: (xxh64(name.as_bytes(), 0) % size as u64) as usize,
        skip: (xxh64(name.as_bytes(), 1) % (size as u64 - 1)) as usize + 1,
        weight: u64::from(members.weight[index as usize].max(1)),
        due: 0,
    };
    by_name.into_iter().map(turn).collect()
}

impl Maglev {
    fn slot(&self, key: &Key) -> usize {
        (key.hash % self.table.len().max(1) as u64) as usize
    }
}

impl Partition for Maglev {
    fn rebuild(&mut self, members: &Members) {
        if self.members != *members {
            self.members.clone_from(members);
            let turns = turns(members, self.size);
            self.table = Arc::new(if turns.is_empty() { vec![] } else { fill(turns, self.size) });
        }
    }

    fn owner(&self, key: &Key) -> usize {
        self.table.get(self.slot(key)).map_or(0, |&member| member as usize)
    }

    fn owners(&self, key: &Key, count: usize, out: &mut Vec<usize>) {
        table::walk(&self.table, self.slot(key), self.members.len(), count, out);
    }

    fn place(&self, key: &Key) -> Option<f64> {
        Some(self.slot(key) as f64 / self.size as f64)
    }

    fn why(&self, key: &Key, name: &dyn Fn(usize) -> String) -> String {
        format!("has slot {} of {}, which {} has taken", self.slot(key), self.size, name(self.owner(key)))
    }

    fn inspect(&self, members: &Members) -> Inspection {
        table::inspect(&self.table, members.len(), format!("{} slots", self.size))
    }

    fn check(&self, members: &Members) -> Result<(), String> {
        let foreign = self.table.iter().position(|&slot| slot as usize >= members.len());
        match foreign {
            _ if self.members != *members => Err("the table was filled by other members".to_string()),
            Some(slot) => Err(format!("slot {slot} belongs to nobody")),
            None if self.table.len() != self.size && !members.is_empty() => {
                Err("the table is too short".into())
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::ring::tests::{policy_with, weighted};
    use crate::algo::setting::Value;

    /// By construction the shares of equal members differ by one slot at most.
    #[test]
    fn shares_are_nearly_equal_and_follow_the_weights() {
        let small = [("table", Value::Word("2039"))];
        let slots = |weights: &[u32]| -> Vec<f64> {
            let members = weighted(weights);
            let shares = policy_with("maglev", &small, &members).inspect(&members).shares;
            shares.iter().map(|share| (share * 2039.0).round()).collect()
        };
        let equal = slots(&[1; 20]);
        assert!(equal.iter().all(|&count| count == 101.0 || count == 102.0), "{equal:?}");
        for (count, weight) in slots(&[5, 3, 1]).iter().zip([5.0, 3.0, 1.0]) {
            assert!((count - 2039.0 * weight / 9.0).abs() <= 2.0);
        }
    }

    /// The paper's resilience: besides the keys of who left few others move; all of them with modulo.
    #[test]
    fn a_removal_moves_few_others() {
        let all = weighted(&[1; 10]);
        let mut fewer = all.clone();
        fewer.remove(4);
        let (before, after) = (policy_with("maglev", &[], &all), policy_with("maglev", &[], &fewer));
        let keys = 50_000;
        let lost = owned((&*before, &all), keys)[4];
        let moved = moved((&*before, &all), (&*after, &fewer), keys);
        assert!(moved > lost && moved < lost + u64::from(keys) / 50, "{moved}, of which {lost} had to");
    }
}
