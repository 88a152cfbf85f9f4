//! Many seeds and sweeps: every run is the run that it says, intervals are those of statistics, theory holds.

use serde_json::{Value, json};
use switchyard::play::experiment::{Plan, Results};
use switchyard::play::{Session, When};
use switchyard::report::key_figures;
use switchyard::report::statistics::{estimate, paired_difference};
use switchyard::scenario::{Checked, paths, variants};

fn queue(variants: &Value) -> Checked {
    Checked::from_value(json!({
        "v": 1, "title": "One station", "duration_ms": 60_000, "variants": variants,
        "nodes": [
            { "id": "c", "kind": "clients", "arrivals": "poisson", "rate_per_s": 50, "timeout_ms": 60_000, "to": ["s"] },
            { "id": "s", "kind": "servers", "count": 1, "workers": 1, "queue": 100_000,
              "service_ms": { "dist": "exponential", "mean": 10 } }
        ]
    }))
    .expect("the scenario is fine")
}

fn done(plan: &Plan) -> Results {
    let mut results = Results::new(plan);
    // The order does not matter.
    for run in (0..plan.count()).rev() {
        let mut trial = plan.trial(run).expect("it is part of the plan");
        // Little by little, as on a page.
        let figures = loop {
            if let Some(figures) = trial.advance(1000) {
                break figures;
            }
        };
        results.take(run, figures.into_iter().map(|figure| figure.value).collect());
    }
    assert_eq!(results.done(), plan.count());
    results
}

#[test]
fn each_run_is_the_variant_with_its_setting_and_seed() {
    let scenario = queue(&json!([{ "name": "one" }, { "name": "two", "set": { "s.workers": 2 } }]));
    let sweep = Some(("c.rate_per_s".to_owned(), vec![20.0, 60.0]));
    let plan = Plan::new(scenario.clone(), sweep, 3).unwrap();
    assert_eq!((plan.count(), plan.points(), plan.names()), (12, 2, vec!["one", "two"]));
    let results = done(&plan);
    let mean = results.figure("mean").unwrap();
    let by_hand = |variant: usize, rate: f64| -> Vec<f64> {
        let run = |seed: u64| {
            let (_, run) = variants::variants(&scenario).remove(variant);
            let run = paths::with(&run, "seed", seed.into()).unwrap();
            let mut session = Session::new(run);
            session.set("c.rate_per_s", json!(rate), When::FromStart).unwrap();
            let end = session.end();
            session.advance(end, u64::MAX);
            key_figures(session.scenario(), &session.summary())[mean].value.unwrap()
        };
        (1..=3).map(run).collect()
    };
    for (point, rate) in [20.0, 60.0].into_iter().enumerate() {
        let (one, two) = (by_hand(0, rate), by_hand(1, rate));
        assert_eq!(results.estimate(&plan, point, 0, mean), estimate(&one));
        assert_eq!(results.estimate(&plan, point, 1, mean), estimate(&two));
        assert_eq!(results.difference(&plan, point, 1, mean), paired_difference(&one, &two));
    }
}

/// M/M/1 at loads of 20, 50 and 70 %: within the interval, or nearly so (twenty seeds, a minute from empty).
#[test]
fn a_sweep_over_the_rate_follows_theory() {
    let sweep = Some(("c.rate_per_s".to_owned(), vec![20.0, 50.0, 70.0]));
    let plan = Plan::new(queue(&json!([])), sweep, 20).unwrap();
    let results = done(&plan);
    assert_eq!(plan.models("mean"), ["M/M/1"]);
    for (point, rate) in [20.0, 50.0, 70.0].into_iter().enumerate() {
        // 1 / (μ − λ), by hand.
        let theory = plan.theory(point, 0, "mean").unwrap();
        assert!((theory - 1000.0 / (100.0 - rate)).abs() < 1e-9);
        let found = results.estimate(&plan, point, 0, results.figure("mean").unwrap()).unwrap();
        let near = 2.0 * found.half_width.unwrap() + 0.01 * theory;
        assert!((found.mean - theory).abs() < near, "{rate}: {found:?} beside {theory}");
        let busy = results.estimate(&plan, point, 0, results.figure("s.utilisation").unwrap()).unwrap();
        assert!((busy.mean - rate).abs() < 2.0, "{busy:?}");
        assert!((plan.theory(point, 0, "s.utilisation").unwrap() - rate).abs() < 1e-9);
        // The time in the system is exponential: its 99th percentile is ln 100 of its means.
        let theory = plan.theory(point, 0, "p99").unwrap();
        assert!((theory - libm::log(100.0) * 1000.0 / (100.0 - rate)).abs() < 1e-6);
        let found = results.estimate(&plan, point, 0, results.figure("p99").unwrap()).unwrap();
        let near = 2.0 * found.half_width.unwrap() + 0.02 * theory;
        assert!((found.mean - theory).abs() < near, "{rate}: {found:?} beside {theory}");
    }
}

