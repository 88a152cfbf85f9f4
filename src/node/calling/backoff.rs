//! Delays before further tries.
//!
//! The formulas are those of Marc Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015),
//! with `base` = `backoff_ms` and `cap` = `backoff_max_ms`; tries are counted from 0:
//!
//! | jitter | delay |
//! |---|---|
//! | none | min(cap, base · 2ᵗʳʸ) |
//! | full | uniform in 0 … min(cap, base · 2ᵗʳʸ) |
//! | equal | half of min(cap, base · 2ᵗʳʸ), and uniform in 0 … the other half |
//! | decorrelated | min(cap, uniform in base … 3 · the delay before), which begins with base |
//!
//! A fixed backoff leaves the power out. Decorrelated jitter grows by itself, so it is the same with both.

use super::settings::{Backoff, Calling, Jitter};
use crate::sim::Random;

/// The delay before retry `nth` (from 0), in milliseconds. `before_ms` is the delay before the last one.
pub fn delay_ms(settings: &Calling, nth: u32, before_ms: Option<f64>, random: &mut impl Random) -> f64 {
    let (base, cap) = (settings.backoff_ms, settings.backoff_max_ms);
    let ceiling = match settings.backoff {
        Backoff::None => return 0.0,
        Backoff::Fixed => base.min(cap),
        Backoff::Exponential => (base * (1u64 << nth.min(32)) as f64).min(cap),
    };
    match settings.jitter {
        Jitter::None => ceiling,
        Jitter::Full => random.unit() * ceiling,
        Jitter::Equal => (1.0 + random.unit()) * ceiling / 2.0,
        Jitter::Decorrelated => {
            // Below the base only where the cap is.
            let top = (3.0 * before_ms.unwrap_or(base)).max(base);
            (base + random.unit() * (top - base)).min(cap)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{Purpose, Stream};

    const JITTERS: [Jitter; 4] = [Jitter::None, Jitter::Full, Jitter::Equal, Jitter::Decorrelated];

    fn settings(backoff: Backoff, jitter: Jitter) -> Calling {
        Calling { backoff, jitter, backoff_ms: 100.0, backoff_max_ms: 1500.0, ..Calling::default() }
    }

    fn random() -> Stream {
        Stream::new(5, "backoff", Purpose::Backoff)
    }

    /// A source of random numbers that always gives the same share of its range.
    struct Always(f64);

    impl Random for Always {
        fn next_u64(&mut self) -> u64 {
            (self.0 * (1u64 << 53) as f64) as u64 * 2048
        }
    }

    fn sequence(settings: &Calling, tries: u32, random: &mut impl Random) -> Vec<f64> {
        let mut before = None;
        let delay = |nth| {
            let delay = delay_ms(settings, nth, before, random);
            before = Some(delay);
            delay
        };
        (0..tries).map(delay).collect()
    }

    /// Worked out by hand from the article's formulas, at the ends and in the middle of chance.
    #[test]
    fn sequences_are_the_published_ones() {
        let exponential =
            |jitter, share| sequence(&settings(Backoff::Exponential, jitter), 6, &mut Always(share));
        assert_eq!(exponential(Jitter::None, 0.5), [100.0, 200.0, 400.0, 800.0, 1500.0, 1500.0]);
        assert_eq!(exponential(Jitter::Full, 0.0), [0.0; 6]);
        assert_eq!(exponential(Jitter::Full, 0.5), [50.0, 100.0, 200.0, 400.0, 750.0, 750.0]);
        assert_eq!(exponential(Jitter::Equal, 0.0), [50.0, 100.0, 200.0, 400.0, 750.0, 750.0]);
        assert_eq!(exponential(Jitter::Equal, 0.5), [75.0, 150.0, 300.0, 600.0, 1125.0, 1125.0]);
        assert_eq!(exponential(Jitter::Decorrelated, 0.0), [100.0; 6]);
        assert_eq!(exponential(Jitter::Decorrelated, 0.5), [200.0, 350.0, 575.0, 912.5, 1418.75, 1500.0]);
        let fixed = |jitter, share| sequence(&settings(Backoff::Fixed, jitter), 3, &mut Always(share));
        assert_eq!(fixed(Jitter::None, 0.5), [100.0; 3]);
        assert_eq!(fixed(Jitter::Full, 0.25), [25.0; 3]);
        assert_eq!(fixed(Jitter::Equal, 0.5), [75.0; 3]);
        for jitter in JITTERS {
            assert_eq!(sequence(&settings(Backoff::None, jitter), 3, &mut random()), [0.0; 3]);
        }
    }

    /// Means of uniform distributions; that of decorrelated jitter is E[dₙ₊₁] = (base + 3 E[dₙ]) / 2 while the
    /// cap is out of reach.
    #[test]
    fn means_and_bounds_are_those_of_the_distributions() {
        let n = 40_000;
        let bounds = |jitter, nth: i32| {
            let ceiling = 100.0 * libm::exp2(nth as f64);
            match jitter {
                Jitter::None => (ceiling, ceiling),
                Jitter::Full => (0.0, ceiling),
                Jitter::Equal => (ceiling / 2.0, ceiling),
                Jitter::Decorrelated => (100.0, 100.0 * libm::pow(3.0, nth as f64 + 1.0)),
            }
        };
        let mean_of = |jitter, nth: i32| match jitter {
            Jitter::Decorrelated => (0..=nth).fold(100.0, |mean, _| (100.0 + 3.0 * mean) / 2.0),
            _ => (bounds(jitter, nth).0 + bounds(jitter, nth).1) / 2.0,
        };
        for jitter in JITTERS {
            let settings = Calling { backoff_max_ms: 1e6, ..settings(Backoff::Exponential, jitter) };
            let mut random = random();
            let mut sums = [0.0; 4];
            for _ in 0..n {
                for (nth, delay) in sequence(&settings, 4, &mut random).into_iter().enumerate() {
                    let (least, most) = bounds(jitter, nth as i32);
                    assert!((least..=most).contains(&delay), "{jitter:?} {nth}: {delay}");
                    sums[nth] += delay;
                }
            }
            for (nth, sum) in sums.iter().enumerate() {
                let (mean, wanted) = (sum / n as f64, mean_of(jitter, nth as i32));
                assert!((mean / wanted - 1.0).abs() < 0.02, "{jitter:?} {nth}: {mean}, not {wanted}");
            }
        }
    }

    #[test]
    fn a_cap_below_the_base_is_the_cap() {
        for jitter in JITTERS {
            let low = Calling { backoff_max_ms: 10.0, ..settings(Backoff::Exponential, jitter) };
            assert!(sequence(&low, 8, &mut random()).iter().all(|delay| (0.0..=10.0).contains(delay)));
        }
    }
}
