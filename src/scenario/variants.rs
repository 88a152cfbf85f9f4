//! Runs to compare: a scenario with some settings otherwise, and everything else, its requests included, the same.

use super::check::{Checked, Problems};
use super::paths;
use super::types::{Problem, VariantSpec, limits};
use crate::algo::setting::shortened;
use serde_json::Value;
use std::collections::BTreeSet;

/// The scenario with one setting changed from the start. What was to change it later does not: turned
/// from the start, it is not turned again.
///
/// # Errors
/// What is wrong with the path or the value.
pub fn from_start(scenario: &Checked, path: &str, value: Value) -> Result<Checked, Vec<Problem>> {
    let mut scenario = paths::with(scenario, path, value)?.into_inner();
    let end = scenario.duration_ms;
    scenario.changes.retain_mut(|change| {
        if let Some((place, setting)) = path.split_once('.') {
            if change.node == place {
                change.set.remove(setting);
            }
        }
        change.at_ms <= end && !change.set.is_empty()
    });
    Checked::new(scenario)
}

/// The runs that are compared, with their names: each a scenario without variants. The scenario itself,
/// under its title, if it has none.
pub fn variants(scenario: &Checked) -> Vec<(String, Checked)> {
    let base = scenario.clone().without_variants();
    if scenario.variants.is_empty() {
        return vec![(scenario.title.clone(), base)];
    }
    // Checked scenarios have variants that can be applied.
    let run = |variant: &VariantSpec| Some((variant.name.clone(), apply(&base, variant).ok()?));
    scenario.variants.iter().filter_map(run).collect()
}

fn apply(base: &Checked, variant: &VariantSpec) -> Result<Checked, Vec<Problem>> {
    variant.set.iter().try_fold(base.clone(), |run, (path, value)| from_start(&run, path, value.clone()))
}

/// The scenario with variants that are what their names say, though it has changed since it was `made`: what some of
/// them set and is otherwise now, the others get as it was made. What has been changed later from the start is left.
pub fn as_named(scenario: &Checked, made: &Checked) -> Checked {
    let mut named = scenario.clone().into_inner();
    let paths: BTreeSet<String> =
        named.variants.iter().flat_map(|variant| variant.set.keys().cloned()).collect();
    for path in paths {
        let later = turned_later(made, &path);
        let Some(value) = paths::get(made, &path).filter(|_| later.is_empty()) else { continue };
        if paths::get(scenario, &path).as_ref() == Some(&value) && turned_later(scenario, &path).is_empty() {
            continue;
        }
        for variant in &mut named.variants {
            variant.set.entry(path.clone()).or_insert_with(|| value.clone());
        }
    }
    // What was made has no value that is wrong; still, another setting may have been changed that it needs.
    Checked::new(named).unwrap_or_else(|_| scenario.clone())
}

/// The values that changes give a setting.
fn turned_later<'a>(scenario: &'a Checked, path: &str) -> Vec<&'a Value> {
    let Some((place, setting)) = path.split_once('.') else { return vec![] };
    let of_place = scenario.changes.iter().filter(|change| change.node == place);
    of_place.filter_map(|change| change.set.get(setting)).collect()
}

/// Checks the variants of a scenario that is otherwise fine.
pub(super) fn check(scenario: Checked) -> Result<Checked, Vec<Problem>> {
    if scenario.variants.is_empty() {
        return Ok(scenario);
    }
    let mut problems = Problems::default();
    if scenario.variants.len() > limits::VARIANTS {
        problems.add("variants", format!("may have at most {} entries", limits::VARIANTS));
    }
    let base = scenario.clone().without_variants();
    for (index, variant) in scenario.variants.iter().enumerate().take(limits::VARIANTS) {
        let path = format!("variants[{index}]");
        if !(1..=limits::NAME_CHARS).contains(&variant.name.chars().count()) {
            problems.add(format!("{path}.name"), format!("must have 1 to {} characters", limits::NAME_CHARS));
        }
        if variant.set.len() > limits::VARIANT_SETTINGS {
            problems
                .add(format!("{path}.set"), format!("may have at most {} entries", limits::VARIANT_SETTINGS));
            continue;
        }
        for problem in apply(&base, variant).err().unwrap_or_default() {
            problems.add(format!("{path}.set.{}", shortened(&problem.path)), problem.sentence);
        }
    }
    if problems.0.is_empty() { Ok(scenario) } else { Err(problems.0) }
}

#[cfg(test)]
mod tests {
    use super::super::types::ChangeSpec;
    use super::*;
    use serde_json::json;

