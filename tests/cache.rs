//! The cache node: what its strategies mean on examples worked out by hand, and what theory says.

mod common;

use common::record::{change, play, scenario};
use serde_json::{Value, json};
use switchyard::algo::cache;
use switchyard::algo::setting::Knobs;
use switchyard::node::{Node, Show};
use switchyard::play::Session;
use switchyard::report::{Summary, What, happened};
use switchyard::scenario::Checked;
use switchyard::sim::{Outcome, Purpose, Stream, Time};

/// Clients that ask for these keys, one every 100 ms from 100 ms on.
fn asking(id: &str, keys: &[u32], write_share: f64) -> Value {
    json!({ "id": id, "kind": "clients", "arrivals": "steady", "rate_per_s": 10, "timeout_ms": 0,
        "keys": { "kind": "list", "keys": keys }, "mix": [{ "path": "/", "write_share": write_share }], "to": ["cache"] })
}

fn cache_node(settings: Value) -> Value {
    let mut node = json!({ "id": "cache", "kind": "cache", "to": ["origin"] });
    for (name, value) in settings.as_object().unwrap() {
        node[name] = value.clone();
    }
    node
}

/// Answers after 30 ms, however many ask.
fn origin() -> Value {
    json!({ "id": "origin", "kind": "servers", "workers": 1000, "service_ms": { "dist": "constant", "value": 30 } })
}

fn summary(scenario: Checked, until_ms: f64) -> Summary {
    let mut session = Session::new(scenario);
    session.advance(Time::from_ms(until_ms), u64::MAX);
    session.summary()
}

/// What the cache has counted after a run of its clients.
fn counts(nodes: Value, changes: Value, until_ms: f64) -> impl Fn(&str) -> u64 {
    let counts = summary(scenario(nodes, json!([]), changes), until_ms).nodes["cache"].counts.clone();
    move |what| counts[what]
}

/// The policies alone, on the same keys, are the oracle: the node adds nothing and loses nothing.
#[test]
fn the_node_hits_as_its_policy_does() {
    for entry in cache::TABLE.iter().filter(|entry| !["min", "ttl", "random"].contains(&entry.info.id)) {
        let clients = json!({ "id": "c", "kind": "clients", "arrivals": "steady", "rate_per_s": 30, "timeout_ms": 0,
            "keys": { "kind": "zipf", "count": 60, "s": 0.8 }, "to": ["cache"] });
        let node = cache_node(json!({ "capacity": 15, "eviction": entry.info.id }));
        let scenario = scenario(json!([clients, node, origin()]), json!([]), json!([]));
        let mut record = play(&scenario);
        record.ended.sort_by_key(|end| end.number);
        let keys: Vec<u32> = record.ended.iter().map(|end| end.key).collect();
        let mut policy = (entry.build)(15, &Knobs::defaults(entry.info.knobs));
        let hits = policy.replay(&keys, &mut Stream::new(1, "unused", Purpose::Policy));
        let found = record.ended.iter().filter(|end| end.at == end.born).count();
        assert_eq!(found as u64, hits, "{}", entry.info.id);
        assert!(hits > 50);
    }
}

