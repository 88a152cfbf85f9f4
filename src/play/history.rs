//! Checkpoints: few enough to keep, close enough to reach any moment quickly.

use crate::sim::Time;
use crate::watch::Watched;

/// The most checkpoints that are kept.
const CHECKPOINTS_MAX: usize = 24;
/// What they may weigh together: at some 150 bytes a call, a few hundred megabytes.
const WEIGHT_MAX: usize = 2_000_000;
/// A member's histograms take some 30 kB.
const MEMBER_WEIGHT: usize = 200;
/// Events between two checkpoints at first; doubled whenever there are too many.
const EVENTS_BETWEEN: u64 = 20_000;

/// How many events have happened.
pub(super) fn events(run: &Watched) -> u64 {
    run.simulation.world().books().events
}

/// Roughly how much memory it takes, in calls.
fn weight(run: &Watched) -> usize {
    let world = run.simulation.world();
    world.calls().slots() + world.requests().slots() + run.metrics.member_count() * MEMBER_WEIGHT
}

#[derive(Clone, Debug)]
pub(super) struct History {
    /// In order of time; the first is the beginning.
    checkpoints: Vec<Watched>,
    every: u64,
}

impl History {
    pub fn new(beginning: &Watched) -> History {
        History { checkpoints: vec![beginning.clone()], every: EVENTS_BETWEEN }
    }

    fn last_events(&self) -> u64 {
        self.checkpoints.last().map_or(0, events)
    }

    /// How many events until the next checkpoint is due; at least 1.
    pub fn events_to_next(&self, present: &Watched) -> u64 {
        (self.last_events() + self.every).saturating_sub(events(present)).max(1)
    }

    /// Keeps the present if it is far enough from the last that was kept.
    pub fn consider(&mut self, present: &Watched) {
        if events(present) < self.last_events() + self.every {
            return;
        }
        self.checkpoints.push(present.clone());
        while self.is_too_much() {
            let mut nth = 0;
            self.checkpoints.retain(|_| {
                nth += 1;
                nth % 2 == 1
            });
            self.every *= 2;
        }
    }

    fn is_too_much(&self) -> bool {
        let weight: usize = self.checkpoints.iter().map(weight).sum();
        self.checkpoints.len() > CHECKPOINTS_MAX || (weight > WEIGHT_MAX && self.checkpoints.len() > 1)
    }

    /// The last checkpoint at or before a moment.
    pub fn before(&self, to: Time) -> &Watched {
        let after = self.checkpoints.partition_point(|checkpoint| checkpoint.simulation.now() <= to);
        &self.checkpoints[after.max(1) - 1]
    }

    /// The last checkpoint before a request was issued.
    pub fn before_request(&self, number: u64) -> &Watched {
        let issued = |checkpoint: &Watched| checkpoint.simulation.world().books().issued;
        let after = self.checkpoints.partition_point(|checkpoint| issued(checkpoint) < number);
        &self.checkpoints[after.max(1) - 1]
    }

    /// What comes after a moment will be otherwise.
    pub fn forget_after(&mut self, moment: Time) {
        let keep = self.checkpoints.partition_point(|checkpoint| checkpoint.simulation.now() <= moment);
        self.checkpoints.truncate(keep.max(1));
    }
}
