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
    /// Index of the hop that it is part of; none for the client's own.
    pub above: Option<usize>,
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
    /// The choices that the callee made for it, each with its time, in order.
    pub choices: Vec<(Time, Explanation)>,
    #[serde(skip)]
    id: Option<CallId>,
}

impl Trace {
    /// Until when its callee had a hop in hand: until it passed it on to the only one that it asked; until it
    /// answered, if it asked nobody or several.
    pub fn held_until(&self, index: usize) -> Option<Time> {
        let mut parts = self.hops.iter().filter(|hop| hop.above == Some(index));
        match (parts.next(), parts.next()) {
            (Some(only), None) => Some(only.departed),
            _ => self.hops.get(index)?.finished,
        }
    }

    /// When the machine answered whose answer was then only passed on, up to the client.
    pub fn answered(&self) -> Option<Time> {
        let ended = self.ended?.0;
        let from = |above: Option<usize>, at: Time| {
            self.hops.iter().position(|hop| hop.above == above && hop.returned == Some(at))
        };
        let mut last = from(None, ended)?;
        while let Some(next) = self.hops[last].finished.and_then(|at| from(Some(last), at)) {
            last = next;
        }
        self.hops[last].finished
    }
}

/// Follows requests with neighbouring numbers and lets all others pass.
#[derive(Clone, Debug)]
pub struct Tracer {
    first: u64,
    last: u64,
    /// By number: they are issued in that order.
    traces: Vec<Trace>,
    hops: usize,
    /// Traces that have not ended, and hops that have not come back.
    open: usize,
}

/// The most hops that are kept; requests issued later than that are left out.
const HOPS_MAX: usize = 200_000;

impl Tracer {
    pub fn new(number: u64) -> Tracer {
        Tracer::of(number, number)
    }

    /// From number `first` to number `last`, both included.
    pub fn of(first: u64, last: u64) -> Tracer {
        Tracer { first: first.max(1), last, traces: vec![], hops: 0, open: 0 }
    }

    /// Nothing more can happen to any of the requests.
    pub fn is_complete(&self) -> bool {
        let all = self.last.checked_sub(self.first).is_none_or(|more| self.traces.len() as u64 > more);
        self.open == 0 && (all || self.is_full())
    }

    fn is_full(&self) -> bool {
        self.hops >= HOPS_MAX
    }

    /// What was seen, by number; `calls` tells how far those under way have got.
    pub fn finish(mut self, calls: impl Fn(CallId) -> Option<Call>) -> Vec<Trace> {
        for hop in self.traces.iter_mut().flat_map(|trace| &mut trace.hops) {
            if let Some(call) = hop.id.and_then(&calls) {
                hop.note(&call);
            }
        }
        self.traces
    }

    fn trace(&mut self, request: &Request) -> Option<&mut Trace> {
        // What is no client's has number 0.
        let index = request.number.checked_sub(self.first)?;
        self.traces.get_mut(usize::try_from(index).ok()?)
    }

    fn hop(&mut self, id: CallId, request: &Request) -> Option<&mut Hop> {
        self.trace(request)?.hops.iter_mut().find(|hop| hop.id == Some(id))
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
        let next = self.first + self.traces.len() as u64;
        if request.number == next && next <= self.last && !self.is_full() {
            let Request { number, born, client, key, class, .. } = *request;
            self.traces.push(Trace { number, born, client, key, class, ended: None, hops: vec![] });
            self.open += 1;
        }
    }

    fn departed(&mut self, id: CallId, call: &Call, request: &Request) {
        let Some(trace) = self.trace(request) else { return };
        let above = trace.hops.iter().position(|hop| hop.id.is_some() && hop.id == Some(call.parent));
        trace.hops.push(Hop {
            depth: above.and_then(|above| trace.hops.get(above)).map_or(0, |hop| hop.depth + 1),
            above,
            from: call.from,
            to: call.to,
            departed: call.departed,
            arrived: None,
            started: None,
            finished: None,
            returned: None,
            gave_up: None,
            outcome: None,
            choices: vec![],
            id: Some(id),
        });
        self.hops += 1;
        self.open += 1;
    }

    fn chose(
        &mut self,
        id: CallId,
        _: &Call,
        request: &Request,
        now: Time,
        explain: &dyn Fn() -> Explanation,
    ) {
        if let Some(hop) = self.hop(id, request) {
            hop.choices.push((now, explain()));
        }
    }

    fn returned(&mut self, id: CallId, call: &Call, request: &Request, now: Time) {
        if let Some(hop) = self.hop(id, request) {
            hop.note(call);
            (hop.returned, hop.id) = (Some(now), None);
            self.open -= 1;
        }
    }

    fn gave_up(&mut self, id: CallId, _: &Call, request: &Request, now: Time) {
        if let Some(hop) = self.hop(id, request) {
            hop.gave_up = Some(now);
        }
    }

    fn ended(&mut self, request: &Request, outcome: Outcome, now: Time) {
        let ended = self.trace(request).map(|trace| trace.ended.replace((now, outcome)));
        self.open -= usize::from(ended == Some(None));
    }
}
