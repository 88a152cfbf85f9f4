//! The queue: against queueing theory and models, on examples worked out by hand, and under faults of
//! every kind at any time.

mod common;

use common::promises::{drained, same_run};
use common::record::{change, play, scenario};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use switchyard::node::Node;
use switchyard::node::queue::Queue;
use switchyard::report::statistics::estimate;
use switchyard::report::theory::{mmc, mmck};
use switchyard::run::{NO_LIMIT, Simulation, snapshot::NodeState};
use switchyard::scenario::Checked;
use switchyard::sim::{Call, CallId, Counter, Observer, Outcome, Place, Request, Time};

use Outcome::{Crashed, Ok as Fine, QueueFull};

/// Producers, a queue and consumers, in this order.
const QUEUE: u16 = 1;
const CONSUMERS: u16 = 2;

/// What the queue of a simulation looks like.
fn queue_of(simulation: &Simulation) -> &Queue {
    match &simulation.world().nodes()[QUEUE as usize] {
        Node::Queue(queue) => queue,
        other => panic!("no queue: {other:?}"),
    }
}

/// All that a test needs of what happened at and behind a queue.
#[derive(Clone, Debug, Default)]
struct Seen {
    counts: BTreeMap<&'static str, u64>,
    /// Of requests that were answered with `ok`: their identity, in the order of the answers.
    published: Vec<u64>,
    /// What consumers answered: identity, client, key, when work began, when it was answered, how.
    worked: Vec<Worked>,
    busy_queued: (u32, u32),
    since: Time,
    busy_ms: f64,
    queued_ms: f64,
    warm_up: Time,
}

#[derive(Clone, Copy, Debug)]
struct Worked {
    seed: u64,
    client: u32,
    key: u32,
    member: u16,
    arrived: f64,
    started: f64,
    finished: f64,
    outcome: Outcome,
}

impl Observer for Seen {
    fn ended(&mut self, request: &Request, outcome: Outcome, _: Time) {
        if outcome.is_ok() {
            self.published.push(request.seed);
        }
    }

    fn returned(&mut self, _: CallId, call: &Call, request: &Request, _: Time) {
        if call.to.node == CONSUMERS {
            assert!(request.errand);
            self.worked.push(Worked {
                seed: request.seed,
                client: request.client,
                key: request.key,
                member: call.to.member + 1,
                arrived: call.arrived.ms(),
                started: call.started.ms(),
                finished: call.finished.ms(),
                outcome: call.outcome,
            });
        }
    }

    fn counted(&mut self, _: Place, what: Counter, n: u32) {
        *self.counts.entry(what.id()).or_default() += n as u64;
    }

    fn occupied(&mut self, place: Place, busy: u32, queued: u32, now: Time) {
        if place.node == QUEUE {
            self.pass(now);
            self.busy_queued = (busy, queued);
        }
    }
}

impl Seen {
    fn pass(&mut self, now: Time) {
        let ms = now.since(self.since.max(self.warm_up)).ms();
        self.busy_ms += self.busy_queued.0 as f64 * ms;
        self.queued_ms += self.busy_queued.1 as f64 * ms;
        self.since = now;
    }

    fn count(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or(0)
    }
}

fn run_with(scenario: &Checked, warm_up: Time) -> (Seen, Simulation) {
    let mut seen = Seen { warm_up, ..Seen::default() };
    let mut simulation = Simulation::new(scenario, &mut seen);
    let end = Time::from_ms(scenario.duration_ms);
    simulation.advance(end, NO_LIMIT, &mut seen);
    seen.pass(end);
    common::audit::audit(&simulation);
    (seen, simulation)
}

fn run(scenario: &Checked) -> (Seen, Simulation) {
    run_with(scenario, Time::ZERO)
}

fn merged(mut node: Value, extra: &Value) -> Value {
    for (name, value) in extra.as_object().expect("settings") {
        node[name] = value.clone();
    }
    node
}

fn queue(extra: Value) -> Value {
    merged(json!({ "id": "q", "kind": "queue", "to": ["s"] }), &extra)
}

