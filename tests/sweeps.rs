//! What a sweep begins with in each lab: turning that setting moves the figure.

use switchyard::labs::{LABS, sweep_of};
use switchyard::play::experiment::Plan;
use switchyard::play::{Comparison, sweep};
use switchyard::scenario::Checked;

/// The figure in each variant at both ends of the setting's range.
fn values(runs: &Comparison, path: &str, figure: &str) -> Vec<Vec<f64>> {
    let knob = sweep::knobs(runs).into_iter().find(|knob| knob.path == path).unwrap();
    let (from, to) = sweep::range(&knob);
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
            assert!(runs.scenario().knobs.iter().any(|knob| knob == path), "{}", lab.id);
        }
        let values = values(&runs, &beginning.path, &beginning.figure);
        assert!(values.iter().any(|ends| moves(ends)), "{}: {beginning:?} {values:?}", lab.id);
    }
}
