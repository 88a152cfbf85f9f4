//! Whole scenarios, one for each kind of node and each service: requests a second, natively, unobserved. And
//! that a hundred times more requests need no more memory. Run by `cargo xtask bench`.

use std::collections::BTreeMap;
use switchyard::labs::LABS;
use switchyard::node::{KINDS, Kind};
use switchyard::report::Metrics;
use switchyard::run::{NO_LIMIT, Simulation};
use switchyard::scenario::{Checked, paths};
use switchyard::sim::{Span, Time};

#[allow(clippy::disallowed_types, reason = "a bench reads the wall clock")]
fn seconds_of(act: impl FnOnce()) -> f64 {
    let from = std::time::Instant::now();
    act();
    from.elapsed().as_secs_f64()
}

/// So many requests are enough to measure by.
const REQUESTS: f64 = 1_000_000.0;
const REPETITIONS: usize = 3;

/// Thousands of requests a second of wall-clock time, the median of several runs.
fn speed(scenario: &Checked) -> f64 {
    let mut probe = Simulation::new(scenario, &mut ());
    let end = Time::from_ms(scenario.duration_ms);
    probe.advance(end, NO_LIMIT, &mut ());
    let times = (REQUESTS / probe.world().books().issued.max(1) as f64).max(1.0);
    let end = Time::from_ms((scenario.duration_ms * times).min(86_400_000.0));
    let mut speeds: Vec<f64> = (0..REPETITIONS)
        .map(|_| {
            let mut simulation = Simulation::new(scenario, &mut ());
            let seconds = seconds_of(|| {
                simulation.advance(end, NO_LIMIT, &mut ());
            });
            simulation.world().books().issued as f64 / seconds / 1000.0
        })
        .collect();
    speeds.sort_by(f64::total_cmp);
    speeds[REPETITIONS / 2]
}

/// The examples, and the first lab for what they lack: a balancer.
fn scenarios() -> BTreeMap<String, Checked> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");
    let example = |file: std::io::Result<std::fs::DirEntry>| {
        let file = file.expect("a file").path();
        let name = file.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        (name, std::fs::read_to_string(&file).expect("text"))
    };
    let examples = std::fs::read_dir(folder).expect("a folder").map(example);
    let all = examples.chain([("balancer".to_owned(), LABS[0].scenario.to_owned())]);
    all.map(|(name, text)| (name, Checked::parse(&text).expect("it is fine"))).collect()
}

#[test]
fn requests_a_second() {
    let scenarios = scenarios();
    let has = |kind: &Kind| {
        scenarios.values().any(|it| it.nodes.iter().any(|node| node.settings.kind().id == kind.id))
    };
    assert!(KINDS.iter().all(has), "every kind of node is in one of them");
    for (name, scenario) in &scenarios {
        let speed = speed(scenario);
        println!("speed {name} {speed:.0}");
        assert!(speed > 0.0);
    }
}

/// The most memory that this process has had so far, in MiB. From the Linux kernel.
fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}

/// M/M/10 behind round robin, watched by the metrics of a report: 10⁶ requests, then `REQUESTS_MAX` (10⁸).
#[test]
fn memory() {
    let file = r#"{"v":1,"seed":1,"duration_ms":86400000,"nodes":[
        {"id":"clients","kind":"clients","rate_per_s":8000,"to":["lb"]},
        {"id":"lb","kind":"balancer","to":["servers"]},
        {"id":"servers","kind":"servers","count":10,"queue":1000,"service_ms":{"dist":"exponential","mean":1}}]}"#;
    let most: f64 = std::env::var("REQUESTS_MAX").ok().and_then(|text| text.parse().ok()).unwrap_or(1e8);
    let scenario =
        paths::with(&Checked::parse(file).expect("it is fine"), "seed", 2.into()).expect("it is a seed");
    let mut metrics = Metrics::new(Span::from_ms(scenario.duration_ms));
    let mut simulation = Simulation::new(&scenario, &mut metrics);
    for requests in [1e6, most] {
        simulation.advance(Time::from_ms(requests / 8.0), NO_LIMIT, &mut metrics);
        let issued = simulation.world().books().issued;
        println!("memory {issued} requests {:.1} MiB at most", peak_mib().unwrap_or(f64::NAN));
    }
}
