//! Clients: where requests come from, and how long they wait for an answer.
//!
//! Open loop (requests come at a rate, whatever happens to them), closed loop (users who wait for an
//! answer and then think), or the replay of a log. Arrivals, keys, classes and clients are drawn from
//! streams of their own, so nothing that happens behind the clients changes them.

mod settings;

pub use settings::{Arrivals, CLASSES_MAX, Class, REPLAY_ROWS_MAX, Replay, SETTINGS, Settings};

use super::calling::{self, Caller, Done, Want};
use super::keys::KeySource;
use super::{Kind, Show, Site};
use crate::sim::{
    Behaviour, CallId, Context, DURATION_MS_MAX, Draw, Env, Handle, Member, NS_PER_S, NewRequest, Outcome,
    Outgoing, Purpose, Random, RequestId, Sampler, Span, Stream, Time, Timer, mix, stream_seed,
};

/// What menus, validation and documentation need of this kind of node.
pub const KIND: Kind = Kind {
    id: "clients",
    name: "Clients",
    summary: "Where requests come from, and how long they wait.",
    settings: SETTINGS,
    member_settings: &[],
    calls: (1, 1),
    called: false,
    talks: false,
    counters: calling::COUNTERS,
};

/// Bursts without an arrival that are walked through one by one; of so many the mean says enough.
const BURSTS_MAX: u32 = 10_000;
/// However hasty a user is, time goes on.
const THINK_LEAST: Span = Span(1000);

const ARRIVAL: u8 = 0;
const THINK: u8 = 1;

/// The running node.
#[derive(Clone, Debug)]
pub struct Clients {
    settings: Settings,
    arrivals: Stream,
    key_stream: Stream,
    class_stream: Stream,
    client_stream: Stream,
    think_stream: u64,
    write_stream: u64,
    identity: u64,
    keys: KeySource,
    think: Sampler,
    timeout: Option<Span>,
    /// Where each class's share of [0, 1) ends.
    shares: Vec<f64>,
    /// What a request of each class is like.
    models: Vec<Model>,
    /// The engine's numbers of a log's paths.
    class_ids: Vec<u16>,
    /// Gaps are simply drawn.
    poisson: bool,
    /// Nanoseconds between two requests of the open loop, on average.
    mean_gap_ns: f64,
    /// Requests issued in the open loop.
    issued: u64,
    /// The next row of the log.
    row: usize,
    /// When the next one of the open loop is due.
    next_at: Time,
    next: Handle,
    /// What is left of the present burst.
    burst_left: Span,
    users: Vec<User>,
    /// To whom it sends.
    link: Option<u16>,
    /// For calls that are more than one try.
    caller: Caller,
}

/// A class of the mix, ready to be copied.
#[derive(Clone, Copy, Debug)]
struct Model {
    /// The engine's number.
    class: u16,
    cost: f32,
    priority: u8,
    write_share: f64,
}

impl Model {
    const DEFAULT: Model = Model { class: 0, cost: 1.0, priority: 0, write_share: 0.0 };
}

/// Someone in the closed loop.
#[derive(Clone, Copy, Debug, Default)]
struct User {
    issued: u32,
    active: bool,
}

impl Clients {
    pub fn new(site: &Site<'_>, settings: Settings) -> Clients {
        let Site { seed, id, .. } = *site;
        let stream = |purpose| Stream::new(seed, id, purpose);
        let mut clients = Clients {
            arrivals: stream(Purpose::Arrivals),
            key_stream: stream(Purpose::Keys),
            class_stream: stream(Purpose::Classes),
            client_stream: stream(Purpose::Clients),
            think_stream: stream_seed(seed, id, Purpose::Think),
            write_stream: stream_seed(seed, id, Purpose::Writes),
            identity: stream_seed(seed, id, Purpose::Member),
            keys: KeySource::new(&settings.keys),
            think: settings.think_ms.sampler(),
            timeout: settings.timeout(),
            shares: vec![],
            models: vec![],
            class_ids: vec![],
            poisson: is_poisson(&settings),
            mean_gap_ns: NS_PER_S / settings.rate_per_s,
            issued: 0,
            row: 0,
            next_at: Time::NEVER,
            next: Handle::NONE,
            burst_left: Span::ZERO,
            users: vec![],
            link: None,
            caller: Caller::new(site, settings.calling, settings.timeout(), !settings.calling.is_plain()),
            settings,
        };
        clients.shares = shares_of(&clients.settings.mix);
        clients
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How its calls are made that are more than one try.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// When the next request of the open loop is due.
    pub fn next_at(&self) -> Time {
        self.next_at
    }

    fn learn_classes<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        let replayed = self.settings.replay.as_ref().filter(|_| self.settings.arrivals == Arrivals::Replay);
        match replayed {
            Some(replay) => self.class_ids = replay.paths.iter().map(|path| cx.class(path)).collect(),
            None => {
                let model = |class: &Class| Model {
                    class: cx.class(&class.path),
                    cost: class.cost as f32,
                    priority: class.priority,
                    write_share: class.write_share,
                };
                self.models = self.settings.mix.iter().map(model).collect();
            }
        }
    }

