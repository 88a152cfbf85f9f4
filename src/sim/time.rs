//! Simulated time: whole nanoseconds, so that sums never depend on rounding or order.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// An instant, in nanoseconds since the start of the run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub u64);

/// A length of time, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(pub u64);

/// Nanoseconds in a millisecond, the unit of scenario files.
pub const NS_PER_MS: f64 = 1e6;
/// Nanoseconds in a second.
pub const NS_PER_S: f64 = 1e9;

impl Time {
    pub const ZERO: Time = Time(0);
    /// Later than anything a run can reach.
    pub const NEVER: Time = Time(u64::MAX);

    /// The instant `ms` milliseconds after the start; below zero is zero, above the range is `NEVER`.
    pub fn from_ms(ms: f64) -> Time {
        Time(Span::from_ms(ms).0)
    }

    pub fn ms(self) -> f64 {
        self.0 as f64 / NS_PER_MS
    }

    pub fn seconds(self) -> f64 {
        self.0 as f64 / NS_PER_S
    }

    /// How long after `earlier` this is; zero if it is not.
    pub fn since(self, earlier: Time) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    pub const ZERO: Span = Span(0);

    /// Rounds to the nearest nanosecond. Negative and NaN become zero, too large becomes the largest.
    pub fn from_ms(ms: f64) -> Span {
        Span::from_ns(ms * NS_PER_MS)
    }

    pub fn from_seconds(seconds: f64) -> Span {
        Span::from_ns(seconds * NS_PER_S)
    }

    /// As [`Span::from_ms`]. By way of `i64`, which is what processors convert to.
    #[inline]
    pub fn from_ns(ns: f64) -> Span {
        Span(((ns + 0.5) as i64).max(0) as u64)
    }

    pub fn ms(self) -> f64 {
        self.0 as f64 / NS_PER_MS
    }

    pub fn seconds(self) -> f64 {
        self.0 as f64 / NS_PER_S
    }

    /// This span times `factor`, rounded; saturates.
    pub fn times(self, factor: f64) -> Span {
        Span::from_ns(self.0 as f64 * factor)
    }

    /// Nanoseconds of so many such spans together, exactly. By halves: a multiplication to 128 bits is a slow call
    /// where a target has none, as WebAssembly.
    #[inline]
    pub fn summed(self, count: u32) -> u128 {
        let [low, high] = [self.0 & u64::from(u32::MAX), self.0 >> 32].map(|half| half * u64::from(count));
        (u128::from(high) << 32) + u128::from(low)
    }
}

impl Add<Span> for Time {
    type Output = Time;
    fn add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Time {
    type Output = Time;
    fn sub(self, span: Span) -> Time {
        Time(self.0.saturating_sub(span.0))
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Span) {
        *self = *self + other;
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} s", self.seconds())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_round_to_the_nearest_nanosecond_and_saturate() {
        assert_eq!(Span::from_ms(1.5), Span(1_500_000));
        assert_eq!(Span::from_ms(0.0000004), Span(0));
        assert_eq!(Span::from_ms(0.0000006), Span(1));
        assert_eq!(Span::from_ms(-3.0), Span(0));
        assert_eq!(Span::from_ms(f64::NAN), Span(0));
        assert_eq!(Span::from_ms(f64::INFINITY), Span(i64::MAX as u64));
        assert_eq!(Time::NEVER + Span(1), Time::NEVER);
    }

    #[test]
    fn spans_are_summed_as_128_bits_would() {
        for span in [0, 1, 999, u64::from(u32::MAX), 1 << 32, 0x1234_5678_9abc_def0, u64::MAX] {
            for count in [0, 1, 7, 100_000, u32::MAX] {
                assert_eq!(Span(span).summed(count), u128::from(span) * u128::from(count));
            }
        }
    }
}
