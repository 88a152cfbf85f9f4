//! Watching a run. The observer is a type parameter: a run that nobody watches does not pay.

use super::{Call, CallId, Counter, Outcome, Place, Request, Time};
use serde::Serialize;

/// Told of what happens, while it happens. Every method does nothing unless it is written.
pub trait Observer {
    /// False for an observer that never looks: then nothing is even prepared for it.
    const WATCHES: bool = true;

    /// A client issued a request.
    fn issued(&mut self, _request: &Request) {}

    /// A request ended, with the outcome that its client sees.
    fn ended(&mut self, _request: &Request, _outcome: Outcome, _now: Time) {}

    /// A call departed.
    fn departed(&mut self, _id: CallId, _call: &Call, _request: &Request) {}

    /// The answer to a call reached its caller, who may no longer have waited for it (`abandoned`).
    fn returned(&mut self, _id: CallId, _call: &Call, _request: &Request, _now: Time) {}

    /// A caller stopped waiting for a call, which goes on without it.
    fn gave_up(&mut self, _id: CallId, _call: &Call, _request: &Request, _now: Time) {}

    /// A node made a choice for the call. `explain` is costly: call it only for what is shown.
    fn chose(
        &mut self,
        _id: CallId,
        _call: &Call,
        _request: &Request,
        _now: Time,
        _explain: &dyn Fn() -> Explanation,
    ) {
    }

    /// A member now has `busy` workers at work and `queued` calls waiting.
    fn occupied(&mut self, _place: Place, _busy: u32, _queued: u32, _now: Time) {}

    /// A member counted something, `n` times at once.
    fn counted(&mut self, _place: Place, _what: Counter, _n: u32) {}

    /// A cache had what a request reads, or had not.
    fn looked_up(&mut self, _request: &Request, _hit: bool) {}

    /// A change took effect.
    fn changed(&mut self, _now: Time) {}
}

impl Observer for () {
    const WATCHES: bool = false;
}

/// Two observers watch as one.
impl<A: Observer, B: Observer> Observer for (&mut A, &mut B) {
    fn issued(&mut self, request: &Request) {
        self.0.issued(request);
        self.1.issued(request);
    }
    fn ended(&mut self, request: &Request, outcome: Outcome, now: Time) {
        self.0.ended(request, outcome, now);
        self.1.ended(request, outcome, now);
    }
    fn departed(&mut self, id: CallId, call: &Call, request: &Request) {
        self.0.departed(id, call, request);
        self.1.departed(id, call, request);
    }
    fn returned(&mut self, id: CallId, call: &Call, request: &Request, now: Time) {
        self.0.returned(id, call, request, now);
        self.1.returned(id, call, request, now);
    }
    fn gave_up(&mut self, id: CallId, call: &Call, request: &Request, now: Time) {
        self.0.gave_up(id, call, request, now);
        self.1.gave_up(id, call, request, now);
    }
    fn chose(
        &mut self,
        id: CallId,
        call: &Call,
        request: &Request,
        now: Time,
        explain: &dyn Fn() -> Explanation,
    ) {
        self.0.chose(id, call, request, now, explain);
        self.1.chose(id, call, request, now, explain);
    }
    fn occupied(&mut self, place: Place, busy: u32, queued: u32, now: Time) {
        self.0.occupied(place, busy, queued, now);
        self.1.occupied(place, busy, queued, now);
    }
    fn counted(&mut self, place: Place, what: Counter, n: u32) {
        self.0.counted(place, what, n);
        self.1.counted(place, what, n);
    }
    fn looked_up(&mut self, request: &Request, hit: bool) {
        self.0.looked_up(request, hit);
        self.1.looked_up(request, hit);
    }
    fn changed(&mut self, now: Time) {
        self.0.changed(now);
        self.1.changed(now);
    }
}

/// Why a node did what it did with a call: a sentence and the figures behind it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Explanation {
    pub sentence: String,
    /// For each candidate: its name, the figure that was compared, whether it was the one chosen.
    pub candidates: Vec<Candidate>,
    /// What the candidates' figure is: "in flight".
    pub figure: &'static str,
    /// What the call asks for, where calls to the same place differ: "prepare".
    #[serde(skip_serializing_if = "str::is_empty")]
    pub what: &'static str,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Candidate {
    pub name: String,
    pub figure: f64,
    pub eligible: bool,
    pub chosen: bool,
}
