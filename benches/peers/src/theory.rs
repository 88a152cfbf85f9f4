//! What the mean number in the system must be, so that no contestant wins by simulating something else.

use crate::mm10::{Area, OFFERED, Policy, SERVERS};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Mean number waiting or in service.
pub fn mean_in_system(policy: Policy) -> f64 {
    match policy {
        Policy::RoundRobin => round_robin(),
        Policy::LeastConnections => least_connections_by_jump_chain(30_000_000),
    }
}

/// Each server sees every tenth arrival, so it is an E10/M/1 queue: GI/M/1's root σ = A*(μ(1 − σ)) by
/// iteration, and ρ/(1 − σ) in each (Kendall, 1953; Kleinrock, volume 1, chapter 6).
fn round_robin() -> f64 {
    let mut root = 0.5f64;
    for _ in 0..10_000 {
        root = (OFFERED / (OFFERED + 1.0 - root)).powi(SERVERS as i32);
    }
    OFFERED / (1.0 - root)
}

/// Joining the shortest of ten queues has no closed form. Its Markov chain is followed jump by jump, with
/// the mean holding time of each state in place of a drawn one; there is no event queue to get wrong.
fn least_connections_by_jump_chain(jumps: u64) -> f64 {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(4);
    let mut lengths = [0u32; SERVERS];
    let (mut area, mut now) = (Area::default(), 0.0);
    for _ in 0..jumps {
        let busy = lengths.iter().filter(|&&length| length > 0).count();
        let rate = OFFERED + busy as f64;
        now += 1.0 / rate;
        let place = (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64 * rate;
        if place < OFFERED {
            let shortest = lengths.iter_mut().min().expect("there are servers");
            *shortest += 1;
            area.step(now, 1);
        } else {
            let nth = ((place - OFFERED) as usize).min(busy - 1);
            let leaving =
                lengths.iter_mut().filter(|length| **length > 0).nth(nth).expect("so many are busy");
            *leaving -= 1;
            area.step(now, -1);
        }
    }
    area.mean()
}
