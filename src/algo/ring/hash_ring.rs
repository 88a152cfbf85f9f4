//! The hash ring: every member has points on a circle; a key belongs to the first point at or after its hash.
//!
//! Karger, Lehman, Leighton, Panigrahy, Levine and Lewin, "Consistent Hashing and Random Trees" (1997).
//! A member has `points` points for each unit of its weight, at the hashes of the texts `name:0`, `name:1`…, so
//! who comes or goes touches only its own keys. (ketama takes four points from each MD5; here each is hashed by
//! itself.) A hash that meets a point belongs to it; behind the last point the first comes again. Of points
//! on one place the first by name counts. With `hash` = `identity` a key is a number modulo 2³², and member
//! `n` has its points at the numbers `0n`, `1n`, `2n`…, as in the test of Go's groupcache.

use super::circle::Circle;
use super::key::HASH;
use super::*;
use crate::algo::setting::{Scale, Setting};
use std::sync::Arc;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "ring",
        name: "Hash ring",
        short: "Hash ring",
        summary: "The hash leads to a place on a ring, and to the member whose point comes next.",
        source: "Karger et al. (1997); ketama (2007)",
        knobs: &[POINTS, HASH],
    },
    build: |knobs| Box::new(HashRing::new(knobs)),
};

pub(super) const POINTS: Setting =
    Setting::integer("points", "Points per member", "", (1.0, 1000.0), 160.0, POINTS_HELP).usual(
        1.0,
        1000.0,
        Scale::Logarithmic,
    );
const POINTS_HELP: &str = "Points on the ring for each unit of weight; more points, more even shares.";

/// Also what `bounded-ring` goes by.
#[derive(Clone, Debug)]
pub(super) struct HashRing {
    pub hashing: Hashing,
    points: u32,
    /// Shared by clones: checkpoints of a run need not copy it.
    pub circle: Arc<Circle>,
    members: Members,
}

impl HashRing {
    pub fn new(knobs: &Knobs) -> HashRing {
        let points = knobs.number("points").clamp(1.0, 1000.0) as u32;
        let hashing = Hashing::chosen(knobs);
        HashRing { hashing, points, circle: Arc::default(), members: Members::default() }
    }

    /// The position of the key's point.
    #[inline]
    pub fn position(&self, key: &Key) -> usize {
        self.circle.at_or_after(self.hashing.place(key.hash))
    }

    pub fn note(&self) -> String {
        format!("{} points, {}", self.circle.len(), self.hashing.note())
    }
}

impl Partition for HashRing {
    fn rebuild(&mut self, members: &Members) {
        if self.members != *members {
            self.members.clone_from(members);
            self.circle = Arc::new(Circle::new(members, self.points, self.hashing));
        }
    }

    fn hashing(&self) -> Hashing {
        self.hashing
    }

    fn owner(&self, key: &Key) -> usize {
        self.circle.member(self.position(key))
    }

    /// The owner, and those whose points come next.
    fn owners(&self, key: &Key, count: usize, out: &mut Vec<usize>) {
        out.clear();
        self.circle.walk(self.position(key), self.members.len(), count, out);
    }

    fn place(&self, key: &Key) -> Option<f64> {
        Some(circle::fraction(self.hashing.place(key.hash)))
    }

    fn why(&self, key: &Key, name: &dyn Fn(usize) -> String) -> String {
        let place = self.place(key).map(per_cent).unwrap_or_default();
        format!("lies at {place} of the circle; the next point is {}'s", name(self.owner(key)))
    }

    fn inspect(&self, members: &Members) -> Inspection {
        self.circle.inspect(members, self.note())
    }

