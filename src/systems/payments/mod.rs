//! A payment gateway: merchants take payments, which are checked, captured, refunded and paid out.
//!
//! | part | what it keeps |
//! |---|---|
//! | `money` | whole minor units; methods and fees |
//! | `request` | what merchants ask for, and the answers |
//! | `states` | the life of a payment, as a table |
//! | `movements` | which of its lines were taken, how often |
//! | `fraud` | rules with scores, and what is known of customers |
//! | `idempotency` | the answers given, by key |
//! | `ledger` | double entry, which always balances |
//! | `settlement` | T+1 or later, net of fees and refunds |
//! | `webhooks` | signed notices with retries, and their receiver |
//! | `oracle` | what is measured and nobody in a payment system can know |
//! | `view` | all this at one instant, for the stage |
//!
//! Left out: currencies, disputes, partial captures, authorisations that expire, banks that answer late.
//! Old payments are forgotten (how many are kept is a setting), so they can no longer be refunded; the
//! ledger and the settlements keep counting them.

mod fraud;
mod idempotency;
mod ledger;
mod money;
mod movements;
mod oracle;
mod request;
mod service;
mod settings;
mod settlement;
mod states;
mod view;
mod webhooks;

pub use fraud::{CUSTOMERS_MAX, Customers, Facts, Payer, RULES, Rule, THIEF_ABROAD, THIEF_AMOUNT};
pub use idempotency::{ANSWERS_MAX, Answers, Known};
pub use ledger::{Account, Ledger, Posting, Reason};
pub use money::{AMOUNT_MAX, Amount, Fee, METHODS, Method};
pub use movements::{MOVEMENTS_KEPT, Movement, Movements};
pub use request::{Answer, Done, Refusal, Request};
pub use service::SERVICE;
pub use settlement::{Batch, Payout, Settlements};
pub use states::{Action, State, TRANSITIONS};
pub use view::{Books, PaymentsView, Webhooks};
pub use webhooks::{
    ATTEMPTS_MAX, Delivery, Kind, Notice, Outbox, Received, Receiver, SCHEDULE_S, Schedule, sign,
};

use crate::sim::{Span, Time, mix};
use std::collections::BTreeMap;

pub const MERCHANTS_MAX: usize = 1_000;
pub const PAYMENTS_MAX: usize = 50_000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Answers are kept by idempotency key.
    pub idempotency: bool,
    pub key_lifetime: Span,
    /// The score from which on a payment is stopped; nothing is stopped at `u32::MAX`.
    pub fraud_threshold: u32,
    /// Customers who have paid before.
    pub regulars: u32,
    /// In the order of [`METHODS`].
    pub fees: [Fee; METHODS.len()],
    pub payments_kept: usize,
    /// What a day lasts.
    pub day: Span,
    /// How many days after that of the capture a merchant is paid; at least 1.
    pub payout_days: u32,
    pub webhooks: bool,
    pub schedule: Schedule,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            idempotency: true,
            key_lifetime: Span::from_seconds(86_400.0),
            fraud_threshold: 70,
            regulars: 0,
            fees: METHODS.map(|method| method.fee),
            payments_kept: 10_000,
            day: Span::from_seconds(86_400.0),
            payout_days: 1,
            webhooks: true,
            schedule: Schedule::default(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    pub merchant: u32,
    /// Index into [`METHODS`].
    pub method: usize,
    pub amount: Amount,
    pub fee: Amount,
    pub refunded: Amount,
    pub state: State,
    pub payer: Payer,
    pub score: u32,
    /// The day of its capture.
    pub captured_on: Option<u32>,
}

/// Sums over the whole run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub payments: u64,
    pub captured: Amount,
    pub fees: Amount,
    pub refunded: Amount,
    pub settled: Amount,
    pub stopped: u64,
    pub repeated: u64,
}

#[derive(Clone, Debug)]
pub struct Payments {
    rules: Rules,
    seed: u64,
    merchants: u32,
    payments: BTreeMap<u32, Payment>,
    customers: Customers,
    answers: Answers<Answer>,
    ledger: Ledger,
    settlements: Settlements,
    outbox: Outbox,
    movements: Movements,
    totals: Totals,
}

