//! `cargo xtask pictures`: screenshots of the built site, to be looked at.

use crate::process::{node, run};
use crate::{browser, build};
use anyhow::Result;

/// `args` choose among the pictures: those whose name contains one of them. `--built` takes `dist/` as it is.
pub fn pictures(args: &[String]) -> Result<()> {
    let (built, args): (Vec<_>, Vec<_>) = args.iter().partition(|arg| *arg == "--built");
    browser::playwright()?;
    if built.is_empty() {
        build::build(&[])?;
    }
    run(node("pictures.mjs").args(&args).env("CHROME", browser::chromium()?))
}
