//! Token bucket: tokens come in at a steady rate, up to `capacity`; a request takes as many as it costs.
//!
//! Turner, "New Directions in Communications" (1986), and RFC 2697 for the form with a full bucket at the
//! start. Tokens come in continuously, in fractions: at any time there are as many as the time since has
//! brought, not a tick's worth. Kept is what the bucket lacks, and when that was true.

use super::bucket::{Bucket, KNOBS};
use super::states::{Gauge, States};
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
    build: |knobs| Box::new(TokenBucket { bucket: Bucket::new(knobs), states: States::new(KEYS_MAX) }),
};

#[derive(Clone, Debug)]
struct TokenBucket {
    bucket: Bucket,
    /// The grains that were lacking at that time.
    states: States<Gauge>,
}

impl Bucket {
    /// The tokens that are there now.
    #[inline]
    fn tokens(&self, lacking: &Gauge, now: Time) -> u64 {
        self.most - lacking.amount.saturating_sub(self.during(now.since(lacking.at)))
    }
}

impl Limit for TokenBucket {
    fn ask(&mut self, key: u32, cost: u32, now: Time) -> Decision {
        let bucket = &self.bucket;
        let lacking = self.states.of(key, |lacking| bucket.tokens(lacking, now) == bucket.most);
        let (tokens, grains) = (bucket.tokens(lacking, now), bucket.grains(cost));
        if grains > tokens {
            return bucket.refused(tokens, grains);
        }
        let left = tokens - grains;
        *lacking = Gauge { amount: bucket.most - left, at: lacking.at.max(now) };
        bucket.passed(left)
    }

    fn inspect(&self, key: u32, now: Time) -> Inspection {
        let tokens = self.bucket.tokens(&self.states.peek(key), now);
        let (shown, lacking) = (self.bucket.shown(tokens), self.bucket.most - tokens);
        Inspection {
            note: format!("{shown:.1} of {} tokens", self.bucket.capacity),
            level: shown,
            most: self.bucket.capacity.into(),
            rate_per_s: Some(self.bucket.rate_per_s()),
            marks: vec![Mark { name: "full again", at: now + self.bucket.span(lacking) }],
            ..Default::default()
        }
    }

    fn keys(&self) -> usize {
        self.states.len()
    }

    fn check(&self) -> Result<(), String> {
        match self.states.iter().find(|lacking| lacking.amount > self.bucket.most) {
            Some(lacking) => Err(format!("{} of {} grains lack", lacking.amount, self.bucket.most)),
            None => self.states.check(),
        }
    }
}
