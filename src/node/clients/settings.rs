//! What can be set on clients.

use crate::algo::setting::{Scale, Setting};
use crate::node::calling::{self, Calling};
use crate::node::configure::{Around, Configure, Findings, fields};
use crate::node::keys::Keys;
use crate::sim::{DURATION_MS_MAX, Distribution, Span};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// See [`SETTINGS`] for units and bounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub arrivals: Arrivals,
    pub rate_per_s: f64,
    pub burst_on_ms: f64,
    pub burst_off_ms: f64,
    pub period_ms: f64,
    pub swing: f64,
    pub users: u32,
    pub think_ms: Distribution,
    pub clients: u32,
    pub keys: Keys,
    pub mix: Vec<Class>,
    pub timeout_ms: f64,
    #[serde(flatten, skip_serializing_if = "Calling::is_default")]
    pub calling: Calling,
    pub replay: Option<Replay>,
}

fields!(Settings: arrivals, rate_per_s, burst_on_ms, burst_off_ms, period_ms, swing, users, think_ms, clients, keys, mix, timeout_ms, replay; calling);

/// When requests come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// At equal distances.
    Steady,
    /// Independent of each other: exponential gaps.
    Poisson,
    /// Poisson while on, nothing while off (an interrupted Poisson process); spans are exponential.
    Bursty,
    /// Poisson with a rate that swings like a sine.
    Diurnal,
    /// Each user waits for the answer, thinks, and asks again.
    Closed,
    /// As in a log.
    Replay,
}

/// A kind of request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Shown, and what layer 7 routes look at.
    pub path: String,
    /// Relative to the other classes.
    #[serde(default = "one")]
    pub share: f64,
    /// Multiplies the service time.
    #[serde(default = "one")]
    pub cost: f64,
    /// Higher goes first where a queue has priorities.
    #[serde(default)]
    pub priority: u8,
    /// The share of these requests that write what their key names; the others read it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub write_share: f64,
}

/// Written out only where it is set: files from before it mean the same.
fn is_zero(share: &f64) -> bool {
    *share == 0.0
}

fn one() -> f64 {
    1.0
}

/// A log to replay. Rows are (milliseconds from the start, client, index of the path, duration in
/// milliseconds or −1 if unknown), in order of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Replay {
    pub name: String,
    pub paths: Vec<String>,
    pub rows: Arc<Vec<(f64, u32, u16, f64)>>,
}

/// The most rows of a log.
pub const REPLAY_ROWS_MAX: usize = 200_000;
/// The longest path.
const PATH_CHARS_MAX: usize = 120;
/// The most kinds of request.
pub const CLASSES_MAX: usize = 64;

impl Default for Settings {
    fn default() -> Self {
        Settings {
            arrivals: Arrivals::Poisson,
            rate_per_s: 100.0,
            burst_on_ms: 1000.0,
            burst_off_ms: 1000.0,
            period_ms: 60_000.0,
            swing: 0.5,
            users: 10,
            think_ms: Distribution::Exponential { mean: 1000.0 },
            clients: 12,
            keys: Keys::default(),
            mix: vec![Class { path: "/".into(), share: 1.0, cost: 1.0, priority: 0, write_share: 0.0 }],
            timeout_ms: 3000.0,
            calling: Calling::default(),
            replay: None,
        }
    }
}

pub const SETTINGS: &[Setting] = &[
    Setting::choice(
        "arrivals",
        "Arrivals",
        &[
            ("steady", "Steady"),
            ("poisson", "Poisson"),
            ("bursty", "Bursty"),
            ("diurnal", "Day and night"),
            ("closed", "Users who wait"),
            ("replay", "My log…"),
        ],
        "poisson",
        "When requests come.",
    ),
    Setting::number(
        "rate_per_s",
        "Arrival rate",
        "req/s",
        (0.0, 1_000_000.0),
        100.0,
        "Mean number of requests in a second.",
    )
    .usual(1.0, 400.0, Scale::Linear),
    Setting::number(
        "burst_on_ms",
        "Burst lasts",
        "ms",
        (1.0, 3_600_000.0),
        1000.0,
        "Mean length of a burst.",
    )
    .usual(100.0, 10_000.0, Scale::Logarithmic),
    Setting::number(
        "burst_off_ms",
        "Silence lasts",
        "ms",
        (0.0, 3_600_000.0),
        1000.0,
        "Mean length of the silence between bursts.",
    )
    .usual(100.0, 10_000.0, Scale::Logarithmic),
    Setting::number(
        "period_ms",
        "Day lasts",
        "ms",
        (1000.0, 86_400_000.0),
        60_000.0,
        "Time from one peak of the rate to the next.",
    )
    .usual(1000.0, 120_000.0, Scale::Logarithmic),
    Setting::number(
        "swing",
        "Swing",
        "",
        (0.0, 1.0),
        0.5,
        "How far the rate swings from its mean, as a share of it.",
    ),
    Setting::integer(
        "users",
        "Users",
        "",
        (1.0, 100_000.0),
        10.0,
        "Users who each have one request at a time.",
    )
    .usual(1.0, 500.0, Scale::Logarithmic),
    Setting::distribution(
        "think_ms",
        "Think time",
        3_600_000.0,
        "How long a user thinks between an answer and the next request.",
    ),
    Setting::integer(
        "clients",
        "Clients",
        "",
        (1.0, 100_000.0),
        12.0,
        "Distinct clients that the requests come from, numbered from 0. The same number at two such nodes is the same client.",
    )
    .usual(1.0, 200.0, Scale::Logarithmic),
    Setting::other("keys", "Keys", "Which key a request asks for."),
    Setting::other("mix", "Mix", "Kinds of requests and their shares."),
    Setting::number(
        "timeout_ms",
        "Client waits at most",
        "ms",
        (0.0, 3_600_000.0),
        3000.0,
        "When a client gives up a call; 0 for never.",
    )
    .usual(50.0, 10_000.0, Scale::Logarithmic),
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
    Setting::other("replay", "Log", "Requests as a log has them."),
];

