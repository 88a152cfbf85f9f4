//! A cache in front of an origin: machines that hold entries, and the library that speaks for them.
//!
//! The library places keys on machines (a policy of the family `ring`) and is part of the callers: it
//! does not die with a machine, and it asks the next copy when one is down. What the strategies mean:
//!
//! | strategy | a read that misses | a write |
//! |---|---|---|
//! | `aside` | the application asks the origin and fills the entry | to the origin, then the entry is thrown out |
//! | `read-through` | the cache asks the origin and fills the entry | the same, and fills under way are spoiled |
//! | `write-through` | as `read-through` | to the origin, then into the entry |
//! | `write-behind` | as `read-through` | into the entry, acknowledged at once, passed on later |
//! | `write-around` | as `read-through` | to the origin; the entry is not told and grows stale |
//! | `refresh-ahead` | as `read-through`, and late hits fetch anew | as `write-through` |
//!
//! So `aside` has the race that leases were invented for (Nishtala et al., "Scaling Memcache at
//! Facebook", 2013): a fill that began before a write may put the old value back. And with `aside` the
//! application goes on without a cache that is down, where the others fail.
//!
//! A crash loses all entries and the writes that were not passed on; a machine comes back cold. With
//! copies, another machine that has them goes on, and passes the writes on. Left out: the machines'
//! own time and queues, the size of entries, and the time that copies take.

mod fetches;
mod machine;
mod reads;
mod settings;
mod writes;

pub use machine::{Machine, Unflushed};
pub use settings::{ENTRIES_MAX, MEMBER_SETTINGS, SETTINGS, STRATEGIES, Settings, Strategy};

use super::division::{Divided, Division};
use super::placing::Placing;
use super::station::{Inside, Station, StationMember};
use super::{KeyFact, Kind, Show, Site};
use crate::algo::cache as family;
use crate::algo::ring::Members;
use crate::sim::{
    Answer, Behaviour, CallId, Context, Counter, Draw, Env, Explanation, Handle, Member, NewRequest, Outcome,
    Outgoing, Purpose, Random, Span, Stream, Time, Timer, mix, order, stream_seed,
};
use fetches::{Fetch, Fetches, Goal};
use machine::{Found, Left, Took};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What menus, validation and documentation need of this kind of node.
pub const KIND: Kind = Kind {
    id: "cache",
    name: "Cache",
    summary: "Keeps answers near, so that the origin is asked less.",
    settings: SETTINGS,
    member_settings: MEMBER_SETTINGS,
    calls: (1, 1),
    called: true,
    talks: false,
    counters: &[
        Counter::Hits,
        Counter::Misses,
        Counter::Expired,
        Counter::Coalesced,
        Counter::Evictions,
        Counter::Fills,
        Counter::Refreshes,
        Counter::Flushes,
        Counter::LostWrites,
        Counter::StaleReads,
        Counter::MovedKeys,
    ],
};

/// Passes writes on.
const FLUSH: u8 = 0;
/// Gives the keys of a machine that is down to the others. Its index is the machine's life.
const FAILOVER: u8 = 1;

/// The running node.
#[derive(Clone, Debug)]
pub struct Cache {
    settings: Settings,
    id: String,
    machines: Vec<Machine>,
    /// The machines that the library takes to be alive.
    placing: Arc<Placing>,
    placed: Vec<bool>,
    divided: Divided,
    /// Keys came or went where the policy goes by load, and the callers have not been told.
    came_or_went: bool,
    fetches: Fetches,
    /// By key: the newest write of ours that the origin has. Only where we number the writes.
    passed_on: BTreeMap<u32, u32>,
    flush_timers: Vec<Handle>,
    random: Stream,
    lifetimes: u64,
    identity: u64,
    errands: u64,
    hits: u64,
    misses: u64,
    /// The last reads, the newest as the lowest bit: whether they hit.
    recent: u128,
}

