//! One request: its calls as a waterfall, its facts, and why each choice was made.

use super::bar::bar;
use super::dom::now_ms;
use super::engine::{Engine, Pulse};
use super::event_table::save_traces;
use super::names::{outcome_class, place_name};
use super::part::parts;
use std::rc::Rc;
use switchyard::report::{Hop, Trace};
use switchyard::run::snapshot::{NodeState, Snapshot};
use switchyard::scene::{Target, figures};
use switchyard::sim::{Explanation, OutcomeKind, Time};
use yew::prelude::*;

parts!(RequestPanel use_request_panel);

#[derive(PartialEq)]
pub struct RequestPanel {
    pub engine: Engine,
    pub pulse: Pulse,
    pub number: u64,
}

#[hook]
fn use_request_panel(props: &RequestPanel) -> Html {
    let trace = use_trace(&props.engine, &props.pulse, props.number);
    let title = format!("Request {}", figures::whole(props.number));
    let Some(trace) = trace else {
        return html! {
            <>
                <h2>{ title }</h2>
                <p class="dim">{ "It has not been issued yet at this moment." }</p>
            </>
        };
    };
    let snapshot = &props.pulse.snapshot;
    let (kind, taken) = match trace.ended {
        Some((at, outcome)) => (Some(outcome.kind()), figures::ms(Some(at.since(trace.born).ms()))),
        None => (None, "under way".to_owned()),
    };
    let show_key = {
        let (engine, key) = (props.engine.clone(), trace.key);
        Callback::from(move |_: MouseEvent| engine.select(Some(Target::Key(key))))
    };
    let save = {
        let (engine, trace) = (props.engine.clone(), trace.clone());
        Callback::from(move |_: MouseEvent| {
            let file = format!("request-{}.trace.json", trace.number);
            save_traces(&file, &engine.session(), std::slice::from_ref(&*trace));
        })
    };
    html! {
        <>
            <div class="title-line">
                <h2>{ title }</h2>
                <span class={classes!("strong", kind.map(outcome_class))}>{ taken }</span>
            </div>
            <p class="dim small">{ facts(&props.engine, &trace) }</p>
            <ol role="list" class="waterfall">{ for rows(&trace, snapshot).iter().map(Row::view) }</ol>
            <p class="row">
                <button type="button" class="text-button is-quiet" onclick={show_key}>{ format!("About key {}", figures::whole(trace.key.into())) }</button>
                <button type="button" class="text-button is-quiet" onclick={save}
                    aria-label="Save this request as a trace file for Perfetto">{ "Save (Perfetto)" }</button>
            </p>
            { for trace.hops.iter().flat_map(|hop| hop.choices.iter().filter_map(|(_, it)| why(&place_name(snapshot, hop.to), it))) }
        </>
    }
}

/// How often the trace of a request that is still under way is worked out while the run plays.
const RETRACE_MS: f64 = 500.0;

struct Traced {
    number: u64,
    revision: u32,
    at: Time,
    screen_ms: f64,
    trace: Option<Rc<Trace>>,
}

/// The request's trace up to now. Finding it means replaying a part of the run, so it is kept.
#[hook]
fn use_trace(engine: &Engine, pulse: &Pulse, number: u64) -> Option<Rc<Trace>> {
    let kept = use_mut_ref(|| None::<Traced>);
    let mut kept = kept.borrow_mut();
    let is_good = kept.as_ref().is_some_and(|traced| {
        let same = traced.number == number && traced.revision == pulse.revision;
        let whole =
            traced.trace.as_ref().and_then(|trace| trace.ended).is_some_and(|(at, _)| at <= pulse.now);
        let recent = pulse.playing && pulse.now >= traced.at && now_ms() - traced.screen_ms < RETRACE_MS;
        same && (whole || recent || traced.at == pulse.now)
    });
    if !is_good {
        let trace = engine.session().trace(number).map(Rc::new);
        *kept = Some(Traced { number, revision: pulse.revision, at: pulse.now, screen_ms: now_ms(), trace });
    }
    kept.as_ref().and_then(|traced| traced.trace.clone())
}

fn facts(engine: &Engine, trace: &Trace) -> String {
    let session = engine.session();
    let path = session.simulation().world().classes().get(trace.class as usize).map(|path| path.to_string());
    let mut facts: Vec<String> = path.filter(|path| path != "/").into_iter().collect();
    // Clients of several nodes are numbered alike.
    let nodes = &session.scenario().nodes;
    let several = nodes.iter().filter(|node| node.settings.kind().id == "clients").count() > 1;
    let from = trace.hops.first().and_then(|hop| nodes.get(hop.from.node as usize));
    facts.extend(from.filter(|_| several).map(|node| node.name.clone()));
    facts.push(format!("client {}", trace.client + 1));
    facts.push(format!("key {}", figures::whole(trace.key.into())));
    facts.push(match trace.ended {
        Some((_, outcome)) => outcome.label().to_owned(),
        None => format!("since {}", figures::seconds(trace.born.seconds())),
    });
    facts.join(" · ")
}

/// A line of the waterfall.
struct Row {
    name: String,
    class: &'static str,
    /// Shares of the whole.
    from: f64,
    to: f64,
    ms: f64,
}

impl Row {
    fn view(&self) -> Html {
        html! {
            <li>
                <div class="what"><span>{ &self.name }</span><span>{ figures::ms(Some(self.ms)) }</span></div>
                { bar(self.from, self.to, self.class) }
            </li>
        }
    }
}

