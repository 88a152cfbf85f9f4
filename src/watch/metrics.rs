//! The observer behind the panels, the charts and the command line's report.

use super::latency::Latencies;
use super::member::MemberTally;
use super::series::Series;
use crate::sim::{
    COUNTERS, Call, CallId, Counter, NodeId, Observer, Outcome, Phase, Place, Request, Span, Time,
};
use std::collections::VecDeque;

/// All requests of a run.
#[derive(Clone, Debug)]
pub struct Tally {
    pub issued: u64,
    /// By outcome.
    pub ended: [u64; Outcome::COUNT],
    /// From issue to the answer, of requests that ended with `ok`.
    pub latency: Latencies,
}

impl Tally {
    pub fn in_flight(&self) -> u64 {
        self.issued - self.ended.iter().sum::<u64>()
    }
}

/// A request that ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ended {
    pub number: u64,
    pub born: Time,
    pub at: Time,
    pub outcome: Outcome,
    pub client: u32,
    pub class: u16,
}

/// Where and when a request met its end, if that was not a good one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fall {
    pub number: u64,
    pub outcome: Outcome,
    pub at: Time,
    /// Index of the link on which, or behind which, it happened.
    pub link: usize,
    /// The member that refused it or failed; for a message lost on the way, where it was going.
    pub place: Place,
    /// It happened at the caller's end: nobody waited any longer.
    pub at_caller: bool,
}

/// Ended requests that are remembered.
pub const ENDED_MAX: usize = 1000;
/// Bad ends that are remembered.
pub const FALLS_MAX: usize = 256;

/// What became of the requests that one node issued.
#[derive(Clone, Debug)]
pub struct Source {
    /// By outcome.
    pub ended: [u64; Outcome::COUNT],
    /// From issue to the answer, of requests that ended with `ok`.
    pub latency: Latencies,
    /// Reads that caches answered, and those that they could not.
    pub hits: u64,
    pub misses: u64,
    lately: Lately,
}

/// How many of the requests that ended in the last one to two periods ended with `ok`.
#[derive(Clone, Copy, Debug, Default)]
struct Lately {
    began: Time,
    /// Of this period and of the one before: those that ended, and those of them that were ok.
    now: [u64; 2],
    before: [u64; 2],
}

impl Lately {
    /// What counts at a moment, in the same order as the fields.
    fn at(mut self, now: Time, period: Span) -> Lately {
        let age = now.since(self.began).0 / period.0;
        if age > 0 {
            self.before = if age == 1 { self.now } else { [0; 2] };
            self.now = [0; 2];
            self.began = self.began + Span(age * period.0);
        }
        self
    }
}

/// Counts, percentiles and series of a run.
#[derive(Clone, Debug)]
pub struct Metrics {
    total: Tally,
    /// For each node, what became of the requests that it issued; `None` if it issued none.
    sources: Vec<Option<Box<Source>>>,
    /// By node, then by member: looked up for every event, so no tree.
    members: Vec<Vec<Option<Box<MemberTally>>>>,
    series: Series,
    ended: VecDeque<Ended>,
    falls: VecDeque<Fall>,
    period: Span,
}

impl Metrics {
    /// For a run of this length.
    pub fn new(duration: Span) -> Metrics {
        Metrics {
            total: Tally { issued: 0, ended: [0; Outcome::COUNT], latency: Latencies::new(3) },
            sources: vec![],
            members: vec![],
            series: Series::new(duration),
            ended: VecDeque::new(),
            falls: VecDeque::new(),
            period: Span((duration.0 / 20).max(100_000_000)),
        }
    }

    pub fn total(&self) -> &Tally {
        &self.total
    }

    /// What became of the requests that a node issued; `None` if nothing has.
    pub fn source(&self, node: NodeId) -> Option<&Source> {
        self.sources.get(node as usize)?.as_deref()
    }

    /// Which share of a node's requests that ended lately, 1 to 2 times a twentieth of the run, ended with `ok`.
    pub fn ok_lately(&self, node: NodeId, now: Time) -> Option<f64> {
        let Lately { now: [ended, ok], before, .. } = self.source(node)?.lately.at(now, self.period);
        let (ended, ok) = (ended + before[0], ok + before[1]);
        (ended > 0).then(|| ok as f64 / ended as f64)
    }

    pub fn series(&self) -> &Series {
        &self.series
    }

    /// The account of one member; `None` if nothing has reached it.
    pub fn member(&self, place: Place) -> Option<&MemberTally> {
        self.members.get(place.node as usize)?.get(place.member as usize)?.as_deref()
    }

    /// How many members anything has reached.
    pub fn member_count(&self) -> usize {
        self.members.iter().flatten().flatten().count()
    }

    /// The members of a node that anything has reached.
    pub fn members(&self, node: NodeId) -> impl Iterator<Item = (Place, &MemberTally)> {
        let of_node = self.members.get(node as usize).into_iter().flatten().enumerate();
        of_node.filter_map(move |(member, tally)| {
            Some((Place { node, member: member as u16 }, tally.as_deref()?))
        })
    }

    /// Newest first.
    pub fn ended(&self) -> impl Iterator<Item = &Ended> {
        self.ended.iter().rev()
    }

    /// Newest first.
    pub fn falls(&self) -> impl Iterator<Item = &Fall> {
        self.falls.iter().rev()
    }

