//! What is looked up, and with what it is hashed.
//!
//! A key is text; a request's key, a number, is its decimal text. It is hashed once, when it is made, with
//! the policy's own [`Hashing`], and then looked up by the hash as often as needed.

use crate::algo::setting::{Knobs, Setting};
use xxhash_rust::xxh64::xxh64;

/// How names and keys become numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hashing {
    /// MD5 (RFC 1321), its first four bytes, big endian: 32 bits.
    Md5,
    /// xxHash (Collet, 2014), XXH64 with seed 0: 64 bits.
    #[default]
    Xxhash,
    /// A decimal number stands for itself (modulo 2⁶⁴); what is no number is 0.
    Identity,
}

/// The knob `hash`.
pub(super) const HASH: Setting = Setting::choice(
    "hash",
    "Hash",
    &[("md5", "MD5"), ("xxhash", "xxHash"), ("identity", "none (keys are numbers)")],
    "xxhash",
    "What turns keys and names into numbers; identity is for keys that are decimal numbers.",
);

impl Hashing {
    pub fn chosen(knobs: &Knobs) -> Hashing {
        match knobs.word("hash") {
            "md5" => Hashing::Md5,
            "identity" => Hashing::Identity,
            _ => Hashing::Xxhash,
        }
    }

    #[inline]
    pub fn of(self, text: &[u8]) -> u64 {
        match self {
            Hashing::Xxhash => xxh64(text, 0),
            Hashing::Md5 => {
                let [a, b, c, d, ..] = md5::compute(text).0;
                u32::from_be_bytes([a, b, c, d]).into()
            }
            Hashing::Identity => decimal(text).unwrap_or(0),
        }
    }

    /// The hash of a number's decimal text.
    #[inline]
    pub fn of_number(self, number: u32) -> u64 {
        match self {
            Hashing::Identity => number.into(),
            _ => self.of(digits(number, &mut [0; DIGITS])),
        }
    }

    /// A hash's place on a circle of 2⁶⁴. That of MD5 and of numbers themselves has 2³² places.
    #[inline]
    pub fn place(self, hash: u64) -> u64 {
        match self {
            Hashing::Xxhash => hash,
            Hashing::Md5 | Hashing::Identity => hash << 32,
        }
    }

    pub(super) fn note(self) -> &'static str {
        match self {
            Hashing::Md5 => "MD5",
            Hashing::Xxhash => "xxHash",
            Hashing::Identity => "no hash",
        }
    }
}

/// A key as it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name<'a> {
    /// Means the same as its decimal text.
    Number(u32),
    Text(&'a str),
}

impl Name<'_> {
    /// The number that it is, if its text is decimal and below 2⁶⁴.
    pub fn value(&self) -> Option<u64> {
        match self {
            Name::Number(number) => Some((*number).into()),
            Name::Text(text) if text.len() <= 20 && text.parse::<u64>().is_ok() => decimal(text.as_bytes()),
            Name::Text(_) => None,
        }
    }

    /// Its text's bytes; `room` is for those of a number.
    pub fn bytes<'r>(&'r self, room: &'r mut [u8; DIGITS]) -> &'r [u8] {
        match self {
            Name::Number(number) => digits(*number, room),
            Name::Text(text) => text.as_bytes(),
        }
    }
}

/// A key, hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key<'a> {
    pub name: Name<'a>,
    /// By the [`Hashing`] of the policy that is asked. Depends on nothing else, and may be kept.
    pub hash: u64,
}

impl<'a> Key<'a> {
    /// The key of a request.
    #[inline]
    pub fn number(number: u32, hashing: Hashing) -> Key<'static> {
        Key { name: Name::Number(number), hash: hashing.of_number(number) }
    }

    #[inline]
    pub fn text(text: &'a str, hashing: Hashing) -> Key<'a> {
        Key { name: Name::Text(text), hash: hashing.of(text.as_bytes()) }
    }
}

/// As many decimal digits as a `u32` has.
pub const DIGITS: usize = 10;

/// A number's decimal text.
#[inline]
fn digits(number: u32, room: &mut [u8; DIGITS]) -> &[u8] {
    let (mut left, mut at) = (number, DIGITS);
    loop {
        at -= 1;
        room[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 || at == 0 {
            return &room[at..];
        }
    }
}

/// The number that decimal text is, modulo 2⁶⁴.
fn decimal(text: &[u8]) -> Option<u64> {
    let step = |value: Option<u64>, byte: &u8| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        Some(value?.wrapping_mul(10).wrapping_add(digit))
    };
    if text.is_empty() { None } else { text.iter().fold(Some(0), step) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 1321, appendix A.5: the first four bytes of its test suite's digests.
    #[test]
    fn md5_as_published() {
        let vectors: [(&str, u64); 7] = [
            ("", 0xd41d_8cd9),
            ("a", 0x0cc1_75b9),
            ("abc", 0x9001_5098),
            ("message digest", 0xf96b_697d),
            ("abcdefghijklmnopqrstuvwxyz", 0xc3fc_d3d7),
            ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 0xd174_ab98),
            ("12345678901234567890123456789012345678901234567890123456789012345678901234567890", 0x57ed_f4a2),
        ];
        for (text, wanted) in vectors {
            assert_eq!(Key::text(text, Hashing::Md5).hash, wanted, "{text}");
        }
    }

    /// The empty text's hash is in xxHash's specification (doc/xxhash_spec.md has the algorithm, the
    /// value is that of its reference program, `xxhsum -H64`).
    #[test]
    fn xxhash_as_published() {
        assert_eq!(Hashing::Xxhash.of(b""), 0xef46_db37_51d8_e999);
        assert_eq!(Hashing::Xxhash.of(b"abc"), 0x44bc_2cf5_ad77_0999);
    }

    #[test]
    fn a_number_is_its_decimal_text() {
        for number in [0, 7, 10, 99, 100, 12_345, u32::MAX] {
            let text = number.to_string();
            for hashing in [Hashing::Md5, Hashing::Xxhash, Hashing::Identity] {
                assert_eq!(hashing.of_number(number), hashing.of(text.as_bytes()), "{number}");
            }
            assert_eq!(Name::Number(number).bytes(&mut [0; DIGITS]), text.as_bytes());
            assert_eq!(Name::Text(&text).value(), Some(number.into()));
        }
        assert_eq!(Name::Text("18446744073709551615").value(), Some(u64::MAX));
        for no_number in ["", "a", "-1", "+1", "1.5", "18446744073709551616"] {
            assert_eq!(Name::Text(no_number).value(), None, "{no_number}");
        }
        assert_eq!(Hashing::Identity.of(b"x"), 0);
    }
}