fn consumers(extra: Value) -> Value {
    merged(json!({ "id": "s", "kind": "servers", "queue": 1000, "service_ms": 1 }), &extra)
}

/// A message at each of these milliseconds that takes so long to process; its client is its number, from 0.
fn messages(rows: &[(f64, f64)]) -> Value {
    let row = |(client, (at, work)): (usize, &(f64, f64))| json!([at, client, 0, work]);
    let rows: Vec<Value> = rows.iter().enumerate().map(row).collect();
    json!({ "id": "p", "kind": "clients", "arrivals": "replay", "timeout_ms": 0, "clients": 1000, "to": ["q"],
        "replay": { "name": "log", "paths": ["/"], "rows": rows } })
}

fn small(rows: &[(f64, f64)], q: Value, s: Value, changes: Value) -> Checked {
    scenario(json!([messages(rows), queue(q), consumers(s)]), json!([]), changes)
}

/// (client, when work on it was done) of what consumers answered with `ok`, in order.
fn done(seen: &Seen) -> Vec<(u32, f64)> {
    seen.worked.iter().filter(|it| it.outcome == Fine).map(|it| (it.client, it.finished)).collect()
}

// --- Queueing theory -------------------------------------------------------------------------------------

const WARM_UP: Time = Time(60_000_000_000);
const SEEDS: std::ops::RangeInclusive<u64> = 1..=32;

fn theory_runs(rate: f64, q: Value) -> Vec<(Seen, Simulation)> {
    let run = |seed: u64| {
        let clients =
            json!({ "id": "p", "kind": "clients", "timeout_ms": 0, "rate_per_s": rate, "to": ["q"] });
        let service = json!({ "service_ms": { "dist": "exponential", "mean": 10 } });
        let file = json!({ "v": 1, "seed": seed, "duration_ms": WARM_UP.ms() + 400_000.0,
            "nodes": [clients, queue(q.clone()), consumers(service)] });
        run_with(&Checked::from_value(file).expect("fine"), WARM_UP)
    };
    SEEDS.map(run).collect()
}

/// The theory's value lies in the confidence interval over the seeds (widened as five figures are
/// compared: Bonferroni), and the interval is narrow.
fn agrees(what: &str, runs: &[(Seen, Simulation)], figure: impl Fn(&(Seen, Simulation)) -> f64, theory: f64) {
    let found = estimate(&runs.iter().map(figure).collect::<Vec<_>>()).expect("enough seeds");
    let width = found.half_width.expect("many seeds") * 1.35;
    assert!((found.mean - theory).abs() <= width, "{what}: {found:?} for {theory}");
    assert!(width / found.mean < 0.06, "{what}: too wide to say anything: {found:?}");
}

#[test]
fn one_consumer_behind_a_queue_is_an_mm1_station() {
    let runs = theory_runs(60.0, json!({ "capacity": 100_000 }));
    let theory = mmc(60.0, 10.0, 1).expect("stable");
    agrees("queue length", &runs, |run| run.0.queued_ms / 400_000.0, theory.mean_queue_length);
    agrees("in flight", &runs, |run| run.0.busy_ms / 400_000.0, 0.6);
    // Little's law joins the two; the queue's own books say the same.
    let stay = |run: &(Seen, Simulation)| queue_of(&run.1).tally().stay_mean_ms().expect("some");
    agrees("stay", &runs, stay, theory.mean_sojourn_ms);
}

#[test]
fn a_full_queue_refuses_as_many_as_erlang_says() {
    // Four places and one in the consumer's hand.
    let runs = theory_runs(80.0, json!({ "capacity": 4 }));
    let theory = mmck(80.0, 10.0, 1, 4).expect("finite");
    let published = |run: &(Seen, Simulation)| run.0.count("published") as f64 / (460.0 * 80.0);
    agrees("stored", &runs, published, 1.0 - theory.blocked_share);
    agrees("queue length", &runs, |run| run.0.queued_ms / 400_000.0, theory.mean_queue_length);
}

// --- By hand ---------------------------------------------------------------------------------------------

