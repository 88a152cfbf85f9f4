//! LIRS: what is used again soon is kept, judged by the distance of the last two uses.
//!
//! Jiang and Zhang, "LIRS: an efficient low inter-reference recency set replacement policy" (SIGMETRICS
//! 2002). Stack S orders keys by their last use: the hot (LIR) ones, and others (HIR) that were used more
//! lately than the least recent hot one, held or not. Queue Q holds the other entries, about 1 % of the cache, and
//! they alone leave. An HIR key on the stack that is used again becomes hot, and the hot one at the
//! stack's bottom goes to the queue. The paper leaves the stack unbounded; here, as in libCacheSim, it holds
//! at most twice the capacity (`stack_percent`), and the key whose entry left longest ago is forgotten.
//! Room that removals (expiry) leave among the hot is given to newcomers, as when the cache fills.
//!
//! libCacheSim 0.3.5 misses 0.1 % more or less on most traces of `golden.rs`, 1.9 % more on a loop: as its
//! source reads, a key stays in its list of ghosts after it became hot, so other keys are forgotten.

use super::index::NONE;
use super::shelves::Shelves;
use super::*;
use crate::algo::setting::{Scale, Setting};

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "lirs",
        name: "LIRS",
        short: "LIRS",
        summary: "Keeps what comes back after few other keys; the rest passes through a short queue.",
        source: "Jiang and Zhang (2002)",
        knobs: &[
            Setting::number(
                "hir_percent",
                "Queue",
                "%",
                (0.0, 100.0),
                1.0,
                "Share of the capacity for entries that are not hot, at least one.",
            )
            .usual(0.0, 50.0, Scale::Linear),
            Setting::number(
                "stack_percent",
                "Stack",
                "%",
                (100.0, 1000.0),
                200.0,
                "How many keys the stack may order, with and without entries, in percent of the capacity.",
            ),
        ],
    },
    build: |capacity, knobs| {
        let capacity = bounded(capacity);
        Box::new(Lirs {
            capacity,
            lir_limit: capacity - part(capacity, knobs.number("hir_percent"), 1, capacity),
            lir: 0,
            stack_limit: part(capacity, knobs.number("stack_percent"), capacity, GHOSTS_MAX),
            stack: Shelves::new(1),
            cold: Shelves::new(2),
        })
    },
};

/// The lists of what is not hot.
const QUEUE: u32 = 0;
const GHOST: u32 = 1;
/// Marks on the stack.
const HIR: u32 = 0;
const LIR: u32 = 1;

#[derive(Clone, Debug)]
struct Lirs {
    capacity: u32,
    lir_limit: u32,
    /// Hot entries, all of them on the stack.
    lir: u32,
    stack_limit: u32,
    stack: Shelves,
    /// Entries in the queue (on the stack or not), and ghosts (all on the stack).
    cold: Shelves,
}

impl Lirs {
    /// Takes keys that are not hot off the stack's bottom; ghosts among them are forgotten.
    fn prune(&mut self) {
        loop {
            let bottom = self.stack.back(0);
            if bottom == NONE || self.stack.mark(bottom) == LIR {
                return;
            }
            let key = self.stack.remove(bottom);
            let cold = self.cold.find(key);
            if cold != NONE && self.cold.list(cold) == GHOST {
                self.cold.remove(cold);
            }
        }
    }

    /// The key on top of the stack becomes hot; another ceases to be if there are too many.
    fn warm(&mut self, slot: u32) {
        self.stack.set_mark(slot, LIR);
        self.lir += 1;
        if self.lir > self.lir_limit {
            let bottom = self.stack.back(0);
            let key = self.stack.remove(bottom);
            self.lir -= 1;
            self.cold.push_front(QUEUE, key);
        }
        self.prune();
    }

    /// The queue's oldest entry leaves; it is remembered if it is still on the stack.
    fn evict(&mut self) -> Option<u32> {
        let slot = self.cold.back(QUEUE);
        if slot == NONE {
            return None;
        }
        let key = self.cold.key(slot);
        if self.stack.find(key) == NONE {
            self.cold.remove(slot);
            return Some(key);
        }
        self.cold.move_to_front(GHOST, slot);
        Some(key)
    }

    /// Puts a key that was not on the stack on its top.
    fn push(&mut self, key: u32) -> u32 {
        if self.stack.len(0) >= self.stack_limit {
            if let Some(forgotten) = self.cold.pop_back(GHOST) {
                self.stack.remove(self.stack.find(forgotten));
            }
        }
        self.stack.push_front(0, key)
    }

