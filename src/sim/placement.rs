//! Callers that know which member to ask.

use std::fmt::Debug;
use std::sync::Arc;

/// Which member of a node has a key: what a client library knows that hashes keys itself. A node that
/// publishes one (see [`super::Context::publish`]) also hears of calls to members of its that are down,
/// as that library would, and decides what to do.
pub trait Placement: Debug + Send + Sync {
    /// Below the node's number of members.
    fn member(&self, key: u32) -> u16;
}

/// Shared by the checkpoints of a run.
pub type Placements = Vec<Option<Arc<dyn Placement>>>;
