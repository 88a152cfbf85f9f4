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

    /// Whether the owner depends on what the members hold. Then whoever places keys tells of all that comes
    /// and goes, and remembers where a key lies: asked again, the policy may name somebody else.
    fn by_load(&self) -> bool {
        false
    }

    /// Who would take the key if there were `total` things in all, this one included.
    fn owner_among(&self, key: &Key, _total: u64) -> usize {
        self.owner(key)
    }

    /// As [`Partition::owners`], whatever the members hold.
    fn preference(&self, key: &Key, count: usize, out: &mut Vec<usize>) {
        self.owners(key, count, out);
    }

    /// `member` was given one more thing to hold. Matters to policies that go by load.
    fn took(&mut self, _member: usize) {}

    /// `member` holds one thing less.
    fn gave_back(&mut self, _member: usize) {}

    /// Where the key lies, from 0 (included) to 1: on the circle, in the table or between the bounds of
    /// [`Inspection::points`]. None where there is no such picture.
    fn place(&self, _key: &Key) -> Option<f64> {
        None
    }

    /// How it came from the key to its owner, where the place does not say it all.
    fn way(&self, _key: &Key) -> Way {
        Way::Place
    }

    /// How it comes from the key to its owner, as what is said of the key: "lies at 31.2 % of the circle; the next
    /// point is machine 5's". `name` is what a member is called.
    fn why(&self, key: &Key, name: &dyn Fn(usize) -> String) -> String;

    /// For each member what it holds by [`Partition::took`] and the most that it may; empty where load
    /// does not matter.
    fn loads(&self) -> Vec<Load> {
        vec![]
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
    /// Whether the line has one zone after the other for what is in a list: where a key lies then depends on
    /// how many there are.
    pub zones: bool,
    /// Ascending. On a circle everything up to a point (from the one before) is its member's; on a line
    /// everything from it (to the next). The first [`POINTS_SHOWN`].
    pub points: Vec<Point>,
    /// How many there are.
    pub points_total: usize,
    /// On a circle, or where the points are runs of a table: the member of the middle of each of [`CELLS`]
    /// equal parts. Else empty.
    pub cells: Vec<u32>,
    /// For each member the part of all possible keys that it owns; they add up to 1. Empty where nobody
    /// can say.
    pub shares: Vec<f64>,
    /// As [`Partition::loads`].
    pub loads: Vec<Load>,
}

/// Parts of a circle or table of which an [`Inspection`] says whose they are.
pub const CELLS: usize = 360;

/// How a policy came from a key to its owner.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "way", content = "by")]
pub enum Way {
    /// By the key's place alone.
    #[default]
    Place,
    /// For each member its score in the order of the scores, above 0 and up to 1: the highest owns the key.
    Scores(Vec<f64>),
    /// The members that it jumped to, the owner last.
    Jumps(Vec<u32>),
    /// The places from which it looked, the key's own among them.
    Probes(Vec<f64>),
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

/// A line of equal zones, for policies that have a list where others have a circle: whose each is.
fn zones(members: impl ExactSizeIterator<Item = usize>) -> Vec<Point> {
    let count = members.len();
    let zone = |(nth, member): (usize, usize)| Point { at: nth as f64 / count as f64, member: member as u32 };
    members.enumerate().take(POINTS_SHOWN).map(zone).collect()
}

/// A key's place in one of `count` equal zones; where within it the hash says.
fn place_in_zone(zone: usize, count: usize, hash: u64) -> f64 {
    // So few bits that the sum stays below the next zone.
    let within = (rendezvous::mixed(hash) >> 40) as f64 / (1u64 << 24) as f64;
    (zone as f64 + within) / count.max(1) as f64
}

/// "31.2 %", of a place.
fn per_cent(place: f64) -> String {
    format!("{:.1} %", place * 100.0)
}

/// The members that follow `first` by index, going round: the preference of policies without a circle.
fn following(first: usize, members: usize, count: usize, out: &mut Vec<usize>) {
    out.clear();
    out.extend((0..count.min(members)).map(|nth| (first + nth) % members));
}
