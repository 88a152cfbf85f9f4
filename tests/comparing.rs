//! Variants side by side: the same requests, the same moments, what differs and what a link says of it.

use serde_json::{Value, json};
use switchyard::play::{Comparison, Session, When};
use switchyard::run::Simulation;
use switchyard::scenario::{Checked, link, variants};
use switchyard::sim::{Call, CallId, Observer, Phase, Progress, Request, Time};

fn scenario(variants: &Value) -> Checked {
    let written = json!({
        "v": 1, "title": "Two policies", "seed": 7, "duration_ms": 20_000, "variants": variants,
        "nodes": [
            { "id": "c", "kind": "clients", "rate_per_s": 60, "keys": { "kind": "zipf", "count": 50, "s": 1 }, "to": ["lb"] },
            { "id": "lb", "kind": "balancer", "policy": "round-robin", "to": ["s"] },
            { "id": "s", "kind": "servers", "count": 3, "workers": 2, "queue": 1000,
              "service_ms": { "dist": "exponential", "mean": 40 }, "members": [{}, {}, { "slow": 4 }] }
        ]
    });
    Checked::from_value(written).expect("the scenario is fine")
}

fn two() -> Checked {
    scenario(
        &json!([{ "name": "in turn" }, { "name": "fewest", "set": { "lb.policy": "least-connections" } }]),
    )
}

/// What belongs to requests alone.
#[derive(Default)]
struct Requests {
    /// (number, seed, born, key, client)
    issued: Vec<(u64, u64, u64, u32, u32)>,
    /// Time at work by number, over how much slower the machine is.
    demands: Vec<(u64, u64)>,
}

impl Observer for Requests {
    fn issued(&mut self, request: &Request) {
        self.issued.push((request.number, request.seed, request.born.0, request.key, request.client));
    }

    fn returned(&mut self, _: CallId, call: &Call, request: &Request, _: Time) {
        if call.to.node == 2 && call.phase == Phase::Returning {
            let slower = if call.to.member == 2 { 4.0 } else { 1.0 };
            let work = call.finished.since(call.started).0 as f64 / slower;
            // To the microsecond: the clock's nanosecond is multiplied by four, too.
            self.demands.push((request.number, (work / 1000.0).round() as u64));
        }
    }
}

fn requests_of(run: &Checked) -> Requests {
    let mut seen = Requests::default();
    let mut simulation = Simulation::new(run, &mut seen);
    assert_eq!(simulation.advance(Time::from_ms(20_000.0), u64::MAX, &mut seen), Progress::Reached);
    seen.demands.sort_unstable();
    seen
}

#[test]
fn variants_see_the_same_requests_that_need_the_same_work() {
    let runs: Vec<Requests> = variants::variants(&two()).iter().map(|(_, run)| requests_of(run)).collect();
    assert!(runs[0].issued.len() > 1000);
    assert_eq!(runs[0].issued, runs[1].issued);
    // Those that were answered in both: who waits in a long queue at the end is not.
    let other: std::collections::BTreeMap<u64, u64> = runs[1].demands.iter().copied().collect();
    let both: Vec<(u64, u64)> =
        runs[0].demands.iter().filter_map(|(number, work)| Some((*work, *other.get(number)?))).collect();
    assert!(both.len() > 800, "{}", both.len());
    assert!(both.iter().all(|(one, other)| one == other), "{both:?}");
}

fn moments(comparison: &Comparison) -> Vec<Time> {
    comparison.runs().iter().map(Session::now).collect()
}

#[test]
fn runs_are_at_the_same_moment_whatever_is_done() {
    let mut comparison = Comparison::of_variants(two());
    let end = comparison.end();
    let check = |comparison: &Comparison| {
        let all = moments(comparison);
        assert!(all.iter().all(|at| *at == all[0]), "{all:?}");
    };
    for _ in 0..40 {
        comparison.step_event().expect("more is to come");
        check(&comparison);
    }
    comparison.step_request().expect("more is to come");
    check(&comparison);
    // Little by little, with a budget that ends anywhere.
    let to = Time::from_ms(7000.0);
    while comparison.advance(to, 37) == Progress::OutOfBudget {
        check(&comparison);
    }
    assert_eq!(comparison.now(), to);
    let digests =
        |comparison: &Comparison| -> Vec<u64> { comparison.runs().iter().map(Session::digest).collect() };
    let there = digests(&comparison);
    comparison.seek(end, u64::MAX);
    check(&comparison);
    assert_eq!(comparison.step_event(), None);
    comparison.seek(to, u64::MAX);
    assert_eq!((comparison.now(), digests(&comparison)), (to, there.clone()));
    // Each is the run that it would be alone.
    for ((_, run), digest) in variants::variants(&two()).into_iter().zip(there) {
        let mut alone = Session::new(run);
        alone.advance(to, u64::MAX);
        assert_eq!(alone.digest(), digest);
    }
}

/// What is on the page equals what a link of it leads to.
fn is_what_its_link_says(comparison: &Comparison) {
    let linked = link::decode(&link::encode(comparison.scenario())).expect("it can be linked");
    let wanted = variants::variants(&linked);
    assert_eq!(comparison.runs().len(), wanted.len());
    for ((run, name), (wanted_name, wanted)) in comparison.runs().iter().zip(comparison.names()).zip(&wanted)
    {
        assert_eq!((run.scenario(), name), (wanted, wanted_name));
        let mut alone = Session::new(wanted.clone());
        alone.advance(run.now(), u64::MAX);
        assert_eq!(alone.digest(), run.digest());
    }
}

