//! One setting as a control; which one follows from the setting's kind.

use super::chips::{Choice, chips};
use super::part::part;
use super::slider::{Slider, Span, plain};
use serde_json::{Value, json};
use switchyard::algo::REPLAY_ONLY;
use switchyard::algo::setting::{Scale, Setting, SettingKind};
use switchyard::node::policies;
use switchyard::sim::Distribution;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// A setting, where it stands, and what happens when it is turned.
#[derive(Clone)]
pub struct Control {
    /// `lb.policy`, `servers/3.slow`.
    pub path: String,
    pub label: String,
    pub setting: Setting,
    pub value: Value,
    pub on_set: Callback<(String, Value)>,
    /// A log is needed before it can be replayed.
    pub on_log: Callback<()>,
}

pub fn knob(props: &Control) -> Html {
    let set = {
        let path = props.path.clone();
        props.on_set.reform(move |value: Value| (path.clone(), value))
    };
    match props.setting.kind {
        SettingKind::Number { .. } if is_fault(&props.path) => fault(props, set),
        SettingKind::Number { min, max, usual, step, scale, .. } => {
            number(props, set, Span { min, max, usual, step, scale })
        }
        SettingKind::Choice { options, .. } => choice(props, set, options),
        SettingKind::Toggle { .. } => {
            let on = props.value.as_bool().unwrap_or(false);
            switch(&props.label, props.setting.help, on, set.reform(|on: bool| json!(on)))
        }
        SettingKind::Policy { family, .. } => policy(props, set, family),
        SettingKind::Distribution { max_mean_ms } => distribution(props, set, max_mean_ms),
        SettingKind::Other => html! {},
    }
}

/// How slow a machine gets when it is told to, if the scenario does not say.
const SLOW: f64 = 5.0;

fn is_fault(path: &str) -> bool {
    path.contains('/') && path.ends_with(".slow")
}

/// "Server 3 is 5× slower", on or off. By its label it is "Server 3 · slower by".
fn fault(props: &Control, set: Callback<Value>) -> Html {
    let now = props.value.as_f64().unwrap_or(1.0);
    let slow = if now > 1.0 { now } else { SLOW };
    let who = props.label.split_once('·').map_or("It", |(who, _)| who.trim_end());
    let label = format!("{who} is {}× slower", plain(slow));
    let on_turn = set.reform(move |on: bool| json!(if on { slow } else { 1.0 }));
    switch(&label, props.setting.help, now > 1.0, on_turn)
}

/// Without what multiplying adds behind the sixth decimal.
fn short(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

fn number(props: &Control, set: Callback<Value>, span: Span) -> Html {
    let (factor, unit) = props.setting.told_in();
    let value = props.value.as_f64().unwrap_or(span.min);
    if factor != 1.0 {
        let told = |value: f64| short(value * factor);
        let span = Span {
            min: told(span.min),
            max: told(span.max),
            usual: (told(span.usual.0), told(span.usual.1)),
            ..span
        };
        let on_change = set.reform(move |value: f64| json!(short(value / factor)));
        return slider(props, unit, span, told(value), on_change, html! {});
    }
    let whole = span.step == 1.0;
    let on_change =
        set.reform(
            move |value: f64| {
                if whole && value == value.trunc() { json!(value as i64) } else { json!(value) }
            },
        );
    slider(props, unit, span, value, on_change, html! {})
}

fn choice(props: &Control, set: Callback<Value>, options: &[(&'static str, &'static str)]) -> Html {
    let choices: Vec<Choice> = options.iter().map(|(id, name)| (*id, *name, String::new())).collect();
    let on_log = props.on_log.clone();
    let is_arrivals = props.path.ends_with(".arrivals");
    let on_choose = Callback::from(move |id: &'static str| {
        // Without a log there is nothing to replay: the dialog asks for one.
        if is_arrivals && id == "replay" { on_log.emit(()) } else { set.emit(json!(id)) }
    });
    let chosen = props.value.as_str().unwrap_or_default();
    chips(&props.label, &props.path, props.setting.help, &choices, chosen, on_choose)
}