/// Keys 1, 2, 3, 1, 4 in three places: filled at 130, 230 and 330; key 1 is used at 400; key 4 is asked for at 500 and filled at 530.
#[test]
fn an_eviction_says_who_left_why_and_for_whom() {
    for (policy, left, life) in [
        (
            "lru",
            2,
            "had been here for 300 ms, never used. LRU: the entry that has not been used for longest leaves.",
        ),
        (
            "fifo",
            1,
            "had been here for 400 ms, used once, the last time 130 ms before. FIFO: the entry that came first",
        ),
        ("lfu", 2, "had been here for 300 ms, never used. LFU: the entry with the fewest uses leaves."),
    ] {
        let node = cache_node(json!({ "capacity": 3, "eviction": policy }));
        let nodes = json!([asking("c", &[1, 2, 3, 1, 4], 0.0), node, origin()]);
        let mut session = Session::new(scenario(nodes, json!([]), json!([])));
        session.advance(Time::from_ms(550.0), u64::MAX);
        let traces = session.traces(1, 5);
        let told = |number: usize| -> Vec<&str> {
            let choices = traces[number - 1].hops[0].choices.iter();
            choices.map(|(_, why)| why.sentence.as_str()).collect()
        };
        assert_eq!((told(1).len(), told(4).len()), (1, 1), "there was room, and a hit needs none: {policy}");
        let [miss, eviction] = told(5)[..] else { panic!("{policy}: {:?}", told(5)) };
        assert_eq!(miss, "Machine 1 does not have it: the origin is asked.");
        let wanted = format!("Machine 1 keeps it, and key {left} leaves: it {life}");
        assert!(eviction.starts_with(&wanted), "{policy}: {eviction}");
        // In the list of events it stands with the answer, in which it was decided.
        let events = happened(&traces);
        let answers = events.iter().filter(|event| matches!(event.what, What::Answered(_)));
        let whys: Vec<String> = answers.filter_map(|event| event.why()).collect();
        assert_eq!(whys, [eviction], "{policy}");
        // And who asks about the key hears where it went.
        let Some(Node::Cache(cache)) = session.simulation().world().nodes().get(1) else { panic!() };
        let about = cache.about_key(left, Time::from_ms(550.0));
        assert!(about[0].fact.starts_with("not held: left 20 ms ago for key 4, had been here"), "{about:?}");
    }
    // Who never lets go takes nothing in.
    let node = cache_node(json!({ "capacity": 3, "eviction": "ttl", "ttl_ms": 60_000 }));
    let nodes = json!([asking("c", &[1, 2, 3, 1, 4], 0.0), node, origin()]);
    let mut session = Session::new(scenario(nodes, json!([]), json!([])));
    session.advance(Time::from_ms(550.0), u64::MAX);
    let trace = session.trace(5).unwrap();
    let refused = &trace.hops[0].choices[1].1.sentence;
    assert!(refused.starts_with("Machine 1 does not keep it. "), "{refused}");
}

/// Reads of key 0 at 100, 200, …; a write of it at 250 that reaches the origin at 280.
fn read_write_read(settings: Value, until_ms: f64) -> impl Fn(&str) -> u64 {
    let mut writer = asking("writer", &[0], 1.0);
    writer["rate_per_s"] = json!(4);
    let silence = json!([change(300.0, "writer", json!({ "rate_per_s": 0 }))]);
    counts(json!([asking("reader", &[0], 0.0), writer, cache_node(settings), origin()]), silence, until_ms)
}

#[test]
fn what_a_write_does_to_an_entry_depends_on_the_strategy() {
    // (strategy, hits, misses, stale reads) of the reads at 100 to 500.
    for (strategy, hits, misses, stale) in [
        ("aside", 3, 2, 0),
        ("read-through", 3, 2, 0),
        ("write-through", 4, 1, 0),
        ("write-behind", 4, 1, 0),
        ("write-around", 4, 1, 3),
        ("refresh-ahead", 4, 1, 0),
    ] {
        let count = read_write_read(json!({ "strategy": strategy, "ttl_ms": 60_000 }), 550.0);
        assert_eq!(
            (count("hits"), count("misses"), count("stale_reads")),
            (hits, misses, stale),
            "{strategy}"
        );
    }
}

#[test]
fn a_stale_entry_is_stale_until_its_lifetime_is_over() {
    // Filled at 130, stale from 280 on, over at 580: the reads at 300, 400 and 500.
    let count = read_write_read(json!({ "strategy": "write-around", "ttl_ms": 450 }), 1000.0);
    assert_eq!((count("stale_reads"), count("expired")), (3, 1));
}

/// The race of Nishtala et al. (2013), section 3.2.1: a slow fill puts back what a write has replaced.
#[test]
fn aside_may_keep_the_old_value_and_the_others_do_not() {
    for (strategy, stale) in [("aside", 6), ("read-through", 0), ("write-through", 0)] {
        // The read of 200 leaves the origin at 230 with the old value and is 80 ms on its way; the write of
        // 215 is carried out at 245 and comes back at once. Then reads at 400, 600 … 1400.
        let mut reader = asking("reader", &[0], 0.0);
        reader["rate_per_s"] = json!(5);
        let mut writer = asking("writer", &[0], 1.0);
        writer["rate_per_s"] = json!(1000.0 / 215.0);
        let changes = json!([
            change(225.0, "cache>origin", json!({ "latency_ms": 80 })),
            change(240.0, "cache>origin", json!({ "latency_ms": 0 })),
            change(300.0, "writer", json!({ "rate_per_s": 0 })),
        ]);
        let nodes = json!([reader, writer, cache_node(json!({ "strategy": strategy })), origin()]);
        let found = summary(scenario(nodes, json!([]), changes), 1500.0).nodes["cache"].counts["stale_reads"];
        assert_eq!(found, stale, "{strategy}");
    }
}

