//! `cargo xtask test`: every check, in order. All run, whatever fails before; the last line sums up.

use crate::process::{cargo, node, run, shown, tool};
use crate::setup::WASM_TARGET;
use crate::{browser, build, serve, setup};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

struct Step {
    name: &'static str,
    /// Needs no browser and no release build.
    quick: bool,
    run: fn(&mut Totals) -> Result<()>,
}

const STEPS: &[Step] = &[
    Step { name: "format", quick: true, run: format },
    Step { name: "clippy, native", quick: true, run: clippy_native },
    Step { name: "clippy, wasm", quick: true, run: clippy_wasm },
    Step { name: "clippy, the page of a first visit", quick: true, run: clippy_small },
    Step { name: "native tests", quick: true, run: native_tests },
    Step { name: "wasm tests in Chromium", quick: false, run: wasm_tests },
    Step { name: RELEASE_BUILD, quick: false, run: release_build },
    Step { name: "browser tests", quick: false, run: browser_tests },
];

const RELEASE_BUILD: &str = "release build";

/// What the steps that ran have brought.
#[derive(Default, Debug, PartialEq)]
struct Totals {
    steps: usize,
    failed_steps: Vec<&'static str>,
    passed: u64,
    /// Of these: browser tests that did not pass the first time.
    flaky: u64,
    failed: u64,
    skipped: u64,
}

pub fn test(args: &[String]) -> Result<()> {
    let quick = match args {
        [] => false,
        [flag] if flag == "--quick" => true,
        _ => bail!("usage: cargo xtask test [--quick]"),
    };
    let start = Instant::now();
    let mut totals = Totals::default();
    for step in STEPS.iter().filter(|step| step.quick || !quick) {
        println!("\n== {}", step.name);
        let start = Instant::now();
        let result = (step.run)(&mut totals);
        totals.steps += 1;
        match result {
            Ok(()) => println!("-- {}: ok, {}", step.name, shown_time(start.elapsed())),
            Err(error) => {
                totals.failed_steps.push(step.name);
                println!("-- {}: FAILED, {}\n   {error:#}", step.name, shown_time(start.elapsed()));
            }
        }
    }
    println!("\n{}", totals.closing_line(start.elapsed()));
    if !totals.failed_steps.is_empty() {
        std::process::exit(1);
    }
    Ok(())
}

fn format(_: &mut Totals) -> Result<()> {
    setup::lints()?;
    run(cargo().args(["fmt", "--all", "--check"]))
}

