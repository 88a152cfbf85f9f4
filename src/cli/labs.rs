//! `switchyard labs`: what labs there are.

use super::Failure;
use super::table::Table;
use crate::labs::LABS;
use std::io::Write;

/// List the labs
#[derive(Debug, clap::Args)]
pub struct Options {}

pub fn labs(_: &Options, out: &mut impl Write) -> Result<(), Failure> {
    let mut table = Table::new(&["lab", "title", "what it shows"]).words(3);
    for lab in LABS {
        table.row([lab.id, lab.title, lab.summary]);
    }
    Ok(write!(out, "{table}")?)
}
