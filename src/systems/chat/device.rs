//! What users' devices have: where messages arrive, out of order or twice, and what a device does about it.
//!
//! The service decides nothing by this: it knows only what devices confirm. It is what a device knows itself, and the
//! truth against which the service's books are held.

use std::collections::BTreeMap;

/// Ranges that one device holds while something before them is missing; what is beyond is thrown away.
const EARLY_MAX: usize = 64;

/// One conversation on one user's device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Place {
    /// It has all up to this number.
    has: u32,
    /// Later ranges, both ends included, ascending and apart.
    early: Vec<(u32, u32)>,
}

#[derive(Clone, Debug, Default)]
pub struct Devices {
    /// (user, conversation).
    places: BTreeMap<(u32, u32), Place>,
    /// Messages that a device had already.
    pub twice: u64,
    /// Ranges that came before something with a lower number.
    pub out_of_order: u64,
    /// Messages that will never come, and count as delivered.
    pub lost: u64,
}

impl Devices {
    /// The messages `from ..= to` arrive. The device had all up to `joined` when it entered the conversation.
    /// Answers up to which number it has all: what it confirms.
    pub fn arrive(&mut self, user: u32, conversation: u32, joined: u32, (from, to): (u32, u32)) -> u32 {
        let place = self.place(user, conversation, joined);
        let (new, late) = (place.missing(from, to), from > place.has.saturating_add(1));
        place.take(from, to);
        let has = place.has;
        self.twice += u64::from((to + 1).saturating_sub(from) - new);
        self.out_of_order += u64::from(late);
        has
    }

    /// The messages will never come: nobody sends them again. The device goes on without them.
    pub fn lose(&mut self, user: u32, conversation: u32, joined: u32, (from, to): (u32, u32)) {
        let place = self.place(user, conversation, joined);
        let missing = place.missing(from, to);
        place.take(from, to);
        self.lost += u64::from(missing);
    }

    /// Up to which number it has all; `None` if nothing has come yet.
    pub fn has(&self, user: u32, conversation: u32) -> Option<u32> {
        self.places.get(&(user, conversation)).map(|place| place.has)
    }

    fn place(&mut self, user: u32, conversation: u32, joined: u32) -> &mut Place {
        self.places.entry((user, conversation)).or_insert_with(|| Place { has: joined, early: vec![] })
    }
}

impl Place {
    /// How many of these it does not have.
    fn missing(&self, from: u32, to: u32) -> u32 {
        let from = from.max(self.has.saturating_add(1));
        let mut missing = (to + 1).saturating_sub(from);
        for (first, last) in &self.early {
            let common = (to.min(*last) + 1).saturating_sub(from.max(*first));
            missing = missing.saturating_sub(common);
        }
        missing
    }

    fn take(&mut self, from: u32, to: u32) {
        let (mut from, mut to) = (from, to);
        // Everything that touches it becomes one range.
        self.early.retain(|(first, last)| {
            let touches = *first <= to.saturating_add(1) && from <= last.saturating_add(1);
            if touches {
                (from, to) = (from.min(*first), to.max(*last));
            }
            !touches
        });
        let place = self.early.partition_point(|(first, _)| *first < from);
        self.early.insert(place, (from, to));
        while let Some((first, last)) =
            self.early.first().copied().filter(|(first, _)| *first <= self.has + 1)
        {
            let _ = first;
            self.has = self.has.max(last);
            self.early.remove(0);
        }
        self.early.truncate(EARLY_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        /// Against a plain set of numbers.
        #[test]
        fn a_device_has_what_came(ranges in prop::collection::vec((1..60u32, 0..6u32, any::<bool>()), 0..40), joined in 0..5u32) {
            let mut devices = Devices::default();
            let mut set: BTreeSet<u32> = (1..=joined).collect();
            let (mut twice, mut lost) = (0, 0);
            for (from, more, comes) in ranges {
                let (from, to) = (from.max(joined + 1), from.max(joined + 1) + more);
                let new = (from..=to).filter(|number| !set.contains(number)).count() as u64;
                if comes {
                    twice += u64::from(more) + 1 - new;
                    devices.arrive(7, 1, joined, (from, to));
                } else {
                    lost += new;
                    devices.lose(7, 1, joined, (from, to));
                }
                set.extend(from..=to);
                let has = (0..).take_while(|number| *number == 0 || set.contains(number)).last().unwrap();
                prop_assert_eq!(devices.has(7, 1), Some(has));
                prop_assert_eq!((devices.twice, devices.lost), (twice, lost));
            }
        }
    }
}
