//! The JavaScript module: an npm-ready package in a folder of the site.

use crate::post_build::{compress, extension, files_below};
use crate::process::{cargo, command, root, run, tool};
use crate::setup::WASM_TARGET;
use crate::wasm;
use anyhow::Result;
use std::fs;
use std::path::{Path, PathBuf};

/// What is written by hand.
const FILES: [&str; 4] = ["package.json", "README.md", "example.html", "example.js"];

/// `cargo xtask module [FOLDER]`: the module alone, compiled quickly, to try it.
pub fn command_line(args: &[String]) -> Result<()> {
    crate::setup::wasm_target()?;
    crate::setup::wasm_tools()?;
    let folder = args.first().map_or_else(|| root().join("target/module"), PathBuf::from);
    build(&folder, "dev")
}

/// Puts the package into `folder`.
pub fn build(folder: &Path, profile: &str) -> Result<()> {
    run(cargo().args([
        "build",
        "--package",
        "switchyard-module",
        "--target",
        WASM_TARGET,
        "--profile",
        profile,
    ]))?;
    let kind = if profile == "dev" { "debug" } else { profile };
    let built = root().join("target").join(WASM_TARGET).join(kind).join("switchyard_module.wasm");
    fs::create_dir_all(folder)?;
    run(command(tool("wasm-bindgen"))
        .arg(built)
        .args(["--target", "web", "--out-name", "switchyard", "--out-dir"])
        .arg(folder))?;
    for name in FILES {
        fs::copy(root().join("src/app/module").join(name), folder.join(name))?;
    }
    let module = folder.join("switchyard_bg.wasm");
    fs::write(&module, wasm::without_names(&fs::read(&module)?)?)?;
    // A second build finds the twins of the first; those of a README would be packed by npm.
    let is_sent = |file: &&PathBuf| !["br", "gz", "md"].contains(&extension(file));
    files_below(folder)?.iter().filter(is_sent).try_for_each(|file| compress(file))
}
