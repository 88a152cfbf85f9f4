//! Random systems of every kind of node. Settings, faults and changes are drawn from the kinds' own
//! tables, so that a new row is tried as soon as it is there.

use serde_json::{Map, Value, json};

use switchyard::algo::setting::{Scale, Setting, SettingKind};
use switchyard::node::{self, KINDS, Kind};
use switchyard::scenario::Checked;
use switchyard::sim::{Purpose, Random, Stream};
use switchyard::systems::SERVICES;

/// When the clients fall silent and all faults end, in milliseconds; and the scenario's length.
pub const QUIET_MS: f64 = 2500.0;
const DURATION_MS: f64 = 3000.0;

/// The `seed`-th random system. What the tables allow may still not fit together, so more than one
/// is tried; that nearly all do fit is part of the test.
pub fn checked(seed: u64) -> Checked {
    first_allowed(seed, json)
}

/// The same, of which clients ask for what services do, too.
pub fn serving(seed: u64) -> Checked {
    let operations = SERVICES.iter().flat_map(|service| service.operations).map(|operation| operation.path);
    // As likely as the others.
    let paths: Vec<&str> = PATHS.into_iter().cycle().take(24).chain(operations).collect();
    first_allowed(seed, |seed, attempt| of_paths(seed, attempt, paths.clone()))
}

fn first_allowed(seed: u64, json: impl Fn(u64, u64) -> Value) -> Checked {
    for attempt in 0..40 {
        if let Ok(scenario) = Checked::from_value(json(seed, attempt)) {
            return scenario;
        }
    }
    let problems = Checked::from_value(json(seed, 0)).err();
    panic!("no system of seed {seed} is allowed: {problems:?}");
}

pub fn json(seed: u64, attempt: u64) -> Value {
    of_paths(seed, attempt, PATHS.to_vec())
}

const PATHS: [&str; 4] = ["/", "/scan", "/transfer", "/a/b"];

fn of_paths(seed: u64, attempt: u64, paths: Vec<&'static str>) -> Value {
    let mut draw = Draw(Stream::new(seed, &format!("systems {attempt}"), Purpose::Fault), paths);
    let nodes = draw.nodes();
    let links = draw.links(&nodes);
    let changes = draw.changes(&nodes);
    json!({ "v": 1, "seed": seed, "duration_ms": DURATION_MS, "nodes": nodes, "links": links, "changes": changes })
}