#[test]
fn coalesced_misses_ask_the_origin_once() {
    for (coalesce, asked, coalesced) in [(false, 20, 0), (true, 1, 19)] {
        let rows: Vec<Value> = (0..20).map(|n| json!([100.0 + n as f64, n, 0, -1])).collect();
        let clients = json!({ "id": "c", "kind": "clients", "arrivals": "replay", "timeout_ms": 0, "to": ["cache"],
            "replay": { "name": "stampede", "paths": ["/"], "rows": rows } });
        let nodes = json!([clients, cache_node(json!({ "coalesce": coalesce })), origin()]);
        let summary = summary(scenario(nodes, json!([]), json!([])), 1000.0);
        assert_eq!(summary.nodes["origin"].calls, asked);
        assert_eq!(summary.nodes["cache"].counts["coalesced"], coalesced);
        assert_eq!(summary.total.outcomes["ok"], 20);
    }
}

/// Writes at 100, 200 … 1500, flushed at 1010 and 2020, and a crash before, between and after.
#[test]
fn a_crash_loses_exactly_what_was_not_passed_on() {
    let writer = asking("writer", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 1.0);
    for (crash_ms, replicas, lost) in [(950.0, 1, 9), (1020.0, 1, 0), (1550.0, 1, 5), (1550.0, 2, 0)] {
        let settings = json!({ "strategy": "write-behind", "flush_every_ms": 1010, "count": replicas, "replicas": replicas });
        let mut changes = vec![];
        // With two machines only the first of them crashes.
        changes.push(change(crash_ms, "cache/1", json!({ "down": true })));
        changes.push(change(crash_ms + 10.0, "cache/1", json!({ "down": false })));
        changes.push(change(1580.0, "writer", json!({ "rate_per_s": 0 })));
        let count = counts(json!([writer.clone(), cache_node(settings), origin()]), json!(changes), 5000.0);
        assert_eq!(count("lost_writes"), lost, "crash at {crash_ms} with {replicas} copies");
        if lost == 0 {
            assert!(count("flushes") >= 10, "{}", count("flushes"));
        }
    }
}

#[test]
fn write_behind_answers_at_once_and_write_through_waits() {
    for (strategy, ms) in [("write-behind", 0.0), ("write-through", 30.0)] {
        let nodes =
            json!([asking("writer", &[1], 1.0), cache_node(json!({ "strategy": strategy })), origin()]);
        let record = play(&scenario(nodes, json!([]), json!([])));
        assert!(record.ended.iter().all(|end| (end.at - end.born - ms).abs() < 1e-6), "{strategy}");
    }
}

/// With lifetimes that reads do not renew and a place for every key, a key asked at rate λ is filled,
/// then hit for T: hits are λT / (1 + λT) of all (renewal argument; Jung, Berger and Balakrishnan, 2003).
#[test]
fn lifetimes_give_the_hit_ratio_of_theory() {
    let clients = json!({ "id": "c", "kind": "clients", "rate_per_s": 2000, "timeout_ms": 0,
        "keys": { "kind": "uniform", "count": 500 }, "to": ["cache"] });
    let fast = json!({ "id": "origin", "kind": "servers", "workers": 1000, "service_ms": 0 });
    for ttl_ms in [100.0, 250.0, 1000.0] {
        let node = cache_node(json!({ "capacity": 500, "ttl_ms": ttl_ms }));
        let file = json!({ "v": 1, "seed": 3, "duration_ms": 60_000, "nodes": [clients, node, fast] });
        let found = summary(Checked::from_value(file).unwrap(), 60_000.0).nodes["cache"].hit_ratio.unwrap();
        let load = 2000.0 / 500.0 * ttl_ms / 1000.0;
        let theory = load / (1.0 + load);
        // 120 000 requests; standard error below 0.002 even with the first fills.
        assert!((found - theory).abs() < 0.008, "lifetime {ttl_ms}: {found} for {theory}");
    }
}

#[test]
fn refresh_ahead_keeps_a_hot_entry_from_expiring() {
    for (strategy, expired) in [("read-through", true), ("refresh-ahead", false)] {
        let settings = json!({ "strategy": strategy, "ttl_ms": 1000, "refresh_share": 0.3 });
        let count =
            counts(json!([asking("reader", &[0], 0.0), cache_node(settings), origin()]), json!([]), 9500.0);
        assert_eq!(count("expired") > 0, expired, "{strategy}");
        assert_eq!(count("refreshes") > 5, !expired, "{strategy}");
        assert_eq!(count("hits") + count("misses"), 95);
    }
}

