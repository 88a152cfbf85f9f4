//! What a command is given: a scenario (file, lab or standard input), files, `NAME=VALUE`.

use super::Failure;
use crate::labs;
use crate::scenario::{Checked, Problem, limits};
use serde_json::Value;
use std::fs::File;
use std::io::{self, Read};

/// The name that stands for standard input.
pub const STANDARD_INPUT: &str = "-";

/// The scenario of a lab's id, of a file, or of standard input.
///
/// # Errors
/// One line for each problem, with the scenario's name and the problem's path.
pub fn scenario(name: &str) -> Result<Checked, Failure> {
    let text = match labs::find(name) {
        Some(lab) => lab.scenario.to_owned(),
        None => {
            let bytes = bytes(name, "file or lab", limits::FILE_BYTES)?;
            String::from_utf8(bytes).map_err(|_| Failure::input(format!("{name}: this is not UTF-8 text")))?
        }
    };
    // Editors on Windows begin a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Checked::parse(text).map_err(|problems| Failure::Input(lines(name, &problems)))
}

/// The problems of one input, a line each.
pub fn lines(name: &str, problems: &[Problem]) -> Vec<String> {
    problems.iter().map(|problem| format!("{name}: {problem}")).collect()
}

/// A file's content, or that of standard input; no more than one byte beyond `most` is read. `what` says
/// what a name may be: "file or lab".
///
/// # Errors
/// Why it cannot be read.
pub fn bytes(name: &str, what: &str, most: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = vec![];
    let most = most as u64 + 1;
    let done = if name == STANDARD_INPUT {
        io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        File::open(name).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    match done {
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Failure::input(format!("{name}: there is no such {what}")))
        }
        Err(error) => Err(Failure::input(format!("{name}: {error}"))),
    }
}

/// `NAME=VALUE`, as options give it. The value is JSON, or else text.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    pub name: String,
    pub value: Value,
}

impl std::str::FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Assignment, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
                Ok(Assignment { name: name.to_owned(), value })
            }
            _ => Err("it must be NAME=VALUE".into()),
        }
    }
}
