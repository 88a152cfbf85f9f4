//! Bringing replicas up to date: read repair and hinted handoff.
//!
//! Read repair: after a read the coordinator waits for the owners that were not needed, and sends the merged
//! row to those that answered with less (Dynamo, 2007, section 5). Hints: a write that an owner did not take
//! is kept by the coordinator, on disk, and delivered once the owner seems to be there. As in Cassandra a hint
//! does not count as an answer, so the quorum stays a strict one; Dynamo's sloppy quorum, where a machine that
//! is no owner stands in, is left out.

use super::op::{Ask, Op, Rule, Task, Why};
use super::serve::NOT_MINE;
use super::version::{Row, merged};
use super::{HINTS, Store};
use crate::sim::{Context, Counter, Env, Span};

/// How many hints a machine keeps; of more none are taken.
pub const HINTS_MAX: usize = 10_000;
/// How often hints are looked through, and how many of them a machine sends each time.
const HINTS_EVERY: Span = Span(1_000_000_000);
const HINTS_AT_ONCE: usize = 64;

/// The number of what is kept for a member of a key.
fn hint_of(member: u16, key: u32) -> u64 {
    u64::from(member) << 32 | u64::from(key)
}

/// The member that this place's hint is for.
pub(super) fn hint_for(place: u64) -> u16 {
    (place >> 32) as u16
}

impl Store {
    /// After a read: whoever answered with less gets the rest.
    pub(super) fn repair<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32) {
        if self.settings.has_leaders() || !self.settings.read_repair {
            return;
        }
        let how = self.merge_rule();
        let Some(op) = self.ops.get(id) else { return };
        let rows = op.done().map(|leg| leg.row());
        let all = rows.fold(None, |all: Option<Row>, row| merged(all.as_ref(), row, how));
        let Some(all) = all else { return };
        let behind = |row: Option<&Row>| row.is_none_or(|row| row.merge(&all, how).is_some());
        let to: Vec<u16> = op.done().filter(|leg| behind(leg.row())).map(|leg| leg.member).collect();
        let (member, key) = (op.member, op.key);
        self.push(cx, member, key, all, &to, Why::Repair);
    }

    /// Sends a row that nobody waits for.
    fn push<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        member: u16,
        key: u32,
        row: Row,
        to: &[u16],
        why: Why,
    ) -> bool {
        if to.is_empty() {
            return false;
        }
        let ask = Ask::Write { row: row.clone(), led: self.settings.has_leaders() };
        let mut op = Op::new(Task::Push(why), Rule::All, member, key, ask);
        op.row = Some(row);
        self.errand_to(cx, op, to).is_some()
    }

    /// After a write: what an owner did not take is kept for it.
    pub(super) fn keep_hints<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32) {
        let Some(op) = self.ops.get(id) else { return };
        let (member, key, row) = (op.member, op.key, op.row.clone());
        let missed: Vec<u16> =
            op.legs.iter().filter(|leg| !op.is_done(leg.member)).map(|leg| leg.member).collect();
        let Some(row) = row else { return };
        for other in missed {
            if other != member {
                self.keep_hint(cx, member, other, key, &row);
            }
        }
    }

    fn keep_hint<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16, other: u16, key: u32, row: &Row) {
        if !self.settings.hinted_handoff || !self.map.concerns(other, key) {
            return;
        }
        let how = self.merge_rule();
        let hints = &mut self.machines[member as usize].hints;
        if hints.len() >= HINTS_MAX && !hints.has(hint_of(other, key)) {
            return;
        }
        if let Some(row) = merged(hints.get(hint_of(other, key)), Some(row), how) {
            hints.insert(hint_of(other, key), row);
            cx.count(member, Counter::Hints, 1);
        }
        self.schedule_hints(cx);
    }

    fn schedule_hints<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        if !std::mem::replace(&mut self.hints_due, true) {
            cx.timer(super::NOBODYS, HINTS, 0, cx.now() + HINTS_EVERY);
        }
    }

    /// Delivers some hints to those that seem to be there.
    pub(super) fn deliver_hints<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        self.hints_due = false;
        for member in 0..self.machines.len() as u16 {
            let machine = &self.machines[member as usize];
            if machine.hints.is_empty() {
                continue;
            }
            if self.is_well(cx, member) && machine.hints_out == 0 {
                let hints = machine.hints.iter().map(|(hint, row)| (hint_for(hint), hint as u32, row));
                let reachable =
                    hints.filter(|(other, ..)| self.view.sees(member, *other)).take(HINTS_AT_ONCE);
                let some: Vec<(u16, u32, Row)> =
                    reachable.map(|(other, key, row)| (other, key, row.clone())).collect();
                for (other, key, row) in some {
                    self.machines[member as usize].hints_out += 1;
                    if !self.push(cx, member, key, row, &[other], Why::Hint) {
                        self.hint_back(member);
                    }
                }
            }
            self.schedule_hints(cx);
        }
    }

    fn hint_back(&mut self, member: u16) {
        let out = &mut self.machines[member as usize].hints_out;
        *out = out.saturating_sub(1);
    }

    /// A row that was sent without anybody waiting has arrived, or not.
    pub(super) fn pushed<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32, why: Why) {
        let Some(op) = self.ops.get(id) else { return };
        let (member, key, failure, row) = (op.member, op.key, op.failure(), op.row.clone());
        let (to, done) = (op.legs.first().map(|leg| leg.member), op.done().count() as u32);
        match why {
            Why::Repair if done > 0 => cx.count(member, Counter::ReadRepairs, done),
            Why::Repair => {}
            Why::Follow => self.keep_hints(cx, id),
            Why::Hint => {
                self.hint_back(member);
                let (Some(to), Some(row)) = (to, row) else { return };
                let hints = &mut self.machines[member as usize].hints;
                let same = hints.get(hint_of(to, key)).is_some_and(|kept| kept.same(&row));
                if done > 0 {
                    cx.count(member, Counter::HintsDelivered, 1);
                }
                let over = done > 0 || failure == Some(NOT_MINE);
                if same && over {
                    hints.remove(hint_of(to, key));
                }
            }
        }
    }

    /// Neither down nor frozen: it can do something of its own accord.
    pub(super) fn is_well<E: Env>(&self, cx: &Context<'_, E>, member: u16) -> bool {
        let condition = cx.condition(member);
        !condition.down && !condition.frozen
    }
}
