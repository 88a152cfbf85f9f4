//! Why a file is not taken for an access log.

use super::{BYTES_MAX, HEAD_LINES};
use std::fmt;

/// `Display` is a sentence or two for the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LogError {
    /// More than [`BYTES_MAX`].
    TooLarge {
        bytes: usize,
    },
    /// No line but blank ones and comments, or a header alone.
    Empty,
    /// gzip, zstd, xz, bzip2 or zip.
    Compressed,
    /// UTF-16, as some spreadsheets save it.
    Utf16,
    /// An image or another binary file.
    Binary,
    Html,
    Json,
    /// A header that lacks some of `time`, `client` and `path`.
    ColumnsMissing {
        missing: Vec<&'static str>,
    },
    /// More than half of the first lines cannot be read; `line` (from 1) is the first of them.
    NotALog {
        line: u32,
        reason: &'static str,
    },
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogError::TooLarge { bytes } => {
                write!(f, "This file has {} MiB; at most {} MiB are read.", bytes >> 20, BYTES_MAX >> 20)
            }
            LogError::Empty => write!(f, "This file holds no requests."),
            LogError::Compressed => write!(f, "This file is compressed. Unpack it first."),
            LogError::Utf16 => write!(f, "This file is UTF-16 text. Save it as UTF-8."),
            LogError::Binary => write!(f, "This is a binary file, not an access log."),
            LogError::Html => write!(f, "This is a web page (HTML or XML), not an access log."),
            LogError::Json => write!(
                f,
                "This is JSON, not an access log. Combined and common logs and CSV with time, client and path are read."
            ),
            LogError::ColumnsMissing { missing } => {
                write!(f, "The header of this file names no column for {}.", missing.join(", "))
            }
            LogError::NotALog { line, reason } => write!(
                f,
                "This does not look like an access log: more than half of its first {HEAD_LINES} lines cannot be \
                 read. Line {line}: {reason}."
            ),
        }
    }
}

impl std::error::Error for LogError {}
