//! Models of the policies that remember what left, estimate how popular it was, or know the future.

use super::{Model, Sketch, take};

/// The full version of Johnson and Shasha (1994), section 2.
pub struct TwoQ {
    pub capacity: usize,
    pub kin: usize,
    pub kout: usize,
    pub a1in: Vec<u32>,
    pub a1out: Vec<u32>,
    pub am: Vec<u32>,
}

impl Model for TwoQ {
    fn access(&mut self, key: u32) -> bool {
        if take(&mut self.am, key) {
            self.am.insert(0, key);
            return true;
        }
        if self.a1in.contains(&key) {
            return true;
        }
        let remembered = take(&mut self.a1out, key);
        if self.a1in.len() + self.am.len() == self.capacity {
            if self.a1in.len() > self.kin || self.am.is_empty() {
                self.a1out.insert(0, self.a1in.pop().unwrap());
                self.a1out.truncate(self.kout);
            } else {
                self.am.pop();
            }
        }
        if remembered {
            self.am.insert(0, key)
        } else {
            self.a1in.insert(0, key)
        }
        false
    }

    fn held(&self) -> Vec<u32> {
        [&self.a1in[..], &self.am].concat()
    }
}

/// Figure 4 of Megiddo and Modha (2003), case by case.
#[derive(Default)]
pub struct Arc {
    pub capacity: usize,
    pub p: f64,
    pub t1: Vec<u32>,
    pub t2: Vec<u32>,
    pub b1: Vec<u32>,
    pub b2: Vec<u32>,
}

impl Arc {
    fn replace(&mut self, key: u32) {
        let t1 = self.t1.len() as f64;
        if !self.t1.is_empty() && (t1 > self.p || self.b2.contains(&key) && t1 == self.p) {
            self.b1.insert(0, self.t1.pop().unwrap());
        } else if let Some(key) = self.t2.pop() {
            self.b2.insert(0, key);
        } else {
            self.b1.insert(0, self.t1.pop().unwrap());
        }
    }
}

impl Model for Arc {
    fn access(&mut self, key: u32) -> bool {
        let c = self.capacity;
        let (b1, b2) = (self.b1.len() as f64, self.b2.len() as f64);
        if take(&mut self.t1, key) || take(&mut self.t2, key) {
            self.t2.insert(0, key);
            return true;
        }
        if self.b1.contains(&key) {
            self.p = (self.p + if b1 >= b2 { 1.0 } else { b2 / b1 }).min(c as f64);
            self.replace(key);
            take(&mut self.b1, key);
            self.t2.insert(0, key);
        } else if self.b2.contains(&key) {
            self.p = (self.p - if b2 >= b1 { 1.0 } else { b1 / b2 }).max(0.0);
            self.replace(key);
            take(&mut self.b2, key);
            self.t2.insert(0, key);
        } else {
            let all = self.t1.len() + self.t2.len() + self.b1.len() + self.b2.len();
            if self.t1.len() + self.b1.len() == c {
                if self.t1.len() < c {
                    self.b1.pop();
                    self.replace(key);
                } else {
                    self.t1.pop();
                }
            } else if all >= c {
                if all == 2 * c {
                    self.b2.pop();
                }
                self.replace(key);
            }
            self.t1.insert(0, key);
        }
        false
    }

    fn held(&self) -> Vec<u32> {
        [&self.t1[..], &self.t2].concat()
    }
}

/// Section 3 of Jiang and Zhang (2002), with a bound on the stack.
pub struct Lirs {
    pub capacity: usize,
    pub hot_limit: usize,
    pub stack_limit: usize,
    /// Top first.
    pub stack: Vec<u32>,
    pub hot: Vec<u32>,
    /// Entries that are not hot, newest first.
    pub queue: Vec<u32>,
    /// On the stack, without entries, by when they left.
    pub ghosts: Vec<u32>,
}

impl Lirs {
    fn prune(&mut self) {
        while self.stack.last().is_some_and(|key| !self.hot.contains(key)) {
            let key = self.stack.pop().unwrap();
            take(&mut self.ghosts, key);
        }
    }

    fn make_hot(&mut self, key: u32) {
        take(&mut self.stack, key);
        self.stack.insert(0, key);
        self.hot.push(key);
        if self.hot.len() > self.hot_limit {
            let bottom = self.stack.pop().unwrap();
            take(&mut self.hot, bottom);
            self.queue.insert(0, bottom);
        }
        self.prune();
    }

    fn push(&mut self, key: u32) {
        if self.stack.len() >= self.stack_limit {
            if let Some(oldest) = self.ghosts.pop() {
                take(&mut self.stack, oldest);
            }
        }
        self.stack.insert(0, key);
    }
}

