//! A run that is watched: played, stepped, rewound, changed while it runs.
//!
//! The past is kept as a bounded number of checkpoints (clones of the simulation and its metrics),
//! thinned as the run grows; any past moment is the nearest checkpoint before it plus a little replay.
//! A knob turned during a run becomes a timed change of the scenario, so a link replays it.

mod comparison;
pub mod experiment;
mod history;
mod knobs;
pub mod sweep;

pub use comparison::{Comparison, Difference};
pub use knobs::Knob;

use crate::report::{Summary, TheoryLine, summarise, theory_of};
use crate::run::{Dot, Simulation, Snapshot};
use crate::scenario::{ChangeSpec, Checked, Problem, Scenario, paths, state_at, variants};
use crate::sim::{Progress, Span, Time, order};
use crate::watch::{Metrics, Trace, Tracer, Watched};
use history::{History, events};
use serde_json::Value;

/// When a setting takes its new value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At this moment: a change in the scenario.
    Now,
    /// From time 0: another scenario, run anew.
    FromStart,
}

/// A change on the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    pub at: Time,
    /// "Clients: Arrival rate 150 req/s".
    pub label: String,
}

/// A watched run.
#[derive(Clone, Debug)]
pub struct Session {
    scenario: Checked,
    present: Watched,
    history: History,
    /// The settings in force, and how many changes had happened when that was worked out.
    state: (usize, Scenario),
}

impl Session {
    pub fn new(scenario: Checked) -> Session {
        let present = Watched::new(&scenario, None);
        let state = (0, state_at(&scenario, Time::ZERO));
        Session { history: History::new(&present), present, state, scenario }.refreshed()
    }

    /// Live changes included.
    pub fn scenario(&self) -> &Checked {
        &self.scenario
    }

    pub fn now(&self) -> Time {
        self.present.simulation.now()
    }

    /// When the run is over.
    pub fn end(&self) -> Time {
        Time::from_ms(self.scenario.duration_ms)
    }

    pub fn metrics(&self) -> &Metrics {
        &self.present.metrics
    }

    pub fn simulation(&self) -> &Simulation {
        &self.present.simulation
    }

    pub fn snapshot(&self) -> Snapshot {
        self.present.simulation.snapshot()
    }

    /// See [`Simulation::dots`].
    pub fn dots(&self) -> Vec<Dot> {
        self.present.simulation.dots()
    }

    /// A fingerprint of everything that happened up to now.
    pub fn digest(&self) -> u64 {
        self.present.digest.value()
    }

    pub fn summary(&self) -> Summary {
        let nodes = self.present.simulation.world().nodes();
        summarise(&self.scenario, &self.present.metrics, nodes, self.now())
    }

    /// The scenario's settings as they are now.
    pub fn state(&self) -> &Scenario {
        &self.state.1
    }

    pub fn theory(&self) -> Option<TheoryLine> {
        theory_of(&self.state.1)
    }

    /// Plays on to `until` (at most the end), or for `budget` events.
    pub fn advance(&mut self, until: Time, budget: u64) -> Progress {
        let until = until.min(self.end());
        let mut left = budget;
        let progress = loop {
            let slice = left.min(self.history.events_to_next(&self.present));
            let before = events(&self.present);
            let progress = self.present.advance(until, slice);
            left -= (events(&self.present) - before).min(left);
            self.history.consider(&self.present);
            if progress == Progress::Reached || left == 0 {
                break progress;
            }
        };
        self.refresh();
        progress
    }

    /// Exactly one event, with all that it causes at that very instant.
    pub fn step_event(&mut self) -> Option<Time> {
        let end = self.end();
        let stepped = self.present.step(end, None);
        self.history.consider(&self.present);
        self.refresh();
        stepped
    }

    /// Until the next request ends.
    pub fn step_request(&mut self) -> Option<Time> {
        let ended = self.present.simulation.world().books().ended_total();
        let end = self.end();
        let mut time = None;
        while self.present.simulation.world().books().ended_total() == ended {
            time = Some(self.present.step(end, None)?);
        }
        self.history.consider(&self.present);
        self.refresh();
        time
    }

    /// Goes to any moment, past or to come; `OutOfBudget` if it is not there yet: then
    /// [`Session::advance`] leads on.
    pub fn seek(&mut self, to: Time, budget: u64) -> Progress {
        if to < self.now() {
            self.present = self.history.before(to).clone();
            self.present.simulation.set_changes(&self.scenario);
        }
        self.advance(to, budget)
    }

    /// Back to time 0; changes stay.
    pub fn restart(&mut self) {
        self.present = Watched::new(&self.scenario, None);
        self.history = History::new(&self.present);
        self.refresh();
    }

    /// When the next change of the scenario is due.
    pub fn next_change(&self) -> Option<Time> {
        let times = self.scenario.changes.iter().map(|change| Time::from_ms(change.at_ms));
        times.filter(|at| *at > self.now()).min()
    }