#[test]
fn a_producer_is_answered_before_its_message_is_processed() {
    let scenario = small(&[(0.0, 100.0), (10.0, 100.0)], json!({}), json!({}), json!([]));
    assert_eq!(play(&scenario).ends(), [(1, 0.0, Fine), (2, 10.0, Fine)]);
    let (seen, simulation) = run(&scenario);
    assert_eq!(done(&seen), [(0, 100.0), (1, 200.0)]);
    assert_eq!(queue_of(&simulation).tally().stay_mean_ms(), Some(145.0));
}

#[test]
fn whatever_happens_when_full_is_counted() {
    // The first goes to the consumer at once; there is room for two more.
    let rows: Vec<(f64, f64)> = (0..6).map(|n| (n as f64, 100.0)).collect();
    let run_with = |when_full: &str| {
        let q = json!({ "capacity": 2, "when_full": when_full });
        let scenario = small(&rows, q, json!({}), json!([]));
        let (seen, _) = run(&scenario);
        (play(&scenario).ends(), done(&seen), seen)
    };
    let at_once = |n: u64, outcome| (n, n as f64 - 1.0, outcome);
    let processed = |clients: &[u32]| -> Vec<(u32, f64)> {
        clients.iter().enumerate().map(|(place, client)| (*client, 100.0 * (place + 1) as f64)).collect()
    };

    let (ends, done, seen) = run_with("refuse");
    let refused: Vec<_> = (1..=6).map(|n| at_once(n, if n <= 3 { Fine } else { QueueFull })).collect();
    assert_eq!((ends, done, seen.count("published")), (refused, processed(&[0, 1, 2]), 3));

    let (ends, done, seen) = run_with("block");
    let held = [(4, 100.0, Fine), (5, 200.0, Fine), (6, 300.0, Fine)];
    let wanted: Vec<_> = (1..=3).map(|n| at_once(n, Fine)).chain(held).collect();
    assert_eq!((ends, done, seen.count("published")), (wanted, processed(&[0, 1, 2, 3, 4, 5]), 6));

    let all_fine: Vec<_> = (1..=6).map(|n| at_once(n, Fine)).collect();
    let (ends, done, seen) = run_with("drop-oldest");
    assert_eq!((ends, done), (all_fine.clone(), processed(&[0, 4, 5])));
    assert_eq!((seen.count("published"), seen.count("dropped")), (6, 3));

    let (ends, done, seen) = run_with("drop-newest");
    assert_eq!((ends, done), (all_fine, processed(&[0, 1, 2])));
    assert_eq!((seen.count("published"), seen.count("dropped")), (6, 3));
}

#[test]
fn only_so_many_producers_are_held_and_a_crash_fails_them() {
    let rows: Vec<(f64, f64)> = (0..5).map(|n| (n as f64, 100.0)).collect();
    let q = json!({ "capacity": 1, "when_full": "block", "blocked": 2 });
    let crash = json!([change(150.0, "q/1", json!({ "down": true }))]);
    // The third waits for room until 100; the fourth would until 200.
    let wanted = [(1, 0.0, Fine), (2, 1.0, Fine), (3, 100.0, Fine), (4, 150.0, Crashed), (5, 4.0, QueueFull)];
    assert_eq!(play(&small(&rows, q, json!({}), crash)).ends(), wanted);
}

#[test]
fn a_producer_is_held_only_so_long() {
    let q = json!({ "capacity": 1, "when_full": "block", "blocked_ms": 50 });
    let rows = [(0.0, 80.0), (1.0, 80.0), (2.0, 80.0), (40.0, 80.0)];
    let wanted = [(1, 0.0, Fine), (2, 1.0, Fine), (3, 52.0, QueueFull), (4, 80.0, Fine)];
    assert_eq!(play(&small(&rows, q, json!({}), json!([]))).ends(), wanted);
}

