//! The inspector: what is selected, all nodes at a glance, the requests that ended last.

use super::engine::{Engine, Pulse};
use super::event_table::EventTable;
use super::names::outcome_class;
use super::node_panel::target_panel;
use super::part::part;
use super::request::RequestPanel;
use switchyard::report::Ended;
use switchyard::scene::{Target, figures};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

/// What is selected; a hint and the last requests if nothing is.
pub fn selected(engine: &Engine, pulse: &Pulse) -> Html {
    let clear = {
        let engine = engine.clone();
        Callback::from(move |_: MouseEvent| engine.select(None))
    };
    let close = html! { <button type="button" class="text-button is-quiet" onclick={clear}>{ "Clear the selection" }</button> };
    match pulse.selected {
        Some(Target::Request(number)) => html! {
            <>{ part(RequestPanel { engine: engine.clone(), pulse: pulse.clone(), number }) }{ close }</>
        },
        Some(target) => html! { <>{ target_panel(engine, pulse, target) }{ close }</> },
        None => html! {
            <>
                <h2>{ "Look closer" }</h2>
                <p class="dim">{ "Choose a dot, a card or a track on the stage, or one of these requests." }</p>
                { recent(engine, pulse, 3) }
            </>
        },
    }
}

/// The left-hand tab: everything there is.
pub fn inspect(engine: &Engine, pulse: &Pulse) -> Html {
    let node = |index: usize| html! { <section key={index}>{ target_panel(engine, pulse, Target::Node(index)) }</section> };
    html! {
        <div class="inspect">
            <h2>{ "Requests" }</h2>
            { find(engine, "request", (1, pulse.snapshot.issued), Target::Request) }
            { recent(engine, pulse, 8) }
            <h2>{ "Keys" }</h2>
            { find(engine, "key", (0, u32::MAX.into()), |key| Target::Key(u32::try_from(key).unwrap_or(u32::MAX))) }
            <h2>{ "Events" }</h2>
            { part(EventTable { engine: engine.clone(), pulse: pulse.clone() }) }
            { for (0..pulse.snapshot.nodes.len()).map(node) }
        </div>
    }
}

/// Any request, or any key, by its number.
fn find(engine: &Engine, what: &'static str, (least, most): (u64, u64), target: fn(u64) -> Target) -> Html {
    let onsubmit = {
        let engine = engine.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let form: Option<HtmlElement> = event.target_dyn_into();
            let field = form.and_then(|form| form.query_selector("input").ok().flatten());
            let text =
                field.and_then(|field| field.dyn_into::<HtmlInputElement>().ok()).map(|field| field.value());
            if let Some(number) = text.and_then(|text| text.trim().parse().ok()) {
                engine.select(Some(target(number)));
            }
        })
    };
    let id = format!("find-{what}");
    html! {
        <form class="find" {onsubmit}>
            <label class="unseen" for={id.clone()}>{ format!("Number of a {what}") }</label>
            <input {id} type="number" min={least.to_string()} max={most.to_string()} placeholder="Number" />
            <button class="button" aria-label={format!("Show this {what}")}>{ "Show" }</button>
        </form>
    }
}

/// The requests that ended last, newest first.
fn recent(engine: &Engine, pulse: &Pulse, count: usize) -> Html {
    let session = engine.session();
    let ended: Vec<Ended> = session.metrics().ended().take(count).copied().collect();
    if ended.is_empty() {
        return html! { <p class="dim small">{ "None has ended yet." }</p> };
    }
    let line = |ended: &Ended| {
        let (engine, target) = (engine.clone(), Some(Target::Request(ended.number)));
        let onclick = Callback::from(move |_: MouseEvent| engine.select(target));
        html! {
            <li key={ended.number}>
                <button type="button" {onclick} aria-pressed={(pulse.selected == target).to_string()}>
                    <span>{ format!("Request {}", figures::whole(ended.number)) }</span>
                    <span class={outcome_class(ended.outcome.kind())}>{ ended.outcome.label() }</span>
                    <span>{ figures::ms(Some(ended.at.since(ended.born).ms())) }</span>
                </button>
            </li>
        }
    };
    html! { <ol role="list" class="recent">{ for ended.iter().map(line) }</ol> }
}
