//! What can be set on servers.

use super::running::{PLAIN, SERVICE};
use super::scaling::{self, Scaling};
use crate::algo::choice::PolicyChoice;
use crate::algo::setting::{Scale, Setting, shortened};
use crate::node::Site;
use crate::node::calling::{self, Caller, Calling};
use crate::node::configure::{Around, Configure, Findings, Size, check_policy, fields};
use crate::node::member::{self, MemberSettings, check_members};
use crate::sim::{Distribution, Span};
use serde::{Deserialize, Serialize};

/// See [`SETTINGS`] for units and bounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub count: u16,
    pub workers: u16,
    pub queue: u32,
    pub discipline: Discipline,
    pub service_ms: Distribution,
    #[serde(skip_serializing_if = "is_plain")]
    pub runs: PolicyChoice,
    #[serde(skip_serializing_if = "is_none")]
    pub row_ms: f64,
    /// The node that what follows from operations goes to; empty for none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub events_to: String,
    #[serde(flatten, skip_serializing_if = "Scaling::is_default")]
    pub scaling: Scaling,
    /// For one try of a call to what is downstream; 0 for none.
    #[serde(skip_serializing_if = "is_none")]
    pub call_timeout_ms: f64,
    #[serde(flatten, skip_serializing_if = "Calling::is_default")]
    pub calling: Calling,
    /// What sets single members apart; `members[2]` is `servers/3`.
    pub members: Vec<MemberSettings>,
}

fields!(Settings: count, workers, queue, discipline, service_ms, runs, row_ms, events_to, call_timeout_ms, members; scaling, calling);

fn is_plain(runs: &PolicyChoice) -> bool {
    runs.id == PLAIN
}

fn is_none(span_ms: &f64) -> bool {
    *span_ms == 0.0
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
            runs: PolicyChoice::new(PLAIN),
            row_ms: 0.0,
            events_to: String::new(),
            scaling: Scaling::default(),
            call_timeout_ms: 0.0,
            calling: Calling::default(),
            members: vec![],
        }
    }
}

impl Settings {
    /// The settings of one member, from 0.
    pub fn member(&self, index: usize) -> MemberSettings {
        self.members.get(index).cloned().unwrap_or_default()
    }

    /// How its machines call what is downstream.
    pub(super) fn caller(&self, site: &Site<'_>) -> Caller {
        Caller::new(site, self.calling, self.call_timeout(), self.manages_calls())
    }

    pub(super) fn call_timeout(&self) -> Option<Span> {
        calling::span_if_any(self.call_timeout_ms)
    }

    /// Calls downstream may be given up, made again or refused.
    pub(super) fn manages_calls(&self) -> bool {
        !self.calling.is_plain() || self.call_timeout_ms > 0.0
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
    Setting::policy("runs", "Runs", SERVICE, PLAIN, "What the servers do: plain work, or a whole service."),
    Setting::number(
        "row_ms",
        "Time per row",
        "ms",
        (0.0, 10_000.0),
        0.0,
        "With a service: how long each row takes that an operation reads or writes.",
    )
    .usual(0.0, 20.0, Scale::Linear),
    Setting::other("events_to", "Events go to", "The node that gets what follows from operations."),
    scaling::AUTOSCALE,
    scaling::SCALE_MIN,
    scaling::SCALE_MAX,
    scaling::SCALE_TARGET,
    scaling::SCALE_EVERY_MS,
    scaling::SCALE_COOLDOWN_MS,
    scaling::SCALE_BOOT_MS,
    scaling::COST_PER_HOUR,
    Setting::number(
        "call_timeout_ms",
        "Waits downstream at most",
        "ms",
        (0.0, 3_600_000.0),
        0.0,
        "When a worker gives up a call to what is downstream; 0 for never.",
    )
    .usual(0.0, 5000.0, Scale::Linear),
    calling::DEADLINE_MS,
    calling::RETRIES,
    calling::BACKOFF,
    calling::BACKOFF_MS,
    calling::BACKOFF_MAX_MS,
    calling::JITTER,
    calling::HONOUR_RETRY_AFTER,
    calling::RETRY_BUDGET,
    calling::HEDGE_AFTER_MS,
    calling::BREAKER_FAILURES,
    calling::BREAKER_WINDOW,
    calling::BREAKER_OPEN_MS,
    calling::BREAKER_PROBES,
    calling::BULKHEAD,
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
        check_policy("runs", &self.runs, SERVICE, found);
        if !self.events_to.is_empty() && !around.to.contains(&self.events_to) {
            let to = shortened(&self.events_to);
            found.add("events_to", format!("\"{to}\" is not among the nodes that {} calls", around.id));
        }
        if self.scaling.is_on() && self.scaling.scale_min > self.scaling.scale_max {
            found.add("scale_min", "must not be above scale_max");
        }
        check_members(&self.members, around, found);
    }

    fn spell_out(&mut self) {
        self.runs = self.runs.spelled_out_among(&crate::node::policies(SERVICE));
    }

    fn size(&self) -> Size {
        let most = if self.scaling.is_on() { self.count.max(self.scaling.scale_max) } else { self.count };
        Size { members: most.into(), workers: self.workers.into(), places: self.queue.into() }
    }

    fn members(&self) -> &[MemberSettings] {
        &self.members
    }
}
