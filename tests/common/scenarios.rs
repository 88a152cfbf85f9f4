//! Random valid scenarios, drawn from the project's own streams: the same natively and in the browser.

use serde_json::{Map, Value, json};
use switchyard::algo::balance;
use switchyard::scenario::Checked;
use switchyard::sim::{Purpose, Random, Stream};

/// How large a scenario may get.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub clients: u64,
    pub nodes: u64,
    pub changes: u64,
}

impl Size {
    pub const FULL: Size = Size { clients: 3, nodes: 5, changes: 12 };
}

/// The scenario of a seed: 1 to `clients` clients nodes before 1 to `nodes` balancers and servers, with
/// faults of every kind among at most `changes` changes.
pub fn json(seed: u64, size: Size) -> Value {
    let mut make = Maker { random: Stream::new(seed, "scenarios", Purpose::Fault), nodes: vec![] };
    let duration_ms = make.whole(1000, 6000) as f64;
    let inner = make.whole(1, size.nodes) as usize;
    let names: Vec<String> = (0..inner).map(|index| format!("n{index}")).collect();
    for index in 0..inner {
        let node = make.inner_node(index, &names);
        make.nodes.push(node);
    }
    for index in 0..make.whole(1, size.clients) as usize {
        // Mostly to the first, so that the whole graph is reached.
        let to = if make.chance(0.7) { 0 } else { make.below(inner) };
        let node = make.clients(index, &names[to]);
        make.nodes.push(node);
    }
    let links = make.links();
    let changes: Vec<Value> =
        (0..make.whole(0, size.changes) as usize).map(|_| make.change(duration_ms)).collect();
    json!({ "v": 1, "title": format!("Random {seed}"), "seed": make.whole(0, 1_000_000),
        "duration_ms": duration_ms, "nodes": make.nodes, "links": links, "changes": changes })
}

/// The same, checked: every random scenario is valid.
pub fn checked(seed: u64, size: Size) -> Checked {
    let json = json(seed, size).to_string();
    Checked::parse(&json).unwrap_or_else(|problems| panic!("seed {seed}: {problems:?}\n{json}"))
}

struct Maker {
    random: Stream,
    nodes: Vec<Value>,
}

impl Maker {
    fn below(&mut self, n: usize) -> usize {
        self.random.below(n as u64) as usize
    }

    fn whole(&mut self, least: u64, most: u64) -> u64 {
        least + self.random.below(most - least + 1)
    }

    /// Three decimals and more: most have no short binary form.
    fn real(&mut self, least: f64, most: f64) -> f64 {
        least + self.random.unit() * (most - least)
    }

