//! The types of a scenario, version 1.

use crate::node;
use crate::sim::Distribution;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// Everything that reproduces a run. Plain data; what is saved and shared.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(deny_unknown_fields))]
pub struct Scenario {
    /// The format's version.
    pub v: u32,
    pub title: String,
    /// At most 2⁵³ − 1, so that every JSON reader keeps it exact.
    pub seed: u64,
    pub duration_ms: f64,
    pub nodes: Vec<NodeSpec>,
    pub links: Vec<LinkSpec>,
    pub changes: Vec<ChangeSpec>,
    /// Paths of the settings that an author lets the learner turn.
    pub knobs: Vec<String>,
    /// What is set otherwise in each of the runs that are compared, on the same requests; empty for one run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<VariantSpec>,
}

/// A node, how it is set, and whom it calls.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct NodeSpec {
    /// Lower-case letters, digits and hyphens.
    pub id: String,
    /// As on the stage.
    pub name: String,
    #[serde(flatten)]
    pub settings: node::Settings,
    /// Ids of the nodes that this one calls.
    pub to: Vec<String>,
}

/// What a connection is like. Connections that are not listed have no latency and lose nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LinkSpec {
    pub from: String,
    pub to: String,
    /// Each way.
    #[serde(default = "no_latency")]
    pub latency_ms: Distribution,
    /// Share of messages that are lost, each way.
    #[serde(default)]
    pub loss: f64,
    /// Nothing gets through.
    #[serde(default)]
    pub cut: bool,
}

fn no_latency() -> Distribution {
    Distribution::ZERO
}

/// Settings that take other values at a given time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangeSpec {
    pub at_ms: f64,
    /// A node (`lb`), a member (`servers/3`) or a link (`lb>servers`).
    pub node: String,
    pub set: BTreeMap<String, Value>,
}

/// One of the runs that are compared: settings that differ from the scenario's from the start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct VariantSpec {
    pub name: String,
    /// By path; empty for the scenario as it is.
    #[serde(default)]
    pub set: BTreeMap<String, Value>,
}

/// Something wrong with an input, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// `lb.policy`, `changes[2].at_ms`; empty for the whole.
    pub path: String,
    pub sentence: String,
}

impl Problem {
    pub fn new(path: impl Into<String>, sentence: impl Into<String>) -> Problem {
        Problem { path: path.into(), sentence: sentence.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.sentence)
        } else {
            write!(f, "{}: {}", self.path, self.sentence)
        }
    }
}

/// The newest version of the format.
pub const VERSION: u32 = 1;

/// Bounds of a scenario, checked before memory is taken.
pub mod limits {
    /// A file's size; links have tighter ones of their own.
    pub const FILE_BYTES: usize = 32 << 20;
    /// Nesting of a file.
    pub const DEPTH: usize = 16;
    pub const TITLE_CHARS: usize = 120;
    pub const NAME_CHARS: usize = 40;
    pub const ID_CHARS: usize = 32;
    pub const NODES: usize = 32;
    pub const CHANGES: usize = 1000;
    pub const KNOBS: usize = 64;
    pub const VARIANTS: usize = 4;
    /// Settings of one variant.
    pub const VARIANT_SETTINGS: usize = 32;
    pub const DURATION_MS: f64 = 86_400_000.0;
    pub const SEED: u64 = (1 << 53) - 1;
    /// Workers of all members of all nodes.
    pub const WORKERS: u64 = 200_000;
    /// Queue places of all members of all nodes.
    pub const QUEUE_PLACES: u64 = 2_000_000;
    /// Problems that are reported of one input.
    pub const PROBLEMS: usize = 50;
}
