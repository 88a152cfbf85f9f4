//! What a sweep can be over, and what it begins with.

use super::{Comparison, Knob};
use crate::algo::setting::SettingKind;
use crate::report::key_figures;

/// A setting's path and a figure's id: the figure moves when the setting is turned.
#[derive(Clone, Debug, PartialEq)]
pub struct Beginning {
    pub path: String,
    pub figure: String,
}

/// The numbers that can be swept, which some variant has: those of the lab first, those in which the variants
/// differ last of either.
pub fn knobs(runs: &Comparison) -> Vec<Knob> {
    let scenario = runs.scenario();
    let is_number = |knob: &Knob| matches!(knob.setting.kind, SettingKind::Number { .. });
    let is_far = |knob: &Knob| {
        let policy = knob.path.rsplit_once('.').map_or("", |(policy, _)| policy);
        !scenario.knobs.iter().any(|path| *path == knob.path || path == policy)
    };
    let mut all: Vec<Knob> = vec![];
    for knob in runs.runs().iter().flat_map(|run| run.all_settings()) {
        if knob.matters && is_number(&knob) && all.iter().all(|known| known.path != knob.path) {
            all.push(knob);
        }
    }
    all.sort_by_key(|knob| (is_far(knob), is_varied(runs, &knob.path)));
    all
}

/// Whether some variant has a value of its own for it.
fn is_varied(runs: &Comparison, path: &str) -> bool {
    runs.scenario().variants.iter().any(|variant| variant.set.contains_key(path))
}

/// Around the present value, inside the setting's usual bounds; all of these where the variants differ in it.
pub fn range(runs: &Comparison, knob: &Knob) -> (f64, f64) {
    let SettingKind::Number { min, max, usual, step, .. } = knob.setting.kind else { return (0.0, 1.0) };
    let now = knob.value.as_f64().unwrap_or(usual.0);
    let rounded = |value: f64| if step > 0.0 { (value / step).round() * step } else { value };
    let around = (rounded(now / 4.0), rounded(now * 1.5));
    // Between 1 and 2 there is little to be seen.
    let is_wide = now > 0.0 && around.1 - around.0 >= 4.0 * step && !is_varied(runs, &knob.path);
    let (low, high) = if is_wide { around } else { usual };
    (low.max(usual.0.min(now)).clamp(min, max), high.max(usual.0).clamp(min, max))
}

/// What is asked for where it exists, (path, figure), each for itself; else the first number, and the hit ratio or p99.
pub fn beginning(runs: &Comparison, asked: Option<(&str, &str)>) -> Beginning {
    let session = runs.first();
    let figures = key_figures(session.scenario(), &session.summary());
    let knobs = knobs(runs);
    let asked_for = asked.and_then(|(path, _)| knobs.iter().find(|knob| knob.path == path));
    let path = asked_for.or(knobs.iter().find(|knob| !is_varied(runs, &knob.path))).or(knobs.first());
    let figure = asked.and_then(|(_, id)| figures.iter().find(|figure| figure.id == id));
    let figure = figure.or_else(|| figures.iter().find(|figure| figure.id.ends_with(".hit_ratio")));
    Beginning {
        path: path.map(|knob| knob.path.clone()).unwrap_or_default(),
        figure: figure.map_or("p99", |figure| &figure.id).to_owned(),
    }
}
