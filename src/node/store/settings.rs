//! What can be set on a store.

use super::map::REPLICAS_MAX;
use super::transact::ACCOUNTS_MAX;
use crate::algo::choice::PolicyChoice;
use crate::algo::setting::{Scale, Setting};
use crate::node::configure::{Around, Configure, Findings, Size, check_policy, fields};
use crate::node::member::{self, MemberSettings, check_members};
use crate::node::work::Room;
use crate::sim::Distribution;
use serde::{Deserialize, Serialize};

/// See [`SETTINGS`] for units and bounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub count: u16,
    pub replicas: u16,
    pub partitioner: PolicyChoice,
    pub replication: Replication,
    pub read_quorum: u16,
    pub write_quorum: u16,
    pub read_from: ReadFrom,
    pub replication_lag_ms: f64,
    pub failover_ms: f64,
    pub conflicts: Conflicts,
    pub read_repair: bool,
    pub hinted_handoff: bool,
    pub anti_entropy_every_ms: f64,
    pub move_per_s: f64,
    pub timeout_ms: f64,
    pub scan_path: String,
    pub transaction_path: String,
    pub accounts: u32,
    pub recovery_ms: f64,
    pub workers: u16,
    pub queue: u32,
    pub service_ms: Distribution,
    /// What sets single members apart; `members[2]` is `store/3`.
    pub members: Vec<MemberSettings>,
}

fields!(Settings: count, replicas, partitioner, replication, read_quorum, write_quorum, read_from, replication_lag_ms, failover_ms, conflicts, read_repair, hinted_handoff, anti_entropy_every_ms, move_per_s, timeout_ms, scan_path, transaction_path, accounts, recovery_ms, workers, queue, service_ms, members);

/// Who takes writes, and when they are acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Replication {
    /// One leader for each key, which waits for every follower that is there.
    LeaderSync,
    /// One leader for each key, which tells its followers later.
    LeaderAsync,
    /// Any of the key's machines; so many of them must answer.
    Quorum,
}

/// Who answers reads where there is a leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ReadFrom {
    Leader,
    Any,
}

/// What becomes of two writes of which neither had seen the other, where there is no leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Conflicts {
    LastWriteWins,
    VersionVectors,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            count: 3,
            replicas: 3,
            partitioner: PolicyChoice::new("ring"),
            replication: Replication::Quorum,
            read_quorum: 2,
            write_quorum: 2,
            read_from: ReadFrom::Leader,
            replication_lag_ms: 100.0,
            failover_ms: 1000.0,
            conflicts: Conflicts::LastWriteWins,
            read_repair: true,
            hinted_handoff: true,
            anti_entropy_every_ms: 0.0,
            move_per_s: 1000.0,
            timeout_ms: 1000.0,
            scan_path: "/scan".into(),
            transaction_path: "/transfer".into(),
            accounts: 1000,
            recovery_ms: 500.0,
            workers: 8,
            queue: 1000,
            service_ms: Distribution::Exponential { mean: 1.0 },
            members: vec![],
        }
    }
}

impl Settings {
    /// The settings of one member, from 0.
    pub fn member(&self, index: usize) -> MemberSettings {
        self.members.get(index).cloned().unwrap_or_default()
    }

    pub fn has_leaders(&self) -> bool {
        self.replication != Replication::Quorum
    }

    pub fn room(&self) -> Room {
        Room { workers: self.workers, queue: self.queue }
    }

    /// Whether two writes that had not seen each other both stay.
    pub fn keeps_both(&self) -> bool {
        !self.has_leaders() && self.conflicts == Conflicts::VersionVectors
    }
}

/// The longest path that can be set, in characters.
const PATH_CHARS: usize = 120;

