//! The inspector: what is selected, all nodes at a glance, the requests that ended last.

use super::dom::input_of;
use super::engine::{Engine, Pulse};
use super::names::outcome_class;
use super::node_panel::TargetPanel;
use super::request::RequestPanel;
use crate::report::Ended;
use crate::scene::{Target, figures};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct InspectProps {
    pub engine: Engine,
    pub pulse: Pulse,
}

/// What is selected; a hint and the last requests if nothing is.
#[component]
pub fn SelectedPanel(props: &InspectProps) -> Html {
    let (engine, pulse) = (props.engine.clone(), props.pulse.clone());
    let clear = {
        let engine = engine.clone();
        Callback::from(move |_: MouseEvent| engine.select(None))
    };
    let close = html! { <button type="button" class="text-button is-quiet" onclick={clear}>{ "Clear the selection" }</button> };
    match pulse.selected {
        Some(Target::Request(number)) => html! { <><RequestPanel {engine} {pulse} {number} />{ close }</> },
        Some(target) => html! { <><TargetPanel {engine} {pulse} {target} />{ close }</> },
        None => html! {
            <>
                <h2>{ "Look closer" }</h2>
                <p class="dim">{ "Choose a dot, a card or a track on the stage, or one of these requests." }</p>
                <Recent {engine} {pulse} count={5} />
            </>
        },
    }
}

/// The left-hand tab: everything there is.
#[component]
pub fn Inspect(props: &InspectProps) -> Html {
    let node = |index: usize| html! {
        <section key={index}><TargetPanel engine={props.engine.clone()} pulse={props.pulse.clone()} target={Target::Node(index)} /></section>
    };
    html! {
        <div class="inspect">
            <h2>{ "Requests" }</h2>
            <FindRequest engine={props.engine.clone()} issued={props.pulse.snapshot.issued} />
            <Recent engine={props.engine.clone()} pulse={props.pulse.clone()} count={8} />
            { for (0..props.pulse.snapshot.nodes.len()).map(node) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct FindRequestProps {
    engine: Engine,
    issued: u64,
}

#[component]
fn FindRequest(props: &FindRequestProps) -> Html {
    let number = use_state(String::new);
    let oninput = {
        let number = number.setter();
        Callback::from(move |event: InputEvent| number.set(input_of(&event).map(|input| input.value()).unwrap_or_default()))
    };
    let onsubmit = {
        let (engine, number, issued) = (props.engine.clone(), number.clone(), props.issued);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(number) = number.trim().parse().ok().filter(|number| (1..=issued).contains(number)) {
                engine.select(Some(Target::Request(number)));
            }
        })
    };
    html! {
        <form class="find" {onsubmit}>
            <label class="unseen" for="find-request">{ "Number of a request" }</label>
            <input id="find-request" type="number" min="1" max={props.issued.to_string()} placeholder="Number" value={(*number).clone()} {oninput} />
            <button class="button">{ "Show" }</button>
        </form>
    }
}

#[derive(Properties, PartialEq)]
struct RecentProps {
    engine: Engine,
    pulse: Pulse,
    count: usize,
}

/// The requests that ended last, newest first.
#[component]
fn Recent(props: &RecentProps) -> Html {
    let session = props.engine.session();
    let ended: Vec<Ended> = session.metrics().ended().take(props.count).copied().collect();
    if ended.is_empty() {
        return html! { <p class="dim small">{ "None has ended yet." }</p> };
    }
    let line = |ended: &Ended| {
        let (engine, target) = (props.engine.clone(), Some(Target::Request(ended.number)));
        let onclick = Callback::from(move |_: MouseEvent| engine.select(target));
        html! {
            <li key={ended.number}>
                <button type="button" {onclick} aria-pressed={(props.pulse.selected == target).to_string()}>
                    <span>{ format!("Request {}", figures::whole(ended.number)) }</span>
                    <span class={outcome_class(ended.outcome.kind())}>{ ended.outcome.label() }</span>
                    <span>{ figures::ms(Some(ended.at.since(ended.born).ms())) }</span>
                </button>
            </li>
        }
    };
    html! { <ol role="list" class="recent">{ for ended.iter().map(line) }</ol> }
}
