//! The envelope of a link: text in, fragment out, and back. It knows nothing of scenarios.
//!
//! A fragment is `s1.PAYLOAD.CRC`: base64url without padding (RFC 4648) of raw deflate (RFC 1951) of
//! the text, then the CRC-32 of the compressed bytes as seven characters of `0-9a-z`, highest first.
//! `s1` is this envelope's version. Hosts append things to addresses and mail programs escape or cut
//! them, so a fragment is read from the front, `%2E` and `%252E` count as the character they stand for,
//! and reading stops at the first character that cannot belong to it. What was cut or changed inside
//! is an error, never other text.

use base64ct::{Base64UrlUnpadded, Encoding};
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};
use std::fmt;

/// The version that [`encode`] writes and [`decode`] reads.
pub const VERSION: u32 = 1;
/// Longest fragment that is looked at, in bytes.
pub const FRAGMENT_BYTES_MAX: usize = 16_384;
/// Largest text a fragment may unpack to, in bytes.
pub const TEXT_BYTES_MAX: usize = 256 * 1024;
/// Deepest nesting of JSON arrays and objects.
pub const DEPTH_MAX: usize = 16;

const CHECKSUM_DIGITS: usize = 7;
/// miniz_oxide's slowest and smallest.
const COMPRESSION_LEVEL: u8 = 10;

/// Why a fragment does not open. `Display` is a sentence for the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkError {
    /// It does not begin as a link does.
    NotALink,
    /// A later version of the envelope, which this program does not know.
    NewerVersion { found: u32 },
    /// Something is missing or was changed on the way.
    Damaged(Damage),
    /// More than [`FRAGMENT_BYTES_MAX`].
    TooLong { bytes: usize },
    /// The text is larger than [`TEXT_BYTES_MAX`].
    TooLarge,
    /// The text nests deeper than [`DEPTH_MAX`].
    TooDeep,
    /// It unpacks to something that is not UTF-8.
    NotText,
}

/// What shows that a fragment is not whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Damage {
    /// It stops before its checksum is complete.
    Clipped,
    /// The payload is no base64url that an encoder writes, or the checksum no number of 32 bits.
    Characters,
    /// Payload and checksum do not belong together.
    Checksum,
    /// The checksum is right and yet the payload does not unpack.
    Compression,
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkError::NotALink => write!(f, "This address does not hold a scenario."),
            LinkError::NewerVersion { found } => write!(
                f,
                "This link was made by a newer version (envelope {found}; this version reads up to {VERSION})."
            ),
            LinkError::Damaged(Damage::Clipped) => {
                write!(f, "This link is damaged: its end is missing. Copy the whole address again.")
            }
            LinkError::Damaged(Damage::Characters) => {
                write!(
                    f,
                    "This link is damaged: it holds characters that no link has. Copy the whole address again."
                )
            }
            LinkError::Damaged(Damage::Checksum) => {
                write!(f, "This link is damaged: its checksum does not fit. Copy the whole address again.")
            }
            LinkError::Damaged(Damage::Compression) => {
                write!(f, "This link is damaged: its contents cannot be unpacked.")
            }
            LinkError::TooLong { .. } => {
                write!(f, "This link is too long: no link has more than {FRAGMENT_BYTES_MAX} characters.")
            }
            LinkError::TooLarge => {
                write!(f, "This link unpacks to more than {} KiB.", TEXT_BYTES_MAX / 1024)
            }
            LinkError::TooDeep => write!(f, "This link's contents nest deeper than {DEPTH_MAX} levels."),
            LinkError::NotText => write!(f, "This link's contents are not text."),
        }
    }
}

impl std::error::Error for LinkError {}

/// The fragment for `json`, without `#`. It may be longer than [`FRAGMENT_BYTES_MAX`], and [`decode`]
/// then refuses it: whoever shares looks at the length and offers a file instead.
pub fn encode(json: &str) -> String {
    let packed = compress_to_vec(json.as_bytes(), COMPRESSION_LEVEL);
    let mut fragment = format!("s{VERSION}.");
    fragment.push_str(&Base64UrlUnpadded::encode_string(&packed));
    fragment.push('.');
    fragment.push_str(&checksum(&packed));
    fragment
}

/// The text inside a fragment, with or without `#`. Memory is bounded by the limits above whatever the
/// input is.
pub fn decode(fragment: &str) -> Result<String, LinkError> {
    if fragment.len() > FRAGMENT_BYTES_MAX {
        return Err(LinkError::TooLong { bytes: fragment.len() });
    }
    let plain = unescape(fragment);
    let (version, rest) = split_version(&plain).ok_or(LinkError::NotALink)?;
    if version > VERSION {
        return Err(LinkError::NewerVersion { found: version });
    }
    let packed = unpack(rest).map_err(LinkError::Damaged)?;
    let text = inflate(&packed)?;
    if depth(&text) > DEPTH_MAX {
        return Err(LinkError::TooDeep);
    }
    Ok(text)
}

