//! What can be set on a cache.

use crate::algo::REPLAY_ONLY;
use crate::algo::cache::CAPACITY_MAX;
use crate::algo::choice::PolicyChoice;
use crate::algo::setting::{Scale, Setting};
use crate::node::configure::{Around, Configure, Findings, Size, check_policy, fields};
use crate::node::keys::KEYS_MAX;
use crate::node::member::{self, MemberSettings, check_members};
use serde::{Deserialize, Serialize};

/// See [`SETTINGS`] for units and bounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub count: u16,
    pub capacity: u32,
    pub eviction: PolicyChoice,
    pub strategy: Strategy,
    pub ttl_ms: f64,
    pub ttl_spread: f64,
    pub refresh_share: f64,
    pub flush_every_ms: f64,
    pub flush_batch: u32,
    pub write_buffer: u32,
    pub coalesce: bool,
    pub partitioner: PolicyChoice,
    pub replicas: u16,
    pub failover_ms: f64,
    pub warm_share: f64,
    pub warm_keys: u32,
    /// What sets single members apart; `members[2]` is `cache/3`.
    pub members: Vec<MemberSettings>,
}

fields!(Settings: count, capacity, eviction, strategy, ttl_ms, ttl_spread, refresh_share, flush_every_ms, flush_batch, write_buffer, coalesce, partitioner, replicas, failover_ms, warm_share, warm_keys, members);

/// How reads and writes go past the cache: see the table in [`super`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    Aside,
    ReadThrough,
    WriteThrough,
    WriteBehind,
    WriteAround,
    RefreshAhead,
}

/// (id, label, short) of each, in the order of the enum.
pub const STRATEGIES: [(&str, &str); 6] = [
    ("aside", "Cache-aside"),
    ("read-through", "Read-through"),
    ("write-through", "Write-through"),
    ("write-behind", "Write-behind"),
    ("write-around", "Write-around"),
    ("refresh-ahead", "Refresh-ahead"),
];

/// Entries of all machines of a node.
pub const ENTRIES_MAX: u64 = 2_000_000;

impl Default for Settings {
    fn default() -> Self {
        Settings {
            count: 1,
            capacity: 1000,
            eviction: PolicyChoice::new("lru"),
            strategy: Strategy::Aside,
            ttl_ms: 0.0,
            ttl_spread: 0.0,
            refresh_share: 0.2,
            flush_every_ms: 1000.0,
            flush_batch: 100,
            write_buffer: 10_000,
            coalesce: false,
            partitioner: PolicyChoice::new("ring"),
            replicas: 1,
            failover_ms: 0.0,
            warm_share: 0.0,
            warm_keys: 0,
            members: vec![],
        }
    }
}

