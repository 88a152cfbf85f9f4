//! Leaky bucket as a queue: requests drip out at the steady rate, one after another; what does not fit is
//! refused.
//!
//! As in Tanenbaum's "Computer Networks" and nginx's `limit_req` (whose `burst` is `capacity` − 1). It admits
//! what the meter admits, but holds it ([`Decision::wait`]) until the water before it has leaked: behind
//! it the stream is smooth. A request that comes while the bucket is empty goes at once; a unit of cost then
//! takes 1 / rate, and `capacity` counts what is held and the one that is dripping.

use super::bucket::{Bucket, KNOBS};
use super::leaky_meter::Pour;
use super::states::{Gauge, States};
use super::*;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "leaky-queue",
        name: "Leaky bucket (queue)",
        short: "Leaky queue",
        summary: "Requests wait in a bucket and leave it one by one at a steady rate.",
        source: "Tanenbaum, Computer Networks; nginx limit_req",
        knobs: KNOBS,
    },
    build: |knobs| Box::new(LeakyQueue { bucket: Bucket::new(knobs), states: States::new(KEYS_MAX) }),
};

#[derive(Clone, Debug)]
struct LeakyQueue {
    bucket: Bucket,
    /// The grains that were in at that time.
    states: States<Gauge>,
}

impl Limit for LeakyQueue {
    fn pass(&mut self, key: u32, cost: u32, now: Time) -> Verdict {
        self.states.pass(&Pour { bucket: self.bucket, waits: true }, key, cost, now)
    }

    fn remaining(&self, key: u32, now: Time) -> u32 {
        self.bucket.room(&self.states, key, now)
    }

    fn inspect(&self, key: u32, now: Time) -> Inspection {
        self.bucket.inspect_water(&self.states, key, now, "next may go")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::limit::tests::policy_with;

    /// A burst of 3 at 4 a second leaves at 0, 250 and 500 ms; one at 300 ms goes behind them, at 750.
    #[test]
    fn a_burst_leaves_at_the_rate() {
        let mut policy = policy_with("leaky-queue", &[("capacity", 3.0), ("rate_per_s", 4.0)]);
        let mut leaves = |ms: f64| {
            let now = Time::from_ms(ms);
            let decision = policy.ask(1, 1, now);
            decision.allow.then(|| (now + decision.wait).ms())
        };
        let asked = [0.0, 0.0, 0.0, 0.0, 249.999, 300.0, 2000.0];
        let left = [Some(0.0), Some(250.0), Some(500.0), None, None, Some(750.0), Some(2000.0)];
        assert_eq!(asked.map(&mut leaves), left);
    }
}
