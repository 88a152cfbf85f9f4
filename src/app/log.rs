//! "My log…": the clients replay what really happened somewhere.

use super::dialog::Dialog;
use super::engine::Engine;
use super::files::{self, Content};
use super::incoming::{self, Incoming};
use super::part::{part, parts};
use super::work;
use switchyard::scenario::Checked;
use switchyard::scenario::replay::{Imported, Sort};
use switchyard::scene::figures;
use web_sys::{DragEvent, File, HtmlInputElement, HtmlTextAreaElement};
use yew::prelude::*;

parts!(LogDialog use_log_dialog);

#[derive(PartialEq)]
pub struct LogDialog {
    pub engine: Engine,
    /// A file that was dropped on the page.
    pub file: Option<File>,
    pub on_close: Callback<()>,
    /// A scenario or a link, which takes the place of the present run.
    pub on_incoming: Callback<Incoming>,
}

#[derive(Clone, Default)]
enum Read {
    #[default]
    Nothing,
    Busy,
    Good(Checked, Imported),
    Bad(String, Vec<String>),
}

#[hook]
fn use_log_dialog(props: &LogDialog) -> Html {
    let state = use_state(Read::default);
    let over = use_state(|| false);
    let take = {
        let (engine, state, on_incoming) = (props.engine.clone(), state.setter(), props.on_incoming.clone());
        Callback::from(move |file: File| {
            let (engine, state, on_incoming) = (engine.clone(), state.clone(), on_incoming.clone());
            state.set(Read::Busy);
            wasm_bindgen_futures::spawn_local(async move {
                let base = engine.session().scenario().clone();
                match files::take(&file, &base).await {
                    Ok(Content::Scenario(scenario)) => on_incoming.emit(scenario),
                    Ok(Content::Log(scenario, imported)) => state.set(Read::Good(*scenario, imported)),
                    Err((text, details)) => state.set(Read::Bad(text, details)),
                }
            });
        })
    };
    {
        let take = take.clone();
        use_effect_with(props.file.clone(), move |file| {
            if let Some(file) = file {
                take.emit(file.clone());
            }
        });
    }
    let onchange = {
        let take = take.clone();
        Callback::from(move |event: Event| {
            let input: Option<HtmlInputElement> = event.target_dyn_into();
            if let Some(file) = input.and_then(|input| input.files()).and_then(|files| files.get(0)) {
                take.emit(file);
            }
        })
    };
    let pasted = use_node_ref();
    let onsubmit = {
        let (pasted, state, on_incoming) = (pasted.clone(), state.setter(), props.on_incoming.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let text = pasted.cast::<HtmlTextAreaElement>().map(|field| field.value()).unwrap_or_default();
            match incoming::read(&text) {
                Ok(incoming) => on_incoming.emit(incoming),
                Err(notice) => state.set(Read::Bad(notice.text, notice.details)),
            }
        })
    };
    let ondragover = {
        let over = over.setter();
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            over.set(true);
        })
    };
    let ondragleave = {
        let over = over.setter();
        Callback::from(move |_: DragEvent| over.set(false))
    };
    let ondrop = {
        let over = over.setter();
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            event.stop_propagation();
            over.set(false);
            if let Some(file) =
                event.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0))
            {
                take.emit(file);
            }
        })
    };
    let inside = html! {
        <>
            <p>{ "An access log as nginx or Apache write it, or a CSV file with time, client, path and, if you have it, duration. Each line becomes a request at its time, from its client. Or a scenario that was saved here." }</p>
            <p>{ "Where there is a cache or a store, a list of keys will do: one on every line, asked for in that order at the present rate. Where there is a rate limiter, a list of arrivals: seconds, and after a comma whose request it is." }</p>
            <div class={classes!("drop", over.then_some("is-over"))} {ondragover} {ondragleave} {ondrop}>
                <label for="log-file" class="strong">{ "Choose a file, or drop it here" }</label>
                <input id="log-file" type="file" {onchange} />
            </div>
            <form {onsubmit}>
                <label for="pasted" class="strong">{ "Or paste a link or a scenario" }</label>
                <div class="row">
                    <textarea id="pasted" ref={pasted} class="link-field" rows="2" spellcheck="false" />
                    <button type="submit" class="button">{ "Open" }</button>
                </div>
            </form>
            <p class="dim small">{ "The log stays in this browser. Nothing is sent anywhere." }</p>
            <div aria-live="polite">{ outcome(&state, props) }</div>
        </>
    };
    part(Dialog { title: "Open a log or a scenario", on_close: props.on_close.clone(), inside })
}

fn outcome(state: &Read, props: &LogDialog) -> Html {
    match state {
        Read::Nothing => html! {},
        Read::Busy => html! { <p>{ "Reading…" }</p> },
        Read::Bad(text, details) => html! {
            <div class="warning">
                <p class="strong">{ text }</p>
                <ul>{ for details.iter().map(|line| html! { <li>{ line }</li> }) }</ul>
                <p>{ "The present scenario is unchanged." }</p>
            </div>
        },
        Read::Good(scenario, imported) => {
            let onclick = {
                let (scenario, close) = (scenario.clone(), props.on_close.clone());
                Callback::from(move |_: MouseEvent| {
                    work::open_here(scenario.clone());
                    close.emit(());
                })
            };
            html! {
                <>
                    { summary(imported) }
                    <p class="row"><button type="button" class="button is-main" {onclick}>{ "Replay it" }</button></p>
                </>
            }
        }
    }
}

fn summary(imported: &Imported) -> Html {
    let number = |value: usize| figures::whole(value as u64);
    let rows = [
        ("Requests", number(imported.requests), true),
        ("Keys", number(imported.keys), imported.what == Sort::Keys),
        ("Clients", number(imported.clients as usize), imported.what != Sort::Keys),
        ("Paths", number(imported.paths), imported.what == Sort::AccessLog),
        ("Span", figures::seconds(imported.span_ms / 1000.0), true),
        ("With a duration", number(imported.with_duration), imported.what == Sort::AccessLog),
        ("Bad lines", number(imported.bad_lines as usize), true),
    ];
    let rows = rows.iter().filter(|(.., shown)| *shown);
    html! {
        <>
            <dl class="pairs">{ for rows.map(|(name, value, _)| html! { <><dt>{ *name }</dt><dd>{ value }</dd></> }) }</dl>
            if !imported.bad.is_empty() {
                <p class="strong">{ "Lines that were left out" }</p>
                <ul>{ for imported.bad.iter().take(8).map(|(line, why)| html! { <li>{ format!("Line {line}: {why}") }</li> }) }</ul>
            }
            if imported.left_out > 0 {
                <p>{ format!("{} requests beyond the limit were left out.", number(imported.left_out as usize)) }</p>
            }
            if imported.what == Sort::Keys {
                <p>{ "They come at the rate that is set, and then again from the first." }</p>
            }
            if imported.spread {
                <p>{ "The log's times are whole seconds; its requests are spread evenly within each." }</p>
            }
        </>
    }
}
