//! Payments against a model of plain numbers, over random requests, retries and days.

use super::*;
use proptest::prelude::*;

const DAY: u64 = 1_000_000_000_000;

fn rules(idempotency: bool) -> Rules {
    let (day, fraud_threshold) = (Span(DAY), u32::MAX);
    Rules { idempotency, day, fraud_threshold, key_lifetime: Span(100 * DAY), ..Rules::default() }
}

fn payer(customer: u32) -> Payer {
    Payer { customer, device: customer, country_differs: false }
}

fn sale(amount: Amount) -> Request {
    Request::Pay { method: 0, amount, payer: payer(1), capture: true, declined: false }
}

#[test]
fn a_sale_its_refunds_and_its_payout() {
    let mut payments = Payments::new(rules(true), 2, 7);
    let key = payments.api_key(1);
    // 2.9 % of 100.00 is 2.90, and 0.30.
    let done = payments.handle(&key, None, &sale(10_000), Time(5)).unwrap();
    assert_eq!((done.payment, done.state), (1, State::Captured));
    let refund = |payments: &mut Payments, amount, now| {
        payments.handle(&key, None, &Request::Refund { payment: 1, amount }, Time(now))
    };
    assert_eq!(refund(&mut payments, Some(10_001), 6), Err(Refusal::Exceeds));
    assert_eq!(refund(&mut payments, Some(0), 6), Err(Refusal::Amount));
    assert_eq!(refund(&mut payments, Some(4_000), 6).unwrap().state, State::PartlyRefunded);
    assert!(payments.settle(Time(DAY - 1)).is_empty());
    assert_eq!(payments.settle(Time(DAY)), [Payout { day: 0, merchant: 1, amount: 10_000 - 320 - 4_000 }]);
    assert_eq!(payments.payments()[&1].state, State::PartlyRefunded);
    assert_eq!(refund(&mut payments, Some(6_001), DAY), Err(Refusal::Exceeds));
    assert_eq!(refund(&mut payments, None, DAY).unwrap().state, State::Refunded);
    assert_eq!(refund(&mut payments, Some(1), DAY), Err(Refusal::State));
    // The merchant keeps neither the money nor the fee.
    assert_eq!(payments.ledger().balance(Account::Merchant(1)), 6_000);
    assert_eq!(payments.ledger().balance(Account::Bank), 10_000 - 10_000 - 5_680);
    payments.check().unwrap();
}

#[test]
fn keys_are_checked_and_payments_are_the_merchants_own() {
    let mut payments = Payments::new(rules(true), 2, 7);
    let (mine, other) = (payments.api_key(0), payments.api_key(1));
    for wrong in ["", "key_0", "key_0_0000000000000000", &payments.api_key(2), &format!("{mine}0")] {
        assert_eq!(payments.handle(wrong, None, &sale(1), Time(0)), Err(Refusal::ApiKey), "{wrong}");
    }
    let number = payments.handle(&mine, None, &sale(100), Time(0)).unwrap().payment;
    let refund = Request::Refund { payment: number, amount: None };
    assert_eq!(payments.handle(&other, None, &refund, Time(0)), Err(Refusal::Unknown));
    assert_ne!(payments.secret(0), payments.secret(1));
}

#[test]
fn authorisations_are_captured_or_voided_once() {
    let mut payments = Payments::new(rules(true), 1, 7);
    let key = payments.api_key(0);
    let mut ask = |request| payments.handle(&key, None, &request, Time(0)).map(|done| done.state);
    let pay = |declined| Request::Pay { method: 1, amount: 50, payer: payer(1), capture: false, declined };
    assert_eq!(ask(pay(false)), Ok(State::Authorised));
    assert_eq!(ask(Request::Refund { payment: 1, amount: None }), Err(Refusal::State));
    assert_eq!(ask(Request::Capture { payment: 1 }), Ok(State::Captured));
    assert_eq!(ask(Request::Capture { payment: 1 }), Err(Refusal::State));
    assert_eq!(ask(Request::Void { payment: 1 }), Err(Refusal::State));
    assert_eq!(ask(pay(false)), Ok(State::Authorised));
    assert_eq!(ask(Request::Void { payment: 2 }), Ok(State::Voided));
    assert_eq!(ask(Request::Capture { payment: 2 }), Err(Refusal::State));
    assert_eq!(ask(pay(true)), Ok(State::Failed));
    assert_eq!(ask(Request::Capture { payment: 3 }), Err(Refusal::State));
    assert_eq!(
        ask(Request::Pay { method: 9, amount: 50, payer: payer(1), capture: true, declined: false }),
        Err(Refusal::Method)
    );
    assert_eq!(ask(sale(AMOUNT_MAX + 1)), Err(Refusal::Amount));
}

