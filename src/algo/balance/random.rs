//! Random: any eligible backend, all equally likely.
//!
//! The baseline of the balls-into-bins results: n requests on n backends put about
//! ln n / ln ln n on the fullest (Gonnet, 1981). Blind to weights, unlike HAProxy's `random`.

use super::*;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "random",
        name: "Random",
        short: "Random",
        summary: "Any server, all equally likely.",
        source: "Gonnet (1981), balls into bins",
        knobs: &[],
    },
    build: |_| Box::new(Uniform),
};

#[derive(Clone, Debug)]
struct Uniform;

impl Balance for Uniform {
    fn pick(&mut self, _: &Ask, backends: &Backends, random: &mut Stream) -> Pick {
        let nth = random.below(backends.eligible_count as u64) as usize;
        Pick {
            backend: backends.nth_eligible(nth),
            why: Why::Drawn { among: backends.eligible_count as u32 },
        }
    }

    fn inspect(&self, backends: &Backends, _: Time) -> Inspection {
        Inspection { note: format!("any of {}", backends.eligible_count), ..Inspection::default() }
    }
}
