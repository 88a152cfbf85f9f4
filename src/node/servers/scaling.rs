//! What can be set on how many servers there are: autoscaling and cost.
//!
//! The rule is that of the Kubernetes HorizontalPodAutoscaler (its documentation, "Algorithm details"; the
//! target tracking policies of AWS work alike): as many machines as would bring the mean utilisation to the
//! target, `ceil(machines · utilisation / target)`, and none if that is within 10 % of it.

use crate::algo::setting::{Scale, Setting};
use crate::node::configure::fields;
use serde::{Deserialize, Serialize};

/// See the rows below for units and bounds. Files in which all is as by default go without it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Scaling {
    pub autoscale: Autoscale,
    pub scale_min: u16,
    pub scale_max: u16,
    pub scale_target: f64,
    pub scale_every_ms: f64,
    pub scale_cooldown_ms: f64,
    pub scale_boot_ms: f64,
    pub cost_per_hour: f64,
}

fields!(Scaling: autoscale, scale_min, scale_max, scale_target, scale_every_ms, scale_cooldown_ms, scale_boot_ms, cost_per_hour);

/// By what the number of machines follows the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Autoscale {
    Off,
    Utilisation,
}

impl Default for Scaling {
    fn default() -> Self {
        Scaling {
            autoscale: Autoscale::Off,
            scale_min: 1,
            scale_max: 10,
            scale_target: 0.6,
            scale_every_ms: 5000.0,
            scale_cooldown_ms: 30_000.0,
            scale_boot_ms: 10_000.0,
            cost_per_hour: 0.0,
        }
    }
}

impl Scaling {
    pub fn is_default(&self) -> bool {
        *self == Scaling::default()
    }

    pub fn is_on(&self) -> bool {
        self.autoscale == Autoscale::Utilisation
    }

    /// The number of machines within the bounds.
    pub fn bounded(&self, machines: u16) -> u16 {
        machines.clamp(self.scale_min, self.scale_max.max(self.scale_min))
    }
}

/// The share by which the utilisation may miss its target before anything happens: that of Kubernetes.
const TOLERANCE: f64 = 0.1;

/// How many machines there should be, given the utilisation of each that was ordered: `None` for one that
/// cannot be measured, being down or not up yet. Such a one counts as idle where more are wanted, and as on
/// target where fewer are; if that turns the decision round, nothing happens.
pub fn desired(utilisation: &[Option<f64>], target: f64) -> usize {
    let machines = utilisation.len();
    let known: Vec<f64> = utilisation.iter().copied().flatten().collect();
    if known.is_empty() || target <= 0.0 {
        return machines;
    }
    let sum: f64 = known.iter().sum();
    let ratio = sum / known.len() as f64 / target;
    let assumed = if ratio > 1.0 { 0.0 } else { target };
    let unknown = (machines - known.len()) as f64;
    let careful = (sum + unknown * assumed) / machines as f64 / target;
    let near = |ratio: f64| (ratio - 1.0).abs() <= TOLERANCE + 1e-9;
    if near(ratio) || near(careful) || (ratio > 1.0) != (careful > 1.0) {
        return machines;
    }
    // Quotients such as 0.9 / 0.6 are not exact.
    libm::ceil(machines as f64 * careful - 1e-9) as usize
}

pub const AUTOSCALE: Setting = Setting::choice(
    "autoscale",
    "Autoscaling",
    &[("off", "Off"), ("utilisation", "By utilisation")],
    "off",
    "Whether the number of machines follows the load; `count` is where it begins.",
);

pub const SCALE_MIN: Setting =
    Setting::integer("scale_min", "Machines at least", "", (1.0, 1000.0), 1.0, "Autoscaling keeps so many.")
        .usual(1.0, 12.0, Scale::Linear);

pub const SCALE_MAX: Setting = Setting::integer(
    "scale_max",
    "Machines at most",
    "",
    (1.0, 1000.0),
    10.0,
    "Autoscaling adds no more than these.",
)
.usual(1.0, 24.0, Scale::Linear);

pub const SCALE_TARGET: Setting = Setting::number(
    "scale_target",
    "Target utilisation",
    "",
    (0.05, 1.0),
    0.6,
    "The share of busy workers that autoscaling aims at.",
);

pub const SCALE_EVERY_MS: Setting = Setting::number(
    "scale_every_ms",
    "Decides every",
    "ms",
    (100.0, 3_600_000.0),
    5000.0,
    "Time between two decisions; each looks at the utilisation since the last.",
)
.usual(500.0, 60_000.0, Scale::Logarithmic);

pub const SCALE_COOLDOWN_MS: Setting = Setting::number(
    "scale_cooldown_ms",
    "No removal within",
    "ms",
    (0.0, 3_600_000.0),
    30_000.0,
    "Machines are removed only so long after the last change of their number.",
)
.usual(0.0, 120_000.0, Scale::Linear);

pub const SCALE_BOOT_MS: Setting = Setting::number(
    "scale_boot_ms",
    "Boot time",
    "ms",
    (0.0, 3_600_000.0),
    10_000.0,
    "From the order of a machine until it takes calls.",
)
.usual(0.0, 60_000.0, Scale::Linear);

pub const COST_PER_HOUR: Setting = Setting::number(
    "cost_per_hour",
    "Cost of a machine",
    "per h",
    (0.0, 10_000.0),
    0.0,
    "What one machine costs in an hour, from its order to its removal.",
)
.usual(0.0, 2.0, Scale::Linear);

#[cfg(test)]
mod tests {
    use super::*;

    fn all(utilisation: f64, machines: usize) -> Vec<Option<f64>> {
        vec![Some(utilisation); machines]
    }

    /// The examples of the Kubernetes documentation: at twice the target twice the replicas, at half of it
    /// half of them; within 10 % none.
    #[test]
    fn the_number_follows_the_ratio_of_utilisation_to_target() {
        assert_eq!(desired(&all(0.8, 3), 0.4), 6);
        assert_eq!(desired(&all(0.2, 4), 0.4), 2);
        assert_eq!(desired(&all(0.9, 4), 0.6), 6, "0.9 / 0.6 is a little above 1.5");
        assert_eq!(desired(&all(0.7, 4), 0.6), 5, "rounded up");
        for within in [0.54, 0.55, 0.6, 0.65, 0.66] {
            assert_eq!(desired(&all(within, 4), 0.6), 4);
        }
        assert_eq!(desired(&all(0.0, 4), 0.6), 0);
        assert_eq!(desired(&[], 0.6), 0);
    }

    #[test]
    fn what_is_not_known_never_drives_a_decision() {
        // Two at 0.9 ask for three; the third is booting.
        assert_eq!(desired(&[Some(0.9), Some(0.9), None], 0.6), 3);
        assert_eq!(desired(&[Some(1.0), Some(1.0), None], 0.5), 4);
        // Two idle ones could go, were the other two not unknown: (0.2 + 2 · 0.6) / 4 / 0.6 = 0.58.
        assert_eq!(desired(&[Some(0.1), Some(0.1), None, None], 0.6), 3);
        assert_eq!(desired(&[None, None], 0.6), 2);
    }
}
