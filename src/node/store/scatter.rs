//! Scatter-gather: a request that every machine must answer for its part.
//!
//! The slowest part decides how long it takes (Dean and Barroso, "The tail at scale", 2013). With N replicas
//! of every key, N − 1 machines may fail to answer: whatever they hold is elsewhere too.

use super::Store;
use super::op::{Ask, Op, Rule, Task};
use super::slab::NOBODY;
#[cfg(feature = "whole")]
use crate::node::queries::{QUERIES_SHOWN, QueriesView, Query, spreads};
use crate::node::station::Inside;
#[cfg(feature = "whole")]
use crate::sim::Span;
use crate::sim::{CallId, Context, Env, Time};
#[cfg(feature = "whole")]
use std::collections::VecDeque;

impl Store {
    pub(super) fn scan<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId) {
        let (member, key) = (cx.call_at(call).to.member, cx.request_of(call).key);
        let op = Op::new(Task::Scan, Rule::Covering, member, key, Ask::Scan);
        let everybody: Vec<u16> = (0..self.settings.count).collect();
        let id = self.begin(cx, op, call, &everybody);
        if id != NOBODY && self.ops.get(id).is_some() {
            self.scans.began(id, everybody.len() as u32, cx.now());
        }
    }

    /// For the stage, once there was a query.
    #[cfg(feature = "whole")]
    pub(super) fn scattered(&self, now: Time) -> Option<Inside> {
        let Scans { shown, parts, wholes } = &self.scans;
        let newest = shown.back()?;
        let (slow, [part, whole]) = spreads(parts.iter().copied(), wholes.iter().copied());
        Some(Inside::Queries(Box::new(QueriesView {
            now,
            fan_out: newest.1.asked,
            waiting: shown.iter().filter(|(_, query)| query.took.is_none()).count() as u32,
            queries: shown.iter().rev().take(QUERIES_SHOWN).map(|(_, query)| query.clone()).collect(),
            slow,
            part,
            whole,
        })))
    }

    /// The first page has no stores.
    #[cfg(not(feature = "whole"))]
    pub(super) fn scattered(&self, _: Time) -> Option<Inside> {
        None
    }
}

/// Most queries under way that are remembered: what is slow is over late, when many others have begun after it.
#[cfg(feature = "whole")]
const UNDER_WAY_KNOWN: usize = 256;
/// Lengths of time that are remembered, of parts and of queries.
#[cfg(feature = "whole")]
const PARTS_KNOWN: usize = 1024;
#[cfg(feature = "whole")]
const WHOLES_KNOWN: usize = 128;

/// What is remembered of queries for the stage.
#[cfg(feature = "whole")]
#[derive(Clone, Debug, Default)]
pub struct Scans {
    /// By number of the operation, oldest first: all that are under way, and those that were over last.
    shown: VecDeque<(u32, Query)>,
    parts: VecDeque<Span>,
    wholes: VecDeque<Span>,
}

#[cfg(feature = "whole")]
impl Scans {
    fn began(&mut self, op: u32, asked: u32, began: Time) {
        if self.shown.len() >= QUERIES_SHOWN {
            let end = |query: &Query| query.took.map(|took| query.began + took);
            let over = self.shown.iter().enumerate().filter_map(|(at, (_, query))| Some((end(query)?, at)));
            if let Some((_, first)) = over.min() {
                self.shown.remove(first);
            }
        }
        keep(&mut self.shown, (op, Query { began, asked, ..Query::default() }), UNDER_WAY_KNOWN);
    }

    fn under_way(&mut self, op: u32) -> Option<&mut Query> {
        let query = self.shown.iter_mut().rev().find(|(other, _)| *other == op)?;
        Some(&mut query.1).filter(|query| query.took.is_none())
    }

    /// A machine has answered for its part.
    pub fn answered(&mut self, op: u32, member: u16, now: Time) {
        let Some(query) = self.under_way(op) else { return };
        let after = now.since(query.began);
        query.answers.push((member, after));
        keep(&mut self.parts, after, PARTS_KNOWN);
    }

    /// The query is over, if it was not before.
    pub fn over(&mut self, op: u32, ok: bool, now: Time) {
        let Some(query) = self.under_way(op) else { return };
        let took = now.since(query.began);
        (query.took, query.ok) = (Some(took), ok);
        if ok {
            keep(&mut self.wholes, took, WHOLES_KNOWN);
        }
    }
}

/// As the last of at most so many.
#[cfg(feature = "whole")]
fn keep<T>(list: &mut VecDeque<T>, it: T, most: usize) {
    if list.len() >= most {
        list.pop_front();
    }
    list.push_back(it);
}

/// Nothing is remembered where nothing is shown.
#[cfg(not(feature = "whole"))]
#[derive(Clone, Debug, Default)]
pub struct Scans {}

#[cfg(not(feature = "whole"))]
impl Scans {
    fn began(&mut self, _: u32, _: u32, _: Time) {}
    pub fn answered(&mut self, _: u32, _: u16, _: Time) {}
    pub fn over(&mut self, _: u32, _: bool, _: Time) {}
}
