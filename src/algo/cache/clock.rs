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
            keys: vec![],
            counts: vec![],
            free: vec![],
            hand: 0,
            index: Index::default(),
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
    /// A frame each, and its count of uses beside it.
    keys: Vec<u32>,
    counts: Vec<u8>,
    /// Frames without an entry.
    free: Vec<u32>,
    hand: u32,
    /// Key to frame.
    index: Index,
}

impl Clock {
    /// Moves the hand to the first frame that was not used, and past it.
    #[inline]
    fn sweep(&mut self) -> u32 {
        let counts = &mut self.counts[..];
        let mut at = self.hand as usize;
        loop {
            let here = if at < counts.len() { at } else { 0 };
            at = here + 1;
            let count = &mut counts[here];
            if *count == 0 {
                self.hand = if at < counts.len() { at as u32 } else { 0 };
                return here as u32;
            }
            *count -= 1;
        }
    }
}

impl Evict for Clock {
    #[inline]
    fn touch(&mut self, key: u32) -> bool {
        let frame = self.index.get(key);
        if frame == NONE {
            return false;
        }
        let count = &mut self.counts[frame as usize];
        *count = (*count + 1).min(self.count_max);
        true
    }

    #[inline]
    fn load(&mut self, key: u32, _: &mut Stream) -> Option<u32> {
        let mut evicted = None;
        let frame = if let Some(frame) = self.free.pop() {
            frame
        } else if (self.keys.len() as u32) < self.capacity {
            self.keys.push(key);
            self.counts.push(0);
            self.keys.len() as u32 - 1
        } else {
            let frame = self.sweep();
            let old = self.keys[frame as usize];
            self.index.remove(old);
            evicted = Some(old);
            frame
        };
        self.keys[frame as usize] = key;
        self.counts[frame as usize] = self.count_on_load;
        self.index.insert(key, frame);
        evicted
    }

    #[inline]
    fn contains(&self, key: u32) -> bool {
        self.index.get(key) != NONE
    }

    fn remove(&mut self, key: u32) -> bool {
        let frame = self.index.remove(key);
        if frame != NONE {
            self.counts[frame as usize] = 0;
            self.free.push(frame);
        }
        frame != NONE
    }

    fn len(&self) -> u32 {
        (self.keys.len() - self.free.len()) as u32
    }

    fn capacity(&self) -> u32 {
        self.capacity
    }

    /// The frames lie still: the list begins behind the frame that was filled last and goes against the
    /// hand, so that its last entry is the one that the hand comes to next.
    fn inspect(&self) -> Inspection {
        let frames = self.keys.len();
        let places = (1..=frames).map(|back| (self.hand as usize + frames - back) % frames);
        let held = |place: &usize| self.index.get(self.keys[*place]) as usize == *place;
        let places: Vec<usize> = places.filter(held).take(SHOWN).collect();
        let list = List {
            name: "frames, against the hand",
            ghost: false,
            len: self.len(),
            limit: self.capacity,
            keys: places.iter().map(|&place| self.keys[place]).collect(),
            marks: places.iter().map(|&place| self.counts[place].into()).collect(),
            hand: self.len().checked_sub(1),
        };
        let figures = vec![("hand", f64::from(self.hand))];
        Inspection { lists: vec![list], figures, sketch: vec![] }
    }

    fn check(&self) -> Result<(), String> {
        let found = |(frame, key): &(usize, &u32)| self.index.get(**key) as usize == *frame;
        let found = self.keys.iter().enumerate().filter(found).count();
        if found != self.len() as usize || found != self.index.len() {
            return Err(format!("{found} frames hold {} entries", self.index.len()));
        }
        if self.counts.iter().any(|&count| count > self.count_max) {
            return Err("a count is above its limit".into());
        }
        if self.hand as usize > self.keys.len() || self.keys.len() > self.capacity as usize {
            return Err("the hand or the frames are out of bounds".into());
        }
        Ok(())
    }
}
