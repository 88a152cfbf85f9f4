//! The world: nodes that call each other over links, driven by the event queue.
//!
//! The engine knows no kind of node. It moves calls along links, refuses for machines that are down,
//! holds what is meant for machines that are frozen, runs timeouts, applies changes at their time,
//! and keeps the books: issued = ended + in flight, always.

use super::call::Arena;
use super::core::{Books, Condition, Core};
use super::order;
use super::{
    Call, CallId, Context, Draw, Event, EventQueue, Handle, Happening, Link, NodeId, Observer, Outcome,
    Place, Random, Request, Span, Time, Timer, Wheel, mix,
};
use std::fmt::Debug;
use std::sync::Arc;

/// What a node tells those that call it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member {
    pub weight: u32,
}

/// The two types that a run is made of; a pair of them stands for both.
pub trait Env {
    type Seen: Observer;
    type Queue: EventQueue<Event = Event>;
}

impl<O: Observer, Q: EventQueue<Event = Event>> Env for (O, Q) {
    type Seen = O;
    type Queue = Q;
}

/// A kind of node, or an enum of all kinds: what it does with what happens to it.
pub trait Behaviour: Clone + Debug {
    /// A node's settings, as a change brings them.
    type Settings: Clone + Debug;

    /// Once, at time 0.
    fn start<E: Env>(&mut self, cx: &mut Context<'_, E>);

    /// A call arrived at one of this node's members. It must be answered once, now or later.
    fn arrive<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId);

    /// A call made by this node ended: answered, or given up after its timeout.
    fn returned<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId);

    /// A timer of this node is due.
    fn timer<E: Env>(&mut self, cx: &mut Context<'_, E>, timer: Timer);

    /// New settings take effect now.
    fn change<E: Env>(&mut self, cx: &mut Context<'_, E>, settings: &Self::Settings);

    /// A member's condition changed by itself (it flaps); `cx.condition` tells the new one.
    fn condition<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16);

    /// The members of the node behind `link` changed (also told once before `start`).
    fn downstream<E: Env>(&mut self, cx: &mut Context<'_, E>, link: u16, members: &[Member]);

    /// This node's members, for those that call it.
    fn members(&self) -> Vec<Member>;
}

/// A change that waits for its time.
#[derive(Clone, Debug)]
pub struct Scheduled<S> {
    pub at: Time,
    pub effect: Effect<S>,
}

#[derive(Clone, Debug)]
pub enum Effect<S> {
    /// The node's settings are these from now on.
    Node(NodeId, Arc<S>),
    /// The link is like this from now on.
    Link { link: u16, latency: super::Sampler, loss: f64, cut: bool },
}

/// How an [`World::advance`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Everything up to the wanted time has happened.
    Reached,
    /// The budget of events was used up first.
    OutOfBudget,
}

/// A running system. A clone is a checkpoint.
#[derive(Clone, Debug)]
pub struct World<N: Behaviour, Q = Wheel<Event>> {
    core: Core<Q>,
    nodes: Vec<N>,
    changes: Vec<Scheduled<N::Settings>>,
    /// The first change that has not taken effect.
    next_change: usize,
}

impl<N: Behaviour, Q: EventQueue<Event = Event>> World<N, Q> {
    /// Nodes by index, and the links between them. Nothing has happened yet: see [`World::start`].
    pub fn new(nodes: Vec<N>, links: Vec<Link>) -> Self {
        let members: Vec<usize> = nodes.iter().map(|node| node.members().len()).collect();
        let core = Core::new(&members, links);
        World { core, nodes, changes: vec![], next_change: 0 }
    }

    /// Introduces the nodes to each other and starts them; then the changes of time 0 take effect.
    pub fn start<O: Observer>(&mut self, seen: &mut O) {
        self.core.announced = (0..self.nodes.len() as NodeId).collect();
        self.announce(seen);
        for node in 0..self.nodes.len() as NodeId {
            self.with(node, seen, |behaviour, cx| behaviour.start(cx));
        }
        self.settle(seen);
        if self.changes.first().is_some_and(|change| change.at == Time::ZERO) {
            self.apply_changes(seen);
        }
    }

