//! What every eviction policy must do, whatever is thrown at it.

use super::*;
use crate::sim::Purpose;

fn faults(id: &str, capacity: u32, keys: &[u32]) -> u64 {
    let entry = find(id).expect("a policy of the table");
    let mut policy = (entry.build)(capacity, &Knobs::defaults(entry.info.knobs));
    policy.foresee(keys);
    keys.len() as u64 - policy.replay(keys, &mut Stream::new(1, "cache", Purpose::Policy))
}

/// Silberschatz, Galvin and Gagne, "Operating System Concepts", the chapter on page replacement.
#[test]
fn textbook_reference_strings() {
    let string = [7, 0, 1, 2, 0, 3, 0, 4, 2, 3, 0, 3, 2, 1, 2, 0, 1, 7, 0, 1];
    assert_eq!((faults("fifo", 3, &string), faults("lru", 3, &string)), (15, 12));
    let anomaly = [1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5];
    assert_eq!((faults("fifo", 3, &anomaly), faults("fifo", 4, &anomaly)), (9, 10));
}
