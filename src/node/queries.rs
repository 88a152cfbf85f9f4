//! Queries that every machine of a store answers for its part, as plain data for the instrument on the stage.

use crate::sim::{Span, Time};
use serde::Serialize;

/// Scatter-gather at a store at one instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct QueriesView {
    pub now: Time,
    /// Machines that a query asks.
    pub fan_out: u32,
    /// Queries that are not over.
    pub waiting: u32,
    /// Those that are not over and those that were over last, newest first, at most [`QUERIES_SHOWN`].
    pub queries: Vec<Query>,
    /// What takes longer waited for a slow machine: so many times what half of the parts take.
    pub slow: Option<Span>,
    /// How long the last parts took, each of one machine, from the question to its answer; and how long queries took.
    pub part: Spread,
    pub whole: Spread,
}

/// How many times the median counts as slow.
const SLOW: f64 = 3.0;

/// Most queries of a [`QueriesView`].
pub const QUERIES_SHOWN: usize = 12;

/// One query.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Query {
    pub began: Time,
    pub asked: u32,
    /// Who has answered, and how long after the question, in the order of the answers.
    pub answers: Vec<(u16, Span)>,
    /// How long it took, once it is over; and whether that was well.
    pub took: Option<Span>,
    pub ok: bool,
}

/// Of some lengths of time the middle one, by nearest rank, and what share of them is slow; none of none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    pub median: Option<Span>,
    pub slow_share: Option<f64>,
}

/// What counts as slow, and parts and queries by that.
pub fn spreads(
    parts: impl Iterator<Item = Span>,
    wholes: impl Iterator<Item = Span>,
) -> (Option<Span>, [Spread; 2]) {
    let [parts, wholes] = [parts.collect(), wholes.collect::<Vec<Span>>()];
    let median = |spans: &Vec<Span>| {
        let mut sorted: Vec<Span> = spans.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len().div_ceil(2).max(1) - 1).copied()
    };
    let slow = median(&parts).map(|median| median.times(SLOW));
    let spread = |spans: Vec<Span>| Spread {
        median: median(&spans),
        slow_share: slow
            .filter(|_| !spans.is_empty())
            .map(|slow| spans.iter().filter(|span| **span > slow).count() as f64 / spans.len() as f64),
    };
    (slow, [spread(parts), spread(wholes)])
}

impl QueriesView {
    /// Queries that are not over, of those that are shown.
    pub fn under_way(&self) -> impl Iterator<Item = &Query> {
        self.queries.iter().filter(|query| query.took.is_none())
    }

    /// By member: whether one of them waits for it.
    pub fn waited_for(&self, members: usize) -> Vec<bool> {
        let mut all = vec![false; members];
        for query in self.under_way() {
            let mut waits = vec![true; members];
            for (member, _) in &query.answers {
                waits.get_mut(*member as usize).into_iter().for_each(|it| *it = false);
            }
            all.iter_mut().zip(waits).for_each(|(all, waits)| *all |= waits);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_is_what_takes_three_times_as_long_as_half_of_the_parts() {
        let ms = |list: &'static [u64]| list.iter().map(|ms| Span(*ms));
        assert_eq!(spreads(ms(&[]), ms(&[])), (None, [Spread::default(); 2]));
        let (slow, [part, whole]) = spreads(ms(&[9, 31, 10, 30, 10]), ms(&[31, 40, 12, 11]));
        assert_eq!(slow, Some(Span(30)));
        assert_eq!(part, Spread { median: Some(Span(10)), slow_share: Some(0.2) });
        assert_eq!(whole, Spread { median: Some(Span(12)), slow_share: Some(0.5) });
    }
}
