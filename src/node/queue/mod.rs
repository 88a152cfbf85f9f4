//! A message queue: takes in what producers send, and hands it to consumers until one acknowledges it.
//!
//! A call that arrives is a message. Its producer is answered as soon as the message is stored; from
//! then on delivering it is the queue's own errand: a call like the producer's to the node behind, where
//! consumer c is at home on member c (a node that knows which member has a key is asked there). The answer
//! `ok` acknowledges it. An answer that does not come in time, or is not `ok`, is a failed attempt: after a
//! rest the message is handed out again, and after `attempts_max` of them it is a dead letter. So every
//! message is processed at least once, and sometimes twice: an answer that comes too late does not count,
//! though the work was done.
//!
//! A consumer that refuses (its queue is full, nobody listens at its port) has not taken the message: that
//! is no failed attempt, and the consumer is left alone for a while. So a backlog outlives a consumer's
//! crash instead of dying of it. Rests begin at `retry_delay_ms` and double each time, up to a minute.
//!
//! Delivery is `shared`, where any consumer with a free hand gets the next message, as in RabbitMQ and SQS;
//! or `ordered`, as in Kafka's consumer groups: a partition belongs to one consumer, and its messages are
//! handed out one by one in their order. A consumer that is late or refuses loses its partitions to the others
//! until it answers. When it does work on what it still had, it works out of turn, as in Kafka.
//!
//! Left out: the time that storing takes, replication of the queue itself, transactions, and priorities.
//! When an answer is lost on its way, the queue does not know that the work was done, and neither do its
//! figures: `Duplicates` counts what consumers reported twice. `Delivered` counts refused deliveries too.

mod backlog;
mod consumers;
mod deliver;
mod held;
#[cfg(feature = "whole")]
mod inside;
mod intake;
mod partition;
mod settings;
mod slab;
mod view;

pub use backlog::Message;
#[cfg(feature = "whole")]
pub use inside::{ConsumerView, DEAD_SHOWN, PartitionView, QueueView};
pub use partition::Partition;
pub use settings::{Delivery, IN_FLIGHT_MAX, MEMBER_SETTINGS, SETTINGS, Settings, WhenFull};

use super::{Kind, Site};
use crate::sim::{
    Behaviour, CallId, Context, Counter, Env, Member, Outcome, Purpose, Span, Time, Timer, mix, stream_seed,
};
use consumers::Consumers;
use held::{Delivered, Held, State};
use slab::Slab;
use std::collections::VecDeque;

/// What menus, validation and documentation need of this kind of node.
pub const KIND: Kind = Kind {
    id: "queue",
    name: "Queue",
    summary: "Keeps messages until a consumer has dealt with them.",
    settings: SETTINGS,
    member_settings: MEMBER_SETTINGS,
    calls: (1, 1),
    called: true,
    talks: false,
    counters: &[
        Counter::Published,
        Counter::Delivered,
        Counter::Acknowledged,
        Counter::Redelivered,
        Counter::Duplicates,
        Counter::DeadLetters,
        Counter::Dropped,
        Counter::LostWrites,
    ],
};

/// The most messages that may be out at once, in flight or between two attempts: as many queues have such
/// a limit (SQS: 120 000).
const HELD_MAX: usize = 2 * IN_FLIGHT_MAX as usize;

const ACK: u8 = 0;
const RETRY: u8 = 1;
const BACK: u8 = 2;
const HELD: u8 = 3;

/// Rests and absences grow up to this: a model constant (Pub/Sub's retry policy: 10 min, Celery's: 10 min).
const REST_MAX: Span = Span(60_000_000_000);

/// The running node.
#[derive(Clone, Debug)]
pub struct Queue {
    settings: Settings,
    poison_stream: u64,
    /// Those beyond the setting were removed, and are emptied.
    partitions: Vec<Partition>,
    /// Which partition is asked first next time.
    turn: usize,
    consumers: Consumers,
    held: Slab<Held>,
    deliveries: Slab<Delivered>,
    dead: VecDeque<Message>,
    /// Producers' calls that are held.
    blocked: u32,
    down: bool,
    /// Neither down nor frozen.
    open: bool,
    tally: Tally,
}

