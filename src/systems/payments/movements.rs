//! The steps that payments took: how often each line of the table, and which were the last.

use super::{Amount, State, TRANSITIONS};
use crate::sim::Time;
use serde::Serialize;
use std::collections::VecDeque;

/// How many steps can be looked up; counts count all.
pub const MOVEMENTS_KEPT: usize = 6;

/// One step of one payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Movement {
    pub at: Time,
    pub payment: u32,
    /// All of it, or what is refunded; 0 if nothing came of it.
    pub amount: Amount,
    pub from: State,
    /// `None`: it was asked for and refused.
    pub to: Option<State>,
}

#[derive(Clone, Debug, Default)]
pub struct Movements {
    /// In the order of [`TRANSITIONS`].
    taken: [u64; TRANSITIONS.len()],
    refused: u64,
    recent: VecDeque<Movement>,
}

impl Movements {
    /// A line of the table was taken.
    pub fn took(&mut self, row: usize, payment: u32, amount: Amount, at: Time) {
        let Some((from, _, to)) = TRANSITIONS.get(row).copied() else { return };
        self.taken[row] += 1;
        self.keep(Movement { at, payment, amount, from, to: Some(to) });
    }

    /// A step was asked for that this payment may not take.
    pub fn refused(&mut self, payment: u32, from: State, at: Time) {
        self.refused += 1;
        self.keep(Movement { at, payment, amount: 0, from, to: None });
    }

    fn keep(&mut self, movement: Movement) {
        self.recent.push_back(movement);
        if self.recent.len() > MOVEMENTS_KEPT {
            self.recent.pop_front();
        }
    }

    /// In the order of [`TRANSITIONS`].
    pub fn taken(&self) -> [u64; TRANSITIONS.len()] {
        self.taken
    }

    pub fn refusals(&self) -> u64 {
        self.refused
    }

    /// Oldest first.
    pub fn recent(&self) -> impl DoubleEndedIterator<Item = &Movement> {
        self.recent.iter()
    }

    /// How many of so many payments are in each state, forgotten ones included: what came in less what went out.
    pub fn in_states(&self, created: u64) -> [u64; State::ALL.len()] {
        State::ALL.map(|state| {
            let sum = |of: fn(&(State, super::Action, State)) -> State| -> u64 {
                let rows = TRANSITIONS.iter().zip(self.taken).filter(|(row, _)| of(row) == state);
                rows.map(|(_, count)| count).sum()
            };
            let born = if state == State::Created { created } else { 0 };
            (born + sum(|row| row.2)).saturating_sub(sum(|row| row.0))
        })
    }
}
