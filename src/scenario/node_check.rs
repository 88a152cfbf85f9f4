//! Reading and checking single nodes: each setting against its row in the kind's table.

use super::check::{Problems, typed, typed_fields};
use super::types::{NodeSpec, Scenario, limits};
use crate::algo::setting::{Setting, kind_of, shortened};
use crate::node::configure::{Around, Fieldwise, Findings};
use crate::node::member::MemberSettings;
use crate::node::{self, KINDS, Kind, ONLY_WHOLE, Settings, is_elsewhere};
use serde_json::{Map, Value};

/// Reads one node from JSON.
pub(super) fn read_node(index: usize, value: Value, problems: &mut Problems) -> Option<NodeSpec> {
    let place = format!("nodes[{index}]");
    let Value::Object(mut map) = value else {
        problems.add(place, format!("must be an object, not {}", kind_of(&value)));
        return None;
    };
    let id = match map.remove("id") {
        Some(Value::String(id)) => id,
        _ => {
            problems.add(format!("{place}.id"), "every node needs an id");
            return None;
        }
    };
    if !is_id(&id) {
        let sentence = format!(
            "an id is 1 to {} lower-case letters, digits and hyphens, beginning with a letter",
            limits::ID_CHARS
        );
        problems.add(format!("{place}.id"), sentence);
        return None;
    }
    let kind_id = map.remove("kind");
    let Some(kind) = kind_id.as_ref().and_then(Value::as_str).and_then(node::kind) else {
        let elsewhere = ONLY_WHOLE.iter().copied().filter(|id| is_elsewhere(id));
        let ids: Vec<&str> = KINDS.iter().map(|kind| kind.id).chain(elsewhere).collect();
        problems.add(format!("{id}.kind"), format!("must be one of {}", ids.join(", ")));
        return None;
    };
    let name = match map.remove("name") {
        None => kind.name.to_owned(),
        Some(Value::String(name)) => name,
        Some(_) => {
            problems.add(format!("{id}.name"), "must be text");
            String::new()
        }
    };
    let to =
        map.remove("to").map_or(Some(vec![]), |to| typed::<Vec<String>>(&format!("{id}.to"), to, problems));
    let settings = read_settings(kind, &id, map, problems)?;
    Some(NodeSpec { id, name, settings, to: to? })
}

fn is_id(id: &str) -> bool {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    id.len() <= limits::ID_CHARS && id.starts_with(|c: char| c.is_ascii_lowercase()) && id.chars().all(fine)
}

/// Checks every field against the table, then reads them as the kind's type.
pub(super) fn read_settings(
    kind: &'static Kind,
    id: &str,
    mut map: Map<String, Value>,
    problems: &mut Problems,
) -> Option<Settings> {
    let before = problems.0.len();
    check_fields(kind.settings, id, &mut map, problems);
    if let Some(Value::Array(members)) = map.get_mut("members") {
        for (index, member) in members.iter_mut().enumerate() {
            if let Value::Object(member) = member {
                drop_idle(kind.member_settings, member);
                check_fields(kind.member_settings, &format!("{id}/{}", index + 1), member, problems);
            }
        }
    }
    let value = Value::Object(map);
    let settings = Settings::read(kind, Typed { id, value, problems });
    settings.filter(|_| problems.0.len() == before)
}

/// All kinds share one type of member. A field of it that this kind does not have is written out too,
/// and means nothing as long as it has its default.
fn drop_idle(table: &'static [Setting], member: &mut Map<String, Value>) {
    let Ok(Value::Object(idle)) = serde_json::to_value(MemberSettings::default()) else { return };
    let known = |name: &str| table.iter().any(|setting| setting.name == name);
    member.retain(|name, value| known(name) || idle.get(name) != Some(value));
}

/// Reports fields that are unknown or out of bounds, and takes them out.
fn check_fields(
    table: &'static [Setting],
    path: &str,
    map: &mut Map<String, Value>,
    problems: &mut Problems,
) {
    map.retain(|name, value| {
        let Some(setting) = table.iter().find(|setting| setting.name == name) else {
            problems.add(format!("{path}.{}", shortened(name)), unknown_field(table, name));
            return false;
        };
        match setting.check(value) {
            Ok(_) => true,
            Err(sentence) => {
                problems.add(format!("{path}.{name}"), sentence);
                false
            }
        }
    });
}

/// Suggests the nearest name, if one is near.
fn unknown_field(table: &[Setting], name: &str) -> String {
    let near = table.iter().map(|setting| (distance(setting.name, name), setting.name)).min();
    match near {
        Some((distance, near)) if distance <= 2 => {
            format!("there is no such setting; did you mean \"{near}\"?")
        }
        _ => "there is no such setting".to_owned(),
    }
}

/// Levenshtein's edit distance (1966), of short names.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + (x != *y) as usize;
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// What a node's types do not already guarantee.
pub(super) fn check_node(scenario: &Scenario, index: usize, node: &NodeSpec, problems: &mut Problems) {
    if !is_id(&node.id) {
        problems.add(format!("nodes[{index}].id"), "this is not an id");
    }
    if node.name.chars().count() > limits::NAME_CHARS {
        problems
            .add(format!("{}.name", node.id), format!("may have at most {} characters", limits::NAME_CHARS));
    }
    check_settings(&node.id, &node.to, &node.settings, scenario.duration_ms, problems);
}

pub(super) fn check_settings(
    id: &str,
    to: &[String],
    settings: &Settings,
    duration_ms: f64,
    problems: &mut Problems,
) {
    let mut add = |path: String, sentence: String| problems.add(path, sentence);
    settings.configure().check(&Around { id, to, duration_ms }, &mut Findings::new(id, &mut add));
}

/// Reads JSON as whatever type a kind of node has for its settings.
struct Typed<'a> {
    id: &'a str,
    value: Value,
    problems: &'a mut Problems,
}

impl node::Read for Typed<'_> {
    fn read<T: Fieldwise>(self) -> Option<T> {
        typed_fields(self.id, self.value, self.problems)
    }
}
