//! Chat as a server runs it. The client is the user; the key is another user, or a group.

use super::settings::{OPERATIONS, SETTINGS};
#[cfg(feature = "whole")]
use super::view::view;
use super::*;
use crate::algo::setting::Knobs;
use crate::sim::{Draw, Outcome, Random, Span, order};
#[cfg(feature = "whole")]
use crate::systems::ServiceView;
use crate::systems::{
    Cost, EVENTS_MAX, Event, Figure, Inspection, Op, Reply, Service, ServiceInfo, Table, Topic,
};

pub const SERVICE: ServiceInfo = ServiceInfo {
    id: "chat",
    name: "Chat",
    summary: "Direct and group messages, delivered to whom is online and kept for whom is not.",
    operations: OPERATIONS,
    settings: SETTINGS,
    build: |knobs, seed| Box::new(Running::new(knobs, seed)),
};

/// Deliveries that a device can leave unconfirmed before its connection counts as broken.
const PASSED_ON_MAX: usize = 256;
/// A retry comes within so many sends.
const LAST_SENDS: usize = 256;

/// When a message counts as delivered to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Receipts {
    /// As it is sent; it is there at once.
    Instant,
    /// As it is sent, whatever becomes of it.
    Trusted,
    /// When the device has confirmed it.
    Confirmed,
}

#[derive(Clone, Debug)]
pub(super) struct Running {
    pub chat: Chat,
    pub devices: Devices,
    presence: Presence,
    pub groups: u32,
    gateways: u32,
    /// Per user: the gateway that they connect to next.
    homes: Vec<u16>,
    page: usize,
    receipts: Receipts,
    dedupe: bool,
    receipt_loss: f64,
    confirm: Span,
    seed: u64,
    /// Confirmations that did not come: when what they were for is sent again. (time, user, conversation).
    unconfirmed: VecDeque<(Time, u32, u32)>,
    /// Per user: what gateways have passed on since the device was last heard of. Its next sign of life confirms it;
    /// if there is none, it never came.
    passed_on: BTreeMap<u32, Vec<Push>>,
    /// Without names: the last messages that were sent, to see which are the same one again.
    last_sends: VecDeque<LastSend>,
    sends: u64,
    pushed: u64,
    answers: u64,
    tally: Tally,
}

/// What has happened to deliveries.
#[derive(Clone, Debug, Default)]
struct Tally {
    /// Sends that were known, and sends that should have been: what they say stands there twice.
    repeated: u64,
    doubled: u64,
    refused: u64,
    timed_out: u64,
    broken: u64,
    /// Deliveries that were confirmed: how many, and how long after the message was sent, together and at most.
    confirmed: u64,
    late_ns: u128,
    latest: Span,
}

/// A message without a name, and which send it came of.
#[derive(Clone, Copy, Debug)]
// Which message it was only the view asks, and the page of a first visit has none.
#[cfg_attr(not(feature = "whole"), allow(dead_code))]
struct LastSend {
    from: u32,
    send: u64,
    conversation: u32,
    seq: u32,
}

/// An event's id says which messages it carries: conversation, how many, the last one's number.
fn id_of(push: &Push) -> u64 {
    u64::from(push.conversation) << 46 | u64::from(push.to + 1 - push.from) << 32 | u64::from(push.to)
}

const _: () = assert!(CONVERSATIONS_MAX < 1 << 18 && HISTORY_MAX < 1 << 14);

/// The conversation, the first and the last number.
fn carried(id: u64) -> (u32, u32, u32) {
    let (to, count) = (id as u32, (id >> 32) as u32 & 0x3fff);
    ((id >> 46) as u32, (to + 1).saturating_sub(count), to)
}

