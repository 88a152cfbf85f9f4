//! Checking: from text that somebody wrote to a scenario that cannot be wrong. All problems are
//! reported together, each with its path.

use super::node_check;
use super::reader::{self, Wrong};
use super::types::{ChangeSpec, LinkSpec, NodeSpec, Problem, Scenario, VERSION, VariantSpec, limits};
use super::{effects, envelope, json, migrate, variants};
use crate::algo::setting::{kind_of, shortened};
use crate::node::configure::Fieldwise;
use serde_json::{Map, Value};
use std::ops::Deref;

/// A scenario that has passed every check: building and running it cannot fail.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked(Scenario);

impl Deref for Checked {
    type Target = Scenario;
    fn deref(&self) -> &Scenario {
        &self.0
    }
}

/// The problems found so far, up to a limit.
#[derive(Debug, Default)]
pub(super) struct Problems(pub Vec<Problem>);

impl Problems {
    pub fn add(&mut self, path: impl Into<String>, sentence: impl Into<String>) {
        if self.0.len() < limits::PROBLEMS {
            self.0.push(Problem::new(path, sentence));
        }
    }
}

impl Checked {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// Every problem found, with its path.
    pub fn parse(json: &str) -> Result<Checked, Vec<Problem>> {
        if json.len() > limits::FILE_BYTES {
            return Err(vec![Problem::new(
                "",
                format!("the file is larger than {} MiB", limits::FILE_BYTES >> 20),
            )]);
        }
        if envelope::depth(json) > limits::DEPTH {
            return Err(vec![Problem::new("", format!("it is nested deeper than {} levels", limits::DEPTH))]);
        }
        let value = serde_json::from_str(json).map_err(|error| vec![not_json(&error)])?;
        Checked::from_value(value)
    }

    /// The same, from JSON already read.
    ///
    /// # Errors
    /// Every problem found, with its path.
    pub fn from_value(value: Value) -> Result<Checked, Vec<Problem>> {
        let mut problems = Problems::default();
        let Value::Object(map) = value else {
            return Err(vec![Problem::new(
                "",
                format!("a scenario is an object, this is {}", kind_of(&value)),
            )]);
        };
        let map = migrate::to_newest(map).map_err(|problem| vec![problem])?;
        let scenario = read(map, &mut problems);
        match scenario {
            Some(scenario) if problems.0.is_empty() => Checked::new(scenario),
            _ => Err(problems.0),
        }
    }

    /// Checks what its types do not already guarantee.
    ///
    /// # Errors
    /// Every problem found, with its path.
    pub fn new(scenario: Scenario) -> Result<Checked, Vec<Problem>> {
        let mut problems = Problems::default();
        check_whole(&scenario, &mut problems);
        for (index, node) in scenario.nodes.iter().enumerate() {
            node_check::check_node(&scenario, index, node, &mut problems);
        }
        check_graph(&scenario, &mut problems);
        check_links(&scenario, &mut problems);
        check_totals(&scenario, &mut problems);
        if problems.0.is_empty() {
            effects::check_changes(&scenario, &mut problems);
            for (index, path) in scenario.knobs.iter().enumerate() {
                if super::paths::find(&scenario, path).is_none() {
                    problems.add(
                        format!("knobs[{index}]"),
                        format!("there is no setting \"{}\"", shortened(path)),
                    );
                }
            }
        }
        let mut scenario = scenario;
        if problems.0.is_empty() {
            scenario.nodes.iter_mut().for_each(|node| node.settings.configure_mut().spell_out());
            variants::check(Checked(scenario))
        } else {
            Err(problems.0)
        }
    }

    /// The same run with nothing to compare it with.
    pub fn without_variants(mut self) -> Checked {
        self.0.variants.clear();
        self
    }

    pub fn into_inner(self) -> Scenario {
        self.0
    }

    /// The file, every default that affects behaviour written out.
    pub fn to_json(&self) -> String {
        json::compact(&self.0)
    }

    /// The same for people.
    pub fn to_pretty_json(&self) -> String {
        json::pretty(&self.0)
    }
}

fn not_json(error: &serde_json::Error) -> Problem {
    Problem::new("", format!("this is not JSON: line {}, column {}", error.line(), error.column()))
}