impl Model for Lirs {
    fn access(&mut self, key: u32) -> bool {
        if self.hot.contains(&key) {
            take(&mut self.stack, key);
            self.stack.insert(0, key);
            self.prune();
            return true;
        }
        if take(&mut self.queue, key) {
            if self.stack.contains(&key) {
                self.make_hot(key);
            } else {
                self.push(key);
                self.queue.insert(0, key);
                self.prune();
            }
            return true;
        }
        let remembered = take(&mut self.ghosts, key);
        if self.hot.len() + self.queue.len() == self.capacity {
            let left = self.queue.pop().unwrap();
            if self.stack.contains(&left) {
                self.ghosts.insert(0, left);
            }
        }
        if remembered {
            self.make_hot(key);
        } else {
            self.push(key);
            if self.hot.len() < self.hot_limit {
                self.make_hot(key);
            } else {
                self.queue.insert(0, key);
                self.prune();
            }
        }
        false
    }

    fn held(&self) -> Vec<u32> {
        [&self.hot[..], &self.queue].concat()
    }
}

/// Einziger, Friedman and Manes (2017), section 4. Frequencies come from the sketch, which has tests of its own.
pub struct WTinyLfu {
    pub capacity: usize,
    pub window_limit: usize,
    pub protected_limit: usize,
    pub window: Vec<u32>,
    pub probation: Vec<u32>,
    pub protected: Vec<u32>,
    pub sketch: Sketch,
}

impl Model for WTinyLfu {
    fn access(&mut self, key: u32) -> bool {
        self.sketch.add(key);
        if take(&mut self.window, key) {
            self.window.insert(0, key);
            return true;
        }
        if take(&mut self.probation, key) || take(&mut self.protected, key) {
            self.protected.insert(0, key);
            if self.protected.len() > self.protected_limit {
                self.probation.insert(0, self.protected.pop().unwrap());
            }
            return true;
        }
        self.window.insert(0, key);
        if self.window.len() > self.window_limit {
            let candidate = self.window.pop().unwrap();
            let main = self.probation.len() + self.protected.len();
            if main < self.capacity - self.window_limit {
                self.probation.insert(0, candidate);
            } else if let Some(&victim) = self.probation.last().or(self.protected.last()) {
                if self.sketch.frequency(candidate) > self.sketch.frequency(victim) {
                    let _ = take(&mut self.probation, victim) || take(&mut self.protected, victim);
                    self.probation.insert(0, candidate);
                }
            }
        }
        false
    }

    fn held(&self) -> Vec<u32> {
        [&self.window[..], &self.probation, &self.protected].concat()
    }
}

/// Algorithm 1 of Yang et al. (2023), but for one thing: only one entry leaves for one that comes.
pub struct S3Fifo {
    pub capacity: usize,
    pub small_limit: usize,
    pub ghost_limit: usize,
    pub promote_after: u32,
    pub fill_main: bool,
    pub small: Vec<(u32, u32)>,
    pub main: Vec<(u32, u32)>,
    pub ghost: Vec<u32>,
}

impl S3Fifo {
    fn evict(&mut self) {
        while self.small.len() >= self.small_limit.max(1) {
            let Some((key, hits)) = self.small.pop() else { break };
            if hits < self.promote_after {
                self.ghost.insert(0, key);
                self.ghost.truncate(self.ghost_limit);
                return;
            }
            self.main.insert(0, (key, 0));
            // The queue goes on giving entries up, below its share too, until one of them leaves.
            while let Some((key, hits)) = self.small.pop() {
                if hits < self.promote_after {
                    self.ghost.insert(0, key);
                    self.ghost.truncate(self.ghost_limit);
                    return;
                }
                self.main.insert(0, (key, 0));
            }
        }
        while let Some((key, hits)) = self.main.pop().filter(|entry| entry.1 > 0) {
            self.main.insert(0, (key, hits - 1));
        }
    }
}

impl Model for S3Fifo {
    fn access(&mut self, key: u32) -> bool {
        let mut entries = self.small.iter_mut().chain(&mut self.main);
        if let Some(entry) = entries.find(|entry| entry.0 == key) {
            entry.1 = (entry.1 + 1).min(3);
            return true;
        }
        let ghost = take(&mut self.ghost, key);
        if self.small.len() + self.main.len() == self.capacity {
            self.fill_main = false;
            self.evict();
        }
        if ghost || self.fill_main && self.small.len() >= self.small_limit {
            self.main.insert(0, (key, 0));
        } else {
            self.small.insert(0, (key, 0));
        }
        false
    }

    fn held(&self) -> Vec<u32> {
        self.small.iter().chain(&self.main).map(|entry| entry.0).collect()
    }
}

/// The future is looked at afresh at every miss.
pub struct Min {
    pub capacity: usize,
    pub future: Vec<u32>,
    pub held: Vec<u32>,
}

impl Model for Min {
    fn access(&mut self, key: u32) -> bool {
        self.future.remove(0);
        if self.held.contains(&key) {
            return true;
        }
        if self.held.len() == self.capacity {
            let next = |key: &u32| self.future.iter().position(|other| other == key).unwrap_or(usize::MAX);
            let last = *self.held.iter().max_by_key(|key| next(key)).unwrap();
            take(&mut self.held, last);
        }
        self.held.push(key);
        false
    }

    fn held(&self) -> Vec<u32> {
        self.held.clone()
    }
}