impl Cache {
    pub fn new(site: &Site<'_>, settings: Settings) -> Cache {
        let placing = Arc::new(Placing::new(&settings.partitioner, Members::default(), vec![]));
        Cache {
            id: site.id.to_owned(),
            machines: vec![],
            placing,
            placed: vec![],
            divided: Divided::default(),
            came_or_went: false,
            fetches: Fetches::default(),
            passed_on: BTreeMap::new(),
            flush_timers: vec![],
            random: Stream::new(site.seed, site.id, Purpose::Policy),
            lifetimes: stream_seed(site.seed, site.id, Purpose::Member),
            identity: stream_seed(site.seed, site.id, Purpose::Errands),
            errands: 0,
            hits: 0,
            misses: 0,
            recent: 0,
            settings,
        }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn machines(&self) -> &[Machine] {
        &self.machines
    }

    /// How keys are placed now.
    pub fn placing(&self) -> &Placing {
        &self.placing
    }

    fn count(&self) -> usize {
        self.settings.count as usize
    }

    /// The machines for a key that was asked of `member`, the first one first. Who asks a machine that
    /// does not own the key (a balancer in front may) finds what that machine has.
    ///
    /// Where the policy goes by load a key may have come to lie elsewhere while the call was under way: the library
    /// asks there.
    fn holders(&self, member: u16, key: u32) -> Vec<u16> {
        let owners = self.placing.owners(key, self.settings.replicas as usize);
        let asked_there = owners.contains(&member) || (self.placing.by_load() && !owners.is_empty());
        if asked_there { owners } else { vec![member] }
    }

    /// The first of them that is up.
    fn first_up(&self, holders: &[u16]) -> Option<u16> {
        holders.iter().copied().find(|member| self.is_up(*member))
    }

    fn is_up(&self, member: u16) -> bool {
        self.machines.get(member as usize).is_some_and(|machine| !machine.down)
    }

    fn lifetime(&self, seed: u64) -> Option<Span> {
        if self.settings.ttl_ms <= 0.0 {
            return None;
        }
        let spread = self.settings.ttl_spread;
        let part = if spread > 0.0 { Draw::new(self.lifetimes, seed).unit() * spread } else { 0.0 };
        Some(Span::from_ms(self.settings.ttl_ms * (1.0 - part)).max(Span(1)))
    }

    /// Writes an entry into every machine of `holders` that is up: for `call`, which is told what had to leave.
    fn fill<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        call: Option<CallId>,
        holders: &[u16],
        key: u32,
        answer: Answer,
        seed: u64,
    ) {
        let lifetime = self.lifetime(seed);
        for &member in holders {
            let up = self.machines.get_mut(member as usize).filter(|machine| !machine.down);
            let Some(machine) = up else { continue };
            let took = machine.put(key, answer, cx.now(), lifetime, &mut self.random);
            cx.count(member, Counter::Evictions, u32::from(matches!(took, Took::For(_))));
            if let Some(call) = call {
                self.explain_put(cx, call, member, took);
            }
        }
        let owner = if self.placing.by_load() { self.placing.owner(key) } else { None };
        if let Some(owner) = owner.filter(|owner| self.machines[*owner as usize].has(key)) {
            self.came_or_went |= Placing::put(&mut self.placing, key, owner);
        }
    }

    /// Why this entry had to leave, or why the new one may not stay.
    fn explain_put<E: Env>(&self, cx: &mut Context<'_, E>, call: CallId, member: u16, took: Took) {
        let policy = &self.settings.eviction.id;
        let explained = |what: String| Explanation {
            sentence: format!("{what} {}", rule(policy)),
            ..Explanation::default()
        };
        match took {
            Took::For(left) => cx.chose(call, || explained(explain_left(member, left))),
            Took::Refused => {
                cx.chose(call, || explained(format!("Machine {} does not keep it.", member + 1)))
            }
            Took::In => {}
        }
    }