/// Whether the part of an address after `#` is meant as a link, whole or damaged. What hosts and browsers put
/// there is not: `?secret=…` (WordPress), `&utm=…`, `:~:text=…`, the name of a place on the page. When in
/// doubt it is: a damaged link must be an error, never be passed over.
pub fn is_meant(hash: &str) -> bool {
    let hash = hash.trim_start_matches('#');
    let name = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/'));
    let is_version =
        |text: &str| text.strip_prefix('s').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
    let appended = |rest: &str| rest.split_once('=').is_some_and(|(key, _)| !key.is_empty() && name(key));
    let foreign = hash.is_empty()
        || hash.starts_with(":~:")
        || hash.strip_prefix(['?', '&']).is_some_and(appended)
        || (hash.len() <= 64 && name(hash) && !is_version(hash));
    !foreign
}

/// How deep arrays and objects nest in a JSON text, without parsing it: brackets within strings do not
/// count. A text that is not JSON gets some number too.
pub fn depth(json: &str) -> usize {
    let (mut now, mut deepest) = (0usize, 0usize);
    let (mut in_string, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                now += 1;
                deepest = deepest.max(now);
            }
            b']' | b'}' => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The leading part that is made of a link's characters, with escapes resolved and `#` removed.
fn unescape(fragment: &str) -> String {
    let mut plain = String::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let Some((character, length)) = next_character(rest) {
        match character {
            b'#' if plain.is_empty() => {}
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' | b'.' => plain.push(char::from(character)),
            _ => break,
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    plain
}

/// The first character of `rest` and how many bytes it takes: `.`, `%2E` or `%252E`.
fn next_character(rest: &[u8]) -> Option<(u8, usize)> {
    let hex = |at: usize| rest.get(at).and_then(|&b| char::from(b).to_digit(16));
    let escape = |at: usize| Some((hex(at)? * 16 + hex(at + 1)?) as u8);
    let first = *rest.first()?;
    match (first, escape(1)) {
        (b'%', Some(b'%')) => Some(escape(3).map_or((b'%', 3), |inner| (inner, 5))),
        (b'%', Some(inner)) => Some((inner, 3)),
        _ => Some((first, 1)),
    }
}

/// `s12.rest` → (12, rest)
fn split_version(plain: &str) -> Option<(u32, &str)> {
    let (digits, rest) = plain.strip_prefix('s')?.split_once('.')?;
    let canonical = !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    let version = digits.parse().ok().filter(|_| canonical)?;
    Some((version, rest))
}

/// `PAYLOAD.CRC` and whatever follows → the compressed bytes, if the checksum is theirs.
fn unpack(rest: &str) -> Result<Vec<u8>, Damage> {
    let (payload, tail) = rest.split_once('.').ok_or(Damage::Clipped)?;
    let written: String = tail.chars().take_while(|c| matches!(c, '0'..='9' | 'a'..='z')).collect();
    if payload.is_empty() || written.len() < CHECKSUM_DIGITS {
        return Err(Damage::Clipped);
    }
    if written.len() > CHECKSUM_DIGITS || u64::from_str_radix(&written, 36).is_ok_and(|n| n > u32::MAX.into())
    {
        return Err(Damage::Characters);
    }
    // Refuses set bits after the last byte, so that two payloads never mean the same bytes.
    let packed = Base64UrlUnpadded::decode_vec(payload).map_err(|_| Damage::Characters)?;
    if checksum(&packed) == written { Ok(packed) } else { Err(Damage::Checksum) }
}

fn inflate(packed: &[u8]) -> Result<String, LinkError> {
    let bytes = decompress_to_vec_with_limit(packed, TEXT_BYTES_MAX).map_err(|error| match error.status {
        TINFLStatus::HasMoreOutput => LinkError::TooLarge,
        _ => LinkError::Damaged(Damage::Compression),
    })?;
    String::from_utf8(bytes).map_err(|_| LinkError::NotText)
}

/// CRC-32 (ISO-HDLC) in base 36, always seven digits.
fn checksum(packed: &[u8]) -> String {
    let mut rest = crc32(packed);
    let mut digits = [b'0'; CHECKSUM_DIGITS];
    for digit in digits.iter_mut().rev() {
        let value = (rest % 36) as u8;
        *digit = if value < 10 { b'0' + value } else { b'a' + value - 10 };
        rest /= 36;
    }
    digits.iter().map(|&b| char::from(b)).collect()
}

/// Bit by bit: a link is short, and the tables of a faster one would be 16 KB that do not compress.
fn crc32(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    let bit = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), bit))
}
