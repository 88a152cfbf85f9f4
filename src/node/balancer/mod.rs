//! A load balancer: chooses a server for each request (or connection), and watches their health.
//!
//! Health: active checks are calls of their own over the same links, answered by a server's health
//! endpoint beside its queue; passive ones count failures of real requests in a row. Connections: at
//! layer 4 a client keeps its server for `connection_requests` requests. Left out: the balancer's own
//! processing time and its limits on connections.

mod pool;
mod settings;

pub use pool::{Health, Pool};
pub use settings::{Layer, ROUTES_MAX, Route, SETTINGS, Settings, Sticky};

use super::{KeyFact, Kind, Show, Site};
use crate::algo::balance::{Ask, Inspection, Pick, Why};
use crate::sim::order;
use crate::sim::{
    Behaviour, CallId, Candidate, Context, Counter, Env, Explanation, Handle, Member, Outcome, Outgoing,
    Span, Time, Timer, mix, name_hash,
};

const HEALTH: u8 = 0;
const READMIT: u8 = 1;
const WARM: u8 = 2;

/// What menus, validation and documentation need of this kind of node.
pub const KIND: Kind = Kind {
    id: "balancer",
    name: "Load balancer",
    summary: "Chooses a server for each request.",
    settings: SETTINGS,
    member_settings: &[],
    calls: (1, 8),
    called: true,
    talks: false,
    counters: &[Counter::Kept],
};

/// The running node.
#[derive(Clone, Debug)]
pub struct Balancer {
    settings: Settings,
    seed: u64,
    id: String,
    pools: Vec<Pool>,
    /// The nodes that it calls, in the order of the pools.
    to: Vec<String>,
    /// For each class of requests, once it is known: its pool, or none.
    pool_of_class: Vec<Option<Option<u8>>>,
    /// By client: where it sticks.
    stuck: Vec<Stuck>,
    /// Paths decide where a request goes.
    routes: bool,
    /// Clients may come back to the server that they had.
    remembers: bool,
    probes: u64,
    health_timer: Handle,
    warm_timer: Handle,
}

/// A client's server.
#[derive(Clone, Copy, Debug)]
struct Stuck {
    pool: u8,
    /// `u16::MAX`: nowhere.
    backend: u16,
    last: Time,
    /// Requests left in this connection.
    left: u32,
}

const NOWHERE: Stuck = Stuck { pool: 0, backend: u16::MAX, last: Time::ZERO, left: 0 };

/// Clients that a balancer remembers at most; those beyond are chosen for anew each time.
const STUCK_MAX: usize = 100_000;

