//! What a server can run: whole services as pure domain logic.
//!
//! | service | what it shows |
//! |---|---|
//! | [`shortener`] | codes by counter or by hash, collisions, redirects, click analytics |
//! | [`feed`] | fan-out on write, on read, and the hybrid for celebrities |
//! | [`chat`] | sequence numbers, presence, delivery on return, sends that can be repeated |
//! | [`payments`] | idempotency, fraud rules, a state machine, double entry, settlement, signed webhooks |
//! | [`gateway`] | authentication, rate limit, routing, validation; which check stopped which request |
//!
//! Each service has an API of its own (what a program would call), and stands behind [`Service`], which
//! is what a server calls: an operation of [`SERVICES`], a key, a client and a seed go in, a [`Reply`]
//! comes out. Time and randomness are arguments. Every service is bounded in memory, a clone of it is a
//! checkpoint, and [`Service::check`] recounts what must be conserved.
//!
//! A service's state is one: it stands for the database behind the servers of a node, so the node holds
//! one service, not one for each machine.

pub mod chat;
pub mod feed;
pub mod gateway;
pub mod payments;
pub mod shortener;
#[cfg(test)]
mod tests;

use crate::algo::setting::{Knobs, Setting};
use crate::sim::{Outcome, Span, Time};
use serde::Serialize;

/// What a server runs.
pub trait Service: std::fmt::Debug + CloneService + Send + Sync {
    /// Does one operation. A number that is no operation's is refused.
    fn handle(&mut self, op: &Op) -> Reply;

    /// An event that this service gave out has arrived (or has not).
    fn answered(&mut self, _event: &Event, _ok: bool, _now: Time) {}

    /// When [`Service::wake`] has something to do; [`Time::NEVER`] if nothing is planned.
    fn due(&self) -> Time {
        Time::NEVER
    }

    /// Does what is due by now; at most [`EVENTS_MAX`] events at a time.
    fn wake(&mut self, _now: Time) -> Vec<Event> {
        vec![]
    }

    /// What a learner must see, as figures and tables.
    fn inspect(&self, now: Time) -> Inspection;

    /// The same for its picture on the stage, if it has one.
    fn view(&self, _now: Time) -> ServiceView {
        ServiceView::Nothing
    }

    /// Recounts what must be conserved.
    ///
    /// # Errors
    /// Says which invariant does not hold.
    fn check(&self) -> Result<(), String>;
}

/// Lets a `Box<dyn Service>` be cloned, so that a simulation can be a checkpoint.
pub trait CloneService {
    fn boxed(&self) -> Box<dyn Service>;
}

impl<T: Service + Clone + 'static> CloneService for T {
    fn boxed(&self) -> Box<dyn Service> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Service> {
    fn clone(&self) -> Self {
        (**self).boxed()
    }
}

/// One operation that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Op {
    /// Index into [`ServiceInfo::operations`]; see [`ServiceInfo::route`].
    pub route: usize,
    /// What it is about: a link, a user, a conversation.
    pub key: u32,
    /// Who asks.
    pub client: u32,
    /// Names the logical request: a retry of it has the same seed. All that is drawn comes from it.
    pub seed: u64,
    pub now: Time,
}

/// What came of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub outcome: Outcome,
    /// In a few words what was done, or why not: "created", "unknown code".
    pub note: &'static str,
    pub cost: Cost,
    /// What follows from it, for whoever stands downstream. At most [`EVENTS_MAX`].
    pub events: Vec<Event>,
    /// Of a refusal for coming too often: when to come again.
    pub again_after: Option<Span>,
}

impl Reply {
    pub fn ok(note: &'static str, cost: Cost) -> Reply {
        Reply { outcome: Outcome::Ok, note, cost, events: vec![], again_after: None }
    }

    /// Refused or failed, after one look-up.
    pub fn not(outcome: Outcome, note: &'static str) -> Reply {
        Reply { outcome, note, cost: Cost { reads: 1, writes: 0 }, events: vec![], again_after: None }
    }
}

/// What an operation read from storage and wrote to it, in rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cost {
    pub reads: u32,
    pub writes: u32,
}

impl Cost {
    /// Rows touched: what a server's work can be made proportional to.
    pub fn units(self) -> f32 {
        self.reads as f32 + self.writes as f32
    }
}

/// The most events that one operation gives out.
pub const EVENTS_MAX: usize = 64;

