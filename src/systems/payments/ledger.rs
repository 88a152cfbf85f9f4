//! Double entry: every posting takes from some accounts what it gives to others, so all balances always
//! sum to zero. (Pacioli, 1494; as every payment system since.)

use super::Amount;
use std::collections::{BTreeMap, VecDeque};

/// Whose money it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// Money that we hold at the bank: positive.
    Bank,
    /// What we owe a merchant: negative; positive if the merchant owes us, after late refunds.
    Merchant(u32),
    /// What we have earned: negative.
    Fees,
}

/// What a posting is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Capture,
    Refund,
    Settlement,
}

/// The amounts of one posting; they sum to zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    pub reason: Reason,
    /// The payment, or the day of a settlement.
    pub of: u32,
    pub entries: [(Account, i64); 3],
}

/// How many postings can be looked up; balances count all.
pub const POSTINGS_KEPT: usize = 200;

#[derive(Clone, Debug, Default)]
pub struct Ledger {
    balances: BTreeMap<Account, i64>,
    recent: VecDeque<Posting>,
}

impl Ledger {
    /// A customer paid `amount`, of which `fee` is ours.
    pub fn capture(&mut self, payment: u32, merchant: u32, amount: Amount, fee: Amount) {
        let (amount, fee) = (signed(amount), signed(fee));
        let entries =
            [(Account::Bank, amount), (Account::Merchant(merchant), fee - amount), (Account::Fees, -fee)];
        self.post(Reason::Capture, payment, entries);
    }

    /// The customer gets `amount` back, from the merchant. Fees are not given back.
    pub fn refund(&mut self, payment: u32, merchant: u32, amount: Amount) {
        let amount = signed(amount);
        let entries = [(Account::Bank, -amount), (Account::Merchant(merchant), amount), (Account::Fees, 0)];
        self.post(Reason::Refund, payment, entries);
    }

    /// The merchant is paid.
    pub fn settle(&mut self, day: u32, merchant: u32, amount: Amount) {
        let amount = signed(amount);
        let entries = [(Account::Bank, -amount), (Account::Merchant(merchant), amount), (Account::Fees, 0)];
        self.post(Reason::Settlement, day, entries);
    }

    fn post(&mut self, reason: Reason, of: u32, entries: [(Account, i64); 3]) {
        for (account, amount) in entries {
            *self.balances.entry(account).or_default() += amount;
        }
        self.recent.push_back(Posting { reason, of, entries });
        if self.recent.len() > POSTINGS_KEPT {
            self.recent.pop_front();
        }
    }

    pub fn balance(&self, account: Account) -> i64 {
        self.balances.get(&account).copied().unwrap_or(0)
    }

    /// The last postings, oldest first.
    pub fn recent(&self) -> impl DoubleEndedIterator<Item = &Posting> {
        self.recent.iter()
    }

    /// # Errors
    /// If it does not balance.
    pub fn check(&self) -> Result<(), String> {
        let sum: i64 = self.balances.values().sum();
        if sum != 0 {
            return Err(format!("the balances sum to {sum}"));
        }
        match self.recent.iter().find(|posting| posting.entries.iter().map(|entry| entry.1).sum::<i64>() != 0)
        {
            Some(posting) => Err(format!("a posting does not balance: {posting:?}")),
            None => Ok(()),
        }
    }
}

/// Amounts are bounded far below 2⁶³.
fn signed(amount: Amount) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}
