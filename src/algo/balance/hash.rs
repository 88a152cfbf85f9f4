//! What the hashing policies hash, and with what: xxHash, 64 bits (Collet, 2014).

use super::Ask;
use crate::algo::setting::{Knobs, Setting};
use xxhash_rust::xxh64::xxh64;

/// The hash of a client's or key's number.
pub(super) fn of(number: u32, seed: u64) -> u64 {
    xxh64(&number.to_le_bytes(), seed)
}

/// The hash of the `nth` thing that a backend has by its identity: point, offset, skip.
pub(super) fn of_backend(id: u32, nth: u32) -> u64 {
    xxh64(&(u64::from(id) << 32 | u64::from(nth)).to_le_bytes(), 0)
}

const OPTIONS: &[(&str, &str)] = &[("client", "client"), ("key", "key")];
const HELP: &str = "What is hashed: the client's number, or the request's key.";

/// The knob `by`.
pub(super) const fn by(default: &'static str) -> Setting {
    Setting::choice("by", "Hash of", OPTIONS, default, HELP)
}

/// What of a request is hashed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum By {
    #[default]
    Client,
    Key,
}

impl By {
    pub fn chosen(knobs: &Knobs) -> By {
        if knobs.word("by") == "key" { By::Key } else { By::Client }
    }

    pub fn hash(self, ask: &Ask) -> u64 {
        match self {
            By::Client => of(ask.client, 0),
            By::Key => of(ask.key, 0),
        }
    }

    pub fn note(self) -> String {
        match self {
            By::Client => "by client".to_string(),
            By::Key => "by key".to_string(),
        }
    }
}
