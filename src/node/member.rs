//! What sets single members apart, faults included: the same for every kind of node with members.

use super::configure::{Around, Findings};
use crate::algo::setting::{Scale, Setting};
use crate::sim::{Condition, DURATION_MS_MAX, Span};
use serde::{Deserialize, Serialize};

/// What sets one member apart, faults included. Which of these a kind of node knows, its table says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct MemberSettings {
    pub weight: u32,
    pub speed: f64,
    pub slow: f64,
    pub down: bool,
    pub frozen: bool,
    pub flap: Option<Flap>,
    pub drop_share: f64,
    // Only nodes whose members talk to each other have these; others' files go without.
    #[serde(skip_serializing_if = "is_zero")]
    pub side: u8,
    #[serde(skip_serializing_if = "is_none")]
    pub skew_ms: f64,
}

fn is_zero(side: &u8) -> bool {
    *side == 0
}

fn is_none(skew_ms: &f64) -> bool {
    *skew_ms == 0.0
}

/// Down for a while, up for a while, again and again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Flap {
    pub down_ms: f64,
    pub up_ms: f64,
}

impl Default for MemberSettings {
    fn default() -> Self {
        MemberSettings {
            weight: 1,
            speed: 1.0,
            slow: 1.0,
            down: false,
            frozen: false,
            flap: None,
            drop_share: 0.0,
            side: 0,
            skew_ms: 0.0,
        }
    }
}

impl MemberSettings {
    /// The faults that the engine itself deals with.
    pub fn faults(&self) -> Condition {
        Condition {
            down: self.down,
            frozen: self.frozen,
            flap: self.flap.map(|flap| (Span::from_ms(flap.down_ms), Span::from_ms(flap.up_ms))),
            drop_share: self.drop_share,
            side: self.side,
        }
    }
}

/// The most members that a file may set apart.
pub const MEMBERS_MAX: usize = 1000;

/// Reports what the tables do not already guarantee of a node's members.
pub fn check_members(members: &[MemberSettings], around: &Around<'_>, found: &mut Findings<'_>) {
    if members.len() > MEMBERS_MAX {
        found.add("members", format!("may have at most {MEMBERS_MAX} entries"));
    }
    for (index, member) in members.iter().enumerate() {
        if let Some(flap) = member.flap {
            let fine = |ms: f64| (1.0..=DURATION_MS_MAX).contains(&ms);
            if !fine(flap.down_ms) || !fine(flap.up_ms) {
                let place = format!("{}/{}.flap", around.id, index + 1);
                found.add_at(place, "both spans must be between 1 ms and a day");
            }
        }
    }
}

pub const WEIGHT: Setting =
    Setting::integer("weight", "Weight", "", (1.0, 256.0), 1.0, "What a weighted balancer is told.").usual(
        1.0,
        10.0,
        Scale::Linear,
    );

pub const SPEED: Setting =
    Setting::number("speed", "Speed", "×", (0.01, 100.0), 1.0, "How fast it works when all is well.").usual(
        0.25,
        8.0,
        Scale::Logarithmic,
    );

pub const SLOW: Setting = Setting::number(
    "slow",
    "Slower by",
    "×",
    (1.0, 1000.0),
    1.0,
    "A fault: everything takes this many times as long.",
)
.usual(1.0, 20.0, Scale::Logarithmic);

pub const DOWN: Setting =
    Setting::toggle("down", "Crashed", false, "A fault: its work is lost and it refuses connections.");

pub const FROZEN: Setting =
    Setting::toggle("frozen", "Frozen", false, "A fault: it accepts connections and does nothing.");

pub const FLAP: Setting = Setting::other("flap", "Flapping", "A fault: down and up, again and again.");

pub const DROP_SHARE: Setting = Setting::number(
    "drop_share",
    "Drops",
    "",
    (0.0, 1.0),
    0.0,
    "A fault: this share of arriving calls vanishes.",
);

pub const SIDE: Setting = Setting::integer(
    "side",
    "Side of the cut",
    "",
    (0.0, 9.0),
    0.0,
    "A fault: members on different sides of a network partition do not reach each other; callers reach both.",
);

pub const SKEW_MS: Setting = Setting::number(
    "skew_ms",
    "Clock ahead by",
    "ms",
    (-3_600_000.0, 3_600_000.0),
    0.0,
    "A fault: its clock is ahead by this much, or behind if negative.",
)
.usual(-2000.0, 2000.0, Scale::Linear);