/// Random numbers, and what clients may ask for.
struct Draw(Stream, Vec<&'static str>);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0.below(n as u64) as usize
    }

    fn chance(&mut self, p: f64) -> bool {
        self.0.chance(p)
    }

    fn between(&mut self, low: f64, high: f64, scale: Scale) -> f64 {
        let share = self.0.unit();
        match scale {
            Scale::Logarithmic if low > 0.0 => low * libm::pow(high / low, share),
            _ => low + (high - low) * share,
        }
    }

    fn round(&mut self, ms: f64) -> f64 {
        (ms * 8.0).round() / 8.0
    }

    /// Clients first; everybody calls somebody further down; the last one calls nobody.
    fn nodes(&mut self) -> Vec<Value> {
        let inner: Vec<&'static Kind> = KINDS.iter().filter(|kind| kind.called).collect();
        let leaves: Vec<&'static Kind> = inner.iter().copied().filter(|kind| kind.calls.0 == 0).collect();
        let mut kinds: Vec<&'static Kind> = vec![&KINDS[0]; 1 + self.below(2)];
        for _ in 0..self.below(4) {
            kinds.push(inner[self.below(inner.len())]);
        }
        kinds.push(leaves[self.below(leaves.len())]);
        let clients = kinds.iter().filter(|kind| kind.id == "clients").count();
        let last = kinds.len() - 1;
        (0..kinds.len())
            .map(|index| {
                let kind = kinds[index];
                let mut node = self.settings(kind.settings, 0.5);
                let first = (index + 1).max(clients);
                let most = kind.calls.1.min(last + 1 - first.min(last + 1));
                let wanted = kind.calls.0.max(self.below(most + 1)).min(most);
                let mut to: Vec<String> = vec![];
                while to.len() < wanted {
                    let target = format!("n{}", first + self.below(last + 1 - first));
                    if !to.contains(&target) {
                        to.push(target);
                    }
                }
                node.insert("id".into(), json!(format!("n{index}")));
                node.insert("kind".into(), json!(kind.id));
                node.insert("to".into(), json!(to));
                if kind.id == "clients" {
                    self.workload(&mut node);
                } else if !kind.member_settings.is_empty() && self.chance(0.4) {
                    let members: Vec<Value> = (0..1 + self.below(3))
                        .map(|_| Value::Object(self.settings(kind.member_settings, 0.3)))
                        .collect();
                    node.insert("members".into(), json!(members));
                }
                Value::Object(node)
            })
            .collect()
    }

    /// Keys few enough to meet, some writes, paths of every meaning, a rate that a test can bear.
    fn workload(&mut self, node: &mut Map<String, Value>) {
        if node.get("arrivals").is_some_and(|arrivals| arrivals == "replay") {
            node.remove("arrivals");
        }
        node.insert("rate_per_s".into(), json!(5.0 + self.0.unit() * 120.0));
        if node.contains_key("users") {
            node.insert("users".into(), json!(1 + self.below(20)));
        }
        let keys = [
            json!({ "kind": "zipf", "count": 40, "s": 1.0 }),
            json!({ "kind": "uniform", "count": 9 }),
            json!({ "kind": "sequential", "count": 300 }),
        ];
        node.insert("keys".into(), keys[self.below(keys.len())].clone());
        let paths = self.1.clone();
        let classes: Vec<Value> = (0..1 + self.below(3))
            .map(|_| {
                let write_share = [0.0, 0.5, 1.0][self.below(3)];
                json!({ "path": paths[self.below(paths.len())], "share": 1, "write_share": write_share, "priority": self.below(3) })
            })
            .collect();
        node.insert("mix".into(), json!(classes));
    }

    /// Each setting of a table with this probability, at any value that its slider has.
    fn settings(&mut self, table: &[Setting], p: f64) -> Map<String, Value> {
        let mut map = Map::new();
        for setting in table {
            if self.chance(p) {
                if let Some(value) = self.value(setting) {
                    map.insert(setting.name.into(), value);
                }
            }
        }
        map
    }

    fn value(&mut self, setting: &Setting) -> Option<Value> {
        Some(match setting.kind {
            SettingKind::Number { min, max, usual: (low, high), step, scale, .. } => {
                let at_an_end = self.chance(0.1);
                let number = match at_an_end {
                    true => [low.max(min), high.min(max)][self.below(2)],
                    false => self.between(low.max(min), high.min(max), scale),
                };
                if step == 1.0 {
                    json!(number.round() as i64)
                } else {
                    json!(self.round(number).clamp(min, max))
                }
            }
            SettingKind::Choice { options, .. } => json!(options[self.below(options.len())].0),
            SettingKind::Toggle { .. } => json!(self.chance(0.5)),
            SettingKind::Policy { family, .. } => {
                let policies = node::policies(family);
                json!(policies[self.below(policies.len())].id)
            }
            SettingKind::Distribution { .. } => {
                let mean = self.round(self.0.clone().unit() * 40.0) + 0.125;
                json!({ "dist": "exponential", "mean": mean })
            }
            SettingKind::Other if setting.name == "flap" => json!({ "down_ms": 40, "up_ms": 90 }),
            SettingKind::Other => return None,
        })
    }

    /// Every connection, and those of members among themselves.
    fn connections(nodes: &[Value]) -> Vec<(String, String)> {
        let id = |node: &Value| node["id"].as_str().unwrap_or("").to_owned();
        let mut pairs = vec![];
        for node in nodes {
            for to in node["to"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                pairs.push((id(node), to.to_owned()));
            }
            if KINDS.iter().any(|kind| node["kind"] == kind.id && kind.talks) {
                pairs.push((id(node), id(node)));
            }
        }
        pairs
    }

    fn links(&mut self, nodes: &[Value]) -> Vec<Value> {
        let mut links = vec![];
        for (from, to) in Draw::connections(nodes) {
            if self.chance(0.6) {
                let (latency, loss) =
                    (self.round(self.0.clone().unit() * 9.0), [0.0, 0.0, 0.05][self.below(3)]);
                links.push(json!({ "from": from, "to": to, "latency_ms": latency, "loss": loss }));
            }
        }
        links
    }

    /// Faults and settings at any time; then quiet, and everything is well again.
    fn changes(&mut self, nodes: &[Value]) -> Vec<Value> {
        let mut changes = vec![];
        for _ in 0..self.below(14) {
            let at_ms = self.0.unit() * QUIET_MS;
            let at_ms = self.round(at_ms);
            let change = match self.below(4) {
                0 => self.link_change(nodes),
                1 => self.node_change(nodes),
                _ => self.member_change(nodes),
            };
            if let Some((place, name, value)) = change {
                changes.push(json!({ "at_ms": at_ms, "node": place, "set": { name: value } }));
            }
        }
        let mut heal =
            |place: String, set: Value| changes.push(json!({ "at_ms": QUIET_MS, "node": place, "set": set }));
        for (from, to) in Draw::connections(nodes) {
            heal(format!("{from}>{to}"), json!({ "cut": false, "loss": 0 }));
        }
        for node in nodes {
            let id = node["id"].as_str().unwrap_or("");
            let Some(kind) = KINDS.iter().find(|kind| node["kind"] == kind.id) else { continue };
            if kind.id == "clients" {
                heal(id.into(), json!({ "arrivals": "steady", "rate_per_s": 0 }));
            }
            let well: Map<String, Value> = kind
                .member_settings
                .iter()
                .filter(|setting| setting.name != "weight")
                .map(|setting| {
                    (setting.name.to_owned(), setting.default_value().map_or(Value::Null, |v| v.to_json()))
                })
                .collect();
            for number in 1..=12 {
                if !well.is_empty() {
                    heal(format!("{id}/{number}"), Value::Object(well.clone()));
                }
            }
        }
        changes
    }

    fn link_change(&mut self, nodes: &[Value]) -> Option<(String, &'static str, Value)> {
        let pairs = Draw::connections(nodes);
        let (from, to) = pairs.get(self.below(pairs.len()))?.clone();
        let (name, value) =
            [("cut", json!(true)), ("cut", json!(false)), ("loss", json!(0.3)), ("latency_ms", json!(15))]
                [self.below(4)]
            .clone();
        Some((format!("{from}>{to}"), name, value))
    }

    fn node_change(&mut self, nodes: &[Value]) -> Option<(String, &'static str, Value)> {
        let node = &nodes[self.below(nodes.len())];
        let kind = KINDS.iter().find(|kind| node["kind"] == kind.id)?;
        let setting = &kind.settings[self.below(kind.settings.len())];
        if matches!(setting.name, "rate_per_s" | "users") {
            return None;
        }
        let value = self.value(setting).filter(|value| *value != "replay")?;
        Some((node["id"].as_str()?.to_owned(), setting.name, value))
    }

    fn member_change(&mut self, nodes: &[Value]) -> Option<(String, &'static str, Value)> {
        let node = &nodes[self.below(nodes.len())];
        let kind = KINDS.iter().find(|kind| node["kind"] == kind.id)?;
        if kind.member_settings.is_empty() {
            return None;
        }
        let setting = &kind.member_settings[self.below(kind.member_settings.len())];
        let value = self.value(setting)?;
        Some((format!("{}/{}", node["id"].as_str()?, 1 + self.below(3)), setting.name, value))
    }
}
