//! ARC: recency and frequency share the cache as the ghosts of both advise.
//!
//! Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache" (FAST 2003), figure 4. T1
//! holds what was used once lately, T2 what was used again, B1 and B2 remember what left them. A miss on B1
//! raises T1's target, one on B2 lowers it. The target is a real number here, as the ratios that it moves by
//! are. It moves when a remembered key is admitted; where nothing must leave because entries were removed
//! (expiry), nothing is replaced.

use super::index::NONE;
use super::shelves::Shelves;
use super::*;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "arc",
        name: "ARC",
        short: "ARC",
        summary: "Splits the cache between what was used once and what was used often, and learns where from its ghosts.",
        source: "Megiddo and Modha (2003)",
        knobs: &[],
    },
    build: |capacity, _| Box::new(Arc { capacity: bounded(capacity), target: 0.0, shelves: Shelves::new(4) }),
};

const T1: u32 = 0;
const T2: u32 = 1;
const B1: u32 = 2;
const B2: u32 = 3;

#[derive(Clone, Debug)]
struct Arc {
    capacity: u32,
    /// How many entries T1 should have: p in the paper.
    target: f64,
    shelves: Shelves,
}

impl Arc {
    /// REPLACE of the paper: gives up the oldest entry of T1 or T2; its key is remembered.
    fn replace(&mut self, in_b2: bool) -> Option<u32> {
        if self.len() < self.capacity {
            return None;
        }
        let once = self.shelves.len(T1);
        let size = f64::from(once);
        let above = size > self.target || in_b2 && size == self.target;
        let (from, to) = if once > 0 && above || self.shelves.len(T2) == 0 { (T1, B1) } else { (T2, B2) };
        let slot = self.shelves.back(from);
        self.shelves.move_to_front(to, slot);
        Some(self.shelves.key(slot))
    }

    /// Cases II and III: the key is remembered in `list`.
    fn load_remembered(&mut self, slot: u32, list: u32) -> Option<u32> {
        let (b1, b2) = (f64::from(self.shelves.len(B1)), f64::from(self.shelves.len(B2)));
        self.target = if list == B1 {
            (self.target + (b2 / b1).max(1.0)).min(self.capacity.into())
        } else {
            (self.target - (b1 / b2).max(1.0)).max(0.0)
        };
        let evicted = self.replace(list == B2);
        self.shelves.move_to_front(T2, slot);
        evicted
    }

    /// Case IV: the key is unknown.
    fn load_unknown(&mut self, key: u32) -> Option<u32> {
        let shelves = &mut self.shelves;
        let recent = shelves.len(T1) + shelves.len(B1);
        let all = recent + shelves.len(T2) + shelves.len(B2);
        let evicted = if recent == self.capacity && shelves.len(B1) == 0 {
            shelves.pop_back(T1)
        } else {
            if recent == self.capacity {
                shelves.pop_back(B1);
            } else if all == 2 * self.capacity {
                shelves.pop_back(B2);
            }
            self.replace(false)
        };
        self.shelves.push_front(T1, key);
        evicted
    }
}

impl Evict for Arc {
    #[inline]
    fn touch(&mut self, key: u32) -> bool {
        let slot = self.shelves.find(key);
        let held = slot != NONE && self.shelves.list(slot) <= T2;
        if held {
            self.shelves.move_to_front(T2, slot);
        }
        held
    }

    #[inline]
    fn load(&mut self, key: u32, _: &mut Stream) -> Option<u32> {
        match self.shelves.find(key) {
            NONE => self.load_unknown(key),
            slot => self.load_remembered(slot, self.shelves.list(slot)),
        }
    }

    #[inline]
    fn contains(&self, key: u32) -> bool {
        let slot = self.shelves.find(key);
        slot != NONE && self.shelves.list(slot) <= T2
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
        self.shelves.len(T1) + self.shelves.len(T2)
    }

    fn capacity(&self) -> u32 {
        self.capacity
    }

    fn inspect(&self) -> Inspection {
        let show = |list, name| self.shelves.show(list, name, self.capacity);
        let lists = vec![
            show(T1, "T1 (used once)"),
            show(T2, "T2 (used again)"),
            show(B1, "B1 (left T1)").ghost(),
            show(B2, "B2 (left T2)").ghost(),
        ];
        Inspection { lists, figures: vec![("target of T1", self.target)], sketch: vec![] }
    }

    /// The paper's invariants: I.1 and A.1 to A.4, as far as removals leave them.
    fn check(&self) -> Result<(), String> {
        self.shelves.check()?;
        let [t1, t2, b1, b2] = [T1, T2, B1, B2].map(|list| self.shelves.len(list));
        let capacity = self.capacity;
        let within = (0.0..=f64::from(capacity)).contains(&self.target);
        if t1 + t2 > capacity || t1 + b1 > capacity || t1 + t2 + b1 + b2 > 2 * capacity || !within {
            return Err(format!("T1 {t1}, T2 {t2}, B1 {b1}, B2 {b2}, target {}", self.target));
        }
        Ok(())
    }
}
