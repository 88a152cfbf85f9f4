//! What servers run: plain work, or a service of [`crate::systems`].
//!
//! The service's state is one for the node: it stands for the database behind the machines, and survives
//! them. An operation takes effect when a worker has done its own work; then the rows that it touched
//! take their time, and only then the answer goes out. So a machine that dies in between has done what
//! nobody will hear of, and a client that asks again finds out whether the service knows its repetition.
//!
//! A gateway sends a request to the node that is named as the service which it is for (`shortener`, `feed`), if one
//! of those that are called is; else to all of them.
//!
//! What follows from an operation (a click to count, a webhook to send) goes to the node that the setting
//! `events_to` names, as an errand; requests go to all others that are called. An event is waited for as long as
//! `call_timeout_ms` says, without one until an answer comes: from a machine that is frozen, when it thaws.

use super::{Servers, WAKE};
use crate::algo::PolicyInfo;
use crate::algo::choice::PolicyChoice;
use crate::algo::setting::Knobs;
use crate::sim::{
    Answer, CallId, Context, Counter, Env, Handle, NewRequest, Outcome, Outgoing, Purpose, RequestId, Span,
    Time, mix, stream_seed,
};
use crate::systems::{self, Event, Inspection, Op, Reply, Service, ServiceInfo, ServiceView, Topic};

/// The id that means no service.
pub const PLAIN: &str = "plain";
/// The name under which services are listed like a family of policies.
pub const SERVICE: &str = "service";

/// Plain work, and every service, as menus and validation need them.
pub fn infos() -> Vec<PolicyInfo> {
    let plain = PolicyInfo {
        id: PLAIN,
        name: "Plain work",
        short: "Plain",
        summary: "Takes its time and answers.",
        source: "",
        knobs: &[],
    };
    let info = |service: &ServiceInfo| PolicyInfo {
        id: service.id,
        name: service.name,
        short: service.name,
        summary: service.summary,
        source: "",
        knobs: service.settings,
    };
    std::iter::once(plain).chain(systems::SERVICES.iter().map(info)).collect()
}

/// What is neither a machine's nor a worker's: the service's own timers are the database's.
const NO_MEMBER: u16 = u16::MAX;

/// A service and what it has under way.
#[derive(Clone, Debug)]
pub struct Running {
    info: &'static ServiceInfo,
    service: Box<dyn Service>,
    /// By class of request: its operation, once it is known; the inner `None`: it has none.
    routes: Vec<Option<Option<usize>>>,
    /// Events on their way, by the tag of their call.
    events: Vec<Option<Event>>,
    free: Vec<u32>,
    identity: u64,
    wake: (Time, Handle),
}

impl Running {
    /// `None` for plain work.
    pub fn new(choice: &PolicyChoice, seed: u64, id: &str) -> Option<Box<Running>> {
        let info = systems::find(&choice.id)?;
        let knobs = choice.resolve_among(&infos()).unwrap_or_else(|_| Knobs::defaults(info.settings));
        let identity = stream_seed(seed, id, Purpose::Errands);
        Some(Box::new(Running {
            info,
            service: (info.build)(&knobs, identity),
            routes: vec![],
            events: vec![],
            free: vec![],
            identity,
            wake: (Time::NEVER, Handle::NONE),
        }))
    }

    pub fn inspect(&self, now: Time) -> Inspection {
        self.service.inspect(now)
    }

    /// Of the service.
    pub fn name(&self) -> &'static str {
        self.info.name
    }

    /// What is drawn of it.
    pub fn view(&self, now: Time) -> ServiceView {
        self.service.view(now)
    }

    /// Verifies the service's own books.
    ///
    /// # Errors
    /// Says what does not hold.
    pub fn check(&self) -> Result<(), String> {
        self.service.check()
    }

    fn route<E: Env>(&mut self, cx: &Context<'_, E>, class: u16) -> Option<usize> {
        let index = class as usize;
        if self.routes.len() <= index {
            self.routes.resize(index + 1, None);
        }
        *self.routes[index].get_or_insert_with(|| self.info.route(cx.class_name(class)))
    }

    fn handle<E: Env>(&mut self, cx: &Context<'_, E>, call: CallId) -> Reply {
        let request = *cx.request_of(call);
        let Some(route) = self.route(cx, request.class) else {
            return Reply::not(Outcome::NoRoute, "no such operation");
        };
        let (key, client, seed) = (request.key, request.client, request.seed);
        self.service.handle(&Op { route, key, client, seed, now: cx.now() })
    }

    fn keep(&mut self, event: Event) -> u32 {
        match self.free.pop() {
            Some(tag) => {
                self.events[tag as usize] = Some(event);
                tag
            }
            None => {
                self.events.push(Some(event));
                self.events.len() as u32 - 1
            }
        }
    }
}

