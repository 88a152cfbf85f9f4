//! Traces that are no access logs: a key on every line, or arrivals as `seconds[,key[,cost]]`. The command line's
//! `replay` reads the same.

use super::{BAD_LINES_KEPT, BadLine, text_of};
use crate::node::keys::{KEY_LIST_MAX, KEYS_MAX};
use crate::scenario::json::decimal;
use crate::sim::order;
use std::collections::BTreeMap;

/// Longest line.
const LINE_BYTES_MAX: usize = 256;
/// Later arrivals than this (a day) are counted from the first one: they are times of a clock.
const CLOCK_S: f64 = 86_400.0;

/// What a trace says, and what of it could not be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines<T> {
    pub kept: Vec<T>,
    /// How many different keys there are.
    pub keys: usize,
    /// The first of them, and how many there are.
    pub bad: Vec<BadLine>,
    pub bad_lines: u32,
    /// Beyond the limit.
    pub left_out: u32,
}

impl<T> Lines<T> {
    /// Whether half of the lines could be read, and one at least.
    fn is_good(&self) -> bool {
        !self.kept.is_empty() && self.kept.len() >= self.bad_lines as usize
    }
}

/// Numbers names in the order in which they come.
#[derive(Default)]
struct Names<'a>(BTreeMap<&'a str, u32>);

impl<'a> Names<'a> {
    fn number(&mut self, name: &'a str) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(name).or_insert(next)
    }
}

/// A key on every line. Keys that are whole numbers below a million stay what they are if all are; else they are
/// numbered in the order in which they come. `None` if the file is no such list.
pub fn keys(bytes: &[u8]) -> Option<Lines<u32>> {
    let text = std::str::from_utf8(text_of(bytes).ok()?).ok()?;
    let whole = |line: &str| {
        let digits = !line.starts_with('+') && (line == "0" || !line.starts_with('0'));
        line.parse::<u32>().ok().filter(|number| digits && *number < KEYS_MAX)
    };
    let mut lines = Lines::default();
    let (first, mut rest) = (rows(text).next(), rows(text).skip(1).peekable());
    let others_are_numbers = rest.peek().is_some() && rest.all(|(_, line)| whole(line).is_some());
    let heading = first.filter(|(_, line)| {
        line.eq_ignore_ascii_case("key") || others_are_numbers && line.starts_with(char::is_alphabetic)
    });
    if let Some((number, _)) = heading {
        note(&mut lines, number, "a heading");
    }
    let below = || rows(text).skip(usize::from(heading.is_some()));
    let all_numbers = below().all(|(_, line)| whole(line).is_some());
    let mut names = Names::default();
    for (number, line) in below() {
        let many_words = line.split_whitespace().nth(1).is_some();
        if lines.kept.len() == KEY_LIST_MAX {
            lines.left_out += 1;
        } else if line.len() > LINE_BYTES_MAX || many_words {
            note(&mut lines, number, if many_words { "more than one word" } else { "too long for a key" });
        } else {
            let name = names.number(line);
            lines.kept.push(whole(line).filter(|_| all_numbers).unwrap_or(name));
        }
    }
    lines.keys = names.0.len();
    lines.is_good().then_some(lines)
}

/// When and whose: (milliseconds, number of the key).
pub type Arrival = (f64, u32);

/// `seconds[,key[,cost]]` on every line, in any order. `None` if the file is no such list.
pub fn arrivals(bytes: &[u8]) -> Option<Lines<Arrival>> {
    let text = std::str::from_utf8(text_of(bytes).ok()?).ok()?;
    let mut lines = Lines::default();
    let mut names = Names::default();
    for (number, line) in rows(text) {
        let mut fields = line.split(',').map(str::trim);
        let at = fields.next().and_then(decimal).filter(|at| *at >= 0.0 && *at < 1e11);
        match at {
            _ if lines.kept.len() == super::ROWS_MAX => lines.left_out += 1,
            None => note(&mut lines, number, "no time in seconds"),
            Some(_) if fields.clone().count() > 2 => note(&mut lines, number, "more than three fields"),
            Some(at) => {
                let key = names.number(fields.next().unwrap_or_default());
                lines.kept.push((at * 1000.0, key));
            }
        }
    }
    if !lines.is_good() {
        return None;
    }
    lines.keys = names.0.len();
    // By time; those of one instant stay in the order of the file.
    order::sort_by_key(&mut lines.kept, |arrival| order::total_order(arrival.0));
    let first = lines.kept.first().map_or(0.0, |arrival| arrival.0);
    if first > CLOCK_S * 1000.0 {
        lines.kept.iter_mut().for_each(|arrival| arrival.0 -= first);
    }
    Some(lines)
}

/// Lines that are not blank, with their numbers from 1.
fn rows(text: &str) -> impl Iterator<Item = (u32, &str)> {
    text.lines()
        .enumerate()
        .map(|(at, line)| (at as u32 + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty())
}

fn note<T>(lines: &mut Lines<T>, line: u32, reason: &'static str) {
    lines.bad_lines += 1;
    if lines.bad.len() < BAD_LINES_KEPT {
        lines.bad.push(BadLine { line, reason });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_numbers_if_all_are_and_else_numbered_as_they_come() {
        let read = |text: &str| keys(text.as_bytes()).map(|lines| (lines.kept, lines.keys));
        assert_eq!(read("7\n3\n\n7\n"), Some((vec![7, 3, 7], 2)));
        assert_eq!(read("b\n3\nb\na"), Some((vec![0, 1, 0, 2], 3)));
        assert_eq!(read("Key\nb\nb\n"), Some((vec![0, 0], 1)));
        assert_eq!(read("client_id\n7\n3\n"), Some((vec![7, 3], 2)));
        assert_eq!(keys(b"key\n7\n").map(|lines| (lines.bad_lines, lines.bad[0].line)), Some((1, 1)));
        // 007 is a name: 7 is another.
        assert_eq!(read("007\n7\n"), Some((vec![0, 1], 2)));
        assert_eq!(read("2000000\n5\n"), Some((vec![0, 1], 2)), "too large for a number of a key");
        assert_eq!(read(""), None);
        assert_eq!(read("a poem is\nno list of keys\n"), None);
        assert_eq!(keys(b"\x1f\x8bzip"), None);
    }

    #[test]
    fn bad_lines_are_counted_and_too_many_left_out() {
        let lines = keys("a\nb c\nd\n".as_bytes()).unwrap();
        assert_eq!((lines.kept.len(), lines.bad_lines, lines.bad[0].line), (2, 1, 2));
        let long = "k\n".repeat(KEY_LIST_MAX + 5);
        assert_eq!(
            keys(long.as_bytes()).map(|lines| (lines.kept.len(), lines.left_out)),
            Some((KEY_LIST_MAX, 5))
        );
    }

    #[test]
    fn arrivals_are_sorted_and_times_of_a_clock_begin_at_0() {
        let read = |text: &str| arrivals(text.as_bytes()).map(|lines| (lines.kept, lines.keys));
        assert_eq!(read("0.5,bob\n0.25,ann,2\n1\n"), Some((vec![(250.0, 1), (500.0, 0), (1000.0, 2)], 3)));
        assert_eq!(read("1700000001\n1700000000.5\n"), Some((vec![(0.0, 0), (500.0, 0)], 1)));
        assert_eq!(read("ann\nbob\n"), None);
        assert_eq!(read("-1\nNaN\ninf\n"), None);
    }
}
