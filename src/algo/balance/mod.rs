//! Load balancing: which backend gets the next request.
//!
//! A policy sees the backends as [`Backends`] (their weights, requests in flight, and which of them
//! may be chosen) and answers with a [`Pick`]: whom, and why. It never measures load itself; the
//! balancer node keeps the counters and tells it what came back ([`Balance::finished`]).

mod round_robin;

use super::PolicyInfo;
use super::setting::Knobs;
use crate::sim::{Span, Stream, Time};
use serde::Serialize;

/// A balancing policy.
pub trait Balance: std::fmt::Debug + CloneBalance + Send + Sync {
    /// Chooses among the eligible backends. The caller guarantees that there is at least one.
    fn pick(&mut self, ask: &Ask, backends: &Backends, random: &mut Stream) -> Pick;

    /// Backends came, went, changed their weight or their eligibility: rebuild what depends on that.
    /// Called once before the first `pick`, then after every such change.
    fn rebuild(&mut self, _backends: &Backends) {}

    /// A request given to `backend` came back (or failed) after `latency`.
    fn finished(&mut self, _backend: usize, _latency: Span, _ok: bool, _now: Time) {}

    /// What a learner must see.
    fn inspect(&self, backends: &Backends, now: Time) -> Inspection;

    /// Verifies the structure's own invariants.
    ///
    /// # Errors
    /// Says which invariant does not hold.
    fn check(&self, _backends: &Backends) -> Result<(), String> {
        Ok(())
    }
}

/// Lets a `Box<dyn Balance>` be cloned, so that a simulation can be a checkpoint.
pub trait CloneBalance {
    fn boxed(&self) -> Box<dyn Balance>;
}

impl<T: Balance + Clone + 'static> CloneBalance for T {
    fn boxed(&self) -> Box<dyn Balance> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Balance> {
    fn clone(&self) -> Self {
        (**self).boxed()
    }
}

/// What the balancer knows of the request that it must place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ask {
    pub now: Time,
    /// The client's number; stands for its address.
    pub client: u32,
    /// The request's key; stands for its URL.
    pub key: u32,
}

/// The backends, by index. Index and identity differ: after a removal the indices close up, while
/// `id` stays, so that hashing policies keep their places.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Backends {
    /// Identity: the member's number, from 1.
    pub id: Vec<u32>,
    /// At least 1. Slow start lowers it for a while.
    pub weight: Vec<u32>,
    /// Requests given to it that have not come back.
    pub in_flight: Vec<u32>,
    /// Up, healthy and not ejected.
    pub eligible: Vec<bool>,
    /// How many are eligible.
    pub eligible_count: usize,
}

impl Backends {
    /// `weights.len()` backends, all idle and eligible, with ids from 1.
    pub fn with_weights(weights: &[u32]) -> Backends {
        Backends {
            id: (1..=weights.len() as u32).collect(),
            weight: weights.to_vec(),
            in_flight: vec![0; weights.len()],
            eligible: vec![true; weights.len()],
            eligible_count: weights.len(),
        }
    }

    pub fn len(&self) -> usize {
        self.id.len()
    }

    pub fn is_empty(&self) -> bool {
        self.id.is_empty()
    }

    pub fn set_eligible(&mut self, backend: usize, eligible: bool) {
        if self.eligible[backend] != eligible {
            self.eligible[backend] = eligible;
            if eligible { self.eligible_count += 1 } else { self.eligible_count -= 1 }
        }
    }

    /// Indices of the eligible backends, ascending.
    pub fn eligible(&self) -> impl Iterator<Item = usize> + '_ {
        self.eligible.iter().enumerate().filter(|(_, up)| **up).map(|(index, _)| index)
    }

    /// The `nth` eligible backend, from 0. All being eligible, the common case, costs nothing.
    pub fn nth_eligible(&self, nth: usize) -> usize {
        if self.eligible_count == self.len() { nth } else { self.eligible().nth(nth).unwrap_or(0) }
    }
}

/// A choice and its reason.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pick {
    /// Index into [`Backends`].
    pub backend: usize,
    pub why: Why,
}

/// Why a backend was chosen: the figures at that instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "why")]
pub enum Why {
    /// The only reason is that it was chosen before: sticky session, same connection.
    Stuck,
    /// It was its turn.
    #[default]
    Turn,
    /// Its turn by weight: `current` is the smooth policy's counter before the pick, or the
    /// interleaved policy's present threshold.
    WeightedTurn { current: i64, weight: u32 },
    /// Nobody had fewer in flight; `ties` others had as few.
    Fewest { in_flight: u32, ties: u32 },
    /// Nobody had fewer in flight per weight.
    FewestPerWeight { in_flight: u32, weight: u32 },
    /// Drawn from `among`.
    Drawn { among: u32 },
    /// Two were drawn (ids), the one with fewer in flight was taken.
    FewerOfTwo { first: u32, first_in_flight: u32, second: u32, second_in_flight: u32 },
    /// The client's or key's hash led to it; `place` is the point or table slot that was met.
    Hash { hash: u64, place: u64 },
    /// The hash led to others first, which were not eligible (`skipped` of them).
    HashSkipped { hash: u64, place: u64, skipped: u32 },
    /// Lowest score (expected microseconds to answer, times requests in flight + 1) of two drawn (ids).
    LowerScore { first: u32, first_us: u64, second: u32, second_us: u64 },
}

impl Why {
    /// In words, for a learner. `chosen` is the backend's id.
    pub fn sentence(&self, chosen: u32) -> String {
        format!("Server {chosen}: {self:?}")
    }
}

/// What a learner sees of a policy: a sentence, and columns with a value per backend.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Inspection {
    /// The backend that the next request would get, if that is already decided.
    pub next: Option<usize>,
    /// Short, for the stage: "next → 3", "fewest: 2".
    pub note: String,
    pub columns: Vec<Column>,
}

/// One figure for each backend, in the order of [`Backends`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Column {
    pub name: &'static str,
    pub unit: &'static str,
    pub values: Vec<f64>,
}

/// A line of the family's table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub info: PolicyInfo,
    pub build: fn(&Knobs) -> Box<dyn Balance>,
}

/// Every balancing policy, in the order in which they are shown.
pub const TABLE: &[Entry] = &[round_robin::ENTRY];

/// The entry with this id.
pub fn find(id: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.info.id == id)
}
