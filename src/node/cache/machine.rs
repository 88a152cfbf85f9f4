//! One cache machine: its entries, and the writes that it still has to pass on.

use super::settings::Settings;
use crate::algo::cache::{self, Expiring, Got, Inspection, SHOWN};
use crate::algo::setting::Knobs;
use crate::node::station::CacheView;
use crate::sim::{Answer, Span, Stream, Time, order};
use std::collections::{BTreeMap, VecDeque};

#[derive(Clone, Debug)]
pub struct Machine {
    entries: Expiring,
    held: BTreeMap<u32, Held>,
    /// Writes that were acknowledged and not yet passed on, by key.
    pub unflushed: BTreeMap<u32, Unflushed>,
    pub down: bool,
    /// Counts its lives: what was under way for an earlier one finds nothing.
    pub life: u32,
    /// Keys that it may no longer hold, since they were last asked for; only if somebody asks.
    gone: Option<Vec<u32>>,
    seen: Seen,
    /// The last that the policy threw out, the newest last.
    left: VecDeque<Left>,
}

/// Beside the policy's own view of an entry.
#[derive(Clone, Copy, Debug)]
struct Held {
    /// What it holds, as the oracle knows it.
    answer: Answer,
    /// When the key came in.
    since: Time,
    /// Hits since then, and the last of them.
    uses: u32,
    used: Time,
}

impl Held {
    fn new(answer: Answer, now: Time) -> Held {
        Held { answer, since: now, uses: 0, used: now }
    }
}

/// An entry that had to leave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Left {
    pub key: u32,
    /// Who came in its place.
    pub for_key: u32,
    at: Time,
    stayed: Span,
    uses: u32,
    /// Since its last use.
    idle: Span,
}

impl Left {
    /// "had been here for 210 ms, used twice, the last time 40 ms before".
    pub fn life(&self) -> String {
        let last = |times: &str| format!("{times}, the last time {:.0} ms before", self.idle.ms());
        let uses = match self.uses {
            0 => "never used".to_owned(),
            1 => last("used once"),
            2 => last("used twice"),
            n => last(&format!("used {n} times")),
        };
        format!("had been here for {:.0} ms, {uses}", self.stayed.ms())
    }
}

/// How many of those that left are remembered.
const LEFT_MAX: usize = 64;

/// What became of a key that was to be taken in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Took {
    /// It is there, or what is newer is; nobody had to leave.
    In,
    /// Another had to leave for it.
    For(Left),
    /// The policy would rather keep what it has.
    Refused,
}

/// What the stage shows of the past.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    hits: u64,
    reads: u64,
    /// The last reads, a bit each, the newest lowest: 1 for a hit.
    recent: u64,
    last: Option<(u32, bool)>,
    last_stale: bool,
    stale: u64,
    lost: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unflushed {
    /// The newest write of the key.
    pub version: u32,
    pub since: Time,
    /// The write that is on its way to the origin; 0 if none is.
    pub passing: u32,
}

/// What a machine says to a read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Found {
    Hit { answer: Answer, age: Span, left: Option<Span> },
    Expired,
    Miss,
}

impl Machine {
    pub fn new(settings: &Settings) -> Machine {
        let entry = cache::find(&settings.eviction.id).unwrap_or(&cache::TABLE[0]);
        let knobs = settings.eviction.resolve("cache").unwrap_or_else(|_| Knobs::defaults(entry.info.knobs));
        Machine {
            entries: Expiring::new((entry.build)(settings.capacity, &knobs)),
            held: BTreeMap::new(),
            unflushed: BTreeMap::new(),
            down: false,
            life: 0,
            gone: None,
            seen: Seen::default(),
            left: VecDeque::new(),
        }
    }

    /// Whether it is to tell what it no longer holds.
    pub fn tell(&mut self, tells: bool) {
        self.gone = tells.then(|| self.gone.take().unwrap_or_default());
    }

    /// Keys that it held and does not any more, since this was last asked.
    pub fn gone(&mut self) -> Vec<u32> {
        let mut gone = self.gone.as_mut().map(std::mem::take).unwrap_or_default();
        gone.retain(|key| !self.has(*key));
        gone
    }

    /// Whether it answers reads of this key.
    pub fn has(&self, key: u32) -> bool {
        self.held.contains_key(&key)
    }

    fn drop_held(&mut self, key: u32) {
        self.held.remove(&key);
        if let Some(gone) = &mut self.gone {
            gone.push(key);
        }
    }

    /// All that it holds, and what was told of already: for one that takes its place.
    fn all_gone(&mut self) -> Option<Vec<u32>> {
        let mut gone = self.gone.take()?;
        gone.extend(self.held.keys());
        Some(gone)
    }

    pub fn entries(&self) -> u32 {
        self.entries.len()
    }

