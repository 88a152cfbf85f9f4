//! What a store's machines hold of some keys, as plain data for the instrument on the stage.

use crate::sim::{Span, Time};
use serde::Serialize;

/// A store's replicas at one instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ReplicasView {
    pub now: Time,
    /// Keys that were written lately, each with the number of its newest acknowledged write.
    pub keys: Vec<(u32, u32)>,
    /// By member.
    pub members: Vec<ReplicaView>,
    pub reads: u64,
    /// Those that were answered with an older version than the newest acknowledged before they began.
    pub stale_reads: u64,
    /// Acknowledged writes that are gone.
    pub lost: u64,
    /// Acknowledged writes that stood beside another that neither had seen: version vectors kept both.
    pub beside: u64,
    /// The last stale read.
    pub stale: Option<Stale>,
    /// Too few machines were there for them.
    pub refused: Refused,
    /// For how long the owners of some key that is shown have not agreed on its newest write; `None`: they do.
    pub apart: Option<Span>,
    pub agreed: Option<Agreed>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Refused {
    pub reads: u64,
    pub writes: u64,
}

/// How long it took, of the last writes, from the acknowledgement until all owners of the key had it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Agreed {
    pub median: Span,
    pub most: Span,
}

impl Agreed {
    /// `None` of none.
    pub fn of(spans: impl Iterator<Item = Span>) -> Option<Agreed> {
        let mut spans: Vec<Span> = spans.collect();
        spans.sort_unstable();
        let median = spans.get(spans.len().div_ceil(2).max(1) - 1)?;
        Some(Agreed { median: *median, most: *spans.last()? })
    }
}

/// More members than these have no room for what each holds.
pub const REPLICAS_SHOWN: u16 = 8;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ReplicaView {
    /// By key of [`ReplicasView::keys`].
    pub copies: Vec<Copies>,
    /// It leads the first key.
    pub leads: bool,
    /// Writes that others keep for it.
    pub hints_for_it: u32,
    /// Keys locked by transfers.
    pub locked: u32,
    /// Transfers that it coordinates and that are not over.
    pub undecided: u32,
}

/// What a member holds of a key.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Copies {
    /// The key belongs here, or is about to.
    pub at_home: bool,
    /// Numbers of the versions, the newest first; several stand side by side.
    pub versions: Vec<u32>,
}

/// A read that was answered with too old a version.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Stale {
    pub key: u32,
    /// Who answered.
    pub member: u16,
    pub answered: u32,
    pub newest: u32,
    pub at: Time,
    /// For how long the newest had been acknowledged when the answer was given, if that is known.
    pub late: Option<Span>,
}

impl ReplicasView {
    /// How many of the keys that belong here a member holds too old a version of.
    pub fn behind(&self, member: usize) -> usize {
        let Some(replica) = self.members.get(member) else { return 0 };
        let old = |(copies, (_, newest)): &(&Copies, &(u32, u32))| {
            copies.at_home && copies.versions.first().is_none_or(|version| version < newest)
        };
        replica.copies.iter().zip(&self.keys).filter(old).count()
    }
}
