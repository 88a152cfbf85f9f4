//! What can be set on a load balancer.

use crate::algo::choice::PolicyChoice;
use crate::algo::setting::{Scale, Setting, shortened};
use crate::node::configure::{Around, Configure, Findings, check_policy, fields};
use serde::{Deserialize, Serialize};

/// See [`SETTINGS`] for units and bounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub policy: PolicyChoice,
    pub layer: Layer,
    pub connection_requests: u32,
    pub sticky: Sticky,
    pub sticky_ms: f64,
    pub health_every_ms: f64,
    pub health_timeout_ms: f64,
    pub health_down_after: u32,
    pub health_up_after: u32,
    pub eject_after: u32,
    pub eject_ms: f64,
    pub eject_share_max: f64,
    pub slow_start_ms: f64,
    pub routes: Vec<Route>,
}

fields!(Settings: policy, layer, connection_requests, sticky, sticky_ms, health_every_ms, health_timeout_ms, health_down_after, health_up_after, eject_after, eject_ms, eject_share_max, slow_start_ms, routes);

/// How much the balancer understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Layer {
    /// Connections: one choice serves all requests of a connection.
    #[serde(rename = "4")]
    Four,
    /// Requests: a choice for each, and routes by path.
    #[serde(rename = "7")]
    Seven,
}

/// Whether a client comes back to the same server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Sticky {
    None,
    /// The client carries a cookie: for as long as the server is there.
    Cookie,
    /// The balancer remembers the client's address, for `sticky_ms` after its last request.
    Client,
}

/// Requests whose path begins with `path` go to the node `to`. The longest match wins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Route {
    pub path: String,
    pub to: String,
}

/// The most routes of one balancer.
pub const ROUTES_MAX: usize = 64;

impl Default for Settings {
    fn default() -> Self {
        Settings {
            policy: PolicyChoice::new("round-robin"),
            layer: Layer::Seven,
            connection_requests: 100,
            sticky: Sticky::None,
            sticky_ms: 60_000.0,
            health_every_ms: 0.0,
            health_timeout_ms: 1000.0,
            health_down_after: 3,
            health_up_after: 2,
            eject_after: 0,
            eject_ms: 30_000.0,
            eject_share_max: 0.5,
            slow_start_ms: 0.0,
            routes: vec![],
        }
    }
}

pub const SETTINGS: &[Setting] = &[
    Setting::policy("policy", "Policy", "balance", "round-robin", "How a server is chosen."),
    Setting::choice(
        "layer",
        "Works on",
        &[("4", "Connections (layer 4)"), ("7", "Requests (layer 7)")],
        "7",
        "Layer 4 chooses once for each connection and sees no paths; layer 7 chooses for each request.",
    ),
    Setting::integer(
        "connection_requests",
        "Requests per connection",
        "",
        (1.0, 1_000_000.0),
        100.0,
        "Layer 4: a client opens a new connection after this many requests.",
    )
    .usual(1.0, 1000.0, Scale::Logarithmic),
    Setting::choice(
        "sticky",
        "Sticky sessions",
        &[("none", "None"), ("cookie", "Cookie"), ("client", "Client address")],
        "none",
        "Whether a client comes back to the same server.",
    ),
    Setting::number(
        "sticky_ms",
        "Remembers for",
        "ms",
        (1.0, 86_400_000.0),
        60_000.0,
        "How long a client's address is remembered.",
    )
    .usual(1000.0, 600_000.0, Scale::Logarithmic),
    Setting::number(
        "health_every_ms",
        "Health check every",
        "ms",
        (0.0, 3_600_000.0),
        0.0,
        "Time between checks of one server; 0 for none.",
    )
    .usual(0.0, 5000.0, Scale::Linear),
    Setting::number(
        "health_timeout_ms",
        "Health check waits",
        "ms",
        (1.0, 3_600_000.0),
        1000.0,
        "A check that takes longer has failed.",
    )
    .usual(10.0, 5000.0, Scale::Logarithmic),
    Setting::integer(
        "health_down_after",
        "Down after",
        "checks",
        (1.0, 100.0),
        3.0,
        "Failed checks in a row that take a server out.",
    )
    .usual(1.0, 10.0, Scale::Linear),
    Setting::integer(
        "health_up_after",
        "Up after",
        "checks",
        (1.0, 100.0),
        2.0,
        "Good checks in a row that bring a server back.",
    )
    .usual(1.0, 10.0, Scale::Linear),
    Setting::integer(
        "eject_after",
        "Eject after",
        "errors",
        (0.0, 1000.0),
        0.0,
        "Failed requests in a row that take a server out for a while; 0 for never.",
    )
    .usual(0.0, 20.0, Scale::Linear),
    Setting::number(
        "eject_ms",
        "Ejected for",
        "ms",
        (1.0, 3_600_000.0),
        30_000.0,
        "How long an ejected server gets nothing.",
    )
    .usual(100.0, 60_000.0, Scale::Logarithmic),
    Setting::number(
        "eject_share_max",
        "Eject at most",
        "",
        (0.0, 1.0),
        0.5,
        "Share of the servers that may be ejected at once.",
    ),
    Setting::number(
        "slow_start_ms",
        "Slow start",
        "ms",
        (0.0, 3_600_000.0),
        0.0,
        "Time in which a server that comes back reaches its full weight; for policies that look at weights.",
    )
    .usual(0.0, 30_000.0, Scale::Linear),
    Setting::other("routes", "Routes", "Layer 7: which paths go to which node."),
];

impl Configure for Settings {
    fn check(&self, around: &Around<'_>, found: &mut Findings<'_>) {
        check_policy("policy", &self.policy, "balance", found);
        if self.routes.len() > ROUTES_MAX {
            found.add("routes", format!("may have at most {ROUTES_MAX} entries"));
        }
        for (index, route) in self.routes.iter().enumerate() {
            if !around.to.contains(&route.to) {
                let to = shortened(&route.to);
                let sentence = format!("\"{to}\" is not among the nodes that {} calls", around.id);
                found.add(format!("routes[{index}].to"), sentence);
            }
            if route.path.is_empty() || route.path.chars().count() > 120 {
                found.add(format!("routes[{index}].path"), "must have between 1 and 120 characters");
            }
        }
        if self.layer == Layer::Four {
            if !self.routes.is_empty() {
                found.add("routes", "layer 4 does not see paths: routes need layer 7");
            }
            if self.sticky == Sticky::Cookie {
                found.add("sticky", "layer 4 does not see cookies: they need layer 7");
            }
        }
    }

    fn spell_out(&mut self) {
        self.policy = self.policy.spelled_out("balance");
    }
}
