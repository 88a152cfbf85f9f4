//! Leaky bucket as a meter: each request pours in its cost, the bucket leaks at a steady rate, and what would
//! overflow is refused.
//!
//! Turner (1986); the continuous-state form in ATM Forum TM 4.0. The water is the token bucket's missing
//! tokens, so the decisions are the same. Nothing waits: what passes, passes at once, and bursts too.

use super::bucket::{Bucket, KNOBS};
use super::states::{Gauge, Rule, States};
use super::*;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "leaky-meter",
        name: "Leaky bucket (meter)",
        short: "Leaky meter",
        summary: "Requests fill a bucket that leaks steadily; what would overflow is refused.",
        source: "Turner (1986); ATM Forum TM 4.0 (1996)",
        knobs: KNOBS,
    },
    build: |knobs| Box::new(LeakyMeter { bucket: Bucket::new(knobs), states: States::new(KEYS_MAX) }),
};

#[derive(Clone, Debug)]
struct LeakyMeter {
    bucket: Bucket,
    /// The grains that were in at that time.
    states: States<Gauge>,
}

impl Bucket {
    /// What is left of the water now.
    #[inline]
    pub fn water(&self, state: &Gauge, now: Time) -> u64 {
        state.amount.saturating_sub(self.during(now.since(state.at)))
    }

    /// What could be poured in, in whole units.
    pub fn room(&self, states: &States<Gauge>, key: u32, now: Time) -> u32 {
        self.units(self.most - self.water(&states.peek(key), now))
    }

    pub fn inspect_water(
        &self,
        states: &States<Gauge>,
        key: u32,
        now: Time,
        mark: &'static str,
    ) -> Inspection {
        let water = self.water(&states.peek(key), now);
        let level = self.shown(water);
        Inspection {
            note: format!("{level:.1} of {}", self.capacity),
            level,
            most: self.capacity.into(),
            rate_per_s: Some(self.rate_per_s()),
            marks: vec![Mark { name: mark, at: now + self.span(water) }],
            ..Default::default()
        }
    }

    pub fn check_water(&self, states: &States<Gauge>) -> Result<(), String> {
        match states.iter().find(|state| state.amount > self.most) {
            Some(state) => Err(format!("{} grains in a bucket of {}", state.amount, self.most)),
            None => states.check(),
        }
    }
}

/// A leaky bucket that takes a request, or does not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pour {
    pub bucket: Bucket,
    /// What is poured in waits until what was there before it has leaked out.
    pub waits: bool,
}

impl Rule<Gauge> for Pour {
    #[inline]
    fn is_new(&self, state: &Gauge, now: Time) -> bool {
        self.bucket.water(state, now) == 0
    }

    #[inline]
    fn pass(&self, state: &mut Gauge, cost: u32, now: Time) -> Verdict {
        let water = self.bucket.water(state, now);
        match self.bucket.add(water, cost) {
            Ok(amount) => {
                *state = Gauge { amount, at: state.at.max(now) };
                Verdict::Passes(if self.waits { self.bucket.span(water) } else { Span::ZERO })
            }
            Err(verdict) => verdict,
        }
    }
}

impl Limit for LeakyMeter {
    fn pass(&mut self, key: u32, cost: u32, now: Time) -> Verdict {
        self.states.pass(&Pour { bucket: self.bucket, waits: false }, key, cost, now)
    }

    fn remaining(&self, key: u32, now: Time) -> u32 {
        self.bucket.room(&self.states, key, now)
    }

    fn inspect(&self, key: u32, now: Time) -> Inspection {
        self.bucket.inspect_water(&self.states, key, now, "empty")
    }

    fn keys(&self) -> usize {
        self.states.len()
    }

    fn bytes(&self) -> usize {
        self.states.bytes()
    }

    fn check(&self) -> Result<(), String> {
        self.bucket.check_water(&self.states)
    }
}
