//! What the commands need of the Rust side: the wasm target, clippy and rustfmt, our own tools, Trunk.
//! Each function costs next to nothing when all is there.

use crate::browser;
use crate::process::{cargo, command, output, run, tool, tools_dir};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The Trunk that this project is built with. A later one is not taken: its options change.
const TRUNK_VERSION: &str = "0.21.14";

pub fn setup(_: &[String]) -> Result<()> {
    lints()?;
    wasm_target()?;
    wasm_tools()?;
    trunk()?;
    browser::chromium()?;
    browser::chromedriver()?;
    browser::playwright()?;
    if let Err(reason) = browser::firefox() {
        println!("the tests in Firefox will be skipped; {reason:#}");
    }
    println!("everything that the other commands need is there");
    Ok(())
}

pub fn wasm_target() -> Result<()> {
    let folder = output(command("rustc").args(["--print", "target-libdir", "--target", WASM_TARGET]));
    if folder.is_some_and(|folder| Path::new(&folder).exists()) {
        return Ok(());
    }
    run(command("rustup").args(["target", "add", WASM_TARGET]))
        .with_context(|| format!("needed: Rust's standard library for {WASM_TARGET}"))
}

/// Clippy and rustfmt: a minimal toolchain lacks them.
pub fn lints() -> Result<()> {
    for (subcommand, component) in [("clippy", "clippy"), ("fmt", "rustfmt")] {
        if output(cargo().args([subcommand, "--version"])).is_none() {
            run(command("rustup").args(["component", "add", component]))
                .with_context(|| format!("needed: the toolchain's component {component}"))?;
        }
    }
    Ok(())
}

/// Puts this program under the names of the wasm-bindgen tools.
pub fn wasm_tools() -> Result<()> {
    let this = env::current_exe()?;
    for name in ["wasm-bindgen", "wasm-bindgen-test-runner"] {
        let link = tool(name);
        if same_file(&this, &link) {
            continue;
        }
        fs::create_dir_all(tools_dir().join("bin"))?;
        if link.exists() {
            fs::remove_file(&link)?;
        }
        // The target folder may lie on another disk.
        fs::hard_link(&this, &link)
            .or_else(|_| fs::copy(&this, &link).map(|_| ()))
            .with_context(|| format!("cannot write {}", link.display()))?;
    }
    Ok(())
}

fn same_file(this: &Path, other: &Path) -> bool {
    let (Ok(this), Ok(other)) = (fs::metadata(this), fs::metadata(other)) else { return false };
    this.len() == other.len() && this.modified().ok() <= other.modified().ok()
}

/// Trunk, ready to be started: the installed one if it is the version we want, else our own.
pub fn trunk() -> Result<Command> {
    let mut trunk = command(trunk_path()?);
    // Trunk knows only `true` and `false` here, and stops at the usual `1`.
    trunk.env_remove("NO_COLOR").env("TRUNK_SKIP_VERSION_CHECK", "true").env("RUST_BACKTRACE", "0");
    Ok(trunk)
}

fn trunk_path() -> Result<PathBuf> {
    let wanted = format!("trunk {TRUNK_VERSION}");
    let own = tool("trunk");
    for path in [own.clone(), PathBuf::from("trunk")] {
        if output(command(&path).arg("--version")).as_deref() == Some(&wanted) {
            return Ok(path);
        }
    }
    eprintln!("installing {wanted} under target/tools, once (about 5 minutes on 2 cores)");
    let build = tools_dir().join("build");
    run(cargo()
        .args(["install", "trunk", "--version", TRUNK_VERSION, "--locked", "--force"])
        // Trunk waits for other programs: its own speed does not matter, the time to compile it does.
        .args(["--debug", "--no-default-features", "--features", "rustls"])
        .arg("--root")
        .arg(tools_dir())
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_TARGET_DIR", &build))?;
    fs::remove_dir_all(&build).ok();
    if !own.exists() {
        bail!("Trunk was installed, but not as {}", own.display());
    }
    Ok(own)
}
