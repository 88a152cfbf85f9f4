//! What the labs on news feeds claim.

use super::common::{Proof, mean, run, run_until, seeds};
use serde_json::{Value, json};
use switchyard::report::Summary;

const WAYS: &str = "news-feed/on-write-or-on-read";
const CELEBRITY: &str = "news-feed/the-celebrity";
const STALE: &str = "news-feed/stale-feeds";

pub fn proofs() -> Vec<Proof> {
    vec![
        Proof {
            id: WAYS,
            answer: "about seven times as many",
            solution: vec![("feed.runs.fan_out", json!("write")), ("feed.workers", json!(4))],
        },
        Proof {
            id: CELEBRITY,
            answer: "about 80 %",
            solution: vec![
                ("feed.runs.fan_out", json!("hybrid")),
                ("feed.runs.celebrity_followers", json!(500)),
            ],
        },
        Proof { id: STALE, answer: "about 8 s", solution: vec![("feed.runs.fan_out", json!("hybrid"))] },
    ]
}

const FAN_OUT: &str = "feed.runs.fan_out";
const FROM: &str = "feed.runs.celebrity_followers";

fn figure(summary: &Summary, name: &str) -> f64 {
    summary.nodes["feed"].service[name]
}

fn rows(summary: &Summary) -> f64 {
    figure(summary, "rows read") + figure(summary, "rows written")
}

fn p(summary: &Summary, node: &str) -> f64 {
    summary.nodes[node].latency_ms.p99.unwrap()
}

/// The chance that a user follows the author of this rank: of 30 draws at users × u³, one hits them.
fn followed(rank: u32) -> f64 {
    let edge = |rank: u32| libm::cbrt(f64::from(rank) / 1000.0);
    1.0 - libm::pow(1.0 - (edge(rank + 1) - edge(rank)), 30.0)
}

/// How many a user follows, on average, and how many follow an author.
fn follows() -> f64 {
    (0..1000).map(followed).sum()
}

#[test]
fn it_depends_on_whether_more_is_read_or_written() {
    let (mut writes, mut ratios, mut even) = (vec![], vec![], vec![]);
    for seed in seeds(WAYS) {
        let of = |fan_out: &str, rates: &[(&str, Value)]| {
            run(WAYS, seed, &[&[(FAN_OUT, json!(fan_out))], rates].concat()).0
        };
        let (read, write) = (of("read", &[]), of("write", &[]));
        let lists = figure(&read, "lists per feed");
        assert!((lists / follows() - 1.0).abs() < 0.015, "{seed}: {lists} of {}", follows());
        assert_eq!(figure(&write, "lists per feed"), 1.0, "{seed}");
        assert_eq!(figure(&read, "rows written"), figure(&read, "posts written"), "{seed}");
        writes.push(figure(&write, "writes per post"));
        ratios.push(rows(&read) / rows(&write));
        assert!(p(&read, "readers") > 135.0 && p(&write, "readers") < 95.0, "{seed}");
        let half = [("authors.rate_per_s", json!(20)), ("readers.rate_per_s", json!(20))];
        even.push(rows(&of("read", &half)) / rows(&of("write", &half)));
    }
    let mean = |list: &[f64]| list.iter().sum::<f64>() / list.len() as f64;
    let between = |list: &[f64], low: f64, high: f64| list.iter().all(|it| (low..high).contains(it));
    println!("writes {} of {}, ratio {}, even {}", mean(&writes), follows(), mean(&ratios), mean(&even));
    assert!((mean(&writes) / follows() - 1.0).abs() < 0.06, "{writes:?}");
    assert!((mean(&ratios) - 7.0).abs() < 0.5 && between(&ratios, 5.0, 9.0), "{ratios:?}");
    assert!((mean(&even) - 1.0).abs() < 0.06 && between(&even, 0.75, 1.3), "{even:?}");
}

