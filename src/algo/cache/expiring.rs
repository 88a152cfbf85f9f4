//! Lifetimes for any policy: an entry is held until its time is over or the policy evicts it.
//!
//! An entry is expired from the very instant that its lifetime ends. Expired entries are never found;
//! they leave when somebody asks for them, and all of them before anything is admitted, so that they
//! never push out what is alive. Memory follows what the policy holds.

use super::heap::Heap;
use super::index::{Index, NONE};
use super::{Evict, Inspection};
use crate::sim::{Span, Stream, Time};

/// What a look-up found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got {
    Miss,
    /// It was held, but its lifetime was over; now it is gone. `age` since it was written.
    Expired {
        age: Span,
    },
    /// `left` of its lifetime; `None` if it never expires.
    Hit {
        age: Span,
        left: Option<Span>,
    },
}

/// What became of an entry that was put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Put {
    /// False if the policy refused it.
    pub admitted: bool,
    /// Another key that had to leave for it.
    pub evicted: Option<u32>,
}

/// A cache with lifetimes.
#[derive(Clone, Debug)]
pub struct Expiring {
    policy: Box<dyn Evict>,
    lives: Index<Life>,
    /// The slots of what can expire, the next first.
    ends: Heap,
}

#[derive(Clone, Copy, Debug)]
struct Life {
    written: Time,
    /// `NEVER` without a lifetime.
    ends: Time,
}

impl Expiring {
    pub fn new(policy: Box<dyn Evict>) -> Expiring {
        Expiring { policy, lives: Index::default(), ends: Heap::default() }
    }

    /// A request for `key` at `now`; a hit counts as a use.
    pub fn get(&mut self, key: u32, now: Time) -> Got {
        let found = self.peek(key, now);
        if let Got::Expired { .. } = found {
            self.remove(key);
        }
        self.policy.touch(key);
        found
    }

    /// What [`Expiring::get`] would find; nothing is noted, and nothing leaves.
    pub fn peek(&self, key: u32, now: Time) -> Got {
        let slot = self.lives.get(key);
        if slot == NONE {
            return Got::Miss;
        }
        let life = self.lives[slot];
        let age = now.since(life.written);
        match life.ends {
            Time::NEVER => Got::Hit { age, left: None },
            ends if ends <= now => Got::Expired { age },
            ends => Got::Hit { age, left: Some(ends.since(now)) },
        }
    }

    /// Writes `key` at `now`, to live for `lifetime` (`None`: for ever). What is expired leaves first. A
    /// key that is held begins a new life; that is no use of it as far as the policy is concerned.
    pub fn put(&mut self, key: u32, now: Time, lifetime: Option<Span>, random: &mut Stream) -> Put {
        while self.expire(now).is_some() {}
        let ends = lifetime.map_or(Time::NEVER, |lifetime| now + lifetime);
        let life = Life { written: now, ends };
        let slot = self.lives.get(key);
        if slot != NONE {
            self.set(slot, life);
            return Put { admitted: true, evicted: None };
        }
        let evicted = self.policy.admit(key, random);
        if evicted == Some(key) {
            return Put { admitted: false, evicted: None };
        }
        if let Some(evicted) = evicted {
            self.forget(evicted);
        }
        let slot = self.lives.insert(key, life);
        self.set(slot, life);
        Put { admitted: true, evicted }
    }

    fn set(&mut self, slot: u32, life: Life) {
        self.lives[slot] = life;
        match life.ends {
            Time::NEVER => self.ends.remove(slot),
            ends => self.ends.set(slot, ends.0),
        }
    }

    /// Drops what is known of a key that the policy no longer holds.
    fn forget(&mut self, key: u32) {
        let slot = self.lives.get(key);
        if slot != NONE {
            self.ends.remove(slot);
            self.lives.remove(slot);
        }
    }

    /// Throws `key` out (invalidation); false if it was not held.
    pub fn remove(&mut self, key: u32) -> bool {
        self.forget(key);
        self.policy.remove(key)
    }

    /// Throws out one entry that is expired at `now`, the longest expired first; its key. To hear of all of
    /// them, ask until there is none, before [`Expiring::put`] does it silently.
    pub fn expire(&mut self, now: Time) -> Option<u32> {
        let (_, slot) = self.ends.first().filter(|(ends, _)| *ends <= now.0)?;
        let key = self.lives.key(slot);
        self.remove(key);
        Some(key)
    }

    /// When the next entry expires.
    pub fn next_expiry(&self) -> Option<Time> {
        self.ends.first().map(|(ends, _)| Time(ends))
    }

    /// Entries held; some of them may be expired.
    pub fn len(&self) -> u32 {
        self.policy.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn capacity(&self) -> u32 {
        self.policy.capacity()
    }

    /// See [`Evict::foresee`]; each [`Expiring::get`] consumes one key.
    pub fn foresee(&mut self, keys: &[u32]) {
        self.policy.foresee(keys);
    }

    pub fn inspect(&self) -> Inspection {
        self.policy.inspect()
    }

    /// The policy's invariants, and that both hold the same.
    ///
    /// # Errors
    /// Says which does not hold.
    pub fn check(&self) -> Result<(), String> {
        self.policy.check()?;
        self.ends.check()?;
        let held = self.lives.len();
        if held != self.policy.len() || self.ends.len() > held as usize {
            return Err(format!("{held} lives for {} entries", self.policy.len()));
        }
        let lost = |slot: &u32| self.lives.is_taken(*slot) && !self.policy.contains(self.lives.key(*slot));
        match (0..self.lives.slots()).find(lost) {
            Some(slot) => Err(format!("key {} lives, but is not held", self.lives.key(slot))),
            None => Ok(()),
        }
    }
}