#[test]
fn held_producers_follow_new_settings_at_once() {
    let rows: Vec<(f64, f64)> = (0..5).map(|n| (n as f64, 1000.0)).collect();
    let q = json!({ "capacity": 1, "when_full": "block" });
    let changes = json!([
        change(50.0, "q", json!({ "capacity": 2 })),
        change(60.0, "q", json!({ "when_full": "refuse" }))
    ]);
    let wanted =
        [(1, 0.0, Fine), (2, 1.0, Fine), (3, 50.0, Fine), (4, 60.0, QueueFull), (5, 60.0, QueueFull)];
    assert_eq!(play(&small(&rows, q, json!({}), changes)).ends(), wanted);
}

#[test]
fn work_that_takes_longer_than_the_timeout_is_done_again_and_again() {
    let q = json!({ "consumers": 2, "ack_timeout_ms": 200, "attempts_max": 3, "retry_delay_ms": 1 });
    let (seen, simulation) = run(&small(&[(0.0, 300.0)], q, json!({ "count": 2 }), json!([])));
    // At 0 to the first; out of time at 200, at 201 to the second; out of time at 401, at 403 (rests double)
    // to the first, which is free again; at 603 it is dead.
    let done: Vec<_> = seen.worked.iter().map(|it| (it.member, it.started, it.finished)).collect();
    assert_eq!(done, [(1, 0.0, 300.0), (2, 201.0, 501.0), (1, 403.0, 703.0)]);
    assert_eq!((seen.count("delivered"), seen.count("redelivered"), seen.count("duplicates")), (3, 2, 2));
    assert_eq!((seen.count("dead_letters"), seen.count("acknowledged")), (1, 0));
    assert_eq!(queue_of(&simulation).dead_letters().map(|message| message.number).collect::<Vec<_>>(), [1]);
}

#[test]
fn a_frozen_consumer_costs_a_timeout_and_a_duplicate() {
    let changes = json!([
        change(0.0, "s/1", json!({ "frozen": true })),
        change(1000.0, "s/1", json!({ "frozen": false }))
    ]);
    let q = json!({ "consumers": 2, "ack_timeout_ms": 200, "retry_delay_ms": 1 });
    let (seen, simulation) = run(&small(&[(0.0, 50.0)], q, json!({ "count": 2 }), changes));
    assert_eq!(done(&seen), [(0, 251.0), (0, 1050.0)]);
    assert_eq!((seen.count("acknowledged"), seen.count("duplicates")), (1, 1));
    assert_eq!(queue_of(&simulation).tally().stay_mean_ms(), Some(251.0));
}

#[test]
fn a_backlog_outlives_a_crash_of_the_consumers() {
    let changes =
        json!([change(0.0, "s/1", json!({ "down": true })), change(5000.0, "s/1", json!({ "down": false }))]);
    let rows: Vec<(f64, f64)> = (0..50).map(|n| (n as f64 * 10.0, 1.0)).collect();
    let q = json!({ "attempts_max": 1, "retry_delay_ms": 100 });
    let (seen, _) = run(&small(&rows, q, json!({}), changes));
    // Asked at 0, 100, 300, 700, 1500, 3100 and 6300, which is the first time that somebody is there.
    assert_eq!(seen.worked.iter().filter(|it| it.outcome == Crashed).count(), 6);
    let order: Vec<u32> = done(&seen).iter().map(|it| it.0).collect();
    assert_eq!(order, (0..50).collect::<Vec<u32>>());
    assert_eq!((done(&seen)[0].1, seen.count("dead_letters")), (6301.0, 0));
}

#[test]
fn a_crash_of_the_queue_loses_what_only_memory_held() {
    let changes =
        json!([change(50.0, "q/1", json!({ "down": true })), change(200.0, "q/1", json!({ "down": false }))]);
    let rows = [(0.0, 100.0), (1.0, 100.0), (2.0, 100.0), (60.0, 100.0)];
    let (seen, _) = run(&small(&rows, json!({ "durable": true }), json!({}), changes.clone()));
    // The first was done at 100, but nobody was there to hear it: it is done again.
    assert_eq!(done(&seen), [(0, 100.0), (0, 300.0), (1, 400.0), (2, 500.0)]);
    assert_eq!((seen.count("lost_writes"), seen.count("duplicates"), seen.count("acknowledged")), (0, 1, 3));

    let (seen, _) = run(&small(&rows, json!({ "durable": false }), json!({}), changes));
    assert_eq!(done(&seen), [(0, 100.0)]);
    assert_eq!((seen.count("lost_writes"), seen.count("duplicates"), seen.count("acknowledged")), (2, 0, 1));
}