    /// Keys that a machine no longer holds do not lie there any more: matters where the policy goes by load. The
    /// callers are told.
    fn settle<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        if !self.placing.by_load() {
            return;
        }
        for (member, machine) in self.machines.iter_mut().enumerate() {
            for key in machine.gone() {
                self.came_or_went |= Placing::take_out(&mut self.placing, key, member as u16);
            }
        }
        if std::mem::take(&mut self.came_or_went) {
            self.publish(cx);
        }
    }

    fn publish<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        self.divided.follow(&self.placing, cx.now());
        cx.publish(self.placing.clone());
    }

    /// Sends a call to the origin: for `parent`, or on an errand of our own.
    fn ask_origin<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        member: u16,
        key: u32,
        goal: Goal,
        parent: Option<CallId>,
        errand: Option<crate::sim::RequestId>,
    ) {
        let Some(&link) = cx.outgoing().first() else { return };
        let request = match (parent, errand) {
            (Some(call), _) => cx.call_at(call).request,
            (None, Some(request)) => request,
            (None, None) => return,
        };
        let life = self.machines.get(member as usize).map_or(0, |machine| machine.life);
        let waiting = parent.into_iter().collect();
        let tag = self.fetches.begin(Fetch {
            key,
            member,
            life,
            goal,
            waiting,
            spoiled: false,
            call: CallId::NONE,
        });
        let to_member = super::member_for(cx, link, cx.request(request).seed, key);
        let call = cx.call(Outgoing {
            request,
            parent: parent.unwrap_or(CallId::NONE),
            from_member: member,
            link,
            to_member,
            attempt: 0,
            tag,
            timeout: None,
        });
        self.fetches.sent(tag, call);
    }

    fn errand<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16, key: u32, goal: Goal) {
        self.errands += 1;
        let seed = mix(self.identity ^ self.errands);
        let write = matches!(goal, Goal::Flush { .. });
        let request = cx.errand(NewRequest { seed, key, write, cost: 1.0, ..NewRequest::default() });
        self.ask_origin(cx, member, key, goal, None, Some(request));
    }

    /// Works out who has which key, and tells the callers.
    fn place<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        let (mut members, mut numbers) = (Members::default(), vec![]);
        for member in (0..self.count()).filter(|member| self.placed[*member]) {
            // By its name: only its own keys move when it comes or goes.
            let weight = self.settings.members.get(member).map_or(1, |own| own.weight);
            members.push(format!("{}-{}", self.id, member + 1), weight);
            numbers.push(member as u16);
        }
        let of = |(member, machine): (usize, &Machine)| {
            let owns = |key: &u32| self.placing.owner(*key) == Some(member as u16);
            machine.keys().filter(owns).collect::<Vec<u32>>()
        };
        let lying = || {
            let mut keys: Vec<u32> = self.machines.iter().enumerate().flat_map(of).collect();
            order::sort_by_key(&mut keys, |key| u64::from(*key));
            keys
        };
        let placing = self.placing.changed(&self.settings.partitioner, members, numbers, lying);
        for (member, machine) in self.machines.iter().enumerate() {
            let member = member as u16;
            let of = |key: &u32| self.placing.owner(*key) == Some(member);
            let moved = machine.keys().filter(|key| of(key) && placing.owner(*key) != Some(member)).count();
            if moved > 0 {
                cx.count(member, Counter::MovedKeys, moved as u32);
            }
        }
        self.placing = Arc::new(placing);
        // What has moved lies nowhere until it is fetched.
        let lies =
            |key: &u32| self.placing.owner(*key).is_some_and(|it| self.machines[it as usize].has(*key));
        let moved: Vec<u32> = self.placing.keys().filter(|key| !lies(key)).collect();
        for key in moved {
            if let Some(owner) = self.placing.owner(key) {
                Placing::take_out(&mut self.placing, key, owner);
            }
        }
        for machine in &mut self.machines {
            machine.tell(self.placing.by_load());
        }
        self.publish(cx);
    }

    /// Brings a machine's life in line with its condition.
    fn obey<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16) {
        let index = member as usize;
        let down = cx.condition(member).down;
        if down == self.machines[index].down {
            return;
        }
        if down {
            self.crash(cx, member);
            if self.settings.failover_ms > 0.0 {
                let at = cx.now() + Span::from_ms(self.settings.failover_ms);
                // The library's timer, not the machine's.
                cx.timer(LIBRARY, FAILOVER, mark(member, self.machines[index].life), at);
            }
        } else {
            self.machines[index].down = false;
            if !self.placed[index] {
                self.placed[index] = true;
                self.place(cx);
            }
        }
    }

    fn crash<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16) {
        let lost = self.machines[member as usize].crash(&self.settings);
        for (key, write) in lost {
            let holders = self.holders(member, key);
            let heir = self.first_up(&holders);
            match heir.and_then(|heir| self.machines.get_mut(heir as usize)) {
                Some(heir) => {
                    heir.inherit(key, write, Answer { origin: cx.node(), version: write.version });
                }
                // What is on its way may still arrive; what came after it is lost.
                None if write.passing > 0 => {
                    self.count_lost(cx, member, write.version - write.passing);
                }
                None => self.lose_writes(cx, member, key, write.version),
            }
        }
        if self.settings.strategy == Strategy::Aside {
            return;
        }
        // Who waited at the machine loses the connection.
        for fetch in self.fetches.take_waiting(member) {
            cx.abandon(fetch.call);
            for call in fetch.waiting {
                cx.reply(call, Outcome::Crashed);
            }
        }
        self.schedule_flushes(cx);
    }

    /// Gives every member a machine; those that are too many pass their writes on and are emptied.
    fn fit<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        let count = self.count();
        while self.machines.len() < count {
            self.machines.push(Machine::new(&self.settings));
        }
        self.placed.resize(self.machines.len(), true);
        for member in count..self.machines.len() {
            self.flush(cx, member as u16, usize::MAX);
            self.machines[member].retire(&self.settings);
            self.placed[member] = true;
        }
        self.place(cx);
    }

    fn declare_conditions<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        before: &[super::member::MemberSettings],
    ) {
        for member in 0..self.count() {
            let old = before.get(member).cloned().unwrap_or_default();
            let new = self.settings.members.get(member).cloned().unwrap_or_default();
            if old.faults() != new.faults() {
                cx.set_condition(member as u16, new.faults());
            }
            self.obey(cx, member as u16);
        }
    }

    /// Fills the machines with the keys that a Zipf law makes the most popular.
    fn warm<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        let each = (self.settings.capacity as f64 * self.settings.warm_share) as u32;
        let most = match self.settings.warm_keys {
            0 => each.saturating_mul(self.settings.count.into()).min(super::keys::KEYS_MAX),
            keys => keys,
        };
        let origin = cx.outgoing().first().map_or(0, |link| cx.callee(*link));
        for key in 0..most {
            let holders = self.placing.owners(key, self.settings.replicas as usize);
            let room = |member: &&u16| self.machines[**member as usize].entries() < each;
            let holders: Vec<u16> = holders.iter().filter(room).copied().collect();
            self.fill(cx, None, &holders, key, Answer { origin, version: 0 }, mix(key.into()));
        }
    }

    /// Calls to the origin under way.
    pub fn under_way(&self) -> usize {
        self.fetches.count()
    }

    /// Verifies machines and fetches.
    ///
    /// # Errors
    /// Says what does not hold.
    pub fn check(&self) -> Result<(), String> {
        self.machines.iter().try_for_each(Machine::check)?;
        let over = |machine: &&Machine| machine.entries() > self.settings.capacity;
        match self.machines.iter().find(over) {
            Some(machine) => {
                Err(format!("{} entries in {} places", machine.entries(), self.settings.capacity))
            }
            None => Ok(()),
        }
    }
}

