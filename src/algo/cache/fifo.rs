//! First in, first out: the entry that came first leaves first, however often it was used.
//!
//! The baseline of every study, for example Belady, "A study of replacement algorithms for a
//! virtual-storage computer" (1966). A larger FIFO cache may miss more (Belady, Nelson and Shedler, 1969).

use super::index::NONE;
use super::shelves::Shelves;
use super::*;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "fifo",
        name: "FIFO",
        short: "FIFO",
        summary: "The entry that came first leaves first; use does not matter.",
        source: "Belady (1966)",
        knobs: &[],
    },
    build: |capacity, _| Box::new(Fifo { capacity: bounded(capacity), shelves: Shelves::new(1) }),
};

#[derive(Clone, Debug)]
struct Fifo {
    capacity: u32,
    shelves: Shelves,
}

impl Evict for Fifo {
    #[inline]
    fn touch(&mut self, key: u32) -> bool {
        self.contains(key)
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
        let lists = vec![self.shelves.show(0, "queue", self.capacity)];
        Inspection { lists, ..Default::default() }
    }

    fn check(&self) -> Result<(), String> {
        self.shelves.check()
    }
}
