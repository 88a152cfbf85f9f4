//! Paths name settings: `lb.policy`, `lb.policy.points`, `servers/3.slow`, `lb>servers.latency_ms`,
//! `seed`. The same paths are used by changes, knobs, links, lessons and errors.

use super::check::{Checked, Problems, check_link, typed};
use super::node_check::{check_settings, read_settings};
use super::reader;
use super::types::{LinkSpec, NodeSpec, Problem, Scenario};
use crate::algo::setting::{Setting, SettingKind, shortened};
use crate::node::Settings;
use crate::sim::Distribution;
use serde_json::{Map, Value, json};

/// What stands before the point of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Index of the node.
    Node(usize),
    /// Index of the node, and of the member from 0.
    Member(usize, usize),
    /// Indices of the nodes at both ends.
    Link(usize, usize),
}

/// A setting that a path names.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub place: Place,
    pub setting: Setting,
    /// Below the setting, as in `policy.points`; empty for the setting itself.
    pub below: String,
}

const LINK_SETTINGS: &[Setting] = &[
    Setting::distribution("latency_ms", "Latency", 60_000.0, "How long a message is under way, each way."),
    Setting::number("loss", "Loss", "", (0.0, 1.0), 0.0, "Share of messages that are lost, each way."),
    Setting::toggle("cut", "Cut", false, "Nothing gets through."),
];

/// The place with this name.
pub fn place(scenario: &Scenario, name: &str) -> Option<Place> {
    let index_of = |id: &str| scenario.nodes.iter().position(|node| node.id == id);
    if let Some((from, to)) = name.split_once('>') {
        let (from, to) = (index_of(from)?, index_of(to)?);
        let caller = &scenario.nodes[from];
        let called = caller.to.contains(&scenario.nodes[to].id) || from == to && caller.settings.kind().talks;
        return called.then_some(Place::Link(from, to));
    }
    match name.split_once('/') {
        None => index_of(name).map(Place::Node),
        Some((id, number)) => {
            let node = index_of(id)?;
            let number: usize = number.parse().ok()?;
            let members = !scenario.nodes[node].settings.kind().member_settings.is_empty();
            (members && (1..=1000).contains(&number)).then(|| Place::Member(node, number - 1))
        }
    }
}

/// The settings that a place has.
pub fn settings_of(scenario: &Scenario, place: Place) -> &'static [Setting] {
    match place {
        Place::Node(node) => scenario.nodes[node].settings.kind().settings,
        Place::Member(node, _) => scenario.nodes[node].settings.kind().member_settings,
        Place::Link(..) => LINK_SETTINGS,
    }
}

/// The setting that a path names; for `lb.policy.points` the policy's own setting.
pub fn find(scenario: &Scenario, path: &str) -> Option<Found> {
    let (name, rest) = path.split_once('.')?;
    let place = place(scenario, name)?;
    let (own, below) = rest.split_once('.').unwrap_or((rest, ""));
    let setting = *settings_of(scenario, place).iter().find(|setting| setting.name == own)?;
    if below.is_empty() {
        return Some(Found { place, setting, below: String::new() });
    }
    let SettingKind::Policy { family, .. } = setting.kind else { return None };
    let known = crate::node::policies(family).into_iter().flat_map(|policy| policy.knobs.iter());
    let knob = *known.into_iter().find(|knob| knob.name == below)?;
    Some(Found { place, setting: knob, below: below.to_owned() })
}

/// The value that a path names, as JSON.
pub fn get(scenario: &Scenario, path: &str) -> Option<Value> {
    match path {
        "seed" => return Some(json!(scenario.seed)),
        "duration_ms" => return Some(json!(scenario.duration_ms)),
        "title" => return Some(json!(scenario.title)),
        _ => {}
    }
    let found = find(scenario, path)?;
    let name = path.split_once('.')?.1;
    let own = name.split('.').next()?;
    let value = match found.place {
        Place::Node(node) => {
            let settings = serde_json::to_value(without_rows(&scenario.nodes[node].settings)).ok()?;
            written_or_default(&settings, own, &found)?
        }
        Place::Member(node, member) => {
            let members = scenario.nodes[node].settings.configure().members();
            let member = members.get(member).cloned().unwrap_or_default();
            written_or_default(&serde_json::to_value(member).ok()?, own, &found)?
        }
        Place::Link(from, to) => {
            serde_json::to_value(link_between(scenario, from, to)).ok()?.get(own).cloned()?
        }
    };
    if found.below.is_empty() { Some(value) } else { value.get(&found.below).cloned() }
}

