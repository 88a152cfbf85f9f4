//! Everything that happened in a run, as lists.

use serde_json::{Value, json};
use switchyard::run::{NO_LIMIT, Simulation};
use switchyard::scenario::Checked;
use switchyard::sim::{Call, CallId, Observer, Outcome, Request, Time};

/// A request that ended; times in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ended {
    pub number: u64,
    pub born: f64,
    pub at: f64,
    pub outcome: Outcome,
    pub client: u32,
    pub key: u32,
}

/// A call that came back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hop {
    pub number: u64,
    pub client: u32,
    pub node: u16,
    /// From 1.
    pub member: u16,
    pub arrived: f64,
    pub started: f64,
    pub finished: f64,
    pub outcome: Outcome,
    pub abandoned: bool,
    pub probe: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Record {
    pub ended: Vec<Ended>,
    pub hops: Vec<Hop>,
}

impl Observer for Record {
    fn ended(&mut self, request: &Request, outcome: Outcome, now: Time) {
        let Request { number, client, key, .. } = *request;
        self.ended.push(Ended { number, born: request.born.ms(), at: now.ms(), outcome, client, key });
    }

    fn returned(&mut self, _: CallId, call: &Call, request: &Request, _: Time) {
        self.hops.push(Hop {
            number: request.number,
            client: request.client,
            node: call.to.node,
            member: call.to.member + 1,
            arrived: call.arrived.ms(),
            started: call.started.ms(),
            finished: call.finished.ms(),
            outcome: call.outcome,
            abandoned: call.abandoned,
            probe: request.probe,
        });
    }
}

impl Record {
    /// (number, when it ended, how), in the order of issue.
    pub fn ends(&self) -> Vec<(u64, f64, Outcome)> {
        let mut ends: Vec<_> = self.ended.iter().map(|end| (end.number, end.at, end.outcome)).collect();
        ends.sort_by_key(|end| end.0);
        ends
    }

    /// Real requests that reached a node, in the order of arrival.
    pub fn at(&self, node: u16) -> Vec<Hop> {
        let mut hops: Vec<Hop> =
            self.hops.iter().filter(|hop| hop.node == node && !hop.probe).copied().collect();
        hops.sort_by(|a, b| a.arrived.total_cmp(&b.arrived).then(a.number.cmp(&b.number)));
        hops
    }
}

/// Clients that send requests at these milliseconds, each needing so much work.
pub fn log(rows: &[(f64, f64)], to: &str) -> Value {
    let rows: Vec<Value> = rows.iter().map(|(at, work)| json!([at, 0, 0, work])).collect();
    json!({ "id": "clients", "kind": "clients", "arrivals": "replay", "timeout_ms": 0, "to": [to],
        "replay": { "name": "log", "paths": ["/"], "rows": rows } })
}

/// A scenario of these nodes, 10 seconds long.
pub fn scenario(nodes: Value, links: Value, changes: Value) -> Checked {
    let file = json!({ "v": 1, "seed": 7, "duration_ms": 10_000, "nodes": nodes, "links": links, "changes": changes });
    Checked::from_value(file).unwrap_or_else(|problems| panic!("{problems:?}"))
}

pub fn change(at_ms: f64, place: &str, set: Value) -> Value {
    json!({ "at_ms": at_ms, "node": place, "set": set })
}

/// Plays to the end.
pub fn play(scenario: &Checked) -> Record {
    let mut record = Record::default();
    let mut simulation = Simulation::new(scenario, &mut record);
    simulation.advance(Time::from_ms(scenario.duration_ms), NO_LIMIT, &mut record);
    super::audit::audit(&simulation);
    record
}
