//! Where a key's entry is: an open-addressing table from key to slot.
//!
//! Its memory follows the number of keys that it holds, not their size, so a clone (a checkpoint) is
//! as large as the cache is full. Linear probing at a load of at most one half; a removal moves what
//! follows back (Knuth, volume 3, algorithm 6.4 R), so there are no tombstones. Nothing iterates over it.

/// No slot.
pub(super) const NONE: u32 = u32::MAX;

/// Key above, slot below: one word, one cache line touched.
const EMPTY: u64 = u64::MAX;
const CELLS_MIN: usize = 16;

#[derive(Clone, Debug)]
pub(super) struct Index {
    /// A power of two of them.
    cells: Vec<u64>,
    len: usize,
    /// How far a 32-bit hash is shifted to become a place.
    shift: u32,
}

impl Default for Index {
    fn default() -> Index {
        Index::with_cells(CELLS_MIN)
    }
}

impl Index {
    fn with_cells(count: usize) -> Index {
        Index { cells: vec![EMPTY; count], len: 0, shift: 32 - count.trailing_zeros() }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// Where the search for a key begins (multiplicative hashing: neighbouring keys lie far apart).
    #[inline]
    fn home(&self, key: u32) -> usize {
        (key.wrapping_mul(0x9e37_79b9) >> self.shift) as usize
    }

    /// The key's slot, or [`NONE`].
    #[inline]
    pub fn get(&self, key: u32) -> u32 {
        let cells = &self.cells[..];
        let mask = cells.len() - 1;
        let mut at = self.home(key);
        loop {
            let cell = cells[at & mask];
            if (cell >> 32) as u32 == key && cell != EMPTY {
                return cell as u32;
            }
            if cell == EMPTY {
                return NONE;
            }
            at += 1;
        }
    }

    /// Puts a key that is not there. `slot` is not [`NONE`].
    #[inline]
    pub fn insert(&mut self, key: u32, slot: u32) {
        if self.len * 2 >= self.cells.len() {
            self.grow();
        }
        self.len += 1;
        self.place(u64::from(key) << 32 | u64::from(slot));
    }

    /// Gives a key that is there another slot.
    #[inline]
    pub fn change(&mut self, key: u32, slot: u32) {
        let mask = self.cells.len() - 1;
        let mut at = self.home(key) & mask;
        while self.cells[at] != EMPTY {
            if (self.cells[at] >> 32) as u32 == key {
                self.cells[at] = u64::from(key) << 32 | u64::from(slot);
                return;
            }
            at = (at + 1) & mask;
        }
    }

    #[inline]
    fn place(&mut self, cell: u64) {
        let mut at = self.home((cell >> 32) as u32);
        let cells = &mut self.cells[..];
        let mask = cells.len() - 1;
        while cells[at & mask] != EMPTY {
            at += 1;
        }
        cells[at & mask] = cell;
    }

    #[cold]
    fn grow(&mut self) {
        let larger = Index::with_cells(self.cells.len() * 2);
        let old = std::mem::replace(self, Index { len: self.len, ..larger });
        for cell in old.cells {
            if cell != EMPTY {
                self.place(cell);
            }
        }
    }

    /// Takes a key out; its slot, or [`NONE`] if it was not there.
    #[inline]
    pub fn remove(&mut self, key: u32) -> u32 {
        let (mut hole, slot) = {
            let cells = &self.cells[..];
            let mask = cells.len() - 1;
            let mut at = self.home(key) & mask;
            loop {
                let cell = cells[at];
                if cell == EMPTY {
                    return NONE;
                }
                if (cell >> 32) as u32 == key {
                    break (at, cell as u32);
                }
                at = (at + 1) & mask;
            }
        };
        let shift = self.shift;
        let cells = &mut self.cells[..];
        let mask = cells.len() - 1;
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let cell = cells[at & mask];
            if cell == EMPTY {
                break;
            }
            let home = (((cell >> 32) as u32).wrapping_mul(0x9e37_79b9) >> shift) as usize;
            // It may move back into the hole unless its home lies behind the hole.
            if at.wrapping_sub(home) & mask >= at.wrapping_sub(hole) & mask {
                cells[hole & mask] = cell;
                hole = at;
            }
        }
        cells[hole & mask] = EMPTY;
        self.len -= 1;
        slot
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
            let mut index = Index::default();
            let mut model = BTreeMap::new();
            for (nth, (what, small)) in steps.into_iter().enumerate() {
                let key = match small % 3 { 0 => small, 1 => small << 26, _ => u32::MAX - small };
                match what {
                    0 if !model.contains_key(&key) => {
                        index.insert(key, nth as u32);
                        model.insert(key, nth as u32);
                    }
                    1 => prop_assert_eq!(index.remove(key), model.remove(&key).unwrap_or(NONE)),
                    _ => prop_assert_eq!(index.get(key), model.get(&key).copied().unwrap_or(NONE)),
                }
                prop_assert_eq!(index.len(), model.len());
                for (&key, &slot) in &model {
                    prop_assert_eq!(index.get(key), slot);
                }
            }
        }
    }
}