impl Running {
    fn new(knobs: &Knobs, seed: u64) -> Running {
        let mut chat = Chat::new(knobs.number("users") as usize, knobs.number("history_max") as usize);
        let users = chat.users() as u64;
        let gateways = (knobs.number("gateways") as u32).max(1);
        let mut draw = Draw::new(seed, 0);
        let mut groups = 0;
        let members = knobs.number("group_members") as u32;
        for _ in 0..knobs.number("groups") as u32 {
            let members: Vec<u32> = match u64::from(members) >= users {
                true => (0..users as u32).collect(),
                false => (0..members).map(|_| draw.below(users) as u32).collect(),
            };
            groups += u32::from(chat.group(&members).is_ok());
        }
        let timeout = Some(Span::from_ms(knobs.number("presence_ms"))).filter(|it| *it > Span::ZERO);
        let mut presence = Presence::new(users as usize, timeout);
        for user in 0..users as u32 {
            if draw.chance(knobs.number("online_share")) {
                let _ = chat.connect(user, (user % gateways) as u16);
                presence.heard(user, Time::ZERO);
            }
        }
        Running {
            chat,
            devices: Devices::default(),
            presence,
            groups,
            gateways,
            homes: (0..users as u32).map(|user| (user % gateways) as u16).collect(),
            page: knobs.number("page") as usize,
            receipts: match (knobs.flag("trust_gateways"), knobs.flag("instant_receipts")) {
                (true, _) => Receipts::Trusted,
                (false, true) => Receipts::Instant,
                (false, false) => Receipts::Confirmed,
            },
            dedupe: knobs.flag("dedupe"),
            receipt_loss: knobs.number("receipt_loss"),
            confirm: Span::from_ms(knobs.number("confirm_ms")),
            seed,
            unconfirmed: VecDeque::new(),
            passed_on: BTreeMap::new(),
            last_sends: VecDeque::new(),
            sends: 0,
            pushed: 0,
            answers: 0,
            tally: Tally::default(),
        }
    }

    fn run(&mut self, op: &Op) -> Result<Reply, ChatError> {
        let users = self.chat.users().max(1) as u32;
        let (client, other) = (op.client % users, op.key % users);
        Ok(match op.route {
            0 => {
                let id = self.chat.direct(client, other)?;
                self.send(client, id, op)?
            }
            1 if self.groups == 0 => return Err(ChatError::NoConversation),
            // Groups were opened first, so their numbers come first.
            1 => self.send(client, op.key % self.groups, op)?,
            2 => {
                let mine = self.chat.conversations_of(client);
                let mine = &mine[..mine.partition_point(|id| *id < self.groups)];
                if mine.is_empty() {
                    return Err(ChatError::NotMember);
                }
                let id = mine[op.key as usize % mine.len()];
                self.send(client, id, op)?
            }
            3 => self.connect(client, op.now)?,
            4 => {
                self.disconnect(client)?;
                Reply::ok("disconnected", Cost { reads: 0, writes: 1 })
            }
            5 => self.receipts(client, op.now)?,
            6 => {
                let Some(id) = self.chat.direct_of(client, other) else {
                    return Ok(Reply::ok("no messages", Cost { reads: 1, writes: 0 }));
                };
                let messages = self.chat.history(client, id, None, self.page)?;
                Reply::ok("read", Cost { reads: 1 + messages.len() as u32, writes: 0 })
            }
            7 if self.chat.presence(client).is_none() => self.connect(client, op.now)?,
            7 => {
                self.heard(client, op.now);
                Reply::ok("heard", Cost { reads: 0, writes: 1 })
            }
            _ => Reply::not(Outcome::NoRoute, "no such operation"),
        })
    }

    fn disconnect(&mut self, user: u32) -> Result<(), ChatError> {
        self.passed_on.remove(&user);
        self.presence.gone(user);
        self.chat.disconnect(user)
    }

    /// A sign of life: the device has what was passed on to it.
    fn heard(&mut self, user: u32, now: Time) {
        self.presence.heard(user, now);
        for push in self.passed_on.remove(&user).unwrap_or_default() {
            self.came(&push, now);
        }
    }

    /// The device has the messages, and confirms them.
    fn came(&mut self, push: &Push, now: Time) {
        let has = self.arrive(push);
        self.answers += 1;
        if Draw::new(self.seed ^ 2, self.answers).chance(self.receipt_loss) {
            self.unconfirmed.push_back((now + self.confirm, push.user, push.conversation));
        } else {
            self.confirmed(push.user, push.conversation, has, now);
        }
    }

