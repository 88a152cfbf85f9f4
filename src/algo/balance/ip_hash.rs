//! IP hash: the client's address decides, so that a client stays with its backend.
//!
//! From nginx (`ip_hash`): hash modulo the total weight of *all* backends, down or not; if that leads
//! to one that is down, hash again, up to 20 times. So when a backend fails, only its own clients move;
//! when one is added, removed or re-weighted, nearly all do (try `consistent-hash`). nginx hashes the
//! first three octets with a hash of its own (× 113 mod 6271); here the client's whole number with
//! xxHash, the try being the seed. After 20 tries nginx takes round robin; here the hash chooses among
//! the eligible, so that the client still stays. Weights are divided by their greatest common divisor,
//! so a common factor moves nobody.

use super::hash::{self, By, Hashed};
use super::weighted_interleaved::greatest_common_divisor;
use super::*;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "ip-hash",
        name: "IP hash",
        short: "IP hash",
        summary: "The hash of the client's address decides: the same client, the same server.",
        source: "nginx, ip_hash",
        knobs: &[],
    },
    build: |_| Box::new(IpHash::default()),
};

const TRIES_MAX: u32 = 20;

#[derive(Clone, Debug, Default)]
struct IpHash {
    /// Backend i has the places from `ends[i - 1]` (0 for the first) up to `ends[i]`.
    ends: Vec<u64>,
    last: Option<Hashed>,
}

impl IpHash {
    fn choose(&self, ask: &Ask, backends: &Backends) -> (u64, Pick) {
        let total = self.ends.last().copied().unwrap_or(1).max(1);
        for skipped in 0..TRIES_MAX {
            let hash = hash::of(ask.client, skipped.into());
            let place = hash % total;
            let backend = self.owner(place);
            if backends.eligible[backend] {
                return (place, Pick { backend, why: Why::hashed(hash, place, skipped) });
            }
        }
        let hash = hash::of(ask.client, TRIES_MAX.into());
        let place = hash % backends.eligible_count as u64;
        let backend = backends.nth_eligible(place as usize);
        // Its first place is one of the chosen one's: the number of the eligible is no place of the table.
        let begin = backend.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        (begin, Pick { backend, why: Why::hashed(hash, place, TRIES_MAX) })
    }

    fn owner(&self, place: u64) -> usize {
        self.ends.partition_point(|&end| end <= place)
    }
}

impl Balance for IpHash {
    fn pick(&mut self, ask: &Ask, backends: &Backends, _: &mut Stream) -> Pick {
        let (place, pick) = self.choose(ask, backends);
        let total = self.ends.last().copied().unwrap_or(1).max(1);
        let (place, taken) = ((place as f64 + 0.5) / total as f64, backends.id[pick.backend]);
        self.last = Some(Hashed { number: ask.client, place, taken, full: None });
        pick
    }

    fn rebuild(&mut self, backends: &Backends) {
        let divisor = backends.weight.iter().copied().fold(0, greatest_common_divisor).max(1);
        let mut end = 0;
        let ends = backends.weight.iter().map(|weight| {
            end += u64::from(weight / divisor);
            end
        });
        self.ends = ends.collect();
    }

    fn inspect(&self, backends: &Backends, _: Time) -> Inspection {
        let parts: Vec<f64> = backends.weight.iter().map(|&weight| weight.into()).collect();
        let columns = vec![Column::share(&parts)];
        let mut inspection = Inspection { note: By::Client.note(), columns, ..Inspection::default() };
        let total = self.ends.last().copied().unwrap_or(0);
        let owner = |share: f64| self.owner((share * total as f64) as u64) as u32;
        let places = Places::sampled(false, By::Client, total as usize, owner);
        Hashed::show(self.last, places, &mut inspection, backends);
        inspection
    }

    fn check(&self, backends: &Backends) -> Result<(), String> {
        let ascending = self.ends.windows(2).all(|pair| pair[0] < pair[1]);
        if ascending && self.ends.len() == backends.len() {
            Ok(())
        } else {
            Err(format!("places: {:?}", self.ends))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::balance::tests::{owners, pick, policy};

    /// What nginx's documentation promises: a client keeps its server unless that one is down.
    #[test]
    fn only_the_clients_of_a_failed_backend_move_and_they_come_back() {
        let mut backends = Backends::with_weights(&[1, 2, 1, 4]);
        let mut policy = policy("ip-hash", &backends);
        let before = owners(&mut policy, &backends, 4000);
        assert_eq!(owners(&mut policy, &backends, 4000), before);
        backends.set_eligible(1, false);
        policy.rebuild(&backends);
        let during = owners(&mut policy, &backends, 4000);
        assert!(before.iter().zip(&during).all(|(b, d)| if *b == 2 { *d != 2 } else { d == b }));
        backends.set_eligible(1, true);
        policy.rebuild(&backends);
        assert_eq!(owners(&mut policy, &backends, 4000), before);
    }

    /// Modulo 5 instead of 4 keeps a key only if both remainders agree: 4 of 20 residues, so 80 % move.
    #[test]
    fn adding_a_backend_moves_most_clients() {
        let mut backends = Backends::with_weights(&[7; 4]);
        let mut policy = policy("ip-hash", &backends);
        let before = owners(&mut policy, &backends, 20_000);
        backends.push(5, 7);
        policy.rebuild(&backends);
        let after = owners(&mut policy, &backends, 20_000);
        let moved = before.iter().zip(&after).filter(|(b, a)| a != b).count() as f64 / 20_000.0;
        assert!((moved - 0.8).abs() < 0.01, "{moved}"); // three standard deviations: 0.0085
    }

    /// With a quarter of the places down, each try misses with probability 1/4: of 40 000 clients
    /// 10 000, 2 500, 625 … need more than 0, 1, 2 … other tries. (Four standard deviations.)
    #[test]
    fn each_try_is_a_new_hash() {
        let mut backends = Backends::with_weights(&[1, 2, 1]);
        backends.set_eligible(2, false);
        let mut policy = policy("ip-hash", &backends);
        let mut more_than = [0u32; 3];
        for client in 0..40_000 {
            if let Why::HashSkipped { skipped, .. } = pick(&mut policy, client, &backends).why {
                more_than
                    .iter_mut()
                    .zip(0..)
                    .filter(|(_, tries)| skipped > *tries)
                    .for_each(|(n, _)| *n += 1);
            }
        }
        for (n, expected) in more_than.into_iter().zip([10_000.0, 2_500.0, 625.0]) {
            assert!((f64::from(n) - expected).abs() < 4.0 * libm::sqrt(expected), "{more_than:?}");
        }
    }
}
