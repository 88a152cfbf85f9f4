//! Answers that are kept, so that a request sent twice is done once.
//!
//! A client names each request by a key of its own and repeats the key with every retry. The same key with
//! the same body gets the first answer again; with another body it is a conflict. Keys are forgotten
//! after a while (24 hours in Stripe's API), or when there are too many: the oldest first.

use crate::sim::{Span, Time};
use std::collections::{BTreeMap, VecDeque};

/// The most answers that can be kept.
pub const ANSWERS_MAX: usize = 20_000;

/// What a key says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<A> {
    New,
    /// The answer that was given.
    Same(A),
    /// The key was used for another body.
    Conflict,
}

/// Answers by (merchant, key).
#[derive(Clone, Debug)]
pub struct Answers<A> {
    kept: BTreeMap<(u32, u64), (u64, A)>,
    /// In the order of arrival.
    order: VecDeque<(Time, (u32, u64))>,
    lifetime: Span,
    max: usize,
}

impl<A: Copy> Answers<A> {
    pub fn new(lifetime: Span, max: usize) -> Answers<A> {
        let max = max.clamp(1, ANSWERS_MAX);
        Answers { kept: BTreeMap::new(), order: VecDeque::new(), lifetime, max }
    }

    /// `body` is a digest of all that the request says but its key.
    pub fn look_up(&mut self, merchant: u32, key: u64, body: u64, now: Time) -> Known<A> {
        while self.order.front().is_some_and(|(at, _)| now.since(*at) >= self.lifetime) {
            self.drop_oldest();
        }
        match self.kept.get(&(merchant, key)) {
            None => Known::New,
            Some((same, answer)) if *same == body => Known::Same(*answer),
            Some(_) => Known::Conflict,
        }
    }

    /// Keeps the answer to a new key.
    pub fn keep(&mut self, merchant: u32, key: u64, body: u64, answer: A, now: Time) {
        if self.kept.insert((merchant, key), (body, answer)).is_none() {
            self.order.push_back((now, (merchant, key)));
        }
        if self.order.len() > self.max {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some((_, key)) = self.order.pop_front() {
            self.kept.remove(&key);
        }
    }

    pub fn len(&self) -> usize {
        self.kept.len()
    }

    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// # Errors
    /// If the list and the map differ, or there are too many.
    pub fn check(&self) -> Result<(), String> {
        if self.kept.len() != self.order.len() || self.kept.len() > self.max {
            return Err(format!("{} answers, {} listed", self.kept.len(), self.order.len()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_conflict_expiry_and_bound() {
        let mut answers = Answers::new(Span(100), 2);
        assert_eq!(answers.look_up(1, 7, 70, Time(0)), Known::New);
        answers.keep(1, 7, 70, 'a', Time(0));
        assert_eq!(answers.look_up(1, 7, 70, Time(99)), Known::Same('a'));
        assert_eq!(answers.look_up(1, 7, 71, Time(99)), Known::Conflict);
        assert_eq!(answers.look_up(2, 7, 71, Time(99)), Known::New);
        assert_eq!(answers.look_up(1, 7, 71, Time(100)), Known::New);
        for key in 0..3 {
            answers.keep(1, key, 0, 'b', Time(100));
        }
        assert_eq!((answers.len(), answers.look_up(1, 0, 0, Time(100))), (2, Known::New));
        answers.check().unwrap();
    }
}
