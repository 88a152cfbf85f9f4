//! Latency figures in bounded memory: counts, exact means, percentiles.
//!
//! The buckets are those of Gil Tene's HdrHistogram: each power of two is cut into as many parts as the wanted number of
//! digits needs. A test holds them against the crate `hdrhistogram`, which takes longer to record: a request that is watched
//! is recorded some ten times.

use crate::sim::Span;

/// Durations: their number, exact mean, and percentiles to a stated precision.
#[derive(Clone, Debug)]
pub struct Latencies {
    /// By bucket, as far as durations have come.
    counts: Vec<u32>,
    /// A power of two has 2 to this many buckets; below twice as many microseconds each has its own.
    bits: u32,
    count: u64,
    sum_ns: u128,
    largest: Span,
}

/// The longest duration that percentiles tell apart: a day.
const MICROSECONDS_MAX: u64 = 86_400_000_000;

impl Latencies {
    /// Percentiles are right to `digits` significant digits (2 or 3), and to a microsecond.
    pub fn new(digits: u8) -> Latencies {
        // Twice as many buckets as numbers of so many digits.
        let bits = if digits == 3 { 10 } else { 7 };
        Latencies { counts: vec![], bits, count: 0, sum_ns: 0, largest: Span::ZERO }
    }

    pub fn record(&mut self, span: Span) {
        let microseconds = ((span.0 + 500) / 1000).min(MICROSECONDS_MAX);
        self.put(microseconds, 1);
        self.count += 1;
        self.sum_ns += u128::from(span.0);
        self.largest = self.largest.max(span);
    }

    fn put(&mut self, microseconds: u64, n: u32) {
        let power = (microseconds >> self.bits | 1).ilog2();
        let bucket = ((power << self.bits) + (microseconds >> power) as u32) as usize;
        if bucket >= self.counts.len() {
            self.grow(bucket);
        }
        let count = &mut self.counts[bucket];
        *count = count.saturating_add(n);
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, bucket: usize) {
        // To the end of its power of two.
        self.counts.resize(((bucket >> self.bits) + 1) << self.bits, 0);
    }

    /// The first number of microseconds of a bucket, and how many it has.
    fn numbers(&self, bucket: usize) -> (u64, u64) {
        let power = (bucket >> self.bits).saturating_sub(1);
        ((bucket as u64 - ((power as u64) << self.bits)) << power, 1 << power)
    }

    pub fn clear(&mut self) {
        self.counts.fill(0);
        (self.count, self.sum_ns, self.largest) = (0, 0, Span::ZERO);
    }

    /// Takes over what another has recorded.
    pub fn add(&mut self, other: &Latencies) {
        if self.bits == other.bits {
            self.counts.resize(self.counts.len().max(other.counts.len()), 0);
            self.counts
                .iter_mut()
                .zip(&other.counts)
                .for_each(|(count, n)| *count = count.saturating_add(*n));
        } else {
            let counts = other.counts.iter().enumerate().filter(|(_, n)| **n > 0);
            counts.for_each(|(bucket, n)| self.put(other.numbers(bucket).0, *n));
        }
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
        let wanted = ((q.min(1.0) * self.count as f64).ceil() as u64).max(1);
        let mut sum = 0;
        let reached = |n: &u32| {
            sum += u64::from(*n);
            sum >= wanted
        };
        let bucket = self.counts.iter().position(reached)?;
        let (first, how_many) = self.numbers(bucket);
        Some(((first + how_many - 1) as f64 / 1000.0).min(self.largest.ms()))
    }

    pub fn largest_ms(&self) -> Option<f64> {
        (self.count > 0).then(|| self.largest.ms())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{Purpose, Random, Stream};
    use hdrhistogram::Histogram;

    #[test]
    fn no_percentile_is_beyond_the_largest() {
        for digits in [2, 3] {
            let mut latencies = Latencies::new(digits);
            latencies.record(Span::from_ms(1000.0));
            assert_eq!(latencies.quantile_ms(0.999), latencies.largest_ms(), "{digits} digits");
        }
    }

    /// The crate is the oracle: for few and many durations, short and long, and what another took over to as many digits
    /// or more.
    #[test]
    fn percentiles_are_those_of_hdr_histogram() {
        let mut random = Stream::new(7, "latencies", Purpose::Service);
        for (digits, bits, length) in
            [2, 3].into_iter().flat_map(|digits| (0..48).map(move |bits| (digits, bits, 1 + bits * bits)))
        {
            let mut ours = [Latencies::new(digits), Latencies::new(digits), Latencies::new(3)];
            let mut theirs: [Histogram<u32>; 3] = [digits, digits, 3].map(|digits| {
                let mut histogram = Histogram::new(digits).unwrap();
                histogram.auto(true);
                histogram
            });
            for _ in 0..length {
                let span = Span(random.below(1 << bits) + random.below(1 << (bits / 2)));
                ours[0].record(span);
                theirs[0].record(((span.0 + 500) / 1000).min(MICROSECONDS_MAX)).unwrap();
            }
            for other in [1, 2] {
                let (first, others) = ours.split_at_mut(1);
                others[other - 1].add(&first[0]);
                let (first, others) = theirs.split_at_mut(1);
                others[other - 1].add(&first[0]).unwrap();
            }
            for (ours, theirs) in ours.iter().zip(&theirs) {
                for q in [0.001, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0] {
                    let wanted = (theirs.value_at_quantile(q) as f64 / 1000.0).min(ours.largest.ms());
                    assert_eq!(ours.quantile_ms(q), Some(wanted), "{length} of {bits} bits, {q}");
                }
            }
        }
    }
}