impl Payments {
    /// `seed` makes the merchants' API keys and secrets.
    pub fn new(rules: Rules, merchants: u32, seed: u64) -> Payments {
        Payments {
            rules: Rules {
                payments_kept: rules.payments_kept.clamp(1, PAYMENTS_MAX),
                day: Span(rules.day.0.max(1)),
                payout_days: rules.payout_days.max(1),
                ..rules
            },
            seed,
            merchants: merchants.clamp(1, MERCHANTS_MAX as u32),
            payments: BTreeMap::new(),
            customers: Customers::regulars(rules.regulars),
            answers: Answers::new(rules.key_lifetime, ANSWERS_MAX),
            ledger: Ledger::default(),
            settlements: Settlements::default(),
            outbox: Outbox::new(rules.schedule),
            movements: Movements::default(),
            totals: Totals::default(),
        }
    }

    /// A merchant's API key: the number, and 64 bits that only the two of them know.
    pub fn api_key(&self, merchant: u32) -> String {
        format!("key_{merchant}_{:016x}", mix(self.seed ^ mix(u64::from(merchant))))
    }

    /// What a merchant's webhooks are signed with.
    pub fn secret(&self, merchant: u32) -> [u8; 32] {
        let mut secret = [0; 32];
        for (index, part) in (1u64..).zip(secret.chunks_mut(8)) {
            part.copy_from_slice(&mix(self.seed ^ mix(u64::from(merchant) << 8 | index)).to_be_bytes());
        }
        secret
    }

    fn merchant_of(&self, api_key: &str) -> Option<u32> {
        let merchant: u32 = api_key.strip_prefix("key_")?.split('_').next()?.parse().ok()?;
        (merchant < self.merchants && self.api_key(merchant) == api_key).then_some(merchant)
    }

    /// Does what a merchant asks for. `key` is the idempotency key, if there is one.
    ///
    /// # Errors
    /// See [`Refusal`]. A refusal is an answer too, and is kept under the key; one for the API key or the
    /// idempotency key is not.
    pub fn handle(&mut self, api_key: &str, key: Option<u64>, request: &Request, now: Time) -> Answer {
        let merchant = self.merchant_of(api_key).ok_or(Refusal::ApiKey)?;
        let Some(key) = key.filter(|_| self.rules.idempotency) else {
            return self.run(merchant, request, now);
        };
        match self.answers.look_up(merchant, key, request.digest(), now) {
            Known::Conflict => Err(Refusal::Conflict),
            Known::Same(answer) => {
                self.totals.repeated += 1;
                answer.map(|done| Done { repeated: true, ..done })
            }
            Known::New => {
                let answer = self.run(merchant, request, now);
                self.answers.keep(merchant, key, request.digest(), answer, now);
                answer
            }
        }
    }

    fn run(&mut self, merchant: u32, request: &Request, now: Time) -> Answer {
        let answer = self.obey(merchant, request, now);
        if let (Err(Refusal::State | Refusal::Exceeds), Some(number)) = (answer, request.payment()) {
            let from = self.payments.get(&number).map_or(State::Created, |payment| payment.state);
            self.movements.refused(number, from, now);
        }
        answer
    }

    fn obey(&mut self, merchant: u32, request: &Request, now: Time) -> Answer {
        match *request {
            Request::Pay { method, amount, payer, capture, declined } => {
                let number = self.create(merchant, method, amount, payer, now)?;
                let action = if declined || self.is_fraud(number) { Action::Fail } else { Action::Authorise };
                let done = self.step(merchant, number, action, None, now)?;
                if action == Action::Fail {
                    self.notify(merchant, Kind::Failed, number, amount, now);
                    return Ok(done);
                }
                if capture { self.capture(merchant, number, now) } else { Ok(done) }
            }
            Request::Capture { payment } => self.capture(merchant, payment, now),
            Request::Void { payment } => self.step(merchant, payment, Action::Void, None, now),
            Request::Refund { payment, amount } => self.refund(merchant, payment, amount, now),
        }
    }

