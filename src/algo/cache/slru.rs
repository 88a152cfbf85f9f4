//! Segmented LRU: an entry must be used again to get into the protected part.
//!
//! Karedla, Love and Wherry, "Caching strategies to improve disk system performance" (1994): new entries
//! go to the probationary segment, a hit moves an entry to the protected one, and what overflows there
//! falls back. With more `segments` each hit climbs one further, and the protected share is split evenly
//! among all but the lowest. Entries leave from the lowest segment that holds any. While the cache fills, the
//! lowest segment may use the room that the others leave; libCacheSim instead puts new entries into the
//! lowest segment that is below its share (`first_fill` = `upwards`), so that the first ones are
//! protected without having been used.

use super::index::NONE;
use super::shelves::{LISTS_MAX, Shelves};
use super::*;
use crate::algo::setting::Setting;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "slru",
        name: "Segmented LRU",
        short: "SLRU",
        summary: "New entries are on probation; a hit protects them from those that are used only once.",
        source: "Karedla, Love and Wherry (1994)",
        knobs: &[
            Setting::number(
                "protected_percent",
                "Protected share",
                "%",
                (0.0, 100.0),
                80.0,
                "Share of the capacity that only entries with a hit can get.",
            ),
            Setting::integer(
                "segments",
                "Segments",
                "",
                (2.0, LISTS_MAX as f64),
                2.0,
                "All but the lowest are protected; a hit moves an entry one segment up.",
            ),
            Setting::choice(
                "first_fill",
                "First filling",
                &[("lowest", "lowest segment"), ("upwards", "lowest with room")],
                "lowest",
                "Where new entries go while the cache is not full.",
            ),
        ],
    },
    build: |capacity, knobs| {
        let capacity = bounded(capacity);
        let top = knobs.number("segments").clamp(2.0, LISTS_MAX as f64) as u32 - 1;
        let share = knobs.number("protected_percent") / f64::from(top);
        Box::new(Slru {
            capacity,
            top,
            limit: part(capacity, share, 0, capacity / top),
            upwards: knobs.word("first_fill") == "upwards",
            shelves: Shelves::new(top + 1),
            held: 0,
        })
    },
};

const NAMES: [&str; LISTS_MAX as usize] = [
    "probation",
    "protected",
    "protected 2",
    "protected 3",
    "protected 4",
    "protected 5",
    "protected 6",
    "protected 7",
];

#[derive(Clone, Debug)]
struct Slru {
    capacity: u32,
    /// The highest segment.
    top: u32,
    /// Entries in each segment above the lowest.
    limit: u32,
    upwards: bool,
    shelves: Shelves,
    held: u32,
}

impl Slru {
    /// The lowest segment's share: what the others leave.
    fn lowest_limit(&self) -> u32 {
        self.capacity - self.limit * self.top
    }

    fn limit(&self, segment: u32) -> u32 {
        if segment == 0 { self.lowest_limit() } else { self.limit }
    }
}

impl Evict for Slru {
    #[inline]
    fn touch(&mut self, key: u32) -> bool {
        let slot = self.shelves.find(key);
        if slot == NONE {
            return false;
        }
        let to = (self.shelves.list(slot) + 1).min(self.top);
        self.shelves.move_to_front(to, slot);
        let mut segment = to;
        while segment > 0 && self.shelves.len(segment) > self.limit {
            self.shelves.move_to_front(segment - 1, self.shelves.back(segment));
            segment -= 1;
        }
        true
    }

    #[inline]
    fn load(&mut self, key: u32, _: &mut Stream) -> Option<u32> {
        if self.held == self.capacity {
            let lowest = (0..=self.top).find(|&segment| self.shelves.len(segment) > 0).unwrap_or(0);
            let evicted = self.shelves.pop_back(lowest);
            self.shelves.push_front(0, key);
            return evicted;
        }
        let room = |segment: &u32| self.shelves.len(*segment) < self.limit(*segment);
        let segment = if self.upwards { (0..=self.top).find(room).unwrap_or(0) } else { 0 };
        self.shelves.push_front(segment, key);
        self.held += 1;
        None
    }

    #[inline]
    fn contains(&self, key: u32) -> bool {
        self.shelves.find(key) != NONE
    }

    fn remove(&mut self, key: u32) -> bool {
        let slot = self.shelves.find(key);
        if slot != NONE {
            self.shelves.remove(slot);
            self.held -= 1;
        }
        slot != NONE
    }

    fn len(&self) -> u32 {
        self.held
    }

    fn capacity(&self) -> u32 {
        self.capacity
    }

    fn inspect(&self) -> Inspection {
        let show = |segment: u32| self.shelves.show(segment, NAMES[segment as usize], self.limit(segment));
        Inspection { lists: (0..=self.top).rev().map(show).collect(), ..Inspection::default() }
    }

    fn check(&self) -> Result<(), String> {
        self.shelves.check()?;
        let lens: Vec<u32> = (0..=self.top).map(|segment| self.shelves.len(segment)).collect();
        if lens.iter().sum::<u32>() != self.held || lens[1..].iter().any(|&len| len > self.limit) {
            return Err(format!("segments of {lens:?} for {} entries", self.held));
        }
        Ok(())
    }
}
