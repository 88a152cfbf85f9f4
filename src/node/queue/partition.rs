//! A part of the queue: its messages that wait, and those between two attempts.

use super::backlog::Backlog;
use super::settings::Delivery;
use crate::sim::{CallId, Handle};
use std::collections::{BTreeMap, VecDeque};

#[derive(Clone, Debug, Default)]
pub struct Partition {
    /// Never handed out.
    pub backlog: Backlog,
    /// Handed out before and to be so again, by number: where they are held.
    pub again: BTreeMap<u64, u32>,
    /// The same, still resting after a failed attempt.
    pub resting: BTreeMap<u64, u32>,
    pub in_flight: u32,
    /// Producers' calls, held until there is room, and what ends the wait.
    pub blocked: VecDeque<(CallId, Handle)>,
}

/// Which message of a partition is next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Next {
    New,
    /// The number of one that was handed out before.
    Again(u64),
}

impl Partition {
    /// Messages that wait for a consumer, resting ones included.
    pub fn waiting(&self) -> usize {
        self.backlog.len() + self.again.len() + self.resting.len()
    }

    /// What may be handed out now. In order, one that rests holds up all behind it.
    pub fn next(&self, delivery: Delivery) -> Option<Next> {
        let again = self.again.first_key_value().map(|(number, _)| *number);
        let new = (!self.backlog.is_empty()).then_some(Next::New);
        match delivery {
            Delivery::Shared => again.map(Next::Again).or(new),
            Delivery::Ordered if self.in_flight > 0 => None,
            Delivery::Ordered => match (again, self.resting.first_key_value()) {
                (Some(again), Some((resting, _))) if *resting < again => None,
                (None, Some(_)) => None,
                (Some(again), _) => Some(Next::Again(again)),
                (None, None) => new,
            },
        }
    }
}
