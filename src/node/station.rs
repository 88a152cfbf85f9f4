//! A node as plain data, for kinds that need no more than text and levels on the stage.

use crate::algo::{cache, limit, ring};
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
    Cache(cache::Inspection),
    Limit(limit::Inspection),
    Ring(ring::Inspection),
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StationMember {
    /// From 1: `cache/3`.
    pub number: u32,
    /// How full it is, from 0 to 1; `None` where that means nothing.
    pub level: Option<f64>,
    /// "812 of 1 000 keys".
    pub note: String,
    /// What its policy holds.
    pub inside: Inside,
    /// Filled in from the member's condition.
    pub down: bool,
    pub frozen: bool,
    /// Which side of a network partition it is on.
    pub side: u8,
}
