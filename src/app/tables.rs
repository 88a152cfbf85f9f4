//! What the charts show, as tables: for those who would rather read, and to be saved.

use super::names::member_name;
use crate::play::Session;
use crate::report::Window;
use crate::run::snapshot::{NodeState, Snapshot};
use crate::scene::figures;
use crate::sim::Place;

/// Rows of figures, each with a name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Of the column of names, then of the others, units included.
    pub columns: Vec<&'static str>,
    pub rows: Vec<(String, Vec<Option<f64>>)>,
}

impl Table {
    /// As a file: commas, full digits, empty for nothing.
    pub fn csv(&self) -> String {
        let mut text = self.columns.join(",") + "\n";
        for (name, figures) in &self.rows {
            text.push_str(&name.replace(figures::GROUP, "").replace(',', " "));
            for figure in figures {
                text.push(',');
                if let Some(figure) = figure {
                    text.push_str(&figure.to_string());
                }
            }
            text.push('\n');
        }
        text
    }
}

pub fn latency(session: &Session) -> Table {
    let row = |window: &Window| vec![window.p50_ms, window.p95_ms, window.p99_ms];
    Table { columns: vec!["until (s)", "p50 (ms)", "p95 (ms)", "p99 (ms)"], rows: windows(session, row) }
}

pub fn throughput(session: &Session) -> Table {
    let seconds = session.metrics().series().window().seconds().max(1e-9);
    let row = move |window: &Window| {
        [window.ok, window.refused, window.failed, window.timed_out].map(|count| Some(count as f64 / seconds)).to_vec()
    };
    let columns = vec!["until (s)", "ok (/s)", "refused (/s)", "failed (/s)", "timed out (/s)"];
    Table { columns, rows: windows(session, row) }
}

fn windows(session: &Session, row: impl Fn(&Window) -> Vec<Option<f64>>) -> Vec<(String, Vec<Option<f64>>)> {
    let complete = session.metrics().series().complete();
    complete.iter().map(|window| (format!("{:.3}", window.end_ms / 1000.0), row(window))).collect()
}

/// A machine of the first node that has some.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    pub name: String,
    /// Of all calls that this node's machines received.
    pub share: f64,
    pub arrived: u64,
    pub per_s: f64,
    pub slow: bool,
}

/// Index of the node whose machines share the load.
pub fn loaded_node(snapshot: &Snapshot) -> Option<usize> {
    snapshot.nodes.iter().position(|node| matches!(node.state, NodeState::Servers(_)))
}

pub fn loads(session: &Session, snapshot: &Snapshot) -> Vec<Load> {
    let Some(index) = loaded_node(snapshot) else { return vec![] };
    let node = &snapshot.nodes[index];
    let NodeState::Servers(servers) = &node.state else { return vec![] };
    let tally = |member: usize| session.metrics().member(Place { node: index as u16, member: member as u16 });
    let arrived = |member: usize| tally(member).map_or(0, |tally| tally.arrived);
    let all: u64 = (0..servers.members.len()).map(arrived).sum();
    let load = |(member, view): (usize, &crate::run::snapshot::MemberView)| Load {
        name: member_name(node, member),
        share: arrived(member) as f64 / all.max(1) as f64,
        arrived: arrived(member),
        per_s: tally(member).map_or(0.0, |tally| tally.recent_per_s(session.now())),
        slow: view.slow > 1.0 || view.down || view.frozen,
    };
    servers.members.iter().enumerate().map(load).collect()
}

pub fn load(session: &Session, snapshot: &Snapshot) -> Table {
    let row = |load: Load| (load.name, vec![Some(load.arrived as f64), Some(load.share * 100.0), Some(load.per_s)]);
    let rows = loads(session, snapshot).into_iter().map(row).collect();
    Table { columns: vec!["machine", "received", "share (%)", "lately (/s)"], rows }
}