/// Stands for the library where the engine asks for a member: never down, never frozen.
const LIBRARY: u16 = u16::MAX;

/// A machine's number and life, for a timer.
fn mark(member: u16, life: u32) -> u32 {
    u32::from(member) << 16 | (life & 0xffff)
}

/// How the key came to its machine, and what was found there.
fn explain_found(placed: Explanation, found: String) -> Explanation {
    let sentence = if placed.sentence.is_empty() { found } else { format!("{} {found}", placed.sentence) };
    Explanation { sentence, ..placed }
}

fn explain_hit(placed: Explanation, member: u16, age: Span, left: Option<Span>) -> Explanation {
    let left = left.map_or(String::new(), |left| format!(", good for another {:.0} ms", left.ms()));
    explain_found(placed, format!("Machine {} has it, {:.0} ms old{left}.", member + 1, age.ms()))
}

fn explain_miss(placed: Explanation, member: u16, found: Found) -> Explanation {
    let why = if found == Found::Expired { "had it, but its lifetime is over" } else { "does not have it" };
    explain_found(placed, format!("Machine {} {why}: the origin is asked.", member + 1))
}

/// Nobody is up who could have the key.
fn explain_down(key: u32, aside: bool) -> Explanation {
    let then = match aside {
        true => "the application asks the origin without it",
        false => "all goes through the cache, and nothing goes round it",
    };
    let sentence = format!("No machine for key {key} is up: {then}.");
    Explanation { sentence, ..Explanation::default() }
}

