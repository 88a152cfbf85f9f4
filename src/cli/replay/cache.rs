//! `switchyard replay cache`: a trace of keys through one eviction policy, and how many it held.

use crate::algo::cache::{CAPACITY_MAX, Entry, TABLE, find};
use crate::algo::setting::Knobs;
use crate::cli::Failure;
use crate::cli::input::{self, Assignment, STANDARD_INPUT};
use crate::cli::table::Table;
use crate::sim::{Purpose, Stream};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};

/// Most requests in a trace.
const REQUESTS_MAX: usize = 10_000_000;
/// Longest key, in bytes.
const KEY_BYTES: usize = 256;

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
    if options.policy == "all" { all(options, out) } else { one(options, out) }
}

fn one(options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    let knobs = input::knobs("cache", &options.policy, &options.knobs)?;
    let entry = find(&options.policy).ok_or_else(|| Failure::input("there is no such policy"))?;
    let replayed = run(entry, &knobs, options.capacity, &keys(&options.trace)?);
    let text = serde_json::to_string(&replayed).map_err(io::Error::from)?;
    Ok(writeln!(out, "{text}")?)
}

fn all(options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    if !options.knobs.is_empty() {
        return Err(Failure::input("--knob needs one policy, not all"));
    }
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
    if name == STANDARD_INPUT {
        return numbered(name, &mut io::stdin().lock());
    }
    match File::open(name) {
        Ok(file) => numbered(name, &mut BufReader::new(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Failure::input(format!("{name}: there is no such file")))
        }
        Err(error) => Err(Failure::input(format!("{name}: {error}"))),
    }
}

fn numbered(name: &str, input: &mut impl BufRead) -> Result<Vec<u32>, Failure> {
    let mut numbers: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
    let mut keys = vec![];
    let mut line = vec![];
    loop {
        line.clear();
        let wrong =
            |sentence: String| Err(Failure::input(format!("{name}: line {}: {sentence}", keys.len() + 1)));
        // Room for the ends of lines of both kinds.
        match input.take(KEY_BYTES as u64 + 2).read_until(b'\n', &mut line) {
            Ok(0) => return Ok(keys),
            Ok(_) => {}
            Err(error) => return wrong(error.to_string()),
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let mut key = text.strip_suffix(b"\r").unwrap_or(text);
        if keys.is_empty() {
            // Editors on Windows begin a file with a byte order mark.
            key = key.strip_prefix("\u{feff}".as_bytes()).unwrap_or(key);
        }
        if key.is_empty() {
            return wrong("there is no key".into());
        }
        if key.len() > KEY_BYTES {
            return wrong(format!("a key may have at most {KEY_BYTES} bytes"));
        }
        if keys.len() == REQUESTS_MAX {
            return wrong(format!("there may be at most {REQUESTS_MAX} requests"));
        }
        let next = numbers.len() as u32;
        let number = match numbers.get(key) {
            Some(&number) => number,
            None => *numbers.entry(key.to_vec()).or_insert(next),
        };
        keys.push(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<u32>, String> {
        numbered("trace", &mut text.as_bytes()).map_err(|failure| match failure {
            Failure::Input(lines) => lines.join("\n"),
            Failure::Output(error) => error.to_string(),
        })
    }

    #[test]
    fn keys_are_numbered_as_they_come() {
        assert_eq!(read("b\na\nb\r\n\u{fffd}\na"), Ok(vec![0, 1, 0, 2, 1]));
        assert_eq!(read("\u{feff}a\na\n"), Ok(vec![0, 0]));
        assert_eq!(read(""), Ok(vec![]));
        let longest = "x".repeat(KEY_BYTES);
        assert_eq!(read(&format!("{longest}\r\n{longest}\n")), Ok(vec![0, 0]));
    }

    #[test]
    fn what_is_wrong_has_a_line() {
        assert_eq!(read("a\n\nb").unwrap_err(), "trace: line 2: there is no key");
        let long = format!("a\n{}\n", "x".repeat(KEY_BYTES + 1));
        assert_eq!(read(&long).unwrap_err(), "trace: line 2: a key may have at most 256 bytes");
        let many = "k\n".repeat(REQUESTS_MAX + 1);
        assert_eq!(read(&many).unwrap_err(), "trace: line 10000001: there may be at most 10000000 requests");
    }
}