    fn connect(&mut self, client: u32, now: Time) -> Result<Reply, ChatError> {
        self.passed_on.remove(&client);
        let home = self.homes.get(client as usize).copied().unwrap_or(0);
        let pushes = self.chat.connect(client, home)?;
        self.presence.heard(client, now);
        let reads = self.chat.conversations_of(client).len() as u32;
        Ok(self.reply("connected", pushes, Cost { reads, writes: 1 }, now))
    }

    fn send(&mut self, from: u32, id: u32, op: &Op) -> Result<Reply, ChatError> {
        self.sends += 1;
        let name = if self.dedupe { op.seed } else { self.sends };
        let sent = self.chat.send(from, id, name, op.now);
        self.tally.refused += u64::from(sent == Err(ChatError::Full));
        let sent = sent?;
        self.tally.repeated += u64::from(sent.repeated);
        if !self.dedupe {
            self.tally.doubled += u64::from(self.first_of(from, op.seed).is_some());
            self.last_sends.push_back(LastSend { from, send: op.seed, conversation: id, seq: sent.seq });
            if self.last_sends.len() > LAST_SENDS {
                self.last_sends.pop_front();
            }
        }
        let note = if sent.repeated { "sent before" } else { "sent" };
        let writes = u32::from(!sent.repeated);
        Ok(self.reply(note, sent.pushes, Cost { reads: 1, writes }, op.now))
    }

    /// The first message that came of a send, as far back as is known.
    fn first_of(&self, from: u32, send: u64) -> Option<&LastSend> {
        self.last_sends.iter().find(|known| (known.from, known.send) == (from, send))
    }

    #[cfg(feature = "whole")]
    /// The message of the same conversation that this one says again.
    pub fn said_before(&self, conversation: u32, seq: u32) -> Option<u32> {
        let it = self.last_sends.iter().rev().find(|it| (it.conversation, it.seq) == (conversation, seq))?;
        self.first_of(it.from, it.send).map(|first| first.seq).filter(|first| *first != seq)
    }

    #[cfg(feature = "whole")]
    pub fn taken_for_gone(&self) -> u64 {
        self.tally.timed_out
    }

    #[cfg(feature = "whole")]
    pub fn doubled(&self) -> u64 {
        self.tally.doubled
    }

    /// With the events of what is pushed; for the cost all count.
    fn reply(&mut self, note: &'static str, pushes: Vec<Push>, mut cost: Cost, now: Time) -> Reply {
        cost.writes += pushes.len() as u32;
        Reply { events: self.events(pushes, now), ..Reply::ok(note, cost) }
    }

    /// At most [`EVENTS_MAX`] go out one by one.
    fn events(&mut self, pushes: Vec<Push>, now: Time) -> Vec<Event> {
        self.pushed += pushes.len() as u64;
        let mut events = vec![];
        for push in pushes {
            let fits = events.len() < EVENTS_MAX;
            // What does not fit into the events has nobody who could report its arrival.
            if !fits && self.receipts != Receipts::Instant {
                self.arrive(&push);
            }
            if !fits || self.receipts != Receipts::Confirmed {
                self.confirmed(push.user, push.conversation, push.to, now);
            }
            if fits {
                let (id, key, client) = (id_of(&push), push.user, push.user);
                events.push(Event { topic: Topic::Deliver, id, key, client, detail: push.gateway.into() });
            }
        }
        events
    }

    /// Up to which number the device now has all.
    fn arrive(&mut self, push: &Push) -> u32 {
        let joined = self.joined(push.user, push.conversation);
        self.devices.arrive(push.user, push.conversation, joined, (push.from, push.to))
    }

    fn joined(&self, user: u32, id: u32) -> u32 {
        let member = self.chat.conversations().get(&id).and_then(|it| it.member(user));
        member.map_or(0, |member| member.joined)
    }

