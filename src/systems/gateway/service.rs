//! The gateway as a server runs it, in front of the other services. The client is the caller; what is
//! wrong with a request is drawn from its seed.

use super::*;
use crate::algo::setting::{Knobs, Scale, Setting};
use crate::sim::{Draw, Outcome, Random, Span};
#[cfg(feature = "whole")]
use crate::systems::ServiceView;
use crate::systems::{
    Cost, Event, Figure, Inspection, Op, Operation, Reply, Service, ServiceInfo, Table, Topic, operation,
};
use std::collections::{BTreeMap, VecDeque};

pub const SERVICE: ServiceInfo = ServiceInfo {
    id: "gateway",
    name: "API gateway",
    summary: "Checks size, token, rate, route and fields before a request reaches a service.",
    operations: OPERATIONS,
    settings: SETTINGS,
    build: |knobs, seed| Box::new(Running::new(knobs, seed)),
};

/// A login, and then a line for each operation of the services behind it.
const OPERATIONS: &[Operation] = &[
    operation("POST /login", "The client gets a new token."),
    operation("POST /links", "To the shortener."),
    operation("POST /custom", "To the shortener."),
    operation("GET /l", "To the shortener."),
    operation("GET /stats", "To the shortener."),
    operation("GET /guess", "To the shortener."),
    operation("POST /posts", "To the feed."),
    operation("GET /feed", "To the feed."),
    operation("POST /follows", "To the feed."),
    operation("DELETE /follows", "To the feed."),
    operation("POST /likes", "To the feed."),
    operation("POST /messages", "To the chat."),
    operation("GET /messages", "To the chat."),
    operation("POST /groups", "To the chat."),
    operation("POST /my-groups", "To the chat."),
    operation("POST /connections", "To the chat."),
    operation("DELETE /connections", "To the chat."),
    operation("POST /receipts", "To the chat."),
    operation("POST /heartbeats", "To the chat."),
    operation("POST /payments", "To the payments."),
    operation("GET /payments", "To the payments."),
    operation("POST /authorisations", "To the payments."),
    operation("POST /captures", "To the payments."),
    operation("POST /voids", "To the payments."),
    operation("POST /refunds", "To the payments."),
    operation("POST /partial-refunds", "To the payments."),
    operation("GET /nowhere", "Leads nowhere: refused for want of a route."),
];

const fn to(
    upstream: u32,
    prefix: &'static str,
    methods: &'static [&'static str],
    fields: &'static [&'static str],
) -> Route {
    Route { prefix, methods, fields, upstream }
}

/// `upstream` is the index of a service in `SERVICES`.
pub(in crate::systems) const ROUTES: &[Route] = &[
    to(0, "/links", &["POST"], &["url"]),
    to(0, "/custom", &["POST"], &["url", "code"]),
    to(0, "/l", &["GET"], &[]),
    to(0, "/stats", &["GET"], &[]),
    to(0, "/guess", &["GET"], &[]),
    to(1, "/posts", &["POST"], &["text"]),
    to(1, "/feed", &["GET"], &[]),
    to(1, "/follows", &["POST", "DELETE"], &["user"]),
    to(1, "/likes", &["POST"], &["post"]),
    to(2, "/messages", &["GET", "POST"], &["to", "text"]),
    to(2, "/groups", &["POST"], &["text"]),
    to(2, "/my-groups", &["POST"], &["text"]),
    to(2, "/connections", &["POST", "DELETE"], &[]),
    to(2, "/receipts", &["POST"], &[]),
    to(2, "/heartbeats", &["POST"], &[]),
    to(3, "/payments", &["GET", "POST"], &["amount", "method"]),
    to(3, "/authorisations", &["POST"], &["amount", "method"]),
    to(3, "/captures", &["POST"], &["payment"]),
    to(3, "/voids", &["POST"], &["payment"]),
    to(3, "/refunds", &["POST"], &["payment"]),
    to(3, "/partial-refunds", &["POST"], &["payment", "amount"]),
];

/// All fields that any route wants.
const FIELDS: &[&str] = &["url", "code", "text", "user", "post", "to", "amount", "method", "payment"];
const BYTES_MAX: u64 = 65_536;

