//! Signed notices to merchants, delivered at least once; and the receiver, which makes it exactly once.
//!
//! As in the Standard Webhooks specification (2023): what is signed is `id.timestamp.body`, by HMAC-SHA256
//! (RFC 2104, FIPS 180-4); a receiver refuses what is forged or too old, and remembers ids. The schedule
//! of retries is Svix's.

use crate::sim::{Span, Time};
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Pauses before each attempt, in seconds: at once, then 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h.
pub const SCHEDULE_S: [u64; 8] = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];
/// The most attempts that can be made.
pub const ATTEMPTS_MAX: usize = 16;

/// When a notice that was not confirmed is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The first pause, of which each one doubles; `None`: the pauses of [`SCHEDULE_S`].
    pub doubling: Option<Span>,
    /// So often, 1 to [`ATTEMPTS_MAX`]; then it is given up.
    pub attempts: usize,
}

impl Default for Schedule {
    fn default() -> Schedule {
        Schedule { doubling: None, attempts: SCHEDULE_S.len() }
    }
}

impl Schedule {
    /// How long after an attempt, from 1, the next one is due.
    fn pause(&self, attempt: usize) -> Span {
        match self.doubling {
            Some(first) => Span(first.0.saturating_mul(1 << (attempt - 1).min(ATTEMPTS_MAX))),
            None => Span(SCHEDULE_S[attempt.min(SCHEDULE_S.len() - 1)] * 1_000_000_000),
        }
    }
}

/// The most notices that wait; beyond, the one that is due first is given up.
pub const PENDING_MAX: usize = 20_000;
/// How far a timestamp may be off.
pub const TOLERANCE: Span = Span(300_000_000_000);
/// How many ids a receiver remembers.
pub const SEEN_MAX: usize = 10_000;

pub type Signature = [u8; 32];

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Kind {
    #[serde(rename = "payment.captured")]
    Captured,
    #[serde(rename = "payment.failed")]
    Failed,
    #[serde(rename = "payment.refunded")]
    Refunded,
    #[serde(rename = "payout.paid")]
    Paid,
}

/// What a merchant is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    pub id: u64,
    pub merchant: u32,
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The payment, or the day of a payout.
    pub of: u32,
    pub amount: u64,
}

impl Notice {
    /// As it travels.
    pub fn body(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// One attempt to deliver a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub notice: Notice,
    /// From 1.
    pub attempt: u32,
    pub at: Time,
    pub signature: Signature,
}

/// HMAC-SHA256 of `id.timestamp.body`, the timestamp in whole seconds.
pub fn sign(secret: &[u8], id: u64, at: Time, body: &str) -> Signature {
    mac(secret, id, at, body).map_or([0; 32], |mac| mac.finalize().into_bytes().into())
}

/// None never happens: HMAC takes keys of any length.
fn mac(secret: &[u8], id: u64, at: Time, body: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    for part in [&id.to_string(), ".", &(at.0 / 1_000_000_000).to_string(), ".", body] {
        mac.update(part.as_bytes());
    }
    Some(mac)
}

/// Notices on their way.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    /// By id: the notice and the attempts made.
    pending: BTreeMap<u64, (Notice, u32, Time)>,
    /// (when, id).
    due: BTreeSet<(Time, u64)>,
    schedule: Schedule,
    /// How many of those that wait have been tried so often.
    tried: [u32; ATTEMPTS_MAX + 1],
    sent: u64,
    pub delivered: u64,
    pub given_up: u64,
}

impl Outbox {
    pub fn new(schedule: Schedule) -> Outbox {
        let attempts = schedule.attempts.clamp(1, ATTEMPTS_MAX);
        Outbox { schedule: Schedule { attempts, ..schedule }, ..Outbox::default() }
    }

    /// Puts a notice on its way; it is due at once. Answers its id.
    pub fn send(&mut self, merchant: u32, kind: Kind, of: u32, amount: u64, now: Time) -> u64 {
        if self.pending.len() >= PENDING_MAX {
            if let Some((_, id)) = self.due.pop_first() {
                self.remove(id);
                self.given_up += 1;
            }
        }
        self.sent += 1;
        let id = self.sent;
        self.pending.insert(id, (Notice { id, merchant, kind, of, amount }, 0, now));
        self.due.insert((now, id));
        self.tried[0] += 1;
        id
    }

    /// It waits no longer.
    fn remove(&mut self, id: u64) -> Option<Time> {
        let (_, attempts, due) = self.pending.remove(&id)?;
        self.tried[attempts as usize] -= 1;
        Some(due)
    }

