//! What stands between one caller and one node that it calls: circuit breaker, bulkhead, retry budget.

use super::breaker::{Breaker, Pass, Verdict};
use super::settings::Calling;
use crate::sim::{Outcome, Time};
use serde::Serialize;

/// A retry costs a whole token, of a thousand parts, so that shares add up exactly.
const TOKEN: u32 = 1000;
/// The most tokens that are saved up. A burst of failures after a long calm gets as many retries at once
/// beyond its share; gRPC's throttle and Finagle's budget have such a bound too.
const TOKENS_MAX: u32 = 100;

/// What stands between a caller and what it calls, as plain data; what is not set is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct GateView {
    pub breaker: Option<BreakerView>,
    /// Retries that the budget pays for now.
    pub retries_saved: Option<f64>,
    /// Calls that the caller waits for, and the most that it may.
    pub calls: Option<(u32, u32)>,
    /// With retries or a breaker: calls made, and those answered well, in the last full second.
    pub load: Option<(u32, u32)>,
}

/// A circuit breaker.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BreakerView {
    /// "closed", "open", "half-open".
    pub state: &'static str,
    /// Of the last calls that are remembered: how many failed, and how many there are.
    pub failed: u32,
    pub known: u32,
}

#[derive(Clone, Debug, Default)]
pub struct Gate {
    breaker: Breaker,
    /// Calls that the caller waits for.
    open: u32,
    /// For retries, in thousandths.
    tokens: u32,
    meter: Meter,
}

/// Parts of a second, and one that is not over.
const SLOTS: usize = 11;
const SLOT_NS: u64 = 100_000_000;

/// Calls made and answered well, by tenths of a second.
#[derive(Clone, Debug, Default)]
struct Meter {
    slots: [(u32, u32); SLOTS],
    /// The tenth of a second that the last call was in.
    last: u64,
}

impl Meter {
    fn slot(&mut self, now: Time) -> &mut (u32, u32) {
        let slot = now.0 / SLOT_NS;
        for passed in (self.last + 1..=slot).take(SLOTS) {
            self.slots[passed as usize % SLOTS] = (0, 0);
        }
        self.last = slot;
        &mut self.slots[slot as usize % SLOTS]
    }

    /// In the last full second.
    fn load(&self, now: Time) -> (u32, u32) {
        let mut meter = self.clone();
        let unfinished = *meter.slot(now);
        let sum = meter.slots.iter().fold((0, 0), |sum, slot| (sum.0 + slot.0, sum.1 + slot.1));
        (sum.0 - unfinished.0, sum.1 - unfinished.1)
    }
}

impl Gate {
    /// Every request pays its share into the budget, every retry and hedge takes a whole token out: so
    /// there are never more of these than that share of the requests.
    pub fn pay_in(&mut self, settings: &Calling) {
        let share = (settings.retry_budget * f64::from(TOKEN) + 0.5) as u32;
        self.tokens = (self.tokens + share).min(TOKENS_MAX * TOKEN);
    }

    /// Whether the budget allows one more call.
    pub fn take_out(&mut self, settings: &Calling) -> bool {
        if settings.retry_budget <= 0.0 {
            return true;
        }
        let left = self.tokens.checked_sub(TOKEN);
        self.tokens = left.unwrap_or(self.tokens);
        left.is_some()
    }

    /// Lets a call through, or says why not. Whatever is let through must come back through
    /// [`Gate::leave`].
    ///
    /// # Errors
    /// The outcome with which the call ends at once.
    pub fn enter(&mut self, settings: &Calling, now: Time) -> Result<Pass, Outcome> {
        if settings.bulkhead > 0 && self.open >= settings.bulkhead {
            return Err(Outcome::BulkheadFull);
        }
        let pass = self.breaker.admit(settings, now).ok_or(Outcome::BreakerOpen)?;
        self.open += 1;
        self.meter.slot(now).0 += 1;
        Ok(pass)
    }

    /// True if that opened the breaker.
    pub fn leave(&mut self, pass: Pass, verdict: Verdict, settings: &Calling, now: Time) -> bool {
        self.open -= 1;
        if verdict == Verdict::Fine {
            self.meter.slot(now).1 += 1;
        }
        self.breaker.finished(pass, verdict, settings, now)
    }

    pub fn reset_breaker(&mut self) {
        self.breaker.reset();
    }

    pub fn view(&self, settings: &Calling, now: Time) -> GateView {
        let (failed, known) = self.breaker.recent();
        let state = self.breaker.trouble(now).unwrap_or("closed");
        GateView {
            breaker: (settings.breaker_failures > 0.0).then_some(BreakerView { state, failed, known }),
            retries_saved: (settings.retry_budget > 0.0).then(|| f64::from(self.tokens) / f64::from(TOKEN)),
            calls: (settings.bulkhead > 0).then_some((self.open, settings.bulkhead)),
            load: (settings.retries > 0 || settings.breaker_failures > 0.0).then(|| self.meter.load(now)),
        }
    }

    pub fn trouble(&self, now: Time) -> Option<&'static str> {
        self.breaker.trouble(now)
    }

    /// Calls that the caller waits for.
    pub fn open(&self) -> u32 {
        self.open
    }
}
