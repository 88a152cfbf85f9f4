//! How clients and servers call: retries, hedges, breakers, bulkheads, deadlines, against what theory,
//! published formulas and worked examples say.

mod common;

use common::audit::audit;
use common::record::{change, log, play, scenario};
use common::scenarios::{Size, json as random_json};
use proptest::prelude::*;
use serde_json::{Value, json};
use switchyard::node::Node;
use switchyard::node::calling::breaker::{Breaker, Pass, Verdict};
use switchyard::node::calling::{COUNTERS, Calling, is_managed};
use switchyard::play::{Session, When};
use switchyard::report::Metrics;
use switchyard::run::{Digest, NO_LIMIT, Simulation, snapshot::NodeState};
use switchyard::scenario::{Checked, link, paths};
use switchyard::sim::{Counter, Observer, Outcome, Place, Purpose, Random, Request, Span, Stream, Time};

use Outcome::{BreakerOpen, BulkheadFull, Crashed, Ok as Fine, QueueFull, RateLimited, TimedOut};

fn with(mut node: Value, settings: Value) -> Value {
    for (name, value) in settings.as_object().expect("settings") {
        node[name] = value.clone();
    }
    node
}

/// A machine that answers after `service_ms`, constant.
fn server(id: &str, service_ms: f64, settings: Value) -> Value {
    let node = json!({ "id": id, "kind": "servers", "workers": 1000, "queue": 100_000,
        "service_ms": { "dist": "constant", "value": service_ms } });
    with(node, settings)
}

fn steady(rate_per_s: f64, settings: Value) -> Value {
    let node = json!({ "id": "clients", "kind": "clients", "arrivals": "steady", "rate_per_s": rate_per_s,
        "timeout_ms": 0, "to": ["s"] });
    with(node, settings)
}

/// Rows of a log that leave the work to the servers.
fn at(times: &[f64], settings: Value) -> Value {
    let rows: Vec<(f64, f64)> = times.iter().map(|at| (*at, -1.0)).collect();
    with(log(&rows, "s"), settings)
}

/// What was counted: of a node, by name, and the outcomes of all requests.
struct Found {
    metrics: Metrics,
}

impl Found {
    fn of(scenario: &Checked) -> Found {
        let mut metrics = Metrics::new(Span::from_ms(scenario.duration_ms));
        let mut simulation = Simulation::new(scenario, &mut metrics);
        simulation.advance(Time::from_ms(scenario.duration_ms), NO_LIMIT, &mut metrics);
        audit(&simulation);
        Found { metrics }
    }

    fn counted(&self, node: u16, what: Counter) -> f64 {
        let counts = self.metrics.counted(node);
        counts.iter().find(|(known, _)| *known == what).map_or(0.0, |(_, count)| *count as f64)
    }

    fn ended(&self, outcome: Outcome) -> f64 {
        self.metrics.total().ended[outcome as usize] as f64
    }

    fn issued(&self) -> f64 {
        self.metrics.total().issued as f64
    }

    /// Calls that a node received.
    fn calls(&self, node: u16) -> f64 {
        self.metrics.members(node).map(|(_, member)| member.arrived as f64).sum()
    }
}

fn near(found: f64, wanted: f64, tolerance: f64) {
    assert!((found / wanted - 1.0).abs() <= tolerance, "{found}, not {wanted}");
}

#[test]
fn tries_follow_the_backoff_to_the_nanosecond() {
    let ends = |settings: Value| {
        let down = server("s", 1.0, json!({ "members": [{ "down": true }] }));
        let nodes = json!([at(&[0.0], settings), down]);
        let record = play(&scenario(nodes, json!([]), json!([])));
        (record.at(1).iter().map(|hop| hop.arrived).collect::<Vec<_>>(), record.ends())
    };
    let doubling = json!({ "retries": 4, "backoff_ms": 100, "backoff_max_ms": 350, "jitter": "none" });
    assert_eq!(ends(doubling), (vec![0.0, 100.0, 300.0, 650.0, 1000.0], vec![(1, 1000.0, Crashed)]));
    let fixed = json!({ "retries": 2, "backoff": "fixed", "backoff_ms": 30, "jitter": "none" });
    assert_eq!(ends(fixed), (vec![0.0, 30.0, 60.0], vec![(1, 60.0, Crashed)]));
    let at_once = json!({ "retries": 3, "backoff": "none" });
    assert_eq!(ends(at_once), (vec![0.0; 4], vec![(1, 0.0, Crashed)]));
    // The third try would begin at 300; it is not waited for.
    let late = json!({ "retries": 4, "backoff_ms": 100, "jitter": "none", "deadline_ms": 300 });
    assert_eq!(ends(late), (vec![0.0, 100.0], vec![(1, 100.0, Crashed)]));
}

