//! A limit on what is under way: a request may pass while the costs of those not yet done stay within `limit`.
//!
//! A counting semaphore (Dijkstra, 1965), as nginx's `limit_conn`; by Little's law it bounds the rate at
//! limit / (mean time under way), so it tightens by itself when what is behind it becomes slow. When to come
//! again depends on when others are done, so a refusal cannot say.

use super::states::{Gauge, Rule, States};
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

#[derive(Clone, Copy, Debug)]
struct Places(u64);

impl Rule<Gauge> for Places {
    fn is_new(&self, state: &Gauge, _: Time) -> bool {
        state.amount == 0
    }

    fn pass(&self, state: &mut Gauge, cost: u32, _: Time) -> Verdict {
        let taken = state.amount + u64::from(cost);
        if taken > self.0 {
            return Verdict::Refused;
        }
        state.amount = taken;
        Verdict::Passes(Span::ZERO)
    }
}

impl Limit for Concurrency {
    fn pass(&mut self, key: u32, cost: u32, now: Time) -> Verdict {
        self.states.pass(&Places(self.limit), key, cost, now)
    }

    fn remaining(&self, key: u32, _: Time) -> u32 {
        (self.limit - self.states.peek(key).amount.min(self.limit)) as u32
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

    fn bytes(&self) -> usize {
        self.states.bytes()
    }

    fn check(&self) -> Result<(), String> {
        match self.states.iter().find(|state| state.amount > self.limit) {
            Some(state) => Err(format!("{} are under way, the limit is {}", state.amount, self.limit)),
            None => self.states.check(),
        }
    }
}
