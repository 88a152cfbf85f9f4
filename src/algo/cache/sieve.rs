//! SIEVE: a queue in which nothing moves, and a hand that keeps what was visited where it is.
//!
//! Zhang, Yang, Yue, Vigfusson and Rashmi, "SIEVE is simpler than LRU" (NSDI 2024). As CLOCK, but new
//! entries come at the queue's head, not where the hand stands, so what survives the hand stays behind it
//! and newcomers are sifted quickly. If the hand's entry is removed (expiry), it moves on to the next.

use super::index::NONE;
use super::shelves::Shelves;
use super::*;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "sieve",
        name: "SIEVE",
        short: "SIEVE",
        summary: "A hand moves towards newer entries and throws out the first that was not visited.",
        source: "Zhang et al. (2024)",
        knobs: &[],
    },
    build: |capacity, _| {
        Box::new(Sieve { capacity: bounded(capacity), shelves: Shelves::new(1), hand: NONE })
    },
};

#[derive(Clone, Debug)]
struct Sieve {
    capacity: u32,
    /// One queue; an entry's mark is its visited bit.
    shelves: Shelves,
    /// A slot; `NONE` stands for the queue's tail.
    hand: u32,
}

impl Sieve {
    fn evict(&mut self) -> u32 {
        loop {
            let slot = if self.hand == NONE { self.shelves.back(0) } else { self.hand };
            self.hand = self.shelves.before(slot);
            if self.shelves.mark(slot) == 0 {
                return self.shelves.remove(slot);
            }
            self.shelves.set_mark(slot, 0);
        }
    }
}

impl Evict for Sieve {
    #[inline]
    fn touch(&mut self, key: u32) -> bool {
        let slot = self.shelves.find(key);
        if slot != NONE {
            self.shelves.set_mark(slot, 1);
        }
        slot != NONE
    }

    #[inline]
    fn load(&mut self, key: u32, _: &mut Stream) -> Option<u32> {
        let evicted = (self.len() == self.capacity).then(|| self.evict());
        self.shelves.push_front(0, key);
        evicted
    }

    #[inline]
    fn contains(&self, key: u32) -> bool {
        self.shelves.find(key) != NONE
    }

    fn remove(&mut self, key: u32) -> bool {
        let slot = self.shelves.find(key);
        if slot == NONE {
            return false;
        }
        if self.hand == slot {
            self.hand = self.shelves.before(slot);
        }
        self.shelves.remove(slot);
        true
    }

    #[inline]
    fn len(&self) -> u32 {
        self.shelves.len(0)
    }

    fn capacity(&self) -> u32 {
        self.capacity
    }

    fn inspect(&self) -> Inspection {
        let mut list = self.shelves.show_marked(0, "queue", self.capacity);
        let hand = if self.hand == NONE { self.shelves.back(0) } else { self.hand };
        list.hand = self.shelves.slots(0).position(|slot| slot == hand).map(|place| place as u32);
        Inspection { lists: vec![list], ..Inspection::default() }
    }

    fn check(&self) -> Result<(), String> {
        self.shelves.check()?;
        if self.hand != NONE && self.shelves.find(self.shelves.key(self.hand)) != self.hand {
            return Err("the hand points at nothing".into());
        }
        Ok(())
    }
}
