//! The share dialog: a link that replays the whole experiment, or a file where the link would be too long.

use super::address::Address;
use super::dialog::Dialog;
use super::dom::{save, window};
use super::engine::Engine;
use switchyard::scenario::link;
use switchyard::scene::figures;
use web_sys::{FocusEvent, HtmlInputElement};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct ShareDialogProps {
    pub engine: Engine,
    pub lab: Option<AttrValue>,
    /// Leads to the comparison.
    #[prop_or_default]
    pub compare: bool,
    pub on_close: Callback<()>,
}

/// Longer links get lost in some programs.
const WARN_CHARS: usize = 2000;
/// Longer ones are not offered.
const MOST_CHARS: usize = 8000;

#[component]
pub fn ShareDialog(props: &ShareDialogProps) -> Html {
    let with_moment = use_state(|| false);
    let copied = use_state(|| None::<bool>);
    let session = props.engine.session();
    let runs = props.engine.runs();
    let changes = runs.scenario().changes.len();
    let address = Address {
        lab: props.lab.as_ref().map(|id| id.to_string()),
        fragment: link::encode(runs.scenario()),
        compare: props.compare,
        t_ms: with_moment.then(|| session.now().ms().round()),
        ..Address::default()
    };
    let text = address.absolute();
    let length = text.chars().count();
    let copy = {
        let (text, copied) = (text.clone(), copied.setter());
        Callback::from(move |_: MouseEvent| {
            let (text, copied) = (text.clone(), copied.clone());
            wasm_bindgen_futures::spawn_local(async move {
                let promise = clipboard().map(|clipboard| clipboard.write_text(&text));
                let done = match promise {
                    Some(promise) => wasm_bindgen_futures::JsFuture::from(promise).await.is_ok(),
                    None => false,
                };
                copied.set(Some(done));
            });
        })
    };
    let onfocus = Callback::from(|event: FocusEvent| {
        if let Some(input) = event.target_dyn_into::<HtmlInputElement>() {
            input.select();
        }
    });
    let onchange = {
        let (with_moment, copied) = (with_moment.clone(), copied.setter());
        Callback::from(move |_: Event| {
            with_moment.set(!*with_moment);
            copied.set(None);
        })
    };
    let download = {
        let engine = props.engine.clone();
        Callback::from(move |_: MouseEvent| {
            let runs = engine.runs();
            save(&file_name(&runs.scenario().title), "application/json", &runs.scenario().to_pretty_json());
        })
    };
    let said = match *copied {
        None => "",
        Some(true) => "Copied.",
        Some(false) => "The browser does not allow copying; the link is selected when you enter the field.",
    };
    html! {
        <Dialog title="Share this experiment" on_close={props.on_close.clone()}>
            <p>{ included(changes) }</p>
            if length <= MOST_CHARS {
                <div class="row">
                    <label class="unseen" for="share-link">{ "Link" }</label>
                    <input id="share-link" class="link-field" type="text" readonly=true value={text} {onfocus} />
                    <button type="button" class="button is-main" onclick={copy}>{ "Copy" }</button>
                </div>
                <p class="dim small">{ format!("{} characters", figures::whole(length as u64)) }</p>
                <label class="row"><input type="checkbox" checked={*with_moment} {onchange} />
                    { format!("Begin at this moment, t = {}", figures::seconds(session.now().seconds())) }</label>
            }
            if length > MOST_CHARS {
                <p class="warning">{ format!("A link would have {} characters: too many. Share a file instead.", figures::whole(length as u64)) }</p>
            } else if length > WARN_CHARS {
                <p class="warning">{ "Some programs cut links of more than 2 000 characters. A file is safer." }</p>
            }
            <div class="row"><button type="button" class="button" onclick={download}>{ "Save as a file" }</button></div>
            <p class="dim small">
                { format!("Fingerprint of the run up to t = {}: ", figures::seconds(session.now().seconds())) }
                <code id="fingerprint">{ format!("{:016x}", session.digest()) }</code>
                { ". Who sees the same one has seen the same run." }
            </p>
            <p aria-live="polite" class="dim small">{ said }</p>
        </Dialog>
    }
}

fn included(changes: usize) -> String {
    let what = "Whoever opens it sees the same run, request by request.";
    match changes {
        0 => what.to_owned(),
        1 => format!("{what} It includes the one change on the timeline."),
        _ => format!("{what} It includes the {changes} changes on the timeline."),
    }
}

/// Absent where the page was not loaded securely.
fn clipboard() -> Option<web_sys::Clipboard> {
    let navigator = window().navigator();
    let present =
        js_sys::Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|value| !value.is_undefined());
    present.then(|| navigator.clipboard())
}

/// "one-slow-server.json".
fn file_name(title: &str) -> String {
    let name: String =
        title.to_ascii_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = name.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    if name.is_empty() { "scenario.json".into() } else { format!("{name}.json") }
}
