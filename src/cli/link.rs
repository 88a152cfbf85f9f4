//! `switchyard link`: a scenario as the fragment of an address.

use super::{Failure, input};
use crate::scenario::link::encode;
use std::io::Write;

/// Print the fragment that carries a scenario in an address, `#` included
#[derive(Debug, clap::Args)]
pub struct Options {
    /// A scenario file, a lab's id, or - for standard input
    #[arg(value_name = "FILE|LAB")]
    scenario: String,
}

pub fn link(options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    let scenario = input::scenario(&options.scenario)?;
    Ok(writeln!(out, "#{}", encode(&scenario))?)
}