#[test]
fn fraud_is_stopped_and_costs_nothing() {
    let mut payments = Payments::new(Rules { fraud_threshold: 70, ..rules(true) }, 1, 7);
    let key = payments.api_key(0);
    // Large (30), first and large (15), another country (35): 80.
    let odd = Payer { country_differs: true, ..payer(3) };
    let request = Request::Pay { method: 0, amount: 60_000, payer: odd, capture: true, declined: false };
    assert_eq!(payments.handle(&key, None, &request, Time(0)).unwrap().state, State::Failed);
    assert_eq!((payments.totals().stopped, payments.totals().captured), (1, 0));
    assert_eq!(payments.handle(&key, None, &sale(60_000), Time(0)).unwrap().state, State::Captured);
    payments.check().unwrap();
}

/// The point of the key: a retry is not another payment. Without it, it is.
#[test]
fn retries_double_only_without_idempotency() {
    for (idempotency, sold) in [(true, 1000), (false, 3000)] {
        let mut payments = Payments::new(rules(idempotency), 1, 7);
        let key = payments.api_key(0);
        let answers: Vec<_> =
            (0..3).map(|at| payments.handle(&key, Some(77), &sale(1000), Time(at)).unwrap()).collect();
        assert_eq!(payments.totals().captured, sold);
        assert_eq!(answers.iter().all(|done| done.payment == 1), idempotency);
        let other = payments.handle(&key, Some(77), &sale(1001), Time(9));
        assert_eq!(other == Err(Refusal::Conflict), idempotency);
    }
}

#[test]
fn old_payments_are_forgotten_but_still_paid_out() {
    let mut payments = Payments::new(Rules { payments_kept: 3, ..rules(false) }, 1, 7);
    let key = payments.api_key(0);
    for _ in 0..10 {
        payments.handle(&key, None, &sale(1000), Time(0)).unwrap();
    }
    assert_eq!(payments.payments().len(), 3);
    let refund = Request::Refund { payment: 1, amount: None };
    assert_eq!(payments.handle(&key, None, &refund, Time(0)), Err(Refusal::Unknown));
    assert_eq!(payments.settle(Time(DAY))[0].amount, 10 * (1000 - 59));
    payments.check().unwrap();
}

#[derive(Clone, Debug)]
enum Step {
    Ask { merchant: u32, key: u64, request: Request, times: u32 },
    Wait(u64),
}

fn request() -> impl Strategy<Value = Request> {
    let payment = || 0..12u32;
    prop_oneof![
        4 => (0..5usize, 0..2_000u64, 0..4u32, any::<bool>(), 0..6u32).prop_map(
            |(method, amount, customer, capture, fate)| Request::Pay {
                method, amount, payer: payer(customer), capture, declined: fate == 0,
            }
        ),
        2 => payment().prop_map(|payment| Request::Capture { payment }),
        1 => payment().prop_map(|payment| Request::Void { payment }),
        4 => (payment(), prop::option::of(0..1_500u64))
            .prop_map(|(payment, amount)| Request::Refund { payment, amount }),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..2u32, 0..60u64, request(), 1..4u32)
            .prop_map(|(merchant, key, request, times)| Step::Ask { merchant, key, request, times }),
        1 => (0..2 * DAY).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..80)
}

/// The model: for each payment what was captured, what was refunded and whose it is.
#[derive(Default)]
struct Model {
    captured: BTreeMap<u32, (u32, Amount)>,
    refunded: BTreeMap<u32, Amount>,
    authorised: BTreeMap<u32, (u32, Amount)>,
    paid_out: [Amount; 2],
    fees: [Amount; 2],
    done: Vec<(u32, u64)>,
}

