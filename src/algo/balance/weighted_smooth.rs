//! Weighted round robin, smooth: every counter grows by its weight, the highest is picked and pays
//! the total. Heavy backends are spread out instead of served in bursts.
//!
//! From nginx (`ngx_http_upstream_round_robin`, May 2012). nginx also lowers an "effective
//! weight" after errors; here a failing backend is ejected by the balancer itself. When weights or the
//! set change, nginx begins anew; here the counters are scaled to the new total and centred so that
//! they sum to zero, else a counter of −20 000 left from larger weights would shut its backend out.
//! An ineligible backend's counter is zero. Of equal counters the first backend's wins, as in nginx.

use super::kept::Kept;
use super::*;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "weighted-smooth",
        name: "Weighted round robin, smooth",
        short: "Smooth WRR",
        summary: "In turn by weight, with a heavy server's turns spread evenly.",
        source: "nginx (2012)",
        knobs: &[],
    },
    build: |_| Box::new(WeightedSmooth::default()),
};

#[derive(Clone, Debug, Default)]
struct WeightedSmooth {
    current: Kept<i64>,
    /// Of the eligible backends' weights.
    total: i64,
}

impl WeightedSmooth {
    /// The backend whose counter will be the highest once every weight is added, and that counter.
    fn next(&self, backends: &Backends) -> (usize, i64) {
        let mut best = (0, i64::MIN);
        let counters = self.current.values.iter().zip(&backends.weight).zip(&backends.eligible);
        for (index, ((current, &weight), &eligible)) in counters.enumerate() {
            let raised = current + i64::from(weight);
            if raised > best.1 && eligible {
                best = (index, raised);
            }
        }
        best
    }
}

impl Balance for WeightedSmooth {
    fn pick(&mut self, _: &Ask, backends: &Backends, _: &mut Stream) -> Pick {
        let (backend, current) = self.next(backends);
        let counters = self.current.values.iter_mut().zip(&backends.weight).zip(&backends.eligible);
        for ((counter, &weight), &eligible) in counters {
            *counter += i64::from(weight) * i64::from(eligible);
        }
        self.current.values[backend] -= self.total;
        Pick { backend, why: Why::WeightedTurn { current, weight: backends.weight[backend] } }
    }

    fn rebuild(&mut self, backends: &Backends) {
        self.current.follow(backends);
        let total: i64 = backends.eligible().map(|index| i64::from(backends.weight[index])).sum();
        let old = self.total.max(1);
        for (counter, &eligible) in self.current.values.iter_mut().zip(&backends.eligible) {
            let scaled = i128::from(*counter) * i128::from(total) / i128::from(old);
            *counter = if eligible { scaled as i64 } else { 0 };
        }
        self.total = total;
        let sum: i64 = self.current.values.iter().sum();
        let count = backends.eligible_count.max(1) as i64;
        let (each, rest) = (sum.div_euclid(count), sum.rem_euclid(count));
        for (nth, index) in backends.eligible().enumerate() {
            self.current.values[index] -= each + i64::from((nth as i64) < rest);
        }
    }

    fn inspect(&self, backends: &Backends, _: Time) -> Inspection {
        let values: Vec<f64> = self.current.values.iter().map(|&counter| counter as f64).collect();
        let raised =
            values.iter().zip(&backends.weight).map(|(counter, &weight)| counter + f64::from(weight));
        let raised = Column { name: "counter + weight", unit: "", values: raised.collect() };
        let columns = vec![Column { name: "counter", unit: "", values }, raised];
        if backends.eligible_count == 0 {
            return Inspection { columns, ..Inspection::default() };
        }
        let (next, _) = self.next(backends);
        let note = format!("next → {}", backends.id[next]);
        Inspection { next: Some(next), note, columns, ..Inspection::default() }
    }

    fn check(&self, backends: &Backends) -> Result<(), String> {
        self.current.check(backends)?;
        let sum: i64 = self.current.values.iter().sum();
        if sum == 0 { Ok(()) } else { Err(format!("counters sum to {sum}, not to 0: {self:?}")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::balance::tests::{counts, names, pick, policy};

    /// The sequence, and the chosen one's counter at each step, in the message of the commit that
    /// brought the algorithm to nginx, for weights 5, 1, 1.
    #[test]
    fn published_sequence() {
        assert_eq!(names("weighted-smooth", &[5, 1, 1], 7), "AABACAA");
        assert_eq!(names("weighted-smooth", &[500, 100, 100], 14), "AABACAAAABACAA");
        let backends = Backends::with_weights(&[5, 1, 1]);
        let mut policy = policy("weighted-smooth", &backends);
        for published in [5, 3, 3, 6, 5, 9, 7] {
            let why = pick(&mut policy, 0, &backends).why;
            assert!(matches!(why, Why::WeightedTurn { current, .. } if current == published), "{why:?}");
        }
    }

    #[test]
    fn shares_are_exact_over_a_period() {
        assert_eq!(counts("weighted-smooth", &[10, 4, 6, 2], 11), [5, 2, 3, 1]);
        assert_eq!(counts("weighted-smooth", &[25600, 100, 137], 25837), [25600, 100, 137]);
    }

    /// After slow start's hundredfold weights are gone, nobody waits for an old counter to recover.
    #[test]
    fn nobody_starves_after_the_weights_shrink() {
        let mut backends = Backends::with_weights(&[500, 100, 100]);
        let mut policy = policy("weighted-smooth", &backends);
        for step in 0..50 {
            backends.weight = if step % 2 == 0 { vec![5, 1, 1] } else { vec![500, 100, 100] };
            policy.rebuild(&backends);
            let mut seen = [0; 3];
            for _ in 0..17 {
                seen[pick(&mut policy, 0, &backends).backend] += 1;
            }
            // By weight 12.1, 2.4 and 2.4.
            assert!(seen[0] >= 10 && seen[1] >= 1 && seen[2] >= 1, "{seen:?} in step {step}");
        }
    }
}