pub const SETTINGS: &[Setting] = &[
    Setting::integer("count", "Machines", "", (1.0, 200.0), 3.0, "How many machines there are.").usual(
        1.0,
        12.0,
        Scale::Linear,
    ),
    Setting::integer(
        "replicas",
        "Replicas (N)",
        "",
        (1.0, REPLICAS_MAX as f64),
        3.0,
        "How many machines hold each key.",
    ),
    Setting::policy("partitioner", "Partitioner", "ring", "ring", "Which machines hold which key."),
    Setting::choice(
        "replication",
        "Replication",
        &[
            ("leader-sync", "Leader, synchronous"),
            ("leader-async", "Leader, asynchronous"),
            ("quorum", "Leaderless quorum"),
        ],
        "quorum",
        "Who takes writes, and when they are acknowledged.",
    ),
    Setting::integer(
        "read_quorum",
        "Read quorum (R)",
        "",
        (1.0, REPLICAS_MAX as f64),
        2.0,
        "Leaderless: replicas that must answer a read; at most N.",
    ),
    Setting::integer(
        "write_quorum",
        "Write quorum (W)",
        "",
        (1.0, REPLICAS_MAX as f64),
        2.0,
        "Leaderless: replicas that must take a write; at most N.",
    ),
    Setting::choice(
        "read_from",
        "Read from",
        &[("leader", "The leader"), ("any", "Any replica")],
        "leader",
        "Where there is a leader: who answers reads.",
    ),
    Setting::number(
        "replication_lag_ms",
        "Replication lag",
        "ms",
        (0.0, 60_000.0),
        100.0,
        "How long an asynchronous leader keeps a write before it sends it to the followers.",
    )
    .usual(0.0, 1000.0, Scale::Linear),
    Setting::number(
        "failover_ms",
        "Failover after",
        "ms",
        (0.0, 60_000.0),
        1000.0,
        "How long a machine must be gone before everybody knows, and another leads.",
    )
    .usual(0.0, 5000.0, Scale::Linear),
    Setting::choice(
        "conflicts",
        "Concurrent writes",
        &[("last-write-wins", "Last write wins"), ("version-vectors", "Version vectors")],
        "last-write-wins",
        "Leaderless: what becomes of two writes of which neither had seen the other.",
    ),
    Setting::toggle(
        "read_repair",
        "Read repair",
        true,
        "Leaderless: brings replicas up to date that a read found behind.",
    ),
    Setting::toggle(
        "hinted_handoff",
        "Hinted handoff",
        true,
        "Keeps writes for replicas that did not take them, and delivers them later.",
    ),
    Setting::number(
        "anti_entropy_every_ms",
        "Anti-entropy every",
        "ms",
        (0.0, 3_600_000.0),
        0.0,
        "How often each machine compares a part of its rows with another's; 0 for never.",
    )
    .usual(0.0, 5000.0, Scale::Linear),
    Setting::number(
        "move_per_s",
        "Rows moved",
        "/s",
        (0.0, 100_000.0),
        1000.0,
        "How fast rows move when their machines change.",
    )
    .usual(0.0, 5000.0, Scale::Linear),
    Setting::number(
        "timeout_ms",
        "Timeout",
        "ms",
        (1.0, 60_000.0),
        1000.0,
        "How long a machine waits for the others.",
    )
    .usual(10.0, 5000.0, Scale::Logarithmic),
    Setting::other("scan_path", "Scans", "Requests whose path begins so ask all machines."),
    Setting::other(
        "transaction_path",
        "Transfers",
        "Requests whose path begins so move money between two keys.",
    ),
    Setting::integer(
        "accounts",
        "Accounts",
        "",
        (2.0, ACCOUNTS_MAX as f64),
        1000.0,
        "Among so many keys, the first, a transfer finds its receiver.",
    )
    .usual(2.0, 10_000.0, Scale::Logarithmic),
    Setting::number(
        "recovery_ms",
        "Recovery every",
        "ms",
        (1.0, 60_000.0),
        500.0,
        "How often a machine asks for the outcome of a transfer that it holds locks for.",
    )
    .usual(10.0, 5000.0, Scale::Logarithmic),
    Setting::integer(
        "workers",
        "Workers each",
        "",
        (1.0, 1024.0),
        8.0,
        "Rows that one machine works on at once.",
    )
    .usual(1.0, 16.0, Scale::Linear),
    Setting::integer(
        "queue",
        "Queue places each",
        "",
        (0.0, 100_000.0),
        1000.0,
        "Pieces of work that can wait at one machine; more are refused.",
    )
    .usual(0.0, 1000.0, Scale::Linear),
    Setting::distribution(
        "service_ms",
        "Service time",
        60_000.0,
        "Work that one row takes at one machine, at speed 1.",
    ),
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
    member::SIDE,
    member::SKEW_MS,
];

impl Configure for Settings {
    fn check(&self, around: &Around<'_>, found: &mut Findings<'_>) {
        check_policy("partitioner", &self.partitioner, "ring", found);
        found.sentence("service_ms", self.service_ms.check());
        for (name, path) in [("scan_path", &self.scan_path), ("transaction_path", &self.transaction_path)] {
            if path.is_empty() || path.chars().count() > PATH_CHARS {
                found.add(name, format!("must have between 1 and {PATH_CHARS} characters"));
            }
        }
        check_members(&self.members, around, found);
    }

    fn spell_out(&mut self) {
        self.partitioner = self.partitioner.spelled_out("ring");
    }

    fn size(&self) -> Size {
        Size { members: self.count.into(), workers: self.workers.into(), places: self.queue.into() }
    }

    fn members(&self) -> &[MemberSettings] {
        &self.members
    }
}
