//! Least connections: the backend with the fewest requests in flight.
//!
//! As in HAProxy's `leastconn`, nginx's `least_conn` and LVS's `lc`. They differ in ties: LVS takes
//! the first of the list, so that a lightly loaded cluster has one busy server; nginx goes by weight,
//! HAProxy in turn. Here, as in HAProxy, ties go in turn: the search begins behind the last pick.

use super::kept::Cursor;
use super::*;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "least-connections",
        name: "Least connections",
        short: "Least conn.",
        summary: "The server with the fewest requests in flight; in turn if several have as few.",
        source: "HAProxy, leastconn",
        knobs: &[],
    },
    build: |_| Box::new(LeastConnections::default()),
};

#[derive(Clone, Debug, Default)]
struct LeastConnections {
    cursor: Cursor,
}

impl LeastConnections {
    /// The backend, and its requests in flight.
    #[inline(always)]
    fn fewest(&self, backends: &Backends) -> (usize, u32) {
        if backends.eligible_count == backends.len() {
            return first_fewest(&backends.in_flight, self.cursor.start(backends));
        }
        self.fewest_of_some(backends)
    }

    #[inline(never)]
    fn fewest_of_some(&self, backends: &Backends) -> (usize, u32) {
        // Whoever may not be chosen counts as having more than anybody.
        let states = backends.in_flight.iter().zip(&backends.eligible);
        let seen: Vec<u32> = states.map(|(&in_flight, &up)| if up { in_flight } else { u32::MAX }).collect();
        first_fewest(&seen, self.cursor.start(backends))
    }
}

/// Index and value of the smallest, the first one from `start` on, going round. Without a branch: a
/// processor cannot foretell where a search ends.
#[inline]
fn first_fewest(values: &[u32], start: usize) -> (usize, u32) {
    let start = start as u32;
    // The value above, the distance from `start` below; those before it are the farthest.
    let (mut best, mut index) = (u64::MAX, 0);
    for (at, &n) in (0u32..).zip(values) {
        let ranked = u64::from(n) << 32 | u64::from(at.wrapping_sub(start));
        (best, index) = if ranked < best { (ranked, at) } else { (best, index) };
    }
    (index as usize, (best >> 32) as u32)
}

impl Balance for LeastConnections {
    fn pick(&mut self, _: &Ask, backends: &Backends, _: &mut Stream) -> Pick {
        let (backend, in_flight) = self.fewest(backends);
        self.cursor.at = backend + 1;
        Pick { backend, why: Why::Fewest { in_flight } }
    }

    fn rebuild(&mut self, backends: &Backends) {
        self.cursor.follow(backends);
    }

    fn inspect(&self, backends: &Backends, _: Time) -> Inspection {
        let columns = vec![Column::in_flight(backends)];
        if backends.eligible_count == 0 {
            return Inspection { columns, ..Inspection::default() };
        }
        let (next, in_flight) = self.fewest(backends);
        Inspection {
            next: Some(next),
            note: format!("fewest: {in_flight}"),
            columns,
            ..Inspection::default()
        }
    }

    fn check(&self, backends: &Backends) -> Result<(), String> {
        self.cursor.check(backends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::balance::tests::{counts, pick, policy};

    #[test]
    fn ties_are_shared_in_turn() {
        assert_eq!(counts("least-connections", &[1; 5], 1000), [200; 5]);
        let backends = Backends::with_weights(&[1; 4]);
        let mut policy = policy("least-connections", &backends);
        let picks: Vec<usize> = (0..8).map(|_| pick(&mut policy, 0, &backends).backend).collect();
        assert_eq!(picks, [0, 1, 2, 3, 0, 1, 2, 3], "all idle: like round robin");
    }
}
