//! The guide for authors: its commands run on its files, and what it says of them holds.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

const GUIDE: &str = include_str!("../www/examples/guide.md");

/// What stands in blocks of this language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    GUIDE.split(&fence).skip(1).map(|rest| rest.split("```").next().expect("a block ends")).collect()
}

/// The words of every command, without the program's name.
fn commands() -> Vec<Vec<&'static str>> {
    let lines = blocks("sh").into_iter().flat_map(str::lines);
    lines
        .map(|line| line.split(' ').collect::<Vec<_>>())
        .inspect(|words| assert_eq!(words[0], "switchyard"))
        .collect()
}

/// A folder with the guide's file.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("the test's own folder");
    let [scenario] = blocks("json")[..] else { panic!("the guide has one file") };
    std::fs::write(folder.join("first.json"), scenario).expect("the test's own folder");
    folder
}

/// What the command prints; it must succeed.
fn run(folder: &Path, words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchyard"));
    let output = command.args(&words[1..]).current_dir(folder).output().expect("it starts");
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn every_command_of_the_guide_runs() {
    let folder = folder("guide-commands");
    let commands = commands();
    assert!(commands.len() > 5);
    for words in commands {
        assert!(!run(&folder, &words).is_empty(), "{words:?}");
    }
}

#[test]
fn ci_notices_what_cannot_run() {
    let folder = folder("guide-ci");
    let broken = blocks("json")[0].replace("round-robin", "round-table");
    std::fs::write(folder.join("broken.json"), broken).expect("the test's own folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchyard"));
    let output = command
        .args(["check", "first.json", "broken.json"])
        .current_dir(&folder)
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("broken.json") && said.contains("policy"), "{said}");
}

/// "from about 23 % to nearly none, and p99 with it", for each of the seeds.
#[test]
fn the_scenario_shows_what_the_guide_says() {
    let folder = folder("guide-claim");
    let figures = |policy: &str, seed: u64| {
        let (setting, seeds) = (format!("lb.policy={policy}"), seed.to_string());
        let words = ["switchyard", "run", "first.json", "--json", "--set", &setting, "--seeds", &seeds];
        let report: Value = serde_json::from_str(&run(&folder, &words)).expect("JSON");
        let number = |pointer: &str| report.pointer(pointer).and_then(Value::as_f64);
        let ok = number("/total/outcomes/ok").expect("requests that are answered");
        let all = number("/total/requests").expect("requests");
        (1.0 - ok / all, number("/total/latency_ms/p99").expect("p99"))
    };
    let (mut lost, mut kept) = (0.0, 0.0);
    for seed in 1..=30 {
        let ((before, before_ms), (after, after_ms)) =
            (figures("round-robin", seed), figures("least-connections", seed));
        assert!(
            before > 0.15 && after < 0.03 && after_ms < before_ms,
            "seed {seed}: {before} {after} {before_ms} {after_ms}"
        );
        (lost, kept) = (lost + before / 30.0, kept + after / 30.0);
    }
    assert!((0.21..0.26).contains(&lost) && kept < 0.02, "{lost} {kept}");
}
