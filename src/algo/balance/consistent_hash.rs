//! Consistent hashing: every backend has points on a circle; a request goes to the first point at
//! or after its hash.
//!
//! Karger, Lehman, Leighton, Panigrahy, Levine and Lewin, "Consistent Hashing and Random Trees"
//! (1997); 160 points as in ketama (2007). An ineligible backend keeps its points, and the walk goes on
//! to the next: only its own keys move, spread over the others. Weights: the heaviest backend has
//! `points`, the others in proportion, at least one. (nginx gives each weight × 160, which here could
//! become millions; ketama's share of the total would move others' keys at every removal.) So while
//! the heaviest stays, adding, removing or re-weighting one backend touches only its own points.
//! Points and keys are hashed with xxHash instead of ketama's MD5.
//!
//! With `load_factor` c above 0, loads are bounded (Mirrokni, Thorup and Zadimoghaddam, SODA 2018; HAProxy's
//! `hash-balance-factor`): a backend that has ⌈c · m · weight / total weight⌉ in flight is passed over, m being
//! what is in flight at all eligible backends with the request that comes. If c is below 1 and nobody has room,
//! the first eligible one takes it.

use super::hash::{self, By, Hashed};
use super::*;
use crate::algo::setting::{Scale, Setting};
use std::sync::Arc;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "consistent-hash",
        name: "Consistent hashing",
        short: "Hash ring",
        summary: "The hash leads to a place on a ring, and to the server whose point comes next.",
        source: "Karger et al. (1997); ketama (2007)",
        knobs: &[
            Setting::integer("points", "Points per server", "", (1.0, 1000.0), 160.0, POINTS_HELP).usual(
                1.0,
                1000.0,
                Scale::Logarithmic,
            ),
            hash::by("key"),
            Setting::number("load_factor", "Load factor", "", (0.0, 10.0), 0.0, LOAD_FACTOR_HELP).usual(
                0.0,
                3.0,
                Scale::Linear,
            ),
        ],
    },
    build: |knobs| {
        let points = knobs.number("points").clamp(1.0, 1000.0) as u32;
        let thousandths = (knobs.number("load_factor").clamp(0.0, 10.0) * 1000.0 + 0.5) as u64;
        Box::new(ConsistentHash { by: By::chosen(knobs), points, thousandths, ..Default::default() })
    },
};

const LOAD_FACTOR_HELP: &str =
    "How far above the mean the requests in flight of one server may be; 0 for no bound.";
const POINTS_HELP: &str = "Points on the ring for the heaviest server; more points, more even shares.";

/// The low bits of a point hold the backend's index, the others its place on the circle. Two points
/// on one place (a chance of 1 in 1000 with 1000 × 160 points) go by index, which a removal does not reorder.
const INDEX_BITS: u32 = 20;
const INDEX_MASK: u64 = (1 << INDEX_BITS) - 1;

#[derive(Clone, Debug, Default)]
struct ConsistentHash {
    by: By,
    points: u32,
    /// The load factor, times a thousand; 0 for none.
    thousandths: u64,
    /// Shared by clones: checkpoints of a run need not copy it.
    ring: Arc<Ring>,
    /// What the ring was built from; eligibility does not matter.
    id: Vec<u32>,
    weight: Vec<u32>,
    last: Option<Hashed>,
    /// Requests placed since the policy was set, and those of them that went where their hash leads.
    placed: u64,
    at_own: u64,
}

#[derive(Debug, Default)]
struct Ring {
    /// Ascending.
    points: Vec<u64>,
    /// For each value of a hash's top bits, the first point that may follow it.
    starts: Vec<u32>,
    /// How far a hash is shifted to leave these bits.
    shift: u32,
}

