//! The program that Trunk has put beside a released page: cut in two by [`crate::split`], so that a first visit loads
//! only what it runs.
//!
//! `cargo xtask profile` finds out what that is. It builds a page that notes every function it enters, opens it in a
//! browser in the ways in which first visits come (`tests/browser/profile.mjs`), and lists in `late.txt` what
//! never ran. A function that is newer than the list stays where it was: with an old list first visits load more,
//! but nothing else is worse.

use crate::data::Linked;
use crate::pages::hash;
use crate::post_build::files_below;
use crate::process::{node, root, run};
use crate::script::{self, Function, Script};
use crate::setup::WASM_TARGET;
use crate::split::{self, NotRun};
use crate::{browser, build};
use anyhow::{Context, Result};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Tells the build of the page that it is for [`profile`].
const PROFILE: &str = "SWITCHYARD_PROFILE";

/// The program as it was observed.
const PROGRAM: &str = "program.wasm";

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
    let text = fs::read_to_string(&script)?;
    if env::var_os(PROFILE).is_some() {
        fs::write(profile_dir().join(PROGRAM), &program)?;
        fs::copy(linked(), profile_dir().join("linked.wasm"))?;
        fs::write(&module, split::observed(&program)?)?;
        fs::write(&script, script::observing(&text)?)?;
        return Ok(None);
    }
    let split::Shortened { module: program, names } = split::shortened(&program)?;
    let linked = Linked::read(&fs::read(linked()).context("what the linker made")?)?;
    let not_run = fs::read_to_string(list()).map_err(Into::into).and_then(|text| read(&text));
    let split::Parts { mut page, mut late } =
        split::split(&program, &not_run.context("xtask/late.txt")?, &linked)?;
    let text = Script::read(&text).and_then(|mut script| {
        // What the first part calls stands first, and so does what looks alike.
        let called: HashSet<&str> = split::of_script(&page).map(|import| &*import.name).collect();
        script
            .functions
            .sort_by_key(|Function { name, text }| (!called.contains(&**name), text.len(), text.clone()));
        let numbers =
            (0..).zip(&script.functions).map(|(number, function)| (&*function.name, number)).collect();
        split::numbered(&mut page, &numbers)?;
        split::numbered(&mut late, &numbers)?;
        script.written(&names)
    });
    let [page, late_part] = [page, late].map(|mut part| part.emit_wasm());
    let late = format!("switchyard-app-late-{:08x}.wasm", hash(&late_part));
    fs::write(dist.join(&late), late_part)?;
    // The names that Trunk gave stand for the program as it was.
    let name = format!("switchyard-app-{:08x}", hash(&page));
    fs::write(dist.join(format!("{name}_bg.wasm")), page)?;
    fs::write(dist.join(format!("{name}.js")), text.with_context(|| script.display().to_string())?)?;
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
    let not_run = split::not_run(&fs::read(profile_dir().join(PROGRAM))?, &entered)?;
    let parts: usize = not_run.parts.values().map(|parts| parts.len()).sum();
    println!("a first visit does not run {} functions and {parts} parts of others", not_run.functions.len());
    fs::write(list(), written(&not_run))?;
    Ok(())
}

/// What the linker made of the page that was built last.
fn linked() -> PathBuf {
    root().join("target").join(WASM_TARGET).join("release/switchyard-app.wasm")
}

/// What moves.
fn list() -> PathBuf {
    root().join("xtask/late.txt")
}

fn profile_dir() -> PathBuf {
    root().join("target/profile")
}

/// A line for each: the function's key, and for parts its shape and the numbers of the forks.
fn written(NotRun { functions, parts }: &NotRun) -> String {
    let functions = functions.iter().map(|key| format!("{key:08x}\n"));
    let parts = parts.iter().map(|((key, shape), forks)| {
        let forks: String = forks.iter().map(|fork| format!(" {fork}")).collect();
        format!("{key:08x} {shape:08x}{forks}\n")
    });
    functions.chain(parts).collect()
}

fn read(text: &str) -> Result<NotRun> {
    let mut not_run = NotRun::default();
    for line in text.lines() {
        let mut words = line.split(' ');
        let mut number = || words.next().map(|word| u32::from_str_radix(word, 16)).transpose();
        let (key, shape) = (number()?, number()?);
        match (key.context("an empty line")?, shape) {
            (key, Some(shape)) => {
                let forks = words.map(str::parse).collect::<Result<_, _>>()?;
                not_run.parts.insert((key, shape), forks);
            }
            (key, None) => _ = not_run.functions.insert(key),
        }
    }
    Ok(not_run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read_as_it_is_written() {
        let not_run = NotRun {
            functions: [7, 0xffff_ffff].into(),
            parts: [((7, 1), [0, 12].into()), ((9, 2), [3].into())].into(),
        };
        assert_eq!(read(&written(&not_run)).unwrap(), not_run);
        assert!(read("7\n\n").is_err() && read("seven\n").is_err() && read("7 8 nine\n").is_err());
    }
}
