//! What every lab, every example, and random scenarios and systems come to, as JSON: compared natively and in the browser.

use super::scenarios::{Size, checked};
use super::systems;
use serde_json::{Map, Value, json};
use switchyard::labs::LABS;
use switchyard::run::{Digest, NO_LIMIT, Simulation};
use switchyard::scenario::Checked;
use switchyard::sim::Time;

/// What is kept: `{ "name": "digest in hexadecimal" }`.
pub const KEPT: &str = include_str!("../golden/digests.json");

const RANDOM: u64 = 40;
/// Of every kind of node.
const RANDOM_SYSTEMS: u64 = 40;

macro_rules! examples {
    ($($name:literal)+) => {
        /// An example of every kind of node and every service.
        const EXAMPLES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../scenarios/", $name, ".json")))),+];
    };
}

examples! { "cache" "chat" "feed" "gateway" "limiter" "payments" "queue" "shortener" "store" }

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
    let example = |(name, text): &(&str, &str)| {
        let scenario = Checked::parse(text).expect("an example is fine");
        (format!("example {name}"), digest(&scenario))
    };
    let system = |seed| (format!("system {seed:02}"), digest(&systems::checked(seed)));
    let small = LABS.iter().map(lab).chain((0..RANDOM).map(random));
    small.chain(EXAMPLES.iter().map(example)).chain((0..RANDOM_SYSTEMS).map(system)).collect()
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
