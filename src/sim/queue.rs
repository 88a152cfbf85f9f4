//! The event queue: a hierarchical timing wheel that pops in exact (time, sequence) order.
//!
//! Varghese and Lauck (1987), with one-nanosecond ticks, 64 slots a level and eleven levels, so that
//! the whole range of [`Time`] fits and there is nothing to tune. An event lies on the level of the
//! highest six-bit digit in which its time differs from the wheel's own, in a doubly linked list, so
//! that it can be taken out in constant time: a timeout that is no longer needed leaves no trace.
//! Differences from the paper: a slot's first event is taken at once, its others move straight to the
//! level that they need next instead of down one level at a time, and before the wheel stands a short
//! sorted list of the earliest events, which is all that a small system ever needs.

use super::Time;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Debug;

/// Where a scheduled event is, so that it can be cancelled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Handle {
    index: u32,
    generation: u32,
}

impl Handle {
    /// Names no event; cancelling it does nothing.
    pub const NONE: Handle = Handle { index: u32::MAX, generation: 0 };
    /// Stands for an event that was popped and is held back.
    pub(super) const PARKED: Handle = Handle { index: u32::MAX, generation: 1 };
}

impl Handle {
    /// Whether an event may be scheduled under it.
    #[inline]
    pub(super) fn names_one(self) -> bool {
        self.index != Handle::NONE.index
    }
}

impl Default for Handle {
    fn default() -> Handle {
        Handle::NONE
    }
}

/// Events in order of time; those of the same time in the order in which they were scheduled.
pub trait EventQueue: Clone + Default + Debug {
    type Event: Copy + Default + Debug;

    /// `at` must not be earlier than the last event popped.
    fn schedule(&mut self, at: Time, event: Self::Event) -> Handle;

    /// Takes an event out. False if it was already popped or cancelled.
    fn cancel(&mut self, handle: Handle) -> bool;

    /// The first event, if its time is not after `until`.
    fn pop(&mut self, until: Time) -> Option<(Time, Self::Event)>;

    /// When the first event is due.
    fn next_time(&self) -> Option<Time>;

    /// Events that are waiting.
    fn len(&self) -> usize;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
const LEVELS: usize = 11;
/// The first entries of the arena are the list heads, one for each slot.
const HEADS: usize = SLOTS * LEVELS;

#[derive(Clone, Copy, Debug, Default)]
struct Entry<E> {
    time: u64,
    next: u32,
    previous: u32,
    generation: u32,
    event: E,
}

/// The timing wheel. Memory: 24 bytes and the event for each event that was ever waiting at once.
#[derive(Clone, Debug)]
pub struct Wheel<E> {
    /// Time of the last event popped; every waiting event is at or after it.
    current: u64,
    /// A bit for each level that has events.
    levels: u32,
    /// A bit for each slot that has events.
    slots: [u64; LEVELS],
    entries: Vec<Entry<E>>,
    /// First entry of the free list, linked by `next`; 0 is none, being a list head.
    free: u32,
    waiting: usize,
    /// Nothing on the wheel is earlier than anything here, or of the same time and older.
    front: Front<E>,
}

/// The earliest entries, at most [`FRONT`]. Where a new one belongs is counted, not searched for: a
/// processor cannot foretell where a search ends, and pays for that with more than the counting costs.
#[derive(Clone, Debug)]
struct Front<E> {
    /// By place; the greatest where the place is free.
    times: [u64; FRONT],
    /// By place: the entry.
    entries: [u32; FRONT],
    /// By place: what is due. As in the entry, but known sooner.
    events: [E; FRONT],
    /// The places in the order of time, four bits each, the earliest lowest.
    order: u64,
    /// A bit for each place that is taken.
    taken: u32,
    len: u32,
}

/// As many as four bits can name, and one word can order.
const FRONT: usize = 16;
const PLACE_BITS: u32 = 4;

impl<E: Copy + Default> Default for Front<E> {
    fn default() -> Self {
        let (times, entries, events) = ([u64::MAX; FRONT], [0; FRONT], [E::default(); FRONT]);
        Front { times, entries, events, order: 0, taken: 0, len: 0 }
    }
}

/// In an entry's `previous`: it is in the sorted list.
const IN_FRONT: u32 = u32::MAX;

impl<E: Copy + Default + Debug> Default for Wheel<E> {
    fn default() -> Self {
        let head = |index| Entry { next: index, previous: index, ..Entry::default() };
        Wheel {
            current: 0,
            levels: 0,
            slots: [0; LEVELS],
            entries: (0..HEADS as u32).map(head).collect(),
            free: 0,
            waiting: 0,
            front: Front::default(),
        }
    }
}

impl<E: Copy> Front<E> {
    /// Inserts behind all that are due no later; there is room.
    #[inline(always)]
    fn insert(&mut self, time: u64, index: u32, event: E) {
        let place = self.taken.trailing_ones();
        // Free places count if the time is the greatest: no more than there are belong before.
        let rank = self.times.iter().map(|&other| u32::from(other <= time)).sum::<u32>().min(self.len);
        let before = (1 << (rank * PLACE_BITS)) - 1;
        let (earlier, later) = (self.order & before, self.order & !before);
        self.order = earlier | u64::from(place) << (rank * PLACE_BITS) | later << PLACE_BITS;
        self.times[place as usize % FRONT] = time;
        self.entries[place as usize % FRONT] = index;
        self.events[place as usize % FRONT] = event;
        self.taken |= 1 << place;
        self.len += 1;
    }

