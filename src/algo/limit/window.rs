//! What policies with a limit for each window share: the knobs, and time cut into windows.

use crate::algo::setting::{Knobs, Scale, Setting};
use crate::sim::{Span, Time};

pub(super) const LIMIT_MAX: f64 = 1e6;
/// An hour.
const WINDOW_MAX_MS: f64 = 3_600_000.0;

/// The knobs `limit` and `window_ms`.
pub(super) const KNOBS: &[Setting] = &[limit(LIMIT_MAX), WINDOW];

pub(super) const fn limit(most: f64) -> Setting {
    Setting::integer("limit", "Limit", "", (1.0, most), 10.0, "What may pass in one window.").usual(
        1.0,
        1000.0,
        Scale::Logarithmic,
    )
}

pub(super) const WINDOW: Setting =
    Setting::integer("window_ms", "Window", "ms", (1.0, WINDOW_MAX_MS), 1000.0, "How long a window is.")
        .usual(100.0, 60_000.0, Scale::Logarithmic);

/// So many in such a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub limit: u32,
    pub window: Span,
}

impl Rule {
    pub fn new(knobs: &Knobs, most: f64) -> Rule {
        let limit = knobs.number("limit").clamp(1.0, most) as u32;
        Rule { limit, window: Span::from_ms(knobs.number("window_ms").clamp(1.0, WINDOW_MAX_MS)) }
    }

    /// When the window begins in which `now` lies: windows begin at the multiples of their length.
    pub fn begin(&self, now: Time) -> Time {
        Time(now.0 - now.0 % self.window.0)
    }
}
