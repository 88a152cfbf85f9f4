//! Servers: machines with workers and a bounded queue.
//!
//! A worker takes one call at a time. Work is an amount (milliseconds at speed 1), so that a change
//! of speed in the middle of it takes effect at once; it depends on the request alone, so that two
//! variants of a scenario do the same work. If the node calls something downstream, the worker is
//! held until the answers are in, as a thread per request would be; how it calls, and what it does when
//! a call fails, is a matter of [`super::calling`]. How many machines there are may follow the load:
//! [`scaling`].

mod downstream;
mod fleet;
mod running;
pub mod scaling;
mod settings;

pub use settings::{Discipline, MEMBER_SETTINGS, SETTINGS, Settings};

use super::calling::{self, Caller};
use super::member::MemberSettings;
use super::{FleetAccount, Kind, Show, Site};
use crate::sim::order;
use crate::sim::{
    Answer, Behaviour, CallId, Context, Counter, Draw, Env, Handle, Member, Outcome, Outgoing, Purpose,
    Sampler, Span, Time, Timer, stream_seed,
};
use crate::systems::Inspection;
use fleet::Fleet;
pub use running::{PLAIN, Running, SERVICE, infos};
use std::collections::VecDeque;

/// What menus, validation and documentation need of this kind of node.
pub const KIND: Kind = Kind {
    id: "servers",
    name: "Servers",
    summary: "Machines with workers and a bounded queue.",
    settings: SETTINGS,
    member_settings: MEMBER_SETTINGS,
    calls: (0, 8),
    called: true,
    talks: false,
    counters: COUNTERS,
};

const COUNTERS: &[Counter] = &[
    Counter::Retries,
    Counter::RetriesDenied,
    Counter::Hedges,
    Counter::HedgesWon,
    Counter::BreakerOpened,
    Counter::ScaledOut,
    Counter::ScaledIn,
    Counter::Events,
];

/// The kind of timer that tells a worker that its work is done. The fleet has 1 and 2, the caller those
/// from [`calling::TIMERS`] on; the others are free.
const WORKED: u8 = 0;

/// The service it runs has something to do.
const WAKE: u8 = 3;

/// The running node.
#[derive(Clone, Debug)]
pub struct Servers {
    settings: Settings,
    service: Sampler,
    service_stream: u64,
    machines: Vec<Machine>,
    fleet: Fleet,
    /// For calls downstream that are more than one try.
    caller: Caller,
    /// `None` for plain work.
    running: Option<Box<Running>>,
    /// It does plain work and calls nobody.
    works_alone: bool,
    /// Index of what events go to among what is called.
    events_way: Option<usize>,
    seed: u64,
    id: String,
    to: Vec<String>,
}

/// One member.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    workers: Vec<Worker>,
    busy: u32,
    queue: VecDeque<CallId>,
    /// Work done per nanosecond: 1 when all is well, 0 when frozen.
    rate: f64,
}

#[derive(Clone, Debug)]
struct Worker {
    call: CallId,
    /// What its request reads or writes.
    key: u32,
    write: bool,
    /// Work left at `since`, at speed 1.
    left: Span,
    /// The same when it began.
    total: Span,
    since: Time,
    done: Handle,
    /// Answers that are still to come from downstream.
    children: Vec<CallId>,
    /// The same for calls that the node's [`Caller`] makes.
    inquiries: u16,
    /// The service has done the operation; its rows take their time.
    served: bool,
    /// Among what is downstream the service has chosen this one, by index; `None`: all are asked.
    way: Option<u16>,
    worst: Outcome,
    /// What the answers from downstream brought.
    answer: Answer,
}

impl Worker {
    const IDLE: Worker = Worker {
        call: CallId::NONE,
        key: 0,
        write: false,
        left: Span::ZERO,
        total: Span::ZERO,
        since: Time::ZERO,
        done: Handle::NONE,
        children: vec![],
        inquiries: 0,
        served: false,
        way: None,
        worst: Outcome::Ok,
        answer: Answer { origin: 0, version: 0 },
    };
}

impl Worker {
    /// An answer from downstream.
    fn learn(&mut self, outcome: Outcome, answer: Answer) {
        if !outcome.is_ok() {
            // A refusal says when to come again.
            (self.worst, self.answer) = (outcome, answer);
        } else if self.worst.is_ok() && answer != Answer::default() {
            self.answer = answer;
        }
    }

    /// Answers are still to come from downstream.
    fn waits(&self) -> bool {
        !self.children.is_empty() || self.inquiries > 0
    }

