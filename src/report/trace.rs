//! Everything that happened to one request: its calls as a tree, and why each choice was made.

use crate::sim::{Call, CallId, Explanation, Observer, Outcome, Phase, Place, Request, Time};
use serde::Serialize;

/// The life of one request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trace {
    pub number: u64,
    pub born: Time,
    pub client: u32,
    pub key: u32,
    pub class: u16,
    pub ended: Option<(Time, Outcome)>,
    /// In the order in which they departed.
    pub hops: Vec<Hop>,
}

/// One call of a traced request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hop {
    /// How many calls it is below the client's own.
    pub depth: usize,
    #[serde(skip)]
    pub from: Place,
    #[serde(skip)]
    pub to: Place,
    pub departed: Time,
    /// When it reached the callee.
    pub arrived: Option<Time>,
    /// When work on it began.
    pub started: Option<Time>,
    /// When the callee answered.
    pub finished: Option<Time>,
    /// When the answer reached the caller.
    pub returned: Option<Time>,
    /// When the caller stopped waiting for it.
    pub gave_up: Option<Time>,
    pub outcome: Option<Outcome>,
    /// The choice that the callee made for it.
    pub why: Option<Explanation>,
    #[serde(skip)]
    id: Option<CallId>,
}

/// Follows one request and lets all others pass.
#[derive(Clone, Debug)]
pub struct Tracer {
    number: u64,
    trace: Option<Trace>,
}

impl Tracer {
    pub fn new(number: u64) -> Tracer {
        Tracer { number, trace: None }
    }

    /// Nothing more can happen to the request.
    pub fn is_complete(&self) -> bool {
        let whole =
            |trace: &Trace| trace.ended.is_some() && trace.hops.iter().all(|hop| hop.returned.is_some());
        self.trace.as_ref().is_some_and(whole)
    }

    /// What was seen, `calls` telling how far those under way have got.
    pub fn finish(mut self, calls: impl Fn(CallId) -> Option<Call>) -> Option<Trace> {
        for hop in self.trace.iter_mut().flat_map(|trace| &mut trace.hops) {
            if let Some(call) = hop.id.and_then(&calls) {
                hop.note(&call);
            }
        }
        self.trace
    }

    fn hop(&mut self, id: CallId, request: &Request) -> Option<&mut Hop> {
        if request.number != self.number || request.probe {
            return None;
        }
        self.trace.as_mut()?.hops.iter_mut().find(|hop| hop.id == Some(id))
    }
}

impl Hop {
    fn note(&mut self, call: &Call) {
        let reached = !matches!(call.phase, Phase::Outbound);
        let lost_on_the_way = call.phase == Phase::Lost && call.arrived == call.departed;
        self.arrived = (reached && !lost_on_the_way).then_some(call.arrived);
        let begun = matches!(call.phase, Phase::Working | Phase::Waiting | Phase::Returning);
        self.started = (begun && !lost_on_the_way).then_some(call.started);
        self.finished = (call.phase == Phase::Returning).then_some(call.finished);
        self.outcome = matches!(call.phase, Phase::Returning | Phase::Lost).then_some(call.outcome);
    }
}

impl Observer for Tracer {
    fn issued(&mut self, request: &Request) {
        if request.number == self.number {
            let Request { number, born, client, key, class, .. } = *request;
            self.trace = Some(Trace { number, born, client, key, class, ended: None, hops: vec![] });
        }
    }

    fn departed(&mut self, id: CallId, call: &Call, request: &Request) {
        if request.number != self.number || request.probe {
            return;
        }
        let Some(trace) = &mut self.trace else { return };
        let above = trace.hops.iter().find(|hop| hop.id.is_some() && hop.id == Some(call.parent));
        trace.hops.push(Hop {
            depth: above.map_or(0, |hop| hop.depth + 1),
            from: call.from,
            to: call.to,
            departed: call.departed,
            arrived: None,
            started: None,
            finished: None,
            returned: None,
            gave_up: None,
            outcome: None,
            why: None,
            id: Some(id),
        });
    }

    fn chose(&mut self, id: CallId, _: &Call, request: &Request, _: Time, explain: &dyn Fn() -> Explanation) {
        if let Some(hop) = self.hop(id, request) {
            hop.why = Some(explain());
        }
    }

    fn returned(&mut self, id: CallId, call: &Call, request: &Request, now: Time) {
        if let Some(hop) = self.hop(id, request) {
            hop.note(call);
            (hop.returned, hop.id) = (Some(now), None);
        }
    }

    fn gave_up(&mut self, id: CallId, _: &Call, request: &Request, now: Time) {
        if let Some(hop) = self.hop(id, request) {
            hop.gave_up = Some(now);
        }
    }

    fn ended(&mut self, request: &Request, outcome: Outcome, now: Time) {
        if request.number == self.number {
            if let Some(trace) = &mut self.trace {
                trace.ended = Some((now, outcome));
            }
        }
    }
}