    pub fn now(&self) -> Time {
        self.core.now
    }

    pub fn nodes(&self) -> &[N] {
        &self.nodes
    }

    pub fn links(&self) -> &[Link] {
        &self.core.links
    }

    pub fn calls(&self) -> &Arena<Call> {
        &self.core.calls
    }

    pub fn requests(&self) -> &Arena<Request> {
        &self.core.requests
    }

    pub fn books(&self) -> &Books {
        &self.core.books
    }

    /// Names of request classes, by [`Request::class`].
    pub fn classes(&self) -> &[Arc<str>] {
        &self.core.classes
    }

    pub fn condition(&self, place: Place) -> Condition {
        self.core.condition(place)
    }

    /// Events that wait in the queue.
    pub fn pending(&self) -> usize {
        self.core.queue.len()
    }

    /// Replaces the changes to come. Those at or before now are taken to have happened.
    /// Changes of the same time take effect in the order given.
    pub fn set_changes(&mut self, mut changes: Vec<Scheduled<N::Settings>>) {
        order::sort_by_key(&mut changes, |change| change.at.0);
        self.next_change = changes.partition_point(|change| change.at <= self.core.now);
        self.changes = changes;
    }

    /// Like [`World::set_changes`], but before the start, so that changes at time 0 still happen.
    pub fn set_changes_before_start(&mut self, changes: Vec<Scheduled<N::Settings>>) {
        self.set_changes(changes);
        self.next_change = 0;
    }

    /// When the next event or change is due.
    pub fn next_time(&self) -> Option<Time> {
        let change = self.changes.get(self.next_change).map(|change| change.at);
        match (change, self.core.queue.next_time()) {
            (Some(change), Some(event)) => Some(change.min(event)),
            (change, event) => change.or(event),
        }
    }

    /// Lets everything up to and including `until` happen, or at most `budget` events of it.
    pub fn advance<O: Observer>(&mut self, until: Time, budget: u64, seen: &mut O) -> Progress {
        let last = self.core.books.events.saturating_add(budget);
        loop {
            // Changes come before the events of their instant; those of time 0 came with the start.
            let change_at = self.changes.get(self.next_change).map(|change| change.at);
            let horizon = match change_at {
                Some(at) if at <= until => Time(at.0.saturating_sub(1)),
                _ => until,
            };
            self.run(horizon, last, seen);
            if self.core.books.events >= last {
                return Progress::OutOfBudget;
            }
            match change_at {
                Some(at) if at <= until => self.apply_changes(seen),
                _ => break,
            }
        }
        self.core.now = self.core.now.max(until);
        Progress::Reached
    }

    /// Lets exactly one event (or the changes of one instant) happen, with all that it causes at that very instant.
    /// Answers with its time; `None` if nothing is to come, or not by `until`.
    pub fn step<O: Observer>(&mut self, until: Time, seen: &mut O) -> Option<Time> {
        let next = self.next_time().filter(|next| *next <= until)?;
        if self.changes.get(self.next_change).is_some_and(|change| change.at <= next) {
            self.apply_changes(seen);
        } else {
            self.run(next, self.core.books.events + 1, seen);
        }
        Some(self.core.now)
    }

    /// Deliveries without delay belong to the event that caused them.
    fn settle<O: Observer>(&mut self, seen: &mut O) {
        self.run(Time::ZERO, 0, seen);
    }

    /// Handles what is soon, then what the queue has up to and including `horizon`, until `last` events
    /// have happened since the start; what an event causes at its very instant belongs to it.
    #[inline(never)]
    fn run<O: Observer>(&mut self, horizon: Time, last: u64, seen: &mut O) {
        loop {
            let event = if self.core.unusual {
                match self.next_unusual(horizon, last, seen) {
                    Some(event) => event,
                    None => return,
                }
            } else {
                match self.core.soon.take() {
                    Event::NONE => match self.next_due(horizon, last) {
                        Some(event) => event,
                        None => return,
                    },
                    event => event,
                }
            };
            self.core.books.events += 1;
            self.handle(event, seen);
        }
    }

