//! A bug to meet: a "ring" that looks for the key among the members' names.
//!
//! Seen in home-made Go versions of consistent hashing: the shards are kept in a slice sorted by *name*, and a
//! look-up is `sort.SearchStrings(names, key)`, wrapping to the first at the end. Nothing is hashed, neither name
//! nor key. So a key belongs to the first member whose name is at or after it, byte for byte, and if there is
//! none, to the first of all. Shards are called alike (`shard-1`, `shard-2`, …), keys are not: every key that
//! comes before `shard-1` (all that begin with a digit or a letter up to `r`) and every key after the last name
//! lands on the first shard, and the others stay nearly empty. It looks right in a test with one shard, and
//! moves no key needlessly. Weights do not matter.

use super::*;
use crate::sim::order::map_of;
use std::sync::Arc;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "scan-by-name",
        name: "Scan by name (a bug)",
        short: "Scan by name",
        summary: "Takes the first member whose name is at or after the key: nearly everything lands on one.",
        source: "a quirk of home-made versions",
        knobs: &[],
    },
    build: |_| Box::new(ScanByName::default()),
};

#[derive(Clone, Debug, Default)]
struct ScanByName {
    /// Ascending, with the member's index.
    names: Vec<(Arc<str>, usize)>,
}

impl ScanByName {
    fn position(&self, key: &Key) -> usize {
        let at = self.before(key);
        if at < self.names.len() { at } else { 0 }
    }

    /// How many names are before the key.
    fn before(&self, key: &Key) -> usize {
        let mut room = [0; DIGITS];
        let wanted = key.name.bytes(&mut room);
        self.names.partition_point(|(name, _)| name.as_bytes() < wanted)
    }
}

impl Partition for ScanByName {
    fn rebuild(&mut self, members: &Members) {
        self.names = map_of(members.name.iter().cloned().zip(0..)).into_iter().collect();
    }

    fn owner(&self, key: &Key) -> usize {
        self.names.get(self.position(key)).map_or(0, |(_, member)| *member)
    }

    /// The owner, and those behind it by name.
    fn owners(&self, key: &Key, count: usize, out: &mut Vec<usize>) {
        following(self.position(key), self.names.len(), count, out);
        out.iter_mut().for_each(|position| *position = self.names[*position].1);
    }

    /// In the zone up to the first name at or after it; the last is behind all names.
    fn place(&self, key: &Key) -> Option<f64> {
        Some(place_in_zone(self.before(key), self.names.len() + 1, key.hash))
    }

    fn why(&self, key: &Key, name: &dyn Fn(usize) -> String) -> String {
        let owner = name(self.owner(key));
        match self.before(key) < self.names.len() {
            true => format!("is looked up by name: the first name at or after it is {owner}'s"),
            false => format!(
                "is looked up by name: it is behind all names, and so {owner}'s, whose name is the first"
            ),
        }
    }

    fn inspect(&self, _: &Members) -> Inspection {
        let first = self.names.first();
        let owners: Vec<usize> = self.names.iter().chain(first).map(|(_, member)| *member).collect();
        let note = format!("first by name: {}", first.map_or("", |(name, _)| name));
        let points = zones(owners.iter().copied());
        Inspection { note, zones: true, points, points_total: owners.len(), ..Default::default() }
    }

    fn check(&self, members: &Members) -> Result<(), String> {
        let same = |(name, member): &(Arc<str>, usize)| members.name.get(*member) == Some(name);
        let all = self.names.len() == members.len() && self.names.iter().all(same);
        if all && self.names.is_sorted() { Ok(()) } else { Err(format!("names {:?}", self.names)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::ring::tests::policy_with;

    #[test]
    fn the_first_name_at_or_after_the_key() {
        let policy = policy_with("scan-by-name", &[], &Members::named(["m", "f", "t"]));
        let owner = |text| policy.owner(&Key::text(text, Hashing::Xxhash));
        for (key, wanted) in [("a", 1), ("f", 1), ("f1", 0), ("m", 0), ("n", 2), ("t", 2), ("u", 1), ("", 1)]
        {
            assert_eq!(owner(key), wanted, "{key}");
        }
        let mut owners = vec![];
        policy.owners(&Key::text("n", Hashing::Xxhash), 5, &mut owners);
        assert_eq!(owners, [2, 1, 0]);
    }

    /// What a learner meets: all keys of requests on one of ten shards.
    #[test]
    fn everything_lands_on_one() {
        let members = Members::named((0..10).map(|nth| format!("shard-{nth}")));
        let policy = policy_with("scan-by-name", &[], &members);
        assert_eq!(owned((&*policy, &members), 10_000)[0], 10_000);
    }
}
