//! Two random choices: draw two backends, take the one with fewer requests in flight.
//!
//! Azar, Broder, Karlin and Upfal, "Balanced Allocations" (1994); Mitzenmacher, "The Power of Two
//! Choices in Randomized Load Balancing" (2001). The fullest of n holds ln ln n / ln 2 + O(1) instead
//! of ln n / ln ln n. The papers draw with replacement; here, as in Envoy and nginx's `random two`,
//! those drawn are distinct. With `choices` d it is ln ln n / ln d. Of equals the first drawn is
//! taken, which is random. Blind to weights.

use super::draw::{DRAWN_MAX, Drawn, distinct, two};
use super::*;
use crate::algo::setting::Setting;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "two-choices",
        name: "Two random choices",
        short: "Two choices",
        summary: "Draws two servers and takes the one with fewer requests in flight.",
        source: "Azar et al. (1994); Mitzenmacher (2001)",
        knobs: &[Setting::integer(
            "choices",
            "Choices",
            "",
            (2.0, DRAWN_MAX as f64),
            2.0,
            "How many servers are drawn for each request.",
        )],
    },
    build: |knobs| {
        let choices = (knobs.number("choices") as usize).clamp(2, DRAWN_MAX);
        Box::new(TwoChoices { choices, last: Drawn::default() })
    },
};

#[derive(Clone, Debug)]
struct TwoChoices {
    choices: usize,
    last: Drawn,
}

impl TwoChoices {
    fn fewer_of([first, second]: [usize; 2], backends: &Backends) -> Pick {
        let (first_in_flight, second_in_flight) = (backends.in_flight[first], backends.in_flight[second]);
        let backend = if second_in_flight < first_in_flight { second } else { first };
        let (first, second) = (backends.id[first], backends.id[second]);
        Pick { backend, why: Why::FewerOfTwo { first, first_in_flight, second, second_in_flight } }
    }

    fn fewest_of(drawn: &[usize], backends: &Backends) -> Pick {
        // Of equal ones `min_by_key` gives the first.
        let fewest = drawn.iter().copied().min_by_key(|&backend| backends.in_flight[backend]);
        let backend = fewest.unwrap_or(0);
        let why = match *drawn {
            [] | [_] => Why::Drawn { among: 1 },
            _ => Why::FewestDrawn { drawn: drawn.len() as u32, in_flight: backends.in_flight[backend] },
        };
        Pick { backend, why }
    }
}

impl Balance for TwoChoices {
    fn pick(&mut self, _: &Ask, backends: &Backends, random: &mut Stream) -> Pick {
        if self.choices == 2 || backends.eligible_count == 2 {
            if let Some(drawn) = two(backends, random) {
                let pick = Self::fewer_of(drawn, backends);
                self.last = Drawn::new(&drawn, pick.backend, backends);
                return pick;
            }
        }
        let mut room = [0; DRAWN_MAX];
        let count = distinct(&mut room[..self.choices], backends, random);
        let pick = Self::fewest_of(&room[..count], backends);
        self.last = Drawn::new(&room[..count], pick.backend, backends);
        pick
    }

    fn inspect(&self, backends: &Backends, _: Time) -> Inspection {
        let note = format!("fewest of {}", self.choices);
        let columns = vec![Column::in_flight(backends)];
        let mut inspection = Inspection { note, columns, ..Inspection::default() };
        self.last.show(&mut inspection, backends);
        inspection
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::balance::tests::{held, pick_with, policy};
    use crate::algo::setting::Value;
    use crate::sim::Purpose;

    /// The published maximum loads for n balls into n bins: (1 + o(1)) ln n / ln ln n with one choice
    /// (Gonnet, 1981), ln ln n / ln d + O(1) with d (Azar et al., 1994). For n = 1000 these terms are
    /// 3.6 with one choice, 2.8 with two and 1.4 with four.
    #[test]
    fn maximum_load_follows_the_theorem() {
        let n = 1000usize;
        let ln_n = libm::log(n as f64);
        let fullest = |policy: &str, choices: f64, seed: u64| {
            let mut knobs = Knobs::default();
            knobs.set("choices", Value::Number(choices));
            let counts = held(policy, &knobs, &vec![1; n], n as u32, seed).1;
            f64::from(counts.into_iter().max().unwrap_or(0))
        };
        let mean = |policy: &str, choices: f64| {
            (1..=20).map(|seed| fullest(policy, choices, seed)).sum::<f64>() / 20.0
        };
        let (one, two, four) = (mean("random", 1.0), mean("two-choices", 2.0), mean("two-choices", 4.0));
        let near = |max: f64, theory: f64| (theory..=theory + 2.5).contains(&max);
        let theory = |d: f64| libm::log(ln_n) / libm::log(d);
        assert!(near(one, ln_n / libm::log(ln_n)), "one choice: {one}");
        assert!(near(two, theory(2.0)), "two choices: {two}");
        assert!(near(four, theory(4.0)), "four choices: {four}");
        // The order is the theorem's point.
        assert!(one - two > 1.5 && two - four > 0.5, "{one} {two} {four}");
    }

    /// With loads 0, 1, … n − 1 the backend of rank r wins the pairs with the n − 1 − r fuller ones, of
    /// n (n − 1) / 2: Pearson's chi-squared.
    #[test]
    fn picks_are_distributed_as_pairs_say() {
        let mut backends = Backends::with_weights(&[1; 6]);
        backends.in_flight = (0..6).collect();
        let mut policy = policy("two-choices", &backends);
        let mut random = Stream::new(11, "pairs", Purpose::Policy);
        let mut seen = [0u32; 6];
        for _ in 0..30_000 {
            seen[pick_with(&mut policy, 0, &backends, &mut random).backend] += 1;
        }
        assert_eq!(seen[5], 0, "the fullest never wins");
        let chi: f64 = (0..5)
            .map(|rank| (f64::from(seen[rank]), 30_000.0 * (5 - rank) as f64 / 15.0))
            .map(|(seen, expected)| (seen - expected) * (seen - expected) / expected)
            .sum();
        assert!(chi < 18.5, "chi-squared {chi}, 0.1 % critical value for 4 degrees of freedom 18.47");
    }
}
