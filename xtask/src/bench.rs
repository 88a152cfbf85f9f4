//! `cargo xtask bench`: the engine and the caches beside their peers, and natively beside themselves in
//! Chromium.

use crate::process::{cargo, node, root, run, shown, tool};
use crate::setup::WASM_TARGET;
use crate::{browser, build, setup};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::process::Command;

/// A workspace of its own: the peers are compiled by nothing else.
const PEERS: &str = "benches/peers/Cargo.toml";
/// The peer of the caches, from PyPI.
const CACHES_PEER: &str = "libcachesim==0.3.5";
/// For each speed wanted beside the peer's: natively, in Chromium.
const CACHES_GOALS: [f64; 2] = [2.0, 1.5];

/// `args` go to the peers' program; `--native` leaves the browser out, `--browser` the peers.
pub fn bench(args: &[String]) -> Result<()> {
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    let others: Vec<_> =
        args.iter().filter(|arg| !["--native", "--browser"].contains(&arg.as_str())).collect();
    if !has("--browser") {
        let manifest = root().join(PEERS);
        run(cargo().args(["run", "--release", "--manifest-path"]).arg(manifest).arg("--").args(&others))?;
    }
    if !has("--browser") {
        kinds()?;
    }
    caches(!has("--browser"), !has("--native"))?;
    if has("--native") {
        return Ok(());
    }
    in_browser()?;
    browser::playwright()?;
    // The stage's peer, from npm: only here.
    browser::packages(&root().join("benches/peers/stage"))?;
    build::build(&[])?;
    run(node("bench.mjs").env("CHROME", browser::chromium()?))
}

/// The same program natively and in Chromium, one after the other, and the ratio of their speeds.
fn in_browser() -> Result<()> {
    let native = speeds(&mut native("in_browser"))?;
    let chromium = speeds_in_chromium("in_browser")?;
    println!("\n{:<20} {:>10} {:>10} {:>8}", "M/M/10 behind", "native M/s", "Chromium", "ratio");
    for (name, native) in &native {
        let chromium = chromium.get(name).with_context(|| format!("{name} did not run in Chromium"))?;
        println!("{name:<20} {native:>10.2} {chromium:>10.2} {:>8.2}", chromium / native);
    }
    Ok(())
}

fn native(test: &str) -> Command {
    let mut command = cargo();
    command.args(["test", "--release", "--test", test, "--", "--nocapture"]);
    command
}

/// Now and then the browser's driver answers with something else than was asked: that is no reason to measure all the
/// rest again.
fn speeds_in_chromium(test: &str) -> Result<BTreeMap<String, f64>> {
    speeds(&mut chromium(test)?).or_else(|problem| {
        eprintln!("{problem:#}\nonce more:");
        speeds(&mut chromium(test)?)
    })
}

fn chromium(test: &str) -> Result<Command> {
    setup::wasm_target()?;
    setup::wasm_tools()?;
    browser::chromium()?;
    let mut command = cargo();
    command
        .args(["test", "--release", "--test", test, "--target", WASM_TARGET, "--", "--nocapture"])
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", tool("wasm-bindgen-test-runner"))
        .env("WASM_BINDGEN_TEST_TIMEOUT", "300")
        .env("CHROMEDRIVER", browser::chromedriver()?);
    Ok(command)
}

/// Whole scenarios of each kind of node, and memory: see `benches/kinds.rs`.
fn kinds() -> Result<()> {
    let scenarios = speeds(native("kinds").arg("requests_a_second"))?;
    println!("\n{:<20} {:>14}", "scenario", "1000 req/s");
    for (name, speed) in &scenarios {
        println!("{name:<20} {speed:>14.0}");
    }
    // A process of its own: what it prints is its peak.
    run(native("kinds").arg("memory"))
}

/// Eviction policies on one trace: here natively and in Chromium, and libCacheSim. Both ratios are to the peer.
fn caches(natively: bool, in_chromium: bool) -> Result<()> {
    let folder = root().join("target/peers");
    std::fs::create_dir_all(&folder)?;
    let trace = folder.join("caches.oracleGeneral");
    let native = speeds(native("caches").env("SWITCHYARD_TRACE", &trace))?;
    let python = folder.join("venv/bin/python");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(folder.join("venv")))?;
    }
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", CACHES_PEER]))?;
    let script = root().join("benches/peers/caches.py");
    let peer = speeds(Command::new(&python).arg(script).arg("speed").arg(&trace))?;
    let chromium = if in_chromium { speeds_in_chromium("caches")? } else { BTreeMap::new() };
    let ours = [natively.then_some(&native), in_chromium.then_some(&chromium)];
    println!(
        "\n{:<20} {:>12} {:>12} {:>8} {:>12} {:>8}",
        "cache, M requests/s", "libCacheSim", "native", "ratio", "Chromium", "ratio"
    );
    for (name, peer) in &peer {
        print!("{name:<20} {peer:>12.2}");
        for (speeds, goal) in ours.iter().zip(CACHES_GOALS) {
            match speeds.and_then(|speeds| speeds.get(name)) {
                Some(speed) => {
                    let ratio = speed / peer;
                    print!(" {speed:>12.2} {ratio:>7.2}{}", if ratio < goal { "!" } else { " " });
                }
                None => print!(" {:>12} {:>8}", "-", "-"),
            }
        }
        println!();
    }
    println!("! below the goal of {} times natively, {} times in Chromium", CACHES_GOALS[0], CACHES_GOALS[1]);
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
