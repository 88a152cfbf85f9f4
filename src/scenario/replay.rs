//! An access log, a list of keys or a list of arrivals becomes what the clients of a scenario ask for.

use super::check::Checked;
use super::log::trace::{Arrival, Lines};
use super::log::{self, AccessLog};
use super::types::{Problem, Scenario};
use crate::node::Settings;
use crate::node::clients::{self, Arrivals, Replay};
use crate::node::keys::Keys;
use crate::sim::NS_PER_MS;
use serde::Serialize;
use std::sync::Arc;

/// What was read of a log, for the page and the command line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Imported {
    pub name: String,
    pub what: Sort,
    pub requests: usize,
    pub clients: u32,
    pub paths: usize,
    /// Distinct keys, of a list that has them.
    pub keys: usize,
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

/// What a file was read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    AccessLog,
    /// A key on every line, asked for in that order at the rate that is set.
    Keys,
    /// Times, and whose requests they are.
    Arrivals,
}

/// For the last answers.
const AFTERWARDS_MS: f64 = 5000.0;

/// `base` with its clients replaying the file, for as long as it lasts (and five seconds more, for the last
/// answers). Where keys or single clients matter, a list of keys or of arrivals will do.
///
/// # Errors
/// One sentence: why this is no log, or why it cannot be replayed.
pub fn import(bytes: &[u8], name: &str, base: &Checked) -> Result<(Checked, Imported), String> {
    let mut scenario: Scenario = (**base).clone();
    let kinds = || base.nodes.iter().map(|node| node.settings.kind().id);
    let (limits, holds) =
        (kinds().any(|id| id == "limiter"), kinds().any(|id| id == "cache" || id == "store"));
    let Some(node) = scenario.nodes.iter_mut().find_map(|node| match &mut node.settings {
        Settings::Clients(clients) => Some(clients),
        _ => None,
    }) else {
        return Err("This scenario has no clients that could replay a log.".into());
    };
    let name: String = name.chars().take(120).collect();
    let imported = match log::parse(bytes) {
        Ok(log) => replay_log(node, &log, &name),
        Err(error) => {
            let arrivals = if limits { log::trace::arrivals(bytes) } else { None };
            let keys = if holds && arrivals.is_none() { log::trace::keys(bytes) } else { None };
            match (arrivals, keys) {
                (Some(lines), _) => replay_arrivals(node, lines, &name),
                (None, Some(lines)) => replay_keys(node, lines, &name),
                (None, None) => return Err(error.to_string()),
            }
        }
    };
    scenario.duration_ms = (imported.span_ms + AFTERWARDS_MS).min(super::types::limits::DURATION_MS);
    let end = scenario.duration_ms;
    scenario.changes.retain(|change| change.at_ms <= end);
    let sentence = |problems: Vec<Problem>| problems.first().map(Problem::to_string).unwrap_or_default();
    Checked::new(scenario).map(|checked| (checked, imported)).map_err(sentence)
}

fn replay_log(node: &mut clients::Settings, log: &AccessLog, name: &str) -> Imported {
    let row = |row: &log::LogRow| {
        let duration_ms = row.duration_ns.map_or(-1.0, |ns| ns as f64 / NS_PER_MS);
        (row.at_ns as f64 / NS_PER_MS, row.client, row.path, duration_ms)
    };
    let rows = log.rows.iter().map(row).collect();
    replay(node, name, log.clients, log.paths.clone(), rows);
    summary(log, name)
}

type Row = (f64, u32, u16, f64);

fn replay(node: &mut clients::Settings, name: &str, clients: u32, paths: Vec<String>, rows: Vec<Row>) {
    node.arrivals = Arrivals::Replay;
    node.clients = clients.clamp(1, 100_000);
    node.replay = Some(Replay { name: name.to_owned(), paths, rows: Arc::new(rows) });
}

fn replay_arrivals(node: &mut clients::Settings, lines: Lines<Arrival>, name: &str) -> Imported {
    let span_ms = lines.kept.last().map_or(0.0, |arrival| arrival.0);
    let clients = lines.keys.min(100_000) as u32;
    let rows = lines.kept.iter().map(|(at, key)| (*at, key % clients.max(1), 0, -1.0)).collect();
    let imported = Imported { clients, ..listed(&lines, name, Sort::Arrivals, span_ms) };
    replay(node, name, clients, vec!["/".into()], rows);
    imported
}

/// The keys in their order, at the rate that is set; users who wait set none.
fn replay_keys(node: &mut clients::Settings, lines: Lines<u32>, name: &str) -> Imported {
    if matches!(node.arrivals, Arrivals::Closed | Arrivals::Replay) {
        (node.arrivals, node.replay) = (Arrivals::Steady, None);
    }
    let span_ms = lines.kept.len() as f64 / node.rate_per_s * 1000.0;
    let imported = Imported { clients: node.clients, ..listed(&lines, name, Sort::Keys, span_ms) };
    node.keys = Keys::List { keys: lines.kept };
    imported
}

fn listed<T>(lines: &Lines<T>, name: &str, what: Sort, span_ms: f64) -> Imported {
    Imported {
        name: name.to_owned(),
        what,
        requests: lines.kept.len(),
        clients: 1,
        paths: 1,
        keys: lines.keys,
        span_ms,
        with_duration: 0,
        bad_lines: lines.bad_lines,
        bad: lines.bad.iter().map(|bad| (bad.line, bad.reason.to_string())).collect(),
        left_out: lines.left_out,
        spread: false,
    }
}

fn summary(log: &AccessLog, name: &str) -> Imported {
    Imported {
        name: name.to_owned(),
        what: Sort::AccessLog,
        requests: log.rows.len(),
        clients: log.clients,
        paths: log.distinct_paths as usize,
        keys: 0,
        span_ms: log.span_ns as f64 / NS_PER_MS,
        with_duration: log.rows.iter().filter(|row| row.duration_ns.is_some()).count(),
        bad_lines: log.bad_lines,
        bad: log.bad.iter().map(|bad| (bad.line, bad.reason.to_string())).collect(),
        left_out: log.truncated,
        spread: log.spread,
    }
}
