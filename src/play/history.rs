//! Checkpoints: few enough to keep, close enough to reach any moment quickly.

use super::watch::Watch;
use crate::report::{Metrics, Tracer};
use crate::run::{Digest, Simulation};
use crate::sim::{Progress, Time};

/// Everything that a moment consists of.
#[derive(Clone, Debug)]
pub(super) struct Checkpoint {
    pub simulation: Simulation,
    pub metrics: Metrics,
    pub digest: Digest,
}

impl Checkpoint {
    pub fn events(&self) -> u64 {
        self.simulation.world().books().events
    }

    /// Roughly how much memory it takes, in calls.
    fn weight(&self) -> usize {
        let world = self.simulation.world();
        world.calls().slots() + world.requests().slots() + self.metrics.member_count() * MEMBER_WEIGHT
    }

    pub fn advance(&mut self, until: Time, budget: u64) -> Progress {
        let mut watch = Watch { metrics: &mut self.metrics, digest: &mut self.digest, tracer: None };
        self.simulation.advance(until, budget, &mut watch)
    }

    /// Exactly one event, for a tracer to see where there is one.
    pub fn step(&mut self, until: Time, tracer: Option<&mut Tracer>) -> Option<Time> {
        let mut watch = Watch { metrics: &mut self.metrics, digest: &mut self.digest, tracer };
        self.simulation.step(until, &mut watch)
    }
}

/// The most checkpoints that are kept.
const CHECKPOINTS_MAX: usize = 24;
/// What they may weigh together: at some 150 bytes a call, a few hundred megabytes.
const WEIGHT_MAX: usize = 2_000_000;
/// A member's histograms take some 30 kB.
const MEMBER_WEIGHT: usize = 200;
/// Events between two checkpoints at first; doubled whenever there are too many.
const EVENTS_BETWEEN: u64 = 20_000;

#[derive(Clone, Debug)]
pub(super) struct History {
    /// In order of time; the first is the beginning.
    checkpoints: Vec<Checkpoint>,
    every: u64,
}

impl History {
    pub fn new(beginning: &Checkpoint) -> History {
        History { checkpoints: vec![beginning.clone()], every: EVENTS_BETWEEN }
    }

    fn last_events(&self) -> u64 {
        self.checkpoints.last().map_or(0, Checkpoint::events)
    }

    /// How many events until the next checkpoint is due; at least 1.
    pub fn events_to_next(&self, present: &Checkpoint) -> u64 {
        (self.last_events() + self.every).saturating_sub(present.events()).max(1)
    }

    /// Keeps the present if it is far enough from the last that was kept.
    pub fn consider(&mut self, present: &Checkpoint) {
        if present.events() < self.last_events() + self.every {
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
        let weight: usize = self.checkpoints.iter().map(Checkpoint::weight).sum();
        self.checkpoints.len() > CHECKPOINTS_MAX || (weight > WEIGHT_MAX && self.checkpoints.len() > 1)
    }

    /// The last checkpoint at or before a moment.
    pub fn before(&self, to: Time) -> &Checkpoint {
        let after = self.checkpoints.partition_point(|checkpoint| checkpoint.simulation.now() <= to);
        &self.checkpoints[after.max(1) - 1]
    }

    /// The last checkpoint before a request was issued.
    pub fn before_request(&self, number: u64) -> &Checkpoint {
        let issued = |checkpoint: &Checkpoint| checkpoint.simulation.world().books().issued;
        let after = self.checkpoints.partition_point(|checkpoint| issued(checkpoint) < number);
        &self.checkpoints[after.max(1) - 1]
    }

    /// What comes after a moment will be otherwise.
    pub fn forget_after(&mut self, moment: Time) {
        let keep = self.checkpoints.partition_point(|checkpoint| checkpoint.simulation.now() <= moment);
        self.checkpoints.truncate(keep.max(1));
    }
}