    /// Memory that a copy takes, roughly: an entry's place in the policy's lists and index, its lifetime, its answer.
    pub fn bytes(&self) -> usize {
        const ENTRY: usize = 128;
        (self.entries.len() as usize + self.unflushed.len()) * ENTRY
    }

    /// Of what it holds, in ascending order.
    pub fn keys(&self) -> impl Iterator<Item = u32> {
        self.held.keys().copied()
    }

    /// `lifetime`: that of an entry that is written now, if entries expire.
    pub fn view(&self, policy: &'static str, now: Time, lifetime: Option<Span>) -> CacheView {
        let held = self.entries.inspect();
        let Seen { hits, reads, recent, last, last_stale, stale, lost } = self.seen;
        let known = reads.min(64) as u32;
        let lives = lifetime.map_or(vec![], |lifetime| self.lives(&held, now, lifetime));
        CacheView {
            policy,
            entries: self.entries.len(),
            capacity: self.entries.capacity(),
            last,
            last_stale,
            stale,
            lost,
            evicted: self.left.back().map(|left| left.key),
            hits,
            reads,
            recent: (recent.count_ones(), known),
            unflushed: self.unflushed.keys().take(SHOWN).copied().collect(),
            unflushed_count: self.unflushed.len() as u32,
            lives,
            held,
        }
    }

    fn lives(&self, held: &Inspection, now: Time, lifetime: Span) -> Vec<(u32, f32)> {
        let keys = held.lists.iter().filter(|list| !list.ghost).flat_map(|list| &list.keys);
        let left = |key: &u32| match self.entries.peek(*key, now) {
            Got::Hit { left, .. } => Some((*key, (left?.ms() / lifetime.ms()).min(1.0) as f32)),
            Got::Expired { .. } => Some((*key, 0.0)),
            Got::Miss => None,
        };
        keys.filter_map(left).collect()
    }

    fn note(&mut self, key: u32, hit: bool) {
        let seen = &mut self.seen;
        seen.hits += u64::from(hit);
        seen.reads += 1;
        seen.recent = seen.recent << 1 | u64::from(hit);
        (seen.last, seen.last_stale) = (Some((key, hit)), false);
    }

    /// What it answered last was old.
    pub fn was_stale(&mut self) {
        self.seen.stale += 1;
        self.seen.last_stale = true;
    }

    /// So many writes that it had acknowledged are lost.
    pub fn has_lost(&mut self, writes: u32) {
        self.seen.lost += u64::from(writes);
    }

    /// What it knows of a key, in words.
    pub fn about(&self, key: u32, now: Time) -> String {
        let held = match self.entries.peek(key, now) {
            _ if self.down => "down".to_owned(),
            Got::Hit { left: Some(left), .. } => format!("held, expires in {:.0} ms", left.ms()),
            Got::Hit { left: None, .. } => "held".to_owned(),
            Got::Expired { .. } => "expired".to_owned(),
            Got::Miss => match self.left.iter().rev().find(|left| left.key == key) {
                Some(left) => format!(
                    "not held: left {:.0} ms ago for key {}, {}",
                    now.since(left.at).ms(),
                    left.for_key,
                    left.life()
                ),
                None => "not held".to_owned(),
            },
        };
        let kept = if self.unflushed.contains_key(&key) { ", a write waits to be passed on" } else { "" };
        held + kept
    }

    /// Whether there is an entry, expired or not.
    fn holds(&self, key: u32) -> bool {
        self.entries.peek(key, Time::ZERO) != Got::Miss
    }

    /// A read; a hit counts as a use. A write that waits to be passed on answers too.
    pub fn get(&mut self, key: u32, now: Time) -> Found {
        let buffered = self.unflushed.contains_key(&key);
        let got = self.entries.get(key, now);
        let hit = buffered || matches!(got, Got::Hit { .. });
        let mut answer = Answer::default();
        if let Some(held) = self.held.get_mut(&key) {
            answer = held.answer;
            (held.uses, held.used) = (held.uses + u32::from(hit), now);
        }
        self.note(key, hit);
        match got {
            Got::Hit { age, left } => Found::Hit { answer, age, left },
            _ if buffered => Found::Hit { answer, age: Span::ZERO, left: None },
            Got::Expired { .. } => {
                self.drop_held(key);
                Found::Expired
            }
            Got::Miss => Found::Miss,
        }
    }

