//! Leaky bucket as a meter: each request pours in its cost, the bucket leaks at a steady rate, and what would
//! overflow is refused.
//!
//! Turner (1986); the continuous-state form in ATM Forum TM 4.0. The water is the token bucket's missing
//! tokens, so the decisions are the same. Nothing waits: what passes, passes at once, and bursts too.

use super::bucket::{Bucket, KNOBS};
use super::states::{Gauge, States};
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

    /// A leaky bucket that takes a request, or does not; and the water that was there before it.
    #[inline]
    pub fn pour(&self, states: &mut States<Gauge>, key: u32, cost: u32, now: Time) -> (Decision, u64) {
        let state = states.of(key, |state| self.water(state, now) == 0);
        let (water, grains) = (self.water(state, now), self.grains(cost));
        let free = self.most - water;
        if grains > free {
            return (self.refused(free, grains), water);
        }
        *state = Gauge { amount: water + grains, at: state.at.max(now) };
        (self.passed(free - grains), water)
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

impl Limit for LeakyMeter {
    fn ask(&mut self, key: u32, cost: u32, now: Time) -> Decision {
        self.bucket.pour(&mut self.states, key, cost, now).0
    }

    fn inspect(&self, key: u32, now: Time) -> Inspection {
        self.bucket.inspect_water(&self.states, key, now, "empty")
    }

    fn keys(&self) -> usize {
        self.states.len()
    }

    fn check(&self) -> Result<(), String> {
        self.bucket.check_water(&self.states)
    }
}