impl Balancer {
    /// `to` names the nodes that it calls, in the order of its links.
    pub fn new(site: &Site<'_>, settings: Settings) -> Balancer {
        let Site { seed, id, to, .. } = *site;
        Balancer {
            routes: routes(&settings),
            remembers: remembers(&settings),
            settings,
            seed,
            id: id.to_owned(),
            pools: vec![],
            to: to.to_vec(),
            pool_of_class: vec![],
            stuck: vec![],
            probes: 0,
            health_timer: Handle::NONE,
            warm_timer: Handle::NONE,
        }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// In the order of the links.
    pub fn pools(&self) -> &[Pool] {
        &self.pools
    }

    /// What the policy of a pool would show.
    pub fn inspect(&self, pool: usize, now: Time) -> Option<Inspection> {
        self.pools.get(pool).map(|pool| pool.policy.inspect(&pool.backends, now))
    }

    /// The pool for a class of requests: by the longest route that its path begins with.
    #[inline(never)]
    fn pool_for(&mut self, class: u16, path: &str) -> Option<u8> {
        let index = class as usize;
        if let Some(Some(known)) = self.pool_of_class.get(index) {
            return *known;
        }
        let matching = self.settings.routes.iter().filter(|route| path.starts_with(&route.path));
        let route = matching.max_by_key(|route| route.path.len());
        let found =
            route.and_then(|route| self.to.iter().position(|id| *id == route.to)).map(|pool| pool as u8);
        self.pool_of_class.resize(self.pool_of_class.len().max(index + 1), None);
        self.pool_of_class[index] = Some(found);
        found
    }

    /// What clients come back to their servers by, and by backend how many would now; `None` where all are chosen for
    /// anew.
    pub fn kept(&self, pool: usize, now: Time) -> Option<(&'static str, Vec<u32>)> {
        let what = match (self.settings.layer, self.settings.sticky) {
            (Layer::Four, _) => "connections",
            (_, Sticky::Cookie) => "cookies",
            (_, Sticky::Client) => "addresses",
            (_, Sticky::None) => return None,
        };
        let mut clients = vec![0; self.pools.get(pool)?.backends.len()];
        for stuck in self.stuck.iter().filter(|stuck| self.holds(stuck, pool, now)) {
            clients[stuck.backend as usize] += 1;
        }
        Some((what, clients))
    }

    /// Whether a client goes back to where it sticks, which may still be chosen.
    fn holds(&self, stuck: &Stuck, pool: usize, now: Time) -> bool {
        if stuck.backend == u16::MAX
            || stuck.pool as usize != pool
            || !self.pools[pool].is_eligible(stuck.backend as usize)
        {
            return false;
        }
        let by_connection = self.settings.layer == Layer::Four && stuck.left > 0;
        let by_session = match self.settings.sticky {
            Sticky::None => false,
            Sticky::Cookie => true,
            Sticky::Client => now.since(stuck.last) <= Span::from_ms(self.settings.sticky_ms),
        };
        by_connection || by_session
    }

    /// Where this client sticks, if that holds.
    fn recall(&mut self, client: u32, pool: usize, now: Time) -> Option<usize> {
        self.stuck.get(client as usize).filter(|stuck| self.holds(stuck, pool, now))?;
        let stuck = &mut self.stuck[client as usize];
        stuck.left = stuck.left.saturating_sub(1);
        stuck.last = now;
        Some(stuck.backend as usize)
    }

    fn remember(&mut self, client: u32, pool: usize, backend: usize, now: Time) {
        if client as usize >= STUCK_MAX {
            return;
        }
        if self.stuck.len() <= client as usize {
            self.stuck.resize(client as usize + 1, NOWHERE);
        }
        let left = self.settings.connection_requests - 1;
        self.stuck[client as usize] = Stuck { pool: pool as u8, backend: backend as u16, last: now, left };
    }

    #[inline(always)]
    fn choose<E: Env>(&mut self, cx: &mut Context<'_, E>, ask: &Ask, pool: usize) -> Option<Pick> {
        if self.remembers { self.choose_again(cx, ask, pool) } else { self.pools[pool].pick(ask) }
    }

    /// Whom the client was given before, if that still holds.
    #[inline(never)]
    fn choose_again<E: Env>(&mut self, cx: &mut Context<'_, E>, ask: &Ask, pool: usize) -> Option<Pick> {
        if let Some(backend) = self.recall(ask.client, pool, ask.now) {
            cx.count(0, Counter::Kept, 1);
            return Some(Pick { backend, why: Why::Stuck });
        }
        let pick = self.pools[pool].pick(ask)?;
        self.remember(ask.client, pool, pick.backend, ask.now);
        Some(pick)
    }

    /// Sends a check to every server that has none under way.
    fn check_health<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        let timeout = Some(Span::from_ms(self.settings.health_timeout_ms));
        for pool in 0..self.pools.len() {
            for member in 0..self.pools[pool].health.len() {
                if std::mem::replace(&mut self.pools[pool].health[member].probing, true) {
                    continue;
                }
                self.probes += 1;
                let request = cx.probe(mix(name_hash(&self.id) ^ self.probes));
                cx.call(Outgoing {
                    request,
                    parent: CallId::NONE,
                    from_member: 0,
                    link: self.pools[pool].link,
                    to_member: member as u16,
                    attempt: 0,
                    tag: (pool << 16 | member) as u32,
                    timeout,
                });
            }
        }
    }

