//! S3-FIFO: a small queue in which most newcomers leave, a main queue, and a ghost queue.
//!
//! Yang, Zhang, Qiu, Yue and Rashmi, "FIFO queues are all you need for cache eviction" (SOSP 2023),
//! algorithm 1. An entry that was hit `promote_after` times in the small queue goes to the main queue with
//! its count cleared, else its key goes to the ghost queue; a miss on a ghost goes to the main queue, where an
//! entry with hits gets another round. Where versions differ:
//! - The paper's pseudocode may give up more than one entry for one newcomer (one from each queue). Here, as in
//!   libCacheSim, exactly one leaves: from the main queue while that is above its share, else from the
//!   small one.
//! - While the cache fills, everything enters the small queue, as in the paper. libCacheSim 0.3.5 fills
//!   the main queue directly once the small one has its share (`first_fill` = `main`).
//! - The ghost queue is as long as the main queue (90 %), and a key that comes back leaves it.

use super::index::NONE;
use super::shelves::Shelves;
use super::*;
use crate::algo::setting::{Scale, Setting};

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "s3-fifo",
        name: "S3-FIFO",
        short: "S3-FIFO",
        summary: "Newcomers wait in a small queue, and only those that are asked for again get into the main one.",
        source: "Yang et al. (2023)",
        knobs: &[
            Setting::number(
                "small_percent",
                "Small queue",
                "%",
                (0.0, 100.0),
                10.0,
                "Share of the capacity for newcomers.",
            ),
            Setting::number(
                "ghost_percent",
                "Ghost queue",
                "%",
                (0.0, 1000.0),
                90.0,
                "How many keys that left the small queue are remembered, in percent of the capacity.",
            )
            .usual(0.0, 200.0, Scale::Linear),
            Setting::integer(
                "promote_after",
                "Hits for the main queue",
                "",
                (1.0, 3.0),
                2.0,
                "Hits in the small queue that lead to the main one.",
            ),
            Setting::choice(
                "first_fill",
                "First filling",
                &[("small", "small queue"), ("main", "main queue")],
                "small",
                "Where entries go while the cache is not full, once the small queue has its share.",
            ),
        ],
    },
    build: |capacity, knobs| {
        let capacity = bounded(capacity);
        Box::new(S3Fifo {
            capacity,
            small_limit: part(capacity, knobs.number("small_percent"), 0, capacity),
            ghost_limit: part(capacity, knobs.number("ghost_percent"), 0, GHOSTS_MAX),
            promote_after: knobs.number("promote_after").clamp(1.0, HITS_MAX.into()) as u32,
            fill_main: knobs.word("first_fill") == "main",
            shelves: Shelves::new(3),
        })
    },
};

const SMALL: u32 = 0;
const MAIN: u32 = 1;
const GHOST: u32 = 2;
/// Two bits count the hits.
const HITS_MAX: u32 = 3;

#[derive(Clone, Debug)]
struct S3Fifo {
    capacity: u32,
    small_limit: u32,
    ghost_limit: u32,
    promote_after: u32,
    /// Only until something must leave for the first time.
    fill_main: bool,
    /// An entry's mark counts its hits.
    shelves: Shelves,
}

impl S3Fifo {
    fn evict(&mut self) -> u32 {
        loop {
            let main_is_above = self.shelves.len(MAIN) > self.capacity - self.small_limit;
            let evicted = if main_is_above || self.shelves.len(SMALL) == 0 {
                Some(self.evict_main())
            } else {
                self.evict_small()
            };
            if let Some(key) = evicted {
                return key;
            }
        }
    }

    /// The first of the small queue that has too few hits; the others go to the main queue. None if all had.
    fn evict_small(&mut self) -> Option<u32> {
        loop {
            let slot = self.shelves.back(SMALL);
            if slot == NONE {
                return None;
            }
            let promoted = self.shelves.mark(slot) >= self.promote_after;
            self.shelves.set_mark(slot, 0);
            if promoted {
                self.shelves.move_to_front(MAIN, slot);
                continue;
            }
            let key = self.shelves.key(slot);
            self.shelves.move_to_front(GHOST, slot);
            if self.shelves.len(GHOST) > self.ghost_limit {
                self.shelves.pop_back(GHOST);
            }
            return Some(key);
        }
    }

    /// The first of the main queue without hits; the others go round once more with one hit less.
    fn evict_main(&mut self) -> u32 {
        loop {
            let slot = self.shelves.back(MAIN);
            match self.shelves.mark(slot) {
                0 => return self.shelves.remove(slot),
                hits => self.shelves.set_mark(slot, hits - 1),
            }
            self.shelves.move_to_front(MAIN, slot);
        }
    }
}

impl Evict for S3Fifo {
    #[inline]
    fn touch(&mut self, key: u32) -> bool {
        let slot = self.shelves.find(key);
        if slot == NONE || self.shelves.list(slot) == GHOST {
            return false;
        }
        let hits = self.shelves.mark(slot);
        if hits < HITS_MAX {
            self.shelves.set_mark(slot, hits + 1);
        }
        true
    }

    #[inline]
    fn load(&mut self, key: u32, _: &mut Stream) -> Option<u32> {
        let slot = self.shelves.find(key);
        let ghost = slot != NONE;
        if ghost {
            self.shelves.remove(slot);
        }
        let evicted = (self.len() == self.capacity).then(|| self.evict());
        self.fill_main &= evicted.is_none();
        let to_main = ghost || self.fill_main && self.shelves.len(SMALL) >= self.small_limit;
        self.shelves.push_front(if to_main { MAIN } else { SMALL }, key);
        evicted
    }

    #[inline]
    fn contains(&self, key: u32) -> bool {
        let slot = self.shelves.find(key);
        slot != NONE && self.shelves.list(slot) != GHOST
    }

    fn remove(&mut self, key: u32) -> bool {
        let held = self.contains(key);
        if held {
            self.shelves.remove(self.shelves.find(key));
        }
        held
    }

    #[inline]
    fn len(&self) -> u32 {
        self.shelves.len(SMALL) + self.shelves.len(MAIN)
    }

    fn capacity(&self) -> u32 {
        self.capacity
    }

    fn inspect(&self) -> Inspection {
        let small = self.shelves.show_marked(SMALL, "small queue", self.small_limit);
        let main = self.shelves.show_marked(MAIN, "main queue", self.capacity - self.small_limit);
        let ghost = self.shelves.show(GHOST, "ghosts", self.ghost_limit).ghost();
        Inspection { lists: vec![small, main, ghost], ..Inspection::default() }
    }

    fn check(&self) -> Result<(), String> {
        self.shelves.check()?;
        if self.len() > self.capacity || self.shelves.len(GHOST) > self.ghost_limit {
            return Err(format!("{} entries, {} ghosts", self.len(), self.shelves.len(GHOST)));
        }
        let above = |slot| self.shelves.mark(slot) > HITS_MAX;
        if self.shelves.slots(SMALL).chain(self.shelves.slots(MAIN)).any(above) {
            return Err("an entry counts more hits than two bits hold".into());
        }
        Ok(())
    }
}
