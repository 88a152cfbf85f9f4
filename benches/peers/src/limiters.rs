//! Rate limiters beside `governor` (GCRA): one key, and 16 000.
//!
//! governor with a clock that is told the time, as ours is, instead of reading it; not governor's own for tests, whose
//! time is an atomic number and costs as much as a decision. Before timing, both must let pass exactly as many of the
//! same requests.

use crate::side_by_side::{Way, compare};
use governor::clock::Clock;
use governor::nanos::Nanos;
use governor::{Quota, RateLimiter};
use std::cell::Cell;
use std::num::NonZeroU32;
use std::rc::Rc;
use switchyard::algo::limit::{Limit, find};
use switchyard::algo::setting::{Knobs, Value};
use switchyard::sim::{Purpose, Random, Stream, Time};

const ASKS: usize = 1 << 18;
const KEYS: u64 = 16_000;
/// Between two requests.
const STEP_NS: u64 = 750;
const BURST: u32 = 5;
/// So that of those that come three in four pass, and of a key's 83 a second some 50.
const RATE_PER_S: u32 = 1_000_000;
const RATE_OF_KEY_PER_S: u32 = 50;

pub fn limiters() {
    one_key();
    many_keys();
}

fn one_key() {
    let mut both = [clocked("gcra", RATE_PER_S), clocked("token-bucket", RATE_PER_S)];
    let [gcra, bucket] = &mut both;
    let clock = Told::default();
    let governor = RateLimiter::direct_with_clock(quota(RATE_PER_S), clock.clone());
    let direct = move || {
        (0..ASKS)
            .map(|_| {
                clock.tick();
                u64::from(governor.check().is_ok())
            })
            .sum()
    };
    let passed: [u64; 3] =
        [(0..ASKS).map(|_| gcra.ask(0)).sum(), (0..ASKS).map(|_| bucket.ask(0)).sum(), direct()];
    agree("one key", &passed);
    let ways = vec![
        Way::new("ours, gcra", || (0..ASKS).map(|_| gcra.ask(0)).sum()),
        Way::new("ours, token-bucket", || (0..ASKS).map(|_| bucket.ask(0)).sum()),
        Way::new("governor", direct),
    ];
    let wanted = [("ours, gcra", "governor", 3.0), ("ours, token-bucket", "governor", 3.0)];
    compare("limiter, one key", "M/s", ASKS as f64, ways, &wanted);
}

fn many_keys() {
    let mut random = Stream::new(1, "limiters", Purpose::Keys);
    let keys: Vec<u32> = (0..ASKS).map(|_| random.below(KEYS) as u32).collect();
    let (mut gcra, mut bucket) =
        (clocked("gcra", RATE_OF_KEY_PER_S), clocked("token-bucket", RATE_OF_KEY_PER_S));
    let clocks = [Told::default(), Told::default()];
    let quota = quota(RATE_OF_KEY_PER_S);
    let dash = RateLimiter::dashmap_with_clock(quota, clocks[0].clone());
    let hash = RateLimiter::hashmap_with_clock(quota, clocks[1].clone());
    let on_dash = |key: &u32| {
        clocks[0].tick();
        u64::from(dash.check_key(key).is_ok())
    };
    let on_hash = |key: &u32| {
        clocks[1].tick();
        u64::from(hash.check_key(key).is_ok())
    };
    let passed: [u64; 4] = [
        keys.iter().map(|&key| gcra.ask(key)).sum(),
        keys.iter().map(|&key| bucket.ask(key)).sum(),
        keys.iter().map(on_dash).sum(),
        keys.iter().map(on_hash).sum(),
    ];
    agree("16 000 keys", &passed);
    let ways = vec![
        Way::new("ours, gcra", || keys.iter().map(|&key| gcra.ask(key)).sum()),
        Way::new("ours, token-bucket", || keys.iter().map(|&key| bucket.ask(key)).sum()),
        Way::new("governor, dashmap", || keys.iter().map(on_dash).sum()),
        Way::new("governor, hashmap", || keys.iter().map(on_hash).sum()),
    ];
    let wanted = [
        ("ours, gcra", "governor, dashmap", 3.0),
        ("ours, gcra", "governor, hashmap", 3.0),
        ("ours, token-bucket", "governor, hashmap", 3.0),
    ];
    compare("limiter, 16 000 keys", "M/s", ASKS as f64, ways, &wanted);
}

/// governor's clock.
#[derive(Clone, Debug, Default)]
struct Told(Rc<Cell<u64>>);

impl Told {
    fn tick(&self) {
        self.0.set(self.0.get() + STEP_NS);
    }
}

impl Clock for Told {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(self.0.get())
    }
}

/// A policy of ours and its time.
struct Clocked {
    policy: Box<dyn Limit>,
    now: Time,
}

impl Clocked {
    fn ask(&mut self, key: u32) -> u64 {
        self.now.0 += STEP_NS;
        u64::from(self.policy.pass(key, 1, self.now).allows())
    }
}

fn clocked(id: &str, rate_per_s: u32) -> Clocked {
    let entry = find(id).expect("a policy of the table");
    let mut knobs = Knobs::defaults(entry.info.knobs);
    knobs.set("capacity", Value::Number(BURST.into()));
    knobs.set("rate_per_s", Value::Number(rate_per_s.into()));
    Clocked { policy: (entry.build)(&knobs), now: Time::ZERO }
}

fn quota(rate_per_s: u32) -> Quota {
    let some = |number| NonZeroU32::new(number).expect("not zero");
    Quota::per_second(some(rate_per_s)).allow_burst(some(BURST))
}

fn agree(what: &str, passed: &[u64]) {
    assert!(passed.windows(2).all(|pair| pair[0] == pair[1]), "{what}: {passed:?} passed of {ASKS}");
    println!("limiters, {what}: all let {} of {ASKS} pass", passed[0]);
}
