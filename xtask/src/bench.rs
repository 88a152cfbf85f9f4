//! `cargo xtask bench`: the engine and the policies beside their peers natively, and in Chromium.

use crate::process::{browser_dir, cargo, node, root, run};
use crate::{browser, build};
use anyhow::Result;

/// A workspace of its own: the peers are compiled by nothing else.
const PEERS: &str = "benches/peers/Cargo.toml";
const IN_BROWSER: &str = "bench.mjs";

/// `args` go to both; `--native` leaves the browser out.
pub fn bench(args: &[String]) -> Result<()> {
    let (native, args): (Vec<_>, Vec<_>) = args.iter().partition(|arg| *arg == "--native");
    if root().join(PEERS).is_file() {
        run(cargo().args(["run", "--release", "--manifest-path", PEERS, "--"]).args(&args))?;
    } else {
        eprintln!("{PEERS} does not exist: no native benches");
    }
    if !native.is_empty() {
        return Ok(());
    }
    if !browser_dir().join(IN_BROWSER).is_file() {
        eprintln!("tests/browser/{IN_BROWSER} does not exist: no benches in the browser");
        return Ok(());
    }
    browser::playwright()?;
    build::build(&[])?;
    run(node(IN_BROWSER).args(&args).env("CHROME", browser::chromium()?))
}
