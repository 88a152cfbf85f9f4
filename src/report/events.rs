//! Traces as a list of events in order of time, and as trace-event JSON.
//!
//! The format is the one that Chromium's tracing made (“Trace Event Format”, Google, 2016): Perfetto and
//! `chrome://tracing` open it. A node is a process there, a member a group of threads: as many as it takes for the
//! spans of one thread to lie within or beside each other.

use crate::sim::{Outcome, Place, Time, order};
use crate::watch::{Hop, Trace};
use serde_json::{Value, json};

/// Something that happened to a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Happened<'a> {
    pub at: Time,
    /// Number of the request.
    pub request: u64,
    pub what: What,
    /// Where; for a message under way, where it goes.
    pub place: Place,
    /// The whole story of the call.
    pub hop: Option<&'a Hop>,
}

/// The events of a request's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Issued,
    Sent,
    Arrived,
    /// Work on it began.
    Started,
    Answered(Outcome),
    /// The answer reached the caller.
    Returned,
    /// The caller stopped waiting.
    GaveUp,
    Ended(Outcome),
}

impl What {
    /// "arrived", "answered: queue full".
    pub fn label(self) -> String {
        match self {
            What::Issued => "issued".into(),
            What::Sent => "sent".into(),
            What::Arrived => "arrived".into(),
            What::Started => "work began".into(),
            What::Answered(outcome) => format!("answered: {}", outcome.label()),
            What::Returned => "answer came back".into(),
            What::GaveUp => "no longer waited for".into(),
            What::Ended(outcome) => format!("ended: {}", outcome.label()),
        }
    }
}

impl Happened<'_> {
    /// Why the choices were made that belong here, if any do: what was chosen with the answer is told with it, all else
    /// with the arrival.
    pub fn why(&self) -> Option<String> {
        let hop = self.hop?;
        let told_with_answer = match self.what {
            What::Arrived => false,
            What::Answered(_) => true,
            _ => return None,
        };
        let with_answer = |at: Time| Some(at) == hop.finished && Some(at) != hop.arrived;
        sentences(hop, |at| with_answer(at) == told_with_answer)
    }
}

/// Why a call's choices of these times were made; `None` if there is nothing to say.
fn sentences(hop: &Hop, wanted: impl Fn(Time) -> bool) -> Option<String> {
    let told = hop.choices.iter().filter(|(at, why)| wanted(*at) && !why.sentence.is_empty());
    let told: Vec<&str> = told.map(|(_, why)| &*why.sentence).collect();
    (!told.is_empty()).then(|| told.join(" "))
}

/// All that happened in these traces, in order of time; at one instant by request, cause before effect.
pub fn happened(traces: &[Trace]) -> Vec<Happened<'_>> {
    let mut events = vec![];
    for trace in traces {
        let home = trace.hops.first().map_or(Place { node: 0, member: 0 }, |hop| hop.from);
        let mut add = |at: Option<Time>, what: What, place: Place, hop| {
            events.extend(at.map(|at| Happened { at, request: trace.number, what, place, hop }));
        };
        add(Some(trace.born), What::Issued, home, None);
        for hop in &trace.hops {
            add(Some(hop.departed), What::Sent, hop.to, Some(hop));
            add(hop.arrived, What::Arrived, hop.to, Some(hop));
            add(hop.started.filter(|started| hop.arrived < Some(*started)), What::Started, hop.to, Some(hop));
            let answer = hop.outcome.map(What::Answered);
            if let Some(answer) = answer {
                add(hop.finished, answer, hop.to, Some(hop));
            }
            add(hop.returned, What::Returned, hop.from, Some(hop));
            add(hop.gave_up, What::GaveUp, hop.from, Some(hop));
        }
        if let Some((at, outcome)) = trace.ended {
            add(Some(at), What::Ended(outcome), home, None);
        }
    }
    // Stable: what was added first stays first.
    order::sort_by_key(&mut events, |event| event.at.0);
    events
}

/// Spans on one machine that lie within or beside each other.
#[derive(Default)]
struct Lanes {
    /// For each lane its machine and when it is free again.
    free_at: Vec<(Place, Time)>,
}

impl Lanes {
    /// The first lane of a machine that is free from `from`, taken until `to`.
    fn take(&mut self, place: Place, from: Time, to: Time) -> usize {
        let mut own = 0;
        for (other, free_at) in &mut self.free_at {
            if *other == place {
                if *free_at <= from {
                    *free_at = to;
                    return own;
                }
                own += 1;
            }
        }
        self.free_at.push((place, to));
        own
    }
}

/// Threads of one member.
const LANES_MAX: usize = 10_000;