pub const SETTINGS: &[Setting] = &[
    Setting::integer("count", "Machines", "", (1.0, 100.0), 1.0, "How many cache machines there are.").usual(
        1.0,
        12.0,
        Scale::Linear,
    ),
    Setting::integer(
        "capacity",
        "Entries each",
        "",
        (1.0, CAPACITY_MAX as f64),
        1000.0,
        "How many entries one machine holds.",
    )
    .usual(10.0, 100_000.0, Scale::Logarithmic),
    Setting::policy("eviction", "Eviction", "cache", "lru", "Who leaves when a machine is full."),
    Setting::choice("strategy", "Strategy", &STRATEGIES, "aside", "How reads and writes go past the cache."),
    Setting::number(
        "ttl_ms",
        "Lifetime",
        "ms",
        (0.0, 86_400_000.0),
        0.0,
        "How long an entry may be used after it was written; 0 for ever.",
    )
    .usual(100.0, 60_000.0, Scale::Logarithmic),
    Setting::number(
        "ttl_spread",
        "Lifetimes differ by",
        "",
        (0.0, 1.0),
        0.0,
        "Each lifetime is shortened by a random share up to this, so that not all expire together.",
    ),
    Setting::number(
        "refresh_share",
        "Refresh in the last",
        "",
        (0.0, 1.0),
        0.2,
        "With refresh-ahead: a hit in this last share of a lifetime fetches the entry anew.",
    ),
    Setting::number(
        "flush_every_ms",
        "Flush every",
        "ms",
        (1.0, 3_600_000.0),
        1000.0,
        "With write-behind: how often a machine passes its writes on.",
    )
    .usual(10.0, 30_000.0, Scale::Logarithmic),
    Setting::integer(
        "flush_batch",
        "Flush at most",
        "",
        (1.0, 10_000.0),
        100.0,
        "With write-behind: writes that one machine passes on at once, the oldest first.",
    )
    .usual(1.0, 1000.0, Scale::Logarithmic),
    Setting::integer(
        "write_buffer",
        "Writes kept",
        "",
        (1.0, 100_000.0),
        10_000.0,
        "With write-behind: writes that one machine keeps; one more has to wait for the origin.",
    )
    .usual(10.0, 100_000.0, Scale::Logarithmic),
    Setting::toggle(
        "coalesce",
        "Coalesce misses",
        false,
        "Misses on a key that is being fetched wait for it instead of asking the origin too.",
    ),
    Setting::policy("partitioner", "Placement", "ring", "ring", "Which machine holds which key."),
    Setting::integer("replicas", "Copies", "", (1.0, 10.0), 1.0, "On how many machines an entry is kept."),
    Setting::number(
        "failover_ms",
        "Failover after",
        "ms",
        (0.0, 3_600_000.0),
        0.0,
        "How long after a crash a machine's keys are given to the others; 0 for never.",
    )
    .usual(100.0, 30_000.0, Scale::Logarithmic),
    Setting::number(
        "warm_share",
        "Warm start",
        "",
        (0.0, 1.0),
        0.0,
        "The share of its places that a machine starts with: keys 0, 1, 2 …, the most popular ones.",
    )
    .only_at_start(),
    Setting::integer(
        "warm_keys",
        "Warm keys",
        "",
        (0.0, KEYS_MAX as f64),
        0.0,
        "How many different keys there are at most at the start; 0 for as many as there is room for.",
    )
    .only_at_start(),
    Setting::other("members", "Members", "What sets single machines apart."),
];

pub const MEMBER_SETTINGS: &[Setting] =
    &[member::WEIGHT, member::DOWN, member::FROZEN, member::FLAP, member::DROP_SHARE];

impl Configure for Settings {
    fn check(&self, around: &Around<'_>, found: &mut Findings<'_>) {
        check_policy("eviction", &self.eviction, "cache", found);
        check_policy("partitioner", &self.partitioner, "ring", found);
        check_members(&self.members, around, found);
        if u64::from(self.count) * u64::from(self.capacity) > ENTRIES_MAX {
            found.add("capacity", format!("all machines together may hold at most {ENTRIES_MAX} entries"));
        }
        if self.eviction.id == REPLAY_ONLY {
            found.add("eviction", "\"min\" knows the future: only a replay of a trace can tell it");
        }
        let expires = self.ttl_ms > 0.0;
        if self.eviction.id == "ttl" && !expires {
            found.add(
                "ttl_ms",
                "must be above 0 first: with the policy \"ttl\" nothing else lets an entry go",
            );
        }
        if self.strategy == Strategy::RefreshAhead && !expires {
            found.add("ttl_ms", "must be above 0 first: what is refreshed ahead has a lifetime");
        }
    }

    fn spell_out(&mut self) {
        self.eviction = self.eviction.spelled_out("cache");
        self.partitioner = self.partitioner.spelled_out("ring");
    }

    fn size(&self) -> Size {
        Size { members: self.count.into(), ..Size::ONE }
    }

    fn members(&self) -> &[MemberSettings] {
        &self.members
    }
}
