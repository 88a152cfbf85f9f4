//! What is remembered for the stage: keys that were written lately, and what the oracle last said of a read.

use super::Store;
use super::op::Task;
#[cfg(feature = "whole")]
use crate::node::replicas::{Agreed, Copies, REPLICAS_SHOWN, ReplicaView, ReplicasView};
use crate::node::replicas::{Refused, Stale};
use crate::node::station::Inside;
use crate::sim::{Span, Time};
use std::collections::VecDeque;

/// Keys that are shown.
const KEYS_SHOWN: usize = 8;

#[derive(Clone, Debug, Default)]
pub struct Watch {
    slots: Vec<Slot>,
    stale: Option<Stale>,
    reads: u64,
    stale_reads: u64,
    refused: Refused,
    lost: u64,
    beside: u64,
    /// From the acknowledgement of a write until all of its key's owners had it: the last ones.
    agreed: VecDeque<Span>,
}

/// Lengths of time that are remembered.
const AGREED_KNOWN: usize = 64;

/// A key that was written.
#[derive(Clone, Copy, Debug)]
struct Slot {
    key: u32,
    /// The newest write that was acknowledged, and when.
    newest: u32,
    at: Time,
    /// Since when some owner lacks an acknowledged write, if one does.
    apart: Option<Time>,
}

impl Watch {
    /// Too few machines were there for it.
    pub fn refuse(&mut self, task: Task) {
        match task {
            Task::Read => self.refused.reads += 1,
            Task::Write => self.refused.writes += 1,
            _ => {}
        }
    }

    pub fn lost(&mut self, writes: u32) {
        self.lost += u64::from(writes);
    }

    pub fn kept_beside(&mut self) {
        self.beside += 1;
    }
}

impl Store {
    /// A write was acknowledged. Its key takes the place of the one that was written least lately, of those on
    /// which the replicas agree if there are any: what they differ on stays to be seen.
    pub(super) fn watch_write(&mut self, key: u32, newest: u32, at: Time) {
        let known = self.watch.slots.iter().position(|slot| slot.key == key);
        let before = known.map(|place| self.watch.slots[place]);
        let apart = before.and_then(|slot| slot.apart).or(Some(at));
        // An older write may be acknowledged after the newest was.
        let at = before.filter(|slot| slot.newest == newest).map_or(at, |slot| slot.at);
        let slot = Slot { key, newest, at, apart };
        let place = match known {
            Some(place) => Some(place),
            None if self.watch.slots.len() < KEYS_SHOWN => None,
            None => {
                let settled = |slot: &Slot| self.agree_on(slot);
                let slots = self.watch.slots.iter().enumerate();
                slots.min_by_key(|(_, slot)| (!settled(slot), slot.at)).map(|(place, _)| place)
            }
        };
        match place.and_then(|place| self.watch.slots.get_mut(place)) {
            Some(old) => *old = slot,
            None => self.watch.slots.push(slot),
        }
        self.watch_agreement(key, at);
    }

    /// A machine took a row: perhaps all owners of the key have its newest write now.
    pub(super) fn watch_agreement(&mut self, key: u32, now: Time) {
        let Some(place) = self.watch.slots.iter().position(|slot| slot.key == key && slot.apart.is_some())
        else {
            return;
        };
        if !self.agree_on(&self.watch.slots[place]) {
            return;
        }
        let slot = &mut self.watch.slots[place];
        slot.apart = None;
        let span = now.since(slot.at);
        if self.watch.agreed.len() >= AGREED_KNOWN {
            self.watch.agreed.pop_front();
        }
        self.watch.agreed.push_back(span);
    }

    fn agree_on(&self, slot: &Slot) -> bool {
        let home = self.map.home(slot.key);
        home.all().iter().all(|member| self.versions(*member, slot.key).first() == Some(&slot.newest))
    }

    /// A read was answered with this version, and should have been with `expected` or a newer one.
    pub(super) fn watch_read(&mut self, key: u32, member: u16, answered: u32, expected: u32, at: Time) {
        self.watch.reads += 1;
        if answered >= expected {
            return;
        }
        self.watch.stale_reads += 1;
        let slot = self.watch.slots.iter().find(|slot| slot.key == key && slot.newest == expected);
        let late = slot.map(|slot| at.since(slot.at));
        self.watch.stale = Some(Stale { key, member, answered, newest: expected, at, late });
    }

    /// Numbers of the versions that a member holds, the newest first.
    fn versions(&self, member: u16, key: u32) -> Vec<u32> {
        let row = self.machines.get(member as usize).and_then(|machine| machine.rows.get(key));
        row.map_or(vec![], |row| row.versions().iter().map(|version| version.number).collect())
    }

    /// What each replica holds of the keys written lately.
    #[cfg(feature = "whole")]
    pub(super) fn replicas(&self, now: Time) -> Option<Inside> {
        let slots = &self.watch.slots;
        let count = self.settings.count;
        if self.settings.replicas < 2 || !(2..=REPLICAS_SHOWN).contains(&count) {
            return None;
        }
        let copies = |member: u16| -> Vec<Copies> {
            let of = |slot: &Slot| Copies {
                at_home: self.map.concerns(member, slot.key),
                versions: self.versions(member, slot.key),
            };
            slots.iter().map(of).collect()
        };
        let mut hints = vec![0; self.machines.len()];
        for (place, _) in self.machines.iter().flat_map(|machine| machine.hints.iter()) {
            hints[super::repair::hint_for(place) as usize] += 1;
        }
        let member = |member: u16| {
            let machine = &self.machines[member as usize];
            ReplicaView {
                copies: copies(member),
                leads: self.settings.has_leaders()
                    && slots.first().is_some_and(|slot| self.leads(member, slot.key)),
                hints_for_it: hints[member as usize],
                locked: machine.locks.len() as u32,
                undecided: (machine.undecided.len() + machine.decisions.len()) as u32,
            }
        };
        Some(Inside::Replicas(Box::new(ReplicasView {
            now,
            keys: slots.iter().map(|slot| (slot.key, slot.newest)).collect(),
            members: (0..count).map(member).collect(),
            reads: self.watch.reads,
            stale_reads: self.watch.stale_reads,
            lost: self.watch.lost,
            beside: self.watch.beside,
            stale: self.watch.stale,
            refused: self.watch.refused,
            apart: slots.iter().filter_map(|slot| slot.apart).map(|since| now.since(since)).max(),
            agreed: Agreed::of(self.watch.agreed.iter().copied()),
        })))
    }

    /// The first page has no stores.
    #[cfg(not(feature = "whole"))]
    pub(super) fn replicas(&self, _: Time) -> Option<Inside> {
        None
    }

    #[cfg(feature = "whole")]
    fn leads(&self, member: u16, key: u32) -> bool {
        self.view.leader(&self.map.home(key)) == Some(member)
    }
}
