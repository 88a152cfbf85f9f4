//! Keys placed on members by a policy of the family `ring`.

use crate::algo::choice::PolicyChoice;
use crate::algo::ring::{self, Key, Members, Partition};
use crate::algo::setting::Knobs;
use crate::sim::Placement;

/// The members among which keys are divided, and the policy that divides them.
#[derive(Clone, Debug)]
pub struct Placing {
    choice: PolicyChoice,
    policy: Box<dyn Partition>,
    members: Members,
    /// By the policy's index: which member of the node that is.
    numbers: Vec<u16>,
}

impl Placing {
    /// Among `members`; `numbers` says which member of the node, from 0, each of them is.
    pub fn new(choice: &PolicyChoice, members: Members, numbers: Vec<u16>) -> Placing {
        let entry = ring::find(&choice.id).unwrap_or(&ring::TABLE[0]);
        let knobs = choice.resolve("ring").unwrap_or_else(|_| Knobs::defaults(entry.info.knobs));
        let mut policy = (entry.build)(&knobs);
        policy.rebuild(&members);
        Placing { choice: choice.clone(), policy, members, numbers }
    }

    /// What becomes of it with other members. A policy that remembers (a directory) knows what was.
    pub fn changed(&self, choice: &PolicyChoice, members: Members, numbers: Vec<u16>) -> Placing {
        if self.choice != *choice {
            return Placing::new(choice, members, numbers);
        }
        let mut placing = Placing { members, numbers, ..self.clone() };
        placing.policy.rebuild(&placing.members);
        placing
    }

    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The member to whom the key belongs; `None` if there is nobody.
    pub fn owner(&self, key: u32) -> Option<u16> {
        match self.numbers.len() {
            0 => None,
            1 => self.numbers.first().copied(),
            _ => {
                let index = self.policy.owner(&self.key(key));
                self.numbers.get(index).copied()
            }
        }
    }

    /// Up to `count` different members for the key, the owner first.
    pub fn owners(&self, key: u32, count: usize) -> Vec<u16> {
        if count <= 1 || self.numbers.len() <= 1 {
            return self.owner(key).into_iter().collect();
        }
        let mut owners = vec![];
        self.policy.owners(&self.key(key), count, &mut owners);
        owners.iter().filter_map(|index| self.numbers.get(*index).copied()).collect()
    }

    /// A request's key, hashed for the policy.
    pub fn key(&self, key: u32) -> Key<'static> {
        Key::number(key, self.policy.hashing())
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