    /// Schedules the next arrival of the open loop, or wakes the users of the closed one.
    fn set_going<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        match self.settings.arrivals {
            Arrivals::Closed => self.wake_users(cx),
            _ => {
                let gap = self.gap(cx.now());
                self.schedule(cx, gap);
            }
        }
    }

    #[inline(always)]
    fn schedule<E: Env>(&mut self, cx: &mut Context<'_, E>, gap: Option<Span>) {
        match gap {
            None => (self.next_at, self.next) = (Time::NEVER, Handle::NONE),
            Some(gap) => {
                self.next_at = cx.now() + gap;
                self.next = cx.timer(0, ARRIVAL, 0, self.next_at);
            }
        }
    }

    /// From now to the next arrival of the open loop; `None` if there is no next.
    #[inline(always)]
    fn gap(&mut self, now: Time) -> Option<Span> {
        if self.poisson {
            return Some(Span::from_ns(self.arrivals.exponential() * self.mean_gap_ns));
        }
        self.gap_otherwise(now)
    }

    /// The same where it is not simply drawn.
    #[inline(never)]
    fn gap_otherwise(&mut self, now: Time) -> Option<Span> {
        let rate = self.settings.rate_per_s;
        if self.settings.arrivals == Arrivals::Replay {
            let replay = self.settings.replay.as_ref()?;
            let (at_ms, ..) = replay.rows.get(self.row)?;
            return Some(Time::from_ms(*at_ms).since(now));
        }
        if rate <= 0.0 {
            return None;
        }
        Some(match self.settings.arrivals {
            Arrivals::Steady => Span::from_seconds(1.0 / rate),
            Arrivals::Bursty => self.gap_between_bursts(rate),
            Arrivals::Diurnal => self.gap_of_the_day(rate, now),
            _ => Span::from_ns(self.arrivals.exponential() * self.mean_gap_ns),
        })
    }

    /// A log that takes over in the middle of a run begins where the time is.
    fn find_row(&mut self, now: Time) {
        let rows = self.settings.replay.as_ref().map(|replay| &replay.rows);
        self.row = rows.map_or(0, |rows| rows.partition_point(|(at_ms, ..)| Time::from_ms(*at_ms) < now));
    }

    /// Walks through bursts and silences until the exponential amount of "on" time has passed.
    fn gap_between_bursts(&mut self, rate: f64) -> Span {
        let Settings { burst_on_ms, burst_off_ms, .. } = self.settings;
        let rate_on = rate * (burst_on_ms + burst_off_ms) / burst_on_ms;
        // At least a nanosecond, or a burst would never end.
        let mut wanted = Span::from_seconds(self.arrivals.exponential() / rate_on).max(Span(1));
        let mut gap = Span::ZERO;
        let mut bursts = 0;
        while wanted > self.burst_left {
            bursts += 1;
            if bursts > BURSTS_MAX {
                return gap + wanted.times((burst_on_ms + burst_off_ms) / burst_on_ms);
            }
            wanted = Span(wanted.0 - self.burst_left.0);
            gap += self.burst_left + Span::from_ms(self.arrivals.exponential() * burst_off_ms);
            self.burst_left = Span::from_ms(self.arrivals.exponential() * burst_on_ms).max(Span(1));
        }
        self.burst_left = Span(self.burst_left.0 - wanted.0);
        gap + wanted
    }

    /// Thinning (Lewis and Shedler, 1979): candidates at the peak rate, kept in proportion.
    fn gap_of_the_day(&mut self, rate: f64, now: Time) -> Span {
        let Settings { period_ms, swing, .. } = self.settings;
        let mut gap = Span::ZERO;
        loop {
            gap += Span::from_seconds(self.arrivals.exponential() / (rate * (1.0 + swing)));
            let phase = (now + gap).ms() / period_ms;
            let share = (1.0 + swing * libm::sin(phase * std::f64::consts::TAU)) / (1.0 + swing);
            // Nobody waits for an arrival after the longest run.
            if self.arrivals.unit() < share || gap > Span::from_ms(DURATION_MS_MAX) {
                return gap;
            }
        }
    }

    fn wake_users<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        let wanted = self.settings.users as usize;
        if self.users.len() < wanted {
            self.users.resize(wanted, User::default());
        }
        for index in 0..wanted {
            if !self.users[index].active {
                self.users[index].active = true;
                self.think(cx, index);
            }
        }
    }

    /// The user thinks, and then asks; whoever is one too many leaves.
    #[inline(never)]
    fn think<E: Env>(&mut self, cx: &mut Context<'_, E>, index: usize) {
        if index >= self.settings.users as usize || self.settings.arrivals != Arrivals::Closed {
            self.users[index].active = false;
            return;
        }
        let identity = mix(index as u64) ^ self.users[index].issued as u64;
        let think = self.think.draw(&mut Draw::new(self.think_stream, identity)).max(THINK_LEAST);
        cx.timer(0, THINK, index as u32, cx.now() + think);
    }

    /// Draws a class of the mix.
    fn draw_class(&mut self) -> usize {
        match self.shares.len() {
            0 | 1 => 0,
            n => {
                let x = self.class_stream.unit();
                self.shares.iter().position(|end| x < *end).unwrap_or(n - 1)
            }
        }
    }

    fn draw_client(&mut self) -> u32 {
        match self.settings.clients {
            1 => 0,
            n => self.client_stream.below(n as u64) as u32,
        }
    }

    /// A request of the mix.
    #[inline(always)]
    fn draw(&mut self, now: Time, seed: u64, client: u32) -> NewRequest {
        let index = self.draw_class();
        let key = self.keys.draw(&mut self.key_stream, now);
        let Model { class, cost, priority, write_share } =
            self.models.get(index).copied().unwrap_or(Model::DEFAULT);
        let write = write_share > 0.0 && Draw::new(self.write_stream, seed).chance(write_share);
        NewRequest { seed, key, client, class, work: Span::ZERO, cost, priority, write }
    }

    /// A request of the log.
    #[inline(never)]
    fn replayed(&mut self, now: Time, seed: u64) -> Option<NewRequest> {
        let replay = self.settings.replay.as_ref().filter(|_| self.settings.arrivals == Arrivals::Replay)?;
        let (_, client, path, duration_ms) = *replay.rows.get(self.row)?;
        self.row += 1;
        let key = self.keys.draw(&mut self.key_stream, now);
        let class = self.class_ids.get(path as usize).copied().unwrap_or(0);
        // Logs round short requests down to 0, which is not the same as unknown.
        let known = (duration_ms >= 0.0).then(|| Span::from_ms(duration_ms).max(Span(1)));
        let work = known.unwrap_or(Span::ZERO);
        Some(NewRequest { seed, key, client, class, work, cost: 1.0, priority: 0, write: false })
    }

    #[inline(always)]
    fn arrive_open<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        let (now, seed) = (cx.now(), mix(self.identity ^ self.issued));
        if self.settings.arrivals == Arrivals::Replay {
            if let Some(new) = self.replayed(now, seed) {
                self.send(cx, new, 0);
            }
        } else {
            let client = self.draw_client();
            let new = self.draw(now, seed, client);
            self.send(cx, new, 0);
        }
        self.issued += 1;
        let gap = self.gap(now);
        self.schedule(cx, gap);
    }

    #[inline(never)]
    fn arrive_closed<E: Env>(&mut self, cx: &mut Context<'_, E>, index: usize) {
        if index >= self.settings.users as usize || self.settings.arrivals != Arrivals::Closed {
            self.users[index].active = false;
            return;
        }
        let user = &mut self.users[index];
        let seed = mix(self.identity ^ mix((index as u64) << 32 | user.issued as u64));
        user.issued += 1;
        let new = self.draw(cx.now(), seed, index as u32 % self.settings.clients);
        self.send(cx, new, index as u32 + 1);
    }

    /// `tag` is 0 in the open loop, else the user's number from 1.
    #[inline(always)]
    fn send<E: Env>(&mut self, cx: &mut Context<'_, E>, new: NewRequest, tag: u32) {
        let request = cx.issue(new);
        if cx.is_full() {
            // No connection is left to send it over.
            cx.end(request, Outcome::BulkheadFull);
            if tag > 0 {
                self.think(cx, tag as usize - 1);
            }
            return;
        }
        if self.caller.is_on() {
            return self.ask(cx, request, tag);
        }
        let Some(link) = self.link else { return };
        let to_member = super::member_for(cx, link, new.seed, new.key);
        cx.call(Outgoing {
            request,
            parent: CallId::NONE,
            from_member: 0,
            link,
            to_member,
            attempt: 0,
            tag,
            timeout: self.timeout,
        });
    }

    // What follows is kept out of the way of clients who call but once.

    /// The same as `send`, where a call may be made again or not at all.
    #[cold]
    #[inline(never)]
    fn ask<E: Env>(&mut self, cx: &mut Context<'_, E>, request: RequestId, tag: u32) {
        let want = Want { request, parent: CallId::NONE, member: 0, way: 0, owner: tag };
        let done = self.caller.ask(cx, want);
        self.settle(cx, done);
    }

    #[cold]
    #[inline(never)]
    fn asked<E: Env>(&mut self, cx: &mut Context<'_, E>, id: CallId) {
        let done = self.caller.returned(cx, id);
        self.settle(cx, done);
    }

    /// Single numbers, as they travel in registers.
    #[inline(never)]
    fn rarer_timer<E: Env>(&mut self, cx: &mut Context<'_, E>, kind: u8, index: u32) {
        if kind < calling::TIMERS {
            return self.arrive_closed(cx, index as usize);
        }
        let done = self.caller.timer(cx, kind, 0, index);
        self.settle(cx, done);
    }

    /// Ends the request, if its calls have come to an end.
    fn settle<E: Env>(&mut self, cx: &mut Context<'_, E>, done: Option<Done>) {
        let Some(Done { want, outcome, .. }) = done else { return };
        cx.end(want.request, outcome);
        if want.owner > 0 {
            self.think(cx, want.owner as usize - 1);
        }
    }
}

