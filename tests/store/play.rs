//! Scenarios with one store, and what comes of them.

use serde_json::{Map, Value, json};
use switchyard::node::Node;
use switchyard::node::store::{Rows, Store};
use switchyard::run::{Digest, NO_LIMIT, Simulation};
use switchyard::scenario::Checked;
use switchyard::sim::{Call, CallId, Counter, Observer, Outcome, Place, Request, Span, Time};

/// What is counted in a run, and what clients saw.
#[derive(Clone, Debug)]
pub struct Seen {
    pub counts: [u64; Counter::COUNT],
    pub ended: Vec<End>,
    pub digest: Digest,
}

/// A client's request that ended.
#[derive(Clone, Copy, Debug)]
pub struct End {
    pub born: Time,
    pub at: Time,
    pub write: bool,
    pub outcome: Outcome,
}

impl Default for Seen {
    fn default() -> Self {
        Seen { counts: [0; Counter::COUNT], ended: vec![], digest: Digest::default() }
    }
}

impl Seen {
    pub fn count(&self, what: Counter) -> u64 {
        self.counts[what as usize]
    }

    pub fn with(&self, outcome: Outcome) -> usize {
        self.ended.iter().filter(|end| end.outcome == outcome).count()
    }
}

impl Observer for Seen {
    fn ended(&mut self, request: &Request, outcome: Outcome, now: Time) {
        let Request { born, write, .. } = *request;
        self.ended.push(End { born, at: now, write, outcome });
        self.digest.ended(request, outcome, now);
    }
    fn returned(&mut self, id: CallId, call: &Call, request: &Request, now: Time) {
        self.digest.returned(id, call, request, now);
    }
    fn occupied(&mut self, place: Place, busy: u32, queued: u32, now: Time) {
        self.digest.occupied(place, busy, queued, now);
    }
    fn counted(&mut self, place: Place, what: Counter, n: u32) {
        self.counts[what as usize] += u64::from(n);
        self.digest.counted(place, what, n);
    }
}

/// One store and its clients, half of whose requests are writes.
#[derive(Clone, Debug)]
pub struct Bench {
    pub seed: u64,
    pub duration_ms: f64,
    pub clients: Map<String, Value>,
    pub store: Map<String, Value>,
    pub own_latency: Value,
    pub changes: Vec<Value>,
}

pub fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

impl Bench {
    pub fn new(seed: u64, store: Value) -> Bench {
        let clients = json!({ "id": "c", "kind": "clients", "rate_per_s": 200, "arrivals": "poisson",
            "keys": { "kind": "uniform", "count": 20 }, "mix": [{ "path": "/", "write_share": 0.5 }],
            "timeout_ms": 0, "to": ["s"] });
        let mut all = map(json!({ "id": "s", "kind": "store" }));
        all.extend(map(store));
        let own_latency = json!({ "dist": "exponential", "mean": 5 });
        Bench { seed, duration_ms: 20_000.0, clients: map(clients), store: all, own_latency, changes: vec![] }
    }

    pub fn change(mut self, at_ms: f64, place: &str, set: Value) -> Bench {
        self.changes.push(json!({ "at_ms": at_ms, "node": place, "set": set }));
        self
    }

    /// The link between the members.
    pub fn change_link(mut self, at_ms: f64, set: Value) -> Bench {
        self.changes.push(json!({ "at_ms": at_ms, "node": "s>s", "set": set }));
        self
    }

    pub fn clients(mut self, set: Value) -> Bench {
        self.clients.extend(map(set));
        self
    }

    pub fn checked(&self) -> Checked {
        let links = json!([
            { "from": "c", "to": "s", "latency_ms": { "dist": "exponential", "mean": 1 } },
            { "from": "s", "to": "s", "latency_ms": self.own_latency }]);
        let in_time = |change: &&Value| change["at_ms"].as_f64() <= Some(self.duration_ms);
        let changes: Vec<&Value> = self.changes.iter().filter(in_time).collect();
        let file = json!({ "v": 1, "seed": self.seed, "duration_ms": self.duration_ms, "changes": changes,
            "nodes": [self.clients, self.store], "links": links });
        Checked::from_value(file).unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    /// Plays to the end.
    pub fn play(&self) -> (Seen, Simulation) {
        let scenario = self.checked();
        let mut seen = Seen::default();
        let mut simulation = Simulation::new(&scenario, &mut seen);
        for stop in 1..=24 {
            let at_ms = self.duration_ms * f64::from(stop) / 24.0;
            simulation.advance(Time::ZERO + Span::from_ms(at_ms), NO_LIMIT, &mut seen);
            simulation.world().check().expect("the books add up");
            store(&simulation).check().unwrap_or_else(|error| panic!("at {at_ms} ms: {error}"));
        }
        (seen, simulation)
    }
}

pub fn store(simulation: &Simulation) -> &Store {
    match &simulation.world().nodes()[1] {
        Node::Store(store) => store,
        other => panic!("{other:?} is no store"),
    }
}

/// Keys whose owners do not all hold the same.
pub fn differing(simulation: &Simulation) -> usize {
    let store = store(simulation);
    let rows: Vec<&Rows> = (0..).map_while(|member| store.rows(member)).collect();
    let mut keys: Vec<u32> = rows.iter().flat_map(|rows| rows.iter().map(|(key, _)| key)).collect();
    keys.sort_unstable();
    keys.dedup();
    let differs = |key: &u32| {
        let versions = |member: &u16| rows[*member as usize].get(*key).map(|row| row.versions().to_vec());
        let home = store.home(*key);
        let first = home.all().first().map(versions);
        home.all().iter().any(|member| Some(versions(member)) != first)
    };
    keys.iter().filter(|key| differs(key)).count()
}

/// Rows that lie with somebody who is no owner.
pub fn misplaced(simulation: &Simulation) -> usize {
    let store = store(simulation);
    let strays = |member: usize, rows: &Rows| {
        rows.iter().filter(|(key, _)| !store.home(*key).has(member as u16)).count()
    };
    (0..).map_while(|member| Some(strays(member, store.rows(member)?))).sum()
}