    fn chance(&mut self, p: f64) -> bool {
        self.random.chance(p)
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    fn distribution(&mut self, most_ms: f64) -> Value {
        let mean = self.real(0.0, most_ms);
        match self.below(7) {
            0 => json!(mean),
            1 => json!({ "dist": "constant", "value": mean as u32 }),
            2 => json!({ "dist": "exponential", "mean": mean }),
            3 => json!({ "dist": "uniform", "min": mean / 2.0, "max": mean }),
            4 => json!({ "dist": "lognormal", "mean": mean, "sigma": self.real(0.0, 2.0) }),
            5 => json!({ "dist": "pareto", "mean": mean, "shape": self.real(1.1, 5.0) }),
            _ => {
                json!({ "dist": "bimodal", "fast": mean / 10.0, "slow": mean, "slow_share": self.real(0.0, 1.0) })
            }
        }
    }

    fn inner_node(&mut self, index: usize, names: &[String]) -> Value {
        let later = names.len() - index - 1;
        // The last calls nobody, so it cannot be a balancer.
        if later > 0 && self.chance(0.55) { self.balancer(index, names) } else { self.servers(index, names) }
    }

    /// Between `least` and `most` of the nodes behind this one.
    fn targets(&mut self, index: usize, names: &[String], least: u64, most: u64) -> Vec<String> {
        let mut behind = names[index + 1..].to_vec();
        let wanted = self.whole(least, most.min(behind.len() as u64)) as usize;
        while behind.len() > wanted {
            let out = self.below(behind.len());
            behind.remove(out);
        }
        behind
    }

    fn balancer(&mut self, index: usize, names: &[String]) -> Value {
        let to = self.targets(index, names, 1, 3);
        let mut node = Map::from_iter([
            ("id".into(), json!(names[index])),
            ("kind".into(), json!("balancer")),
            ("policy".into(), self.policy()),
        ]);
        if self.chance(0.25) {
            node.insert("layer".into(), json!("4"));
            node.insert("connection_requests".into(), json!(self.whole(1, 30)));
            node.insert("sticky".into(), json!(self.one_of(&["none", "client"])));
        } else {
            node.insert("sticky".into(), json!(self.one_of(&["none", "none", "cookie", "client"])));
            if self.chance(0.5) {
                let paths = ["/", "/a", "/a/b", "/c"];
                let routes = (0..self.below(5)).map(|_| {
                    let to = to[self.below(to.len())].clone();
                    json!({ "path": self.one_of(&paths), "to": to })
                });
                node.insert("routes".into(), Value::Array(routes.collect()));
            }
        }
        node.insert("sticky_ms".into(), json!(self.real(1.0, 2000.0)));
        if self.chance(0.5) {
            node.insert("health_every_ms".into(), json!(self.real(20.0, 500.0)));
            node.insert("health_timeout_ms".into(), json!(self.real(1.0, 800.0)));
            node.insert("health_down_after".into(), json!(self.whole(1, 4)));
            node.insert("health_up_after".into(), json!(self.whole(1, 4)));
        }
        if self.chance(0.5) {
            node.insert("eject_after".into(), json!(self.whole(1, 5)));
            node.insert("eject_ms".into(), json!(self.real(1.0, 2000.0)));
            node.insert("eject_share_max".into(), json!(self.real(0.0, 1.0)));
        }
        if self.chance(0.5) {
            node.insert("slow_start_ms".into(), json!(self.real(0.0, 2000.0)));
        }
        node.insert("to".into(), json!(to));
        Value::Object(node)
    }

    fn policy(&mut self) -> Value {
        json!(balance::TABLE[self.below(balance::TABLE.len())].info.id)
    }

    fn servers(&mut self, index: usize, names: &[String]) -> Value {
        let to = if self.chance(0.3) { self.targets(index, names, 0, 2) } else { vec![] };
        // At times more members than there are: they matter once they are added.
        let members: Vec<Value> = (0..self.below(6)).map(|_| self.member()).collect();
        json!({ "id": names[index], "kind": "servers", "count": self.whole(1, 12), "workers": self.whole(1, 4),
            "queue": self.whole(0, 50), "discipline": self.one_of(&["fifo", "lifo", "priority"]),
            "service_ms": self.distribution(80.0), "members": members, "to": to })
    }

    fn member(&mut self) -> Value {
        let mut member = Map::new();
        for _ in 0..self.below(3) {
            let (name, value) = self.member_setting();
            member.insert(name.into(), value);
        }
        Value::Object(member)
    }

    fn member_setting(&mut self) -> (&'static str, Value) {
        match self.below(7) {
            0 => ("weight", json!(self.whole(1, 20))),
            1 => ("speed", json!(self.real(0.1, 4.0))),
            2 => ("slow", json!(self.real(1.0, 20.0))),
            3 => ("down", json!(self.chance(0.5))),
            4 => ("frozen", json!(self.chance(0.5))),
            5 if self.chance(0.3) => ("flap", Value::Null),
            5 => ("flap", json!({ "down_ms": self.real(1.0, 800.0), "up_ms": self.real(1.0, 800.0) })),
            _ => ("drop_share", json!(self.real(0.0, 1.0))),
        }
    }

    fn clients(&mut self, index: usize, to: &str) -> Value {
        let paths = ["/", "/a", "/a/b/c", "/c", "other"];
        let mix: Vec<Value> = (0..=self.below(4))
            .map(|_| {
                json!({ "path": self.one_of(&paths), "share": self.real(0.01, 2.0), "cost": self.real(0.1, 3.0),
                    "priority": self.whole(0, 3) })
            })
            .collect();
        json!({ "id": format!("c{index}"), "kind": "clients", "to": [to], "mix": mix,
            "arrivals": self.arrivals(), "rate_per_s": self.real(0.0, 150.0),
            "burst_on_ms": self.real(1.0, 500.0), "burst_off_ms": self.real(0.0, 500.0),
            "period_ms": self.real(1000.0, 4000.0), "swing": self.real(0.0, 1.0),
            "users": self.whole(1, 15), "think_ms": { "dist": "exponential", "mean": self.real(5.0, 300.0) },
            "clients": self.whole(1, 20), "keys": self.keys(),
            "timeout_ms": if self.chance(0.3) { 0.0 } else { self.real(1.0, 1500.0) },
            "replay": self.log(&paths) })
    }

    fn arrivals(&mut self) -> &'static str {
        self.one_of(&["steady", "poisson", "bursty", "diurnal", "closed", "replay"])
    }

    fn keys(&mut self) -> Value {
        match self.below(5) {
            0 => json!({ "kind": "uniform", "count": self.whole(1, 1000) }),
            1 => json!({ "kind": "zipf", "count": self.whole(1, 1000), "s": self.real(0.0, 2.0) }),
            2 => json!({ "kind": "sequential", "count": self.whole(1, 50) }),
            3 => json!({ "kind": "hot-set", "count": 100, "hot": self.whole(1, 100),
                "hot_share": self.real(0.0, 1.0), "shift_ms": self.real(0.0, 1000.0) }),
            _ => json!({ "kind": "list", "keys": [3, 1, 4, 1, 5, 9, 2, 6] }),
        }
    }

