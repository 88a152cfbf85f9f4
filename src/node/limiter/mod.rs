//! A rate limiter: lets calls pass to the node behind it, as far as its policy allows.
//!
//! The policy (see `algo::limit`) is asked once for each call, in the order of arrival. A call that may not pass
//! is refused, or held until it may: calls with the same limit pass in their order, and one that could not pass
//! within `delay_max_ms` is refused as soon as that is known. A policy that limits what is under way hears of
//! every call that comes back, however it ended. Every request counts for one.
//!
//! One machine, without faults of its own and without processing time. A new policy, or other keys to count by,
//! begin with nothing known. A refusal says when to come again, as HTTP's
//! Retry-After, where the policy knows; clients may honour that (`honour_retry_after`). A call that finds no place to
//! wait, behind others, is refused without.

mod seen;
mod settings;

pub use settings::{Per, SETTINGS, Settings, WhenOver};

use super::station::{Inside, LimitView, Station};
use super::{KeyFact, Kind, Show, Site};
use crate::algo::limit::{self, Limit, Verdict};
use crate::sim::{
    Answer, Behaviour, CallId, Candidate, Context, Counter, Env, Explanation, Handle, Member, Outcome,
    Outgoing, Request, Span, Time, Timer, order,
};
use seen::Seen;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What menus, validation and documentation need of this kind of node.
pub const KIND: Kind = Kind {
    id: "limiter",
    name: "Rate limiter",
    summary: "Lets only so many requests pass.",
    settings: SETTINGS,
    member_settings: &[],
    calls: (1, 1),
    called: true,
    talks: false,
    counters: &[Counter::Allowed, Counter::Limited, Counter::Delayed],
};

/// The first of a line may ask again; `index` is the line's key.
const ASK: u8 = 0;
/// The policy's own queue lets a call go; `index` is the call.
const GO: u8 = 1;

/// The running node.
#[derive(Clone, Debug)]
pub struct Limiter {
    settings: Settings,
    policy: Box<dyn Limit>,
    /// Counts the policies so far: what an earlier one let pass is none of the present one's business.
    era: u32,
    /// Calls that are held, by the key of their limit. No line is empty.
    lines: BTreeMap<u32, Line>,
    /// In all lines.
    held: u32,
    /// Passed, and waiting in the policy's own queue.
    queued: u32,
    under_way: u32,
    passed: u64,
    refused: u64,
    seen: Seen,
    /// What all nodes are called.
    names: Arc<[String]>,
}

#[derive(Clone, Debug)]
struct Line {
    calls: VecDeque<CallId>,
    timer: Handle,
}

impl Limiter {
    pub fn new(site: &Site<'_>, settings: Settings) -> Limiter {
        Limiter {
            policy: build_policy(&settings),
            era: 0,
            lines: BTreeMap::new(),
            held: 0,
            queued: 0,
            under_way: 0,
            passed: 0,
            refused: 0,
            seen: Seen::default(),
            names: Arc::clone(site.names),
            settings,
        }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn policy(&self) -> &dyn Limit {
        &*self.policy
    }

    /// Calls that are here and not yet with the node behind.
    pub fn waiting(&self) -> u32 {
        self.held + self.queued
    }

    /// Calls that are with the node behind.
    pub fn under_way(&self) -> u32 {
        self.under_way
    }

    /// Verifies the lines and the policy's own invariants.
    ///
    /// # Errors
    /// Says which does not hold.
    pub fn check(&self) -> Result<(), String> {
        let held: usize = self.lines.values().map(|line| line.calls.len()).sum();
        if held != self.held as usize || self.lines.values().any(|line| line.calls.is_empty()) {
            return Err(format!(
                "{held} calls are held in {} lines, counted {}",
                self.lines.len(),
                self.held
            ));
        }
        self.policy.check()
    }

    /// What a request is counted by.
    fn key_of(&self, request: &Request) -> u32 {
        match self.settings.per {
            Per::All => 0,
            Per::Client => client_of(request.source, request.client),
            Per::Key => request.key,
        }
    }

    /// A call asks to pass; behind others with the same limit it waits for them.
    fn offer<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId) {
        let key = self.key_of(cx.request_of(call));
        let room = self.settings.when_over == WhenOver::Delay && self.held < self.settings.delayed_max;
        if let Some(line) = self.lines.get_mut(&key) {
            if !room {
                return self.refuse(cx, call, None);
            }
            line.calls.push_back(call);
            self.held += 1;
            return;
        }
        let verdict = self.ask(cx, call, key);
        if let Verdict::Passes(wait) = verdict {
            return self.pass(cx, call, wait);
        }
        match self.due(cx, call, verdict).filter(|_| room) {
            None => self.refuse(cx, call, verdict.retry_after()),
            Some(due) => {
                let timer = cx.timer(0, ASK, key, due);
                self.lines.insert(key, Line { calls: VecDeque::from([call]), timer });
                self.held += 1;
            }
        }
    }

