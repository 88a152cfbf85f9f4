//! Latency figures in bounded memory: counts, exact means, percentiles.

use crate::sim::Span;
use hdrhistogram::Histogram;

/// Durations: their number, exact mean, and percentiles to a stated precision.
#[derive(Clone, Debug)]
pub struct Latencies {
    /// Microseconds.
    histogram: Histogram<u32>,
    count: u64,
    sum_ns: u128,
    largest: Span,
}

/// The longest duration that percentiles tell apart: a day.
const MICROSECONDS_MAX: u64 = 86_400_000_000;

impl Latencies {
    /// Percentiles are right to `digits` significant digits (2 or 3), and to a microsecond.
    pub fn new(digits: u8) -> Latencies {
        let mut histogram =
            Histogram::new(digits).unwrap_or_else(|_| Histogram::new(2).expect("two digits are allowed"));
        histogram.auto(true);
        Latencies { histogram, count: 0, sum_ns: 0, largest: Span::ZERO }
    }

    pub fn record(&mut self, span: Span) {
        let microseconds = (span.0 + 500) / 1000;
        // Cannot fail: the histogram grows, and the bound keeps that small.
        let _ = self.histogram.record(microseconds.min(MICROSECONDS_MAX));
        self.count += 1;
        self.sum_ns += span.0 as u128;
        self.largest = self.largest.max(span);
    }

    pub fn clear(&mut self) {
        self.histogram.reset();
        (self.count, self.sum_ns, self.largest) = (0, 0, Span::ZERO);
    }

    /// Takes over what another has recorded.
    pub fn add(&mut self, other: &Latencies) {
        let _ = self.histogram.add(&other.histogram);
        self.count += other.count;
        self.sum_ns += other.sum_ns;
        self.largest = self.largest.max(other.largest);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// In milliseconds; `None` if nothing was recorded.
    pub fn mean_ms(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_ns as f64 / self.count as f64 / 1e6)
    }

    /// The smallest duration that at least a share of `q` did not exceed, in milliseconds.
    pub fn quantile_ms(&self, q: f64) -> Option<f64> {
        let bucket_end = || self.histogram.value_at_quantile(q) as f64 / 1000.0;
        (self.count > 0).then(|| bucket_end().min(self.largest.ms()))
    }

    pub fn largest_ms(&self) -> Option<f64> {
        (self.count > 0).then(|| self.largest.ms())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_percentile_is_beyond_the_largest() {
        for digits in [2, 3] {
            let mut latencies = Latencies::new(digits);
            latencies.record(Span::from_ms(1000.0));
            assert_eq!(latencies.quantile_ms(0.999), latencies.largest_ms(), "{digits} digits");
        }
    }
}
