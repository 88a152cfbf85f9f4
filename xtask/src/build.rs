//! `cargo xtask build`: the deployable site in `dist/`.
//!
//! It is two builds of one page. The first in `dist/` is what a first visit loads: it lacks the cargo feature
//! `whole`. The second in `dist/all/` has everything; the first goes there for what it lacks.

use crate::process::{dist_dir, root, run};
use crate::{labs, module, offline, setup, sizes};
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Folder and options of each page. Trunk empties the folder first, so the outer one comes first.
const PAGES: [(&str, &[&str]); 2] = [("dist", &["--no-default-features"]), (WHOLE, &[])];

/// Where the whole page lies; `src/app/whole.rs` knows its last part.
const WHOLE: &str = "dist/all";

/// `args` go to `trunk build`. Trunk calls [`crate::post_build`] before it puts `dist/` in place.
pub fn build(args: &[String]) -> Result<()> {
    for (folder, options) in PAGES {
        let shared = if folder == WHOLE { Some(format!("../{}", labs::folder(&dist_dir())?)) } else { None };
        let shared = shared.as_deref().map(|shared| (labs::SHARED, shared));
        page(Path::new(folder), options, shared, args)?;
    }
    module::build(&dist_dir().join("module"), "release")?;
    offline::complete(&dist_dir())?;
    sizes::report(&dist_dir(), &root().join(WHOLE))
}

/// What a first visit loads, in a folder of its own; `variable` is told to [`crate::post_build`].
pub fn first(folder: &Path, variable: (&str, &str)) -> Result<()> {
    page(folder, PAGES[0].1, Some(variable), &[])
}

fn page(folder: &Path, options: &[&str], variable: Option<(&str, &str)>, args: &[String]) -> Result<()> {
    setup::wasm_target()?;
    setup::wasm_tools()?;
    run(setup::trunk()?
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags())
        .envs(variable)
        .args(["build", "--release", "--dist"])
        .arg(folder)
        .args(options)
        .args(args))
}

/// Names of functions that are the same in every build, for [`crate::split`]; and no names of this machine.
fn flags() -> String {
    format!("-Csymbol-mangling-version=v0 {}", nameless())
}

/// Compiler flags that keep this machine's paths out of the module: the messages of panics name files.
fn nameless() -> String {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let registries = home.and_then(|home| fs::read_dir(home.join("registry/src")).ok());
    let folders = registries.into_iter().flatten().flatten().map(|entry| entry.path()).chain([root()]);
    // Flags are separated by spaces: a path that has one is not remapped.
    let paths = folders.map(|path| path.display().to_string()).filter(|path| !path.contains(' '));
    let mut flags: Vec<_> = paths.map(|path| format!("--remap-path-prefix={path}=")).collect();
    // In one order always: other flags compile everything anew.
    flags.sort();
    flags.join(" ")
}
