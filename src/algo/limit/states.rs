//! A state for each key, in a table that stays small: keys that are as good as new are forgotten.
//!
//! Open addressing with linear probing, at most half full. When it gets fuller, all states are looked at
//! once, those that equal a new one are dropped, and the table takes the size that the others need: so a key
//! costs constant time on average.

use crate::sim::Time;

/// Most keys with a state of their own. Further ones share one.
pub const KEYS_MAX: usize = 1 << 20;

const FEWEST_SLOTS: usize = 8;

#[derive(Clone, Debug)]
pub(super) struct States<S> {
    /// A power of two of them.
    slots: Vec<Slot<S>>,
    used: usize,
    most: usize,
    /// Of all the keys that found no room.
    shared: S,
    /// Keys that came since the table was last looked through.
    newcomers: usize,
}

#[derive(Clone, Debug, Default)]
struct Slot<S> {
    /// The key and [`USED`]; 0 for a free slot.
    tag: u64,
    state: S,
}

const USED: u64 = 1 << 32;

#[inline]
fn tag_of(key: u32) -> u64 {
    u64::from(key) | USED
}

/// Fibonacci hashing (Knuth): the product's high bits are the mixed ones.
#[inline]
fn hash_of(key: u32) -> usize {
    let hash = key.wrapping_mul(0x9e37_79b9);
    (hash ^ hash >> 15) as usize
}

impl<S: Clone + Default> States<S> {
    /// For at most so many keys, and no more than [`KEYS_MAX`].
    pub fn new(most: usize) -> States<S> {
        let slots = vec![Slot::default(); FEWEST_SLOTS];
        States { slots, used: 0, most: most.clamp(1, KEYS_MAX), shared: S::default(), newcomers: 0 }
    }

    /// The key's slot, or the free one where its search ends.
    fn seek(&self, key: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = hash_of(key) & mask;
        while self.slots[at].tag != 0 && self.slots[at].tag != tag_of(key) {
            at = (at + 1) & mask;
        }
        at
    }

    /// The key's state, a new one if it has none. `is_new` says which states may be forgotten.
    #[inline]
    pub fn of(&mut self, key: u32, is_new: impl Fn(&S) -> bool) -> &mut S {
        let first = hash_of(key) & self.slots.len().wrapping_sub(1);
        // Nearly always the first.
        if self.slots.get(first).is_some_and(|slot| slot.tag == tag_of(key)) {
            return &mut self.slots[first].state;
        }
        self.find(key, is_new)
    }

    #[inline(never)]
    fn find(&mut self, key: u32, is_new: impl Fn(&S) -> bool) -> &mut S {
        let at = self.seek(key);
        if self.slots[at].tag != 0 { &mut self.slots[at].state } else { self.enter(key, is_new) }
    }

    /// The key's own state, if it has one.
    pub fn known(&mut self, key: u32) -> Option<&mut S> {
        let at = self.seek(key);
        if self.slots[at].tag != 0 { Some(&mut self.slots[at].state) } else { None }
    }

    /// The state that keys without room share.
    pub fn shared(&mut self) -> &mut S {
        &mut self.shared
    }

    /// The key's state as it would be found.
    pub fn peek(&self, key: u32) -> S {
        let slot = &self.slots[self.seek(key)];
        match slot.tag {
            0 if self.used >= self.most => self.shared.clone(),
            0 => S::default(),
            _ => slot.state.clone(),
        }
    }

    /// How many keys have a state of their own.
    pub fn len(&self) -> usize {
        self.used
    }

    pub fn iter(&self) -> impl Iterator<Item = &S> {
        self.slots.iter().filter(|slot| slot.tag != 0).map(|slot| &slot.state).chain([&self.shared])
    }

    fn full(&self) -> bool {
        self.used >= self.most || (self.used + 1) * 2 > self.slots.len()
    }

    #[cold]
    fn enter(&mut self, key: u32, is_new: impl Fn(&S) -> bool) -> &mut S {
        self.newcomers += 1;
        // Not for every key that comes while there is no room: that would take long.
        if self.full() && self.newcomers > self.slots.len() / 32 {
            self.forget(is_new);
        }
        if self.full() {
            return &mut self.shared;
        }
        self.used += 1;
        let at = self.seek(key);
        self.slots[at] = Slot { tag: tag_of(key), state: S::default() };
        &mut self.slots[at].state
    }

    fn forget(&mut self, is_new: impl Fn(&S) -> bool) {
        let mut kept = std::mem::take(&mut self.slots);
        kept.retain(|slot| slot.tag != 0 && !is_new(&slot.state));
        self.used = kept.len();
        self.newcomers = 0;
        let wanted = (4 * (self.used + 1)).next_power_of_two();
        let most = (2 * self.most).next_power_of_two();
        self.slots = vec![Slot::default(); wanted.min(most).max(FEWEST_SLOTS)];
        for slot in kept {
            let at = self.seek(slot.tag as u32);
            self.slots[at] = slot;
        }
    }

    /// That every key is found, and the table is no fuller than it may be.
    pub fn check(&self) -> Result<(), String> {
        let used = self.slots.iter().filter(|slot| slot.tag != 0).count();
        let lost = (0..self.slots.len()).find(|&at| {
            let tag = self.slots[at].tag;
            tag != 0 && self.seek(tag as u32) != at
        });
        if used != self.used || used > self.most || used * 2 > self.slots.len() {
            return Err(format!("{used} of {} slots used, counted {}", self.slots.len(), self.used));
        }
        lost.map_or(Ok(()), |at| Err(format!("key {} is not found", self.slots[at].tag as u32)))
    }
}

/// The state of most policies: an amount, and the time from which on it counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Gauge {
    pub amount: u64,
    pub at: Time,
}
