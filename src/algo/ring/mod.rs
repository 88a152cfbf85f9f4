//! Partitioning: which member owns a key.
//!
//! A policy sees the [`Members`] by name and weight and answers, for a hashed [`Key`], with the index of
//! its owner, or of several owners in order of preference (replicas). Apart from `directory`, whose table
//! has a history, and `bounded-ring`, which goes by load, the owner depends only on the key and on the set
//! of members. Who is down is the caller's business: it takes the next in order of preference, or leaves the
//! member out and calls [`Partition::rebuild`].

mod bounded_ring;
mod circle;
mod directory;
mod hash_ring;
mod jump;
mod key;
mod maglev;
mod measure;
mod members;
mod modulo;
mod multi_probe;
mod range;
mod rendezvous;
mod scan_by_name;
mod table;
#[cfg(test)]
mod tests;

pub use key::{DIGITS, Hashing, Key, Name};
pub use measure::{Imbalance, imbalance, moved, owned};
pub use members::{MEMBERS_MAX, Members, WEIGHT_MAX};

use super::PolicyInfo;
use super::setting::Knobs;
use serde::Serialize;

/// A partitioning policy.
pub trait Partition: std::fmt::Debug + ClonePartition + Send + Sync {
    /// Members came, went or changed their weight: rebuild what depends on that. Called once before the
    /// first question, then after every such change.
    fn rebuild(&mut self, members: &Members);

    /// With what a [`Key`] for this policy is made.
    fn hashing(&self) -> Hashing {
        Hashing::Xxhash
    }

    /// Whether keys must be decimal numbers. Others are taken for 0.
    fn numbers_only(&self) -> bool {
        self.hashing() == Hashing::Identity
    }

    /// The index of the member to whom the key belongs. The caller guarantees that there is one.
    fn owner(&self, key: &Key) -> usize;

    /// Replaces `out` by the indices of `count` different members in order of preference, the owner first;
    /// by all members if there are not so many.
    fn owners(&self, key: &Key, count: usize, out: &mut Vec<usize>);

    /// `member` was given one more thing to hold. Matters to policies that go by load.
    fn took(&mut self, _member: usize) {}

    /// `member` holds one thing less.
    fn gave_back(&mut self, _member: usize) {}

    /// Where the key lies, from 0 (included) to 1: on the circle, in the table or between the bounds of
    /// [`Inspection::points`]. None where there is no such picture.
    fn place(&self, _key: &Key) -> Option<f64> {
        None
    }

    /// What a learner must see; `members` as at the last `rebuild`.
    fn inspect(&self, members: &Members) -> Inspection;

    /// Verifies the structure's own invariants; `members` as at the last `rebuild`.
    ///
    /// # Errors
    /// Says which invariant does not hold.
    fn check(&self, members: &Members) -> Result<(), String>;
}

/// Lets a `Box<dyn Partition>` be cloned, so that a simulation can be a checkpoint.
pub trait ClonePartition {
    fn boxed(&self) -> Box<dyn Partition>;
}

impl<T: Partition + Clone + 'static> ClonePartition for T {
    fn boxed(&self) -> Box<dyn Partition> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Partition> {
    fn clone(&self) -> Self {
        (**self).boxed()
    }
}

/// What a learner sees of a policy.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Inspection {
    /// Short, for the stage: "480 points, MD5".
    pub note: String,
    /// Whether `points` lie on a circle; else on a line from 0 to 1.
    pub circle: bool,
    /// Ascending. On a circle everything up to a point (from the one before) is its member's; on a line
    /// everything from it (to the next). The first [`POINTS_SHOWN`].
    pub points: Vec<Point>,
    /// How many there are.
    pub points_total: usize,
    /// For each member the part of all possible keys that it owns; they add up to 1. Empty where nobody
    /// can say.
    pub shares: Vec<f64>,
    /// For each member what it holds by [`Partition::took`] and the most that it may; empty where load
    /// does not matter.
    pub loads: Vec<Load>,
}

/// Most points that an [`Inspection`] holds.
pub const POINTS_SHOWN: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// From 0 (included) to 1.
    pub at: f64,
    pub member: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Load {
    pub holds: u64,
    pub most: u64,
}

/// A line of the family's table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub info: PolicyInfo,
    pub build: fn(&Knobs) -> Box<dyn Partition>,
}

/// Every partitioning policy, in the order in which they are shown.
pub const TABLE: &[Entry] = &[
    modulo::ENTRY,
    hash_ring::ENTRY,
    bounded_ring::ENTRY,
    rendezvous::ENTRY,
    jump::ENTRY,
    multi_probe::ENTRY,
    maglev::ENTRY,
    range::ENTRY,
    directory::ENTRY,
    scan_by_name::ENTRY,
];

/// The entry with this id.
pub fn find(id: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.info.id == id)
}

/// The members that follow `first` by index, going round: the preference of policies without a circle.
fn following(first: usize, members: usize, count: usize, out: &mut Vec<usize>) {
    out.clear();
    out.extend((0..count.min(members)).map(|nth| (first + nth) % members));
}