#[test]
fn every_try_has_its_timeout_and_all_together_have_the_deadline() {
    let ends = |settings: Value| {
        let nodes = json!([at(&[0.0], settings), server("s", 1000.0, json!({}))]);
        let record = play(&scenario(nodes, json!([]), json!([])));
        (record.hops.len(), record.ends())
    };
    let patient =
        json!({ "timeout_ms": 200, "retries": 2, "backoff": "fixed", "backoff_ms": 50, "jitter": "none" });
    assert_eq!(ends(patient.clone()), (3, vec![(1, 700.0, TimedOut)]));
    let hurried = with(patient, json!({ "deadline_ms": 310 }));
    assert_eq!(ends(hurried), (2, vec![(1, 310.0, TimedOut)]));
    assert_eq!(ends(json!({ "deadline_ms": 123.456789 })), (1, vec![(1, 123.456789, TimedOut)]));
    // The hedge belongs to its try.
    let hedged = json!({ "timeout_ms": 200, "hedge_after_ms": 150 });
    assert_eq!(ends(hedged), (2, vec![(1, 200.0, TimedOut)]));
}

/// What the request itself is to blame for is not tried again; overload and a limit are.
#[test]
fn only_what_may_go_better_is_tried_again() {
    let lb = json!({ "id": "s", "kind": "balancer", "routes": [{ "path": "/elsewhere", "to": "b" }], "to": ["b"] });
    let nodes = json!([at(&[0.0], json!({ "retries": 5 })), lb, server("b", 1.0, json!({}))]);
    let found = Found::of(&scenario(nodes, json!([]), json!([])));
    assert_eq!((found.ended(Outcome::NoRoute), found.counted(0, Counter::Retries)), (1.0, 0.0));

    let tiny = server("s", 30.0, json!({ "workers": 1, "queue": 0 }));
    let patient = json!({ "retries": 3, "backoff": "fixed", "backoff_ms": 20, "jitter": "none" });
    let record = play(&scenario(json!([at(&[0.0, 5.0], patient), tiny]), json!([]), json!([])));
    // Refused at 5 and 25, taken at 45.
    assert_eq!(record.ends(), [(1, 30.0, Fine), (2, 75.0, Fine)]);
    assert_eq!(record.hops.iter().filter(|hop| hop.outcome == QueueFull).count(), 2);
}

/// A bucket of one token, two a second. The first request takes the token at 0; the second comes at 100.2 and is told to
/// come again after the 399.8 ms that are left, in whole milliseconds, so at 500.2.
#[test]
fn a_limiter_says_when_to_come_again_and_clients_may_honour_it() {
    let policy = json!({ "id": "token-bucket", "capacity": 1, "rate_per_s": 2 });
    let limiter = json!({ "id": "l", "kind": "limiter", "policy": policy, "to": ["b"] });
    let direct = with(limiter.clone(), json!({ "id": "s" }));
    let lb = json!({ "id": "s", "kind": "balancer", "to": ["l"] });
    let servers = server("s", 0.0, json!({ "to": ["l"] }));
    let patient = with(servers.clone(), json!({ "call_timeout_ms": 5000 }));
    let cache = |strategy: &str| json!({ "id": "s", "kind": "cache", "strategy": strategy, "to": ["l"] });
    // A gateway has a limit of its own.
    let runs = json!({ "id": "gateway", "limit_per_s": 2, "limit_burst": 1 });
    let gateway = server("s", 0.0, json!({ "runs": runs, "row_ms": 0, "to": ["b"] }));
    let b = server("b", 0.0, json!({}));
    // Whoever stands between passes on what a refusal brings.
    let ways = [
        json!([direct, b]),
        json!([gateway, b]),
        json!([with(servers.clone(), json!({ "to": ["g"] })), with(gateway, json!({ "id": "g" })), b]),
        json!([lb, limiter, b]),
        json!([servers, limiter, b]),
        json!([patient, limiter, b]),
        json!([cache("read-through"), limiter, b]),
        json!([cache("write-behind"), limiter, b]),
    ];
    for nodes in ways {
        let last = |settings: Value| {
            let keys = json!({ "kind": "list", "keys": [1, 2] });
            let mut clients = at(&[0.0, 100.2], with(settings, json!({ "keys": keys })));
            clients["replay"]["paths"] = json!(["GET /feed"]);
            let mut all = vec![clients];
            all.extend(nodes.as_array().unwrap().iter().cloned());
            let record = play(&scenario(json!(all), json!([]), json!([])));
            let ends = record.ends();
            assert_eq!(ends[0], (1, 0.0, Fine), "{nodes}");
            let asked: Vec<f64> = record.at(1).iter().map(|hop| hop.arrived).skip(1).collect();
            (asked, ends[1].1, ends[1].2)
        };
        let retries = |settings: Value| with(json!({ "retries": 2, "backoff": "none" }), settings);
        // As released: it is only told.
        assert_eq!(last(retries(json!({}))), (vec![100.2; 3], 100.2, RateLimited), "{nodes}");
        let honour = json!({ "honour_retry_after": true });
        assert_eq!(last(retries(honour.clone())), (vec![100.2, 500.2], 500.2, Fine), "{nodes}");
        // The delay comes on top; a time beyond the deadline is not waited for.
        let delay = with(honour.clone(), json!({ "backoff": "fixed", "backoff_ms": 30, "jitter": "none" }));
        assert_eq!(last(retries(delay)), (vec![100.2, 530.2], 530.2, Fine), "{nodes}");
        let hurried = with(honour, json!({ "deadline_ms": 399 }));
        assert_eq!(last(retries(hurried)), (vec![100.2], 100.2, RateLimited), "{nodes}");
    }
    // Where nobody knows when, the delay is all there is.
    let places =
        json!({ "id": "s", "kind": "limiter", "policy": { "id": "concurrency", "limit": 1 }, "to": ["b"] });
    let waits = json!({ "retries": 1, "backoff": "fixed", "backoff_ms": 30, "jitter": "none", "honour_retry_after": true });
    let nodes = json!([at(&[0.0, 10.0], waits), places, server("b", 20.0, json!({}))]);
    assert_eq!(play(&scenario(nodes, json!([]), json!([]))).ends(), [(1, 20.0, Fine), (2, 60.0, Fine)]);
}