    fn schedule_health<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        cx.cancel(self.health_timer);
        self.health_timer = Handle::NONE;
        if self.settings.health_every_ms > 0.0 {
            let at = cx.now() + Span::from_ms(self.settings.health_every_ms).max(Span(1));
            self.health_timer = cx.timer(0, HEALTH, 0, at);
        }
    }

    /// While a server warms up, its weight rises in steps.
    fn schedule_warming<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        let now = cx.now();
        if self.pools.iter().any(|pool| pool.warming(&self.settings, now)) {
            let step =
                Span::from_ms(self.settings.slow_start_ms / pool::SLOW_START_STEPS as f64).max(Span(1));
            cx.cancel(self.warm_timer);
            self.warm_timer = cx.timer(0, WARM, 0, now + step);
        }
    }

    #[cold]
    fn probe_returned<E: Env>(&mut self, cx: &mut Context<'_, E>, id: CallId) {
        let call = cx.call_at(id);
        let (request, outcome, tag) = (call.request, call.outcome, call.tag);
        cx.end(request, outcome);
        let (pool, member) = ((tag >> 16) as usize, (tag & 0xffff) as usize);
        if self.settings.health_every_ms <= 0.0 {
            // Checks were turned off meanwhile: there will be no other to put this one right.
            return self.pools[pool].check_lapsed(member);
        }
        if self.pools[pool].checked(member, outcome.is_ok(), &self.settings, cx.now()) {
            self.schedule_warming(cx);
        }
    }
}

fn routes(settings: &Settings) -> bool {
    !settings.routes.is_empty() && settings.layer != Layer::Four
}

fn remembers(settings: &Settings) -> bool {
    settings.layer == Layer::Four || settings.sticky != Sticky::None
}

/// The reason in words, with every candidate's calls in flight at that instant.
fn explain(pool: &Pool, pick: Pick) -> Explanation {
    let backends = &pool.backends;
    let candidate = |index: usize| Candidate {
        name: format!("{}", backends.id[index]),
        figure: backends.in_flight[index] as f64,
        eligible: backends.eligible[index],
        chosen: index == pick.backend,
    };
    Explanation {
        sentence: pick.why.sentence(backends.id[pick.backend]),
        candidates: (0..backends.len()).map(candidate).collect(),
        figure: "in flight",
        what: "",
    }
}

impl Show for Balancer {
    /// Where the key alone decides: not on a connection or in a session.
    fn about_key(&self, key: u32, _now: Time) -> Vec<KeyFact> {
        if remembers(&self.settings) {
            return vec![];
        }
        let fact = |pool: &Pool| {
            let pick = pool.policy.leads_to(key, &pool.backends)?;
            let id = *pool.backends.id.get(pick.backend)?;
            Some(KeyFact { member: None, fact: pick.why.sentence(id) })
        };
        self.pools.iter().filter_map(fact).collect()
    }
}

impl Behaviour for Balancer {
    type Settings = Settings;

