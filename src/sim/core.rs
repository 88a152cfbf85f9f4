//! What the engine keeps beside the nodes: time, queue, calls, links, conditions, books.

use super::call::Arena;
use super::link::Way;
use super::placement::Placements;
use super::soon::Soon;
use super::truth::Truth;
use super::{
    Answer, Call, CallId, Event, EventQueue, Handle, Happening, LOSS_NOTICE, Link, NodeId, Outcome, Phase,
    Place, Request, RequestId, Span, Time,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is wrong with a member.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Condition {
    /// Refuses connections.
    pub down: bool,
    /// Accepts and does nothing: a long pause of the process.
    pub frozen: bool,
    /// Goes down for the first span, comes up for the second, again and again.
    pub flap: Option<(Span, Span)>,
    /// Share of arriving calls that vanish.
    pub drop_share: f64,
    /// Members of one node on different sides do not reach each other.
    pub side: u8,
}

/// Calls that the system holds for a process that does not accept them; it drops further ones.
/// Linux's `somaxconn`, since 5.4.
const BACKLOG: usize = 4096;

/// Everything but the nodes.
#[derive(Clone, Debug)]
pub(super) struct Core<Q> {
    pub now: Time,
    pub queue: Q,
    /// Deliveries at this very instant: see [`Core::send`].
    pub soon: Soon,
    /// One of these may be so: a condition is not the default, nodes were announced, several deliveries are
    /// due at this instant. A single test before each event sees to all three.
    pub unusual: bool,
    pub calls: Arena<Call>,
    pub requests: Arena<Request>,
    pub links: Vec<Link>,
    /// For each node the links to what it calls, in order.
    pub outgoing: Vec<Vec<u16>>,
    /// For each node the link on which its members talk to each other, if they do.
    pub own_link: Vec<Option<u16>>,
    /// By node: which member has a key, for nodes that say so.
    pub placements: Placements,
    pub conditions: Vec<Vec<Condition>>,
    /// How many conditions are not the default, so that the common case is one test.
    pub troubled: u32,
    /// Held for frozen members, in order of arrival.
    pub parked: BTreeMap<Place, Vec<Event>>,
    /// Nodes whose members changed during this event; their callers hear of it before the next.
    pub announced: Vec<NodeId>,
    /// The next turn of each flapping member.
    pub flaps: BTreeMap<Place, Handle>,
    pub books: Books,
    pub truth: Truth,
    /// Names of request classes, by [`Request::class`].
    pub classes: Vec<Arc<str>>,
}

/// What has happened so far, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Books {
    pub issued: u64,
    pub ended: [u64; Outcome::COUNT],
    /// Handled by the engine.
    pub events: u64,
}

impl Books {
    pub fn ended_total(&self) -> u64 {
        self.ended.iter().sum()
    }

    pub fn in_flight(&self) -> u64 {
        self.issued - self.ended_total()
    }
}

impl<Q: EventQueue<Event = Event>> Core<Q> {
    /// `members` counts each node's machines.
    pub fn new(members: &[usize], mut links: Vec<Link>) -> Core<Q> {
        let mut outgoing = vec![vec![]; members.len()];
        let mut own_link = vec![None; members.len()];
        for (index, link) in links.iter_mut().enumerate() {
            link.members = members[link.to as usize] as u16;
            match link.from == link.to {
                true => own_link[link.from as usize] = Some(index as u16),
                false => outgoing[link.from as usize].push(index as u16),
            }
        }
        Core {
            now: Time::ZERO,
            queue: Q::default(),
            soon: Soon::default(),
            unusual: false,
            calls: Arena::default(),
            requests: Arena::default(),
            outgoing,
            own_link,
            links,
            placements: vec![None; members.len()],
            conditions: members.iter().map(|n| vec![Condition::default(); *n]).collect(),
            troubled: 0,
            parked: BTreeMap::new(),
            announced: vec![],
            flaps: BTreeMap::new(),
            books: Books::default(),
            truth: Truth::default(),
            classes: vec![],
        }
    }

    pub fn condition(&self, place: Place) -> Condition {
        if self.troubled == 0 {
            return Condition::default();
        }
        let members = self.conditions.get(place.node as usize);
        members.and_then(|members| members.get(place.member as usize)).copied().unwrap_or_default()
    }

    /// Writes a condition and keeps count of those that are not the default. What was held for a
    /// member that is not frozen any more is delivered.
    pub fn put_condition(&mut self, place: Place, condition: Condition) {
        let members = &mut self.conditions[place.node as usize];
        // A new member may be unwell before anybody has been told of it.
        members.resize(members.len().max(place.member as usize + 1), Condition::default());
        let old = &mut members[place.member as usize];
        let healthy = Condition::default();
        let was_troubled = *old != healthy;
        *old = condition;
        self.troubled = self.troubled + (condition != healthy) as u32 - was_troubled as u32;
        if !condition.frozen {
            for event in self.parked.remove(&place).into_iter().flatten() {
                if let Some(id) = event.arriving() {
                    self.knock(id);
                }
                self.send(event);
            }
        }
        self.unusual = true;
    }

