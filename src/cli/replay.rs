//! `switchyard replay`: a trace through one policy, and what the policy made of it.

use super::Failure;
use super::input::Assignment;
use super::table::Table;
use crate::algo::balance::{self, TABLE};
use crate::algo::choice::PolicyChoice;
use crate::algo::setting::Knobs;
use std::io::Write;

/// Replay a trace through one policy
#[derive(Debug, clap::Args)]
pub struct Options {
    #[command(subcommand)]
    family: Family,
}

#[derive(Debug, clap::Subcommand)]
enum Family {
    Balancer(Balancer),
}

/// Whom a balancing policy picks for each request, as 0-based indices
///
/// Request i comes at i milliseconds from client i with key i, and none comes back: policies that go by
/// calls in flight spread what there is, policies that go by latency never see one.
#[derive(Debug, clap::Args)]
struct Balancer {
    /// A policy's id, or all for a table of counts
    #[arg(long)]
    policy: String,
    /// A setting of the policy; may be repeated
    #[arg(long = "knob", value_name = "K=V")]
    knobs: Vec<Assignment>,
    /// Weights of the backends, such as 5,1,1
    #[arg(long, value_delimiter = ',', required = true)]
    weights: Vec<u32>,
    /// How many requests
    #[arg(long, value_name = "N")]
    requests: u64,
}

pub fn replay(options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    match &options.family {
        Family::Balancer(options) if options.policy == "all" => all(options, out),
        Family::Balancer(options) => one(options, out),
    }
}

fn one(options: &Balancer, out: &mut impl Write) -> Result<(), Failure> {
    let given = options.knobs.iter().map(|knob| (knob.name.clone(), knob.value.clone()));
    let choice = PolicyChoice { id: options.policy.clone(), knobs: given.collect() };
    let knobs = choice.resolve("balance").map_err(|problems| {
        let line = |(below, sentence): (String, String)| format!("policy.{below}: {sentence}");
        Failure::Input(problems.into_iter().map(line).collect())
    })?;
    let picks = picks(&options.policy, &knobs, options)?;
    // Millions of picks are written one by one, not built as one value.
    write!(out, "{{\"policy\":{:?},\"picks\":[", options.policy)?;
    for (nth, pick) in picks.iter().enumerate() {
        write!(out, "{}{pick}", if nth == 0 { "" } else { "," })?;
    }
    Ok(writeln!(out, "]}}")?)
}

fn all(options: &Balancer, out: &mut impl Write) -> Result<(), Failure> {
    if !options.knobs.is_empty() {
        return Err(Failure::input("--knob needs one policy, not all"));
    }
    let numbers = (0..options.weights.len()).map(|backend| backend.to_string());
    let heading: Vec<String> = std::iter::once("backend".to_owned()).chain(numbers).collect();
    let mut table = Table::new(&heading);
    let weights = options.weights.iter().map(u32::to_string);
    table.row(std::iter::once("weight".to_owned()).chain(weights));
    for entry in TABLE {
        let picks = picks(entry.info.id, &Knobs::defaults(entry.info.knobs), options)?;
        let mut counts = vec![0u64; options.weights.len()];
        for pick in picks {
            if let Some(count) = counts.get_mut(pick) {
                *count += 1;
            }
        }
        let counts = counts.into_iter().map(|count| count.to_string());
        table.row(std::iter::once(entry.info.id.to_owned()).chain(counts));
    }
    Ok(write!(out, "{table}")?)
}

fn picks(policy: &str, knobs: &Knobs, options: &Balancer) -> Result<Vec<usize>, Failure> {
    balance::replay(policy, knobs, &options.weights, options.requests).map_err(Failure::input)
}
