//! How a node calls others: timeouts, retries, hedges, circuit breaker, bulkhead. Clients and servers
//! share it.
//!
//! An *inquiry* is what the caller wants: it gets one answer, after one or several *tries*. A try is one
//! call, and a second one (the hedge) if the first takes long; the first good answer wins and the caller
//! loses interest in the other, which goes on for nobody (Dean and Barroso, "The Tail at Scale", 2013).
//! A try fails when all its calls have; then the next begins after a delay ([`backoff`]). All calls of a
//! request are siblings with numbers of their own (`attempt`), so that each has its own luck on the way;
//! the work that the request needs stays the same.
//!
//! - *Waiting.* One try is given up after the caller's timeout, hedge included; the whole after
//!   `deadline_ms`, to the nanosecond. A delay that would end after the deadline is not begun: the inquiry
//!   ends at once with what the last try brought, as in the AWS SDKs.
//! - *What is tried again.* What a moment later may go better: see [`is_worth_retrying`].
//! - *When to come again.* With `honour_retry_after` a limiter's refusal that says so is believed: the delay before
//!   the next try begins only then. Without jitter all who were refused together come back together. (Envoy's
//!   `rate_limited_retry_back_off` adds its jitter to the time told, too.) `backoff_max_ms` bounds the delay alone.
//! - *Retry budget.* Each request pays `retry_budget` tokens in, each retry and each hedge takes one out:
//!   calls are at most 1 + budget times the requests (Google, "Site Reliability Engineering", 2016, chapter
//!   21; Finagle's `RetryBudget`). It begins empty and saves up at most 100. 0 means no budget: only
//!   `retries` limits.
//! - *Circuit breaker* ([`breaker`]) and *bulkhead* refuse a call before it is made: `breaker-open`,
//!   `bulkhead-full`. The inquiry ends with it, to fail fast. A call occupies the bulkhead while the caller
//!   waits for it: neither pauses between tries nor calls given up count.
//!
//! Budget, breaker and bulkhead are one for each member and each node that it calls: each server has its own,
//! and all clients of a node share one. Left out: budgets in time.

pub mod backoff;
pub mod breaker;
#[cfg(test)]
mod contention;
pub mod gate;
pub mod inquiry;
mod settings;

pub use inquiry::Want;
pub use settings::*;

use super::{Site, member_for};
use crate::sim::{
    Answer, CallId, Context, Counter, Draw, Env, Handle, Outcome, Outgoing, Purpose, Span, Time, mix,
    stream_seed,
};
use breaker::Verdict;
use gate::{Gate, GateView};
use inquiry::{FIRST, HEDGE, Inquiries, Inquiry, Open};

/// What whoever uses a [`Caller`] counts.
pub const COUNTERS: &[Counter] =
    &[Counter::Retries, Counter::RetriesDenied, Counter::Hedges, Counter::HedgesWon, Counter::BreakerOpened];

/// Kinds of timer that a [`Caller`] takes: these and above.
pub const TIMERS: u8 = 14;
const RETRY: u8 = 14;
const HEDGE_NOW: u8 = 15;

/// Tags of calls that belong to inquiries have this bit.
const MANAGED: u32 = 1 << 31;

/// Calls that one inquiry makes at most: attempts are numbered so that those made on behalf of different
/// calls differ.
const CALLS_EACH: u16 = 22;

/// Whether a call with this tag is for [`Caller::returned`].
#[inline(always)]
pub fn is_managed(tag: u32) -> bool {
    tag >= MANAGED
}

/// How an inquiry ended.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    pub want: Want,
    pub outcome: Outcome,
    pub answer: Answer,
}

/// A node's way of calling others.
#[derive(Clone, Debug)]
pub struct Caller {
    settings: Calling,
    /// For one try.
    timeout: Option<Span>,
    on: bool,
    /// Of the delays.
    stream: u64,
    inquiries: Inquiries,
    /// By member, and for each by way.
    gates: Vec<Gate>,
}

