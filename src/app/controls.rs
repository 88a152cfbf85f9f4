//! The controls, generated from the scenario's knobs and the tables of settings.

use super::chips::chips;
use super::engine::Engine;
use super::knob::{Control, knob};
use super::part::{part, parts};
use serde_json::{Value, json};
use std::rc::Rc;
use switchyard::algo::setting::Setting;
use switchyard::play::{Knob, When};
use switchyard::scenario::{Checked, NodeSpec};
use switchyard::sim::Time;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

parts!(Controls use_controls, AllSettings use_all_settings);

#[derive(PartialEq)]
pub struct Controls {
    pub engine: Engine,
    /// Of the scenario: another one, other controls.
    pub revision: u32,
    /// How many changes have taken effect: values differ with it.
    pub era: usize,
    pub on_log: Callback<()>,
    /// Only what the scenario's author lets the learner turn.
    pub only_knobs: bool,
    /// Where the way back leads.
    pub origin: Rc<Origin>,
}

/// What was there before anybody turned anything.
#[derive(PartialEq)]
pub struct Origin {
    pub scenario: Checked,
    /// Where it waits.
    pub at: Time,
    pub is_lab: bool,
}

#[hook]
fn use_controls(props: &Controls) -> Html {
    let from_start = use_state(|| false);
    let engine = &props.engine;
    let on_set = {
        let (engine, from_start) = (engine.clone(), *from_start);
        Callback::from(move |(path, value): (String, Value)| {
            let only_at_start = engine.session().knob(&path).is_some_and(|knob| knob.setting.only_at_start);
            engine.set(&path, value, if from_start || only_at_start { When::FromStart } else { When::Now });
        })
    };
    let on_apply = {
        let from_start = from_start.setter();
        Callback::from(move |id: &'static str| from_start.set(id == "start"))
    };
    let choices = [
        ("now", "At this moment", "The change is noted on the timeline and part of the link.".to_owned()),
        ("start", "From the start", "The run is worked out anew as if it had always been so.".to_owned()),
    ];
    let chosen = if *from_start { "start" } else { "now" };
    html! {
        <div class="controls">
            { way_back(engine, &props.origin) }
            { knobs(props, &on_set) }
            <h2 class="heading">{ "Experiment" }</h2>
            { chips("Changes take effect", "apply", "", &choices, chosen, on_apply) }
            if !props.only_knobs {
                { seed(engine) }
                { part(AllSettings { engine: engine.clone(), revision: props.revision, era: props.era, on_set, on_log: props.on_log.clone() }) }
            }
        </div>
    }
}

/// The last change undone, or all of them. The buttons stay, so that nothing moves under a slider that is held, and
/// keep the focus where there is nothing left to undo.
fn way_back(engine: &Engine, origin: &Rc<Origin>) -> Html {
    let button = |name: &'static str, title: &'static str, can: bool, act: Callback<()>| {
        let onclick = Callback::from(move |_: MouseEvent| {
            if can {
                act.emit(())
            }
        });
        html! {
            <button type="button" class="text-button" {title} aria-disabled={(!can).to_string()} {onclick}>{ name }</button>
        }
    };
    let undo = {
        let engine = engine.clone();
        Callback::from(move |()| engine.undo())
    };
    let reset = {
        let (engine, origin) = (engine.clone(), origin.clone());
        Callback::from(move |()| engine.reset(origin.scenario.clone(), origin.at))
    };
    let all = if origin.is_lab { "Reset to the lab" } else { "Reset" };
    html! {
        <div class="way-back" role="group" aria-label="Your changes">
            { button("Undo", "Undo the last change (Ctrl+Z or ⌘Z)", engine.can_undo(), undo) }
            { button(all, "Undo all changes", !engine.runs().is_of(&origin.scenario), reset) }
        </div>
    }
}

/// What the scenario's author lets the learner turn, by node.
fn knobs(props: &Controls, on_set: &Callback<(String, Value)>) -> Html {
    let knobs = props.engine.session().knobs();
    in_groups(knobs, on_set, &props.on_log)
}

/// Controls under the headings of their nodes; those that change nothing at present are left out.
fn in_groups(knobs: Vec<Knob>, on_set: &Callback<(String, Value)>, on_log: &Callback<()>) -> Html {
    let mut groups: Vec<(String, Vec<Html>)> = vec![];
    for knob in knobs.into_iter().filter(|knob| knob.matters) {
        let control = control(&knob, on_set, on_log);
        match groups.iter_mut().find(|(name, _)| *name == knob.group) {
            Some((_, controls)) => controls.push(control),
            None => groups.push((knob.group, vec![control])),
        }
    }
    let group = |(name, controls): (String, Vec<Html>)| {
        html! {
            <div class="group" key={name.clone()}><h2 class="heading">{ name }</h2>{ for controls }</div>
        }
    };
    groups.into_iter().map(group).collect()
}

fn control(shown: &Knob, on_set: &Callback<(String, Value)>, on_log: &Callback<()>) -> Html {
    let Knob { path, label, setting, value, .. } = shown.clone();
    let inside = knob(&Control {
        path: path.clone(),
        label,
        setting,
        value,
        on_set: on_set.clone(),
        on_log: on_log.clone(),
    });
    html! { <div key={path} class="control">{ inside }</div> }
}

/// The seed, and another one.
fn seed(engine: &Engine) -> Html {
    let onclick = {
        let engine = engine.clone();
        Callback::from(move |_: MouseEvent| {
            // The one thing in the program that is not reproducible, and it is asked for.
            if let Ok(random) = getrandom::u32() {
                engine.set("seed", json!(random % 1_000_000), When::FromStart);
            }
        })
    };
    html! {
        <div class="seed">
            <span>{ format!("Seed {}", engine.session().scenario().seed) }</span>
            <button type="button" class="text-button" {onclick}>{ "New seed" }</button>
        </div>
    }
}

#[derive(PartialEq)]
struct AllSettings {
    engine: Engine,
    revision: u32,
    era: usize,
    on_set: Callback<(String, Value)>,
    on_log: Callback<()>,
}

/// Every setting of every node that is no knob, and those of one machine at a time. Made only while
/// it is open.
#[hook]
fn use_all_settings(props: &AllSettings) -> Html {
    let open = use_state(|| false);
    let member = use_state(|| 1usize);
    let ontoggle = {
        let open = open.setter();
        Callback::from(move |event: Event| {
            let details = event.target_dyn_into::<web_sys::Element>();
            open.set(details.is_some_and(|details| details.has_attribute("open")));
        })
    };
    html! {
        <details class="all" {ontoggle}>
            <summary>{ "All settings" }</summary>
            if *open {
                { rest(props) }
                { for_one_machine(props, &member) }
            }
        </details>
    }
}

/// Settings that are no knobs already. A policy's own settings stand below the policy, wherever that is.
fn rest(props: &AllSettings) -> Html {
    let session = props.engine.session();
    let known = &session.scenario().knobs;
    let is_own = |path: &str| path.matches('.').count() > 1;
    let rest =
        session.all_settings().into_iter().filter(|knob| !known.contains(&knob.path) && !is_own(&knob.path));
    in_groups(rest.collect(), &props.on_set, &props.on_log)
}

/// Weight, speed and faults of one machine at a time.
fn for_one_machine(props: &AllSettings, member: &UseStateHandle<usize>) -> Html {
    let session = props.engine.session();
    let state = session.state();
    let controls = |node: &NodeSpec| {
        let knob = |setting: &Setting| {
            let path = format!("{}/{}.{}", node.id, **member, setting.name);
            let value = session.value(&path)?;
            let knob = Knob {
                path,
                group: node.name.clone(),
                label: setting.label.into(),
                setting: *setting,
                value,
                matters: true,
            };
            Some(control(&knob, &props.on_set, &props.on_log))
        };
        let settings = node.settings.kind().member_settings;
        html! {
            if !settings.is_empty() {
                <div class="group" key={node.id.clone()}>
                    <h2 class="heading">{ format!("{}: one machine", node.name) }</h2>
                    { member_menu(node, member) }
                    { for settings.iter().filter_map(knob) }
                </div>
            }
        }
    };
    state.nodes.iter().map(controls).collect()
}

fn member_menu(node: &NodeSpec, member: &UseStateHandle<usize>) -> Html {
    let switchyard::node::Settings::Servers(servers) = &node.settings else { return html! {} };
    let onchange = {
        let member = member.setter();
        Callback::from(move |event: Event| {
            let menu = event.target_dyn_into::<HtmlSelectElement>();
            member.set(menu.and_then(|menu| menu.value().parse().ok()).unwrap_or(1));
        })
    };
    html! {
        <label class="knob line">
            <span>{ "Machine" }</span>
            <select class="shape" {onchange}>
                { for (1..=servers.count as usize).map(|number| html! {
                    <option value={number.to_string()} selected={number == **member}>{ format!("{} {number}", switchyard::node::one_of(&node.name)) }</option>
                }) }
            </select>
        </label>
    }
}
