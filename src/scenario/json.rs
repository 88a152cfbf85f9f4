//! Text and numbers of JSON. Each is compiled once, whatever is written: bytes of the page.

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use std::io::{self, Write};

/// On one line.
pub fn compact<T: Serialize>(value: &T) -> String {
    text(value, Layout { pretty: false, depth: 0, empty: true })
}

/// For people: each member on a line of its own.
pub fn pretty<T: Serialize>(value: &T) -> String {
    text(value, Layout { pretty: true, depth: 0, empty: true })
}

/// A decimal number as people and programs write them: `-1.5`, `.5`, `1e-05`. None for anything else,
/// and for numbers that are too large. (`str::parse` would bring tables of its own.)
pub fn decimal(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let power = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let all_digits = [whole, fraction, power].concat().bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits || power.is_empty() || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let sign = if text.starts_with('-') { "-" } else { "" };
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = if fraction.is_empty() { "0" } else { fraction };
    let json = [sign, whole, ".", fraction, "e", exponent].concat();
    serde_json::from_str::<serde_json::Value>(&json).ok()?.as_f64()
}

fn text<T: Serialize>(value: &T, layout: Layout) -> String {
    let mut text = vec![];
    // Our types' keys are texts, and memory takes every byte.
    value.serialize(&mut Serializer::with_formatter(&mut text, layout)).ok();
    String::from_utf8(text).unwrap_or_default()
}

/// Both layouts in one type.
struct Layout {
    pretty: bool,
    depth: usize,
    /// Nothing was written yet into the innermost list or object.
    empty: bool,
}

impl Layout {
    fn open<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.empty = true;
        writer.write_all(bracket)
    }

    fn close<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        if !self.empty {
            self.new_line(writer)?;
        }
        self.empty = false;
        writer.write_all(bracket)
    }

    fn next<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.empty = false;
        if !first {
            writer.write_all(b",")?;
        }
        self.new_line(writer)
    }

    fn new_line<W: ?Sized + Write>(&self, writer: &mut W) -> io::Result<()> {
        if !self.pretty {
            return Ok(());
        }
        writer.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| writer.write_all(b"  "))
    }
}

impl Formatter for Layout {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        // The shortest digits that read back as the same bits, as serde_json's own, without its tables.
        write!(writer, "{value:?}")
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.next(writer, first)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.next(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(if self.pretty { b": " } else { b":" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn layouts_are_those_of_serde_json() {
        let values = [
            json!({ "a": [1, -2, 2.5, []], "b": { "c": {}, "d": "x\"\n\u{1}é" }, "e": null, "f": [[true], {}] }),
            json!([]),
            json!({}),
            json!([{}, [], {}]),
            json!(0.1),
            json!(-0.0),
        ];
        for value in values {
            assert_eq!(compact(&value), serde_json::to_string(&value).unwrap());
            assert_eq!(pretty(&value), serde_json::to_string_pretty(&value).unwrap());
        }
    }

    #[test]
    fn numbers_keep_every_bit() {
        let mut bits = 0x0123_4567_89ab_cdef_u64;
        for _ in 0..20_000 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let number = f64::from_bits(bits);
            if number.is_finite() {
                let read: Value = serde_json::from_str(&compact(&number)).unwrap();
                assert_eq!(read.as_f64().unwrap().to_bits(), bits, "{number:?}");
                assert_eq!(decimal(&format!("{number:?}")).unwrap().to_bits(), bits, "{number:?}");
            }
        }
    }

    /// Against the standard library's parser.
    #[test]
    fn decimals_are_read_as_everywhere() {
        for text in [
            "0", "-0", "7", "007", "+3", "-1.5", ".5", "5.", "-.5", "1e-05", "2E3", "1e+2", "00.10", "1e-400",
        ] {
            assert_eq!(decimal(text).map(f64::to_bits), text.parse().ok().map(f64::to_bits), "{text}");
        }
        for text in [
            "", ".", "-", "+", "e5", ".e5", "1e", "1e+", "--1", "+-1", " 1", "1 ", "1 2", "1,5", "0x1",
            "1_0", "1e999",
        ] {
            assert_eq!(decimal(text), None, "{text}");
        }
        for text in ["inf", "nan", "infinity"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }
}