/// What is not written out is as its table says.
fn written_or_default(settings: &Value, own: &str, found: &Found) -> Option<Value> {
    match settings.get(own) {
        Some(value) => Some(value.clone()),
        None => Some(whole_without_a_point(found.setting.default_value()?.to_json())),
    }
}

/// What counts takes no point, and what measures takes a number without one too.
fn whole_without_a_point(value: Value) -> Value {
    match value.as_f64() {
        Some(number) if number.fract() == 0.0 => json!(number as i64),
        _ => value,
    }
}

/// The description of a connection, with defaults where it has none.
pub fn link_between(scenario: &Scenario, from: usize, to: usize) -> LinkSpec {
    let (from, to) = (&scenario.nodes[from].id, &scenario.nodes[to].id);
    let known = scenario.links.iter().find(|link| link.from == *from && link.to == *to);
    known.cloned().unwrap_or_else(|| LinkSpec {
        from: from.clone(),
        to: to.clone(),
        latency_ms: Distribution::ZERO,
        loss: 0.0,
        cut: false,
    })
}

/// The scenario with one setting changed from the start.
///
/// # Errors
/// What is wrong with the path or the value.
pub fn with(scenario: &Checked, path: &str, value: Value) -> Result<Checked, Vec<Problem>> {
    let mut changed = (**scenario).clone();
    let mut problems = Problems::default();
    match path {
        "seed" => match value.as_u64() {
            Some(seed) => changed.seed = seed,
            None => problems.add(path, "must be a whole number that is not negative"),
        },
        "duration_ms" => match value.as_f64() {
            Some(duration) => changed.duration_ms = duration,
            None => problems.add(path, "must be a number"),
        },
        "title" => match value.as_str() {
            Some(title) => changed.title = title.to_owned(),
            None => problems.add(path, "must be text"),
        },
        _ => match path.split_once('.') {
            Some((name, setting)) => set(&mut changed, name, path, setting, value, &mut problems),
            None => problems.add(shortened(path), "there is no such setting"),
        },
    }
    if problems.0.is_empty() { Checked::new(changed) } else { Err(problems.0) }
}

/// Sets one setting of one place. `path` is what errors name.
pub(super) fn set(
    scenario: &mut Scenario,
    place_name: &str,
    path: &str,
    setting: &str,
    value: Value,
    problems: &mut Problems,
) {
    let Some(place) = place(scenario, place_name) else {
        return problems.add(shortened(path), format!("there is no \"{}\"", shortened(place_name)));
    };
    match place {
        Place::Link(from, to) => {
            let mut link = serde_json::to_value(link_between(scenario, from, to)).unwrap_or_default();
            put(&mut link, setting, value);
            let Some(link) = typed::<LinkSpec>(place_name, link, problems) else { return };
            check_link(place_name, &link, problems);
            scenario.links.retain(|other| other.from != link.from || other.to != link.to);
            scenario.links.push(link);
        }
        Place::Node(node) => set_in_node(scenario, node, setting, value, problems),
        Place::Member(node, member) => {
            let spec = &scenario.nodes[node];
            if spec.settings.kind().member_settings.is_empty() {
                return problems.add(path, "has no members");
            }
            let mut members = spec.settings.configure().members().to_vec();
            members.resize(members.len().max(member + 1), Default::default());
            let mut list = serde_json::to_value(members).unwrap_or_default();
            if let Some(own) = list.get_mut(member) {
                put(own, setting, value);
            }
            set_in_node(scenario, node, "members", list, problems);
        }
    }
}