    /// The service learns that a device has all up to `seq`.
    fn confirmed(&mut self, user: u32, id: u32, seq: u32, now: Time) {
        let delivered = |chat: &Chat| {
            let member = chat.conversations().get(&id).and_then(|it| it.member(user));
            member.map_or(0, |member| member.delivered)
        };
        let before = delivered(&self.chat);
        let _ = self.chat.delivered(user, id, seq);
        let after = delivered(&self.chat);
        let Some(conversation) = self.chat.conversations().get(&id) else { return };
        for message in conversation.between(before, after) {
            let late = now.since(message.at);
            self.tally.confirmed += 1;
            self.tally.late_ns += u128::from(late.0);
            self.tally.latest = self.tally.latest.max(late);
        }
    }

    fn receipts(&mut self, client: u32, now: Time) -> Result<Reply, ChatError> {
        if self.chat.presence(client).is_some() {
            self.heard(client, now);
        }
        let mut cost = Cost::default();
        for id in self.chat.conversations_of(client).to_vec() {
            cost.reads += 1;
            let conversation = self.chat.conversations().get(&id);
            let member = conversation.and_then(|conversation| conversation.member(client).copied());
            let Some(member) = member else { continue };
            let has = match self.receipts {
                Receipts::Instant => member.pushed,
                Receipts::Trusted | Receipts::Confirmed => self.devices.has(client, id).unwrap_or(0),
            };
            if member.read < has {
                self.confirmed(client, id, has, now);
                self.chat.read(client, id, has)?;
                cost.writes += 1;
            }
        }
        Ok(Reply::ok("read", cost))
    }

    /// A gateway did not answer: the connection that it held is broken, and the device will try another one.
    fn failed(&mut self, push: &Push) {
        if self.receipts == Receipts::Trusted {
            let joined = self.joined(push.user, push.conversation);
            self.devices.lose(push.user, push.conversation, joined, (push.from, push.to));
        }
        if self.chat.presence(push.user) != Some(push.gateway) {
            return;
        }
        let _ = self.disconnect(push.user);
        self.tally.broken += 1;
        if self.gateways > 1 {
            let others = u64::from(self.gateways) - 1;
            let step = 1 + Draw::new(self.seed ^ 1, self.answers).below(others) as u32;
            self.homes[push.user as usize] = ((u32::from(push.gateway) + step) % self.gateways) as u16;
        }
    }

    /// (users online, places in conversations, messages that members have yet to get).
    fn waiting(&self) -> (usize, u64, u64) {
        let chat = &self.chat;
        let online = (0..chat.users() as u32).filter(|user| chat.presence(*user).is_some()).count();
        let mut places = 0u64;
        let mut waiting = 0u64;
        for conversation in chat.conversations().values() {
            for member in conversation.members() {
                places += 1;
                waiting += u64::from(conversation.last() - member.delivered);
            }
        }
        (online, places, waiting)
    }

    fn figures(&self) -> Vec<Figure> {
        let (online, places, waiting) = self.waiting();
        let tally = &self.tally;
        let per = |part: f64, all: u64| if all == 0 { 0.0 } else { part / all as f64 };
        let acknowledged = self.chat.acknowledged();
        let late_ms = per(tally.late_ns as f64 / 1e6, tally.confirmed);
        let number = |name, unit, value| Figure { name, unit, value };
        vec![
            Figure::count("users online", online as u64),
            Figure::count("conversations", self.chat.conversations().len() as u64),
            Figure::count("memberships", places),
            Figure::count("messages acknowledged", acknowledged),
            Figure::count("pushes", self.pushed),
            Figure::count("deliveries waiting", waiting),
            number("pushes per message", "", per(self.pushed as f64, acknowledged)),
            Figure::count("sends repeated", tally.repeated),
            Figure::count("sends doubled", tally.doubled),
            Figure::count("sends refused", tally.refused),
            Figure::count("deliveries", tally.confirmed),
            number("delivered after", "ms", late_ms),
            number("delivered after at most", "ms", tally.latest.ms()),
            Figure::count("received twice", self.devices.twice),
            Figure::count("out of order", self.devices.out_of_order),
            Figure::count("messages lost", self.devices.lost),
            Figure::count("connections broken", tally.broken),
            Figure::count("timed out", tally.timed_out),
        ]
    }
}

