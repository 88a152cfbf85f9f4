//! CSV (RFC 4180) with commas, semicolons or tabs, with a header or as `time,client,path[,duration]`.

use super::entry::{Entry, resource};
use super::when::{self, Stamp, Unit};
use std::borrow::Cow;
use std::str;

/// Where in a record a byte stands. Blanks before a quote are allowed, though RFC 4180 has none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    FieldStart,
    Bare,
    Quoted,
    /// After a quote within quotes: the field's end, or the first half of a doubled quote.
    AfterQuote,
}

impl Place {
    fn next(self, byte: u8, delimiter: u8) -> Place {
        match (self, byte) {
            (Place::Quoted, b'"') => Place::AfterQuote,
            (Place::Quoted, _) => Place::Quoted,
            (Place::AfterQuote | Place::FieldStart, b'"') => Place::Quoted,
            (_, byte) if byte == delimiter => Place::FieldStart,
            (Place::FieldStart, b' ') => Place::FieldStart,
            _ => Place::Bare,
        }
    }

    /// The place behind all of `bytes`.
    pub fn after(self, bytes: &[u8], delimiter: u8) -> Place {
        bytes.iter().fold(self, |place, &byte| place.next(byte, delimiter))
    }
}

/// What separates the fields, and which field means what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Columns {
    pub delimiter: u8,
    /// Without a unit: a number of seconds, RFC 3339, or the common log format's time.
    time: (usize, Option<Unit>),
    client: usize,
    path: usize,
    duration: Option<(usize, Unit)>,
    status: Option<usize>,
}

pub(super) const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Meaning {
    Time,
    Client,
    Path,
    Duration,
    Status,
}

/// Names of columns, in lower case, words joined by `_`, without their unit. Where two columns have
/// the same meaning, the first one counts.
const NAMES: &[(Meaning, &str)] = &[
    (Meaning::Time, "time timestamp ts t at date datetime date_time time_local time_iso8601"),
    (Meaning::Client, "client client_id client_ip ip ip_address remote_addr remote_host user user_id"),
    (Meaning::Path, "path url uri request_uri target endpoint route page resource key"),
    (Meaning::Duration, "duration latency elapsed request_time response_time service_time"),
    (Meaning::Status, "status status_code http_status code"),
];

/// How the last word of a column's name states its unit. Without one it is seconds.
const UNITS: &[(Unit, &str)] = &[
    (Unit::Seconds, "s sec seconds"),
    (Unit::Milliseconds, "ms msec millis milliseconds"),
    (Unit::Microseconds, "us usec micros microseconds"),
    (Unit::Nanoseconds, "ns nsec nanos nanoseconds"),
];

/// What a first line says about the columns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Header {
    /// Fewer than two known names, or it reads as a row: it is not a header.
    None,
    Columns(Columns),
    Missing(Vec<&'static str>),
}

impl Columns {
    /// For a file without a header.
    pub fn in_order(delimiter: u8) -> Columns {
        Columns {
            delimiter,
            time: (0, None),
            client: 1,
            path: 2,
            duration: Some((3, Unit::Seconds)),
            status: None,
        }
    }

    /// Tries every delimiter and takes the one that shows the most known names.
    pub fn from_header(line: &[u8]) -> Header {
        let known = |delimiter| meanings(line, delimiter).iter().flatten().count();
        let is_row = |delimiter| Columns::in_order(delimiter).read(line).is_ok();
        let most = DELIMITERS.into_iter().rev().max_by_key(|&d| known(d));
        let Some(delimiter) = most.filter(|&d| known(d) >= 2 && !is_row(d)) else { return Header::None };
        let columns = meanings(line, delimiter);
        let find = |wanted: Meaning| {
            let mut columns = columns.iter().enumerate();
            columns.find_map(|(at, column)| column.filter(|c| c.0 == wanted).map(|(_, unit)| (at, unit)))
        };
        match (find(Meaning::Time), find(Meaning::Client), find(Meaning::Path)) {
            (Some(time), Some((client, _)), Some((path, _))) => Header::Columns(Columns {
                delimiter,
                time,
                client,
                path,
                duration: find(Meaning::Duration).map(|(at, unit)| (at, unit.unwrap_or(Unit::Seconds))),
                status: find(Meaning::Status).map(|(at, _)| at),
            }),
            (time, client, path) => {
                let found = [("time", time), ("client", client), ("path", path)];
                Header::Missing(
                    found.into_iter().filter(|(_, at)| at.is_none()).map(|(name, _)| name).collect(),
                )
            }
        }
    }

    /// One record. The reason of an error is a clause for the list of bad lines.
    pub fn read<'a>(&self, record: &'a [u8]) -> Result<Entry<'a>, &'static str> {
        let fields = fields(record, self.delimiter);
        let field = |at: usize| fields.get(at).map(|f| f.trim_ascii()).unwrap_or_default();
        let text = |at: usize| str::from_utf8(field(at)).unwrap_or_default();
        let whole = |at: usize| fields.get(at).cloned().unwrap_or_default();

        if fields.len() <= self.time.0.max(self.client).max(self.path) {
            return Err("fields are missing");
        }
        let stamp = stamp(text(self.time.0), self.time.1)?;
        if field(self.client).is_empty() {
            return Err("the client is empty");
        }
        let path = match whole(self.path) {
            Cow::Borrowed(path) => resource(path).map(Cow::Borrowed),
            Cow::Owned(path) => resource(&path).map(|path| Cow::Owned(path.to_vec())),
        };
        let duration_ns = match self.duration.map(|(at, unit)| (text(at), unit)) {
            None | Some(("" | "-", _)) => None,
            Some((text, unit)) => Some(when::decimal(text, unit).ok_or("the duration is not a number")?),
        };
        Ok(Entry {
            stamp,
            client: whole(self.client),
            path: path.ok_or("the path is empty")?,
            status: self.status.and_then(|at| text(at).parse().ok()),
            duration_ns: duration_ns.and_then(|ns| u64::try_from(ns).ok()),
        })
    }
}