/// The class of request that carries an event; `None` if it is not sent on.
fn path_of(topic: Topic) -> Option<&'static str> {
    match topic {
        Topic::Click => Some("POST /clicks"),
        Topic::FanOut => Some("POST /timelines"),
        Topic::Copies => Some("POST /copies"),
        Topic::Deliver => Some("POST /deliveries"),
        Topic::Webhook => Some("POST /webhooks"),
        // The request itself goes on.
        Topic::Forward => None,
    }
}

impl Servers {
    /// The operation takes effect. What it comes to, what a refusal brings, the time that its rows take, and which of
    /// those downstream the request is for; `None`: all.
    pub(super) fn serve<E: Env>(
        &mut self,
        cx: &mut Context<'_, E>,
        member: u16,
        call: CallId,
    ) -> (Outcome, Answer, Span, Option<u16>) {
        let Some(running) = &mut self.running else {
            return (Outcome::Ok, Answer::default(), Span::ZERO, None);
        };
        let reply = running.handle(cx, call);
        let answer = reply.again_after.map_or(Answer::default(), |after| Answer::again(cx.node(), after));
        let rows = Span::from_ms(self.settings.row_ms * f64::from(reply.cost.units()));
        let mut way = None;
        for event in reply.events {
            if event.topic == Topic::Forward {
                way = self.way_to(event.detail);
            }
            self.send_event(cx, member, event);
        }
        self.schedule_wake(cx);
        (reply.outcome, answer, rows, way)
    }

    /// The node downstream that is named as this service (an index into [`systems::SERVICES`]), if there is one.
    fn way_to(&self, service: u32) -> Option<u16> {
        let id = systems::SERVICES.get(service as usize)?.id;
        self.to.iter().position(|to| to == id).map(|way| way as u16)
    }

    fn send_event<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16, event: Event) {
        let (Some(running), Some(path)) = (&mut self.running, path_of(event.topic)) else { return };
        let link = self.events_way.and_then(|way| cx.outgoing().get(way).copied());
        let Some(link) = link.filter(|_| !cx.is_full()) else { return };
        let class = cx.class(path);
        // An event that failed is given out again: another try, to another machine perhaps.
        let tried_again = matches!(event.topic, Topic::Copies | Topic::Deliver);
        let again = if tried_again { mix(cx.now().0) } else { 0 };
        let seed = mix(running.identity ^ mix(event.id) ^ u64::from(event.detail) ^ again);
        // Copies are work each.
        let cost = if event.topic == Topic::Copies { event.detail as f32 } else { 1.0 };
        let tag = running.keep(event);
        let Event { key, client, .. } = event;
        let request =
            cx.errand(NewRequest { seed, key, client, class, write: true, cost, ..NewRequest::default() });
        cx.count(member, Counter::Events, 1);
        let to_member = match (event.topic, cx.member_count(link)) {
            // To the machine that holds the connection.
            (Topic::Deliver, count @ 1..) => (event.detail % u32::from(count)) as u16,
            _ => crate::node::member_for(cx, link, seed, key),
        };
        let from_member = if member == NO_MEMBER { 0 } else { member };
        let parent = CallId::NONE;
        let timeout = Some(self.settings.call_timeout_ms).filter(|ms| *ms > 0.0).map(Span::from_ms);
        cx.call(Outgoing { request, parent, from_member, link, to_member, attempt: 0, tag, timeout });
    }

    /// An event has arrived, or not.
    pub(super) fn event_returned<E: Env>(&mut self, cx: &mut Context<'_, E>, id: CallId, request: RequestId) {
        let (tag, outcome) = (cx.call_at(id).tag, cx.call_at(id).outcome);
        cx.end(request, outcome);
        let Some(running) = &mut self.running else { return };
        let Some(event) = running.events.get_mut(tag as usize).and_then(Option::take) else { return };
        running.free.push(tag);
        running.service.answered(&event, outcome.is_ok(), cx.now());
        self.schedule_wake(cx);
    }

    /// The service has something to do of its own accord.
    pub(super) fn wake<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        let Some(running) = &mut self.running else { return };
        running.wake = (Time::NEVER, Handle::NONE);
        for event in running.service.wake(cx.now()) {
            self.send_event(cx, 0, event);
        }
        self.schedule_wake(cx);
    }

    fn schedule_wake<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        let Some(running) = &mut self.running else { return };
        let due = running.service.due();
        if due == running.wake.0 {
            return;
        }
        cx.cancel(running.wake.1);
        let handle = match due {
            Time::NEVER => Handle::NONE,
            // Time goes on, whatever a service may say.
            _ => cx.timer(NO_MEMBER, WAKE, 0, due.max(cx.now() + Span(1))),
        };
        running.wake = (due, handle);
    }
}
