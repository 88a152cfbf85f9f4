//! Least recently used: the entry that has not been used for longest leaves.
//!
//! Mattson, Gecsei, Slutz and Traiger, "Evaluation techniques for storage hierarchies" (1970), who showed
//! that a larger LRU cache holds all that a smaller one holds.

use super::index::NONE;
use super::shelves::Shelves;
use super::*;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "lru",
        name: "LRU",
        short: "LRU",
        summary: "The entry that has not been used for longest leaves.",
        source: "Mattson et al. (1970)",
        knobs: &[],
    },
    build: |capacity, _| Box::new(Lru { capacity: bounded(capacity), shelves: Shelves::new(1) }),
};

#[derive(Clone, Debug)]
struct Lru {
    capacity: u32,
    shelves: Shelves,
}

impl Evict for Lru {
    #[inline]
    fn touch(&mut self, key: u32) -> bool {
        let slot = self.shelves.find(key);
        if slot != NONE {
            self.shelves.move_to_front(0, slot);
        }
        slot != NONE
    }

    #[inline]
    fn load(&mut self, key: u32, _: &mut Stream) -> Option<u32> {
        let evicted = if self.len() == self.capacity { self.shelves.pop_back(0) } else { None };
        self.shelves.push_front(0, key);
        evicted
    }

    #[inline]
    fn contains(&self, key: u32) -> bool {
        self.shelves.find(key) != NONE
    }

    fn remove(&mut self, key: u32) -> bool {
        let slot = self.shelves.find(key);
        slot != NONE && self.shelves.remove(slot) == key
    }

    #[inline]
    fn len(&self) -> u32 {
        self.shelves.len(0)
    }

    fn capacity(&self) -> u32 {
        self.capacity
    }

    fn inspect(&self) -> Inspection {
        let lists = vec![self.shelves.show(0, "recently used", self.capacity)];
        Inspection { lists, ..Default::default() }
    }

    fn check(&self) -> Result<(), String> {
        self.shelves.check()
    }
}
