//! Round robin: each eligible backend in turn.
//!
//! As old as time sharing; for DNS, RFC 1794 (1995). Blind to how long each request takes.

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
    /// Where the search for the next eligible backend begins.
    cursor: usize,
}

impl RoundRobin {
    fn next(&self, backends: &Backends) -> usize {
        let n = backends.len();
        let mut index = if self.cursor < n { self.cursor } else { 0 };
        while !backends.eligible[index] {
            index = if index + 1 < n { index + 1 } else { 0 };
        }
        index
    }
}

impl Balance for RoundRobin {
    fn pick(&mut self, _: &Ask, backends: &Backends, _: &mut Stream) -> Pick {
        let backend = self.next(backends);
        self.cursor = backend + 1;
        Pick { backend, why: Why::Turn }
    }

    fn inspect(&self, backends: &Backends, _: Time) -> Inspection {
        if backends.eligible_count == 0 {
            return Inspection::default();
        }
        let next = self.next(backends);
        Inspection { next: Some(next), note: format!("next → {}", backends.id[next]), columns: vec![] }
    }
}
