//! What can be set on a rate limiter.

use crate::algo::choice::PolicyChoice;
use crate::algo::setting::{Scale, Setting};
use crate::node::configure::{Around, Configure, Findings, check_policy, fields};
use serde::{Deserialize, Serialize};

/// See [`SETTINGS`] for units and bounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub policy: PolicyChoice,
    pub per: Per,
    pub when_over: WhenOver,
    pub delay_max_ms: f64,
    pub delayed_max: u32,
}

fields!(Settings: policy, per, when_over, delay_max_ms, delayed_max);

/// Who shares a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    /// All requests.
    All,
    /// Each client has a limit of its own.
    Client,
    /// Each key has.
    Key,
}

/// What becomes of a request that is one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WhenOver {
    Refuse,
    /// It is held until the policy lets it pass.
    Delay,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            policy: PolicyChoice::new("token-bucket"),
            per: Per::All,
            when_over: WhenOver::Refuse,
            delay_max_ms: 1000.0,
            delayed_max: 100,
        }
    }
}

pub const SETTINGS: &[Setting] = &[
    Setting::policy("policy", "Policy", "limit", "token-bucket", "What may pass, and when."),
    Setting::choice(
        "per",
        "One limit for",
        &[("all", "All together"), ("client", "Each client"), ("key", "Each key")],
        "all",
        "Whose requests are counted together.",
    ),
    Setting::choice(
        "when_over",
        "One too many is",
        &[("refuse", "Refused"), ("delay", "Held until it may pass")],
        "refuse",
        "What becomes of a request that the policy does not let pass.",
    ),
    Setting::number(
        "delay_max_ms",
        "Held at most",
        "ms",
        (1.0, 3_600_000.0),
        1000.0,
        "A request that would have to wait for longer is refused.",
    )
    .usual(10.0, 10_000.0, Scale::Logarithmic),
    Setting::integer(
        "delayed_max",
        "Places to wait",
        "",
        (0.0, 100_000.0),
        100.0,
        "Requests that may be held at once; more are refused.",
    )
    .usual(0.0, 500.0, Scale::Linear),
];

impl Configure for Settings {
    fn check(&self, _: &Around<'_>, found: &mut Findings<'_>) {
        check_policy("policy", &self.policy, "limit", found);
    }

    fn spell_out(&mut self) {
        self.policy = self.policy.spelled_out("limit");
    }

    fn size(&self) -> crate::node::configure::Size {
        crate::node::configure::Size { members: 1, workers: 0, places: self.delayed_max.into() }
    }
}
