//! `switchyard replay`: a trace through one policy, and what the policy made of it.

mod balancer;
mod cache;

use super::Failure;
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
    Cache(cache::Options),
}

pub fn replay(options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    match &options.family {
        Family::Balancer(options) => balancer::replay(options, out),
        Family::Cache(options) => cache::replay(options, out),
    }
}
