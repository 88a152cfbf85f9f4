//! Reads and writes: who coordinates them, whom they ask, what they come to.
//!
//! Without a leader a read is coordinated where it arrives, a write by an owner of the key: the one where
//! it arrives, else the first in order of preference that seems to be there (Dynamo, 2007, section 4.6).
//! All owners are asked at once. With leaders the key's leader coordinates writes, and reads unless any
//! replica may answer them.

use super::op::{Ask, Op, Rule, Task, Why};
use super::oracle::Fate;
use super::settings::{ReadFrom, Replication};
use super::version::{Merge, Row, Seen, Version, merged};
use super::{OPS_MAX, Store, explain};
use crate::sim::{CallId, Context, Counter, Env, Outcome, mix};

/// A request is passed on at most so often: two machines may think differently of who is there.
const HOPS_MAX: u16 = 3;

/// Who is to coordinate.
enum Route {
    Here,
    There(u16),
    Nowhere,
}

impl Store {
    /// A call of another node.
    pub(super) fn client_call<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId) {
        if self.ops.len() >= OPS_MAX || cx.is_full() {
            return cx.reply(call, Outcome::QueueFull);
        }
        let (class, key) = (cx.request_of(call).class, cx.request_of(call).key);
        self.place(cx, key);
        if let Some(owner) = self.map.placing().owner(key) {
            self.divided.ask(key, owner);
        }
        let path = cx.class_name(class);
        if path.starts_with(&self.settings.scan_path) {
            self.scan(cx, call);
        } else if path.starts_with(&self.settings.transaction_path) {
            self.transfer(cx, call);
        } else {
            let expected = cx.newest(cx.node(), key);
            self.coordinate(cx, call, expected, 0);
        }
    }

    /// A key that is asked for has its place, also by a policy that goes by load.
    pub(super) fn place<E: Env>(&mut self, cx: &mut Context<'_, E>, key: u32) {
        if self.map.place(key) {
            self.divided.follow(self.map.placing(), cx.now());
        }
    }

    /// Coordinates a read or a write here, or passes it on.
    pub(super) fn coordinate<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        call: CallId,
        expected: u32,
        hops: u16,
    ) {
        let (member, request) = (cx.call_at(call).to.member, cx.request_of(call));
        let (key, write, seed) = (request.key, request.write, request.seed);
        match self.route(member, key, write, seed) {
            Route::Here if write => self.write(cx, call, member, hops),
            Route::Here => self.read(cx, call, member, expected, hops),
            Route::There(other) if hops < HOPS_MAX => {
                let ask = Ask::Forward { expected, hops: hops + 1 };
                let mut op = Op::new(Task::Forward, Rule::All, member, key, ask);
                op.sends = sends(hops);
                self.begin(cx, op, call, &[other]);
            }
            Route::There(_) | Route::Nowhere => {
                self.watch.refuse(if write { Task::Write } else { Task::Read });
                cx.reply(call, Outcome::NoBackend);
            }
        }
    }

    fn route(&self, member: u16, key: u32, write: bool, seed: u64) -> Route {
        let home = self.map.home(key);
        let there = |other: Option<u16>| match other {
            Some(other) if other == member => Route::Here,
            Some(other) => Route::There(other),
            None => Route::Nowhere,
        };
        let seen = |other: &&u16| self.view.sees(member, **other);
        if !self.settings.has_leaders() {
            return match write && !home.has(member) {
                true => there(home.all().iter().find(seen).copied()),
                false => Route::Here,
            };
        }
        if !write && self.settings.read_from == ReadFrom::Any {
            let all: Vec<u16> = home.all().iter().filter(seen).copied().collect();
            let any = all.get((mix(seed) % all.len().max(1) as u64) as usize).copied();
            return there(if home.has(member) { Some(member) } else { any });
        }
        match self.view.is_main(member) {
            true => there(self.view.leader(&home)),
            false => Route::Nowhere,
        }
    }

    /// Where a write goes when the machines tried before were down.
    pub(super) fn next_owner(&self, op: &Op) -> Option<u16> {
        let home = self.map.home(op.key);
        let fits = |member: &&u16| !op.asked(**member) && **member != op.member;
        match self.settings.has_leaders() {
            true => None,
            false => home.all().iter().find(fits).copied(),
        }
    }

    fn read<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId, member: u16, expected: u32, hops: u16) {
        let key = cx.request_of(call).key;
        let leaders = self.settings.has_leaders();
        let rule = match leaders {
            true => Rule::Leader { write: false },
            false => Rule::Quorum { need: self.settings.read_quorum, write: false },
        };
        let mut op = Op::new(Task::Read, rule, member, key, Ask::Read);
        (op.expected, op.sends) = (expected, sends(hops));
        op.home = self.map.home(key);
        let home = op.home;
        self.begin(cx, op, call, if leaders { std::slice::from_ref(&member) } else { home.all() });
    }

    fn write<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId, member: u16, hops: u16) {
        let key = cx.request_of(call).key;
        let row = self.new_version(cx, member, key);
        let (rule, to_all) = match self.settings.replication {
            Replication::Quorum => (Rule::Quorum { need: self.settings.write_quorum, write: true }, true),
            Replication::LeaderSync => (Rule::InSync, true),
            Replication::LeaderAsync => (Rule::Leader { write: true }, false),
        };
        let ask = Ask::Write { row: row.clone(), led: self.settings.has_leaders() };
        let mut op = Op::new(Task::Write, rule, member, key, ask);
        (op.row, op.sends, op.beside) = (Some(row), sends(hops), self.settings.keeps_both());
        let mut to = vec![member];
        if to_all {
            let (home, joining) = (self.map.home(key), self.map.joining(key).unwrap_or_default());
            for other in home.all().iter().chain(joining.all()) {
                if !to.contains(other) {
                    to.push(*other);
                }
            }
        }
        self.begin(cx, op, call, &to);
    }

    /// A write's value: it has seen what its coordinator has, its own writes under way included.
    fn new_version<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16, key: u32) -> Row {
        let number = cx.write_begins(key);
        let skew_ns = (self.settings.member(member as usize).skew_ms * 1e6) as i64;
        let now_ns = i64::try_from(cx.now().0).unwrap_or(i64::MAX);
        let how = self.merge_rule();
        let leaders = self.settings.has_leaders();
        let machine = &mut self.machines[member as usize];
        let base = merged(machine.rows.get(key), machine.begun.get(key.into()), how);
        let mut seen = base.as_ref().map_or(Seen::default(), Row::seen);
        seen.add(member, number);
        let (term, stamp) = match leaders {
            true => (self.view.term(), 0),
            false => (self.chosen_term, now_ns.saturating_add(skew_ns)),
        };
        let version = Version { number, writer: member, term, stamp, seen };
        let row = Row::new(version);
        machine.begun.insert(key.into(), row.clone());
        row
    }

    pub(super) fn merge_rule(&self) -> Merge {
        if self.settings.keeps_both() { Merge::KeepBoth } else { Merge::LastWins }
    }

    /// The answers are enough.
    pub(super) fn enough<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32) {
        let Some(op) = self.ops.get(id) else { return };
        match op.task {
            Task::Forward => {
                let version = op.answer.version;
                self.answer(cx, id, Outcome::Ok, version);
            }
            Task::Read => self.was_read(cx, id),
            Task::Write => self.was_written(cx, id),
            Task::Scan => {
                self.scans.over(id, true, cx.now());
                self.answer(cx, id, Outcome::Ok, 0);
            }
            Task::Fetch => self.fetched(cx, id),
            Task::Put => self.arrived(cx, id),
            Task::Compare => self.compared(cx, id),
            Task::Prepare => self.prepared(cx, id),
            Task::Inquire => self.released(cx, id),
            Task::Push(_) | Task::Lag | Task::Give | Task::Commit | Task::Abort => {}
        }
    }

    /// There will not be enough answers.
    pub(super) fn hopeless<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32, outcome: Outcome) {
        let Some(op) = self.ops.get(id) else { return };
        match op.task {
            Task::Prepare => self.unprepared(cx, id, outcome),
            Task::Scan => {
                self.scans.over(id, false, cx.now());
                self.answer(cx, id, outcome, 0);
            }
            task => {
                if outcome == Outcome::NoBackend {
                    self.watch.refuse(task);
                }
                self.answer(cx, id, outcome, 0);
            }
        }
    }

    /// Every leg is back, or the time is up.
    pub(super) fn last_deeds<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32) {
        let Some(op) = self.ops.get(id) else { return };
        match op.task {
            Task::Read => self.repair(cx, id),
            Task::Write | Task::Put => self.keep_hints(cx, id),
            Task::Push(why) => self.pushed(cx, id, why),
            Task::Commit => self.committed(id),
            _ => {}
        }
    }

    fn was_read<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32) {
        let how = self.merge_rule();
        let Some(op) = self.ops.get(id) else { return };
        let rows = op.done().filter_map(|leg| leg.row());
        let row = rows.fold(None, |row: Option<Row>, more| merged(row.as_ref(), Some(more), how));
        let (version, member, expected) = (row.map_or(0, |row| row.number()), op.member, op.expected);
        let key = op.key;
        cx.count(member, Counter::Reads, 1);
        if version < expected {
            cx.count(member, Counter::StaleReads, 1);
        }
        if let Some(call) = op.client {
            cx.chose(call, || explain::read(op, version, expected));
        }
        self.watch_read(key, member, version, expected, cx.now());
        self.answer(cx, id, Outcome::Ok, version);
    }

    fn was_written<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32) {
        let Some(op) = self.ops.get(id) else { return };
        let (key, member, row, beside) = (op.key, op.member, op.row.clone(), op.beside);
        let Some(row) = row else { return };
        let version = row.number();
        if let Some(call) = op.client {
            cx.chose(call, || explain::written(op, version));
        }
        cx.write_acknowledged(key, version);
        cx.count(member, Counter::Writes, 1);
        match self.oracle.acknowledged(key, &row, self.merge_rule(), beside) {
            Fate::InOrder => {}
            Fate::Kept => self.watch.kept_beside(),
            Fate::Lost => {
                cx.count(member, Counter::LostUpdates, 1);
                self.watch.lost(1);
            }
        }
        self.watch_write(key, cx.newest(cx.node(), key), cx.now());
        self.answer(cx, id, Outcome::Ok, version);
        if self.settings.replication == Replication::LeaderAsync {
            self.follow_later(cx, member, key, row);
        }
    }

    /// What it wrote goes to the followers, after the lag.
    fn follow_later<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16, key: u32, row: Row) {
        let ask = Ask::Write { row: row.clone(), led: true };
        let mut op = Op::new(Task::Lag, Rule::All, member, key, ask);
        op.row = Some(row);
        if let Some(id) = self.errand(cx, op) {
            self.start_clock(cx, id, self.settings.replication_lag_ms);
        }
    }

    /// The lag is over.
    pub(super) fn follow<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32) {
        let Some(op) = self.ops.get_mut(id) else { return };
        op.task = Task::Push(Why::Follow);
        let (home, joining) = (self.map.home(op.key), self.map.joining(op.key).unwrap_or_default());
        let mut to: Vec<u16> = vec![];
        for other in home.all().iter().chain(joining.all()) {
            if *other != op.member && !to.contains(other) {
                to.push(*other);
            }
        }
        self.start_clock(cx, id, self.settings.timeout_ms);
        self.send_all(cx, id, &to);
    }
}

/// Where the numbers of an operation's calls begin: those of one request must all differ, also when
/// another machine went on with it.
fn sends(hops: u16) -> u16 {
    hops * 1024
}
