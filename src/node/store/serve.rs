//! What a machine does with a question, once a worker has had its time with it.

use super::Store;
use super::op::{Ask, Reply};
use super::transact::Lock;
use super::version::{Merge, Merged, Row};
use crate::sim::{CallId, Context, Counter, Env, Outcome};

/// Refused: it does not hold this key, or not any more; or whoever asks does not lead.
pub(super) const NOT_MINE: Outcome = Outcome::NoBackend;

impl Store {
    pub(super) fn serve<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16, tag: u32) {
        let Some(message) = self.messages.get(tag) else { return };
        let message = message.clone();
        let (key, from, ask) = (message.key, message.from, &message.ask);
        if matches!(ask, Ask::Write { .. }) && self.waits_for_lock(member, key) {
            if self.machines[member as usize].waiting.len() >= self.settings.queue as usize {
                return self.respond(cx, tag, Err(Outcome::QueueFull));
            }
            return self.machines[member as usize].waiting.push((key, tag));
        }
        let said = match ask {
            Ask::Read => self.serve_read(member, key),
            Ask::Write { row, led } => self.serve_write(cx, member, key, row, led.then_some(from)),
            Ask::Compare(digests) => Ok(self.differing(member, from, digests)),
            Ask::Give(rows) => {
                self.take_rows(cx, member, rows);
                Ok(Reply::Done)
            }
            Ask::Prepare(transfer) => {
                self.schedule_recovery(cx);
                self.vote(&message, transfer, cx.now())
            }
            Ask::Commit(transfer) | Ask::Abort(transfer) => {
                let carry_out = matches!(ask, Ask::Commit(_));
                self.decide(cx, member, transfer.id, key, carry_out);
                Ok(Reply::Done)
            }
            Ask::Inquire(transfer) => self.remembers(member, *transfer),
            Ask::Scan | Ask::Forward { .. } => Ok(Reply::Done),
        };
        if message.call != CallId::NONE {
            let store = &*self;
            cx.chose(message.call, || store.explain(&message, &said));
        }
        self.respond(cx, tag, said);
    }

    fn serve_read(&self, member: u16, key: u32) -> Result<Reply, Outcome> {
        match self.map.home(key).has(member) {
            true => Ok(Reply::Row(self.machines[member as usize].rows.get(key).cloned())),
            false => Err(NOT_MINE),
        }
    }

    fn serve_write<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        member: u16,
        key: u32,
        row: &Row,
        led_by: Option<u16>,
    ) -> Result<Reply, Outcome> {
        let home = self.map.home(key);
        if !self.map.concerns(member, key) {
            return Err(NOT_MINE);
        }
        if led_by.is_some_and(|leader| self.view.leader(&home) != Some(leader)) {
            return Err(NOT_MINE);
        }
        self.take_row(cx, member, key, row);
        Ok(Reply::Done)
    }

    /// Merges a row into a machine's own. True if that changed anything.
    pub(super) fn take_row<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        member: u16,
        key: u32,
        row: &Row,
    ) -> bool {
        let how = self.merge_rule();
        // It may have been sent under another rule.
        let one = row.one_of_several().filter(|_| how == Merge::LastWins);
        let row = one.as_ref().unwrap_or(row);
        let rows = &mut self.machines[member as usize].rows;
        let merged = match rows.get(key) {
            None => Some(Merged { row: row.clone(), conflicts: 0, dropped: 0 }),
            Some(mine) => mine.merge(row, how),
        };
        let Some(Merged { row, conflicts, dropped }) = merged else { return false };
        rows.put(key, Some(row));
        for (counter, n) in [(Counter::Conflicts, conflicts), (Counter::LostUpdates, dropped)] {
            if n > 0 {
                cx.count(member, counter, n);
            }
        }
        self.watch.lost(dropped);
        self.watch_agreement(key, cx.now());
        true
    }

    /// Other versions than before are kept when they meet. Where one was to win all along, nothing changes for what is
    /// there; but of those that stood side by side one stays from now on.
    pub(super) fn change_rule<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        for id in self.ops.ids() {
            if let Some(op) = self.ops.get_mut(id) {
                op.beside = false;
            }
        }
        if self.settings.keeps_both() {
            return;
        }
        for machine in &mut self.machines {
            let several = machine.rows.iter().filter_map(|(key, row)| Some((key, row.one_of_several()?)));
            for (key, row) in several.collect::<Vec<_>>() {
                machine.rows.put(key, Some(row));
            }
        }
        for (key, lost) in self.oracle.one_stays() {
            let member = self.map.home(key).all().first().copied().unwrap_or(0);
            if lost > 0 {
                cx.count(member, Counter::LostUpdates, lost);
                self.watch.lost(lost);
            }
        }
    }

    fn waits_for_lock(&self, member: u16, key: u32) -> bool {
        let locks = &self.machines[member as usize].locks;
        !locks.is_empty() && locks.get(key.into()).is_some_and(|lock: &Lock| lock.transfer > 0)
    }

    /// A lock is gone: those who waited for it are served.
    pub(super) fn unlocked<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16, key: u32) {
        let waiting = std::mem::take(&mut self.machines[member as usize].waiting);
        let (free, still): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(other, _)| *other == key);
        self.machines[member as usize].waiting = still;
        for (_, tag) in free {
            self.serve(cx, member, tag);
        }
    }
}
