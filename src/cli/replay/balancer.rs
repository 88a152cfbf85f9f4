//! `switchyard replay balancer`: whom a balancing policy picks.

use super::{ALL, Assignment, Failure, Table, chosen, no_knobs};
use crate::algo::balance::{self, TABLE};
use crate::algo::setting::Knobs;
use std::io::Write;

/// Whom a balancing policy picks for each request, as 0-based indices
///
/// Request i comes at i milliseconds from client i with key i, and none comes back: policies that go by
/// calls in flight spread what there is, policies that go by latency never see one.
#[derive(Debug, clap::Args)]
pub struct Options {
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
    if options.policy == ALL { all(options, out) } else { one(options, out) }
}

fn one(options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    let knobs = chosen("balance", &options.policy, &options.knobs)?;
    let picks = picks(&options.policy, &knobs, options)?;
    // Millions of picks are written one by one, not built as one value.
    write!(out, "{{\"policy\":{:?},\"picks\":[", options.policy)?;
    for (nth, pick) in picks.iter().enumerate() {
        write!(out, "{}{pick}", if nth == 0 { "" } else { "," })?;
    }
    Ok(writeln!(out, "]}}")?)
}

fn all(options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    no_knobs(&options.knobs)?;
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

fn picks(policy: &str, knobs: &Knobs, options: &Options) -> Result<Vec<usize>, Failure> {
    balance::replay(policy, knobs, &options.weights, options.requests).map_err(Failure::input)
}
