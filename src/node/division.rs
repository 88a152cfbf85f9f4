//! How a node's keys are divided among its members, as plain data for the instrument on the stage; and what a
//! node remembers for that: who divides them, who did before, and which keys were asked for.

use super::placing::Placing;
use crate::algo::choice::PolicyChoice;
use crate::algo::ring::{self, Inspection, Members, Way};
use crate::sim::{Time, mix};
use serde::Serialize;
use std::sync::Arc;

/// The division at one instant. Members are numbers of the node's members, from 0.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Division {
    pub now: Arc<Arrangement>,
    /// As it was before members or weights changed last; `None` if they never did under this policy.
    pub before: Option<Arc<Arrangement>>,
    /// When that was.
    pub changed: Time,
    /// What that change moved, of the keys that had been asked for until then.
    pub moved: Option<Moved>,
    /// Some keys that were asked for lately.
    pub keys: Vec<KeyAt>,
    /// The key that was asked for last, and how the policy came to its owner.
    pub latest: Option<KeyAt>,
    pub way: Way,
    /// Who has that key, the owner and others that have a copy, where there are copies.
    pub copies: Vec<u16>,
    /// Requests by the owner of their key, lately: the last one or two thousand. By member.
    pub asked: Vec<u32>,
    /// Rows that go to their new owners since the last change, where they are moved one by one.
    pub handover: Option<Handover>,
}

/// Rows that a change of members has made others' own.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Handover {
    /// That had to move, and that have.
    pub of: u32,
    pub moved: u32,
    /// By member: copies that still have to go, and that have yet to come.
    pub leaving: Vec<u32>,
    pub coming: Vec<u32>,
}

impl Handover {
    pub fn is_over(&self) -> bool {
        self.moved >= self.of
    }

    /// Copies that a member has still to give away, and to get.
    pub fn of_member(&self, member: u16) -> (u32, u32) {
        let [leaving, coming] =
            [&self.leaving, &self.coming].map(|counts| counts.get(member as usize).copied().unwrap_or(0));
        (leaving, coming)
    }
}

/// A policy's inside, and for whom it was made.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Arrangement {
    /// As in the family's table: its id, its name, and that shortly.
    pub policy: &'static str,
    pub name: &'static str,
    pub short: &'static str,
    pub seen: Inspection,
    /// By the policy's index: the number of the node's member.
    pub members: Vec<u16>,
    pub weights: Vec<u32>,
    /// A bounded policy's bound, as a multiple of the fair share.
    pub load_factor: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Moved {
    /// Keys that had been asked for.
    pub of: u32,
    pub moved: u32,
    /// As many of them would have moved with the policy `modulo`.
    pub with_modulo: u32,
}

/// A key, where it lies in the policy's picture, whose it is and was.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct KeyAt {
    pub key: u32,
    /// From 0 (included) to 1; `None` where the policy has no places.
    pub place: Option<f64>,
    pub owner: u16,
    /// Before the last change.
    pub before: Option<u16>,
}

impl KeyAt {
    pub fn has_moved(&self) -> bool {
        self.before.is_some_and(|before| before != self.owner)
    }
}

/// Most keys of a [`Division`].
pub const KEYS_SHOWN: usize = 128;
/// Most keys of which it is counted how many move.
const KEYS_KNOWN: usize = 1024;
/// Once so many requests are counted, all counts are halved.
const ASKED_MAX: u32 = 2048;

/// What a node remembers of the division of its keys.
#[derive(Clone, Debug, Default)]
pub struct Divided {
    now: Option<Era>,
    before: Option<Era>,
    changed: Time,
    moved: Option<Moved>,
    /// Each at the place that its hash says, first come.
    known: Vec<Option<u32>>,
    /// Different keys that were asked for last, in a ring, and where the next one goes.
    shown: Vec<u32>,
    next: usize,
    latest: Option<u32>,
    asked: Vec<u32>,
    asked_total: u32,
}

/// From one change to the next. Shared by checkpoints and snapshots.
#[derive(Clone, Debug)]
struct Era {
    placing: Arc<Placing>,
    seen: Arc<Arrangement>,
}

impl Era {
    fn new(placing: &Arc<Placing>) -> Era {
        let members = placing.members();
        let choice = placing.choice();
        let entry = ring::find(&choice.id).unwrap_or(&ring::TABLE[0]);
        let load_factor = choice.resolve("ring").ok().map(|knobs| knobs.number("load_factor"));
        let seen = Arrangement {
            policy: entry.info.id,
            name: entry.info.name,
            short: entry.info.short,
            seen: placing.policy().inspect(members),
            members: placing.numbers().to_vec(),
            weights: members.weight.clone(),
            load_factor: load_factor.filter(|factor| *factor >= 1.0),
        };
        Era { placing: placing.clone(), seen: Arc::new(seen) }
    }

    /// With what the members hold at the moment.
    fn seen_now(&self) -> Arrangement {
        let mut seen = Arrangement::clone(&self.seen);
        seen.seen.loads = self.placing.policy().loads();
        seen
    }