/// Each try fails with probability p on its own: tries are geometric, cut off after r retries, so calls
/// per request are (1 − pʳ⁺¹) / (1 − p), and the share that never succeeds is pʳ⁺¹.
#[test]
fn a_retry_storm_is_a_geometric_series() {
    for (p, retries) in [(0.6, 3), (0.3, 5), (1.0, 4)] {
        let settings = json!({ "retries": retries, "timeout_ms": 5, "backoff": "fixed", "backoff_ms": 1 });
        let nodes =
            json!([steady(2000.0, settings), server("s", 1.0, json!({ "members": [{ "drop_share": p }] }))]);
        let scenario = scenario(nodes, json!([]), json!([]));
        let (mut requests, mut calls, mut lost) = (0.0, 0.0, 0.0);
        for seed in 1..=6 {
            let found = Found::of(&paths::with(&scenario, "seed", json!(seed)).expect("a seed"));
            requests += found.issued();
            calls += found.issued() + found.counted(0, Counter::Retries);
            lost += found.ended(TimedOut);
        }
        let powers: Vec<f64> = (0..=retries + 1).map(|n| libm::pow(p, f64::from(n))).collect();
        near(calls / requests, powers[..=retries as usize].iter().sum(), 0.01);
        let wanted = powers[retries as usize + 1];
        assert!((lost / requests - wanted).abs() < 0.005, "{} of {requests}, not {wanted}", lost);
    }
}

/// Retries through a balancer have their own luck on every connection behind it.
#[test]
fn further_tries_are_independent_behind_a_balancer() {
    let loss = 0.3;
    let lb = json!({ "id": "s", "kind": "balancer", "to": ["b"] });
    let clients = steady(1000.0, json!({ "retries": 3, "timeout_ms": 5, "backoff": "none" }));
    let links = json!([{ "from": "s", "to": "b", "loss": loss }]);
    let found = Found::of(&scenario(json!([clients, lb, server("b", 0.0, json!({}))]), links, json!([])));
    let p = 1.0 - (1.0 - loss) * (1.0 - loss);
    near(found.ended(TimedOut) / found.issued(), p * p * p * p, 0.1);
}

#[test]
fn a_budget_bounds_the_calls_to_its_share_of_the_requests() {
    for budget in [0.05, 0.2, 0.5, 1.0] {
        let settings = json!({ "retries": 10, "retry_budget": budget, "backoff": "none" });
        let down = server("s", 1.0, json!({ "members": [{ "down": true }] }));
        let found = Found::of(&scenario(json!([steady(1000.0, settings), down]), json!([]), json!([])));
        let amplification = found.calls(1) / found.issued();
        assert!(amplification <= 1.0 + budget && amplification > 1.0 + budget - 0.001, "{amplification}");
        assert!(found.counted(0, Counter::RetriesDenied) > 0.0);
    }
}

/// What is saved up in good times is bounded: 100 retries, and then the share of what comes in.
#[test]
fn a_budget_saves_up_only_so_much() {
    let settings = json!({ "retries": 1, "retry_budget": 0.5, "backoff": "none" });
    let down = json!([change(5000.0, "s/1", json!({ "down": true }))]);
    let nodes = json!([steady(1000.0, settings), server("s", 0.0, json!({}))]);
    let found = Found::of(&scenario(nodes, json!([]), down));
    let failed = found.ended(Crashed);
    let retries = found.counted(0, Counter::Retries);
    assert!((retries - (100.0 + failed * 0.5)).abs() <= 1.0, "{retries} of {failed}");
}

