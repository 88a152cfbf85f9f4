//! What the hashing policies hash, and with what: xxHash, 64 bits (Collet, 2014).

use super::{Ask, Backends, Inspection, Places};
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
        of(self.number(ask), 0)
    }

    /// What is hashed.
    pub fn number(self, ask: &Ask) -> u32 {
        match self {
            By::Client => ask.client,
            By::Key => ask.key,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            By::Client => "client",
            By::Key => "key",
        }
    }

    pub fn note(self) -> String {
        format!("by {}", self.word())
    }
}

/// The last request that was placed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hashed {
    pub number: u32,
    /// Where its hash fell: from 0 (included) to 1.
    pub place: f64,
    /// Id of whom it got.
    pub taken: u32,
    /// Id of whom it led to, if that had no room.
    pub full: Option<u32>,
}

impl Hashed {
    /// A hash's place on the circle, of 53 bits: all that the number can hold.
    pub fn on_circle(hash: u64) -> f64 {
        (hash >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Writes it into what the policy shows.
    pub fn show(last: Option<Hashed>, mut places: Places, inspection: &mut Inspection, backends: &Backends) {
        places.last = last.map(|it| (it.number, it.place));
        places.full = last.and_then(|it| backends.index_of(it.full?));
        inspection.places = Some(places);
        inspection.taken = last.and_then(|it| backends.index_of(it.taken));
    }
}
