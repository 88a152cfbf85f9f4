//! Checkpoints: few enough to keep, close enough to reach any moment quickly.

use crate::node::Node;
use crate::sim::Time;
use crate::watch::Watched;

/// The most checkpoints that are kept.
const CHECKPOINTS_MAX: usize = 24;
/// What they may weigh together: a few hundred megabytes.
const WEIGHT_MAX: usize = 2_000_000;
/// What a call takes, roughly.
const CALL_BYTES: usize = 150;
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
    let nodes: usize = world.nodes().iter().map(Node::bytes).sum();
    let calls = world.calls().slots() + world.requests().slots() + nodes / CALL_BYTES;
    calls + run.metrics.member_count() * MEMBER_WEIGHT
}

#[derive(Clone, Debug)]
pub(super) struct History {
    /// In order of time; the first is the beginning.
    checkpoints: Vec<Watched>,
    /// What each weighs.
    weights: Vec<usize>,
    every: u64,
}

impl History {
    pub fn new(beginning: &Watched) -> History {
        let weights = vec![weight(beginning)];
        History { checkpoints: vec![beginning.clone()], weights, every: EVENTS_BETWEEN }
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
        self.weights.push(weight(present));
        while self.is_too_much() {
            keep_every_second(&mut self.checkpoints);
            keep_every_second(&mut self.weights);
            self.every *= 2;
        }
    }

    fn is_too_much(&self) -> bool {
        let weight: usize = self.weights.iter().sum();
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
        self.weights.truncate(keep.max(1));
    }
}

/// The first, the third, and so on.
fn keep_every_second<T>(list: &mut Vec<T>) {
    let mut nth = 0;
    list.retain(|_| {
        nth += 1;
        nth % 2 == 1
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Checked;

    /// A limiter that remembers a million keys is some 50 MB: few copies of it are kept, and any moment is still
    /// reached.
    #[test]
    fn checkpoints_of_a_limiter_with_many_keys_stay_within_the_bound() {
        let file = r#"{"v":1,"seed":1,"duration_ms":60000,"nodes":[
            {"id":"c","kind":"clients","rate_per_s":60000,"keys":{"kind":"sequential","count":1000000},"to":["l"]},
            {"id":"l","kind":"limiter","per":"key","policy":{"id":"gcra","capacity":1,"rate_per_s":0.001},"to":["s"]},
            {"id":"s","kind":"servers","workers":1000,"service_ms":0}]}"#;
        let scenario = Checked::parse(file).expect("it is fine");
        let mut present = Watched::new(&scenario, None);
        let mut history = History::new(&present);
        for at_ms in 1..=150 {
            present.advance(Time::from_ms(100.0 * f64::from(at_ms)), u64::MAX);
            history.consider(&present);
        }
        let bytes: usize = present.simulation.world().nodes().iter().map(Node::bytes).sum();
        assert!((20_000_000..60_000_000).contains(&bytes), "{bytes} bytes");
        let total: usize = history.checkpoints.iter().map(weight).sum();
        assert_eq!(total, history.weights.iter().sum::<usize>());
        assert!(
            total <= WEIGHT_MAX && history.checkpoints.len() >= 3,
            "{total} of {}",
            history.checkpoints.len()
        );
        let mut again = history.before(Time::from_ms(12_345.0)).clone();
        again.advance(present.simulation.now(), u64::MAX);
        assert_eq!(again.digest.value(), present.digest.value());
    }
}
