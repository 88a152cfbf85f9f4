//! A binary heap whose entries can be taken out from anywhere: the smallest (rank, slot) is first.
//!
//! Slots are small numbers; for each the heap knows where it stands. A push that ranks behind all others
//! (an entry that will expire last) costs nothing more than a push to a vector.

use super::index::NONE;

#[derive(Clone, Debug, Default)]
pub(super) struct Heap {
    items: Vec<(u64, u32)>,
    /// Slot to place in `items`, or [`NONE`].
    places: Vec<u32>,
}

impl Heap {
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// The smallest rank and its slot.
    #[inline]
    pub fn first(&self) -> Option<(u64, u32)> {
        self.items.first().copied()
    }

    /// The rank of a slot that is in the heap.
    pub fn rank(&self, slot: u32) -> Option<u64> {
        let place = *self.places.get(slot as usize)?;
        self.items.get(place as usize).map(|item| item.0)
    }

    /// Puts a slot in, or gives it another rank.
    pub fn set(&mut self, slot: u32, rank: u64) {
        if self.places.len() <= slot as usize {
            self.places.resize(slot as usize + 1, NONE);
        }
        let place = self.places[slot as usize] as usize;
        if place < self.items.len() {
            self.settle(place, (rank, slot));
        } else {
            self.items.push((rank, slot));
            self.rise(self.items.len() - 1, (rank, slot));
        }
    }

    /// Takes a slot out, if it is in.
    pub fn remove(&mut self, slot: u32) {
        let place = self.places.get(slot as usize).map_or(usize::MAX, |&place| place as usize);
        if place >= self.items.len() {
            return;
        }
        self.places[slot as usize] = NONE;
        let last = self.items.len() - 1;
        let moved = self.items[last];
        self.items.truncate(last);
        if place < last {
            self.settle(place, moved);
        }
    }

    /// Puts an item where another was, then where it belongs.
    fn settle(&mut self, place: usize, item: (u64, u32)) {
        if place > 0 && item < self.items[(place - 1) / 2] {
            self.rise(place, item);
        } else {
            self.sink(place, item);
        }
    }

    fn rise(&mut self, mut place: usize, item: (u64, u32)) {
        while place > 0 {
            let above = (place - 1) / 2;
            if self.items[above] <= item {
                break;
            }
            self.put(place, self.items[above]);
            place = above;
        }
        self.put(place, item);
    }

    fn sink(&mut self, mut place: usize, item: (u64, u32)) {
        loop {
            let mut below = 2 * place + 1;
            if below + 1 < self.items.len() && self.items[below + 1] < self.items[below] {
                below += 1;
            }
            if below >= self.items.len() || item <= self.items[below] {
                break;
            }
            self.put(place, self.items[below]);
            place = below;
        }
        self.put(place, item);
    }

    #[inline]
    fn put(&mut self, place: usize, item: (u64, u32)) {
        self.items[place] = item;
        self.places[item.1 as usize] = place as u32;
    }

    /// No item ranks before the one above it, and each is where its slot says.
    ///
    /// # Errors
    /// Says which does not.
    pub fn check(&self) -> Result<(), String> {
        for (place, item) in self.items.iter().enumerate() {
            if self.places[item.1 as usize] as usize != place
                || self.items[place.saturating_sub(1) / 2] > *item
            {
                return Err(format!("slot {} is misplaced in the heap", item.1));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn the_smallest_is_first(steps in proptest::collection::vec((0u8..3, 0u32..20, 0u64..30), 1..200)) {
            let mut heap = Heap::default();
            let mut model = BTreeMap::new();
            for (what, slot, rank) in steps {
                if what == 0 {
                    heap.remove(slot);
                    model.remove(&slot);
                } else {
                    heap.set(slot, rank);
                    model.insert(slot, rank);
                }
                heap.check().unwrap();
                prop_assert_eq!(heap.len(), model.len());
                prop_assert_eq!(heap.rank(slot), model.get(&slot).copied());
                prop_assert_eq!(heap.first(), model.iter().map(|(&slot, &rank)| (rank, slot)).min());
            }
        }
    }
}
