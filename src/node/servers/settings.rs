//! What can be set on servers.

use crate::algo::setting::{Scale, Setting};
use crate::node::configure::{Around, Configure, Findings, Size};
use crate::node::member::{self, MemberSettings, check_members};
use crate::sim::Distribution;
use serde::{Deserialize, Serialize};

/// See [`SETTINGS`] for units and bounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub count: u16,
    pub workers: u16,
    pub queue: u32,
    pub discipline: Discipline,
    pub service_ms: Distribution,
    /// What sets single members apart; `members[2]` is `servers/3`.
    pub members: Vec<MemberSettings>,
}

/// Who is next when a worker is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Discipline {
    Fifo,
    Lifo,
    Priority,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            count: 1,
            workers: 1,
            queue: 100,
            discipline: Discipline::Fifo,
            service_ms: Distribution::Exponential { mean: 80.0 },
            members: vec![],
        }
    }
}

impl Settings {
    /// The settings of one member, from 0.
    pub fn member(&self, index: usize) -> MemberSettings {
        self.members.get(index).cloned().unwrap_or_default()
    }
}

pub const SETTINGS: &[Setting] = &[
    Setting::integer("count", "Servers", "", (1.0, 1000.0), 1.0, "How many machines there are.").usual(
        1.0,
        12.0,
        Scale::Linear,
    ),
    Setting::integer(
        "workers",
        "Workers each",
        "",
        (1.0, 1024.0),
        1.0,
        "Calls that one machine works on at once.",
    )
    .usual(1.0, 16.0, Scale::Linear),
    Setting::integer(
        "queue",
        "Queue places each",
        "",
        (0.0, 1_000_000.0),
        100.0,
        "Calls that can wait at one machine; more are refused.",
    )
    .usual(0.0, 64.0, Scale::Linear),
    Setting::choice(
        "discipline",
        "Next from the queue",
        &[("fifo", "First in"), ("lifo", "Last in"), ("priority", "Priority")],
        "fifo",
        "Who is next when a worker is free.",
    ),
    Setting::distribution("service_ms", "Service time", 60_000.0, "Work that a request needs, at speed 1."),
    Setting::other("members", "Members", "What sets single machines apart."),
];

pub const MEMBER_SETTINGS: &[Setting] = &[
    member::WEIGHT,
    member::SPEED,
    member::SLOW,
    member::DOWN,
    member::FROZEN,
    member::FLAP,
    member::DROP_SHARE,
];

impl Configure for Settings {
    fn check(&self, around: &Around<'_>, found: &mut Findings<'_>) {
        found.sentence("service_ms", self.service_ms.check());
        check_members(&self.members, around, found);
    }

    fn size(&self) -> Size {
        Size { members: self.count.into(), workers: self.workers.into(), places: self.queue.into() }
    }

    fn members(&self) -> &[MemberSettings] {
        &self.members
    }
}
