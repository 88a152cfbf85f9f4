//! Load balancing: which backend gets the next request.
//!
//! A policy sees the backends as [`Backends`] (their weights, requests in flight, and which of them
//! may be chosen) and answers with a [`Pick`]: whom, and why. It never measures load itself; the
//! balancer node keeps the counters and tells it what came back ([`Balance::finished`]).

mod consistent_hash;
mod draw;
mod hash;
mod ip_hash;
mod kept;
mod least_connections;
pub(super) mod maglev;
mod peak_ewma;
mod random;
mod replay;
mod round_robin;
#[cfg(test)]
mod tests;
mod two_choices;
mod weighted_interleaved;
mod weighted_least_connections;
mod weighted_smooth;
mod why;

pub use replay::{REQUESTS_MAX, WEIGHT_MAX, WEIGHTS_MAX, replay};
pub use why::Why;

use super::PolicyInfo;
use super::setting::Knobs;
use crate::sim::{Random, Span, Stream, Time};
use serde::Serialize;

/// A balancing policy.
pub trait Balance: std::fmt::Debug + CloneBalance + Send + Sync {
    /// Chooses among the eligible backends. The caller guarantees that there is at least one.
    fn pick(&mut self, ask: &Ask, backends: &Backends, random: &mut Stream) -> Pick;

    /// Backends came, went, changed their weight or their eligibility: rebuild what depends on that.
    /// Called once before the first `pick`, then after every such change.
    fn rebuild(&mut self, _backends: &Backends) {}

    /// Whether it wants to hear of what came back.
    fn learns(&self) -> bool {
        false
    }

    /// If it learns: a request given to `backend` came back (or failed) after `latency`.
    fn finished(&mut self, _backend: usize, _latency: Span, _ok: bool, _now: Time) {}

    /// Whom a request for this key would get now, where nothing but the key and the loads decides.
    fn leads_to(&self, _key: u32, _backends: &Backends) -> Option<Pick> {
        None
    }

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

    /// The backend with this id, if it is still there.
    fn index_of(&self, id: u32) -> Option<usize> {
        self.id.iter().position(|other| *other == id)
    }

    /// Indices of the eligible backends, ascending.
    pub fn eligible(&self) -> impl Iterator<Item = usize> + '_ {
        self.eligible.iter().enumerate().filter(|(_, up)| **up).map(|(index, _)| index)
    }

    /// Adds an idle, eligible backend behind the others.
    pub fn push(&mut self, id: u32, weight: u32) {
        self.id.push(id);
        self.weight.push(weight);
        self.in_flight.push(0);
        self.eligible.push(true);
        self.eligible_count += 1;
    }

    /// Takes a backend out; the indices behind it close up.
    pub fn remove(&mut self, backend: usize) {
        self.set_eligible(backend, false);
        self.id.remove(backend);
        self.weight.remove(backend);
        self.in_flight.remove(backend);
        self.eligible.remove(backend);
    }

    /// The `nth` eligible backend, from 0. All being eligible, the common case, costs nothing; else
    /// whole chunks are counted, which is much faster than looking at one after another.
    pub fn nth_eligible(&self, nth: usize) -> usize {
        if self.eligible_count == self.len() {
            return nth;
        }
        let mut left = nth;
        for (number, chunk) in self.eligible.chunks(CHUNK).enumerate() {
            let here = usize::from(chunk.iter().map(|&up| u8::from(up)).sum::<u8>());
            if left < here {
                let ups = chunk.iter().enumerate().filter(|(_, up)| **up);
                return number * CHUNK + ups.map(|(index, _)| index).nth(left).unwrap_or(0);
            }
            left -= here;
        }
        0
    }
}

/// Small enough for a count in 8 bits.
const CHUNK: usize = 64;

/// A choice and its reason.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pick {
    /// Index into [`Backends`].
    pub backend: usize,
    pub why: Why,
}

/// What a learner sees of a policy: a sentence, columns with a value per backend, what its hash leads to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Inspection {
    /// The backend that the next request would get, if that is already decided.
    pub next: Option<usize>,
    /// Short, for the stage: "next → 3", "fewest: 2".
    pub note: String,
    /// The last one is what the policy compares; none if it compares nothing.
    pub columns: Vec<Column>,
    /// Where each pick draws some backends, or follows a hash: those drawn for the last one, and whom it took.
    pub drawn: Vec<usize>,
    pub taken: Option<usize>,
    /// Where a hash decides.
    pub places: Option<Places>,
}

/// What hashes lead to: places that belong to the backends.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Places {
    /// They lie on a circle; else they are slots of a table.
    pub circle: bool,
    /// The backend of each place, [`NOBODYS`] for none; of more than [`PLACES_SHOWN`] an even sample.
    pub owners: Vec<u32>,
    /// Whose hash it is: "client", "key".
    pub by: &'static str,
    /// Of the last request its number, and where its hash fell: from 0 (included) to 1.
    pub last: Option<(u32, f64)>,
    /// Where loads are bounded: whom the last hash led to, if that had no room.
    pub full: Option<usize>,
    /// Where loads are bounded: the percentage of requests that went where their hash leads, since the policy was set.
    pub at_own: Option<f64>,
}

/// The owner of a place that is nobody's.
pub const NOBODYS: u32 = u32::MAX;
/// Most places of an [`Inspection`].
pub const PLACES_SHOWN: usize = 144;

impl Places {
    /// `owner` says whose a share (from 0 to 1) of `count` places is.
    fn sampled(circle: bool, by: hash::By, count: usize, owner: impl Fn(f64) -> u32) -> Places {
        let shown = count.min(PLACES_SHOWN);
        let owners = (0..shown).map(|place| owner((place as f64 + 0.5) / shown as f64)).collect();
        Places { circle, owners, by: by.word(), ..Places::default() }
    }
}

/// One figure for each backend, in the order of [`Backends`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Column {
    pub name: &'static str,
    pub unit: &'static str,
    pub values: Vec<f64>,
}

impl Column {
    fn in_flight(backends: &Backends) -> Column {
        Column { name: "in flight", unit: "", values: backends.in_flight.iter().map(|&n| n.into()).collect() }
    }

    /// From counts (of table slots, of points' arcs), each value's percentage of their sum.
    fn share(parts: &[f64]) -> Column {
        let total: f64 = parts.iter().sum::<f64>().max(1.0);
        Column { name: "share", unit: "%", values: parts.iter().map(|part| part / total * 100.0).collect() }
    }
}

/// A line of the family's table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub info: PolicyInfo,
    pub build: fn(&Knobs) -> Box<dyn Balance>,
}

/// Every balancing policy, in the order in which they are shown.
pub const TABLE: &[Entry] = &[
    round_robin::ENTRY,
    weighted_interleaved::ENTRY,
    weighted_smooth::ENTRY,
    least_connections::ENTRY,
    weighted_least_connections::ENTRY,
    random::ENTRY,
    two_choices::ENTRY,
    ip_hash::ENTRY,
    consistent_hash::ENTRY,
    maglev::ENTRY,
    peak_ewma::ENTRY,
];

/// The entry with this id.
pub fn find(id: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.info.id == id)
}