impl Model {
    fn done(&mut self, merchant: u32, request: &Request, done: Done) {
        match *request {
            Request::Pay { amount, capture, declined, .. } => {
                if !declined && capture {
                    self.captured.insert(done.payment, (merchant, amount));
                } else if !declined {
                    self.authorised.insert(done.payment, (merchant, amount));
                }
            }
            Request::Capture { payment } => {
                let authorised = self.authorised.remove(&payment).expect("only what was authorised");
                self.captured.insert(payment, authorised);
            }
            Request::Void { payment } => {
                self.authorised.remove(&payment).expect("only what was authorised");
            }
            Request::Refund { payment, amount } => {
                let before = self.refunded.get(&payment).copied().unwrap_or(0);
                let (_, captured) = self.captured[&payment];
                self.refunded.insert(payment, before + amount.unwrap_or(captured - before));
            }
        }
    }

    fn of(&self, merchant: u32) -> (Amount, Amount) {
        let mine = |number: &u32| self.captured.get(number).is_some_and(|payment| payment.0 == merchant);
        let captured =
            self.captured.iter().filter(|(number, _)| mine(number)).map(|(_, payment)| payment.1).sum();
        let refunded =
            self.refunded.iter().filter(|(number, _)| mine(number)).map(|(_, amount)| amount).sum();
        (captured, refunded)
    }
}

proptest! {
    #[test]
    fn money_is_conserved_and_retries_never_double(steps in steps()) {
        let mut payments = Payments::new(rules(true), 2, 11);
        let mut model = Model::default();
        let mut now = Time::ZERO;
        for step in steps {
            match step {
                Step::Wait(span) => now = now + Span(span),
                Step::Ask { merchant, key, request, times } => {
                    let api_key = payments.api_key(merchant);
                    let fresh = !model.done.contains(&(merchant, key));
                    let first = payments.handle(&api_key, Some(key), &request, now);
                    if first != Err(Refusal::Conflict) {
                        model.done.push((merchant, key));
                    }
                    if let Ok(done) = first {
                        prop_assert_eq!(done.repeated, !fresh);
                        if fresh {
                            model.done(merchant, &request, done);
                        }
                    }
                    let before = (payments.ledger().clone().recent().count(), payments.totals());
                    for _ in 1..times {
                        let again = payments.handle(&api_key, Some(key), &request, now);
                        prop_assert_eq!(again.map(|done| done.payment), first.map(|done| done.payment));
                    }
                    let after = Totals { repeated: before.1.repeated, ..payments.totals() };
                    prop_assert_eq!((payments.ledger().recent().count(), after), before);
                }
            }
            for payout in payments.settle(now) {
                model.paid_out[payout.merchant as usize] += payout.amount;
            }
            prop_assert_eq!(payments.check(), Ok(()));
            model.fees = [0, 1].map(|merchant| {
                let mine = payments.payments().iter().filter(|(number, payment)| {
                    payment.merchant == merchant && model.captured.contains_key(number)
                });
                mine.map(|(_, payment)| METHODS[payment.method].fee.of(payment.amount)).sum()
            });
            for (number, refunded) in &model.refunded {
                prop_assert!(*refunded <= model.captured[number].1);
                prop_assert_eq!(*refunded, payments.payments()[number].refunded);
            }
            for merchant in 0..2u32 {
                let (captured, refunded) = model.of(merchant);
                let fees = model.fees[merchant as usize];
                let owed = captured as i64 - refunded as i64 - fees as i64
                    - model.paid_out[merchant as usize] as i64;
                prop_assert_eq!(-payments.ledger().balance(Account::Merchant(merchant)), owed);
            }
        }
        // Two days on everything is paid out: each merchant has the net of what they sold, or owes.
        for payout in payments.settle(now + Span(2 * DAY)) {
            model.paid_out[payout.merchant as usize] += payout.amount;
        }
        for merchant in 0..2u32 {
            let (captured, refunded) = model.of(merchant);
            let net = captured as i64 - refunded as i64 - model.fees[merchant as usize] as i64;
            let paid = model.paid_out[merchant as usize] as i64;
            // Paid on a good day and refunded later: then the merchant owes the difference.
            prop_assert!(paid >= net);
            prop_assert_eq!(payments.ledger().balance(Account::Merchant(merchant)), paid - net);
        }
        let settled = payments.payments().values().all(|payment| {
            !matches!(payment.state, State::Captured | State::Created)
        });
        prop_assert!(settled);
        prop_assert_eq!(payments.check(), Ok(()));
    }
}