impl Ring {
    fn new(backends: &Backends, points_max: u32) -> Ring {
        let heaviest = u64::from(backends.weight.iter().copied().max().unwrap_or(1).max(1));
        let mut points = vec![];
        for (index, (&id, &weight)) in backends.id.iter().zip(&backends.weight).enumerate() {
            let count = (u64::from(points_max) * u64::from(weight) + heaviest / 2) / heaviest;
            let point = |nth| hash::of_backend(id, nth) & !INDEX_MASK | (index as u64 & INDEX_MASK);
            points.extend((0..count.max(1) as u32).map(point));
        }
        points.sort_unstable();
        let bits = points.len().max(2).ilog2();
        let shift = 64 - bits;
        let start = |top: u64| points.partition_point(|&point| point < top << shift) as u32;
        let starts = (0..1u64 << bits).map(start).collect();
        Ring { points, starts, shift }
    }

    /// The position in `points` of the first point at or after `hash`, going round.
    fn at_or_after(&self, hash: u64) -> usize {
        let wanted = hash & !INDEX_MASK;
        let mut at = self.starts[(hash >> self.shift) as usize] as usize;
        while at < self.points.len() && self.points[at] < wanted {
            at += 1;
        }
        if at < self.points.len() { at } else { 0 }
    }

    /// To whom a place on the circle, from 0 to 1, leads without regard to bounds.
    fn owner(&self, share: f64, backends: &Backends) -> u32 {
        if self.points.is_empty() {
            return NOBODYS;
        }
        let first = self.at_or_after(((share * (1u64 << 53) as f64) as u64) << 11);
        let around = self.points[first..].iter().chain(&self.points[..first]);
        let mut owners = around.map(|point| (point & INDEX_MASK) as u32);
        owners.find(|owner| backends.eligible[*owner as usize]).unwrap_or(NOBODYS)
    }

    /// For each backend, how much of the circle leads to it (in 2⁻⁶⁴ths of it).
    fn arcs(&self, backends: &Backends) -> Vec<f64> {
        let mut arcs = vec![0.0; backends.len()];
        let owner = |point: u64| (point & INDEX_MASK) as usize;
        let Some(first) = self.points.iter().position(|&point| backends.eligible[owner(point)]) else {
            return arcs;
        };
        // Backwards, so that the eligible point which an arc leads to is always known.
        let mut next = owner(self.points[first]);
        for at in (0..self.points.len()).rev() {
            let (point, before) = (self.points[at], if at > 0 { self.points[at - 1] } else { 0 });
            if at + 1 == self.points.len() {
                arcs[next] += (u64::MAX - point) as f64;
            }
            if backends.eligible[owner(point)] {
                next = owner(point);
            }
            arcs[next] += (point - before) as f64;
        }
        arcs
    }
}

impl ConsistentHash {
    /// For each unit of weight: thousandths of what may be in flight once one more has come, the load
    /// factor included; and the total weight. `None` without a bound.
    fn bound(&self, backends: &Backends) -> Option<(u64, u64)> {
        if self.thousandths == 0 {
            return None;
        }
        let eligible = (0..backends.len()).filter(|&backend| backends.eligible[backend]);
        let (held, weight) = eligible.fold((0, 0), |(held, weight), backend| {
            (held + u64::from(backends.in_flight[backend]), weight + u64::from(backends.weight[backend]))
        });
        Some((self.thousandths * (held + 1), weight.max(1)))
    }

    fn choose(&self, hash: u64, backends: &Backends) -> Pick {
        let bound = self.bound(backends);
        let most = |backend: usize| {
            bound.map(|(all, total)| (all * u64::from(backends.weight[backend])).div_ceil(1000 * total))
        };
        let has_room =
            |backend: usize| most(backend).is_none_or(|most| u64::from(backends.in_flight[backend]) < most);
        let first = self.ring.at_or_after(hash);
        let mut at = first;
        let mut skipped = 0;
        let mut eligible = None;
        loop {
            let point = self.ring.points[at];
            let backend = (point & INDEX_MASK) as usize;
            if backends.eligible[backend] {
                let place = point & !INDEX_MASK;
                if has_room(backend) {
                    let why = match eligible {
                        None => Why::hashed(hash, place, skipped),
                        Some(Pick { backend: own, .. }) => Why::HashFull {
                            hash,
                            place,
                            own: backends.id[own],
                            in_flight: backends.in_flight[own],
                            most: most(own).unwrap_or_default(),
                        },
                    };
                    return Pick { backend, why };
                }
                eligible = eligible.or(Some(Pick { backend, why: Why::hashed(hash, place, skipped) }));
            }
            skipped += 1;
            at = if at + 1 < self.ring.points.len() { at + 1 } else { 0 };
            if let Some(pick) = eligible.filter(|_| at == first) {
                return pick;
            }
        }
    }
}

