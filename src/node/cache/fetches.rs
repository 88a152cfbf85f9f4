//! Calls to the origin that are under way, and who waits for them.

use crate::sim::CallId;
use std::collections::BTreeSet;

/// What a call to the origin is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Reads wait for it.
    Fill,
    /// Nobody waits: the entry is renewed before it expires.
    Refresh,
    /// A write waits for it. Its number, if we gave it one.
    Write { version: u32 },
    /// A write that was acknowledged before.
    Flush { version: u32 },
}

#[derive(Clone, Debug)]
pub struct Fetch {
    pub key: u32,
    /// The machine on whose behalf, and its life.
    pub member: u16,
    pub life: u32,
    pub goal: Goal,
    pub waiting: Vec<CallId>,
    /// The key was written meanwhile: what comes is not to be kept.
    pub spoiled: bool,
    pub call: CallId,
}

/// By the tag of the call.
#[derive(Clone, Debug, Default)]
pub struct Fetches {
    all: Vec<Option<Fetch>>,
    free: Vec<u32>,
    /// (key, tag) of each.
    by_key: BTreeSet<(u32, u32)>,
}

impl Fetches {
    /// Answers with its tag.
    pub fn begin(&mut self, fetch: Fetch) -> u32 {
        let tag = match self.free.pop() {
            Some(tag) => tag,
            None => {
                self.all.push(None);
                self.all.len() as u32 - 1
            }
        };
        self.by_key.insert((fetch.key, tag));
        self.all[tag as usize] = Some(fetch);
        tag
    }

    pub fn sent(&mut self, tag: u32, call: CallId) {
        if let Some(fetch) = self.get_mut(tag) {
            fetch.call = call;
        }
    }

    fn get_mut(&mut self, tag: u32) -> Option<&mut Fetch> {
        self.all.get_mut(tag as usize)?.as_mut()
    }

    /// It came back, or is given up.
    pub fn end(&mut self, tag: u32) -> Option<Fetch> {
        let fetch = self.all.get_mut(tag as usize)?.take()?;
        self.free.push(tag);
        self.by_key.remove(&(fetch.key, tag));
        Some(fetch)
    }

    /// The tags of what is under way for a key.
    fn of_key(&self, key: u32) -> Vec<u32> {
        self.by_key.range((key, 0)..=(key, u32::MAX)).map(|(_, tag)| *tag).collect()
    }

    /// A read of this key under way for this machine that is not out of date.
    pub fn filling(&mut self, member: u16, key: u32) -> Option<&mut Fetch> {
        let fits = |fetch: &Fetch| {
            fetch.member == member && !fetch.spoiled && matches!(fetch.goal, Goal::Fill | Goal::Refresh)
        };
        let tag = self.of_key(key).into_iter().find(|tag| self.get_mut(*tag).is_some_and(|f| fits(f)))?;
        self.get_mut(tag)
    }

    /// The key was written: what is under way for it, on whatever machine's behalf, is out of date. Who
    /// comes now must not wait for it.
    pub fn spoil(&mut self, key: u32) {
        for tag in self.of_key(key) {
            if let Some(fetch) = self.get_mut(tag) {
                fetch.spoiled = true;
            }
        }
    }

    /// Everything that callers wait for at this machine, given up.
    pub fn take_waiting(&mut self, member: u16) -> Vec<Fetch> {
        let waits = |fetch: &Option<Fetch>| {
            fetch.as_ref().is_some_and(|f| f.member == member && !f.waiting.is_empty())
        };
        let tags: Vec<u32> =
            (0..self.all.len() as u32).filter(|tag| waits(&self.all[*tag as usize])).collect();
        tags.into_iter().filter_map(|tag| self.end(tag)).collect()
    }

    /// How many are under way.
    pub fn count(&self) -> usize {
        self.by_key.len()
    }
}