    /// Work left now, having gone on at this rate.
    fn left_at(&self, now: Time, rate: f64) -> Span {
        Span(self.left.0.saturating_sub(now.since(self.since).times(rate).0))
    }
}

/// A worker as it is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorkerView {
    pub call: CallId,
    /// 0 when work begins, 1 when it is done.
    pub progress: f64,
}

impl Machine {
    pub fn busy(&self) -> u32 {
        self.busy
    }

    /// In the order of arrival; by priority where that is the discipline.
    pub fn queue(&self) -> impl DoubleEndedIterator<Item = CallId> + ExactSizeIterator + '_ {
        self.queue.iter().copied()
    }

    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// The first idle one of so many workers.
    #[inline(never)]
    fn idle(&self, workers: u16) -> Option<usize> {
        let mut all = self.workers.iter().take(workers as usize);
        all.position(|worker| worker.call == CallId::NONE)
    }

    /// Behind all of the same or a higher priority.
    #[inline(never)]
    fn insert(&mut self, call: CallId, priority_of: impl Fn(CallId) -> u8) {
        let mine = priority_of(call);
        let place = self.queue.partition_point(|other| priority_of(*other) >= mine);
        self.queue.insert(place, call);
    }
}

impl Servers {
    pub fn new(site: &Site<'_>, settings: Settings) -> Servers {
        let mut servers = Servers {
            service: settings.service_ms.sampler(),
            service_stream: stream_seed(site.seed, site.id, Purpose::Service),
            machines: vec![],
            fleet: Fleet::new(settings.scaling, settings.count),
            caller: settings.caller(site),
            running: Running::new(&settings.runs, site.seed, site.id),
            works_alone: false,
            events_way: site.to.iter().position(|id| *id == settings.events_to),
            seed: site.seed,
            id: site.id.to_owned(),
            to: site.to.to_vec(),
            settings,
        };
        servers.fit();
        servers
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How its calls are made that are more than one try.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Machines, those that were removed and still have work included.
    pub fn machines(&self) -> &[Machine] {
        &self.machines
    }

    /// The workers of a machine, idle ones as `None`.
    pub fn workers(&self, member: usize, now: Time) -> Vec<Option<WorkerView>> {
        let Some(machine) = self.machines.get(member) else { return vec![] };
        let view = |worker: &Worker| {
            (worker.call != CallId::NONE).then(|| {
                let left = worker.left_at(now, machine.rate);
                WorkerView { call: worker.call, progress: 1.0 - left.0 as f64 / worker.total.0.max(1) as f64 }
            })
        };
        machine.workers.iter().map(view).collect()
    }

    /// The service that it runs; `None` for plain work.
    pub fn running(&self) -> Option<&Running> {
        self.running.as_deref()
    }

    /// How many machines callers know of.
    pub fn in_service(&self) -> u16 {
        self.fleet.in_service()
    }

    /// Machines that were ordered and are not up yet.
    pub fn booting(&self) -> usize {
        self.fleet.booting()
    }

    /// Of the machines that are up next: how many they are, when they were ordered, and when they will be up.
    pub fn next_up(&self) -> Option<(u32, Time, Time)> {
        self.fleet.next_up()
    }

    /// What its machines cost an hour now; `None` as long as their number was fixed and cost nothing.
    pub fn cost_per_hour(&self) -> Option<f64> {
        self.fleet.cost_per_hour()
    }

    /// Calls a second that a machine can do, if it need not wait for anybody.
    pub fn capacity_per_s(&self, member: usize) -> Option<f64> {
        let machine = self.machines.get(member).filter(|_| self.works_alone)?;
        let mean_ms = self.settings.service_ms.mean_ms();
        (mean_ms > 0.0).then(|| machine.rate * f64::from(self.settings.workers) * 1000.0 / mean_ms)
    }

    /// Gives every member a machine, and every machine its workers.
    fn fit(&mut self) {
        let count = self.fleet.in_service() as usize;
        if self.machines.len() < count {
            self.machines.resize(count, Machine { rate: 1.0, ..Machine::default() });
        }
        for machine in &mut self.machines {
            if machine.workers.len() < self.settings.workers as usize {
                machine.workers.resize(self.settings.workers as usize, Worker::IDLE);
            }
        }
    }

    fn enqueue(&mut self, member: usize, call: CallId, priority_of: impl Fn(CallId) -> u8) -> bool {
        let machine = &mut self.machines[member];
        if machine.queue.len() >= self.settings.queue as usize {
            return false;
        }
        match self.settings.discipline {
            Discipline::Fifo | Discipline::Lifo => machine.queue.push_back(call),
            Discipline::Priority => machine.insert(call, priority_of),
        }
        true
    }

    /// Brings those that wait in the order of the discipline: all but priority keep that of arrival.
    fn sort_queues<E: Env>(&mut self, cx: &Context<'_, E>) {
        for machine in &mut self.machines {
            let queue = machine.queue.make_contiguous();
            order::sort_by_key(queue, |call| cx.call_at(*call).arrived.0);
            if self.settings.discipline == Discipline::Priority {
                order::sort_by_key(queue, |call| u64::from(u8::MAX - cx.request_of(*call).priority));
            }
        }
    }

    /// Puts an idle worker to work on the next call, if there are both. False if not.
    #[inline(always)]
    fn take_next<E: Env>(&mut self, cx: &mut Context<'_, E>, member: usize) -> bool {
        let machine = &mut self.machines[member];
        if machine.queue.is_empty() || machine.busy >= self.settings.workers as u32 {
            return false;
        }
        let next = match self.settings.discipline {
            Discipline::Lifo => machine.queue.pop_back(),
            Discipline::Fifo | Discipline::Priority => machine.queue.pop_front(),
        };
        next.is_some_and(|call| self.begin(cx, member, call))
    }

    /// False if no worker is idle, which the caller has ruled out.
    // On the page a kilobyte more would cost more than the call.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn begin<E: Env>(&mut self, cx: &mut Context<'_, E>, member: usize, call: CallId) -> bool {
        let machine = &mut self.machines[member];
        let index = match machine.workers.first() {
            Some(worker) if worker.call == CallId::NONE => 0,
            _ => match machine.idle(self.settings.workers) {
                Some(index) => index,
                None => return false,
            },
        };
        let worker = &mut machine.workers[index];
        let request = cx.request_of(call);
        let work = if request.work > Span::ZERO {
            request.work
        } else {
            self.service.draw(&mut Draw::new(self.service_stream, request.seed))
        };
        (worker.key, worker.write) = (request.key, request.write);
        let left = if request.cost == 1.0 { work } else { work.times(request.cost as f64) };
        cx.work(call);
        let now = cx.now();
        let done = due(now, left, machine.rate)
            .map_or(Handle::NONE, |at| cx.timer(member as u16, WORKED, index as u32, at));
        (worker.call, worker.left, worker.total, worker.since) = (call, left, left, now);
        (worker.done, worker.worst, worker.answer) = (done, Outcome::Ok, Answer::default());
        (worker.served, worker.way) = (false, None);
        machine.busy += 1;
        true
    }