/// "LRU: the entry that has not been used for longest leaves."
fn rule(policy: &str) -> String {
    let Some(family::Entry { info, .. }) = family::find(policy) else { return String::new() };
    let mut letters = info.summary.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    format!("{}: {}{}", info.short, first.map(String::from).unwrap_or_default(), letters.as_str())
}

fn explain_left(member: u16, left: Left) -> String {
    format!("Machine {} keeps it, and key {} leaves: it {}.", member + 1, left.key, left.life())
}

impl Show for Cache {
    fn station(&self, now: Time) -> Option<Station> {
        let (id, policy) = family::find(&self.settings.eviction.id)
            .map_or(("", ""), |entry| (entry.info.id, entry.info.short));
        let lifetime = (self.settings.ttl_ms > 0.0).then(|| Span::from_ms(self.settings.ttl_ms));
        let strategy = STRATEGIES[self.settings.strategy as usize].1;
        let asked = self.hits + self.misses;
        let ratio = (asked > 0).then(|| format!("{:.1} % hits", self.hits as f64 / asked as f64 * 100.0));
        let lately = f64::from(self.recent.count_ones()) / (asked.clamp(1, 128) as f64);
        let ratio = ratio.map(|all| format!("{all}, now {:.0} %", lately * 100.0));
        let unflushed: usize = self.machines.iter().map(|machine| machine.unflushed.len()).sum();
        let waiting = (unflushed > 0).then(|| format!("{unflushed} writes kept"));
        let member = |(index, machine): (usize, &Machine)| StationMember {
            number: index as u32 + 1,
            level: Some(f64::from(machine.entries()) / f64::from(self.settings.capacity)),
            note: format!("{} of {} entries", machine.entries(), self.settings.capacity),
            inside: Inside::Cache(Box::new(machine.view(id, now, lifetime))),
            ..StationMember::default()
        };
        Some(Station {
            does: format!("{policy} · {strategy}"),
            notes: ratio.into_iter().chain(waiting).collect(),
            members: self.machines.iter().take(self.count()).enumerate().map(member).collect(),
            inside: self.divided.view().map_or(Inside::Nothing, |it| {
                let owners = |key| self.placing.owners(key, self.settings.replicas as usize).to_vec();
                let copies =
                    it.latest.filter(|_| self.settings.replicas > 1).map(|latest| owners(latest.key));
                Inside::Ring(Box::new(Division { copies: copies.unwrap_or_default(), ..it }))
            }),
        })
    }

    fn bytes(&self) -> usize {
        self.machines.iter().map(Machine::bytes).sum()
    }

