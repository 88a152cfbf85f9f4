//! Those between whom the keys are divided.

use std::sync::Arc;

/// Most members that a policy is given.
pub const MEMBERS_MAX: usize = 1000;
/// Greatest weight of a member.
pub const WEIGHT_MAX: u32 = 256;

/// The members, by index. A member *is* its name: after a removal the indices close up, the names stay,
/// and what was placed by a name stays where it was. The caller keeps the names distinct.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    pub name: Vec<Arc<str>>,
    /// 1 to [`WEIGHT_MAX`].
    pub weight: Vec<u32>,
}

impl Members {
    /// These names, all with weight 1.
    pub fn named<T: Into<Arc<str>>>(names: impl IntoIterator<Item = T>) -> Members {
        let mut members = Members::default();
        names.into_iter().for_each(|name| members.push(name, 1));
        members
    }

    pub fn len(&self) -> usize {
        self.name.len()
    }

    pub fn is_empty(&self) -> bool {
        self.name.is_empty()
    }

    /// Adds a member behind the others.
    pub fn push(&mut self, name: impl Into<Arc<str>>, weight: u32) {
        self.name.push(name.into());
        self.weight.push(weight.clamp(1, WEIGHT_MAX));
    }

    /// Takes a member out; the indices behind it close up.
    pub fn remove(&mut self, member: usize) {
        self.name.remove(member);
        self.weight.remove(member);
    }

    /// The sum of the weights.
    pub fn total_weight(&self) -> u64 {
        self.weight.iter().map(|&weight| u64::from(weight)).sum()
    }
}