    pub fn flags(&self) -> Vec<Flag> {
        let changes = self.scenario.changes.iter();
        let mut flags: Vec<Flag> = changes.map(|change| knobs::flag(&self.scenario, change)).collect();
        order::sort_by_key(&mut flags, |flag| flag.at.0);
        flags
    }

    /// A setting's value in force now, by its path.
    pub fn value(&self, path: &str) -> Option<Value> {
        paths::get(&self.state.1, path)
    }

    /// The settings that the author lets the learner turn.
    pub fn knobs(&self) -> Vec<Knob> {
        self.scenario.knobs.iter().filter_map(|path| knobs::knob(&self.state.1, path)).collect()
    }

    /// A setting as a control, by its path.
    pub fn knob(&self, path: &str) -> Option<Knob> {
        knobs::knob(&self.state.1, path)
    }

    /// Every setting that is a single control, by node.
    pub fn all_settings(&self) -> Vec<Knob> {
        knobs::all(&self.state.1)
    }

    /// Changes a setting; see [`When`]. What belongs to the whole run (seed, duration, title) always
    /// applies from the start.
    ///
    /// # Errors
    /// What is wrong with the path or the value; nothing has changed then.
    pub fn set(&mut self, path: &str, value: Value, when: When) -> Result<(), Vec<Problem>> {
        match path.split_once('.') {
            Some((place, setting)) if when == When::Now => self.change_now(place, setting, value),
            _ => self.change_from_start(path, value),
        }
    }

    fn change_from_start(&mut self, path: &str, value: Value) -> Result<(), Vec<Problem>> {
        self.scenario = variants::from_start(&self.scenario, path, value)?;
        self.state.0 = usize::MAX;
        self.restart();
        Ok(())
    }

    fn change_now(&mut self, place: &str, setting: &str, value: Value) -> Result<(), Vec<Problem>> {
        let (scenario, at) = change_at(&self.scenario, self.now(), place, setting, value)?;
        self.scenario = scenario;
        self.state.0 = usize::MAX;
        // The beginning already contains the changes of time 0.
        if at == Time::ZERO {
            self.restart();
            return Ok(());
        }
        self.history.forget_after(at - Span(1));
        if at <= self.now() {
            self.seek(at - Span(1), u64::MAX);
        }
        self.present.simulation.set_changes(&self.scenario);
        self.advance(at, u64::MAX);
        Ok(())
    }

    /// The whole story of a request, found by running that part of the past once more.
    pub fn trace(&self, number: u64) -> Option<Trace> {
        self.traces(number, number).pop()
    }

    /// The stories of the requests with these numbers, both included, as far as they have been issued and as
    /// many as a [`Tracer`] keeps.
    pub fn traces(&self, first: u64, last: u64) -> Vec<Trace> {
        let (first, last) = (first.max(1), last.min(self.present.simulation.world().books().issued));
        if first > last {
            return vec![];
        }
        let start = self.history.before_request(first);
        let mut tracer = Tracer::of(first, last);
        let mut past = if events(start) == 0 {
            Watched::new(&self.scenario, Some(&mut tracer))
        } else {
            let mut past = start.clone();
            past.simulation.set_changes(&self.scenario);
            past
        };
        while !tracer.is_complete() && past.step(self.now(), Some(&mut tracer)).is_some() {}
        tracer.finish(|id| past.simulation.world().calls().get(id.0).copied())
    }

    fn refreshed(mut self) -> Session {
        self.refresh();
        self
    }

    /// Works out the settings in force, if a change has happened since.
    fn refresh(&mut self) {
        let now = self.now();
        self.present.metrics.roll(now);
        let happened =
            self.scenario.changes.iter().filter(|change| Time::from_ms(change.at_ms) <= now).count();
        if self.state.0 != happened {
            self.state = (happened, state_at(&self.scenario, now));
        }
    }
}

/// The scenario with a setting changed at this moment, and when exactly that is.
fn change_at(
    scenario: &Checked,
    now: Time,
    place: &str,
    setting: &str,
    value: Value,
) -> Result<(Checked, Time), Vec<Problem>> {
    let mut scenario = (**scenario).clone();
    // One nanosecond on, so that what has happened stays as it was.
    let mut at = (now + Span(1)).min(Time::from_ms(scenario.duration_ms));
    let same = |change: &ChangeSpec| {
        change.node == place
            && change.set.len() == 1
            && change.set.contains_key(setting)
            && Time::from_ms(change.at_ms) == now
    };
    // A slider dragged while nothing moves is one change, not many.
    if let Some(index) = scenario.changes.iter().rposition(same) {
        at = now;
        scenario.changes.remove(index);
    }
    scenario.changes.push(ChangeSpec {
        at_ms: at.ms(),
        node: place.to_owned(),
        set: order::map_of([(setting.to_owned(), value)]),
    });
    Ok((Checked::new(scenario)?, at))
}
