//! Labs run as a learner runs them, and what is read from their summaries.

use serde_json::{Value, json};
use switchyard::labs::{Lab, Lesson, find};
use switchyard::play::{Session, When};
use switchyard::report::Summary;
use switchyard::scenario::Checked;
use switchyard::sim::Time;

/// What a topic says of a lab, beside its tests.
pub struct Proof {
    pub id: &'static str,
    /// The right option of its prediction, as a test measures it.
    pub answer: &'static str,
    /// Knobs that, turned from the start, meet its challenge.
    pub solution: Vec<(&'static str, Value)>,
}

pub fn scenario(lab: &Lab) -> Checked {
    Checked::parse(lab.scenario).unwrap_or_else(|problems| panic!("{}: {problems:?}", lab.id))
}

pub fn lesson(lab: &Lab) -> Lesson {
    Lesson::parse(lab.lesson).unwrap_or_else(|error| panic!("{}: {error}", lab.id))
}

/// The lab with settings turned from the start, as a learner does it.
pub fn session(id: &str, seed: u64, settings: &[(&str, Value)]) -> Session {
    let mut session = Session::new(scenario(find(id).expect("the lab is in the table")));
    let seed = ("seed", json!(seed));
    for (path, value) in settings.iter().chain([&seed]) {
        session.set(path, value.clone(), When::FromStart).unwrap_or_else(|problems| panic!("{problems:?}"));
    }
    session
}

pub fn run(id: &str, seed: u64, settings: &[(&str, Value)]) -> (Summary, Session) {
    let mut session = session(id, seed, settings);
    session.advance(session.end(), u64::MAX);
    (session.summary(), session)
}

/// The summary of the run so far, at that time of it.
pub fn run_until(id: &str, seed: u64, settings: &[(&str, Value)], at_ms: f64) -> Summary {
    let mut session = session(id, seed, settings);
    session.advance(Time::from_ms(at_ms), u64::MAX);
    session.summary()
}

/// What a node counted.
pub fn count(summary: &Summary, node: &str, what: &str) -> f64 {
    summary.nodes[node].counts[what] as f64
}

pub fn hit_ratio(summary: &Summary) -> f64 {
    summary.nodes["cache"].hit_ratio.unwrap()
}

/// The mean over the lab's seeds.
pub fn mean(id: &str, figure: impl Fn(u64) -> f64) -> f64 {
    let figures: Vec<f64> = seeds(id).map(figure).collect();
    figures.iter().sum::<f64>() / figures.len() as f64
}

pub fn goals_met(id: &str, seed: u64, settings: &[(&str, Value)]) -> bool {
    let (summary, session) = run(id, seed, settings);
    let summary = serde_json::to_value(summary).unwrap();
    let goals = lesson(find(id).unwrap()).challenge.goals;
    goals.iter().all(|goal| goal.met(&summary, session.state()) == Some(true))
}

pub fn share(summary: &Summary, member: u32) -> f64 {
    summary.nodes["servers"].members[&member].load_share
}

pub fn busy(summary: &Summary, member: u32) -> f64 {
    summary.nodes["servers"].members[&member].utilisation.unwrap()
}

pub fn p99(summary: &Summary) -> f64 {
    summary.total.latency_ms.p99.unwrap()
}

/// Seeds beside a lab's own.
pub const OTHERS: std::ops::RangeInclusive<u64> = 1..=24;

/// The lab's own seed first, then the others.
pub fn seeds(id: &str) -> impl Iterator<Item = u64> {
    std::iter::once(own_seed(id)).chain(OTHERS)
}

pub fn own_seed(id: &str) -> u64 {
    scenario(find(id).expect("the lab is in the table")).seed
}