    /// A call that took its time reaches its callee now.
    pub fn knock(&mut self, id: CallId) {
        let now = self.now;
        let call = &mut self.calls[id.0];
        (call.arrived, call.started, call.phase) = (now, now, Phase::Queued);
    }

    /// Holds an event for a frozen member.
    pub fn park(&mut self, place: Place, event: Event) {
        let held = match event.happening() {
            Happening::Timeout(id) => {
                self.calls[id.0].timeout = Handle::PARKED;
                Happening::LateTimeout(id).into()
            }
            Happening::Arrive(id) => {
                self.calls[id.0].phase = Phase::Outbound;
                event
            }
            _ => event,
        };
        self.parked.entry(place).or_default().push(held);
    }

    /// Whether so many calls knock at a frozen member that it hears no more of them.
    pub fn backlog_full(&self, place: Place) -> bool {
        self.parked.get(&place).is_some_and(|held| held.len() >= BACKLOG)
    }

    /// Whether this is a timeout that was held, and the call does not wait for it any more.
    pub fn is_stale(&self, event: Event) -> bool {
        let Happening::LateTimeout(id) = event.happening() else { return false };
        self.calls.get(id.0).is_none_or(|call| call.timeout != Handle::PARKED)
    }

    /// Members may come and go; whoever goes leaves no condition behind.
    pub fn set_member_count(&mut self, node: NodeId, count: usize) {
        for link in self.links.iter_mut().filter(|link| link.to == node) {
            link.members = count as u16;
        }
        let known = self.conditions[node as usize].len();
        if known < count {
            self.conditions[node as usize].resize(count, Condition::default());
        }
    }

    /// Whether there is anything to see to before and beside the next event.
    pub fn is_unusual(&self) -> bool {
        self.troubled > 0 || !self.announced.is_empty() || self.soon.is_crowded()
    }

    /// Lets something happen at this very instant, behind all that is due in it.
    #[inline(always)]
    pub fn send(&mut self, event: Event) {
        if !self.soon.push(event) {
            self.unusual = true;
        }
    }

    /// Sends a call or its answer over its link, which may be `instant`.
    #[inline(always)]
    pub fn travel(&mut self, id: CallId, link: u16, instant: bool, way: Way) {
        let event = Event::from(if way == Way::Out { Happening::Arrive(id) } else { Happening::Return(id) });
        if instant {
            self.send(event);
        } else {
            self.travel_far(id, link as usize, way, event);
        }
    }

    /// The same, for a message that takes time or may be lost.
    #[inline(never)]
    fn travel_far(&mut self, id: CallId, link: usize, way: Way, event: Event) {
        let call = &self.calls[id.0];
        match self.links[link].journey(&self.requests[call.request.0], call.attempt, way) {
            None => self.lose(id),
            Some(span) => {
                let due = self.now + span;
                self.calls[id.0].due = due;
                self.queue.schedule(due, event);
            }
        }
    }

    /// The message is lost at the callee's door: it never arrived.
    pub fn vanish(&mut self, id: CallId) {
        let call = &mut self.calls[id.0];
        (call.arrived, call.started) = (call.departed, call.departed);
        self.lose(id);
    }

    /// The message is gone; the caller learns of it later, if its timeout does not come first.
    pub fn lose(&mut self, id: CallId) {
        let due = self.now + LOSS_NOTICE;
        let call = &mut self.calls[id.0];
        (call.phase, call.due) = (Phase::Lost, due);
        if !call.abandoned {
            call.outcome = Outcome::Lost;
        }
        self.queue.schedule(due, Happening::LossNotice(id).into());
    }

    /// The callee answers.
    pub fn reply(&mut self, id: CallId, outcome: Outcome) {
        let answer = self.calls[id.0].answer;
        self.reply_with(id, outcome, answer);
    }

    /// The same with what the answer brings.
    #[inline(always)]
    pub fn reply_with(&mut self, id: CallId, outcome: Outcome, answer: Answer) {
        let now = self.now;
        let call = &mut self.calls[id.0];
        (call.finished, call.outcome, call.phase, call.answer) = (now, outcome, Phase::Returning, answer);
        let link = call.link;
        let instant = self.links[link as usize].instant;
        self.travel(id, link, instant, Way::Back);
    }

    /// A call is over, and so may be all that is left of its request.
    #[inline(always)]
    pub fn close(&mut self, id: CallId, of: RequestId) {
        let timeout = self.calls.remove(id.0).timeout;
        if timeout.names_one() {
            self.queue.cancel(timeout);
        }
        let request = &mut self.requests[of.0];
        request.open_calls -= 1;
        if request.open_calls == 0 && request.outcome.is_some() {
            self.requests.remove(of.0);
        }
    }
}
