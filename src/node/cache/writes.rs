//! What a write does: through, around, behind; and how what was kept behind is passed on.

use super::fetches::{Fetch, Goal};
use super::{Cache, FLUSH, Strategy, Unflushed, explain_down};
use crate::sim::{Answer, CallId, Context, Counter, Env, Handle, Outcome, Span};

impl Cache {
    pub(super) fn write<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId, key: u32) {
        let member = cx.call_at(call).to.member;
        let holders = self.holders(member, key);
        let at = self.first_up(&holders);
        let strategy = self.settings.strategy;
        match (strategy, at) {
            (Strategy::Aside | Strategy::WriteAround, _) => {}
            (_, None) => {
                cx.chose(call, || explain_down(key, false));
                return cx.reply(call, Outcome::Crashed);
            }
            // The cache sees the write go by: what is being fetched may be older.
            _ => self.fetches.spoil(key),
        }
        match at {
            Some(at) if strategy == Strategy::WriteBehind => self.write_behind(cx, call, at, &holders, key),
            _ => {
                cx.wait(call);
                self.ask_origin(cx, at.unwrap_or(member), key, Goal::Write { version: 0 }, Some(call), None);
            }
        }
    }

    pub(super) fn write_behind<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        call: CallId,
        at: u16,
        holders: &[u16],
        key: u32,
    ) {
        let seed = cx.request_of(call).seed;
        let version = cx.write_begins(key);
        let answer = Answer { origin: cx.node(), version };
        let kept = &mut self.machines[at as usize].unflushed;
        if kept.len() >= self.settings.write_buffer as usize && !kept.contains_key(&key) {
            cx.wait(call);
            return self.ask_origin(cx, at, key, Goal::Write { version }, Some(call), None);
        }
        let now = cx.now();
        let write = kept.entry(key).or_insert(Unflushed { version, since: now, passing: 0 });
        write.version = version;
        self.fill(cx, Some(call), holders, key, answer, seed);
        cx.write_acknowledged(key, version);
        cx.reply_with(call, Outcome::Ok, answer);
    }

    /// The origin has answered a write that somebody waited for.
    pub(super) fn written<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        fetch: &Fetch,
        version: u32,
        outcome: Outcome,
        mut answer: Answer,
        seed: u64,
    ) {
        let key = fetch.key;
        if version > 0 && outcome.is_ok() {
            answer = Answer { origin: cx.node(), version };
            self.note_passed_on(key, version);
            cx.write_acknowledged(key, version);
        }
        let holders = self.holders(fetch.member, key);
        match self.settings.strategy {
            Strategy::WriteAround => {}
            Strategy::Aside | Strategy::ReadThrough => {
                // Even if it failed: it may have been carried out.
                if self.settings.strategy == Strategy::ReadThrough {
                    self.fetches.spoil(key);
                }
                for member in holders {
                    if let Some(machine) = self.machines.get_mut(member as usize) {
                        machine.remove(key);
                    }
                }
            }
            _ if outcome.is_ok() => {
                self.fetches.spoil(key);
                self.fill(cx, fetch.waiting.first().copied(), &holders, key, answer, seed);
            }
            _ => {}
        }
        for call in &fetch.waiting {
            cx.reply_with(*call, outcome, answer);
        }
    }

    pub(super) fn note_passed_on(&mut self, key: u32, version: u32) {
        let known = self.passed_on.entry(key).or_insert(0);
        *known = (*known).max(version);
    }

    /// The origin has answered a write that was passed on.
    pub(super) fn flushed<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        fetch: &Fetch,
        version: u32,
        outcome: Outcome,
    ) {
        let (key, member) = (fetch.key, fetch.member);
        if outcome.is_ok() {
            cx.count(member, Counter::Flushes, 1);
            self.note_passed_on(key, version);
            for machine in &mut self.machines {
                machine.flushed(key, version);
            }
            return;
        }
        // It is tried again, unless nobody has it any more.
        let mut kept = false;
        for machine in &mut self.machines {
            if let Some(write) = machine.unflushed.get_mut(&key) {
                kept |= write.version >= version;
                if write.passing == version {
                    write.passing = 0;
                }
            }
        }
        if !kept {
            self.lose_writes(cx, member, key, version);
        }
    }

    /// All writes of a key up to this one that the origin does not have are lost.
    pub(super) fn lose_writes<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        member: u16,
        key: u32,
        version: u32,
    ) {
        let known = self.passed_on.get(&key).copied().unwrap_or(0);
        self.count_lost(cx, member, version.saturating_sub(known));
    }

    pub(super) fn count_lost<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16, writes: u32) {
        if let Some(machine) = self.machines.get_mut(member as usize) {
            machine.has_lost(writes);
        }
        cx.count(member, Counter::LostWrites, writes);
    }

    /// Passes on what a machine has kept longest.
    pub(super) fn flush<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16, most: usize) {
        let Some(machine) = self.machines.get_mut(member as usize) else { return };
        let due = machine.due(most);
        for (key, version) in &due {
            if let Some(write) = machine.unflushed.get_mut(key) {
                write.passing = *version;
            }
        }
        for (key, version) in due {
            self.errand(cx, member, key, Goal::Flush { version });
        }
    }

    /// Keeps a timer for every machine that may have writes to pass on.
    pub(super) fn schedule_flushes<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        self.flush_timers.resize(self.machines.len(), Handle::NONE);
        for member in 0..self.machines.len() {
            cx.cancel(std::mem::replace(&mut self.flush_timers[member], Handle::NONE));
            self.schedule_flush(cx, member);
        }
    }

    pub(super) fn schedule_flush<E: Env>(&mut self, cx: &mut Context<'_, E>, member: usize) {
        let keeps = self.settings.strategy == Strategy::WriteBehind && member < self.count();
        if keeps || !self.machines[member].unflushed.is_empty() {
            let at = cx.now() + Span::from_ms(self.settings.flush_every_ms).max(Span(1));
            self.flush_timers[member] = cx.timer(member as u16, FLUSH, 0, at);
        }
    }
}
