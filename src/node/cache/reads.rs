//! What a read does: hit, miss, fill, refresh.

use super::fetches::{Fetch, Goal};
use super::machine::Found;
use super::{Cache, Strategy, explain_down, explain_hit, explain_miss};
use crate::sim::{Answer, CallId, Context, Counter, Env, Outcome, Span};

impl Cache {
    pub(super) fn read<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId, key: u32) {
        let member = cx.call_at(call).to.member;
        let holders = self.holders(member, key);
        let Some(at) = self.first_up(&holders) else {
            return self.read_without_cache(cx, call, member, key);
        };
        let found = self.machines[at as usize].get(key, cx.now());
        match found {
            Found::Hit { answer, age, left } => {
                self.looked_up(true);
                cx.count(at, Counter::Hits, 1);
                cx.looked_up(call, true);
                let stale = cx.newest(answer.origin, key) > answer.version;
                if stale {
                    self.machines[at as usize].was_stale();
                }
                cx.count(at, Counter::StaleReads, u32::from(stale));
                cx.chose(call, || explain_hit(self.placing.why(key), at, age, left));
                cx.reply_with(call, Outcome::Ok, answer);
                self.refresh_if_late(cx, at, key, left);
            }
            Found::Expired | Found::Miss => {
                self.looked_up(false);
                cx.count(at, Counter::Misses, 1);
                cx.looked_up(call, false);
                cx.count(at, Counter::Expired, u32::from(found == Found::Expired));
                cx.chose(call, || explain_miss(self.placing.why(key), at, found));
                self.fetch(cx, call, at, key);
            }
        }
    }

    /// A read was answered from here, or was not.
    fn looked_up(&mut self, hit: bool) {
        if hit {
            self.hits += 1;
        } else {
            self.misses += 1;
        }
        self.recent = self.recent << 1 | u128::from(hit);
    }

    /// No machine that could have the entry is up: the application goes on without, or the read fails.
    pub(super) fn read_without_cache<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        call: CallId,
        member: u16,
        key: u32,
    ) {
        self.looked_up(false);
        cx.count(member, Counter::Misses, 1);
        cx.looked_up(call, false);
        let aside = self.settings.strategy == Strategy::Aside;
        cx.chose(call, || explain_down(key, aside));
        match aside {
            true => self.fetch(cx, call, member, key),
            false => cx.reply(call, Outcome::Crashed),
        }
    }

    /// Asks the origin, or waits for somebody who already does.
    pub(super) fn fetch<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId, member: u16, key: u32) {
        cx.wait(call);
        if self.settings.coalesce {
            if let Some(fetch) = self.fetches.filling(member, key) {
                cx.count(member, Counter::Coalesced, 1);
                return fetch.waiting.push(call);
            }
        }
        self.ask_origin(cx, member, key, Goal::Fill, Some(call), None);
    }

    /// A hit in the last part of a lifetime fetches the entry anew, once.
    pub(super) fn refresh_if_late<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        member: u16,
        key: u32,
        left: Option<Span>,
    ) {
        if self.settings.strategy != Strategy::RefreshAhead {
            return;
        }
        let late = Span::from_ms(self.settings.ttl_ms * self.settings.refresh_share);
        if left.is_some_and(|left| left <= late) && self.fetches.filling(member, key).is_none() {
            self.errand(cx, member, key, Goal::Refresh);
        }
    }

    /// The origin's answer to a read: who waits is answered, and the entry is filled if it may be.
    pub(super) fn filled<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        fetch: &Fetch,
        outcome: Outcome,
        answer: Answer,
        seed: u64,
    ) {
        let Fetch { key, member, life, .. } = *fetch;
        let alive = self.is_up(member) && self.machines[member as usize].life == life;
        if outcome.is_ok() {
            cx.count(member, Counter::Fills, 1);
            cx.count(member, Counter::Refreshes, u32::from(fetch.goal == Goal::Refresh));
            if alive && !fetch.spoiled {
                let holders = self.holders(member, key);
                self.fill(cx, fetch.waiting.first().copied(), &holders, key, answer, seed);
            }
        }
        for call in &fetch.waiting {
            cx.reply_with(*call, outcome, answer);
        }
    }

    /// What the origin's answer is worth to the oracle: with write-behind we number the writes.
    pub(super) fn numbered<E: Env>(&self, cx: &Context<'_, E>, key: u32, answer: Answer) -> Answer {
        match self.settings.strategy {
            Strategy::WriteBehind => {
                Answer { origin: cx.node(), version: self.passed_on.get(&key).copied().unwrap_or(0) }
            }
            _ => answer,
        }
    }
}
