//! Who holds which key: the policy's word, but for rows that have not been moved yet.
//!
//! Everybody has the same map at once, as if from a coordination service (ZooKeeper, etcd) that is itself
//! left out. After a change of the members a key stays where it is until its row has been moved.

use super::table::Table;
use crate::algo::choice::PolicyChoice;
use crate::algo::ring::Members;
use crate::node::division::Handover;
use crate::node::placing::Placing;
use crate::sim::order::sort_by_key;
use std::sync::Arc;

/// The most replicas of a key.
pub const REPLICAS_MAX: usize = 5;

/// The members that hold a key, in order of preference. Empty: nobody said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Home {
    len: u8,
    members: [u16; REPLICAS_MAX],
}

impl Home {
    pub fn new(members: &[u16]) -> Home {
        let mut home = Home::default();
        for (place, member) in home.members.iter_mut().zip(members) {
            *place = *member;
            home.len += 1;
        }
        home
    }

    pub fn all(&self) -> &[u16] {
        &self.members[..self.len as usize]
    }

    pub fn has(&self, member: u16) -> bool {
        self.all().contains(&member)
    }
}

#[derive(Clone, Debug)]
pub struct Map {
    placing: Arc<Placing>,
    count: usize,
    replicas: usize,
    /// Where keys are that are not where the policy says. Those that have been moved since have no members,
    /// until there are many of them.
    away: Arc<Table<Home>>,
    moved: usize,
    /// Keys on the move: where to, and the number of the move, from 1.
    moving: Table<(Home, u32)>,
    moves: u32,
    /// From where the next key to be moved is looked for.
    cursor: u32,
    handover: Handover,
}

impl Map {
    pub fn new(choice: &PolicyChoice, members: &Members, replicas: usize) -> Map {
        Map {
            placing: Arc::new(Placing::new(choice, members.clone(), numbers(members))),
            count: members.len(),
            replicas,
            away: Arc::default(),
            moved: 0,
            moving: Table::default(),
            moves: 0,
            cursor: 0,
            handover: Handover::default(),
        }
    }

    /// How the policy divides the keys.
    pub fn placing(&self) -> &Arc<Placing> {
        &self.placing
    }

    /// The key is asked for. Where the policy goes by load, this is when it gets its place. True if it did.
    pub fn place(&mut self, key: u32) -> bool {
        let owner = if self.placing.by_load() { self.placing.owner(key) } else { None };
        owner.is_some_and(|owner| Placing::put(&mut self.placing, key, owner))
    }

    /// Where the policy wants a key.
    pub fn target(&self, key: u32) -> Home {
        let count = self.replicas.min(self.count).min(REPLICAS_MAX);
        Home::new(&self.placing.owners(key, count))
    }

    /// Where a key is.
    pub fn home(&self, key: u32) -> Home {
        match self.away.get(key.into()) {
            Some(home) if home.len > 0 => *home,
            _ => self.target(key),
        }
    }

    /// Where a key is being moved to.
    pub fn joining(&self, key: u32) -> Option<Home> {
        self.moving.get(key.into()).map(|(home, _)| *home)
    }

    /// The same, if it is by this move.
    pub fn joining_by(&self, key: u32, number: u32) -> Option<Home> {
        self.moving.get(key.into()).filter(|(_, other)| *other == number).map(|(home, _)| *home)
    }

    /// Whether a member holds the key, or is about to.
    pub fn concerns(&self, member: u16, key: u32) -> bool {
        self.home(key).has(member) || self.joining(key).is_some_and(|home| home.has(member))
    }

    /// How many keys are not where the policy wants them.
    pub fn away(&self) -> usize {
        self.away.len() - self.moved
    }

    pub fn moving(&self) -> usize {
        self.moving.len()
    }

    /// What the last change of members has come to; `None` if nothing had to move.
    pub fn handover(&self) -> Option<&Handover> {
        Some(&self.handover).filter(|handover| handover.of > 0)
    }

    /// Another division of the keys. Those of `keys`, in ascending order, stay where they are until they are
    /// moved; moves under way go on if they still lead to the right place.
    pub fn divide(&mut self, choice: &PolicyChoice, members: &Members, replicas: usize, keys: &[u32]) {
        let homes: Vec<Home> = keys.iter().map(|key| self.home(*key)).collect();
        let all = || {
            let mut all: Vec<u32> = self.placing.keys().chain(keys.iter().copied()).collect();
            sort_by_key(&mut all, |key| u64::from(*key));
            all.dedup();
            all
        };
        self.placing = Arc::new(self.placing.changed(choice, members.clone(), numbers(members), all));
        (self.count, self.replicas) = (members.len(), replicas);
        let mut away = Table::default();
        self.handover = Handover::default();
        for (key, home) in keys.iter().zip(homes) {
            let target = self.target(*key);
            if home != target {
                away.insert((*key).into(), home);
                self.handover.count(&home, &target, 1);
            }
        }
        self.handover.of = away.len() as u32;
        (self.away, self.moved, self.cursor) = (Arc::new(away), 0, 0);
        let mut moving = std::mem::take(&mut self.moving);
        moving.retain(|key, (home, _)| *home == self.target(key as u32));
        self.moving = moving;
    }

