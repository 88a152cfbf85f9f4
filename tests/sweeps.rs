//! What a sweep begins with in each lab: turning that setting moves the figure.

use switchyard::labs::{LABS, sweep_of};
use switchyard::play::experiment::{Plan, foreseen};
use switchyard::play::{Comparison, sweep};
use switchyard::scenario::Checked;

/// The figure in each variant at both ends of the setting's range.
fn values(runs: &Comparison, path: &str, figure: &str) -> Vec<Vec<f64>> {
    let knob = sweep::knobs(runs).into_iter().find(|knob| knob.path == path).unwrap();
    let (from, to) = sweep::range(runs, &knob);
    assert!(from < to, "{path}");
    let plan = Plan::new(runs.scenario().clone(), Some((path.to_owned(), vec![from, to])), 1).unwrap();
    let mut all = vec![vec![]; plan.names().len()];
    for run in 0..plan.count() {
        let figures = plan.trial(run).unwrap().advance(u64::MAX).unwrap();
        let found = figures.iter().find(|known| known.id == figure).and_then(|known| known.value);
        all[plan.spot(run).variant].extend(found);
    }
    all
}

/// By at least a tenth.
fn moves(values: &[f64]) -> bool {
    let (least, most) = values.iter().fold((f64::MAX, f64::MIN), |(a, b), it| (a.min(*it), b.max(*it)));
    most - least >= 0.1 * most.abs() && most > least
}

#[test]
fn every_lab_begins_with_a_setting_that_moves_the_figure() {
    for lab in LABS {
        let runs = Comparison::of_variants(Checked::parse(lab.scenario).unwrap());
        let beginning = sweep::beginning(&runs, sweep_of(lab.id));
        // What the table asks for is there, and can be turned in the lab.
        if let Some((path, figure)) = sweep_of(lab.id) {
            assert_eq!((beginning.path.as_str(), beginning.figure.as_str()), (path, figure), "{}", lab.id);
            let is_of = |knob: &String| {
                path.strip_prefix(knob.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            assert!(runs.scenario().knobs.iter().any(is_of), "{}", lab.id);
        }
        let values = values(&runs, &beginning.path, &beginning.figure);
        assert!(values.iter().any(|ends| moves(ends)), "{}: {beginning:?} {values:?}", lab.id);
    }
}

/// Some variant has whatever is offered. (One number may still have to be below another.)
#[test]
fn every_setting_that_is_offered_can_be_swept() {
    for lab in LABS {
        let runs = Comparison::of_variants(Checked::parse(lab.scenario).unwrap());
        for knob in sweep::knobs(&runs) {
            let (from, to) = sweep::range(&runs, &knob);
            let plan = Plan::new(runs.scenario().clone(), Some((knob.path.clone(), vec![from, to])), 1);
            let problems = plan.err().unwrap_or_default();
            let unknown = problems.iter().find(|problem| problem.sentence.contains("no such setting"));
            assert_eq!(unknown, None, "{} {}", lab.id, knob.path);
        }
    }
}

#[test]
fn a_policy_s_own_numbers_can_be_swept() {
    let offered = |lab: &str, path: &str| {
        let scenario = Checked::parse(switchyard::labs::find(lab).unwrap().scenario).unwrap();
        sweep::knobs(&Comparison::of_variants(scenario)).iter().any(|knob| knob.path == path)
    };
    assert!(offered("rate-limiting/tuning-a-token-bucket", "limiter.policy.capacity"));
    assert!(offered("rate-limiting/tuning-a-token-bucket", "limiter.policy.rate_per_s"));
    assert!(offered("hash-rings/virtual-points", "cache.partitioner.points"));
    // Least connections, one of its variants, has none, and stays as it is.
    assert!(offered("hash-rings/bounded-load", "lb.policy.load_factor"));
}

/// Sweeping what the variants differ in, nothing is left to tell them apart.
#[test]
fn variants_that_become_one_are_one_curve() {
    let names = |lab: &str, path: &str| {
        let scenario = Checked::parse(switchyard::labs::find(lab).unwrap().scenario).unwrap();
        let plan = Plan::new(scenario, Some((path.to_owned(), vec![10.0, 20.0])), 1).unwrap();
        plan.names().into_iter().map(String::from).collect::<Vec<_>>()
    };
    assert_eq!(names("hash-rings/virtual-points", "cache.partitioner.points"), ["All variants"]);
    assert_eq!(
        names("rate-limiting/tuning-a-token-bucket", "limiter.policy.capacity"),
        ["5 tokens · 20 tokens", "5 tokens, delay"]
    );
    assert_eq!(names("hash-rings/virtual-points", "cache.count").len(), 4);
}

/// Beside each policy stands MIN, which knows the future: none hits more often, and all of them once all keys fit.
#[test]
fn hit_ratios_stay_below_that_of_who_knows_the_future() {
    let race = Checked::parse(switchyard::labs::find("caching/eviction-race").unwrap().scenario).unwrap();
    let sweep = ("cache.capacity".to_owned(), vec![8.0, 24.0, 60.0, 400.0]);
    let plan = Plan::new(race, Some(sweep), 1).unwrap();
    let mut best = vec![vec![]; 4];
    for run in 0..plan.count() {
        let figures = plan.trial(run).unwrap().advance(u64::MAX).unwrap();
        let of = |id: &str| figures.iter().find(|figure| figure.id == id).unwrap().value.unwrap();
        let (hits, foreseen) = (of("cache.hit_ratio"), of(&foreseen("cache.hit_ratio")));
        let point = plan.spot(run).point;
        // In 400 places all keys are kept, and what is missing is what had to be fetched first: a key that is asked for
        // again while it is fetched is a miss for all but MIN.
        let (least, most) = if point == 3 { (0.0, 6.0) } else { (2.0, 35.0) };
        assert!((least..most).contains(&(foreseen - hits)), "{:?}: {hits} {foreseen}", plan.spot(run));
        best[point].push(foreseen);
    }
    for values in &best {
        assert!(values.iter().all(|value| *value == values[0]), "all see the same requests: {best:?}");
    }
    assert!(best.windows(2).all(|pair| pair[0][0] < pair[1][0]), "{best:?}");
}

/// It is not said where anything but a read brings entries in.
#[test]
fn who_knows_the_future_is_asked_only_of_reads() {
    let min_of = |lab: &str| {
        let scenario = Checked::parse(switchyard::labs::find(lab).unwrap().scenario).unwrap();
        let figures = Plan::new(scenario, None, 1).unwrap().trial(0).unwrap().advance(u64::MAX).unwrap();
        figures.into_iter().find(|figure| figure.id.ends_with(".min")).map(|figure| figure.value.is_some())
    };
    assert_eq!(min_of("caching/scan"), Some(true));
    assert_eq!(min_of("caching/write-strategies"), Some(false));
    assert_eq!(min_of("load-balancing/one-slow-server"), None);
}
