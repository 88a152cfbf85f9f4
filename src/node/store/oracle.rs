//! What only the experimenter knows: which acknowledged writes were lost.
//!
//! A *lost update* is a write that was acknowledged and that last write wins drops in favour of another
//! acknowledged write, although neither had seen the other. It is counted once, when the second of the two
//! is acknowledged: from then on it is certain which of them stays. A *lost write* is one that was
//! acknowledged and that a new leader does not have.

use super::version::{Merge, Row, Version};
use crate::node::pages::Pages;

#[derive(Clone, Debug, Default)]
pub struct Oracle {
    keys: Pages<Record>,
}

#[derive(Clone, Debug, Default)]
struct Record {
    /// Of the acknowledged writes the one that stays.
    winner: Option<Row>,
    /// Writes after the first of these numbers and up to the second are lost, and counted.
    lost: (u32, u32),
}

impl Oracle {
    /// A write was acknowledged. True if that decides that an acknowledged one is lost.
    pub fn acknowledged(&mut self, key: u32, row: &Row, how: Merge) -> bool {
        let record = self.keys.get_mut(key);
        let newest = |row: &Row| row.versions().first().copied();
        let (Some(new), before) = (newest(row), record.winner.as_ref().and_then(newest)) else {
            return false;
        };
        let Some(old) = before else {
            record.winner = Some(row.clone());
            return false;
        };
        if new.has_seen(&old) || (!old.has_seen(&new) && Version::rank(&new) > Version::rank(&old)) {
            record.winner = Some(row.clone());
        }
        how == Merge::LastWins && !new.has_seen(&old) && !old.has_seen(&new)
    }

    /// Of each key's acknowledged writes the one that stays.
    pub fn kept(&self) -> impl Iterator<Item = (u32, &Version)> {
        self.keys.iter().filter_map(|(key, record)| Some((key, record.winner.as_ref()?.versions().first()?)))
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
            record.winner = row.cloned();
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
        oracle.acknowledged(3, &row(6), Merge::LastWins);
        assert_eq!(oracle.taken_over(3, Some(&row(6)), 6), 0);
        assert_eq!(oracle.taken_over(3, Some(&row(2)), 6), 4, "3 to 6");
        assert_eq!(oracle.taken_over(3, Some(&row(2)), 6), 0);
        oracle.acknowledged(3, &row(8), Merge::LastWins);
        assert_eq!(oracle.taken_over(3, Some(&row(2)), 8), 2, "7 and 8");
        assert_eq!(oracle.kept().map(|(_, version)| version.number).collect::<Vec<_>>(), [2]);
        assert_eq!(oracle.taken_over(3, None, 8), 2, "1 and 2");
        assert_eq!(oracle.kept().count() as u32 + oracle.taken_over(3, None, 8), 0);
    }
}
