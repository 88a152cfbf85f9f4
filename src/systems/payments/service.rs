//! Payments as a server runs them. The client is the customer; the key chooses the merchant. Amounts,
//! methods, devices and what goes wrong are drawn from the request's seed, so a retry is the same request.

use super::*;
use crate::algo::setting::{Knobs, Scale, Setting};
use crate::sim::{Draw, Outcome, Random};
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

const fn basis_points(name: &'static str, label: &'static str, default: f64) -> Setting {
    Setting::integer(name, label, "bp", (0.0, 10_000.0), default, "Share of each payment that is our fee.")
        .usual(0.0, 500.0, Scale::Linear)
}

const fn fixed(name: &'static str, label: &'static str, default: f64) -> Setting {
    Setting::integer(
        name,
        label,
        "",
        (0.0, 10_000.0),
        default,
        "Added to each payment's fee, in minor units.",
    )
    .usual(0.0, 100.0, Scale::Linear)
}

const fn share(name: &'static str, label: &'static str, default: f64, help: &'static str) -> Setting {
    Setting::number(name, label, "", (0.0, 1.0), default, help)
}

const SETTINGS: &[Setting] = &[
    Setting::toggle(
        "idempotency",
        "Idempotency keys",
        true,
        "A request that is sent again is not done again: its first answer is given once more.",
    ),
    Setting::number(
        "key_lifetime_s",
        "Keys are kept",
        "s",
        (0.001, 1e9),
        86_400.0,
        "After this time a repeated request is a new one.",
    )
    .usual(1.0, 86_400.0, Scale::Logarithmic),
    Setting::integer(
        "fraud_threshold",
        "Fraud from",
        "points",
        (0.0, 1000.0),
        70.0,
        "A payment whose rules' scores sum to at least this is stopped.",
    )
    .usual(0.0, 150.0, Scale::Linear),
    share("new_device_share", "New devices", 0.02, "Payments made from another device than usual."),
    share("abroad_share", "From abroad", 0.01, "Payments where card and device are in different countries."),
    share("declined_share", "Declined", 0.0, "Payments that the customer's bank turns down."),
    Setting::choice(
        "method",
        "Method",
        &[
            ("mixed", "mixed"),
            ("card", "card"),
            ("upi", "UPI"),
            ("net-banking", "net banking"),
            ("wallet", "wallet"),
        ],
        "mixed",
        "How customers pay; mixed is each a quarter.",
    ),
    Setting::integer(
        "amount_mean",
        "Mean amount",
        "",
        (1.0, 1e8),
        5_000.0,
        "In minor units; amounts are exponential, at least 1.",
    )
    .usual(100.0, 100_000.0, Scale::Logarithmic),
    basis_points("card_fee_bp", "Card fee", 290.0),
    fixed("card_fee_fixed", "Card fee, fixed", 30.0),
    basis_points("upi_fee_bp", "UPI fee", 0.0),
    fixed("upi_fee_fixed", "UPI fee, fixed", 0.0),
    basis_points("net_banking_fee_bp", "Net banking fee", 190.0),
    fixed("net_banking_fee_fixed", "Net banking fee, fixed", 0.0),
    basis_points("wallet_fee_bp", "Wallet fee", 200.0),
    fixed("wallet_fee_fixed", "Wallet fee, fixed", 0.0),
    Setting::integer("merchants", "Merchants", "", (1.0, MERCHANTS_MAX as f64), 10.0, "How many sell.")
        .usual(1.0, 100.0, Scale::Logarithmic),
    Setting::integer(
        "payments_max",
        "Payments kept",
        "",
        (1.0, PAYMENTS_MAX as f64),
        10_000.0,
        "Older ones can no longer be refunded.",
    )
    .usual(100.0, PAYMENTS_MAX as f64, Scale::Logarithmic),
    Setting::number("day_s", "A day lasts", "s", (1.0, 86_400.0), 86_400.0, "For payouts on the next day.")
        .usual(1.0, 86_400.0, Scale::Logarithmic),
    Setting::toggle("webhooks", "Webhooks", true, "Merchants are told what happens, until they confirm it."),
];

/// The settings of the fees, in the order of [`METHODS`].
const FEES: [(&str, &str); METHODS.len()] = [
    ("card_fee_bp", "card_fee_fixed"),
    ("upi_fee_bp", "upi_fee_fixed"),
    ("net_banking_fee_bp", "net_banking_fee_fixed"),
    ("wallet_fee_bp", "wallet_fee_fixed"),
];