impl Settings {
    /// How long a client waits for one call.
    #[inline(always)]
    pub fn timeout(&self) -> Option<Span> {
        (self.timeout_ms > 0.0).then(|| Span::from_ms(self.timeout_ms))
    }
}

impl Configure for Settings {
    fn check(&self, around: &Around<'_>, found: &mut Findings<'_>) {
        found.sentence("think_ms", self.think_ms.check());
        found.sentence("keys", self.keys.check());
        check_mix(&self.mix, found);
        if self.arrivals == Arrivals::Closed && self.think_ms.mean_ms() < 0.001 && self.timeout_ms <= 0.0 {
            found.add("think_ms", "users who think for no time at all must have a timeout");
        }
        match &self.replay {
            Some(replay) => check_replay(replay, around.duration_ms, found),
            None if self.arrivals == Arrivals::Replay => found.add("replay", "there is no log to replay"),
            None => {}
        }
    }
}

fn check_mix(mix: &[Class], found: &mut Findings<'_>) {
    if mix.is_empty() || mix.len() > CLASSES_MAX {
        found.add("mix", format!("must have between 1 and {CLASSES_MAX} entries, has {}", mix.len()));
    }
    for (index, class) in mix.iter().enumerate() {
        let path = format!("mix[{index}]");
        if class.path.is_empty() || class.path.chars().count() > PATH_CHARS_MAX {
            found.add(format!("{path}.path"), format!("must have between 1 and {PATH_CHARS_MAX} characters"));
        }
        if !(0.0..=1e6).contains(&class.share) {
            found.add(format!("{path}.share"), "must be between 0 and 1000000");
        }
        if !(0.001..=1000.0).contains(&class.cost) {
            found.add(format!("{path}.cost"), "must be between 0.001 and 1000");
        }
        if !(0.0..=1.0).contains(&class.write_share) {
            found.add(format!("{path}.write_share"), "must be between 0 and 1");
        }
    }
    if !mix.is_empty() && mix.iter().all(|class| class.share <= 0.0) {
        found.add("mix", "at least one share must be above 0");
    }
}

fn check_replay(replay: &Replay, duration_ms: f64, found: &mut Findings<'_>) {
    if replay.rows.len() > REPLAY_ROWS_MAX {
        return found.add("replay.rows", format!("may have at most {REPLAY_ROWS_MAX} rows"));
    }
    if replay.paths.is_empty() || replay.paths.len() > CLASSES_MAX {
        found.add("replay.paths", format!("must have between 1 and {CLASSES_MAX} entries"));
    }
    if replay.paths.iter().any(|path| path.chars().count() > PATH_CHARS_MAX) {
        found.add("replay.paths", format!("a path may have at most {PATH_CHARS_MAX} characters"));
    }
    let mut last = 0.0;
    for (row, (at_ms, client, class, duration)) in replay.rows.iter().enumerate() {
        let wrong = if !(0.0..=DURATION_MS_MAX.max(duration_ms)).contains(at_ms) {
            "its time is out of range"
        } else if *at_ms < last {
            "it is earlier than the row before"
        } else if *client >= 1_000_000 {
            "its client must be below 1000000"
        } else if *class as usize >= replay.paths.len() {
            "its path is not in the list"
        } else if !(-1.0..=DURATION_MS_MAX).contains(duration) {
            "its duration is out of range"
        } else {
            last = *at_ms;
            continue;
        };
        return found.add(format!("replay.rows[{row}]"), wrong);
    }
}