fn refusal(error: ChatError) -> Reply {
    let (outcome, note) = match error {
        ChatError::NoUser => (Outcome::Invalid, "no such user"),
        ChatError::NoConversation => (Outcome::Invalid, "no such conversation"),
        ChatError::NotMember => (Outcome::Unauthorised, "not a member"),
        ChatError::Oneself => (Outcome::Invalid, "that is oneself"),
        ChatError::TooMany => (Outcome::Invalid, "too many"),
        ChatError::Direct => (Outcome::Invalid, "between two"),
        ChatError::Full => (Outcome::QueueFull, "inbox full"),
        ChatError::NameUsed => (Outcome::Invalid, "name used before"),
    };
    Reply::not(outcome, note)
}

impl Service for Running {
    fn handle(&mut self, op: &Op) -> Reply {
        self.run(op).unwrap_or_else(refusal)
    }

    /// A gateway has passed the messages on, or did not answer.
    fn answered(&mut self, event: &Event, ok: bool, now: Time) {
        if event.topic != Topic::Deliver || self.receipts == Receipts::Instant {
            return;
        }
        self.answers += 1;
        let (conversation, from, to) = carried(event.id);
        let push = Push { user: event.key, gateway: event.detail as u16, conversation, from, to };
        if !ok {
            return self.failed(&push);
        }
        if self.receipts == Receipts::Trusted {
            self.arrive(&push);
            return;
        }
        if !self.presence.is_on() {
            return self.came(&push, now);
        }
        // To a connection that is no more, nothing was passed on.
        if self.chat.presence(push.user) == Some(push.gateway) {
            let passed_on = self.passed_on.entry(push.user).or_default();
            passed_on.push(push);
            if passed_on.len() > PASSED_ON_MAX {
                let _ = self.disconnect(push.user);
            }
        }
    }

    fn due(&self) -> Time {
        let unconfirmed = self.unconfirmed.front().map_or(Time::NEVER, |(at, ..)| *at);
        self.presence.due().min(unconfirmed)
    }

    fn wake(&mut self, now: Time) -> Vec<Event> {
        while let Some(user) = self.presence.expired(now) {
            let _ = self.disconnect(user);
            self.tally.timed_out += 1;
        }
        let mut pushes = vec![];
        while pushes.len() < EVENTS_MAX && self.unconfirmed.front().is_some_and(|(at, ..)| *at <= now) {
            let again = self.unconfirmed.pop_front();
            pushes.extend(again.and_then(|(_, user, conversation)| self.chat.again(user, conversation)));
        }
        self.events(pushes, now)
    }

    fn inspect(&self, _: Time) -> Inspection {
        let chat = &self.chat;
        let mut busiest: Vec<u32> = chat.conversations().keys().copied().collect();
        let last = |id: &u32| chat.conversations().get(id).map_or(0, |conversation| conversation.last());
        order::sort_by_key(&mut busiest, |id| u64::from(u32::MAX - last(id)));
        let row = |id: &u32| {
            let members = chat.conversations().get(id).map_or(&[][..], |conversation| conversation.members());
            let behind = members.iter().filter(|member| member.delivered < last(id)).count();
            vec![id.to_string(), members.len().to_string(), last(id).to_string(), behind.to_string()]
        };
        Inspection {
            note: format!("{} online", self.waiting().0),
            figures: self.figures(),
            tables: vec![Table {
                name: "busiest conversations",
                columns: &["conversation", "members", "messages", "members behind"],
                rows: busiest.iter().take(10).map(row).collect(),
            }],
        }
    }

    #[cfg(feature = "whole")]
    fn view(&self, now: Time) -> ServiceView {
        ServiceView::Chat(Box::new(view(self, now)))
    }

    /// The books, and that what counts as delivered is on the device: no acknowledged message is lost.
    fn check(&self) -> Result<(), String> {
        self.chat.check()?;
        if self.receipts != Receipts::Confirmed {
            return Ok(());
        }
        for (id, conversation) in self.chat.conversations() {
            for member in conversation.members().iter().filter(|member| member.delivered > member.joined) {
                let has = self.devices.has(member.user, *id).unwrap_or(0);
                if has < member.delivered {
                    return Err(format!("user {} has {has} of conversation {id}: {member:?}", member.user));
                }
            }
        }
        Ok(())
    }
}
