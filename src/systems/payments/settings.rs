//! What can be set on payments.

use super::*;
use crate::algo::setting::{Knobs, Scale, Setting};

const fn basis_points(name: &'static str, label: &'static str, default: f64) -> Setting {
    Setting::integer(name, label, "bp", (0.0, 10_000.0), default, "Share of each payment that is our fee.")
        .usual(0.0, 500.0, Scale::Linear)
}

const fn fixed(name: &'static str, label: &'static str, default: f64) -> Setting {
    Setting::integer(
        name,
        label,
        "cents",
        (0.0, 10_000.0),
        default,
        "Added to each payment's fee, in minor units.",
    )
    .usual(0.0, 100.0, Scale::Linear)
}

const fn share(name: &'static str, label: &'static str, default: f64, help: &'static str) -> Setting {
    Setting::number(name, label, "", (0.0, 1.0), default, help)
}

pub const SETTINGS: &[Setting] = &[
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
    share(
        "fraud_share",
        "Thieves",
        0.0,
        "Payments with stolen cards: larger, from other devices, half of them from abroad.",
    ),
    Setting::integer(
        "regulars",
        "Known customers",
        "",
        (0.0, CUSTOMERS_MAX as f64),
        0.0,
        "Have paid before, so that their devices are known.",
    )
    .usual(0.0, CUSTOMERS_MAX as f64, Scale::Linear),
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
        "cents",
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
    Setting::integer(
        "payout_days",
        "Paid out after",
        "days",
        (1.0, 30.0),
        1.0,
        "How many days after that of the capture a merchant is paid.",
    )
    .usual(1.0, 7.0, Scale::Linear),
    Setting::toggle("webhooks", "Webhooks", true, "Merchants are told what happens, until they confirm it."),
    Setting::choice(
        "webhook_pauses",
        "Tried again",
        &[("standard", "5 s, 5 min, 30 min …"), ("doubling", "pauses double")],
        "standard",
        "How long until a webhook that was not confirmed is tried again.",
    ),
    Setting::number(
        "webhook_pause_s",
        "First pause",
        "s",
        (0.05, 3600.0),
        1.0,
        "Until the second attempt, if the pauses double.",
    )
    .usual(0.1, 10.0, Scale::Logarithmic),
    Setting::integer(
        "webhook_attempts",
        "Attempts",
        "",
        (1.0, ATTEMPTS_MAX as f64),
        8.0,
        "Then a webhook is given up.",
    ),
];

/// The settings of the fees, in the order of [`METHODS`].
const FEES: [(&str, &str); METHODS.len()] = [
    ("card_fee_bp", "card_fee_fixed"),
    ("upi_fee_bp", "upi_fee_fixed"),
    ("net_banking_fee_bp", "net_banking_fee_fixed"),
    ("wallet_fee_bp", "wallet_fee_fixed"),
];

/// As the settings say.
pub fn rules(knobs: &Knobs) -> Rules {
    let fee = |(share, fixed): (&str, &str)| Fee {
        basis_points: knobs.number(share) as u32,
        fixed: knobs.number(fixed) as Amount,
    };
    let pause = Span::from_seconds(knobs.number("webhook_pause_s"));
    Rules {
        idempotency: knobs.flag("idempotency"),
        key_lifetime: Span::from_seconds(knobs.number("key_lifetime_s")),
        fraud_threshold: knobs.number("fraud_threshold") as u32,
        regulars: knobs.number("regulars") as u32,
        fees: FEES.map(fee),
        payments_kept: knobs.number("payments_max") as usize,
        day: Span::from_seconds(knobs.number("day_s")),
        payout_days: knobs.number("payout_days") as u32,
        webhooks: knobs.flag("webhooks"),
        schedule: Schedule {
            doubling: (knobs.word("webhook_pauses") == "doubling").then_some(pause),
            attempts: knobs.number("webhook_attempts") as usize,
        },
    }
}

/// What is drawn for a request.
#[derive(Clone, Copy, Debug)]
pub struct Chances {
    pub new_device: f64,
    pub abroad: f64,
    pub declined: f64,
    pub fraud: f64,
    pub amount_mean: f64,
    /// Index into [`METHODS`]; none is mixed.
    pub method: Option<usize>,
}

impl Chances {
    pub fn new(knobs: &Knobs) -> Chances {
        Chances {
            new_device: knobs.number("new_device_share"),
            abroad: knobs.number("abroad_share"),
            declined: knobs.number("declined_share"),
            fraud: knobs.number("fraud_share"),
            amount_mean: knobs.number("amount_mean"),
            method: METHODS.iter().position(|method| method.id == knobs.word("method")),
        }
    }
}
