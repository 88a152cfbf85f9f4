//! Where codes come from: a counter, a hash of the URL, or the user's own wish.

use super::base62::DIGITS;
use crate::sim::Random;
use md5::{Digest, Md5};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The longest code, in characters.
pub const CODE_MAX: usize = 16;
/// The shortest code that a user may choose.
pub const CUSTOM_MIN: usize = 3;

/// Words that the site needs for its own paths. Compared without regard to case.
pub const RESERVED: &[&str] =
    &["about", "admin", "api", "clicks", "help", "links", "login", "logout", "stats", "terms", "www"];

/// A short code: up to [`CODE_MAX`] ASCII characters, in place, so that maps of codes are cheap to clone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Code([u8; CODE_MAX]);

impl Code {
    /// The first [`CODE_MAX`] of these ASCII characters.
    pub(super) fn of(characters: &[u8]) -> Code {
        let mut code = [0; CODE_MAX];
        for (place, character) in code.iter_mut().zip(characters) {
            *place = *character;
        }
        Code(code)
    }

    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(CODE_MAX);
        std::str::from_utf8(&self.0[..end]).unwrap_or("")
    }

    /// A code that somebody typed: [`CUSTOM_MIN`] to [`CODE_MAX`] letters, digits, `-` and `_`, none of
    /// the [`RESERVED`] words.
    pub fn custom(wish: &str) -> Option<Code> {
        let fits = (CUSTOM_MIN..=CODE_MAX).contains(&wish.len())
            && wish.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        (fits && !is_reserved(wish)).then(|| Code::of(wish.as_bytes()))
    }

    /// A code that somebody asks for: none if it cannot be one.
    pub fn parse(text: &str) -> Option<Code> {
        let fits = (1..=CODE_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        fits.then(|| Code::of(text.as_bytes()))
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

pub fn is_reserved(code: &str) -> bool {
    RESERVED.iter().any(|word| word.eq_ignore_ascii_case(code))
}

/// How codes are made that nobody wishes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// The next number in base 62: short, never collides, and tells how many links there are.
    Counter,
    /// So many base-62 digits of the URL's MD5: the lowest ones, as the leading digit of a 128-bit
    /// number takes only 8 of its 62 values.
    Md5 { chars: usize },
    /// So many hexadecimal digits of the URL's MD5, as it is usually written; 4 bits each.
    Md5Hex { chars: usize },
}

impl Coding {
    /// How many codes there are of so many characters (for a counter: in its digits).
    pub fn space(self, chars: usize) -> f64 {
        let (base, chars) = match self {
            Coding::Counter => (62.0, chars),
            Coding::Md5 { chars } => (62.0, chars),
            Coding::Md5Hex { chars } => (16.0, chars),
        };
        (0..chars).fold(1.0, |product, _| product * base)
    }

    /// Where a code lies among all of so many characters, from 0 to 1; `None` if it is none of them.
    pub fn place(self, code: &Code, chars: usize) -> Option<f64> {
        let (base, digits): (f64, &[u8]) = match self {
            Coding::Md5Hex { .. } => (16.0, HEX),
            _ => (62.0, DIGITS),
        };
        let number = code.as_str().bytes().try_fold(0.0, |number, byte| {
            let digit = digits.iter().position(|digit| *digit == byte)?;
            Some(number * base + digit as f64)
        });
        number.map(|number| number / self.space(chars)).filter(|place| *place < 1.0)
    }
}

/// Any code of so many characters, all equally likely.
pub(super) fn any(chars: usize, hex: bool, random: &mut impl Random) -> Code {
    let digits: &[u8] = if hex { HEX } else { DIGITS };
    let mut code = [0; CODE_MAX];
    let count = chars.min(CODE_MAX);
    for place in code.iter_mut().take(count) {
        *place = digits[random.below(digits.len() as u64) as usize];
    }
    Code::of(&code[..count])
}

/// The code that hashing gives a URL. A collision is answered by another `attempt` (from 0), whose
/// number is appended to what is hashed.
pub(super) fn hashed(url: &str, attempt: u32, chars: usize, hex: bool) -> Code {
    let mut md5 = Md5::new();
    md5.update(url.as_bytes());
    if attempt > 0 {
        md5.update(attempt.to_be_bytes());
    }
    let mut rest = u128::from_be_bytes(md5.finalize().into());
    let mut digits = [0; CODE_MAX];
    let count = chars.min(CODE_MAX);
    for digit in digits.iter_mut().take(count) {
        if hex {
            *digit = HEX[(rest >> 124) as usize];
            rest <<= 4;
        } else {
            *digit = DIGITS[(rest % 62) as usize];
            rest /= 62;
        }
    }
    Code::of(&digits[..count])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 1321, appendix A.5: the first 64 bits of each digest.
    #[test]
    fn md5_of_the_rfc() {
        for (text, wanted) in [
            ("", "d41d8cd98f00b204"),
            ("a", "0cc175b9c0f1b6a8"),
            ("abc", "900150983cd24fb0"),
            ("message digest", "f96b697d7cb7938d"),
            ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e400"),
            ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5"),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57edf4a22be3c955",
            ),
        ] {
            assert_eq!(hashed(text, 0, 16, true).as_str(), wanted);
        }
    }

    /// The digest of "abc" as a number, its digits by repeated division with 128 bits: independent of the
    /// loop above in that it goes from the powers of 62.
    #[test]
    fn base_62_digits_are_the_lowest() {
        let digest = 0x9001_5098_3cd2_4fb0_d696_3f7d_28e1_7f72_u128;
        let code = hashed("abc", 0, 7, false);
        for (place, character) in code.as_str().bytes().enumerate() {
            let digit = digest / 62u128.pow(place as u32) % 62;
            assert_eq!(character, DIGITS[digit as usize]);
        }
        assert_ne!(code, hashed("abc", 1, 7, false));
    }

    #[test]
    fn wishes_are_checked() {
        for good in ["abc", "my-link", "A_1", "0123456789abcdef"] {
            assert_eq!(Code::custom(good).map(|code| code.as_str().to_owned()).as_deref(), Some(good));
        }
        for bad in ["", "ab", "0123456789abcdef0", "a b c", "a/b", "über", "API", "login", "a\0b"] {
            assert_eq!(Code::custom(bad), None, "{bad}");
        }
    }
}
