//! W-TinyLFU: newcomers get a small window; to go on they must be asked for more often than the victim.
//!
//! Einziger, Friedman and Manes, "TinyLFU: a highly efficient cache admission policy" (ACM Transactions on
//! Storage, 2017). A window of 1 % by LRU, then a segmented LRU (80 % of it protected), and a [`Sketch`]
//! that estimates how often keys were asked for lately. The sketch counts hits and misses and is halved
//! every 10 requests for each entry of the capacity. On a tie the newcomer loses, as in the paper; Caffeine
//! now and then admits it. Left out: the paper's doorkeeper (a Bloom filter before the
//! sketch, to save memory) and Caffeine's adaptive window. While there is room, nobody competes.
//!
//! libCacheSim 0.3.5 counts other requests (no hits in the window, but each entry that the window gives up once
//! more), halves after 32 requests an entry, and fills the protected part first: by Zipf's law over 10⁶ keys
//! it misses 1.3 % less at a capacity of 1 %, 1.1 % more at 10 %, and 32 % more on the loop of `golden.rs`.

use super::index::NONE;
use super::shelves::Shelves;
use super::sketch::Sketch;
use super::*;
use crate::algo::setting::{Scale, Setting};

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "w-tiny-lfu",
        name: "W-TinyLFU",
        short: "TinyLFU",
        summary: "A newcomer replaces the main part's victim only if it was asked for more often lately.",
        source: "Einziger, Friedman and Manes (2017)",
        knobs: &[
            Setting::number(
                "window_percent",
                "Window",
                "%",
                (0.0, 100.0),
                1.0,
                "Share of the capacity for newcomers, at least one entry.",
            )
            .usual(0.0, 50.0, Scale::Linear),
            Setting::number(
                "protected_percent",
                "Protected share",
                "%",
                (0.0, 100.0),
                80.0,
                "Share of the main part that only entries with a hit there can get.",
            ),
            Setting::integer(
                "sample_per_entry",
                "Memory of the sketch",
                "requests",
                (1.0, 100.0),
                10.0,
                "After this many requests for each entry of the capacity, all counts are halved.",
            ),
        ],
    },
    build: |capacity, knobs| {
        let capacity = bounded(capacity);
        let window_limit = part(capacity, knobs.number("window_percent"), 1, capacity);
        let main = capacity - window_limit;
        let sample = capacity * knobs.number("sample_per_entry").clamp(1.0, 100.0) as u32;
        Box::new(WTinyLfu {
            capacity,
            window_limit,
            protected_limit: part(main, knobs.number("protected_percent"), 0, main),
            shelves: Shelves::new(3),
            sketch: Sketch::new(capacity, sample),
        })
    },
};

const WINDOW: u32 = 0;
const PROBATION: u32 = 1;
const PROTECTED: u32 = 2;

#[derive(Clone, Debug)]
struct WTinyLfu {
    capacity: u32,
    window_limit: u32,
    protected_limit: u32,
    shelves: Shelves,
    sketch: Sketch,
}

impl WTinyLfu {
    /// The window's oldest entry has to go: to the main part if there is room, or if it beats its victim.
    fn compete(&mut self) -> Option<u32> {
        let candidate = self.shelves.back(WINDOW);
        if self.len() <= self.capacity {
            self.shelves.move_to_front(PROBATION, candidate);
            return None;
        }
        let mut victim = self.shelves.back(PROBATION);
        if victim == NONE {
            victim = self.shelves.back(PROTECTED);
        }
        let frequency = |slot| self.sketch.frequency(self.shelves.key(slot));
        if victim == NONE || frequency(candidate) <= frequency(victim) {
            return Some(self.shelves.remove(candidate));
        }
        let evicted = self.shelves.remove(victim);
        self.shelves.move_to_front(PROBATION, candidate);
        Some(evicted)
    }
}

impl Evict for WTinyLfu {
    #[inline]
    fn touch(&mut self, key: u32) -> bool {
        self.sketch.add(key);
        let slot = self.shelves.find(key);
        if slot == NONE {
            return false;
        }
        let to = if self.shelves.list(slot) == WINDOW { WINDOW } else { PROTECTED };
        self.shelves.move_to_front(to, slot);
        if self.shelves.len(PROTECTED) > self.protected_limit {
            self.shelves.move_to_front(PROBATION, self.shelves.back(PROTECTED));
        }
        true
    }

    #[inline]
    fn load(&mut self, key: u32, _: &mut Stream) -> Option<u32> {
        self.shelves.push_front(WINDOW, key);
        if self.shelves.len(WINDOW) > self.window_limit { self.compete() } else { None }
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
        self.shelves.len(WINDOW) + self.shelves.len(PROBATION) + self.shelves.len(PROTECTED)
    }

    fn capacity(&self) -> u32 {
        self.capacity
    }

    fn inspect(&self) -> Inspection {
        let main = self.capacity - self.window_limit;
        let lists = vec![
            self.shelves.show(WINDOW, "window", self.window_limit),
            self.shelves.show(PROBATION, "probation", main - self.protected_limit),
            self.shelves.show(PROTECTED, "protected", self.protected_limit),
        ];
        let figures = vec![
            ("requests counted", f64::from(self.sketch.additions())),
            ("halved at", f64::from(self.sketch.sample())),
        ];
        Inspection { lists, figures, sketch: self.sketch.rows() }
    }

    fn check(&self) -> Result<(), String> {
        self.shelves.check()?;
        let lens = [WINDOW, PROBATION, PROTECTED].map(|list| self.shelves.len(list));
        if self.len() > self.capacity || lens[0] > self.window_limit || lens[2] > self.protected_limit {
            return Err(format!("window, probation, protected: {lens:?}"));
        }
        Ok(())
    }
}
