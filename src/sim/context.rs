//! What a node may do while it handles something.

use super::core::Core;
use super::link::Way;
use super::{
    Answer, Call, CallId, Condition, Counter, Env, EventQueue, Explanation, Handle, Happening, Link, NodeId,
    Observer, Outcome, Outgoing, Phase, Place, Placement, Request, RequestId, Span, Time, Timer,
};

use std::sync::Arc;

/// A node's hands: the engine, seen from one node.
#[derive(Debug)]
pub struct Context<'a, E: Env> {
    pub(super) core: &'a mut Core<E::Queue>,
    pub(super) seen: &'a mut E::Seen,
    pub(super) node: NodeId,
}

/// What a client says of a request that it issues.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewRequest {
    pub seed: u64,
    pub key: u32,
    pub client: u32,
    pub class: u16,
    pub work: Span,
    pub cost: f32,
    pub priority: u8,
    pub write: bool,
}

/// Whose a request is.
#[derive(Clone, Copy, PartialEq)]
enum Sort {
    Client,
    Probe,
    Errand,
}

impl<E: Env> Context<'_, E> {
    pub fn now(&self) -> Time {
        self.core.now
    }

    /// This node.
    pub fn node(&self) -> NodeId {
        self.node
    }

    pub fn call_at(&self, id: CallId) -> &Call {
        &self.core.calls[id.0]
    }

    pub fn call_mut(&mut self, id: CallId) -> &mut Call {
        &mut self.core.calls[id.0]
    }

    pub fn request(&self, id: RequestId) -> &Request {
        &self.core.requests[id.0]
    }

    /// The request that a call belongs to.
    pub fn request_of(&self, id: CallId) -> &Request {
        &self.core.requests[self.core.calls[id.0].request.0]
    }

    /// The number that stands for a class of requests, such as a path, from now on.
    pub fn class(&mut self, name: &str) -> u16 {
        let classes = &mut self.core.classes;
        match classes.iter().position(|known| &**known == name) {
            Some(index) => index as u16,
            None => {
                classes.push(name.into());
                classes.len() as u16 - 1
            }
        }
    }

    /// The name of a class.
    pub fn class_name(&self, class: u16) -> &str {
        self.core.classes.get(class as usize).map_or("", |name| name)
    }

    /// The links to what this node calls, in the scenario's order.
    pub fn outgoing(&self) -> &[u16] {
        &self.core.outgoing[self.node as usize]
    }

    /// The link on which this node's members talk to each other, if they do.
    pub fn own_link(&self) -> Option<u16> {
        self.core.own_link[self.node as usize]
    }

    /// The node that a link leads to.
    pub fn callee(&self, link: u16) -> NodeId {
        self.core.links[link as usize].to
    }

    /// How many members the node behind a link has.
    pub fn member_count(&self, link: u16) -> u16 {
        self.core.links[link as usize].members
    }

    /// Tells callers which of this node's members has which key; from now on this node also hears of calls
    /// to members that are down.
    pub fn publish(&mut self, placement: Arc<dyn Placement>) {
        self.core.placements[self.node as usize] = Some(placement);
    }

    /// The member of the node behind a link that has this key, where that node says so.
    pub fn placed(&self, link: u16, key: u32) -> Option<u16> {
        self.core.placements[self.callee(link) as usize].as_ref().map(|placement| placement.member(key))
    }

    pub fn condition(&self, member: u16) -> Condition {
        self.core.condition(Place { node: self.node, member })
    }

    /// Sets what is wrong with a member; the engine starts or stops its flapping.
    /// While a member flaps, that alone says whether it is down.
    pub fn set_condition(&mut self, member: u16, mut condition: Condition) {
        let place = Place { node: self.node, member };
        let old = self.core.condition(place);
        if condition.flap.is_some() {
            condition.down = old.flap == condition.flap && old.down;
        }
        if condition.flap != old.flap {
            if let Some(turn) = self.core.flaps.remove(&place) {
                self.core.queue.cancel(turn);
            }
            if condition.flap.is_some() {
                self.core.send(Happening::Flap(place).into());
            }
        }
        self.core.put_condition(place, condition);
    }

    /// Those that call this node must learn that its members changed.
    pub fn announce_members(&mut self) {
        self.core.announced.push(self.node);
        self.core.unusual = true;
    }

    /// Whether there is no room for further calls of clients: see [`super::CALLS_MAX`].
    pub fn is_full(&self) -> bool {
        self.core.calls.len() >= super::CALLS_MAX
    }

    /// A client issues a request.
    #[inline(always)]
    pub fn issue(&mut self, new: NewRequest) -> RequestId {
        self.core.books.issued += 1;
        let number = self.core.books.issued;
        let id = self.insert(new, number, Sort::Client);
        if E::Seen::WATCHES {
            self.seen.issued(&self.core.requests[id.0]);
        }
        id
    }

    /// A request that nobody counts: a health check.
    pub fn probe(&mut self, seed: u64) -> RequestId {
        self.insert(NewRequest { seed, cost: 1.0, ..NewRequest::default() }, 0, Sort::Probe)
    }

    /// Something that this node does of its own accord: its calls count where they arrive, but it is no
    /// client's request. End it like any other.
    pub fn errand(&mut self, new: NewRequest) -> RequestId {
        self.insert(new, 0, Sort::Errand)
    }

    #[inline(always)]
    fn insert(&mut self, new: NewRequest, number: u64, sort: Sort) -> RequestId {
        let NewRequest { seed, key, client, class, work, cost, priority, write } = new;
        RequestId(self.core.requests.insert(Request {
            number,
            seed,
            born: self.core.now,
            key,
            client,
            class,
            source: self.node,
            work,
            cost,
            priority,
            write,
            probe: sort == Sort::Probe,
            errand: sort == Sort::Errand,
            outcome: None,
            open_calls: 0,
        }))
    }

    /// A request ends, with the outcome that its client sees. Calls of it may still be under way.
    #[inline(always)]
    pub fn end(&mut self, id: RequestId, outcome: Outcome) {
        let request = &mut self.core.requests[id.0];
        debug_assert!(request.outcome.is_none(), "a request ends once");
        request.outcome = Some(outcome);
        if !request.probe && !request.errand {
            self.core.books.ended[outcome as usize] += 1;
            if E::Seen::WATCHES {
                self.seen.ended(request, outcome, self.core.now);
            }
        }
        if request.open_calls == 0 {
            self.core.requests.remove(id.0);
        }
    }

    /// Sends a call. The answer, or the end of the wait, comes to [`super::Behaviour::returned`].
    #[inline(always)]
    pub fn call(&mut self, out: Outgoing) -> CallId {
        let now = self.core.now;
        let &Link { to, instant, .. } = &self.core.links[out.link as usize];
        let request = &mut self.core.requests[out.request.0];
        request.open_calls += 1;
        let probe = request.probe;
        // It will have arrived before anybody looks, but for those who watch it depart.
        let phase = if instant && !E::Seen::WATCHES { Phase::Queued } else { Phase::Outbound };
        let id = CallId(self.core.calls.insert(Call {
            request: out.request,
            parent: out.parent,
            from: Place { node: self.node, member: out.from_member },
            to: Place { node: to, member: out.to_member },
            link: out.link,
            phase,
            outcome: Outcome::Ok,
            abandoned: false,
            attempt: out.attempt,
            departed: now,
            arrived: now,
            started: now,
            finished: now,
            due: now,
            slot: 0,
            tag: out.tag,
            probe,
            answer: Answer::default(),
            timeout: Handle::NONE,
        }));
        if let Some(span) = out.timeout {
            self.core.calls[id.0].timeout =
                self.core.queue.schedule(now + span, Happening::Timeout(id).into());
        }
        if E::Seen::WATCHES {
            let request = &self.core.requests[out.request.0];
            self.seen.departed(id, &self.core.calls[id.0], request);
            if instant {
                self.core.calls[id.0].phase = Phase::Queued;
            }
        }
        self.core.travel(id, out.link, instant, Way::Out);
        id
    }

    /// This node begins to work on a call.
    pub fn work(&mut self, id: CallId) {
        let now = self.core.now;
        let call = &mut self.core.calls[id.0];
        (call.started, call.phase) = (now, Phase::Working);
    }

    /// This node waits for calls that it made on behalf of this one.
    pub fn wait(&mut self, id: CallId) {
        self.core.calls[id.0].phase = Phase::Waiting;
    }

    /// Answers a call.
    #[inline(always)]
    pub fn reply(&mut self, id: CallId, outcome: Outcome) {
        self.core.reply(id, outcome);
    }

    /// Answers a call with data.
    #[inline(always)]
    pub fn reply_with(&mut self, id: CallId, outcome: Outcome, answer: Answer) {
        self.core.reply_with(id, outcome, answer);
    }

    /// A write of this node's data begins; answers with its number: see [`Answer`].
    pub fn write_begins(&mut self, key: u32) -> u32 {
        self.core.truth.begin(self.node, key)
    }

    /// This write of this node's data is acknowledged now.
    pub fn write_acknowledged(&mut self, key: u32, version: u32) {
        self.core.truth.acknowledge(self.node, key, version);
    }

    /// The newest write of a key that its origin has acknowledged: to measure by, never to decide by.
    pub fn newest(&self, origin: NodeId, key: u32) -> u32 {
        self.core.truth.newest(origin, key)
    }

    /// The caller loses interest in a call of its own: [`super::Behaviour::returned`] is not called.
    pub fn abandon(&mut self, id: CallId) {
        let call = &mut self.core.calls[id.0];
        call.abandoned = true;
        let timeout = std::mem::replace(&mut call.timeout, Handle::NONE);
        self.core.queue.cancel(timeout);
    }

    /// Asks for [`super::Behaviour::timer`] at `at`.
    pub fn timer(&mut self, member: u16, kind: u8, index: u32, at: Time) -> Handle {
        let place = Place { node: self.node, member };
        self.core.queue.schedule(at, Happening::Timer(Timer { place, kind, index }).into())
    }

    pub fn cancel(&mut self, handle: Handle) {
        self.core.queue.cancel(handle);
    }

    /// Whether anybody hears of what is reported.
    pub fn is_watched(&self) -> bool {
        E::Seen::WATCHES
    }

    /// Reports a choice; `explain` runs only if somebody wants to know.
    pub fn chose(&mut self, id: CallId, explain: impl Fn() -> Explanation) {
        if E::Seen::WATCHES {
            let call = &self.core.calls[id.0];
            self.seen.chose(id, call, &self.core.requests[call.request.0], self.core.now, &explain);
        }
    }

    /// Reports something that a member of this node counts.
    pub fn count(&mut self, member: u16, what: Counter, n: u32) {
        if E::Seen::WATCHES {
            self.seen.counted(Place { node: self.node, member }, what, n);
        }
    }

    /// Reports whether a cache had what the call reads.
    pub fn looked_up(&mut self, id: CallId, hit: bool) {
        if E::Seen::WATCHES {
            let request = self.core.calls[id.0].request;
            self.seen.looked_up(&self.core.requests[request.0], hit);
        }
    }

    /// Reports how full a member of this node is.
    pub fn occupied(&mut self, member: u16, busy: u32, queued: u32) {
        if E::Seen::WATCHES {
            self.seen.occupied(Place { node: self.node, member }, busy, queued, self.core.now);
        }
    }
}
