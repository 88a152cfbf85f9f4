//! `switchyard check`: says of each scenario whether it can run, and if not, every reason.

use super::{Failure, input};
use std::io::Write;

/// Check scenario files; every problem is printed with its path
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Scenario files, ids of labs, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
}

pub fn check(options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    let mut problems = vec![];
    for file in &options.files {
        match input::scenario(file) {
            Ok(scenario) => writeln!(out, "{file}: fine: {}", scenario.title)?,
            Err(Failure::Input(lines)) => problems.extend(lines),
            Err(failure) => return Err(failure),
        }
    }
    out.flush()?;
    if problems.is_empty() { Ok(()) } else { Err(Failure::Input(problems)) }
}
