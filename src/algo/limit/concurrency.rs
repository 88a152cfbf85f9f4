//! A limit on what is under way: a request may pass while the costs of those not yet done stay within `limit`.
//!
//! A counting semaphore (Dijkstra, 1965), as nginx's `limit_conn`; by Little's law it bounds the rate at
//! limit / (mean time under way), so it tightens by itself when what is behind it becomes slow. When to come
//! again depends on when others are done, so a refusal cannot say.

use super::states::{Gauge, States};
use super::window::{LIMIT_MAX, limit};
use super::*;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "concurrency",
        name: "Concurrency limit",
        short: "Concurrency",
        summary: "Lets a request pass while few enough others are under way.",
        source: "semaphores (Dijkstra, 1965); nginx limit_conn",
        knobs: &[LIMIT],
    },
    build: |knobs| {
        let limit = knobs.number("limit").clamp(1.0, LIMIT_MAX) as u64;
        Box::new(Concurrency { limit, states: States::new(KEYS_MAX) })
    },
};

const LIMIT: crate::algo::setting::Setting = {
    let mut setting = limit(LIMIT_MAX);
    setting.help = "What may be under way at once.";
    setting
};

#[derive(Clone, Debug)]
struct Concurrency {
    limit: u64,
    /// What is under way.
    states: States<Gauge>,
}

impl Limit for Concurrency {
    fn ask(&mut self, key: u32, cost: u32, _: Time) -> Decision {
        let state = self.states.of(key, |state| state.amount == 0);
        let free = self.limit - state.amount.min(self.limit);
        let allow = u64::from(cost) <= free;
        let left = if allow { free - u64::from(cost) } else { free };
        state.amount = self.limit - left;
        Decision { allow, remaining: left as u32, retry_after: None, wait: Span::ZERO }
    }

    /// What passed on the shared state is also taken off there, unless its key has got a state since: then
    /// off that one as far as it goes, so that the sum stays right.
    fn done(&mut self, key: u32, cost: u32, _: Time) {
        let mut left = u64::from(cost);
        if let Some(state) = self.states.known(key) {
            let taken = state.amount.min(left);
            state.amount -= taken;
            left -= taken;
        }
        let shared = self.states.shared();
        shared.amount = shared.amount.saturating_sub(left);
    }

    fn inspect(&self, key: u32, _: Time) -> Inspection {
        let under_way = self.states.peek(key).amount;
        Inspection {
            note: format!("{under_way} of {} under way", self.limit),
            level: under_way as f64,
            most: self.limit as f64,
            ..Default::default()
        }
    }

    fn keys(&self) -> usize {
        self.states.len()
    }

    fn check(&self) -> Result<(), String> {
        match self.states.iter().find(|state| state.amount > self.limit) {
            Some(state) => Err(format!("{} are under way, the limit is {}", state.amount, self.limit)),
            None => self.states.check(),
        }
    }
}
