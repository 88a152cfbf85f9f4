//! The hash ring with bounded loads: the first point at or after the hash whose member is not full.
//!
//! Mirrokni, Thorup and Zadimoghaddam, "Consistent Hashing with Bounded Loads" (SODA 2018). With m things
//! held, the one that comes included, no member takes more than ⌈c · m / n⌉; c is `load_factor`. By weight:
//! ⌈c · m · weight / total weight⌉. The paper's balls are moved when others leave; here, as in proxies that
//! balance requests (Vimeo's patch of HAProxy, 2016), what was placed stays until it is given back, so the
//! bound holds for every newcomer and, while nothing leaves, for all at any time. Loads are told by
//! [`Partition::took`] and [`Partition::gave_back`]; those of a member that goes are gone.

use super::hash_ring::{HashRing, POINTS};
use super::key::HASH;
use super::*;
use crate::algo::setting::Setting;
use crate::sim::order::map_of;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "bounded-ring",
        name: "Hash ring with bounded loads",
        short: "Bounded ring",
        summary: "As the hash ring, but a member that holds much more than the mean is passed over.",
        source: "Mirrokni, Thorup, Zadimoghaddam (SODA 2018)",
        knobs: &[
            POINTS,
            HASH,
            Setting::number("load_factor", "Load factor", "", (1.0, 10.0), 1.25, LOAD_FACTOR_HELP).usual(
                1.0,
                3.0,
                crate::algo::setting::Scale::Linear,
            ),
        ],
    },
    build: |knobs| {
        let load_factor = (knobs.number("load_factor").clamp(1.0, 10.0) * 1000.0 + 0.5) as u64;
        let loads = Loads { thousandths: load_factor, ..Default::default() };
        Box::new(BoundedRing { ring: HashRing::new(knobs), loads })
    },
};

const LOAD_FACTOR_HELP: &str =
    "How far above the mean a member may be loaded, rounded to thousandths; 1 is perfectly even.";

#[derive(Clone, Debug)]
struct BoundedRing {
    ring: HashRing,
    loads: Loads,
}

/// What each member holds.
#[derive(Clone, Debug, Default)]
struct Loads {
    /// The load factor, times a thousand.
    thousandths: u64,
    members: Members,
    holds: Vec<u64>,
    total: u64,
    total_weight: u64,
}

impl Loads {
    fn follow(&mut self, members: &Members) {
        let old = map_of(self.members.name.iter().zip(self.holds.iter().copied()));
        let holds: Vec<u64> = members.name.iter().map(|name| old.get(name).copied().unwrap_or(0)).collect();
        self.total = holds.iter().sum();
        self.total_weight = members.total_weight();
        self.members.clone_from(members);
        self.holds = holds;
    }

    /// The most that a member may hold once there are `total` things.
    fn most(&self, member: usize, total: u64) -> u64 {
        let part = u128::from(self.thousandths) * u128::from(total) * u128::from(self.members.weight[member]);
        part.div_ceil(u128::from(1000 * self.total_weight.max(1))) as u64
    }

    /// Whether it may take one more of `total` things.
    fn has_room(&self, member: usize, total: u64) -> bool {
        member < self.holds.len() && self.holds[member] < self.most(member, total)
    }
}

impl Partition for BoundedRing {
    fn rebuild(&mut self, members: &Members) {
        self.ring.rebuild(members);
        self.loads.follow(members);
    }

    fn hashing(&self) -> Hashing {
        self.ring.hashing
    }

    /// Who would take the key now. As the load factor is at least 1, there is always one with room.
    fn owner(&self, key: &Key) -> usize {
        self.owner_among(key, self.loads.total + 1)
    }

    fn by_load(&self) -> bool {
        true
    }

    fn owner_among(&self, key: &Key, total: u64) -> usize {
        let (circle, first) = (&self.ring.circle, self.ring.position(key));
        let positions = (first..circle.len()).chain(0..first);
        let mut members = positions.map(|position| circle.member(position));
        members.find(|&member| self.loads.has_room(member, total)).unwrap_or(circle.member(first))
    }

    fn preference(&self, key: &Key, count: usize, out: &mut Vec<usize>) {
        self.ring.owners(key, count, out);
    }

    /// Those with room in the order of the ring, then the full ones.
    fn owners(&self, key: &Key, count: usize, out: &mut Vec<usize>) {
        let mut all = vec![];
        self.ring.owners(key, self.loads.holds.len(), &mut all);
        let has_room = |member| self.loads.has_room(member, self.loads.total + 1);
        let room = |wanted| all.iter().copied().filter(move |&member| has_room(member) == wanted);
        out.clear();
        out.extend(room(true).chain(room(false)).take(count));
    }

