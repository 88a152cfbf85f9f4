//! T+1: what was captured on a day is paid out on the next, less fees and what was refunded that day.
//!
//! A merchant with more refunds than captures owes the difference, which is taken from later payouts. Where payouts
//! come later than on the next day, refunds are taken from the one that comes first.

use super::Amount;
use std::collections::BTreeMap;

/// What one day gives a merchant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    pub gross: Amount,
    pub fees: Amount,
    pub refunds: Amount,
}

impl Batch {
    /// Negative if more was refunded than came in.
    pub fn net(&self) -> i64 {
        self.gross as i64 - self.fees as i64 - self.refunds as i64
    }
}

/// One merchant's payout of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payout {
    pub day: u32,
    pub merchant: u32,
    /// 0 if the merchant owes us.
    pub amount: Amount,
}

#[derive(Clone, Debug, Default)]
pub struct Settlements {
    /// By (day, merchant).
    open: BTreeMap<(u32, u32), Batch>,
    /// What merchants owe from earlier days: negative.
    owed: BTreeMap<u32, i64>,
}

impl Settlements {
    pub fn captured(&mut self, day: u32, merchant: u32, amount: Amount, fee: Amount) {
        let batch = self.open.entry((day, merchant)).or_default();
        batch.gross += amount;
        batch.fees += fee;
    }

    pub fn refunded(&mut self, day: u32, merchant: u32, amount: Amount) {
        let first = self.first_day().unwrap_or(day).min(day);
        let open = (first..day).find(|earlier| self.open.contains_key(&(*earlier, merchant)));
        self.open.entry((open.unwrap_or(day), merchant)).or_default().refunds += amount;
    }

    /// The payouts that are due on `today`: of all days before it.
    pub fn due(&mut self, today: u32) -> Vec<Payout> {
        let mut payouts = vec![];
        while let Some(entry) = self.open.first_entry().filter(|entry| entry.key().0 < today) {
            let ((day, merchant), batch) = entry.remove_entry();
            let owed = self.owed.entry(merchant).or_default();
            let net = batch.net() + *owed;
            *owed = net.min(0);
            payouts.push(Payout { day, merchant, amount: net.max(0) as Amount });
        }
        payouts
    }

    /// The earliest day that is still open.
    pub fn first_day(&self) -> Option<u32> {
        self.open.first_key_value().map(|((day, _), _)| *day)
    }

    /// What a merchant is still to get, debts taken off.
    pub fn payable(&self, merchant: u32) -> i64 {
        let open = self.open.iter().filter(|((_, of), _)| *of == merchant);
        open.map(|(_, batch)| batch.net()).sum::<i64>() + self.owed.get(&merchant).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_paid_on_the_next_and_debts_are_carried() {
        let mut settlements = Settlements::default();
        settlements.captured(3, 1, 1000, 30);
        settlements.captured(3, 1, 500, 15);
        settlements.captured(3, 2, 700, 0);
        settlements.refunded(3, 1, 200);
        assert!(settlements.due(3).is_empty());
        let payout = |day, merchant, amount| Payout { day, merchant, amount };
        assert_eq!(settlements.due(4), [payout(3, 1, 1255), payout(3, 2, 700)]);
        settlements.refunded(5, 1, 800);
        assert_eq!(settlements.due(6), [payout(5, 1, 0)]);
        assert_eq!(settlements.payable(1), -800);
        settlements.captured(6, 1, 1000, 50);
        assert_eq!(settlements.due(9), [payout(6, 1, 150)]);
        assert_eq!((settlements.payable(1), settlements.first_day()), (0, None));
    }

    #[test]
    fn a_refund_is_taken_from_the_first_payout_that_is_still_to_come() {
        let mut settlements = Settlements::default();
        settlements.captured(0, 1, 1000, 0);
        settlements.captured(0, 2, 50, 0);
        settlements.captured(2, 2, 500, 0);
        settlements.refunded(2, 1, 300);
        settlements.refunded(2, 2, 100);
        let payout = |day, merchant, amount| Payout { day, merchant, amount };
        assert_eq!(settlements.due(1), [payout(0, 1, 700), payout(0, 2, 0)]);
        assert_eq!(settlements.due(3), [payout(2, 2, 450)]);
    }
}
