//! An access log becomes the clients of a scenario.

use super::check::Checked;
use super::log::{self, AccessLog};
use super::types::{Problem, Scenario};
use crate::node::Settings;
use crate::node::clients::{Arrivals, Replay};
use crate::sim::NS_PER_MS;
use serde::Serialize;
use std::sync::Arc;

/// What was read of a log, for the page and the command line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Imported {
    pub name: String,
    pub requests: usize,
    pub clients: u32,
    pub paths: usize,
    pub span_ms: f64,
    /// Requests whose duration the log gives.
    pub with_duration: usize,
    pub bad_lines: u32,
    /// The first of them: (line, reason).
    pub bad: Vec<(u32, String)>,
    /// Requests beyond the limit, which were left out.
    pub left_out: u32,
    /// Times had whole seconds, and were spread evenly within each.
    pub spread: bool,
}

/// `base` with its clients replaying the log, for as long as the log lasts (and five seconds more,
/// for the last answers).
///
/// # Errors
/// One sentence: why this is no log, or why it cannot be replayed.
pub fn import(bytes: &[u8], name: &str, base: &Checked) -> Result<(Checked, Imported), String> {
    let log = log::parse(bytes).map_err(|error| error.to_string())?;
    let imported = summary(&log, name);
    let mut scenario: Scenario = (**base).clone();
    let Some(node) = scenario.nodes.iter_mut().find_map(|node| match &mut node.settings {
        Settings::Clients(clients) => Some(clients),
        _ => None,
    }) else {
        return Err("This scenario has no clients that could replay a log.".into());
    };
    let row = |row: &log::LogRow| {
        let duration_ms = row.duration_ns.map_or(-1.0, |ns| ns as f64 / NS_PER_MS);
        (row.at_ns as f64 / NS_PER_MS, row.client, row.path, duration_ms)
    };
    node.arrivals = Arrivals::Replay;
    node.clients = log.clients.clamp(1, 100_000);
    let rows = Arc::new(log.rows.iter().map(row).collect());
    node.replay = Some(Replay { name: name.chars().take(120).collect(), paths: log.paths.clone(), rows });
    scenario.duration_ms = (imported.span_ms + 5000.0).min(super::types::limits::DURATION_MS);
    let end = scenario.duration_ms;
    scenario.changes.retain(|change| change.at_ms <= end);
    let sentence = |problems: Vec<Problem>| problems.first().map(Problem::to_string).unwrap_or_default();
    Checked::new(scenario).map(|checked| (checked, imported)).map_err(sentence)
}

fn summary(log: &AccessLog, name: &str) -> Imported {
    Imported {
        name: name.to_owned(),
        requests: log.rows.len(),
        clients: log.clients,
        paths: log.distinct_paths as usize,
        span_ms: log.span_ns as f64 / NS_PER_MS,
        with_duration: log.rows.iter().filter(|row| row.duration_ns.is_some()).count(),
        bad_lines: log.bad_lines,
        bad: log.bad.iter().map(|bad| (bad.line, bad.reason.to_string())).collect(),
        left_out: log.truncated,
        spread: log.spread,
    }
}
