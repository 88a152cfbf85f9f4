//! Settings as controls: label, value, bounds, and whether they matter at present.

use super::Flag;
use crate::algo::setting::{Setting, SettingKind};
use crate::node::one_of;
use crate::scenario::paths::{self, Place};
use crate::scenario::{ChangeSpec, NodeSpec, Scenario, json};
use crate::sim::Time;
use serde_json::Value;

/// A setting with its present value.
#[derive(Clone, Debug, PartialEq)]
pub struct Knob {
    pub path: String,
    /// The heading under which it stands: the node's name.
    pub group: String,
    /// "Servers", "Server 3 · slower by".
    pub label: String,
    pub setting: Setting,
    pub value: Value,
    /// It changes something, given what else is set.
    pub matters: bool,
}

pub(super) fn knob(state: &Scenario, path: &str) -> Option<Knob> {
    let found = paths::find(state, path)?;
    let value = paths::get(state, path).or_else(|| default_of(&found.setting))?;
    let node = |index: usize| &state.nodes[index];
    let (group, label) = match found.place {
        Place::Node(index) => (node(index).name.clone(), found.setting.label.to_owned()),
        Place::Member(index, member) => {
            let label =
                format!("{} {} · {}", one_of(&node(index).name), member + 1, lower(found.setting.label));
            (node(index).name.clone(), label)
        }
        Place::Link(from, to) => {
            (format!("{} → {}", node(from).name, node(to).name), found.setting.label.to_owned())
        }
    };
    let matters = match found.place {
        Place::Node(index) => matters(node(index), found.setting.name),
        Place::Member(..) | Place::Link(..) => true,
    };
    Some(Knob { path: path.to_owned(), group, label, setting: found.setting, value, matters })
}

/// A change as the timeline names it: by the names of its controls.
pub(super) fn flag(scenario: &Scenario, change: &ChangeSpec) -> Flag {
    let named = |(name, value): (&String, &Value)| match knob(scenario, &format!("{}.{name}", change.node)) {
        Some(knob) => (knob.group, format!("{} {}", knob.label, told(&knob.setting, value))),
        None => (change.node.clone(), format!("{name} {}", json::compact(value))),
    };
    let (groups, settings): (Vec<String>, Vec<String>) = change.set.iter().map(named).unzip();
    // Of a member the name of the control says whose it is.
    let group = groups.first().filter(|_| !change.node.contains('/'));
    let group = group.map_or(String::new(), |group| format!("{group}: "));
    Flag { at: Time::from_ms(change.at_ms), label: group + &settings.join(", ") }
}

/// A value in short, with its unit.
fn told(setting: &Setting, value: &Value) -> String {
    let id = value.get("id").unwrap_or(value).as_str();
    let name = match setting.kind {
        SettingKind::Policy { family, .. } => {
            let known = crate::node::policies(family).into_iter().find(|policy| Some(policy.id) == id);
            known.map(|policy| policy.short)
        }
        SettingKind::Choice { options, .. } => {
            options.iter().find(|(option, _)| Some(*option) == id).map(|(_, name)| *name)
        }
        SettingKind::Toggle { .. } => Some(if value.as_bool() == Some(true) { "on" } else { "off" }),
        _ => None,
    };
    let (factor, unit) = setting.told_in();
    match (name, value.as_f64()) {
        (Some(name), _) => name.to_owned(),
        (None, Some(number)) => {
            // Without what multiplying adds far behind the point.
            let number = libm::round(number * factor * 1e6) / 1e6;
            if unit.is_empty() { number.to_string() } else { format!("{number} {unit}") }
        }
        (None, None) => value.as_str().map_or_else(|| "…".to_owned(), str::to_owned),
    }
}

/// Every single control of every node.
pub(super) fn all(state: &Scenario) -> Vec<Knob> {
    let mut knobs = vec![];
    for node in &state.nodes {
        for setting in node.settings.kind().settings {
            if matches!(setting.kind, SettingKind::Other) {
                continue;
            }
            let path = format!("{}.{}", node.id, setting.name);
            knobs.extend(knob(state, &path));
            if let SettingKind::Policy { family, .. } = setting.kind {
                knobs.extend(policy_knobs(state, &path, family));
            }
        }
    }
    knobs
}

/// The settings of the policy that is chosen.
fn policy_knobs(state: &Scenario, path: &str, family: &str) -> Vec<Knob> {
    let chosen = paths::get(state, path).and_then(|policy| Some(policy.get("id")?.as_str()?.to_owned()));
    let policy =
        crate::node::policies(family).into_iter().find(|policy| Some(policy.id) == chosen.as_deref());
    let settings = policy.map_or(&[][..], |policy| policy.knobs);
    let own = settings.iter().filter_map(|setting| knob(state, &format!("{path}.{}", setting.name)));
    // They are there only with the policy: the rules below are of the node's settings.
    own.map(|knob| Knob { matters: true, ..knob }).collect()
}

