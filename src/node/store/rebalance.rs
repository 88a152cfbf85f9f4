//! Moving rows when the division of the keys changes, one by one and no faster than allowed.
//!
//! A move reads the row from as many of its old owners as surely include one that took the last write, under
//! whatever settings that was ([`TakenBy`]: since then W may have been raised, or leaders introduced), gives it to
//! the new ones, and then the map is changed: from one instant to the next the key is elsewhere, and what the old
//! owners hold of it is thrown away. Until then reads go to the old owners, and writes must be taken by both (as
//! with Cassandra's pending ranges), so none is lost on the way; a leader must still lead when its row arrives.
//! Without enough owners a move fails and is tried again later.

use super::op::{Ask, Op, Rule, Task};
use super::settings::{Replication, Settings};
use super::version::{Row, merged};
use super::{MOVE, NOBODYS, Store};
use crate::algo::ring::Members;
use crate::sim::{Context, Counter, Env, NS_PER_S, Span, order};

/// By whom what is there may have been taken when it was written, under all settings since the beginning.
#[derive(Clone, Copy, Debug)]
pub struct TakenBy {
    /// At least by so many.
    fewest: u16,
    /// Not surely by the key's leader.
    anybody: bool,
}

impl TakenBy {
    pub fn new(settings: &Settings) -> TakenBy {
        match settings.replication {
            Replication::Quorum => TakenBy { fewest: settings.write_quorum, anybody: true },
            // A leader may be alone.
            Replication::LeaderSync | Replication::LeaderAsync => TakenBy { fewest: 1, anybody: false },
        }
    }

    /// From now on these settings hold.
    pub fn change(&mut self, settings: &Settings) {
        let new = TakenBy::new(settings);
        self.fewest = self.fewest.min(new.fewest);
        self.anybody |= new.anybody;
    }
}

/// Moves under way at once.
const MOVES_AT_ONCE: usize = 64;

impl Store {
    /// The members as the partitioner knows them.
    pub(super) fn partitioned(id: &str, settings: &Settings) -> Members {
        let mut members = Members::default();
        for index in 0..settings.count as usize {
            members.push(format!("{id}/{}", index + 1), settings.member(index).weight);
        }
        members
    }

    /// Another division of the keys: rows stay where they are until they are moved.
    pub(super) fn divide<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        let mut keys = self.known_keys();
        for machine in &self.machines {
            keys.extend(machine.accounts.iter().filter_map(|(key, balance)| balance.map(|_| key)));
        }
        order::sort_by_key(&mut keys, |key| u64::from(*key));
        keys.dedup();
        let members = Store::partitioned(&self.id, &self.settings);
        self.map.divide(&self.settings.partitioner, &members, self.settings.replicas as usize, &keys);
        self.divided.follow(self.map.placing(), cx.now());
        self.drop_strays(&keys);
        self.schedule_move(cx);
        self.judge_all(cx);
    }

    /// What was copied for a move that is not made any more is thrown away.
    fn drop_strays(&mut self, keys: &[u32]) {
        for key in keys {
            for member in 0..self.machines.len() {
                if !self.map.concerns(member as u16, *key) {
                    self.machines[member].rows.put(*key, None);
                }
            }
        }
    }

    pub(super) fn schedule_move<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        if self.move_due || self.map.away() == 0 || self.settings.move_per_s <= 0.0 {
            return;
        }
        self.move_due = true;
        let span = Span::from_ns(NS_PER_S / self.settings.move_per_s);
        cx.timer(NOBODYS, MOVE, 0, cx.now() + span);
    }

    /// The next move begins.
    pub(super) fn move_next<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        self.move_due = false;
        if self.map.moving() < MOVES_AT_ONCE && self.settings.move_per_s > 0.0 {
            let (map, machines) = (&mut self.map, &self.machines);
            let next = map.next_move(|key| !machines.iter().any(|machine| machine.locks.has(key.into())));
            if let Some((key, number)) = next {
                self.fetch(cx, key, number);
            }
        }
        self.schedule_move(cx);
    }

    fn fetch<E: Env>(&mut self, cx: &mut Context<'_, E>, key: u32, number: u32) {
        let home = self.map.home(key);
        let led = self.settings.has_leaders() && !self.taken_by.anybody;
        let mover = self.view.leader(&home).filter(|mover| self.is_well(cx, *mover));
        let Some(mover) = mover else { return self.map.moved(key, number, false) };
        // Every write was taken by W of N: among any N − W + 1 there is one that took it.
        let need = (home.all().len() as u16 + 1).saturating_sub(self.taken_by.fewest).max(1);
        let rule = match led {
            true => Rule::Leader { write: false },
            false => Rule::Quorum { need, write: false },
        };
        let mut op = Op::new(Task::Fetch, rule, mover, key, Ask::Read);
        op.move_number = number;
        let to = if led { std::slice::from_ref(&mover) } else { home.all() };
        if self.errand_to(cx, op, to).is_none() {
            self.map.moved(key, number, false);
        }
    }

    /// The old owners answered.
    pub(super) fn fetched<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32) {
        let how = self.merge_rule();
        let Some(op) = self.ops.get_mut(id) else { return };
        // The move goes on in another operation: the end of this one is not its end.
        let number = std::mem::take(&mut op.move_number);
        let (mover, key) = (op.member, op.key);
        let rows = op.done().map(|leg| leg.row());
        let row = rows.fold(None, |all: Option<Row>, row| merged(all.as_ref(), row, how));
        let Some(home) = self.map.joining_by(key, number) else { return };
        let Some(row) = row else { return self.arrive_home(cx, mover, key, number) };
        let led = self.settings.has_leaders();
        let need = if led { None } else { Some(self.settings.write_quorum) };
        let ask = Ask::Write { row: row.clone(), led };
        let mut op = Op::new(Task::Put, Rule::Arrival { need }, mover, key, ask);
        (op.row, op.move_number) = (Some(row), number);
        if self.errand_to(cx, op, home.all()).is_none() {
            self.map.moved(key, number, false);
        }
    }

    /// The new owners took it.
    pub(super) fn arrived<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32) {
        let Some(op) = self.ops.get(id) else { return };
        let (mover, key, number) = (op.member, op.key, op.move_number);
        self.arrive_home(cx, mover, key, number);
    }

    fn arrive_home<E: Env>(&mut self, cx: &mut Context<'_, E>, mover: u16, key: u32, number: u32) {
        let (old, new) = (self.map.home(key), self.map.joining_by(key, number).unwrap_or_default());
        let arrived = match (old.all().first(), new.all().first()) {
            (Some(from), Some(to)) => self.move_account(cx, *from, *to, key),
            _ => false,
        };
        self.map.moved(key, number, arrived);
        if !arrived {
            return;
        }
        let mut held = false;
        for (member, machine) in self.machines.iter_mut().enumerate() {
            held |= machine.rows.get(key).is_some();
            if !new.has(member as u16) {
                machine.rows.put(key, None);
            }
        }
        if held {
            cx.count(mover, Counter::MovedRows, 1);
        }
    }
}
