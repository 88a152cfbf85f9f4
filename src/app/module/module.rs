//! What JavaScript sees; `types.d.ts` says it in TypeScript. Values cross as JSON, so they are read, checked and
//! complained of as scenario files are.

use js_sys::{Error, JSON, Reflect};
use serde_json::{Value, json};
use switchyard::labs::LABS;
use switchyard::play::{Session, When};
use switchyard::report::theory_of;
use switchyard::scenario::{Checked, Problem, link, paths, state_at};
use switchyard::sim::{Span, Time};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

#[wasm_bindgen(skip_typescript)]
pub fn labs() -> JsValue {
    let lab = |lab: &switchyard::labs::Lab| {
        let scenario: Value = serde_json::from_str(lab.scenario).unwrap_or_default();
        json!({
            "id": lab.id, "topic": lab.topic, "title": lab.title, "summary": lab.summary,
            "scenario": scenario, "lesson": lab.lesson,
        })
    };
    to_js(&LABS.iter().map(lab).collect())
}

#[wasm_bindgen(skip_typescript)]
#[derive(Debug)]
pub struct Scenario(Checked);

#[wasm_bindgen]
impl Scenario {
    pub fn check(scenario: &JsValue) -> Result<Scenario, Error> {
        let text = scenario.as_string().map_or_else(|| json_of(scenario), Ok)?;
        Checked::parse(&text).map(Scenario).map_err(unfit)
    }

    #[wasm_bindgen(js_name = toLink)]
    pub fn to_link(scenario: &Scenario) -> String {
        link::encode(&scenario.0)
    }

    #[wasm_bindgen(js_name = fromLink)]
    pub fn from_link(address: &str) -> Result<Scenario, Error> {
        let fragment = address.split_once('#').map_or(address, |(_, fragment)| fragment);
        link::decode(fragment).map(Scenario).map_err(|wrong| error("link", "", &wrong.to_string()))
    }

    pub fn with(&self, path: &str, value: &JsValue) -> Result<Scenario, Error> {
        paths::with(&self.0, path, from_js(value)?).map(Scenario).map_err(unfit)
    }

    #[wasm_bindgen(js_name = toJSON)]
    pub fn to_json(&self) -> Result<JsValue, JsValue> {
        JSON::parse(&self.0.to_json())
    }
}

#[wasm_bindgen(skip_typescript)]
#[derive(Debug)]
pub struct Simulation(Session);

#[wasm_bindgen]
impl Simulation {
    #[wasm_bindgen(constructor)]
    pub fn new(scenario: &Scenario, options: &JsValue) -> Result<Simulation, Error> {
        let given = Reflect::get(options, &"seed".into()).unwrap_or_default();
        let scenario = match seed(&given)? {
            None => scenario.0.clone(),
            Some(seed) => paths::with(&scenario.0, "seed", seed.into()).map_err(unfit)?,
        };
        Ok(Simulation(Session::new(scenario)))
    }

    #[wasm_bindgen(getter)]
    pub fn t_ms(&self) -> f64 {
        self.0.now().ms()
    }

    #[wasm_bindgen(getter)]
    pub fn end_ms(&self) -> f64 {
        self.0.end().ms()
    }

    pub fn advance(&mut self, ms: f64) -> Result<bool, Error> {
        let until = self.0.now() + Span::from_ms(duration(ms)?);
        self.0.advance(until, u64::MAX);
        Ok(self.0.now() < self.0.end())
    }

    pub fn step(&mut self) -> bool {
        self.0.step_event().is_some()
    }

    pub fn seek(&mut self, t_ms: f64) -> Result<(), Error> {
        let to = Time::from_ms(duration(t_ms)?).min(self.0.end());
        self.0.seek(to, u64::MAX);
        Ok(())
    }

    pub fn reset(&mut self) {
        self.0.restart();
    }

    pub fn change(&mut self, change: &JsValue) -> Result<(), Error> {
        let change = from_js(change)?;
        let (Some(node), Some(set)) = (change["node"].as_str(), change["set"].as_object()) else {
            return Err(error("argument", "", "a change is {node, set: {setting: value}}"));
        };
        // All or none.
        let mut session = self.0.clone();
        for (setting, value) in set {
            session.set(&format!("{node}.{setting}"), value.clone(), When::Now).map_err(unfit)?;
        }
        self.0 = session;
        Ok(())
    }

    pub fn scenario(&self) -> Scenario {
        Scenario(self.0.scenario().clone())
    }

    pub fn snapshot(&self) -> JsValue {
        to_js(&serde_json::to_value(self.0.snapshot()).unwrap_or_default())
    }

    pub fn report(&self) -> JsValue {
        let summary = serde_json::to_value(self.0.summary()).unwrap_or_default();
        let scenario = self.0.scenario();
        to_js(&json!({
            "title": scenario.title,
            "at_ms": self.0.now().ms(),
            "runs": [{ "seed": scenario.seed, "digest": self.digest() }],
            "total": summary["total"],
            "nodes": summary["nodes"],
            "theory": theory_of(&state_at(scenario, Time::ZERO)),
        }))
    }

    pub fn digest(&self) -> String {
        format!("{:016x}", self.0.digest())
    }
}

/// Longer times could not be counted in nanoseconds.
const MS_MAX: f64 = 1e12;

fn duration(ms: f64) -> Result<f64, Error> {
    let is_time = (0.0..=MS_MAX).contains(&ms);
    is_time
        .then_some(ms)
        .ok_or_else(|| error("argument", "", "a time in ms is a number that is not negative"))
}

fn seed(given: &JsValue) -> Result<Option<u64>, Error> {
    if given.is_undefined() {
        return Ok(None);
    }
    let number = given.as_f64().filter(|seed| *seed >= 0.0 && *seed <= 9_007_199_254_740_991.0);
    let whole = number.filter(|seed| is_whole(*seed)).map(|seed| seed as u64);
    let seed = whole.or_else(|| u64::try_from(given.clone()).ok());
    seed.map(Some).ok_or_else(|| error("argument", "seed", "a seed is a whole number that is not negative"))
}

fn is_whole(number: f64) -> bool {
    number as u64 as f64 == number
}

fn json_of(value: &JsValue) -> Result<String, Error> {
    let text = JSON::stringify(value).ok().and_then(|text| text.as_string());
    text.ok_or_else(|| error("argument", "", "this is no value that JSON can hold"))
}

fn from_js(value: &JsValue) -> Result<Value, Error> {
    serde_json::from_str(&json_of(value)?).map_err(|_| error("argument", "", "this nests too deeply"))
}

fn to_js(value: &Value) -> JsValue {
    JSON::parse(&value.to_string()).unwrap_or_default()
}

/// The first problem names code and path; the message holds all.
fn unfit(found: Vec<Problem>) -> Error {
    let lines: Vec<String> = found.iter().map(Problem::to_string).collect();
    error("scenario", found.first().map_or("", |problem| &problem.path), &lines.join("\n"))
}

fn error(code: &str, path: &str, message: &str) -> Error {
    let error = Error::new(message);
    let _ = Reflect::set(&error, &"code".into(), &code.into());
    let _ = Reflect::set(&error, &"path".into(), &path.into());
    error
}