/// What has become of all messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub published: u64,
    pub acknowledged: u64,
    pub dead: u64,
    pub dropped: u64,
    pub lost: u64,
    /// As the counter of the same name.
    pub seen_twice: u64,
    /// From publication to acknowledgement, all of them together.
    pub stay_ns: u128,
}

impl Tally {
    /// Mean time from publication to acknowledgement.
    pub fn stay_mean_ms(&self) -> Option<f64> {
        let mean = |n: u64| Span((self.stay_ns / n as u128) as u64).ms();
        (self.acknowledged > 0).then(|| mean(self.acknowledged))
    }
}

impl Queue {
    pub fn new(site: &Site<'_>, settings: Settings) -> Queue {
        let mut queue = Queue {
            poison_stream: stream_seed(site.seed, site.id, Purpose::Errands),
            partitions: vec![],
            turn: 0,
            consumers: Consumers::default(),
            held: Slab::default(),
            deliveries: Slab::default(),
            dead: VecDeque::new(),
            blocked: 0,
            down: false,
            open: true,
            tally: Tally::default(),
            settings,
        };
        queue.fit();
        queue
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn partitions(&self) -> &[Partition] {
        &self.partitions
    }

    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// The last ones, oldest first.
    pub fn dead_letters(&self) -> impl ExactSizeIterator<Item = &Message> {
        self.dead.iter()
    }

    pub fn waiting(&self) -> usize {
        self.partitions.iter().map(Partition::waiting).sum()
    }

    pub fn in_flight(&self) -> u32 {
        self.partitions.iter().map(|partition| partition.in_flight).sum()
    }

    /// Producers' calls that are held.
    pub fn blocked(&self) -> u32 {
        self.blocked
    }

    /// Deliveries that have not come back, late ones included.
    pub fn outstanding(&self) -> usize {
        self.deliveries.len()
    }

    /// The age of the oldest message that waits or is in flight.
    pub fn lag(&self, now: Time) -> Span {
        let fronts = self.partitions.iter().filter_map(|partition| partition.backlog.front());
        let held = self.held.iter().filter(|held| !matches!(held.state, State::Over | State::Orphan));
        let oldest = fronts.chain(held.map(|held| &held.message)).map(|message| message.published).min();
        now.since(oldest.unwrap_or(now))
    }

    /// The partition to which messages with this key go.
    pub fn partition_of(&self, key: u32) -> usize {
        (mix(key as u64) % self.settings.partitions.max(1) as u64) as usize
    }

    /// Verifies the books: every message is somewhere, once.
    ///
    /// # Errors
    /// Says what does not add up.
    pub fn check(&self) -> Result<(), String> {
        let same = |what: &str, found: u64, claimed: u64| match found == claimed {
            true => Ok(()),
            false => Err(format!("{what}: {found} found, {claimed} claimed")),
        };
        let with = |state: State| self.held.iter().filter(move |held| held.state == state).count() as u64;
        let Tally { published, acknowledged, dead, dropped, lost, .. } = self.tally;
        let (waiting, in_flight) = (self.waiting() as u64, self.in_flight() as u64);
        let there = waiting + in_flight + with(State::Orphan);
        same("published", there + acknowledged + dead + dropped + lost, published)?;
        same("in flight", with(State::InFlight), in_flight)?;
        let resting: usize = self.partitions.iter().map(|partition| partition.resting.len()).sum();
        same("resting", with(State::Resting), resting as u64)?;
        let again: usize = self.partitions.iter().map(|partition| partition.again.len()).sum();
        same("to be handed out again", with(State::Waiting), again as u64)?;
        let in_hand: u32 = self.consumers.all().iter().map(|consumer| consumer.in_hand).sum();
        same("in hand", in_hand as u64, self.deliveries.len() as u64)?;
        let outstanding: u32 = self.held.iter().map(|held| held.outstanding).sum();
        same("outstanding", outstanding as u64, self.deliveries.len() as u64)?;
        let overdue: u32 = self.consumers.all().iter().map(|consumer| consumer.overdue).sum();
        let late = self.deliveries.iter().filter(|delivery| delivery.overdue).count();
        same("overdue", overdue as u64, late as u64)?;
        let blocked: usize = self.partitions.iter().map(|partition| partition.blocked.len()).sum();
        same("blocked", blocked as u64, self.blocked as u64)
    }

    /// Gives every partition and every consumer a place.
    fn fit(&mut self) {
        let wanted = self.partitions.len().max(self.settings.partitions as usize);
        self.partitions.resize_with(wanted, Partition::default);
        self.consumers.set(self.settings.consumers as usize, self.settings.prefetch as u32);
        while self.dead.len() > self.settings.dead_letters as usize {
            self.dead.pop_front();
        }
    }

    /// The machine goes down: connections break, and what only memory held is gone.
    fn crash<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        self.blocked = 0;
        for place in 0..self.partitions.len() {
            for (call, timer) in std::mem::take(&mut self.partitions[place].blocked) {
                cx.cancel(timer);
                cx.reply(call, Outcome::Crashed);
            }
            if !self.settings.durable {
                let gone = self.partitions[place].backlog.len() as u32;
                self.partitions[place].backlog.clear();
                self.lose(cx, gone);
            }
        }
        if !self.settings.durable {
            self.dead.clear();
        }
        for index in 0..self.held.end() {
            self.interrupt(cx, index);
        }
    }

