//! How operations go: sent, answered, judged, settled, closed. What is special to a task is elsewhere.

use super::map::Home;
use super::op::{Ask, Leg, LegState, Message, Op, Reply, Rule, Task, Verdict};
use super::slab::NOBODY;
use super::{OP, OPS_MAX, Store};
use crate::node::work::Job;
use crate::sim::{
    Answer, CallId, Context, Draw, Env, Handle, NewRequest, Outcome, Outgoing, RequestId, Span, mix,
};

impl Store {
    /// Begins an operation of a client's (or another machine's) call. Answers with its number.
    pub(super) fn begin<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        mut op: Op,
        call: CallId,
        to: &[u16],
    ) -> u32 {
        cx.wait(call);
        (op.client, op.request) = (Some(call), cx.call_at(call).request);
        match self.ops.insert(op) {
            Some(id) => {
                self.start_clock(cx, id, self.settings.timeout_ms);
                self.send_all(cx, id, to);
                id
            }
            None => {
                cx.reply(call, Outcome::QueueFull);
                NOBODY
            }
        }
    }

    /// Begins an operation that no client waits for, if there is room for it. It has yet to be sent.
    pub(super) fn errand<E: Env>(&mut self, cx: &mut Context<'_, E>, mut op: Op) -> Option<u32> {
        if self.ops.len() >= OPS_MAX {
            return None;
        }
        self.errands += 1;
        let seed = mix(self.identity ^ self.errands);
        let write = matches!(op.task, Task::Push(_) | Task::Lag | Task::Put | Task::Give | Task::Commit);
        let new = NewRequest { seed, key: op.key, cost: 1.0, write, ..NewRequest::default() };
        (op.request, op.errand) = (cx.errand(new), true);
        let request = op.request;
        let id = self.ops.insert(op);
        match id {
            Some(id) => self.start_clock(cx, id, self.settings.timeout_ms),
            None => cx.end(request, Outcome::QueueFull),
        }
        id
    }

    /// The same, sent to these at once.
    pub(super) fn errand_to<E: Env>(&mut self, cx: &mut Context<'_, E>, op: Op, to: &[u16]) -> Option<u32> {
        let id = self.errand(cx, op)?;
        self.send_all(cx, id, to);
        Some(id)
    }

    pub(super) fn start_clock<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32, after_ms: f64) {
        let Some(op) = self.ops.get_mut(id) else { return };
        cx.cancel(op.timer);
        op.timer = cx.timer(op.member, OP, id, cx.now() + Span::from_ms(after_ms));
    }

    /// Asks these, and judges what is already known: a machine's own queue may be full.
    pub(super) fn send_all<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32, to: &[u16]) {
        for member in to {
            self.send(cx, id, *member);
        }
        self.advance(cx, id);
    }

    fn send<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32, to: u16) {
        let Some(op) = self.ops.get_mut(id) else { return };
        let (from, leg) = (op.member, op.legs.len() as u16);
        let key = op.ask.key_of(leg, op.key);
        let state = LegState::Out;
        op.legs.push(Leg { member: to, state, reply: Reply::Done, outdated: false });
        op.sends += 1;
        let (request, attempt, parent) = (op.request, op.sends, op.client.unwrap_or(CallId::NONE));
        let message = Message {
            op: id,
            leg,
            from,
            to,
            key,
            ask: op.ask.clone(),
            call: CallId::NONE,
            reply: Reply::Done,
        };
        let own_link = cx.own_link();
        let Some(tag) = self.messages.insert(message) else {
            return self.fail_leg(id, leg, Outcome::QueueFull);
        };
        if to == from {
            if !self.enqueue(cx, tag, request, attempt) {
                self.messages.remove(tag);
                self.fail_leg(id, leg, Outcome::QueueFull);
            }
        } else if let Some(link) = own_link {
            let (from_member, to_member, timeout) = (from, to, None);
            cx.call(Outgoing { request, parent, from_member, link, to_member, attempt, tag, timeout });
        } else {
            self.messages.remove(tag);
            self.fail_leg(id, leg, Outcome::NoRoute);
        }
    }

    fn fail_leg(&mut self, id: u32, leg: u16, outcome: Outcome) {
        if let Some(leg) = self.ops.get_mut(id).and_then(|op| op.legs.get_mut(leg as usize)) {
            leg.state = LegState::Failed(outcome);
        }
    }

    /// Puts a question into the queue of the machine that it is for. False if it is full.
    pub(super) fn enqueue<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        tag: u32,
        request: RequestId,
        attempt: u16,
    ) -> bool {
        let Some(message) = self.messages.get(tag) else { return false };
        let (call, to) = (message.call, message.to as usize);
        let of = cx.request(request);
        let index = of.seed ^ mix(u64::from(attempt) << 16 | u64::from(message.to));
        let work = match of.work {
            Span::ZERO => self.service.draw(&mut Draw::new(self.service_stream, index)),
            prescribed => prescribed,
        };
        let work = if of.cost == 1.0 { work } else { work.times(of.cost as f64) };
        let room = self.settings.room();
        self.machines[to].desk.offer(cx, Job { id: tag, call, work }, room)
    }

    /// The machine has done what it was asked, or says why not.
    pub(super) fn respond<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        tag: u32,
        said: Result<Reply, Outcome>,
    ) {
        let outcome = said.as_ref().err().copied().unwrap_or(Outcome::Ok);
        let Some(message) = self.messages.get_mut(tag) else { return };
        message.reply = said.unwrap_or_default();
        if message.call != CallId::NONE {
            return cx.reply(message.call, outcome);
        }
        if let Some(message) = self.messages.remove(tag) {
            self.leg_back(cx, message, outcome, Answer::default());
        }
    }

    pub(super) fn leg_back<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        message: Message,
        outcome: Outcome,
        answer: Answer,
    ) {
        let Some(op) = self.ops.get_mut(message.op) else { return };
        let Some(leg) = op.legs.get_mut(message.leg as usize) else { return };
        leg.state = if outcome.is_ok() { LegState::Done } else { LegState::Failed(outcome) };
        leg.reply = message.reply;
        op.answer = answer;
        if op.task == Task::Scan && outcome.is_ok() {
            self.scans.answered(message.op, leg.member, cx.now());
        }
        self.advance(cx, message.op);
    }

    /// Judges an operation after something changed.
    pub(super) fn advance<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32) {
        let Some(op) = self.ops.get_mut(id) else { return };
        if op.task == Task::Read && !op.settled {
            let home = self.map.home(op.key);
            if op.home != home {
                op.legs.iter_mut().for_each(|leg| leg.outdated = true);
                op.home = home;
            }
        }
        let Some(op) = self.ops.get(id) else { return };
        if !op.settled {
            match self.verdict(op) {
                Verdict::Wait => return,
                Verdict::Ask(more) => return self.send_all(cx, id, &more),
                Verdict::Enough => self.settle(cx, id, Ok(())),
                Verdict::Hopeless(outcome) => self.settle(cx, id, Err(outcome)),
            }
        }
        if self.ops.get(id).is_some_and(|op| op.settled && op.all_back()) {
            self.close(cx, id);
        }
    }

    fn settle<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32, how: Result<(), Outcome>) {
        let Some(op) = self.ops.get_mut(id) else { return };
        op.settled = true;
        match how {
            Ok(()) => self.enough(cx, id),
            Err(outcome) => self.hopeless(cx, id, outcome),
        }
    }

    /// The operation's time is up.
    pub(super) fn clock<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32) {
        let Some(op) = self.ops.get_mut(id) else { return };
        op.timer = Handle::NONE;
        if op.task == Task::Lag {
            return self.follow(cx, id);
        }
        if !op.settled {
            self.settle(cx, id, Err(Outcome::TimedOut));
        }
        self.close(cx, id);
    }

    /// Answers the client, once.
    pub(super) fn answer<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        id: u32,
        outcome: Outcome,
        version: u32,
    ) {
        let origin = cx.node();
        if let Some(call) = self.ops.get_mut(id).and_then(|op| op.client.take()) {
            cx.reply_with(call, outcome, Answer { origin, version });
        }
    }

    /// The operation is over; its last deeds are done first. Legs that are still out find nobody.
    fn close<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32) {
        self.last_deeds(cx, id);
        self.forget(cx, id);
    }

    fn forget<E: Env>(&mut self, cx: &mut Context<'_, E>, id: u32) {
        let Some(op) = self.ops.remove(id) else { return };
        cx.cancel(op.timer);
        if let Some(call) = op.client {
            cx.reply(call, Outcome::Crashed);
        }
        if op.errand {
            cx.end(op.request, op.failure().unwrap_or(Outcome::Ok));
        }
        match op.task {
            Task::Fetch | Task::Put => self.map.moved(op.key, op.move_number, false),
            Task::Write => self.machines[op.member as usize].forget_begun(op.key, op.row.as_ref()),
            Task::Scan => self.scans.over(id, false, cx.now()),
            _ => {}
        }
    }

    /// The coordinator crashed: nobody remembers.
    pub(super) fn forget_all_of<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16) {
        for id in self.ops.ids() {
            if self.ops.get(id).is_some_and(|op| op.member == member) {
                self.forget(cx, id);
            }
        }
    }

    /// What is known of everybody changed: some wait for nothing else. A frozen machine does nothing.
    pub(super) fn judge_all<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        for id in self.ops.ids() {
            if self.ops.get(id).is_some_and(|op| self.is_well(cx, op.member)) {
                self.advance(cx, id);
            }
        }
    }

    fn verdict(&self, op: &Op) -> Verdict {
        match op.rule {
            Rule::All => match (op.all_back(), op.failure()) {
                (_, Some(outcome)) => self.otherwise(op, outcome),
                (true, None) => Verdict::Enough,
                (false, None) => Verdict::Wait,
            },
            Rule::Covering => {
                let failed = op.legs.iter().filter(|leg| matches!(leg.state, LegState::Failed(_))).count();
                match op.failure() {
                    Some(outcome) if failed >= self.settings.replicas as usize => Verdict::Hopeless(outcome),
                    _ if op.all_back() => Verdict::Enough,
                    _ => Verdict::Wait,
                }
            }
            Rule::Quorum { need, write } => self.quorum(op, need, write),
            Rule::Arrival { need } => match self.map.joining_by(op.key, op.move_number) {
                Some(home) => self.at_new_home(op, need, &home),
                None => Verdict::Hopeless(Outcome::NoRoute),
            },
            Rule::Leader { write } => self.of_leader(op, write),
            Rule::InSync => self.in_sync(op),
        }
    }

    /// A forwarded request may go to another owner, if the first was not there.
    fn otherwise(&self, op: &Op, outcome: Outcome) -> Verdict {
        let next = match op.ask {
            Ask::Forward { .. } if outcome == Outcome::Crashed => self.next_owner(op),
            _ => None,
        };
        match next {
            Some(member) if !op.legs.iter().any(|leg| leg.state != LegState::Failed(Outcome::Crashed)) => {
                Verdict::Ask(vec![member])
            }
            _ => Verdict::Hopeless(outcome),
        }
    }

    fn quorum(&self, op: &Op, need: u16, write: bool) -> Verdict {
        let home = self.map.home(op.key);
        let verdict = self.of_home(op, need, home.all());
        match self.map.joining(op.key) {
            Some(joining) if write && verdict == Verdict::Enough => self.of_home(op, need, joining.all()),
            _ => verdict,
        }
    }

    /// Whether so many of these have done it, or still may.
    fn of_home(&self, op: &Op, need: u16, home: &[u16]) -> Verdict {
        let need = (need as usize).min(home.len());
        let done = home.iter().filter(|member| op.is_done(**member)).count();
        if done >= need && need > 0 {
            return Verdict::Enough;
        }
        let unasked: Vec<u16> = home.iter().filter(|member| !op.asked(**member)).copied().collect();
        if !unasked.is_empty() {
            return Verdict::Ask(unasked);
        }
        let out = op
            .legs
            .iter()
            .filter(|leg| leg.state == LegState::Out && !leg.outdated && home.contains(&leg.member))
            .count();
        match done + out < need || need == 0 {
            true => Verdict::Hopeless(refusal(op)),
            false => Verdict::Wait,
        }
    }

    /// A row arrives. Whoever leads afterwards is among those that the leader sees now.
    fn at_new_home(&self, op: &Op, need: Option<u16>, home: &Home) -> Verdict {
        if let Some(need) = need {
            return self.of_home(op, need, home.all());
        }
        if self.view.leader(&self.map.home(op.key)) != Some(op.member) {
            return Verdict::Hopeless(Outcome::NoBackend);
        }
        let seen = home.all().iter().copied().filter(|member| self.view.sees(op.member, *member));
        self.of_home(op, u16::MAX, &seen.collect::<Vec<_>>())
    }

    fn of_leader(&self, op: &Op, write: bool) -> Verdict {
        // What it wrote is gone if another leads meanwhile.
        if write && self.view.leader(&self.map.home(op.key)) != Some(op.member) {
            return Verdict::Hopeless(Outcome::NoBackend);
        }
        let home = self.map.home(op.key);
        let own = op.legs.iter().find(|leg| leg.member == op.member && !leg.outdated);
        match own.map(|leg| leg.state) {
            // The row moved meanwhile: it is read anew, if it is still here.
            None if home.has(op.member) => Verdict::Ask(vec![op.member]),
            Some(LegState::Failed(outcome)) => Verdict::Hopeless(outcome),
            None | Some(LegState::Done) if !home.has(op.member) => Verdict::Hopeless(Outcome::NoBackend),
            // While a row is moved, nothing may be written behind its back.
            Some(LegState::Done) => match self.map.joining(op.key) {
                Some(joining) if write => self.of_home(op, u16::MAX, joining.all()),
                _ => Verdict::Enough,
            },
            _ => Verdict::Wait,
        }
    }

    fn in_sync(&self, op: &Op) -> Verdict {
        let home = self.map.home(op.key);
        if self.view.leader(&home) != Some(op.member) {
            return Verdict::Hopeless(Outcome::NoBackend);
        }
        let joining = self.map.joining(op.key).unwrap_or_default();
        let mut unasked = vec![];
        let mut missing = false;
        for member in home.all().iter().chain(joining.all()) {
            if self.view.sees(op.member, *member) && !op.is_done(*member) {
                missing = true;
                if !op.asked(*member) && !unasked.contains(member) {
                    unasked.push(*member);
                }
            }
        }
        match (op.legs.first().map(|leg| leg.state), unasked.is_empty(), missing) {
            (Some(LegState::Failed(outcome)), ..) => Verdict::Hopeless(outcome),
            (_, false, _) => Verdict::Ask(unasked),
            (_, true, true) => Verdict::Wait,
            (_, true, false) => Verdict::Enough,
        }
    }
}

/// What a client hears when too few answered: that they are too few, unless they were too busy.
fn refusal(op: &Op) -> Outcome {
    match op.failure() {
        Some(Outcome::QueueFull) => Outcome::QueueFull,
        _ => Outcome::NoBackend,
    }
}