    /// The next key to be moved, and the number of the move: one that is not on the move and that `may` move.
    pub fn next_move(&mut self, may: impl Fn(u32) -> bool) -> Option<(u32, u32)> {
        let fits = |entry: &(u64, &Home)| entry.1.len > 0 && !self.moving.has(entry.0) && may(entry.0 as u32);
        let from = u64::from(self.cursor);
        let behind = || self.away.iter().take_while(|entry| entry.0 < from).find(fits);
        let key = self.away.from(from).find(fits).or_else(behind)?.0 as u32;
        self.cursor = key + 1;
        self.moves = self.moves.wrapping_add(1).max(1);
        self.moving.insert(key.into(), (self.target(key), self.moves));
        Some((key, self.moves))
    }

    /// The move is over: the key is where it should be, or still where it was.
    pub fn moved(&mut self, key: u32, number: u32, arrived: bool) {
        if self.joining_by(key, number).is_none() {
            return;
        }
        self.moving.remove(key.into());
        if arrived {
            let (home, target) = (self.home(key), self.target(key));
            self.handover.count(&home, &target, -1);
            self.handover.moved += 1;
            let away = Arc::make_mut(&mut self.away);
            away.insert(key.into(), Home::default());
            self.moved += 1;
            if self.moved * 2 > away.len() {
                away.retain(|_, home| home.len > 0);
                self.moved = 0;
            }
        }
    }
}

impl Handover {
    /// One key more, or less, that has to go from one home to another.
    fn count(&mut self, home: &Home, target: &Home, by: i32) {
        for (from, to, counts) in [(home, target, &mut self.leaving), (target, home, &mut self.coming)] {
            for member in from.all().iter().filter(|member| !to.has(**member)) {
                let place = *member as usize;
                counts.resize(counts.len().max(place + 1), 0);
                counts[place] = counts[place].saturating_add_signed(by);
            }
        }
    }
}

/// Every member is the policy's by the same index.
fn numbers(members: &Members) -> Vec<u16> {
    (0..members.len() as u16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(count: usize) -> Members {
        Members::named((1..=count).map(|number| format!("store/{number}")))
    }

    #[test]
    fn a_key_stays_until_it_is_moved_and_then_is_where_the_policy_says() {
        for id in ["modulo", "ring", "rendezvous"] {
            let choice = PolicyChoice::new(id);
            let mut map = Map::new(&choice, &members(4), 3);
            let keys: Vec<u32> = (0..500).step_by(3).collect();
            let before: Vec<Home> = keys.iter().map(|key| map.home(*key)).collect();
            map.divide(&choice, &members(5), 3, &keys);
            let fresh = Map::new(&choice, &members(5), 3);
            assert!(keys.iter().zip(&before).all(|(key, home)| map.home(*key) == *home));
            assert_eq!(map.home(1), fresh.home(1), "nothing is there that could stay");
            let mut moves = 0;
            while let Some((key, number)) = map.next_move(|_| true) {
                assert_eq!(map.joining(key), Some(fresh.home(key)));
                map.moved(key, number + 1, true);
                assert_eq!(map.moving(), 1, "another move's end");
                map.moved(key, number, true);
                moves += 1;
            }
            let differing = keys.iter().zip(&before).filter(|(key, home)| fresh.home(**key) != **home);
            assert_eq!((moves, map.away(), map.moving()), (differing.count(), 0, 0), "{id}");
            let handover = map.handover().unwrap();
            assert_eq!((handover.of, handover.moved), (moves as u32, moves as u32), "{id}");
            assert!(handover.leaving.iter().chain(&handover.coming).all(|count| *count == 0), "{id}");
            assert!(keys.iter().all(|key| map.home(*key) == fresh.home(*key)));
        }
    }

    /// Redis Cluster: a new member is given its share of the slots, and no other slot moves.
    #[test]
    fn a_directory_keeps_its_table() {
        let choice = PolicyChoice::new("directory");
        let mut map = Map::new(&choice, &members(4), 1);
        let keys: Vec<u32> = (0..2000).collect();
        map.divide(&choice, &members(5), 1, &keys);
        let moved = map.away() as f64 / keys.len() as f64;
        assert!((moved - 0.2).abs() < 0.03, "{moved}");
        assert!(keys.iter().all(|key| map.home(*key) == map.target(*key) || map.target(*key).has(4)));
    }

    #[test]
    fn going_back_needs_no_moves() {
        let choice = PolicyChoice::new("ring");
        let mut map = Map::new(&choice, &members(4), 2);
        let keys: Vec<u32> = (0..300).collect();
        map.divide(&choice, &members(6), 2, &keys);
        assert!(map.away() > 0 && map.next_move(|_| true).is_some());
        map.divide(&choice, &members(4), 2, &keys);
        assert_eq!((map.away(), map.moving()), (0, 0));
    }
}
