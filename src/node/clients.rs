//! Clients: where requests come from, and how long they wait for an answer.
//!
//! Open loop (requests come at a rate, whatever happens to them), closed loop (users who wait for an
//! answer and then think), or the replay of a log. Arrivals, keys, classes and clients are drawn from
//! streams of their own, so nothing that happens behind the clients changes them.

use super::keys::{KeySource, Keys};
use crate::algo::setting::{Scale, Setting};
use crate::sim::{
    Behaviour, CallId, Context, DURATION_MS_MAX, Distribution, Draw, Env, Handle, Member, NS_PER_S,
    NewRequest, Outcome, Outgoing, Purpose, Random, Sampler, Span, Stream, Time, Timer, mix, stream_seed,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// See [`SETTINGS`] for units and bounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub arrivals: Arrivals,
    pub rate_per_s: f64,
    pub burst_on_ms: f64,
    pub burst_off_ms: f64,
    pub period_ms: f64,
    pub swing: f64,
    pub users: u32,
    pub think_ms: Distribution,
    pub clients: u32,
    pub keys: Keys,
    pub mix: Vec<Class>,
    pub timeout_ms: f64,
    pub replay: Option<Replay>,
}

/// When requests come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// At equal distances.
    Steady,
    /// Independent of each other: exponential gaps.
    Poisson,
    /// Poisson while on, nothing while off (an interrupted Poisson process); spans are exponential.
    Bursty,
    /// Poisson with a rate that swings like a sine.
    Diurnal,
    /// Each user waits for the answer, thinks, and asks again.
    Closed,
    /// As in a log.
    Replay,
}

/// A kind of request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Shown, and what layer 7 routes look at.
    pub path: String,
    /// Relative to the other classes.
    #[serde(default = "one")]
    pub share: f64,
    /// Multiplies the service time.
    #[serde(default = "one")]
    pub cost: f64,
    /// Higher goes first where a queue has priorities.
    #[serde(default)]
    pub priority: u8,
}

fn one() -> f64 {
    1.0
}

/// A log to replay. Rows are (milliseconds from the start, client, index of the path, duration in
/// milliseconds or −1 if unknown), in order of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Replay {
    pub name: String,
    pub paths: Vec<String>,
    pub rows: Arc<Vec<(f64, u32, u16, f64)>>,
}

/// The most rows of a log.
pub const REPLAY_ROWS_MAX: usize = 200_000;
/// The most kinds of request.
pub const CLASSES_MAX: usize = 64;

impl Default for Settings {
    fn default() -> Self {
        Settings {
            arrivals: Arrivals::Poisson,
            rate_per_s: 100.0,
            burst_on_ms: 1000.0,
            burst_off_ms: 1000.0,
            period_ms: 60_000.0,
            swing: 0.5,
            users: 10,
            think_ms: Distribution::Exponential { mean: 1000.0 },
            clients: 12,
            keys: Keys::default(),
            mix: vec![Class { path: "/".into(), share: 1.0, cost: 1.0, priority: 0 }],
            timeout_ms: 3000.0,
            replay: None,
        }
    }
}

pub const SETTINGS: &[Setting] = &[
    Setting::choice(
        "arrivals",
        "Arrivals",
        &[
            ("steady", "Steady"),
            ("poisson", "Poisson"),
            ("bursty", "Bursty"),
            ("diurnal", "Day and night"),
            ("closed", "Users who wait"),
            ("replay", "My log…"),
        ],
        "poisson",
        "When requests come.",
    ),
    Setting::number(
        "rate_per_s",
        "Arrival rate",
        "req/s",
        (0.0, 1_000_000.0),
        100.0,
        "Mean number of requests in a second.",
    )
    .usual(1.0, 400.0, Scale::Linear),
    Setting::number(
        "burst_on_ms",
        "Burst lasts",
        "ms",
        (1.0, 3_600_000.0),
        1000.0,
        "Mean length of a burst.",
    )
    .usual(100.0, 10_000.0, Scale::Logarithmic),
    Setting::number(
        "burst_off_ms",
        "Silence lasts",
        "ms",
        (0.0, 3_600_000.0),
        1000.0,
        "Mean length of the silence between bursts.",
    )
    .usual(100.0, 10_000.0, Scale::Logarithmic),
    Setting::number(
        "period_ms",
        "Day lasts",
        "ms",
        (1000.0, 86_400_000.0),
        60_000.0,
        "Time from one peak of the rate to the next.",
    )
    .usual(1000.0, 120_000.0, Scale::Logarithmic),
    Setting::number(
        "swing",
        "Swing",
        "",
        (0.0, 1.0),
        0.5,
        "How far the rate swings from its mean, as a share of it.",
    ),
    Setting::integer(
        "users",
        "Users",
        "",
        (1.0, 100_000.0),
        10.0,
        "Users who each have one request at a time.",
    )
    .usual(1.0, 500.0, Scale::Logarithmic),
    Setting::distribution(
        "think_ms",
        "Think time",
        3_600_000.0,
        "How long a user thinks between an answer and the next request.",
    ),
    Setting::integer(
        "clients",
        "Clients",
        "",
        (1.0, 100_000.0),
        12.0,
        "Distinct clients that the requests come from.",
    )
    .usual(1.0, 200.0, Scale::Logarithmic),
    Setting::other("keys", "Keys", "Which key a request asks for."),
    Setting::other("mix", "Mix", "Kinds of requests and their shares."),
    Setting::number(
        "timeout_ms",
        "Client waits at most",
        "ms",
        (0.0, 3_600_000.0),
        3000.0,
        "When a client gives up; 0 for never.",
    )
    .usual(50.0, 10_000.0, Scale::Logarithmic),
    Setting::other("replay", "Log", "Requests as a log has them."),
];

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
    identity: u64,
    keys: KeySource,
    think: Sampler,
    timeout: Option<Span>,
    /// Where each class's share of [0, 1) ends.
    shares: Vec<f64>,
    /// The engine's numbers of the classes.
    class_ids: Vec<u16>,
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
}

