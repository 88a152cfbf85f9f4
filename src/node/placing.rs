//! Keys placed on members by a policy of the family `ring`.
//!
//! Most policies say of a key alone whose it is. Those that go by load ([`Partition::by_load`]) say who would take
//! it now; so here is remembered where each key lies, and that is where it is looked for until it is taken out. A
//! key counts as one thing held by the member where it lies; its copies are on those that follow in the policy's
//! order of preference, and do not count.

use super::KeyFact;
use super::pages::Pages;
use crate::algo::choice::PolicyChoice;
use crate::algo::ring::{self, Key, Members, Partition, Way};
use crate::algo::setting::Knobs;
use crate::sim::{Candidate, Explanation, Placement};
use std::sync::Arc;

/// The members among which keys are divided, and the policy that divides them.
#[derive(Clone, Debug)]
pub struct Placing {
    choice: PolicyChoice,
    policy: Box<dyn Partition>,
    members: Members,
    /// By the policy's index: which member of the node that is.
    numbers: Vec<u16>,
    by_load: bool,
    /// By key, if the policy goes by load: the policy's index, from 1, of the member where it lies.
    lies: Pages<u16>,
}

impl Placing {
    /// Among `members`; `numbers` says which member of the node, from 0, each of them is.
    pub fn new(choice: &PolicyChoice, members: Members, numbers: Vec<u16>) -> Placing {
        let entry = ring::find(&choice.id).unwrap_or(&ring::TABLE[0]);
        let knobs = choice.resolve("ring").unwrap_or_else(|_| Knobs::defaults(entry.info.knobs));
        let mut policy = (entry.build)(&knobs);
        policy.rebuild(&members);
        let by_load = policy.by_load();
        Placing { choice: choice.clone(), policy, members, numbers, by_load, lies: Pages::default() }
    }

    /// What becomes of it with other members. A policy that remembers (a directory) knows what was; for one that
    /// goes by load `keys`, in ascending order, are placed anew.
    pub fn changed(
        &self,
        choice: &PolicyChoice,
        members: Members,
        numbers: Vec<u16>,
        keys: impl FnOnce() -> Vec<u32>,
    ) -> Placing {
        if self.choice != *choice || self.by_load {
            let mut placing = Placing::new(choice, members, numbers);
            if placing.by_load && !placing.is_empty() {
                placing.place_all(&keys(), self);
            }
            return placing;
        }
        let mut placing = Placing { members, numbers, ..self.clone() };
        placing.policy.rebuild(&placing.members);
        placing
    }

    /// Under the bound for all of them. Who lies where nothing but the key leads stays there if there is room; the
    /// others come after.
    fn place_all(&mut self, keys: &[u32], before: &Placing) {
        let (total, mut first) = (keys.len() as u64, vec![]);
        let mut others = vec![];
        for &key in keys {
            let hashed = self.key(key);
            self.policy.preference(&hashed, 1, &mut first);
            let stays = |index: &usize| {
                before.owner_name(key) == self.members.name.get(*index)
                    && self.policy.owner_among(&hashed, total) == *index
            };
            match first.first().copied().filter(stays) {
                Some(index) => self.put_at(key, index),
                None => others.push(key),
            }
        }
        for key in others {
            let index = self.policy.owner_among(&self.key(key), total);
            self.put_at(key, index);
        }
    }

    /// Whether keys must be put and taken out.
    pub fn by_load(&self) -> bool {
        self.by_load
    }

    /// The policy's index of the member where a key lies.
    fn lies(&self, key: u32) -> Option<usize> {
        if !self.by_load {
            return None;
        }
        self.lies.get(key).and_then(|index| index.checked_sub(1)).map(usize::from)
    }

    fn put_at(&mut self, key: u32, index: usize) {
        *self.lies.get_mut(key) = index as u16 + 1;
        self.policy.took(index);
    }

    /// From now on the key lies at `member`, if it lay nowhere and keys must be put.
    pub fn put(placing: &mut Arc<Placing>, key: u32, member: u16) -> bool {
        if !placing.by_load || placing.lies(key).is_some() {
            return false;
        }
        let index = placing.numbers.iter().position(|number| *number == member);
        index.is_some_and(|index| {
            Arc::make_mut(placing).put_at(key, index);
            true
        })
    }

