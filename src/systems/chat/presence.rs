//! Who counts as online: whoever was heard of within a time. A device that vanishes says nothing, so the end of that
//! time is how its absence is noticed.

use crate::sim::{Span, Time};
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
pub struct Presence {
    /// `None`: nobody is expected to be heard of.
    timeout: Option<Span>,
    /// When each user counts as gone, [`Time::NEVER`] for those who do already.
    ends: Vec<Time>,
    /// The same for those who count as online, in order.
    order: BTreeSet<(Time, u32)>,
}

impl Presence {
    pub fn new(users: usize, timeout: Option<Span>) -> Presence {
        Presence { timeout, ends: vec![Time::NEVER; users], order: BTreeSet::new() }
    }

    /// Users are expected to be heard of.
    pub fn is_on(&self) -> bool {
        self.timeout.is_some()
    }

    /// The user was heard of.
    pub fn heard(&mut self, user: u32, now: Time) {
        let (Some(timeout), Some(end)) = (self.timeout, self.ends.get_mut(user as usize)) else { return };
        self.order.remove(&(*end, user));
        *end = now + timeout;
        self.order.insert((*end, user));
    }

    /// The user is known to be gone.
    pub fn gone(&mut self, user: u32) {
        let Some(end) = self.ends.get_mut(user as usize) else { return };
        self.order.remove(&(*end, user));
        *end = Time::NEVER;
    }

    /// When the next one counts as gone.
    pub fn due(&self) -> Time {
        self.order.first().map_or(Time::NEVER, |(end, _)| *end)
    }

    /// Somebody who was not heard of for too long; call again until there is none.
    pub fn expired(&mut self, now: Time) -> Option<u32> {
        let (_, user) = self.order.first().copied().filter(|(end, _)| *end <= now)?;
        self.gone(user);
        Some(user)
    }
}