/// Two-mode latency each way, drawn anew for each call: a round trip is slow with probability
/// q = 1 − (1 − s)². The hedge is sent to the share q of the requests; late are only those of which both
/// calls were slow (order statistics: P(min > x) = P(X > x)²).
#[test]
fn hedging_cuts_the_tail_at_the_predicted_price() {
    let (fast, slow, share) = (5.0, 200.0, 0.05);
    let links = json!([{ "from": "clients", "to": "s",
        "latency_ms": { "dist": "bimodal", "fast": fast, "slow": slow, "slow_share": share } }]);
    let play = |hedge_after_ms: f64| {
        let clients = steady(4000.0, json!({ "hedge_after_ms": hedge_after_ms }));
        let scenario = scenario(json!([clients, server("s", 0.0, json!({}))]), links.clone(), json!([]));
        Found::of(&scenario)
    };
    let (plain, hedged) = (play(0.0), play(20.0));
    let p99 = |found: &Found| found.metrics.total().latency.quantile_ms(0.99).expect("there are requests");
    let (one, both) = (2.0 * share * (1.0 - share), share * share);
    let q = one + both;
    near(hedged.counted(0, Counter::Hedges) / hedged.issued(), q, 0.02);
    // 205 ms lose against 20 + 10 ms, 400 ms against 20 + 10 and 20 + 205 ms.
    let won = one * (1.0 - q) + both * (1.0 - both);
    near(hedged.counted(0, Counter::HedgesWon) / hedged.issued(), won, 0.03);
    assert!(p99(&plain) > 204.0, "{}", p99(&plain));
    assert!(p99(&hedged) < 31.0, "{}", p99(&hedged));
    let late = hedged.metrics.total().latency.quantile_ms(1.0 - 0.9 * q * q).expect("there are requests");
    assert!(late > 204.0, "the share q² = {} is still late: {late}", q * q);
    // Every hedge is a call more; what was given up still arrives.
    near(hedged.calls(1) / hedged.issued(), 1.0 + q, 0.01);
}

#[test]
fn a_breaker_opens_tries_and_closes() {
    let settings =
        json!({ "breaker_failures": 0.5, "breaker_window": 10, "breaker_open_ms": 500, "breaker_probes": 2 });
    let outage = json!([
        change(1000.0, "s/1", json!({ "down": true })),
        change(2000.0, "s/1", json!({ "down": false }))
    ]);
    let nodes = json!([steady(100.0, settings), server("s", 1.0, json!({}))]);
    let scenario = scenario(nodes, json!([]), outage);
    let record = play(&scenario);
    let crashed: Vec<f64> =
        record.ended.iter().filter(|end| end.outcome == Crashed).map(|end| end.born).collect();
    // Half of the last ten; then one trial 500 ms later.
    assert_eq!(crashed, [1000.0, 1010.0, 1020.0, 1030.0, 1040.0, 1540.0]);
    let refused: Vec<f64> =
        record.ended.iter().filter(|end| end.outcome == BreakerOpen).map(|end| end.at).collect();
    assert_eq!((refused[0], *refused.last().unwrap()), (1050.0, 2030.0));
    assert!(record.ended.iter().filter(|end| end.at > 2040.0).all(|end| end.outcome == Fine));
    assert_eq!(Found::of(&scenario).counted(0, Counter::BreakerOpened), 2.0);

    let mut session = Session::new(scenario);
    let mut said = |at_ms| {
        session.seek(Time::from_ms(at_ms), u64::MAX);
        let snapshot = session.snapshot();
        let NodeState::Clients(clients) = &snapshot.nodes[0].state else { panic!("clients") };
        clients.calling.clone()
    };
    assert_eq!(
        [said(900.0), said(1200.0), said(1539.0), said(3000.0)],
        ["", "breaker open", "breaker open", ""]
    );
}

/// The state machine once more, from the definition and with all of its history.
#[derive(Default)]
struct NaiveBreaker {
    /// Since it was closed.
    results: Vec<bool>,
    open_until: Option<Time>,
    /// In half-open: how each trial ended, if it has.
    trials: Option<Vec<Option<Verdict>>>,
}

impl NaiveBreaker {
    /// The number of the trial, if it is one.
    fn admit(&mut self, settings: &Calling, now: Time) -> Option<Option<usize>> {
        if self.open_until.is_some_and(|until| now >= until) {
            (self.open_until, self.trials) = (None, Some(vec![]));
        }
        if self.open_until.is_some() {
            return None;
        }
        let Some(trials) = &mut self.trials else { return Some(None) };
        let counting = trials.iter().filter(|trial| **trial != Some(Verdict::Unknown)).count();
        if counting >= settings.breaker_probes as usize {
            return None;
        }
        trials.push(None);
        Some(Some(trials.len() - 1))
    }

    fn finished(&mut self, trial: Option<usize>, verdict: Verdict, settings: &Calling, now: Time) -> bool {
        let opens = match (&mut self.trials, trial) {
            (Some(trials), Some(trial)) => {
                trials[trial] = Some(verdict);
                let fine = trials.iter().filter(|trial| **trial == Some(Verdict::Fine)).count();
                if fine == settings.breaker_probes as usize {
                    *self = NaiveBreaker::default();
                }
                verdict == Verdict::Failed
            }
            _ if verdict == Verdict::Unknown => false,
            _ => {
                self.results.push(verdict == Verdict::Failed);
                let window = settings.breaker_window as usize;
                let last = self.results.iter().rev().take(window);
                let failed = last.filter(|failed| **failed).count();
                let share = failed as f64 / window as f64;
                self.results.len() >= window && failed > 0 && share + 1e-12 >= settings.breaker_failures
            }
        };
        if opens {
            *self = NaiveBreaker::default();
            self.open_until = Some(now + Span::from_ms(settings.breaker_open_ms));
        }
        opens
    }
}

