//! Runs side by side: the variants of a scenario, always at the same moment.

use super::{Knob, Session, When, change_at, knobs};
use crate::scenario::{Checked, Problem, Scenario, VariantSpec, paths, variants};
use crate::sim::{Progress, Time};
use serde_json::Value;

/// One run, or the variants of a scenario in lockstep. There is always at least one run, and all of them are
/// at the same moment after every call.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// With its variants.
    scenario: Checked,
    /// Only the scenario itself runs, whatever variants it has.
    alone: bool,
    names: Vec<String>,
    runs: Vec<Session>,
}

/// A setting in which the variants differ from the start.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// As in the first run that has it.
    pub knob: Knob,
    /// Of each run; null where it has no such setting, as with one of another policy.
    pub values: Vec<Value>,
}

/// What the copy is called that a comparison without variants begins with.
const NAMES: [&str; 2] = ["As it is", "Changed"];

impl Comparison {
    /// The scenario itself, without its variants.
    pub fn alone(scenario: Checked) -> Comparison {
        Comparison::of(scenario, true)
    }

    /// The scenario's variants. Where it has fewer than two: the scenario beside a copy to be changed.
    pub fn of_variants(scenario: Checked) -> Comparison {
        Comparison::of(at_least_two(scenario), false)
    }

    fn of(scenario: Checked, alone: bool) -> Comparison {
        let (names, runs) = wanted(&scenario, alone).into_iter().unzip();
        let runs: Vec<Checked> = runs;
        Comparison { scenario, alone, names, runs: runs.into_iter().map(Session::new).collect() }
    }

