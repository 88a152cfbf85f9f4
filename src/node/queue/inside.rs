//! The queue's inside, as plain data for the instrument on the stage.

use super::held::State;
use super::{Delivery, Queue};
use crate::sim::Time;
use serde::Serialize;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct QueueView {
    /// A partition belongs to one consumer.
    pub ordered: bool,
    /// Of each partition.
    pub capacity: u32,
    pub partitions: Vec<PartitionView>,
    pub consumers: Vec<ConsumerView>,
    pub dead: u64,
    /// Numbers of the last dead letters, the newest first, at most [`DEAD_SHOWN`].
    pub dead_letters: Vec<u64>,
    pub dropped: u64,
    pub lost: u64,
    /// How often a consumer got through with a message that one had got through with before.
    pub seen_twice: u64,
    /// Of the messages that are here and were handed out before: how often one of them was, at most.
    pub sent_most: u32,
    /// Age of the oldest message.
    pub oldest_ms: f64,
}

/// Most dead letters of a [`QueueView`].
pub const DEAD_SHOWN: usize = 5;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PartitionView {
    /// Messages that were never handed out.
    pub fresh: u32,
    /// Those that wait to be handed out once more, or rest until they may.
    pub again: u32,
    /// Handed out and not acknowledged.
    pub in_flight: u32,
    /// Those of them that had been handed out before.
    pub redelivered: u32,
    /// Producers that are held until there is room.
    pub held: u32,
    /// To whom it belongs, where it belongs to one.
    pub owner: Option<u16>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ConsumerView {
    /// Messages in its hand, late ones included.
    pub in_hand: u32,
    /// Those whose time to be acknowledged is over.
    pub overdue: u32,
    /// It refused, and is left alone for a while.
    pub away: bool,
}

impl Queue {
    pub fn inside(&self, now: Time) -> QueueView {
        let (count, ordered) =
            (self.settings.consumers as usize, self.settings.delivery == Delivery::Ordered);
        let mut redelivered = vec![0; self.partitions.len()];
        for held in self.held.iter().filter(|held| held.state == State::InFlight && held.sent > 1) {
            redelivered[held.partition as usize] += 1;
        }
        let partition = |(index, it): (usize, &super::Partition)| PartitionView {
            fresh: it.backlog.len() as u32,
            again: (it.again.len() + it.resting.len()) as u32,
            in_flight: it.in_flight,
            redelivered: redelivered[index],
            held: it.blocked.len() as u32,
            owner: if ordered { self.consumers.owner(index) } else { None },
        };
        let consumers = self.consumers.all().iter().take(count);
        let consumer = |it: &super::consumers::Consumer| ConsumerView {
            in_hand: it.in_hand,
            overdue: it.overdue,
            away: it.away,
        };
        QueueView {
            ordered,
            capacity: self.settings.capacity,
            partitions: self.partitions.iter().enumerate().map(partition).collect(),
            consumers: consumers.map(consumer).collect(),
            dead: self.tally.dead,
            dead_letters: self.dead.iter().rev().take(DEAD_SHOWN).map(|letter| letter.number).collect(),
            dropped: self.tally.dropped,
            lost: self.tally.lost,
            seen_twice: self.tally.seen_twice,
            sent_most: (self.held.iter())
                .filter(|held| held.state != State::Over && held.state != State::Orphan)
                .map(|held| held.sent)
                .max()
                .unwrap_or(0),
            oldest_ms: self.lag(now).ms(),
        }
    }
}
