//! `switchyard replay limiter`: which arrivals a limiting policy lets pass.

use super::lines::Lines;
use super::{ALL, Assignment, Failure, Table, chosen, no_knobs};
use crate::algo::limit::{Decision, Limit, TABLE, find};
use crate::algo::setting::{Knobs, shortened};
use crate::sim::{Span, Time};
use std::collections::{BTreeMap, VecDeque};
use std::io::Write;

/// Which arrivals a limiting policy lets pass
///
/// A line of the file is seconds[,key[,cost]], in the order of time: 12.5,alice,2. Times are taken to the
/// nanosecond. Lines without a key share one.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// A policy's id, or all for a table of counts
    #[arg(long)]
    policy: String,
    /// A setting of the policy; may be repeated
    #[arg(long = "knob", value_name = "K=V")]
    knobs: Vec<Assignment>,
    /// A file of arrivals, or - for standard input
    #[arg(long, value_name = "FILE")]
    arrivals: String,
    /// How long what passed is under way, for concurrency; without it, for ever
    #[arg(long, value_name = "SECONDS", value_parser = time)]
    held_s: Option<Time>,
}

pub fn replay(options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    if options.policy == ALL {
        no_knobs(&options.knobs)?;
        let lines = Lines::read(&options.arrivals)?;
        return Ok(write!(out, "{}", counts(&arrivals(&lines)?, options.held_s))?);
    }
    let knobs = chosen("limit", &options.policy, &options.knobs)?;
    let lines = Lines::read(&options.arrivals)?;
    one(options, &knobs, &arrivals(&lines)?, out)
}

/// A line of the file.
#[derive(Clone, Copy, Debug)]
struct Arrival<'a> {
    at: Time,
    key: Option<&'a str>,
    /// Keys by number, in the order in which they came.
    number: u32,
    cost: u32,
}

const COST_MAX: u32 = 1_000_000;
/// Enough for seconds since 1970.
const SECONDS_MAX: u64 = 4_000_000_000;

fn arrivals(lines: &Lines) -> Result<Vec<Arrival<'_>>, Failure> {
    let mut numbers: BTreeMap<Option<&str>, u32> = BTreeMap::new();
    let mut last = Time::ZERO;
    lines.parse(|line| {
        let mut parts = line.splitn(3, ',').map(str::trim);
        let at = time(parts.next().unwrap_or(""))?;
        if at < last {
            return Err(format!("{} comes before the line above it", seconds(at.0)));
        }
        last = at;
        let key = parts.next().filter(|key| !key.is_empty());
        let cost = parts.next().map_or(Ok(1), cost)?;
        let next = numbers.len() as u32;
        Ok(Arrival { at, key, number: *numbers.entry(key).or_insert(next), cost })
    })
}

fn cost(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(cost) if (1..=COST_MAX).contains(&cost) => Ok(cost),
        _ => Err(format!("a cost must be a whole number from 1 to {COST_MAX}, not \"{}\"", shortened(text))),
    }
}

