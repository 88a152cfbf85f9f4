//! Payments as a server runs them. The client is the customer; the key chooses the merchant. Amounts,
//! methods, devices and what goes wrong are drawn from the request's seed, so a retry is the same request.

use super::oracle::{Oracle, stopped_percent};
use super::settings::{Chances, SETTINGS, rules};
use super::*;
use crate::algo::setting::Knobs;
use crate::sim::{Draw, Outcome, Random};
#[cfg(feature = "whole")]
use crate::systems::ServiceView;
use crate::systems::{
    Cost, EVENTS_MAX, Event, Figure, Inspection, Op, Operation, Reply, Service, ServiceInfo, Table, Topic,
    operation,
};

pub const SERVICE: ServiceInfo = ServiceInfo {
    id: "payments",
    name: "Payments",
    summary: "Takes payments, refunds them, pays merchants out the next day, and tells them by webhook.",
    operations: OPERATIONS,
    settings: SETTINGS,
    build: |knobs, seed| Box::new(Running::new(knobs, seed)),
};

const OPERATIONS: &[Operation] = &[
    operation("POST /payments", "The client pays the merchant with the key: authorised and captured."),
    operation("POST /authorisations", "The same, but the money is only reserved."),
    operation("POST /captures", "The client's last payment is captured."),
    operation("POST /voids", "The client's last payment is released."),
    operation("POST /refunds", "The client's last payment is given back, all that is left of it."),
    operation("POST /partial-refunds", "Half of what the client's last payment was is given back."),
    operation("GET /payments", "The state of the client's last payment."),
];

#[derive(Clone, Debug)]
struct Running {
    payments: Payments,
    chances: Chances,
    merchants: u32,
    /// Each customer's last payment: (merchant, number).
    last: BTreeMap<u32, (u32, u32)>,
    last_webhook: Option<Delivery>,
    /// Requests about the last payment of somebody who had none.
    unknown: u64,
    oracle: Oracle,
}

impl Running {
    fn new(knobs: &Knobs, seed: u64) -> Running {
        let merchants = (knobs.number("merchants") as u32).max(1);
        Running {
            payments: Payments::new(rules(knobs), merchants, seed),
            chances: Chances::new(knobs),
            merchants,
            last: BTreeMap::new(),
            last_webhook: None,
            unknown: 0,
            oracle: Oracle::default(),
        }
    }

    /// What the customer asks for, and of which merchant.
    fn request(&self, op: &Op) -> Option<(u32, Request)> {
        if op.route <= 1 {
            return Some((op.key % self.merchants, self.draw_payment(op).0));
        }
        let (merchant, payment) = *self.last.get(&op.client)?;
        let half = |payment: &Payment| (payment.amount / 2).max(1);
        let request = match op.route {
            2 => Request::Capture { payment },
            3 => Request::Void { payment },
            4 => Request::Refund { payment, amount: None },
            _ => Request::Refund { payment, amount: self.payments.payments().get(&payment).map(half) },
        };
        Some((merchant, request))
    }

    /// And whether a thief asks for it.
    fn draw_payment(&self, op: &Op) -> (Request, bool) {
        let mut draw = Draw::new(self.payments.seed, op.seed);
        let amount = ((draw.exponential() * self.chances.amount_mean) as Amount).clamp(1, AMOUNT_MAX);
        let any = draw.below(METHODS.len() as u64) as usize;
        let device = if draw.chance(self.chances.new_device) { draw.next_u64() as u32 } else { op.client };
        let country_differs = draw.chance(self.chances.abroad);
        let declined = draw.chance(self.chances.declined);
        let (method, capture) = (self.chances.method.unwrap_or(any), op.route == 0);
        let is_thief = draw.chance(self.chances.fraud);
        let (amount, device, country_differs) = match is_thief {
            true => {
                ((amount * THIEF_AMOUNT).min(AMOUNT_MAX), draw.next_u64() as u32, draw.chance(THIEF_ABROAD))
            }
            false => (amount, device, country_differs),
        };
        let payer = Payer { customer: op.client, device, country_differs };
        (Request::Pay { method, amount, payer, capture, declined }, is_thief)
    }

