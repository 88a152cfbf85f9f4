//! What merchants ask for, and what they are told.

use super::{Amount, Payer, State};
use crate::sim::mix;

/// What a merchant asks for. An API key says who it is; see [`Payments::api_key`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Creates and authorises a payment, and captures it at once if asked to. A payment with `declined`
    /// is turned down by the customer's bank.
    Pay {
        method: usize,
        amount: Amount,
        payer: Payer,
        capture: bool,
        declined: bool,
    },
    Capture {
        payment: u32,
    },
    Void {
        payment: u32,
    },
    /// All that is left of it if no amount is named.
    Refund {
        payment: u32,
        amount: Option<Amount>,
    },
}

impl Request {
    /// The payment that it is about, if there is one already.
    pub(super) fn payment(&self) -> Option<u32> {
        match *self {
            Request::Pay { .. } => None,
            Request::Capture { payment } | Request::Void { payment } | Request::Refund { payment, .. } => {
                Some(payment)
            }
        }
    }

    /// A digest of all that it says: the body that an idempotency key belongs to.
    pub(super) fn digest(&self) -> u64 {
        let words = match *self {
            Request::Pay { method, amount, payer, capture, declined } => {
                let flags =
                    u64::from(capture) | u64::from(declined) << 1 | u64::from(payer.country_differs) << 2;
                let who = u64::from(payer.customer) << 32 | u64::from(payer.device);
                [1, method as u64, amount, flags, who]
            }
            Request::Capture { payment } => [2, payment.into(), 0, 0, 0],
            Request::Void { payment } => [3, payment.into(), 0, 0, 0],
            Request::Refund { payment, amount } => {
                [4, payment.into(), u64::from(amount.is_some()), amount.unwrap_or(0), 0]
            }
        };
        words.into_iter().fold(0, |digest, word| mix(digest ^ word))
    }
}

/// What became of it: the payment's number and state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    pub payment: u32,
    pub state: State,
    /// It had been done before: the first answer, once more.
    pub repeated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No merchant has this API key.
    ApiKey,
    /// The idempotency key was used for another request.
    Conflict,
    /// Zero, or too much.
    Amount,
    Method,
    /// No such payment of this merchant (any more).
    Unknown,
    /// The payment's state does not allow it.
    State,
    /// More than is left of the payment.
    Exceeds,
}

/// A refusal is an answer too.
pub type Answer = Result<Done, Refusal>;
