//! What must hold of a running system at every instant, worked out from the calls alone.

use std::collections::BTreeSet;
use switchyard::node::Node;
use switchyard::run::Simulation;
use switchyard::sim::{CallId, Event, EventQueue, Phase};

/// Panics with what does not hold.
pub fn audit<Q: EventQueue<Event = Event>>(simulation: &Simulation<Q>) {
    let world = simulation.world();
    world.check().expect("the books add up");
    for (index, node) in world.nodes().iter().enumerate() {
        match node {
            Node::Servers(servers) => {
                if let Some(running) = servers.running() {
                    running.check().unwrap_or_else(|error| panic!("{}: {error}", running.name()));
                }
                let mut held = BTreeSet::new();
                for (member, machine) in servers.machines().iter().enumerate() {
                    let workers = servers.workers(member, world.now());
                    let busy = workers.iter().flatten().count();
                    assert_eq!(busy, machine.busy() as usize, "busy workers of {index}/{member}");
                    for worker in workers.iter().flatten() {
                        assert!((0.0..=1.0).contains(&worker.progress), "progress {}", worker.progress);
                        let call = &world.calls()[worker.call.0];
                        assert!(matches!(call.phase, Phase::Working | Phase::Waiting), "{call:?}");
                        assert_eq!((call.to.node as usize, call.to.member as usize), (index, member));
                        assert!(held.insert(worker.call.0), "two have one call");
                    }
                    for id in machine.queue() {
                        assert_eq!(world.calls()[id.0].phase, Phase::Queued);
                        assert!(held.insert(id.0), "two have one call");
                    }
                    let idle = machine.busy() < servers.settings().workers as u32;
                    assert!(!idle || machine.queue().len() == 0, "idle workers beside a queue");
                }
                // Every call that arrived is somewhere.
                for (id, call) in world.calls().iter() {
                    let inside = matches!(call.phase, Phase::Queued | Phase::Working | Phase::Waiting);
                    if inside && call.to.node as usize == index {
                        assert!(held.contains(&id), "nobody has call {call:?}");
                    }
                }
            }
            Node::Balancer(balancer) => {
                for pool in balancer.pools() {
                    for (member, &claimed) in pool.backends.in_flight.iter().enumerate() {
                        let there = world.calls().iter().filter(|(_, call)| {
                            call.link == pool.link
                                && call.to.member as usize == member
                                && call.parent != CallId::NONE
                        });
                        assert_eq!(there.count(), claimed as usize, "in flight to {index}/{member}");
                    }
                    let eligible = pool.backends.eligible.iter().filter(|up| **up).count();
                    assert_eq!(eligible, pool.backends.eligible_count);
                    pool.policy.check(&pool.backends).expect("the policy's own invariants");
                }
            }
            Node::Cache(cache) => cache.check().expect("the cache's own invariants"),
            Node::Queue(queue) => {
                queue.check().expect("the queue's own books");
                let delivered =
                    world.calls().iter().filter(|(_, call)| call.from.node as usize == index).count();
                assert_eq!(delivered, queue.outstanding(), "messages in consumers' hands");
                let held = world
                    .calls()
                    .iter()
                    .filter(|(_, call)| call.to.node as usize == index && call.phase == Phase::Queued);
                assert_eq!(held.count(), queue.blocked() as usize, "producers without an answer");
            }
            Node::Limiter(limiter) => {
                limiter.check().expect("the limiter's own books");
                let calls = || world.calls().iter().map(|(_, call)| call);
                let behind =
                    calls().filter(|call| call.from.node as usize == index && call.parent != CallId::NONE);
                assert_eq!(behind.count(), limiter.under_way() as usize, "calls with the node behind");
                let here =
                    calls().filter(|call| call.to.node as usize == index && call.phase == Phase::Queued);
                assert_eq!(here.count(), limiter.waiting() as usize, "calls that are held");
            }
            Node::Store(store) => {
                store.check().unwrap_or_else(|error| panic!("the store of {index}: {error}"))
            }
            Node::Clients(_) => {}
        }
    }
}
