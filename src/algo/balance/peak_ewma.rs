//! Peak EWMA: of two backends drawn, the one whose expected latency × (in flight + 1) is lower.
//!
//! From Finagle (Twitter, 2015: "peak EWMA" in its P2C balancer), Linkerd and tower. The average of
//! latencies is weighted exponentially by time, e^(−t/τ) with τ = `decay_ms`, but jumps at once to a
//! latency above it: slow to forgive, quick to react. Between answers it decays towards zero, so that
//! a backend that was avoided is tried again. As in tower a backend that has not answered yet counts
//! as `start_ms`; here that does not decay. Finagle and tower store the decay whenever they look;
//! here looking changes nothing, and a peak is a latency above the average as of the last answer.
//! They also let a failure's latency count as any other; here it counts only if it is higher, so that
//! failing fast does not attract requests. Blind to weights.

use super::draw::{Drawn, two};
use super::kept::Kept;
use super::*;
use crate::algo::setting::{Scale, Setting};

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "peak-ewma",
        name: "Peak EWMA (least response time)",
        short: "Peak EWMA",
        summary: "Draws two servers and takes the one expected to answer sooner, by recent latencies.",
        source: "Finagle (2015); Linkerd; tower",
        knobs: &[
            Setting::number("decay_ms", "Memory", "ms", (1.0, 600_000.0), 10_000.0, DECAY_HELP).usual(
                100.0,
                60_000.0,
                Scale::Logarithmic,
            ),
            Setting::number("start_ms", "First guess", "ms", (0.0, 60_000.0), 30.0, START_HELP).usual(
                1.0,
                1000.0,
                Scale::Logarithmic,
            ),
        ],
    },
    build: |knobs| {
        let decay_ns = Span::from_ms(knobs.number("decay_ms")).0.max(1) as f64;
        let start_ns = Span::from_ms(knobs.number("start_ms")).0 as f64;
        Box::new(PeakEwma { decay_ns, start_ns, average: Kept::default(), last: Drawn::default() })
    },
};

const DECAY_HELP: &str = "After this time a latency counts for 1/e of what it did.";
const START_HELP: &str = "The latency assumed of a server that has not answered yet.";

#[derive(Clone, Debug)]
struct PeakEwma {
    decay_ns: f64,
    start_ns: f64,
    average: Kept<Option<Average>>,
    last: Drawn,
}

/// The average as of the last answer that changed it.
#[derive(Clone, Copy, Debug)]
struct Average {
    ns: f64,
    at: Time,
}

impl PeakEwma {
    /// What remains of a latency's weight after the time from `then` to `now`.
    fn remaining(&self, then: Time, now: Time) -> f64 {
        libm::exp(-(now.since(then).0 as f64) / self.decay_ns)
    }

    fn expected_ns(&self, backend: usize, now: Time) -> f64 {
        match self.average.values.get(backend).copied().flatten() {
            Some(average) => average.ns * self.remaining(average.at, now),
            None => self.start_ns,
        }
    }

    fn score_ns(&self, backend: usize, backends: &Backends, now: Time) -> f64 {
        self.expected_ns(backend, now) * (f64::from(backends.in_flight[backend]) + 1.0)
    }
}

impl Balance for PeakEwma {
    fn pick(&mut self, ask: &Ask, backends: &Backends, random: &mut Stream) -> Pick {
        let Some(drawn) = two(backends, random) else {
            let backend = backends.nth_eligible(0);
            self.last = Drawn::new(&[backend], backend, backends);
            return Pick { backend, why: Why::Drawn { among: 1 } };
        };
        let scores = drawn.map(|backend| self.score_ns(backend, backends, ask.now));
        let [first, second] = drawn.map(|backend| backends.id[backend]);
        let [first_us, second_us] = scores.map(|ns| (ns / 1000.0) as u64);
        let backend = if scores[0] <= scores[1] { drawn[0] } else { drawn[1] };
        self.last = Drawn::new(&drawn, backend, backends);
        Pick { backend, why: Why::LowerScore { first, first_us, second, second_us } }
    }

