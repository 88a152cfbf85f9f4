//! Cuts a file into records: lines, or for CSV lines that a quoted field may join.

use super::LINE_BYTES_MAX;
use super::delimited::Place;

/// One record, without its line end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Record<'a> {
    /// Of its first line, from 1.
    pub line: u32,
    pub bytes: Result<&'a [u8], &'static str>,
}

/// The records of a file; blank lines and lines that begin with `#` are passed over.
#[derive(Clone, Debug)]
pub(super) struct Records<'a> {
    rest: &'a [u8],
    line: u32,
    /// For CSV: what separates the fields. A quoted field may then hold line ends.
    delimiter: Option<u8>,
}

impl<'a> Records<'a> {
    pub fn new(bytes: &'a [u8], delimiter: Option<u8>) -> Records<'a> {
        Records { rest: bytes, line: 0, delimiter }
    }

    /// Takes one line off the front.
    fn next_line(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|&b| b == b'\n').unwrap_or(self.rest.len());
        let (line, tail) = self.rest.split_at_checked(end)?;
        self.rest = tail.get(1..).unwrap_or_default();
        self.line = self.line.saturating_add(1);
        Some(line)
    }

    /// Adds lines to `first` until no quoted field is open. If that takes more than a line may have,
    /// only the first line is given up, so that one stray quote does not swallow the file.
    fn join(&mut self, start: &'a [u8], first: &'a [u8], delimiter: u8) -> Result<&'a [u8], &'static str> {
        let mut place = Place::FieldStart.after(first, delimiter);
        let after_first = self.clone();
        let mut length = first.len();
        while place == Place::Quoted {
            match self.next_line().filter(|line| length + 1 + line.len() <= LINE_BYTES_MAX) {
                Some(line) => {
                    length += 1 + line.len();
                    place = place.after(line, delimiter);
                }
                None => {
                    *self = after_first;
                    return Err("a quote is not closed");
                }
            }
        }
        Ok(start.get(..length).unwrap_or(first))
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        loop {
            let start = self.rest;
            let first = self.next_line()?;
            let line = self.line;
            if first.trim_ascii().is_empty() || first.starts_with(b"#") {
                continue;
            }
            let bytes = match self.delimiter {
                _ if first.len() > LINE_BYTES_MAX => Err("the line is longer than 8 KiB"),
                Some(delimiter) => self.join(start, first, delimiter),
                None => Ok(first),
            };
            let bytes = bytes.map(|bytes| bytes.strip_suffix(b"\r").unwrap_or(bytes));
            return Some(Record { line, bytes });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, delimiter: Option<u8>) -> Vec<(u32, Result<&str, &'static str>)> {
        Records::new(text.as_bytes(), delimiter)
            .map(|r| (r.line, r.bytes.map(|b| std::str::from_utf8(b).unwrap())))
            .collect()
    }

    #[test]
    fn lines_end_in_either_way_and_are_counted_from_one() {
        let text = "a\r\n\n# note\n  \nb\nc";
        assert_eq!(cut(text, None), [(1, Ok("a")), (5, Ok("b")), (6, Ok("c"))]);
        assert_eq!(cut("", None), []);
    }

    #[test]
    fn a_quoted_field_joins_lines_only_in_csv() {
        let text = "1,\"a\nb\",c\r\n2,x,y\n";
        assert_eq!(cut(text, Some(b',')), [(1, Ok("1,\"a\nb\",c")), (3, Ok("2,x,y"))]);
        assert_eq!(cut(text, None).len(), 3);
    }

    #[test]
    fn a_stray_quote_costs_one_line() {
        let text = format!("1,\"a\n{}", "2,x,y\n".repeat(3000));
        let records = cut(&text, Some(b','));
        assert_eq!(records.len(), 3001);
        assert_eq!(records[0], (1, Err("a quote is not closed")));
        assert!(records[1..].iter().all(|(_, bytes)| *bytes == Ok("2,x,y")));
    }

    #[test]
    fn long_lines_are_refused_one_by_one() {
        let text = format!("{}\nb\n{}\n", "x".repeat(LINE_BYTES_MAX + 1), "y".repeat(LINE_BYTES_MAX));
        let records = cut(&text, None);
        assert_eq!(records[0], (1, Err("the line is longer than 8 KiB")));
        assert_eq!(records[1], (2, Ok("b")));
        assert_eq!(records[2].1.map(str::len), Ok(LINE_BYTES_MAX));
    }
}
