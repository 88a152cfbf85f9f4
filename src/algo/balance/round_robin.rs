//! Round robin: each eligible backend in turn.
//!
//! As old as time sharing; for DNS, RFC 1794 (1995). Blind to how long each request takes. When
//! backends come or go the turn stays where it was: nobody is skipped or served twice.

use super::kept::Cursor;
use super::*;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "round-robin",
        name: "Round robin",
        short: "Round robin",
        summary: "Each server in turn, whatever it is doing.",
        source: "RFC 1794 (1995)",
        knobs: &[],
    },
    build: |_| Box::new(RoundRobin::default()),
};

#[derive(Clone, Debug, Default)]
struct RoundRobin {
    cursor: Cursor,
}

impl RoundRobin {
    fn next(&self, backends: &Backends) -> usize {
        let n = backends.len();
        let mut index = self.cursor.start(backends);
        while !backends.eligible[index] {
            index = if index + 1 < n { index + 1 } else { 0 };
        }
        index
    }
}

impl Balance for RoundRobin {
    fn pick(&mut self, _: &Ask, backends: &Backends, _: &mut Stream) -> Pick {
        let backend = self.next(backends);
        self.cursor.at = backend + 1;
        Pick { backend, why: Why::Turn }
    }

    fn rebuild(&mut self, backends: &Backends) {
        self.cursor.follow(backends);
    }

    fn inspect(&self, backends: &Backends, _: Time) -> Inspection {
        if backends.eligible_count == 0 {
            return Inspection::default();
        }
        let next = self.next(backends);
        let note = format!("next → {}", backends.id[next]);
        Inspection { next: Some(next), note, ..Inspection::default() }
    }

    fn check(&self, backends: &Backends) -> Result<(), String> {
        self.cursor.check(backends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::balance::tests::{pick, policy};

    #[test]
    fn the_turn_survives_removal_and_addition() {
        let mut backends = Backends::with_weights(&[1; 4]);
        let mut policy = policy("round-robin", &backends);
        let mut ids = vec![];
        for step in 0..9 {
            ids.push(backends.id[pick(&mut policy, 0, &backends).backend]);
            match step {
                1 => backends.remove(0),  // 3 is next, although the indices have moved
                4 => backends.push(5, 1), // behind 4, where the turn is not
                6 => backends.remove(3),  // 5 goes just after its turn
                _ => {}
            }
            policy.rebuild(&backends);
        }
        assert_eq!(ids, [1, 2, 3, 4, 2, 3, 4, 2, 3]);
    }
}