fn default_of(setting: &Setting) -> Option<Value> {
    use crate::algo::setting::Value as Own;
    Some(match setting.default_value()? {
        Own::Number(number) => number.into(),
        Own::Word(word) => word.into(),
        Own::Flag(flag) => flag.into(),
    })
}

fn lower(label: &str) -> String {
    let mut chars = label.chars();
    chars.next().map_or(String::new(), |first| String::from(first.to_ascii_lowercase()) + chars.as_str())
}

/// Settings that do nothing unless another is set so.
const ONLY_IF: &[(&str, &str, &[&str])] = &[
    ("rate_per_s", "arrivals", &["steady", "poisson", "bursty", "diurnal"]),
    ("burst_on_ms", "arrivals", &["bursty"]),
    ("burst_off_ms", "arrivals", &["bursty"]),
    ("period_ms", "arrivals", &["diurnal"]),
    ("swing", "arrivals", &["diurnal"]),
    ("users", "arrivals", &["closed"]),
    ("think_ms", "arrivals", &["closed"]),
    ("connection_requests", "layer", &["4"]),
    ("sticky_ms", "sticky", &["client"]),
    ("delay_max_ms", "when_over", &["delay"]),
    ("delayed_max", "when_over", &["delay"]),
    ("flush_every_ms", "strategy", &["write-behind"]),
    ("flush_batch", "strategy", &["write-behind"]),
    ("write_buffer", "strategy", &["write-behind"]),
    ("refresh_share", "strategy", &["refresh-ahead"]),
    ("backoff_ms", "backoff", &["fixed", "exponential"]),
    ("backoff_max_ms", "backoff", &["fixed", "exponential"]),
    ("jitter", "backoff", &["fixed", "exponential"]),
    ("scale_min", "autoscale", &["utilisation"]),
    ("scale_max", "autoscale", &["utilisation"]),
    ("scale_target", "autoscale", &["utilisation"]),
    ("scale_every_ms", "autoscale", &["utilisation"]),
    ("scale_cooldown_ms", "autoscale", &["utilisation"]),
    ("scale_boot_ms", "autoscale", &["utilisation"]),
];

/// Settings that do nothing unless another number is above zero.
const ONLY_ABOVE_ZERO: &[(&str, &str)] = &[
    ("health_timeout_ms", "health_every_ms"),
    ("warm_keys", "warm_share"),
    ("health_down_after", "health_every_ms"),
    ("health_up_after", "health_every_ms"),
    ("eject_ms", "eject_after"),
    ("eject_share_max", "eject_after"),
    ("backoff", "retries"),
    ("backoff_ms", "retries"),
    ("backoff_max_ms", "retries"),
    ("jitter", "retries"),
    ("breaker_window", "breaker_failures"),
    ("breaker_open_ms", "breaker_failures"),
    ("breaker_probes", "breaker_failures"),
];

fn matters(node: &NodeSpec, setting: &str) -> bool {
    let map = paths::node_json(node);
    let word_fits = |(_, other, words): &(&str, &str, &[&str])| {
        map.get(*other).and_then(Value::as_str).is_some_and(|word| words.contains(&word))
    };
    let above_zero = |(_, other): &(&str, &str)| {
        map.get(*other).and_then(Value::as_f64).is_some_and(|number| number > 0.0)
    };
    ONLY_IF.iter().filter(|rule| rule.0 == setting).all(word_fits)
        && ONLY_ABOVE_ZERO.iter().filter(|rule| rule.0 == setting).all(above_zero)
}

#[cfg(test)]
mod tests {
    use crate::play::Session;
    use crate::scenario::Checked;
    use serde_json::json;

    #[test]
    fn flags_name_changes_as_their_controls_do() {
        let scenario = json!({ "v": 1, "duration_ms": 9000,
            "nodes": [
                { "id": "clients", "kind": "clients", "name": "Phones", "to": ["lb"] },
                { "id": "lb", "kind": "balancer", "to": ["servers"] },
                { "id": "servers", "kind": "servers", "count": 3 }],
            "changes": [
                { "at_ms": 1000, "node": "clients", "set": { "rate_per_s": 150 } },
                { "at_ms": 2000, "node": "lb", "set": { "policy": "two-choices" } },
                { "at_ms": 3000, "node": "servers/2", "set": { "down": true } },
                { "at_ms": 4000, "node": "clients", "set": { "arrivals": "steady", "rate_per_s": 7.5 } },
                { "at_ms": 5000, "node": "lb>servers", "set": { "latency_ms": 3, "loss": 0.1 } }] });
        let session = Session::new(Checked::from_value(scenario).unwrap());
        let labels: Vec<String> = session.flags().into_iter().map(|flag| flag.label).collect();
        assert_eq!(
            labels,
            [
                "Phones: Arrival rate 150 req/s",
                "Load balancer: Policy Two choices",
                "Server 2 · crashed on",
                "Phones: Arrivals Steady, Arrival rate 7.5 req/s",
                "Load balancer → Servers: Latency 3 ms, Loss 10 %",
            ]
        );
    }
}