    fn ask<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId, key: u32) -> Verdict {
        let now = cx.now();
        let verdict = self.policy.pass(key, 1, now);
        self.seen.asked(key, now, verdict);
        let (per, policy) = (self.settings.per, &self.policy);
        let who = || named(per, key, &self.names).0;
        cx.chose(call, || {
            explain(who(), verdict, policy.remaining(key, now), &policy.inspect(key, now).note)
        });
        verdict
    }

    /// When a refused call is to ask again; `None` if it would have to wait for too long.
    fn due<E: Env>(&self, cx: &Context<'_, E>, call: CallId, verdict: Verdict) -> Option<Time> {
        let now = cx.now();
        let last = cx.call_at(call).arrived + Span::from_ms(self.settings.delay_max_ms);
        // Where that depends on others, one of them may make it known; if none does, this is the end.
        let due = verdict.retry_after().map_or(last, |after| now + after.max(Span(1)));
        (due <= last && now < last).then_some(due)
    }

    /// Lets the calls of a line pass for as long as they may, and sees to those that waited long enough.
    fn serve<E: Env>(&mut self, cx: &mut Context<'_, E>, key: u32) {
        while let Some(line) = self.lines.get(&key) {
            let (timer, first) = (line.timer, line.calls.front().copied());
            cx.cancel(timer);
            let Some(call) = first else { return };
            let verdict = self.ask(cx, call, key);
            let due = if verdict.allows() { None } else { self.due(cx, call, verdict) };
            if let Some(due) = due {
                let timer = cx.timer(0, ASK, key, due);
                if let Some(line) = self.lines.get_mut(&key) {
                    line.timer = timer;
                }
                return;
            }
            self.leave(key);
            match verdict {
                Verdict::Passes(wait) => self.pass(cx, call, wait),
                _ => self.refuse(cx, call, verdict.retry_after()),
            }
        }
    }

    /// Takes the first out of a line.
    fn leave(&mut self, key: u32) {
        let Some(line) = self.lines.get_mut(&key) else { return };
        line.calls.pop_front();
        self.held -= 1;
        if line.calls.is_empty() {
            self.lines.remove(&key);
        }
    }

    fn refuse<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId, again: Option<Span>) {
        self.refused += 1;
        self.seen.refused(self.key_of(cx.request_of(call)), cx.now());
        cx.count(0, Counter::Limited, 1);
        let answer = again.map_or(Answer::default(), |after| Answer::again(cx.node(), after));
        cx.reply_with(call, Outcome::RateLimited, answer);
    }

    /// The policy let it pass, at once or after its own queue.
    fn pass<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId, wait: Span) {
        self.passed += 1;
        let now = cx.now();
        self.seen.passed(self.key_of(cx.request_of(call)), now);
        let late = wait > Span::ZERO || cx.call_at(call).arrived < now;
        cx.count(0, if late { Counter::Delayed } else { Counter::Allowed }, 1);
        cx.call_mut(call).slot = self.era;
        if wait == Span::ZERO {
            return self.forward(cx, call);
        }
        self.queued += 1;
        cx.timer(0, GO, call.0, now + wait);
    }

    fn forward<E: Env>(&mut self, cx: &mut Context<'_, E>, id: CallId) {
        let Some(&link) = cx.outgoing().first() else { return cx.reply(id, Outcome::NoBackend) };
        self.under_way += 1;
        cx.wait(id);
        let call = cx.call_at(id);
        let (request, era) = (call.request, call.slot);
        let Request { seed, key, .. } = *cx.request_of(id);
        cx.call(Outgoing {
            request,
            parent: id,
            from_member: 0,
            link,
            to_member: super::member_for(cx, link, seed, key),
            attempt: 0,
            tag: era,
            timeout: None,
        });
    }

    fn report<E: Env>(&self, cx: &mut Context<'_, E>) {
        cx.occupied(0, self.under_way, self.waiting());
    }
}

fn build_policy(settings: &Settings) -> Box<dyn Limit> {
    // The scenario's check has seen to it that the policy exists; the first stands in if not.
    let entry = limit::find(&settings.policy.id).unwrap_or(&limit::TABLE[0]);
    let knobs = settings.policy.resolve("limit").unwrap_or_default();
    (entry.build)(&knobs)
}

/// Clients of different nodes are different clients. Numbers are below a million (2²⁰), nodes few.
fn client_of(source: u16, client: u32) -> u32 {
    u32::from(source) << CLIENT_BITS | client
}

const CLIENT_BITS: u32 = 20;

/// Who is meant by a key, and shortly: clients count from 1, with the name of the node that they belong to.
fn named(per: Per, key: u32, names: &[String]) -> (String, String) {
    match per {
        Per::All => ("all".to_owned(), String::new()),
        Per::Client => {
            let node = names.get((key >> CLIENT_BITS) as usize).map_or("client", |name| name);
            let number = (key & ((1 << CLIENT_BITS) - 1)) + 1;
            (format!("{node} {number}"), format!("{}{number}", node.chars().next().unwrap_or('c')))
        }
        Per::Key => (format!("key {key}"), format!("k{key}")),
    }
}