    /// The worker's own work is done: call downstream, or answer.
    #[inline(always)]
    fn worked<E: Env>(&mut self, cx: &mut Context<'_, E>, member: usize, index: usize) {
        let machine = &mut self.machines[member];
        let worker = &mut machine.workers[index];
        (worker.done, worker.left) = (Handle::NONE, Span::ZERO);
        if !self.works_alone {
            return self.go_on(cx, member, index);
        }
        let call = std::mem::replace(&mut worker.call, CallId::NONE);
        let (key, write) = (worker.key, worker.write);
        machine.busy -= 1;
        let answer = own_data(cx, key, write);
        self.answered(cx, member, call, Outcome::Ok, answer);
    }

    /// The service's turn, if there is one; then that of what is downstream.
    #[inline(never)]
    fn go_on<E: Env>(&mut self, cx: &mut Context<'_, E>, member: usize, index: usize) {
        let machine = &self.machines[member];
        if self.running.is_some() && !machine.workers[index].served {
            let call = machine.workers[index].call;
            let (outcome, answer, rows, way) = self.serve(cx, member as u16, call);
            let machine = &mut self.machines[member];
            let worker = &mut machine.workers[index];
            (worker.served, worker.worst, worker.way, worker.answer) = (true, outcome, way, answer);
            if rows > Span::ZERO {
                let now = cx.now();
                (worker.left, worker.total, worker.since) = (rows, rows, now);
                worker.done = due(now, rows, machine.rate)
                    .map_or(Handle::NONE, |at| cx.timer(member as u16, WORKED, index as u32, at));
                return;
            }
        }
        self.call_downstream(cx, member, index);
    }