#[derive(Clone, Debug)]
enum Act {
    Wait(u64),
    Call,
    End(usize, u8),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        (0..40u64).prop_map(Act::Wait),
        Just(Act::Call),
        Just(Act::Call),
        (any::<prop::sample::Index>(), 0..6u8).prop_map(|(which, how)| Act::End(which.index(1000), how)),
        (any::<prop::sample::Index>(), 0..6u8).prop_map(|(which, how)| Act::End(which.index(1000), how)),
    ];
    prop::collection::vec(act, 1..400)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn the_breaker_does_as_a_naive_one(
        acts in acts(), share in 1..=10u32, window in 1..12u16, open_ms in 1..200u32, probes in 1..5u16,
    ) {
        let settings = Calling { breaker_failures: f64::from(share) / 10.0, breaker_window: window,
            breaker_open_ms: f64::from(open_ms), breaker_probes: probes, ..Calling::default() };
        let (mut breaker, mut naive, mut now, mut era) = (Breaker::default(), NaiveBreaker::default(), Time::ZERO, 0);
        let mut calls: Vec<(Pass, Option<usize>, u32)> = vec![];
        for act in acts {
            match act {
                Act::Wait(ms) => now = now + Span::from_ms(ms as f64),
                Act::Call => {
                    let was_open = naive.open_until.is_some();
                    let (pass, trial) = (breaker.admit(&settings, now), naive.admit(&settings, now));
                    prop_assert_eq!(pass.is_some(), trial.is_some());
                    // The naive one is told only of calls of the present state.
                    era += u32::from(was_open && naive.open_until.is_none());
                    calls.extend(pass.zip(trial).map(|(pass, trial)| (pass, trial, era)));
                }
                Act::End(which, how) if !calls.is_empty() => {
                    let (pass, trial, begun) = calls.swap_remove(which % calls.len());
                    let verdict = [Verdict::Fine, Verdict::Failed, Verdict::Unknown][[0, 0, 1, 1, 1, 2][how as usize]];
                    let half_open = naive.trials.is_some();
                    let opened = breaker.finished(pass, verdict, &settings, now);
                    let wanted = begun == era && naive.finished(trial, verdict, &settings, now);
                    prop_assert_eq!(opened, wanted);
                    era += u32::from(opened || half_open && naive.trials.is_none());
                }
                Act::End(..) => {}
            }
            prop_assert_eq!(breaker.trouble(now).is_none(), naive.open_until.is_none() && naive.trials.is_none());
        }
    }
}

/// Calls that a node's members wait for, at most, over the whole run.
fn most_open(scenario: &Checked, node: u16) -> usize {
    let mut simulation = Simulation::new(scenario, &mut ());
    let mut most = 0;
    while simulation.step(Time::from_ms(scenario.duration_ms), &mut ()).is_some() {
        let calls = simulation.world().calls();
        let mut open = std::collections::BTreeMap::new();
        for (_, call) in calls.iter().filter(|(_, call)| call.from.node == node && !call.abandoned) {
            assert!(is_managed(call.tag));
            *open.entry((call.from.member, call.link)).or_insert(0) += 1;
        }
        most = most.max(open.values().copied().max().unwrap_or(0));
    }
    most
}

#[test]
fn a_bulkhead_is_never_overfull_and_is_used_to_the_full() {
    for bulkhead in [1, 3, 8] {
        let settings = json!({ "bulkhead": bulkhead, "timeout_ms": 60, "retries": 2, "backoff_ms": 10, "hedge_after_ms": 30 });
        let clients = with(steady(200.0, settings), json!({ "arrivals": "poisson" }));
        let slow = json!({ "service_ms": { "dist": "exponential", "mean": 50 } });
        let mut scenario = scenario(json!([clients, server("s", 1.0, slow)]), json!([]), json!([]));
        scenario = paths::with(&scenario, "duration_ms", json!(3000)).expect("a duration");
        assert_eq!(most_open(&scenario, 0), bulkhead);
        assert!(Found::of(&scenario).ended(BulkheadFull) > 0.0);
    }
}

#[test]
fn every_machine_has_a_bulkhead_of_its_own() {
    let settings = json!({ "count": 3, "to": ["b"], "bulkhead": 2, "call_timeout_ms": 80, "retries": 1, "backoff_ms": 5,
        "hedge_after_ms": 20 });
    let front = server("s", 1.0, settings);
    let clients = with(steady(300.0, json!({})), json!({ "arrivals": "poisson" }));
    let slow = server("b", 1.0, json!({ "service_ms": { "dist": "exponential", "mean": 40 } }));
    let scenario = scenario(json!([clients, front, slow]), json!([]), json!([]));
    assert_eq!(most_open(&scenario, 1), 2);
    assert!(Found::of(&scenario).ended(BulkheadFull) > 0.0);
}

