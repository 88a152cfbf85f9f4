//! 2Q, full version: a page must come back after it was forgotten to count as hot.
//!
//! Johnson and Shasha, "2Q: a low overhead high performance buffer management replacement algorithm"
//! (VLDB 1994). New entries pass through A1in, first in, first out, where hits change nothing; their keys
//! are then remembered in A1out; a miss on a remembered key goes to Am, an LRU list. The paper suggests
//! 25 % for A1in (Kin) and 50 % for A1out (Kout). A remembered key leaves A1out before room is made for its entry,
//! so the key that A1in gives up then fits without another being forgotten.

use super::index::NONE;
use super::shelves::Shelves;
use super::*;
use crate::algo::setting::Setting;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "two-q",
        name: "2Q",
        short: "2Q",
        summary: "Entries get into the main list only if they are asked for again soon after they left the entrance.",
        source: "Johnson and Shasha (1994)",
        knobs: &[
            Setting::number(
                "in_percent",
                "Entrance (Kin)",
                "%",
                (0.0, 100.0),
                25.0,
                "Share of the capacity for entries that came lately.",
            ),
            Setting::number(
                "out_percent",
                "Remembered (Kout)",
                "%",
                (0.0, 1000.0),
                50.0,
                "How many keys that passed the entrance are remembered, in percent of the capacity.",
            )
            .usual(0.0, 200.0, crate::algo::setting::Scale::Linear),
        ],
    },
    build: |capacity, knobs| {
        let capacity = bounded(capacity);
        Box::new(TwoQ {
            capacity,
            in_limit: part(capacity, knobs.number("in_percent"), 0, capacity),
            out_limit: part(capacity, knobs.number("out_percent"), 0, GHOSTS_MAX),
            shelves: Shelves::new(3),
        })
    },
};

const IN: u32 = 0;
const MAIN: u32 = 1;
const OUT: u32 = 2;

#[derive(Clone, Debug)]
struct TwoQ {
    capacity: u32,
    in_limit: u32,
    out_limit: u32,
    shelves: Shelves,
}

impl TwoQ {
    /// Gives up an entry: one from the entrance, whose key is remembered, if that has more than its share.
    fn reclaim(&mut self) -> Option<u32> {
        let entrance = self.shelves.len(IN);
        if entrance <= self.in_limit && self.shelves.len(MAIN) > 0 {
            return self.shelves.pop_back(MAIN);
        }
        let slot = self.shelves.back(IN);
        let key = self.shelves.key(slot);
        self.shelves.move_to_front(OUT, slot);
        if self.shelves.len(OUT) > self.out_limit {
            self.shelves.pop_back(OUT);
        }
        Some(key)
    }
}

impl Evict for TwoQ {
    #[inline]
    fn touch(&mut self, key: u32) -> bool {
        let slot = self.shelves.find(key);
        if slot == NONE {
            return false;
        }
        let list = self.shelves.list(slot);
        if list == MAIN {
            self.shelves.move_to_front(MAIN, slot);
        }
        list != OUT
    }

    #[inline]
    fn load(&mut self, key: u32, _: &mut Stream) -> Option<u32> {
        let slot = self.shelves.find(key);
        let to = if slot == NONE { IN } else { MAIN };
        if slot != NONE {
            self.shelves.remove(slot);
        }
        let evicted = if self.len() == self.capacity { self.reclaim() } else { None };
        self.shelves.push_front(to, key);
        evicted
    }

    #[inline]
    fn contains(&self, key: u32) -> bool {
        let slot = self.shelves.find(key);
        slot != NONE && self.shelves.list(slot) != OUT
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
        self.shelves.len(IN) + self.shelves.len(MAIN)
    }

    fn capacity(&self) -> u32 {
        self.capacity
    }

    fn inspect(&self) -> Inspection {
        let main = self.shelves.show(MAIN, "Am (used again)", self.capacity - self.in_limit);
        let entrance = self.shelves.show(IN, "A1in (entrance)", self.in_limit);
        let out = self.shelves.show(OUT, "A1out (remembered)", self.out_limit).ghost();
        Inspection { lists: vec![main, entrance, out], ..Inspection::default() }
    }

    fn check(&self) -> Result<(), String> {
        self.shelves.check()?;
        if self.len() > self.capacity || self.shelves.len(OUT) > self.out_limit {
            return Err(format!("{} entries, {} remembered", self.len(), self.shelves.len(OUT)));
        }
        Ok(())
    }
}
