//! Maglev hashing: a table of slots, filled by the backends in turn, each from its own permutation.
//!
//! Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer" (NSDI 2016), section
//! 3.4. Shares are nearly equal (with equal weights they differ by one slot at most), and a change of
//! the set moves few of the others' slots, but some, unlike a ring. The table holds only the eligible
//! backends and is filled anew when they change, as in the paper. For weights the paper lets heavier
//! backends have more turns; here as in Envoy: in round r a backend takes its k-th slot (from 0) once
//! r × weight reaches k × the greatest weight. Offset and skip are xxHashes of the id.

use super::hash::{self, By, Hashed};
use super::*;
use crate::algo::setting::Setting;
use std::sync::Arc;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "maglev",
        name: "Maglev",
        short: "Maglev",
        summary: "The hash leads to a slot of a table that the servers have filled in turn.",
        source: "Eisenbud et al. (NSDI 2016)",
        knobs: &[TABLE_SLOTS, hash::by("client")],
    },
    build: |knobs| Box::new(Maglev { by: By::chosen(knobs), size: table_size(knobs), ..Default::default() }),
};

/// The knob `table`.
pub(in crate::algo) const TABLE_SLOTS: Setting = Setting::choice(
    "table",
    "Table slots",
    &[("251", "251"), ("2039", "2 039"), ("16381", "16 381"), ("65537", "65 537")],
    "65537",
    "Slots of the table, a prime; a hundred per server keep the shares within 1 %.",
);

/// How many slots that is.
pub(in crate::algo) fn table_size(knobs: &Knobs) -> usize {
    knobs.word("table").parse().unwrap_or(65537)
}

const FREE: u32 = u32::MAX;

#[derive(Clone, Debug, Default)]
struct Maglev {
    by: By,
    /// A prime, so that every skip visits every slot.
    size: usize,
    /// The backend of each slot. Shared by clones: checkpoints of a run need not copy it.
    table: Arc<Vec<u32>>,
    /// What the table was filled from: id, weight, eligible.
    filled_from: Vec<(u32, u32, bool)>,
    last: Option<Hashed>,
}

/// A backend's progress through its permutation of the slots.
pub(in crate::algo) struct Turn {
    pub backend: u32,
    pub slot: usize,
    /// From 1 to one less than there are slots.
    pub skip: usize,
    pub weight: u64,
    /// Takes its next slot in the first round with round × weight ≥ due. At first 0.
    pub due: u64,
}

/// The backend of each slot of a table of `size`.
pub(in crate::algo) fn fill(mut turns: Vec<Turn>, size: usize) -> Vec<u32> {
    let mut table = vec![FREE; size];
    let heaviest = turns.iter().map(|turn| turn.weight).max().unwrap_or(1);
    let mut free = if turns.is_empty() { 0 } else { size };
    let mut round = 0;
    while free > 0 {
        round += 1;
        for turn in &mut turns {
            if round * turn.weight < turn.due || free == 0 {
                continue;
            }
            turn.due += heaviest;
            while table[turn.slot] != FREE {
                turn.slot += turn.skip;
                turn.slot -= if turn.slot >= size { size } else { 0 };
            }
            table[turn.slot] = turn.backend;
            free -= 1;
        }
    }
    table
}

fn turns(backends: &Backends, size: usize) -> Vec<Turn> {
    let turn = |index: usize| Turn {
        backend: index as u32,
        slot: (hash::of_backend(backends.id[index], 0) % size as u64) as usize,
        skip: (hash::of_backend(backends.id[index], 1) % (size as u64 - 1)) as usize + 1,
        weight: u64::from(backends.weight[index].max(1)),
        due: 0,
    };
    backends.eligible().map(turn).collect()
}

fn source(backends: &Backends) -> impl Iterator<Item = (u32, u32, bool)> + '_ {
    let pairs = backends.weight.iter().zip(&backends.eligible);
    backends.id.iter().zip(pairs).map(|(&id, (&weight, &eligible))| (id, weight, eligible))
}

impl Balance for Maglev {
    fn pick(&mut self, ask: &Ask, backends: &Backends, _: &mut Stream) -> Pick {
        let hash = self.by.hash(ask);
        let place = hash % self.table.len() as u64;
        let backend = self.table[place as usize] as usize;
        let share = (place as f64 + 0.5) / self.table.len() as f64;
        let (number, taken) = (self.by.number(ask), backends.id[backend]);
        self.last = Some(Hashed { number, place: share, taken, full: None });
        Pick { backend, why: Why::Hash { hash, place } }
    }

