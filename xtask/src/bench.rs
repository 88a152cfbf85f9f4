//! `cargo xtask bench`: the engine beside its peers, and natively beside itself in Chromium.

use crate::process::{cargo, node, root, run, shown, tool};
use crate::setup::WASM_TARGET;
use crate::{browser, build, setup};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::process::Command;

/// A workspace of its own: the peers are compiled by nothing else.
const PEERS: &str = "benches/peers/Cargo.toml";

/// `args` go to the peers' program; `--native` leaves the browser out, `--browser` the peers.
pub fn bench(args: &[String]) -> Result<()> {
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    let others: Vec<_> =
        args.iter().filter(|arg| !["--native", "--browser"].contains(&arg.as_str())).collect();
    if !has("--browser") {
        let manifest = root().join(PEERS);
        run(cargo().args(["run", "--release", "--manifest-path"]).arg(manifest).arg("--").args(&others))?;
    }
    if has("--native") {
        return Ok(());
    }
    in_browser()?;
    browser::playwright()?;
    build::build(&[])?;
    run(node("bench.mjs").env("CHROME", browser::chromium()?))
}

/// The same program natively and in Chromium, one after the other, and the ratio of their speeds.
fn in_browser() -> Result<()> {
    setup::wasm_target()?;
    setup::wasm_tools()?;
    browser::chromium()?;
    let bench = ["test", "--release", "--test", "in_browser"];
    let native = speeds(cargo().args(bench).args(["--", "--nocapture"]))?;
    let chromium = speeds(
        cargo()
            .args(bench)
            .args(["--target", WASM_TARGET, "--", "--nocapture"])
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", tool("wasm-bindgen-test-runner"))
            .env("WASM_BINDGEN_TEST_TIMEOUT", "300")
            .env("CHROMEDRIVER", browser::chromedriver()?),
    )?;
    println!("\n{:<20} {:>10} {:>10} {:>8}", "M/M/10 behind", "native M/s", "Chromium", "ratio");
    for (name, native) in &native {
        let chromium = chromium.get(name).with_context(|| format!("{name} did not run in Chromium"))?;
        println!("{name:<20} {native:>10.2} {chromium:>10.2} {:>8.2}", chromium / native);
    }
    Ok(())
}

/// What the bench printed as `speed NAME FIGURE`.
fn speeds(command: &mut Command) -> Result<BTreeMap<String, f64>> {
    let shown = shown(command);
    eprintln!("$ {shown}");
    let output = command.output().with_context(|| format!("cannot start `{shown}`"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let figure = |line: &str| {
        let (name, figure) = line.trim().strip_prefix("speed ")?.split_once(' ')?;
        Some((name.to_owned(), figure.parse().ok()?))
    };
    let speeds: BTreeMap<_, _> = text.lines().filter_map(figure).collect();
    if !output.status.success() || speeds.is_empty() {
        bail!("`{shown}` measured nothing:\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(speeds)
}