#[test]
fn servers_call_downstream_with_patience_of_their_own() {
    let ends = |settings: Value, below: Value| {
        let front = with(server("s", 10.0, json!({ "workers": 1, "to": ["b"] })), settings);
        let record = play(&scenario(
            json!([at(&[0.0, 5.0], json!({})), front, server("b", 200.0, below)]),
            json!([]),
            json!([]),
        ));
        (record.at(2).iter().map(|hop| hop.arrived).collect::<Vec<_>>(), record.ends())
    };
    // Two tries of 50 ms with 20 ms between; the worker is held meanwhile, so the second begins at 130.
    let patient = json!({ "call_timeout_ms": 50, "retries": 1, "backoff": "fixed", "backoff_ms": 20, "jitter": "none" });
    let (calls, found) = ends(patient, json!({}));
    assert_eq!(calls, [10.0, 80.0, 140.0, 210.0]);
    assert_eq!(found, [(1, 130.0, TimedOut), (2, 260.0, TimedOut)]);
    // A breaker of the server's own: the first failure opens it.
    let breaker = json!({ "breaker_failures": 1, "breaker_window": 1 });
    let (calls, found) = ends(breaker, json!({ "members": [{ "down": true }] }));
    assert_eq!((calls, found), (vec![10.0], vec![(1, 10.0, Crashed), (2, 20.0, BreakerOpen)]));
}

/// A machine that goes down takes its retries with it; it comes back and knows nothing of its breaker.
#[test]
fn a_crash_ends_what_was_to_be_tried_again() {
    let front = with(
        server("s", 10.0, json!({ "to": ["b"] })),
        json!({ "retries": 10, "backoff": "fixed", "backoff_ms": 100, "jitter": "none", "breaker_failures": 1,
            "breaker_window": 1, "breaker_open_ms": 50 }),
    );
    let down = server("b", 1.0, json!({ "members": [{ "down": true }] }));
    let scenario = scenario(
        json!([at(&[0.0, 205.0], json!({})), front, down]),
        json!([]),
        json!([
            change(150.0, "s/1", json!({ "down": true })),
            change(200.0, "s/1", json!({ "down": false })),
            change(400.0, "b/1", json!({ "down": false }))
        ]),
    );
    let record = play(&scenario);
    assert_eq!(record.ends(), [(1, 150.0, Crashed), (2, 416.0, Fine)]);
    let mut simulation = Simulation::new(&scenario, &mut ());
    simulation.advance(Time(u64::MAX / 2), NO_LIMIT, &mut ());
    assert_eq!((simulation.world().pending(), simulation.world().calls().len()), (0, 0));
}

/// Ends of requests that come after the deadline.
struct Late {
    deadline: Span,
    late: u64,
    at_the_last: u64,
}

impl Observer for Late {
    fn ended(&mut self, request: &Request, _: Outcome, now: Time) {
        let took = now.since(request.born);
        self.late += u64::from(took > self.deadline);
        self.at_the_last += u64::from(took == self.deadline);
    }
}

#[test]
fn no_request_outlives_its_deadline() {
    let settings = json!({ "deadline_ms": 77.000001, "timeout_ms": 30, "retries": 4, "backoff_ms": 10, "hedge_after_ms": 12,
        "arrivals": "poisson" });
    let slow = json!({ "service_ms": { "dist": "pareto", "mean": 40, "shape": 1.5 }, "members": [{ "drop_share": 0.3 }] });
    let links = json!([{ "from": "clients", "to": "s", "latency_ms": 3, "loss": 0.1 }]);
    let scenario = scenario(json!([steady(500.0, settings), server("s", 1.0, slow)]), links, json!([]));
    let mut late = Late { deadline: Span(77_000_001), late: 0, at_the_last: 0 };
    let mut simulation = Simulation::new(&scenario, &mut late);
    simulation.advance(Time::from_ms(scenario.duration_ms), NO_LIMIT, &mut late);
    assert_eq!(late.late, 0);
    assert!(late.at_the_last > 10, "{} were given up at the deadline", late.at_the_last);
}

/// Files from before mean the same and stay as they were; what is set is written out in full.
#[test]
fn settings_are_written_only_where_they_are_used() {
    let plain = scenario(json!([steady(10.0, json!({})), server("s", 1.0, json!({}))]), json!([]), json!([]));
    assert!(!plain.to_json().contains("retries") && !plain.to_json().contains("autoscale"));
    assert_eq!(paths::get(&plain, "clients.retries"), Some(json!(0)));
    let set = paths::with(&plain, "clients.retries", json!(3)).expect("a number of retries");
    for name in ["\"retries\":3", "\"backoff_ms\":100.0", "\"jitter\":\"full\"", "\"breaker_window\":20"] {
        assert!(set.to_json().contains(name), "{name} in {}", set.to_json());
    }
    assert_eq!(link::decode(&link::encode(&set)).as_ref(), Ok(&set));
    let wrong = paths::with(&plain, "clients.jitter", json!("some")).expect_err("no such jitter");
    assert_eq!(wrong[0].path, "clients.jitter");
    let misspelt = paths::with(&plain, "clients.retrys", json!(1)).expect_err("no such setting");
    assert!(misspelt[0].sentence.contains("\"retries\""), "{misspelt:?}");
}

/// Random settings of how to call, and of autoscaling where the node is of servers.
struct Settings(Stream);

impl Settings {
    fn real(&mut self, least: f64, most: f64) -> f64 {
        least + self.0.unit() * (most - least)
    }

    fn or_none(&mut self, value: f64) -> Value {
        if self.0.chance(0.5) { json!(0) } else { json!(value) }
    }