    /// The same where there is no room: the latest, which is later than this, makes some.
    fn insert_for_latest(&mut self, time: u64, index: u32, event: E) -> u32 {
        let latest = self.entries[self.place_of(self.len - 1)];
        self.take(self.len - 1);
        self.insert(time, index, event);
        latest
    }

    /// The place of the one with this rank, from 0.
    #[inline(always)]
    fn place_of(&self, rank: u32) -> usize {
        (self.order >> (rank * PLACE_BITS)) as usize % FRONT
    }

    /// The earliest: (time, entry, event).
    #[inline(always)]
    fn first(&self) -> Option<(u64, u32, E)> {
        let place = self.place_of(0);
        (self.len > 0).then(|| (self.times[place], self.entries[place], self.events[place]))
    }

    #[inline]
    fn is_before_latest(&self, time: u64) -> bool {
        self.len > 0 && time < self.times[self.place_of(self.len - 1)]
    }

    /// Takes out the one with this rank.
    #[inline(always)]
    fn take(&mut self, rank: u32) {
        let place = self.place_of(rank);
        let before = (1 << (rank * PLACE_BITS)) - 1;
        self.order = self.order & before | self.order >> PLACE_BITS & !before;
        self.times[place] = u64::MAX;
        self.taken &= !(1 << place);
        self.len -= 1;
    }

    fn remove(&mut self, index: u32) {
        let rank = (0..self.len).find(|rank| self.entries[self.place_of(*rank)] == index);
        if let Some(rank) = rank {
            self.take(rank);
        }
    }
}

impl<E: Copy + Default + Debug> Wheel<E> {
    /// The head of the slot that a time belongs to, marked as not empty.
    #[inline]
    fn slot_of(&mut self, time: u64) -> usize {
        let differing = (time ^ self.current) | 1;
        let level = ((63 - differing.leading_zeros()) / DIGIT_BITS) as usize;
        let slot = (time >> (level as u32 * DIGIT_BITS)) as usize % SLOTS;
        self.slots[level] |= 1 << slot;
        self.levels |= 1 << level;
        level * SLOTS + slot
    }

    /// Puts an entry first in its slot: it is older than all there that have its time.
    fn place_first(&mut self, index: u32) {
        let head = self.slot_of(self.entries[index as usize].time);
        let first = self.entries[head].next;
        self.entries[first as usize].previous = index;
        self.entries[head].next = index;
        let entry = &mut self.entries[index as usize];
        entry.next = first;
        entry.previous = head as u32;
    }

    /// Appends an entry to the slot that its time belongs to.
    #[inline]
    fn place(&mut self, index: u32) {
        let head = self.slot_of(self.entries[index as usize].time);
        let last = self.entries[head].previous;
        self.entries[last as usize].next = index;
        self.entries[head].previous = index;
        let entry = &mut self.entries[index as usize];
        entry.previous = last;
        entry.next = head as u32;
    }

    /// Takes an entry out of its list and puts it on the free list.
    #[inline]
    fn release(&mut self, index: u32) {
        let Entry { next, previous, .. } = self.entries[index as usize];
        if previous == IN_FRONT {
            self.front.remove(index);
        } else {
            self.entries[previous as usize].next = next;
            self.entries[next as usize].previous = previous;
            if next == previous {
                self.clear(next as usize);
            }
        }
        self.free(index);
    }

    /// Notes that the list of this head is empty.
    #[inline]
    fn clear(&mut self, head: usize) {
        let level = head / SLOTS;
        self.slots[level] &= !(1 << (head % SLOTS));
        if self.slots[level] == 0 {
            self.levels &= !(1 << level);
        }
    }

    /// The head of the first slot that has events.
    #[inline]
    fn first_head(&self) -> Option<usize> {
        if self.levels == 0 {
            return None;
        }
        let level = self.levels.trailing_zeros() as usize;
        Some(level * SLOTS + self.slots[level].trailing_zeros() as usize)
    }

