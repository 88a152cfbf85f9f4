//! The queue as it is shown, and why a message went where it went.

use super::Queue;
use super::settings::{Delivery, Settings};
use crate::node::Show;
use crate::node::station::{Inside, Station, StationMember};
use crate::sim::{Candidate, Explanation, Time};

impl Queue {
    #[cfg(feature = "whole")]
    fn picture(&self, now: Time) -> Inside {
        Inside::Queue(Box::new(self.inside(now)))
    }

    /// The first page has no queues.
    #[cfg(not(feature = "whole"))]
    fn picture(&self, _: Time) -> Inside {
        Inside::Nothing
    }

    /// Which partition a message went to, with what waits in each.
    pub(super) fn explain(&self, key: u32) -> Explanation {
        let chosen = self.partition_of(key);
        let candidate = |index: usize| Candidate {
            name: (index + 1).to_string(),
            figure: self.partitions[index].waiting() as f64,
            eligible: true,
            chosen: index == chosen,
        };
        Explanation {
            sentence: format!("key {key} belongs to partition {}", chosen + 1),
            candidates: (0..self.settings.partitions as usize).map(candidate).collect(),
            figure: "waiting",
            what: "",
        }
    }
}

/// "1 consumer", "2 consumers".
fn counted(n: u16, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Partitions that are described one by one.
const LISTED_MAX: usize = 16;

impl Show for Queue {
    fn station(&self, now: Time) -> Option<Station> {
        let Settings { partitions, consumers, capacity, delivery, .. } = self.settings;
        let (waiting, in_flight) = (self.waiting(), self.in_flight());
        let order = if delivery == Delivery::Ordered { "in order" } else { "to any consumer" };
        let stay = self.tally.stay_mean_ms().map(|ms| format!("acknowledged after {ms:.0} ms on average"));
        let some = |n: u64, what: &str| (n > 0).then(|| format!("{n} {what}"));
        let mut notes = vec![format!("oldest is {:.1} s old", self.lag(now).seconds())];
        notes.extend(some(self.blocked.into(), "producers held"));
        notes.extend(some(self.tally.dead, "dead letters"));
        notes.extend(some(self.tally.dropped, "dropped"));
        notes.extend(some(self.tally.lost, "lost"));
        notes.extend(stay);
        if self.partitions.len() > 1 {
            notes.extend(self.partitions.iter().take(LISTED_MAX).enumerate().map(|(index, partition)| {
                let (waiting, in_flight) = (partition.waiting(), partition.in_flight);
                format!("partition {}: {waiting} waiting, {in_flight} in flight", index + 1)
            }));
        }
        let room = partitions as f64 * capacity as f64;
        Some(Station {
            does: format!(
                "{}, {}, {order}",
                counted(partitions, "partition"),
                counted(consumers, "consumer")
            ),
            notes,
            members: vec![StationMember {
                number: 1,
                level: Some((waiting as f64 / room).min(1.0)),
                note: format!("{waiting} waiting, {in_flight} in flight"),
                ..StationMember::default()
            }],
            inside: self.picture(now),
        })
    }
}
