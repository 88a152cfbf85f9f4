//! A circuit breaker: calls nobody for a while once too many calls have failed.
//!
//! The three states are those of Michael Nygard, "Release It!" (2007). Closed: all is let through, and the
//! last `window` calls are remembered; once there are so many and the share of failures among them is
//! reached, it opens. Open: nothing is let through for a while. Half-open: `probes` calls are let through;
//! the first failure opens it again, and when all have succeeded it is closed and remembers nothing.
//! The window counts calls, as that of resilience4j by default; half-open is stricter than there, where
//! the share decides too. A call that its caller lost interest in says nothing: it gives its place back.
//! Answers to calls from an earlier state are too old to count.

use super::settings::Calling;
use crate::sim::{Span, Time};
use std::collections::VecDeque;

#[derive(Clone, Debug, Default)]
pub struct Breaker {
    state: State,
    /// Of the last calls: whether it failed.
    recent: VecDeque<bool>,
    failures: u32,
    /// Goes up with every change of state.
    era: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    #[default]
    Closed,
    Open {
        until: Time,
    },
    HalfOpen {
        under_way: u16,
        passed: u16,
    },
}

/// What a call needs to report its end: the era in which it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass(u32);

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Fine,
    Failed,
    /// Nobody waited for the end of it.
    Unknown,
}

impl Breaker {
    /// Whether a call may be made now; if so, its end must be reported.
    pub fn admit(&mut self, settings: &Calling, now: Time) -> Option<Pass> {
        if settings.breaker_failures <= 0.0 {
            return Some(Pass(self.era));
        }
        if matches!(self.state, State::Open { until } if until <= now) {
            self.enter(State::HalfOpen { under_way: 0, passed: 0 });
        }
        match &mut self.state {
            State::Closed => {}
            State::Open { .. } => return None,
            // Fewer are asked for than when it was opened.
            State::HalfOpen { passed, .. } if *passed >= settings.breaker_probes => self.enter(State::Closed),
            State::HalfOpen { under_way, passed } => {
                if *under_way + *passed >= settings.breaker_probes {
                    return None;
                }
                *under_way += 1;
            }
        }
        Some(Pass(self.era))
    }

    /// A call that was admitted ended. True if that opened the breaker.
    pub fn finished(&mut self, pass: Pass, verdict: Verdict, settings: &Calling, now: Time) -> bool {
        if settings.breaker_failures <= 0.0 || pass.0 != self.era {
            return false;
        }
        let opens = match &mut self.state {
            State::Closed => self.remember(verdict, settings),
            State::HalfOpen { under_way, passed } => {
                *under_way -= 1;
                *passed += u16::from(verdict == Verdict::Fine);
                if *passed >= settings.breaker_probes {
                    self.enter(State::Closed);
                }
                verdict == Verdict::Failed
            }
            State::Open { .. } => false,
        };
        if opens {
            self.enter(State::Open { until: now + Span::from_ms(settings.breaker_open_ms) });
        }
        opens
    }

    /// Closed, with nothing remembered.
    pub fn reset(&mut self) {
        self.enter(State::Closed);
    }

    /// Of the calls that it remembers: how many failed, and how many there are.
    pub fn recent(&self) -> (u32, u32) {
        (self.failures, self.recent.len() as u32)
    }

    /// "open", "half-open"; `None` while it is closed.
    pub fn trouble(&self, now: Time) -> Option<&'static str> {
        match self.state {
            State::Closed => None,
            State::Open { until } if now < until => Some("open"),
            State::Open { .. } | State::HalfOpen { .. } => Some("half-open"),
        }
    }

    /// True if so many of the last calls failed that it must open.
    fn remember(&mut self, verdict: Verdict, settings: &Calling) -> bool {
        if verdict == Verdict::Unknown {
            return false;
        }
        self.recent.push_back(verdict == Verdict::Failed);
        self.failures += u32::from(verdict == Verdict::Failed);
        let window = settings.breaker_window as usize;
        while self.recent.len() > window {
            self.failures -= u32::from(self.recent.pop_front() == Some(true));
        }
        // Shares such as 0.07 are not exact: 7 of 100 must do.
        let wanted = settings.breaker_failures * window as f64 - 1e-9;
        self.recent.len() == window && self.failures > 0 && self.failures as f64 >= wanted
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.era = self.era.wrapping_add(1);
        self.recent.clear();
        self.failures = 0;
    }
}
