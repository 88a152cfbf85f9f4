//! The rules that hold for the whole tree: which layer may use which, who may name the browser, and
//! what is never committed. All violations are reported together, each with its place.

use std::fs;
use std::path::{Path, PathBuf};

/// Each module may use only what stands before it. The two faces may use everything but each other.
const LAYERS: &[&str] = &[
    "sim", "algo", "systems", "node", "scenario", "run", "watch", "report", "play", "labs", "scene", "app",
    "cli",
];
const FACES: &[&str] = &["app", "cli"];

/// What only `app` may name: what is there only in a browser, and the system's random numbers.
const BROWSER_CRATES: &[&str] = &[
    "yew",
    "web_sys",
    "js_sys",
    "wasm_bindgen",
    "wasm_bindgen_futures",
    "serde_wasm_bindgen",
    "console_error_panic_hook",
    "gloo_events",
    "gloo_timers",
    "getrandom",
];

/// Folders of `src` that only gather layers into a package, by the `Cargo.toml` beside their `lib.rs`.
const PACKAGES: &[&str] =
    &["engine", "services", "nodes", "format", "running", "reporting", "pixels", "drawing"];

/// Left behind by unfinished work.
const UNFINISHED: &[&str] = &["todo!", "unimplemented!", "dbg!"];

/// Where packages come from, and where somebody's files lie, is no business of the repository. In
/// pieces, so that this list does not contain what it forbids.
const NOT_COMMITTED: &[&[&str]] = &[
    &["registry.", "npmjs"],
    &["index.", "crates"],
    &["static.", "crates"],
    &["files.", "pythonhosted"],
    &["deb.", "debian"],
    &["arti", "factory"],
    &["/ho", "me/"],
    &["/ro", "ot/"],
    &["/tm", "p/"],
    &["/Us", "ers/"],
    &["/wo", "rk/"],
];

/// Not ours, or not committed.
const SKIPPED: &[&str] = &[".git", "dist", "node_modules", "target"];

#[test]
fn modules_use_only_what_stands_above_them() {
    none_in(&["src"], |file, code| {
        let Some(user) = layer_of(file) else { return vec![] };
        used_layers(code, depth(file))
            .into_iter()
            .filter(|(_, used)| !may_use(user, used))
            .map(|(at, used)| (at, format!("`{user}` uses `{used}`")))
            .collect()
    });
}

#[test]
fn every_module_has_its_layer() {
    let known = |file: &Path| layer_of(file).is_none_or(|layer| LAYERS.contains(&layer));
    let unknown: Vec<_> = files_below(&root().join("src")).into_iter().filter(|file| !known(file)).collect();
    assert!(unknown.is_empty(), "in no layer: {unknown:?}");
}

#[test]
fn only_the_app_names_the_browser() {
    none_in(&["src"], |file, code| match layer_of(file) {
        Some("app") => vec![],
        _ => words(code, BROWSER_CRATES),
    });
}

#[test]
fn nothing_unfinished_is_left() {
    none_in(&["src", "tests", "xtask", "benches"], |_, code| words(code, UNFINISHED));
}

