//! `switchyard run`: a scenario to its end, for one seed or many.

use super::input::{Assignment, STANDARD_INPUT, lines};
use super::report::{Ran, Report};
use super::requests::{Recorder, RequestsCsv};
use super::{Failure, input};
use crate::node::Settings;
use crate::play::{Session, When};
use crate::report::{Metrics, summarise, trace_events};
use crate::run::{Digest, Simulation};
use crate::scenario::log::BYTES_MAX;
use crate::scenario::replay::{Imported, import};
use crate::scenario::{Checked, paths};
use crate::sim::{Progress, Span, Time};
use std::fs::File;
use std::io::{self, Write};
use std::num::NonZero;
use std::thread;

/// Run a scenario to its end and report on it
#[derive(Debug, clap::Args)]
pub struct Options {
    /// A scenario file, a lab's id, or - for standard input
    #[arg(value_name = "FILE|LAB")]
    scenario: String,
    /// Seeds, such as 1..30 (both included) or 1,2,3; the scenario's own if none is given
    #[arg(long)]
    seeds: Option<Seeds>,
    /// A setting from the start, such as lb.policy=least-connections; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    set: Vec<Assignment>,
    /// Let the clients replay this access log
    #[arg(long, value_name = "ACCESS_LOG")]
    log: Option<String>,
    /// Write one row of CSV for each request (for one seed)
    #[arg(long, value_name = "FILE")]
    requests: Option<String>,
    /// Write every call as trace-event JSON, which Perfetto opens (for one seed, up to 200 000 calls)
    #[arg(long, value_name = "FILE")]
    trace: Option<String>,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
}

pub fn run(options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    let (scenario, imported) = prepare(options)?;
    let seeds = options.seeds.as_ref().map_or_else(|| vec![scenario.seed], |seeds| seeds.0.clone());
    let scenarios = with_seeds(&scenario, &seeds)?;
    let runs = match (&options.requests, scenarios.as_slice()) {
        (None, scenarios) => run_each(scenarios)?,
        (Some(file), [only]) => vec![run_recorded(only, file)?],
        (Some(_), _) => return Err(Failure::input("--requests takes one seed")),
    };
    match (&options.trace, scenarios.as_slice()) {
        (Some(file), [only]) => write_trace(only, file)?,
        (Some(_), _) => return Err(Failure::input("--trace takes one seed")),
        (None, _) => {}
    }
    let report = Report::new(&scenario, imported, runs);
    if options.json {
        writeln!(out, "{:#}", report.to_json())?
    } else {
        write!(out, "{report}")?
    }
    Ok(())
}

/// The scenario with its log and settings.
fn prepare(options: &Options) -> Result<(Checked, Option<Imported>), Failure> {
    if options.scenario == STANDARD_INPUT && options.log.as_deref() == Some(STANDARD_INPUT) {
        return Err(Failure::input("standard input is either the scenario or the log"));
    }
    let mut scenario = input::scenario(&options.scenario)?;
    let mut imported = None;
    if let Some(log) = &options.log {
        let name = log.rsplit('/').next().unwrap_or(log);
        let bytes = input::bytes(log, "file", BYTES_MAX)?;
        let read = import(&bytes, name, &scenario);
        let (replaying, summary) = read.map_err(|sentence| Failure::input(format!("{log}: {sentence}")))?;
        (scenario, imported) = (replaying, Some(summary));
    }
    if options.set.is_empty() {
        return Ok((scenario, imported));
    }
    // What the page does when a setting is turned from the start.
    let mut session = Session::new(scenario);
    for Assignment { name, value } in &options.set {
        let set = session.set(name, value.clone(), When::FromStart);
        set.map_err(|problems| Failure::Input(lines("--set", &problems)))?;
    }
    Ok((session.scenario().clone(), imported))
}

fn with_seeds(scenario: &Checked, seeds: &[u64]) -> Result<Vec<Checked>, Failure> {
    let seeded = |seed: &u64| paths::with(scenario, "seed", (*seed).into());
    let all: Result<Vec<Checked>, _> = seeds.iter().map(seeded).collect();
    all.map_err(|problems| Failure::Input(lines("--seeds", &problems)))
}

