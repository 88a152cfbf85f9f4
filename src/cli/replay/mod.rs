//! `switchyard replay`: a trace through one policy, and what the policy made of it.

mod balancer;
mod limiter;
mod lines;
mod ring;

use super::Failure;
use super::input::Assignment;
use super::table::Table;
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
    Balancer(balancer::Options),
    Limiter(limiter::Options),
    Ring(ring::Options),
}

pub fn replay(options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    match &options.family {
        Family::Balancer(options) => balancer::replay(options, out),
        Family::Limiter(options) => limiter::replay(options, out),
        Family::Ring(options) => ring::replay(options, out),
    }
}

/// The name that stands for every policy of a family, each with its defaults.
const ALL: &str = "all";

/// A policy's settings as `--policy` and `--knob` choose them.
///
/// # Errors
/// A line for each problem, with its path below the policy.
fn chosen(family: &str, policy: &str, given: &[Assignment]) -> Result<Knobs, Failure> {
    let given = given.iter().map(|knob| (knob.name.clone(), knob.value.clone()));
    let choice = PolicyChoice { id: policy.to_owned(), knobs: given.collect() };
    choice.resolve(family).map_err(|problems| {
        let line = |(below, sentence): (String, String)| format!("policy.{below}: {sentence}");
        Failure::Input(problems.into_iter().map(line).collect())
    })
}

/// # Errors
/// Knobs are given to all policies at once.
fn no_knobs(given: &[Assignment]) -> Result<(), Failure> {
    if given.is_empty() { Ok(()) } else { Err(Failure::input("--knob needs one policy, not all")) }
}
