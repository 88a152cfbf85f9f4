//! A token bucket that refills only on whole seconds: a quirk of many home-made versions.
//!
//! The line behind it, in Go: `tokens += int(now.Sub(last).Seconds()) * rate`, and if that is anything,
//! `last = now`. So a client that waited 0.9 s has gained nothing, one that waited 1.9 s has gained one second's
//! tokens and lost the rest (`seconds` = `elapsed`): whoever asks a little more seldom than once a second gets
//! up to half of the rate. Others subtract Unix times (`seconds` = `clock`): tokens then come all at once when the clock's second
//! turns, here at whole seconds from time 0, and nothing is lost. A rate that is no whole number brings
//! fractions of a token all the same. Every bucket counts as made full at time 0.

use super::bucket::{Bucket, CAPACITY, RATE, thousandths};
use super::states::{Gauge, States};
use super::*;
use crate::algo::setting::Setting;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "token-bucket-whole-seconds",
        name: "Token bucket, whole seconds",
        short: "Whole seconds",
        summary: "A token bucket that refills only when a whole second has passed (a quirk).",
        source: "a quirk of home-made versions",
        knobs: &[
            CAPACITY,
            RATE,
            Setting::choice(
                "seconds",
                "Seconds",
                &[("elapsed", "since the last refill"), ("clock", "of the clock")],
                "elapsed",
                "Whether seconds count from the last refill, whose fraction is lost, or turn with the clock.",
            ),
        ],
    },
    build: |knobs| {
        let rule = Rule {
            bucket: Bucket::new(knobs),
            per_s: thousandths(knobs),
            clock: knobs.word("seconds") == "clock",
        };
        Box::new(WholeSeconds { rule, states: States::new(KEYS_MAX) })
    },
};

const SECOND: u64 = 1_000_000_000;
/// Here a grain is a thousandth of a token: a second brings a whole number of them.
const TOKEN: u64 = 1000;

#[derive(Clone, Debug)]
struct WholeSeconds {
    rule: Rule,
    /// The grains that lacked after the last refill, and when that was.
    states: States<Gauge>,
}

#[derive(Clone, Copy, Debug)]
struct Rule {
    bucket: Bucket,
    /// Grains in a second.
    per_s: u64,
    clock: bool,
}

impl Rule {
    fn most(&self) -> u64 {
        u64::from(self.bucket.capacity) * TOKEN
    }

    /// The state after the refill that asking now brings.
    #[inline]
    fn refilled(&self, state: &Gauge, now: Time) -> Gauge {
        let since = now.since(state.at).0;
        if since < SECOND {
            return *state;
        }
        let amount = state.amount.saturating_sub((since / SECOND).saturating_mul(self.per_s));
        Gauge { amount, at: if self.clock { Time(now.0 - now.0 % SECOND) } else { now } }
    }
}

impl states::Rule<Gauge> for Rule {
    /// One that was refilled a moment ago and is full refills earlier than a new one would.
    fn is_new(&self, state: &Gauge, now: Time) -> bool {
        let refilled = self.refilled(state, now);
        refilled.amount == 0 && (self.clock || refilled.at == now)
    }

    fn pass(&self, state: &mut Gauge, cost: u32, now: Time) -> Verdict {
        *state = self.refilled(state, now);
        let (tokens, grains) = (self.most() - state.amount, u64::from(cost) * TOKEN);
        if grains <= tokens {
            state.amount += grains;
            return Verdict::Passes(Span::ZERO);
        }
        if grains > self.most() {
            return Verdict::Refused;
        }
        let seconds = (grains - tokens).div_ceil(self.per_s);
        Verdict::Later((state.at + Span(seconds.saturating_mul(SECOND))).since(now))
    }
}

impl Limit for WholeSeconds {
    fn pass(&mut self, key: u32, cost: u32, now: Time) -> Verdict {
        self.states.pass(&self.rule, key, cost, now)
    }

    fn remaining(&self, key: u32, now: Time) -> u32 {
        let state = self.rule.refilled(&self.states.peek(key), now);
        ((self.rule.most() - state.amount) / TOKEN) as u32
    }

    fn inspect(&self, key: u32, now: Time) -> Inspection {
        let state = self.rule.refilled(&self.states.peek(key), now);
        let level = (self.rule.most() - state.amount) as f64 / TOKEN as f64;
        Inspection {
            note: format!("{level:.1} of {} tokens", self.rule.bucket.capacity),
            level,
            most: self.rule.bucket.capacity.into(),
            rate_per_s: Some(self.rule.bucket.rate_per_s()),
            marks: vec![Mark { name: "next refill", at: state.at + Span(SECOND) }],
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
        match self.states.iter().find(|state| state.amount > self.rule.most()) {
            Some(state) => Err(format!("{} of {} thousandths lack", state.amount, self.rule.most())),
            None => self.states.check(),
        }
    }
}