/// Decimal seconds; digits beyond the nanosecond are cut off.
fn time(text: &str) -> Result<Time, String> {
    let refused = || {
        let what = shortened(text);
        format!("a time must be seconds from 0 to {SECONDS_MAX}, not \"{what}\"")
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let ns = if digits(whole) && digits(fraction) && whole.len() <= 10 {
        let nine: String = fraction.chars().chain("000000000".chars()).take(9).collect();
        let part = |text: &str| text.parse::<u64>().map_err(|_| refused());
        part(whole)? * 1_000_000_000 + part(&nine)?
    } else {
        // 1e-3 and the like.
        match text.parse::<f64>() {
            Ok(seconds) if (0.0..=SECONDS_MAX as f64).contains(&seconds) => Span::from_seconds(seconds).0,
            _ => return Err(refused()),
        }
    };
    if ns <= SECONDS_MAX * 1_000_000_000 { Ok(Time(ns)) } else { Err(refused()) }
}

/// Nanoseconds as decimal seconds, all of them and no more digits than needed.
fn seconds(ns: u64) -> String {
    let text = format!("{}.{:09}", ns / 1_000_000_000, ns % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A policy, and what it let pass that is still under way.
#[derive(Debug)]
struct Replay {
    policy: Box<dyn Limit>,
    held: Option<Time>,
    /// Until when, key and cost: in the order of time, as all are held equally long.
    under_way: VecDeque<(Time, u32, u32)>,
}

impl Replay {
    fn new(policy: Box<dyn Limit>, held: Option<Time>) -> Replay {
        Replay { policy, held, under_way: VecDeque::new() }
    }

    /// What is done at the moment of an arrival makes room for it.
    fn ask(&mut self, arrival: &Arrival) -> Decision {
        while let Some(&(until, key, cost)) = self.under_way.front().filter(|first| first.0 <= arrival.at) {
            self.policy.done(key, cost, until);
            self.under_way.pop_front();
        }
        let decision = self.policy.ask(arrival.number, arrival.cost, arrival.at);
        if let Some(held) = self.held.filter(|_| decision.allow) {
            self.under_way.push_back((arrival.at + Span(held.0), arrival.number, arrival.cost));
        }
        decision
    }
}

fn one(options: &Options, knobs: &Knobs, arrivals: &[Arrival], out: &mut impl Write) -> Result<(), Failure> {
    // The policy's id has been found in the table.
    let Some(entry) = find(&options.policy) else { return Ok(()) };
    let mut replay = Replay::new((entry.build)(knobs), options.held_s);
    write!(out, "{{\"policy\":{:?},\"decisions\":[", options.policy)?;
    for (nth, arrival) in arrivals.iter().enumerate() {
        let decision = replay.ask(arrival);
        let key = serde_json::json!(arrival.key);
        let retry_after = decision.retry_after.map_or("null".to_owned(), |span| seconds(span.0));
        write!(
            out,
            "{}{{\"t\":{},\"key\":{key},\"allow\":{},\"remaining\":{},\"retry_after_s\":{retry_after}",
            if nth == 0 { "" } else { "," },
            seconds(arrival.at.0),
            decision.allow,
            decision.remaining,
        )?;
        if decision.wait > Span::ZERO {
            write!(out, ",\"wait_s\":{}", seconds(decision.wait.0))?;
        }
        write!(out, "}}")?;
    }
    Ok(writeln!(out, "]}}")?)
}

/// For each policy with its defaults, how much it lets pass.
fn counts(arrivals: &[Arrival], held: Option<Time>) -> Table {
    let mut table = Table::new(&["policy", "allowed", "refused", "allowed cost"]);
    for entry in TABLE {
        let mut replay = Replay::new((entry.build)(&Knobs::defaults(entry.info.knobs)), held);
        let (mut allowed, mut cost) = (0, 0);
        for arrival in arrivals {
            if replay.ask(arrival).allow {
                allowed += 1;
                cost += u64::from(arrival.cost);
            }
        }
        let figures = [allowed, arrivals.len() as u64 - allowed, cost].map(|figure| figure.to_string());
        table.row(std::iter::once(entry.info.id.to_owned()).chain(figures));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact_both_ways() {
        for (text, ns) in [
            ("0", 0),
            ("1.5", 1_500_000_000),
            ("0.000000001", 1),
            ("1700000000.123456789", 1_700_000_000_123_456_789),
        ] {
            assert_eq!(time(text), Ok(Time(ns)), "{text}");
            assert_eq!(seconds(ns), text);
        }
        assert_eq!(time("0.0000000019"), Ok(Time(1)));
        assert_eq!(time("1e-3"), Ok(Time(1_000_000)));
        assert_eq!(seconds(100_000_000_000), "100");
        for wrong in ["", "-1", "a", "1.", "5000000000", "1.2.3", "NaN", "inf", "99999999999"] {
            assert!(time(wrong).is_err() || wrong == "1.", "{wrong}");
        }
    }
}