    fn start<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        self.schedule_health(cx);
    }

    #[inline(always)]
    fn arrive<E: Env>(&mut self, cx: &mut Context<'_, E>, id: CallId) {
        let call = cx.call_at(id);
        let (of, attempt) = (call.request, call.attempt);
        if call.probe {
            return cx.reply(id, Outcome::Ok);
        }
        let request = cx.request(of);
        let (client, key, class) = (request.client, request.key, request.class);
        let pool = if self.routes { self.pool_for(class, cx.class_name(class)) } else { Some(0) };
        let Some(pool) = pool.map(usize::from).filter(|pool| *pool < self.pools.len()) else {
            return cx.reply(id, Outcome::NoRoute);
        };
        let ask = Ask { now: cx.now(), client, key };
        let Some(pick) = self.choose(cx, &ask, pool) else { return cx.reply(id, Outcome::NoBackend) };
        let target = &mut self.pools[pool];
        cx.chose(id, || explain(target, pick));
        cx.wait(id);
        target.sent(pick.backend);
        cx.call(Outgoing {
            request: of,
            parent: id,
            from_member: 0,
            link: target.link,
            to_member: pick.backend as u16,
            // A further try has its own luck on this way too.
            attempt,
            tag: (pool << 16 | pick.backend) as u32,
            timeout: None,
        });
    }

    #[inline(always)]
    fn returned<E: Env>(&mut self, cx: &mut Context<'_, E>, id: CallId) {
        let call = cx.call_at(id);
        let (parent, outcome, tag, departed) = (call.parent, call.outcome, call.tag, call.departed);
        let answer = call.answer;
        if parent == CallId::NONE {
            return self.probe_returned(cx, id);
        }
        let (pool, member) = ((tag >> 16) as usize, (tag & 0xffff) as usize);
        let now = cx.now();
        let target = &mut self.pools[pool];
        if target.came_back(member, departed, outcome, &self.settings, now) {
            let back = target.health[member].ejected_until;
            cx.timer(0, READMIT, tag, back);
        }
        cx.reply_with(parent, outcome, answer);
    }

    #[inline(never)]
    fn timer<E: Env>(&mut self, cx: &mut Context<'_, E>, timer: Timer) {
        let now = cx.now();
        match timer.kind {
            HEALTH => {
                self.check_health(cx);
                self.schedule_health(cx);
            }
            READMIT => {
                let (pool, member) = ((timer.index >> 16) as usize, (timer.index & 0xffff) as usize);
                self.pools[pool].readmit(member, &self.settings, now);
                self.schedule_warming(cx);
            }
            _ => {
                for pool in &mut self.pools {
                    pool.refresh(&self.settings, now);
                }
                self.schedule_warming(cx);
            }
        }
    }

    fn change<E: Env>(&mut self, cx: &mut Context<'_, E>, settings: &Settings) {
        let now = cx.now();
        let before = std::mem::replace(&mut self.settings, settings.clone());
        (self.routes, self.remembers) = (routes(settings), remembers(settings));
        for pool in &mut self.pools {
            if before.policy != settings.policy {
                pool.replace_policy(settings);
            }
            if before.health_every_ms > 0.0 && settings.health_every_ms <= 0.0 {
                pool.forget_checks(settings, now);
            }
            pool.refresh(settings, now);
        }
        if before.layer != settings.layer || before.sticky != settings.sticky {
            self.stuck.clear();
        }
        if before.routes != settings.routes {
            self.pool_of_class.clear();
        }
        if before.health_every_ms != settings.health_every_ms {
            self.schedule_health(cx);
        }
        self.schedule_warming(cx);
    }

    fn condition<E: Env>(&mut self, _: &mut Context<'_, E>, _: u16) {}

    fn downstream<E: Env>(&mut self, cx: &mut Context<'_, E>, link: u16, members: &[Member]) {
        let now = cx.now();
        let (settings, seed, id) = (&self.settings, self.seed, &self.id);
        let index = match self.pools.iter().position(|pool| pool.link == link) {
            Some(index) => index,
            None => {
                let place = cx.outgoing().iter().position(|known| *known == link).unwrap_or(0);
                self.pools.push(Pool::new(seed, &format!("{id}/{place}"), link, settings));
                // Links are in the scenario's order, and so are pools.
                order::sort_by_key(&mut self.pools, |pool| pool.link as u64);
                self.pools.iter().position(|pool| pool.link == link).unwrap_or(0)
            }
        };
        self.pools[index].meet(members, settings, now);
        self.schedule_warming(cx);
    }

    fn members(&self) -> Vec<Member> {
        vec![Member { weight: 1 }]
    }
}
