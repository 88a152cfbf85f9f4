//! From the queue to its consumers, and what comes back.

use super::held::{Delivered, Held, NOBODY, State};
use super::partition::Next;
use super::{ACK, BACK, Delivery, HELD_MAX, Queue, RETRY};
use crate::sim::{Call, CallId, Context, Counter, Env, Handle, Outcome, OutcomeKind, Outgoing, Span, Time};

impl Queue {
    /// As much as can be.
    pub(super) fn hand_out<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        while self.open {
            let Some((place, next, consumer)) = self.match_up() else { return };
            self.deliver(cx, place, next, consumer);
        }
    }

    /// A partition, its next message, and a consumer to take it: partitions in turn.
    fn match_up(&mut self) -> Option<(usize, Next, usize)> {
        let (count, delivery) = (self.partitions.len(), self.settings.delivery);
        for step in 0..count {
            let place = (self.turn + step) % count;
            let Some(next) = self.partitions[place].next(delivery) else { continue };
            if next == Next::New && self.held.len() >= HELD_MAX {
                continue;
            }
            let consumer = match delivery {
                Delivery::Shared => Some(self.consumers.any()?),
                Delivery::Ordered => self.consumers.of_partition(place),
            };
            if let Some(consumer) = consumer {
                self.turn = place + 1;
                return Some((place, next, consumer));
            }
        }
        None
    }

    fn deliver<E: Env>(&mut self, cx: &mut Context<'_, E>, place: usize, next: Next, consumer: usize) {
        let partition = &mut self.partitions[place];
        let found = match next {
            Next::Again(number) => partition.again.remove(&number),
            Next::New => partition
                .backlog
                .pop_front()
                .map(|message| self.held.insert(Held::new(message, place as u16))),
        };
        let (Some(index), Some(&link)) = (found, cx.outgoing().first()) else { return };
        let Some(held) = self.held.get_mut(index) else { return };
        partition.in_flight += 1;
        self.consumers.take(consumer);
        let delivery = Delivered { held: index, consumer: consumer as u16, overdue: false };
        held.delivery = self.deliveries.insert(delivery);
        cx.count(0, Counter::Delivered, 1);
        if held.sent > 0 {
            cx.count(0, Counter::Redelivered, 1);
        }
        let request = cx.errand(held.message.request);
        let placed = cx.placed(link, held.message.request.key);
        cx.call(Outgoing {
            request,
            parent: CallId::NONE,
            from_member: 0,
            link,
            to_member: placed.unwrap_or(consumer as u16 % cx.member_count(link).max(1)),
            attempt: held.sent as u16,
            tag: held.delivery,
            // The queue keeps the time itself: it wants to know of late answers too.
            timeout: None,
        });
        (held.sent, held.outstanding, held.state) = (held.sent + 1, held.outstanding + 1, State::InFlight);
        held.due = cx.now() + Span::from_ms(self.settings.ack_timeout_ms);
        held.timer = cx.timer(0, ACK, index, held.due);
    }

    /// A consumer answered, in time or not.
    pub(super) fn came_back<E: Env>(&mut self, cx: &mut Context<'_, E>, id: CallId) {
        let call = cx.call_at(id);
        let (request, outcome, tag, untaken) = (call.request, call.outcome, call.tag, was_refused(call));
        cx.end(request, outcome);
        let Some(delivery) = self.deliveries.remove(tag) else { return };
        self.consumers.give_back(delivery.consumer as usize, delivery.overdue);
        let Some(held) = self.held.get_mut(delivery.held) else { return };
        held.outstanding -= 1;
        let success = outcome.is_ok() && !held.message.poison;
        if success && std::mem::replace(&mut held.processed, true) {
            cx.count(0, Counter::Duplicates, 1);
            self.tally.seen_twice += 1;
        }
        match untaken {
            true => self.leave_alone(cx, delivery.consumer as usize),
            false => self.consumers.took(delivery.consumer as usize),
        }
        self.judge(cx, delivery.held, tag, success, untaken);
        self.forget(delivery.held);
    }

    /// What an answer means for its message.
    fn judge<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        index: u32,
        delivery: u32,
        success: bool,
        untaken: bool,
    ) {
        let Some(held) = self.held.get_mut(index) else { return };
        match held.state {
            State::InFlight if held.delivery == delivery => {
                cx.cancel(held.timer);
                self.land(index);
                match (success, untaken) {
                    (true, _) => self.acknowledge(cx, index),
                    (_, true) => self.wait_again(index),
                    _ => self.fail(cx, index),
                }
            }
            State::Orphan if success => self.acknowledge(cx, index),
            State::Orphan if held.outstanding == 0 => {
                held.state = State::Over;
                self.lose(cx, 1);
            }
            // Too late to count.
            _ => {}
        }
    }

    /// A message is in flight no more.
    fn land(&mut self, index: u32) {
        let Some(held) = self.held.get_mut(index) else { return };
        (held.delivery, held.timer) = (NOBODY, Handle::NONE);
        self.partitions[held.partition as usize].in_flight -= 1;
    }

    fn acknowledge<E: Env>(&mut self, cx: &mut Context<'_, E>, index: u32) {
        let Some(held) = self.held.get_mut(index) else { return };
        held.state = State::Over;
        self.tally.acknowledged += 1;
        self.tally.stay_ns += cx.now().since(held.message.published).0 as u128;
        cx.count(0, Counter::Acknowledged, 1);
    }

    fn wait_again(&mut self, index: u32) {
        let Some(held) = self.held.get_mut(index) else { return };
        held.state = State::Waiting;
        self.partitions[held.partition as usize].again.insert(held.message.number, index);
    }

    /// An attempt failed: the message rests, or is dead.
    fn fail<E: Env>(&mut self, cx: &mut Context<'_, E>, index: u32) {
        let Some(held) = self.held.get_mut(index) else { return };
        held.failed += 1;
        let failed = held.failed;
        let most = self.settings.attempts_max;
        if most > 0 && failed >= most {
            held.state = State::Over;
            self.tally.dead += 1;
            cx.count(0, Counter::DeadLetters, 1);
            self.dead.push_back(held.message);
            if self.dead.len() > self.settings.dead_letters as usize {
                self.dead.pop_front();
            }
            return;
        }
        let due = cx.now() + self.rest(failed);
        let Some(held) = self.held.get_mut(index) else { return };
        (held.state, held.due) = (State::Resting, due);
        held.timer = cx.timer(0, RETRY, index, due);
        self.partitions[held.partition as usize].resting.insert(held.message.number, index);
    }

    /// A message was not acknowledged in time. Timers of a machine that was frozen come late, and may mean
    /// a message that is gone.
    pub(super) fn out_of_time<E: Env>(&mut self, cx: &mut Context<'_, E>, index: u32) {
        let Some(held) = self.held.get(index) else { return };
        if held.state != State::InFlight || cx.now() < held.due {
            return;
        }
        if let Some(delivery) = self.deliveries.get_mut(held.delivery) {
            delivery.overdue = true;
            self.consumers.late(delivery.consumer as usize);
        }
        self.land(index);
        self.fail(cx, index);
        self.forget(index);
    }

    /// A message has rested.
    pub(super) fn rested(&mut self, now: Time, index: u32) {
        let Some(held) = self.held.get_mut(index) else { return };
        if held.state == State::Resting && held.due <= now {
            held.timer = Handle::NONE;
            self.partitions[held.partition as usize].resting.remove(&held.message.number);
            self.wait_again(index);
        }
    }

    /// The queue's machine goes down: connections to consumers break. What was under way is handed out again
    /// later, and the attempt does not count.
    pub(super) fn interrupt<E: Env>(&mut self, cx: &mut Context<'_, E>, index: u32) {
        let Some(held) = self.held.get_mut(index) else { return };
        cx.cancel(held.timer);
        let (state, durable) = (held.state, self.settings.durable);
        let (partition, number) = (held.partition as usize, held.message.number);
        match state {
            State::InFlight => {
                held.state = State::Orphan;
                self.land(index);
            }
            State::Resting => _ = self.partitions[partition].resting.remove(&number),
            State::Waiting => _ = self.partitions[partition].again.remove(&number),
            State::Orphan | State::Over => return,
        }
        if durable {
            self.wait_again(index);
        } else if state != State::InFlight {
            if let Some(held) = self.held.get_mut(index) {
                held.state = State::Over;
            }
            self.lose(cx, 1);
            self.forget(index);
        }
    }

    /// A consumer that refused is left alone for a while.
    fn leave_alone<E: Env>(&mut self, cx: &mut Context<'_, E>, consumer: usize) {
        if let Some(refusals) = self.consumers.refused(consumer) {
            cx.timer(0, BACK, consumer as u32, cx.now() + self.rest(refusals));
        }
    }

    /// Lets go of a message that is over once nobody has it in hand.
    fn forget(&mut self, index: u32) {
        if self.held.get(index).is_some_and(|held| held.state == State::Over && held.outstanding == 0) {
            self.held.remove(index);
        }
    }
}

/// Nobody took it: a refusal, or no connection.
fn was_refused(call: &Call) -> bool {
    let refused = call.outcome.kind() == OutcomeKind::Refused;
    refused || call.outcome == Outcome::Crashed && call.finished == call.arrived
}
