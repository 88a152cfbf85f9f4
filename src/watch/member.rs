//! Figures of one member: what came, how full it was, how long calls stayed.

use super::latency::Latencies;
use crate::sim::{Call, Counter, Outcome, Span, Time};

/// One machine's account.
#[derive(Clone, Debug)]
pub struct MemberTally {
    /// Calls that came back from it, by outcome.
    pub ended: [u64; Outcome::COUNT],
    /// Calls that were sent to it.
    pub arrived: u64,
    /// What it counted, by [`Counter`].
    pub counts: [u64; Counter::COUNT],
    /// From arrival to answer, of calls answered with `ok`.
    pub sojourn: Latencies,
    /// From arrival to the beginning of work.
    pub wait: Latencies,
    /// From the beginning of work to the answer.
    pub service: Latencies,
    pub busy: u32,
    pub queued: u32,
    pub queued_largest: u32,
    /// Sums over time: worker-nanoseconds, call-nanoseconds.
    busy_ns: u128,
    queued_ns: u128,
    since: Time,
    /// A recent mean of `busy`, smoothed over `smoothing`.
    recent_busy: f64,
    recent: Rotating,
    smoothing: Span,
}

/// The last one to two periods, for figures that follow what is happening.
#[derive(Clone, Debug)]
struct Rotating {
    period: Span,
    now: Latencies,
    before: Latencies,
    arrived_now: u64,
    arrived_before: u64,
    began: Time,
}

impl MemberTally {
    /// `period` is the span that recent figures look back, once to twice.
    pub fn new(period: Span) -> MemberTally {
        MemberTally {
            ended: [0; Outcome::COUNT],
            arrived: 0,
            counts: [0; Counter::COUNT],
            sojourn: Latencies::new(2),
            wait: Latencies::new(2),
            service: Latencies::new(2),
            busy: 0,
            queued: 0,
            queued_largest: 0,
            busy_ns: 0,
            queued_ns: 0,
            since: Time::ZERO,
            recent_busy: 0.0,
            recent: Rotating {
                period,
                now: Latencies::new(2),
                before: Latencies::new(2),
                arrived_now: 0,
                arrived_before: 0,
                began: Time::ZERO,
            },
            smoothing: Span((period.0 / 2).max(1)),
        }
    }

    pub fn sent(&mut self, now: Time) {
        self.arrived += 1;
        self.recent.roll(now);
        self.recent.arrived_now += 1;
    }

    pub fn returned(&mut self, call: &Call, now: Time) {
        self.ended[call.outcome as usize] += 1;
        self.recent.roll(now);
        if call.outcome.is_ok() {
            let sojourn = call.finished.since(call.arrived);
            self.sojourn.record(sojourn);
            self.wait.record(call.started.since(call.arrived));
            self.service.record(call.finished.since(call.started));
            self.recent.now.record(sojourn);
        }
    }

    pub fn occupied(&mut self, busy: u32, queued: u32, now: Time) {
        self.pass(now);
        (self.busy, self.queued) = (busy, queued);
        self.queued_largest = self.queued_largest.max(queued);
    }

    fn pass(&mut self, now: Time) {
        let span = now.since(self.since);
        self.busy_ns += span.summed(self.busy);
        self.queued_ns += span.summed(self.queued);
        self.recent_busy = self.recent_busy_at(now);
        self.since = now;
    }

    fn recent_busy_at(&self, now: Time) -> f64 {
        // An implicit Euler step of the smoothing: as an exponential for short spans, and no libm.
        let smoothing = self.smoothing.0 as f64;
        let keep = smoothing / (smoothing + now.since(self.since).0 as f64);
        self.recent_busy * keep + self.busy as f64 * (1.0 - keep)
    }

    /// Mean number of busy workers since the start.
    pub fn mean_busy(&self, now: Time) -> f64 {
        let ns = self.busy_ns + now.since(self.since).summed(self.busy);
        if now.0 == 0 { 0.0 } else { ns as f64 / now.0 as f64 }
    }

    /// Mean number of waiting calls since the start.
    pub fn mean_queued(&self, now: Time) -> f64 {
        let ns = self.queued_ns + now.since(self.since).summed(self.queued);
        if now.0 == 0 { 0.0 } else { ns as f64 / now.0 as f64 }
    }

    /// Mean number of busy workers lately. After so long nothing of what was done before counts.
    pub fn recent_busy(&self, now: Time) -> f64 {
        let is_long = now.since(self.since).0 >= 8 * self.smoothing.0;
        if is_long { self.busy.into() } else { self.recent_busy_at(now) }
    }

    /// 99th percentile of the time here lately, in milliseconds.
    pub fn recent_p99_ms(&self, now: Time) -> Option<f64> {
        let Rotating { period, began, .. } = self.recent;
        // A period without any call was not rolled.
        if now.since(began).0 >= 2 * period.0 {
            return None;
        }
        let mut both = self.recent.before.clone();
        both.add(&self.recent.now);
        both.quantile_ms(0.99)
    }

    /// Calls a second lately.
    pub fn recent_per_s(&self, now: Time) -> f64 {
        let Rotating { period, began, arrived_now, arrived_before, .. } = self.recent;
        let age = now.since(began);
        // A period without any call was not rolled.
        if age.0 >= 2 * period.0 {
            return 0.0;
        }
        let before = if began.0 == 0 { Span::ZERO } else { period };
        let span = (age + before).seconds();
        if span <= 0.0 { 0.0 } else { (arrived_now + arrived_before) as f64 / span }
    }

    pub fn refused(&self) -> u64 {
        use crate::sim::{OUTCOMES, OutcomeKind};
        let refused = OUTCOMES.iter().filter(|(_, kind, ..)| *kind == OutcomeKind::Refused);
        refused.map(|(outcome, ..)| self.ended[*outcome as usize]).sum()
    }
}

impl Rotating {
    fn roll(&mut self, now: Time) {
        let age = now.since(self.began).0;
        if age >= self.period.0 {
            self.turn(age, now);
        }
    }

    #[cold]
    #[inline(never)]
    fn turn(&mut self, age: u64, now: Time) {
        std::mem::swap(&mut self.now, &mut self.before);
        self.now.clear();
        (self.arrived_before, self.arrived_now) = (self.arrived_now, 0);
        if age >= 2 * self.period.0 {
            self.before.clear();
            self.arrived_before = 0;
        }
        self.began = Time(now.0 - age % self.period.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_long_ago_is_not_lately() {
        let mut tally = MemberTally::new(Span::from_ms(1000.0));
        let at = Time::from_ms;
        let mut call = Call::default();
        (call.arrived, call.started, call.finished) = (at(100.0), at(200.0), at(300.0));
        tally.sent(at(90.0));
        tally.occupied(2, 0, at(100.0));
        tally.occupied(0, 0, at(300.0));
        tally.returned(&call, at(310.0));
        let lately =
            |ms| (tally.recent_p99_ms(at(ms)), tally.recent_per_s(at(ms)), tally.recent_busy(at(ms)));
        let (p99_ms, per_s, busy) = lately(500.0);
        assert!(p99_ms.is_some_and(|p99_ms| (p99_ms - 200.0).abs() < 5.0), "{p99_ms:?}");
        assert!(per_s > 1.9 && busy > 0.1, "{per_s} {busy}");
        assert_eq!(lately(5_000.0), (None, 0.0, 0.0));
    }
}