/// Takes the fields out of the object one by one; what is left is unknown.
fn read(mut map: Map<String, Value>, problems: &mut Problems) -> Option<Scenario> {
    map.remove("$schema");
    map.remove("v");
    let title = match map.remove("title") {
        None => "Untitled".to_owned(),
        Some(Value::String(title)) => title,
        Some(other) => {
            problems.add("title", format!("must be text, not {}", kind_of(&other)));
            String::new()
        }
    };
    let seed = match map.remove("seed") {
        None => 1,
        Some(value) => value.as_u64().unwrap_or_else(|| {
            problems.add("seed", "must be a whole number that is not negative");
            0
        }),
    };
    let duration_ms = match map.remove("duration_ms") {
        None => 60_000.0,
        Some(value) => value.as_f64().unwrap_or_else(|| {
            problems.add("duration_ms", format!("must be a number, not {}", kind_of(&value)));
            1.0
        }),
    };
    let nodes = list(&mut map, "nodes", limits::NODES, problems);
    let links = list(&mut map, "links", limits::NODES * 8, problems);
    let changes = list(&mut map, "changes", limits::CHANGES, problems);
    let knobs = list(&mut map, "knobs", limits::KNOBS, problems);
    let variants = list(&mut map, "variants", limits::VARIANTS, problems);
    for unknown in map.keys() {
        problems.add(shortened(unknown), "there is no such field");
    }
    let nodes: Vec<NodeSpec> = read_each(nodes, |index, value| node_check::read_node(index, value, problems));
    let links =
        read_each(links, |index, value| typed::<LinkSpec>(&format!("links[{index}]"), value, problems));
    let changes =
        read_each(changes, |index, value| typed::<ChangeSpec>(&format!("changes[{index}]"), value, problems));
    let knobs = read_each(knobs, |index, value| typed::<String>(&format!("knobs[{index}]"), value, problems));
    let variants = read_each(variants, |index, value| {
        typed::<VariantSpec>(&format!("variants[{index}]"), value, problems)
    });
    Some(Scenario { v: VERSION, title, seed, duration_ms, nodes, links, changes, knobs, variants })
}

fn read_each<T>(values: Vec<Value>, mut read: impl FnMut(usize, Value) -> Option<T>) -> Vec<T> {
    values.into_iter().enumerate().filter_map(|(index, value)| read(index, value)).collect()
}

fn list(map: &mut Map<String, Value>, name: &str, most: usize, problems: &mut Problems) -> Vec<Value> {
    match map.remove(name) {
        None => vec![],
        Some(Value::Array(values)) if values.len() <= most => values,
        Some(Value::Array(values)) => {
            problems.add(name, format!("may have at most {most} entries, has {}", values.len()));
            vec![]
        }
        Some(other) => {
            problems.add(name, format!("must be a list, not {}", kind_of(&other)));
            vec![]
        }
    }
}

/// Reads a value of a type, and reports all that is wrong with it.
pub(super) fn typed<T: serde::de::DeserializeOwned>(
    path: &str,
    value: Value,
    problems: &mut Problems,
) -> Option<T> {
    let mut read = None;
    let fine =
        read_on(path, value, problems, &mut |value| reader::read::<T>(value).map(|found| read = Some(found)));
    read.filter(|_| fine)
}

/// The same for settings, which are read field by field.
pub(super) fn typed_fields<T: Fieldwise>(path: &str, value: Value, problems: &mut Problems) -> Option<T> {
    let mut settings = T::default();
    let fine = read_on(path, value, problems, &mut |value| {
        let fields = value.as_object().into_iter().flatten();
        fields.into_iter().try_for_each(|(name, value)| reader::read_field(&mut settings, name, value))
    });
    fine.then_some(settings)
}

/// Reads a value. A field that is wrong is reported, taken out, and the rest read on, so that all of them are
/// reported. True if there are none.
fn read_on(
    path: &str,
    mut value: Value,
    problems: &mut Problems,
    read: &mut dyn FnMut(&Value) -> Result<(), Wrong>,
) -> bool {
    let before = problems.0.len();
    for _ in 0..limits::PROBLEMS {
        match read(&value) {
            Ok(()) => return problems.0.len() == before,
            Err(Wrong { place, sentence }) => {
                let whole = if place.is_empty() { path.to_owned() } else { format!("{path}.{place}") };
                problems.add(shortened_path(&whole), plain(&sentence));
                if !remove(&mut value, &place) {
                    return false;
                }
            }
        }
    }
    false
}

/// A path may quote what somebody wrote; at most 120 characters of it.
fn shortened_path(path: &str) -> String {
    path.split('.').map(shortened).collect::<Vec<_>>().join(".").chars().take(120).collect()
}

/// The reader's sentence may quote what somebody wrote; at most 300 characters of it.
fn plain(sentence: &str) -> String {
    sentence.chars().filter(|c| !c.is_control()).take(300).collect()
}