    /// Asks what is downstream, and holds the worker until all answers are in; answers if there is nothing
    /// to ask.
    fn call_downstream<E: Env>(&mut self, cx: &mut Context<'_, E>, member: usize, index: usize) {
        let events_way = self.events_way;
        let worker = &mut self.machines[member].workers[index];
        let call = worker.call;
        if !worker.worst.is_ok() {
            let worst = worker.worst;
            return self.answer(cx, member, index, worst);
        }
        if cx.outgoing().len() == usize::from(events_way.is_some()) {
            worker.answer = own_data(cx, worker.key, worker.write);
            return self.answer(cx, member, index, Outcome::Ok);
        }
        cx.wait(call);
        if self.caller.is_on() {
            return self.inquire(cx, member, index);
        }
        let (request, attempt) = (cx.call_at(call).request, cx.call_at(call).attempt);
        let (seed, key) = (cx.request(request).seed, cx.request(request).key);
        let only = self.machines[member].workers[index].way;
        for nth in 0..cx.outgoing().len() {
            if !self.asks(only, nth) {
                continue;
            }
            let link = cx.outgoing()[nth];
            let to_member = super::member_for(cx, link, seed, key);
            let child = cx.call(Outgoing {
                request,
                parent: call,
                from_member: member as u16,
                link,
                to_member,
                attempt,
                tag: index as u32,
                timeout: None,
            });
            self.machines[member].workers[index].children.push(child);
        }
    }

    /// Whether this way downstream is for a request that the service has sent `only` there, or to all.
    fn asks(&self, only: Option<u16>, way: usize) -> bool {
        Some(way) != self.events_way && only.is_none_or(|only| usize::from(only) == way)
    }

    /// Frees the worker, answers, and takes the next call.
    #[inline(never)]
    fn answer<E: Env>(&mut self, cx: &mut Context<'_, E>, member: usize, index: usize, outcome: Outcome) {
        let machine = &mut self.machines[member];
        let worker = &mut machine.workers[index];
        let call = std::mem::replace(&mut worker.call, CallId::NONE);
        let answer = worker.answer;
        machine.busy -= 1;
        self.answered(cx, member, call, outcome, answer);
    }

    /// A worker is free: its call is answered, and the next begins.
    #[inline(always)]
    fn answered<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        member: usize,
        call: CallId,
        outcome: Outcome,
        answer: Answer,
    ) {
        cx.reply_with(call, outcome, answer);
        self.take_next(cx, member);
        self.report(cx, member);
    }

    #[inline]
    fn report<E: Env>(&mut self, cx: &mut Context<'_, E>, member: usize) {
        if !self.fleet.is_on() && !cx.is_watched() {
            return;
        }
        let machine = &self.machines[member];
        if self.fleet.is_on() {
            self.fleet.busy(member, machine.busy, cx.now());
        }
        cx.occupied(member as u16, machine.busy, machine.queue.len() as u32);
    }

    /// Work under way goes on at another speed from now on.
    fn set_rate<E: Env>(&mut self, cx: &mut Context<'_, E>, member: usize, rate: f64) {
        let machine = &mut self.machines[member];
        if machine.rate == rate {
            return;
        }
        let now = cx.now();
        for (index, worker) in machine.workers.iter_mut().enumerate() {
            // A worker that waits for answers has no work of its own left.
            if worker.call == CallId::NONE || worker.waits() {
                continue;
            }
            cx.cancel(worker.done);
            worker.left = worker.left_at(now, machine.rate);
            worker.since = now;
            worker.done = due(now, worker.left, rate)
                .map_or(Handle::NONE, |at| cx.timer(member as u16, WORKED, index as u32, at));
        }
        machine.rate = rate;
    }

    /// Everything that the machine has is lost.
    fn crash<E: Env>(&mut self, cx: &mut Context<'_, E>, member: usize) {
        let machine = &mut self.machines[member];
        for worker in &mut machine.workers {
            if worker.call != CallId::NONE {
                cx.cancel(worker.done);
                for child in worker.children.drain(..) {
                    cx.abandon(child);
                }
                worker.inquiries = 0;
                cx.reply(std::mem::replace(&mut worker.call, CallId::NONE), Outcome::Crashed);
            }
        }
        for call in machine.queue.drain(..) {
            cx.reply(call, Outcome::Crashed);
        }
        machine.busy = 0;
        self.caller.forget(cx, member as u16);
        self.report(cx, member);
    }

    /// Brings a machine's speed and life in line with its settings and condition.
    fn obey<E: Env>(&mut self, cx: &mut Context<'_, E>, member: usize) {
        let condition = cx.condition(member as u16);
        let own = self.settings.member(member);
        if condition.down {
            self.crash(cx, member);
        }
        let rate = if condition.frozen { 0.0 } else { own.speed / own.slow };
        self.set_rate(cx, member, rate);
    }

    /// Hands the conditions that the settings ask for to the engine. The first `known` members have
    /// those of the settings before; the others are new, and well.
    fn declare_conditions<E: Env>(&mut self, cx: &mut Context<'_, E>, before: &Settings, known: usize) {
        for member in 0..self.machines.len() {
            let old = if member < known { before.member(member) } else { MemberSettings::default() };
            let new = self.settings.member(member);
            if old.faults() != new.faults() {
                cx.set_condition(member as u16, new.faults());
            }
            if old != new {
                self.obey(cx, member);
            }
        }
    }
}