    fn state(&self, client: u32) -> Reply {
        let known = self.last.get(&client).and_then(|(_, number)| self.payments.payments().get(number));
        match known {
            Some(payment) => Reply::ok(payment.state.name(), Cost { reads: 1, writes: 0 }),
            None => Reply::not(Outcome::Invalid, "unknown payment"),
        }
    }

    fn ask(&mut self, op: &Op) -> Reply {
        let Some((merchant, request)) = self.request(op) else {
            self.unknown += 1;
            return Reply::not(Outcome::Invalid, "unknown payment");
        };
        let api_key = self.payments.api_key(merchant);
        match self.payments.handle(&api_key, Some(op.seed), &request, op.now) {
            Err(Refusal::ApiKey) => Reply::not(Outcome::Unauthorised, "unknown API key"),
            Err(refusal) => Reply::not(Outcome::Invalid, note(refusal)),
            Ok(done) => {
                if op.route <= 1 {
                    self.remember(op.client, merchant, done.payment);
                }
                if !done.repeated {
                    self.tell_oracle(op, done);
                }
                self.answer(done)
            }
        }
    }

    fn tell_oracle(&mut self, op: &Op, done: Done) {
        match (op.route, done.state) {
            (0 | 2, State::Captured) => self.oracle.charged(op.seed),
            (4 | 5, _) => self.oracle.refunded(op.seed),
            _ => {}
        }
        if op.route <= 1 {
            let stopped = done.state == State::Failed && self.is_fraud(done.payment);
            let is_thief = self.draw_payment(op).1;
            if stopped || done.state != State::Failed {
                self.oracle.judged(is_thief, stopped);
            }
        }
    }

    fn is_fraud(&self, number: u32) -> bool {
        let score = self.payments.payments().get(&number).map_or(0, |payment| payment.score);
        score >= self.payments.rules.fraud_threshold
    }

    /// As many customers as [`Customers`] knows.
    fn remember(&mut self, client: u32, merchant: u32, number: u32) {
        if self.last.len() >= CUSTOMERS_MAX && !self.last.contains_key(&client) {
            self.last.pop_first();
        }
        self.last.insert(client, (merchant, number));
    }

    /// A failed payment ends as fraud if the score says so; else the bank declined it.
    fn answer(&self, done: Done) -> Reply {
        let cost = match done {
            Done { repeated: true, .. } => Cost { reads: 1, writes: 0 },
            Done { state: State::Authorised | State::Voided | State::Failed, .. } => {
                Cost { reads: 3, writes: 2 }
            }
            // The payment, its answer, and three entries of the ledger.
            _ => Cost { reads: 3, writes: 5 },
        };
        match (done.state, done.repeated) {
            (State::Failed, _) if self.is_fraud(done.payment) => {
                Reply { outcome: Outcome::Fraud, ..Reply::ok("stopped as fraud", cost) }
            }
            (State::Failed, _) => Reply { outcome: Outcome::Invalid, ..Reply::ok("declined", cost) },
            (_, true) => Reply::ok("done before", cost),
            (state, false) => Reply::ok(state.name(), cost),
        }
    }

    fn notices(&mut self, now: Time, max: usize) -> Vec<Event> {
        let deliveries = self.payments.deliveries(now, max);
        let event = |delivery: &Delivery| Event {
            topic: Topic::Webhook,
            id: delivery.notice.id,
            key: delivery.notice.merchant,
            client: delivery.notice.of,
            detail: delivery.attempt,
        };
        let events = deliveries.iter().map(event).collect();
        self.last_webhook = deliveries.into_iter().next_back().or(self.last_webhook.take());
        events
    }
}

fn note(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::ApiKey => "unknown API key",
        Refusal::Conflict => "key used before",
        Refusal::Amount => "no valid amount",
        Refusal::Method => "no such method",
        Refusal::Unknown => "unknown payment",
        Refusal::State => "not in this state",
        Refusal::Exceeds => "more than is left",
    }
}

fn webhook(delivery: &Delivery) -> Vec<String> {
    let signature = delivery.signature.iter().map(|byte| format!("{byte:02x}")).collect();
    let notice = &delivery.notice;
    vec![notice.id.to_string(), delivery.attempt.to_string(), notice.body(), signature]
}

