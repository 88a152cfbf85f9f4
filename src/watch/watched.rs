//! Runs with what observes them. All that a node does is compiled anew for each type of observer, so the run that
//! goes on and the past that is looked at once more share one.

use super::{Metrics, Tracer};
use crate::run::{Digest, Simulation};
use crate::scenario::Checked;
use crate::sim::{
    Call, CallId, Counter, Explanation, Observer, Outcome, Place, Progress, Request, Span, Time,
};

/// A run that is shown. A clone is a checkpoint: everything that a moment consists of.
#[derive(Clone, Debug)]
pub struct Watched {
    pub simulation: Simulation,
    pub metrics: Metrics,
    pub digest: Digest,
}

impl Watched {
    /// At time 0, for a tracer to see from the start where there is one.
    pub fn new(scenario: &Checked, tracer: Option<&mut Tracer>) -> Watched {
        let (mut metrics, mut digest) = (metrics_of(scenario), Digest::default());
        let mut watch = Watch { metrics: &mut metrics, digest: &mut digest, tracer };
        let simulation = Simulation::new(scenario, &mut watch);
        Watched { simulation, metrics, digest }
    }

    /// See [`Simulation::advance`].
    pub fn advance(&mut self, until: Time, budget: u64) -> Progress {
        let mut watch = Watch { metrics: &mut self.metrics, digest: &mut self.digest, tracer: None };
        self.simulation.advance(until, budget, &mut watch)
    }

    /// See [`Simulation::step`].
    pub fn step(&mut self, until: Time, tracer: Option<&mut Tracer>) -> Option<Time> {
        let mut watch = Watch { metrics: &mut self.metrics, digest: &mut self.digest, tracer };
        self.simulation.step(until, &mut watch)
    }
}

/// A run of which only the figures matter.
#[derive(Clone, Debug)]
pub struct Measured {
    pub simulation: Simulation,
    pub metrics: Metrics,
    reads: Reads,
}

impl Measured {
    /// At time 0.
    pub fn new(scenario: &Checked) -> Measured {
        let (mut metrics, mut reads) = (metrics_of(scenario), Reads::default());
        let simulation = Simulation::new(scenario, &mut (&mut metrics, &mut reads));
        Measured { simulation, metrics, reads }
    }

    /// See [`Simulation::advance`].
    pub fn advance(&mut self, until: Time, budget: u64) -> Progress {
        self.simulation.advance(until, budget, &mut (&mut self.metrics, &mut self.reads))
    }

    /// The keys that caches were asked for, in order; `None` if they are too many to be kept.
    pub fn reads(&self) -> Option<&[u32]> {
        (!self.reads.too_many).then_some(&self.reads.keys)
    }
}

/// The most keys that are kept of a run.
const READS_MAX: usize = 1_000_000;

/// What caches were asked for.
#[derive(Clone, Debug, Default)]
struct Reads {
    keys: Vec<u32>,
    too_many: bool,
}

impl Observer for Reads {
    fn looked_up(&mut self, request: &Request, _: bool) {
        if self.keys.len() < READS_MAX {
            self.keys.push(request.key);
        } else {
            self.too_many = true;
        }
    }
}

fn metrics_of(scenario: &Checked) -> Metrics {
    Metrics::new(Span::from_ms(scenario.duration_ms))
}

/// Keeps metrics and digest; follows one request where there is a tracer.
struct Watch<'a> {
    metrics: &'a mut Metrics,
    digest: &'a mut Digest,
    tracer: Option<&'a mut Tracer>,
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

    /// Once in the program: calls are made in many places of it.
    #[inline(never)]
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

    fn looked_up(&mut self, request: &Request, hit: bool) {
        tell!(self.looked_up(request, hit));
    }

    fn changed(&mut self, now: Time) {
        tell!(self.changed(now));
    }
}
