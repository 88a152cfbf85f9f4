//! Chat as a server runs it. The client is the user; the key is another user, or a group.

use super::*;
use crate::algo::setting::{Knobs, Scale, Setting};
use crate::sim::{Draw, Outcome, Random, order};
use crate::systems::{
    Cost, EVENTS_MAX, Event, Figure, Inspection, Op, Operation, Reply, Service, ServiceInfo, Table, Topic,
    operation,
};

pub const SERVICE: ServiceInfo = ServiceInfo {
    id: "chat",
    name: "Chat",
    summary: "Direct and group messages, delivered to whom is online and kept for whom is not.",
    operations: OPERATIONS,
    settings: SETTINGS,
    build: |knobs, seed| Box::new(Running::new(knobs, seed)),
};

const OPERATIONS: &[Operation] = &[
    operation("POST /messages", "The client writes to the user with the key."),
    operation("POST /groups", "The client writes to the group with the key; only members may."),
    operation("POST /my-groups", "The client writes to one of their own groups, chosen by the key."),
    operation("POST /connections", "The client comes online and gets what they missed."),
    operation("DELETE /connections", "The client goes offline."),
    operation("POST /receipts", "The client confirms and reads all that was sent to them."),
    operation("GET /messages", "The newest page of the client's conversation with the user with the key."),
];

const SETTINGS: &[Setting] = &[
    Setting::integer("users", "Users", "", (2.0, USERS_MAX as f64), 1000.0, "How many users there are.")
        .usual(100.0, USERS_MAX as f64, Scale::Logarithmic),
    Setting::integer("groups", "Groups", "", (0.0, 5_000.0), 50.0, "How many groups there are.").usual(
        0.0,
        500.0,
        Scale::Linear,
    ),
    Setting::integer("group_members", "Members of a group", "", (1.0, 500.0), 20.0, "Drawn from all users.")
        .usual(2.0, 200.0, Scale::Logarithmic),
    Setting::number("online_share", "Online at the start", "", (0.0, 1.0), 0.5, "Share of the users."),
    Setting::integer("gateways", "Gateways", "", (1.0, 1000.0), 4.0, "Machines that hold the connections.")
        .usual(1.0, 32.0, Scale::Linear),
    Setting::integer(
        "history_max",
        "Messages kept",
        "",
        (1.0, HISTORY_MAX as f64),
        1000.0,
        "For each conversation; one that is full of messages somebody has yet to get refuses the next.",
    )
    .usual(10.0, HISTORY_MAX as f64, Scale::Logarithmic),
    Setting::integer(
        "page",
        "Messages of a page",
        "",
        (1.0, 100.0),
        20.0,
        "How much history is read at once.",
    ),
    Setting::toggle(
        "instant_receipts",
        "Devices confirm at once",
        true,
        "Else messages count as delivered when the event arrives, or the client confirms.",
    ),
    Setting::toggle("dedupe", "Sends have names", true, "A message that is sent again is not sent twice."),
];

#[derive(Clone, Debug)]
struct Running {
    chat: Chat,
    groups: u32,
    gateways: u32,
    page: usize,
    instant_receipts: bool,
    dedupe: bool,
    sends: u64,
    events: u64,
    pushed: u64,
}

