//! Fraud rules: each that applies adds its score, and from a threshold on the payment is stopped.
//!
//! Real systems learn their scores from past payments; here they are examples, and few, so that it can be
//! seen why a payment was stopped.

use super::Amount;
use crate::sim::{Span, Time};
use std::collections::{BTreeMap, VecDeque};

/// What the rules look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub amount: Amount,
    /// Payments by the same customer within [`VELOCITY_WINDOW`], this one included.
    pub recent: u32,
    /// Another device than the customer's last.
    pub new_device: bool,
    /// The card is from another country than the device.
    pub country_differs: bool,
    /// The customer's first payment.
    pub first: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub id: &'static str,
    pub summary: &'static str,
    pub score: u32,
    pub applies: fn(&Facts) -> bool,
}

pub const LARGE: Amount = 50_000;
pub const VELOCITY: u32 = 5;
pub const VELOCITY_WINDOW: Span = Span(60_000_000_000);

pub const RULES: &[Rule] = &[
    Rule {
        id: "large",
        summary: "The amount is 500.00 or more.",
        score: 30,
        applies: |facts| facts.amount >= LARGE,
    },
    Rule {
        id: "velocity",
        summary: "At least the fifth payment within a minute.",
        score: 40,
        applies: |facts| facts.recent >= VELOCITY,
    },
    Rule {
        id: "new-device",
        summary: "Another device than last time.",
        score: 25,
        applies: |facts| facts.new_device,
    },
    Rule {
        id: "country",
        summary: "Card and device are in different countries.",
        score: 35,
        applies: |facts| facts.country_differs,
    },
    Rule {
        id: "first-large",
        summary: "The first payment, and a large one.",
        score: 15,
        applies: |facts| facts.first && facts.amount >= LARGE,
    },
];

/// The sum of the scores that apply, and which rules they are, a bit each.
pub fn score(facts: &Facts) -> (u32, u32) {
    let rules = RULES.iter().enumerate().filter(|(_, rule)| (rule.applies)(facts));
    rules.fold((0, 0), |(sum, which), (index, rule)| (sum + rule.score, which | 1 << index))
}

/// How thieves pay, as an example: from a device of their own, so many of them from abroad, and so many times as much.
pub const THIEF_ABROAD: f64 = 0.5;
pub const THIEF_AMOUNT: Amount = 10;

/// The most customers whose past is known; beyond, the one with the lowest number is forgotten.
pub const CUSTOMERS_MAX: usize = 20_000;

#[derive(Clone, Debug, Default)]
struct Past {
    device: u32,
    /// When the last payments were made, [`VELOCITY`] at most.
    recent: VecDeque<Time>,
}

/// What is known of customers.
#[derive(Clone, Debug, Default)]
pub struct Customers {
    known: BTreeMap<u32, Past>,
}

/// Who pays, with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payer {
    pub customer: u32,
    pub device: u32,
    pub country_differs: bool,
}

impl Customers {
    /// So many who have paid before, each from the device of the same number.
    pub fn regulars(count: u32) -> Customers {
        let past = |customer| (customer, Past { device: customer, recent: VecDeque::new() });
        Customers { known: (0..count.min(CUSTOMERS_MAX as u32)).map(past).collect() }
    }

    /// The facts of a payment, which counts for the next one.
    pub fn pays(&mut self, payer: Payer, amount: Amount, now: Time) -> Facts {
        let first = !self.known.contains_key(&payer.customer);
        if first && self.known.len() >= CUSTOMERS_MAX {
            self.known.pop_first();
        }
        let past = self.known.entry(payer.customer).or_default();
        let new_device = !first && past.device != payer.device;
        past.device = payer.device;
        if past.recent.len() >= VELOCITY as usize {
            past.recent.pop_front();
        }
        past.recent.push_back(now);
        let recent = past.recent.iter().filter(|at| now.since(**at) < VELOCITY_WINDOW).count() as u32;
        Facts { amount, recent, new_device, country_differs: payer.country_differs, first }
    }

    pub fn len(&self) -> usize {
        self.known.len()
    }

    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_adds_its_score() {
        let plain = Facts { amount: 100, recent: 1, ..Facts::default() };
        let ids = |facts: &Facts| {
            let which = score(facts).1;
            let rules = RULES.iter().enumerate().filter(|(index, _)| which >> index & 1 == 1);
            rules.map(|(_, rule)| rule.id).collect::<Vec<_>>().join(" ")
        };
        for (facts, sum, rules) in [
            (plain, 0, ""),
            (Facts { amount: LARGE, ..plain }, 30, "large"),
            (Facts { amount: LARGE, first: true, ..plain }, 45, "large first-large"),
            (Facts { recent: 5, ..plain }, 40, "velocity"),
            (Facts { new_device: true, country_differs: true, ..plain }, 60, "new-device country"),
        ] {
            assert_eq!((score(&facts).0, ids(&facts).as_str()), (sum, rules), "{facts:?}");
        }
    }

    #[test]
    fn the_fifth_payment_within_a_minute_is_noticed() {
        let mut customers = Customers::default();
        let payer = Payer { customer: 7, device: 1, country_differs: false };
        let second = 1_000_000_000;
        let recent = |customers: &mut Customers, at| customers.pays(payer, 1, Time(at * second)).recent;
        let counts: Vec<u32> = [0, 10, 20, 30, 40, 65, 200].map(|at| recent(&mut customers, at)).into();
        assert_eq!(counts, [1, 2, 3, 4, 5, 5, 1]);
        assert!(customers.pays(Payer { device: 2, ..payer }, 1, Time(300 * second)).new_device);
    }

    #[test]
    fn regulars_have_paid_before() {
        let mut customers = Customers::regulars(8);
        let mut pays = |customer, device| {
            let facts = customers.pays(Payer { customer, device, country_differs: false }, 1, Time(0));
            (facts.first, facts.new_device, facts.recent)
        };
        assert_eq!(
            (pays(7, 7), pays(6, 1), pays(8, 8)),
            ((false, false, 1), (false, true, 1), (true, false, 1))
        );
    }
}