#[test]
fn a_dead_queue_refuses_and_a_thawed_one_hears_all_that_knocked() {
    let changes = json!([
        change(5.0, "q/1", json!({ "frozen": true })),
        change(100.0, "q/1", json!({ "frozen": false }))
    ]);
    let rows = [(0.0, 20.0), (10.0, 20.0)];
    let scenario = small(&rows, json!({ "ack_timeout_ms": 50 }), json!({}), changes);
    assert_eq!(play(&scenario).ends(), [(1, 0.0, Fine), (2, 100.0, Fine)]);
    let (seen, _) = run(&scenario);
    // The answer of 20 and the end of the time at 50 were both held; the answer came first.
    assert_eq!(done(&seen), [(0, 20.0), (1, 120.0)]);
    assert_eq!((seen.count("redelivered"), seen.count("acknowledged")), (0, 2));
}

#[test]
fn the_station_tells_what_waits_where() {
    let rows: Vec<(f64, f64)> = (0..10).map(|n| (n as f64, 10_000.0)).collect();
    let (_, simulation) = run(&small(&rows, json!({ "capacity": 36 }), json!({}), json!([])));
    let NodeState::Station(station) = &simulation.snapshot().nodes[QUEUE as usize].state else {
        panic!("none")
    };
    assert_eq!(station.members[0].note, "8 waiting, 1 in flight");
    assert_eq!(station.members[0].level, Some(8.0 / 36.0));
    assert_eq!(station.does, "1 partition, 1 consumer, to any consumer");
    assert!(station.notes.contains(&"oldest is 10.0 s old".to_owned()), "{station:?}");
}

// --- Order -----------------------------------------------------------------------------------------------

/// Producers of `keys` keys, 200 messages a second for 10 seconds.
fn stream(keys: u32, q: Value, s: Value, changes: Value) -> Checked {
    let clients = json!({ "id": "p", "kind": "clients", "arrivals": "poisson", "rate_per_s": 200, "timeout_ms": 0,
        "keys": { "kind": "uniform", "count": keys }, "to": ["q"] });
    scenario(json!([clients, queue(q), consumers(s)]), json!([]), changes)
}

/// In each partition, one after the other and in the order of publication.
fn in_order(seen: &Seen, queue: &Queue) {
    let place: BTreeMap<u64, usize> =
        seen.published.iter().enumerate().map(|(place, seed)| (*seed, place)).collect();
    let mut last = BTreeMap::new();
    let mut worked = seen.worked.clone();
    worked.sort_by(|a, b| a.arrived.total_cmp(&b.arrived));
    for it in worked.iter().filter(|it| it.outcome == Fine) {
        let (before, until) =
            last.insert(queue.partition_of(it.key), (place[&it.seed], it.finished)).unwrap_or((0, 0.0));
        assert!(before <= place[&it.seed], "out of order: {it:?}");
        assert!(until <= it.started, "two at once: {it:?}");
    }
}

#[test]
fn order_holds_within_a_partition_and_idle_consumers_do_not_help() {
    let service = json!({ "count": 8, "service_ms": { "dist": "exponential", "mean": 18 } });
    let throughput = |partitions: u32, consumers: u32| {
        let q = json!({ "delivery": "ordered", "partitions": partitions, "consumers": consumers });
        let (seen, simulation) = run(&stream(1000, q, service.clone(), json!([])));
        in_order(&seen, queue_of(&simulation));
        let members: BTreeSet<u16> = seen.worked.iter().map(|it| it.member).collect();
        assert_eq!(members.len() as u32, partitions.min(consumers));
        seen.count("acknowledged")
    };
    let (two, four, more) = (throughput(4, 2), throughput(4, 4), throughput(4, 8));
    // 200 a second are offered; two consumers manage 111, four 222 if their partitions are equally busy.
    assert!((1000..1200).contains(&two), "{two}");
    assert!(four > 1600, "{four}");
    assert_eq!(four, more, "consumers without a partition are idle");
}

