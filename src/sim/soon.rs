//! What happens at this very instant, before the queue is asked again: deliveries in the order in which they
//! were sent. Nearly always there is one, which has a place of its own.

use super::Event;
use std::collections::VecDeque;

#[derive(Clone, Debug)]
pub(super) struct Soon {
    /// [`Event::NONE`] if there is none.
    first: Event,
    /// Behind the first; empty while there is none.
    others: VecDeque<Event>,
}

impl Default for Soon {
    fn default() -> Self {
        Soon { first: Event::NONE, others: VecDeque::new() }
    }
}

impl Soon {
    /// False if it is not the only one.
    #[inline(always)]
    pub fn push(&mut self, event: Event) -> bool {
        let alone = self.first == Event::NONE;
        if alone {
            self.first = event;
        } else {
            self.push_behind(event);
        }
        alone
    }

    #[inline(never)]
    fn push_behind(&mut self, event: Event) {
        self.others.push_back(event);
    }

    /// Whether there is more than one.
    pub fn is_crowded(&self) -> bool {
        !self.others.is_empty()
    }

    /// Takes the only one, if the place is not crowded; [`Event::NONE`] if there is none.
    #[inline(always)]
    pub fn take(&mut self) -> Event {
        std::mem::replace(&mut self.first, Event::NONE)
    }

    /// Takes the first of several.
    pub fn pop(&mut self) -> Event {
        let next = self.others.pop_front().unwrap_or(Event::NONE);
        std::mem::replace(&mut self.first, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{CallId, Happening};

    #[test]
    fn one_alone_is_taken_at_once() {
        let event = Event::from(Happening::Return(CallId(7)));
        let mut soon = Soon::default();
        assert_eq!(soon.take(), Event::NONE);
        assert!(soon.push(event) && !soon.is_crowded());
        assert_eq!((soon.take(), soon.take()), (event, Event::NONE));
    }

    #[test]
    fn what_was_sent_first_comes_first() {
        let event = |n| Event::from(Happening::Arrive(CallId(n)));
        let mut soon = Soon::default();
        let mut popped = vec![];
        for n in 0..6 {
            soon.push(event(2 * n));
            soon.push(event(2 * n + 1));
            popped.push(soon.pop());
        }
        while popped.last() != Some(&Event::NONE) {
            popped.push(soon.pop());
        }
        let wanted: Vec<Event> = (0..12).map(event).chain([Event::NONE]).collect();
        assert_eq!(popped, wanted);
        assert_eq!(soon.pop(), Event::NONE);
    }
}
