//! The peer: desru 0.1.13, event style as in its documentation: each closure schedules the next.
//!
//! Nothing holds it back that need not: its log, which would keep every event, is off; requests are counted,
//! not stored; the state is a plain reference (1–2 % faster than reference counting), the shortest queue is found
//! without branches. Driven in two ways: by its own `run`, and by popping its public queue directly, which saves
//! the calls of `run`'s stop and log closures.

use crate::mm10::{Area, OFFERED, Outcome, Policy, SERVERS};
use desru::EventScheduler;
use rand_core::SeedableRng;
use rand_distr::{Distribution, Exp1};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::cell::RefCell;
use std::time::Instant;

struct Model {
    random: Xoshiro256PlusPlus,
    policy: Policy,
    next: usize,
    lengths: [u32; SERVERS],
    arrivals_left: u64,
    events: u64,
    area: Area,
}

impl Model {
    fn exponential(&mut self) -> f64 {
        Exp1.sample(&mut self.random)
    }

    fn pick(&mut self) -> usize {
        match self.policy {
            Policy::RoundRobin => {
                let server = self.next;
                self.next = if server + 1 == SERVERS { 0 } else { server + 1 };
                server
            }
            Policy::LeastConnections => {
                // Length above, index below: the smallest is the first of the shortest.
                let mut best = u64::MAX;
                for server in 0..SERVERS {
                    best = best.min((self.lengths[server] as u64) << 32 | server as u64);
                }
                (best & 0xff) as usize
            }
        }
    }
}

type Shared = &'static RefCell<Model>;

fn schedule_arrival(scheduler: &mut EventScheduler, shared: Shared, after: f64) {
    let action = move |scheduler: &mut EventScheduler| {
        arrive(scheduler, shared);
        None
    };
    scheduler.timeout(after, Some(Box::new(action)), None);
}

fn schedule_departure(scheduler: &mut EventScheduler, shared: Shared, server: usize, after: f64) {
    let action = move |scheduler: &mut EventScheduler| {
        depart(scheduler, shared, server);
        None
    };
    scheduler.timeout(after, Some(Box::new(action)), None);
}

fn arrive(scheduler: &mut EventScheduler, shared: Shared) {
    let model = &mut *shared.borrow_mut();
    model.events += 1;
    model.area.step(scheduler.current_time, 1);
    let server = model.pick();
    model.lengths[server] += 1;
    if model.lengths[server] == 1 {
        schedule_departure(scheduler, shared, server, model.exponential());
    }
    model.arrivals_left -= 1;
    if model.arrivals_left > 0 {
        schedule_arrival(scheduler, shared, model.exponential() / OFFERED);
    }
}

fn depart(scheduler: &mut EventScheduler, shared: Shared, server: usize) {
    let model = &mut *shared.borrow_mut();
    model.events += 1;
    model.area.step(scheduler.current_time, -1);
    model.lengths[server] -= 1;
    if model.lengths[server] > 0 {
        schedule_departure(scheduler, shared, server, model.exponential());
    }
}

/// Driven by the scheduler's own `run`.
pub fn by_run(policy: Policy, requests: u64, seed: u64) -> Outcome {
    // It stops by itself when nothing is left to happen.
    simulate(policy, requests, seed, |scheduler| {
        scheduler.run(Box::new(|_| false), Some(Box::new(|_, _| false)));
    })
}

/// Driven by a loop over the scheduler's queue.
pub fn by_loop(policy: Policy, requests: u64, seed: u64) -> Outcome {
    simulate(policy, requests, seed, |scheduler| {
        while let Some(mut event) = scheduler.event_queue.pop() {
            scheduler.current_time = event.time;
            event.run(scheduler);
        }
    })
}

/// Until `requests` have arrived and left.
fn simulate(policy: Policy, requests: u64, seed: u64, drive: impl FnOnce(&mut EventScheduler)) -> Outcome {
    // Leaked, once a repetition: desru's closures must be 'static.
    let shared: Shared = Box::leak(Box::new(RefCell::new(Model {
        random: Xoshiro256PlusPlus::seed_from_u64(seed),
        policy,
        next: 0,
        lengths: [0; SERVERS],
        arrivals_left: requests,
        events: 0,
        area: Area::default(),
    })));
    let begun = Instant::now();
    let mut scheduler = EventScheduler::new();
    schedule_arrival(&mut scheduler, shared, 0.0);
    drive(&mut scheduler);
    let seconds = begun.elapsed().as_secs_f64();
    let model = shared.borrow();
    assert_eq!(model.events, 2 * requests, "every request arrives and leaves");
    Outcome { events_per_s: model.events as f64 / seconds, seconds, mean_in_system: model.area.mean() }
}
