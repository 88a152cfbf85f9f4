//! Transfers between two keys, by two-phase commit (Gray, 1978; presumed abort: Mohan et al., 1986).
//!
//! Every key has a balance, kept by the first of its owners, the participant. The machine where the request
//! arrived coordinates: it asks both participants to prepare. Each locks its key and writes that down, or
//! refuses: a lock is there already, the money is short, the key is being moved. If both agree the coordinator
//! writes the decision down and tells them; else it tells them to forget. A participant that hears nothing asks,
//! again and again, and keeps its lock until it is told: that is how two-phase commit blocks. Writes of a locked
//! key wait; reads see the row as it was. A coordinator that remembers nothing of a transfer says: given up.
//!
//! On disk, and thus there after a crash: balances, locks, decisions. Left out: replication of all these (as in
//! Spanner), so a participant that is down has its accounts with it.

use super::op::{Ask, Message, Op, Reply, Rule, Task};
use super::{NOBODYS, RECOVER, Store, explain};
#[cfg(feature = "whole")]
use crate::node::replicas::REPLICAS_SHOWN;
use crate::node::station::Inside;
#[cfg(feature = "whole")]
use crate::node::transfers::{HeldLock, LOCKS_SHOWN, Participant, TransfersView};
use crate::sim::{CallId, Context, Counter, Env, Outcome, Span, Time, mix};

/// What every key has at first.
pub const BALANCE: i64 = 100;
/// The most accounts that transfers go to.
pub const ACCOUNTS_MAX: u32 = 1_000_000;

/// Money that goes from the first key to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// From 1.
    pub id: u64,
    pub keys: [u32; 2],
    pub amount: i64,
}

impl Transfer {
    /// What the key gains.
    fn gain(&self, key: u32) -> i64 {
        if key == self.keys[0] { -self.amount } else { self.amount }
    }
}

/// A key that is locked, and what it gains if its transfer is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lock {
    pub transfer: u64,
    pub gain: i64,
    pub coordinator: u16,
    pub since: Time,
}

/// A transfer that is to be carried out, until both participants have said that they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    pub transfer: Transfer,
    pub members: [u16; 2],
    pub since: Time,
}

impl Ask {
    /// The key that a leg is about.
    pub(super) fn key_of(&self, leg: u16, key: u32) -> u32 {
        match self {
            Ask::Prepare(transfer) | Ask::Commit(transfer) | Ask::Abort(transfer) => {
                transfer.keys[leg as usize % 2]
            }
            _ => key,
        }
    }
}

/// Rounds of recovery at one interval, before it doubles; and how often it does.
const ROUNDS_EACH: u32 = 200;
const DOUBLINGS_MAX: u32 = 10;

