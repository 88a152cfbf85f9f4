//! Pure policies. Time and randomness are arguments; a policy has no clock, no global state, no I/O.
//!
//! A policy is one file and one line in its family's table. Menus, validation, links, the command
//! line, conformance tests and benches loop over the tables, so a new line is complete at once.

pub mod balance;
pub mod cache;
pub mod choice;
pub mod limit;
pub mod ring;
pub mod setting;

use setting::Setting;

/// What menus, validation and documentation need of a policy of any family.
#[derive(Clone, Copy, Debug)]
pub struct PolicyInfo {
    /// Never changes once released.
    pub id: &'static str,
    pub name: &'static str,
    /// A short name for chips and stage labels.
    pub short: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// The paper or system it comes from.
    pub source: &'static str,
    pub knobs: &'static [Setting],
}

/// The eviction policy that only a replay can use: it has to know what comes.
pub const REPLAY_ONLY: &str = "min";

/// A family of policies: its name in scenario files and its table.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    pub id: &'static str,
    pub name: &'static str,
    pub policies: fn() -> Vec<PolicyInfo>,
}

/// Every family, in the order in which they are listed. The page of a first visit has only what its nodes use.
pub const FAMILIES: &[Family] = &[
    Family {
        id: "balance",
        name: "Load balancing",
        policies: || balance::TABLE.iter().map(|p| p.info).collect(),
    },
    #[cfg(feature = "whole")]
    Family {
        id: "cache",
        name: "Cache eviction",
        policies: || cache::TABLE.iter().map(|p| p.info).collect(),
    },
    #[cfg(feature = "whole")]
    Family { id: "ring", name: "Partitioning", policies: || ring::TABLE.iter().map(|p| p.info).collect() },
    #[cfg(feature = "whole")]
    Family { id: "limit", name: "Rate limiting", policies: || limit::TABLE.iter().map(|p| p.info).collect() },
];

/// The policies of a family; empty for a family that does not exist. Services, which stand above, are
/// no family here: see `node::policies`.
pub fn policies(family: &str) -> Vec<PolicyInfo> {
    FAMILIES.iter().find(|f| f.id == family).map(|f| (f.policies)()).unwrap_or_default()
}