    /// When the next attempt is due.
    pub fn next_due(&self) -> Time {
        self.due.first().map_or(Time::NEVER, |(at, _)| *at)
    }

    /// The attempts that are due, at most `max`. Each is planned anew at once, so that an answer that
    /// never comes is as good as a failure; after the last one the notice is given up.
    pub fn take_due(&mut self, now: Time, max: usize, secret: impl Fn(u32) -> [u8; 32]) -> Vec<Delivery> {
        let mut deliveries = vec![];
        while deliveries.len() < max && self.next_due() <= now {
            let Some((_, id)) = self.due.pop_first() else { break };
            let Some((notice, attempts, due)) = self.pending.get_mut(&id) else { continue };
            if *attempts as usize >= self.schedule.attempts {
                self.remove(id);
                self.given_up += 1;
                continue;
            }
            self.tried[*attempts as usize] -= 1;
            *attempts += 1;
            self.tried[*attempts as usize] += 1;
            // After the last attempt, as long again for its answer.
            *due = now + self.schedule.pause(*attempts as usize);
            self.due.insert((*due, id));
            let signature = sign(&secret(notice.merchant), id, now, &notice.body());
            deliveries.push(Delivery { notice: *notice, attempt: *attempts, at: now, signature });
        }
        deliveries
    }

    /// The merchant confirmed a notice. A failure needs no report: the next attempt is planned.
    pub fn confirmed(&mut self, id: u64) {
        if let Some(due) = self.remove(id) {
            self.due.remove(&(due, id));
            self.delivered += 1;
        }
    }

    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// How many of those that wait have been tried 0, 1, 2 … times.
    pub fn tried(&self) -> [u32; ATTEMPTS_MAX + 1] {
        self.tried
    }

    /// # Errors
    /// If notices are neither waiting nor delivered nor given up.
    pub fn check(&self) -> Result<(), String> {
        let waiting = self.pending.len() as u64;
        if self.sent != waiting + self.delivered + self.given_up {
            return Err(format!("{} notices, {waiting} wait, {} delivered", self.sent, self.delivered));
        }
        let planned = |(id, (_, _, due)): (&u64, &(Notice, u32, Time))| self.due.contains(&(*due, *id));
        if self.due.len() != self.pending.len() || !self.pending.iter().all(planned) {
            return Err("a notice that waits is not planned".to_owned());
        }
        let mut tried = [0; ATTEMPTS_MAX + 1];
        for (_, attempts, _) in self.pending.values() {
            tried[*attempts as usize] += 1;
        }
        if tried != self.tried {
            return Err(format!("tried so often are {tried:?}, not {:?}", self.tried));
        }
        Ok(())
    }
}

/// What a receiver makes of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    Fresh,
    /// Confirmed again, but not acted on.
    Duplicate,
    Forged,
    Stale,
}

/// The merchant's end.
#[derive(Clone, Debug)]
pub struct Receiver {
    secret: Vec<u8>,
    seen: BTreeSet<u64>,
    order: VecDeque<u64>,
}

impl Receiver {
    pub fn new(secret: &[u8]) -> Receiver {
        Receiver { secret: secret.to_vec(), seen: BTreeSet::new(), order: VecDeque::new() }
    }

