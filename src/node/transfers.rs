//! Two-phase commit at a store's machines, as plain data for the instrument on the stage.

use crate::sim::Time;
use serde::Serialize;

/// Transfers of a store at one instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TransfersView {
    pub now: Time,
    pub carried_out: u64,
    pub given_up: u64,
    /// By member.
    pub members: Vec<Participant>,
}

/// Most locks of a [`Participant`].
pub const LOCKS_SHOWN: usize = 16;

/// What a machine has in hand, as coordinator and as participant.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Participant {
    /// Transfers whose votes it waits for.
    pub voting: u32,
    /// Transfers that it has decided to carry out, until both machines said that they have.
    pub decided: u32,
    /// Accounts here that are locked, and those of them whose coordinator is down: in doubt.
    pub locked: u32,
    pub in_doubt: u32,
    /// The locks that were taken first, at most [`LOCKS_SHOWN`], oldest first.
    pub locks: Vec<HeldLock>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct HeldLock {
    pub key: u32,
    /// From 0.
    pub coordinator: u16,
    pub since: Time,
    pub in_doubt: bool,
}
