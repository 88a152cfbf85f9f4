//! Inquiries: what a caller wants of a node that it calls, from the first try to the one answer.
//!
//! They stand in numbered places that are used again. A timer names its place and how often that has been
//! used: one that was held for a frozen machine may come when its inquiry is long over.

use super::breaker::Pass;
use crate::sim::{CallId, Handle, RequestId, Time};

/// What is wanted, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Want {
    pub request: RequestId,
    /// On whose behalf; [`CallId::NONE`] for a client's own.
    pub parent: CallId,
    /// The member that asks.
    pub member: u16,
    /// Place among the caller's outgoing links.
    pub way: u16,
    /// For the caller's own use.
    pub owner: u32,
}

/// A call under way.
#[derive(Clone, Copy, Debug)]
pub struct Open {
    pub call: CallId,
    pub pass: Pass,
}

/// The first call of a try, and the second that is made because the first takes long.
pub const FIRST: usize = 0;
pub const HEDGE: usize = 1;

#[derive(Clone, Copy, Debug)]
pub struct Inquiry {
    pub want: Want,
    pub deadline: Time,
    /// When the present try is given up.
    pub until: Time,
    /// Of the present try.
    pub open: [Option<Open>; 2],
    /// For the next try, or for the hedge of this one.
    pub timer: Handle,
    /// Between two tries.
    pub pausing: bool,
    pub retries: u16,
    /// Distinguishes the calls of one request: see [`crate::sim::Call::attempt`].
    pub attempt: u16,
    /// The last delay between tries.
    pub delay_ms: Option<f64>,
}

/// The most that one node keeps track of at once; one more is refused, as if no connection were left.
pub const INQUIRIES_MAX: usize = 100_000;

/// Bits of a timer's index that name the place.
const PLACE_BITS: u32 = 17;
const _: () = assert!(INQUIRIES_MAX < 1 << PLACE_BITS);

#[derive(Clone, Copy, Debug)]
struct Slot {
    inquiry: Option<Inquiry>,
    used: u32,
}

#[derive(Clone, Debug, Default)]
pub struct Inquiries {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

impl Inquiries {
    pub fn count(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub fn is_full(&self) -> bool {
        self.count() >= INQUIRIES_MAX
    }

    pub fn insert(&mut self, inquiry: Inquiry) -> u32 {
        let place = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { inquiry: None, used: 0 });
            self.slots.len() as u32 - 1
        });
        let slot = &mut self.slots[place as usize];
        (slot.inquiry, slot.used) = (Some(inquiry), slot.used.wrapping_add(1));
        place
    }

    pub fn get_mut(&mut self, place: u32) -> Option<&mut Inquiry> {
        self.slots.get_mut(place as usize)?.inquiry.as_mut()
    }

    pub fn remove(&mut self, place: u32) -> Option<Inquiry> {
        let removed = self.slots.get_mut(place as usize)?.inquiry.take()?;
        self.free.push(place);
        Some(removed)
    }

    /// The index of a timer for this place.
    pub fn timer_index(&self, place: u32) -> u32 {
        self.slots.get(place as usize).map_or(0, |slot| slot.used << PLACE_BITS | place)
    }

    /// The place that a timer's index names, if it still means the same inquiry.
    pub fn of_timer(&self, index: u32) -> Option<u32> {
        let place = index & ((1 << PLACE_BITS) - 1);
        (self.timer_index(place) == index && self.slots.get(place as usize)?.inquiry.is_some())
            .then_some(place)
    }

    /// The places of one member's inquiries.
    pub fn of_member(&self, member: u16) -> Vec<u32> {
        let is_of = |slot: &Slot| slot.inquiry.is_some_and(|inquiry| inquiry.want.member == member);
        let places = self.slots.iter().enumerate().filter(|(_, slot)| is_of(slot));
        places.map(|(place, _)| place as u32).collect()
    }
}