/// Che's approximation beside the cache that really runs, warm after a minute.
#[test]
fn a_sweep_over_the_capacity_follows_che() {
    let scenario = Checked::from_value(json!({
        "v": 1, "title": "A cache", "duration_ms": 120_000,
        "variants": [{ "name": "LRU" }, { "name": "FIFO", "set": { "cache.eviction": "fifo" } }],
        "nodes": [
            { "id": "c", "kind": "clients", "arrivals": "poisson", "rate_per_s": 400,
              "keys": { "kind": "zipf", "count": 1000, "s": 0.8 }, "to": ["cache"] },
            { "id": "cache", "kind": "cache", "capacity": 100, "to": ["s"] },
            { "id": "s", "kind": "servers", "count": 4, "workers": 16, "queue": 1000,
              "service_ms": { "dist": "constant", "value": 5 } }
        ]
    }))
    .expect("the scenario is fine");
    let sweep = Some(("cache.capacity".to_owned(), vec![20.0, 100.0, 400.0]));
    let plan = Plan::new(scenario, sweep, 3).unwrap();
    let results = done(&plan);
    let figure = results.figure("cache.hit_ratio").unwrap();
    for (point, capacity) in [20.0, 100.0, 400.0].into_iter().enumerate() {
        for variant in 0..2 {
            let theory = plan.theory(point, variant, "cache.hit_ratio").unwrap();
            let found = results.estimate(&plan, point, variant, figure).unwrap().mean;
            // What is missed while it fills.
            let cold = 100.0 * capacity / 48_000.0;
            assert!((found + cold - theory).abs() < 1.5, "{capacity} {variant}: {found} beside {theory}");
        }
    }
    assert_eq!(plan.theory(0, 0, "mean"), None);
    assert_eq!(plan.models("cache.hit_ratio"), ["Che’s approximation"]);
    assert!(plan.models("mean").is_empty());
}

/// The ring of a scenario is one of many that chance could have made: its curve lies around the expected one.
#[test]
fn a_sweep_over_the_points_of_a_ring_follows_chance() {
    let all = [1.0, 10.0, 100.0, 1000.0];
    let mut sums = [0.0; 4];
    let ids = ["cache", "nearby", "a", "memo", "edge", "shelf", "c2", "front"];
    for id in ids {
        let scenario = Checked::from_value(json!({
            "v": 1, "title": "A ring", "duration_ms": 40_000,
            "nodes": [
                { "id": "c", "kind": "clients", "arrivals": "poisson", "rate_per_s": 500,
                  "keys": { "kind": "uniform", "count": 2000 }, "to": [id] },
                { "id": id, "kind": "cache", "count": 6, "capacity": 2000, "warm_share": 1, "partitioner": "ring", "to": ["s"] },
                { "id": "s", "kind": "servers", "count": 1, "workers": 4, "queue": 100,
                  "service_ms": { "dist": "constant", "value": 1 } }
            ]
        }))
        .expect("the scenario is fine");
        let plan = Plan::new(scenario, Some((format!("{id}.partitioner.points"), all.into())), 1).unwrap();
        let (results, name) = (done(&plan), format!("{id}.imbalance"));
        for (point, sum) in sums.iter_mut().enumerate() {
            let found = results.estimate(&plan, point, 0, results.figure(&name).unwrap()).unwrap().mean;
            *sum += found / plan.theory(point, 0, &name).unwrap() / ids.len() as f64;
        }
        // One point each: 1 + 1/2 + … + 1/6, a little more for the keys are not endless.
        let theory = plan.theory(0, 0, &name).unwrap();
        assert!((2.45..2.47).contains(&theory), "{theory}");
        assert_eq!(plan.theory(0, 0, "s.imbalance"), None);
    }
    for (at, (mean, near)) in sums.iter().zip([0.2, 0.08, 0.04, 0.02]).enumerate() {
        assert!((mean - 1.0).abs() < near, "{} points: {mean} of what is expected", all[at]);
    }
}

/// Values go by their place in the list.
#[test]
fn variants_have_the_same_figures_whatever_they_set() {
    let scenario =
        queue(&json!([{ "name": "one" }, { "name": "four", "set": { "s.count": 4, "s.workers": 2 } }]));
    let ids = |(_, run): (String, Checked)| -> Vec<String> {
        let session = Session::new(run);
        key_figures(session.scenario(), &session.summary()).into_iter().map(|figure| figure.id).collect()
    };
    let found: Vec<Vec<String>> = variants::variants(&scenario).into_iter().map(ids).collect();
    assert_eq!(found[0], found[1]);
    assert!(found[0].contains(&"s.imbalance".to_owned()));
}

