//! Jump consistent hash: no memory at all, and when a member joins at the end, the least possible moves.
//!
//! Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm" (2014). The members are known by
//! their place in the list, not by name: only the last can leave cheaply. Weights do not matter. Replicas are
//! those that follow in the list.

use super::key::HASH;
use super::*;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "jump",
        name: "Jump hash",
        short: "Jump",
        summary: "A few jumps of a generator seeded by the key end at its member; only the last may leave.",
        source: "Lamping, Veach (2014)",
        knobs: &[HASH],
    },
    build: |knobs| Box::new(Jump { hashing: Hashing::chosen(knobs), members: 0 }),
};

#[derive(Clone, Debug)]
struct Jump {
    hashing: Hashing,
    members: usize,
}

/// The bucket, below `buckets` (at least 1): the last one reached by jumps over those in which the key would
/// stay when the buckets grow one by one. The generator is the paper's.
fn jump(key: u64, buckets: usize) -> usize {
    jumps(key, buckets, |_| {})
}

/// The same, and `met` is told each bucket on the way.
fn jumps(mut key: u64, buckets: usize, mut met: impl FnMut(u32)) -> usize {
    let (mut bucket, mut next) = (0, 0);
    while next < buckets as u64 {
        bucket = next;
        met(bucket as u32);
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        next = ((bucket + 1) as f64 * ((1u64 << 31) as f64 / ((key >> 33) + 1) as f64)) as u64;
    }
    bucket as usize
}

impl Partition for Jump {
    fn rebuild(&mut self, members: &Members) {
        self.members = members.len();
    }

    fn hashing(&self) -> Hashing {
        self.hashing
    }

    fn owner(&self, key: &Key) -> usize {
        jump(key.hash, self.members)
    }

    fn owners(&self, key: &Key, count: usize, out: &mut Vec<usize>) {
        following(self.owner(key), self.members, count, out);
    }

    fn way(&self, key: &Key) -> Way {
        let mut met = vec![];
        jumps(key.hash, self.members, |bucket| met.push(bucket));
        Way::Jumps(met)
    }

    /// In its member's part of the line.
    fn place(&self, key: &Key) -> Option<f64> {
        Some(place_in_zone(self.owner(key), self.members, key.hash))
    }

    fn why(&self, key: &Key, name: &dyn Fn(usize) -> String) -> String {
        let mut met = vec![];
        jumps(key.hash, self.members, |bucket| met.push(name(bucket as usize)));
        format!("jumps {}, and from there beyond the last", met.join(" → "))
    }

    fn inspect(&self, members: &Members) -> Inspection {
        let note = format!("jumps below {}, {}", self.members, self.hashing.note());
        let shares = vec![1.0 / self.members.max(1) as f64; members.len()];
        let points = zones(0..members.len());
        Inspection { note, zones: true, points, points_total: members.len(), shares, ..Default::default() }
    }

    fn check(&self, members: &Members) -> Result<(), String> {
        let same = self.members == members.len();
        if same {
            Ok(())
        } else {
            Err(format!("built for {} members, there are {}", self.members, members.len()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of two other implementations of the paper: the tests of Go's go-jump (D. Gryski) and of
    /// Guava's `Hashing.consistentHash` (HashingTest.java).
    #[test]
    fn published_values() {
        for (key, buckets, wanted) in
            [(1, 1, 0), (42, 57, 43), (0xdead_10cc, 1, 0), (0xdead_10cc, 666, 361), (256, 1024, 520)]
        {
            assert_eq!(jump(key, buckets), wanted, "{key} of {buckets}");
        }
        for (key, wanted) in
            [(10_863_919_174_838_991, 6), (2_016_238_256_797_177_309, 3), (1_673_758_223_894_951_030, 5)]
        {
            assert_eq!(jump(key, 11), wanted, "{key} of 11");
        }
    }

    /// The theorem: from n to n + 1 buckets a key stays or moves to the new one, and 1/(n + 1) of them move.
    #[test]
    fn only_the_expected_part_moves_and_only_to_the_new_bucket() {
        let keys = 20_000;
        for buckets in [1, 2, 5, 10, 100] {
            let mut moved = 0.0;
            for key in 0..keys {
                let hash = Hashing::Xxhash.of_number(key);
                let (before, after) = (jump(hash, buckets), jump(hash, buckets + 1));
                assert!(before == after || after == buckets);
                moved += f64::from(before != after);
            }
            let part = 1.0 / (buckets + 1) as f64;
            let deviation = libm::sqrt(f64::from(keys) * part * (1.0 - part));
            assert!((moved - f64::from(keys) * part).abs() < 4.0 * deviation, "{moved} of {buckets}");
        }
    }
}
