//! Nothing is evicted: an entry stays until its lifetime is over.
//!
//! What is left of a cache without an eviction policy, as Redis is with `maxmemory-policy noeviction`.
//! When it is full of entries that are alive, it refuses new ones, so that its memory is bounded all the
//! same. Lifetimes are kept by [`Expiring`]; without one, the first entries stay for ever.

use super::index::NONE;
use super::shelves::Shelves;
use super::*;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "ttl",
        name: "Only expiry",
        short: "TTL",
        summary: "Entries leave only when their time is over; a full cache takes in nothing new.",
        source: "Redis, maxmemory-policy noeviction",
        knobs: &[],
    },
    build: |capacity, _| Box::new(Ttl { capacity: bounded(capacity), shelves: Shelves::new(1) }),
};

#[derive(Clone, Debug)]
struct Ttl {
    capacity: u32,
    shelves: Shelves,
}

impl Evict for Ttl {
    #[inline]
    fn touch(&mut self, key: u32) -> bool {
        self.contains(key)
    }

    #[inline]
    fn load(&mut self, key: u32, _: &mut Stream) -> Option<u32> {
        if self.len() == self.capacity {
            return Some(key);
        }
        self.shelves.push_front(0, key);
        None
    }

    #[inline]
    fn contains(&self, key: u32) -> bool {
        self.shelves.find(key) != NONE
    }

    fn remove(&mut self, key: u32) -> bool {
        let slot = self.shelves.find(key);
        slot != NONE && self.shelves.remove(slot) == key
    }

    fn len(&self) -> u32 {
        self.shelves.len(0)
    }

    fn capacity(&self) -> u32 {
        self.capacity
    }

    fn inspect(&self) -> Inspection {
        let lists = vec![self.shelves.show(0, "entries", self.capacity)];
        Inspection { lists, ..Inspection::default() }
    }

    fn check(&self) -> Result<(), String> {
        self.shelves.check()
    }
}