    /// The first event of a slot: its time and entry.
    fn earliest(&self, head: usize) -> (u64, u32) {
        let mut index = self.entries[head].next;
        let mut earliest = (self.entries[index as usize].time, index);
        if head < SLOTS {
            return earliest;
        }
        while index as usize != head {
            let entry = &self.entries[index as usize];
            if entry.time < earliest.0 {
                earliest = (entry.time, index);
            }
            index = entry.next;
        }
        earliest
    }

    /// Takes the first event of a slot, the time of which is the wheel's now, and puts the slot's others where they belong
    /// from there.
    fn enter(&mut self, head: usize, first: u32) {
        let mut index = self.entries[head].next;
        self.entries[head].next = head as u32;
        self.entries[head].previous = head as u32;
        self.clear(head);
        while index as usize != head {
            let next = self.entries[index as usize].next;
            if index != first {
                self.place(index);
            }
            index = next;
        }
    }

    /// Takes the first of several events of a slot.
    #[inline]
    fn take_first(&mut self, head: usize, index: u32) {
        let next = self.entries[index as usize].next;
        self.entries[head].next = next;
        self.entries[next as usize].previous = head as u32;
    }

    /// An entry that is in no list any more goes to the free list.
    #[inline]
    fn free(&mut self, index: u32) {
        let entry = &mut self.entries[index as usize];
        entry.generation = entry.generation.wrapping_add(1);
        entry.next = self.free;
        self.free = index;
        self.waiting -= 1;
    }

    /// Makes room for one more event, and schedules it.
    #[cold]
    #[inline(never)]
    fn schedule_after_growing(&mut self, at: Time, event: E) -> Handle {
        self.free = self.entries.len() as u32;
        self.entries.push(Entry::default());
        self.schedule(at, event)
    }

    /// Puts an entry on the wheel, or in the sorted list in place of the latest there.
    #[inline(never)]
    fn place_far(&mut self, time: u64, handle: Handle, event: E) -> Handle {
        if self.front.is_before_latest(time) {
            let latest = self.front.insert_for_latest(time, handle.index, event);
            self.place_first(latest);
        } else {
            self.place(handle.index);
        }
        handle
    }

    /// Brings the first event of the wheel into the sorted list, which is empty, if its time is not after `until`.
    /// False if there is none.
    #[inline(never)]
    fn fetch(&mut self, until: Time) -> bool {
        let Some(head) = self.first_head() else { return false };
        let (time, first) = self.earliest(head);
        if time > until.0 {
            return false;
        }
        self.current = time;
        // On the lowest level all events of a slot have one time: the others stay where they are.
        if head < SLOTS && self.entries[head].previous != first {
            self.take_first(head, first);
        } else {
            self.enter(head, first);
        }
        let entry = &mut self.entries[first as usize];
        entry.previous = IN_FRONT;
        let event = entry.event;
        self.front.insert(time, first, event);
        true
    }
}

impl<E: Copy + Default + Debug> EventQueue for Wheel<E> {
    type Event = E;

    fn schedule(&mut self, at: Time, event: E) -> Handle {
        // Whatever is rare is a call in last place, so that the common way saves no registers.
        if self.free == 0 {
            return self.schedule_after_growing(at, event);
        }
        let time = at.0.max(self.current);
        let index = self.free;
        let entry = &mut self.entries[index as usize];
        self.free = entry.next;
        self.waiting += 1;
        (entry.time, entry.event, entry.previous) = (time, event, IN_FRONT);
        let handle = Handle { index, generation: entry.generation };
        if self.front.len as usize >= FRONT || (self.levels != 0 && !self.front.is_before_latest(time)) {
            return self.place_far(time, handle, event);
        }
        self.front.insert(time, index, event);
        handle
    }

    fn cancel(&mut self, handle: Handle) -> bool {
        let live = self.entries.get(handle.index as usize).is_some_and(|e| e.generation == handle.generation);
        if live {
            self.release(handle.index);
        }
        live
    }

    #[inline(always)]
    fn pop(&mut self, until: Time) -> Option<(Time, E)> {
        if self.front.len == 0 && !self.fetch(until) {
            return None;
        }
        let (time, index, event) = self.front.first()?;
        if time > until.0 {
            return None;
        }
        self.front.take(0);
        // The wheel's time stands while anything is on it: events lie where it says.
        if self.levels == 0 {
            self.current = time;
        }
        self.free(index);
        Some((Time(time), event))
    }

    fn next_time(&self) -> Option<Time> {
        match self.front.first() {
            None => self.first_head().map(|head| Time(self.earliest(head).0)),
            Some((time, ..)) => Some(Time(time)),
        }
    }

