//! What every lab and 40 random scenarios come to, as JSON: compared natively and in the browser.

use super::scenarios::{Size, checked};
use serde_json::{Map, Value, json};
use switchyard::labs::LABS;
use switchyard::run::{Digest, NO_LIMIT, Simulation};
use switchyard::scenario::Checked;
use switchyard::sim::Time;

/// What is kept: `{ "name": "digest in hexadecimal" }`.
pub const KEPT: &str = include_str!("../golden/digests.json");

const RANDOM: u64 = 40;

fn digest(scenario: &Checked) -> Value {
    let mut digest = Digest::default();
    let mut simulation = Simulation::new(scenario, &mut digest);
    simulation.advance(Time::from_ms(scenario.duration_ms), NO_LIMIT, &mut digest);
    json!(format!("{:016x}", digest.value()))
}

pub fn found() -> Map<String, Value> {
    let lab = |lab: &switchyard::labs::Lab| {
        let scenario = Checked::parse(lab.scenario).expect("a lab's scenario is fine");
        (lab.id.to_owned(), digest(&scenario))
    };
    let random = |seed| (format!("random {seed:02}"), digest(&checked(seed, Size::FULL)));
    LABS.iter().map(lab).chain((0..RANDOM).map(random)).collect()
}

/// The names whose digests differ from those that are kept.
pub fn differing() -> Vec<String> {
    let kept: Map<String, Value> = serde_json::from_str(KEPT).expect("the golden file is JSON");
    let found = found();
    let names = kept.keys().chain(found.keys());
    let mut names: Vec<String> = names.filter(|name| kept.get(*name) != found.get(*name)).cloned().collect();
    names.dedup();
    names
}
