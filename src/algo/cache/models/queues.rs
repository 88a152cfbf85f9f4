//! Models of the policies that keep queues and counts.

use super::{Model, take};

pub struct Queue {
    pub capacity: usize,
    pub moves: bool,
    pub list: Vec<u32>,
}

/// FIFO, and with `moves` LRU.
impl Model for Queue {
    fn access(&mut self, key: u32) -> bool {
        let hit = self.list.contains(&key);
        if !hit && self.list.len() == self.capacity {
            self.list.pop();
        }
        if self.moves || !hit {
            take(&mut self.list, key);
            self.list.insert(0, key);
        }
        hit
    }

    fn held(&self) -> Vec<u32> {
        self.list.clone()
    }
}

/// Keys with (uses, time of the last use).
pub struct Lfu {
    pub capacity: usize,
    pub newest: bool,
    pub clock: u64,
    pub entries: Vec<(u32, u64, u64)>,
}

impl Model for Lfu {
    fn access(&mut self, key: u32) -> bool {
        self.clock += 1;
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.0 == key) {
            (entry.1, entry.2) = (entry.1 + 1, self.clock);
            return true;
        }
        if self.entries.len() == self.capacity {
            let worth =
                |entry: &(u32, u64, u64)| (entry.1, if self.newest { u64::MAX - entry.2 } else { entry.2 });
            let victim = (0..self.capacity).min_by_key(|&place| worth(&self.entries[place])).unwrap();
            self.entries.remove(victim);
        }
        self.entries.push((key, 1, self.clock));
        false
    }

    fn held(&self) -> Vec<u32> {
        self.entries.iter().map(|entry| entry.0).collect()
    }
}

/// As a queue whose oldest entry goes back to the front while its count is above zero: the same as a hand on a
/// ring, but written otherwise.
pub struct Clock {
    pub capacity: usize,
    pub most: u32,
    pub on_load: u32,
    pub queue: Vec<(u32, u32)>,
}

impl Model for Clock {
    fn access(&mut self, key: u32) -> bool {
        if let Some(entry) = self.queue.iter_mut().find(|entry| entry.0 == key) {
            entry.1 = (entry.1 + 1).min(self.most);
            return true;
        }
        if self.queue.len() == self.capacity {
            while let Some((key, count)) = self.queue.pop().filter(|entry| entry.1 > 0) {
                self.queue.insert(0, (key, count - 1));
            }
        }
        self.queue.insert(0, (key, self.on_load));
        false
    }

    fn held(&self) -> Vec<u32> {
        self.queue.iter().map(|entry| entry.0).collect()
    }
}

/// The pseudocode of Zhang et al. (2024); the hand is a place in the queue, counted from the tail.
pub struct Sieve {
    pub capacity: usize,
    pub hand: usize,
    /// Oldest first.
    pub queue: Vec<(u32, bool)>,
}

impl Model for Sieve {
    fn access(&mut self, key: u32) -> bool {
        if let Some(entry) = self.queue.iter_mut().find(|entry| entry.0 == key) {
            entry.1 = true;
            return true;
        }
        if self.queue.len() == self.capacity {
            while self.queue[self.hand].1 {
                self.queue[self.hand].1 = false;
                self.hand = (self.hand + 1) % self.capacity;
            }
            self.queue.remove(self.hand);
            // At the head there is no newer one yet: it starts again at the tail.
            self.hand = if self.hand == self.queue.len() { 0 } else { self.hand };
        }
        self.queue.push((key, false));
        false
    }

    fn held(&self) -> Vec<u32> {
        self.queue.iter().map(|entry| entry.0).collect()
    }
}

/// Segments from the lowest.
pub struct Slru {
    pub capacity: usize,
    pub limits: Vec<usize>,
    pub upwards: bool,
    pub segments: Vec<Vec<u32>>,
}

impl Slru {
    fn put(&mut self, segment: usize, key: u32) {
        self.segments[segment].insert(0, key);
        if segment > 0 && self.segments[segment].len() > self.limits[segment] {
            let overflow = self.segments[segment].pop().unwrap();
            self.put(segment - 1, overflow);
        }
    }
}

impl Model for Slru {
    fn access(&mut self, key: u32) -> bool {
        let found = self.segments.iter_mut().position(|segment| take(segment, key));
        if let Some(segment) = found {
            self.put((segment + 1).min(self.segments.len() - 1), key);
            return true;
        }
        let mut to = 0;
        if self.held().len() == self.capacity {
            self.segments.iter_mut().find(|segment| !segment.is_empty()).unwrap().pop();
        } else if self.upwards {
            let room = |place: &usize| self.segments[*place].len() < self.limits[*place];
            to = (0..self.segments.len()).find(room).unwrap_or(0);
        }
        self.segments[to].insert(0, key);
        false
    }

    fn held(&self) -> Vec<u32> {
        self.segments.concat()
    }
}