impl Caller {
    /// `timeout` is that of one try. If it is not `on`, its owner makes its calls itself.
    pub fn new(site: &Site<'_>, settings: Calling, timeout: Option<Span>, on: bool) -> Caller {
        let stream = stream_seed(site.seed, site.id, Purpose::Backoff);
        Caller { settings, timeout, on, stream, inquiries: Inquiries::default(), gates: vec![] }
    }

    #[inline(always)]
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Inquiries under way go on by the new settings.
    pub fn change(&mut self, settings: Calling, timeout: Option<Span>, on: bool) {
        if settings.breaker_failures <= 0.0 {
            self.gates.iter_mut().for_each(Gate::reset_breaker);
        }
        (self.settings, self.timeout, self.on) = (settings, timeout, on);
    }

    /// The state of a member's circuit breakers if not all are closed: "open", "half-open".
    pub fn breaker(&self, member: u16, ways: usize, now: Time) -> Option<&'static str> {
        let from = member as usize * ways;
        let gates = self.gates.get(from..(from + ways).min(self.gates.len())).unwrap_or_default();
        gates.iter().find_map(|gate| gate.trouble(now))
    }

    /// What stands between a member and one that it calls.
    pub fn gate(&self, member: u16, ways: usize, way: usize, now: Time) -> GateView {
        match self.gates.get(member as usize * ways + way) {
            Some(gate) => gate.view(&self.settings, now),
            None => Gate::default().view(&self.settings, now),
        }
    }

    /// Calls that a member waits for on one way.
    pub fn open_calls(&self, member: u16, ways: usize, way: usize) -> u32 {
        self.gates.get(member as usize * ways + way).map_or(0, Gate::open)
    }

    /// Inquiries under way.
    pub fn inquiries(&self) -> usize {
        self.inquiries.count()
    }

    /// Begins an inquiry. Its end comes from here, from [`Caller::returned`] or from [`Caller::timer`].
    pub fn ask<E: Env>(&mut self, cx: &mut Context<'_, E>, want: Want) -> Option<Done> {
        if self.inquiries.is_full() {
            return Some(Done { want, outcome: Outcome::BulkheadFull, answer: Answer::default() });
        }
        let gate = gate_of(&mut self.gates, cx, &want);
        gate.pay_in(&self.settings);
        let before = if want.parent == CallId::NONE { 0 } else { cx.call_at(want.parent).attempt };
        let place = self.inquiries.insert(Inquiry {
            want,
            deadline: span_if_any(self.settings.deadline_ms).map_or(Time::NEVER, |span| cx.now() + span),
            until: Time::NEVER,
            open: [None; 2],
            timer: Handle::NONE,
            pausing: false,
            retries: 0,
            attempt: before.wrapping_mul(CALLS_EACH),
            delay_ms: None,
        });
        self.try_now(cx, place)
    }

    /// A call of an inquiry ended.
    pub fn returned<E: Env>(&mut self, cx: &mut Context<'_, E>, id: CallId) -> Option<Done> {
        let call = cx.call_at(id);
        let (place, outcome, answer) = (call.tag & !MANAGED, call.outcome, call.answer);
        let inquiry = self.inquiries.get_mut(place)?;
        let is_it = |open: &Option<Open>| open.is_some_and(|open| open.call == id);
        let nth = inquiry.open.iter().position(is_it)?;
        let other_open = inquiry.open[1 - nth].is_some();
        let (open, want) = (inquiry.open[nth].take()?, inquiry.want);
        let verdict = if is_trouble(outcome) { Verdict::Failed } else { Verdict::Fine };
        self.leave(cx, &want, open, verdict);
        if outcome.is_ok() && nth == HEDGE && other_open {
            cx.count(want.member, Counter::HedgesWon, 1);
        }
        match () {
            () if !is_worth_retrying(outcome) => self.finish(cx, place, outcome, answer),
            // The other call may still save the try.
            () if other_open => None,
            () => self.try_later(cx, place, outcome, answer),
        }
    }

    /// A member's timer of kind [`TIMERS`] or above is due.
    pub fn timer<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        kind: u8,
        member: u16,
        index: u32,
    ) -> Option<Done> {
        let place = self.inquiries.of_timer(index)?;
        let inquiry = self.inquiries.get_mut(place)?;
        let want = inquiry.want;
        let is_retry = kind == RETRY;
        if inquiry.pausing != is_retry || want.member != member {
            // One that was held for a frozen machine, and means nothing any more.
            return None;
        }
        inquiry.timer = Handle::NONE;
        if !is_retry {
            self.hedge(cx, place);
            return None;
        }
        inquiry.pausing = false;
        if cx.now() >= inquiry.deadline {
            return self.finish(cx, place, Outcome::TimedOut, Answer::default());
        }
        cx.count(want.member, Counter::Retries, 1);
        self.try_now(cx, place)
    }

    /// A member lost all that it had: its inquiries are over, and it has learned nothing of those it calls.
    pub fn forget<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16) {
        for place in self.inquiries.of_member(member) {
            self.finish(cx, place, Outcome::Crashed, Answer::default());
        }
        let ways = cx.outgoing().len();
        let from = member as usize * ways;
        for gate in self.gates.iter_mut().skip(from).take(ways) {
            *gate = Gate::default();
        }
    }

    fn try_now<E: Env>(&mut self, cx: &mut Context<'_, E>, place: u32) -> Option<Done> {
        let now = cx.now();
        let inquiry = self.inquiries.get_mut(place)?;
        inquiry.until = self.timeout.map_or(Time::NEVER, |span| now + span).min(inquiry.deadline);
        let (until, member) = (inquiry.until, inquiry.want.member);
        if let Err(outcome) = self.call(cx, place, FIRST) {
            return self.finish(cx, place, outcome, Answer::default());
        }
        let hedge_at = now + span_if_any(self.settings.hedge_after_ms)?;
        if hedge_at < until {
            let timer = cx.timer(member, HEDGE_NOW, self.inquiries.timer_index(place), hedge_at);
            self.inquiries.get_mut(place)?.timer = timer;
        }
        None
    }

    /// The try failed with this outcome.
    fn try_later<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        place: u32,
        outcome: Outcome,
        answer: Answer,
    ) -> Option<Done> {
        let now = cx.now();
        let inquiry = self.inquiries.get_mut(place)?;
        cx.cancel(std::mem::replace(&mut inquiry.timer, Handle::NONE));
        let Inquiry { want, retries, attempt, delay_ms, deadline, .. } = *inquiry;
        if retries >= self.settings.retries {
            return self.finish(cx, place, outcome, answer);
        }
        let identity = (want.way as u64) << 32 | attempt as u64;
        let mut draw = Draw::new(self.stream, cx.request(want.request).seed ^ mix(identity));
        let delay_ms = backoff::delay_ms(&self.settings, retries as u32, delay_ms, &mut draw);
        let told = if self.settings.honour_retry_after { again_after(outcome, answer) } else { None };
        let at = now + told.unwrap_or(Span::ZERO) + Span::from_ms(delay_ms);
        if at >= deadline || !self.afford(cx, &want) {
            return self.finish(cx, place, outcome, answer);
        }
        let timer = cx.timer(want.member, RETRY, self.inquiries.timer_index(place), at);
        let inquiry = self.inquiries.get_mut(place)?;
        (inquiry.timer, inquiry.pausing) = (timer, true);
        (inquiry.retries, inquiry.delay_ms) = (retries + 1, Some(delay_ms));
        None
    }

    /// The first call of the try takes long: a second one, if nothing speaks against it.
    fn hedge<E: Env>(&mut self, cx: &mut Context<'_, E>, place: u32) {
        let Some(inquiry) = self.inquiries.get_mut(place) else { return };
        let want = inquiry.want;
        let wanted = inquiry.open[FIRST].is_some() && inquiry.open[HEDGE].is_none();
        if !wanted || inquiry.until <= cx.now() || !self.afford(cx, &want) {
            return;
        }
        if self.call(cx, place, HEDGE).is_ok() {
            cx.count(want.member, Counter::Hedges, 1);
        }
    }

    /// Whether the budget allows one more call.
    fn afford<E: Env>(&mut self, cx: &mut Context<'_, E>, want: &Want) -> bool {
        let affords = gate_of(&mut self.gates, cx, want).take_out(&self.settings);
        if !affords {
            cx.count(want.member, Counter::RetriesDenied, 1);
        }
        affords
    }

    /// Makes a call, or says why not.
    fn call<E: Env>(&mut self, cx: &mut Context<'_, E>, place: u32, nth: usize) -> Result<(), Outcome> {
        let now = cx.now();
        let inquiry = self.inquiries.get_mut(place).ok_or(Outcome::Invalid)?;
        let want = inquiry.want;
        let link = *cx.outgoing().get(want.way as usize).ok_or(Outcome::NoRoute)?;
        if cx.is_full() {
            return Err(Outcome::BulkheadFull);
        }
        let pass = gate_of(&mut self.gates, cx, &want).enter(&self.settings, now)?;
        let attempt = inquiry.attempt;
        inquiry.attempt = attempt.wrapping_add(1);
        let (seed, key) = (cx.request(want.request).seed, cx.request(want.request).key);
        // Without a balancer a further call may reach another machine.
        let chance = if attempt == 0 { seed } else { mix(seed ^ attempt as u64) };
        let to_member = member_for(cx, link, chance, key);
        let call = cx.call(Outgoing {
            request: want.request,
            parent: want.parent,
            from_member: want.member,
            link,
            to_member,
            attempt,
            tag: MANAGED | place,
            timeout: (inquiry.until != Time::NEVER).then(|| inquiry.until.since(now)),
        });
        inquiry.open[nth] = Some(Open { call, pass });
        Ok(())
    }

    fn leave<E: Env>(&mut self, cx: &mut Context<'_, E>, want: &Want, open: Open, verdict: Verdict) {
        let now = cx.now();
        if gate_of(&mut self.gates, cx, want).leave(open.pass, verdict, &self.settings, now) {
            cx.count(want.member, Counter::BreakerOpened, 1);
        }
    }

    /// The inquiry is over: nobody waits for what is still under way.
    fn finish<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        place: u32,
        outcome: Outcome,
        answer: Answer,
    ) -> Option<Done> {
        let Inquiry { want, open, timer, .. } = self.inquiries.remove(place)?;
        cx.cancel(timer);
        for open in open.into_iter().flatten() {
            cx.abandon(open.call);
            self.leave(cx, &want, open, Verdict::Unknown);
        }
        Some(Done { want, outcome, answer })
    }
}

