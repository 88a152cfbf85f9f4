//! A real log of nginx, replayed: through the command line and directly, with the same figures, which agree
//! with what was counted of the log elsewhere (`fixtures/nginx/README.md`).

use serde_json::{Value, json};
use std::process::Command;
use switchyard::labs;
use switchyard::play::Session;
use switchyard::scenario::Checked;
use switchyard::scenario::replay::{Imported, import};
use switchyard::sim::Progress;

const LOG: &str = "tests/fixtures/nginx/access.log";
const LAB: &str = "load-balancing/one-slow-server";
const GOLDEN: &str = "tests/golden/nginx_replay.json";

fn replayed(base: &str) -> (Session, Imported) {
    let base = Checked::parse(base).unwrap();
    let bytes = std::fs::read(LOG).unwrap();
    let (scenario, imported) = import(&bytes, "access.log", &base).unwrap();
    let mut session = Session::new(scenario);
    assert_eq!(session.advance(session.end(), u64::MAX), Progress::Reached);
    (session, imported)
}

fn lab() -> &'static str {
    labs::find(LAB).unwrap().scenario
}

/// Enough workers that nobody waits, one server, no journeys: what comes out is what the log says.
const ROOMY: &str = r#"{"v":1,"nodes":[
    {"id":"clients","kind":"clients","timeout_ms":0,"to":["servers"]},
    {"id":"servers","kind":"servers","workers":1000,"service_ms":{"dist":"exponential","mean":80}}]}"#;

/// The README's figures: 1 967 rows of 60 clients, durations of 85.232 s in all, 1.001 s the longest.
#[test]
fn the_log_s_own_figures_come_out() {
    let (session, imported) = replayed(ROOMY);
    assert_eq!((imported.requests, imported.clients, imported.paths), (1967, 60, 11));
    assert_eq!((imported.bad_lines, imported.with_duration), (0, 1967));
    let summary = session.summary();
    assert_eq!((summary.total.requests, summary.total.outcomes["ok"]), (1967, 1967));
    let service = &summary.nodes["servers"].service_ms;
    let sum_ms = service.mean.unwrap() * service.count as f64;
    assert!((sum_ms - 85_232.0).abs() < 0.01, "{sum_ms}");
    assert!((summary.total.latency_ms.max.unwrap() - 1001.0).abs() < 0.001);
    assert_eq!(summary.nodes["servers"].queueing_ms.max, Some(0.0));
}

#[test]
fn the_command_line_gives_the_same_figures() {
    let (session, imported) = replayed(lab());
    let run = Command::new(env!("CARGO_BIN_EXE_switchyard"))
        .args(["run", LAB, "--log", LOG, "--json"])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let printed: Value = serde_json::from_slice(&run.stdout).unwrap();
    let direct = serde_json::to_value(session.summary()).unwrap();
    assert_eq!(printed["total"], direct["total"]);
    assert_eq!(printed["nodes"], direct["nodes"]);
    assert_eq!(printed["runs"], json!([{ "seed": 42, "digest": format!("{:016x}", session.digest()) }]));
    assert_eq!(printed["log"], json!(imported));
    assert_eq!(printed["total"]["requests"], json!(1967));
}

/// The file is what a browser must find too. `BLESS=1` writes it anew.
#[test]
fn the_replay_is_as_it_was() {
    let (session, _) = replayed(lab());
    let total = session.summary().total;
    let found = json!({
        "lab": LAB,
        "log": LOG,
        "digest": format!("{:016x}", session.digest()),
        "requests": total.requests,
        "outcomes": total.outcomes,
        "p50_ms": total.latency_ms.p50,
        "p99_ms": total.latency_ms.p99,
    });
    let ended: u64 = total.outcomes.values().sum();
    assert_eq!((total.requests, ended, total.in_flight), (1967, 1967, 0), "all have ended");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(GOLDEN, format!("{found:#}\n")).unwrap();
    }
    let golden: Value = serde_json::from_str(&std::fs::read_to_string(GOLDEN).unwrap()).unwrap();
    assert_eq!(found, golden);
}