    fn len(&self) -> usize {
        self.waiting
    }
}
/// A binary heap with tombstones: the plain queue that the wheel is tested and measured against.
#[derive(Clone, Debug, Default)]
pub struct Heap<E> {
    heap: BinaryHeap<Reverse<(u64, u64, u32)>>,
    events: Vec<(E, u32, bool)>,
    free: Vec<u32>,
    sequence: u64,
    waiting: usize,
}

impl<E: Copy + Default + Debug> EventQueue for Heap<E> {
    type Event = E;

    fn schedule(&mut self, at: Time, event: E) -> Handle {
        let index = self.free.pop().unwrap_or(self.events.len() as u32);
        if index as usize == self.events.len() {
            self.events.push((event, 0, true));
        }
        let slot = &mut self.events[index as usize];
        (slot.0, slot.2) = (event, true);
        let generation = slot.1;
        self.sequence += 1;
        self.heap.push(Reverse((at.0, self.sequence, index)));
        self.waiting += 1;
        Handle { index, generation }
    }

    fn cancel(&mut self, handle: Handle) -> bool {
        match self.events.get_mut(handle.index as usize) {
            Some((_, generation, live)) if *generation == handle.generation && *live => {
                *live = false;
                self.waiting -= 1;
                true
            }
            _ => false,
        }
    }

    fn pop(&mut self, until: Time) -> Option<(Time, E)> {
        loop {
            let Reverse((time, _, index)) = *self.heap.peek()?;
            let (event, generation, live) = &mut self.events[index as usize];
            if *live && time > until.0 {
                return None;
            }
            self.heap.pop();
            *generation = generation.wrapping_add(1);
            self.free.push(index);
            if *live {
                self.waiting -= 1;
                return Some((Time(time), *event));
            }
        }
    }

    fn next_time(&self) -> Option<Time> {
        let live = self.heap.iter().filter(|Reverse((_, _, index))| self.events[*index as usize].2);
        live.map(|Reverse((time, _, _))| Time(*time)).min()
    }

    fn len(&self) -> usize {
        self.waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Schedule { delay: u64 },
        Cancel { nth: usize },
        Pop { ahead: u64 },
    }

    fn step() -> impl Strategy<Value = Step> {
        // Delays of every magnitude, with many equal times among the small ones.
        let delay = prop_oneof![0..4u64, 0..200u64, 0..1_000_000u64, 0..u64::MAX / 4];
        prop_oneof![
            3 => delay.clone().prop_map(|delay| Step::Schedule { delay }),
            1 => (0..64usize).prop_map(|nth| Step::Cancel { nth }),
            3 => delay.prop_map(|ahead| Step::Pop { ahead }),
        ]
    }

    proptest! {
        /// The heap, ordered by (time, sequence), is the oracle.
        #[test]
        fn pops_what_a_heap_pops(steps in prop::collection::vec(step(), 1..400)) {
            let mut wheel = Wheel::<u32>::default();
            let mut heap = Heap::<u32>::default();
            let mut handles = vec![];
            let mut now = 0u64;
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Schedule { delay } => {
                        let at = Time(now.saturating_add(delay));
                        handles.push((wheel.schedule(at, number as u32), heap.schedule(at, number as u32)));
                    }
                    Step::Cancel { nth } => {
                        if let Some((w, h)) = handles.get(nth) {
                            prop_assert_eq!(wheel.cancel(*w), heap.cancel(*h));
                        }
                    }
                    Step::Pop { ahead } => {
                        let until = Time(now.saturating_add(ahead));
                        prop_assert_eq!(wheel.next_time(), heap.next_time());
                        let popped = wheel.pop(until);
                        prop_assert_eq!(popped, heap.pop(until));
                        if let Some((time, _)) = popped { now = time.0; }
                    }
                }
                prop_assert_eq!(wheel.len(), heap.len());
            }
            while let Some(popped) = wheel.pop(Time::NEVER) {
                prop_assert_eq!(Some(popped), heap.pop(Time::NEVER));
            }
            prop_assert_eq!(heap.pop(Time::NEVER), None);
        }
    }

    #[test]
    fn memory_stays_flat_while_events_come_and_go() {
        let mut wheel = Wheel::<u32>::default();
        for i in 0..100_000u64 {
            let timeout = wheel.schedule(Time(i * 10 + 1_000_000_000), 0);
            wheel.schedule(Time(i * 10 + 5), 1);
            assert_eq!(wheel.pop(Time::NEVER), Some((Time(i * 10 + 5), 1)));
            assert!(wheel.cancel(timeout) && !wheel.cancel(timeout));
        }
        assert!(wheel.entries.len() <= HEADS + 2);
    }
}