/// The gate between a member and what it calls. There is one for each way out, however many members come.
fn gate_of<'a, E: Env>(gates: &'a mut Vec<Gate>, cx: &Context<'_, E>, want: &Want) -> &'a mut Gate {
    let ways = cx.outgoing().len();
    let index = want.member as usize * ways + want.way as usize;
    if gates.len() <= index {
        gates.resize((want.member as usize + 1) * ways.max(1), Gate::default());
    }
    &mut gates[index]
}

/// A moment later, or at another machine, it may go better. What the request itself is to blame for stays
/// as it is.
pub fn is_worth_retrying(outcome: Outcome) -> bool {
    is_trouble(outcome) || matches!(outcome, Outcome::RateLimited | Outcome::Aborted)
}

/// When a limiter that refused said to come again.
fn again_after(outcome: Outcome, answer: Answer) -> Option<Span> {
    if outcome == Outcome::RateLimited { answer.again_after() } else { None }
}

/// The node that was called does badly: what a circuit breaker counts. A limiter that refuses does well.
pub fn is_trouble(outcome: Outcome) -> bool {
    match outcome {
        Outcome::QueueFull
        | Outcome::NoBackend
        | Outcome::BreakerOpen
        | Outcome::BulkheadFull
        | Outcome::Crashed
        | Outcome::Lost
        | Outcome::TimedOut => true,
        Outcome::Ok
        | Outcome::RateLimited
        | Outcome::Aborted
        | Outcome::Unauthorised
        | Outcome::Invalid
        | Outcome::NoRoute
        | Outcome::Fraud => false,
    }
}