    /// The key lies at `member` no longer, if it did.
    pub fn take_out(placing: &mut Arc<Placing>, key: u32, member: u16) -> bool {
        let lies = |index: &usize| placing.numbers.get(*index) == Some(&member);
        let Some(index) = placing.lies(key).filter(lies) else { return false };
        let placing = Arc::make_mut(placing);
        *placing.lies.get_mut(key) = 0;
        placing.policy.gave_back(index);
        true
    }

    /// Keys that were put, in ascending order.
    pub fn keys(&self) -> impl Iterator<Item = u32> + '_ {
        self.lies.iter().filter(|(_, index)| **index > 0).map(|(key, _)| key)
    }

    /// The policy's index of the member to whom the key belongs.
    fn index(&self, key: u32) -> usize {
        self.lies(key).unwrap_or_else(|| self.policy.owner(&self.key(key)))
    }

    /// The name of the member to whom the key belongs.
    pub fn owner_name(&self, key: u32) -> Option<&Arc<str>> {
        if self.is_empty() { None } else { self.members.name.get(self.index(key)) }
    }

    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The member to whom the key belongs; `None` if there is nobody.
    pub fn owner(&self, key: u32) -> Option<u16> {
        match self.numbers.len() {
            0 => None,
            1 => self.numbers.first().copied(),
            _ => self.numbers.get(self.index(key)).copied(),
        }
    }

    /// Up to `count` different members for the key, the owner first.
    pub fn owners(&self, key: u32, count: usize) -> Vec<u16> {
        if count <= 1 || self.numbers.len() <= 1 {
            return self.owner(key).into_iter().collect();
        }
        let mut owners = vec![];
        if self.by_load {
            let first = self.index(key);
            self.policy.preference(&self.key(key), count + 1, &mut owners);
            owners.retain(|index| *index != first);
            owners.insert(0, first);
            owners.truncate(count);
        } else {
            self.policy.owners(&self.key(key), count, &mut owners);
        }
        owners.iter().filter_map(|index| self.numbers.get(*index).copied()).collect()
    }

    /// A request's key, hashed for the policy.
    pub fn key(&self, key: u32) -> Key<'static> {
        Key::number(key, self.policy.hashing())
    }

    /// How the policy comes from the key to its owner, with the figures where it compares some; nothing where there is
    /// no choice.
    pub fn why(&self, key: u32) -> Explanation {
        if self.numbers.len() < 2 {
            return Explanation::default();
        }
        let number = |index: usize| self.numbers.get(index).map_or(0, |number| number + 1);
        let name = |index: usize| format!("machine {}", number(index));
        let (hashed, owner) = (self.key(key), self.index(key));
        let sentence = match self.lies(key) {
            None => self.policy.why(&hashed, &name),
            Some(at) => {
                let mut first = vec![];
                self.policy.preference(&hashed, 1, &mut first);
                match first.first() {
                    // Others may hold as much by now.
                    Some(&first) if at != first => {
                        format!(
                            "was put on {}, as {}, whose point comes next, was full",
                            name(at),
                            name(first)
                        )
                    }
                    _ => format!("lies on {}, whose point on the ring comes next", name(at)),
                }
            }
        };
        let candidates = match self.policy.way(&hashed) {
            Way::Scores(scores) => (scores.iter().enumerate())
                .map(|(index, score)| Candidate {
                    name: number(index).to_string(),
                    figure: *score,
                    eligible: true,
                    chosen: index == owner,
                })
                .collect(),
            _ => vec![],
        };
        Explanation { sentence: format!("Key {key} {sentence}."), candidates, figure: "its scores", what: "" }
    }

    /// The same, as what is known of the key; `None` where there is no choice.
    pub fn fact(&self, key: u32) -> Option<KeyFact> {
        let fact = self.why(key).sentence;
        (!fact.is_empty()).then_some(KeyFact { member: None, fact })
    }

    pub fn choice(&self) -> &PolicyChoice {
        &self.choice
    }

    pub fn policy(&self) -> &dyn Partition {
        &*self.policy
    }

    pub fn members(&self) -> &Members {
        &self.members
    }

    /// By the policy's index: which member of the node that is.
    pub fn numbers(&self) -> &[u16] {
        &self.numbers
    }
}

impl Placement for Placing {
    fn member(&self, key: u32) -> u16 {
        self.owner(key).unwrap_or(0)
    }
}
