//! What scripts of ours beside the app (`www/later/`) may ask of the run on the page, as JSON text.
//!
//! `globalThis.__switchyard(type, json)` answers with JSON text; `{"error": {code, message, path?}}` says that
//! nothing has changed. At each pulse the window gets an event `switchyard`. Who may ask, how often and how
//! much is the scripts' business: see `www/later/messages.js`.

use super::dom::{global, window};
use super::engine::{Engine, Pulse};
use super::goal::standing;
use super::open::Opened;
use super::theme::Theme;
use super::whole;
use serde_json::{Value, json};
use std::rc::Rc;
use switchyard::labs::Lesson;
use switchyard::play::When;
use switchyard::scenario::{Checked, Problem, link};
use switchyard::sim::Time;
use wasm_bindgen::prelude::*;
use yew::prelude::*;

const NAME: &str = "__switchyard";

/// Answers for as long as the component exists.
#[hook]
pub fn use_bridge(engine: &Engine, pulse: &Pulse, opened: &Rc<Opened>) {
    let opened = opened.clone();
    use_effect_with(engine.clone(), move |engine| {
        let engine = engine.clone();
        let answer: Closure<dyn Fn(String, String) -> String> =
            Closure::new(move |kind: String, text: String| {
                let asked = serde_json::from_str(&text).unwrap_or_default();
                let answered = answer(&engine, &opened, &kind, asked);
                answered.unwrap_or_else(|error| json!({ "error": error })).to_string()
            });
        publish(answer.as_ref());
        move || {
            // The next page's may stand there already.
            if global(NAME) == *answer.as_ref() {
                publish(&JsValue::UNDEFINED);
            }
            drop(answer);
        }
    });
    use_effect_with(pulse.clone(), |_| {
        let _ = web_sys::Event::new("switchyard").map(|event| window().dispatch_event(&event));
    });
}

fn publish(value: &JsValue) {
    let _ = js_sys::Reflect::set(&js_sys::global(), &NAME.into(), value);
}

fn answer(engine: &Engine, opened: &Opened, kind: &str, asked: Value) -> Result<Value, Value> {
    let lesson = opened.lab.as_ref().map(|lab| &*lab.lesson);
    match kind {
        "state" => return Ok(state(engine, lesson)),
        "share" => return Ok(share(engine, opened)),
        "settings" => return Ok(settings(engine)),
        "link" => return Ok(json!({ "link": link::encode(&checked(asked)?) })),
        "metrics" => {
            return serde_json::to_value(engine.session().summary()).map_err(|_| fault("internal", ""));
        }
        "get" => {
            let session = engine.session();
            return Ok(
                json!({ "scenario": &**session.scenario(), "link": link::encode(session.scenario()) }),
            );
        }
        "check" => drop(checked(asked)?),
        "load" => engine.open(checked(asked)?),
        "set" => {
            let path = asked["path"].as_str().ok_or_else(|| fault("request", "path is missing"))?;
            engine.try_set(path, asked["value"].clone(), When::Now).map_err(unfit)?;
        }
        "play" => engine.play(),
        "pause" => engine.pause(),
        "step" => engine.step_request(),
        "reset" => engine.restart(),
        "seek" => {
            let t_ms = asked["t_ms"].as_f64().filter(|t_ms| t_ms.is_finite() && *t_ms >= 0.0);
            engine.seek(Time::from_ms(t_ms.ok_or_else(|| fault("request", "t_ms is not a time"))?));
        }
        "theme" => {
            let theme = asked["theme"].as_str().and_then(Theme::from_id);
            theme.ok_or_else(|| fault("request", "a theme is auto, light or dark"))?.apply();
            engine.touch();
        }
        _ => return Err(fault("unknown", "there is no such request")),
    }
    Ok(state(engine, lesson))
}

/// What is cheap to say.
fn state(engine: &Engine, lesson: Option<&Lesson>) -> Value {
    let session = engine.session();
    let goals = lesson.map(|lesson| standing(&lesson.challenge.goals, &session)).unwrap_or_default();
    json!({
        "running": engine.playing(),
        "t_ms": session.now().ms(),
        "end_ms": session.end().ms(),
        "seeking": engine.seeking(),
        "begun": engine.begun(),
        "changes": session.scenario().changes.len(),
        "goals": goals.len(),
        "met": goals.iter().filter(|goal| goal.met).count(),
    })
}

/// What a link, a file and a frame are made of.
fn share(engine: &Engine, opened: &Opened) -> Value {
    let (session, runs) = (engine.session(), engine.runs());
    let scenario = runs.scenario();
    // Some labs have changes of their own.
    let made = opened.lab.as_ref().map_or(0, |lab| lab.made.changes.len());
    json!({
        "title": scenario.title,
        "file": scenario.to_pretty_json(),
        "link": link::encode(scenario),
        "lab": opened.lab.as_ref().map(|lab| lab.lab.id),
        // The lab's name alone leads to it.
        "made": opened.lab.as_ref().is_some_and(|lab| lab.made == *scenario),
        "compare": opened.address.compare,
        "site": whole::site(),
        "changes": scenario.changes.len().saturating_sub(made),
        "t_ms": session.now().ms(),
        "end_ms": session.end().ms(),
        "digest": format!("{:016x}", session.digest()),
    })
}

/// What can be set, the knobs first.
fn settings(engine: &Engine) -> Value {
    let session = engine.session();
    let known = &session.scenario().knobs;
    let rest = session.all_settings().into_iter().filter(|knob| !known.contains(&knob.path));
    session
        .knobs()
        .into_iter()
        .chain(rest)
        .map(|knob| json!({ "path": knob.path, "group": knob.group, "label": knob.label }))
        .collect()
}

fn checked(asked: Value) -> Result<Checked, Value> {
    match asked["link"].as_str() {
        Some(fragment) => link::decode(fragment).map_err(|error| fault("link", &error.to_string())),
        None => Checked::from_value(asked["scenario"].clone()).map_err(unfit),
    }
}

fn fault(code: &str, message: &str) -> Value {
    json!({ "code": code, "message": message })
}

/// The first problem; one is enough to go on with.
fn unfit(found: Vec<Problem>) -> Value {
    let first = found.first();
    json!({
        "code": "scenario",
        "path": first.map(|problem| &problem.path),
        "message": first.map(|problem| &problem.sentence),
    })
}