/// The policies of a family, and the chosen one's own settings below.
fn policy(props: &Control, set: Callback<Value>, family: &'static str) -> Html {
    let known = policies(family);
    // The page of a first visit has no caches.
    let offered = known.iter().filter(|info| !cfg!(feature = "whole") || info.id != REPLAY_ONLY);
    let choices: Vec<Choice> =
        offered.map(|info| (info.id, info.short, format!("{}: {}", info.name, info.summary))).collect();
    let chosen = props.value.get("id").or(Some(&props.value)).and_then(Value::as_str).unwrap_or_default();
    let own = known.iter().find(|info| info.id == chosen).map(|info| info.knobs).unwrap_or_default();
    let own_knob = |setting: &Setting| {
        let value =
            props.value.get(setting.name).cloned().or_else(|| default_of(setting)).unwrap_or_default();
        let path = format!("{}.{}", props.path, setting.name);
        knob(&Control { path, label: setting.label.into(), setting: *setting, value, ..props.clone() })
    };
    // Settings of the same name stay as they are, so that policies are compared and not their defaults.
    let on_choose = {
        let value = props.value.clone();
        set.reform(move |id: &'static str| {
            let mut choice = json!({ "id": id });
            let own = policies(family).into_iter().find(|info| info.id == id).map(|info| info.knobs);
            for setting in own.unwrap_or_default() {
                if let Some(kept) = value.get(setting.name) {
                    choice[setting.name] = kept.clone();
                }
            }
            choice
        })
    };
    html! {
        <>
            { chips(&props.label, &props.path, props.setting.help, &choices, chosen, on_choose) }
            { for own.iter().map(own_knob) }
        </>
    }
}

fn default_of(setting: &Setting) -> Option<Value> {
    use switchyard::algo::setting::Value as Set;
    Some(match setting.default_value()? {
        Set::Number(number) => json!(number),
        Set::Word(word) => json!(word),
        Set::Flag(flag) => json!(flag),
    })
}

/// The shapes that a distribution can be given: id, name, and one with this mean.
type Shape = (&'static str, &'static str, fn(f64) -> Distribution);
const SHAPES: [Shape; 6] = [
    ("constant", "constant", |mean| Distribution::Constant { value: mean }),
    ("exponential", "exponential", |mean| Distribution::Exponential { mean }),
    ("uniform", "uniform", |mean| Distribution::Uniform { min: mean * 0.5, max: mean * 1.5 }),
    ("lognormal", "lognormal", |mean| Distribution::Lognormal { mean, sigma: 1.0 }),
    ("pareto", "Pareto", |mean| Distribution::Pareto { mean, shape: 2.2 }),
    // One in ten takes six times as long as the others.
    ("bimodal", "bimodal", |mean| Distribution::Bimodal {
        fast: mean / 1.5,
        slow: mean * 4.0,
        slow_share: 0.1,
    }),
];

/// The mean as a slider, the shape as a menu.
fn distribution(props: &Control, set: Callback<Value>, max_mean_ms: f64) -> Html {
    let now: Distribution = serde_json::from_value(props.value.clone()).unwrap_or(Distribution::ZERO);
    let mean = now.mean_ms();
    let shape = props.value.get("dist").and_then(Value::as_str).unwrap_or_default().to_owned();
    let span = Span {
        min: 0.0,
        max: max_mean_ms,
        usual: (1.0, 1000f64.min(max_mean_ms)),
        step: 0.0,
        scale: Scale::Logarithmic,
    };
    let onchange = {
        let set = set.clone();
        Callback::from(move |event: Event| {
            let id =
                event.target_dyn_into::<HtmlSelectElement>().map(|menu| menu.value()).unwrap_or_default();
            if let Some((.., make)) = SHAPES.iter().find(|(known, ..)| *known == id) {
                set.emit(serde_json::to_value(make(mean)).unwrap_or_default());
            }
        })
    };
    let aside = html! {
        <select class="shape" aria-label={format!("{}: distribution", props.label)} {onchange}>
            { for SHAPES.iter().map(|(id, name, _)| html! { <option value={*id} selected={*id == shape}>{ *name }</option> }) }
        </select>
    };
    let on_change = set.reform(|mean: f64| json!(mean));
    slider(props, "ms", span, mean, on_change, aside)
}

fn slider(
    props: &Control,
    unit: &'static str,
    span: Span,
    value: f64,
    on_change: Callback<f64>,
    aside: Html,
) -> Html {
    let (id, label, help) = (props.path.clone().into(), props.label.clone().into(), props.setting.help);
    part(Slider { id, label, unit, help, span, value, on_change, aside })
}

fn switch(label: &str, help: &'static str, on: bool, on_turn: Callback<bool>) -> Html {
    let onchange = on_turn.reform(move |_: Event| !on);
    html! {
        <label class="knob line" title={help}>
            <span>{ label }</span>
            <input type="checkbox" role="switch" class="switch" checked={on} {onchange} />
        </label>
    }
}