#[test]
fn four_copies_in_five_are_for_the_celebrity() {
    let share = mean(CELEBRITY, |seed| {
        let (write, _) = run(CELEBRITY, seed, &[]);
        let theirs = write.nodes["celebrity"].outcomes["ok"] as f64 * figure(&write, "most writes of a post");
        theirs / figure(&write, "copies made")
    });
    let followers = 999.0 * followed(0);
    let theory = 0.5 * followers / (0.5 * followers + 4.0 * follows());
    println!("share {share}, theory {theory}, followers {followers}");
    assert!((theory - 0.82).abs() < 0.01 && (share - theory).abs() < 0.03, "{share} {theory}");
    for seed in seeds(CELEBRITY) {
        let of = |fan_out: &str, from: u32| {
            run(CELEBRITY, seed, &[(FAN_OUT, json!(fan_out)), (FROM, json!(from))]).0
        };
        let (write, hundred, most) = (of("write", 100), of("hybrid", 100), of("hybrid", 500));
        assert!((figure(&write, "most writes of a post") - followers).abs() < 25.0, "{seed}");
        let median = |summary: &Summary| summary.nodes["celebrity"].latency_ms.p50.unwrap();
        // Two milliseconds a row, and 50 on the way.
        assert!(median(&write) > 2.0 * followers && median(&most) < 150.0, "{seed}: {}", median(&write));
        assert!(p(&write, "readers") > 1.8 * p(&most, "readers"), "{seed}");
        let lists = |from: f64| 1.0 + (0..1000).map(followed).filter(|it| it * 999.0 >= from).sum::<f64>();
        for (summary, from) in [(&hundred, 100.0), (&most, 500.0)] {
            let found = figure(summary, "lists per feed");
            assert!((found - lists(from)).abs() < 0.12 * lists(from), "{seed}: {found} {}", lists(from));
        }
        assert!(rows(&hundred) > 1.8 * rows(&most), "{seed}");
        let (read, _) = run(CELEBRITY, seed, &[(FAN_OUT, json!("read"))]);
        assert!(read.nodes["feed"].outcomes["queue-full"] > 500, "{seed}: it cannot bear that");
    }
}

/// When fewer copies wait than one post of the celebrity has, after the burst.
fn whole_again(seed: u64) -> f64 {
    let waiting = |at_s: &f64| figure(&run_until(STALE, seed, &[], at_s * 1000.0), "copies waiting");
    let times = (0..40).map(|half| 16.0 + f64::from(half) * 0.5);
    times.into_iter().find(|at_s| waiting(at_s) < 950.0).map_or(f64::INFINITY, |at_s| at_s - 16.0)
}

#[test]
fn a_burst_is_felt_for_as_long_again() {
    // 1000 copies a second can be made.
    let others = 5.0 * follows();
    let celebrity = 999.0 * followed(0);
    let grown = 8.0 * (1.5 * celebrity + others - 1000.0);
    let theory = grown / (1000.0 - 0.3 * celebrity - others);
    let found = mean(STALE, whole_again);
    println!("theory {theory}, found {found}");
    assert!((theory - 8.0).abs() < 0.5 && (found - theory).abs() < 2.0, "{found}, {theory}");
}

#[test]
fn authors_do_not_wait_and_readers_lack_posts() {
    for seed in seeds(STALE) {
        let of = |settings: &[(&str, Value)]| run(STALE, seed, settings).0;
        let (usual, hybrid) = (of(&[]), of(&[(FAN_OUT, json!("hybrid"))]));
        let (lifo, prompt) =
            (of(&[("copiers.discipline", json!("lifo"))]), of(&[("feed.runs.copies", json!("at-once"))]));
        let stale = |summary: &Summary| figure(summary, "stale share");
        assert!((40.0..65.0).contains(&stale(&usual)), "{seed}: {}", stale(&usual));
        assert!(stale(&hybrid) < 8.0 && stale(&prompt) == 0.0, "{seed}: {}", stale(&hybrid));
        let late = |summary: &Summary| figure(summary, "copied after at most");
        assert!(late(&lifo) > 2.0 * late(&usual), "{seed}");
        let median = |summary: &Summary| summary.nodes["celebrity"].latency_ms.p50.unwrap();
        assert!(median(&usual) < 100.0 && median(&prompt) > 1900.0, "{seed}");
        // No copy is lost, and none made twice, in whatever order and however often it is tried.
        let all = |summary: &Summary| figure(summary, "copies made") + figure(summary, "copies waiting");
        let bad = of(&[("copiers/1.drop_share", json!(0.2))]);
        assert_eq!((all(&lifo), all(&bad)), (all(&usual), all(&usual)), "{seed}");
        assert!(bad.nodes["copiers"].outcomes["lost"] > 10, "{seed}");
    }
}
