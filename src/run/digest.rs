//! A fingerprint of everything that happened: two runs with the same digest are the same run.

use crate::sim::{Call, CallId, Counter, Observer, Outcome, Place, Request, Time, mix};

/// Hashes every call and every outcome, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest(u64);

impl Digest {
    pub fn value(self) -> u64 {
        self.0
    }

    fn add(&mut self, value: u64) {
        self.0 = mix(self.0 ^ value);
    }
}

impl Observer for Digest {
    fn ended(&mut self, request: &Request, outcome: Outcome, now: Time) {
        self.add(request.number);
        self.add(now.0);
        self.add(outcome as u64);
    }

    fn returned(&mut self, _: CallId, call: &Call, request: &Request, now: Time) {
        self.add(request.seed);
        self.add((call.to.node as u64) << 16 | call.to.member as u64);
        self.add(call.arrived.0 ^ call.started.0.rotate_left(21) ^ call.finished.0.rotate_left(42));
        self.add(now.0);
    }

    fn counted(&mut self, place: Place, what: Counter, n: u32) {
        self.add((place.node as u64) << 56 | (place.member as u64) << 40 | (what as u64) << 32 | n as u64);
    }

    fn occupied(&mut self, place: Place, busy: u32, queued: u32, now: Time) {
        self.add((place.member as u64) << 40 ^ (busy as u64) << 20 ^ queued as u64 ^ now.0.rotate_left(32));
    }
}
