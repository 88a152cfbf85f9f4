//! Changes, worked out in order: what each node's settings are from which moment on.

use super::check::{Problems, check_totals};
use super::connections::number_of;
use super::paths::{self, Place, link_between};
use super::types::{ChangeSpec, Scenario};
use crate::node::Settings;
use crate::sim::{Effect, Scheduled, Time, order};
use std::sync::Arc;

/// Checks every change as it will find things when its time has come.
pub(super) fn check_changes(scenario: &Scenario, problems: &mut Problems) {
    for (index, change) in scenario.changes.iter().enumerate() {
        if !(0.0..=scenario.duration_ms).contains(&change.at_ms) {
            let sentence =
                format!("must be between 0 and the duration ({}), is {}", scenario.duration_ms, change.at_ms);
            problems.add(format!("changes[{index}].at_ms"), sentence);
        }
        if change.set.is_empty() {
            problems.add(format!("changes[{index}].set"), "changes nothing");
        }
    }
    let mut state = scenario.clone();
    for (index, change) in in_order(scenario) {
        let mut found = Problems::default();
        apply(&mut state, change, &mut found);
        check_totals(&state, &mut found);
        for problem in found.0 {
            problems.add(format!("changes[{index}]: {}", problem.path), problem.sentence);
        }
    }
}

/// The changes by time, with their places in the file; the file's order decides between equals.
fn in_order(scenario: &Scenario) -> Vec<(usize, &ChangeSpec)> {
    let mut changes: Vec<(usize, &ChangeSpec)> = scenario.changes.iter().enumerate().collect();
    order::sort_by_key(&mut changes, |(_, change)| order::total_order(change.at_ms));
    changes
}

fn apply(state: &mut Scenario, change: &ChangeSpec, problems: &mut Problems) {
    for (setting, value) in &change.set {
        let path = format!("{}.{setting}", change.node);
        paths::set(state, &change.node, &path, setting, value.clone(), problems);
    }
}

/// The scenario as it stands at `at`: its settings with all changes up to then.
pub fn state_at(scenario: &Scenario, at: Time) -> Scenario {
    let mut state = scenario.clone();
    for (_, change) in in_order(scenario) {
        if Time::from_ms(change.at_ms) > at {
            break;
        }
        apply(&mut state, change, &mut Problems::default());
    }
    state
}

/// What the engine is to do, and when.
pub fn effects(scenario: &Scenario) -> Vec<Scheduled<Settings>> {
    let mut state = scenario.clone();
    let mut effects = vec![];
    for (_, change) in in_order(scenario) {
        apply(&mut state, change, &mut Problems::default());
        let effect = match paths::place(&state, &change.node) {
            Some(Place::Node(node) | Place::Member(node, _)) => {
                Effect::Node(node as u16, Arc::new(state.nodes[node].settings.clone()))
            }
            Some(Place::Link(from, to)) => {
                let link = link_between(&state, from, to);
                let latency = link.latency_ms.sampler();
                Effect::Link { link: number_of(scenario, from, to), latency, loss: link.loss, cut: link.cut }
            }
            None => continue,
        };
        effects.push(Scheduled { at: Time::from_ms(change.at_ms), effect });
    }
    effects
}