    fn create(
        &mut self,
        merchant: u32,
        method: usize,
        amount: Amount,
        payer: Payer,
        now: Time,
    ) -> Result<u32, Refusal> {
        let fee = self.rules.fees.get(method).ok_or(Refusal::Method)?.of(amount);
        if !(1..=AMOUNT_MAX).contains(&amount) {
            return Err(Refusal::Amount);
        }
        let (score, _) = fraud::score(&self.customers.pays(payer, amount, now));
        self.totals.payments += 1;
        let number = u32::try_from(self.totals.payments).unwrap_or(u32::MAX);
        let (state, refunded, captured_on) = (State::Created, 0, None);
        let payment = Payment { merchant, method, amount, fee, refunded, state, payer, score, captured_on };
        self.payments.insert(number, payment);
        if self.payments.len() > self.rules.payments_kept {
            self.payments.pop_first();
        }
        Ok(number)
    }

    fn is_fraud(&mut self, number: u32) -> bool {
        let score = self.payments.get(&number).map_or(0, |payment| payment.score);
        let stopped = score >= self.rules.fraud_threshold;
        self.totals.stopped += u64::from(stopped);
        stopped
    }

    /// One step of a payment's life, if it is this merchant's and the table allows it. `amount`, if it is not about
    /// all of it.
    fn step(
        &mut self,
        merchant: u32,
        number: u32,
        action: Action,
        amount: Option<Amount>,
        now: Time,
    ) -> Answer {
        let payment = self.payments.get_mut(&number).filter(|payment| payment.merchant == merchant);
        let payment = payment.ok_or(Refusal::Unknown)?;
        let row = payment.state.row(action).ok_or(Refusal::State)?;
        payment.state = TRANSITIONS[row].2;
        self.movements.took(row, number, amount.unwrap_or(payment.amount), now);
        Ok(Done { payment: number, state: payment.state, repeated: false })
    }

    fn capture(&mut self, merchant: u32, number: u32, now: Time) -> Answer {
        let done = self.step(merchant, number, Action::Capture, None, now)?;
        let day = self.day_of(now);
        let payment = self.payments.get_mut(&number).ok_or(Refusal::Unknown)?;
        payment.captured_on = Some(day);
        let (amount, fee) = (payment.amount, payment.fee);
        self.ledger.capture(number, merchant, amount, fee);
        self.settlements.captured(day, merchant, amount, fee);
        self.totals.captured += amount;
        self.totals.fees += fee;
        self.notify(merchant, Kind::Captured, number, amount, now);
        Ok(done)
    }

    fn refund(&mut self, merchant: u32, number: u32, amount: Option<Amount>, now: Time) -> Answer {
        let payment = self.payments.get(&number).filter(|payment| payment.merchant == merchant);
        let payment = payment.ok_or(Refusal::Unknown)?;
        // The state first: what was never captured has nothing left either, but for another reason.
        payment.state.after(Action::RefundRest).ok_or(Refusal::State)?;
        let left = payment.amount - payment.refunded;
        let amount = amount.unwrap_or(left);
        if amount == 0 {
            return Err(Refusal::Amount);
        }
        if amount > left {
            return Err(Refusal::Exceeds);
        }
        let action = if amount == left { Action::RefundRest } else { Action::RefundPart };
        let done = self.step(merchant, number, action, Some(amount), now)?;
        if let Some(payment) = self.payments.get_mut(&number) {
            payment.refunded += amount;
        }
        self.ledger.refund(number, merchant, amount);
        self.settlements.refunded(self.day_of(now), merchant, amount);
        self.totals.refunded += amount;
        self.notify(merchant, Kind::Refunded, number, amount, now);
        Ok(done)
    }

    fn notify(&mut self, merchant: u32, kind: Kind, of: u32, amount: Amount, now: Time) {
        if self.rules.webhooks {
            self.outbox.send(merchant, kind, of, amount, now);
        }
    }

