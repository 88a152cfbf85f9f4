//! Rate limiting: whether a request may pass now.
//!
//! A policy keeps a small state for each key (a client, a path, or one key for all) and answers with a
//! [`Verdict`]: whether, and when to come again; or with a [`Decision`], that also says how much is left. Time never goes back; should it,
//! the policy takes the latest time it has seen of the key. All arithmetic is in whole numbers: a rate is
//! rounded to thousandths a second, and from there on nothing is rounded, so nothing drifts.
//!
//! A key that is as good as new is forgotten, so memory follows the keys in use. Beyond [`KEYS_MAX`] of
//! them, further keys share one state: the limit then holds for all of these together, and no flood of
//! made-up keys resets anybody's.

mod bucket;
mod concurrency;
mod fixed_window;
mod gcra;
mod leaky_meter;
mod leaky_queue;
mod sliding_counter;
mod sliding_log;
mod states;
#[cfg(test)]
mod tests;
mod token_bucket;
mod token_bucket_whole_seconds;
mod window;

pub use states::KEYS_MAX;

use super::PolicyInfo;
use super::setting::Knobs;
use crate::sim::{Span, Time};
use serde::Serialize;

/// A limiting policy.
pub trait Limit: std::fmt::Debug + CloneLimit + Send + Sync {
    /// A request of `key` that counts for `cost` (at least 1) asks to pass. If it may, it has.
    fn pass(&mut self, key: u32, cost: u32, now: Time) -> Verdict;

    /// What could pass of `key` now, in whole units of cost.
    fn remaining(&self, key: u32, now: Time) -> u32;

    /// As [`Limit::pass`], with what is left then.
    fn ask(&mut self, key: u32, cost: u32, now: Time) -> Decision {
        let verdict = self.pass(key, cost, now);
        Decision::new(verdict, self.remaining(key, now))
    }

    /// A request of `key` that had passed with this cost is over, whatever became of it. Matters to
    /// policies that limit what is under way.
    fn done(&mut self, _key: u32, _cost: u32, _now: Time) {}

    /// What a learner must see of one key.
    fn inspect(&self, key: u32, now: Time) -> Inspection;

    /// How many keys have a state of their own.
    fn keys(&self) -> usize;

    /// The memory that a copy of it takes, in bytes, roughly.
    fn bytes(&self) -> usize;

    /// Verifies the structure's own invariants.
    ///
    /// # Errors
    /// Says which invariant does not hold.
    fn check(&self) -> Result<(), String>;
}

/// Lets a `Box<dyn Limit>` be cloned, so that a simulation can be a checkpoint.
pub trait CloneLimit {
    fn boxed(&self) -> Box<dyn Limit>;
}

impl<T: Limit + Clone + 'static> CloneLimit for T {
    fn boxed(&self) -> Box<dyn Limit> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Limit> {
    fn clone(&self) -> Self {
        (**self).boxed()
    }
}

/// What a limiter answers. It fits into two registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It passes, after this wait in the limiter's queue. Only `leaky-queue` has one; zero elsewhere.
    Passes(Span),
    /// It is refused. The same request will pass after this time, and not a nanosecond earlier, if no other comes.
    Later(Span),
    /// It is refused, and can never pass (it costs more than the whole limit), or that depends on when others are
    /// done.
    Refused,
}

impl Verdict {
    pub fn allows(self) -> bool {
        matches!(self, Verdict::Passes(_))
    }

    /// Of a refusal that knows it: when to come again.
    pub fn retry_after(self) -> Option<Span> {
        if let Verdict::Later(after) = self { Some(after) } else { None }
    }
}

/// A [`Verdict`] spelled out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    pub allow: bool,
    /// What could still pass right after this, in whole units of cost.
    pub remaining: u32,
    /// As [`Verdict::Later`]; none otherwise.
    pub retry_after: Option<Span>,
    /// As [`Verdict::Passes`]; zero otherwise.
    pub wait: Span,
}

impl Decision {
    fn new(verdict: Verdict, remaining: u32) -> Decision {
        let wait = if let Verdict::Passes(wait) = verdict { wait } else { Span::ZERO };
        Decision { allow: verdict.allows(), remaining, retry_after: verdict.retry_after(), wait }
    }
}

/// What a learner sees of one key's state, as plain data.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Inspection {
    /// Short, for the stage: "3.2 of 10 tokens".
    pub note: String,
    /// How full the picture is, from 0 to `most`: tokens in a bucket, water in a leaky one, requests counted
    /// in a window or under way.
    pub level: f64,
    pub most: f64,
    /// What the level gains or loses in a second, where it does so by itself.
    pub rate_per_s: Option<f64>,
    /// The span of time that is looked at, for policies with windows.
    pub window: Option<Window>,
    /// Points of time that matter, with a name: "theoretical arrival", "next refill".
    pub marks: Vec<Mark>,
    /// What a log holds, oldest first; the last [`LOG_SHOWN`].
    pub log: Vec<Logged>,
}

/// Most entries of a log that an [`Inspection`] holds.
pub const LOG_SHOWN: usize = 1000;

/// From `from` (included) to `to` (not included), with what was counted in it and in the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    pub from: Time,
    pub to: Time,
    pub count: u64,
    /// Only where it matters.
    pub before: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Mark {
    pub name: &'static str,
    pub at: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Logged {
    pub at: Time,
    pub cost: u32,
}

/// A line of the family's table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub info: PolicyInfo,
    pub build: fn(&Knobs) -> Box<dyn Limit>,
}

/// Every limiting policy, in the order in which they are shown.
pub const TABLE: &[Entry] = &[
    token_bucket::ENTRY,
    token_bucket_whole_seconds::ENTRY,
    leaky_meter::ENTRY,
    leaky_queue::ENTRY,
    gcra::ENTRY,
    fixed_window::ENTRY,
    sliding_log::ENTRY,
    sliding_counter::ENTRY,
    concurrency::ENTRY,
];

/// The entry with this id.
pub fn find(id: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.info.id == id)
}
