//! Figures over time: a fixed number of windows over the run.

use super::latency::Latencies;
use crate::sim::{Outcome, OutcomeKind, Span, Time};
use serde::Serialize;

/// Windows over a whole run.
pub const WINDOWS: u64 = 240;

/// What happened in one window. Latencies are those of requests that ended in it with `ok`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Window {
    /// Milliseconds from the start of the run to the window's end.
    pub end_ms: f64,
    pub issued: u64,
    pub ok: u64,
    pub refused: u64,
    pub failed: u64,
    pub timed_out: u64,
    pub mean_ms: Option<f64>,
    pub p50_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    pub p99_ms: Option<f64>,
}

/// Complete windows, and the present one.
#[derive(Clone, Debug)]
pub struct Series {
    window: Span,
    complete: Vec<Window>,
    current: Window,
    latencies: Latencies,
}

impl Series {
    pub fn new(duration: Span) -> Series {
        let window = Span((duration.0 / WINDOWS).max(1_000_000));
        Series { window, complete: vec![], current: Window::default(), latencies: Latencies::new(2) }
    }

    /// The length of a window.
    pub fn window(&self) -> Span {
        self.window
    }

    /// Windows that are over, oldest first.
    pub fn complete(&self) -> &[Window] {
        &self.complete
    }

    /// The one that is under way.
    pub fn current(&self) -> &Window {
        &self.current
    }

    /// Closes every window that ended before `now`.
    pub fn roll(&mut self, now: Time) {
        while now.0 >= (self.complete.len() as u64 + 1) * self.window.0
            && self.complete.len() < 2 * WINDOWS as usize
        {
            let mut window = std::mem::take(&mut self.current);
            window.end_ms = Span((self.complete.len() as u64 + 1) * self.window.0).ms();
            window.mean_ms = self.latencies.mean_ms();
            window.p50_ms = self.latencies.quantile_ms(0.5);
            window.p95_ms = self.latencies.quantile_ms(0.95);
            window.p99_ms = self.latencies.quantile_ms(0.99);
            self.complete.push(window);
            if self.latencies.count() > 0 {
                self.latencies.clear();
            }
        }
    }

    pub fn issued(&mut self, now: Time) {
        self.roll(now);
        self.current.issued += 1;
    }

    pub fn ended(&mut self, outcome: Outcome, latency: Span, now: Time) {
        self.roll(now);
        match outcome.kind() {
            OutcomeKind::Ok => {
                self.current.ok += 1;
                self.latencies.record(latency);
            }
            OutcomeKind::Refused => self.current.refused += 1,
            OutcomeKind::Failed => self.current.failed += 1,
            OutcomeKind::TimedOut => self.current.timed_out += 1,
        }
    }
}