    /// Pays out what is due: of all days that are [`Rules::payout_days`] ago.
    pub fn settle(&mut self, now: Time) -> Vec<Payout> {
        let before = (self.day_of(now).saturating_add(1)).saturating_sub(self.rules.payout_days);
        let payouts = self.settlements.due(before);
        if payouts.is_empty() {
            return payouts;
        }
        for (number, payment) in &mut self.payments {
            if payment.captured_on.is_none_or(|day| day >= before) {
                continue;
            }
            let Some(row) = payment.state.row(Action::Settle) else { continue };
            // What was refunded before keeps its state: no step, and the same the next day.
            if TRANSITIONS[row].2 != payment.state {
                payment.state = TRANSITIONS[row].2;
                self.movements.took(row, *number, payment.amount, now);
            }
        }
        for payout in &payouts {
            let Payout { day, merchant, amount } = *payout;
            if amount > 0 {
                self.ledger.settle(day, merchant, amount);
                self.totals.settled += amount;
                self.notify(merchant, Kind::Paid, day, amount, now);
            }
        }
        payouts
    }

    /// The webhook attempts that are due.
    pub fn deliveries(&mut self, now: Time, max: usize) -> Vec<Delivery> {
        let mut outbox = std::mem::take(&mut self.outbox);
        let deliveries = outbox.take_due(now, max, |merchant| self.secret(merchant));
        self.outbox = outbox;
        deliveries
    }

    /// A merchant confirmed a notice.
    pub fn confirmed(&mut self, notice: u64) {
        self.outbox.confirmed(notice);
    }

    /// When a settlement or a webhook is next due.
    pub fn due(&self) -> Time {
        let days = u64::from(self.rules.payout_days);
        let payout = |day: u32| Time((u64::from(day) + days).saturating_mul(self.rules.day.0));
        self.settlements.first_day().map_or(Time::NEVER, payout).min(self.outbox.next_due())
    }

    /// The day of an instant, from 0.
    pub fn day_of(&self, now: Time) -> u32 {
        u32::try_from(now.0 / self.rules.day.0).unwrap_or(u32::MAX)
    }

    pub fn payments(&self) -> &BTreeMap<u32, Payment> {
        &self.payments
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    pub fn movements(&self) -> &Movements {
        &self.movements
    }

    /// How many payments are in each state, forgotten ones included, in the order of [`State::ALL`].
    pub fn in_states(&self) -> [u64; State::ALL.len()] {
        self.movements.in_states(self.totals.payments)
    }

    /// What merchants are owed, and what merchants owe.
    pub fn owed(&self) -> (Amount, Amount) {
        let balances = (0..self.merchants).map(|merchant| -self.ledger.balance(Account::Merchant(merchant)));
        balances.fold((0, 0), |(owed, debts), balance| {
            (owed + balance.max(0).unsigned_abs(), debts + balance.min(0).unsigned_abs())
        })
    }

    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Money is conserved: see the parts. What each merchant is owed is the same by the ledger and by the
    /// settlements; what is at the bank is what came in less what went out.
    ///
    /// # Errors
    /// Says which invariant does not hold.
    pub fn check(&self) -> Result<(), String> {
        self.ledger.check()?;
        self.answers.check()?;
        self.outbox.check()?;
        for merchant in 0..self.merchants {
            let owed = -self.ledger.balance(Account::Merchant(merchant));
            let payable = self.settlements.payable(merchant);
            if owed != payable {
                return Err(format!("merchant {merchant} is owed {owed}, to be settled are {payable}"));
            }
        }
        let totals = self.totals;
        let bank = totals.captured as i64 - totals.refunded as i64 - totals.settled as i64;
        if self.ledger.balance(Account::Bank) != bank
            || -self.ledger.balance(Account::Fees) != totals.fees as i64
        {
            return Err(format!("the ledger does not agree with {totals:?}"));
        }
        self.check_states()?;
        match self.payments.iter().find(|(_, payment)| payment.refunded > payment.amount) {
            Some((number, _)) => Err(format!("payment {number}: more refunded than captured")),
            None => Ok(()),
        }
    }

    /// Every payment is in one state, and those that are known are in no fewer than the steps say.
    fn check_states(&self) -> Result<(), String> {
        let counted = self.in_states();
        let mut known = [0; State::ALL.len()];
        for payment in self.payments.values() {
            known[payment.state as usize] += 1;
        }
        let fits = known.iter().zip(counted).all(|(known, counted)| *known <= counted);
        match fits && counted.iter().sum::<u64>() == self.totals.payments {
            true => Ok(()),
            false => Err(format!("in each state are {counted:?}, known {known:?}: {:?}", self.totals)),
        }
    }
}

#[cfg(test)]
mod tests;
