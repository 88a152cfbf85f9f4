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
    /// The backend, its requests in flight, and how many others have as few.
    ///
    /// One number per backend orders by eligible, in flight, distance from the cursor, so that the
    /// loop is a minimum without branches: with branches a pick costs several mispredictions.
    fn fewest(&self, backends: &Backends) -> (usize, u32, u32) {
        let (n, start) = (backends.len(), self.cursor.start(backends));
        let mut best = u64::MAX;
        for (index, (&in_flight, &eligible)) in backends.in_flight.iter().zip(&backends.eligible).enumerate()
        {
            let distance = if index >= start { index - start } else { index + n - start };
            best = best.min(u64::from(!eligible) << 63 | u64::from(in_flight) << 31 | distance as u64);
        }
        let index = start + (best & 0x7fff_ffff) as usize;
        let fewest = (best >> 31) as u32;
        let states = backends.in_flight.iter().zip(&backends.eligible);
        let as_few: u32 =
            states.map(|(&in_flight, &up)| u32::from(in_flight == fewest) & u32::from(up)).sum();
        (if index < n { index } else { index - n }, fewest, as_few.saturating_sub(1))
    }
}

impl Balance for LeastConnections {
    fn pick(&mut self, _: &Ask, backends: &Backends, _: &mut Stream) -> Pick {
        let (backend, in_flight, ties) = self.fewest(backends);
        self.cursor.at = backend + 1;
        Pick { backend, why: Why::Fewest { in_flight, ties } }
    }

    fn rebuild(&mut self, backends: &Backends) {
        self.cursor.follow(backends);
    }

    fn inspect(&self, backends: &Backends, _: Time) -> Inspection {
        if backends.eligible_count == 0 {
            return Inspection::default();
        }
        let (next, in_flight, _) = self.fewest(backends);
        let columns = vec![Column::in_flight(backends)];
        Inspection { next: Some(next), note: format!("fewest: {in_flight}"), columns }
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
