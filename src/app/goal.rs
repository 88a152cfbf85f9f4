//! Whether a challenge's goals hold, by the run's own summary.

use super::request::shown;
use crate::labs::lesson::Goal;
use crate::play::Session;
use serde_json::Value;

/// How one goal stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub text: String,
    pub met: bool,
    /// The figure now.
    pub now: Option<String>,
}

pub fn standing(goals: &[Goal], session: &Session) -> Vec<Standing> {
    let summary = serde_json::to_value(session.summary()).unwrap_or_default();
    let standing = |goal: &Goal| {
        let value = figure(&goal.path, &summary, session);
        Standing {
            text: goal.text.clone(),
            met: value.is_some_and(|value| holds(value, &goal.op, goal.value)),
            now: value.map(shown),
        }
    };
    goals.iter().map(standing).collect()
}

/// Of the summary (`total.latency_ms.p99`, `nodes.servers.fairness`), else of a setting now.
fn figure(path: &str, summary: &Value, session: &Session) -> Option<f64> {
    let in_summary = path.split('.').try_fold(summary, |value, part| value.get(part));
    match in_summary {
        Some(value) => value.as_f64(),
        None => session.value(path)?.as_f64(),
    }
}

fn holds(value: f64, op: &str, limit: f64) -> bool {
    match op {
        "<" => value < limit,
        "<=" | "≤" => value <= limit,
        ">" => value > limit,
        ">=" | "≥" => value >= limit,
        _ => value == limit,
    }
}