/// Four machines; one dies at 5 s. Without copies the origin sees the dead machine's share again, with
/// two copies it sees (nearly) nothing.
#[test]
fn what_a_dead_machine_held_reaches_the_origin_unless_there_are_copies() {
    let clients = json!({ "id": "c", "kind": "clients", "rate_per_s": 400, "timeout_ms": 0,
        "keys": { "kind": "uniform", "count": 200 }, "to": ["cache"] });
    let misses = |replicas: u32, until_ms: f64| {
        let settings =
            json!({ "count": 4, "capacity": 200, "replicas": replicas, "warm_share": 1, "failover_ms": 100 });
        let changes = json!([change(5000.0, "cache/2", json!({ "down": true }))]);
        let nodes = json!([clients, cache_node(settings), origin()]);
        summary(scenario(nodes, json!([]), changes), until_ms).nodes["cache"].counts["misses"]
    };
    assert_eq!((misses(1, 4999.0), misses(2, 4999.0)), (0, 0), "it starts warm");
    // A ring gives each of four machines a quarter of the keys, give or take its imbalance; each is missed
    // once when its new owner does not have it, and some more while nobody takes them over.
    let alone = misses(1, 9000.0);
    assert!((25..=150).contains(&alone), "{alone} misses");
    assert_eq!(misses(2, 9000.0), 0);
}

/// Without a cache that is up, `aside` goes on by itself and the others fail.
#[test]
fn only_the_application_that_asks_by_itself_goes_on_without_a_cache() {
    for (strategy, outcome) in [("aside", Outcome::Ok), ("read-through", Outcome::Crashed)] {
        let nodes =
            json!([asking("reader", &[0], 0.0), cache_node(json!({ "strategy": strategy })), origin()]);
        let scenario = scenario(nodes, json!([]), json!([change(950.0, "cache/1", json!({ "down": true }))]));
        let record = play(&scenario);
        let after = record.ended.iter().filter(|end| end.born > 950.0);
        assert!(after.clone().count() > 50);
        assert!(after.clone().all(|end| end.outcome == outcome), "{strategy}");
        // And it is told why: the tenth request comes at 1000.
        let mut session = Session::new(scenario);
        session.advance(Time::from_ms(1100.0), u64::MAX);
        let (_, why) = &session.trace(10).unwrap().hops[0].choices[0];
        let then = if strategy == "aside" {
            "the application asks the origin"
        } else {
            "all goes through the cache"
        };
        assert!(why.sentence.starts_with(&format!("No machine for key 0 is up: {then}")), "{why:?}");
    }
}

#[test]
fn a_cache_can_grow_shrink_and_change_its_policy_while_it_runs() {
    let clients = json!({ "id": "c", "kind": "clients", "rate_per_s": 500, "timeout_ms": 0,
        "keys": { "kind": "zipf", "count": 300, "s": 0.9 }, "to": ["cache"] });
    let ids: Vec<&str> = cache::TABLE.iter().map(|entry| entry.info.id).filter(|id| *id != "min").collect();
    let mut changes = vec![];
    for (nth, id) in ids.iter().enumerate() {
        let settings = json!({ "eviction": id, "capacity": 20 + 15 * (nth % 4), "count": 1 + nth % 3 });
        changes.push(change(500.0 * (nth + 1) as f64, "cache", settings));
    }
    let nodes =
        json!([clients, cache_node(json!({ "count": 2, "capacity": 50, "ttl_ms": 30_000 })), origin()]);
    let summary = summary(scenario(nodes, json!([]), json!(changes)), 9500.0);
    assert_eq!(summary.total.outcomes["ok"], summary.total.requests - summary.total.in_flight);
    assert!(summary.nodes["cache"].hit_ratio.unwrap() > 0.2);
}

#[test]
fn what_makes_no_sense_is_refused_with_a_reason() {
    for (settings, path, word) in [
        (json!({ "eviction": "min" }), "cache.eviction", "future"),
        (json!({ "eviction": "ttl" }), "cache.ttl_ms", "above 0"),
        (json!({ "strategy": "refresh-ahead" }), "cache.ttl_ms", "above 0"),
        (json!({ "count": 100, "capacity": 100_000 }), "cache.capacity", "2000000"),
        (json!({ "partitioner": "circle" }), "cache.partitioner.id", "rendezvous"),
    ] {
        let file = json!({ "v": 1, "nodes": [asking("c", &[0], 0.0), cache_node(settings), origin()] });
        let problems = Checked::from_value(file).unwrap_err();
        assert!(
            problems.iter().any(|problem| problem.path == path && problem.sentence.contains(word)),
            "{problems:?}"
        );
    }
}

// --- Placing by load ------------------------------------------------------------------------------------