const SETTINGS: &[Setting] =
    &[
        Setting::number(
            "token_valid_ms",
            "Tokens are valid",
            "ms",
            (1.0, 1e9),
            3_600_000.0,
            "After this time a client must log in again.",
        )
        .usual(1000.0, 3_600_000.0, Scale::Logarithmic),
        Setting::integer(
            "logged_in",
            "Logged in at the start",
            "clients",
            (0.0, TOKENS_MAX as f64),
            1000.0,
            "Clients below this number have a token when the run begins.",
        )
        .usual(0.0, 10_000.0, Scale::Linear),
        Setting::toggle(
            "renew",
            "Log in when needed",
            true,
            "A client without a valid token gets one first, which costs a write.",
        ),
        Setting::integer(
            "login_rows",
            "A log-in costs",
            "rows",
            (1.0, 1000.0),
            1.0,
            "What a log-in writes, and what checking a password takes, as rows.",
        )
        .usual(1.0, 50.0, Scale::Logarithmic),
        Setting::number(
            "anonymous_share",
            "Without a token",
            "",
            (0.0, 1.0),
            0.0,
            "Requests that bring no token.",
        ),
        Setting::number("malformed_share", "Malformed", "", (0.0, 1.0), 0.0, "Requests that lack a field."),
        Setting::number("oversized_share", "Too large", "", (0.0, 1.0), 0.0, "Requests over 64 KB."),
        Setting::number(
            "limit_per_s",
            "Rate limit",
            "per s",
            (0.0, 1e6),
            0.0,
            "Requests that each client may make; 0 for no limit.",
        )
        .usual(0.0, 100.0, Scale::Linear),
        Setting::integer("limit_burst", "Burst", "", (1.0, 1e6), 10.0, "Requests that may come at once.")
            .usual(1.0, 100.0, Scale::Logarithmic),
    ];

/// The generic cell rate algorithm (ITU-T I.371), per client: a request is early by as much as those
/// before it have used up.
#[derive(Clone, Debug)]
struct Rate {
    interval: Span,
    burst: u64,
    /// Per client: when all that was allowed is used up evenly. As many as there are tokens.
    used_up: BTreeMap<u32, Time>,
}

impl Rate {
    /// Counts the request. If it comes too early it does not, and says when it may come again.
    fn take(&mut self, client: u32, now: Time) -> Result<(), Span> {
        if self.interval == Span::ZERO {
            return Ok(());
        }
        let used_up = self.used_up.get(&client).copied().unwrap_or(Time::ZERO).max(now);
        let early = used_up.since(now).0.saturating_sub(self.interval.0.saturating_mul(self.burst - 1));
        if early > 0 {
            return Err(Span(early));
        }
        if self.used_up.len() >= TOKENS_MAX && !self.used_up.contains_key(&client) {
            self.used_up.pop_first();
        }
        self.used_up.insert(client, used_up + self.interval);
        Ok(())
    }
}

#[derive(Clone, Copy, Debug)]
struct Shares {
    anonymous: f64,
    malformed: f64,
    oversized: f64,
}

#[derive(Clone, Debug)]
struct Running {
    gateway: Gateway,
    rate: Rate,
    shares: Shares,
    /// The stream of what is drawn.
    draws: u64,
    renew: bool,
    /// The token that each client holds.
    held: BTreeMap<u32, Credential>,
    login_rows: u32,
    /// Tokens that clients asked for after the start.
    logins: u64,
    /// The last requests, at most [`PASSAGES_SHOWN`].
    passages: VecDeque<Passage>,
}

impl Running {
    fn new(knobs: &Knobs, seed: u64) -> Running {
        let tokens = Tokens::new(seed, Span::from_ms(knobs.number("token_valid_ms")));
        let rate = knobs.number("limit_per_s");
        let mut running = Running {
            gateway: Gateway::new(ROUTES, BYTES_MAX, tokens),
            rate: Rate {
                interval: if rate > 0.0 { Span::from_seconds(1.0 / rate) } else { Span::ZERO },
                burst: (knobs.number("limit_burst") as u64).max(1),
                used_up: BTreeMap::new(),
            },
            shares: Shares {
                anonymous: knobs.number("anonymous_share"),
                malformed: knobs.number("malformed_share"),
                oversized: knobs.number("oversized_share"),
            },
            draws: seed,
            renew: knobs.flag("renew"),
            held: BTreeMap::new(),
            login_rows: knobs.number("login_rows") as u32,
            logins: 0,
            passages: VecDeque::with_capacity(PASSAGES_SHOWN + 1),
        };
        for client in 0..knobs.number("logged_in") as u32 {
            running.login(client, Time::ZERO);
        }
        running.logins = 0;
        running
    }

    fn login(&mut self, client: u32, now: Time) {
        if let Some(old) = self.held.remove(&client) {
            self.gateway.tokens.revoke(old);
        }
        if self.held.len() >= TOKENS_MAX {
            self.held.pop_first();
        }
        self.held.insert(client, self.gateway.tokens.issue(client, now));
        self.logins += 1;
    }

    fn remember(&mut self, passage: Passage) {
        self.passages.push_back(passage);
        if self.passages.len() > PASSAGES_SHOWN {
            self.passages.pop_front();
        }
    }

