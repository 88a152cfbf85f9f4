//! Helpers for the policies' tests.

use super::*;
use crate::algo::setting::Value;

/// The policy with some knobs set, ready for `members`.
pub(super) fn policy_with(id: &str, set: &[(&'static str, Value)], members: &Members) -> Box<dyn Partition> {
    let entry = find(id).expect("a policy of the table");
    let mut knobs = Knobs::defaults(entry.info.knobs);
    set.iter().for_each(|(name, value)| knobs.set(name, value.clone()));
    let mut policy = (entry.build)(&knobs);
    policy.rebuild(members);
    policy
}

pub(super) fn key(policy: &dyn Partition, number: u32) -> Key<'static> {
    Key::number(number, policy.hashing())
}
