//! Anti-entropy: two machines compare what they both hold, and exchange what differs.
//!
//! Each round a machine sends another the digests of some pages of keys; the other answers with its rows of the
//! pages that differ, at most so many; what it lacked is then given to it. A Merkle tree (Merkle, 1987; as in
//! Dynamo) of two levels, a stretch of it at a time, so that no round is long. After all rounds both have the
//! same.

use super::op::{Ask, Op, Reply, Rule, Task};
use super::version::Row;
use super::{ENTROPY, NOBODYS, Store};
use crate::node::pages::PAGE;
use crate::sim::{Context, Counter, Env, Handle, Span};
use std::sync::Arc;

/// Pages that one round compares.
const PAGES_AT_ONCE: usize = 64;
/// Rows that one answer brings at most; the page where it ends is brought whole.
const ROWS_AT_ONCE: usize = 256;

/// What is compared: the digests of pages from `first` on.
#[derive(Clone, Debug, Default)]
pub struct Digests {
    pub first: usize,
    pub pages: Vec<u64>,
}

/// The rows of pages that differ; nothing is said of pages from `end` on.
#[derive(Clone, Debug, Default)]
pub struct Differing {
    pub pages: Vec<usize>,
    pub rows: Vec<(u32, Row)>,
    pub end: usize,
}

impl Store {
    pub(super) fn schedule_entropy<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        cx.cancel(self.entropy_timer);
        self.entropy_timer = Handle::NONE;
        if self.settings.anti_entropy_every_ms > 0.0 {
            let span = Span::from_ms(self.settings.anti_entropy_every_ms).max(Span(1_000_000));
            self.entropy_timer = cx.timer(NOBODYS, ENTROPY, 0, cx.now() + span);
        }
    }

    /// Every machine begins a round with the next of the others.
    pub(super) fn compare_all<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        self.schedule_entropy(cx);
        let count = self.settings.count;
        self.rounds += 1;
        for member in 0..count {
            let step = 1 + (self.rounds % u64::from(count.max(2) - 1)) as u16;
            let other = (member + step) % count;
            if other != member && self.is_well(cx, member) && self.view.sees(member, other) {
                self.compare(cx, member, other);
            }
        }
    }

    fn compare<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16, other: u16) {
        // What keys there are at all, everybody knows.
        let end = self.machines.iter().map(|machine| machine.rows.pages()).max().unwrap_or(0);
        let cursors = &mut self.machines[member as usize].cursors;
        cursors.resize(cursors.len().max(other as usize + 1), 0);
        let first = if cursors[other as usize] < end { cursors[other as usize] } else { 0 };
        let rows = &self.machines[member as usize].rows;
        let common = |key: u32| self.both_hold(member, other, key);
        let pages: Vec<u64> =
            (first..end.min(first + PAGES_AT_ONCE)).map(|page| rows.digest(page, common)).collect();
        if !pages.is_empty() {
            let ask = Ask::Compare(Arc::new(Digests { first, pages }));
            let op = Op::new(Task::Compare, Rule::All, member, first as u32 * PAGE, ask);
            self.errand_to(cx, op, &[other]);
        }
    }

    fn both_hold(&self, member: u16, other: u16, key: u32) -> bool {
        let home = self.map.home(key);
        home.has(member) && home.has(other)
    }

    /// The answer to a comparison.
    pub(super) fn differing(&self, member: u16, other: u16, digests: &Digests) -> Reply {
        let rows = &self.machines[member as usize].rows;
        let common = |key: u32| self.both_hold(member, other, key);
        let mut found = Differing { end: digests.first + digests.pages.len(), ..Differing::default() };
        for (page, digest) in (digests.first..).zip(&digests.pages) {
            if rows.digest(page, common) == *digest {
                continue;
            }
            if found.rows.len() >= ROWS_AT_ONCE {
                found.end = page;
                break;
            }
            found.pages.push(page);
            let here = rows.in_page(page).filter(|(key, _)| common(*key));
            found.rows.extend(here.map(|(key, row)| (key, row.clone())));
        }
        Reply::Differing(Arc::new(found))
    }

    /// What the other has is taken; what it lacks is given.
    pub(super) fn compared<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32) {
        let Some(op) = self.ops.get(id) else { return };
        let member = op.member;
        let Some((other, Reply::Differing(found))) =
            op.legs.first().map(|leg| (leg.member, leg.reply.clone()))
        else {
            return;
        };
        if let Some(cursor) = self.machines[member as usize].cursors.get_mut(other as usize) {
            *cursor = found.end;
        }
        let how = self.merge_rule();
        let mut give = vec![];
        for page in &found.pages {
            for (key, mine) in self.machines[member as usize].rows.in_page(*page) {
                let theirs =
                    found.rows.binary_search_by_key(&key, |row| row.0).ok().map(|at| &found.rows[at].1);
                let news = theirs.is_none_or(|theirs| theirs.merge(mine, how).is_some());
                if news && self.both_hold(member, other, key) {
                    give.push((key, mine.clone()));
                }
            }
        }
        self.take_rows(cx, member, &found.rows);
        if !give.is_empty() {
            let op = Op::new(Task::Give, Rule::All, member, give[0].0, Ask::Give(Arc::new(give)));
            self.errand_to(cx, op, &[other]);
        }
    }

    /// Takes rows over that another machine had; those of keys that have gone elsewhere meanwhile are left.
    pub(super) fn take_rows<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16, rows: &[(u32, Row)]) {
        let mut synced = 0;
        for (key, row) in rows {
            if self.map.concerns(member, *key) && self.take_row(cx, member, *key, row) {
                synced += 1;
            }
        }
        if synced > 0 {
            cx.count(member, Counter::Synced, synced);
        }
    }
}
