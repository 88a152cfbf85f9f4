//! Import of access logs: who asked for what, and when. Clients are kept as numbers, queries not at all.
//!
//! Read are the common and combined formats of Apache and nginx (see `common.rs` for the duration that
//! may follow) and CSV with columns for time, client and path (see `delimited.rs` for their names).
//! The format is found out from the first lines. Bad lines are counted and the first ones shown.

mod common;
mod delimited;
mod entry;
mod error;
mod gather;
mod records;
pub mod trace;
mod when;

pub use error::LogError;

use delimited::{Columns, DELIMITERS, Header};
use entry::Entry;
use gather::Gathering;
use records::{Record, Records};

/// Largest file that is read.
pub const BYTES_MAX: usize = 64 << 20;
/// Rows beyond this are only counted.
pub const ROWS_MAX: usize = 200_000;
/// Longest line, or CSV record.
pub const LINE_BYTES_MAX: usize = 8 << 10;
/// Most entries in [`AccessLog::paths`], [`OTHER_PATHS`] included.
pub const PATHS_MAX: usize = 64;
/// Longest name of a path; longer ones end in `…`.
pub const PATH_CHARS_MAX: usize = 120;
/// Bad lines that are kept with their reason.
pub const BAD_LINES_KEPT: usize = 20;
/// Lines that decide on the format.
pub const HEAD_LINES: usize = 50;
/// The name under which rare paths are put together.
pub const OTHER_PATHS: &str = "other";

/// How a log was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// The common log format or its extension "combined".
    Common,
    Csv,
}

/// One request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogRow {
    /// From the first row.
    pub at_ns: u64,
    /// Below [`AccessLog::clients`].
    pub client: u32,
    /// An index into [`AccessLog::paths`].
    pub path: u16,
    pub status: Option<u16>,
    pub duration_ns: Option<u64>,
}

/// A line that could not be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadLine {
    /// From 1.
    pub line: u32,
    /// A clause in lower case, without a full stop.
    pub reason: &'static str,
}

/// A log, ready to be replayed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessLog {
    pub format: LogFormat,
    /// By time, never empty; the first is at 0.
    pub rows: Vec<LogRow>,
    /// Number of distinct clients. They are numbered by their first appearance in the file.
    pub clients: u32,
    /// Most frequent first (equals by name). If there were more than [`PATHS_MAX`], the last one is
    /// [`OTHER_PATHS`] and stands for all that are not named.
    pub paths: Vec<String>,
    pub distinct_paths: u32,
    /// The last row's time.
    pub span_ns: u64,
    /// The times are whole seconds, and rows of the same second were spread evenly over it, in the
    /// order of the file. (Never for CSV columns in ms, µs or ns, nor if any time has a fraction.)
    pub spread: bool,
    /// The first [`BAD_LINES_KEPT`].
    pub bad: Vec<BadLine>,
    /// All of them, up to where reading stopped.
    pub bad_lines: u32,
    /// Records behind the last row that was kept, not looked into.
    pub truncated: u32,
    /// Rows that the file has after a later one. They were sorted.
    pub out_of_order: u32,
}

/// What reads a record, once the format is known.
#[derive(Clone, Copy, Debug)]
enum Reader {
    Common,
    Csv(Columns),
}

impl Reader {
    fn delimiter(self) -> Option<u8> {
        match self {
            Reader::Common => None,
            Reader::Csv(columns) => Some(columns.delimiter),
        }
    }

    fn read<'a>(&self, record: &Record<'a>) -> Result<Entry<'a>, &'static str> {
        let bytes = record.bytes?;
        match self {
            Reader::Common => common::read(bytes),
            Reader::Csv(columns) => columns.read(bytes),
        }
    }
}