    fn about_key(&self, key: u32, now: Time) -> Vec<KeyFact> {
        let owners = self.placing.owners(key, self.settings.replicas as usize);
        let about = |(member, machine): (usize, &Machine)| {
            let place = owners.iter().position(|owner| *owner as usize == member);
            let role = match place {
                Some(0) if self.count() > 1 => "owner, ",
                Some(1..) => "copy, ",
                _ => "",
            };
            KeyFact { member: Some(member as u16), fact: format!("{role}{}", machine.about(key, now)) }
        };
        let machines = self.machines.iter().take(self.count()).enumerate().map(about);
        self.placing.fact(key).into_iter().chain(machines).collect()
    }
}

impl Behaviour for Cache {
    type Settings = Settings;

    fn start<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        self.fit(cx);
        self.warm(cx);
        self.declare_conditions(cx, &[]);
        self.schedule_flushes(cx);
        self.settle(cx);
    }

    #[inline(never)]
    fn arrive<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId) {
        let request = cx.request_of(call);
        let (key, write, probe) = (request.key, request.write, request.probe);
        if probe {
            let outcome = if self.is_up(cx.call_at(call).to.member) { Outcome::Ok } else { Outcome::Crashed };
            return cx.reply(call, outcome);
        }
        if let Some(owner) = self.placing.owner(key) {
            self.divided.ask(key, owner);
        }
        if write {
            self.write(cx, call, key);
        } else {
            self.read(cx, call, key);
        }
        self.settle(cx);
    }

    #[inline(never)]
    fn returned<E: Env>(&mut self, cx: &mut Context<'_, E>, id: CallId) {
        let call = cx.call_at(id);
        let (request, parent, outcome, answer, tag) =
            (call.request, call.parent, call.outcome, call.answer, call.tag);
        let seed = cx.request(request).seed;
        if let Some(fetch) = self.fetches.end(tag) {
            let answer = if outcome.is_ok() { self.numbered(cx, fetch.key, answer) } else { answer };
            match fetch.goal {
                Goal::Fill | Goal::Refresh => self.filled(cx, &fetch, outcome, answer, seed),
                Goal::Write { version } => self.written(cx, &fetch, version, outcome, answer, seed),
                Goal::Flush { version } => self.flushed(cx, &fetch, version, outcome),
            }
        }
        if parent == CallId::NONE {
            cx.end(request, outcome);
        }
        self.settle(cx);
    }

    #[inline(never)]
    fn timer<E: Env>(&mut self, cx: &mut Context<'_, E>, timer: Timer) {
        match timer.kind {
            FLUSH => {
                let member = timer.place.member;
                self.flush(cx, member, self.settings.flush_batch as usize);
                self.schedule_flush(cx, member as usize);
            }
            _ => {
                let member = (timer.index >> 16) as u16;
                let Some(machine) = self.machines.get(member as usize) else { return };
                if machine.down && mark(member, machine.life) == timer.index {
                    self.placed[member as usize] = false;
                    self.place(cx);
                }
            }
        }
    }

    fn change<E: Env>(&mut self, cx: &mut Context<'_, E>, settings: &Settings) {
        let before = std::mem::replace(&mut self.settings, settings.clone());
        if before.capacity != settings.capacity || before.eviction != settings.eviction {
            for machine in &mut self.machines {
                machine.rebuilt(settings, cx.now(), &mut self.random);
            }
        }
        self.fit(cx);
        self.declare_conditions(cx, &before.members);
        if before.strategy == Strategy::WriteBehind && settings.strategy != Strategy::WriteBehind {
            for member in 0..self.machines.len() {
                self.flush(cx, member as u16, usize::MAX);
            }
        }
        self.schedule_flushes(cx);
        self.settle(cx);
        cx.announce_members();
    }

    fn condition<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16) {
        if (member as usize) < self.machines.len() {
            self.obey(cx, member);
            self.settle(cx);
        }
    }

    fn downstream<E: Env>(&mut self, _: &mut Context<'_, E>, _: u16, _: &[Member]) {}

    fn members(&self) -> Vec<Member> {
        let weight = |member: usize| self.settings.members.get(member).map_or(1, |own| own.weight);
        (0..self.count()).map(|member| Member { weight: weight(member) }).collect()
    }
}
