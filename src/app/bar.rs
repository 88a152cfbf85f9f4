//! A bar that shows a span of a whole. Figures always stand beside it, so it says nothing to a screen reader.

use yew::prelude::*;

/// Below this, in per cent, a bar would not be seen.
const LEAST: f64 = 1.6;

/// From and to are shares of the whole; the class of the style sheet says what it means.
pub fn bar(from: f64, to: f64, class: &'static str) -> Html {
    let (from, to) = (from.clamp(0.0, 1.0) * 100.0, to.clamp(0.0, 1.0) * 100.0);
    let width = (to - from).max(LEAST);
    let x = from.min(100.0 - width);
    html! {
        <svg class={classes!("bar", class)} aria-hidden="true">
            <rect x={format!("{x:.2}%")} width={format!("{width:.2}%")} height="100%" rx="4" />
        </svg>
    }
}
