//! Payments at one instant, as plain data for their picture on the stage.

use super::{ATTEMPTS_MAX, Amount, Movement, Payments, State, TRANSITIONS};
use crate::sim::Time;
use serde::Serialize;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PaymentsView {
    pub now: Time,
    /// From 0.
    pub day: u32,
    pub payments: u64,
    /// How many are in each state, in the order of [`State::ALL`].
    pub states: [u64; State::ALL.len()],
    /// How often each line of [`TRANSITIONS`] was taken, in its order.
    pub taken: [u64; TRANSITIONS.len()],
    /// Steps that were asked for and refused.
    pub refused: u64,
    /// What was asked by or for a customer who had no payment.
    pub unknown: u64,
    /// Of thieves and of honest customers: payments that went through, and that were stopped.
    pub thieves: [u64; 2],
    pub honest: [u64; 2],
    /// Payments that were captured once more for the same wish of a customer: nobody knows that but the experiment.
    pub charged_again: u64,
    /// The last steps, oldest first, at most [`super::MOVEMENTS_KEPT`].
    pub recent: Vec<Movement>,
    pub books: Books,
    pub webhooks: Webhooks,
}

/// Sums in minor units. What came in is somewhere: `paid + debts = refunded + paid_out + fees + owed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Books {
    /// By customers.
    pub paid: Amount,
    /// What merchants owe, after refunds that came later than their payouts.
    pub debts: Amount,
    pub refunded: Amount,
    /// To merchants.
    pub paid_out: Amount,
    pub fees: Amount,
    /// To merchants, and not yet paid out.
    pub owed: Amount,
}

impl Books {
    /// What came in less what is accounted for: always 0.
    pub fn difference(&self) -> i64 {
        let signed = |amount: Amount| i64::try_from(amount).unwrap_or(i64::MAX);
        let known = self.refunded + self.paid_out + self.fees + self.owed;
        signed(self.paid + self.debts) - signed(known)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Webhooks {
    pub confirmed: u64,
    pub given_up: u64,
    /// How many of those that wait have been tried 0, 1, 2 … times.
    pub tried: [u32; ATTEMPTS_MAX + 1],
    /// When the next attempt is due.
    pub next: Option<Time>,
}

impl Webhooks {
    /// Not confirmed yet.
    pub fn waiting(&self) -> u32 {
        self.tried.iter().sum()
    }

    /// Tried more than once, and not confirmed yet.
    pub fn again(&self) -> u32 {
        self.tried.iter().skip(2).sum()
    }
}

impl Payments {
    pub fn view(&self, now: Time) -> PaymentsView {
        let (totals, (owed, debts)) = (self.totals, self.owed());
        let next = self.outbox.next_due();
        PaymentsView {
            now,
            day: self.day_of(now),
            payments: totals.payments,
            states: self.in_states(),
            taken: self.movements.taken(),
            refused: self.movements.refusals(),
            charged_again: 0,
            unknown: 0,
            thieves: [0; 2],
            honest: [0; 2],
            recent: self.movements.recent().copied().collect(),
            books: Books {
                paid: totals.captured,
                debts,
                refunded: totals.refunded,
                paid_out: totals.settled,
                fees: totals.fees,
                owed,
            },
            webhooks: Webhooks {
                confirmed: self.outbox.delivered,
                given_up: self.outbox.given_up,
                tried: self.outbox.tried(),
                next: (next != Time::NEVER).then_some(next),
            },
        }
    }
}
