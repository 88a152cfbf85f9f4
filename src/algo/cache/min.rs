//! MIN: the entry whose next use lies farthest ahead leaves. It knows the future, so it is a bound.
//!
//! Belady, "A study of replacement algorithms for a virtual-storage computer" (1966); Mattson et al. (1970)
//! proved it best among policies that must take in every missed key. A policy that may refuse
//! (as `ttl` does when full) can do better; with `bypass` MIN refuses what is needed later than all that it
//! holds, and then nothing can. The future is that of [`Evict::foresee`]: each request consumes its
//! key's next place there, so requests that overtake each other do no harm. Unforeseen keys are taken
//! as never needed again; without any foresight the policy throws out an arbitrary entry.

use super::heap::Heap;
use super::index::{Index, NONE};
use super::*;
use crate::algo::setting::Setting;
use std::sync::Arc;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "min",
        name: "MIN (knows the future)",
        short: "MIN",
        summary: "The entry that will be needed last leaves: no real cache can know it, none can do better.",
        source: "Belady (1966)",
        knobs: &[Setting::toggle(
            "bypass",
            "May refuse",
            false,
            "What is needed later than everything in the cache is not taken in.",
        )],
    },
    build: |capacity, knobs| {
        Box::new(Min {
            capacity: bounded(capacity),
            bypass: knobs.flag("bypass"),
            after: Arc::new([]),
            upcoming: Index::default(),
            keys: vec![],
            free: vec![],
            index: Index::default(),
            needed: Heap::default(),
        })
    },
};

#[derive(Clone, Debug)]
struct Min {
    capacity: u32,
    bypass: bool,
    /// For each place in the future the next one of the same key, or `NONE`. Shared by clones.
    after: Arc<[u32]>,
    /// Key to its next place.
    upcoming: Index,
    /// By slot.
    keys: Vec<u32>,
    free: Vec<u32>,
    /// Key to slot.
    index: Index,
    /// The slots of what is held, the one needed last first.
    needed: Heap,
}

/// Smallest for what is needed last.
fn rank(place: u32) -> u64 {
    u64::from(!place)
}

impl Evict for Min {
    fn touch(&mut self, key: u32) -> bool {
        let place = self.upcoming.get(key);
        let mut next = NONE;
        if place != NONE {
            next = self.after[place as usize];
            if next == NONE {
                self.upcoming.remove(key);
            } else {
                self.upcoming.change(key, next);
            }
        }
        let slot = self.index.get(key);
        if slot != NONE {
            self.needed.set(slot, rank(next));
        }
        slot != NONE
    }

    fn load(&mut self, key: u32, _: &mut Stream) -> Option<u32> {
        let rank = rank(self.upcoming.get(key));
        let mut evicted = None;
        let slot = if self.len() == self.capacity {
            let (last, slot) = self.needed.first()?;
            if self.bypass && rank <= last {
                return Some(key);
            }
            // The newcomer takes its place, in the heap too: that is ordered once, not twice.
            let old = self.keys[slot as usize];
            self.index.remove(old);
            evicted = Some(old);
            slot
        } else {
            self.free.pop().unwrap_or(self.keys.len() as u32)
        };
        if slot as usize == self.keys.len() {
            self.keys.push(key);
        }
        self.keys[slot as usize] = key;
        self.index.insert(key, slot);
        self.needed.set(slot, rank);
        evicted
    }

    fn contains(&self, key: u32) -> bool {
        self.index.get(key) != NONE
    }

    fn remove(&mut self, key: u32) -> bool {
        let slot = self.index.remove(key);
        if slot != NONE {
            self.needed.remove(slot);
            self.free.push(slot);
        }
        slot != NONE
    }

    fn len(&self) -> u32 {
        self.index.len() as u32
    }

    fn capacity(&self) -> u32 {
        self.capacity
    }

    fn foresee(&mut self, keys: &[u32]) {
        self.upcoming = Index::default();
        let mut after = vec![NONE; keys.len()];
        for (place, &key) in keys.iter().enumerate().rev() {
            after[place] = self.upcoming.get(key);
            if after[place] == NONE {
                self.upcoming.insert(key, place as u32);
            } else {
                self.upcoming.change(key, place as u32);
            }
        }
        self.after = after.into();
        for (slot, &key) in self.keys.iter().enumerate() {
            if self.index.get(key) as usize == slot {
                self.needed.set(slot as u32, rank(self.upcoming.get(key)));
            }
        }
    }

    /// What is needed first comes first; the marks are places in the future, `u32::MAX` for never again.
    fn inspect(&self) -> Inspection {
        let held = self.keys.iter().enumerate().filter(|(slot, key)| self.index.get(**key) as usize == *slot);
        let mut held: Vec<(u32, u32)> = held.map(|(_, &key)| (self.upcoming.get(key), key)).collect();
        crate::sim::order::sort_by_key(&mut held, |&(place, key)| u64::from(place) << 32 | u64::from(key));
        held.truncate(SHOWN);
        let list = List {
            name: "by next use",
            len: self.len(),
            limit: self.capacity,
            keys: held.iter().map(|&(_, key)| key).collect(),
            marks: held.iter().map(|&(place, _)| place).collect(),
            ..List::default()
        };
        Inspection { lists: vec![list], ..Inspection::default() }
    }

    fn check(&self) -> Result<(), String> {
        self.needed.check()?;
        if self.needed.len() != self.index.len() || self.len() > self.capacity {
            return Err(format!("{} entries, {} ranked", self.len(), self.needed.len()));
        }
        for (slot, &key) in self.keys.iter().enumerate() {
            let held = self.index.get(key) as usize == slot;
            if held && self.needed.rank(slot as u32) != Some(rank(self.upcoming.get(key))) {
                return Err(format!("key {key} is ranked by another use than its next"));
            }
        }
        Ok(())
    }
}
