//! What is kept of each key, found by the key: a hash table whose entries do not move.
//!
//! An entry's place is its slot, a small number, by which lists and heaps name it. Entries with one hash are chained, the
//! newest first. So taking in a key searches nothing, and taking one out moves nothing: a processor cannot foretell
//! where a search ends, and pays for that with more than a table that lies closer together saves. Memory follows the most
//! keys that were held at once, not their size, so a clone (a checkpoint) is as large as the cache was full. The order of
//! slots is that in which they were taken, and the slot that was freed last is taken first.

use std::ops;

/// No slot.
pub(super) const NONE: u32 = u32::MAX;

/// At least so many chains for each entry.
const CHAINS: usize = 4;
const CHAINS_MIN: usize = 16;

#[derive(Clone, Debug)]
pub(super) struct Index<T = ()> {
    /// By hash: the first slot of the chain, or [`NONE`]. A power of two of them.
    chains: Vec<u32>,
    /// By slot.
    entries: Vec<Entry<T>>,
    /// The first of the slots that are free, chained too, or [`NONE`].
    free: u32,
    len: u32,
    /// How far a 32-bit hash is shifted to become a chain's number.
    shift: u32,
}

#[derive(Clone, Copy, Debug)]
struct Entry<T> {
    /// What it was if the slot is free.
    key: u32,
    /// The next slot of the chain, or [`NONE`].
    next: u32,
    value: T,
}

impl<T: Copy> Default for Index<T> {
    fn default() -> Index<T> {
        Index::behind([])
    }
}

impl<T: Copy> Index<T> {
    /// Without keys. The first slots have these values and never get a key.
    pub fn behind(values: impl IntoIterator<Item = T>) -> Index<T> {
        let entry = |value| Entry { key: NONE, next: NONE, value };
        Index {
            chains: vec![NONE; CHAINS_MIN],
            entries: values.into_iter().map(entry).collect(),
            free: NONE,
            len: 0,
            shift: 32 - CHAINS_MIN.trailing_zeros(),
        }
    }

    /// Keys that are there.
    #[inline]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// All slots that there are, free ones too.
    pub fn slots(&self) -> u32 {
        self.entries.len() as u32
    }

    /// Whether the slot has a key.
    pub fn is_taken(&self, slot: u32) -> bool {
        self.get(self.key(slot)) == slot
    }

    /// The key of a slot that has one.
    #[inline]
    pub fn key(&self, slot: u32) -> u32 {
        self.entries[slot as usize].key
    }

    /// Multiplicative hashing: neighbouring keys lie far apart.
    #[inline]
    fn chain(&self, key: u32) -> usize {
        (key.wrapping_mul(0x9e37_79b9) >> self.shift) as usize & (self.chains.len() - 1)
    }

    /// The key's slot, or [`NONE`].
    #[inline]
    pub fn get(&self, key: u32) -> u32 {
        let mut slot = self.chains[self.chain(key)];
        // There are never so many entries that `NONE` is one.
        while let Some(entry) = self.entries.get(slot as usize) {
            if entry.key == key {
                return slot;
            }
            slot = entry.next;
        }
        NONE
    }

    /// What is kept of the key, if it is there.
    #[inline]
    pub fn find(&self, key: u32) -> Option<T> {
        self.entries.get(self.get(key) as usize).map(|entry| entry.value)
    }

    /// Takes in a key that is not there; its slot.
    #[inline]
    pub fn insert(&mut self, key: u32, value: T) -> u32 {
        if self.free == NONE {
            self.grow(value);
        }
        let (slot, chain) = (self.free, self.chain(key));
        let entry = &mut self.entries[slot as usize];
        self.free = entry.next;
        *entry = Entry { key, next: self.chains[chain], value };
        self.chains[chain] = slot;
        self.len += 1;
        slot
    }

    /// One more slot, free, and as many chains as that needs.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, value: T) {
        self.free = self.slots();
        self.entries.push(Entry { key: NONE, next: NONE, value });
        if self.entries.len() * CHAINS <= self.chains.len() {
            return;
        }
        let more = vec![NONE; self.chains.len() * 2];
        self.shift -= 1;
        for mut slot in std::mem::replace(&mut self.chains, more) {
            while slot != NONE {
                let Entry { key, next, .. } = self.entries[slot as usize];
                let chain = self.chain(key);
                self.entries[slot as usize].next = std::mem::replace(&mut self.chains[chain], slot);
                slot = next;
            }
        }
    }

    /// Takes the key of a slot out; the key.
    #[inline]
    pub fn remove(&mut self, slot: u32) -> u32 {
        let entry = &mut self.entries[slot as usize];
        let (key, next) = (entry.key, entry.next);
        entry.next = std::mem::replace(&mut self.free, slot);
        self.len -= 1;
        let chain = self.chain(key);
        let first = &mut self.chains[chain];
        if *first == slot {
            *first = next;
        } else {
            let first = *first;
            self.unchain(first, slot, next);
        }
        key
    }

    /// Takes a slot out of the middle of its chain.
    #[inline(never)]
    fn unchain(&mut self, first: u32, slot: u32, next: u32) {
        let mut before = first;
        while let Some(entry) = self.entries.get_mut(before as usize) {
            if entry.next == slot {
                entry.next = next;
                return;
            }
            before = entry.next;
        }
    }
}

impl<T> ops::Index<u32> for Index<T> {
    type Output = T;
    #[inline]
    fn index(&self, slot: u32) -> &T {
        &self.entries[slot as usize].value
    }
}

impl<T> ops::IndexMut<u32> for Index<T> {
    #[inline]
    fn index_mut(&mut self, slot: u32) -> &mut T {
        &mut self.entries[slot as usize].value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Keys that collide, that lie side by side, and the largest; against an ordered map.
        #[test]
        fn it_is_a_map(steps in proptest::collection::vec((0u8..3, 0u32..60), 1..400)) {
            let mut index = Index::behind([7; 3]);
            let mut model = BTreeMap::new();
            for (nth, (what, small)) in steps.into_iter().enumerate() {
                let key = match small % 3 { 0 => small, 1 => small << 26, _ => u32::MAX - small };
                let slot = index.get(key);
                prop_assert_eq!(slot != NONE, model.contains_key(&key));
                match what {
                    0 if slot == NONE => {
                        let slot = index.insert(key, nth);
                        prop_assert!(slot >= 3);
                        model.insert(key, nth);
                    }
                    1 if slot != NONE => {
                        prop_assert_eq!(index.remove(slot), key);
                        prop_assert!(!index.is_taken(slot));
                        model.remove(&key);
                    }
                    _ => {}
                }
                prop_assert_eq!(index.len() as usize, model.len());
                for (&key, &value) in &model {
                    let slot = index.get(key);
                    prop_assert_eq!((index.key(slot), index[slot]), (key, value));
                }
                prop_assert_eq!((index[0], index[2]), (7, 7));
                prop_assert_eq!((0..index.slots()).filter(|&slot| index.is_taken(slot)).count(), model.len());
            }
        }

        /// Slots are as few as there ever were keys at once.
        #[test]
        fn slots_are_used_again(keys in proptest::collection::vec(0u32..1000, 1..300), most in 1u32..20) {
            let mut index = Index::default();
            let mut held = std::collections::VecDeque::new();
            for key in keys {
                if index.get(key) == NONE {
                    if index.len() == most {
                        index.remove(held.pop_front().unwrap());
                    }
                    held.push_back(index.insert(key, ()));
                }
                prop_assert!(index.slots() <= most);
            }
        }
    }
}
