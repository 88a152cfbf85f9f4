//! What only the experimenter knows: which acknowledged writes were lost.
//!
//! A *lost update* is a write that was acknowledged and that last write wins drops in favour of another
//! acknowledged write, although neither had seen the other. It is counted once, when the second of the two
//! is acknowledged: from then on it is certain which of them stays. Where version vectors had kept both, that is when
//! last write wins takes their place. A *lost write* is one that was acknowledged and that a new leader does not have.

use super::version::{Merge, Row, SIBLINGS_MAX, Version};
use crate::node::pages::Pages;

#[derive(Clone, Debug, Default)]
pub struct Oracle {
    keys: Pages<Record>,
}

#[derive(Clone, Debug, Default)]
struct Record {
    /// Of the acknowledged writes those that stay: one; with version vectors those that no other has seen.
    kept: Vec<Kept>,
    /// Writes after the first of these numbers and up to the second are lost, and counted.
    lost: (u32, u32),
}

/// An acknowledged write that stays.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    pub version: Version,
    /// It was taken by version vectors alone: nothing stands in its place that has not seen it.
    pub beside: bool,
}

/// What became of an acknowledged write and those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is the newest, or there is a newer one that has seen it.
    InOrder,
    /// One that neither had seen stands beside it.
    Kept,
    /// One of two that had not seen each other is lost.
    Lost,
}

impl Oracle {
    /// A write was acknowledged. `beside`: version vectors were the rule all the time since it began.
    pub fn acknowledged(&mut self, key: u32, row: &Row, how: Merge, beside: bool) -> Fate {
        let Some(new) = row.versions().first().copied() else { return Fate::InOrder };
        let kept = &mut self.keys.get_mut(key).kept;
        if kept.iter().any(|old| old.version.has_seen(&new)) {
            return Fate::InOrder;
        }
        let is_newer = |old: &Kept| match how {
            Merge::KeepBoth => new.has_seen(&old.version),
            Merge::LastWins => new.has_seen(&old.version) || new.rank() > old.version.rank(),
        };
        let fate = match (kept.iter().all(|old| new.has_seen(&old.version)), how) {
            (true, _) => Fate::InOrder,
            (false, Merge::KeepBoth) => Fate::Kept,
            (false, Merge::LastWins) => Fate::Lost,
        };
        kept.retain(|old| !is_newer(old));
        if how == Merge::KeepBoth || kept.is_empty() {
            kept.push(Kept { version: new, beside });
        }
        if kept.len() > SIBLINGS_MAX {
            // Machines drop the oldest, too.
            let oldest = kept.iter().map(|kept| kept.version.number).min();
            kept.retain(|kept| Some(kept.version.number) != oldest);
        }
        fate
    }

    /// Of each key's acknowledged writes those that stay.
    pub fn kept(&self) -> impl Iterator<Item = (u32, &Kept)> {
        self.keys.iter().flat_map(|(key, record)| record.kept.iter().map(move |kept| (key, kept)))
    }

    /// From now on the last write wins. Of those that version vectors had kept side by side one stays; how many others
    /// that loses, by key.
    pub fn one_stays(&mut self) -> Vec<(u32, u32)> {
        let several = self.keys.iter().filter(|(_, record)| record.kept.iter().any(|kept| kept.beside));
        let keys: Vec<u32> = several.map(|(key, _)| key).collect();
        let mut lost = vec![];
        for key in keys {
            let kept = &mut self.keys.get_mut(key).kept;
            let best = kept.iter().map(|kept| kept.version).max_by_key(Version::rank);
            lost.push((key, kept.len() as u32 - 1));
            *kept = best.map(|version| Kept { version, beside: false }).into_iter().collect();
        }
        lost
    }

    /// A leader takes over that has this row; acknowledged are writes up to `newest`. How many that loses which were
    /// not lost before. Its row is what stays from then on: what comes after is not to blame for what is lost already.
    pub fn taken_over(&mut self, key: u32, row: Option<&Row>, newest: u32) -> u32 {
        let record = self.keys.get_mut(key);
        let has = row.map_or(0, Row::number);
        let (after, to) = record.lost;
        let lost = newest.saturating_sub(has.max(to)) + after.saturating_sub(has);
        if lost > 0 {
            record.lost = (has, newest);
            let first = row.and_then(|row| row.versions().first().copied());
            record.kept = first.map(|version| Kept { version, beside: false }).into_iter().collect();
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::store::version::Seen;

    #[test]
    fn each_write_is_lost_once() {
        let row = |number| Row::new(Version { number, writer: 0, term: 1, stamp: 0, seen: Seen::default() });
        let mut oracle = Oracle::default();
        oracle.acknowledged(3, &row(6), Merge::LastWins, false);
        assert_eq!(oracle.taken_over(3, Some(&row(6)), 6), 0);
        assert_eq!(oracle.taken_over(3, Some(&row(2)), 6), 4, "3 to 6");
        assert_eq!(oracle.taken_over(3, Some(&row(2)), 6), 0);
        oracle.acknowledged(3, &row(8), Merge::LastWins, false);
        assert_eq!(oracle.taken_over(3, Some(&row(2)), 8), 2, "7 and 8");
        assert_eq!(oracle.kept().map(|(_, kept)| kept.version.number).collect::<Vec<_>>(), [2]);
        assert_eq!(oracle.taken_over(3, None, 8), 2, "1 and 2");
        assert_eq!(oracle.kept().count() as u32 + oracle.taken_over(3, None, 8), 0);
    }
}
