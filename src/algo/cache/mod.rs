//! Cache eviction: what is thrown out when a new entry comes and the cache is full.
//!
//! A policy ([`Evict`]) holds keys, all of one size, and no values. Keys are numbers, dense or not; who
//! has texts numbers them first. Capacity counts entries. Hits and misses are counted by the caller, and
//! what is fetched after a miss is the caller's to admit. [`Expiring`] adds lifetimes to any policy.
//!
//! `inspect` shows every list from its newest end; the last of a list is the next to leave it.

mod arc;
mod clock;
mod expiring;
mod fifo;
#[cfg(test)]
mod golden;
mod heap;
mod index;
mod lfu;
mod lirs;
mod lru;
mod min;
#[cfg(test)]
mod models;
mod random;
mod s3_fifo;
mod shelves;
mod sieve;
mod sketch;
mod slru;
#[cfg(test)]
mod tests;
mod ttl;
mod two_q;
mod w_tiny_lfu;

pub use expiring::{Expiring, Got, Put};

use super::PolicyInfo;
use super::setting::Knobs;
#[cfg(test)]
use super::setting::{SettingKind, Value};
use crate::sim::Stream;
use serde::Serialize;

/// Largest capacity of one cache, in entries.
pub const CAPACITY_MAX: u32 = 1_000_000;
/// Most keys that a policy remembers after their entries left.
const GHOSTS_MAX: u32 = 2 * CAPACITY_MAX;
/// How many entries of a list [`Evict::inspect`] shows.
pub const SHOWN: usize = 256;

/// An eviction policy and what it holds.
pub trait Evict: std::fmt::Debug + CloneEvict + Send + Sync {
    /// A request for `key`: true if it is held, and then noted as a use. A miss may be noted too (in
    /// ghosts, in a sketch of frequencies); [`Evict::admit`] may follow, at once or later.
    fn touch(&mut self, key: u32) -> bool;

    /// Takes in a key that is not held: only [`Evict::admit`] and [`Evict::access`] call this.
    fn load(&mut self, key: u32, random: &mut Stream) -> Option<u32>;

    /// Takes in `key`. The answer is the key that had to leave: `key` itself where the policy refuses
    /// it. A key that is already held stays as it is, and nothing leaves.
    fn admit(&mut self, key: u32, random: &mut Stream) -> Option<u32> {
        if self.contains(key) { None } else { self.load(key, random) }
    }

    /// A request whose miss is admitted at once: true for a hit.
    #[inline]
    fn access(&mut self, key: u32, random: &mut Stream) -> bool {
        let hit = self.touch(key);
        if !hit {
            self.load(key, random);
        }
        hit
    }

    /// [`Evict::access`] for each of `keys`; how many were hits.
    fn replay(&mut self, keys: &[u32], random: &mut Stream) -> u64 {
        keys.iter().map(|&key| u64::from(self.access(key, random))).sum()
    }

    /// Whether `key` is held; nothing is noted.
    fn contains(&self, key: u32) -> bool;

    /// Throws `key` out (it expired, or was invalidated); false if it is not held.
    fn remove(&mut self, key: u32) -> bool;

    /// Entries held, never more than the capacity.
    fn len(&self) -> u32;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// In entries, at least 1.
    fn capacity(&self) -> u32;

    /// For policies that know the future: the keys that [`Evict::touch`] (or `access`) will get from now on,
    /// in order. Replaces what was foreseen before. The others ignore it.
    fn foresee(&mut self, _keys: &[u32]) {}

    /// What a learner must see.
    fn inspect(&self) -> Inspection;

    /// Verifies the structure's own invariants.
    ///
    /// # Errors
    /// Says which invariant does not hold.
    fn check(&self) -> Result<(), String>;
}

/// Lets a `Box<dyn Evict>` be cloned, so that a simulation can be a checkpoint.
pub trait CloneEvict {
    fn boxed(&self) -> Box<dyn Evict>;
}

impl<T: Evict + Clone + 'static> CloneEvict for T {
    fn boxed(&self) -> Box<dyn Evict> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Evict> {
    fn clone(&self) -> Self {
        (**self).boxed()
    }
}

/// What a learner sees of a policy.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Inspection {
    /// Entries held first, ghosts (keys whose entries are gone) after them.
    pub lists: Vec<List>,
    /// The policy's own numbers, such as ARC's target: (name, value).
    pub figures: Vec<(&'static str, f64)>,
    /// Counters of a frequency sketch, row by row, the first [`SHOWN`] of each; empty without one.
    pub sketch: Vec<Vec<u8>>,
}

/// A list of keys, from its newest end.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct List {
    pub name: &'static str,
    /// The keys' entries are not held, only remembered.
    pub ghost: bool,
    /// All of it, also what is not shown.
    pub len: u32,
    /// How long it may become.
    pub limit: u32,
    /// The first [`SHOWN`].
    pub keys: Vec<u32>,
    /// For each key shown its reference bit or count; empty if the policy keeps none here.
    pub marks: Vec<u32>,
    /// Where the hand points, as a place in this list (it may lie beyond what is shown).
    pub hand: Option<u32>,
}

impl List {
    fn ghost(self) -> List {
        List { ghost: true, ..self }
    }
}

/// A line of the family's table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub info: PolicyInfo,
    /// `capacity` is taken as 1 at least and [`CAPACITY_MAX`] at most. Memory grows as entries come.
    pub build: fn(capacity: u32, knobs: &Knobs) -> Box<dyn Evict>,
}

/// Every eviction policy, in the order in which they are shown.
pub const TABLE: &[Entry] = &[
    fifo::ENTRY,
    lru::ENTRY,
    lfu::ENTRY,
    random::ENTRY,
    clock::ENTRY,
    slru::ENTRY,
    two_q::ENTRY,
    arc::ENTRY,
    lirs::ENTRY,
    w_tiny_lfu::ENTRY,
    s3_fifo::ENTRY,
    sieve::ENTRY,
    ttl::ENTRY,
    min::ENTRY,
];

/// The entry with this id.
pub fn find(id: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.info.id == id)
}

/// The part of a capacity that a percentage means, rounded down, within `least..=most`.
fn part(capacity: u32, percent: f64, least: u32, most: u32) -> u32 {
    ((f64::from(capacity) * percent / 100.0) as u32).min(most).max(least)
}

/// What every policy makes of the capacity that it is given.
fn bounded(capacity: u32) -> u32 {
    capacity.clamp(1, CAPACITY_MAX)
}