    fn lose<E: Env>(&mut self, cx: &mut Context<'_, E>, messages: u32) {
        if messages > 0 {
            self.tally.lost += messages as u64;
            cx.count(0, Counter::LostWrites, messages);
        }
    }

    /// How long to rest after so many failures in a row.
    fn rest(&self, failures: u32) -> Span {
        let first = Span::from_ms(self.settings.retry_delay_ms);
        first.times((1u64 << failures.saturating_sub(1).min(30)) as f64).min(REST_MAX.max(first))
    }

    /// Brings the node in line with its machine's condition.
    fn obey<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        let condition = cx.condition(0);
        self.open = !condition.down && !condition.frozen;
        if condition.down && !std::mem::replace(&mut self.down, condition.down) {
            self.crash(cx);
        }
        self.down = condition.down;
    }

    /// Hands out what can be handed out, and lets in what there is room for.
    fn settle<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        self.hand_out(cx);
        while self.admit(cx) {
            self.hand_out(cx);
        }
        cx.occupied(0, self.in_flight(), self.waiting() as u32);
    }
}

impl Behaviour for Queue {
    type Settings = Settings;

    fn start<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        cx.set_condition(0, self.settings.machine().faults());
        self.obey(cx);
    }

    #[inline(never)]
    fn arrive<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId) {
        let request = cx.request_of(call);
        if request.probe {
            return cx.reply(call, Outcome::Ok);
        }
        let key = request.key;
        cx.chose(call, || self.explain(key));
        self.offer(cx, call);
        self.settle(cx);
    }

    #[inline(never)]
    fn returned<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId) {
        self.came_back(cx, call);
        self.settle(cx);
    }

    #[inline(never)]
    fn timer<E: Env>(&mut self, cx: &mut Context<'_, E>, timer: Timer) {
        match timer.kind {
            ACK => self.out_of_time(cx, timer.index),
            RETRY => self.rested(cx.now(), timer.index),
            BACK => self.consumers.is_back(timer.index as usize),
            _ => self.held_too_long(cx, timer.index as usize),
        }
        self.settle(cx);
    }

    fn change<E: Env>(&mut self, cx: &mut Context<'_, E>, settings: &Settings) {
        let before = std::mem::replace(&mut self.settings, settings.clone());
        let (old, new) = (before.machine().faults(), settings.machine().faults());
        if old != new {
            cx.set_condition(0, new);
        }
        self.fit();
        self.obey(cx);
        self.offer_again(cx);
        self.settle(cx);
    }

    fn condition<E: Env>(&mut self, cx: &mut Context<'_, E>, _: u16) {
        self.obey(cx);
        self.settle(cx);
    }

    fn downstream<E: Env>(&mut self, _: &mut Context<'_, E>, _: u16, _: &[Member]) {}

    fn members(&self) -> Vec<Member> {
        vec![Member { weight: 1 }]
    }
}
