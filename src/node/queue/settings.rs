//! What can be set on a queue.

use crate::algo::setting::{Scale, Setting};
use crate::node::configure::{Around, Configure, Findings, Size, fields};
use crate::node::member::{self, MemberSettings, check_members};
use serde::{Deserialize, Serialize};

/// See [`SETTINGS`] for units and bounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub partitions: u16,
    pub capacity: u32,
    pub when_full: WhenFull,
    pub blocked: u32,
    pub blocked_ms: f64,
    pub consumers: u16,
    pub prefetch: u16,
    pub delivery: Delivery,
    pub ack_timeout_ms: f64,
    pub attempts_max: u32,
    pub retry_delay_ms: f64,
    pub dead_letters: u32,
    pub durable: bool,
    pub poison_share: f64,
    /// What is wrong with the one machine, `queue/1`; further ones do not exist.
    pub members: Vec<MemberSettings>,
}

fields!(Settings: partitions, capacity, when_full, blocked, blocked_ms, consumers, prefetch, delivery, ack_timeout_ms, attempts_max, retry_delay_ms, dead_letters, durable, poison_share, members);

/// What becomes of a message for which there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WhenFull {
    /// Its producer is told.
    Refuse,
    /// Its producer waits until there is room.
    Block,
    /// It takes the place of the oldest that waits.
    DropOldest,
    /// It is thrown away, and its producer is not told.
    DropNewest,
}

/// Who gets a message, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// Any consumer with a free hand.
    Shared,
    /// The consumer to whom its partition belongs, once the message before it is done with.
    Ordered,
}

/// The most messages that may be with consumers at once.
pub const IN_FLIGHT_MAX: u32 = 10_000;

impl Default for Settings {
    fn default() -> Self {
        Settings {
            partitions: 1,
            capacity: 10_000,
            when_full: WhenFull::Refuse,
            blocked: 1000,
            blocked_ms: 60_000.0,
            consumers: 1,
            prefetch: 1,
            delivery: Delivery::Shared,
            ack_timeout_ms: 30_000.0,
            attempts_max: 5,
            retry_delay_ms: 1000.0,
            dead_letters: 1000,
            durable: true,
            poison_share: 0.0,
            members: vec![],
        }
    }
}

pub const SETTINGS: &[Setting] = &[
    Setting::integer(
        "partitions",
        "Partitions",
        "",
        (1.0, 64.0),
        1.0,
        "Parts of the queue; a message's key says which is its own.",
    )
    .usual(1.0, 12.0, Scale::Linear),
    Setting::integer(
        "capacity",
        "Room in each",
        "",
        (1.0, 1_000_000.0),
        10_000.0,
        "Messages that can wait in a partition; those with a consumer do not count.",
    )
    .usual(10.0, 10_000.0, Scale::Logarithmic),
    Setting::choice(
        "when_full",
        "When full",
        &[
            ("refuse", "Refuse"),
            ("block", "Let the producer wait"),
            ("drop-oldest", "Drop the oldest"),
            ("drop-newest", "Drop the newest"),
        ],
        "refuse",
        "What becomes of a message for which there is no room.",
    ),
    Setting::integer(
        "blocked",
        "Producers that may wait",
        "",
        (0.0, 100_000.0),
        1000.0,
        "Calls that are held while there is no room; more are refused.",
    )
    .usual(0.0, 1000.0, Scale::Linear),
    Setting::number(
        "blocked_ms",
        "Producers wait at most",
        "ms",
        (1.0, 3_600_000.0),
        60_000.0,
        "A producer that is held for longer is refused.",
    )
    .usual(10.0, 60_000.0, Scale::Logarithmic),
    Setting::integer("consumers", "Consumers", "", (0.0, 1000.0), 1.0, "Those who take messages; 0: none.")
        .usual(0.0, 16.0, Scale::Linear),
    Setting::integer(
        "prefetch",
        "In hand at once",
        "",
        (1.0, 1000.0),
        1.0,
        "Messages that one consumer may have without having acknowledged them.",
    )
    .usual(1.0, 50.0, Scale::Linear),
    Setting::choice(
        "delivery",
        "Delivery",
        &[("shared", "To any consumer"), ("ordered", "In order, by partition")],
        "shared",
        "In order: one message of a partition at a time, and each partition belongs to one consumer.",
    ),
    Setting::number(
        "ack_timeout_ms",
        "Acknowledged within",
        "ms",
        (1.0, 86_400_000.0),
        30_000.0,
        "A message that is not acknowledged by then is handed out again.",
    )
    .usual(100.0, 60_000.0, Scale::Logarithmic),
    Setting::integer(
        "attempts_max",
        "Attempts",
        "",
        (0.0, 1000.0),
        5.0,
        "Failed attempts after which a message is a dead letter; 0 for never.",
    )
    .usual(0.0, 20.0, Scale::Linear),
    Setting::number(
        "retry_delay_ms",
        "Tries again after",
        "ms",
        (1.0, 3_600_000.0),
        1000.0,
        "Rest after a failed attempt or a consumer's refusal; twice as long after each further one, up to a minute.",
    )
    .usual(1.0, 10_000.0, Scale::Logarithmic),
    Setting::integer(
        "dead_letters",
        "Dead letters kept",
        "",
        (0.0, 10_000.0),
        1000.0,
        "The last so many can be looked at.",
    ),
    Setting::toggle("durable", "Durable", true, "Messages survive a crash of the queue's machine."),
    Setting::number(
        "poison_share",
        "Poison",
        "",
        (0.0, 1.0),
        0.0,
        "Share of the messages that no consumer gets through with.",
    ),
    Setting::other("members", "Members", "What is wrong with the machine."),
];

pub const MEMBER_SETTINGS: &[Setting] = &[member::DOWN, member::FROZEN, member::FLAP, member::DROP_SHARE];

impl Settings {
    /// The machine's own.
    pub fn machine(&self) -> MemberSettings {
        self.members.first().cloned().unwrap_or_default()
    }

    /// Messages that may be with consumers at once.
    pub fn hands(&self) -> u32 {
        self.consumers as u32 * self.prefetch as u32
    }
}

impl Configure for Settings {
    fn check(&self, around: &Around<'_>, found: &mut Findings<'_>) {
        if self.hands() > IN_FLIGHT_MAX {
            let sentence =
                format!("consumers may have at most {IN_FLIGHT_MAX} messages in hand, have {}", self.hands());
            found.add("prefetch", sentence);
        }
        check_members(&self.members, around, found);
    }

    fn size(&self) -> Size {
        let places = self.partitions as u64 * self.capacity as u64 + self.blocked as u64;
        Size { members: 1, workers: self.hands().into(), places: places + self.dead_letters as u64 }
    }

    fn members(&self) -> &[MemberSettings] {
        &self.members
    }
}
