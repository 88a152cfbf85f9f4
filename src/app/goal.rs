//! How a challenge's goals stand, by the run's own summary.

use super::request::shown;
use switchyard::labs::lesson::Goal;
use switchyard::node::Settings;
use switchyard::node::clients::Arrivals;
use switchyard::node::keys::Keys;
use switchyard::play::Session;
use switchyard::scene::figures::{UNIT, unit_of};

/// How one goal stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub text: String,
    pub met: bool,
    /// The figure now, in the label's unit, and whether it is of the run so far.
    pub now: Option<String>,
}

/// Whether a log, or a list of keys, stands in for the lab's traffic.
pub fn replays(session: &Session) -> bool {
    let replays = |settings: &Settings| match settings {
        Settings::Clients(it) => it.arrivals == Arrivals::Replay || matches!(it.keys, Keys::List { .. }),
        _ => false,
    };
    session.state().nodes.iter().any(|node| replays(&node.settings))
}

pub fn standing(goals: &[Goal], session: &Session) -> Vec<Standing> {
    let summary = serde_json::to_value(session.summary()).unwrap_or_default();
    // Whose requests a log prescribes, the settings say nothing of: the challenge is about the lab's own traffic.
    let replays = replays(session);
    let standing = |goal: &Goal| Standing {
        text: goal.label.clone(),
        met: goal.met(&summary, session.state()) == Some(true) && !replays,
        now: goal.figure(&summary, session.state()).map(|figure| {
            let (factor, unit) = goal.unit();
            let figure = shown(figure * factor);
            let unit = unit_of(&figure, unit);
            let space = if unit.is_empty() { String::new() } else { UNIT.to_string() };
            let when = if goal.is_measured(&summary) { "so far" } else { "now" };
            format!("{when} {figure}{space}{unit}")
        }),
    };
    goals.iter().map(standing).collect()
}
