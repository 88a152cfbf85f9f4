//! `switchyard replay ring`: who owns which key.

use super::lines::{LINE_BYTES_MAX, Lines};
use super::{ALL, Assignment, Failure, Table, chosen, no_knobs};
use crate::algo::ring::{Key, MEMBERS_MAX, Members, Partition, TABLE, WEIGHT_MAX, find, imbalance};
use crate::algo::setting::{Knobs, shortened};
use std::io::Write;

/// Which nodes own which keys
///
/// A line of the file is a key. Policies that go by load (bounded-ring) keep every line as one thing that its
/// owner holds from then on.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// A policy's id, or all for a table of counts, and of how many keys move when the last node leaves
    #[arg(long)]
    policy: String,
    /// A setting of the policy; may be repeated
    #[arg(long = "knob", value_name = "K=V")]
    knobs: Vec<Assignment>,
    /// Names of the nodes, with a weight behind = if it is not 1, such as a,b=2,c
    #[arg(long, value_delimiter = ',', required = true)]
    nodes: Vec<String>,
    /// How many owners each key has (replicas), in order of preference
    #[arg(long, value_name = "N", default_value_t = 1)]
    owners: usize,
    /// A file of keys, or - for standard input
    #[arg(long, value_name = "FILE")]
    keys: String,
}

pub fn replay(options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    let members = members(&options.nodes)?;
    if options.policy == ALL {
        no_knobs(&options.knobs)?;
        let lines = Lines::read(&options.keys)?;
        return Ok(write!(out, "{}", counts(&members, &lines.parse(Ok)?))?);
    }
    let knobs = chosen("ring", &options.policy, &options.knobs)?;
    if !(1..=MEMBERS_MAX).contains(&options.owners) {
        return Err(Failure::input(format!(
            "there may be 1 to {MEMBERS_MAX} owners, asked for {}",
            options.owners
        )));
    }
    one(options, &knobs, &members, out)
}

/// The nodes as they are given: `name` or `name=weight`. (Not with a colon: names may be addresses.)
fn members(nodes: &[String]) -> Result<Members, Failure> {
    if nodes.len() > MEMBERS_MAX {
        return Err(Failure::input(format!(
            "there may be at most {MEMBERS_MAX} nodes, there are {}",
            nodes.len()
        )));
    }
    let (mut members, mut problems) = (Members::default(), vec![]);
    for node in nodes {
        let (name, weight) = node.split_once('=').unwrap_or((node, "1"));
        let shown = shortened(node);
        match weight.parse() {
            _ if name.is_empty() || name.len() > LINE_BYTES_MAX => {
                problems
                    .push(format!("--nodes: a name must have 1 to {LINE_BYTES_MAX} bytes, in \"{shown}\""));
            }
            _ if members.name.iter().any(|other| **other == *name) => {
                problems.push(format!("--nodes: there are two called \"{}\"", shortened(name)));
            }
            Ok(weight) if (1..=WEIGHT_MAX).contains(&weight) => members.push(name, weight),
            _ => problems.push(format!("--nodes: a weight must be 1 to {WEIGHT_MAX}, in \"{shown}\"")),
        }
    }
    if problems.is_empty() { Ok(members) } else { Err(Failure::Input(problems)) }
}

/// The key of a line, for this policy.
fn key<'a>(policy: &dyn Partition, line: &'a str) -> Result<Key<'a>, String> {
    let key = Key::text(line, policy.hashing());
    if policy.numbers_only() && key.name.value().is_none() {
        let what = shortened(line);
        return Err(format!("with these settings a key must be a decimal number, not \"{what}\""));
    }
    Ok(key)
}

fn one(options: &Options, knobs: &Knobs, members: &Members, out: &mut impl Write) -> Result<(), Failure> {
    // The policy's id has been found in the table.
    let Some(entry) = find(&options.policy) else { return Ok(()) };
    let mut policy = (entry.build)(knobs);
    policy.rebuild(members);
    let lines = Lines::read(&options.keys)?;
    let keys = lines.parse(|line| Ok((line, key(&*policy, line)?)))?;
    let names: Vec<String> = members.name.iter().map(|name| serde_json::json!(name).to_string()).collect();
    let (mut held, mut owners) = (vec![0; members.len()], vec![]);
    write!(out, "{{\"policy\":{:?},\"owners\":[", options.policy)?;
    for (nth, (line, key)) in keys.iter().enumerate() {
        policy.owners(key, options.owners, &mut owners);
        let listed: Vec<&str> = owners.iter().map(|&owner| names[owner].as_str()).collect();
        let comma = if nth == 0 { "" } else { "," };
        write!(out, "{comma}[{},[{}]]", serde_json::json!(line), listed.join(","))?;
        if let Some(&owner) = owners.first() {
            held[owner] += 1;
            policy.took(owner);
        }
    }
    let found = imbalance(&held, &members.weight);
    let load: Vec<String> = names.iter().zip(&held).map(|(name, held)| format!("{name}:{held}")).collect();
    write!(out, "],\"keys\":{{{}}},", load.join(","))?;
    Ok(writeln!(
        out,
        "\"imbalance\":{{\"max_over_mean\":{},\"variation\":{}}}}}",
        found.max_over_mean, found.variation
    )?)
}

/// For each policy with its defaults, how many keys each node owns, how uneven that is, and how many keys have
/// another owner when the last node leaves.
fn counts(members: &Members, lines: &[&str]) -> Table {
    let names = members.name.iter().map(|name| name.to_string());
    let heading = std::iter::once("policy".to_owned()).chain(names);
    let figures = ["max/mean", "variation", "moved"].map(str::to_owned);
    let mut table = Table::new(&heading.chain(figures).collect::<Vec<String>>());
    let mut fewer = members.clone();
    fewer.remove(members.len().saturating_sub(1));
    for entry in TABLE {
        let mut policy = (entry.build)(&Knobs::defaults(entry.info.knobs));
        policy.rebuild(members);
        let keys: Result<Vec<Key>, String> = lines.iter().map(|line| key(&*policy, line)).collect();
        let mut row = vec![entry.info.id.to_owned()];
        if let Ok(keys) = keys {
            let mut without = policy.clone();
            without.rebuild(&fewer);
            let moves =
                |key: &&Key| fewer.name.get(without.owner(key)) != members.name.get(policy.owner(key));
            let moved = keys.iter().filter(moves).count();
            let mut held = vec![0; members.len()];
            for key in &keys {
                let owner = policy.owner(key);
                held[owner] += 1;
                policy.took(owner);
            }
            let found = imbalance(&held, &members.weight);
            row.extend(held.iter().map(u64::to_string));
            row.push(format!("{:.3}", found.max_over_mean));
            row.push(format!("{:.3}", found.variation));
            row.push(moved.to_string());
        } else {
            row.push("needs keys that are decimal numbers".to_owned());
        }
        table.row(row);
    }
    table
}
