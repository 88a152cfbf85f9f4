//! `switchyard schema`: the JSON Schema of scenario files.

use super::Failure;
use crate::scenario::schema as scenario_schema;
use std::io::Write;

/// Print the JSON Schema of scenario files
#[derive(Debug, clap::Args)]
pub struct Options {}

pub fn schema(_: &Options, out: &mut impl Write) -> Result<(), Failure> {
    Ok(writeln!(out, "{:#}", scenario_schema::schema())?)
}
