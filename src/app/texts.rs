//! The labs' scenarios and lessons: files beside the page, fetched when they are wanted. Their folder is named
//! after what is in it, so a page never gets those of another version.

use super::dom::{document, window};
use js_sys::Promise;
use switchyard::labs::{FIRST_SCENARIO, LABS, Lab};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

/// Why a file did not arrive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Missing {
    /// There was no answer: the same may work later.
    Broken,
    /// The site does not have it, with the status that it answered: it is another version by now.
    Gone(u16),
}

/// A lab's scenario and lesson.
#[derive(Clone, Debug)]
pub struct Texts {
    pub scenario: String,
    pub lesson: String,
}

/// Both texts of a lab.
///
/// # Errors
/// When one of them does not arrive.
pub async fn of_lab(lab: &Lab) -> Result<Texts, Missing> {
    // Both are under way before the first is waited for.
    let (scenario, lesson) = (ask(lab, "json"), ask(lab, "md"));
    Ok(Texts { scenario: text(scenario).await?, lesson: text(lesson).await? })
}

/// A lab's scenario alone.
///
/// # Errors
/// When it does not arrive.
pub async fn scenario(lab: &Lab) -> Result<String, Missing> {
    match scenario_at_once(lab) {
        Some(scenario) => Ok(scenario.to_owned()),
        None => text(ask(lab, "json")).await,
    }
}

/// The lessons of all labs, in their order; empty where one does not arrive.
pub async fn lessons() -> Vec<String> {
    // All are under way before the first is waited for.
    let asked: Vec<JsFuture> = LABS.iter().map(|lab| ask(lab, "md")).collect();
    let mut lessons = vec![];
    for answer in asked {
        lessons.push(text(answer).await.unwrap_or_default());
    }
    lessons
}

/// A lab's scenario if the page has it already.
pub fn scenario_at_once(lab: &Lab) -> Option<&'static str> {
    (LABS.first()?.id == lab.id).then_some(FIRST_SCENARIO)
}

/// The address of a lab's picture.
pub fn picture(lab: &Lab, dark: bool) -> String {
    address(lab, if dark { "dark.svg" } else { "light.svg" })
}

fn ask(lab: &Lab, kind: &str) -> JsFuture {
    JsFuture::from(window().fetch_with_str(&address(lab, kind)))
}

fn address(lab: &Lab, kind: &str) -> String {
    // The build writes it: see `xtask/src/labs.rs`.
    let folder = document().query_selector("meta[name=labs]").ok().flatten();
    let folder = folder.and_then(|folder| folder.get_attribute("content")).unwrap_or_default();
    format!("{folder}/{}.{kind}", lab.id)
}

async fn text(answer: JsFuture) -> Result<String, Missing> {
    let broken = |_: JsValue| Missing::Broken;
    let response: Response = answer.await.and_then(JsCast::dyn_into).map_err(broken)?;
    if !response.ok() {
        return Err(Missing::Gone(response.status()));
    }
    let text: Promise = response.text().map_err(broken)?;
    JsFuture::from(text).await.map_err(broken)?.as_string().ok_or(Missing::Broken)
}