/// `stands` is how the policy stands after that: "0.4 of 20 tokens".
fn explain(name: String, verdict: Verdict, remaining: u32, stands: &str) -> Explanation {
    let sentence = match verdict {
        Verdict::Passes(Span::ZERO) => format!("It passes; {stands} after it."),
        Verdict::Passes(wait) => format!("It passes in {:.0} ms; {stands} with it.", wait.ms()),
        Verdict::Later(after) => {
            format!("One too many, at {stands}: one more may pass in {:.0} ms.", after.ms())
        }
        Verdict::Refused => format!("One too many, at {stands}, until another is done."),
    };
    let allow = verdict.allows();
    Explanation {
        sentence,
        candidates: vec![Candidate { name, figure: remaining as f64, eligible: allow, chosen: allow }],
        figure: "left",
        what: "",
    }
}

impl Show for Limiter {
    fn station(&self, now: Time) -> Option<Station> {
        let (id, short) =
            limit::find(&self.settings.policy.id).map_or(("", ""), |entry| (entry.info.id, entry.info.short));
        let (whose, per) = match self.settings.per {
            Per::All => ("for all", ""),
            Per::Client => ("for each client", "client"),
            Per::Key => ("for each key", "key"),
        };
        // Who is in a policy's own queue has its leave, and is still here.
        let gone = self.passed - u64::from(self.queued);
        let mut view = LimitView {
            policy: id,
            per,
            passed_count: gone,
            refused_count: self.refused,
            waiting: self.waiting(),
            ..self.seen.view(&*self.policy, now, |key| self.lines.contains_key(&key))
        };
        let named = |key| named(self.settings.per, key, &self.names);
        view.name = named(view.key).0;
        view.keys.iter_mut().for_each(|it| (it.name, it.short) = named(it.key));
        let mut notes = vec![format!("{gone} passed, {} refused", self.refused)];
        match self.settings.per {
            Per::All => notes.push(view.state.note.clone()),
            _ => notes.push(format!("{} {per}s known", view.known)),
        }
        if self.waiting() > 0 {
            notes.push(format!("{} held", self.waiting()));
        }
        let inside = Inside::Limit(Box::new(view));
        Some(Station { does: format!("{short}, {whose}"), notes, members: vec![], inside })
    }

    fn bytes(&self) -> usize {
        self.policy.bytes()
    }

    fn about_key(&self, key: u32, now: Time) -> Vec<KeyFact> {
        if self.settings.per != Per::Key {
            return vec![];
        }
        vec![KeyFact { member: None, fact: self.policy.inspect(key, now).note }]
    }
}

impl Behaviour for Limiter {
    type Settings = Settings;

    fn start<E: Env>(&mut self, _: &mut Context<'_, E>) {}

    #[inline(never)]
    fn arrive<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId) {
        if cx.request_of(call).probe {
            return cx.reply(call, Outcome::Ok);
        }
        self.offer(cx, call);
        self.report(cx);
    }

    #[inline(never)]
    fn returned<E: Env>(&mut self, cx: &mut Context<'_, E>, id: CallId) {
        let call = cx.call_at(id);
        let (parent, outcome, answer, era) = (call.parent, call.outcome, call.answer, call.tag);
        let key = self.key_of(cx.request_of(id));
        self.under_way -= 1;
        if era == self.era {
            self.policy.done(key, 1, cx.now());
        }
        cx.reply_with(parent, outcome, answer);
        self.serve(cx, key);
        self.report(cx);
    }

    #[inline(never)]
    fn timer<E: Env>(&mut self, cx: &mut Context<'_, E>, timer: Timer) {
        match timer.kind {
            ASK => self.serve(cx, timer.index),
            _ => {
                self.queued -= 1;
                self.forward(cx, CallId(timer.index));
            }
        }
        self.report(cx);
    }

    fn change<E: Env>(&mut self, cx: &mut Context<'_, E>, settings: &Settings) {
        let before = std::mem::replace(&mut self.settings, settings.clone());
        if before.policy != settings.policy || before.per != settings.per {
            self.policy = build_policy(settings);
            self.seen = Seen::default();
            self.era = self.era.wrapping_add(1);
        }
        // Those that are held ask anew, under the new settings.
        let mut held = vec![];
        for line in std::mem::take(&mut self.lines).into_values() {
            cx.cancel(line.timer);
            held.extend(line.calls);
        }
        order::sort_by_key(&mut held, |call| cx.call_at(*call).arrived.0);
        self.held = 0;
        for call in held {
            self.offer(cx, call);
        }
        self.report(cx);
    }

    fn condition<E: Env>(&mut self, _: &mut Context<'_, E>, _: u16) {}

    fn downstream<E: Env>(&mut self, _: &mut Context<'_, E>, _: u16, _: &[Member]) {}

    fn members(&self) -> Vec<Member> {
        vec![Member { weight: 1 }]
    }
}
