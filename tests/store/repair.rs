//! What brings replicas together again.

use crate::play::{Bench, differing, store};
use serde_json::{Value, json};
use switchyard::run::Simulation;
use switchyard::sim::Counter;

/// A machine is down for ten seconds; then there are only reads, then nothing.
fn after_a_crash(store: Value, reads_per_s: f64) -> (Bench, Value) {
    let mut bench = Bench::new(17, store)
        .clients(json!({ "keys": { "kind": "uniform", "count": 500 } }))
        .change(2000.0, "s/2", json!({ "down": true }))
        .change(
            12_000.0,
            "c",
            json!({ "mix": [{ "path": "/", "write_share": 0 }], "rate_per_s": reads_per_s }),
        )
        .change(12_500.0, "s/2", json!({ "down": false }))
        .change(40_000.0, "c", json!({ "rate_per_s": 0 }));
    bench.duration_ms = 45_000.0;
    (bench, json!(null))
}

#[test]
fn each_repair_alone_brings_replicas_together() {
    let off = json!({ "count": 3, "read_repair": false, "hinted_handoff": false });
    let with = |name: &str, value: Value| {
        let mut settings = off.clone();
        settings[name] = value;
        settings
    };
    let (seen, end) = after_a_crash(off.clone(), 500.0).0.play();
    assert!(differing(&end) > 100, "nothing repairs anything");
    let counts =
        [Counter::ReadRepairs, Counter::HintsDelivered, Counter::Synced].map(|what| seen.count(what));
    assert_eq!(counts, [0, 0, 0]);
    assert_eq!(seen.count(Counter::StaleReads), 0, "quorums overlap");
    for (name, value, counter) in [
        ("read_repair", json!(true), Counter::ReadRepairs),
        ("hinted_handoff", json!(true), Counter::HintsDelivered),
        ("anti_entropy_every_ms", json!(200), Counter::Synced),
    ] {
        let (seen, end) = after_a_crash(with(name, value), 500.0).0.play();
        assert_eq!(differing(&end), 0, "{name}");
        assert!(seen.count(counter) > 100, "{name}: {}", seen.count(counter));
    }
    // Repair by reading needs reads.
    let (_, end) = after_a_crash(with("read_repair", json!(true)), 0.0).0.play();
    assert!(differing(&end) > 100);
}

/// Comparing many keys takes many rounds, and ends.
#[test]
fn anti_entropy_gets_through_all_keys_a_stretch_at_a_time() {
    let store = json!({ "count": 4, "replicas": 2, "read_quorum": 1, "write_quorum": 1, "read_repair": false,
        "hinted_handoff": false, "timeout_ms": 50 });
    let mut bench = Bench::new(8, store)
        .clients(json!({ "rate_per_s": 2000, "keys": { "kind": "uniform", "count": 100_000 },
            "mix": [{ "path": "/", "write_share": 1 }] }))
        .change(1000.0, "s/1", json!({ "side": 1 }))
        .change(2000.0, "s/2", json!({ "side": 1 }))
        .change(6000.0, "s/1", json!({ "side": 0 }))
        .change(6000.0, "s/2", json!({ "side": 0 }))
        .change(6500.0, "c", json!({ "rate_per_s": 0 }))
        .change(8000.0, "s", json!({ "anti_entropy_every_ms": 50 }));
    bench.duration_ms = 7900.0;
    let before = differing(&bench.play().1);
    bench.duration_ms = 30_000.0;
    let (seen, end) = bench.play();
    assert!(before > 1000, "{before}");
    assert_eq!(differing(&end), 0);
    assert!(seen.count(Counter::Synced) as usize >= before);
}

/// Writes of which neither has seen the other, on machines that hear nothing of each other; then all is well again, and
/// version vectors keep them side by side. When last write wins, or a leader, takes their place, of each key one stays:
/// the others are lost updates, and are counted as such.
#[test]
fn siblings_that_another_rule_drops_are_counted() {
    for (name, value) in [("conflicts", "last-write-wins"), ("replication", "leader-sync")] {
        let settings = json!({ "count": 3, "replicas": 3, "read_quorum": 1, "write_quorum": 1, "hinted_handoff": false,
            "read_repair": false, "conflicts": "version-vectors", "anti_entropy_every_ms": 0 });
        let run = |until_ms: f64| {
            let mut bench = Bench::new(8, settings.clone())
                .clients(json!({ "mix": [{ "path": "/", "write_share": 1 }] }))
                .change_link(1.0, json!({ "cut": true }))
                .change(2000.0, "c", json!({ "rate_per_s": 0 }))
                .change_link(4000.0, json!({ "cut": false }))
                .change(4000.0, "s", json!({ "anti_entropy_every_ms": 20 }))
                .change(6000.0, "s", json!({ (name): value }));
            bench.duration_ms = until_ms;
            bench.play()
        };
        let (before, simulation) = run(5900.0);
        let versions = |simulation: &Simulation, key: u32| {
            let row =
                store(simulation).rows(0).and_then(|rows| rows.get(key)).map(|row| row.versions().len());
            row.unwrap_or(0) as u64
        };
        let beside: u64 = (0..20).map(|key| versions(&simulation, key).saturating_sub(1)).sum();
        assert!(beside > 20, "{name}: {beside}");
        assert_eq!(before.count(Counter::LostUpdates), 0, "{name}");
        let (after, simulation) = run(8000.0);
        assert_eq!(after.count(Counter::LostUpdates), beside, "{name}");
        assert!((0..20).all(|key| versions(&simulation, key) == 1), "{name}");
    }
}