impl Running {
    fn new(knobs: &Knobs, seed: u64) -> Running {
        let mut chat = Chat::new(knobs.number("users") as usize, knobs.number("history_max") as usize);
        let users = chat.users() as u64;
        let gateways = (knobs.number("gateways") as u32).max(1);
        let mut draw = Draw::new(seed, 0);
        let mut groups = 0;
        for _ in 0..knobs.number("groups") as u32 {
            let members: Vec<u32> =
                (0..knobs.number("group_members") as u32).map(|_| draw.below(users) as u32).collect();
            groups += u32::from(chat.group(&members).is_ok());
        }
        for user in 0..users as u32 {
            if draw.chance(knobs.number("online_share")) {
                let _ = chat.connect(user, (user % gateways) as u16);
            }
        }
        Running {
            chat,
            groups,
            gateways,
            page: knobs.number("page") as usize,
            instant_receipts: knobs.flag("instant_receipts"),
            dedupe: knobs.flag("dedupe"),
            sends: 0,
            events: 0,
            pushed: 0,
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
            3 => {
                let pushes = self.chat.connect(client, (client % self.gateways) as u16)?;
                let reads = self.chat.conversations_of(client).len() as u32;
                self.reply("connected", pushes, Cost { reads, writes: 1 })
            }
            4 => {
                self.chat.disconnect(client)?;
                Reply::ok("disconnected", Cost { reads: 0, writes: 1 })
            }
            5 => self.receipts(client)?,
            6 => {
                let Some(id) = self.chat.direct_of(client, other) else {
                    return Ok(Reply::ok("no messages", Cost { reads: 1, writes: 0 }));
                };
                let messages = self.chat.history(client, id, None, self.page)?;
                Reply::ok("read", Cost { reads: 1 + messages.len() as u32, writes: 0 })
            }
            _ => Reply::not(Outcome::NoRoute, "no such operation"),
        })
    }

    fn send(&mut self, from: u32, id: u32, op: &Op) -> Result<Reply, ChatError> {
        self.sends += 1;
        let name = if self.dedupe { op.seed } else { self.sends };
        let sent = self.chat.send(from, id, name, op.now)?;
        let note = if sent.repeated { "sent before" } else { "sent" };
        let writes = u32::from(!sent.repeated);
        Ok(self.reply(note, sent.pushes, Cost { reads: 1, writes }))
    }

    /// With the events of what is pushed. At most [`EVENTS_MAX`] of them go out one by one; for the cost
    /// all count.
    fn reply(&mut self, note: &'static str, pushes: Vec<Push>, mut cost: Cost) -> Reply {
        cost.writes += pushes.len() as u32;
        self.pushed += pushes.len() as u64;
        let mut events = vec![];
        for push in pushes {
            // What does not fit into the events has nobody who could report its arrival.
            if self.instant_receipts || events.len() >= EVENTS_MAX {
                let _ = self.chat.delivered(push.user, push.conversation, push.to);
            }
            if events.len() < EVENTS_MAX {
                self.events += 1;
                events.push(Event {
                    topic: Topic::Deliver,
                    id: u64::from(push.conversation) << 32 | u64::from(push.to),
                    key: push.user,
                    client: push.user,
                    detail: push.gateway.into(),
                });
            }
        }
        Reply { events, ..Reply::ok(note, cost) }
    }

    fn receipts(&mut self, client: u32) -> Result<Reply, ChatError> {
        let mut cost = Cost::default();
        for id in self.chat.conversations_of(client).to_vec() {
            cost.reads += 1;
            let conversation = self.chat.conversations().get(&id);
            let member = conversation.and_then(|conversation| conversation.member(client).copied());
            if member.is_some_and(|member| member.read < member.pushed) {
                self.chat.delivered(client, id, u32::MAX)?;
                self.chat.read(client, id, u32::MAX)?;
                cost.writes += 1;
            }
        }
        Ok(Reply::ok("read", cost))
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

    /// A push has arrived at the device, which has all up to its number.
    fn answered(&mut self, event: &Event, ok: bool, _: Time) {
        if ok && event.topic == Topic::Deliver {
            let (conversation, seq) = ((event.id >> 32) as u32, event.id as u32);
            let _ = self.chat.delivered(event.key, conversation, seq);
        }
    }

    fn inspect(&self, _: Time) -> Inspection {
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
        let mut busiest: Vec<u32> = chat.conversations().keys().copied().collect();
        let last = |id: &u32| chat.conversations().get(id).map_or(0, |conversation| conversation.last());
        order::sort_by_key(&mut busiest, |id| u64::from(u32::MAX - last(id)));
        let row = |id: &u32| {
            let members = chat.conversations().get(id).map_or(&[][..], |conversation| conversation.members());
            let behind = members.iter().filter(|member| member.delivered < last(id)).count();
            vec![id.to_string(), members.len().to_string(), last(id).to_string(), behind.to_string()]
        };
        Inspection {
            note: format!("{online} online"),
            figures: vec![
                Figure::count("users online", online as u64),
                Figure::count("conversations", chat.conversations().len() as u64),
                Figure::count("memberships", places),
                Figure::count("messages acknowledged", chat.acknowledged()),
                Figure::count("pushes", self.pushed),
                Figure::count("deliveries waiting", waiting),
            ],
            tables: vec![Table {
                name: "busiest conversations",
                columns: &["conversation", "members", "messages", "members behind"],
                rows: busiest.iter().take(10).map(row).collect(),
            }],
        }
    }

    fn check(&self) -> Result<(), String> {
        self.chat.check()
    }
}
