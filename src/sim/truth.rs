//! The oracle: it knows every write, so that stale reads and lost writes are measured, not estimated.
//!
//! Each node that keeps data gives every write of a key a number, in the order in which they begin,
//! and tells when it has acknowledged it. Whoever holds a copy can be asked how old it is. No policy
//! and no node may decide anything by it: in the real system nobody knows.

use super::{NodeId, Span};
use std::sync::Arc;

/// What an answer brings: which node's data, and the number of the write that it comes from. What a limiter's
/// refusal brings, that is with [`super::Outcome::RateLimited`], is when to come again: see [`Answer::again_after`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Answer {
    pub origin: NodeId,
    /// 0: nothing was ever written, or the answer is not about data.
    pub version: u32,
}

const NS_PER_MS: u64 = 1_000_000;

impl Answer {
    /// Of a refusal: come again after this time. As in a header it is a whole number, of milliseconds, rounded up.
    pub fn again(origin: NodeId, after: Span) -> Answer {
        let ms = after.0.div_ceil(NS_PER_MS).max(1);
        Answer { origin, version: u32::try_from(ms).unwrap_or(u32::MAX) }
    }

    /// Of a refusal: after which time to come again, if it said so.
    pub fn again_after(self) -> Option<Span> {
        (self.version > 0).then(|| Span(u64::from(self.version) * NS_PER_MS))
    }
}

/// For each node and key: how many writes began, and the newest that was acknowledged.
#[derive(Clone, Debug, Default)]
pub(super) struct Truth {
    nodes: Vec<Vec<Option<Arc<Page>>>>,
}

/// Checkpoints share pages that did not change between them.
const PAGE: usize = 128;
type Page = [Record; PAGE];

#[derive(Clone, Copy, Debug, Default)]
struct Record {
    begun: u32,
    acknowledged: u32,
}

impl Truth {
    fn record_mut(&mut self, node: NodeId, key: u32) -> &mut Record {
        let (node, page, at) = (node as usize, key as usize / PAGE, key as usize % PAGE);
        if self.nodes.len() <= node {
            self.nodes.resize(node + 1, vec![]);
        }
        let pages = &mut self.nodes[node];
        if pages.len() <= page {
            pages.resize(page + 1, None);
        }
        let page = pages[page].get_or_insert_with(|| Arc::new([Record::default(); PAGE]));
        &mut Arc::make_mut(page)[at]
    }

    fn record(&self, node: NodeId, key: u32) -> Record {
        let pages = self.nodes.get(node as usize);
        let page = pages.and_then(|pages| pages.get(key as usize / PAGE)?.as_ref());
        page.map_or_else(Record::default, |page| page[key as usize % PAGE])
    }

    /// A write begins; answers with its number.
    pub fn begin(&mut self, node: NodeId, key: u32) -> u32 {
        let record = self.record_mut(node, key);
        record.begun = record.begun.saturating_add(1);
        record.begun
    }

    /// Its client was told that it is done.
    pub fn acknowledge(&mut self, node: NodeId, key: u32, version: u32) {
        let record = self.record_mut(node, key);
        record.acknowledged = record.acknowledged.max(version);
    }

    /// The newest write that was acknowledged.
    pub fn newest(&self, node: NodeId, key: u32) -> u32 {
        self.record(node, key).acknowledged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_to_come_again_is_rounded_up_to_milliseconds() {
        for (ns, ms) in [(0, 1), (1, 1), (1_000_000, 1), (1_000_001, 2), (u64::MAX, u32::MAX.into())] {
            assert_eq!(Answer::again(3, Span(ns)).again_after(), Some(Span(ms * NS_PER_MS)));
        }
        assert_eq!(Answer::default().again_after(), None);
    }

    #[test]
    fn writes_are_numbered_by_key_and_node_and_the_newest_acknowledged_counts() {
        let mut truth = Truth::default();
        assert_eq!((truth.begin(1, 500), truth.begin(1, 500), truth.begin(2, 500)), (1, 2, 1));
        assert_eq!(truth.newest(1, 500), 0);
        let before = truth.clone();
        truth.acknowledge(1, 500, 2);
        truth.acknowledge(1, 500, 1);
        assert_eq!((truth.newest(1, 500), truth.newest(2, 500), truth.newest(1, 501)), (2, 0, 0));
        assert_eq!(before.newest(1, 500), 0, "a checkpoint stays as it was");
    }
}