    /// A hit on an entry that is not hot.
    fn touch_cold(&mut self, key: u32, on_stack: u32) -> bool {
        let slot = self.cold.find(key);
        if slot == NONE || self.cold.list(slot) == GHOST {
            return false;
        }
        if on_stack == NONE {
            self.cold.move_to_front(QUEUE, slot);
            self.push(key);
            self.prune();
        } else {
            self.cold.remove(slot);
            self.stack.move_to_front(0, on_stack);
            self.warm(on_stack);
        }
        true
    }
}

impl Evict for Lirs {
    #[inline]
    fn touch(&mut self, key: u32) -> bool {
        let slot = self.stack.find(key);
        if slot == NONE || self.stack.mark(slot) == HIR {
            return self.touch_cold(key, slot);
        }
        let bottom = self.stack.back(0) == slot;
        self.stack.move_to_front(0, slot);
        if bottom {
            self.prune();
        }
        true
    }

    #[inline]
    fn load(&mut self, key: u32, _: &mut Stream) -> Option<u32> {
        let ghost = self.cold.find(key);
        if ghost != NONE {
            // So that it cannot be forgotten while room is made for it.
            self.cold.remove(ghost);
        }
        let evicted = if self.len() == self.capacity { self.evict() } else { None };
        if ghost != NONE {
            let slot = self.stack.find(key);
            self.stack.move_to_front(0, slot);
            self.warm(slot);
        } else {
            let slot = self.push(key);
            if self.lir < self.lir_limit {
                self.warm(slot);
            } else {
                self.cold.push_front(QUEUE, key);
                self.prune();
            }
        }
        evicted
    }

    #[inline]
    fn contains(&self, key: u32) -> bool {
        let slot = self.stack.find(key);
        if slot != NONE && self.stack.mark(slot) == LIR {
            return true;
        }
        let slot = self.cold.find(key);
        slot != NONE && self.cold.list(slot) == QUEUE
    }

    fn remove(&mut self, key: u32) -> bool {
        if !self.contains(key) {
            return false;
        }
        let (slot, cold) = (self.stack.find(key), self.cold.find(key));
        if cold == NONE {
            self.lir -= 1;
        } else {
            self.cold.remove(cold);
        }
        if slot != NONE {
            self.stack.remove(slot);
        }
        self.prune();
        true
    }

    #[inline]
    fn len(&self) -> u32 {
        self.lir + self.cold.len(QUEUE)
    }

    fn capacity(&self) -> u32 {
        self.capacity
    }

    /// The stack's marks: 2 for hot, 1 for another entry, 0 for a ghost.
    fn inspect(&self) -> Inspection {
        let mut stack = self.stack.show(0, "stack S", self.stack_limit);
        let mark = |slot| match self.stack.mark(slot) {
            LIR => 2,
            _ => u32::from(self.contains(self.stack.key(slot))),
        };
        stack.marks = self.stack.slots(0).take(SHOWN).map(mark).collect();
        let queue = self.cold.show(QUEUE, "queue Q", self.capacity - self.lir_limit);
        let ghost = self.cold.show(GHOST, "ghosts", self.stack_limit).ghost();
        let figures = vec![("hot entries", f64::from(self.lir))];
        Inspection { lists: vec![stack, queue, ghost], figures, sketch: vec![] }
    }

    fn check(&self) -> Result<(), String> {
        self.stack.check()?;
        self.cold.check()?;
        let hot = self.stack.slots(0).filter(|&slot| self.stack.mark(slot) == LIR);
        let hot: Vec<u32> = hot.map(|slot| self.stack.key(slot)).collect();
        if hot.len() != self.lir as usize || self.lir > self.lir_limit || self.len() > self.capacity {
            return Err(format!("{} hot entries, {} counted, {} held", hot.len(), self.lir, self.len()));
        }
        if hot.iter().any(|&key| self.cold.find(key) != NONE) {
            return Err("a hot entry is also in the queue".into());
        }
        let bottom = self.stack.back(0);
        if bottom != NONE && self.stack.mark(bottom) != LIR {
            return Err("the stack is not pruned".into());
        }
        let cold_on_stack = self.stack.len(0) - self.lir;
        let queued = self.cold.slots(QUEUE).filter(|&slot| self.stack.find(self.cold.key(slot)) != NONE);
        if queued.count() as u32 + self.cold.len(GHOST) != cold_on_stack {
            return Err("a key on the stack is neither held nor remembered".into());
        }
        if self.cold.len(GHOST) > 0 && self.stack.len(0) > self.stack_limit {
            return Err(format!("{} keys on the stack", self.stack.len(0)));
        }
        Ok(())
    }
}
