//! What the labs on the URL shortener claim.

use super::common::{Proof, count, hit_ratio, mean, run, run_until, seeds};
use serde_json::{Value, json};
use switchyard::report::Summary;
use switchyard::sim::{Span, Time};
use switchyard::systems::shortener::{Coding, LINKS_MAX, Shortener};

const CODES: &str = "url-shortener/counter-or-hash";
const HOT: &str = "url-shortener/hot-link";
const CLICKS: &str = "url-shortener/clicks-in-line-or-queued";

pub fn proofs() -> Vec<Proof> {
    vec![
        Proof {
            id: CODES,
            answer: "about 30 times",
            solution: vec![("shortener.runs.codes", json!("md5")), ("shortener.runs.code_chars", json!(7))],
        },
        Proof {
            id: HOT,
            answer: "about a third",
            solution: vec![
                ("cache.ttl_ms", json!(20_000)),
                ("cache.capacity", json!(1000)),
                ("cache.coalesce", json!(true)),
                ("shortener.workers", json!(4)),
            ],
        },
        Proof {
            id: CLICKS,
            answer: "about a quarter",
            solution: vec![
                ("shortener.runs.clicks", json!("queued")),
                ("clicks.consumers", json!(8)),
                ("analytics.workers", json!(8)),
            ],
        },
    ]
}

fn figure(summary: &Summary, what: &str) -> f64 {
    summary.nodes["shortener"].service[what]
}

#[test]
fn a_counter_is_guessed_and_a_hash_collides() {
    let hex = [("shortener.runs.codes", json!("md5-hex"))];
    let expected = |links: f64| links * (links - 1.0) / 2.0 / 1_048_576.0;
    let (mut collisions, mut bound) = (0.0, 0.0);
    for seed in seeds(CODES) {
        let (counter, _) = run(CODES, seed, &[]);
        assert_eq!(figure(&counter, "collisions"), 0.0, "{seed}");
        assert!(figure(&counter, "guesses") > 650.0, "{seed}");
        assert!(figure(&counter, "guessed") >= figure(&counter, "guesses") - 3.0, "{seed}");
        assert_eq!(figure(&counter, "counter writes"), figure(&counter, "links"), "{seed}");
        let (blocks, _) = run(CODES, seed, &[("shortener.runs.counter_block", json!(100))]);
        let wanted = (figure(&blocks, "links") / 100.0).ceil();
        assert_eq!(figure(&blocks, "counter writes"), wanted, "{seed}");
        let (hash, _) = run(CODES, seed, &hex);
        let links = figure(&hash, "links");
        assert!((10.0..55.0).contains(&figure(&hash, "collisions")), "{seed}");
        assert!(figure(&hash, "guessed") / figure(&hash, "guesses") < 0.03, "{seed}");
        (collisions, bound) = (collisions + figure(&hash, "collisions"), bound + expected(links));
    }
    // Nearly Poisson distributed: within four standard errors of the birthday bound.
    assert!((collisions - bound).abs() < 4.0 * bound.sqrt(), "{collisions} {bound}");
    assert!((bound / 25.0 - 30.0).abs() < 1.0, "{bound}");
}

/// Half of all sets of 1.1774 √m links have a collision (Feller's birthdays, with 2³² days).
#[test]
fn a_collision_of_32_bits_is_as_likely_as_not_at_77_000_links() {
    let links = (2.0 * std::f64::consts::LN_2 * 4_294_967_296.0_f64).sqrt() as u32;
    assert_eq!(links, 77_162);
    let sets = 24;
    let with_collision = (0..sets).filter(|set| {
        let mut shortener = Shortener::new(Coding::Md5Hex { chars: 8 }, LINKS_MAX, None, Span(1000));
        for url in 0..links {
            shortener.shorten(&format!("https://example.org/{set}/{url}"), Time::ZERO).unwrap();
        }
        shortener.collisions() > 0
    });
    // Binomial with one half: 24 sets are 12 ± 2.4.
    let found = with_collision.count();
    assert!((4..=20).contains(&found), "{found} of {sets}");
}

#[test]
fn what_the_cache_answers_is_not_counted() {
    let share = |seed, settings: &[(&str, Value)]| {
        let (summary, _) = run(HOT, seed, settings);
        figure(&summary, "clicks") / summary.nodes["cache"].calls as f64
    };
    let usual = mean(HOT, |seed| share(seed, &[]));
    assert!((usual - 0.3).abs() < 0.02, "{usual}");
    for seed in seeds(HOT) {
        let (summary, _) = run(HOT, seed, &[]);
        assert!(
            (share(seed, &[]) - (1.0 - hit_ratio(&summary))).abs() < 0.01,
            "{seed}: the misses are counted"
        );
        assert_eq!(summary.total.lost, 0, "{seed}");
        let (bare, _) = run(HOT, seed, &[("cache.ttl_ms", json!(1))]);
        assert!(bare.total.lost as f64 > 0.3 * bare.total.requests as f64, "{seed}");
        let (coalesced, _) = run(HOT, seed, &[("cache.coalesce", json!(true))]);
        // 16 lives of the hot link, each with some dozen who miss it together.
        let saved = summary.nodes["shortener"].calls as f64 - coalesced.nodes["shortener"].calls as f64;
        assert!((120.0..380.0).contains(&saved), "{seed}: {saved}");
    }
}

#[test]
fn a_click_in_line_costs_the_redirect() {
    for seed in seeds(CLICKS) {
        let in_rush = |settings: &[(&str, Value)]| {
            let (from, to) =
                (run_until(CLICKS, seed, settings, 10_000.0), run_until(CLICKS, seed, settings, 22_000.0));
            let lost = to.total.lost - from.total.lost;
            lost as f64 / (to.total.requests - from.total.requests) as f64
        };
        let inline = in_rush(&[]);
        // 6 workers, 60 ms each, and a queue of 60 that fills meanwhile.
        let theory = 1.0 - (100.0 * 12.0 + 60.0) / (140.0 * 12.0);
        assert!((inline - theory).abs() < 0.08, "{seed}: {inline} {theory}");
        let queued = [("shortener.runs.clicks", json!("queued"))];
        assert_eq!(in_rush(&queued), 0.0, "{seed}");
        let (late, _) = run(CLICKS, seed, &queued);
        let done = count(&late, "clicks", "acknowledged");
        // Two consumers at a time, 15 + 25 + 15 ms each.
        assert!((done / 40.0 - 36.4).abs() < 2.5, "{seed}: {done}");
        let sent = figure(&late, "events");
        assert!((0.35..0.55).contains(&(done / sent)), "{seed}: {}", done / sent);
        // No click is lost on the way: sent, and either counted or still in the queue.
        assert_eq!(count(&late, "clicks", "dropped"), 0.0, "{seed}");
        assert!(sent - count(&late, "clicks", "published") <= 8.0, "{seed}");
    }
}
