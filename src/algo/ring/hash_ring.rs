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