/// How many entries each machine has.
fn entries(session: &Session) -> Vec<u64> {
    let Node::Cache(cache) = &session.simulation().world().nodes()[1] else { panic!("no cache") };
    cache.check().unwrap();
    cache.machines().iter().filter(|it| !it.down).map(|it| it.entries().into()).collect()
}

/// Mirrokni, Thorup and Zadimoghaddam (2018): of m things on n members nobody has more than ⌈c · m / n⌉. A ring with
/// one point for each member is so uneven that without loads it is far above.
#[test]
fn a_bounded_ring_knows_how_many_entries_each_machine_has() {
    for (policy, bounded) in [("ring", false), ("bounded-ring", true)] {
        for c in [1.1, 1.25, 2.0] {
            let mut partitioner = json!({ "id": policy, "points": 1 });
            if bounded {
                partitioner["load_factor"] = c.into();
            }
            let clients = json!({ "id": "c", "kind": "clients", "rate_per_s": 400, "timeout_ms": 0,
                "keys": { "kind": "zipf", "count": 2000, "s": 0.6 }, "to": ["cache"] });
            let node = cache_node(json!({ "count": 6, "capacity": 2000, "partitioner": partitioner }));
            let mut session = Session::new(scenario(json!([clients, node, origin()]), json!([]), json!([])));
            for at_s in 1..=10 {
                session.advance(Time::from_ms(1000.0 * f64::from(at_s)), u64::MAX);
                let entries = entries(&session);
                let total: u64 = entries.iter().sum();
                let most = (c * total as f64 / 6.0).ceil() as u64;
                let fullest = entries.iter().max().copied().unwrap_or(0);
                assert_eq!(fullest <= most, bounded, "{policy}, {c}: {entries:?}, at most {most}");
            }
            // An entry that is where it was put is found there: those who ask know it.
            let hits = session.summary().nodes["cache"].hit_ratio.unwrap();
            assert!(hits > 0.4, "{policy}, {c}: {hits}");
        }
    }
}

/// Everything that takes an entry away is noticed, and what moves is placed under the bound anew.
#[test]
fn a_bounded_ring_keeps_count_whatever_happens_to_its_machines() {
    for copies in [1, 2] {
        let clients = json!({ "id": "c", "kind": "clients", "rate_per_s": 500, "timeout_ms": 0,
            "keys": { "kind": "zipf", "count": 600, "s": 0.5 }, "mix": [{ "path": "/", "write_share": 0.1 }], "to": ["cache"] });
        let bounded = json!({ "id": "bounded-ring", "points": 1 });
        let node = cache_node(json!({ "count": 4, "capacity": 60, "partitioner": bounded, "ttl_ms": 3000,
            "failover_ms": 200, "replicas": copies, "warm_share": 0.5 }));
        let changes = json!([
            change(1000.0, "cache/2", json!({ "down": true })),
            change(2000.0, "cache/2", json!({ "down": false })),
            change(3000.0, "cache", json!({ "count": 6 })),
            change(4000.0, "cache", json!({ "capacity": 40 })),
            change(5000.0, "cache", json!({ "strategy": "write-behind" })),
            change(6000.0, "cache/1", json!({ "down": true })),
            change(7000.0, "cache", json!({ "count": 3 })),
            change(8000.0, "cache", json!({ "partitioner": "ring" })),
            change(9000.0, "cache", json!({ "partitioner": { "id": "bounded-ring", "points": 2 } })),
        ]);
        let mut session = Session::new(scenario(json!([clients, node, origin()]), json!([]), changes));
        for step in 1..200 {
            session.advance(Time::from_ms(50.0 * f64::from(step)), u64::MAX);
            let Node::Cache(cache) = &session.simulation().world().nodes()[1] else { panic!("no cache") };
            cache.check().unwrap();
            let (placing, machines) = (cache.placing(), cache.machines());
            for (load, number) in placing.policy().loads().iter().zip(placing.numbers()) {
                let held = placing.keys().filter(|key| placing.owner(*key) == Some(*number));
                let (mut known, mut there) = (0, true);
                held.for_each(|key| {
                    (known, there) = (known + 1, there && machines[*number as usize].has(key))
                });
                assert!(load.holds == known && there, "{copies} copies, step {step}, machine {number}");
            }
        }
        let summary = session.summary();
        assert_eq!(
            summary.total.requests,
            summary.total.in_flight + summary.total.outcomes.values().sum::<u64>()
        );
        assert!(summary.nodes["cache"].hit_ratio.unwrap() > 0.1);
    }
}
