//! Sliding log: remembers when each request passed, and counts those of the last window.
//!
//! As on Redis with a sorted set (Peter Hayes at ClassDojo, 2015; Figma, 2017), with one difference that
//! matters: those log refused requests too, so a client that keeps asking is never let in; here only what
//! passed counts. Exact: no window of this length, wherever it begins, sees more than `limit` pass. What passed
//! at t counts until just before t + `window_ms`. The price is memory: up to `limit` entries for each key, so
//! `limit` is at most 10 000, and only as many keys as keep all entries below [`ENTRIES_MAX`] have a log of
//! their own; further keys share one.

use super::states::States;
use super::window::{Rule, WINDOW, limit};
use super::*;
use std::collections::VecDeque;

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "sliding-log",
        name: "Sliding log",
        short: "Sliding log",
        summary: "Remembers when each request passed; exact for every window, and costly in memory.",
        source: "common practice (Redis sorted sets)",
        knobs: &[limit(LIMIT_MAX), WINDOW],
    },
    build: |knobs| {
        let rule = Rule::new(knobs, LIMIT_MAX);
        Box::new(SlidingLog { rule, states: States::new(ENTRIES_MAX / rule.limit as usize) })
    },
};

const LIMIT_MAX: f64 = 10_000.0;

/// Most entries of all logs of a limiter together, the shared one apart.
pub const ENTRIES_MAX: usize = 1 << 22;

#[derive(Clone, Debug)]
struct SlidingLog {
    rule: Rule,
    states: States<Log>,
}

/// What passed, oldest first.
#[derive(Clone, Debug, Default)]
struct Log {
    entries: VecDeque<Logged>,
    /// The sum of their costs.
    total: u64,
}

impl Log {
    /// Whether nothing of it counts any more.
    fn is_over(&self, rule: &Rule, now: Time) -> bool {
        self.entries.back().is_none_or(|last| last.at + rule.window <= now)
    }

    fn forget(&mut self, rule: &Rule, now: Time) {
        while let Some(oldest) = self.entries.front().filter(|oldest| oldest.at + rule.window <= now) {
            self.total -= u64::from(oldest.cost);
            self.entries.pop_front();
        }
    }

    /// When so much of what counts will be over.
    fn freed(&self, rule: &Rule, wanted: u64) -> Option<Time> {
        let mut freed = 0;
        self.entries.iter().find_map(|entry| {
            freed += u64::from(entry.cost);
            (freed >= wanted).then(|| entry.at + rule.window)
        })
    }
}

impl states::Rule<Log> for Rule {
    fn is_new(&self, log: &Log, now: Time) -> bool {
        log.is_over(self, now)
    }

    fn pass(&self, log: &mut Log, cost: u32, now: Time) -> Verdict {
        log.forget(self, now);
        let free = u64::from(self.limit) - log.total;
        if u64::from(cost) > free {
            let due = if cost <= self.limit { log.freed(self, u64::from(cost) - free) } else { None };
            return due.map_or(Verdict::Refused, |due| Verdict::Later(due.since(now)));
        }
        log.total += u64::from(cost);
        let at = log.entries.back().map_or(now, |last| last.at.max(now));
        match log.entries.back_mut() {
            Some(last) if last.at == at => last.cost += cost,
            _ if cost > 0 => log.entries.push_back(Logged { at, cost }),
            _ => {}
        }
        Verdict::Passes(Span::ZERO)
    }
}

impl Limit for SlidingLog {
    fn pass(&mut self, key: u32, cost: u32, now: Time) -> Verdict {
        self.states.pass(&self.rule, key, cost, now)
    }

    fn remaining(&self, key: u32, now: Time) -> u32 {
        let mut log = self.states.peek(key);
        log.forget(&self.rule, now);
        self.rule.limit - log.total as u32
    }

    fn inspect(&self, key: u32, now: Time) -> Inspection {
        let mut log = self.states.peek(key);
        log.forget(&self.rule, now);
        let from = now - self.rule.window;
        let shown = log.entries.len().saturating_sub(LOG_SHOWN);
        Inspection {
            note: format!("{} of {}", log.total, self.rule.limit),
            level: log.total as f64,
            most: self.rule.limit.into(),
            window: Some(Window { from, to: now, count: log.total, before: None }),
            log: log.entries.into_iter().skip(shown).collect(),
            ..Default::default()
        }
    }

    fn keys(&self) -> usize {
        self.states.len()
    }

    fn bytes(&self) -> usize {
        let logged: usize = self.states.iter().map(|log| log.entries.len()).sum();
        self.states.bytes() + logged * size_of::<Logged>()
    }

    fn check(&self) -> Result<(), String> {
        let sound = |log: &&Log| {
            let sum: u64 = log.entries.iter().map(|entry| u64::from(entry.cost)).sum();
            let ordered = log.entries.iter().is_sorted_by(|a, b| a.at < b.at);
            sum == log.total && sum <= self.rule.limit.into() && ordered
        };
        match self.states.iter().find(|log| !sound(log)) {
            Some(log) => Err(format!("{log:?}")),
            None => self.states.check(),
        }
    }
}