impl Balance for ConsistentHash {
    fn pick(&mut self, ask: &Ask, backends: &Backends, _: &mut Stream) -> Pick {
        let hash = self.by.hash(ask);
        let pick = self.choose(hash, backends);
        let full = if let Why::HashFull { own, .. } = pick.why { Some(own) } else { None };
        self.placed += 1;
        self.at_own += u64::from(full.is_none());
        let (number, taken) = (self.by.number(ask), backends.id[pick.backend]);
        self.last = Some(Hashed { number, place: Hashed::on_circle(hash), taken, full });
        pick
    }

    fn rebuild(&mut self, backends: &Backends) {
        if self.id != backends.id || self.weight != backends.weight {
            self.id.clone_from(&backends.id);
            self.weight.clone_from(&backends.weight);
            self.ring = Arc::new(Ring::new(backends, self.points));
        }
    }

    fn leads_to(&self, key: u32, backends: &Backends) -> Option<Pick> {
        let knows = matches!(self.by, By::Key) && backends.eligible_count > 0;
        knows.then(|| self.choose(hash::of(key, 0), backends))
    }

    fn inspect(&self, backends: &Backends, _: Time) -> Inspection {
        let columns = vec![Column::share(&self.ring.arcs(backends))];
        let mut inspection = Inspection { note: self.by.note(), columns, ..Inspection::default() };
        let mut places =
            Places::sampled(true, self.by, PLACES_SHOWN, |share| self.ring.owner(share, backends));
        if self.thousandths > 0 && self.placed > 0 {
            places.at_own = Some(self.at_own as f64 / self.placed as f64 * 100.0);
        }
        Hashed::show(self.last, places, &mut inspection, backends);
        inspection
    }