    fn check(&self, members: &Members) -> Result<(), String> {
        if self.members != *members {
            return Err("the ring was built from other members".to_string());
        }
        self.circle.check(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::ring::tests::{key, policy_with, weighted};
    use crate::algo::setting::Value;
    use proptest::prelude::*;

    const HASHES: [&str; 3] = ["md5", "xxhash", "identity"];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        /// The definition: of all points, made from their written names, the nearest clockwise, and on from
        /// there. No sorting, no buckets.
        #[test]
        fn the_nearest_points_clockwise_by_brute_force(
            weights in prop::collection::vec(1..5u32, 1..8), points in 1..30u32, hash in 0..3usize, first: u32
        ) {
            let mut members = Members::default();
            weights.iter().enumerate().for_each(|(at, &weight)| members.push((17 * at).to_string(), weight));
            let knobs = [("points", Value::Number(points.into())), ("hash", Value::Word(HASHES[hash]))];
            let policy = policy_with("ring", &knobs, &members);
            policy.check(&members).unwrap();
            // In steps of the circle's resolution: 2⁻⁴⁸ for xxHash, 2⁻³² else.
            let place = |hash: u64| policy.hashing().place(hash) >> 16;
            let mut all = vec![];
            for (at, name) in members.name.iter().enumerate() {
                for nth in 0..points * weights[at] {
                    let text = if hash == 2 { format!("{nth}{name}") } else { format!("{name}:{nth}") };
                    all.push((place(policy.hashing().of(text.as_bytes())), name.clone(), at));
                }
            }
            let mut owners = vec![];
            for number in (0..200).map(|nth| first.wrapping_add(nth * nth * 1009)) {
                let key = key(&*policy, number);
                let behind = |point: &&(u64, Arc<str>, usize)| {
                    (point.0.wrapping_sub(place(key.hash)) << 16, point.1.clone())
                };
                let mut wanted: Vec<usize> = vec![];
                while wanted.len() < members.len() {
                    let left = all.iter().filter(|point| !wanted.contains(&point.2));
                    wanted.push(left.min_by_key(behind).map(|point| point.2).unwrap());
                }
                policy.owners(&key, members.len(), &mut owners);
                prop_assert_eq!(&owners, &wanted, "key {} by {}", number, HASHES[hash]);
            }
        }
    }

    /// The test of Go's groupcache (consistenthash/consistenthash_test.go, TestHashing): three points for
    /// each of 6, 4 and 2, hashed as numbers; then 8 joins.
    #[test]
    fn groupcache_agrees() {
        let mut members = Members::named(["6", "4", "2"]);
        let knobs = [("points", Value::Number(3.0)), ("hash", Value::Word("identity"))];
        let mut policy = policy_with("ring", &knobs, &members);
        let owner = |policy: &dyn Partition, members: &Members, number: u32| {
            members.name[policy.owner(&key(policy, number))].to_string()
        };
        for (number, wanted) in [(2, "2"), (11, "2"), (23, "4"), (27, "2")] {
            assert_eq!(owner(&*policy, &members, number), wanted, "{number}");
        }
        members.push("8", 1);
        policy.rebuild(&members);
        assert_eq!(owner(&*policy, &members, 27), "8");
    }

    /// Computed with Python's hashlib and a scan of a sorted list.
    #[test]
    fn python_agrees_on_md5() {
        let members = Members::named(["a", "b", "c"]);
        let policy =
            policy_with("ring", &[("points", Value::Number(4.0)), ("hash", Value::Word("md5"))], &members);
        let texts = ["apple", "banana", "cherry", "1", "2", "3", "42", "user:7", "", "zebra"];
        let owner = |text| policy.owner(&Key::text(text, Hashing::Md5));
        assert_eq!(texts.map(owner), [2, 1, 2, 2, 2, 2, 1, 1, 2, 2]);
    }

    /// A member's share is a sum of `points` arcs of exponential length: its coefficient of variation is
    /// 1/√points (for many members). With 100 members that itself deviates by 1/√200 of it.
    #[test]
    fn imbalance_falls_with_the_points_as_theory_says() {
        let members = weighted(&[1; 100]);
        for points in [10.0, 40.0, 160.0, 640.0] {
            let policy = policy_with("ring", &[("points", Value::Number(points))], &members);
            let shares = policy.inspect(&members).shares;
            let squares: f64 = shares.iter().map(|share| (share * 100.0 - 1.0) * (share * 100.0 - 1.0)).sum();
            let variation = libm::sqrt(squares / 100.0);
            let theory = 1.0 / libm::sqrt(points);
            assert!((variation / theory - 1.0).abs() < 4.0 / libm::sqrt(200.0), "{points}: {variation}");
        }
    }

    /// A tenth of the keys, 1/(n + 1), moves when a tenth member joins; shares differ by some 1/√1000.
    #[test]
    fn the_expected_part_moves() {
        let (nine, ten) = (weighted(&[1; 9]), weighted(&[1; 10]));
        let knobs = [("points", Value::Number(1000.0))];
        let (before, after) = (policy_with("ring", &knobs, &nine), policy_with("ring", &knobs, &ten));
        let moved = moved((&*before, &nine), (&*after, &ten), 50_000) as f64;
        assert!((moved / 5000.0 - 1.0).abs() < 4.0 * libm::sqrt(1.0 / 1000.0 + 1.0 / 5000.0), "{moved}");
    }

    /// Whatever is asked for, a ring stays within its bound.
    #[test]
    fn the_largest_ring_is_bounded() {
        let members = weighted(&[WEIGHT_MAX; MEMBERS_MAX]);
        let policy = policy_with("ring", &[("points", Value::Number(1000.0))], &members);
        let seen = policy.inspect(&members);
        assert_eq!(seen.points_total, 4 * WEIGHT_MAX as usize * MEMBERS_MAX);
        assert!(seen.points_total as u64 <= circle::POINTS_TOTAL_MAX && seen.points.len() == POINTS_SHOWN);
        assert_eq!(policy.check(&members), Ok(()));
    }
}