fn set_in_node(scenario: &mut Scenario, node: usize, setting: &str, value: Value, problems: &mut Problems) {
    let spec = &scenario.nodes[node];
    let (kind, id) = (spec.settings.kind(), spec.id.clone());
    let Ok(Value::Object(mut map)) = serde_json::to_value(without_rows(&spec.settings)) else { return };
    map.remove("kind");
    let mut own = Value::Object(map);
    put(&mut own, setting, value);
    let Value::Object(map) = own else { return };
    let Some(settings) = read_settings(kind, &id, map, problems) else { return };
    let settings = with_rows(settings, &spec.settings);
    check_settings(&id, &spec.to, &settings, scenario.duration_ms, problems);
    scenario.nodes[node].settings = settings;
}

/// A log's rows are shared, not copied through JSON: they can be many.
fn without_rows(settings: &Settings) -> Settings {
    let mut settings = settings.clone();
    if let Settings::Clients(clients) = &mut settings {
        clients.replay = clients
            .replay
            .take()
            .map(|replay| crate::node::clients::Replay { rows: Default::default(), ..replay });
    }
    settings
}

fn with_rows(mut settings: Settings, before: &Settings) -> Settings {
    if let (Settings::Clients(now), Settings::Clients(before)) = (&mut settings, before) {
        if let (Some(now), Some(before)) = (&mut now.replay, &before.replay) {
            if now.rows.is_empty() && now.name == before.name {
                now.rows = before.rows.clone();
            }
        }
    }
    settings
}

/// Writes a value below an object. A number in place of a distribution sets its mean; a word in
/// place of a policy chooses it, with its defaults.
fn put(object: &mut Value, setting: &str, value: Value) {
    let (own, below) = setting.split_once('.').unwrap_or((setting, ""));
    let Value::Object(map) = object else { return };
    if !below.is_empty() {
        if let Some(inner @ Value::Object(_)) = map.get_mut(own) {
            return put(inner, below, value);
        }
    }
    if below.is_empty() {
        if let (Some(mean), Some(distribution)) = (value.as_f64(), map.get(own).and_then(as_distribution)) {
            map.insert(
                own.to_owned(),
                serde_json::to_value(distribution.with_mean(mean)).unwrap_or_default(),
            );
            return;
        }
    }
    map.insert(setting.to_owned(), value);
}

/// Only what is written out in full: any plain number would pass for a constant.
fn as_distribution(value: &Value) -> Option<Distribution> {
    if value.is_object() { reader::read(value).ok() } else { None }
}

/// The node's settings as JSON, without `kind`, for messages and tests.
pub fn node_json(spec: &NodeSpec) -> Map<String, Value> {
    match serde_json::to_value(without_rows(&spec.settings)) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The settings of calls are left out of a file while all are as by default.
    #[test]
    fn a_default_that_is_not_written_out_can_be_set_as_it_is_read() {
        for path in ["s.retries", "s.bulkhead", "s.hedge_after_ms", "c.retries", "s.scale_min"] {
            let value = get(&scenario(), path).expect(path);
            let changed = with(&scenario(), path, value).unwrap_or_else(|problems| panic!("{problems:?}"));
            assert_eq!(changed, scenario(), "{path}");
        }
    }

    fn scenario() -> Checked {
        let json = r#"{"v":1,"nodes":[{"id":"c","kind":"clients","to":["s"]},{"id":"s","kind":"servers"}]}"#;
        Checked::parse(json).expect("the scenario is fine")
    }

    #[test]
    fn a_number_sets_a_number_and_the_mean_of_a_distribution() {
        for (path, value, wanted) in [
            ("c.rate_per_s", json!(7), json!(7.0)),
            ("s.workers", json!(3), json!(3)),
            ("s/2.slow", json!(5), json!(5.0)),
            ("s.service_ms", json!(12), json!({ "dist": "exponential", "mean": 12.0 })),
            ("c>s.latency_ms", json!(4), json!({ "dist": "constant", "value": 4.0 })),
            ("c>s.loss", json!(0.5), json!(0.5)),
        ] {
            let changed = with(&scenario(), path, value).unwrap_or_else(|problems| panic!("{problems:?}"));
            assert_eq!(get(&changed, path), Some(wanted), "{path}");
        }
    }
}
