//! What a limiter remembers of its decisions, so that the stage can show them: a fixed number of each verdict.

use crate::algo::limit::{Limit, Verdict};
use crate::node::station::{KEYS_SHOWN, KeyLevel, LimitView};
use crate::sim::{Span, Time, order};

/// Decisions of each verdict that are kept.
const KEPT: usize = 128;
/// Refusals that the key in view is ahead of all others at most, so that another can catch up.
const LEAD_MAX: u32 = 16;
/// A key counts as being limited for so long after a refusal.
const LIMITED: Span = Span(1_000_000_000);

#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    passed: Last,
    refused: Last,
    /// The key that is refused most, by Boyer and Moore's majority vote (1981), and its lead.
    key: u32,
    lead: u32,
    /// Of the last refusal of that key: when it may pass.
    due: Option<Time>,
}

/// The last [`KEPT`] of one verdict: when, and which key.
#[derive(Clone, Debug, Default)]
struct Last {
    at: Vec<(Time, u32)>,
    /// How many there were in all.
    count: u64,
}

impl Last {
    #[inline]
    fn push(&mut self, now: Time, key: u32) {
        let place = self.count as usize % KEPT;
        self.count += 1;
        match self.at.get_mut(place) {
            Some(oldest) => *oldest = (now, key),
            None => self.at.push((now, key)),
        }
    }

    /// The oldest first.
    fn iter(&self) -> impl Iterator<Item = (Time, u32)> + '_ {
        let (newer, older) = self.at.split_at(self.count as usize % KEPT % self.at.len().max(1));
        older.iter().chain(newer).copied()
    }

    fn of(&self, key: u32) -> Vec<Time> {
        self.iter().filter(|it| it.1 == key).map(|it| it.0).collect()
    }

    /// From then on all are known.
    fn since(&self) -> Time {
        if self.count as usize <= KEPT {
            Time::ZERO
        } else {
            self.iter().next().map_or(Time::ZERO, |it| it.0)
        }
    }
}

impl Seen {
    /// The policy has been asked.
    #[inline]
    pub fn asked(&mut self, key: u32, now: Time, verdict: Verdict) {
        if verdict.allows() {
            return;
        }
        match (key == self.key, self.lead) {
            (true, _) => self.lead = (self.lead + 1).min(LEAD_MAX),
            (false, 0) => (self.key, self.lead) = (key, 1),
            (false, _) => self.lead -= 1,
        }
        if key == self.key {
            self.due = verdict.retry_after().map(|after| now + after);
        }
    }

    #[inline]
    pub fn passed(&mut self, key: u32, now: Time) {
        if self.passed.count + self.refused.count == 0 {
            self.key = key;
        }
        self.passed.push(now, key);
    }

    #[inline]
    pub fn refused(&mut self, key: u32, now: Time) {
        self.refused.push(now, key);
    }

    /// What the stage shows of `policy` and its last decisions. `held` says whether calls of a key are held.
    pub fn view(&self, policy: &dyn Limit, now: Time, held: impl Fn(u32) -> bool) -> LimitView {
        let limited = |at: Time| now.since(at) < LIMITED;
        // Key, its refusals and passes that are known, whether it is being limited.
        let mut keys: Vec<(u32, u32, u32, bool)> = vec![];
        let refused = self.refused.iter().map(|(at, key)| (key, 1, 0, limited(at)));
        for (key, refused, passed, now_limited) in
            refused.chain(self.passed.iter().map(|(_, key)| (key, 0, 1, false)))
        {
            match keys.iter_mut().find(|known| known.0 == key) {
                Some(known) => *known = (key, known.1 + refused, known.2 + passed, known.3 | now_limited),
                None => keys.push((key, refused, passed, now_limited)),
            }
        }
        keys.iter_mut().for_each(|known| known.3 |= held(known.0));
        let limited_count = keys.iter().filter(|known| known.3).count() as u32;
        let known = keys.len().max(policy.keys()) as u32;
        order::sort_by_key(&mut keys, |known| !(u64::from(known.1) << 32 | u64::from(known.2)));
        keys.truncate(KEYS_SHOWN);
        order::sort_by_key(&mut keys, |known| u64::from(known.0));
        let level = |&(key, _, _, limited): &(u32, u32, u32, bool)| {
            let state = policy.inspect(key, now);
            KeyLevel { key, level: state.level, most: state.most, limited, ..KeyLevel::default() }
        };
        LimitView {
            now,
            key: self.key,
            state: policy.inspect(self.key, now),
            passed: self.passed.of(self.key),
            refused: self.refused.of(self.key),
            since: self.passed.since(),
            retry_after: self.due.filter(|due| *due > now).map(|due| due.since(now)),
            keys: keys.iter().map(level).collect(),
            limited: limited_count,
            known,
            ..LimitView::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::limit;
    use crate::algo::setting::Knobs;

    fn verdict(allow: bool) -> Verdict {
        if allow { Verdict::Passes(Span::ZERO) } else { Verdict::Later(Span(7)) }
    }

    /// Against all decisions kept in a list.
    #[test]
    fn the_last_of_each_verdict_are_kept_in_order() {
        let policy = (limit::TABLE[0].build)(&Knobs::defaults(limit::TABLE[0].info.knobs));
        let (mut seen, mut all) = (Seen::default(), vec![]);
        for step in 0..1000u64 {
            let (key, allow) = ((step * step % 7) as u32, step % 3 != 0);
            seen.asked(key, Time(step), verdict(allow));
            if allow {
                seen.passed(key, Time(step))
            } else {
                seen.refused(key, Time(step))
            }
            all.push((Time(step), key, allow));
            let view = seen.view(&*policy, Time(step), |_| false);
            let last = |allow: bool| {
                let of: Vec<_> = all.iter().filter(|it| it.2 == allow).collect();
                let kept = &of[of.len().saturating_sub(KEPT)..];
                kept.iter().filter(|it| it.1 == view.key).map(|it| it.0).collect::<Vec<_>>()
            };
            assert_eq!((view.passed, view.refused), (last(true), last(false)), "step {step}");
        }
    }

    #[test]
    fn the_key_in_view_is_the_one_that_is_refused_most() {
        let mut seen = Seen::default();
        for step in 0..300u64 {
            seen.asked(if step % 3 == 0 { step as u32 } else { 9 }, Time(step), verdict(false));
        }
        assert_eq!(seen.key, 9);
        (0..40).for_each(|step| seen.asked(4, Time(300 + step), verdict(false)));
        assert_eq!(seen.key, 4);
    }
}
