//! Reading and checking single nodes: each setting against its row in the kind's table.

use super::check::{Problems, typed};
use super::types::{NodeSpec, Scenario, limits};
use crate::algo::setting::{Setting, kind_of, shortened};
use crate::node::{self, KINDS, Kind, Settings, balancer, clients, servers};
use crate::sim::Distribution;
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
        let ids: Vec<&str> = KINDS.iter().map(|kind| kind.id).collect();
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
                check_fields(kind.member_settings, &format!("{id}/{}", index + 1), member, problems);
            }
        }
    }
    let value = Value::Object(map);
    let settings = match kind.id {
        "clients" => typed(id, value, problems).map(Settings::Clients),
        "balancer" => typed(id, value, problems).map(Settings::Balancer),
        _ => typed(id, value, problems).map(Settings::Servers),
    };
    settings.filter(|_| problems.0.len() == before)
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
    match settings {
        Settings::Clients(settings) => check_clients(id, settings, duration_ms, problems),
        Settings::Balancer(settings) => check_balancer(id, to, settings, problems),
        Settings::Servers(settings) => check_servers(id, settings, problems),
    }
}

fn check_distribution(path: String, distribution: &Distribution, problems: &mut Problems) {
    if let Err(sentence) = distribution.check() {
        problems.add(path, sentence);
    }
}

fn check_clients(id: &str, settings: &clients::Settings, duration_ms: f64, problems: &mut Problems) {
    check_distribution(format!("{id}.think_ms"), &settings.think_ms, problems);
    if let Err(sentence) = settings.keys.check() {
        problems.add(format!("{id}.keys"), sentence);
    }
    if settings.mix.is_empty() || settings.mix.len() > clients::CLASSES_MAX {
        let most = clients::CLASSES_MAX;
        problems.add(
            format!("{id}.mix"),
            format!("must have between 1 and {most} entries, has {}", settings.mix.len()),
        );
    }
    for (index, class) in settings.mix.iter().enumerate() {
        let path = format!("{id}.mix[{index}]");
        if class.path.is_empty() || class.path.chars().count() > 120 {
            problems.add(format!("{path}.path"), "must have between 1 and 120 characters");
        }
        if !(0.0..=1e6).contains(&class.share) {
            problems.add(format!("{path}.share"), "must be between 0 and 1000000");
        }
        if !(0.001..=1000.0).contains(&class.cost) {
            problems.add(format!("{path}.cost"), "must be between 0.001 and 1000");
        }
    }
    if !settings.mix.is_empty() && settings.mix.iter().all(|class| class.share <= 0.0) {
        problems.add(format!("{id}.mix"), "at least one share must be above 0");
    }
    if settings.arrivals == clients::Arrivals::Closed
        && settings.think_ms.mean_ms() < 0.001
        && settings.timeout_ms <= 0.0
    {
        problems.add(format!("{id}.think_ms"), "users who think for no time at all must have a timeout");
    }
    match &settings.replay {
        Some(replay) => check_replay(id, replay, duration_ms, problems),
        None if settings.arrivals == clients::Arrivals::Replay => {
            problems.add(format!("{id}.replay"), "there is no log to replay");
        }
        None => {}
    }
}

fn check_replay(id: &str, replay: &clients::Replay, duration_ms: f64, problems: &mut Problems) {
    let path = format!("{id}.replay");
    if replay.rows.len() > clients::REPLAY_ROWS_MAX {
        problems.add(format!("{path}.rows"), format!("may have at most {} rows", clients::REPLAY_ROWS_MAX));
        return;
    }
    if replay.paths.is_empty() || replay.paths.len() > clients::CLASSES_MAX {
        problems.add(
            format!("{path}.paths"),
            format!("must have between 1 and {} entries", clients::CLASSES_MAX),
        );
    }
    if replay.paths.iter().any(|path| path.chars().count() > 120) {
        problems.add(format!("{path}.paths"), "a path may have at most 120 characters");
    }
    let mut last = 0.0;
    for (row, (at_ms, client, class, duration)) in replay.rows.iter().enumerate() {
        let wrong = if !(0.0..=limits::DURATION_MS.max(duration_ms)).contains(at_ms) {
            "its time is out of range"
        } else if *at_ms < last {
            "it is earlier than the row before"
        } else if *client >= 1_000_000 {
            "its client must be below 1000000"
        } else if *class as usize >= replay.paths.len() {
            "its path is not in the list"
        } else if !(-1.0..=limits::DURATION_MS).contains(duration) {
            "its duration is out of range"
        } else {
            last = *at_ms;
            continue;
        };
        problems.add(format!("{path}.rows[{row}]"), wrong);
        return;
    }
}

fn check_balancer(id: &str, to: &[String], settings: &balancer::Settings, problems: &mut Problems) {
    if let Err(found) = settings.policy.resolve("balance") {
        for (below, sentence) in found {
            problems.add(format!("{id}.policy.{below}"), sentence);
        }
    }
    if settings.routes.len() > balancer::ROUTES_MAX {
        problems.add(format!("{id}.routes"), format!("may have at most {} entries", balancer::ROUTES_MAX));
    }
    for (index, route) in settings.routes.iter().enumerate() {
        if !to.contains(&route.to) {
            let sentence = format!("\"{}\" is not among the nodes that {id} calls", shortened(&route.to));
            problems.add(format!("{id}.routes[{index}].to"), sentence);
        }
        if route.path.is_empty() || route.path.chars().count() > 120 {
            problems.add(format!("{id}.routes[{index}].path"), "must have between 1 and 120 characters");
        }
    }
    if settings.layer == balancer::Layer::Four {
        if !settings.routes.is_empty() {
            problems.add(format!("{id}.routes"), "layer 4 does not see paths: routes need layer 7");
        }
        if settings.sticky == balancer::Sticky::Cookie {
            problems.add(format!("{id}.sticky"), "layer 4 does not see cookies: they need layer 7");
        }
    }
}

fn check_servers(id: &str, settings: &servers::Settings, problems: &mut Problems) {
    check_distribution(format!("{id}.service_ms"), &settings.service_ms, problems);
    if settings.members.len() > 1000 {
        problems.add(format!("{id}.members"), "may have at most 1000 entries");
    }
    for (index, member) in settings.members.iter().enumerate() {
        if let Some(flap) = member.flap {
            let fine = |ms: f64| (1.0..=limits::DURATION_MS).contains(&ms);
            if !fine(flap.down_ms) || !fine(flap.up_ms) {
                problems.add(format!("{id}/{}.flap", index + 1), "both spans must be between 1 ms and a day");
            }
        }
    }
}

/// Writes policies' defaults out.
pub(super) fn spell_out(settings: &mut Settings) {
    if let Settings::Balancer(settings) = settings {
        settings.policy = settings.policy.spelled_out("balance");
    }
}

/// (members, workers each, queue places each)
pub(super) fn member_of(settings: &Settings) -> (u64, u64, u64) {
    match settings {
        Settings::Servers(settings) => {
            (settings.count as u64, settings.workers as u64, settings.queue as u64)
        }
        Settings::Clients(_) | Settings::Balancer(_) => (1, 0, 0),
    }
}
