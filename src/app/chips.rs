//! One of several, as chips: native radio buttons, so arrow keys and screen readers work by themselves.

use yew::prelude::*;

#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub id: AttrValue,
    pub name: AttrValue,
    /// Said when the pointer rests on it.
    pub help: AttrValue,
}

#[derive(Properties, PartialEq)]
pub struct ChipsProps {
    pub legend: AttrValue,
    /// Unique on the page.
    pub name: AttrValue,
    pub choices: Vec<Choice>,
    pub chosen: AttrValue,
    pub on_choose: Callback<AttrValue>,
    #[prop_or_default]
    pub help: AttrValue,
}

#[component]
pub fn Chips(props: &ChipsProps) -> Html {
    let chip = |choice: &Choice| {
        let onchange = {
            let id = choice.id.clone();
            props.on_choose.reform(move |_: Event| id.clone())
        };
        html! {
            <label key={choice.id.to_string()} class="chip" title={choice.help.clone()}>
                <input type="radio" name={props.name.clone()} value={choice.id.clone()} checked={choice.id == props.chosen} {onchange} />
                { &choice.name }
            </label>
        }
    };
    html! {
        <fieldset class="knob" title={props.help.clone()}>
            <legend>{ &props.legend }</legend>
            <div class="chips">{ for props.choices.iter().map(chip) }</div>
        </fieldset>
    }
}
