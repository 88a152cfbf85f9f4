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
use crate::setup::WASM_TARGET;
use crate::split::{self, NotRun};
use crate::{browser, build};
use anyhow::{Context, Result, bail};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Tells the build of the page that it is for [`profile`].
const PROFILE: &str = "SWITCHYARD_PROFILE";

/// The program as it was observed.
const PROGRAM: &str = "program.wasm";

/// The line of wasm-bindgen's script that names what the program imports.
const IMPORTS: &str = "\"./switchyard-app_bg.js\": import0,";
const WITH_LATE: &str = "...__late({ own: import0 }, () => wasm),";
const WITH_PROFILE: &str = "\"./switchyard-app_bg.js\": import0,
        \"profile\": { entered: number => { (globalThis.__entered ??= new Uint8Array(1 << 20))[number] = 1; } },";

/// Functions of the script that no page of ours needs as they are: how they begin, and what does instead. The first says
/// what a value is that a panic's message names.
const SIMPLER: [(&str, &str); 2] =
    [("function debugString(val) {", "const debugString = String;"), ("function initSync(module) {", "")];
/// Pieces of it, and what stands there instead: a page and its workers begin with the default, as it is meant to be called,
/// in browsers of this decade; `hosting.md` says how WebAssembly is to be served.
const SHORTER: [(&str, &str); 5] = [
    ("export { initSync, ", "export { "),
    (
        "    if (module_or_path === undefined) {
        module_or_path = new URL('switchyard-app_bg.wasm', import.meta.url);
    }
",
        "",
    ),
    (
        " else {
            console.warn('using deprecated parameters for the initialization function; pass a single object instead')
        }",
        "",
    ),
    (
        "\"`WebAssembly.instantiateStreaming` failed because your server does not serve Wasm with `application/wasm` MIME type. \
         Falling back to `WebAssembly.instantiate` which is slower. Original error:\\n\"",
        "\"not application/wasm\"",
    ),
    (
        "if (!('encodeInto' in cachedTextEncoder)) {
    cachedTextEncoder.encodeInto = function (arg, view) {
        const buf = cachedTextEncoder.encode(arg);
        view.set(buf);
        return {
            read: arg.length,
            written: buf.length
        };
    };
}",
        "",
    ),
];

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
        fs::write(profile_dir().join(PROGRAM), &program)?;
        fs::copy(linked(), profile_dir().join("linked.wasm"))?;
        fs::write(&module, split::observed(&program)?)?;
        fs::write(&script, with(WITH_PROFILE)?)?;
        return Ok(None);
    }
    let split::Shortened { module: program, names } = split::shortened(&program)?;
    let text = renamed(&simpler(&with(WITH_LATE)?)?, &names).context(script.display().to_string())?;
    let linked = Linked::read(&fs::read(linked()).context("what the linker made")?)?;
    let not_run = fs::read_to_string(list()).map_err(Into::into).and_then(|text| read(&text));
    let parts = split::split(&program, &not_run.context("xtask/late.txt")?, &linked)?;
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

/// The script without what makes it longer than it must be.
fn simpler(script: &str) -> Result<String> {
    let mut text = script.to_owned();
    for (begin, instead) in SIMPLER {
        let (before, rest) = text.split_once(begin).with_context(|| format!("no {begin}"))?;
        // What is in it is indented.
        let (_, after) = rest.split_once("\n}\n").with_context(|| format!("{begin} does not end"))?;
        text = [before, instead, "\n", after].concat();
    }
    for (long, short) in SHORTER {
        let (before, after) = text.split_once(long).with_context(|| format!("no {long}"))?;
        text = [before, short, after].concat();
    }
    // What is returned needs no name.
    let mut lines = text.lines().map(str::trim_start).peekable();
    let mut short = String::with_capacity(text.len());
    while let Some(line) = lines.next() {
        let value = line.strip_prefix("const ret = ");
        match value.filter(|_| lines.next_if_eq(&"return ret;").is_some()) {
            Some(value) => short.extend(["return ", value, "\n"]),
            None => short.extend([line, "\n"]),
        }
    }
    Ok(short)
}

/// The script, with short names for what it shares with the program.
fn renamed(script: &str, names: &[(String, String)]) -> Result<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let words = || {
        script.split_inclusive(|c| !is_part(c)).map(|piece| (piece, piece.trim_end_matches(|c| !is_part(c))))
    };
    let known: HashSet<&str> = words().map(|(_, word)| word).collect();
    for (long, short) in names {
        if !known.contains(&**long) || known.contains(&**short) {
            bail!("the script does not name {long}, or something else {short}");
        }
    }
    let names: HashMap<&str, &str> = names.iter().map(|(long, short)| (&**long, &**short)).collect();
    Ok(words()
        .flat_map(|(piece, word)| [names.get(word).copied().unwrap_or(word), &piece[word.len()..]])
        .collect())
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
    fn a_script_says_shortly_what_a_value_is_and_begins_in_one_way() {
        let function = |(begin, _): (&str, &str)| format!("{begin}\n    if (val) {{\n    }}\n}}\n");
        let pieces = SHORTER.map(|(long, _)| format!("f();\n{long}g();\n")).concat();
        let ends = "{\n    const ret = h(1);\n    return ret;\n}\nconst ret = 2;\n";
        let script = SIMPLER.map(function).concat() + &pieces + ends;
        let short = SHORTER.map(|(_, short)| format!("f();\n{short}g();\n")).concat();
        let wanted = format!("const debugString = String;\n\n{short}{{\nreturn h(1);\n}}\nconst ret = 2;\n");
        assert_eq!(simpler(&script).unwrap(), wanted);
        assert!(simpler("h();\n").is_err() && simpler(&script.replace("initSync, ", "")).is_err());
    }

    #[test]
    fn names_are_words_of_the_script() {
        let names = |short: &str| [("sent_1".to_owned(), short.to_owned())];
        let script = "sent_1: wasm.sent_1(sent_10, '$')";
        assert_eq!(renamed(script, &names("c0")).unwrap(), "c0: wasm.c0(sent_10, '$')");
        assert!(renamed(script, &names("wasm")).is_err() && renamed("sent_10", &names("c0")).is_err());
    }

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