    fn check(&self, backends: &Backends) -> Result<(), String> {
        if self.id != backends.id || self.weight != backends.weight {
            return Err("the ring was built from other backends".to_string());
        }
        let mut points = vec![0u32; backends.len()];
        for point in &self.ring.points {
            *points.get_mut((point & INDEX_MASK) as usize).ok_or("a point of nobody")? += 1;
        }
        let ascending = self.ring.points.windows(2).all(|pair| pair[0] <= pair[1]);
        let bounded = points.iter().all(|count| (1..=self.points).contains(count));
        if ascending && bounded { Ok(()) } else { Err(format!("points per backend: {points:?}")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::balance::tests::{owners, policy};

    /// The definition, without sorting or buckets: the owner of the nearest point clockwise.
    #[test]
    fn the_nearest_point_clockwise_by_brute_force() {
        let backends = Backends::with_weights(&[2, 1, 4, 3]);
        let mut policy = policy("consistent-hash", &backends);
        let points =
            |id: u32| (0..40 * [2, 1, 4, 3][id as usize - 1]).map(move |nth| (hash::of_backend(id, nth), id));
        let all: Vec<(u64, u32)> = (1..=4).flat_map(points).collect();
        for (key, owner) in owners(&mut policy, &backends, 5000).into_iter().enumerate() {
            let hash = hash::of(key as u32, 0);
            let nearest = all.iter().min_by_key(|(point, _)| {
                (point >> INDEX_BITS).wrapping_sub(hash >> INDEX_BITS) << INDEX_BITS
            });
            assert_eq!(nearest.map(|(_, id)| *id), Some(owner), "key {key}");
        }
    }

    #[test]
    fn a_hash_on_a_point_meets_it_and_the_last_gap_leads_round() {
        let ring = Ring::new(&Backends::with_weights(&[1; 7]), 160);
        for (at, &point) in ring.points.iter().enumerate() {
            assert_eq!(ring.at_or_after(point), at);
            assert_eq!(ring.at_or_after(point + (1 << INDEX_BITS)), (at + 1) % ring.points.len());
        }
        assert_eq!((ring.at_or_after(0), ring.at_or_after(u64::MAX)), (0, 0));
    }

    /// Karger et al.'s monotonicity: what moves on a removal moves away from the removed, and on an
    /// addition towards the added.
    #[test]
    fn only_the_keys_of_the_removed_or_added_move() {
        let mut backends = Backends::with_weights(&[3, 5, 1, 5, 2]);
        let mut policy = policy("consistent-hash", &backends);
        let before = owners(&mut policy, &backends, 20_000);
        backends.remove(1);
        policy.rebuild(&backends);
        let without = owners(&mut policy, &backends, 20_000);
        assert!(before.iter().zip(&without).all(|(b, w)| b == w || *b == 2));
        backends.push(6, 4);
        policy.rebuild(&backends);
        let with = owners(&mut policy, &backends, 20_000);
        assert!(without.iter().zip(&with).all(|(o, w)| o == w || *w == 6));
        assert!(with.contains(&6));
    }

    /// Mirrokni et al.: nobody ever takes more than ⌈c · m / n⌉, and a request goes to the first with room.
    #[test]
    fn loads_are_bounded() {
        let mut knobs = Knobs::defaults(ENTRY.info.knobs);
        knobs.set("load_factor", crate::algo::setting::Value::Number(1.25));
        let mut backends = Backends::with_weights(&[1; 7]);
        let (mut bounded, mut free) = ((ENTRY.build)(&knobs), policy("consistent-hash", &backends));
        bounded.rebuild(&backends);
        let mut random = Stream::new(1, "bounded", crate::sim::Purpose::Policy);
        let mut moved = 0;
        for held in 0..700u64 {
            // Every third request is for one key.
            let ask = Ask { key: if held % 3 == 0 { 5 } else { held as u32 }, ..Ask::default() };
            let foretold = bounded.leads_to(ask.key, &backends);
            let pick = bounded.pick(&ask, &backends, &mut random);
            assert_eq!(foretold, Some(pick));
            let pick = pick.backend;
            let most = (1250 * (held + 1)).div_ceil(7000);
            assert!(u64::from(backends.in_flight[pick]) < most, "{held}: {:?}", backends.in_flight);
            let owner = free.pick(&ask, &backends, &mut random).backend;
            assert!(pick == owner || u64::from(backends.in_flight[owner]) >= most);
            moved += u32::from(pick != owner);
            let shown = bounded.inspect(&backends, Time::ZERO).places.expect("a circle");
            assert_eq!(shown.full, (pick != owner).then_some(owner));
            assert_eq!(shown.at_own, Some(f64::from(held as u32 + 1 - moved) / (held + 1) as f64 * 100.0));
            backends.in_flight[pick] += 1;
        }
        assert!((100..400).contains(&moved), "{moved}");
        knobs.set("load_factor", crate::algo::setting::Value::Number(0.5));
        let mut none_has_room = (ENTRY.build)(&knobs);
        none_has_room.rebuild(&backends);
        let ask = Ask { key: 5, ..Ask::default() };
        let owner = free.pick(&ask, &backends, &mut random).backend;
        assert_eq!(none_has_room.pick(&ask, &backends, &mut random).backend, owner);
    }

    /// The shares shown are the shares got, also with a backend out.
    #[test]
    fn arcs_are_what_keys_get() {
        let mut backends = Backends::with_weights(&[4, 2, 1, 3]);
        let mut policy = policy("consistent-hash", &backends);
        for out in [None, Some(3)] {
            if let Some(out) = out {
                backends.set_eligible(out, false);
                policy.rebuild(&backends);
            }
            let keys = 200_000;
            let got = owners(&mut policy, &backends, keys);
            let shown = policy.inspect(&backends, Time::ZERO).columns.remove(0).values;
            assert!((shown.iter().sum::<f64>() - 100.0).abs() < 1e-6);
            for (index, share) in shown.iter().enumerate() {
                let owned = got.iter().filter(|&&id| id == backends.id[index]).count() as f64;
                assert!((owned / f64::from(keys) * 100.0 - share).abs() < 0.45, "{index}: {share} %"); // 4 σ
            }
        }
    }
}