/// Takes out what a path like `members[2].slow` names. False if there is no such place.
fn remove(value: &mut Value, place: &str) -> bool {
    let place = place.replace('[', ".").replace(']', "");
    let mut steps: Vec<&str> = place.split('.').filter(|step| !step.is_empty()).collect();
    let Some(last) = steps.pop() else { return false };
    let mut at = value;
    for step in steps {
        let next = match at {
            Value::Object(map) => map.get_mut(step),
            Value::Array(items) => step.parse::<usize>().ok().and_then(|index| items.get_mut(index)),
            _ => None,
        };
        match next {
            Some(next) => at = next,
            None => return false,
        }
    }
    match at {
        Value::Object(map) => map.remove(last).is_some(),
        Value::Array(items) => match last.parse::<usize>() {
            Ok(index) if index < items.len() => {
                items.remove(index);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

fn check_whole(scenario: &Scenario, problems: &mut Problems) {
    if scenario.title.chars().count() > limits::TITLE_CHARS {
        problems.add("title", format!("may have at most {} characters", limits::TITLE_CHARS));
    }
    if scenario.seed > limits::SEED {
        problems.add("seed", format!("must be at most {}", limits::SEED));
    }
    if !(1.0..=limits::DURATION_MS).contains(&scenario.duration_ms) {
        problems.add(
            "duration_ms",
            format!("must be between 1 and {}, is {}", limits::DURATION_MS, scenario.duration_ms),
        );
    }
    if scenario.nodes.is_empty() {
        problems.add("nodes", "a scenario needs at least one node");
    }
    if scenario.nodes.len() > limits::NODES {
        problems.add("nodes", format!("may have at most {} entries", limits::NODES));
    }
    for (index, node) in scenario.nodes.iter().enumerate().take(limits::NODES) {
        if scenario.nodes.iter().take(index).any(|other| other.id == node.id) {
            problems.add(
                format!("nodes[{index}].id"),
                format!("\"{}\" is taken by another node", shortened(&node.id)),
            );
        }
    }
}

/// Who calls whom: known, allowed, and without a circle.
fn check_graph(scenario: &Scenario, problems: &mut Problems) {
    let index_of = |id: &str| scenario.nodes.iter().position(|node| node.id == id);
    for node in &scenario.nodes {
        let kind = node.settings.kind();
        let (least, most) = kind.calls;
        if !(least..=most).contains(&node.to.len()) {
            let wanted = if least == most { format!("{least}") } else { format!("{least} to {most}") };
            problems
                .add(format!("{}.to", node.id), format!("must name {wanted} nodes, names {}", node.to.len()));
        }
        for (place, target) in node.to.iter().enumerate() {
            let path = format!("{}.to[{place}]", node.id);
            match index_of(target) {
                None => problems.add(path, format!("there is no node \"{}\"", shortened(target))),
                Some(index) if !scenario.nodes[index].settings.kind().called => {
                    problems.add(
                        path,
                        format!(
                            "\"{target}\" is {}, which nobody can call",
                            scenario.nodes[index].settings.kind().id
                        ),
                    );
                }
                Some(_) if node.to.iter().take(place).any(|other| other == target) => {
                    problems.add(path, format!("\"{target}\" is named twice"));
                }
                Some(_) => {}
            }
        }
    }
    if let Some(id) = circle(scenario) {
        problems.add(format!("{id}.to"), "calls go round in a circle");
    }
}

/// A node that can reach itself.
fn circle(scenario: &Scenario) -> Option<&str> {
    // Takes away nodes that call nobody who is left, until no more can be taken.
    let mut left: Vec<&str> = vec![];
    for node in &scenario.nodes {
        if let Err(place) = left.binary_search(&node.id.as_str()) {
            left.insert(place, &node.id);
        }
    }
    loop {
        let place = |id: &String| left.binary_search(&id.as_str()).ok();
        let done =
            |node: &NodeSpec| place(&node.id).filter(|_| !node.to.iter().any(|id| place(id).is_some()));
        match scenario.nodes.iter().find_map(done) {
            Some(place) => left.remove(place),
            None => return left.first().copied(),
        };
    }
}

fn check_links(scenario: &Scenario, problems: &mut Problems) {
    for (index, link) in scenario.links.iter().enumerate() {
        let path = format!("links[{index}]");
        let calls =
            |node: &NodeSpec| node.to.contains(&link.to) || node.id == link.to && node.settings.kind().talks;
        let known = scenario.nodes.iter().any(|node| node.id == link.from && calls(node));
        if !known {
            let (from, to) = (shortened(&link.from), shortened(&link.to));
            problems.add(&path, format!("\"{from}\" does not call \"{to}\""));
        }
        if scenario.links.iter().take(index).any(|other| other.from == link.from && other.to == link.to) {
            problems.add(&path, "this connection is described twice");
        }
        check_link(&path, link, problems);
    }
}

pub(super) fn check_link(path: &str, link: &LinkSpec, problems: &mut Problems) {
    if let Err(sentence) = link.latency_ms.check() {
        problems.add(format!("{path}.latency_ms"), sentence);
    }
    if !(0.0..=1.0).contains(&link.loss) {
        problems.add(format!("{path}.loss"), format!("must be between 0 and 1, is {}", link.loss));
    }
}

/// Memory is bounded by these.
pub(super) fn check_totals(scenario: &Scenario, problems: &mut Problems) {
    let (mut workers, mut places) = (0u64, 0u64);
    for node in &scenario.nodes {
        let size = node.settings.configure().size();
        workers += size.members * size.workers;
        places += size.members * size.places;
    }
    if workers > limits::WORKERS {
        problems.add(
            "nodes",
            format!("all servers together may have at most {} workers, have {workers}", limits::WORKERS),
        );
    }
    if places > limits::QUEUE_PLACES {
        let most = limits::QUEUE_PLACES;
        problems.add(
            "nodes",
            format!("all servers together may have at most {most} queue places, have {places}"),
        );
    }
}
