//! A node as plain data, for kinds that need no more than text and levels on the stage.

use super::division::Division;
#[cfg(feature = "whole")]
use super::queries::QueriesView;
#[cfg(feature = "whole")]
use super::queue::QueueView;
#[cfg(feature = "whole")]
use super::replicas::ReplicasView;
#[cfg(feature = "whole")]
use super::transfers::TransfersView;
use crate::algo::{cache, limit};
use crate::sim::{Span, Time};
use crate::systems::ServiceView;
use serde::Serialize;

/// A node at one instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Station {
    /// What it is set to do, shortly: "Token bucket", "LRU, read-through".
    pub does: String,
    /// What it holds and has done, a short phrase each: "hit ratio 82 %".
    pub notes: Vec<String>,
    /// Its machines; empty for a node that is drawn as one thing.
    pub members: Vec<StationMember>,
    /// What its policy holds, where that belongs to the node as a whole.
    pub inside: Inside,
}

/// The inside of a policy, for its instrument on the stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is", content = "inside")]
pub enum Inside {
    #[default]
    Nothing,
    Cache(Box<CacheView>),
    Limit(Box<LimitView>),
    /// How keys are divided among the members.
    Ring(Box<Division>),
    /// A queue's partitions and consumers.
    #[cfg(feature = "whole")]
    Queue(Box<QueueView>),
    /// What each replica of a store holds.
    #[cfg(feature = "whole")]
    Replicas(Box<ReplicasView>),
    /// Two-phase commit.
    #[cfg(feature = "whole")]
    Transfers(Box<TransfersView>),
    /// Scatter-gather.
    #[cfg(feature = "whole")]
    Queries(Box<QueriesView>),
    /// The service that servers run.
    Service(ServiceView),
}

/// One cache machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CacheView {
    /// Id of the policy.
    pub policy: &'static str,
    pub held: cache::Inspection,
    pub entries: u32,
    pub capacity: u32,
    /// The last read, and whether it was a hit.
    pub last: Option<(u32, bool)>,
    /// Whether that was answered with something old, how many reads were, and how many acknowledged writes are lost: as
    /// the oracle knows it.
    pub last_stale: bool,
    pub stale: u64,
    pub lost: u64,
    /// The key that was thrown out last.
    pub evicted: Option<u32>,
    pub hits: u64,
    pub reads: u64,
    /// Of the last reads, at most 64: how many were hits, and how many there are.
    pub recent: (u32, u32),
    /// The first keys whose newest write has not been passed on, in order.
    pub unflushed: Vec<u32>,
    /// All of these.
    pub unflushed_count: u32,
    /// Of keys that `held` shows: what part of the lifetime is left, 0 for an expired one. Without lifetimes empty.
    pub lives: Vec<(u32, f32)>,
}

/// A rate limiter.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LimitView {
    /// Id of the policy.
    pub policy: &'static str,
    pub now: Time,
    /// What a key is: "client", "key"; empty where one limit is for all.
    pub per: &'static str,
    /// The key that is refused most, of late; all else here is about it.
    pub key: u32,
    /// Who that is.
    pub name: String,
    pub state: limit::Inspection,
    /// Its last decisions that are still known, oldest first.
    pub passed: Vec<Time>,
    pub refused: Vec<Time>,
    /// From this time on all that passed is known.
    pub since: Time,
    /// How long until the last refused one may pass, if that is known and not over.
    pub retry_after: Option<Span>,
    /// The keys that were refused or passed most of late, by key, at most [`KEYS_SHOWN`].
    pub keys: Vec<KeyLevel>,
    /// Keys that were refused within the last second, or have calls that are held.
    pub limited: u32,
    /// Keys that the policy has a state for, or that were asked of late.
    pub known: u32,
    pub passed_count: u64,
    pub refused_count: u64,
    /// Calls that wait here.
    pub waiting: u32,
}

/// Most keys in a [`LimitView`].
pub const KEYS_SHOWN: usize = 12;

/// One key's state, shortly.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct KeyLevel {
    pub key: u32,
    /// Who that is, and where there is little room.
    pub name: String,
    pub short: String,
    pub level: f64,
    pub most: f64,
    /// As in [`LimitView::limited`].
    pub limited: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StationMember {
    /// From 1: `cache/3`.
    pub number: u32,
    /// How full it is, from 0 to 1; `None` where that means nothing.
    pub level: Option<f64>,
    /// "812 of 1 000 keys".
    pub note: String,
    /// Rows, where it holds some.
    pub rows: Option<u32>,
    /// Calls that wait for a worker, and how many may, where it has workers.
    pub queued: (u32, u32),
    /// How many times slower than it should be; 0 where that is not known.
    pub slow: f64,
    /// What its policy holds.
    pub inside: Inside,
    /// Filled in from the member's condition.
    pub down: bool,
    pub frozen: bool,
    /// Which side of a network partition it is on.
    pub side: u8,
}
