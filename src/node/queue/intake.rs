//! From producers into the queue, and what happens when it is full.

use super::backlog::Message;
use super::{HELD, Queue, WhenFull};
use crate::sim::{CallId, Context, Counter, Draw, Env, NewRequest, Outcome, Random, Request, Span};
use std::collections::VecDeque;

impl Queue {
    /// A producer hands in a message: it is stored, dropped, refused, or the producer is held.
    pub(super) fn offer<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId) {
        let place = self.partition_of(cx.request_of(call).key);
        let partition = &mut self.partitions[place];
        if partition.waiting() < self.settings.capacity as usize {
            return self.store(cx, call, place);
        }
        match self.settings.when_full {
            WhenFull::Block if self.blocked < self.settings.blocked => {
                let until = cx.call_at(call).arrived + Span::from_ms(self.settings.blocked_ms);
                partition.blocked.push_back((call, cx.timer(0, HELD, place as u32, until.max(cx.now()))));
                self.blocked += 1;
            }
            WhenFull::Refuse | WhenFull::Block => cx.reply(call, Outcome::QueueFull),
            WhenFull::DropOldest | WhenFull::DropNewest => {
                self.tally.dropped += 1;
                cx.count(0, Counter::Dropped, 1);
                let oldest = self.settings.when_full == WhenFull::DropOldest;
                // Where all that wait have been handed out before, the newest goes after all.
                if oldest && partition.backlog.pop_front().is_some() {
                    return self.store(cx, call, place);
                }
                self.accept(cx, call);
            }
        }
    }

    /// Counts a message and tells its producer that all is well.
    fn accept<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId) {
        self.tally.published += 1;
        cx.count(0, Counter::Published, 1);
        cx.reply(call, Outcome::Ok);
    }

    fn store<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId, place: usize) {
        let request = *cx.request_of(call);
        let poison = Draw::new(self.poison_stream, request.seed).chance(self.settings.poison_share);
        self.accept(cx, call);
        let (number, published) = (self.tally.published, cx.now());
        self.partitions[place].backlog.push_back(Message {
            number,
            published,
            request: copy(&request),
            poison,
        });
    }

    /// Stores what held producers handed in, where there is room for it now. True if there was any.
    pub(super) fn admit<E: Env>(&mut self, cx: &mut Context<'_, E>) -> bool {
        if self.blocked == 0 || !self.open {
            return false;
        }
        let before = self.blocked;
        for place in 0..self.partitions.len() {
            while self.partitions[place].waiting() < self.settings.capacity as usize {
                let Some((call, timer)) = self.partitions[place].blocked.pop_front() else { break };
                self.blocked -= 1;
                cx.cancel(timer);
                self.store(cx, call, place);
            }
        }
        self.blocked < before
    }

    /// Held producers hand in their messages anew, as the settings have changed.
    pub(super) fn offer_again<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        if self.blocked == 0 || !self.open {
            return;
        }
        self.blocked = 0;
        let held: Vec<VecDeque<_>> =
            self.partitions.iter_mut().map(|partition| std::mem::take(&mut partition.blocked)).collect();
        for (call, timer) in held.into_iter().flatten() {
            cx.cancel(timer);
            self.offer(cx, call);
        }
    }

    /// Refuses producers that were held for too long.
    pub(super) fn held_too_long<E: Env>(&mut self, cx: &mut Context<'_, E>, place: usize) {
        let most = Span::from_ms(self.settings.blocked_ms);
        while let Some((call, _)) = self.partitions[place].blocked.front().copied() {
            if cx.call_at(call).arrived + most > cx.now() {
                return;
            }
            self.partitions[place].blocked.pop_front();
            self.blocked -= 1;
            cx.reply(call, Outcome::QueueFull);
        }
    }
}

/// A request for the consumer like the producer's.
fn copy(request: &Request) -> NewRequest {
    let Request { seed, key, client, class, work, cost, priority, write, .. } = *request;
    NewRequest { seed, key, client, class, work, cost, priority, write }
}
