//! The variants over many seeds, or over a range of a setting: figures with their confidence intervals.

use super::engine::Engine;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct MeasureProps {
    pub engine: Engine,
    /// Of the scenario.
    pub revision: u32,
    pub sweep: bool,
}

#[component]
pub fn Measure(_: &MeasureProps) -> Html {
    html! {}
}
