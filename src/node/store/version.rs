//! What a machine holds of a key: versions, and what each of them had seen.
//!
//! A version is a dot (who coordinated the write, its number) and the set of writes that it had seen, as
//! the newest number of each coordinator: a version vector (Parker et al., 1983; Dynamo, 2007). Numbers
//! are the oracle's, which grow with every write of the key, so a coordinator's own numbers grow too.
//! With last write wins the vector decides nothing; it is kept to measure what was lost.

use crate::sim::mix;
use std::sync::Arc;

/// Coordinators that a vector remembers; of more the oldest is forgotten, as Dynamo does beyond 10. A
/// version may then count as unseen that was seen.
pub const SEEN_MAX: usize = 6;
/// Versions kept side by side; of more the oldest are dropped, and counted as lost.
pub const SIBLINGS_MAX: usize = 8;

/// For each coordinator the newest of its writes that was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    len: u8,
    entries: [(u16, u32); SEEN_MAX],
}

impl Seen {
    pub fn entries(&self) -> &[(u16, u32)] {
        &self.entries[..self.len as usize]
    }

    /// The newest write of `member` that was seen; 0 for none.
    pub fn of(&self, member: u16) -> u32 {
        self.entries().iter().find(|entry| entry.0 == member).map_or(0, |entry| entry.1)
    }

    pub fn add(&mut self, member: u16, number: u32) {
        let len = self.len as usize;
        if let Some(entry) = self.entries[..len].iter_mut().find(|entry| entry.0 == member) {
            entry.1 = entry.1.max(number);
        } else if len < SEEN_MAX {
            self.entries[len] = (member, number);
            self.len += 1;
        } else if let Some(oldest) = self.entries.iter_mut().min_by_key(|entry| entry.1)
            && oldest.1 < number
        {
            *oldest = (member, number);
        }
    }

    pub fn add_all(&mut self, other: &Seen) {
        for (member, number) in other.entries() {
            self.add(*member, *number);
        }
    }
}

/// One write's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// The oracle's number of the write: from 1, larger for what began later.
    pub number: u32,
    /// Who coordinated it.
    pub writer: u16,
    /// With a leader, how often leaders had changed: a later one's writes win over an earlier one's. Without, the
    /// same for all.
    pub term: u32,
    /// The coordinator's clock, in nanoseconds, skewed as it is; 0 where a leader orders the writes.
    pub stamp: i64,
    /// Itself included.
    pub seen: Seen,
}

impl Version {
    /// The greatest wins where only one is kept. Writes of one nanosecond go by their beginning.
    pub fn rank(&self) -> (u32, i64, u32) {
        (self.term, self.stamp, self.number)
    }

    pub fn has_seen(&self, other: &Version) -> bool {
        self.seen.of(other.writer) >= other.number
    }
}

/// What becomes of two versions that meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// The one of the greater rank stays.
    LastWins,
    /// Both stay, unless one has seen the other.
    KeepBoth,
}

/// A key's versions at one machine: at least one, the newest first. A clone shares them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(Arc<Vec<Version>>);

/// What came of a merge.
#[derive(Clone, Debug)]
pub struct Merged {
    pub row: Row,
    /// Versions that stand beside others now and did not before.
    pub conflicts: u32,
    /// Versions dropped because there were too many.
    pub dropped: u32,
}

impl Row {
    pub fn new(version: Version) -> Row {
        Row(Arc::new(vec![version]))
    }

    pub fn versions(&self) -> &[Version] {
        &self.0
    }

    /// The number of the newest write in it.
    pub fn number(&self) -> u32 {
        self.0.first().map_or(0, |version| version.number)
    }

    /// Everything that its versions had seen.
    pub fn seen(&self) -> Seen {
        let mut seen = Seen::default();
        self.0.iter().for_each(|version| seen.add_all(&version.seen));
        seen
    }

    /// The same for equal rows, and for others nearly never.
    pub fn digest(&self) -> u64 {
        self.0.iter().fold(0, |hash, version| mix(hash ^ u64::from(version.number)))
    }