fn stamp(text: &str, unit: Option<Unit>) -> Result<Stamp, &'static str> {
    if let Some(unit) = unit.filter(|unit| *unit != Unit::Seconds) {
        let ns = when::decimal(text, unit).ok_or("the time is not a number")?;
        return Ok(Stamp { ns, whole_second: false });
    }
    if let Some(ns) = when::decimal(text, Unit::Seconds) {
        return Ok(Stamp { ns, whole_second: text.bytes().all(|b| b.is_ascii_digit()) });
    }
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return Err("the time is too large for seconds (a column of milliseconds is named time_ms)");
    }
    when::rfc3339(text).or_else(|| when::common_log(text)).ok_or("the time is neither a number nor a date")
}

/// For each column its meaning and unit, if its name is known.
fn meanings(line: &[u8], delimiter: u8) -> Vec<Option<(Meaning, Option<Unit>)>> {
    fields(line, delimiter).iter().map(|name| meaning(&String::from_utf8_lossy(name))).collect()
}

/// `Time (ms)` → time, milliseconds
fn meaning(name: &str) -> Option<(Meaning, Option<Unit>)> {
    let name = name.to_ascii_lowercase();
    let words: Vec<&str> =
        name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let unit = words.last().and_then(|word| listed(UNITS, word));
    let stem = words.get(..words.len() - usize::from(unit.is_some())).unwrap_or_default().join("_");
    Some((listed(NAMES, &stem)?, unit))
}

/// What stands beside the list that holds `name`.
fn listed<T: Copy>(table: &[(T, &str)], name: &str) -> Option<T> {
    table.iter().find(|(_, names)| names.split(' ').any(|listed| listed == name)).map(|(what, _)| *what)
}

/// The fields of a record, quotes removed and doubled ones halved. Borrowed unless a doubled quote or
/// text around the quotes makes a copy necessary.
fn fields(record: &[u8], delimiter: u8) -> Vec<Cow<'_, [u8]>> {
    let mut fields = Vec::new();
    let mut place = Place::FieldStart;
    let mut start = 0;
    for (at, &byte) in record.iter().enumerate() {
        let next = place.next(byte, delimiter);
        // Within quotes a delimiter leaves the place as it is.
        if next == Place::FieldStart && byte == delimiter {
            fields.push(unquoted(record.get(start..at).unwrap_or_default()));
            start = at + 1;
        }
        place = next;
    }
    fields.push(unquoted(record.get(start..).unwrap_or_default()));
    fields
}

fn unquoted(raw: &[u8]) -> Cow<'_, [u8]> {
    let raw = raw.trim_ascii();
    let Some(inner) = raw.strip_prefix(b"\"") else { return Cow::Borrowed(raw) };
    match inner.strip_suffix(b"\"") {
        Some(inner) if !inner.contains(&b'"') => Cow::Borrowed(inner),
        _ => Cow::Owned(halved(inner)),
    }
}

/// What stands behind an opening quote, up to and beyond the closing one.
fn halved(inner: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(inner.len());
    let mut after_quote = false;
    for &byte in inner {
        if byte == b'"' && !after_quote {
            after_quote = true;
        } else {
            after_quote = false;
            text.push(byte);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(record: &str, delimiter: u8) -> Vec<String> {
        fields(record.as_bytes(), delimiter).iter().map(|f| String::from_utf8_lossy(f).into_owned()).collect()
    }

    /// The first rows are the examples of RFC 4180, section 2.
    #[test]
    fn fields_follow_rfc_4180() {
        assert_eq!(split("aaa,bbb,ccc", b','), ["aaa", "bbb", "ccc"]);
        assert_eq!(split("\"aaa\",\"b\r\nbb\",\"ccc\"", b','), ["aaa", "b\r\nbb", "ccc"]);
        assert_eq!(split("\"aaa\",\"b\"\"bb\",\"ccc\"", b','), ["aaa", "b\"bb", "ccc"]);
        assert_eq!(split("\"a,b\",c,", b','), ["a,b", "c", ""]);
        assert_eq!(split("\"\",\"\"\"\"", b','), ["", "\""]);
        assert_eq!(split("", b','), [""]);
        assert_eq!(split("a;\"b;c\"; \"d\" ", b';'), ["a", "b;c", "d"]);
        assert_eq!(split("a\tb\t c", b'\t'), ["a", "b", "c"]);
        assert_eq!(split("a\"b,c", b','), ["a\"b", "c"]);
    }

    #[test]
    fn names_and_their_units() {
        use Meaning::*;
        for (name, expected) in [
            ("time", Some((Time, None))),
            ("Time (ms)", Some((Time, Some(Unit::Milliseconds)))),
            ("@timestamp", Some((Time, None))),
            ("time_s", Some((Time, Some(Unit::Seconds)))),
            ("duration-us", Some((Duration, Some(Unit::Microseconds)))),
            ("request_time", Some((Duration, None))),
            ("URL", Some((Path, None))),
            ("Client IP", Some((Client, None))),
            ("status", Some((Status, None))),
            ("s", None),
            ("", None),
            ("bytes", None),
        ] {
            assert_eq!(meaning(name), expected, "{name}");
        }
    }
}
