//! A state for each key, in tables that stay small: keys that are as good as new are forgotten.
//!
//! Keys are mostly small numbers, which say themselves where their state is. The others are in a table with
//! open addressing and linear probing, at most half full. When twice as many keys are known as were in use,
//! all states are looked at once, and those that equal a new one are dropped: so a key costs constant time on
//! average.

use super::Verdict;
use crate::sim::Time;

/// What a policy makes of one key's state.
pub(super) trait Rule<S> {
    /// Whether it makes no difference if the state is forgotten.
    fn is_new(&self, state: &S, now: Time) -> bool;

    /// As [`super::Limit::pass`].
    fn pass(&self, state: &mut S, cost: u32, now: Time) -> Verdict;
}

/// Most keys with a state of their own. Further ones share one.
pub const KEYS_MAX: usize = 1 << 20;

/// Keys below this are not searched for.
const DIRECT: usize = 1 << 15;
const FEWEST_SLOTS: usize = 8;
/// Of a word of [`States::taken`].
const BITS: usize = u64::BITS as usize;

#[inline(always)]
fn is_taken(taken: &[u64], key: usize) -> bool {
    taken.get(key / BITS).is_some_and(|bits| bits >> (key % BITS) & 1 != 0)
}

#[derive(Clone, Debug)]
pub(super) struct States<S> {
    /// By key, as far as keys below [`DIRECT`] have come.
    direct: Vec<S>,
    /// A bit for each of these: whether it has a state. Apart from them, so that more of those fit into a cache.
    taken: Vec<u64>,
    /// Of the other keys; a power of two of them.
    hashed: Vec<Slot<S>>,
    /// How many of each have a state.
    direct_used: usize,
    hashed_used: usize,
    /// How many keys may be known until all are looked through.
    room: usize,
    most: usize,
    /// Of all the keys that found no room.
    shared: S,
    /// Keys that came since the states were last looked through.
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
        States {
            direct: vec![],
            taken: vec![],
            hashed: vec![Slot::default(); FEWEST_SLOTS],
            direct_used: 0,
            hashed_used: 0,
            room: FEWEST_SLOTS / 2,
            most: most.clamp(1, KEYS_MAX),
            shared: S::default(),
            newcomers: 0,
        }
    }

    /// The key's slot in the hash table, or the free one where its search ends.
    fn seek(&self, key: u32) -> usize {
        let mask = self.hashed.len() - 1;
        let mut at = hash_of(key) & mask;
        while self.hashed[at].tag != 0 && self.hashed[at].tag != tag_of(key) {
            at = (at + 1) & mask;
        }
        at
    }

    /// What the rule says to a request of this key, which has a new state if it had none.
    #[inline(always)]
    pub fn pass(&mut self, rule: &impl Rule<S>, key: u32, cost: u32, now: Time) -> Verdict {
        match self.direct.get_mut(key as usize) {
            Some(state) if is_taken(&self.taken, key as usize) => rule.pass(state, cost, now),
            _ => self.pass_found(key, cost, now, rule),
        }
    }

    /// Out of the way of the keys that say themselves where they are; what it is given in the order in which a policy
    /// is, so that nothing need be moved.
    #[inline(never)]
    fn pass_found(&mut self, key: u32, cost: u32, now: Time, rule: &impl Rule<S>) -> Verdict {
        let state = self.find(key, |state| rule.is_new(state, now));
        rule.pass(state, cost, now)
    }

    #[inline]
    fn find(&mut self, key: u32, is_new: impl Fn(&S) -> bool) -> &mut S {
        if key as usize >= DIRECT {
            let at = self.seek(key);
            if self.hashed[at].tag != 0 {
                return &mut self.hashed[at].state;
            }
        }
        self.enter(key, is_new)
    }

    /// The key's own state, if it has one.
    pub fn known(&mut self, key: u32) -> Option<&mut S> {
        if (key as usize) < DIRECT {
            return self.direct.get_mut(key as usize).filter(|_| is_taken(&self.taken, key as usize));
        }
        let at = self.seek(key);
        self.hashed.get_mut(at).filter(|slot| slot.tag != 0).map(|slot| &mut slot.state)
    }

    fn get(&self, key: u32) -> Option<&S> {
        if (key as usize) < DIRECT {
            return self.direct.get(key as usize).filter(|_| is_taken(&self.taken, key as usize));
        }
        self.hashed.get(self.seek(key)).filter(|slot| slot.tag != 0).map(|slot| &slot.state)
    }

    /// The state that keys without room share.
    pub fn shared(&mut self) -> &mut S {
        &mut self.shared
    }

    /// The key's state as it would be found.
    pub fn peek(&self, key: u32) -> S {
        match self.get(key) {
            Some(state) => state.clone(),
            None if self.len() >= self.most => self.shared.clone(),
            None => S::default(),
        }
    }

    /// How many keys have a state of their own.
    pub fn len(&self) -> usize {
        self.direct_used + self.hashed_used
    }

    /// Without what states hold elsewhere.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.direct) + size_of_val(&*self.taken) + size_of_val(&*self.hashed)
    }

    pub fn iter(&self) -> impl Iterator<Item = &S> {
        let direct = self.direct.iter().enumerate().filter(|(key, _)| is_taken(&self.taken, *key));
        let hashed = self.hashed.iter().filter(|slot| slot.tag != 0);
        direct.map(|(_, state)| state).chain(hashed.map(|slot| &slot.state)).chain([&self.shared])
    }

    fn is_full(&self) -> bool {
        self.len() >= self.room.min(self.most)
    }

    #[cold]
    fn enter(&mut self, key: u32, is_new: impl Fn(&S) -> bool) -> &mut S {
        self.newcomers += 1;
        // Not for every key that comes while there is no room: that would take long.
        if self.is_full() && self.newcomers > self.room / 16 {
            self.forget(is_new);
        }
        if self.is_full() {
            return &mut self.shared;
        }
        if (key as usize) < DIRECT {
            let at = key as usize;
            if self.direct.len() <= at {
                let length = (at + 1).next_power_of_two();
                self.direct.resize(length, S::default());
                self.taken.resize(length.div_ceil(BITS), 0);
            }
            self.direct_used += 1;
            self.taken[at / BITS] |= 1 << (at % BITS);
            return &mut self.direct[at];
        }
        if (self.hashed_used + 1) * 2 > self.hashed.len() {
            self.rehash(2 * self.hashed.len());
        }
        self.hashed_used += 1;
        let at = self.seek(key);
        self.hashed[at] = Slot { tag: tag_of(key), state: S::default() };
        &mut self.hashed[at].state
    }

    /// Drops all states that equal a new one.
    fn forget(&mut self, is_new: impl Fn(&S) -> bool) {
        for (key, state) in self.direct.iter_mut().enumerate() {
            if is_taken(&self.taken, key) && is_new(state) {
                *state = S::default();
                self.taken[key / BITS] &= !(1 << (key % BITS));
                self.direct_used -= 1;
            }
        }
        for slot in &mut self.hashed {
            if slot.tag != 0 && is_new(&slot.state) {
                slot.tag = 0;
                self.hashed_used -= 1;
            }
        }
        if self.direct_used == 0 {
            (self.direct, self.taken) = (vec![], vec![]);
        }
        // No fuller than half: so it takes no more room than growing would have given it.
        self.rehash((2 * self.hashed_used).next_power_of_two().max(FEWEST_SLOTS));
        // Looking through the direct ones takes as long as they reach.
        self.room =
            (2 * (self.len() + 1)).next_power_of_two().max(self.direct.len() / 8).max(FEWEST_SLOTS / 2);
        self.newcomers = 0;
    }

    /// Gives the hash table a size.
    fn rehash(&mut self, slots: usize) {
        let before = std::mem::replace(&mut self.hashed, vec![Slot::default(); slots]);
        for slot in before.into_iter().filter(|slot| slot.tag != 0) {
            let at = self.seek(slot.tag as u32);
            self.hashed[at] = slot;
        }
    }

    /// That every key is found, and the tables are no fuller than they may be.
    pub fn check(&self) -> Result<(), String> {
        let direct = self.taken.iter().map(|bits| bits.count_ones() as usize).sum::<usize>();
        let hashed = self.hashed.iter().filter(|slot| slot.tag != 0).count();
        if (direct, hashed) != (self.direct_used, self.hashed_used) {
            return Err(format!(
                "{direct} and {hashed} used, counted {} and {}",
                self.direct_used, self.hashed_used
            ));
        }
        if self.len() > self.most || hashed * 2 > self.hashed.len() || self.direct.len() > DIRECT {
            return Err(format!("{direct} and {hashed} of {} slots used", self.hashed.len()));
        }
        let is_lost = |at: &usize| {
            let tag = self.hashed[*at].tag;
            tag != 0 && self.seek(tag as u32) != *at
        };
        let lost = (0..self.hashed.len()).find(is_lost).map(|at| self.hashed[at].tag as u32);
        lost.map_or(Ok(()), |key| Err(format!("key {key} is not found")))
    }
}

/// The state of most policies: an amount, and the time from which on it counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Gauge {
    pub amount: u64,
    pub at: Time,
}
