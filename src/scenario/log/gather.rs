//! Turns entries into rows: clients and paths become small numbers, times start at zero.

use super::entry::Entry;
use super::{AccessLog, LogRow, OTHER_PATHS, PATH_CHARS_MAX, PATHS_MAX};
use crate::sim::order::sort_by_key;
use std::collections::BTreeMap;

const NS_PER_S: u64 = 1_000_000_000;

/// A row before times and paths are final.
#[derive(Clone, Copy, Debug)]
struct Draft {
    ns: i64,
    path: u32,
    row: LogRow,
}

#[derive(Debug, Default)]
pub(super) struct Gathering {
    drafts: Vec<Draft>,
    clients: Numbering,
    paths: Numbering,
    latest_ns: Option<i64>,
    out_of_order: u32,
    /// Some time has a fraction of a second, so whole seconds are exact too.
    fractions: bool,
}

/// Numbers distinct byte strings in the order of their first appearance.
#[derive(Debug, Default)]
struct Numbering(BTreeMap<Box<[u8]>, u32>);

impl Numbering {
    fn number(&mut self, name: &[u8]) -> u32 {
        let next = self.0.len() as u32;
        match self.0.get(name) {
            Some(&number) => number,
            None => *self.0.entry(name.into()).or_insert(next),
        }
    }
}

impl Gathering {
    pub fn len(&self) -> usize {
        self.drafts.len()
    }

    pub fn add(&mut self, entry: &Entry<'_>) {
        let ns = entry.stamp.ns;
        let latest = *self.latest_ns.get_or_insert(ns);
        self.out_of_order += u32::from(ns < latest);
        self.latest_ns = Some(latest.max(ns));
        self.fractions |= !entry.stamp.whole_second;
        let row = LogRow {
            at_ns: 0,
            client: self.clients.number(&entry.client),
            path: 0,
            status: entry.status,
            duration_ns: entry.duration_ns,
        };
        self.drafts.push(Draft { ns, path: self.paths.number(&entry.path), row });
    }

    /// Sorts by time (rows of the same time stay in the file's order) and fills in everything that the
    /// rows determine.
    pub fn finish(mut self, log: &mut AccessLog) {
        // Turns the sign over: as numbers without one, times keep their order.
        sort_by_key(&mut self.drafts, |draft| (draft.ns as u64) ^ 1 << 63);
        let (paths, rank) = self.ranked_paths();
        let first_ns = self.drafts.first().map_or(0, |draft| draft.ns);
        log.rows = self
            .drafts
            .iter()
            .map(|draft| {
                let path = rank.get(draft.path as usize).copied().unwrap_or_default();
                LogRow { at_ns: draft.ns.abs_diff(first_ns), path, ..draft.row }
            })
            .collect();
        if !self.fractions {
            log.spread = spread(&mut log.rows);
        }
        log.clients = self.clients.0.len() as u32;
        log.distinct_paths = self.paths.0.len() as u32;
        log.paths = paths;
        log.span_ns = log.rows.last().map_or(0, |row| row.at_ns);
        log.out_of_order = self.out_of_order;
    }

    /// The names of the paths that keep a number of their own, most frequent first, and for each number
    /// given so far the final one.
    fn ranked_paths(&self) -> (Vec<String>, Vec<u16>) {
        let distinct = self.paths.0.len();
        let mut counts = vec![0u32; distinct];
        for draft in &self.drafts {
            if let Some(count) = counts.get_mut(draft.path as usize) {
                *count += 1;
            }
        }
        let count = |number: u32| counts.get(number as usize).copied().unwrap_or_default();
        let mut order: Vec<(&[u8], u32)> =
            self.paths.0.iter().map(|(name, &number)| (&**name, number)).collect();
        // The map is in the order of the names, which so decide between equal counts.
        sort_by_key(&mut order, |&(_, number)| u64::MAX - u64::from(count(number)));
        let named = if distinct > PATHS_MAX { PATHS_MAX - 1 } else { distinct };
        let mut names: Vec<String> = order.iter().take(named).map(|(name, _)| shown(name)).collect();
        if distinct > named {
            names.push(OTHER_PATHS.to_string());
        }
        let mut rank = vec![named as u16; distinct];
        for (place, &(_, number)) in order.iter().take(named).enumerate() {
            if let Some(slot) = rank.get_mut(number as usize) {
                *slot = place as u16;
            }
        }
        (names, rank)
    }
}

/// A path as text for a page: valid, printable, of bounded length.
fn shown(path: &[u8]) -> String {
    let text = String::from_utf8_lossy(path);
    let printable = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    let mut shown: String = text.chars().take(PATH_CHARS_MAX).map(printable).collect();
    if text.chars().nth(PATH_CHARS_MAX).is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

/// Places the n rows of one second at 0/n, 1/n … of it; says whether any second had two.
fn spread(rows: &mut [LogRow]) -> bool {
    let mut any = false;
    for second in rows.chunk_by_mut(|a, b| a.at_ns == b.at_ns) {
        let n = second.len() as u64;
        any |= n > 1;
        for (i, row) in (0..).zip(second) {
            row.at_ns = row.at_ns.saturating_add(i * NS_PER_S / n);
        }
    }
    any
}
