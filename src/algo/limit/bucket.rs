//! The arithmetic of buckets: levels in whole *grains*, so small that a nanosecond brings a whole number.

use super::Verdict;
use crate::algo::setting::{Knobs, Scale, Setting};
use crate::sim::Span;

pub(super) const CAPACITY_MAX: f64 = 1e6;
const RATE_MAX_PER_S: f64 = 1e6;
const RATE_MIN_PER_S: f64 = 1e-3;

/// The knobs `capacity` and `rate_per_s`.
pub(super) const KNOBS: &[Setting] = &[CAPACITY, RATE];
pub(super) const CAPACITY: Setting =
    Setting::integer("capacity", "Capacity", "", (1.0, CAPACITY_MAX), 10.0, CAPACITY_HELP).usual(
        1.0,
        1000.0,
        Scale::Logarithmic,
    );
pub(super) const RATE: Setting =
    Setting::number("rate_per_s", "Rate", "/s", (RATE_MIN_PER_S, RATE_MAX_PER_S), 5.0, RATE_HELP).usual(
        0.1,
        1000.0,
        Scale::Logarithmic,
    );
const CAPACITY_HELP: &str = "What may pass at once after a long pause: the largest burst.";
const RATE_HELP: &str = "What may pass in the long run, rounded to thousandths a second.";

/// How much a bucket holds and how fast it fills or drains. With the bounds above, levels stay below 2⁶³.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    /// Grains in one unit of cost.
    pub unit: Divisor,
    /// Grains in one nanosecond.
    pub per_ns: Divisor,
    /// Grains in a full bucket.
    pub most: u64,
    pub capacity: u32,
}

impl Bucket {
    pub fn new(knobs: &Knobs) -> Bucket {
        let capacity = knobs.number("capacity").clamp(1.0, CAPACITY_MAX) as u32;
        let per_ns = thousandths(knobs);
        // `rate` thousandths a second are `rate` in 10¹² nanoseconds.
        let unit = 1_000_000_000_000;
        let common = greatest_common_divisor(unit, per_ns);
        let (unit, per_ns) = (unit / common, per_ns / common);
        let most = u64::from(capacity) * unit;
        Bucket { unit: Divisor::new(unit), per_ns: Divisor::new(per_ns), most, capacity }
    }

    /// What `span` brings or takes.
    #[inline]
    pub fn during(&self, span: Span) -> u64 {
        self.per_ns.times(span.0)
    }

    /// Whole units of cost.
    #[inline]
    pub fn units(&self, grains: u64) -> u32 {
        self.unit.quotient(grains) as u32
    }

    /// Units of cost, for the eye.
    pub fn shown(&self, grains: u64) -> f64 {
        grains as f64 / self.unit.by as f64
    }

    pub fn rate_per_s(&self) -> f64 {
        self.per_ns.by as f64 * 1e9 / self.unit.by as f64
    }

    /// The time that brings this many grains.
    #[inline]
    pub fn span(&self, grains: u64) -> Span {
        let whole = self.per_ns.quotient(grains);
        Span(whole + u64::from(whole * self.per_ns.by < grains))
    }

    /// The level after a request of this cost, or what is said to one that does not fit.
    #[inline]
    pub fn add(&self, level: u64, cost: u32) -> Result<u64, Verdict> {
        if cost > self.capacity {
            return Err(Verdict::Refused);
        }
        let grains = self.unit.by * u64::from(cost);
        let highest = self.most - grains;
        if level > highest {
            return Err(Verdict::Later(self.span(level.min(self.most) - highest)));
        }
        Ok(level + grains)
    }
}

/// The rate in thousandths of a unit a second.
pub(super) fn thousandths(knobs: &Knobs) -> u64 {
    let rate = knobs.number("rate_per_s").clamp(RATE_MIN_PER_S, RATE_MAX_PER_S);
    (rate * 1000.0 + 0.5) as u64
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// Divides by a number that stays the same: by multiplication.
#[derive(Clone, Copy, Debug)]
pub(super) struct Divisor {
    pub by: u64,
    inverse: u64,
}

impl Divisor {
    pub const ONE: Divisor = Divisor { by: 1, inverse: u64::MAX };

    /// `by` is at least 1.
    pub fn new(by: u64) -> Divisor {
        Divisor { by, inverse: u64::MAX / by.max(1) }
    }

    #[inline]
    pub fn times(self, number: u64) -> u64 {
        // As with all rates that divide a second into whole nanoseconds.
        if self.by == 1 { number } else { number.saturating_mul(self.by) }
    }

    /// The inverse is at most `by` / 2⁶⁴ of itself too small, so the product at most one.
    #[inline]
    pub fn quotient(self, number: u64) -> u64 {
        // As with all rates that divide a second into whole nanoseconds.
        if self.by == 1 {
            return number;
        }
        let near = ((u128::from(number) * u128::from(self.inverse)) >> 64) as u64;
        near + u64::from(number - near * self.by >= self.by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The processor's division is the oracle.
        #[test]
        fn quotients_are_exact(number: u64, by in 1u64.., bits in 0u32..64, near in 0u64..3) {
            let by = (by >> bits).max(1);
            let multiple = (number / by * by).wrapping_add(near).wrapping_sub(1);
            for number in [number, multiple, u64::MAX, 0] {
                prop_assert_eq!(Divisor::new(by).quotient(number), number / by);
            }
        }
    }
}
