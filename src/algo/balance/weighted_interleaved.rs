//! Weighted round robin, interleaved: rounds over the backends whose weight reaches a threshold,
//! which falls from the greatest weight in steps of the weights' greatest common divisor.
//!
//! From Linux Virtual Server (`ip_vs_wrr`; Zhang, "Linux Virtual Server for Scalable Network
//! Services", 2000). A heavy backend gets several requests in a row at the start of each period.
//! Here weights of ineligible backends do not count towards maximum and divisor, as LVS does for a
//! weight of 0. When weights or the set change, LVS begins again at the first backend; here the turn
//! stays where it was and the threshold keeps its proportion to the maximum, so that slow start,
//! which changes weights often, does not favour the first backends.

use super::kept::Cursor;
use super::*;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "weighted-interleaved",
        name: "Weighted round robin, interleaved",
        short: "Weighted RR",
        summary: "In turn, heavier servers more often: rounds whose weight threshold falls step by step.",
        source: "Linux Virtual Server, ip_vs_wrr (Zhang, 2000)",
        knobs: &[],
    },
    build: |_| Box::new(WeightedInterleaved::default()),
};

#[derive(Clone, Debug, Default)]
struct WeightedInterleaved {
    cursor: Cursor,
    /// A round takes the weights from here up.
    threshold: u32,
    /// How much the threshold falls after each round; the greatest common divisor of the weights.
    step: u32,
    max: u32,
}

impl WeightedInterleaved {
    /// The next backend and the threshold of its round.
    fn next(&self, backends: &Backends) -> (usize, u32) {
        let (mut index, mut threshold) = (self.cursor.at, self.threshold);
        loop {
            if index >= backends.len() {
                index = 0;
                threshold = if threshold > self.step { threshold - self.step } else { self.max };
            }
            if backends.eligible[index] && backends.weight[index] >= threshold {
                return (index, threshold);
            }
            index += 1;
        }
    }
}

impl Balance for WeightedInterleaved {
    fn pick(&mut self, _: &Ask, backends: &Backends, _: &mut Stream) -> Pick {
        let (backend, threshold) = self.next(backends);
        self.cursor.at = backend + 1;
        self.threshold = threshold;
        Pick { backend, why: Why::InterleavedTurn { threshold, weight: backends.weight[backend] } }
    }

    fn rebuild(&mut self, backends: &Backends) {
        self.cursor.follow(backends);
        let weights = || backends.eligible().map(|index| backends.weight[index]);
        let max = weights().max().unwrap_or(0);
        if max == 0 {
            return; // Nobody to choose: what was reached stays until somebody is.
        }
        self.step = weights().fold(0, greatest_common_divisor);
        let fraction = (u64::from(self.threshold), u64::from(self.max));
        let reached =
            if self.max == 0 { max } else { (fraction.0 * u64::from(max)).div_ceil(fraction.1) as u32 };
        self.threshold = reached.div_ceil(self.step) * self.step;
        self.max = max;
    }

    fn inspect(&self, backends: &Backends, _: Time) -> Inspection {
        let found = (backends.eligible_count > 0).then(|| self.next(backends));
        let threshold = found.map_or(self.threshold, |(_, threshold)| threshold);
        let round = |index: usize| {
            f64::from(u8::from(backends.eligible[index] && backends.weight[index] >= threshold))
        };
        let in_round =
            Column { name: "in this round", unit: "", values: (0..backends.len()).map(round).collect() };
        let values = backends.weight.iter().map(|&weight| weight.into()).collect();
        let columns = vec![in_round, Column { name: "weight", unit: "", values }];
        let note = found.map_or(String::new(), |(next, _)| format!("next → {}", backends.id[next]));
        Inspection { next: found.map(|(next, _)| next), note, columns, ..Inspection::default() }
    }

    fn check(&self, backends: &Backends) -> Result<(), String> {
        self.cursor.check(backends)?;
        if backends.eligible_count == 0 {
            return Ok(());
        }
        let fits = self.step > 0
            && self.threshold % self.step == 0
            && (self.step..=self.max).contains(&self.threshold);
        let max = backends.eligible().map(|index| backends.weight[index]).max();
        if fits && max == Some(self.max) { Ok(()) } else { Err(format!("threshold out of steps: {self:?}")) }
    }
}

pub(super) fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::balance::tests::{counts, names, pick, policy};

    /// The sequence in the LVS documentation ("Weighted Round-Robin Scheduling") for A 4, B 3, C 2.
    #[test]
    fn published_sequence() {
        assert_eq!(names("weighted-interleaved", &[4, 3, 2], 9), "AABABCABC");
        assert_eq!(names("weighted-interleaved", &[400, 300, 200], 9), "AABABCABC");
    }

    #[test]
    fn shares_are_exact_over_a_period() {
        assert_eq!(counts("weighted-interleaved", &[10, 4, 6, 2], 11), [5, 2, 3, 1]);
        assert_eq!(counts("weighted-interleaved", &[25600, 100, 137], 25837), [25600, 100, 137]);
    }

    /// Slow start rebuilds often: a common factor that comes and goes leaves the sequence alone.
    #[test]
    fn a_common_factor_changes_nothing() {
        let mut backends = Backends::with_weights(&[4, 3, 2]);
        let mut policy = policy("weighted-interleaved", &backends);
        for (step, expected) in "AABABCABCAABABCABC".bytes().enumerate() {
            let factor = if step % 2 == 0 { 100 } else { 1 };
            backends.weight = vec![4 * factor, 3 * factor, 2 * factor];
            policy.rebuild(&backends);
            assert_eq!(b'A' + pick(&mut policy, 0, &backends).backend as u8, expected, "step {step}");
        }
    }
}
