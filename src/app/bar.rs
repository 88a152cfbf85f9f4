//! A bar that shows a span of a whole. Figures always stand beside it, so it says nothing to a screen reader.

use super::dom::set_variables;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct BarProps {
    /// Shares of the whole.
    #[prop_or_default]
    pub from: f64,
    pub to: f64,
    /// What it means: a class of the style sheet.
    #[prop_or_default]
    pub class: &'static str,
}

#[component]
pub fn Bar(props: &BarProps) -> Html {
    let node = use_node_ref();
    let (from, to) = (props.from.clamp(0.0, 1.0), props.to.clamp(0.0, 1.0));
    {
        let node = node.clone();
        use_effect_with((from.to_bits(), to.to_bits()), move |_| {
            let width = (to - from).max(0.0);
            let variables = [("--from", format!("{:.2}%", from * 100.0)), ("--width", format!("{:.2}%", width * 100.0))];
            set_variables(&node, &variables);
        });
    }
    html! { <div class={classes!("bar", props.class)} aria-hidden="true"><i ref={node}></i></div> }
}