/// What is drawn for a request.
#[derive(Clone, Copy, Debug)]
struct Chances {
    new_device: f64,
    abroad: f64,
    declined: f64,
    amount_mean: f64,
    /// Index into [`METHODS`]; none is mixed.
    method: Option<usize>,
}

#[derive(Clone, Debug)]
struct Running {
    payments: Payments,
    chances: Chances,
    merchants: u32,
    /// Each customer's last payment: (merchant, number).
    last: BTreeMap<u32, (u32, u32)>,
    last_webhook: Option<Delivery>,
}

impl Running {
    fn new(knobs: &Knobs, seed: u64) -> Running {
        let fee = |(share, fixed): (&str, &str)| Fee {
            basis_points: knobs.number(share) as u32,
            fixed: knobs.number(fixed) as Amount,
        };
        let rules = Rules {
            idempotency: knobs.flag("idempotency"),
            key_lifetime: Span::from_seconds(knobs.number("key_lifetime_s")),
            fraud_threshold: knobs.number("fraud_threshold") as u32,
            fees: FEES.map(fee),
            payments_kept: knobs.number("payments_max") as usize,
            day: Span::from_seconds(knobs.number("day_s")),
            webhooks: knobs.flag("webhooks"),
        };
        let merchants = (knobs.number("merchants") as u32).max(1);
        let chances = Chances {
            new_device: knobs.number("new_device_share"),
            abroad: knobs.number("abroad_share"),
            declined: knobs.number("declined_share"),
            amount_mean: knobs.number("amount_mean"),
            method: METHODS.iter().position(|method| method.id == knobs.word("method")),
        };
        Running {
            payments: Payments::new(rules, merchants, seed),
            chances,
            merchants,
            last: BTreeMap::new(),
            last_webhook: None,
        }
    }

    /// What the customer asks for, and of which merchant.
    fn request(&self, op: &Op) -> Option<(u32, Request)> {
        if op.route <= 1 {
            return Some((op.key % self.merchants, self.draw_payment(op)));
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

    fn draw_payment(&self, op: &Op) -> Request {
        let mut draw = Draw::new(self.payments.seed, op.seed);
        let amount = ((draw.exponential() * self.chances.amount_mean) as Amount).clamp(1, AMOUNT_MAX);
        let any = draw.below(METHODS.len() as u64) as usize;
        let device = if draw.chance(self.chances.new_device) { draw.next_u64() as u32 } else { op.client };
        let country_differs = draw.chance(self.chances.abroad);
        Request::Pay {
            method: self.chances.method.unwrap_or(any),
            amount,
            payer: Payer { customer: op.client, device, country_differs },
            capture: op.route == 0,
            declined: draw.chance(self.chances.declined),
        }
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
                self.answer(done)
            }
        }
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
        let score = self.payments.payments().get(&done.payment).map_or(0, |payment| payment.score);
        let cost = match done {
            Done { repeated: true, .. } => Cost { reads: 1, writes: 0 },
            Done { state: State::Authorised | State::Voided | State::Failed, .. } => {
                Cost { reads: 3, writes: 2 }
            }
            // The payment, its answer, and three entries of the ledger.
            _ => Cost { reads: 3, writes: 5 },
        };
        match (done.state, done.repeated) {
            (State::Failed, _) if score >= self.payments.rules.fraud_threshold => {
                Reply { outcome: Outcome::Fraud, note: "stopped as fraud", cost, events: vec![] }
            }
            (State::Failed, _) => Reply { outcome: Outcome::Invalid, note: "declined", cost, events: vec![] },
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
        let owed: i64 =
            (0..self.merchants).map(|merchant| -ledger.balance(Account::Merchant(merchant))).sum();
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
            figures: vec![
                Figure::count("payments", totals.payments),
                Figure::count("stopped as fraud", totals.stopped),
                Figure::count("repeated", totals.repeated),
                money("captured", totals.captured as i64),
                money("refunded", totals.refunded as i64),
                money("at the bank", ledger.balance(Account::Bank)),
                money("owed to merchants", owed),
                money("fees earned", -ledger.balance(Account::Fees)),
                money("paid out", totals.settled as i64),
                Figure::count("webhooks waiting", self.payments.outbox().pending() as u64),
                Figure::count("webhooks confirmed", self.payments.outbox().delivered),
            ],
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

    fn check(&self) -> Result<(), String> {
        self.payments.check()
    }
}
