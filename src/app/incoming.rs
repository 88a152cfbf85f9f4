//! What somebody hands to the page as text: a link, the fragment of one, a scenario. It may be pasted or dropped
//! anywhere. What cannot be opened is said, and leaves everything as it was.

use super::address::Address;
use super::dom::{document, is_embed, window};
use super::head::Go;
use super::lab::fragment_of;
use super::notice::{Notice, Say};
use super::open::problems;
use super::{dom, files, whole, work};
use gloo_events::{EventListener, EventListenerOptions};
use serde_json::Value;
use switchyard::algo::setting::shortened;
use switchyard::labs::{self, LABS};
use switchyard::scenario::link::{self, OpenError};
use switchyard::scenario::{Checked, elsewhere, envelope, limits};
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, DataTransfer, DragEvent, Event, File};
use yew::prelude::*;

/// What can be opened.
pub enum Incoming {
    Link(Address),
    Scenario(Box<Checked>),
}

/// Reads a text that somebody pasted or dropped.
///
/// # Errors
/// What is wrong with it, and where.
pub fn read(text: &str) -> Result<Incoming, Notice> {
    let text = text.trim();
    if text.starts_with(['{', '[']) {
        return scenario(text, "This");
    }
    let address = address_in(text).ok_or_else(|| {
        Notice::error(format!(
            "“{}” is neither a link nor a scenario: a link has “lab=” or “#s1.” in it, a scenario begins with “{{”.",
            shortened(text)
        ))
    })?;
    if address.fragment.is_empty() {
        if let Some(id) = address.lab.as_deref().filter(|id| labs::find(id).is_none()) {
            return Err(Notice::error(format!("There is no lab “{}”.", shortened(id))));
        }
    } else if let Err(error) = envelope::decode(&address.fragment) {
        return Err(Notice::error(error.to_string()));
    } else if !whole::is_needed(&address, None) {
        if let Err(OpenError::Scenario(found)) = link::decode(&address.fragment) {
            return Err(problems("The link is whole, but its scenario cannot run", found));
        }
    }
    Ok(Incoming::Link(address))
}

/// Reads a scenario's JSON; `name` is what it is called where it is refused.
///
/// # Errors
/// Every problem with its place.
pub fn scenario(text: &str, name: &str) -> Result<Incoming, Notice> {
    if elsewhere::is_needed(text) {
        let written = serde_json::from_str::<Value>(text).map_or(text.to_owned(), |json| json.to_string());
        let fragment = envelope::encode(&written);
        return match fragment.len() > envelope::FRAGMENT_BYTES_MAX {
            true => Err(Notice::error(whole::too_large())),
            false => Ok(Incoming::Link(Address { fragment, ..Address::default() })),
        };
    }
    let checked = Checked::parse(text);
    checked
        .map(|checked| Incoming::Scenario(Box::new(checked)))
        .map_err(|found| problems(&format!("{name} is not a scenario that can run"), found))
}

/// A fragment alone, or the address in a text, whatever site it names.
fn address_in(text: &str) -> Option<Address> {
    let version = text.trim_start_matches('#').strip_prefix('s').and_then(|rest| rest.split_once('.'));
    if version.is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())) {
        return Some(Address { fragment: text.trim_start_matches('#').to_owned(), ..Address::default() });
    }
    let url = web_sys::Url::new(text.split_whitespace().find(|word| word.contains("://"))?).ok()?;
    Some(Address::of(&url)).filter(Address::asks_for_a_run)
}

/// Opens it, after a question if work would be lost.
pub fn deliver(incoming: Incoming, go: Go, say: Say) {
    wasm_bindgen_futures::spawn_local(async move {
        if !work::may_go(&say).await {
            return;
        }
        work::show_address();
        match incoming {
            // boot.js fetches it.
            Incoming::Link(address) if address.src.is_some() => {
                let _ = window().location().assign(&address.absolute());
            }
            Incoming::Link(address) => go.emit(address),
            Incoming::Scenario(scenario) => match fragment_of(&scenario).filter(|_| !is_embed()) {
                Some(fragment) => {
                    // A lab that was saved comes with its lesson again.
                    let lab =
                        LABS.iter().find(|lab| lab.title == scenario.title).map(|lab| lab.id.to_owned());
                    go.emit(Address { lab, fragment, ..Address::default() });
                }
                None if work::open_here(*scenario) => {}
                None => {
                    say.emit(Notice::error("It is too large for a link. Open a lab first, then this file."))
                }
            },
        }
    });
}

/// Takes what is pasted, and what is dropped where nothing else takes it; a frame leaves both to the page around it.
#[hook]
pub fn use_incoming(go: &Go, say: &Say) {
    let (go, say) = (go.clone(), say.clone());
    use_effect_with((), move |()| {
        let listen = |name| {
            let (go, say) = (go.clone(), say.clone());
            let options = EventListenerOptions::enable_prevent_default();
            EventListener::new_with_options(&document(), name, options, move |event| take(event, &go, &say))
        };
        let listeners = (!is_embed()).then(|| ["paste", "dragover", "drop"].map(listen));
        move || drop(listeners)
    });
}

fn take(event: &Event, go: &Go, say: &Say) {
    let Some(data) = handed(event).filter(|_| !event.default_prevented()) else { return };
    // Whatever has a use for text of its own.
    let in_dialog = || document().query_selector("dialog[open]").ok().flatten().is_some();
    if dom::takes_text(event) || (event.type_() == "paste" && in_dialog()) {
        return;
    }
    event.prevent_default();
    if event.type_() == "dragover" {
        return;
    }
    let (go, say) = (go.clone(), say.clone());
    let text = data.get_data("text/plain").unwrap_or_default();
    let file = data.files().and_then(|files| files.get(0));
    wasm_bindgen_futures::spawn_local(async move {
        let read = match file {
            Some(file) => text_of(&file).await.and_then(|text| read(&text)),
            None => read(&text),
        };
        match read {
            Ok(incoming) => deliver(incoming, go, say),
            Err(notice) => say.emit(notice),
        }
    });
}

fn handed(event: &Event) -> Option<DataTransfer> {
    match event.dyn_ref::<DragEvent>() {
        Some(drag) => drag.data_transfer(),
        None => event.dyn_ref::<ClipboardEvent>()?.clipboard_data(),
    }
}

/// A file on a page that has no run, so that it can only be a scenario or hold a link.
async fn text_of(file: &File) -> Result<String, Notice> {
    let name = shortened(&file.name());
    if file.size() > limits::FILE_BYTES as f64 {
        return Err(Notice::error(format!("“{name}” is larger than {} MiB.", limits::FILE_BYTES >> 20)));
    }
    if let Some(why) = files::no_text(file) {
        return Err(Notice::error(why));
    }
    let bytes = dom::read(file).await.map_err(|why| Notice::error(format!("“{name}”: {why}")))?;
    String::from_utf8(bytes).map_err(|_| Notice::error(format!("“{name}” is not UTF-8 text.")))
}
