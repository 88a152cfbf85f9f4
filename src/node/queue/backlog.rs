//! A first-in, first-out store of messages, in pages: checkpoints share those that did not change
//! between them.

use crate::sim::{NewRequest, Time};
use std::collections::VecDeque;
use std::sync::Arc;

/// What a producer handed in.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    /// In the order of publication, from 1.
    pub number: u64,
    pub published: Time,
    /// The producer's request: each delivery is a request like it.
    pub request: NewRequest,
    /// No consumer will ever get through with it.
    pub poison: bool,
}

/// Messages in a page.
const PAGE: usize = 64;

#[derive(Clone, Debug, Default)]
pub struct Backlog {
    pages: VecDeque<Arc<Vec<Message>>>,
    /// Messages of the first page that are gone.
    gone: usize,
    len: usize,
}

impl Backlog {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn push_back(&mut self, message: Message) {
        self.len += 1;
        match self.pages.back_mut() {
            Some(page) if page.len() < PAGE => Arc::make_mut(page).push(message),
            _ => {
                let mut page = Vec::with_capacity(PAGE);
                page.push(message);
                self.pages.push_back(Arc::new(page));
            }
        }
    }

    pub fn front(&self) -> Option<&Message> {
        self.pages.front()?.get(self.gone)
    }

    pub fn pop_front(&mut self) -> Option<Message> {
        let message = *self.front()?;
        (self.gone, self.len) = (self.gone + 1, self.len - 1);
        if self.gone == self.pages.front().map_or(0, |page| page.len()) {
            self.pages.pop_front();
            self.gone = 0;
        }
        Some(message)
    }

    pub fn clear(&mut self) {
        *self = Backlog::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: u64) -> Message {
        Message { number, published: Time::ZERO, request: NewRequest::default(), poison: false }
    }

    /// The standard library's deque is the oracle, with a checkpoint taken at every step.
    #[test]
    fn is_a_queue_and_its_clones_stay_as_they_were() {
        let (mut backlog, mut plain) = (Backlog::default(), VecDeque::new());
        for step in 0..2000u64 {
            let (kept, kept_plain) = (backlog.clone(), plain.clone());
            if crate::sim::mix(step) % 5 < if step < 1000 { 3 } else { 1 } {
                backlog.push_back(message(step));
                plain.push_back(step);
            } else {
                assert_eq!(backlog.pop_front().map(|message| message.number), plain.pop_front());
            }
            assert_eq!(backlog.len(), plain.len());
            assert_eq!(backlog.front().map(|message| message.number), plain.front().copied());
            assert_eq!(kept.front().map(|message| message.number), kept_plain.front().copied());
            assert_eq!(kept.len(), kept_plain.len());
        }
    }
}
