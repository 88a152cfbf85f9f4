//! Token bucket: tokens come in at a steady rate, up to `capacity`; a request takes as many as it costs.
//!
//! Turner, "New Directions in Communications" (1986), and RFC 2697 for the form with a full bucket at the
//! start. Tokens come in continuously, in fractions: at any time there are as many as the time since has
//! brought, not a tick's worth. Kept is what the bucket lacks, and when that was true.

use super::bucket::{Bucket, Divisor, KNOBS};
use super::states::{Gauge, Rule, States};
use super::*;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "token-bucket",
        name: "Token bucket",
        short: "Token bucket",
        summary: "Tokens come in at a steady rate; a request takes some, and without enough it is refused.",
        source: "Turner (1986); RFC 2697",
        knobs: KNOBS,
    },
    build: |knobs| {
        Box::new(TokenBucket { bucket: Tokens(Bucket::new(knobs)), states: States::new(KEYS_MAX) })
    },
};

#[derive(Clone, Debug)]
struct TokenBucket {
    bucket: Tokens,
    /// The grains that were lacking at that time.
    states: States<Gauge>,
}

#[derive(Clone, Copy, Debug)]
struct Tokens(Bucket);

impl Tokens {
    /// The grains that are lacking now.
    #[inline]
    fn lacking(&self, then: &Gauge, now: Time) -> u64 {
        lacking(self.0.per_ns, then, now)
    }

    /// The tokens that are there now.
    fn now(&self, lacking: &Gauge, now: Time) -> u64 {
        self.0.most - self.lacking(lacking, now)
    }

    #[inline(always)]
    fn pass_at(&self, per_ns: Divisor, then: &mut Gauge, cost: u32, now: Time) -> Verdict {
        match self.0.add(lacking(per_ns, then, now), cost) {
            Ok(amount) => {
                *then = Gauge { amount, at: then.at.max(now) };
                Verdict::Passes(Span::ZERO)
            }
            Err(verdict) => verdict,
        }
    }
}

#[inline(always)]
fn lacking(per_ns: Divisor, then: &Gauge, now: Time) -> u64 {
    then.amount.saturating_sub(per_ns.times(now.since(then.at).0))
}

impl Rule<Gauge> for Tokens {
    #[inline]
    fn is_new(&self, lacking: &Gauge, now: Time) -> bool {
        self.lacking(lacking, now) == 0
    }

    #[inline(always)]
    fn pass(&self, lacking: &mut Gauge, cost: u32, now: Time) -> Verdict {
        // Compiled twice, as for GCRA.
        match self.0.per_ns.by {
            1 => self.pass_at(Divisor::ONE, lacking, cost, now),
            _ => self.pass_at(self.0.per_ns, lacking, cost, now),
        }
    }
}

impl Limit for TokenBucket {
    fn pass(&mut self, key: u32, cost: u32, now: Time) -> Verdict {
        self.states.pass(&self.bucket, key, cost, now)
    }

    fn remaining(&self, key: u32, now: Time) -> u32 {
        self.bucket.0.units(self.bucket.now(&self.states.peek(key), now))
    }

    fn inspect(&self, key: u32, now: Time) -> Inspection {
        let Tokens(bucket) = self.bucket;
        let tokens = self.bucket.now(&self.states.peek(key), now);
        let (shown, lacking) = (bucket.shown(tokens), bucket.most - tokens);
        Inspection {
            note: format!("{shown:.1} of {} tokens", bucket.capacity),
            level: shown,
            most: bucket.capacity.into(),
            rate_per_s: Some(bucket.rate_per_s()),
            marks: vec![Mark { name: "if idle, full", at: now + bucket.span(lacking) }],
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
        match self.states.iter().find(|lacking| lacking.amount > self.bucket.0.most) {
            Some(lacking) => Err(format!("{} of {} grains lack", lacking.amount, self.bucket.0.most)),
            None => self.states.check(),
        }
    }
}