impl Service for Running {
    fn handle(&mut self, op: &Op) -> Reply {
        self.payments.settle(op.now);
        let mut reply = match op.route {
            0..=5 => self.ask(op),
            6 => self.state(op.client),
            _ => Reply::not(Outcome::NoRoute, "no such operation"),
        };
        reply.events = self.notices(op.now, EVENTS_MAX);
        reply
    }

    fn answered(&mut self, event: &Event, ok: bool, _: Time) {
        if ok && event.topic == Topic::Webhook {
            self.payments.confirmed(event.id);
        }
    }

    fn due(&self) -> Time {
        self.payments.due()
    }

    fn wake(&mut self, now: Time) -> Vec<Event> {
        self.payments.settle(now);
        self.notices(now, EVENTS_MAX)
    }

    fn inspect(&self, _: Time) -> Inspection {
        let (totals, ledger) = (self.payments.totals(), self.payments.ledger());
        let money = |name, value: i64| Figure { name, unit: "minor units", value: value as f64 };
        let percent = |name, value: f64| Figure { name, unit: "%", value };
        let (owed, debts) = self.payments.owed();
        let tried = self.payments.outbox().tried();
        let fees_share = 100.0 * totals.fees as f64 / totals.captured.max(1) as f64;
        let mut figures = vec![
            Figure::count("payments", totals.payments),
            Figure::count("stopped as fraud", totals.stopped),
            Figure::count("repeated", totals.repeated),
            money("captured", totals.captured as i64),
            money("refunded", totals.refunded as i64),
            money("at the bank", ledger.balance(Account::Bank)),
            money("owed to merchants", owed as i64 - debts as i64),
            money("owed by merchants", debts as i64),
            money("fees earned", -ledger.balance(Account::Fees)),
            money("paid out", totals.settled as i64),
            Figure::count("webhooks waiting", self.payments.outbox().pending() as u64),
            Figure::count("webhooks tried again", tried.iter().skip(2).map(|count| u64::from(*count)).sum()),
            Figure::count("webhooks confirmed", self.payments.outbox().delivered),
            Figure::count("webhooks given up", self.payments.outbox().given_up),
            percent("fees of all that was captured", fees_share),
            Figure::count("steps refused", self.payments.movements().refusals()),
            Figure::count("charged again", self.oracle.charged_again),
            Figure::count("refunded again", self.oracle.refunded_again),
            Figure::count("thieves stopped", self.oracle.thieves[1]),
            Figure::count("honest customers stopped", self.oracle.honest[1]),
            percent("share of thieves stopped", stopped_percent(self.oracle.thieves)),
            percent("share of honest stopped", stopped_percent(self.oracle.honest)),
        ];
        let states = State::ALL.into_iter().zip(self.payments.in_states());
        figures.extend(states.map(|(state, count)| Figure::count(state.figure(), count)));
        let payment = |(number, payment): (&u32, &Payment)| {
            vec![
                number.to_string(),
                payment.merchant.to_string(),
                METHODS.get(payment.method).map_or("", |method| method.id).to_owned(),
                payment.amount.to_string(),
                payment.refunded.to_string(),
                payment.score.to_string(),
                payment.state.name().to_owned(),
            ]
        };
        Inspection {
            note: format!("{} payments", totals.payments),
            figures,
            tables: vec![
                Table {
                    name: "last payments",
                    columns: &["payment", "merchant", "method", "amount", "refunded", "score", "state"],
                    rows: self.payments.payments().iter().rev().take(10).map(payment).collect(),
                },
                Table {
                    name: "last webhook",
                    columns: &["id", "attempt", "body", "signature"],
                    rows: self.last_webhook.iter().map(webhook).collect(),
                },
            ],
        }
    }

    #[cfg(feature = "whole")]
    fn view(&self, now: Time) -> ServiceView {
        let view = self.payments.view(now);
        let Oracle { charged_again, thieves, honest, .. } = self.oracle;
        let unknown = self.unknown;
        ServiceView::Payments(Box::new(PaymentsView { charged_again, unknown, thieves, honest, ..view }))
    }

    fn check(&self) -> Result<(), String> {
        self.payments.check()
    }
}