    pub fn same(&self, other: &Row) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || self.0.len() == other.0.len()
                && self.0.iter().zip(&*other.0).all(|(a, b)| a.number == b.number)
    }

    /// The version that wins, if there are several.
    pub fn one_of_several(&self) -> Option<Row> {
        let best = self.0.iter().max_by_key(|version| version.rank())?;
        (self.0.len() > 1).then(|| Row::new(*best))
    }

    /// What this row becomes when `other` comes to it; `None` if it stays as it is.
    pub fn merge(&self, other: &Row, how: Merge) -> Option<Merged> {
        if self.same(other) {
            return None;
        }
        match how {
            Merge::LastWins => self.merge_last(other),
            Merge::KeepBoth => self.merge_both(other),
        }
    }

    fn merge_last(&self, other: &Row) -> Option<Merged> {
        let best = |row: &Row| row.0.iter().max_by_key(|version| version.rank()).copied();
        let (mine, theirs) = (best(self)?, best(other)?);
        if mine.rank() >= theirs.rank() && self.0.len() == 1 {
            return None;
        }
        let winner = if mine.rank() >= theirs.rank() { mine } else { theirs };
        Some(Merged { row: Row::new(winner), conflicts: 0, dropped: 0 })
    }

    fn merge_both(&self, other: &Row) -> Option<Merged> {
        let mut all: Vec<Version> = self.0.to_vec();
        all.extend(other.0.iter().filter(|version| self.0.iter().all(|mine| mine.number != version.number)));
        let unseen = |version: &Version| {
            !all.iter().any(|other| other.number != version.number && other.has_seen(version))
        };
        let mut kept: Vec<Version> = all.iter().filter(|version| unseen(version)).copied().collect();
        crate::sim::order::sort_by_key(&mut kept, |version| u64::MAX - u64::from(version.number));
        let dropped = kept.len().saturating_sub(SIBLINGS_MAX) as u32;
        kept.truncate(SIBLINGS_MAX);
        let conflicts = kept.len().saturating_sub(self.0.len()) as u32;
        let row = Row(Arc::new(kept));
        (!row.same(self)).then_some(Merged { row, conflicts, dropped })
    }
}

/// The merge of rows that may be absent.
pub fn merged(mine: Option<&Row>, theirs: Option<&Row>, how: Merge) -> Option<Row> {
    match (mine, theirs) {
        (Some(mine), Some(theirs)) => Some(mine.merge(theirs, how).map_or_else(|| mine.clone(), |it| it.row)),
        (mine, theirs) => mine.or(theirs).cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{Purpose, Random, Stream};

    fn version(number: u32, writer: u16, seen: &[(u16, u32)], stamp: i64) -> Version {
        let mut vector = Seen::default();
        seen.iter().for_each(|(member, number)| vector.add(*member, *number));
        vector.add(writer, number);
        Version { number, writer, term: 0, stamp, seen: vector }
    }

    /// Figure 3 of the Dynamo paper (2007): D2 by Sx, then D3 by Sy and D4 by Sz, both having seen D2;
    /// then D5 by Sx, having seen both.
    #[test]
    fn the_example_of_the_dynamo_paper() {
        let (x, y, z) = (0, 1, 2);
        let d2 = Row::new(version(2, x, &[], 0));
        let d3 = Row::new(version(3, y, &[(x, 2)], 0));
        let d4 = Row::new(version(4, z, &[(x, 2)], 0));
        let d5 = Row::new(version(5, x, &[(x, 2), (y, 3), (z, 4)], 0));
        let keep = |a: &Row, b: &Row| merged(Some(a), Some(b), Merge::KeepBoth).expect("rows");
        assert!(keep(&d2, &d3).same(&d3));
        assert_eq!(d3.merge(&d4, Merge::KeepBoth).map(|it| it.conflicts), Some(1));
        let both = keep(&d3, &d4);
        assert_eq!(both.versions().len(), 2);
        assert!(keep(&both, &d2).same(&both));
        assert!(keep(&both, &d5).same(&d5) && keep(&d5, &both).same(&d5));
    }

    /// Merging is a join: order, repetition and grouping do not matter, so replicas that exchange rows
    /// come to the same (Shapiro et al., 2011).
    #[test]
    fn merging_is_commutative_associative_and_idempotent() {
        let mut random = Stream::new(3, "merge", Purpose::Errands);
        for round in 0..2000 {
            let how = if round % 2 == 0 { Merge::LastWins } else { Merge::KeepBoth };
            let mut history: Vec<Row> = vec![Row::new(version(1, 0, &[], 0))];
            let mut own_last = [Some(history[0].clone()), None, None];
            for number in 2..7 {
                let base = history[random.below(history.len() as u64) as usize].clone();
                let (stamp, writer) = (random.below(4) as i64, random.below(3) as u16);
                // A coordinator always knows its own writes.
                let own = own_last[writer as usize].clone();
                let base = merged(Some(&base), own.as_ref(), how).expect("a row");
                let new = Row::new(version(number, writer, base.seen().entries(), stamp));
                own_last[writer as usize] = Some(new.clone());
                history.push(merged(Some(&base), Some(&new), how).expect("a row"));
            }
            let pick = |random: &mut Stream| history[random.below(history.len() as u64) as usize].clone();
            let (a, b, c) = (pick(&mut random), pick(&mut random), pick(&mut random));
            let join = |a: &Row, b: &Row| merged(Some(a), Some(b), how).expect("a row");
            assert!(join(&a, &b).same(&join(&b, &a)), "{how:?} {a:?} {b:?}");
            assert!(join(&join(&a, &b), &c).same(&join(&a, &join(&b, &c))), "{how:?}");
            assert!(join(&a, &a).same(&a));
        }
    }

    #[test]
    fn a_full_vector_forgets_the_oldest() {
        let mut seen = Seen::default();
        for member in 0..=SEEN_MAX as u16 {
            seen.add(member, 10 + u32::from(member));
        }
        assert_eq!((seen.of(0), seen.of(1), seen.of(SEEN_MAX as u16)), (0, 11, 10 + SEEN_MAX as u32));
    }
}