    /// The next event of the queue; time moves there.
    #[inline(always)]
    fn next_due(&mut self, horizon: Time, last: u64) -> Option<Event> {
        if self.core.books.events >= last {
            return None;
        }
        let (time, event) = self.core.queue.pop(horizon)?;
        self.core.now = time;
        if let Some(id) = event.arriving() {
            self.core.knock(id);
        }
        Some(event)
    }

    /// The next event where not all is as usual: see [`Core::unusual`].
    #[inline(never)]
    fn next_unusual<O: Observer>(&mut self, horizon: Time, last: u64, seen: &mut O) -> Option<Event> {
        loop {
            self.announce(seen);
            let event = match self.core.soon.pop() {
                Event::NONE => self.next_due(horizon, last)?,
                event => event,
            };
            self.core.unusual = self.core.is_unusual();
            if self.core.troubled == 0 || !self.troubled(event) {
                return Some(event);
            }
            self.core.books.events += 1;
        }
    }

    /// Applies the changes of the next instant that has any: all of them, so that the time alone tells
    /// which have happened.
    fn apply_changes<O: Observer>(&mut self, seen: &mut O) {
        let Some(at) = self.changes.get(self.next_change).map(|change| change.at) else { return };
        self.core.now = self.core.now.max(at);
        while let Some(change) = self.changes.get(self.next_change).filter(|change| change.at == at) {
            let effect = change.effect.clone();
            self.next_change += 1;
            self.apply(effect, seen);
            seen.changed(at);
        }
    }

    fn apply<O: Observer>(&mut self, effect: Effect<N::Settings>, seen: &mut O) {
        match effect {
            Effect::Node(node, settings) => {
                self.with(node, seen, |behaviour, cx| behaviour.change(cx, &settings))
            }
            Effect::Link { link, latency, loss, cut } => {
                self.core.links[link as usize].set(latency, loss, cut);
            }
        }
        self.announce(seen);
        self.settle(seen);
    }

    /// Tells the callers of nodes whose members changed.
    fn announce<O: Observer>(&mut self, seen: &mut O) {
        while let Some(changed) = self.core.announced.pop() {
            let members = self.nodes[changed as usize].members();
            self.core.set_member_count(changed, members.len());
            for link in 0..self.core.links.len() {
                if self.core.links[link].to == changed {
                    let caller = self.core.links[link].from;
                    self.with(caller, seen, |behaviour, cx| behaviour.downstream(cx, link as u16, &members));
                }
            }
        }
    }

