//! How a call or a request can end.

use serde::{Deserialize, Serialize};

/// Exactly one for each request, and for each call of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Outcome {
    #[default]
    Ok,
    /// Refused: more than a limiter allows.
    RateLimited,
    /// Refused: every place in the queue was taken.
    QueueFull,
    /// Refused: no server that could take it.
    NoBackend,
    /// Refused: the caller's circuit breaker was open.
    BreakerOpen,
    /// Refused: every place of the bulkhead was taken.
    BulkheadFull,
    /// Refused: the caller may not do this.
    Unauthorised,
    /// Refused: the request makes no sense.
    Invalid,
    /// Refused: there is no route for its path.
    NoRoute,
    /// Failed: the machine was down or went down while it worked.
    Crashed,
    /// Failed: a message was lost on the way.
    Lost,
    /// Failed: stopped as fraud.
    Fraud,
    /// Nobody waited any longer.
    TimedOut,
    /// Refused: the transaction was given up.
    Aborted,
}

/// The four ways to end, each with a shape and a colour on the stage.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeKind {
    Ok,
    Refused,
    Failed,
    TimedOut,
}

/// One row for each outcome, in the order of the enum: (outcome, kind, id, label).
pub const OUTCOMES: [(Outcome, OutcomeKind, &str, &str); 14] = [
    (Outcome::Ok, OutcomeKind::Ok, "ok", "ok"),
    (Outcome::RateLimited, OutcomeKind::Refused, "rate-limited", "rate limited"),
    (Outcome::QueueFull, OutcomeKind::Refused, "queue-full", "queue full"),
    (Outcome::NoBackend, OutcomeKind::Refused, "no-backend", "no server"),
    (Outcome::BreakerOpen, OutcomeKind::Refused, "breaker-open", "breaker open"),
    (Outcome::BulkheadFull, OutcomeKind::Refused, "bulkhead-full", "bulkhead full"),
    (Outcome::Unauthorised, OutcomeKind::Refused, "unauthorised", "unauthorised"),
    (Outcome::Invalid, OutcomeKind::Refused, "invalid", "invalid"),
    (Outcome::NoRoute, OutcomeKind::Refused, "no-route", "no route"),
    (Outcome::Crashed, OutcomeKind::Failed, "crashed", "server down"),
    (Outcome::Lost, OutcomeKind::Failed, "lost", "lost"),
    (Outcome::Fraud, OutcomeKind::Failed, "fraud", "fraud"),
    (Outcome::TimedOut, OutcomeKind::TimedOut, "timed-out", "timed out"),
    (Outcome::Aborted, OutcomeKind::Refused, "aborted", "aborted"),
];

impl Outcome {
    pub const COUNT: usize = OUTCOMES.len();

    pub fn kind(self) -> OutcomeKind {
        OUTCOMES[self as usize].1
    }

    /// As in reports and messages.
    pub fn id(self) -> &'static str {
        OUTCOMES[self as usize].2
    }

    /// As on the page.
    pub fn label(self) -> &'static str {
        OUTCOMES[self as usize].3
    }

    pub fn is_ok(self) -> bool {
        self == Outcome::Ok
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (index, (outcome, ..)) in OUTCOMES.iter().enumerate() {
            assert_eq!(*outcome as usize, index);
            assert_eq!(serde_json::json!(outcome), serde_json::json!(outcome.id()));
        }
    }
}
