//! Rate limiters beside `governor` (GCRA): one key, and 16 000.
//!
//! Ours is told the time; governor reads it from a clock for every decision, and so it is measured. How much of that is the
//! clock, governor with one that is told the time shows (not governor's own for tests, whose time is an atomic
//! number and costs as much as a decision): what is left is an atomic exchange, 2 to 8 ns by the make of processor.
//! All must let pass exactly as many of the same requests, so what the clock has read is not used.

use crate::side_by_side::{Way, compare};
use governor::clock::{Clock, DefaultClock};
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
    let (mut reading, mut told) = (governor(Reading::default()), governor(Told::default()));
    let passed: [u64; 4] =
        [(0..ASKS).map(|_| gcra.ask(0)).sum(), (0..ASKS).map(|_| bucket.ask(0)).sum(), reading(), told()];
    agree("one key", &passed);
    let ways = vec![
        Way::new("ours, gcra", || (0..ASKS).map(|_| gcra.ask(0)).sum()),
        Way::new("ours, token-bucket", || (0..ASKS).map(|_| bucket.ask(0)).sum()),
        Way::new("governor", reading),
        Way::new("governor, told the time", told),
    ];
    let wanted = [
        ("ours, gcra", "governor", Some(3.0)),
        ("ours, token-bucket", "governor", Some(3.0)),
        ("ours, gcra", "governor, told the time", None),
        ("ours, token-bucket", "governor, told the time", None),
    ];
    compare("limiter, one key", "M/s", ASKS as f64, ways, &wanted);
}

/// What asks governor with one key; it is dropped with its clock.
fn governor<C: Ticking>(clock: C) -> impl FnMut() -> u64 {
    let governor = RateLimiter::direct_with_clock(quota(RATE_PER_S), clock.clone());
    move || {
        let ask = |_| {
            clock.tick();
            u64::from(governor.check().is_ok())
        };
        (0..ASKS).map(ask).sum()
    }
}

fn many_keys() {
    let mut random = Stream::new(1, "limiters", Purpose::Keys);
    let keys: Vec<u32> = (0..ASKS).map(|_| random.below(KEYS) as u32).collect();
    let (mut gcra, mut bucket) =
        (clocked("gcra", RATE_OF_KEY_PER_S), clocked("token-bucket", RATE_OF_KEY_PER_S));
    let clocks = [Reading::default(), Reading::default()];
    let told = Told::default();
    let quota = quota(RATE_OF_KEY_PER_S);
    let dash = RateLimiter::dashmap_with_clock(quota, clocks[0].clone());
    let hash = RateLimiter::hashmap_with_clock(quota, clocks[1].clone());
    let hash_told = RateLimiter::hashmap_with_clock(quota, told.clone());
    let on_dash = |key: &u32| {
        clocks[0].tick();
        u64::from(dash.check_key(key).is_ok())
    };
    let on_hash = |key: &u32| {
        clocks[1].tick();
        u64::from(hash.check_key(key).is_ok())
    };
    let on_told = |key: &u32| {
        told.tick();
        u64::from(hash_told.check_key(key).is_ok())
    };
    let passed: [u64; 5] = [
        keys.iter().map(|&key| gcra.ask(key)).sum(),
        keys.iter().map(|&key| bucket.ask(key)).sum(),
        keys.iter().map(on_dash).sum(),
        keys.iter().map(on_hash).sum(),
        keys.iter().map(on_told).sum(),
    ];
    agree("16 000 keys", &passed);
    let ways = vec![
        Way::new("ours, gcra", || keys.iter().map(|&key| gcra.ask(key)).sum()),
        Way::new("ours, token-bucket", || keys.iter().map(|&key| bucket.ask(key)).sum()),
        Way::new("governor, dashmap", || keys.iter().map(on_dash).sum()),
        Way::new("governor, hashmap", || keys.iter().map(on_hash).sum()),
        Way::new("hashmap, told the time", || keys.iter().map(on_told).sum()),
    ];
    let wanted = [
        ("ours, gcra", "governor, dashmap", Some(3.0)),
        ("ours, gcra", "governor, hashmap", Some(3.0)),
        ("ours, token-bucket", "governor, hashmap", Some(3.0)),
        ("ours, gcra", "hashmap, told the time", None),
    ];
    compare("limiter, 16 000 keys", "M/s", ASKS as f64, ways, &wanted);
}

/// A clock of governor's that goes on by [`STEP_NS`] when it is told.
trait Ticking: Clock<Instant = Nanos> + Clone {
    fn tick(&self);
}

#[derive(Clone, Debug, Default)]
struct Told(Rc<Cell<u64>>);

impl Ticking for Told {
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

/// The same, but it reads governor's usual clock besides.
#[derive(Clone, Debug, Default)]
struct Reading {
    told: Told,
    clock: DefaultClock,
}

impl Ticking for Reading {
    fn tick(&self) {
        self.told.tick();
    }
}

impl Clock for Reading {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        std::hint::black_box(self.clock.now());
        self.told.now()
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
