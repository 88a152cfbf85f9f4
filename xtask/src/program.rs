//! The program that Trunk has put beside a released page: cut in two by [`crate::split`], so that a first visit loads
//! only what it runs.
//!
//! `cargo xtask profile` finds out what that is. It builds a page that notes every function it enters, opens it in a
//! browser in the ways in which first visits come (`tests/browser/profile.mjs`), and lists in `late-functions.txt` what
//! never ran. A function that is newer than the list stays where it was: with an old list first visits load more,
//! but nothing else is worse.

use crate::pages::hash;
use crate::post_build::files_below;
use crate::process::{node, root, run};
use crate::{browser, build, split};
use anyhow::{Context, Result, bail};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Tells the build of the page that it is for [`profile`].
const PROFILE: &str = "SWITCHYARD_PROFILE";

/// The line of wasm-bindgen's script that names what the program imports.
const IMPORTS: &str = "\"./switchyard-app_bg.js\": import0,";
const WITH_LATE: &str = "...__late({ \"./switchyard-app_bg.js\": import0 }, () => wasm),";
const WITH_PROFILE: &str = "\"./switchyard-app_bg.js\": import0,
        \"profile\": { entered: number => { (globalThis.__entered ??= new Uint8Array(1 << 16))[number] = 1; } },";

/// Leaves in the page's program what a first visit runs. The file with the rest.
///
/// # Errors
/// When the program or its script does not look as those of the pinned wasm-bindgen do.
pub fn cut(dist: &Path) -> Result<Option<String>> {
    let module = files_below(dist)?
        .into_iter()
        .find(|file| file.to_string_lossy().ends_with("_bg.wasm"))
        .context("there is no program")?;
    let program = fs::read(&module)?;
    let stem = module.file_name().unwrap_or_default().to_string_lossy().replace("_bg.wasm", "");
    let script = dist.join(format!("{stem}.js"));
    let with = |imports| -> Result<String> {
        let text = fs::read_to_string(&script)?;
        let (before, after) = text.split_once(IMPORTS).with_context(|| format!("no {IMPORTS}"))?;
        Ok([before, imports, after].concat())
    };
    if env::var_os(PROFILE).is_some() {
        let (observed, keys) = split::observed(&program)?;
        fs::write(&module, observed)?;
        fs::write(&script, with(WITH_PROFILE)?)?;
        fs::write(profile_dir().join("functions.txt"), lines(&keys))?;
        return Ok(None);
    }
    let split::Shortened { module: program, names } = split::shortened(&program)?;
    let mut text = with(WITH_LATE)?;
    for (long, short) in names {
        // Each is a property of the one object that the script makes of them, a line to itself.
        let property = format!("\n        {long}: ");
        if text.matches(&property).count() != 1 {
            bail!("{} does not name {long} once", script.display());
        }
        text = text.replace(&property, &format!("\n        {short}: "));
    }
    let parts = split::split(&program, &keys(&list())?.into_iter().collect())?;
    let late = format!("switchyard-app-late-{:08x}.wasm", hash(&parts.late));
    fs::write(dist.join(&late), parts.late)?;
    // The names that Trunk gave stand for the program as it was.
    let name = format!("switchyard-app-{:08x}", hash(&parts.page));
    fs::write(dist.join(format!("{name}_bg.wasm")), parts.page)?;
    fs::write(dist.join(format!("{name}.js")), text)?;
    fs::remove_file(&module)?;
    fs::remove_file(&script)?;
    let index = dist.join("index.html");
    fs::write(&index, fs::read_to_string(&index)?.replace(&stem, &name))?;
    Ok(Some(late))
}

/// Writes the list anew.
pub fn profile(_: &[String]) -> Result<()> {
    browser::playwright()?;
    fs::create_dir_all(profile_dir())?;
    let dist = profile_dir().join("dist");
    build::first(&dist, (PROFILE, "1"))?;
    let entered = profile_dir().join("entered.txt");
    run(node("profile.mjs").arg(&entered).env("SWITCHYARD_DIST", &dist).env("CHROME", browser::chromium()?))?;
    let entered: HashSet<usize> =
        fs::read_to_string(entered)?.lines().map(str::parse).collect::<Result<_, _>>()?;
    let keys = keys(&profile_dir().join("functions.txt"))?;
    let ran: HashSet<u32> = entered.iter().filter_map(|&number| keys.get(number)).copied().collect();
    let mut late: Vec<u32> = keys.iter().copied().filter(|key| !ran.contains(key)).collect();
    late.sort_unstable();
    late.dedup();
    println!("a first visit runs {} of {} functions", entered.len(), keys.len());
    fs::write(list(), lines(&late))?;
    Ok(())
}

/// The keys of the functions that move.
fn list() -> PathBuf {
    root().join("xtask/late-functions.txt")
}

fn profile_dir() -> PathBuf {
    root().join("target/profile")
}

fn lines(keys: &[u32]) -> String {
    keys.iter().map(|key| format!("{key:08x}\n")).collect()
}

fn keys(file: &Path) -> Result<Vec<u32>> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(text.lines().map(|key| u32::from_str_radix(key, 16)).collect::<Result<_, _>>()?)
}