fn clippy_native(_: &mut Totals) -> Result<()> {
    setup::lints()?;
    run(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

/// Native clippy does not see what is compiled only for the browser.
fn clippy_wasm(_: &mut Totals) -> Result<()> {
    setup::lints()?;
    setup::wasm_target()?;
    let targets = ["--lib", "--bins", "--test", "wasm", "--test", "wasm_digests"];
    let packages = ["--package", "switchyard", "--package", "switchyard-app"];
    run(cargo()
        .args(["clippy", "--target", WASM_TARGET])
        .args(packages)
        .args(targets)
        .args(["--", "-D", "warnings"]))
}

/// The page without the feature `whole` is compiled by nothing else but the release build.
fn clippy_small(_: &mut Totals) -> Result<()> {
    let page = ["--package", "switchyard-app", "--no-default-features"];
    run(cargo().args(["clippy", "--target", WASM_TARGET]).args(page).args(["--", "-D", "warnings"]))
}

fn native_tests(totals: &mut Totals) -> Result<()> {
    counted(cargo().args(["test", "--workspace", "--no-fail-fast"]), totals)
}

fn wasm_tests(totals: &mut Totals) -> Result<()> {
    setup::wasm_target()?;
    setup::wasm_tools()?;
    browser::chromium()?;
    let mut test = cargo();
    test.args(["test", "--target", WASM_TARGET, "--test", "wasm", "--test", "wasm_digests"])
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", tool("wasm-bindgen-test-runner"))
        .env("CHROMEDRIVER", browser::chromedriver()?);
    counted(&mut test, totals)
}

fn release_build(_: &mut Totals) -> Result<()> {
    build::build(&[])
}

fn browser_tests(totals: &mut Totals) -> Result<()> {
    if totals.failed_steps.contains(&RELEASE_BUILD) {
        bail!("not run: they need the release build");
    }
    browser::playwright()?;
    let mut test = node("node_modules/@playwright/test/cli.js");
    test.arg("test")
        .env("CHROME", browser::chromium()?)
        .env("SWITCHYARD_PORT", serve::free_port(4173)?.to_string());
    let firefox = browser::firefox();
    // The tests for Firefox are skipped, and counted so, where it is not named.
    test.env("FIREFOX", firefox.as_deref().unwrap_or(Path::new("")));
    let result = counted(&mut test, totals);
    if let Err(reason) = firefox {
        println!("-- skipped: the tests in Firefox; {reason:#}");
    }
    result
}

/// Runs to the end, showing what it prints and adding the tests that it reports to the totals.
fn counted(command: &mut Command, totals: &mut Totals) -> Result<()> {
    let shown = shown(command);
    eprintln!("$ {shown}");
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start `{shown}`"))?;
    let printed = child.stdout.take().context("no output")?;
    for line in BufReader::new(printed).lines() {
        let line = line?;
        println!("{line}");
        totals.read(&line);
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

impl Totals {
    /// Takes the figures from a summary: cargo's `test result: ok. 12 passed; 0 failed; 1 ignored; …`,
    /// Playwright's `  12 passed (3.4s)`.
    fn read(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let playwright =
            line.starts_with("  ") && words.first().is_some_and(|word| word.parse::<u64>().is_ok());
        if !playwright && !line.starts_with("test result: ") {
            return;
        }
        for pair in words.windows(2) {
            let Ok(count) = pair[0].parse::<u64>() else { continue };
            match pair[1].trim_end_matches(';') {
                "passed" => self.passed += count,
                "flaky" => {
                    self.passed += count;
                    self.flaky += count;
                }
                "failed" | "interrupted" => self.failed += count,
                "ignored" | "skipped" | "did" => self.skipped += count, // "did not run"
                _ => {}
            }
        }
    }

    fn closing_line(&self, time: Duration) -> String {
        let verdict = match self.failed_steps.as_slice() {
            [] => "ok".to_owned(),
            failed => format!("FAILED ({})", failed.join("; ")),
        };
        format!(
            "xtask test: {verdict}: {} steps, {} tests passed ({} the second time), {} failed, {} skipped, {}",
            self.steps,
            self.passed,
            self.flaky,
            self.failed,
            self.skipped,
            shown_time(time)
        )
    }
}

fn shown_time(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_counted_and_nothing_else() {
        let mut totals = Totals::default();
        for line in [
            "running 14 tests",
            "test 3 passed ... ok",
            "test result: FAILED. 12 passed; 1 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.31s",
            "  1 failed",
            "    [desktop] boot.spec.mjs:9:1 the page 2 passed",
            "  2 flaky",
            "  2 skipped",
            "  3 did not run",
            "  20 passed (3.4s)",
        ] {
            totals.read(line);
        }
        assert_eq!(totals, Totals { passed: 34, flaky: 2, failed: 2, skipped: 6, ..Totals::default() });
    }

    #[test]
    fn the_closing_line_says_all() {
        let totals = Totals {
            steps: 4,
            passed: 12,
            failed: 1,
            failed_steps: vec!["native tests"],
            ..Totals::default()
        };
        assert_eq!(
            totals.closing_line(Duration::from_secs(75)),
            "xtask test: FAILED (native tests): 4 steps, 12 tests passed (0 the second time), 1 failed, 0 skipped, 1 min 15 s"
        );
    }
}
