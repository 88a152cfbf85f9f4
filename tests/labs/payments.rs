//! What the labs on payments claim.

use super::common::{Proof, count, mean, run, run_until, seeds};
use serde_json::{Value, json};
use switchyard::report::Summary;

const LIFE: &str = "payments/a-payments-life";
const KEY: &str = "payments/with-and-without-a-key";
const FRAUD: &str = "payments/fraud-rules";
const REFUNDS: &str = "payments/refunds";
const SETTLE: &str = "payments/settlement-and-fees";
const DOWN: &str = "payments/a-receiver-that-is-down";

pub fn proofs() -> Vec<Proof> {
    let key = [("pay.runs.idempotency", json!(true)), ("pay.runs.key_lifetime_s", json!(60))];
    vec![
        Proof { id: LIFE, answer: "half", solution: vec![("shop.rate_per_s", json!(30))] },
        Proof { id: KEY, answer: "about 11", solution: key.into() },
        Proof { id: FRAUD, answer: "nine", solution: vec![("pay.runs.fraud_threshold", json!(40))] },
        Proof { id: REFUNDS, answer: "about two thirds", solution: vec![("pay.runs.payout_days", json!(3))] },
        Proof { id: SETTLE, answer: "about 17 %", solution: vec![("pay.runs.method", json!("wallet"))] },
        Proof { id: DOWN, answer: "7 in 12", solution: doubling(2.0).into() },
    ]
}

