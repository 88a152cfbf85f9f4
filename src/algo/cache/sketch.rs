//! How often was a key asked for lately? A count-min sketch with small counters that are halved regularly.
//!
//! Cormode and Muthukrishnan, "An improved data stream summary: the count-min sketch" (2005), with
//! conservative update (only the smallest of a key's counters grow) and TinyLFU's ageing (Einziger,
//! Friedman and Manes, 2017). Four rows of 4-bit counters; a key's four counters lie in one block of 64
//! bytes, as in Caffeine, so that a request touches one cache line.

use super::SHOWN;
use crate::sim::mix;

const ROWS: u32 = 4;
/// 64-bit words of a block: two to a row.
const BLOCK_WORDS: usize = 8;
const COUNT_MAX: u64 = 15;

#[derive(Clone, Debug)]
pub(super) struct Sketch {
    words: Vec<u64>,
    /// Requests counted since the last halving, and before it half of them.
    additions: u32,
    /// At how many all counters are halved.
    sample: u32,
}

/// Where a counter is: its word, and how far it is shifted there.
type Place = (usize, u32);

impl Sketch {
    /// Four counters a row for each of `entries`, rounded up to a power of two; halved every `sample` requests.
    pub fn new(entries: u32, sample: u32) -> Sketch {
        let words = (entries as usize).next_power_of_two().max(BLOCK_WORDS);
        Sketch { words: vec![0; words], additions: 0, sample }
    }

    #[inline]
    fn places(&self, key: u32) -> [Place; ROWS as usize] {
        let hash = mix(key.into());
        let block = ((hash >> 32) as usize & (self.words.len() / BLOCK_WORDS - 1)) * BLOCK_WORDS;
        let place = |row: u32| {
            let nth = (hash >> (5 * row)) as usize & 31;
            (block + 2 * row as usize + nth / 16, (nth % 16 * 4) as u32)
        };
        [place(0), place(1), place(2), place(3)]
    }

    #[inline]
    fn count(&self, (word, shift): Place) -> u64 {
        self.words[word] >> shift & COUNT_MAX
    }

    /// The estimate: never too low since the last halving, at most 15.
    #[inline]
    pub fn frequency(&self, key: u32) -> u64 {
        self.places(key).into_iter().map(|place| self.count(place)).min().unwrap_or(0)
    }

    /// Counts a request.
    #[inline]
    pub fn add(&mut self, key: u32) {
        let places = self.places(key);
        let counts = places.map(|place| self.count(place));
        let least = counts.into_iter().min().unwrap_or(COUNT_MAX);
        if least < COUNT_MAX {
            for ((word, shift), count) in places.into_iter().zip(counts) {
                self.words[word] += u64::from(count == least) << shift;
            }
        }
        self.additions += 1;
        if self.additions >= self.sample {
            self.halve();
        }
    }

    #[cold]
    fn halve(&mut self) {
        for word in &mut self.words {
            *word = *word >> 1 & 0x7777_7777_7777_7777;
        }
        self.additions /= 2;
    }

    pub fn additions(&self) -> u32 {
        self.additions
    }

    pub fn sample(&self) -> u32 {
        self.sample
    }

    /// The first counters of each row.
    pub fn rows(&self) -> Vec<Vec<u8>> {
        let row = |row: u32| {
            let words = self.words.chunks(BLOCK_WORDS).flat_map(|block| &block[2 * row as usize..][..2]);
            let counts = words.flat_map(|word| (0..16).map(move |nth| (word >> (4 * nth) & COUNT_MAX) as u8));
            counts.take(SHOWN).collect()
        };
        (0..ROWS).map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// The theorem of count-min sketches: an estimate is never below the truth.
        #[test]
        fn estimates_are_never_too_low(keys in proptest::collection::vec(0u32..300, 0..600)) {
            let mut sketch = Sketch::new(64, u32::MAX);
            let mut truth = BTreeMap::new();
            for key in keys {
                sketch.add(key);
                *truth.entry(key).or_insert(0u64) += 1;
            }
            for (&key, &count) in &truth {
                prop_assert!(sketch.frequency(key) >= count.min(COUNT_MAX));
            }
        }
    }

    #[test]
    fn with_room_they_are_right_and_age() {
        let mut sketch = Sketch::new(4096, 100);
        for _ in 0..9 {
            (0..11).for_each(|key| sketch.add(key));
        }
        assert!((0..11).all(|key| sketch.frequency(key) == 9) && sketch.frequency(99) == 0);
        sketch.add(99);
        assert!((0..11).all(|key| sketch.frequency(key) == 4) && sketch.frequency(99) == 0);
        assert_eq!(sketch.additions(), 50);
        assert_eq!(sketch.rows().concat().len(), 4 * SHOWN);
    }
}
