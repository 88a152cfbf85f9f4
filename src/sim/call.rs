//! Requests and calls, in arenas with free lists: no allocation per event in the steady state.
//!
//! A request is what a client wants done; a call is one hop of it. Calls form a tree: forwarding has
//! one child, scatter-gather several, retries and hedges are siblings.

use super::{Answer, Handle, Outcome, Span, Time};
use std::ops::{Index, IndexMut};

/// The most calls that may be open at once; a client that wants one more is refused it.
pub const CALLS_MAX: usize = 1_000_000;

/// Index of a node in the world.
pub type NodeId = u16;

/// One machine: a node's member.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Place {
    pub node: NodeId,
    /// From 0; shown from 1.
    pub member: u16,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CallId(pub u32);

impl CallId {
    pub const NONE: CallId = CallId(u32::MAX);
}

impl Default for CallId {
    fn default() -> CallId {
        CallId::NONE
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct RequestId(pub u32);

/// What a client wants done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request {
    /// In the order of issue over the whole run, from 1: as shown.
    pub number: u64,
    /// Identity across variants of a scenario: what the request draws depends on this alone.
    pub seed: u64,
    pub born: Time,
    pub key: u32,
    pub client: u32,
    pub class: u16,
    /// The clients node that issued it.
    pub source: NodeId,
    /// Work that a log prescribes instead of what a server draws; zero for none.
    pub work: Span,
    /// Relative cost of its class.
    pub cost: f32,
    /// Higher goes first where a queue has priorities.
    pub priority: u8,
    /// It writes what its key names; else it reads it.
    pub write: bool,
    /// Neither reported nor counted: a health check.
    pub probe: bool,
    /// What a node does of its own accord (a flush, a repair): calls that are counted where they arrive,
    /// but no client's request.
    pub errand: bool,
    /// Set once, when it ends.
    pub outcome: Option<Outcome>,
    /// Calls of it that exist.
    pub(super) open_calls: u32,
}

/// Where a call is on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Phase {
    /// Under way to the callee.
    #[default]
    Outbound,
    /// At the callee, waiting for a place to be worked on.
    Queued,
    /// Being worked on.
    Working,
    /// At the callee, which waits for calls of its own.
    Waiting,
    /// The answer is under way to the caller.
    Returning,
    /// Lost on the way; the caller does not know yet.
    Lost,
}

/// One hop of a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Call {
    pub request: RequestId,
    /// The call on whose behalf this one is made; [`CallId::NONE`] at the root.
    pub parent: CallId,
    pub from: Place,
    pub to: Place,
    /// Index of the link.
    pub link: u16,
    pub phase: Phase,
    /// Valid once `phase` is `Returning`, or when the caller gave up.
    pub outcome: Outcome,
    /// The caller no longer waits for the answer.
    pub abandoned: bool,
    /// As its request: a health check.
    pub probe: bool,
    /// Counts the tries of one caller, from 0.
    pub attempt: u16,
    pub departed: Time,
    pub arrived: Time,
    /// When work on it began.
    pub started: Time,
    /// When the callee sent the answer.
    pub finished: Time,
    /// When the present journey over the link ends.
    pub due: Time,
    /// For the callee's own use while it has the call: a worker, a queue place.
    pub slot: u32,
    /// For the caller's own use: which backend, which of several.
    pub tag: u32,
    /// Valid once `phase` is `Returning`: what the answer brings.
    pub answer: Answer,
    pub(super) timeout: Handle,
}

/// A vector with a free list. What is removed stays in memory until its place is taken again.
#[derive(Clone, Debug)]
pub struct Arena<T> {
    items: Vec<Slot<T>>,
    /// First of the free list, linked by [`Slot::next`]; beyond the end if there is none.
    free: u32,
    live: u32,
}

#[derive(Clone, Copy, Debug)]
struct Slot<T> {
    /// [`LIVE`], or the next free one.
    next: u32,
    item: T,
}

const LIVE: u32 = u32::MAX;
const END: u32 = u32::MAX - 1;

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Arena { items: vec![], free: END, live: 0 }
    }
}

impl<T: Copy + Default> Arena<T> {
    #[inline(always)]
    pub(super) fn insert(&mut self, item: T) -> u32 {
        if self.free == END {
            self.grow();
        }
        let index = self.free;
        let slot = &mut self.items[index as usize];
        self.free = slot.next;
        self.live += 1;
        *slot = Slot { next: LIVE, item };
        index
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        self.free = self.items.len() as u32;
        self.items.push(Slot { next: END, item: T::default() });
    }

    #[inline(always)]
    pub(super) fn remove(&mut self, index: u32) -> &T {
        let slot = &mut self.items[index as usize];
        debug_assert!(slot.next == LIVE, "removed once");
        slot.next = self.free;
        self.free = index;
        self.live -= 1;
        &slot.item
    }

    pub fn get(&self, index: u32) -> Option<&T> {
        self.items.get(index as usize).filter(|slot| slot.next == LIVE).map(|slot| &slot.item)
    }

    pub fn len(&self) -> usize {
        self.live as usize
    }

    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// The most that ever existed at once: what memory is held for.
    pub fn slots(&self) -> usize {
        self.items.len()
    }

    /// All that exist, by index.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let slots = self.items.iter().enumerate().filter(|(_, slot)| slot.next == LIVE);
        slots.map(|(index, slot)| (index as u32, &slot.item))
    }
}

// The engine hands out an index only for what exists and takes it back when it is removed.
impl<T> Index<u32> for Arena<T> {
    type Output = T;
    #[inline]
    fn index(&self, index: u32) -> &T {
        let slot = &self.items[index as usize];
        debug_assert!(slot.next == LIVE, "exists while its index is known");
        &slot.item
    }
}

impl<T> IndexMut<u32> for Arena<T> {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut T {
        let slot = &mut self.items[index as usize];
        debug_assert!(slot.next == LIVE, "exists while its index is known");
        &mut slot.item
    }
}