#[test]
fn order_holds_while_consumers_crash_and_messages_fail() {
    let flap =
        |n: u32| change(0.0, &format!("s/{n}"), json!({ "flap": { "down_ms": 130 * n, "up_ms": 370 } }));
    let q = json!({ "delivery": "ordered", "partitions": 7, "consumers": 4, "prefetch": 2, "attempts_max": 0,
        "retry_delay_ms": 20 });
    let service = json!({ "count": 4, "service_ms": { "dist": "exponential", "mean": 8 } });
    let (seen, simulation) = run(&stream(1000, q, service, json!([flap(1), flap(2), flap(3)])));
    in_order(&seen, queue_of(&simulation));
    assert!(seen.count("redelivered") > 50 && seen.count("acknowledged") > 500, "{:?}", seen.counts);
}

// --- Models of redelivery --------------------------------------------------------------------------------

/// Within 4.5 standard deviations of a count with this mean and variance.
fn near(what: &str, found: u64, mean: f64, variance: f64) {
    assert!((found as f64 - mean).abs() < 4.5 * libm::sqrt(variance), "{what}: {found} for {mean}");
}

/// Every attempt fails with probability p on its own: a geometric number of deliveries, of mean 1/(1−p)
/// and variance p/(1−p)².
#[test]
fn redeliveries_are_geometric() {
    let p = 0.3;
    let s = json!({ "members": [{ "drop_share": p }] });
    let q = json!({ "consumers": 400, "retry_delay_ms": 1, "attempts_max": 0, "ack_timeout_ms": 60_000 });
    let quiet = json!([change(5000.0, "p", json!({ "rate_per_s": 0 }))]);
    let (seen, simulation) = run(&stream(1, q, s, quiet.clone()));
    let n = seen.count("published") as f64;
    assert!(queue_of(&simulation).in_flight() <= 8, "nearly all is done with");
    near("redelivered", seen.count("redelivered"), n * p / (1.0 - p), n * p / (1.0 - p) / (1.0 - p));

    // With three attempts a share of p³ is dead, and each is handed out 1 + p + p² times on average.
    let q = json!({ "consumers": 400, "retry_delay_ms": 1, "attempts_max": 3, "ack_timeout_ms": 60_000 });
    let s = json!({ "members": [{ "drop_share": p }] });
    let (seen, _) = run(&stream(1, q, s, quiet));
    let (n, dead) = (seen.count("published") as f64, p * p * p);
    near("dead letters", seen.count("dead_letters"), n * dead, n * dead * (1.0 - dead));
    near("delivered", seen.count("delivered"), n * (1.0 + p + p * p), n * (p + p * p));
    assert_eq!(seen.count("acknowledged") + seen.count("dead_letters"), seen.count("published"));
}

#[test]
fn poison_is_dead_after_exactly_so_many_deliveries() {
    for attempts in [1u64, 4] {
        let q = json!({ "poison_share": 0.2, "attempts_max": attempts, "retry_delay_ms": 10, "consumers": 3,
            "dead_letters": 50 });
        let quiet = json!([change(5000.0, "p", json!({ "rate_per_s": 0 }))]);
        let (seen, simulation) = run(&stream(1, q, json!({ "workers": 3 }), quiet));
        let mut deliveries = BTreeMap::<u64, u64>::new();
        for it in &seen.worked {
            *deliveries.entry(it.seed).or_default() += 1;
        }
        let (n, dead) = (seen.count("published"), seen.count("dead_letters"));
        near("poison", dead, n as f64 * 0.2, n as f64 * 0.16);
        let many = deliveries.values().filter(|times| **times == attempts).count() as u64;
        assert!(deliveries.values().all(|times| *times == 1 || *times == attempts));
        assert!(attempts == 1 || many == dead);
        assert_eq!((seen.count("acknowledged"), seen.count("duplicates")), (n - dead, 0));
        assert_eq!(queue_of(&simulation).dead_letters().len(), 50, "the last so many are kept");
    }
}

