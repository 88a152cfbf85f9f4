//! What only the simulation can know: which requests are repetitions, and who is a thief. Nothing is decided by it.

use std::collections::{BTreeSet, VecDeque};

/// The most requests that repetitions are recognised of; beyond, the oldest is forgotten.
const KNOWN_MAX: usize = 50_000;

#[derive(Clone, Debug, Default)]
pub struct Oracle {
    /// Seeds of requests that moved money.
    moved: BTreeSet<u64>,
    order: VecDeque<u64>,
    /// Payments that were captured once more for the same request, and refunds.
    pub charged_again: u64,
    pub refunded_again: u64,
    /// Payments with stolen cards that went through, and that were stopped.
    pub thieves: [u64; 2],
    /// The same of all others.
    pub honest: [u64; 2],
}

impl Oracle {
    /// A request moved money. True if it had done so before.
    fn moves(&mut self, seed: u64) -> bool {
        if !self.moved.insert(seed) {
            return true;
        }
        self.order.push_back(seed);
        if self.order.len() > KNOWN_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.moved.remove(&oldest);
            }
        }
        false
    }

    pub fn charged(&mut self, seed: u64) {
        self.charged_again += u64::from(self.moves(seed));
    }

    pub fn refunded(&mut self, seed: u64) {
        self.refunded_again += u64::from(self.moves(seed));
    }

    pub fn judged(&mut self, is_thief: bool, stopped: bool) {
        let of = if is_thief { &mut self.thieves } else { &mut self.honest };
        of[usize::from(stopped)] += 1;
    }
}

/// Of `[through, stopped]` the share that was stopped, in percent; 0 of none.
pub fn stopped_percent([through, stopped]: [u64; 2]) -> f64 {
    let all = through + stopped;
    if all == 0 { 0.0 } else { 100.0 * stopped as f64 / all as f64 }
}
