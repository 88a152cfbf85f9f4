//! What the labs on consistency claim.

use super::common::{Proof, p99, run, seeds, session};
use serde_json::{Value, json};
use switchyard::report::Summary;
use switchyard::sim::Time;

const STRONG: &str = "consistency/strong-or-eventual";
const CUT: &str = "consistency/cut-the-network";
const TUNE: &str = "consistency/tune-r-and-w";
const REPAIR: &str = "consistency/repair";
const CONFLICTS: &str = "consistency/conflicts";

pub fn proofs() -> Vec<Proof> {
    vec![
        Proof { id: STRONG, answer: "about 20 %", solution: vec![("store.read_from", json!("leader"))] },
        Proof { id: CUT, answer: "about 40 %", solution: vec![("store.replication", json!("leader-sync"))] },
        Proof { id: TUNE, answer: "R 2, W 2", solution: quorums(2, 2).into() },
        Proof {
            id: REPAIR,
            answer: "anti-entropy",
            solution: vec![("store.read_repair", json!(true)), ("store.hinted_handoff", json!(true))],
        },
        Proof {
            id: CONFLICTS,
            answer: "about 4 %",
            solution: vec![("store.conflicts", json!("version-vectors"))],
        },
    ]
}

fn quorums(read: u16, write: u16) -> [(&'static str, Value); 2] {
    [("store.read_quorum", json!(read)), ("store.write_quorum", json!(write))]
}

fn count(summary: &Summary, what: &str) -> u64 {
    summary.nodes["store"].counts[what]
}

fn by(replication: &str) -> [(&'static str, Value); 1] {
    [("store.replication", json!(replication))]
}

/// Writes of a key are a Poisson process, so a follower that is behind by the lag and the way has missed one with
/// probability 1 − e^(−λ (lag + way)); two machines of three are followers.
#[test]
fn stale_reads_are_as_many_as_the_lag_makes() {
    for seed in seeds(STRONG) {
        let (eventual, _) = run(STRONG, seed, &[]);
        let share = count(&eventual, "stale_reads") as f64 / count(&eventual, "reads") as f64;
        let per_key_per_s = 60.0 * 0.3 / 20.0;
        let wanted = (1.0 - libm::exp(-per_key_per_s * 0.42)) * 2.0 / 3.0;
        assert!((share - wanted).abs() < 0.04, "{seed}: {share} for {wanted}");
        let leader = [("store.read_from", json!("leader"))];
        for settings in [&leader[..], &by("leader-sync"), &by("quorum")] {
            let (strong, _) = run(STRONG, seed, settings);
            assert_eq!(count(&strong, "stale_reads"), 0, "{seed} {settings:?}");
            assert!(strong.total.latency_ms.mean > eventual.total.latency_ms.mean, "{seed} {settings:?}");
        }
    }
}

/// Of the requests that came during the cut, how many ended other than well.
fn lost_during_the_cut(seed: u64, settings: &[(&str, Value)]) -> f64 {
    let mut session = session(CUT, seed, settings);
    let mut at = |ms: f64| {
        session.advance(Time::from_ms(ms), u64::MAX);
        let total = session.summary().total;
        (total.lost as f64, total.requests as f64)
    };
    let ((lost, issued), (more_lost, more_issued)) = (at(12_000.0), at(24_900.0));
    (more_lost - lost) / (more_issued - issued)
}

#[test]
fn in_a_cut_one_answers_wrongly_or_not_at_all() {
    for seed in seeds(CUT) {
        let (any, _) = run(CUT, seed, &[]);
        assert_eq!(any.total.lost, 0, "{seed}");
        assert!(count(&any, "stale_reads") > 200, "{seed}: {}", count(&any, "stale_reads"));
        assert!(count(&any, "lost_updates") > 70, "{seed}: {}", count(&any, "lost_updates"));
        for settings in [&quorums(3, 3)[..], &by("leader-sync")] {
            let (right, _) = run(CUT, seed, settings);
            assert_eq!(count(&right, "stale_reads"), 0, "{seed} {settings:?}");
            // Two of five machines are on the smaller side.
            let lost = lost_during_the_cut(seed, settings);
            assert!((lost - 0.4).abs() < 0.06, "{seed} {settings:?}: {lost}");
        }
        let lost_updates = |settings: &[(&str, Value)]| count(&run(CUT, seed, settings).0, "lost_updates");
        assert!(lost_updates(&quorums(3, 3)) > 0 && lost_updates(&by("leader-sync")) == 0, "{seed}");
    }
}

/// Gifford (1979): every read quorum meets every write quorum if, and only if, R + W > N. Where they need not meet,
/// stale reads are a matter of chance: with R + W = N there are few, so they are counted over all seeds.
#[test]
fn no_read_is_stale_where_quorums_overlap() {
    for (read, write) in [(1, 1), (1, 2), (2, 1), (2, 2), (1, 3), (3, 1), (3, 3)] {
        let stale = |seed| count(&run(TUNE, seed, &quorums(read, write)).0, "stale_reads");
        let each: Vec<u64> = seeds(TUNE).map(stale).collect();
        match read + write {
            2 => assert!(each.iter().all(|stale| *stale > 10), "R {read}, W {write}: {each:?}"),
            3 => {
                let seen = each.iter().filter(|stale| **stale > 0).count();
                assert!(seen >= 20, "R {read}, W {write}: {each:?}");
            }
            _ => assert_eq!(each.iter().sum::<u64>(), 0, "R {read}, W {write}: {each:?}"),
        }
    }
}

#[test]
fn only_full_quorums_wait_for_the_slow_machine() {
    for seed in seeds(TUNE) {
        let slowest = |read, write| p99(&run(TUNE, seed, &quorums(read, write)).0);
        let two = slowest(2, 2);
        assert!(slowest(1, 3) > 1.5 * two && slowest(3, 1) > 1.5 * two, "{seed}: {two}");
        assert!(count(&run(TUNE, seed, &quorums(2, 2)).0, "lost_updates") > 0, "{seed}");
    }
}

#[test]
fn repairs_differ_in_what_they_let_through() {
    for seed in seeds(REPAIR) {
        let stale = |settings: &[(&str, Value)]| count(&run(REPAIR, seed, settings).0, "stale_reads");
        let none = stale(&[]);
        let read_repair = stale(&[("store.read_repair", json!(true))]);
        let hints = stale(&[("store.hinted_handoff", json!(true))]);
        let entropy = stale(&[("store.anti_entropy_every_ms", json!(500))]);
        assert!(none > 60 && none > 2 * read_repair, "{seed}: {none} {read_repair}");
        assert!(read_repair > hints && hints > entropy, "{seed}: {read_repair} {hints} {entropy}");
    }
}

#[test]
fn last_write_wins_loses_and_version_vectors_keep_both() {
    for seed in seeds(CONFLICTS) {
        let (last, _) = run(CONFLICTS, seed, &[]);
        let share = count(&last, "lost_updates") as f64 / count(&last, "writes") as f64;
        assert!((share - 0.04).abs() < 0.02, "{seed}: {share}");
        assert_eq!(count(&last, "stale_reads"), 0, "{seed}");
        let (vectors, _) = run(CONFLICTS, seed, &[("store.conflicts", json!("version-vectors"))]);
        assert_eq!(count(&vectors, "lost_updates"), 0, "{seed}");
        assert!(count(&vectors, "conflicts") > 30, "{seed}: {}", count(&vectors, "conflicts"));
        let (leader, _) = run(CONFLICTS, seed, &by("leader-sync"));
        assert_eq!((count(&leader, "lost_updates"), count(&leader, "conflicts")), (0, 0), "{seed}");
        assert!(p99(&leader) > p99(&last), "{seed}");
    }
}