#[test]
fn poison_holds_up_its_partition_only_where_order_is_kept() {
    let done = |delivery: &str| {
        let q =
            json!({ "poison_share": 0.01, "attempts_max": 0, "retry_delay_ms": 100, "delivery": delivery });
        run(&stream(1, q, json!({}), json!([]))).0.count("acknowledged")
    };
    assert!(done("ordered") < 700 && done("shared") > 1900, "{} and {}", done("ordered"), done("shared"));
}

// --- Faults of every kind at any time --------------------------------------------------------------------

fn fault() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(|down| json!({ "down": down })),
        any::<bool>().prop_map(|frozen| json!({ "frozen": frozen })),
        (1.0..600.0f64, 1.0..600.0f64)
            .prop_map(|(down, up)| json!({ "flap": { "down_ms": down, "up_ms": up } })),
        Just(json!({ "flap": null })),
        (0.0..0.6f64).prop_map(|share| json!({ "drop_share": share })),
    ]
}

fn setting() -> impl Strategy<Value = Value> {
    prop_oneof![
        (1..9u32).prop_map(|n| json!({ "partitions": n })),
        (1..30u32).prop_map(|n| json!({ "capacity": n })),
        prop::sample::select(vec!["refuse", "block", "drop-oldest", "drop-newest"])
            .prop_map(|word| json!({ "when_full": word })),
        (0..10u32).prop_map(|n| json!({ "blocked": n })),
        (1.0..500.0f64).prop_map(|ms| json!({ "blocked_ms": ms })),
        (0..8u32).prop_map(|n| json!({ "consumers": n })),
        (1..5u32).prop_map(|n| json!({ "prefetch": n })),
        prop::sample::select(vec!["shared", "ordered"]).prop_map(|word| json!({ "delivery": word })),
        (1.0..400.0f64).prop_map(|ms| json!({ "ack_timeout_ms": ms })),
        (1..6u32).prop_map(|n| json!({ "attempts_max": n })),
        (1.0..300.0f64).prop_map(|ms| json!({ "retry_delay_ms": ms })),
        (0..5u32).prop_map(|n| json!({ "dead_letters": n })),
        any::<bool>().prop_map(|durable| json!({ "durable": durable })),
        (0.0..0.5f64).prop_map(|share| json!({ "poison_share": share })),
    ]
}

fn turn() -> impl Strategy<Value = Value> {
    let at = prop_oneof![Just(0.0), Just(1000.0), 0.0..3000.0f64];
    let what = prop_oneof![
        setting().prop_map(|set| ("q".to_owned(), set)),
        setting().prop_map(|set| ("q".to_owned(), set)),
        fault().prop_map(|set| ("q/1".to_owned(), set)),
        (1..4u32, fault()).prop_map(|(member, set)| (format!("s/{member}"), set)),
        (1..5u32).prop_map(|count| ("s".to_owned(), json!({ "count": count }))),
        (0..3u32).prop_map(|places| ("s".to_owned(), json!({ "queue": places }))),
        any::<bool>().prop_map(|cut| ("q>s".to_owned(), json!({ "cut": cut }))),
        (0.0..0.4f64).prop_map(|loss| ("q>s".to_owned(), json!({ "loss": loss }))),
        (0.0..400.0f64).prop_map(|rate| ("p".to_owned(), json!({ "rate_per_s": rate }))),
    ];
    (at, what).prop_map(|(at, (place, set))| change(at, &place, set))
}

