//! A number: a slider over its usual span, and a field for its full range.

use super::dom::{input_of, set_variables};
use super::part::parts;
use gloo_timers::callback::Timeout;
use switchyard::algo::setting::Scale;
use switchyard::scenario::json::decimal;
use switchyard::scene::figures::unit_of;
use yew::prelude::*;

parts!(Slider use_slider);

/// What a number may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    pub min: f64,
    pub max: f64,
    /// Of the slider.
    pub usual: (f64, f64),
    /// 1 for whole numbers, 0 for any.
    pub step: f64,
    pub scale: Scale,
}

/// Steps of the slider.
const STEPS: f64 = 400.0;
/// A slider that rests for so long while it is held takes effect.
const REST_MS: u32 = 120;

impl Span {
    /// A logarithmic scale that begins at zero bends there: zero stays within reach.
    fn bend(&self) -> f64 {
        let (low, high) = self.usual;
        if low > 0.0 { 0.0 } else { (high - low) / 1000.0 - low }
    }

    /// Where on the slider, from 0 to 1.
    fn place(&self, value: f64) -> f64 {
        let (low, high) = self.usual;
        let value = value.clamp(low, high);
        let share = match self.scale {
            Scale::Linear => (value - low) / (high - low),
            Scale::Logarithmic => {
                let bend = self.bend();
                libm::log((value + bend) / (low + bend)) / libm::log((high + bend) / (low + bend))
            }
        };
        if share.is_finite() { share } else { 0.0 }
    }

    fn value_at(&self, place: f64) -> f64 {
        let (low, high) = self.usual;
        let value = match self.scale {
            Scale::Linear => low + (high - low) * place,
            Scale::Logarithmic => {
                let bend = self.bend();
                (low + bend) * libm::pow((high + bend) / (low + bend), place) - bend
            }
        };
        self.rounded(value).clamp(low, high)
    }

    /// To the step, or so that the number is short.
    fn rounded(&self, value: f64) -> f64 {
        let step = match self.scale {
            _ if self.step > 0.0 => self.step,
            Scale::Linear => decade((self.usual.1 - self.usual.0) / 100.0),
            Scale::Logarithmic => decade(value.abs() / 20.0),
        };
        // Dividing by a whole number keeps 0.3 from being 0.30000000000000004.
        if step < 1.0 { (value / step).round() / (1.0 / step).round() } else { (value / step).round() * step }
    }
}

/// The power of ten at or below.
fn decade(value: f64) -> f64 {
    if value <= 0.0 { 1.0 } else { libm::pow(10.0, libm::floor(libm::log10(value) + 1e-9)) }
}

#[derive(PartialEq)]
pub struct Slider {
    /// Unique on the page.
    pub id: AttrValue,
    pub label: AttrValue,
    pub unit: &'static str,
    pub help: &'static str,
    pub span: Span,
    pub value: f64,
    pub on_change: Callback<f64>,
    /// Stands below the label: which distribution.
    pub aside: Html,
}

#[hook]
fn use_slider(props: &Slider) -> Html {
    let node = use_node_ref();
    // While it is held: what it shows, before that takes effect.
    let held = use_state(|| None::<f64>);
    let rest = use_mut_ref(|| None::<Timeout>);
    let shown = held.unwrap_or(props.value);
    let place = props.span.place(shown);
    {
        let node = node.clone();
        use_effect_with(place.to_bits(), move |_| {
            set_variables(&node, &[("--at", format!("{:.2}%", place * 100.0))]);
        });
    }
    {
        let held = held.setter();
        use_effect_with(props.value.to_bits(), move |_| held.set(None));
    }
    let span = props.span;
    let value_of = move |input: web_sys::HtmlInputElement| span.value_at(input.value_as_number() / STEPS);
    let oninput = {
        let (held, rest, on_change) = (held.setter(), rest.clone(), props.on_change.clone());
        Callback::from(move |event: InputEvent| {
            let Some(value) = input_of(&event).map(value_of) else { return };
            held.set(Some(value));
            let on_change = on_change.clone();
            *rest.borrow_mut() = Some(Timeout::new(REST_MS, move || on_change.emit(value)));
        })
    };
    let onchange = {
        let (held, rest, on_change) = (held.setter(), rest.clone(), props.on_change.clone());
        let now = props.value;
        Callback::from(move |event: Event| {
            let Some(value) = input_of(&event).map(value_of) else { return };
            *rest.borrow_mut() = None;
            held.set(None);
            if value != now {
                on_change.emit(value);
            }
        })
    };
    let onentry = {
        let on_change = props.on_change.clone();
        let now = props.value;
        Callback::from(move |event: Event| {
            let Some(input) = input_of(&event) else { return };
            let typed: String = input.value().chars().filter(|c| !c.is_whitespace()).collect();
            match decimal(&typed.replace(',', ".")) {
                Some(value) if value == now => {}
                Some(value) => on_change.emit(value),
                None => input.set_value(&plain(now)),
            }
        })
    };
    let text = plain(shown);
    let unit = unit_of(&text, props.unit);
    let said = format!("{text} {unit}");
    html! {
        <div class="knob" title={props.help}>
            <div class="line">
                <label for={props.id.clone()}>{ &props.label }</label>
                { props.aside.clone() }
                <span class="entry">
                    <input type="text" inputmode="decimal" autocomplete="off" size={text.len().max(2).to_string()} value={text.clone()}
                        aria-label={format!("{}{}", props.label, in_unit(props.unit))} onchange={onentry} />
                    if !props.unit.is_empty() { <span aria-hidden="true">{ unit }</span> }
                </span>
            </div>
            <input ref={node} id={props.id.clone()} class="slider" type="range" min="0" max={STEPS.to_string()} step="1"
                value={format!("{:.0}", place * STEPS)} aria-valuetext={said} {oninput} {onchange} />
        </div>
    }
}

fn in_unit(unit: &str) -> String {
    if unit.is_empty() { String::new() } else { format!(" in {unit}") }
}

/// All digits that matter and no others: what can be typed in again.
pub fn plain(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