    fn one(&mut self, servers: bool) -> (&'static str, Value) {
        let whole = |settings: &mut Settings, n: u64| settings.0.below(n);
        let word = |settings: &mut Settings, words: &[&str]| {
            json!(words[settings.0.below(words.len() as u64) as usize])
        };
        match self.0.below(if servers { 18 } else { 13 }) {
            0 => ("retries", json!(whole(self, 11))),
            1 => ("backoff", word(self, &["none", "fixed", "exponential"])),
            2 => ("backoff_ms", json!(self.real(0.0, 200.0))),
            3 => ("backoff_max_ms", json!(self.real(0.0, 2000.0))),
            4 => ("jitter", word(self, &["none", "full", "equal", "decorrelated"])),
            5 => ("retry_budget", {
                let share = self.real(0.0, 1.0);
                self.or_none(share)
            }),
            6 => ("hedge_after_ms", {
                let ms = self.real(0.001, 200.0);
                self.or_none(ms)
            }),
            7 => ("breaker_failures", {
                let share = self.real(0.0, 1.0);
                self.or_none(share)
            }),
            8 => ("breaker_window", json!(1 + whole(self, 30))),
            9 => ("breaker_open_ms", json!(self.real(1.0, 1000.0))),
            10 => ("breaker_probes", json!(1 + whole(self, 5))),
            11 => ("bulkhead", json!(whole(self, 6))),
            12 => ("deadline_ms", {
                let ms = self.real(0.001, 1500.0);
                self.or_none(ms)
            }),
            13 => ("call_timeout_ms", {
                let ms = self.real(0.001, 500.0);
                self.or_none(ms)
            }),
            14 | 15 => ("autoscale", word(self, &["off", "utilisation", "utilisation"])),
            16 => ("scale_boot_ms", json!(self.real(0.0, 1000.0))),
            _ => ("scale_cooldown_ms", json!(self.real(0.0, 1000.0))),
        }
    }

    /// A random scenario with such settings, and changes of them at any time.
    fn scenario(seed: u64, size: Size) -> Value {
        let mut settings = Settings(Stream::new(seed, "calling", Purpose::Fault));
        let mut file = random_json(seed, size);
        let duration_ms = file["duration_ms"].as_f64().expect("a number");
        let mut places = vec![];
        for node in file["nodes"].as_array_mut().expect("nodes") {
            let servers = node["kind"] == "servers";
            if node["kind"] == "balancer" {
                continue;
            }
            if servers {
                (node["scale_min"], node["scale_max"]) =
                    (json!(1 + settings.0.below(4)), json!(4 + settings.0.below(9)));
                (node["scale_every_ms"], node["scale_target"]) =
                    (json!(settings.real(100.0, 1000.0)), json!(settings.real(0.1, 1.0)));
            }
            for _ in 0..settings.0.below(14) {
                let (name, value) = settings.one(servers);
                node[name] = value;
            }
            places.push((node["id"].clone(), servers));
        }
        for _ in 0..settings.0.below(12) {
            let (id, servers) = places[settings.0.below(places.len() as u64) as usize].clone();
            let (name, value) = settings.one(servers);
            let at_ms = settings.real(0.0, duration_ms);
            let change = json!({ "at_ms": at_ms, "node": id, "set": { name: value } });
            file["changes"].as_array_mut().expect("changes").push(change);
        }
        file
    }
}

fn checked(file: Value) -> Checked {
    Checked::from_value(file.clone()).unwrap_or_else(|problems| panic!("{problems:?}\n{file}"))
}

