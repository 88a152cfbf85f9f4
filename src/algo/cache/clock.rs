//! CLOCK: a hand goes round the frames and gives a second chance to those that were used.
//!
//! Corbató, "A paging experiment with the Multics system" (1968). Implementations differ in two things.
//! Whether loading counts as a use (`bit_on_load`): here it does not, so what is loaded and never used
//! again leaves at the hand's next visit; textbooks in which the faulting access sets the bit are the
//! other side. And how long uses are remembered (`bits`): one reference bit, or a small counter that
//! the hand counts down. The hand then stands behind the frame that it filled. A frame that was
//! freed (expiry) is filled again where it lies, before the hand moves.

use super::index::{Index, NONE};
use super::*;
use crate::algo::setting::Setting;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "clock",
        name: "CLOCK",
        short: "CLOCK",
        summary: "A hand goes round and throws out the first entry that was not used since its last visit.",
        source: "Corbató (1968)",
        knobs: &[
            Setting::integer("bits", "Bits of the counter", "", (1.0, 6.0), 1.0, BITS_HELP),
            Setting::toggle("bit_on_load", "Loading is a use", false, LOAD_HELP),
        ],
    },
    build: |capacity, knobs| {
        let bits = knobs.number("bits").clamp(1.0, 6.0) as u32;
        Box::new(Clock {
            capacity: bounded(capacity),
            count_max: ((1u32 << bits) - 1) as u8,
            count_on_load: u8::from(knobs.flag("bit_on_load")),
            hand: 0,
            frames: Index::default(),
        })
    },
};

const BITS_HELP: &str = "How many visits of the hand a much used entry can survive: 2 to this power, less 1.";
const LOAD_HELP: &str = "A new entry survives the hand's first visit even if it was not used again.";

#[derive(Clone, Debug)]
struct Clock {
    capacity: u32,
    count_max: u8,
    count_on_load: u8,
    hand: u32,
    /// A frame for each key, with its count of uses.
    frames: Index<u8>,
}

impl Clock {
    /// Moves the hand to the first frame that was not used, and past it.
    #[inline]
    fn sweep(&mut self) -> u32 {
        let frames = self.frames.slots();
        let mut at = self.hand;
        loop {
            let here = if at < frames { at } else { 0 };
            at = here + 1;
            let count = &mut self.frames[here];
            if *count == 0 {
                self.hand = if at < frames { at } else { 0 };
                return here;
            }
            *count -= 1;
        }
    }
}

impl Evict for Clock {
    #[inline]
    fn touch(&mut self, key: u32) -> bool {
        let frame = self.frames.get(key);
        if frame == NONE {
            return false;
        }
        let count = &mut self.frames[frame];
        *count = (*count + 1).min(self.count_max);
        true
    }

    #[inline]
    fn load(&mut self, key: u32, _: &mut Stream) -> Option<u32> {
        let evicted = if self.len() == self.capacity {
            let frame = self.sweep();
            Some(self.frames.remove(frame))
        } else {
            None
        };
        self.frames.insert(key, self.count_on_load);
        evicted
    }

    #[inline]
    fn contains(&self, key: u32) -> bool {
        self.frames.get(key) != NONE
    }

    fn remove(&mut self, key: u32) -> bool {
        let frame = self.frames.get(key);
        frame != NONE && self.frames.remove(frame) == key
    }

    fn len(&self) -> u32 {
        self.frames.len()
    }

    fn capacity(&self) -> u32 {
        self.capacity
    }

    /// The frames lie still: the list begins behind the frame that was filled last and goes against the
    /// hand, so that its last entry is the one that the hand comes to next.
    fn inspect(&self) -> Inspection {
        let frames = self.frames.slots();
        let places = (1..=frames).map(|back| (self.hand + frames - back) % frames);
        let places: Vec<u32> = places.filter(|&place| self.frames.is_taken(place)).take(SHOWN).collect();
        let list = List {
            name: "frames, against the hand",
            ghost: false,
            len: self.len(),
            limit: self.capacity,
            keys: places.iter().map(|&place| self.frames.key(place)).collect(),
            marks: places.iter().map(|&place| self.frames[place].into()).collect(),
            hand: self.len().checked_sub(1),
        };
        let figures = vec![("hand", f64::from(self.hand))];
        Inspection { lists: vec![list], figures, sketch: vec![] }
    }

    fn check(&self) -> Result<(), String> {
        let frames = self.frames.slots();
        let found = (0..frames).filter(|&frame| self.frames.is_taken(frame)).count();
        if found != self.len() as usize {
            return Err(format!("{found} frames hold {} entries", self.len()));
        }
        if (0..frames).any(|frame| self.frames[frame] > self.count_max) {
            return Err("a count is above its limit".into());
        }
        if self.hand > frames || frames > self.capacity {
            return Err("the hand or the frames are out of bounds".into());
        }
        Ok(())
    }
}