    /// Under the same policy, for others.
    fn is_replaced_by(&self, placing: &Placing) -> bool {
        self.placing.choice() == placing.choice() && self.placing.members() != placing.members()
    }
}

impl Divided {
    /// From now on keys are divided so.
    pub fn follow(&mut self, placing: &Arc<Placing>, now: Time) {
        let same = |era: &Era| {
            era.placing.choice() == placing.choice() && era.placing.members() == placing.members()
        };
        if let Some(era) = self.now.as_mut().filter(|era| same(era)) {
            // What lies where may be otherwise.
            if placing.by_load() {
                era.placing = placing.clone();
            }
            return;
        }
        let old = self.now.replace(Era::new(placing));
        // Before the first members there was nothing that could move.
        self.before = old.filter(|old| !old.placing.is_empty() && old.is_replaced_by(placing));
        self.changed = now;
        self.moved = self.before.as_ref().and_then(|before| self.count_moved(&before.placing, placing));
        (self.asked, self.asked_total) = (vec![], 0);
    }

    /// A request asked for this key.
    #[inline]
    pub fn ask(&mut self, key: u32, owner: u16) {
        self.latest = Some(key);
        let owner = owner as usize;
        if self.asked.len() <= owner {
            self.asked.resize(owner + 1, 0);
        }
        self.asked[owner] += 1;
        self.asked_total += 1;
        if self.asked_total >= ASKED_MAX {
            self.asked.iter_mut().for_each(|count| *count /= 2);
            self.asked_total = self.asked.iter().sum();
        }
        if self.known.is_empty() {
            self.known.resize(KEYS_KNOWN, None);
        }
        let place = &mut self.known[(mix(key.into()) % KEYS_KNOWN as u64) as usize];
        if place.is_none() {
            *place = Some(key);
        }
        // What is popular may change.
        if !self.shown.contains(&key) {
            match self.shown.get_mut(self.next) {
                Some(oldest) => *oldest = key,
                None => self.shown.push(key),
            }
            self.next = (self.next + 1) % KEYS_SHOWN;
        }
    }

    fn key_at(&self, key: u32) -> KeyAt {
        let owner = |era: &Option<Era>| era.as_ref().and_then(|era| era.placing.owner(key));
        let place = self.now.as_ref().and_then(|Era { placing, .. }| {
            if placing.is_empty() { None } else { placing.policy().place(&placing.key(key)) }
        });
        KeyAt { key, place, owner: owner(&self.now).unwrap_or(0), before: owner(&self.before) }
    }

    /// How many of the known keys have another owner, by name, after than before.
    fn count_moved(&self, before: &Placing, after: &Placing) -> Option<Moved> {
        let modulo = |members: &Members| {
            Placing::new(&PolicyChoice::new("modulo"), members.clone(), (0..members.len() as u16).collect())
        };
        let (modulo_before, modulo_after) = (modulo(before.members()), modulo(after.members()));
        let differ = |before: &Placing, after: &Placing, key| {
            u32::from(before.owner_name(key) != after.owner_name(key))
        };
        let mut moved = Moved { of: 0, moved: 0, with_modulo: 0 };
        for key in self.known.iter().flatten() {
            moved.of += 1;
            moved.moved += differ(before, after, *key);
            moved.with_modulo += differ(&modulo_before, &modulo_after, *key);
        }
        (moved.of > 0 && !after.is_empty()).then_some(moved)
    }

    /// As plain data; `None` while there are not several members, and there were not.
    pub fn view(&self) -> Option<Division> {
        let now = self.now.as_ref()?;
        let before = self.before.as_ref().filter(|before| !before.placing.is_empty());
        if now.placing.members().len() < 2 && before.is_none_or(|before| before.placing.members().len() < 2) {
            return None;
        }
        let way = |key| match now.placing.is_empty() {
            true => Way::Place,
            false => now.placing.policy().way(&now.placing.key(key)),
        };
        let by_load = now.placing.by_load();
        Some(Division {
            now: if by_load { Arc::new(now.seen_now()) } else { now.seen.clone() },
            before: before.map(|before| before.seen.clone()),
            changed: self.changed,
            moved: self.moved,
            keys: self.shown.iter().map(|key| self.key_at(*key)).collect(),
            latest: self.latest.map(|key| self.key_at(key)),
            way: self.latest.map(way).unwrap_or_default(),
            asked: self.asked.clone(),
            copies: vec![],
            handover: None,
        })
    }
}

impl Division {
    /// The fullest member's requests over the mean, weights considered: 1 is even. `None` before the first.
    pub fn max_over_mean(&self) -> Option<f64> {
        let asked: Vec<u64> =
            self.now.members.iter().map(|member| u64::from(self.asked_of(*member))).collect();
        let found = ring::imbalance(&asked, &self.now.weights).max_over_mean;
        (found > 0.0).then_some(found)
    }

    /// Requests for keys of this member, lately.
    pub fn asked_of(&self, member: u16) -> u32 {
        self.asked.get(member as usize).copied().unwrap_or(0)
    }
}
