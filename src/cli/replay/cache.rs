//! `switchyard replay cache`: a trace of keys through one eviction policy, and how many it held.

use super::lines::Lines;
use super::{ALL, Assignment, Failure, Table, chosen, no_knobs};
use crate::algo::cache::{CAPACITY_MAX, Entry, TABLE, find};
use crate::algo::setting::Knobs;
use crate::sim::{Purpose, Stream};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// How many requests an eviction policy answers from a cache of N entries, all of one size
///
/// The cache is empty at first, and what is missed is taken in at once. MIN knows the whole trace. Random
/// draws are those of seed 1.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// A policy's id, or all for a table
    #[arg(long)]
    policy: String,
    /// How many entries the cache holds
    #[arg(long, value_name = "N")]
    capacity: u32,
    /// A setting of the policy; may be repeated
    #[arg(long = "knob", value_name = "K=V")]
    knobs: Vec<Assignment>,
    /// A file with one key per line, or - for standard input
    #[arg(long, value_name = "FILE")]
    trace: String,
}

#[derive(Debug, serde::Serialize)]
struct Replayed<'a> {
    policy: &'a str,
    capacity: u32,
    requests: usize,
    hits: u64,
    misses: u64,
    /// 0 for an empty trace.
    hit_ratio: f64,
}

pub fn replay(options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    if !(1..=CAPACITY_MAX).contains(&options.capacity) {
        let sentence = format!("the capacity must be between 1 and {CAPACITY_MAX}, is {}", options.capacity);
        return Err(Failure::input(sentence));
    }
    if options.policy == ALL { all(options, out) } else { one(options, out) }
}

fn one(options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    let knobs = chosen("cache", &options.policy, &options.knobs)?;
    let entry = find(&options.policy).ok_or_else(|| Failure::input("there is no such policy"))?;
    let replayed = run(entry, &knobs, options.capacity, &keys(&options.trace)?);
    let text = serde_json::to_string(&replayed).map_err(io::Error::from)?;
    Ok(writeln!(out, "{text}")?)
}

fn all(options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    no_knobs(&options.knobs)?;
    let keys = keys(&options.trace)?;
    let mut table = Table::new(&["policy", "requests", "hits", "misses", "hit ratio"]);
    for entry in TABLE {
        let replayed = run(entry, &Knobs::defaults(entry.info.knobs), options.capacity, &keys);
        table.row([
            replayed.policy.to_owned(),
            replayed.requests.to_string(),
            replayed.hits.to_string(),
            replayed.misses.to_string(),
            format!("{:.4}", replayed.hit_ratio),
        ]);
    }
    Ok(write!(out, "{table}")?)
}

fn run(entry: &Entry, knobs: &Knobs, capacity: u32, keys: &[u32]) -> Replayed<'static> {
    let mut policy = (entry.build)(capacity, knobs);
    policy.foresee(keys);
    let hits = policy.replay(keys, &mut Stream::new(1, "cache", Purpose::Policy));
    let requests = keys.len();
    let hit_ratio = hits as f64 / requests.max(1) as f64;
    Replayed { policy: entry.info.id, capacity, requests, hits, misses: requests as u64 - hits, hit_ratio }
}

/// The trace's keys, numbered in the order in which they first appear.
fn keys(name: &str) -> Result<Vec<u32>, Failure> {
    let lines = Lines::read(name)?;
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    lines.parse(|key| {
        let next = numbers.len() as u32;
        Ok(*numbers.entry(key).or_insert(next))
    })
}
