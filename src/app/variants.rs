//! The variants: what they are called, what is otherwise in each, and what that comes to.

use super::engine::Engine;
use super::knob::{Control, knob};
use serde_json::Value;
use switchyard::algo::setting::{Setting, SettingKind};
use switchyard::play::{Comparison, Difference, Knob};
use switchyard::scenario::limits;
use switchyard::scene::figures;
use web_sys::{HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

/// ● ▲ ■ ◆, in the variant's colour. Its name always stands beside it.
pub fn mark(run: usize) -> Html {
    let shape =
        ["M8 2a6 6 0 1 0 .01 0z", "M8 1.5l6.8 12H1.2z", "M2.5 2.5h11v11h-11z", "M8 .8L15.2 8 8 15.2.8 8z"];
    html! {
        <svg viewBox="0 0 16 16" class={format!("mark is-{run}")} aria-hidden="true"><path d={shape[run % 4]} /></svg>
    }
}

pub fn variants(engine: &Engine) -> Html {
    let runs = engine.runs();
    let add = {
        let engine = engine.clone();
        Callback::from(move |_: MouseEvent| engine.edit(another))
    };
    html! {
        <div class="variants">
            <p class="dim small">{ "All see the same requests, which need the same work." }</p>
            { what_changed(&runs) }
            { for (0..runs.runs().len()).map(|run| variant(engine, &runs, run)) }
            if runs.runs().len() < limits::VARIANTS {
                <button type="button" class="button" onclick={add}>{ "Add a variant" }</button>
            }
        </div>
    }
}

/// A copy of the last one.
fn another(runs: &mut Comparison) -> Result<(), Vec<switchyard::scenario::Problem>> {
    runs.edit(|variants| {
        let mut copy = variants.last().cloned().into_iter().next();
        if let Some(copy) = &mut copy {
            copy.name = format!("Variant {}", variants.len() + 1);
        }
        variants.extend(copy);
    })
}

/// Characters of a name that a line has room for, where the browser does not see to that itself.
const NAME_LINE_CHARS: usize = 20;

/// A name has no line of its own to end: Enter is done with it, as in a field of one line.
fn end_with_enter(event: KeyboardEvent) {
    if event.key() == "Enter" {
        event.prevent_default();
        if let Some(field) = event.target_dyn_into::<HtmlTextAreaElement>() {
            let _ = field.blur();
        }
    }
}

fn variant(engine: &Engine, runs: &Comparison, run: usize) -> Html {
    let name = runs.names().get(run).cloned().unwrap_or_default();
    let rename = {
        let engine = engine.clone();
        Callback::from(move |event: Event| {
            let field = event.target_dyn_into::<HtmlTextAreaElement>();
            let typed = field.map(|field| field.value().replace(['\r', '\n'], " ")).unwrap_or_default();
            engine.edit(|runs| {
                runs.edit(|variants| {
                    variants
                        .iter_mut()
                        .skip(run)
                        .take(1)
                        .for_each(|variant| variant.name = typed.trim().to_owned());
                })
            });
        })
    };
    let remove = {
        let engine = engine.clone();
        Callback::from(move |_: MouseEvent| {
            engine.edit(|runs| {
                runs.edit(|variants| drop((run < variants.len()).then(|| variants.remove(run))))
            });
        })
    };
    let own: Vec<String> = runs
        .scenario()
        .variants
        .get(run)
        .map(|variant| variant.set.keys().cloned().collect())
        .unwrap_or_default();
    let knobs: Vec<Knob> = runs.runs()[run].all_settings();
    let mine = |path: &String| {
        let knob =
            knobs.iter().find(|knob| knob.path == *path).cloned().or_else(|| runs.runs()[run].knob(path))?;
        Some(own_control(engine, run, &knob))
    };
    html! {
        <section key={run} class="variant" aria-label={format!("Variant {name}")}>
            <div class="title-line">
                { mark(run) }
                // Long names go on in the next line.
                <textarea class="name" rows={name.chars().count().div_ceil(NAME_LINE_CHARS).max(1).to_string()} value={name.clone()}
                    maxlength={limits::NAME_CHARS.to_string()} aria-label={format!("Name of variant {}", run + 1)}
                    onchange={rename} onkeydown={Callback::from(end_with_enter)} />
                if runs.runs().len() > 2 {
                    <button type="button" class="text-button is-quiet" aria-label={format!("Remove {name}")} onclick={remove}>{ "Remove" }</button>
                }
            </div>
            { for own.iter().filter_map(mine) }
            { vary(engine, run, &name, knobs, &own, &runs.scenario().knobs) }
        </section>
    }
}

/// A setting that this variant has a value of its own for, to be turned or given up.
fn own_control(engine: &Engine, run: usize, shown: &Knob) -> Html {
    let on_set = {
        let engine = engine.clone();
        // The path carries the variant's number, so that controls of several variants do not get mixed up.
        Callback::from(move |(path, value): (String, Value)| {
            let path = path.split_once(':').map_or(path.as_str(), |(_, path)| path).to_owned();
            engine.edit(|runs| runs.set_in(run, &path, Some(value)));
        })
    };
    let give_up = {
        let (engine, path) = (engine.clone(), shown.path.clone());
        Callback::from(move |_: MouseEvent| engine.edit(|runs| runs.set_in(run, &path, None)))
    };
    let control = Control {
        path: format!("{run}:{}", shown.path),
        label: format!("{} · {}", shown.group, shown.label),
        setting: shown.setting,
        value: shown.value.clone(),
        on_set,
        on_log: Callback::noop(),
    };
    html! {
        <div key={shown.path.clone()} class="control">
            { knob(&control) }
            <button type="button" class="text-button is-quiet" onclick={give_up}
                aria-label={format!("{}: as in the others", control.label)}>{ "As in the others" }</button>
        </div>
    }
}

/// Chooses one more setting to be otherwise: the lab's own knobs first.
fn vary(engine: &Engine, run: usize, name: &str, knobs: Vec<Knob>, own: &[String], first: &[String]) -> Html {
    let (near, far): (Vec<Knob>, Vec<Knob>) = knobs
        .into_iter()
        .filter(|knob| knob.matters && !own.contains(&knob.path))
        .partition(|knob| first.contains(&knob.path));
    let onchange = {
        let engine = engine.clone();
        Callback::from(move |event: Event| {
            let Some(menu) = event.target_dyn_into::<HtmlSelectElement>() else { return };
            let path = menu.value();
            menu.set_value("");
            let value = engine.runs().runs().get(run).and_then(|session| session.value(&path));
            if let Some(value) = value {
                engine.edit(|runs| runs.set_in(run, &path, Some(value)));
            }
        })
    };
    let option = |knob: &Knob| html! { <option value={knob.path.clone()}>{ format!("{} · {}", knob.group, knob.label) }</option> };
    html! {
        <select class="button vary" aria-label={format!("Vary in {name}")} {onchange}>
            <option value="" selected=true>{ "Vary a setting…" }</option>
            { for near.iter().map(option) }
            if !near.is_empty() && !far.is_empty() { <hr /> }
            { for far.iter().map(option) }
        </select>
    }
}

/// Setting by setting, what each variant has.
fn what_changed(runs: &Comparison) -> Html {
    let differences = runs.differences();
    let value = |found: &Difference, run: usize| {
        let own = own_differences(&found.knob.setting, &found.values[run], &found.values);
        html! { <li key={run}>{ mark(run) }<span>{ told(&found.knob.setting, &found.values[run]) }{ own }</span></li> }
    };
    html! {
        <section class="changed" aria-label="What changed">
            <h2 class="heading">{ "What changed" }</h2>
            if differences.is_empty() {
                <p class="dim">{ "Nothing yet: all are the same run. Vary a setting in one of them." }</p>
            }
            { for differences.iter().map(|found| html! {
                <div key={found.knob.path.clone()}>
                    <h3>{ format!("{} · {}", found.knob.group, found.knob.label) }</h3>
                    <ul role="list">{ for (0..found.values.len()).map(|run| value(found, run)) }</ul>
                </div>
            }) }
        </section>
    }
}

/// Of a policy that others have too, with other numbers: its own settings that differ. " · Capacity 20".
fn own_differences(setting: &Setting, value: &Value, all: &[Value]) -> String {
    let SettingKind::Policy { family, .. } = setting.kind else { return String::new() };
    let policy = switchyard::node::policies(family).into_iter().find(|info| value["id"] == info.id);
    let own = policy.map_or(&[][..], |policy| policy.knobs);
    let is_other = |other: &Value, name: &str| other["id"] == value["id"] && other[name] != value[name];
    let differs = |own: &&Setting| all.iter().any(|other| is_other(other, own.name));
    own.iter()
        .filter(differs)
        .map(|own| format!(" · {} {}", own.label, told(own, &value[own.name])))
        .collect()
}

/// A setting's value as it is read.
pub fn told(setting: &Setting, value: &Value) -> String {
    let id = value.get("id").unwrap_or(value).as_str();
    match setting.kind {
        SettingKind::Policy { family, .. } => {
            let known = switchyard::node::policies(family).into_iter();
            known
                .into_iter()
                .find(|info| Some(info.id) == id)
                .map_or("–".into(), |info| info.name.to_owned())
        }
        SettingKind::Choice { options, .. } => {
            let known = options.iter().find(|(option, _)| Some(*option) == id);
            known.map_or("–".into(), |(_, name)| (*name).to_owned())
        }
        SettingKind::Toggle { .. } => if value.as_bool() == Some(true) { "on" } else { "off" }.into(),
        _ => match (value.as_f64(), value.get("mean").or(value.get("value")).and_then(Value::as_f64)) {
            // As it was set, not as if measured: 3, not 3.00.
            (Some(number), _) => match setting.told_in() {
                (factor, "") => figures::short(number * factor),
                (factor, unit) => {
                    let figure = figures::short(number * factor);
                    let unit = figures::unit_of(&figure, unit);
                    format!("{figure}{}{unit}", figures::UNIT)
                }
            },
            (None, Some(mean)) => {
                let shape = value.get("dist").and_then(Value::as_str).unwrap_or_default();
                format!("{}, {shape}", figures::with_unit(Some(mean), "ms"))
            }
            _ => "–".into(),
        },
    }
}
