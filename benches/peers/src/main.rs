//! Ours beside its peers: how many model events a second (M/M/10 at load 0.8, behind two balancers), and how fast
//! rings and limiters are.
//!
//! Repetitions of all contestants are interleaved, so that another program's noise falls on all alike.

mod desru_mm10;
mod limiters;
mod mm10;
mod ours;
mod rings;
mod side_by_side;
mod theory;

use mm10::{Outcome, Policy};

/// A name, and how to run it: policy, requests, seed.
type Contestant = (&'static str, fn(Policy, u64, u64) -> Outcome);

/// The first is the one that the others are compared with: the peer at its best.
const CONTESTANTS: &[Contestant] = &[
    ("desru, own loop", desru_mm10::by_loop),
    ("desru, run()", desru_mm10::by_run),
    ("ours, wheel", ours::on_wheel),
    ("ours, heap", ours::on_heap),
    ("ours, watched", ours::watched),
    ("ours, timeouts", ours::timeouts_on_wheel),
    ("timeouts, heap", ours::timeouts_on_heap),
    ("ours, in flight", ours::in_flight_on_wheel),
    ("in flight, heap", ours::in_flight_on_heap),
];

/// What stands over what, as shares of median speeds.
const RATIOS: &[(&str, &str)] = &[
    ("ours, wheel", "desru, own loop"),
    ("ours, wheel", "ours, heap"),
    ("ours, timeouts", "timeouts, heap"),
    ("ours, in flight", "in flight, heap"),
    ("ours, watched", "ours, wheel"),
];

const REPETITIONS: u64 = 7;
/// Each repetition should take at least a second; aim higher, for the calibrating run may meet noise.
const SECONDS_WANTED: f64 = 1.6;
const CALIBRATION_REQUESTS: u64 = 1_000_000;
/// How far the mean number in the system may be from theory's: far beyond chance, far below a wrong model.
const MEAN_TOLERANCE: f64 = 0.02;

/// Whether a name contains one of the arguments; true, if there is none.
fn is_wanted(name: &str) -> bool {
    let mut parts = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).peekable();
    parts.peek().is_none() || parts.any(|part| name.contains(&part))
}

fn main() {
    let sound = simulations();
    if is_wanted("rings") {
        rings::rings();
    }
    if is_wanted("limiters") {
        limiters::limiters();
    }
    if !sound {
        std::process::exit(1);
    }
}

/// Whether all that ran simulated the same model.
fn simulations() -> bool {
    let contestants: Vec<Contestant> =
        CONTESTANTS.iter().filter(|(name, _)| is_wanted(name)).copied().collect();
    if contestants.is_empty() {
        return true;
    }
    println!("M/M/10, load 0.8; a request is two events; {REPETITIONS} interleaved repetitions\n");
    println!(
        "{:<18} {:<16} {:>10} {:>10} {:>7} {:>7}   mean in system: measured, theory",
        "balancer", "contestant", "median M/s", "max M/s", "ratio", "min s"
    );
    let mut sound = true;
    for policy in Policy::ALL {
        let wanted = theory::mean_in_system(policy);
        let own_mean = ours::mean_in_system(policy, 8_000_000, 1);
        let mut first_median = None;
        let mut medians = Vec::new();
        for ((name, _), outcomes) in contestants.iter().zip(repetitions(&contestants, policy)) {
            let sorted = |of: fn(&Outcome) -> f64| {
                let mut values: Vec<f64> = outcomes.iter().map(of).collect();
                values.sort_by(f64::total_cmp);
                values
            };
            let rates = sorted(|outcome| outcome.events_per_s / 1e6);
            let (median, fastest) = (rates[rates.len() / 2], rates[rates.len() - 1]);
            medians.push((*name, median));
            let ratio = median / *first_median.get_or_insert(median);
            let mean = outcomes.iter().map(|o| o.mean_in_system).sum::<f64>() / outcomes.len() as f64;
            // Ours counts in a run of its own, once.
            let mean = if mean.is_nan() { own_mean } else { mean };
            let agrees = (mean / wanted - 1.0).abs() < MEAN_TOLERANCE;
            sound &= agrees;
            println!(
                "{:<18} {:<16} {:>10.2} {:>10.2} {:>7.2} {:>7.2}   {:.3}, {:.3} {}",
                policy.id(),
                name,
                median,
                fastest,
                ratio,
                sorted(|outcome| outcome.seconds)[0],
                mean,
                wanted,
                if agrees { "ok" } else { "NOT THE SAME MODEL" }
            );
        }
        let median_of = |wanted| medians.iter().find(|(name, _)| *name == wanted).map(|(_, median)| *median);
        for (over, under) in RATIOS {
            if let (Some(over_median), Some(under_median)) = (median_of(*over), median_of(*under)) {
                println!("{:<18} {over} / {under}: {:.2}", policy.id(), over_median / under_median);
            }
        }
    }
    println!();
    sound
}

/// Per contestant, in the table's order, all its repetitions.
fn repetitions(contestants: &[Contestant], policy: Policy) -> Vec<Vec<Outcome>> {
    let requests: Vec<u64> = contestants
        .iter()
        .map(|(_, run)| {
            let rate = run(policy, CALIBRATION_REQUESTS, 0).events_per_s;
            (rate * SECONDS_WANTED / 2.0) as u64
        })
        .collect();
    let mut outcomes = vec![Vec::new(); contestants.len()];
    for seed in 1..=REPETITIONS {
        for (contestant, (_, run)) in contestants.iter().enumerate() {
            outcomes[contestant].push(run(policy, requests[contestant], seed));
        }
    }
    outcomes
}
