//! A scenario under way: the world that it builds, and snapshots of it.

mod digest;
pub mod snapshot;
mod view;

pub use digest::Digest;
pub use snapshot::{Dot, Snapshot};

use crate::node::{Node, Site};
use crate::scenario::{Checked, connections, effects};
use crate::sim::{Event, EventQueue, Observer, Progress, Time, Wheel, World};

/// Budget of [`Simulation::advance`] for a run that is to go to its end.
pub const NO_LIMIT: u64 = u64::MAX;

/// A running scenario. A clone is a checkpoint.
#[derive(Clone, Debug)]
pub struct Simulation<Q = Wheel<Event>> {
    world: World<Node, Q>,
    /// (id, name, kind) of each node: for snapshots.
    names: Vec<(String, String)>,
}

impl Simulation<Wheel<Event>> {
    /// At time 0, started; the clients' first requests are due.
    pub fn new<O: Observer>(scenario: &Checked, seen: &mut O) -> Self {
        Simulation::with_queue(scenario, seen)
    }
}

impl<Q: EventQueue<Event = Event>> Simulation<Q> {
    /// The same on another event queue.
    pub fn with_queue<O: Observer>(scenario: &Checked, seen: &mut O) -> Self {
        let called = scenario.nodes.iter().map(|node| node.name.clone()).collect();
        let build = |node: &crate::scenario::NodeSpec| {
            let site = Site { seed: scenario.seed, id: &node.id, to: &node.to, names: &called };
            node.settings.build(&site)
        };
        let mut world = World::new(scenario.nodes.iter().map(build).collect(), connections(scenario));
        world.set_changes_before_start(effects(scenario));
        world.start(seen);
        let names = scenario.nodes.iter().map(|node| (node.id.clone(), node.name.clone())).collect();
        Simulation { world, names }
    }

    pub fn world(&self) -> &World<Node, Q> {
        &self.world
    }

    pub fn now(&self) -> Time {
        self.world.now()
    }

    /// Lets everything up to and including `until` happen, or at most `budget` events of it.
    pub fn advance<O: Observer>(&mut self, until: Time, budget: u64, seen: &mut O) -> Progress {
        self.world.advance(until, budget, seen)
    }

    /// Exactly one event, with all that it causes at that very instant; `None` if none is due by
    /// `until`.
    pub fn step<O: Observer>(&mut self, until: Time, seen: &mut O) -> Option<Time> {
        self.world.step(until, seen)
    }

    /// Takes over the changes of a scenario that differs from this one's in nothing but changes
    /// after now.
    pub fn set_changes(&mut self, scenario: &Checked) {
        self.world.set_changes(effects(scenario));
    }

    /// Plain data for the stage, panels and programs.
    pub fn snapshot(&self) -> Snapshot {
        view::snapshot(&self.world, &self.names)
    }

    /// The snapshot's dots alone, in no order: what a frame needs in which only they move.
    pub fn dots(&self) -> Vec<Dot> {
        view::dots(&self.world).0
    }
}