/// Something that follows from an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    pub topic: Topic,
    /// Names the event within its service; a repetition has the same.
    pub id: u64,
    pub key: u32,
    pub client: u32,
    /// Depends on the topic: see [`Topic`].
    pub detail: u32,
}

/// What an event is about, and what its `detail` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// A link was opened; `key` is its key. To be handled by the operation `POST /clicks`.
    Click,
    /// A post was written to this many timelines; `key` is the author.
    FanOut,
    /// A post is to be copied to `detail` timelines, and is once this has been dealt with; `key` is the author.
    Copies,
    /// Messages for an online user; `key` is the user, `detail` the gateway that holds the connection.
    Deliver,
    /// A signed notice for a merchant; `key` is the merchant, `client` the payment (or the day of a
    /// payout), `detail` the attempt, from 1.
    Webhook,
    /// An admitted request goes on; `detail` is the index of the service it is for.
    Forward,
}

/// What a learner sees of a service.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Inspection {
    /// Short, for the stage.
    pub note: String,
    pub figures: Vec<Figure>,
    pub tables: Vec<Table>,
}

/// What is drawn of a service, as plain data: a line for each service that has a picture. In the build of a first
/// visit there are none.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "of", content = "view")]
pub enum ServiceView {
    #[default]
    Nothing,
    #[cfg(feature = "whole")]
    Chat(Box<chat::view::ChatView>),
    #[cfg(feature = "whole")]
    Feed(Box<feed::view::FeedView>),
    #[cfg(feature = "whole")]
    Gateway(Box<gateway::GatewayView>),
    #[cfg(feature = "whole")]
    Shortener(Box<shortener::ShortenerView>),
    #[cfg(feature = "whole")]
    Payments(Box<payments::PaymentsView>),
}

/// One number of a service.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figure {
    pub name: &'static str,
    pub unit: &'static str,
    pub value: f64,
}

impl Figure {
    pub(crate) fn count(name: &'static str, value: u64) -> Figure {
        Figure { name, unit: "", value: value as f64 }
    }

    /// What it is called where people read it; reports and challenges keep the name.
    pub fn label(&self) -> &'static str {
        match self.name {
            // Beside "sends doubled" it would seem to be their number.
            "sends repeated" => "repeated sends left out",
            name => name,
        }
    }
}

/// At most [`ROWS_MAX`] rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [&'static str],
    pub rows: Vec<Vec<String>>,
}

/// The most rows that an inspection's table has.
pub const ROWS_MAX: usize = 20;

/// What menus, validation and documentation need of a service.
#[derive(Clone, Copy, Debug)]
pub struct ServiceInfo {
    /// Never changes once released.
    pub id: &'static str,
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    pub operations: &'static [Operation],
    pub settings: &'static [Setting],
    /// From checked settings and the seed of what is drawn once: graphs, keys, who is online.
    pub build: fn(&Knobs, u64) -> Box<dyn Service>,
}

/// Something that clients can ask of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Method and path, as in the class of a request. Never changes once released.
    pub path: &'static str,
    pub summary: &'static str,
}

/// A line of an operations table.
const fn operation(path: &'static str, summary: &'static str) -> Operation {
    Operation { path, summary }
}

impl ServiceInfo {
    /// The operation that a class's path means: the one whose method is the same and whose path is the
    /// longest that it begins with, whole segments only. `GET /l/abc` means `GET /l`.
    pub fn route(&self, path: &str) -> Option<usize> {
        let fits = |operation: &&(usize, &Operation)| {
            path.strip_prefix(operation.1.path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        };
        let all: Vec<(usize, &Operation)> = self.operations.iter().enumerate().collect();
        all.iter().filter(fits).max_by_key(|operation| operation.1.path.len()).map(|(index, _)| *index)
    }
}

/// One name for each service, in the order in which they are shown.
macro_rules! services {
    ($($module:ident),+ $(,)?) => {
        /// Every service that this build has: the page of a first visit has none.
        pub const SERVICES: &[ServiceInfo] =
            if cfg!(feature = "whole") { &[$($module::SERVICE),+] } else { &[] };

        /// Ids of the services that only the whole build has.
        pub const ONLY_WHOLE: &[&str] = &[$($module::SERVICE.id),+];
    };
}

services! { shortener, feed, chat, payments, gateway }

/// The service with this id.
pub fn find(id: &str) -> Option<&'static ServiceInfo> {
    SERVICES.iter().find(|service| service.id == id)
}
