//! Least frequently used: the entry with the fewest uses leaves.
//!
//! In-cache LFU: an entry that left starts again from one use when it comes back. All in constant time, after
//! Shah, Mitra and Matani, "An O(1) algorithm for implementing the LFU cache eviction scheme" (2010):
//! one list in the order of uses, cut into groups of equal counts. Among equals (`ties`) the one whose last
//! use is longest ago leaves, as in libCacheSim; `newest` is the other extreme. Counts are never
//! aged, so what was popular once may stay for ever.

use super::index::NONE;
use super::shelves::Shelves;
use super::*;
use crate::algo::setting::Setting;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "lfu",
        name: "LFU",
        short: "LFU",
        summary: "The entry with the fewest uses leaves.",
        source: "Shah, Mitra and Matani (2010)",
        knobs: &[Setting::choice(
            "ties",
            "Among equals",
            &[("oldest", "least recently used"), ("newest", "most recently used")],
            "oldest",
            "Which of the entries with the fewest uses leaves.",
        )],
    },
    build: |capacity, knobs| {
        Box::new(Lfu {
            capacity: bounded(capacity),
            newest: knobs.word("ties") == "newest",
            shelves: Shelves::new(1),
            groups: vec![],
            free: vec![],
        })
    },
};

#[derive(Clone, Debug)]
struct Lfu {
    capacity: u32,
    newest: bool,
    /// From the most uses to the fewest, equals from the latest to the earliest. An entry's mark is its group.
    shelves: Shelves,
    groups: Vec<Group>,
    /// Groups that are not in use.
    free: Vec<u32>,
}

/// Neighbours with equal counts.
#[derive(Clone, Copy, Debug)]
struct Group {
    uses: u32,
    /// The slot nearest the front: the latest.
    first: u32,
}

impl Lfu {
    fn group(&self, slot: u32) -> u32 {
        if slot == NONE { NONE } else { self.shelves.mark(slot) }
    }

    /// Makes `slot` the latest of the group with `uses`, which it may have to found. It stands right behind
    /// that group's place, or in it.
    fn join(&mut self, slot: u32, group: u32, uses: u32) {
        if group != NONE && self.groups[group as usize].uses == uses {
            self.groups[group as usize].first = slot;
            self.shelves.set_mark(slot, group);
            return;
        }
        let founded = Group { uses, first: slot };
        let group = self.free.pop().unwrap_or(self.groups.len() as u32);
        if group as usize == self.groups.len() {
            self.groups.push(founded);
        } else {
            self.groups[group as usize] = founded;
        }
        self.shelves.set_mark(slot, group);
    }

    /// Takes `slot` out of its group; true if it was the only one there, and the group is gone.
    fn leave(&mut self, slot: u32) -> bool {
        let group = self.shelves.mark(slot);
        if self.groups[group as usize].first != slot {
            return false;
        }
        let next = self.shelves.after(slot);
        if self.group(next) == group {
            self.groups[group as usize].first = next;
            return false;
        }
        self.free.push(group);
        true
    }

    fn victim(&self) -> u32 {
        let last = self.shelves.back(0);
        if self.newest { self.groups[self.shelves.mark(last) as usize].first } else { last }
    }

    fn take_out(&mut self, slot: u32) -> u32 {
        self.leave(slot);
        self.shelves.remove(slot)
    }
}

impl Evict for Lfu {
    #[inline]
    fn touch(&mut self, key: u32) -> bool {
        let slot = self.shelves.find(key);
        if slot == NONE {
            return false;
        }
        let group = self.shelves.mark(slot);
        let Group { uses, first } = self.groups[group as usize];
        let before = self.shelves.before(first);
        let above = self.group(before);
        let uses = uses.saturating_add(1);
        let joins = above != NONE && self.groups[above as usize].uses == uses;
        // Mostly the popular: alone with its count, and still alone with one more.
        if !joins && first == slot && self.group(self.shelves.after(slot)) != group {
            self.groups[group as usize].uses = uses;
            return true;
        }
        self.leave(slot);
        let latest = if joins { self.groups[above as usize].first } else { first };
        if latest != slot {
            self.shelves.move_before(latest, slot);
        }
        self.join(slot, above, uses);
        true
    }

    #[inline]
    fn load(&mut self, key: u32, _: &mut Stream) -> Option<u32> {
        let evicted = if self.len() == self.capacity { Some(self.take_out(self.victim())) } else { None };
        let last = self.shelves.back(0);
        let group = self.group(last);
        let slot = self.shelves.push_back(0, key);
        if group != NONE && self.groups[group as usize].uses == 1 {
            self.shelves.move_before(self.groups[group as usize].first, slot);
        }
        self.join(slot, group, 1);
        evicted
    }

    #[inline]
    fn contains(&self, key: u32) -> bool {
        self.shelves.find(key) != NONE
    }

    fn remove(&mut self, key: u32) -> bool {
        let slot = self.shelves.find(key);
        slot != NONE && self.take_out(slot) == key
    }

    #[inline]
    fn len(&self) -> u32 {
        self.shelves.len(0)
    }

    fn capacity(&self) -> u32 {
        self.capacity
    }

    fn inspect(&self) -> Inspection {
        let mut list = self.shelves.show(0, "by uses", self.capacity);
        let uses = |slot| self.groups[self.shelves.mark(slot) as usize].uses;
        list.marks = self.shelves.slots(0).take(SHOWN).map(uses).collect();
        Inspection { lists: vec![list], ..Inspection::default() }
    }

    fn check(&self) -> Result<(), String> {
        self.shelves.check()?;
        let (mut group, mut uses, mut groups) = (NONE, u32::MAX, 0);
        for slot in self.shelves.slots(0) {
            if self.shelves.mark(slot) == group {
                continue;
            }
            group = self.shelves.mark(slot);
            let Group { uses: fewer, first } = self.groups[group as usize];
            if first != slot || fewer >= uses && groups > 0 {
                return Err(format!("group {group} of {fewer} uses is misplaced"));
            }
            uses = fewer;
            groups += 1;
        }
        if groups + self.free.len() != self.groups.len() {
            return Err(format!("{groups} groups of {}", self.groups.len()));
        }
        Ok(())
    }
}