    fn scenario(variants: Value) -> Result<Checked, Vec<Problem>> {
        Checked::from_value(json!({
            "v": 1, "title": "Two policies", "variants": variants,
            "nodes": [
                { "id": "c", "kind": "clients", "to": ["lb"] },
                { "id": "lb", "kind": "balancer", "policy": "round-robin", "to": ["s"] },
                { "id": "s", "kind": "servers", "count": 3 }
            ],
            "changes": [ { "at_ms": 5, "node": "s", "set": { "workers": 3 } } ]
        }))
    }

    #[test]
    fn each_variant_is_the_scenario_with_its_own_settings() {
        let of = scenario(json!([
            { "name": "in turn" },
            { "name": "fewest", "set": { "lb.policy": "least-connections", "s.workers": 2 } }
        ]));
        let runs = variants(&of.unwrap());
        assert_eq!(runs.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["in turn", "fewest"]);
        let value = |run: usize, path: &str| paths::get(&runs[run].1, path).unwrap();
        assert_eq!(value(0, "lb.policy")["id"], "round-robin");
        assert_eq!(value(1, "lb.policy")["id"], "least-connections");
        // Set from the start, it is not set again later.
        assert_eq!((runs[0].1.changes.len(), runs[1].1.changes.len()), (1, 0));
        assert!(runs.iter().all(|(_, run)| run.variants.is_empty()));
    }

    #[test]
    fn variants_are_what_they_are_called_when_the_scenario_has_changed() {
        let made = scenario(json!([
            { "name": "in turn" },
            { "name": "fewest", "set": { "lb.policy": "least-connections" } },
            { "name": "fewest, two workers", "set": { "lb.policy": "least-connections", "s.workers": 2 } }
        ]));
        let made = made.unwrap();
        assert_eq!(as_named(&made, &made), made);
        let policies = |scenario: &Checked| -> Vec<Value> {
            variants(scenario)
                .iter()
                .map(|(_, run)| paths::get(run, "lb.policy").unwrap()["id"].clone())
                .collect()
        };
        let named = ["round-robin", "least-connections", "least-connections"];
        // From the start, and at a moment.
        let drawn = from_start(&made, "lb.policy", json!("random")).unwrap();
        assert_eq!(policies(&drawn)[0], "random");
        let mut later = made.clone().into_inner();
        later.changes.push(ChangeSpec {
            at_ms: 9.0,
            node: "lb".into(),
            set: [("policy".to_owned(), json!("random"))].into(),
        });
        for changed in [drawn, Checked::new(later).unwrap()] {
            let seen = as_named(&changed, &made);
            assert_eq!(policies(&seen), named);
            assert!(variants(&seen).iter().all(|(_, run)| turned_later(run, "lb.policy").is_empty()));
            // Once is enough, and all else is as it has become.
            assert_eq!(as_named(&seen, &made), seen);
            assert_eq!(paths::get(&seen, "lb.policy"), paths::get(&changed, "lb.policy"));
        }
        // What none of them sets is everybody's.
        let five = from_start(&made, "s.count", json!(5)).unwrap();
        assert_eq!(as_named(&five, &made), five);
        // What changes by itself cannot be said by a value.
        let workers = from_start(&made, "s.workers", json!(4)).unwrap();
        assert_eq!(as_named(&workers, &made), workers);
    }

    #[test]
    fn without_variants_there_is_one_run() {
        let runs = variants(&scenario(json!([])).unwrap());
        assert_eq!((runs.len(), runs[0].0.as_str()), (1, "Two policies"));
    }

    #[test]
    fn variants_survive_being_written() {
        let of =
            scenario(json!([{ "name": "three", "set": { "s.count": 3 } }, { "name": "as it is" }])).unwrap();
        assert_eq!(Checked::parse(&of.to_json()).unwrap(), of);
    }

    #[test]
    fn what_is_wrong_with_a_variant_is_said_with_its_place() {
        for (variants, path) in [
            (json!([{ "name": "", "set": {} }]), "variants[0].name"),
            (
                json!([{ "name": "a" }, { "name": "b", "set": { "lb.policy": "nonsense" } }]),
                "variants[1].set.lb.policy",
            ),
            (json!([{ "name": "a", "set": { "nobody.rate": 1 } }]), "variants[0].set.nobody.rate"),
            (json!([{ "name": "a", "sets": {} }]), "variants[0]"),
            (json!([{}, {}, {}, {}, {}]), "variants"),
        ] {
            let problems = scenario(variants).unwrap_err();
            assert!(problems.iter().any(|problem| problem.path.starts_with(path)), "{path}: {problems:?}");
        }
    }
}
