//! Distinct eligible backends drawn at random.

use super::{Backends, Inspection};
use crate::sim::{Random, Stream};

/// Most backends that one pick may draw.
pub(super) const DRAWN_MAX: usize = 8;

/// Whom the last pick drew and whom it took, by id. At first nobody.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Drawn {
    ids: [u32; DRAWN_MAX],
    count: usize,
    taken: u32,
}

impl Drawn {
    pub fn new(drawn: &[usize], taken: usize, backends: &Backends) -> Drawn {
        let mut ids = [0; DRAWN_MAX];
        for (id, backend) in ids.iter_mut().zip(drawn) {
            *id = backends.id[*backend];
        }
        Drawn { ids, count: drawn.len().min(DRAWN_MAX), taken: backends.id[taken] }
    }

    /// Writes those that are still there into what the policy shows.
    pub fn show(&self, inspection: &mut Inspection, backends: &Backends) {
        let drawn = self.ids.iter().take(self.count);
        inspection.drawn = drawn.filter_map(|id| backends.index_of(*id)).collect();
        inspection.taken = backends.index_of(self.taken).filter(|_| self.count > 0);
    }
}

/// Two distinct eligible backends in random order, every order equally likely; `None` if there is
/// only one. The common case of [`distinct`], and several times as fast.
pub(super) fn two(backends: &Backends, random: &mut Stream) -> Option<[usize; 2]> {
    let count = backends.eligible_count as u64;
    if count < 2 {
        return None;
    }
    let first = random.below(count);
    let second = random.below(count - 1);
    let second = second + u64::from(second >= first);
    Some([first, second].map(|nth| backends.nth_eligible(nth as usize)))
}

/// Fills `drawn` with distinct eligible backends in random order, every order equally likely, and
/// says how many there were: all eligible ones if they are fewer than `drawn` has room for.
///
/// Draws among those left over, then steps over what was drawn before: no try is wasted, so a pick
/// always takes the same number of random numbers.
pub(super) fn distinct(drawn: &mut [usize], backends: &Backends, random: &mut Stream) -> usize {
    let count = drawn.len().min(backends.eligible_count).min(DRAWN_MAX);
    let mut taken = [0; DRAWN_MAX]; // as numbers among the eligible, ascending
    for (k, slot) in drawn.iter_mut().enumerate().take(count) {
        let mut nth = random.below((backends.eligible_count - k) as u64) as usize;
        let mut place = 0;
        while place < k && nth >= taken[place] {
            nth += 1;
            place += 1;
        }
        taken.copy_within(place..k, place + 1);
        taken[place] = nth;
        *slot = backends.nth_eligible(nth);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Purpose;

    /// Every ordered triple of 5 backends is equally likely: Pearson's chi-squared over the 60.
    #[test]
    fn every_order_is_equally_likely() {
        let backends = Backends::with_weights(&[1; 5]);
        let mut random = Stream::new(3, "draw", Purpose::Policy);
        let mut seen = vec![0u32; 125];
        let draws = 60_000;
        for _ in 0..draws {
            let mut drawn = [0; 3];
            assert_eq!(distinct(&mut drawn, &backends, &mut random), 3);
            seen[drawn[0] * 25 + drawn[1] * 5 + drawn[2]] += 1;
        }
        let expected = f64::from(draws) / 60.0;
        let possible = seen.iter().filter(|&&n| n > 0);
        assert_eq!(possible.clone().count(), 60, "5 · 4 · 3 ordered triples, none with a repetition");
        let chi: f64 =
            possible.map(|&n| (f64::from(n) - expected) * (f64::from(n) - expected) / expected).sum();
        // 98.3 is the 0.1 % critical value for 59 degrees of freedom.
        assert!(chi < 98.3, "chi-squared {chi}");
    }

    #[test]
    fn two_are_what_distinct_gives() {
        let mut backends = Backends::with_weights(&[1; 200]);
        (0..200).step_by(3).for_each(|backend| backends.set_eligible(backend, false));
        let mut random = Stream::new(4, "draw", Purpose::Policy);
        let mut same_random = random.clone();
        for _ in 0..1000 {
            let mut drawn = [0; 2];
            distinct(&mut drawn, &backends, &mut same_random);
            assert_eq!(two(&backends, &mut random), Some(drawn));
        }
        assert_eq!(two(&Backends::with_weights(&[1]), &mut random), None);
    }

    #[test]
    fn fewer_eligible_than_asked_for_gives_them_all() {
        let mut backends = Backends::with_weights(&[1; 4]);
        backends.set_eligible(1, false);
        backends.set_eligible(3, false);
        let mut drawn = [9; 8];
        let mut random = Stream::new(3, "draw", Purpose::Policy);
        assert_eq!(distinct(&mut drawn, &backends, &mut random), 2);
        drawn[..2].sort_unstable();
        assert_eq!(drawn[..2], [0, 2]);
    }
}
