//! One of several, as chips: native radio buttons, so arrow keys and screen readers work by themselves.

use yew::prelude::*;

/// A choice: its id, its name, and what is said when the pointer rests on it.
pub type Choice = (&'static str, &'static str, String);

/// `name` is unique on the page.
pub fn chips(
    legend: &str,
    name: &str,
    help: &'static str,
    choices: &[Choice],
    chosen: &str,
    on_choose: Callback<&'static str>,
) -> Html {
    let chip = |(id, text, help): &Choice| {
        let id = *id;
        let onchange = on_choose.reform(move |_: Event| id);
        html! {
            <label key={id} class="chip" title={help.clone()}>
                <input type="radio" name={name.to_owned()} value={id} checked={id == chosen} {onchange} />
                { *text }
            </label>
        }
    };
    html! {
        <fieldset class="knob" title={help}>
            <legend>{ legend }</legend>
            <div class="chips">{ for choices.iter().map(chip) }</div>
        </fieldset>
    }
}
