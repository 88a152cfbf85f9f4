//! MIN: the entry whose next use lies farthest ahead leaves. It knows the future, so it is a bound.
//!
//! Belady, "A study of replacement algorithms for a virtual-storage computer" (1966); Mattson et al. (1970)
//! proved it best among policies that must take in every missed key. A policy that may refuse
//! (as `ttl` does when full) can do better; with `bypass` MIN refuses what is needed later than all that it
//! holds, and then nothing can. The future is that of [`Evict::foresee`]: each request consumes its
//! key's next place there, so requests that overtake each other do no harm. Unforeseen keys are taken
//! as never needed again; without any foresight the policy throws out an arbitrary entry. As long as requests come just as
//! foreseen, counting them tells their places; the first that does not makes a table necessary.

use super::heap::Heap;
use super::index::{Index, NONE};
use super::*;
use crate::algo::setting::Setting;
use std::sync::Arc;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "min",
        name: "MIN (knows the future)",
        short: "MIN",
        summary: "The entry that will be needed last leaves: no real cache can know it, none can do better.",
        source: "Belady (1966)",
        knobs: &[Setting::toggle(
            "bypass",
            "May refuse",
            false,
            "What is needed later than everything in the cache is not taken in.",
        )],
    },
    build: |capacity, knobs| {
        Box::new(Min {
            capacity: bounded(capacity),
            bypass: knobs.flag("bypass"),
            future: Arc::default(),
            passed: Some(0),
            upcoming: Index::default(),
            held: Index::default(),
            needed: Heap::default(),
        })
    },
};

#[derive(Clone, Debug)]
struct Min {
    capacity: u32,
    bypass: bool,
    /// Shared by clones.
    future: Arc<Future>,
    /// So many places from the first have come to pass; `None` once it was not in order.
    passed: Option<u32>,
    /// The next place of each key that has one; empty as long as all is in order.
    upcoming: Index<u32>,
    held: Index,
    /// The slots of what is held, the one needed last first.
    needed: Heap,
}

/// What was foreseen.
#[derive(Debug, Default)]
struct Future {
    keys: Vec<u32>,
    /// For each place the next one of the same key, or `NONE`.
    after: Vec<u32>,
}

/// The first place of each key from `from` on; `each` hears of all places, from the last, and the next of the same key.
fn first_places(keys: &[u32], from: usize, mut each: impl FnMut(usize, u32)) -> Index<u32> {
    let mut first = Index::default();
    for (place, &key) in keys.iter().enumerate().skip(from).rev() {
        let slot = first.get(key);
        if slot == NONE {
            each(place, NONE);
            first.insert(key, place as u32);
        } else {
            each(place, std::mem::replace(&mut first[slot], place as u32));
        }
    }
    first
}

impl Min {
    /// A request for `key` comes to pass; the place of the next.
    #[inline]
    fn pass(&mut self, key: u32) -> u32 {
        if let Some(passed) = self.passed {
            if self.future.keys.get(passed as usize) == Some(&key) {
                self.passed = Some(passed + 1);
                return self.future.after[passed as usize];
            }
            self.leave_order(passed);
        }
        let slot = self.upcoming.get(key);
        if slot == NONE {
            return NONE;
        }
        let next = self.future.after[self.upcoming[slot] as usize];
        if next == NONE {
            self.upcoming.remove(slot);
        } else {
            self.upcoming[slot] = next;
        }
        next
    }

    /// The place of the next request for a key that is not held.
    #[inline]
    fn next_place(&mut self, key: u32) -> u32 {
        if let Some(passed) = self.passed {
            // It is nearly always the one that was just asked for.
            let last = (passed as usize).wrapping_sub(1);
            if self.future.keys.get(last) == Some(&key) {
                return self.future.after[last];
            }
            self.leave_order(passed);
        }
        self.upcoming.find(key).unwrap_or(NONE)
    }

    #[cold]
    #[inline(never)]
    fn leave_order(&mut self, passed: u32) {
        self.passed = None;
        self.upcoming = first_places(&self.future.keys, passed as usize, |_, _| {});
    }

    /// What is held: slot and place of its next request.
    fn held(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let place = |slot| Some((slot, !(self.needed.rank(slot)? as u32)));
        (0..self.held.slots()).filter_map(place)
    }
}

/// Smallest for what is needed last.
fn rank(place: u32) -> u64 {
    u64::from(!place)
}

impl Evict for Min {
    fn touch(&mut self, key: u32) -> bool {
        let next = self.pass(key);
        let slot = self.held.get(key);
        if slot != NONE {
            self.needed.set(slot, rank(next));
        }
        slot != NONE
    }

    fn load(&mut self, key: u32, _: &mut Stream) -> Option<u32> {
        let rank = rank(self.next_place(key));
        let mut evicted = None;
        if self.len() == self.capacity {
            let (last, slot) = self.needed.first()?;
            if self.bypass && rank <= last {
                return Some(key);
            }
            // The newcomer takes its place, in the heap too: that is ordered once, not twice.
            evicted = Some(self.held.remove(slot));
        }
        let slot = self.held.insert(key, ());
        self.needed.set(slot, rank);
        evicted
    }

    fn contains(&self, key: u32) -> bool {
        self.held.get(key) != NONE
    }

    fn remove(&mut self, key: u32) -> bool {
        let slot = self.held.get(key);
        if slot != NONE {
            self.needed.remove(slot);
            self.held.remove(slot);
        }
        slot != NONE
    }

    fn len(&self) -> u32 {
        self.held.len()
    }

    fn capacity(&self) -> u32 {
        self.capacity
    }

    fn foresee(&mut self, keys: &[u32]) {
        let mut after = vec![NONE; keys.len()];
        let first = first_places(keys, 0, |place, next| after[place] = next);
        for slot in (0..self.held.slots()).filter(|&slot| self.held.is_taken(slot)) {
            self.needed.set(slot, rank(first.find(self.held.key(slot)).unwrap_or(NONE)));
        }
        self.future = Arc::new(Future { keys: keys.to_vec(), after });
        (self.passed, self.upcoming) = (Some(0), Index::default());
    }

    /// What is needed first comes first; the marks are places in the future, `u32::MAX` for never again.
    fn inspect(&self) -> Inspection {
        let mut held: Vec<(u32, u32)> =
            self.held().map(|(slot, place)| (place, self.held.key(slot))).collect();
        crate::sim::order::sort_by_key(&mut held, |&(place, key)| u64::from(place) << 32 | u64::from(key));
        held.truncate(SHOWN);
        let list = List {
            name: "by next use",
            len: self.len(),
            limit: self.capacity,
            keys: held.iter().map(|&(_, key)| key).collect(),
            marks: held.iter().map(|&(place, _)| place).collect(),
            ..List::default()
        };
        Inspection { lists: vec![list], ..Inspection::default() }
    }

    fn check(&self) -> Result<(), String> {
        self.needed.check()?;
        if self.needed.len() != self.held.len() as usize || self.len() > self.capacity {
            return Err(format!("{} entries, {} ranked", self.len(), self.needed.len()));
        }
        let remaining;
        let upcoming = match self.passed {
            Some(passed) => {
                remaining = first_places(&self.future.keys, passed as usize, |_, _| {});
                &remaining
            }
            None => &self.upcoming,
        };
        for (slot, place) in self.held() {
            let key = self.held.key(slot);
            if !self.held.is_taken(slot) || upcoming.find(key).unwrap_or(NONE) != place {
                return Err(format!("key {key} is ranked by another use than its next"));
            }
        }
        Ok(())
    }
}
