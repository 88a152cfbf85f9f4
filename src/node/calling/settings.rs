//! What can be set on whoever calls others: flat rows, the same for clients and for servers.

use crate::algo::setting::{Scale, Setting};
use crate::node::configure::fields;
use crate::sim::Span;
use serde::{Deserialize, Serialize};

/// How calls are made; see the rows below for units and bounds. By default each is made once and nothing
/// is refused. Files in which all is as by default go without it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Calling {
    pub deadline_ms: f64,
    pub retries: u16,
    pub backoff: Backoff,
    pub backoff_ms: f64,
    pub backoff_max_ms: f64,
    pub jitter: Jitter,
    /// Younger than the others: files that do not use it stay as they were.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub honour_retry_after: bool,
    pub retry_budget: f64,
    pub hedge_after_ms: f64,
    pub breaker_failures: f64,
    pub breaker_window: u16,
    pub breaker_open_ms: f64,
    pub breaker_probes: u16,
    pub bulkhead: u32,
}

fields!(Calling: deadline_ms, retries, backoff, backoff_ms, backoff_max_ms, jitter, honour_retry_after, retry_budget, hedge_after_ms, breaker_failures, breaker_window, breaker_open_ms, breaker_probes, bulkhead);

/// How the delay before a further try grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Backoff {
    /// There is no delay.
    None,
    /// Always the same.
    Fixed,
    /// Doubles with every try.
    Exponential,
}

/// How chance spreads the delays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Jitter {
    None,
    Full,
    Equal,
    Decorrelated,
}

impl Default for Calling {
    fn default() -> Self {
        Calling {
            deadline_ms: 0.0,
            retries: 0,
            backoff: Backoff::Exponential,
            backoff_ms: 100.0,
            backoff_max_ms: 10_000.0,
            jitter: Jitter::Full,
            honour_retry_after: false,
            retry_budget: 0.0,
            hedge_after_ms: 0.0,
            breaker_failures: 0.0,
            breaker_window: 20,
            breaker_open_ms: 5000.0,
            breaker_probes: 1,
            bulkhead: 0,
        }
    }
}

impl Calling {
    pub fn is_default(&self) -> bool {
        *self == Calling::default()
    }

    /// Every call is made once, whatever the other settings say.
    pub fn is_plain(&self) -> bool {
        self.retries == 0
            && self.deadline_ms <= 0.0
            && self.hedge_after_ms <= 0.0
            && self.breaker_failures <= 0.0
            && self.bulkhead == 0
    }
}

/// A span of which 0 means none.
pub fn span_if_any(ms: f64) -> Option<Span> {
    (ms > 0.0).then(|| Span::from_ms(ms))
}

/// An hour, in milliseconds.
const HOUR_MS: f64 = 3_600_000.0;

pub const DEADLINE_MS: Setting = Setting::number(
    "deadline_ms",
    "Gives up altogether after",
    "ms",
    (0.0, HOUR_MS),
    0.0,
    "The whole wait, all tries and delays together; 0 for no end but that of the last try.",
)
.usual(0.0, 10_000.0, Scale::Linear);

pub const RETRIES: Setting = Setting::integer(
    "retries",
    "Retries",
    "",
    (0.0, 10.0),
    0.0,
    "How often a call that failed, came too late or met overload is made again.",
);

pub const BACKOFF: Setting = Setting::choice(
    "backoff",
    "Delay before a retry",
    &[("none", "None"), ("fixed", "Fixed"), ("exponential", "Doubling")],
    "exponential",
    "How the delay grows from try to try.",
);

pub const BACKOFF_MS: Setting = Setting::number(
    "backoff_ms",
    "First delay",
    "ms",
    (0.0, HOUR_MS),
    100.0,
    "The delay before the first retry, before chance spreads it.",
)
.usual(1.0, 5000.0, Scale::Logarithmic);

pub const BACKOFF_MAX_MS: Setting = Setting::number(
    "backoff_max_ms",
    "Longest delay",
    "ms",
    (0.0, HOUR_MS),
    10_000.0,
    "No delay before a retry is longer.",
)
.usual(10.0, 60_000.0, Scale::Logarithmic);

pub const JITTER: Setting = Setting::choice(
    "jitter",
    "Jitter",
    &[("none", "None"), ("full", "Full"), ("equal", "Equal"), ("decorrelated", "Decorrelated")],
    "full",
    "How chance spreads the delays, so that those who failed together do not come back together.",
);

pub const HONOUR_RETRY_AFTER: Setting = Setting::toggle(
    "honour_retry_after",
    "Honours Retry-After",
    false,
    "After a refusal that says when to come again, a retry waits until then, and then its delay.",
);

pub const RETRY_BUDGET: Setting = Setting::number(
    "retry_budget",
    "Retry budget",
    "",
    (0.0, 1.0),
    0.0,
    "Retries and hedges per request at most, over time; 0 for no such limit.",
);

pub const HEDGE_AFTER_MS: Setting = Setting::number(
    "hedge_after_ms",
    "Second call after",
    "ms",
    (0.0, HOUR_MS),
    0.0,
    "When a second call is sent because the first has no answer yet; the first answer wins. 0 for never.",
)
.usual(0.0, 1000.0, Scale::Linear);

pub const BREAKER_FAILURES: Setting = Setting::number(
    "breaker_failures",
    "Breaker opens at",
    "",
    (0.0, 1.0),
    0.0,
    "The share of failures among the last calls at which the circuit breaker opens; 0 for no breaker.",
);

pub const BREAKER_WINDOW: Setting = Setting::integer(
    "breaker_window",
    "Breaker looks at",
    "calls",
    (1.0, 1000.0),
    20.0,
    "How many of the last calls the circuit breaker judges by; with fewer it stays closed.",
)
.usual(1.0, 200.0, Scale::Logarithmic);

pub const BREAKER_OPEN_MS: Setting = Setting::number(
    "breaker_open_ms",
    "Breaker stays open",
    "ms",
    (1.0, HOUR_MS),
    5000.0,
    "How long nothing is called before it is tried again.",
)
.usual(100.0, 60_000.0, Scale::Logarithmic);

pub const BREAKER_PROBES: Setting = Setting::integer(
    "breaker_probes",
    "Trial calls",
    "",
    (1.0, 100.0),
    1.0,
    "Calls that must all succeed before a breaker that was open is closed again.",
)
.usual(1.0, 20.0, Scale::Linear);

pub const BULKHEAD: Setting = Setting::integer(
    "bulkhead",
    "Calls at once",
    "",
    (0.0, 100_000.0),
    0.0,
    "Calls that one caller has open at most; more are refused at once. 0 for no limit.",
)
.usual(0.0, 200.0, Scale::Linear);