/// Reads a whole file. Never panics; time and memory are bounded by the constants above.
pub fn parse(bytes: &[u8]) -> Result<AccessLog, LogError> {
    let bytes = text_of(bytes)?;
    let (reader, header_records) = detect(bytes)?;
    let format = match reader {
        Reader::Common => LogFormat::Common,
        Reader::Csv(_) => LogFormat::Csv,
    };
    let mut log = AccessLog {
        format,
        rows: Vec::new(),
        clients: 0,
        paths: Vec::new(),
        distinct_paths: 0,
        span_ns: 0,
        spread: false,
        bad: Vec::new(),
        bad_lines: 0,
        truncated: 0,
        out_of_order: 0,
    };
    let mut gathering = Gathering::default();
    for record in Records::new(bytes, reader.delimiter()).skip(header_records) {
        if gathering.len() == ROWS_MAX {
            log.truncated += 1;
            continue;
        }
        match reader.read(&record) {
            Ok(entry) => gathering.add(&entry),
            Err(reason) => {
                log.bad_lines += 1;
                if log.bad.len() < BAD_LINES_KEPT {
                    log.bad.push(BadLine { line: record.line, reason });
                }
            }
        }
    }
    gathering.finish(&mut log);
    Ok(log)
}

/// How the file is to be read, and how many records its header takes.
fn detect(bytes: &[u8]) -> Result<(Reader, usize), LogError> {
    let first = Records::new(bytes, None).next().ok_or(LogError::Empty)?;
    match first.bytes.map_or(Header::None, Columns::from_header) {
        Header::Missing(missing) => return Err(LogError::ColumnsMissing { missing }),
        Header::Columns(columns) => {
            let reader = Reader::Csv(columns);
            return sample(bytes, reader, 1).check().map(|()| (reader, 1));
        }
        Header::None => {}
    }
    let csv = DELIMITERS.into_iter().map(|delimiter| Reader::Csv(Columns::in_order(delimiter)));
    let mut best = (Reader::Common, sample(bytes, Reader::Common, 0));
    for reader in csv {
        let other = sample(bytes, reader, 0);
        if other.good > best.1.good {
            best = (reader, other);
        }
    }
    // Columns that are named, but none as a log's are: it helps more to say so than what no log line is.
    let line = first.bytes.unwrap_or_default();
    let names = !line.iter().any(|byte| *byte == b'[' || byte.is_ascii_digit());
    if best.1.good == 0 && names && DELIMITERS.iter().any(|it| line.contains(it)) {
        return Err(LogError::ColumnsMissing { missing: vec!["time", "client", "path"] });
    }
    best.1.check().map(|()| (best.0, 0))
}

/// How a reader fares with the first lines.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    good: usize,
    bad: usize,
    first_bad: Option<BadLine>,
}

fn sample(bytes: &[u8], reader: Reader, header_records: usize) -> Sample {
    let mut sample = Sample::default();
    for record in Records::new(bytes, reader.delimiter()).skip(header_records).take(HEAD_LINES) {
        match reader.read(&record) {
            Ok(_) => sample.good += 1,
            Err(reason) => {
                sample.bad += 1;
                sample.first_bad.get_or_insert(BadLine { line: record.line, reason });
            }
        }
    }
    sample
}

impl Sample {
    /// Half of the lines must be readable, and one at least.
    fn check(self) -> Result<(), LogError> {
        match self.first_bad {
            Some(BadLine { line, reason }) if self.bad > self.good => Err(LogError::NotALog { line, reason }),
            None if self.good == 0 => Err(LogError::Empty),
            _ => Ok(()),
        }
    }
}

/// The first bytes of what people try to open by mistake.
const COMPRESSED: [&[u8]; 5] = [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ", b"BZh", b"PK\x03\x04"];

/// The file's text, without a byte order mark, unless it plainly is something else.
fn text_of(bytes: &[u8]) -> Result<&[u8], LogError> {
    if bytes.len() > BYTES_MAX {
        return Err(LogError::TooLarge { bytes: bytes.len() });
    }
    if COMPRESSED.iter().any(|magic| bytes.starts_with(magic)) {
        return Err(LogError::Compressed);
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(LogError::Utf16);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let head = bytes.get(..LINE_BYTES_MAX).unwrap_or(bytes);
    let control = head.iter().filter(|b| b.is_ascii_control() && !b.is_ascii_whitespace()).count();
    if head.contains(&0) || control * 10 > head.len() {
        return Err(LogError::Binary);
    }
    match head.trim_ascii_start() {
        [b'<', b'a'..=b'z' | b'A'..=b'Z' | b'!' | b'?', ..] => Err(LogError::Html),
        [b'{', ..] => Err(LogError::Json),
        [b'[', rest @ ..] if matches!(rest.trim_ascii_start(), [b'[' | b'{' | b'"', ..]) => {
            Err(LogError::Json)
        }
        _ => Ok(bytes),
    }
}