/// When this much work is done at this rate; `None` at rate 0.
#[inline]
fn due(now: Time, left: Span, rate: f64) -> Option<Time> {
    if rate == 1.0 {
        return Some(now + left);
    }
    (rate > 0.0).then(|| now + Span::from_ns(left.0 as f64 / rate))
}

/// Servers that call nobody keep their data themselves, and all of them the same: a write is known
/// everywhere at once.
#[inline]
fn own_data<E: Env>(cx: &mut Context<'_, E>, key: u32, write: bool) -> Answer {
    if write {
        let version = cx.write_begins(key);
        cx.write_acknowledged(key, version);
    }
    let origin = cx.node();
    Answer { origin, version: cx.newest(origin, key) }
}

impl Show for Servers {
    fn service(&self, now: Time) -> Option<Inspection> {
        self.running.as_ref().map(|running| running.inspect(now))
    }

    fn fleet(&self, now: Time) -> Option<FleetAccount> {
        Some(self.fleet.account(now))
    }
}

impl Behaviour for Servers {
    type Settings = Settings;

    fn start<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        let settings = self.settings.clone();
        self.works_alone = self.running.is_none() && cx.outgoing().is_empty();
        self.declare_conditions(cx, &settings, 0);
        self.fleet.start(cx);
        self.measure(cx);
    }

    #[inline(always)]
    fn arrive<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId) {
        if cx.call_at(call).probe {
            // A health endpoint answers beside the queue.
            return cx.reply(call, Outcome::Ok);
        }
        let member = cx.call_at(call).to.member as usize;
        if self.machines[member].busy < self.settings.workers as u32 {
            self.begin(cx, member, call);
        } else if !self.enqueue(member, call, |other| cx.request_of(other).priority) {
            return cx.reply(call, Outcome::QueueFull);
        }
        self.report(cx, member);
    }

    #[inline(never)]
    fn returned<E: Env>(&mut self, cx: &mut Context<'_, E>, id: CallId) {
        let call = cx.call_at(id);
        if calling::is_managed(call.tag) {
            return self.inquired(cx, id);
        }
        if call.parent == CallId::NONE {
            let request = call.request;
            return self.event_returned(cx, id, request);
        }
        let (member, index, outcome) = (call.from.member as usize, call.tag as usize, call.outcome);
        let answer = call.answer;
        let worker = &mut self.machines[member].workers[index];
        worker.children.retain(|child| *child != id);
        worker.learn(outcome, answer);
        if !worker.waits() {
            let worst = worker.worst;
            self.answer(cx, member, index, worst);
        }
    }

    #[inline(always)]
    fn timer<E: Env>(&mut self, cx: &mut Context<'_, E>, timer: Timer) {
        match timer.kind {
            WORKED => self.worked(cx, timer.place.member as usize, timer.index as usize),
            kind => self.rarer_timer(cx, kind, timer.place.member, timer.index),
        }
    }

    fn change<E: Env>(&mut self, cx: &mut Context<'_, E>, settings: &Settings) {
        let before = std::mem::replace(&mut self.settings, settings.clone());
        self.service = self.settings.service_ms.sampler();
        if before.runs != settings.runs {
            // Another service, or other settings of it, begins anew.
            self.running = Running::new(&settings.runs, self.seed, &self.id);
            self.works_alone = self.running.is_none() && cx.outgoing().is_empty();
        }
        self.events_way = self.to.iter().position(|id| *id == settings.events_to);
        self.caller.change(settings.calling, settings.call_timeout(), settings.manages_calls());
        self.fleet.change(cx, settings.scaling, settings.count, before.count != settings.count);
        let known = self.machines.len();
        self.fit();
        self.measure(cx);
        self.declare_conditions(cx, &before, known);
        if before.discipline != settings.discipline {
            self.sort_queues(cx);
        }
        for member in 0..self.machines.len() {
            while self.take_next(cx, member) {}
            self.report(cx, member);
        }
        cx.announce_members();
    }

    fn condition<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16) {
        self.obey(cx, member as usize);
    }

    fn downstream<E: Env>(&mut self, _: &mut Context<'_, E>, _: u16, _: &[Member]) {}

    fn members(&self) -> Vec<Member> {
        (0..self.in_service() as usize)
            .map(|index| Member { weight: self.settings.member(index).weight })
            .collect()
    }
}
