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
    /// What was lost of writes up to this number has been counted.
    lost_to: u32,
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

    /// Keys of which a write was acknowledged.
    pub fn keys(&self) -> impl Iterator<Item = u32> {
        self.keys.iter().filter(|(_, record)| record.winner.is_some()).map(|(key, _)| key)
    }

    /// A leader takes over that has writes up to `has`; acknowledged are those up to `newest`. How many that
    /// loses which were not lost before.
    pub fn taken_over(&mut self, key: u32, has: u32, newest: u32) -> u32 {
        let record = self.keys.get_mut(key);
        let lost = newest.saturating_sub(has.max(record.lost_to));
        if lost > 0 {
            record.lost_to = newest;
        }
        lost
    }
}