    fn is_valid(&self, client: u32, now: Time) -> bool {
        let owner = self.held.get(&client).and_then(|token| self.gateway.tokens.owner(*token));
        owner.is_some_and(|(_, expires)| expires > now)
    }

    fn admit(&mut self, op: &Op, operation: &Operation) -> Reply {
        let mut draw = Draw::new(self.draws, op.seed);
        let anonymous = draw.chance(self.shares.anonymous);
        let malformed = draw.chance(self.shares.malformed);
        let bytes = if draw.chance(self.shares.oversized) { BYTES_MAX + 1 } else { 1_000 };
        let mut cost = Cost { reads: 1, writes: 0 };
        if self.renew && !anonymous && !self.is_valid(op.client, op.now) {
            self.login(op.client, op.now);
            cost.writes = self.login_rows;
        }
        let credential = self.held.get(&op.client).copied().filter(|_| !anonymous);
        let (method, path) = operation.path.split_once(' ').unwrap_or(("GET", operation.path));
        let fields = if malformed { &[] } else { FIELDS };
        let incoming = Incoming { method, path, credential, bytes, fields };
        let (rate, mut again_after) = (&mut self.rate, None);
        let mut limit = |client, now| {
            again_after = rate.take(client, now).err();
            again_after.is_none()
        };
        let verdict = self.gateway.admit(&incoming, &mut limit, op.now);
        let (stopped, why) = match verdict {
            Verdict::Stopped { by, why } => (Some(by), why),
            Verdict::Forward { .. } => (None, "forwarded"),
        };
        let renewed = cost.writes > 0;
        self.remember(Passage { at: op.now, client: op.client, path: operation.path, stopped, why, renewed });
        let (outcome, note, events) = match verdict {
            Verdict::Stopped { by, why } => (outcome_of(by), why, vec![]),
            Verdict::Forward { client, route } => {
                let id = self.gateway.forwarded();
                let detail = ROUTES.get(route).map_or(0, |route| route.upstream);
                let event = Event { topic: Topic::Forward, id, key: op.key, client, detail };
                (Outcome::Ok, "forwarded", vec![event])
            }
        };
        Reply { outcome, note, cost, events, again_after }
    }
}

fn outcome_of(by: Check) -> Outcome {
    match by {
        Check::Size | Check::Validation => Outcome::Invalid,
        Check::Authentication => Outcome::Unauthorised,
        Check::RateLimit => Outcome::RateLimited,
        Check::Route => Outcome::NoRoute,
    }
}

impl Service for Running {
    fn handle(&mut self, op: &Op) -> Reply {
        match OPERATIONS.get(op.route) {
            None => Reply::not(Outcome::NoRoute, "no such operation"),
            Some(_) if op.route == 0 => {
                self.login(op.client, op.now);
                Reply::ok("logged in", Cost { reads: 1, writes: self.login_rows })
            }
            Some(operation) => self.admit(op, operation),
        }
    }

    fn inspect(&self, _: Time) -> Inspection {
        let row = |by: &Check| vec![by.name().to_owned(), self.gateway.stopped(*by).to_string()];
        let stopped: u64 = Check::ALL.iter().map(|by| self.gateway.stopped(*by)).sum();
        Inspection {
            note: format!("{} forwarded", self.gateway.forwarded()),
            figures: vec![
                Figure::count("forwarded", self.gateway.forwarded()),
                Figure::count("stopped", stopped),
                Figure::count("stopped by size", self.gateway.stopped(Check::Size)),
                Figure::count("stopped by authentication", self.gateway.stopped(Check::Authentication)),
                Figure::count("stopped by rate limit", self.gateway.stopped(Check::RateLimit)),
                Figure::count("stopped by route", self.gateway.stopped(Check::Route)),
                Figure::count("stopped by validation", self.gateway.stopped(Check::Validation)),
                Figure::count("tokens", self.gateway.tokens.len() as u64),
                Figure::count("log-ins", self.logins),
            ],
            tables: vec![Table {
                name: "stopped by",
                columns: &["check", "requests"],
                rows: Check::ALL.iter().map(row).collect(),
            }],
        }
    }

    #[cfg(feature = "whole")]
    fn view(&self, _: Time) -> ServiceView {
        ServiceView::Gateway(Box::new(GatewayView {
            stopped: Check::ALL.map(|by| self.gateway.stopped(by)),
            forwarded: self.gateway.forwarded(),
            logins: self.logins,
            passages: self.passages.iter().copied().collect(),
        }))
    }

    fn check(&self) -> Result<(), String> {
        if self.held.len() > TOKENS_MAX || self.rate.used_up.len() > TOKENS_MAX {
            return Err("more clients are known than there can be tokens".to_owned());
        }
        self.gateway.check()
    }
}
