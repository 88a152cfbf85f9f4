//! Whole minor units (cents, paise), payment methods and their fees.

/// Minor units. Never a fraction.
pub type Amount = u64;

/// The largest single payment: the sum of 900 million such is below 2⁶³.
pub const AMOUNT_MAX: Amount = 10_000_000_000;

/// What a payment costs the merchant: a share in basis points (hundredths of a percent,
/// 10 000 at most) and a fixed part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fee {
    pub basis_points: u32,
    pub fixed: Amount,
}

impl Fee {
    /// The share is rounded half up to a whole unit, then the fixed part is added; never more than the
    /// amount itself.
    pub fn of(self, amount: Amount) -> Amount {
        let share = (amount.min(AMOUNT_MAX) * u64::from(self.basis_points.min(10_000)) + 5_000) / 10_000;
        share.saturating_add(self.fixed).min(amount)
    }
}

/// A way to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    pub id: &'static str,
    pub name: &'static str,
    /// What is charged where nothing else is set.
    pub fee: Fee,
}

/// The usual list price of cards in the USA is 2.9 % + 30 ¢; UPI has been free for merchants by law since
/// 2020 (India's Payment and Settlement Systems Act, section 10A); the other two are examples.
pub const METHODS: [Method; 4] = [
    method("card", "Card", 290, 30),
    method("upi", "UPI", 0, 0),
    method("net-banking", "Net banking", 190, 0),
    method("wallet", "Wallet", 200, 0),
];

const fn method(id: &'static str, name: &'static str, basis_points: u32, fixed: Amount) -> Method {
    Method { id, name, fee: Fee { basis_points, fixed } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_round_half_up_and_never_exceed_the_amount() {
        let card = METHODS[0].fee;
        // 2.9 % of 10.00 is 29, + 30; of 0.17 it is 0.493; of 0.18 it is 0.522; of 5.00 exactly 14.5.
        for (amount, fee) in [(1000, 59), (17, 17), (100, 33), (500, 45), (499, 44), (0, 0)] {
            assert_eq!(card.of(amount), fee, "{amount}");
        }
        assert_eq!(METHODS[1].fee.of(AMOUNT_MAX), 0);
        let most = Fee { basis_points: u32::MAX, fixed: u64::MAX };
        assert_eq!(most.of(AMOUNT_MAX), AMOUNT_MAX);
    }
}