    fn log(&mut self, paths: &[&str]) -> Value {
        let mut at_ms = 0.0;
        let rows: Vec<Value> = (0..self.below(200))
            .map(|_| {
                at_ms += if self.chance(0.2) { 0.0 } else { self.real(0.0, 60.0) };
                let duration = if self.chance(0.5) { -1.0 } else { self.real(0.0, 60.0) };
                json!([at_ms, self.below(20), self.below(paths.len()), duration])
            })
            .collect();
        json!({ "name": "a log", "paths": paths, "rows": rows })
    }

    /// Every pair of caller and callee.
    fn pairs(&self) -> Vec<(String, String)> {
        let pair = |node: &Value| -> Vec<(String, String)> {
            let from = node["id"].as_str().unwrap_or_default();
            let to = node["to"].as_array().into_iter().flatten().filter_map(Value::as_str);
            to.map(|to| (from.to_owned(), to.to_owned())).collect()
        };
        self.nodes.iter().flat_map(pair).collect()
    }

    fn links(&mut self) -> Vec<Value> {
        let mut links = vec![];
        for (from, to) in self.pairs() {
            if self.chance(0.7) {
                links.push(json!({ "from": from, "to": to, "latency_ms": self.distribution(60.0),
                    "loss": if self.chance(0.3) { self.real(0.0, 0.3) } else { 0.0 }, "cut": self.chance(0.03) }));
            }
        }
        links
    }

    fn change(&mut self, duration_ms: f64) -> Value {
        // Equal times, the very beginning and the very end are where mistakes hide.
        let at_ms = match self.below(8) {
            0 => 0.0,
            1 => 500.0,
            2 => duration_ms,
            _ => self.real(0.0, duration_ms),
        };
        if self.chance(0.2) {
            let pairs = self.pairs();
            let (from, to) = &pairs[self.below(pairs.len())];
            let set = match self.below(3) {
                0 => json!({ "cut": self.chance(0.6) }),
                1 => json!({ "loss": self.real(0.0, 1.0) }),
                _ => json!({ "latency_ms": self.distribution(100.0), "cut": false }),
            };
            return json!({ "at_ms": at_ms, "node": format!("{from}>{to}"), "set": set });
        }
        let chosen = self.below(self.nodes.len());
        let node = self.nodes[chosen].clone();
        let id = node["id"].as_str().unwrap_or_default().to_owned();
        let (place, name, value) = match node["kind"].as_str() {
            Some("clients") => self.client_change(id),
            Some("balancer") => self.balancer_change(id, &node),
            _ => self.servers_change(id),
        };
        json!({ "at_ms": at_ms, "node": place, "set": { name: value } })
    }

    fn client_change(&mut self, id: String) -> (String, &'static str, Value) {
        let (name, value) = match self.below(8) {
            0 => ("rate_per_s", json!(self.real(0.0, 200.0))),
            1 => ("rate_per_s", json!(0)),
            2 | 3 => ("arrivals", json!(self.arrivals())),
            4 => ("users", json!(self.whole(1, 20))),
            5 => ("keys", self.keys()),
            6 => ("timeout_ms", json!(self.real(0.0, 500.0))),
            _ => ("clients", json!(self.whole(1, 30))),
        };
        (id, name, value)
    }

    fn balancer_change(&mut self, id: String, node: &Value) -> (String, &'static str, Value) {
        let (name, value) = match self.below(6) {
            0 | 1 => ("policy", self.policy()),
            2 => ("health_every_ms", json!(if self.chance(0.5) { 0.0 } else { self.real(10.0, 300.0) })),
            3 => ("eject_after", json!(self.whole(0, 3))),
            4 if node["layer"] == "4" => ("connection_requests", json!(self.whole(1, 5))),
            4 => ("sticky", json!(self.one_of(&["none", "cookie", "client"]))),
            _ => ("slow_start_ms", json!(self.real(0.0, 1000.0))),
        };
        (id, name, value)
    }

    fn servers_change(&mut self, id: String) -> (String, &'static str, Value) {
        let (name, value) = match self.below(12) {
            0 | 1 => ("count", json!(self.whole(1, 12))),
            2 => ("workers", json!(self.whole(1, 4))),
            3 => ("queue", json!(self.whole(0, 50))),
            4 => ("discipline", json!(self.one_of(&["fifo", "lifo", "priority"]))),
            5 => ("service_ms", self.distribution(120.0)),
            _ => {
                // Some of members that do not exist yet.
                let member = self.whole(1, 12);
                let (name, value) = self.member_setting();
                return (format!("{id}/{member}"), name, value);
            }
        };
        (id, name, value)
    }
}