    fn rebuild(&mut self, backends: &Backends) {
        if !source(backends).eq(self.filled_from.iter().copied()) {
            self.filled_from = source(backends).collect();
            self.table = Arc::new(fill(turns(backends, self.size), self.size));
        }
    }

    fn leads_to(&self, key: u32, backends: &Backends) -> Option<Pick> {
        let knows = matches!(self.by, By::Key) && backends.eligible_count > 0;
        let hash = hash::of(key, 0);
        let place = hash % self.table.len().max(1) as u64;
        let backend = *self.table.get(place as usize).filter(|_| knows)? as usize;
        Some(Pick { backend, why: Why::Hash { hash, place } })
    }

    fn inspect(&self, backends: &Backends, _: Time) -> Inspection {
        let mut slots = vec![0.0; backends.len()];
        for &backend in self.table.iter() {
            if let Some(slots) = slots.get_mut(backend as usize) {
                *slots += 1.0;
            }
        }
        let columns = vec![Column::share(&slots)];
        let mut inspection = Inspection { note: self.by.note(), columns, ..Inspection::default() };
        let count = self.table.len();
        let owner = |share: f64| self.table.get((share * count as f64) as usize).copied().unwrap_or(NOBODYS);
        let places = Places::sampled(false, self.by, count, owner);
        Hashed::show(self.last, places, &mut inspection, backends);
        inspection
    }

    fn check(&self, backends: &Backends) -> Result<(), String> {
        if !source(backends).eq(self.filled_from.iter().copied()) || self.table.len() != self.size {
            return Err("the table was filled from other backends".to_string());
        }
        if backends.eligible_count == 0 {
            return Ok(());
        }
        match self.table.iter().position(|&slot| backends.eligible.get(slot as usize) != Some(&true)) {
            None => Ok(()),
            Some(slot) => Err(format!("slot {slot} leads to {}, which is not eligible", self.table[slot])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(table: &[u32], backends: usize) -> Vec<usize> {
        (0..backends).map(|backend| table.iter().filter(|&&slot| slot == backend as u32).count()).collect()
    }

    fn table(backends: &Backends, size: usize) -> Vec<u32> {
        fill(turns(backends, size), size)
    }

    /// The paper's table 1: offsets 3, 0, 3 and skips 4, 2, 1 in a table of 7, then without B1.
    #[test]
    fn published_table() {
        let turn = |backend, slot, skip| Turn { backend, slot, skip, weight: 1, due: 0 };
        let all = fill(vec![turn(0, 3, 4), turn(1, 0, 2), turn(2, 3, 1)], 7);
        assert_eq!(all, [1, 0, 1, 0, 2, 2, 0]);
        assert_eq!(fill(vec![turn(0, 3, 4), turn(2, 3, 1)], 7), [0, 0, 0, 0, 2, 2, 2]);
    }

    #[test]
    fn shares_are_even_and_follow_the_weights() {
        // By construction equal turns differ by one slot; the paper wants at most 1 % at M ≥ 100 N.
        let equal = slots(&table(&Backends::with_weights(&[1; 650]), 65537), 650);
        assert!(equal.iter().all(|&count| count == 100 || count == 101), "{equal:?}");
        let weighted = slots(&table(&Backends::with_weights(&[500, 300, 100]), 65537), 3);
        for (count, share) in weighted.iter().zip([5.0, 3.0, 1.0]) {
            assert!((*count as f64 - 65537.0 * share / 9.0).abs() <= 2.0, "{weighted:?}");
        }
    }

    /// The paper's figure on resilience: few of the survivors' slots change when a backend fails, the
    /// fewer the larger the table. A full rehash would change 90 % of them.
    #[test]
    fn a_removal_disturbs_few_other_slots() {
        let mut backends = Backends::with_weights(&[1; 10]);
        let mut disturbed = vec![];
        for size in [2039, 65537] {
            let before = table(&backends, size);
            backends.set_eligible(4, false);
            let after = table(&backends, size);
            backends.set_eligible(4, true);
            let moved = before.iter().zip(&after).filter(|(b, a)| **b != 4 && a != b).count();
            disturbed.push(moved as f64 / size as f64);
        }
        assert!(disturbed[0] < 0.02 && disturbed[1] < disturbed[0] / 2.0, "{disturbed:?}");
        assert!(disturbed[1] > 0.0, "the paper trades some of this for even shares");
    }
}