/// Someone in the closed loop.
#[derive(Clone, Copy, Debug, Default)]
struct User {
    issued: u32,
    active: bool,
}

impl Clients {
    pub fn new(seed: u64, id: &str, settings: Settings) -> Clients {
        let stream = |purpose| Stream::new(seed, id, purpose);
        let mut clients = Clients {
            arrivals: stream(Purpose::Arrivals),
            key_stream: stream(Purpose::Keys),
            class_stream: stream(Purpose::Classes),
            client_stream: stream(Purpose::Clients),
            think_stream: stream_seed(seed, id, Purpose::Think),
            identity: stream_seed(seed, id, Purpose::Member),
            keys: KeySource::new(&settings.keys),
            think: settings.think_ms.sampler(),
            timeout: timeout_of(&settings),
            shares: vec![],
            class_ids: vec![],
            mean_gap_ns: NS_PER_S / settings.rate_per_s,
            issued: 0,
            row: 0,
            next_at: Time::NEVER,
            next: Handle::NONE,
            burst_left: Span::ZERO,
            users: vec![],
            settings,
        };
        clients.shares = shares_of(&clients.settings.mix);
        clients
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// When the next request of the open loop is due.
    pub fn next_at(&self) -> Time {
        self.next_at
    }

    fn learn_classes<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        let replayed = self.settings.replay.as_ref().filter(|_| self.settings.arrivals == Arrivals::Replay);
        self.class_ids = match replayed {
            Some(replay) => replay.paths.iter().map(|path| cx.class(path)).collect(),
            None => self.settings.mix.iter().map(|class| cx.class(&class.path)).collect(),
        };
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
        if self.settings.arrivals == Arrivals::Poisson && self.settings.rate_per_s > 0.0 {
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
        let (cost, priority) =
            self.settings.mix.get(index).map_or((1.0, 0), |class| (class.cost as f32, class.priority));
        let class = self.class_ids.get(index).copied().unwrap_or(0);
        NewRequest { seed, key, client, class, work: Span::ZERO, cost, priority }
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
        Some(NewRequest { seed, key, client, class, work, cost: 1.0, priority: 0 })
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
        let Some(&link) = cx.outgoing().first() else { return };
        let to_member = super::any_member(new.seed, cx.member_count(link));
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
}

fn timeout_of(settings: &Settings) -> Option<Span> {
    (settings.timeout_ms > 0.0).then(|| Span::from_ms(settings.timeout_ms))
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

impl Behaviour for Clients {
    type Settings = Settings;

    fn start<E: Env>(&mut self, cx: &mut Context<'_, E>) {
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
        cx.end(request, outcome);
        if tag > 0 {
            self.think(cx, tag as usize - 1);
        }
    }

    #[inline(always)]
    fn timer<E: Env>(&mut self, cx: &mut Context<'_, E>, timer: Timer) {
        match timer.kind {
            ARRIVAL => self.arrive_open(cx),
            _ => self.arrive_closed(cx, timer.index as usize),
        }
    }

    fn change<E: Env>(&mut self, cx: &mut Context<'_, E>, settings: &Settings) {
        let before = std::mem::replace(&mut self.settings, settings.clone());
        if before.keys != settings.keys {
            self.keys = KeySource::new(&settings.keys);
        }
        self.think = settings.think_ms.sampler();
        self.timeout = timeout_of(settings);
        self.mean_gap_ns = NS_PER_S / settings.rate_per_s;
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
