//! The one observer of a watched run. All that a node does is compiled anew for each type of observer, so the
//! run that goes on and the past that is looked at once more share this one.

use crate::report::{Metrics, Tracer};
use crate::run::Digest;
use crate::sim::{Call, CallId, Counter, Explanation, Observer, Outcome, Place, Request, Time};

/// Keeps metrics and digest; follows one request where there is a tracer.
pub(super) struct Watch<'a> {
    pub metrics: &'a mut Metrics,
    pub digest: &'a mut Digest,
    pub tracer: Option<&'a mut Tracer>,
}

/// Tells all three what happened.
macro_rules! tell {
    ($watch:ident.$happened:ident($($what:expr),*)) => {{
        $watch.metrics.$happened($($what),*);
        $watch.digest.$happened($($what),*);
        if let Some(tracer) = &mut $watch.tracer {
            tracer.$happened($($what),*);
        }
    }};
}

impl Observer for Watch<'_> {
    fn issued(&mut self, request: &Request) {
        tell!(self.issued(request));
    }

    fn ended(&mut self, request: &Request, outcome: Outcome, now: Time) {
        tell!(self.ended(request, outcome, now));
    }

    fn departed(&mut self, id: CallId, call: &Call, request: &Request) {
        tell!(self.departed(id, call, request));
    }

    fn returned(&mut self, id: CallId, call: &Call, request: &Request, now: Time) {
        tell!(self.returned(id, call, request, now));
    }

    fn gave_up(&mut self, id: CallId, call: &Call, request: &Request, now: Time) {
        tell!(self.gave_up(id, call, request, now));
    }

    fn chose(
        &mut self,
        id: CallId,
        call: &Call,
        request: &Request,
        now: Time,
        explain: &dyn Fn() -> Explanation,
    ) {
        tell!(self.chose(id, call, request, now, explain));
    }

    fn occupied(&mut self, place: Place, busy: u32, queued: u32, now: Time) {
        tell!(self.occupied(place, busy, queued, now));
    }

    fn counted(&mut self, place: Place, what: Counter, n: u32) {
        tell!(self.counted(place, what, n));
    }

    fn changed(&mut self, now: Time) {
        tell!(self.changed(now));
    }
}