    /// What a node has counted, all members together: everything that is not 0.
    pub fn counted(&self, node: NodeId) -> Vec<(Counter, u64)> {
        let sum = |what: Counter| self.members(node).map(|(_, member)| member.counts[what as usize]).sum();
        COUNTERS.iter().map(|(what, ..)| (*what, sum(*what))).filter(|(_, n)| *n > 0).collect()
    }

    /// Brings figures that depend on the time up to it.
    pub fn roll(&mut self, now: Time) {
        self.series.roll(now);
    }

    #[inline]
    fn member_mut(&mut self, place: Place) -> &mut MemberTally {
        if self.member(place).is_none() {
            self.meet(place);
        }
        self.members[place.node as usize][place.member as usize].as_mut().expect("met")
    }

    #[cold]
    #[inline(never)]
    fn meet(&mut self, place: Place) {
        let (node, member) = (place.node as usize, place.member as usize);
        self.members.resize(self.members.len().max(node + 1), vec![]);
        let members = &mut self.members[node];
        members.resize(members.len().max(member + 1), None);
        members[member] = Some(Box::new(MemberTally::new(self.period)));
    }

    #[inline]
    fn source_mut(&mut self, node: NodeId) -> &mut Source {
        if self.source(node).is_none() {
            self.meet_source(node);
        }
        self.sources[node as usize].as_mut().expect("met")
    }

    #[cold]
    #[inline(never)]
    fn meet_source(&mut self, node: NodeId) {
        self.sources.resize(self.sources.len().max(node as usize + 1), None);
        let latency = Latencies::new(2);
        let lately = Lately::default();
        let new = Source { ended: [0; Outcome::COUNT], latency, hits: 0, misses: 0, lately };
        self.sources[node as usize] = Some(Box::new(new));
    }

    fn fell(&mut self, fall: Fall) {
        if self.falls.len() == FALLS_MAX {
            self.falls.pop_front();
        }
        self.falls.push_back(fall);
    }
}

impl Observer for Metrics {
    fn issued(&mut self, request: &Request) {
        self.total.issued += 1;
        self.series.issued(request.born);
    }

    fn ended(&mut self, request: &Request, outcome: Outcome, now: Time) {
        let (latency, period) = (now.since(request.born), self.period);
        self.total.ended[outcome as usize] += 1;
        let source = self.source_mut(request.source);
        source.ended[outcome as usize] += 1;
        source.lately = source.lately.at(now, period);
        source.lately.now[0] += 1;
        source.lately.now[1] += u64::from(outcome.is_ok());
        if outcome.is_ok() {
            source.latency.record(latency);
            self.total.latency.record(latency);
        }
        self.series.ended(outcome, latency, now);
        if self.ended.len() == ENDED_MAX {
            self.ended.pop_front();
        }
        let Request { number, born, client, class, .. } = *request;
        self.ended.push_back(Ended { number, born, at: now, outcome, client, class });
    }

    fn departed(&mut self, _: CallId, call: &Call, request: &Request) {
        if !request.probe {
            self.member_mut(call.to).sent(call.departed);
        }
    }

    fn returned(&mut self, _: CallId, call: &Call, request: &Request, now: Time) {
        if request.probe {
            return;
        }
        self.member_mut(call.to).returned(call, now);
        if call.outcome.is_ok() || call.abandoned || request.errand {
            return;
        }
        // The call that died first tells where; those above it only pass the news on.
        let passed_on = self.falls.iter().rev().take(32).any(|fall| fall.number == request.number);
        if !passed_on {
            let at = if call.phase == Phase::Lost { call.departed } else { call.finished };
            let link = call.link as usize;
            self.fell(Fall {
                number: request.number,
                outcome: call.outcome,
                at,
                link,
                place: call.to,
                at_caller: false,
            });
        }
    }

    fn gave_up(&mut self, _: CallId, call: &Call, request: &Request, now: Time) {
        if request.probe || request.errand {
            return;
        }
        let link = call.link as usize;
        let number = request.number;
        self.fell(Fall {
            number,
            outcome: Outcome::TimedOut,
            at: now,
            link,
            place: call.from,
            at_caller: true,
        });
    }

    fn counted(&mut self, place: Place, what: Counter, n: u32) {
        self.member_mut(place).counts[what as usize] += u64::from(n);
        match what {
            Counter::Hits => self.series.cached(n.into(), 0),
            Counter::Misses => self.series.cached(0, n.into()),
            Counter::StaleReads => self.series.went_wrong(n.into(), 0),
            Counter::LostUpdates => self.series.went_wrong(0, n.into()),
            Counter::Allowed | Counter::Delayed => self.series.passed(n.into()),
            Counter::Acknowledged => self.series.dealt_with(n.into()),
            _ => {}
        }
    }

    fn looked_up(&mut self, request: &Request, hit: bool) {
        let source = self.source_mut(request.source);
        source.hits += u64::from(hit);
        source.misses += u64::from(!hit);
        self.series.looked_up(request.source, hit);
    }

    fn occupied(&mut self, place: Place, busy: u32, queued: u32, now: Time) {
        let member = self.member_mut(place);
        let before = member.queued;
        member.occupied(busy, queued, now);
        self.series.waits(before, queued, now);
    }
}