    /// Takes in an entry.
    pub fn put(
        &mut self,
        key: u32,
        answer: Answer,
        now: Time,
        lifetime: Option<Span>,
        random: &mut Stream,
    ) -> Took {
        if self.unflushed.get(&key).is_some_and(|write| write.version > answer.version) {
            return Took::In;
        }
        while let Some(expired) = self.entries.expire(now) {
            self.let_go(expired);
        }
        let put = self.entries.put(key, now, lifetime, random);
        let kept = put.admitted || self.unflushed.contains_key(&key);
        if kept {
            self.held.entry(key).or_insert(Held::new(answer, now)).answer = answer;
        }
        match put.evicted {
            Some(evicted) => Took::For(self.evicted(evicted, key, now)),
            None if kept => Took::In,
            None => Took::Refused,
        }
    }

    /// The policy has thrown out `key`.
    fn evicted(&mut self, key: u32, for_key: u32, now: Time) -> Left {
        let held = self.held.get(&key).copied().unwrap_or(Held::new(Answer::default(), now));
        let Held { since, uses, used, .. } = held;
        let left = Left { key, for_key, at: now, stayed: now.since(since), uses, idle: now.since(used) };
        if self.left.len() >= LEFT_MAX {
            self.left.pop_front();
        }
        self.left.push_back(left);
        self.let_go(key);
        left
    }

    /// Invalidation.
    pub fn remove(&mut self, key: u32) {
        self.entries.remove(key);
        self.let_go(key);
    }

    /// The entry has left; what is still to be passed on is kept beside the entries.
    fn let_go(&mut self, key: u32) {
        if !self.unflushed.contains_key(&key) {
            self.drop_held(key);
        }
    }

    /// Up to `most` writes that are not on their way, the oldest first: (key, write).
    pub fn due(&self, most: usize) -> Vec<(u32, u32)> {
        let waiting = self.unflushed.iter().filter(|(_, write)| write.passing == 0);
        let mut due: Vec<(u64, u32, u32)> =
            waiting.map(|(key, write)| (write.since.0, *key, write.version)).collect();
        order::sort_by_key(&mut due, |(since, ..)| *since);
        due.truncate(most);
        due.into_iter().map(|(_, key, version)| (key, version)).collect()
    }

    /// A write has reached the origin.
    pub fn flushed(&mut self, key: u32, version: u32) {
        let Some(write) = self.unflushed.get_mut(&key) else { return };
        if write.version <= version {
            self.unflushed.remove(&key);
            if !self.holds(key) {
                self.drop_held(key);
            }
        } else if write.passing <= version {
            write.passing = 0;
        }
    }

    /// Takes over a write that another machine had, of which this one has a copy.
    pub fn inherit(&mut self, key: u32, write: Unflushed, answer: Answer) {
        self.unflushed.entry(key).or_insert(write);
        self.held.entry(key).or_insert(Held::new(answer, write.since));
    }

    /// All is lost; the writes that were not passed on.
    pub fn crash(&mut self, settings: &Settings) -> BTreeMap<u32, Unflushed> {
        let lost = std::mem::take(&mut self.unflushed);
        let life = self.life + 1;
        let (seen, gone) = (self.seen, self.all_gone());
        *self = Machine { down: true, life, seen, gone, ..Machine::new(settings) };
        lost
    }

    /// It no longer belongs to the cache; what it has to pass on it keeps until that is done.
    pub fn retire(&mut self, settings: &Settings) {
        let unflushed = std::mem::take(&mut self.unflushed);
        let gone = self.all_gone();
        *self = Machine { life: self.life + 1, unflushed, gone, ..Machine::new(settings) };
    }

    /// The same entries under another policy or capacity, which knows nothing of how they were used.
    pub fn rebuilt(&mut self, settings: &Settings, now: Time, random: &mut Stream) {
        let gone = self.all_gone();
        let before = std::mem::replace(self, Machine { gone, ..Machine::new(settings) });
        (self.unflushed, self.down, self.life) = (before.unflushed, before.down, before.life);
        // The ratio is the new policy's own.
        let Seen { last, last_stale, lost, .. } = before.seen;
        self.seen = Seen { last, last_stale, lost, ..self.seen };
        for (key, held) in before.held {
            let lifetime = match before.entries.peek(key, now) {
                Got::Hit { left, .. } => left,
                _ if self.unflushed.contains_key(&key) => None,
                _ => continue,
            };
            self.put(key, held.answer, now, lifetime, random);
            // It is the same entry as before.
            self.held.entry(key).and_modify(|it| *it = held);
        }
    }

    /// Verifies that entries and what they hold agree.
    ///
    /// # Errors
    /// Says what does not hold.
    pub fn check(&self) -> Result<(), String> {
        self.entries.check()?;
        let loose = |key: &&u32| !self.holds(**key) && !self.unflushed.contains_key(*key);
        match self.held.keys().find(loose) {
            Some(key) => Err(format!("key {key} is kept for nobody")),
            None if self.held.len() < self.entries.len() as usize => Err("an entry holds nothing".into()),
            None => Ok(()),
        }
    }
}