/// The traces as trace-event JSON. `names` are the nodes' names by index; `now` ends what is under way.
pub fn trace_events(traces: &[Trace], names: &[String], now: Time) -> Value {
    let mut events = vec![];
    let mut lanes = Lanes::default();
    let mut flow = 0_u64;
    // Lanes are given in order of time.
    let mut spans: Vec<(Time, usize, Option<usize>)> = vec![];
    for (index, trace) in traces.iter().enumerate() {
        spans.push((trace.born, index, None));
        let arrived =
            trace.hops.iter().enumerate().filter_map(|(hop, it)| Some((it.arrived?, index, Some(hop))));
        spans.extend(arrived);
    }
    order::sort_by_key(&mut spans, |(at, ..)| at.0);
    let mut threads: Vec<Vec<Option<usize>>> =
        traces.iter().map(|trace| vec![None; trace.hops.len()]).collect();
    let mut own = vec![0; traces.len()];
    for (at, index, hop) in spans {
        let trace = &traces[index];
        match hop.and_then(|hop| Some((hop, trace.hops.get(hop)?))) {
            None => {
                let home = home(trace);
                let end = trace.ended.map_or(now, |(at, _)| at);
                own[index] = lanes.take(home, at, end);
                let outcome = trace.ended.map_or("under way", |(_, outcome)| outcome.label());
                let args = json!({ "outcome": outcome, "client": trace.client + 1, "key": trace.key });
                let name = format!("request {}", trace.number);
                events.push(span(&name, home, own[index], (at, end), args));
            }
            Some((nth, hop)) => {
                let end = hop.finished.unwrap_or(now).max(at);
                let lane = lanes.take(hop.to, at, end);
                threads[index][nth] = Some(lane);
                let why = sentences(hop, |_| true);
                let args = json!({ "request": trace.number, "outcome": hop.outcome.map(Outcome::label), "why": why });
                events.push(span(&format!("request {}", trace.number), hop.to, lane, (at, end), args));
                if let Some(started) = hop.started.filter(|started| *started > at) {
                    events.push(span("queue", hop.to, lane, (at, started), json!({})));
                    events.push(span("work", hop.to, lane, (started, end), json!({})));
                }
            }
        }
    }
    for (index, trace) in traces.iter().enumerate() {
        for (nth, hop) in trace.hops.iter().enumerate() {
            let (Some(lane), Some(arrived)) = (threads[index][nth], hop.arrived) else { continue };
            let caller = match hop.above {
                None => Some(own[index]),
                Some(above) => threads[index].get(above).copied().flatten(),
            };
            let Some(caller) = caller else { continue };
            flow += 1;
            events.push(arrow("s", flow, hop.from, caller, hop.departed));
            events.push(arrow("f", flow, hop.to, lane, arrived));
        }
    }
    for (node, name) in names.iter().enumerate() {
        events.push(json!({ "ph": "M", "name": "process_name", "pid": node + 1, "args": { "name": name } }));
    }
    let mut seen: Vec<Place> = vec![];
    for (place, _) in &lanes.free_at {
        let lane = seen.iter().filter(|other| *other == place).count();
        seen.push(*place);
        let name = names.get(place.node as usize).map_or("", String::as_str);
        let name = format!("{name} {} · {}", place.member + 1, lane + 1);
        events.push(json!({
            "ph": "M", "name": "thread_name", "pid": place.node + 1, "tid": thread(*place, lane), "args": { "name": name }
        }));
    }
    json!({ "displayTimeUnit": "ms", "traceEvents": events })
}

/// Where the request came from.
fn home(trace: &Trace) -> Place {
    trace.hops.first().map_or(Place { node: 0, member: 0 }, |hop| hop.from)
}

fn thread(place: Place, lane: usize) -> usize {
    place.member as usize * LANES_MAX + lane.min(LANES_MAX - 1) + 1
}

/// In microseconds, as the format has it.
fn us(time: Time) -> f64 {
    time.0 as f64 / 1000.0
}

fn span(name: &str, place: Place, lane: usize, (from, to): (Time, Time), args: Value) -> Value {
    json!({
        "ph": "X", "cat": "call", "name": name, "pid": place.node + 1, "tid": thread(place, lane),
        "ts": us(from), "dur": us(to) - us(from), "args": args
    })
}

fn arrow(phase: &str, id: u64, place: Place, lane: usize, at: Time) -> Value {
    json!({
        "ph": phase, "bp": "e", "cat": "call", "name": "call", "id": id, "pid": place.node + 1,
        "tid": thread(place, lane), "ts": us(at)
    })
}
