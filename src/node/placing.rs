//! Keys placed on members by a policy of the family `ring`.

use crate::algo::choice::PolicyChoice;
use crate::algo::ring::{self, Key, Members, Partition};
use crate::algo::setting::Knobs;
use crate::sim::Placement;

/// The members among which keys are divided, and the policy that divides them.
#[derive(Clone, Debug)]
pub struct Placing {
    policy: Box<dyn Partition>,
    members: Members,
    /// By the policy's index: which member of the node that is.
    numbers: Vec<u16>,
}

impl Placing {
    /// Among members given as (number from 0, weight). Each is placed by its name, which is the node's id
    /// and its number from 1 (`cache-3`): so only its own keys move when it comes or goes.
    pub fn new(choice: &PolicyChoice, id: &str, members: impl IntoIterator<Item = (u16, u32)>) -> Placing {
        let entry = ring::find(&choice.id).unwrap_or(&ring::TABLE[0]);
        let knobs = choice.resolve("ring").unwrap_or_else(|_| Knobs::defaults(entry.info.knobs));
        let mut placing =
            Placing { policy: (entry.build)(&knobs), members: Members::default(), numbers: vec![] };
        for (number, weight) in members {
            placing.members.push(format!("{id}-{}", number + 1), weight);
            placing.numbers.push(number);
        }
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
                let index = self.policy.owner(&Key::number(key, self.policy.hashing()));
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
        self.policy.owners(&Key::number(key, self.policy.hashing()), count, &mut owners);
        owners.iter().filter_map(|index| self.numbers.get(*index).copied()).collect()
    }

    /// What a learner must see; members by the policy's index.
    pub fn inspect(&self) -> (ring::Inspection, &[u16]) {
        (self.policy.inspect(&self.members), &self.numbers)
    }
}

impl Placement for Placing {
    fn member(&self, key: u32) -> u16 {
        self.owner(key).unwrap_or(0)
    }
}
