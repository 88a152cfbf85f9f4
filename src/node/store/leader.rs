//! What follows when somebody is thought to be gone, or back: other leaders, and writes that are lost.
//!
//! A new leader's rows are the truth from then on: what others hold beyond them is thrown away, at once rather
//! than when they hear of it (MongoDB's rollback, Kafka's truncation). Of acknowledged writes these are the
//! lost ones, each counted once. Only an asynchronous leader loses any, or a synchronous one when all that followed it are gone.
//!
//! A follower that was gone gets what it missed by its leader's hints and by anti-entropy, and follows from then
//! on; there is no log that it reads from where it stopped, so with both turned off it lacks those rows until
//! they are written again.

use super::view::View;
use super::{DETECT, NOBODYS, Store};
use crate::sim::{Context, Counter, Env, Span, Time};

impl Store {
    /// Something is or was wrong with a member: after the failover time it is looked at.
    pub(super) fn notice<E: Env>(&mut self, cx: &mut Context<'_, E>, member: usize) {
        if self.view.noticed(member, cx.now()) {
            self.look_at(cx, member, cx.now());
        }
    }

    fn look_at<E: Env>(&mut self, cx: &mut Context<'_, E>, member: usize, since: Time) {
        let at = since + Span::from_ms(self.settings.failover_ms);
        cx.timer(NOBODYS, DETECT, member as u32, at.max(cx.now()));
    }

    /// A look that is due.
    pub(super) fn look<E: Env>(&mut self, cx: &mut Context<'_, E>, member: usize) {
        let since = self.view.changed(member);
        if since + Span::from_ms(self.settings.failover_ms) > cx.now() {
            return self.look_at(cx, member, since);
        }
        let before = self.view.clone();
        let condition = cx.condition(member as u16);
        if !self.view.learn(member, condition.down || condition.frozen, condition.side) {
            return;
        }
        if self.settings.has_leaders() {
            self.take_over(cx, &before);
        }
        self.judge_all(cx);
    }

    /// Counts what the new leaders lack, and makes them the truth.
    pub(super) fn take_over<E: Env>(&mut self, cx: &mut Context<'_, E>, before: &View) {
        for key in self.known_keys() {
            let home = self.map.home(key);
            let Some(leader) = self.view.leader(&home) else { continue };
            if before.leader(&home) == Some(leader) {
                continue;
            }
            let row = self.machines[leader as usize].rows.get(key).cloned();
            let has = row.as_ref().map_or(0, |row| row.number());
            let lost = self.oracle.taken_over(key, row.as_ref(), cx.newest(cx.node(), key));
            if lost > 0 {
                cx.count(leader, Counter::LostWrites, lost);
                self.watch.lost(lost);
            }
            for other in home.all().iter().filter(|other| **other != leader) {
                let rows = &mut self.machines[*other as usize].rows;
                if rows.get(key).is_some_and(|row| row.number() > has) {
                    rows.put(key, row.clone());
                }
            }
        }
    }

    /// Every key of which somebody holds something, in order.
    pub(super) fn known_keys(&self) -> Vec<u32> {
        let pages = self.machines.iter().map(|machine| machine.rows.pages()).max().unwrap_or(0);
        let mut keys = vec![];
        for page in 0..pages {
            let mut there = [false; crate::node::pages::PAGE as usize];
            for machine in &self.machines {
                for (key, _) in machine.rows.in_page(page) {
                    there[(key % crate::node::pages::PAGE) as usize] = true;
                }
            }
            let first = page as u32 * crate::node::pages::PAGE;
            keys.extend((first..).zip(there).filter(|(_, there)| *there).map(|(key, _)| key));
        }
        keys
    }
}