/// The runs share nothing, so they go side by side; the order is that of the seeds.
fn run_each(scenarios: &[Checked]) -> io::Result<Vec<Ran>> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share = scenarios.len().div_ceil(threads).max(1);
    let run_share = |share: &[Checked]| -> io::Result<Vec<Ran>> {
        share.iter().map(|scenario| run_once(scenario, &mut ())).collect()
    };
    thread::scope(|scope| {
        let parts: Vec<_> =
            scenarios.chunks(share).map(|share| scope.spawn(move || run_share(share))).collect();
        let mut runs = vec![];
        for part in parts {
            runs.extend(part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(runs)
    })
}

fn run_recorded(scenario: &Checked, file: &str) -> Result<Ran, Failure> {
    let is_servers = |settings: &Settings| matches!(settings, Settings::Servers(_));
    let ids = scenario.nodes.iter().map(|node| is_servers(&node.settings).then(|| node.id.clone()));
    let recorded = File::create(file)
        .and_then(|opened| RequestsCsv::new(opened, ids.collect()))
        .and_then(|mut csv| run_once(scenario, &mut csv));
    recorded.map_err(|error| Failure::input(format!("{file}: {error}")))
}

fn write_trace(scenario: &Checked, file: &str) -> Result<(), Failure> {
    let mut session = Session::new(scenario.clone());
    session.advance(session.end(), u64::MAX);
    let names: Vec<String> = scenario.nodes.iter().map(|node| node.name.clone()).collect();
    let json = trace_events(&session.traces(1, u64::MAX), &names, session.now());
    std::fs::write(file, json.to_string()).map_err(|error| Failure::input(format!("{file}: {error}")))
}

/// Events between two looks of the recorder.
const SLICE: u64 = 100_000;

fn run_once<R: Recorder>(scenario: &Checked, recorder: &mut R) -> io::Result<Ran> {
    let end = Time::from_ms(scenario.duration_ms);
    let mut metrics = Metrics::new(Span::from_ms(scenario.duration_ms));
    let mut digest = Digest::default();
    let mut watched = (&mut metrics, &mut digest);
    let mut seen = (&mut watched, &mut *recorder);
    let mut simulation = Simulation::new(scenario, &mut seen);
    loop {
        let progress = simulation.advance(end, SLICE, &mut seen);
        seen.1.write(simulation.world().classes())?;
        if progress == Progress::Reached {
            break;
        }
    }
    recorder.finish(simulation.world().requests(), simulation.world().classes())?;
    let summary = summarise(scenario, &metrics, simulation.world().nodes(), simulation.now());
    Ok(Ran { seed: scenario.seed, digest: digest.value(), summary: serde_json::to_value(summary)? })
}

/// The most seeds of one command.
const SEEDS_MAX: usize = 10_000;

/// `1..30` (both included), `7`, or several of these with commas between.
#[derive(Clone, Debug, PartialEq)]
pub struct Seeds(Vec<u64>);

impl std::str::FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Seeds, String> {
        let number = |text: &str| text.parse::<u64>().map_err(|_| format!("\"{text}\" is not a seed"));
        let mut seeds = vec![];
        for part in text.split(',') {
            let (first, last) = match part.split_once("..") {
                Some((first, last)) => (number(first)?, number(last)?),
                None => (number(part)?, number(part)?),
            };
            if first > last || last - first >= SEEDS_MAX as u64 {
                return Err(format!("\"{part}\" is not a range of 1 to {SEEDS_MAX} seeds"));
            }
            seeds.extend(first..=last);
        }
        let unique: std::collections::BTreeSet<&u64> = seeds.iter().collect();
        match (unique.len() == seeds.len(), seeds.len() <= SEEDS_MAX) {
            // The same run twice would make the interval look surer than it is.
            (false, _) => Err("a seed is named twice".into()),
            (true, false) => Err(format!("there may be at most {SEEDS_MAX} seeds")),
            (true, true) => Ok(Seeds(seeds)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_ranges_and_lists() {
        let seeds = |text: &str| text.parse::<Seeds>().map(|seeds| seeds.0);
        assert_eq!(seeds("1..3"), Ok(vec![1, 2, 3]));
        assert_eq!(seeds("5"), Ok(vec![5]));
        assert_eq!(seeds("1,4..5,2"), Ok(vec![1, 4, 5, 2]));
        for wrong in ["", "a", "3..1", "1..2,2", "0..10000", "-1", "1..", "0..18446744073709551615"] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }
}