#[test]
fn a_knob_turned_for_all_leaves_what_is_a_variants_own() {
    let mut comparison = Comparison::of_variants(two());
    comparison.advance(Time::from_ms(3000.0), u64::MAX);
    comparison.set("s.workers", json!(4), When::Now).unwrap();
    comparison.advance(Time::from_ms(4000.0), u64::MAX);
    comparison.set("lb.policy", json!("random"), When::Now).unwrap();
    assert_eq!(moments(&comparison)[0], moments(&comparison)[1]);
    let value = |run: usize, path: &str| comparison.runs()[run].value(path).unwrap();
    assert_eq!((value(0, "s.workers"), value(1, "s.workers")), (json!(4), json!(4)));
    assert_eq!(value(0, "lb.policy")["id"], "random");
    assert_eq!(value(1, "lb.policy")["id"], "least-connections");
    is_what_its_link_says(&comparison);
    let mut comparison = comparison;
    comparison.set("c.rate_per_s", json!(90), When::FromStart).unwrap();
    assert_eq!(comparison.now(), Time::ZERO);
    comparison.advance(Time::from_ms(6000.0), u64::MAX);
    is_what_its_link_says(&comparison);
    assert!(comparison.set("s.workers", json!("many"), When::Now).is_err());
    assert!(comparison.set("s.nonsense", json!(1), When::FromStart).is_err());
    is_what_its_link_says(&comparison);
}

#[test]
fn variants_come_and_go_and_say_in_what_they_differ() {
    // Without variants: the scenario beside a copy.
    let mut comparison = Comparison::of_variants(scenario(&json!([])));
    assert_eq!(comparison.names(), ["As it is", "Changed"]);
    assert_eq!(comparison.differences(), []);
    comparison.set_in(1, "s.workers", Some(json!(3))).unwrap();
    comparison.set_in(0, "lb.policy", Some(json!("two-choices"))).unwrap();
    let found: Vec<(String, String, Vec<Value>)> = (comparison.differences().into_iter())
        .map(|found| (found.knob.path, found.knob.label, found.values))
        .collect();
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[0].0.as_str(), found[0].1.as_str(), &found[0].2[1]["id"]),
        ("lb.policy", "Policy", &json!("round-robin"))
    );
    assert_eq!((found[1].0.as_str(), &found[1].2), ("s.workers", &vec![json!(2), json!(3)]));
    comparison.set_in(0, "lb.policy", None).unwrap();
    assert_eq!(comparison.differences().len(), 1);
    comparison
        .edit(|variants| {
            variants[1].name = "More".into();
            let third = variants[1].clone();
            variants.push(third);
            variants.remove(0);
        })
        .unwrap();
    assert_eq!(comparison.names(), ["More", "More"]);
    comparison.advance(Time::from_ms(2000.0), u64::MAX);
    is_what_its_link_says(&comparison);
    // Not the value, not a fifth, not a nameless one; and nothing has changed.
    assert!(comparison.set_in(1, "s.workers", Some(json!(-1))).is_err());
    assert!(comparison.edit(|variants| *variants = vec![variants[0].clone(); 5]).is_err());
    assert!(comparison.edit(|variants| variants[0].name.clear()).is_err());
    is_what_its_link_says(&comparison);
}

#[test]
fn alone_it_is_the_scenario_whatever_variants_it_has() {
    let mut comparison = Comparison::alone(two());
    comparison.advance(Time::from_ms(1000.0), u64::MAX);
    comparison.set("s.workers", json!(4), When::Now).unwrap();
    assert_eq!((comparison.runs().len(), comparison.scenario().variants.len()), (1, 2));
    assert_eq!(comparison.first().scenario(), comparison.scenario());
    let mut session = Session::new(two());
    session.advance(Time::from_ms(1000.0), u64::MAX);
    session.set("s.workers", json!(4), When::Now).unwrap();
    assert_eq!(comparison.first().digest(), session.digest());
}

/// What was before is there again, at any moment; a comparison without variants begins with a copy.
#[test]
fn what_was_before_a_change_can_be_run_again() {
    for (mut runs, made) in [
        (Comparison::of_variants(two()), two()),
        (Comparison::alone(two()), two()),
        (Comparison::of_variants(scenario(&json!([]))), scenario(&json!([]))),
    ] {
        assert!(runs.is_of(&made));
        runs.advance(Time::from_ms(3000.0), u64::MAX);
        let (before, known) = (runs.scenario().clone(), digests(&runs));
        runs.set("s.workers", json!(4), When::Now).unwrap();
        runs.set("lb.policy", json!("random"), When::FromStart).unwrap();
        assert!(!runs.is_of(&made) && !runs.is_of(&before));
        runs.adopt(before);
        assert!(runs.is_of(&made));
        assert_eq!(runs.now(), Time::ZERO);
        runs.advance(Time::from_ms(3000.0), u64::MAX);
        assert_eq!(digests(&runs), known);
    }
}

fn digests(runs: &Comparison) -> Vec<u64> {
    runs.runs().iter().map(Session::digest).collect()
}