fn is_poisson(settings: &Settings) -> bool {
    settings.arrivals == Arrivals::Poisson && settings.rate_per_s > 0.0
}

/// Where each class's share of [0, 1) ends.
fn shares_of(mix: &[Class]) -> Vec<f64> {
    let total: f64 = mix.iter().map(|class| class.share).sum();
    let mut end = 0.0;
    let ends = mix.iter().map(|class| {
        end += class.share / total.max(f64::MIN_POSITIVE);
        end
    });
    ends.collect()
}

impl Show for Clients {}

impl Behaviour for Clients {
    type Settings = Settings;

    fn start<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        self.link = cx.outgoing().first().copied();
        self.learn_classes(cx);
        self.set_going(cx);
    }

    /// Nobody calls a client.
    fn arrive<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId) {
        cx.reply(call, Outcome::Invalid);
    }

    #[inline(always)]
    fn returned<E: Env>(&mut self, cx: &mut Context<'_, E>, id: CallId) {
        let call = cx.call_at(id);
        let (request, outcome, tag) = (call.request, call.outcome, call.tag);
        if calling::is_managed(tag) {
            return self.asked(cx, id);
        }
        cx.end(request, outcome);
        if tag > 0 {
            self.think(cx, tag as usize - 1);
        }
    }

    #[inline(always)]
    fn timer<E: Env>(&mut self, cx: &mut Context<'_, E>, timer: Timer) {
        match timer.kind {
            ARRIVAL => self.arrive_open(cx),
            kind => self.rarer_timer(cx, kind, timer.index),
        }
    }

    fn change<E: Env>(&mut self, cx: &mut Context<'_, E>, settings: &Settings) {
        let before = std::mem::replace(&mut self.settings, settings.clone());
        if before.keys != settings.keys {
            self.keys = KeySource::new(&settings.keys);
        }
        self.caller.change(settings.calling, settings.timeout(), !settings.calling.is_plain());
        self.think = settings.think_ms.sampler();
        self.timeout = settings.timeout();
        self.mean_gap_ns = NS_PER_S / settings.rate_per_s;
        self.poisson = is_poisson(settings);
        self.shares = shares_of(&settings.mix);
        self.learn_classes(cx);
        if settings.arrivals == Arrivals::Closed {
            cx.cancel(self.next);
            self.wake_users(cx);
        } else if before.arrivals != settings.arrivals
            || before.replay != settings.replay
            || self.next_at == Time::NEVER
        {
            cx.cancel(self.next);
            if before.arrivals != settings.arrivals || before.replay != settings.replay {
                self.find_row(cx.now());
            }
            self.set_going(cx);
        } else if before.rate_per_s != settings.rate_per_s {
            // What is left of the present gap passes at the new rate, so that the same gaps are used.
            cx.cancel(self.next);
            let left = self.next_at.since(cx.now());
            let gap =
                (settings.rate_per_s > 0.0).then(|| left.times(before.rate_per_s / settings.rate_per_s));
            self.schedule(cx, gap);
        }
    }

    fn condition<E: Env>(&mut self, _: &mut Context<'_, E>, _: u16) {}

    fn downstream<E: Env>(&mut self, _: &mut Context<'_, E>, _: u16, _: &[Member]) {}

    fn members(&self) -> Vec<Member> {
        vec![Member { weight: 1 }]
    }
}