    /// The signature is compared in constant time, before anything else is believed.
    pub fn receive(&mut self, id: u64, at: Time, body: &str, signature: &[u8], now: Time) -> Received {
        let genuine = mac(&self.secret, id, at, body).is_some_and(|mac| mac.verify_slice(signature).is_ok());
        if !genuine {
            return Received::Forged;
        }
        if now.since(at).max(at.since(now)) > TOLERANCE {
            return Received::Stale;
        }
        if !self.seen.insert(id) {
            return Received::Duplicate;
        }
        self.order.push_back(id);
        if self.order.len() > SEEN_MAX {
            let oldest = self.order.pop_front();
            self.seen.remove(&oldest.unwrap_or(0));
        }
        Received::Fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// RFC 4231, test cases 1 to 4, 6 and 7 (case 5 is a truncated one).
    #[test]
    fn hmac_sha256_of_the_rfc() {
        let long = [0xaa; 131];
        let counting: Vec<u8> = (1..=25).collect();
        let cases: [(&[u8], &[u8], &str); 6] = [
            (&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (&counting, &[0xcd; 50], "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
            (
                &long,
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                &long,
                b"This is a test using a larger than block-size key and a larger than block-size data. \
                  The key needs to be hashed before being used by the HMAC algorithm.",
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ];
        for (key, text, wanted) in cases {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
            mac.update(text);
            assert_eq!(hex(&mac.finalize().into_bytes()), wanted);
        }
    }

    /// The same bytes in one piece.
    #[test]
    fn what_is_signed_is_id_time_and_body() {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"secret").unwrap();
        mac.update(b"17.61.{}");
        let whole: Signature = mac.finalize().into_bytes().into();
        assert_eq!(sign(b"secret", 17, Time(61_999_999_999), "{}"), whole);
    }

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn attempts_follow_the_schedule_and_end() {
        let mut outbox = Outbox::default();
        outbox.send(1, Kind::Captured, 5, 100, Time::ZERO);
        let mut times = vec![];
        while outbox.next_due() < Time::NEVER {
            let now = outbox.next_due();
            times.extend(outbox.take_due(now, 64, |_| [1; 32]).iter().map(|delivery| delivery.at.0 / SECOND));
            outbox.check().unwrap();
        }
        assert_eq!(times, [0, 5, 305, 2105, 9305, 27305, 63305, 99305]);
        assert_eq!((outbox.given_up, outbox.pending()), (1, 0));
    }

    #[test]
    fn pauses_that_double() {
        let schedule = Schedule { doubling: Some(Span(SECOND / 2)), attempts: 5 };
        let mut outbox = Outbox::new(schedule);
        outbox.send(1, Kind::Captured, 5, 100, Time::ZERO);
        let mut times = vec![];
        while outbox.next_due() < Time::NEVER {
            let now = outbox.next_due();
            times.extend(outbox.take_due(now, 64, |_| [1; 32]).iter().map(|delivery| delivery.at.0));
            outbox.check().unwrap();
        }
        assert_eq!(times, [0, 1, 3, 7, 15].map(|halves| halves * SECOND / 2));
        assert_eq!((outbox.given_up, outbox.pending()), (1, 0));
    }

    #[test]
    fn forgeries_old_notices_and_repetitions_are_told_apart() {
        let mut receiver = Receiver::new(&[7; 32]);
        let now = Time(1000 * SECOND);
        let signature = sign(&[7; 32], 1, now, "{}");
        let mut receive = |id, body: &str, at| receiver.receive(id, at, body, &signature, now);
        assert_eq!(receive(2, "{}", now), Received::Forged);
        assert_eq!(receive(1, "{ }", now), Received::Forged);
        assert_eq!(receive(1, "{}", Time(1001 * SECOND)), Received::Forged);
        assert_eq!(receive(1, "{}", now), Received::Fresh);
        assert_eq!(receive(1, "{}", now), Received::Duplicate);
        let late = now + TOLERANCE + Span(SECOND);
        assert_eq!(receiver.receive(1, now, "{}", &signature, late), Received::Stale);
        assert_eq!(Receiver::new(&[8; 32]).receive(1, now, "{}", &signature, now), Received::Forged);
        assert_eq!(receiver.receive(1, now, "{}", &signature[..31], now), Received::Forged);
    }

    proptest! {
        /// Whatever is lost, of deliveries and of answers, a receiver that is reached at all acts exactly
        /// once on each notice.
        #[test]
        fn at_least_once_becomes_exactly_once(losses in prop::collection::vec((0..40u8, 0..40u8), 1..20)) {
            let mut outbox = Outbox::default();
            let mut receiver = Receiver::new(&[3; 32]);
            for of in 0..losses.len() {
                outbox.send(1, Kind::Captured, of as u32, 1, Time(of as u64));
            }
            let mut acted = vec![0; losses.len()];
            let mut reached = vec![false; losses.len()];
            while outbox.next_due() < Time::NEVER {
                let now = outbox.next_due();
                for delivery in outbox.take_due(now, 64, |_| [3; 32]) {
                    let notice = delivery.notice;
                    let (lost, unanswered) = losses[notice.of as usize];
                    let attempt = delivery.attempt as u8;
                    if lost >> (attempt % 6) & 1 == 1 {
                        continue;
                    }
                    reached[notice.of as usize] = true;
                    match receiver.receive(notice.id, delivery.at, &notice.body(), &delivery.signature, now) {
                        Received::Fresh => acted[notice.of as usize] += 1,
                        other => prop_assert_eq!(other, Received::Duplicate),
                    }
                    if unanswered >> (attempt % 6) & 1 == 0 {
                        outbox.confirmed(notice.id);
                    }
                }
                prop_assert_eq!(outbox.check(), Ok(()));
            }
            for (acted, reached) in acted.iter().zip(&reached) {
                prop_assert_eq!(*acted, u32::from(*reached));
            }
            prop_assert!(reached.iter().all(|reached| *reached), "8 attempts, at most 6 in a row lost");
        }
    }
}