fn doubling(pause_s: f64) -> [(&'static str, Value); 2] {
    [("pay.runs.webhook_pauses", json!("doubling")), ("pay.runs.webhook_pause_s", json!(pause_s))]
}

/// A figure of the service.
fn paid(summary: &Summary, what: &str) -> f64 {
    *summary.nodes["pay"].service.get(what).unwrap_or_else(|| panic!("no figure {what}"))
}

/// What came in is somewhere: refunded, paid out, earned, owed.
fn assert_balanced(summary: &Summary, what: &str) {
    let sum: f64 =
        ["refunded", "paid out", "fees earned", "owed to merchants"].map(|it| paid(summary, it)).iter().sum();
    assert_eq!(paid(summary, "captured"), sum, "{what}");
    assert!(paid(summary, "refunded") <= paid(summary, "captured"), "{what}");
}

#[test]
fn the_books_balance_at_every_second_of_every_lab() {
    for id in [LIFE, KEY, FRAUD, REFUNDS, SETTLE, DOWN] {
        let mut session = super::common::session(id, super::own_seed(id), &[]);
        for second in 0..=40 {
            session.advance(switchyard::sim::Time::from_ms(f64::from(second) * 1000.0), u64::MAX);
            assert_balanced(&session.summary(), &format!("{id} after {second} s"));
        }
    }
}

/// The share of a client node's requests that were done.
fn done(summary: &Summary, node: &str) -> f64 {
    let outcomes = &summary.nodes[node].outcomes;
    outcomes["ok"] as f64 / outcomes.values().sum::<u64>() as f64
}

/// A customer's last payment as a Markov chain: with a pays, c captures, v voids and r refunds a second it is
/// authorised with a / (a + c + v), and can be refunded with that times c / (a + r).
#[test]
fn steps_out_of_order_are_refused() {
    let (a, c, v, r) = (6.0, 5.0, 1.0, 3.0);
    let authorised = a / (a + c + v);
    let refundable = authorised * c / (a + r);
    assert_eq!(authorised, 0.5);
    assert!((refundable - 0.28_f64).abs() < 0.005);
    let office = (authorised * v + refundable * r) / (v + r);
    assert!((mean(LIFE, |seed| done(&run(LIFE, seed, &[]).0, "shop")) - authorised).abs() < 0.02);
    assert!((mean(LIFE, |seed| done(&run(LIFE, seed, &[]).0, "office")) - office).abs() < 0.025);
    for seed in seeds(LIFE) {
        let (summary, _) = run(LIFE, seed, &[]);
        assert!((done(&summary, "shop") - authorised).abs() < 0.12, "{seed}: {}", done(&summary, "shop"));
        assert!(paid(&summary, "payments authorised") > 80.0, "{seed}: left behind");
        // The chain again: authorised, captured, and not refunded before the next payment.
        let (quick, _) = run(LIFE, seed, &[("shop.rate_per_s", json!(30))]);
        let wanted = 40.0 * 30.0 * a / (a + 30.0 + v) * a / (a + r);
        let settled = paid(&quick, "payments settled");
        assert!((settled / wanted - 1.0).abs() < 0.25, "{seed}: {settled} for {wanted}");
    }
}

/// Each try is taken with 0.9 and heard of with 0.81; four tries at most.
#[test]
fn lost_answers_are_paid_twice_without_a_key_and_never_with_one() {
    let unheard = 1.0 - 0.9 * 0.9;
    let tries: f64 = (0..4).map(|k| libm::pow(unheard, f64::from(k))).sum();
    let never = libm::pow(0.1, 4.0);
    let wanted = 0.9 * tries - (1.0 - never);
    assert!((wanted - 0.11_f64).abs() < 0.001, "{wanted}");
    let again = |summary: &Summary| paid(summary, "charged again") / summary.total.requests as f64;
    let usual = mean(KEY, |seed| again(&run(KEY, seed, &[]).0));
    assert!((usual - wanted).abs() < 0.01, "{usual}");
    for seed in seeds(KEY) {
        let (without, _) = run(KEY, seed, &[]);
        assert!((again(&without) - wanted).abs() < 0.06, "{seed}: {}", again(&without));
        let meant = paid(&without, "payments") - paid(&without, "charged again");
        assert!(meant <= without.total.requests as f64, "{seed}");
        // The retry comes 0.7 s after the first try.
        let short = [("pay.runs.idempotency", json!(true))];
        assert_eq!(again(&run(KEY, seed, &short).0), again(&without), "{seed}");
        let long = [("pay.runs.idempotency", json!(true)), ("pay.runs.key_lifetime_s", json!(60))];
        let (with, _) = run(KEY, seed, &long);
        assert_eq!(again(&with), 0.0, "{seed}");
        assert!(paid(&with, "payments") <= with.total.requests as f64, "{seed}");
        assert!(paid(&with, "repeated") > 20.0 && with.total.lost <= 5, "{seed}");
        let (once, _) = run(KEY, seed, &[("shop.retries", json!(0))]);
        let lost = once.total.lost as f64 / once.total.requests as f64;
        assert!(again(&once) == 0.0 && (lost - unheard).abs() < 0.07, "{seed}: {lost}");
    }
}

/// Every mix of signs, with its probability and its points: new device 25, abroad 35, large 30.
fn stopped(from: u32, signs: [f64; 3]) -> f64 {
    let points = [25, 35, 30];
    let mixes = (0..8u32).map(|mix| {
        let has = |sign: usize| mix >> sign & 1 == 1;
        let chance: f64 =
            (0..3).map(|sign| if has(sign) { signs[sign] } else { 1.0 - signs[sign] }).product();
        let sum: u32 = (0..3).filter(|sign| has(*sign)).map(|sign| points[sign]).sum();
        if sum >= from { chance } else { 0.0 }
    });
    mixes.sum()
}

#[test]
fn rare_thieves_make_most_alarms_false() {
    // 500.00 and more, of exponential amounts.
    let large = |mean: f64| libm::exp(-50_000.0 / mean);
    // Who has paid with another device before stands out with their own: 40 payments a second of 8000 customers for
    // 40 s, so a fifth of a payment each; thieves' payments count too.
    let (mean, other) = (0.2, 0.1 * 0.975 + 0.025);
    let before = 1.0 - (1.0 - libm::exp(-mean)) / mean;
    let new_device = 0.1 + 0.9 * before * other;
    let honest = |from| stopped(from, [new_device, 0.05, large(20_000.0)]);
    let thieves = |from| stopped(from, [1.0, 0.5, large(200_000.0)]);
    let false_alarms = 0.975 * honest(25) / (0.975 * honest(25) + 0.025 * thieves(25));
    assert!(
        (honest(25) - 0.224_f64).abs() < 0.001 && (false_alarms - 0.9_f64).abs() < 0.01,
        "{false_alarms}"
    );
    for from in [25, 40, 70] {
        let set = [("pay.runs.fraud_threshold", json!(from))];
        let all: Vec<Summary> = seeds(FRAUD).map(|seed| run(FRAUD, seed, &set).0).collect();
        let share = |what| all.iter().map(|it| paid(it, what)).sum::<f64>() / all.len() as f64 / 100.0;
        let (caught, wrong) = (share("share of thieves stopped"), share("share of honest stopped"));
        assert!((caught - thieves(from)).abs() < 0.045, "{from}: {caught} for {}", thieves(from));
        assert!((wrong - honest(from)).abs() < 0.006, "{from}: {wrong} for {}", honest(from));
        for summary in &all {
            let known = paid(summary, "thieves stopped") + paid(summary, "honest customers stopped");
            assert_eq!(known, paid(summary, "stopped as fraud"));
            if from == 25 {
                let of_all = paid(summary, "honest customers stopped") / known;
                assert!((of_all - false_alarms).abs() < 0.05, "{of_all}");
                assert_eq!(paid(summary, "share of thieves stopped"), 100.0);
            }
        }
    }
}

/// Refunds after the last payout, less what was still owed then, are debts.
#[test]
fn merchants_that_were_paid_owe_what_is_refunded() {
    let share = |seed| {
        let (end, _) = run(REFUNDS, seed, &[]);
        paid(&end, "owed by merchants") / paid(&end, "refunded")
    };
    let usual = mean(REFUNDS, share);
    assert!((usual - 2.0 / 3.0).abs() < 0.05, "{usual}");
    for seed in seeds(REFUNDS) {
        let before = run_until(REFUNDS, seed, &[], 18_000.0);
        let (end, _) = run(REFUNDS, seed, &[]);
        assert_balanced(&end, &format!("seed {seed}"));
        let since = |what| paid(&end, what) - paid(&before, what);
        // A last sale may be on its way when the change comes, and who still had credit is paid it.
        let credit = paid(&before, "owed to merchants") + since("captured") - since("fees earned");
        let debts = since("refunded") + since("paid out") - credit;
        assert_eq!(-paid(&end, "owed to merchants"), debts, "{seed}");
        let owed = paid(&end, "owed by merchants");
        assert!(owed >= debts && debts > 0.9 * owed, "{seed}: {owed} for {debts}");
        assert!(share(seed) > 0.5, "{seed}: {}", share(seed));
        let (later, _) = run(REFUNDS, seed, &[("pay.runs.payout_days", json!(3))]);
        assert!(paid(&later, "owed by merchants") < 0.2 * owed, "{seed}");
        assert_eq!(paid(&later, "refunded"), paid(&end, "refunded"), "{seed}");
    }
}

/// The fee of each amount, weighted with how likely it is: 2.9 % rounded half up and 30, at most all of it.
fn card_share(mean: f64) -> f64 {
    let at_least = |amount: u64| if amount <= 1 { 1.0 } else { libm::exp(-(amount as f64) / mean) };
    let (mut fees, mut amounts) = (0.0, 0.0);
    for amount in 1..20_000u64 {
        let chance = at_least(amount) - at_least(amount + 1);
        fees += chance * ((amount * 29 + 500) / 1000 + 30).min(amount) as f64;
        amounts += chance * amount as f64;
    }
    fees / amounts
}

#[test]
fn the_fixed_fee_eats_small_payments_and_days_are_paid_the_next() {
    let wanted = card_share(200.0);
    assert!((wanted - 0.17).abs() < 0.005, "{wanted}");
    let share = |summary: &Summary| paid(summary, "fees earned") / paid(summary, "captured");
    let usual = mean(SETTLE, |seed| share(&run(SETTLE, seed, &[]).0));
    assert!((usual - wanted).abs() < 0.003, "{usual} for {wanted}");
    for seed in seeds(SETTLE) {
        let (end, _) = run(SETTLE, seed, &[]);
        assert!((share(&end) - wanted).abs() < 0.015, "{seed}: {}", share(&end));
        // Just before midnight and half a day later: what was captured by then, less its fees, is paid out.
        let midnight = run_until(SETTLE, seed, &[], 19_999.0);
        let noon = run_until(SETTLE, seed, &[], 25_000.0);
        let net = paid(&midnight, "captured") - paid(&midnight, "fees earned");
        assert!((paid(&noon, "paid out") / net - 1.0).abs() < 0.003, "{seed}");
        assert!(paid(&midnight, "paid out") < 0.6 * net, "{seed}: a day is still owed");
        // Two percent, rounded half up for each payment.
        let (wallet, _) = run(SETTLE, seed, &[("pay.runs.method", json!("wallet"))]);
        assert!((share(&wallet) - 0.02).abs() < 0.001, "{seed}: {}", share(&wallet));
        let (upi, _) = run(SETTLE, seed, &[("pay.runs.method", json!("upi"))]);
        assert_eq!(paid(&upi, "fees earned"), 0.0, "{seed}");
    }
}

/// Of 12 s the first 7 have their second try, 5 s later, within the outage too.
#[test]
fn notices_wait_for_as_long_as_the_schedule_says() {
    let wait = |seed| {
        let (end, _) = run(DOWN, seed, &[]);
        let sent = |at_ms| paid(&run_until(DOWN, seed, &[], at_ms), "payments");
        paid(&end, "webhooks tried again") / (sent(20_000.0) - sent(8_000.0))
    };
    let usual = mean(DOWN, wait);
    assert!((usual - 7.0 / 12.0).abs() < 0.04, "{usual}");
    for seed in seeds(DOWN) {
        let sent = |at_ms| paid(&run_until(DOWN, seed, &[], at_ms), "payments");
        let (end, _) = run(DOWN, seed, &[]);
        let (waiting, wanted) = (paid(&end, "webhooks tried again"), sent(15_000.0) - sent(8_000.0));
        // Those on their way at either end.
        assert!((waiting - wanted).abs() <= 3.0, "{seed}: {waiting} for {wanted}");
        assert_eq!(end.total.lost, 0, "{seed}: payments go on");
        for pause_s in [0.1, 1.0, 2.0] {
            let (end, _) = run(DOWN, seed, &doubling(pause_s));
            assert_eq!(paid(&end, "webhooks tried again"), 0.0, "{seed} {pause_s}");
            assert_eq!(paid(&end, "webhooks given up"), 0.0, "{seed} {pause_s}");
            let heard = paid(&end, "webhooks confirmed") + paid(&end, "webhooks waiting");
            assert_eq!(heard, paid(&end, "payments"), "{seed} {pause_s}: one notice each");
        }
        let tries = |pause_s: f64| count(&run(DOWN, seed, &doubling(pause_s)).0, "pay", "events");
        assert!(tries(0.1) > tries(1.0) && tries(1.0) > tries(2.0), "{seed}");
    }
}
