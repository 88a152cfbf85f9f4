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

/// The numbers that can be swept: those of the lab first, without those in which the variants differ.
pub fn knobs(runs: &Comparison) -> Vec<Knob> {
    let scenario = runs.scenario();
    let own = |path: &String| scenario.variants.iter().any(|variant| variant.set.contains_key(path));
    let is_number = |knob: &Knob| matches!(knob.setting.kind, SettingKind::Number { .. });
    let all = runs.first().all_settings().into_iter();
    let (mut near, far): (Vec<Knob>, Vec<Knob>) = all
        .filter(|knob| knob.matters && is_number(knob) && !own(&knob.path))
        .partition(|knob| scenario.knobs.contains(&knob.path));
    near.extend(far);
    near
}

/// Around the present value, inside the setting's usual bounds.
pub fn range(knob: &Knob) -> (f64, f64) {
    let SettingKind::Number { min, max, usual, step, .. } = knob.setting.kind else { return (0.0, 1.0) };
    let now = knob.value.as_f64().unwrap_or(usual.0);
    let rounded = |value: f64| if step > 0.0 { (value / step).round() * step } else { value };
    let (low, high) = if now > 0.0 { (rounded(now / 4.0), rounded(now * 1.5)) } else { usual };
    (low.max(usual.0.min(now)).clamp(min, max), high.max(usual.0).clamp(min, max))
}

/// What is asked for where it exists, (path, figure), each for itself; else the first number, and the hit ratio or p99.
pub fn beginning(runs: &Comparison, asked: Option<(&str, &str)>) -> Beginning {
    let session = runs.first();
    let figures = key_figures(session.scenario(), &session.summary());
    let knobs = knobs(runs);
    let path = asked.and_then(|(path, _)| knobs.iter().find(|knob| knob.path == path)).or(knobs.first());
    let figure = asked.and_then(|(_, id)| figures.iter().find(|figure| figure.id == id));
    let figure = figure.or_else(|| figures.iter().find(|figure| figure.id.ends_with(".hit_ratio")));
    Beginning {
        path: path.map(|knob| knob.path.clone()).unwrap_or_default(),
        figure: figure.map_or("p99", |figure| &figure.id).to_owned(),
    }
}