    fn took(&mut self, member: usize) {
        if let Some(holds) = self.loads.holds.get_mut(member) {
            *holds += 1;
            self.loads.total += 1;
        }
    }

    fn gave_back(&mut self, member: usize) {
        if let Some(holds) = self.loads.holds.get_mut(member).filter(|holds| **holds > 0) {
            *holds -= 1;
            self.loads.total -= 1;
        }
    }

    fn place(&self, key: &Key) -> Option<f64> {
        self.ring.place(key)
    }

    fn why(&self, key: &Key, name: &dyn Fn(usize) -> String) -> String {
        let (first, owner) = (self.ring.owner(key), self.owner(key));
        let nearest = self.ring.why(key, name);
        if first == owner {
            return format!("{nearest}, which has room");
        }
        let (holds, most) = (self.loads.holds[first], self.loads.most(first, self.loads.total + 1));
        format!("{nearest}, which holds {holds} and may hold {most}; the next with room is {}", name(owner))
    }

    fn loads(&self) -> Vec<Load> {
        let load = |member| Load {
            holds: self.loads.holds[member],
            most: self.loads.most(member, self.loads.total + 1),
        };
        (0..self.loads.holds.len()).map(load).collect()
    }

    fn inspect(&self, members: &Members) -> Inspection {
        // Which keys a member owns depends on what the others hold.
        Inspection { loads: self.loads(), shares: vec![], ..self.ring.inspect(members) }
    }

    fn check(&self, members: &Members) -> Result<(), String> {
        self.ring.check(members)?;
        let same = self.loads.members == *members && self.loads.holds.len() == members.len();
        let sum = self.loads.holds.iter().sum::<u64>();
        if same && sum == self.loads.total { Ok(()) } else { Err(format!("loads {:?}", self.loads)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::ring::tests::{key, policy_with};
    use crate::algo::setting::Value;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        /// The paper's bound after every single key, and the paper's rule by hand: the first member of the
        /// plain ring's order of preference that is below it.
        #[test]
        fn nobody_is_ever_above_the_bound(
            weights in prop::collection::vec(1..4u32, 1..8), c in 1000..3000u64, keys in 1..400u32
        ) {
            let mut members = Members::default();
            weights.iter().enumerate().for_each(|(at, &weight)| members.push(format!("m{at}"), weight));
            let knobs = [("points", Value::Number(8.0)), ("load_factor", Value::Number(c as f64 / 1000.0))];
            let mut policy = policy_with("bounded-ring", &knobs, &members);
            let ring = policy_with("ring", &knobs[..1], &members);
            let (mut held, mut order) = (vec![0u64; weights.len()], vec![]);
            let total_weight: u64 = weights.iter().map(|&w| u64::from(w)).sum();
            for m in 1..=keys {
                let bound = |at: usize| {
                    (c * u64::from(m) * u64::from(weights[at])).div_ceil(1000 * total_weight)
                };
                let key = key(&*policy, m % 50);
                ring.owners(&key, weights.len(), &mut order);
                let wanted = order.iter().copied().find(|&at| held[at] < bound(at));
                let owner = policy.owner(&key);
                prop_assert_eq!(Some(owner), wanted);
                policy.took(owner);
                held[owner] += 1;
                prop_assert!((0..held.len()).all(|at| held[at] <= bound(at)), "{:?} of {}", held, m);
                policy.check(&members).unwrap();
            }
        }
    }

    #[test]
    fn loads_follow_their_members_and_drain() {
        let mut members = Members::named(["a", "b", "c"]);
        let mut policy = policy_with("bounded-ring", &[], &members);
        (0..5).for_each(|_| policy.took(2));
        policy.took(0);
        members.remove(1);
        members.push("d", 1);
        policy.rebuild(&members);
        let holds = |policy: &dyn Partition, members: &Members| -> Vec<u64> {
            policy.inspect(members).loads.iter().map(|load| load.holds).collect()
        };
        assert_eq!(holds(&*policy, &members), [1, 5, 0]);
        (0..7).for_each(|_| policy.gave_back(1));
        assert_eq!(holds(&*policy, &members), [1, 0, 0]);
        assert_eq!(policy.check(&members), Ok(()));
    }

    /// With room everywhere it is the plain ring.
    #[test]
    fn without_load_it_is_the_ring() {
        let members = Members::named(["a", "b", "c", "d"]);
        let (bounded, ring) =
            (policy_with("bounded-ring", &[], &members), policy_with("ring", &[], &members));
        assert_eq!(moved((&*ring, &members), (&*bounded, &members), 5000), 0);
    }
}
