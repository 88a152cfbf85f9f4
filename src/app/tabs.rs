//! A row of tabs: arrow keys move, as in the ARIA authoring practices.

use super::dom::focus;
use super::part::parts;
use yew::prelude::*;

parts!(Tabs use_tabs);

#[derive(PartialEq)]
pub struct Tabs {
    /// Names the row for those who do not see it.
    pub label: &'static str,
    /// (id, name)
    pub tabs: Vec<(AttrValue, AttrValue)>,
    pub chosen: AttrValue,
    pub on_choose: Callback<AttrValue>,
}

/// The panel of the chosen tab must have the id `panel-ID` and be labelled by `tab-ID`.
#[hook]
fn use_tabs(props: &Tabs) -> Html {
    let onkeydown = {
        let (tabs, chosen, on_choose) = (props.tabs.clone(), props.chosen.clone(), props.on_choose.clone());
        Callback::from(move |event: KeyboardEvent| {
            let at = tabs.iter().position(|(id, _)| *id == chosen).unwrap_or(0);
            let to = match event.key().as_str() {
                "ArrowRight" => (at + 1) % tabs.len(),
                "ArrowLeft" => (at + tabs.len() - 1) % tabs.len(),
                "Home" => 0,
                "End" => tabs.len() - 1,
                _ => return,
            };
            event.prevent_default();
            let id = tabs[to].0.clone();
            focus(&format!("#tab-{id}"));
            on_choose.emit(id);
        })
    };
    let tab = |(id, name): &(AttrValue, AttrValue)| {
        let is_chosen = *id == props.chosen;
        let onclick = {
            let id = id.clone();
            props.on_choose.reform(move |_: MouseEvent| id.clone())
        };
        html! {
            <button key={id.to_string()} type="button" role="tab" id={format!("tab-{id}")} {onclick}
                aria-selected={is_chosen.to_string()} aria-controls={is_chosen.then(|| format!("panel-{id}"))}
                tabindex={if is_chosen { "0" } else { "-1" }}>{ name }</button>
        }
    };
    html! {
        <div class="tabs" role="tablist" aria-label={props.label} {onkeydown}>
            { for props.tabs.iter().map(tab) }
        </div>
    }
}