/// Producers that wait or not, a queue with some settings, consumers, and what happens to them.
fn hammered(seed: u32, settings: Vec<Value>, turns: Vec<Value>, latency: bool) -> Value {
    let q = settings.iter().fold(queue(json!({})), merged);
    let clients = json!({ "id": "p", "kind": "clients", "rate_per_s": 150, "clients": 7,
        "timeout_ms": if seed % 2 == 0 { 0 } else { 250 }, "keys": { "kind": "uniform", "count": 50 }, "to": ["q"] });
    let s =
        consumers(json!({ "count": 3, "queue": 20, "service_ms": { "dist": "exponential", "mean": 15 } }));
    let ms = if latency { 3.0 } else { 0.0 };
    let link = |from: &str, to: &str| json!({ "from": from, "to": to, "latency_ms": ms });
    json!({ "v": 1, "seed": seed, "duration_ms": 3000, "nodes": [clients, q, s],
        "links": [link("p", "q"), link("q", "s")], "changes": turns })
}

/// What makes a hammered scenario quiet.
fn calm() -> Vec<Value> {
    let well = json!({ "down": false, "frozen": false, "flap": null, "drop_share": 0 });
    let mut calm = vec![
        change(0.0, "p", json!({ "rate_per_s": 0 })),
        change(0.0, "q>s", json!({ "cut": false, "loss": 0 })),
        change(0.0, "s", json!({ "count": 3, "queue": 20 })),
        change(0.0, "q", json!({ "consumers": 2, "ack_timeout_ms": 60_000 })),
        change(0.0, "q/1", well.clone()),
    ];
    calm.extend((1..4).map(|member| change(0.0, &format!("s/{member}"), well.clone())));
    calm
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// The books of the world and of the queue add up at every stop, a run is the same run however it is
    /// cut, and in the end every message is acknowledged, dead, dropped or lost.
    #[test]
    fn no_message_goes_astray(
        seed in any::<u32>(),
        settings in prop::collection::vec(setting(), 0..8),
        turns in prop::collection::vec(turn(), 0..12),
        latency in any::<bool>(),
        slices in prop::collection::vec((0.0..0.7f64, 1..400u64), 1..12),
    ) {
        let file = hammered(seed, settings, turns, latency);
        same_run(&file, &slices);
        let simulation = drained(&file, calm());
        let queue = queue_of(&simulation);
        let tally = queue.tally();
        prop_assert_eq!(tally.published, tally.acknowledged + tally.dead + tally.dropped + tally.lost);
        prop_assert_eq!((queue.waiting(), queue.in_flight(), queue.blocked(), queue.outstanding()), (0, 0, 0, 0));
        prop_assert!(queue.dead_letters().len() as u32 <= queue.settings().dead_letters);
    }

    /// A durable queue that never gives up: whatever a producer was told is stored is processed at least
    /// once, whatever happens to machines and links.
    #[test]
    fn what_is_acknowledged_is_processed_at_least_once(
        seed in any::<u32>(),
        settings in prop::collection::vec(setting(), 0..8),
        turns in prop::collection::vec(turn(), 0..12),
    ) {
        let never = |setting: &Value| ["durable", "attempts_max", "poison_share"].iter().any(|it| !setting[it].is_null())
            || setting["when_full"].as_str().is_some_and(|word| word.starts_with("drop"));
        let mut settings: Vec<Value> = settings.into_iter().filter(|setting| !never(setting)).collect();
        settings.push(json!({ "durable": true, "attempts_max": 0 }));
        let turns = turns.into_iter().filter(|turn| !never(&turn["set"])).collect();
        let mut file = hammered(seed, settings, turns, true);
        for mut change in calm() {
            change["at_ms"] = json!(3000);
            file["changes"].as_array_mut().unwrap().push(change);
        }
        file["duration_ms"] = json!(600_000);
        let (seen, simulation) = run(&Checked::from_value(file).expect("fine"));
        prop_assert_eq!(queue_of(&simulation).tally().lost, 0);
        let processed: BTreeSet<u64> =
            seen.worked.iter().filter(|it| it.outcome == Fine).map(|it| it.seed).collect();
        let forgotten = seen.published.iter().filter(|seed| !processed.contains(seed)).count();
        prop_assert_eq!(forgotten, 0, "of {} messages", seen.published.len());
    }
}
