//! Fixed window: a counter for each key that begins again at zero with each window.
//!
//! As commonly built on Redis with INCR and an expiry, and Kong's and Envoy's windows. Windows begin at the
//! multiples of `window_ms` from time 0, for all keys alike, and do not include their end. Refused requests are
//! not counted. The flaw that teaches: around an edge twice the limit can pass within a moment.

use super::states::{Gauge, States};
use super::window::{KNOBS, LIMIT_MAX, Rule};
use super::*;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "fixed-window",
        name: "Fixed window",
        short: "Fixed window",
        summary: "Counts what passes in each window of time; around an edge twice the limit can pass.",
        source: "common practice (Redis INCR and EXPIRE)",
        knobs: KNOBS,
    },
    build: |knobs| Box::new(FixedWindow { rule: Rule::new(knobs, LIMIT_MAX), states: States::new(KEYS_MAX) }),
};

#[derive(Clone, Debug)]
struct FixedWindow {
    rule: Rule,
    /// What has passed in the window that begins then.
    states: States<Gauge>,
}

impl Rule {
    /// The counter as it stands now.
    #[inline]
    fn counted(&self, state: &Gauge, now: Time) -> Gauge {
        if now.since(state.at) < self.window { *state } else { Gauge { amount: 0, at: self.begin(now) } }
    }

    /// What may still pass.
    fn free_of(&self, counted: &Gauge) -> u64 {
        u64::from(self.limit) - counted.amount.min(self.limit.into())
    }
}

impl states::Rule<Gauge> for Rule {
    fn is_new(&self, state: &Gauge, now: Time) -> bool {
        self.counted(state, now).amount == 0
    }

    fn pass(&self, state: &mut Gauge, cost: u32, now: Time) -> Verdict {
        let counted = self.counted(state, now);
        if u64::from(cost) > self.free_of(&counted) {
            return match cost <= self.limit {
                true => Verdict::Later((counted.at + self.window).since(now)),
                false => Verdict::Refused,
            };
        }
        *state = Gauge { amount: counted.amount + u64::from(cost), at: counted.at };
        Verdict::Passes(Span::ZERO)
    }
}

impl Limit for FixedWindow {
    fn pass(&mut self, key: u32, cost: u32, now: Time) -> Verdict {
        self.states.pass(&self.rule, key, cost, now)
    }

    fn remaining(&self, key: u32, now: Time) -> u32 {
        self.rule.free_of(&self.rule.counted(&self.states.peek(key), now)) as u32
    }

    fn inspect(&self, key: u32, now: Time) -> Inspection {
        let counted = self.rule.counted(&self.states.peek(key), now);
        let to = counted.at + self.rule.window;
        Inspection {
            note: format!("{} of {}", counted.amount, self.rule.limit),
            level: counted.amount as f64,
            most: self.rule.limit.into(),
            window: Some(Window { from: counted.at, to, count: counted.amount, before: None }),
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
        match self.states.iter().find(|state| state.amount > self.rule.limit.into()) {
            Some(state) => Err(format!("{} passed in one window", state.amount)),
            None => self.states.check(),
        }
    }
}