fn sized() -> impl Strategy<Value = (u64, Size)> {
    (any::<u32>(), 1..=3u64, 1..=5u64, 0..=12u64)
        .prop_map(|(seed, clients, nodes, changes)| (seed as u64, Size { clients, nodes, changes }))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Any mixture of settings and faults at any time: the books add up at every stop, and a clone goes on
    /// as the original does.
    #[test]
    fn whatever_is_set_books_add_up_and_clones_agree((seed, size) in sized(), stops in prop::collection::vec(0.0..1.0f64, 1..12)) {
        let scenario = checked(Settings::scenario(seed, size));
        let end = Time::from_ms(scenario.duration_ms);
        let mut whole = Digest::default();
        Simulation::new(&scenario, &mut whole).advance(end, NO_LIMIT, &mut whole);
        let mut digest = Digest::default();
        let mut simulation = Simulation::new(&scenario, &mut digest);
        let mut stops: Vec<Time> = stops.iter().map(|at| Time::from_ms(at * scenario.duration_ms)).collect();
        stops.sort();
        for stop in stops {
            simulation.advance(stop, NO_LIMIT, &mut digest);
            audit(&simulation);
            let (mut copy, mut copied) = (simulation.clone(), digest);
            copy.advance(end, NO_LIMIT, &mut copied);
            prop_assert_eq!(copied.value(), whole.value());
            let snapshot = simulation.snapshot();
            prop_assert_eq!(snapshot.issued, simulation.world().books().ended_total() + snapshot.in_flight);
        }
        simulation.advance(end, NO_LIMIT, &mut digest);
        prop_assert_eq!(digest.value(), whole.value());
        let opened = link::decode(&link::encode(&scenario));
        prop_assert_eq!(opened.as_ref(), Ok(&scenario));
    }

    /// Once nobody asks and nothing is frozen, everything comes to its end and nothing leaks.
    #[test]
    fn whatever_is_set_everything_drains((seed, size) in sized()) {
        let mut file = Settings::scenario(seed, size);
        let (ends, nodes) = (file["duration_ms"].clone(), file["nodes"].clone());
        for node in nodes.as_array().expect("nodes") {
            let id = node["id"].as_str().expect("an id");
            let mut stop = |place: String, set: Value| {
                file["changes"].as_array_mut().expect("changes").push(json!({ "at_ms": ends, "node": place, "set": set }));
            };
            match node["kind"].as_str().expect("a kind") {
                "clients" => stop(id.into(), json!({ "arrivals": "steady", "rate_per_s": 0 })),
                "balancer" => stop(id.into(), json!({ "health_every_ms": 0, "slow_start_ms": 0 })),
                _ => {
                    stop(id.into(), json!({ "autoscale": "off" }));
                    (1..=13).for_each(|n| stop(format!("{id}/{n}"), json!({ "frozen": false, "flap": null })));
                }
            }
        }
        let scenario = checked(file);
        let mut simulation = Simulation::new(&scenario, &mut ());
        simulation.advance(Time(u64::MAX / 2), NO_LIMIT, &mut ());
        audit(&simulation);
        let world = simulation.world();
        prop_assert_eq!(world.books().in_flight(), 0);
        prop_assert_eq!((world.calls().len(), world.requests().len(), world.pending()), (0, 0, 0));
        // Nobody believes to wait for anything.
        for (index, node) in world.nodes().iter().enumerate() {
            let ways = world.links().iter().filter(|link| link.from as usize == index).count();
            let Some(open) = open_calls(node, ways) else { continue };
            prop_assert_eq!(open, 0, "of node {}", index);
        }
    }
}

fn open_calls(node: &Node, ways: usize) -> Option<u32> {
    let (caller, members) = match node {
        Node::Clients(clients) => (clients.caller(), 1),
        Node::Servers(servers) => (servers.caller(), servers.machines().len()),
        _ => return None,
    };
    let open = |member| (0..ways).map(|way| caller.open_calls(member, ways, way)).sum::<u32>();
    Some((0..members as u16).map(open).sum::<u32>() + caller.inquiries() as u32)
}

/// What was turned while it ran replays, and the past is as it was.
#[test]
fn settings_turned_live_replay() {
    let slow = json!({ "workers": 2, "queue": 5, "service_ms": { "dist": "exponential", "mean": 30 } });
    let nodes = json!([
        with(steady(100.0, json!({ "timeout_ms": 100 })), json!({ "arrivals": "poisson" })),
        server("s", 1.0, slow)
    ]);
    let mut session = Session::new(scenario(nodes, json!([]), json!([])));
    for (at_ms, path, value) in [
        (1000.0, "clients.retries", json!(3)),
        (2000.0, "clients.hedge_after_ms", json!(40)),
        (3000.0, "clients.breaker_failures", json!(0.5)),
        (4000.0, "s.autoscale", json!("utilisation")),
        (6000.0, "clients.retries", json!(0)),
        (7000.0, "clients.bulkhead", json!(4)),
    ] {
        session.advance(Time::from_ms(at_ms), u64::MAX);
        session.set(path, value, When::Now).expect("a setting");
    }
    session.advance(session.end(), u64::MAX);
    let live = session.digest();
    let mut digest = Digest::default();
    Simulation::new(session.scenario(), &mut digest).advance(session.end(), NO_LIMIT, &mut digest);
    assert_eq!(digest.value(), live);
    session.seek(Time::from_ms(3500.0), u64::MAX);
    session.seek(session.end(), u64::MAX);
    assert_eq!(session.digest(), live);
    let place = Place { node: 0, member: 0 };
    let counts = &session.metrics().member(place).expect("the clients counted").counts;
    for what in [Counter::Retries, Counter::Hedges] {
        assert!(counts[what as usize] > 0, "{what:?}");
    }
}

/// The random scenarios above are worth something: in a few of them everything happens.
#[test]
fn random_settings_bring_everything_about() {
    let (mut counted, mut ended) = (vec![0; Counter::COUNT], vec![0; Outcome::COUNT]);
    for seed in 0..60 {
        let scenario = checked(Settings::scenario(seed, Size::FULL));
        let found = Found::of(&scenario);
        for node in 0..scenario.nodes.len() as u16 {
            for (what, count) in found.metrics.counted(node) {
                counted[what as usize] += count;
            }
        }
        for (sum, count) in ended.iter_mut().zip(found.metrics.total().ended) {
            *sum += count;
        }
    }
    for what in COUNTERS.iter().chain(&[Counter::ScaledOut, Counter::ScaledIn]) {
        assert!(counted[*what as usize] > 10, "{what:?}: {}", counted[*what as usize]);
    }
    for outcome in [BreakerOpen, BulkheadFull, TimedOut, Crashed, QueueFull] {
        assert!(ended[outcome as usize] > 100, "{outcome:?}: {}", ended[outcome as usize]);
    }
}