    #[inline(always)]
    fn with<O: Observer>(
        &mut self,
        node: NodeId,
        seen: &mut O,
        act: impl FnOnce(&mut N, &mut Context<'_, (O, Q)>),
    ) {
        act(&mut self.nodes[node as usize], &mut Context { core: &mut self.core, seen, node });
    }

    /// Inlined into [`World::run`], the only place that calls it.
    #[inline(always)]
    fn handle<O: Observer>(&mut self, event: Event, seen: &mut O) {
        // One after the other, by frequency: quicker than a table of so few.
        if let Some(id) = event.arriving() {
            let node = self.core.calls[id.0].to.node;
            self.with(node, seen, |behaviour, cx| behaviour.arrive(cx, id));
        } else if let Some(timer) = event.timer() {
            self.with(timer.place.node, seen, |behaviour, cx| behaviour.timer(cx, timer));
        } else if let Some(place) = event.flapping() {
            self.flap(place, seen);
        } else {
            self.come_back(event, seen);
        }
    }

    /// The caller's wait for a call ends. The call is over if an answer (or the notice of a loss)
    /// ended it; else the caller gave up, and the call goes on without it.
    #[inline(always)]
    fn come_back<O: Observer>(&mut self, event: Event, seen: &mut O) {
        let (id, over) = (event.call(), event.ends_call());
        if !over && self.core.is_stale(event) {
            return;
        }
        let call = &mut self.core.calls[id.0];
        let (node, abandoned, request) = (call.from.node, call.abandoned, call.request);
        if !over {
            // What the caller sees; the callee's own outcome replaces it when it answers.
            (call.outcome, call.abandoned, call.timeout) = (Outcome::TimedOut, true, Handle::NONE);
        }
        if O::WATCHES {
            let (call, request) = (&self.core.calls[id.0], &self.core.requests[request.0]);
            if over {
                seen.returned(id, call, request, self.core.now);
            } else {
                seen.gave_up(id, call, request, self.core.now);
            }
        }
        if !abandoned {
            self.with(node, seen, |behaviour, cx| behaviour.returned(cx, id));
        }
        if over {
            self.core.close(id, request);
        }
    }

    /// Deals with an event for a member that is not well. True if that was all.
    #[cold]
    fn troubled(&mut self, event: Event) -> bool {
        let place = match event.happening() {
            Happening::Arrive(id) => self.core.calls[id.0].to,
            Happening::Return(id) | Happening::LossNotice(id) | Happening::Timeout(id) => {
                self.core.calls[id.0].from
            }
            Happening::LateTimeout(_) | Happening::Flap(_) => return false,
            Happening::Timer(timer) => timer.place,
        };
        let condition = self.core.condition(place);
        if condition.frozen {
            match event.happening() {
                Happening::Arrive(id) if self.core.backlog_full(place) => self.core.vanish(id),
                _ => self.core.park(place, event),
            }
            return true;
        }
        if let Happening::Arrive(id) | Happening::Return(id) = event.happening() {
            let call = &self.core.calls[id.0];
            let (from, to) = (call.from, call.to);
            if from.node == to.node && self.core.condition(from).side != self.core.condition(to).side {
                match event.arriving() {
                    Some(id) => self.core.vanish(id),
                    None => self.core.lose(id),
                }
                return true;
            }
        }
        let Happening::Arrive(id) = event.happening() else { return false };
        // A node that places keys itself is told by its clients' library, which does not die with it.
        let tells = self.core.placements[place.node as usize].is_none()
            || self.core.calls[id.0].from.node == place.node;
        if condition.down && tells {
            self.core.reply(id, Outcome::Crashed);
            return true;
        }
        if condition.drop_share > 0.0 {
            let call = &self.core.calls[id.0];
            let index = self.core.requests[call.request.0].seed ^ call.attempt as u64;
            let stream = mix((place.node as u64) << 16 | place.member as u64);
            if Draw::new(stream, index).chance(condition.drop_share) {
                self.core.vanish(id);
                return true;
            }
        }
        false
    }

    #[cold]
    fn flap<O: Observer>(&mut self, place: Place, seen: &mut O) {
        let mut condition = self.core.condition(place);
        let Some((down, up)) = condition.flap else { return };
        condition.down = !condition.down;
        let span = if condition.down { down } else { up };
        self.core.put_condition(place, condition);
        let at = self.core.now + Span(span.0.max(1));
        let turn = self.core.queue.schedule(at, Happening::Flap(place).into());
        self.core.flaps.insert(place, turn);
        self.with(place.node, seen, |behaviour, cx| behaviour.condition(cx, place.member));
    }

    /// Verifies the engine's own books.
    ///
    /// # Errors
    /// Says what does not add up.
    pub fn check(&self) -> Result<(), String> {
        let open =
            self.core.requests.iter().filter(|(_, r)| r.outcome.is_none() && !r.probe && !r.errand).count()
                as u64;
        if open != self.core.books.in_flight() {
            return Err(format!("{open} requests are open, the books say {}", self.core.books.in_flight()));
        }
        let mut calls = std::collections::BTreeMap::new();
        for (_, call) in self.core.calls.iter() {
            *calls.entry(call.request.0).or_insert(0u32) += 1;
        }
        for (index, request) in self.core.requests.iter() {
            let found = calls.remove(&index).unwrap_or(0);
            if found != request.open_calls {
                return Err(format!(
                    "request {} has {found} calls, not {}",
                    request.number, request.open_calls
                ));
            }
        }
        if calls.is_empty() { Ok(()) } else { Err("a call outlived its request".into()) }
    }
}