fn rows(trace: &Trace, snapshot: &Snapshot) -> Vec<Row> {
    let last = trace.ended.map_or(snapshot.now, |(at, _)| at);
    let whole = last.since(trace.born).ms().max(1e-6);
    let row = |name: String, class: &'static str, from: Time, to: Time| {
        // What was started for it may go on after its end.
        let share = |at: Time| (at.since(trace.born).ms() / whole).min(1.0);
        Row { name, class, from: share(from), to: share(to), ms: to.since(from).ms() }
    };
    let mut rows = vec![row("Client waits".into(), "", trace.born, last)];
    for (index, hop) in trace.hops.iter().enumerate() {
        if let Some(arrived) = way(trace, index).filter(|arrived| *arrived > hop.departed) {
            rows.push(row("On the way".into(), "is-other", hop.departed, arrived));
        }
        let place = place_name(snapshot, hop.to);
        let what = hop.choices.first().map_or("", |(_, why)| why.what);
        let name = if what.is_empty() { place } else { format!("{place} · {what}") };
        let Some(arrived) = hop.arrived else {
            rows.push(row(format!("{name} · on the way"), "is-other", hop.departed, last));
            continue;
        };
        match snapshot.nodes.get(hop.to.node as usize).map(|node| &node.state) {
            Some(NodeState::Servers(_)) => {
                let started = hop.started.or(hop.finished).unwrap_or(last);
                if is_refused(hop) {
                    rows.push(row(format!("{name} · refused"), "is-refused", arrived, arrived));
                } else if started > arrived || hop.started.is_none() {
                    rows.push(row(format!("{name} · queue"), "is-queue", arrived, started));
                }
                if let Some(started) = hop.started.filter(|_| !is_refused(hop)) {
                    let class = if is_lost(hop) { "is-failed" } else { "" };
                    rows.push(row(format!("{name} · work"), class, started, hop.finished.unwrap_or(last)));
                }
            }
            _ => {
                rows.push(row(name, "", arrived, trace.held_until(index).unwrap_or(last.max(arrived))));
            }
        }
    }
    rows.extend(reply(trace, &row));
    rows
}

/// The end of the way that begins with this hop: ways that follow each other at once are one. `None` within
/// one, and where several ways are gone side by side.
fn way(trace: &Trace, index: usize) -> Option<Time> {
    let hops = &trace.hops;
    let is_alone =
        |hop: &Hop| hop.above.is_none() || hops.iter().filter(|other| other.above == hop.above).count() == 1;
    let goes_on = |at: usize| {
        let hop = hops.get(at)?;
        let above = hops.get(hop.above?)?;
        (is_alone(hop) && above.arrived == Some(hop.departed)).then_some(hop.arrived?)
    };
    let hop = hops.get(index).filter(|hop| is_alone(hop))?;
    if goes_on(index).is_some() {
        return None;
    }
    let (mut at, mut arrived) = (index, hop.arrived?);
    let below = |at: usize| hops.iter().position(|hop| hop.above == Some(at));
    while let Some((next, further)) = below(at).and_then(|next| Some((next, goes_on(next)?))) {
        (at, arrived) = (next, further);
    }
    Some(arrived)
}

/// From the last machine's answer to the client.
fn reply(trace: &Trace, row: &dyn Fn(String, &'static str, Time, Time) -> Row) -> Option<Row> {
    let (ended, outcome) = trace.ended?;
    // Who has given up has no answer; the deepest machine may have.
    let deepest = || trace.hops.iter().max_by_key(|hop| hop.depth)?.finished;
    let finished = trace.answered().or_else(deepest).filter(|finished| *finished <= ended)?;
    let class = match outcome.kind() {
        OutcomeKind::Ok => "is-reply",
        OutcomeKind::Refused => "is-refused",
        OutcomeKind::Failed | OutcomeKind::TimedOut => "is-failed",
    };
    let name = if outcome.is_ok() { "Reply".to_owned() } else { format!("Reply: {}", outcome.label()) };
    Some(row(name, class, finished, ended))
}

fn is_refused(hop: &Hop) -> bool {
    hop.outcome.is_some_and(|outcome| outcome.kind() == OutcomeKind::Refused)
}

fn is_lost(hop: &Hop) -> bool {
    hop.outcome.is_some_and(|outcome| outcome.kind() == OutcomeKind::Failed)
}

/// Counts in full, measurements with three digits.
pub fn shown(value: f64) -> String {
    if value == value.trunc() && value >= 0.0 { figures::whole(value as u64) } else { figures::figure(value) }
}

/// The sentence, and the figures that were compared; nothing where there is nothing to say.
fn why(place: &str, why: &Explanation) -> Option<Html> {
    if why.sentence.is_empty() {
        return None;
    }
    let largest = why.candidates.iter().map(|candidate| candidate.figure).fold(0.0, f64::max).max(1e-9);
    let row = |candidate: &switchyard::sim::Candidate| {
        let class = match (candidate.chosen, candidate.eligible) {
            (true, _) => Some("is-chosen"),
            (_, false) => Some("is-out"),
            _ => None,
        };
        html! {
            <>
                <span class={classes!(class)}>{ &candidate.name }</span>
                { bar(0.0, candidate.figure / largest, if candidate.chosen { "" } else { "is-other" }) }
                <span class={classes!(class)}>{ shown(candidate.figure) }</span>
            </>
        }
    };
    Some(html! {
        <div class="why">
            <p><span class="strong">{ format!("{place}. ") }</span>{ &why.sentence }</p>
            if !why.candidates.is_empty() {
                <p class="dim small">{ format!("At that moment, {}:", why.figure) }</p>
                <div class="candidates">{ for why.candidates.iter().take(16).map(row) }</div>
            }
        </div>
    })
}
