//! Random replacement: any entry may leave, each as likely as the others.
//!
//! Belady (1966) measured it beside FIFO and MIN. It needs no bookkeeping at all on a hit. libCacheSim 0.3.5 draws other
//! numbers, so its misses are the same only on the average.

use super::index::{Index, NONE};
use super::*;
use crate::sim::Random as _;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "random",
        name: "Random",
        short: "Random",
        summary: "Any entry may leave, each as likely as the others.",
        source: "Belady (1966)",
        knobs: &[],
    },
    build: |capacity, _| {
        Box::new(Random { capacity: bounded(capacity), keys: vec![], places: Index::default() })
    },
};

#[derive(Clone, Debug)]
struct Random {
    capacity: u32,
    /// In no order that matters.
    keys: Vec<u32>,
    /// Of each key its place in `keys`.
    places: Index<u32>,
}

impl Evict for Random {
    #[inline]
    fn touch(&mut self, key: u32) -> bool {
        self.contains(key)
    }

    #[inline]
    fn load(&mut self, key: u32, random: &mut Stream) -> Option<u32> {
        if self.len() < self.capacity {
            self.places.insert(key, self.len());
            self.keys.push(key);
            return None;
        }
        let place = random.below(self.keys.len() as u64) as usize;
        let evicted = std::mem::replace(&mut self.keys[place], key);
        self.places.remove(self.places.get(evicted));
        self.places.insert(key, place as u32);
        Some(evicted)
    }

    #[inline]
    fn contains(&self, key: u32) -> bool {
        self.places.get(key) != NONE
    }

    fn remove(&mut self, key: u32) -> bool {
        let slot = self.places.get(key);
        if slot == NONE {
            return false;
        }
        let place = self.places[slot];
        self.places.remove(slot);
        self.keys.swap_remove(place as usize);
        if let Some(&moved) = self.keys.get(place as usize) {
            let slot = self.places.get(moved);
            self.places[slot] = place;
        }
        true
    }

    fn len(&self) -> u32 {
        self.keys.len() as u32
    }

    fn capacity(&self) -> u32 {
        self.capacity
    }

    fn inspect(&self) -> Inspection {
        let keys = self.keys.iter().copied().take(SHOWN).collect();
        let list = List { name: "entries", len: self.len(), limit: self.capacity, keys, ..List::default() };
        Inspection { lists: vec![list], ..Inspection::default() }
    }

    fn check(&self) -> Result<(), String> {
        let lost = |(place, key): &(usize, &u32)| {
            let slot = self.places.get(**key);
            slot == NONE || self.places[slot] as usize != *place
        };
        match self.keys.iter().enumerate().find(lost) {
            Some((_, key)) => Err(format!("key {key} is not found")),
            None if self.places.len() != self.len() => Err("more keys are found than held".into()),
            None => Ok(()),
        }
    }
}