    fn rebuild(&mut self, backends: &Backends) {
        self.average.follow(backends);
    }

    fn learns(&self) -> bool {
        true
    }

    fn finished(&mut self, backend: usize, latency: Span, ok: bool, now: Time) {
        let latency = latency.0 as f64;
        let old = self.average.values.get(backend).copied().flatten();
        let ns = match old {
            Some(average) if latency <= average.ns => {
                if !ok {
                    return;
                }
                let weight = self.remaining(average.at, now);
                average.ns * weight + latency * (1.0 - weight)
            }
            None if !ok => latency.max(self.start_ns),
            _ => latency,
        };
        if let Some(average) = self.average.values.get_mut(backend) {
            *average = Some(Average { ns, at: now });
        }
    }

    fn inspect(&self, backends: &Backends, now: Time) -> Inspection {
        let column = |name, value: &dyn Fn(usize) -> f64| {
            let values = (0..backends.len()).map(|backend| value(backend) / 1e6).collect();
            Column { name, unit: "ms", values }
        };
        let columns = vec![
            column("average", &|backend| self.expected_ns(backend, now)),
            Column::in_flight(backends),
            column("score", &|backend| self.score_ns(backend, backends, now)),
        ];
        let note = "sooner of 2".to_string();
        let mut inspection = Inspection { note, columns, ..Inspection::default() };
        self.last.show(&mut inspection, backends);
        inspection
    }

    fn check(&self, backends: &Backends) -> Result<(), String> {
        self.average.check(backends)?;
        let fine = |average: &Average| average.ns.is_finite() && average.ns >= 0.0;
        if self.average.values.iter().flatten().all(fine) {
            Ok(())
        } else {
            Err(format!("{:?}", self.average))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::balance::tests::{pick, policy};

    /// By hand, with τ = 10 s and e⁻¹ = 0.367879441: the average after each answer.
    #[test]
    fn a_sequence_computed_by_hand() {
        let backends = Backends::with_weights(&[1]);
        let mut policy = policy("peak-ewma", &backends);
        let average = |policy: &dyn Balance, seconds: u64| {
            policy.inspect(&backends, Time(seconds * 1_000_000_000)).columns[0].values[0]
        };
        assert_eq!(average(&*policy, 5), 30.0); // the first guess, undecayed
        // (answered at s, latency ms, ok, average then)
        let answers = [
            (10, 100.0, true, 100.0),          // the first answer replaces the guess
            (20, 50.0, true, 68.393_972_059),  // 100 e⁻¹ + 50 (1 − e⁻¹)
            (30, 200.0, true, 200.0),          // a peak, at once
            (40, 10.0, false, 73.575_888_234), // a quick failure changes nothing: 200 e⁻¹ by now
            (50, 0.0, true, 27.067_056_647),   // 200 e⁻², the answer adding nothing
        ];
        for (s, latency_ms, ok, expected) in answers {
            policy.finished(0, Span::from_ms(latency_ms), ok, Time(s * 1_000_000_000));
            let now = average(&*policy, s);
            assert!((now - expected).abs() < 1e-6, "at {s} s: {now}, by hand {expected}");
        }
        assert!((average(&*policy, 60) - 9.957_413_674).abs() < 1e-6); // and e⁻¹ more
    }

    #[test]
    fn the_score_counts_those_in_flight_and_this_one() {
        let mut backends = Backends::with_weights(&[1, 1]);
        let mut policy = policy("peak-ewma", &backends);
        policy.finished(0, Span::from_ms(10.0), true, Time::ZERO);
        policy.finished(1, Span::from_ms(35.0), true, Time::ZERO);
        backends.in_flight = vec![2, 0]; // 10 × 3 < 35 × 1
        assert_eq!(pick(&mut policy, 0, &backends).backend, 0);
        backends.in_flight = vec![3, 0]; // 10 × 4 > 35 × 1
        assert_eq!(pick(&mut policy, 0, &backends).backend, 1);
    }
}