#[test]
fn no_host_of_a_registry_and_no_path_of_a_machine_is_committed() {
    let mut violations = vec![];
    for file in files_below(&root()) {
        // What is no text (pictures) holds no addresses either.
        let Ok(text) = fs::read_to_string(&file) else { continue };
        for what in NOT_COMMITTED.iter().map(|pieces| pieces.concat()) {
            violations
                .extend(addresses(&text, &what).map(|at| format!("{}: {what}", place(&file, &text, at))));
        }
    }
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

#[test]
fn the_scan_finds_what_it_should() {
    let used = |code, depth| used_layers(code, depth).into_iter().map(|(_, layer)| layer).collect::<Vec<_>>();
    assert_eq!(used("use crate::sim::Time;", 1), ["sim"]);
    assert_eq!(
        used("use crate::{\n    run,\n    scene::{Shape, cli},\n    app::Page,\n};\nmod report;", 1),
        ["run", "scene", "app"]
    );
    assert_eq!(used("    let at = crate::report::Report::new();", 2), ["report"]);
    assert_eq!(used("//! code;\nuse super::super::labs::TABLE;", 2), ["labs"]);
    assert!(used("use super::run;", 2).is_empty());
    assert!(used("mod tests {\n    use super::run;", 1).is_empty());
    assert!(may_use("cli", "scene") && may_use("app", "sim") && may_use("sim", "sim"));
    assert!(!may_use("sim", "algo") && !may_use("cli", "app") && !may_use("app", "cli"));
    assert_eq!(
        words("web_sys::window(my_web_sys, dbg!(x), my_dbg!(x))", &["web_sys", "dbg!"]),
        [(0, "`web_sys`".to_owned()), (28, "`dbg!`".to_owned())]
    );
    assert_eq!(
        without_comments("let a = 1; // crate::app\nb(\"http://x\")"),
        "let a = 1; \nb(\"http://x\")\n"
    );
    assert_eq!(addresses("open('/srv/x'), <a href=\"x/srv/y\">", "/srv/").collect::<Vec<_>>(), [6]);
    assert_eq!(depth(&root().join("src/sim/mod.rs")), 1);
    assert_eq!(depth(&root().join("src/sim/time.rs")), 2);
}

fn may_use(user: &str, used: &str) -> bool {
    let place = |layer| LAYERS.iter().position(|name| *name == layer);
    let both_faces = FACES.contains(&user) && FACES.contains(&used);
    user == used || (!both_faces && place(used) < place(user))
}

/// The layers that the code names, and where: `crate::sim`, `crate::{sim, algo::x}`, or by as many
/// `super`s as lead from a file `depth` modules deep to the crate. Those are followed only at the
/// beginning of a line: indented ones may stand in an inner module.
fn used_layers(code: &str, depth: usize) -> Vec<(usize, &str)> {
    let from_super = format!("\nuse {}", "super::".repeat(depth));
    ["crate::", &from_super]
        .iter()
        .flat_map(|start| code.match_indices(*start).collect::<Vec<_>>())
        .flat_map(|(at, start)| {
            first_names(&code[at + start.len()..]).into_iter().map(move |name| (at, name))
        })
        .filter(|(_, name)| LAYERS.contains(name))
        .collect()
}

/// `a` of `a::b`; `a` and `c` of `{a::{b}, c}`.
fn first_names(path: &str) -> Vec<&str> {
    if !path.starts_with('{') {
        return vec![identifier(path)];
    }
    let mut names = vec![];
    let mut open = 0;
    for (at, character) in path.char_indices() {
        match character {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            break;
        }
        if open == 1 && (character == ',' || at == 0) {
            names.push(identifier(path[at + 1..].trim_start()));
        }
    }
    names
}

fn identifier(text: &str) -> &str {
    let end = text.find(|character| !in_identifier(character)).unwrap_or(text.len());
    &text[..end]
}

fn in_identifier(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Where the code holds one of `wanted` as a whole word.
fn words(code: &str, wanted: &[&str]) -> Vec<(usize, String)> {
    let is_whole = |at: usize, word: &str| {
        let after = &code[at + word.len()..];
        !code[..at].ends_with(in_identifier) && (word.ends_with('!') || !after.starts_with(in_identifier))
    };
    let found = wanted.iter().flat_map(|word| code.match_indices(*word).collect::<Vec<_>>());
    found.filter(|(at, word)| is_whole(*at, word)).map(|(at, word)| (at, format!("`{word}`"))).collect()
}

/// Where the text holds `what`; a path only where it begins.
fn addresses<'a>(text: &'a str, what: &'a str) -> impl Iterator<Item = usize> {
    let goes_on = |before: &str| before.ends_with(|c| in_identifier(c) || "./}-".contains(c));
    text.match_indices(what)
        .map(|(at, _)| at)
        .filter(move |at| !what.starts_with('/') || !goes_on(&text[..*at]))
}

/// The code, line for line, without `//` comments. An address in a string is no comment.
fn without_comments(code: &str) -> String {
    let code_of = |line: &str| {
        let comment = line.match_indices("//").map(|(at, _)| at).find(|at| !line[..*at].ends_with(':'));
        line[..comment.unwrap_or(line.len())].to_owned() + "\n"
    };
    code.lines().map(code_of).collect()
}

/// The first folder or file below `src`; none for the roots of packages, and elsewhere.
fn layer_of(file: &Path) -> Option<&str> {
    let first = file.strip_prefix(root().join("src")).ok()?.components().next()?.as_os_str().to_str()?;
    let is_root = ["lib.rs", "main.rs"].contains(&first) || PACKAGES.contains(&first);
    (!is_root).then(|| first.trim_end_matches(".rs"))
}

/// How many modules deep a file's own code is: 1 for `src/sim/mod.rs`, 2 for `src/sim/time.rs`.
fn depth(file: &Path) -> usize {
    let below = file.strip_prefix(root().join("src")).map_or(0, |path| path.components().count());
    if file.ends_with("mod.rs") { below - 1 } else { below }
}

/// Fails when `check` finds something in the code of a Rust file below these folders.
fn none_in(folders: &[&str], check: impl Fn(&Path, &str) -> Vec<(usize, String)>) {
    let mut violations = vec![];
    for file in folders.iter().flat_map(|folder| files_below(&root().join(folder))) {
        if file.extension().is_none_or(|kind| kind != "rs") || file.ends_with("tests/architecture.rs") {
            continue;
        }
        let code = without_comments(&fs::read_to_string(&file).expect("our own sources are text"));
        violations.extend(
            check(&file, &code).iter().map(|(at, what)| format!("{}: {what}", place(&file, &code, *at))),
        );
    }
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return vec![] };
    let mut files = vec![];
    for path in entries.flatten().map(|entry| entry.path()) {
        // In a linked work tree `.git` is a file.
        if SKIPPED.iter().any(|skipped| path.ends_with(skipped)) {
            continue;
        }
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// `src/sim/time.rs:12`. A `use` is found at the line break before it.
fn place(file: &Path, text: &str, at: usize) -> String {
    let line = text[..at].matches('\n').count() + 1 + usize::from(text[at..].starts_with('\n'));
    format!("{}:{line}", file.strip_prefix(root()).unwrap_or(file).display())
}