    /// Live changes and variants included.
    pub fn scenario(&self) -> &Checked {
        &self.scenario
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub fn runs(&self) -> &[Session] {
        &self.runs
    }

    /// The first run, against which the others are held.
    pub fn first(&self) -> &Session {
        &self.runs[0]
    }

    pub fn now(&self) -> Time {
        self.first().now()
    }

    pub fn end(&self) -> Time {
        self.first().end()
    }

    /// Plays all on to `until`. The run with the most events has a budget; the others follow it.
    pub fn advance(&mut self, until: Time, budget: u64) -> Progress {
        self.lead(|run| run.advance(until, budget), |run, at| run.advance(at, u64::MAX))
    }

    /// Goes to any moment: see [`Session::seek`].
    pub fn seek(&mut self, to: Time, budget: u64) -> Progress {
        self.lead(|run| run.seek(to, budget), |run, at| run.seek(at, u64::MAX))
    }

    fn lead(
        &mut self,
        lead: impl FnOnce(&mut Session) -> Progress,
        follow: impl Fn(&mut Session, Time) -> Progress,
    ) -> Progress {
        let events = |run: &Session| run.simulation().world().books().events;
        let leader = (0..self.runs.len()).rev().max_by_key(|run| events(&self.runs[*run])).unwrap_or(0);
        let progress = lead(&mut self.runs[leader]);
        let at = self.runs[leader].now();
        for (index, run) in self.runs.iter_mut().enumerate() {
            if index != leader {
                follow(run, at);
            }
        }
        progress
    }

    /// The next event of any run, with all that happens at that instant in the others.
    pub fn step_event(&mut self) -> Option<Time> {
        if let [only] = self.runs.as_mut_slice() {
            return only.step_event();
        }
        let end = self.end();
        let due = |run: &Session| run.simulation().world().next_time().filter(|at| *at <= end);
        let next = self.runs.iter().filter_map(due).min()?;
        for run in &mut self.runs {
            match due(run) == Some(next) {
                true => drop(run.step_event()),
                false => drop(run.advance(next, u64::MAX)),
            }
        }
        Some(next)
    }

    /// Until the next request ends in any run.
    pub fn step_request(&mut self) -> Option<Time> {
        if let [only] = self.runs.as_mut_slice() {
            return only.step_request();
        }
        let ended = |runs: &[Session]| -> u64 {
            runs.iter().map(|run| run.simulation().world().books().ended_total()).sum()
        };
        let before = ended(&self.runs);
        let mut time = None;
        while ended(&self.runs) == before {
            time = Some(self.step_event()?);
        }
        time
    }

    /// Back to time 0; changes stay.
    pub fn restart(&mut self) {
        self.runs.iter_mut().for_each(Session::restart);
    }

    /// Turns a setting of the scenario, and so in every run that has no value of its own for it.
    ///
    /// # Errors
    /// What is wrong with the path or the value; nothing has changed then.
    pub fn set(&mut self, path: &str, value: Value, when: When) -> Result<(), Vec<Problem>> {
        let changed = match path.split_once('.') {
            Some((place, setting)) if when == When::Now => {
                let (changed, _) = change_at(&self.scenario, self.now(), place, setting, value.clone())?;
                changed
            }
            _ => {
                self.adopt(variants::from_start(&self.scenario, path, value)?);
                return Ok(());
            }
        };
        self.scenario = changed;
        let wanted = wanted(&self.scenario, self.alone);
        for (run, (_, scenario)) in self.runs.iter_mut().zip(wanted) {
            if *run.scenario() != scenario {
                run.set(path, value.clone(), When::Now)?;
            }
        }
        // Where it changed something, a nanosecond has passed.
        let latest = self.runs.iter().map(Session::now).max().unwrap_or_default();
        for run in &mut self.runs {
            run.advance(latest, u64::MAX);
        }
        Ok(())
    }

    /// Gives one run a value of its own, or takes it away again. All are at time 0 then.
    ///
    /// # Errors
    /// What is wrong with the path or the value; nothing has changed then.
    pub fn set_in(&mut self, run: usize, path: &str, value: Option<Value>) -> Result<(), Vec<Problem>> {
        self.edit(|variants| {
            let Some(variant) = variants.get_mut(run) else { return };
            match value {
                Some(value) => drop(variant.set.insert(path.to_owned(), value)),
                None => drop(variant.set.remove(path)),
            }
        })
    }

    /// Changes which variants there are, what they are called and what is otherwise in them. All runs are at
    /// time 0 then.
    ///
    /// # Errors
    /// What is wrong with the variants then; nothing has changed.
    pub fn edit(&mut self, edit: impl FnOnce(&mut Vec<VariantSpec>)) -> Result<(), Vec<Problem>> {
        let mut scenario = (*self.scenario).clone();
        edit(&mut scenario.variants);
        self.adopt(Checked::new(scenario)?);
        Ok(())
    }

    /// Whether this is the scenario that runs, without any change.
    pub fn is_of(&self, scenario: &Checked) -> bool {
        self.scenario == *scenario || (!self.alone && self.scenario == at_least_two(scenario.clone()))
    }

    /// Runs another scenario from time 0, alone or its variants as before; what it has in common with the present
    /// one is kept.
    pub fn adopt(&mut self, scenario: Checked) {
        self.scenario = if self.alone { scenario } else { at_least_two(scenario) };
        let mut before = std::mem::take(&mut self.runs);
        self.names.clear();
        for (name, scenario) in wanted(&self.scenario, self.alone) {
            let kept = before.iter().position(|run| *run.scenario() == scenario);
            let mut run = match kept {
                Some(index) => before.swap_remove(index),
                None => Session::new(scenario),
            };
            run.seek(Time::ZERO, 0);
            self.names.push(name);
            self.runs.push(run);
        }
    }

    /// What is otherwise from run to run, by path.
    pub fn differences(&self) -> Vec<Difference> {
        let mut all: Vec<&String> =
            self.scenario.variants.iter().flat_map(|variant| variant.set.keys()).collect();
        all.sort();
        all.dedup();
        let difference = |path: &String| {
            let states: Vec<&Scenario> = self.runs.iter().map(|run| &**run.scenario()).collect();
            let value = |state: &&Scenario| paths::get(state, path).unwrap_or_default();
            Some(Difference {
                knob: states.iter().find_map(|state| knobs::knob(state, path))?,
                values: states.iter().map(value).collect(),
            })
        };
        let differs = |found: &Difference| found.values.windows(2).any(|pair| pair[0] != pair[1]);
        all.into_iter().filter_map(difference).filter(differs).collect()
    }
}

/// Name and scenario of each run.
fn wanted(scenario: &Checked, alone: bool) -> Vec<(String, Checked)> {
    if alone { vec![(scenario.title.clone(), scenario.clone())] } else { variants::variants(scenario) }
}

fn at_least_two(scenario: Checked) -> Checked {
    if scenario.variants.len() > 1 {
        return scenario;
    }
    let mut more = (*scenario).clone();
    for name in NAMES {
        if more.variants.len() < 2 {
            more.variants.push(VariantSpec { name: name.to_owned(), set: Default::default() });
        }
    }
    Checked::new(more).unwrap_or(scenario)
}
