//! What happened to the last requests, as a table, and the whole run as a file for Perfetto.

use super::dom::{now_ms, save};
use super::engine::{Engine, Pulse};
use super::names::place_name;
use super::part::parts;
use switchyard::play::Session;
use switchyard::report::{Trace, happened, trace_events};
use switchyard::scene::{Target, figures};
use switchyard::sim::Time;
use yew::prelude::*;

parts!(EventTable use_event_table);

/// Requests whose events are listed.
const REQUESTS: u64 = 40;
const ROWS_MAX: usize = 120;
/// How often the table is made anew while the run plays: finding the events means replaying a part of it.
const RENEW_MS: f64 = 1000.0;

#[derive(PartialEq)]
pub struct EventTable {
    pub engine: Engine,
    pub pulse: Pulse,
}

struct Listed {
    revision: u32,
    at: Time,
    screen_ms: f64,
    rows: Html,
}

#[hook]
fn use_event_table(props: &EventTable) -> Html {
    let open = use_state(|| false);
    let listed = use_mut_ref(|| None::<Listed>);
    let toggle = {
        let open = open.clone();
        Callback::from(move |_: MouseEvent| open.set(!*open))
    };
    let save_run = {
        let engine = props.engine.clone();
        Callback::from(move |_: MouseEvent| {
            let session = engine.session();
            save_traces("run.trace.json", &session, &session.traces(1, u64::MAX));
        })
    };
    let pulse = &props.pulse;
    let mut listed = listed.borrow_mut();
    let is_good = listed.as_ref().is_some_and(|listed| {
        let recent = pulse.playing && pulse.now >= listed.at && now_ms() - listed.screen_ms < RENEW_MS;
        listed.revision == pulse.revision && (recent || listed.at == pulse.now)
    });
    if *open && !is_good {
        let rows = rows(&props.engine, pulse);
        *listed = Some(Listed { revision: pulse.revision, at: pulse.now, screen_ms: now_ms(), rows });
    }
    html! {
        <>
            <p class="row">
                <button type="button" class="text-button" onclick={toggle} aria-expanded={open.to_string()}>
                    { if *open { "Hide the table" } else { "Show as a table" } }
                </button>
                <button type="button" class="text-button" onclick={save_run}
                    aria-label="Save the run as a trace file for Perfetto">{ "Save the run (Perfetto)" }</button>
            </p>
            if *open {
                <div class="plot-table is-events" tabindex="0" role="group" aria-label="Events as a table">
                    <table class="figures">
                        <caption>{ format!("The last {REQUESTS} requests, newest event first.") }</caption>
                        <thead><tr>{ for ["Time", "Request", "Event"].map(|name| html! { <th scope="col">{ name }</th> }) }</tr></thead>
                        <tbody>{ listed.as_ref().map(|listed| listed.rows.clone()) }</tbody>
                    </table>
                </div>
            }
        </>
    }
}

fn rows(engine: &Engine, pulse: &Pulse) -> Html {
    let issued = pulse.snapshot.issued;
    let traces = engine.session().traces(issued.saturating_sub(REQUESTS - 1), issued);
    let row = |event: &switchyard::report::Happened<'_>| {
        let (engine, target) = (engine.clone(), Target::Request(event.request));
        let onclick = Callback::from(move |_: MouseEvent| engine.select(Some(target)));
        let why = event.why().map(|why| html! { <p class="dim">{ why }</p> });
        html! {
            <tr>
                <td>{ format!("{:.4} s", event.at.seconds()) }</td>
                <th scope="row"><button type="button" class="text-button" {onclick}>{ figures::whole(event.request) }</button></th>
                <td>{ format!("{} · {}", event.what.label(), place_name(&pulse.snapshot, event.place)) }{ why }</td>
            </tr>
        }
    };
    let events = happened(&traces);
    html! { <>{ for events.iter().rev().take(ROWS_MAX).map(row) }</> }
}

/// Hands traces over as a file that Perfetto opens.
pub fn save_traces(file: &str, session: &Session, traces: &[Trace]) {
    let names: Vec<String> = session.scenario().nodes.iter().map(|node| node.name.clone()).collect();
    save(file, "application/json", &trace_events(traces, &names, session.now()).to_string());
}
