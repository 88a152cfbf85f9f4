//! Weighted least connections: the backend with the fewest requests in flight per weight.
//!
//! From Linux Virtual Server (`ip_vs_wlc`; Zhang, 2000), which compares by cross multiplication, so
//! that nothing is rounded. LVS counts an inactive connection as 1/256; here only requests in flight
//! count. Ties: LVS takes the first of the list; here the search begins behind the last pick, so they
//! go in turn. As in LVS the request being placed does not count, so idle backends tie whatever
//! their weights.

use super::kept::Cursor;
use super::*;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "weighted-least-connections",
        name: "Weighted least connections",
        short: "Weighted LC",
        summary: "The server with the fewest requests in flight for its weight.",
        source: "Linux Virtual Server, ip_vs_wlc (Zhang, 2000)",
        knobs: &[],
    },
    build: |_| Box::new(WeightedLeastConnections::default()),
};

#[derive(Clone, Debug, Default)]
struct WeightedLeastConnections {
    cursor: Cursor,
}

impl WeightedLeastConnections {
    fn fewest(&self, backends: &Backends) -> usize {
        let start = self.cursor.start(backends);
        // More per weight than any backend has, and no product exceeds 64 bits.
        let (mut best, mut fewest, mut its_weight) = (start, 1u64 << 32, 1u64);
        let mut look = |from: usize, to: usize| {
            let weights = backends.weight[from..to].iter().zip(&backends.eligible[from..to]);
            for (index, (&in_flight, (&weight, &eligible))) in
                backends.in_flight[from..to].iter().zip(weights).enumerate()
            {
                let (in_flight, weight) = (u64::from(in_flight), u64::from(weight));
                if eligible && in_flight * its_weight < fewest * weight {
                    (best, fewest, its_weight) = (from + index, in_flight, weight);
                }
            }
        };
        look(start, backends.len());
        look(0, start);
        best
    }
}

impl Balance for WeightedLeastConnections {
    fn pick(&mut self, _: &Ask, backends: &Backends, _: &mut Stream) -> Pick {
        let backend = self.fewest(backends);
        self.cursor.at = backend + 1;
        let (in_flight, weight) = (backends.in_flight[backend], backends.weight[backend]);
        Pick { backend, why: Why::FewestPerWeight { in_flight, weight } }
    }

    fn rebuild(&mut self, backends: &Backends) {
        self.cursor.follow(backends);
    }

    fn inspect(&self, backends: &Backends, _: Time) -> Inspection {
        let pairs = backends.in_flight.iter().zip(&backends.weight);
        let values =
            pairs.map(|(&in_flight, &weight)| f64::from(in_flight) / f64::from(weight.max(1))).collect();
        let per_weight = Column { name: "per weight", unit: "", values };
        let columns = vec![Column::in_flight(backends), per_weight];
        if backends.eligible_count == 0 {
            return Inspection { columns, ..Inspection::default() };
        }
        let next = self.fewest(backends);
        let note = format!("next → {}", backends.id[next]);
        Inspection { next: Some(next), note, columns, ..Inspection::default() }
    }

    fn check(&self, backends: &Backends) -> Result<(), String> {
        self.cursor.check(backends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::balance::tests::{counts, pick, policy};

    /// Filling up without anything coming back, in flight is proportional to weight: with x_i picks
    /// each, no x_i/w_i may exceed another's by more than one pick of its own.
    #[test]
    fn held_requests_settle_in_proportion_to_weight() {
        assert_eq!(counts("weighted-least-connections", &[5, 3, 2], 1000), [500, 300, 200]);
    }

    #[test]
    fn ties_go_in_turn() {
        let mut backends = Backends::with_weights(&[2, 1, 3]);
        let mut policy = policy("weighted-least-connections", &backends);
        for in_flight in [[0, 0, 0], [4, 2, 6]] {
            backends.in_flight = in_flight.to_vec();
            let picks: Vec<usize> = (0..6).map(|_| pick(&mut policy, 0, &backends).backend).collect();
            assert_eq!(picks, [0, 1, 2, 0, 1, 2]);
        }
    }
}