impl Store {
    /// A client wants a transfer.
    pub(super) fn transfer<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId) {
        let (member, request) = (cx.call_at(call).to.member, cx.request_of(call));
        let (key, draw) = (request.key, mix(request.seed ^ 0x7472_616e_7366_6572));
        let accounts = self.settings.accounts;
        let other = (draw % u64::from(accounts)) as u32;
        let other = if other == key { (other + 1) % accounts } else { other };
        self.place(cx, other);
        self.transfers += 1;
        let amount = 1 + (draw >> 40) as i64 % 10;
        let transfer = Transfer { id: self.transfers, keys: [key, other], amount };
        let to = transfer.keys.map(|key| self.map.home(key).all().first().copied());
        let [Some(from), Some(into)] = to else { return cx.reply(call, Outcome::NoBackend) };
        self.machines[member as usize].undecided.insert(transfer.id, ());
        let op = Op::new(Task::Prepare, Rule::All, member, key, Ask::Prepare(transfer));
        self.begin(cx, op, call, &[from, into]);
    }

    /// A participant's vote.
    pub(super) fn vote(
        &mut self,
        message: &Message,
        transfer: &Transfer,
        since: Time,
    ) -> Result<Reply, Outcome> {
        let Message { to: member, from: coordinator, key, .. } = *message;
        let gain = transfer.gain(key);
        let mine = self.map.home(key).all().first() == Some(&member) && self.map.joining(key).is_none();
        let machine = &mut self.machines[member as usize];
        let balance = machine.accounts.get(key).copied().flatten().unwrap_or(BALANCE);
        if !mine || machine.locks.has(key.into()) || balance + gain < 0 {
            return Err(Outcome::Aborted);
        }
        *machine.accounts.get_mut(key) = Some(balance);
        machine.locks.insert(key.into(), Lock { transfer: transfer.id, gain, coordinator, since });
        Ok(Reply::Done)
    }

    /// Both agreed: from now on it is carried out, whatever happens.
    pub(super) fn prepared<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32) {
        let Some((member, transfer, members)) = self.prepare_of(id) else { return };
        let (machine, since) = (&mut self.machines[member as usize], cx.now());
        machine.undecided.remove(transfer.id);
        machine.decisions.insert(transfer.id, Decision { transfer, members, since });
        self.carried_out += 1;
        self.explain_decision(cx, id, Outcome::Ok);
        cx.count(member, Counter::Commits, 1);
        self.answer(cx, id, Outcome::Ok, 0);
        self.tell(cx, member, Task::Commit, transfer, members);
        self.schedule_recovery(cx);
    }

    /// Somebody refused, or said nothing.
    pub(super) fn unprepared<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32, outcome: Outcome) {
        let Some((member, transfer, members)) = self.prepare_of(id) else { return };
        self.machines[member as usize].undecided.remove(transfer.id);
        self.given_up += 1;
        self.explain_decision(cx, id, outcome);
        cx.count(member, Counter::Aborts, 1);
        let said = if outcome == Outcome::TimedOut { outcome } else { Outcome::Aborted };
        self.answer(cx, id, said, 0);
        self.tell(cx, member, Task::Abort, transfer, members);
    }

    fn explain_decision<E: Env>(&self, cx: &mut Context<'_, E>, id: u32, outcome: Outcome) {
        if let Some(call) = self.ops.get(id).and_then(|op| op.client) {
            cx.chose(call, || explain::decided(outcome));
        }
    }

    fn prepare_of(&self, id: u32) -> Option<(u16, Transfer, [u16; 2])> {
        let op = self.ops.get(id)?;
        let (Ask::Prepare(transfer), [from, into]) = (&op.ask, op.legs.as_slice()) else { return None };
        Some((op.member, *transfer, [from.member, into.member]))
    }

    fn tell<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        member: u16,
        task: Task,
        transfer: Transfer,
        to: [u16; 2],
    ) {
        let ask = if task == Task::Commit { Ask::Commit(transfer) } else { Ask::Abort(transfer) };
        let op = Op::new(task, Rule::All, member, transfer.keys[0], ask);
        self.errand_to(cx, op, &to);
    }

    /// A participant learns the outcome. To hear it twice changes nothing.
    pub(super) fn decide<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        member: u16,
        transfer: u64,
        key: u32,
        carry_out: bool,
    ) {
        let machine = &mut self.machines[member as usize];
        let Some(lock) = machine.locks.get(key.into()).copied().filter(|lock| lock.transfer == transfer)
        else {
            return;
        };
        machine.locks.remove(key.into());
        if carry_out {
            *machine.accounts.get_mut(key).get_or_insert(BALANCE) += lock.gain;
        }
        self.unlocked(cx, member, key);
    }

    /// Both participants said that they have carried it out, or it is told again later.
    pub(super) fn committed(&mut self, id: u32) {
        let Some(op) = self.ops.get(id) else { return };
        let Ask::Commit(transfer) = op.ask else { return };
        if op.done().count() == 2 {
            self.machines[op.member as usize].decisions.remove(transfer.id);
        }
    }

    /// Says only that a transfer was given up; of one that is carried out its participants are told anyway.
    pub(super) fn remembers(&self, member: u16, transfer: u64) -> Result<Reply, Outcome> {
        let machine = &self.machines[member as usize];
        match machine.decisions.has(transfer) || machine.undecided.has(transfer) {
            true => Err(Outcome::NoBackend),
            false => Ok(Reply::Done),
        }
    }

    /// The coordinator knows nothing of it.
    pub(super) fn released<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32) {
        let Some(op) = self.ops.get(id) else { return };
        let (member, key) = (op.member, op.key);
        if let Ask::Inquire(transfer) = op.ask {
            self.decide(cx, member, transfer, key, false);
        }
    }

    /// The more rounds in a row had to ask, the longer the next one waits: questions that fill
    /// the queues would keep away the answers.
    pub(super) fn schedule_recovery<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        if !std::mem::replace(&mut self.recovery_due, true) {
            let doublings = (self.recovery_rounds / ROUNDS_EACH).min(DOUBLINGS_MAX);
            let wait = Span::from_ms(self.settings.recovery_ms * f64::from(1 << doublings));
            cx.timer(NOBODYS, RECOVER, 0, cx.now() + wait);
        }
    }

    /// Coordinators say again what is to be carried out; participants ask what they still hold locks for.
    pub(super) fn recover<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        self.recovery_due = false;
        let too_long_ago = cx.now() - Span::from_ms(self.settings.recovery_ms);
        let (mut left, mut asked) = (false, false);
        for member in 0..self.machines.len() as u16 {
            let machine = &self.machines[member as usize];
            left |= !machine.decisions.is_empty() || !machine.locks.is_empty();
            if !self.is_well(cx, member) {
                continue;
            }
            let late = |since: Time| since <= too_long_ago;
            let decisions: Vec<Decision> = machine
                .decisions
                .iter()
                .map(|it| it.1)
                .filter(|decision| late(decision.since))
                .copied()
                .collect();
            let locks = machine.locks.iter().filter(|(_, lock)| late(lock.since));
            let locks: Vec<(u32, Lock)> = locks.map(|(key, lock)| (key as u32, *lock)).collect();
            asked |= !decisions.is_empty() || !locks.is_empty();
            for Decision { transfer, members, .. } in decisions {
                self.tell(cx, member, Task::Commit, transfer, members);
            }
            for (key, lock) in locks {
                let op = Op::new(Task::Inquire, Rule::All, member, key, Ask::Inquire(lock.transfer));
                self.errand_to(cx, op, &[lock.coordinator]);
            }
        }
        self.recovery_rounds = if asked { self.recovery_rounds.saturating_add(1) } else { 0 };
        if left {
            self.schedule_recovery(cx);
        }
    }

    /// An account goes with its key, which nobody can lock meanwhile. False if it cannot go now.
    pub(super) fn move_account<E: Env>(&mut self, cx: &Context<'_, E>, from: u16, to: u16, key: u32) -> bool {
        let balance = self.machines[from as usize].accounts.get(key).copied().flatten();
        if from == to || balance.is_none() {
            return true;
        }
        let together = cx.condition(from).side == cx.condition(to).side;
        if !together || !self.is_well(cx, from) || !self.is_well(cx, to) {
            return false;
        }
        *self.machines[from as usize].accounts.get_mut(key) = None;
        *self.machines[to as usize].accounts.get_mut(key) = balance;
        true
    }

    /// For the stage, once there was a transfer; many machines have no room for it.
    #[cfg(feature = "whole")]
    pub(super) fn two_phases(&self, now: Time) -> Option<Inside> {
        let count = self.settings.count;
        if self.transfers == 0 || count > REPLICAS_SHOWN {
            return None;
        }
        let participant = |machine: &super::Machine| {
            let held = |(key, lock): (u64, &Lock)| HeldLock {
                key: key as u32,
                coordinator: lock.coordinator,
                since: lock.since,
                in_doubt: self.machines.get(lock.coordinator as usize).is_none_or(|machine| machine.down),
            };
            let mut locks: Vec<HeldLock> = machine.locks.iter().map(held).collect();
            locks.sort_by_key(|lock| (lock.since, lock.key));
            let in_doubt = locks.iter().filter(|lock| lock.in_doubt).count() as u32;
            locks.truncate(LOCKS_SHOWN);
            Participant {
                voting: machine.undecided.len() as u32,
                decided: machine.decisions.len() as u32,
                locked: machine.locks.len() as u32,
                in_doubt,
                locks,
            }
        };
        let members = self.machines.iter().take(count as usize).map(participant).collect();
        let (carried_out, given_up) = (self.carried_out, self.given_up);
        Some(Inside::Transfers(Box::new(TransfersView { now, carried_out, given_up, members })))
    }

    /// A first visit has no picture of it.
    #[cfg(not(feature = "whole"))]
    pub(super) fn two_phases(&self, _: Time) -> Option<Inside> {
        None
    }

    /// How much money there is more than at first: 0, as transfers make none. What is decided but not yet
    /// carried out counts as carried out.
    pub fn surplus(&self) -> i64 {
        let decided = |lock: &&Lock| {
            let coordinator = self.machines.get(lock.coordinator as usize);
            coordinator.is_some_and(|machine| machine.decisions.has(lock.transfer))
        };
        let of_machine = |machine: &super::Machine| {
            let accounts: i64 =
                machine.accounts.iter().filter_map(|(_, balance)| Some((*balance)? - BALANCE)).sum();
            accounts + machine.locks.iter().map(|it| it.1).filter(decided).map(|lock| lock.gain).sum::<i64>()
        };
        self.machines.iter().map(of_machine).sum()
    }
}
