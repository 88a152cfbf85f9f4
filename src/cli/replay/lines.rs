//! A trace: a file of short lines, one thing each.

use super::Failure;
use crate::cli::input;

/// Most lines of a trace.
const LINES_MAX: usize = 10_000_000;
/// Longest line, without its end.
pub const LINE_BYTES_MAX: usize = 256;
/// So many problems are told.
const PROBLEMS_TOLD: usize = 10;

/// A trace's text, within the bounds above.
#[derive(Debug)]
pub struct Lines {
    name: String,
    text: String,
}

impl Lines {
    /// Reads a file, or standard input.
    ///
    /// # Errors
    /// It cannot be read, is no text, or is too long.
    pub fn read(name: &str) -> Result<Lines, Failure> {
        let bytes = input::bytes(name, "file", LINES_MAX * (LINE_BYTES_MAX + 2))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
            Failure::input(format!("{name}: line {line}: this is not UTF-8 text"))
        })?;
        let lines = Lines { name: name.to_owned(), text };
        if lines.iter().nth(LINES_MAX).is_some() {
            return Err(Failure::input(format!("{name}: there may be at most {LINES_MAX} lines")));
        }
        Ok(lines)
    }

    /// What stands in each line, with the lines' numbers from 1. Empty lines are left out.
    fn iter(&self) -> impl Iterator<Item = (usize, &str)> {
        // Editors on Windows begin a file with a byte order mark.
        let text = self.text.strip_prefix('\u{feff}').unwrap_or(&self.text);
        text.lines().enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.is_empty())
    }

    /// What `parse` makes of each line.
    ///
    /// # Errors
    /// The first problems, with file and line.
    pub fn parse<'a, T>(
        &'a self,
        mut parse: impl FnMut(&'a str) -> Result<T, String>,
    ) -> Result<Vec<T>, Failure> {
        let (mut parsed, mut problems) = (vec![], vec![]);
        for (number, line) in self.iter() {
            let problem = match line.len() {
                0..=LINE_BYTES_MAX => parse(line).map(|value| parsed.push(value)).err(),
                long => Some(format!("a line may have at most {LINE_BYTES_MAX} bytes, this has {long}")),
            };
            problems.extend(problem.map(|sentence| format!("{}: line {number}: {sentence}", self.name)));
            if problems.len() == PROBLEMS_TOLD {
                break;
            }
        }
        if problems.is_empty() { Ok(parsed) } else { Err(Failure::Input(problems)) }
    }
}
