//! The simulation against queueing theory: within its own confidence intervals, over many seeds.

use switchyard::report::statistics::estimate;
use switchyard::report::theory::{Prediction, mmc};
use switchyard::run::{NO_LIMIT, Simulation};
use switchyard::scenario::Checked;
use switchyard::sim::{Observer, Outcome, Request, Time};

/// Mean time in the system and in the queue, after the warm-up.
#[derive(Default)]
struct Means {
    requests: u64,
    sojourn_ms: f64,
}

const WARM_UP: Time = Time(60_000_000_000);

impl Observer for Means {
    fn ended(&mut self, request: &Request, outcome: Outcome, now: Time) {
        assert_eq!(outcome, Outcome::Ok);
        if request.born >= WARM_UP {
            self.requests += 1;
            self.sojourn_ms += now.since(request.born).ms();
        }
    }
}

fn run(scenario: &str, seed: u64) -> f64 {
    let scenario =
        Checked::parse(&scenario.replace("SEED", &seed.to_string())).expect("the scenario is fine");
    let mut means = Means::default();
    let mut simulation = Simulation::new(&scenario, &mut means);
    simulation.advance(Time::from_ms(scenario.duration_ms), NO_LIMIT, &mut means);
    simulation.world().check().expect("the books add up");
    means.sojourn_ms / means.requests as f64
}

/// The theory's mean must lie in the 95 % confidence interval of the mean over the seeds; the seeds
/// are fixed, so this is a fact and not a chance.
fn agrees(scenario: &str, theory: &Prediction) {
    let means: Vec<f64> = (1..=24).map(|seed| run(scenario, seed)).collect();
    let found = estimate(&means).expect("enough seeds");
    let wanted = theory.mean_sojourn_ms;
    assert!(!found.excludes(wanted), "{}: {found:?} for {wanted}", theory.model);
    let width = found.half_width.expect("many seeds");
    assert!(width / found.mean < 0.03, "the interval is too wide to say anything: {found:?}");
}

#[test]
fn mm1() {
    let scenario = r#"{"v":1,"seed":SEED,"duration_ms":660000,"nodes":[
        {"id":"clients","kind":"clients","rate_per_s":70,"timeout_ms":0,"to":["s"]},
        {"id":"s","kind":"servers","count":1,"workers":1,"queue":100000,"service_ms":{"dist":"exponential","mean":10}}]}"#;
    agrees(scenario, &mmc(70.0, 10.0, 1).expect("stable"));
}

#[test]
fn mmc_with_several_workers() {
    let scenario = r#"{"v":1,"seed":SEED,"duration_ms":660000,"nodes":[
        {"id":"clients","kind":"clients","rate_per_s":32,"timeout_ms":0,"to":["s"]},
        {"id":"s","kind":"servers","count":1,"workers":4,"queue":100000,"service_ms":{"dist":"exponential","mean":100}}]}"#;
    agrees(scenario, &mmc(32.0, 100.0, 4).expect("stable"));
}