#[test]
fn a_plan_survives_being_written_and_refuses_what_cannot_run() {
    let scenario = queue(&json!([{ "name": "one" }, { "name": "two", "set": { "s.workers": 2 } }]));
    let plan = Plan::new(scenario.clone(), Some(("s.queue".into(), vec![1.0, 10.0])), 7).unwrap();
    assert_eq!(Plan::parse(&plan.to_json()).unwrap(), plan);
    let alone = Plan::new(scenario.clone(), None, 1).unwrap();
    assert_eq!(Plan::parse(&alone.to_json()).unwrap(), alone);
    let bad = |sweep: Option<(&str, Vec<f64>)>, seeds: u32| {
        let sweep = sweep.map(|(path, values)| (path.to_owned(), values));
        Plan::new(scenario.clone(), sweep, seeds).unwrap_err()[0].to_string()
    };
    assert!(bad(None, 0).starts_with("seeds: "));
    assert!(bad(None, 5000).starts_with("seeds: "));
    assert!(bad(Some(("s.queue", vec![])), 1).starts_with("points: "));
    assert!(bad(Some(("s.queue", vec![-1.0])), 1).contains("queue"));
    assert!(bad(Some(("s.nonsense", vec![1.0])), 1).contains("nonsense"));
    for text in ["", "{}", "{\"scenario\":{\"v\":1},\"seeds\":1,\"sweep\":3}"] {
        assert!(Plan::parse(text).is_err());
    }
    let mut results = Results::new(&plan);
    results.take(999, vec![]);
    results.take(0, vec![None]);
    assert_eq!(results.done(), 0);
}

/// One queue in front of all workers is a bound: where it is drawn, no policy is better than it.
#[test]
fn no_policy_beats_the_bound_that_is_drawn() {
    let lab = switchyard::labs::find("load-balancing/two-choices").unwrap();
    let rates = vec![60.0, 90.0, 105.0, 112.0, 119.0];
    let scenario = Checked::parse(lab.scenario).unwrap();
    let plan = Plan::new(scenario, Some(("clients.rate_per_s".into(), rates)), 8).unwrap();
    let mut results = Results::new(&plan);
    for run in 0..plan.count() {
        let figures = plan.trial(run).unwrap().advance(u64::MAX).unwrap();
        results.take(run, figures.into_iter().map(|figure| figure.value).collect());
    }
    let mut held = 0;
    for figure in ["mean", "p99"] {
        let index = results.figure(figure).unwrap();
        for (point, variant) in
            (0..plan.points()).flat_map(|it| (0..plan.names().len()).map(move |at| (it, at)))
        {
            let Some(theory) = plan.theory(point, variant, figure) else { continue };
            let found = results.estimate(&plan, point, variant, index).unwrap();
            let highest = found.mean + found.half_width.unwrap();
            assert!(highest > 0.97 * theory, "{figure} {point} {variant}: {found:?} {theory}");
            held += 1;
        }
    }
    assert!(held > 15, "{held}");
    // So near to saturation a minute is too short for it.
    assert_eq!(plan.theory(4, 0, "p99"), None);
}

/// While a key is fetched, requests for it miss: beside a queue that forgets popular keys that is seen.
#[test]
fn hit_ratios_over_the_capacity_follow_theory() {
    let lab = switchyard::labs::find("caching/eviction-race").unwrap();
    for policy in ["lru", "fifo", "random"] {
        let scenario = Checked::parse(lab.scenario).unwrap();
        let scenario = paths::with(&scenario, "cache.eviction", policy.into()).unwrap();
        let scenario = paths::with(&scenario, "variants", json!([])).unwrap_or(scenario);
        let plan = Plan::new(scenario, Some(("cache.capacity".into(), vec![24.0, 48.0, 96.0])), 6).unwrap();
        let mut results = Results::new(&plan);
        for run in 0..plan.count() {
            let figures = plan.trial(run).unwrap().advance(u64::MAX).unwrap();
            results.take(run, figures.into_iter().map(|figure| figure.value).collect());
        }
        let index = results.figure("cache.hit_ratio").unwrap();
        for point in 0..plan.points() {
            let theory = plan.theory(point, 0, "cache.hit_ratio").unwrap();
            let found = results.estimate(&plan, point, 0, index).unwrap();
            let near = found.half_width.unwrap() + 1.0;
            assert!((found.mean - theory).abs() < near, "{policy} {point}: {found:?} beside {theory}");
        }
    }
}
