//! How a challenge's goals stand, by the run's own summary.

use super::request::shown;
use switchyard::labs::lesson::Goal;
use switchyard::play::Session;

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
    let standing = |goal: &Goal| Standing {
        text: goal.label.clone(),
        met: goal.met(&summary, session.state()) == Some(true),
        now: goal.figure(&summary, session.state()).map(shown),
    };
    goals.iter().map(standing).collect()
}
