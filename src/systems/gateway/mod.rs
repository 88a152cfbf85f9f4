//! An API gateway: what every request must pass before it reaches a service, in a fixed order.
//!
//! Cheap checks come first, and none that tells a stranger anything: size, who it is, how often, where
//! to, and whether it makes sense. The first that fails stops the request, and its name is the answer.

mod service;
mod tokens;
mod view;

pub use service::SERVICE;
pub use tokens::{Credential, TOKENS_MAX, Tokens};
pub use view::{GatewayView, PASSAGES_SHOWN, Passage};

use crate::sim::Time;
use serde::Serialize;

/// The most bytes of a path.
pub const PATH_MAX: usize = 2048;

/// The checks, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    Size,
    Authentication,
    RateLimit,
    Route,
    Validation,
}

impl Check {
    pub const ALL: [Check; 5] =
        [Check::Size, Check::Authentication, Check::RateLimit, Check::Route, Check::Validation];

    pub fn name(self) -> &'static str {
        match self {
            Check::Size => "size",
            Check::Authentication => "authentication",
            Check::RateLimit => "rate limit",
            Check::Route => "route",
            Check::Validation => "validation",
        }
    }
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on, for this client and by this route.
    Forward {
        client: u32,
        route: usize,
    },
    Stopped {
        by: Check,
        why: &'static str,
    },
}

/// A request as it arrives.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub credential: Option<Credential>,
    pub bytes: u64,
    /// Names of the fields that its body has.
    pub fields: &'a [&'a str],
}

/// Where a path leads, and what it wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Whole segments: `/l` leads `/l` and `/l/abc`, not `/links`. The longest that fits counts.
    pub prefix: &'static str,
    pub methods: &'static [&'static str],
    /// What the body of a request that is no `GET` or `DELETE` must have.
    pub fields: &'static [&'static str],
    /// Which service: a number for whoever forwards.
    pub upstream: u32,
}

/// Whether a client may make another request now.
pub type Limit<'a> = &'a mut dyn FnMut(u32, Time) -> bool;

#[derive(Clone, Debug)]
pub struct Gateway {
    routes: &'static [Route],
    bytes_max: u64,
    pub tokens: Tokens,
    forwarded: u64,
    /// In the order of [`Check::ALL`].
    stopped: [u64; Check::ALL.len()],
}

impl Gateway {
    pub fn new(routes: &'static [Route], bytes_max: u64, tokens: Tokens) -> Gateway {
        Gateway { routes, bytes_max, tokens, forwarded: 0, stopped: [0; Check::ALL.len()] }
    }

    /// Takes a request through the checks. `limit` is asked only for clients who are known, as strangers
    /// must not use up somebody's allowance.
    pub fn admit(&mut self, incoming: &Incoming, limit: Limit, now: Time) -> Verdict {
        let verdict = match self.checked(incoming, limit, now) {
            Ok((client, route)) => Verdict::Forward { client, route },
            Err((by, why)) => Verdict::Stopped { by, why },
        };
        match verdict {
            Verdict::Forward { .. } => self.forwarded += 1,
            Verdict::Stopped { by, .. } => self.stopped[by as usize] += 1,
        }
        verdict
    }

    fn checked(
        &self,
        incoming: &Incoming,
        limit: Limit,
        now: Time,
    ) -> Result<(u32, usize), (Check, &'static str)> {
        let stop = |by, why| Err((by, why));
        if incoming.bytes > self.bytes_max || incoming.path.len() > PATH_MAX {
            return stop(Check::Size, "too large");
        }
        let Some(credential) = incoming.credential else {
            return stop(Check::Authentication, "no token");
        };
        let Some((client, expires)) = self.tokens.owner(credential) else {
            return stop(Check::Authentication, "unknown token");
        };
        if expires <= now {
            return stop(Check::Authentication, "token expired");
        }
        if !limit(client, now) {
            return stop(Check::RateLimit, "too many requests");
        }
        let Some((number, route)) = self.route(incoming.path) else {
            return stop(Check::Route, "no route");
        };
        if !route.methods.contains(&incoming.method) {
            return stop(Check::Validation, "method not allowed");
        }
        let has_body = !["GET", "DELETE"].contains(&incoming.method);
        if has_body && route.fields.iter().any(|field| !incoming.fields.contains(field)) {
            return stop(Check::Validation, "a field is missing");
        }
        Ok((client, number))
    }

    /// The route with the longest prefix of the path.
    pub fn route(&self, path: &str) -> Option<(usize, &'static Route)> {
        let path = path.split('?').next().unwrap_or(path);
        let fits = |route: &Route| {
            let rest = path.strip_prefix(route.prefix);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || route.prefix.ends_with('/'))
        };
        let fitting = self.routes.iter().enumerate().filter(|(_, route)| fits(route));
        fitting.max_by_key(|(_, route)| route.prefix.len())
    }

    pub fn routes(&self) -> &'static [Route] {
        self.routes
    }

    pub fn forwarded(&self) -> u64 {
        self.forwarded
    }

    pub fn stopped(&self, by: Check) -> u64 {
        self.stopped[by as usize]
    }

    /// # Errors
    /// Says which invariant does not hold.
    pub fn check(&self) -> Result<(), String> {
        self.tokens.check()
    }
}

#[cfg(test)]
mod tests;
