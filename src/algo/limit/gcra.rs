//! GCRA, the generic cell rate algorithm: one number for each key, the theoretical arrival time.
//!
//! ITU-T Recommendation I.371 and the ATM Forum's Traffic Management Specification 4.0 (1996), there for
//! cells on a line; known for requests through Brandur Leach's throttled (2015). Requests at exactly the rate
//! arrive at their theoretical times; one may come early by the time that `capacity` − 1 further ones take. In
//! other words: with T for a unit of cost, a request of cost c may pass while
//! max(now, arrival) + c·T ≤ now + capacity·T, and then moves the arrival there. The same decisions as the
//! continuous token bucket and the leaky meter (ATM has both forms, and says so). Times between nanoseconds are
//! kept as a remainder, so a rate such as 3 a second is exact.

use super::bucket::{Bucket, Divisor, KNOBS};
use super::states::{Gauge, Rule, States};
use super::*;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "gcra",
        name: "GCRA",
        short: "GCRA",
        summary: "Remembers only when the next request is due; it may come early by a burst's length.",
        source: "ITU-T I.371; ATM Forum TM 4.0 (1996)",
        knobs: KNOBS,
    },
    build: |knobs| Box::new(Gcra { bucket: Arrivals(Bucket::new(knobs)), states: States::new(KEYS_MAX) }),
};

#[derive(Clone, Debug)]
struct Gcra {
    bucket: Arrivals,
    /// The theoretical arrival: a time, and an amount of grains that is less than a nanosecond's.
    states: States<Gauge>,
}

#[derive(Clone, Copy, Debug)]
struct Arrivals(Bucket);

impl Arrivals {
    /// How far the arrival lies ahead, in grains.
    #[inline]
    fn ahead(&self, arrival: &Gauge, now: Time) -> u64 {
        ahead(self.0.per_ns, arrival, now)
    }

    #[inline(always)]
    fn pass_at(&self, per_ns: Divisor, arrival: &mut Gauge, cost: u32, now: Time) -> Verdict {
        match self.0.add(ahead(per_ns, arrival, now), cost) {
            Ok(ahead) => {
                let whole = per_ns.quotient(ahead);
                *arrival = Gauge { amount: ahead - whole * per_ns.by, at: now + Span(whole) };
                Verdict::Passes(Span::ZERO)
            }
            Err(verdict) => verdict,
        }
    }
}

#[inline(always)]
fn ahead(per_ns: Divisor, arrival: &Gauge, now: Time) -> u64 {
    if arrival.at < now { 0 } else { per_ns.times(arrival.at.since(now).0) + arrival.amount }
}

impl Rule<Gauge> for Arrivals {
    #[inline]
    fn is_new(&self, arrival: &Gauge, now: Time) -> bool {
        self.ahead(arrival, now) == 0
    }

    #[inline(always)]
    fn pass(&self, arrival: &mut Gauge, cost: u32, now: Time) -> Verdict {
        // Compiled twice: most rates divide a second into whole nanoseconds, and those need no division.
        match self.0.per_ns.by {
            1 => self.pass_at(Divisor::ONE, arrival, cost, now),
            _ => self.pass_at(self.0.per_ns, arrival, cost, now),
        }
    }
}

impl Limit for Gcra {
    fn pass(&mut self, key: u32, cost: u32, now: Time) -> Verdict {
        self.states.pass(&self.bucket, key, cost, now)
    }

    fn remaining(&self, key: u32, now: Time) -> u32 {
        let Arrivals(bucket) = self.bucket;
        bucket.units(bucket.most.saturating_sub(self.bucket.ahead(&self.states.peek(key), now)))
    }

    fn inspect(&self, key: u32, now: Time) -> Inspection {
        let arrival = self.states.peek(key);
        let Arrivals(bucket) = self.bucket;
        let ahead = self.bucket.ahead(&arrival, now);
        Inspection {
            note: format!("next due in {:.0} ms", bucket.span(ahead).ms()),
            level: bucket.shown(ahead),
            most: bucket.capacity.into(),
            rate_per_s: Some(bucket.rate_per_s()),
            marks: vec![Mark { name: "theoretical arrival", at: arrival.at.max(now) }],
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
        match self.states.iter().find(|arrival| arrival.amount >= self.bucket.0.per_ns.by) {
            Some(arrival) => Err(format!("{} grains make a nanosecond", arrival.amount)),
            None => self.states.check(),
        }
    }
}
