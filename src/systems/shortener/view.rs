//! A shortener at one instant, as plain data for its picture on the stage.

use serde::Serialize;

/// Most links of a [`ShortenerView`] with all their data.
pub const LINKS_SHOWN: usize = 8;
/// Most places of codes.
pub const PLACES_SHOWN: usize = 48;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ShortenerView {
    /// "counter, base 62", "MD5, 7 of base 62".
    pub coding: String,
    /// How many codes there are of the length that a hash would have: the number of digits, and how many places.
    pub digits: u32,
    pub chars: u32,
    pub links: u32,
    /// Codes that were found in use by another URL.
    pub collisions: u64,
    /// As many are to be expected of so many links: n (n − 1) / 2m. `None` for a counter.
    pub collisions_expected: Option<f64>,
    /// The counter's next code.
    pub next: Option<String>,
    /// Where the newest codes lie among all codes, from 0 to 1, newest first, at most [`PLACES_SHOWN`].
    pub places: Vec<f64>,
    /// Those with most clicks, these first; while no click is counted the newest, newest first. At most [`LINKS_SHOWN`].
    pub shown: Vec<LinkView>,
    pub clicks: u64,
    pub counting: Counting,
    /// Clicks that became events.
    pub queued: u64,
    pub redirects: u64,
    pub last: Option<Redirected>,
    /// Codes that strangers tried, and those of them that led somewhere.
    pub guesses: u64,
    pub guessed: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LinkView {
    pub code: String,
    pub url: String,
    pub clicks: u64,
    /// Codes that were tried before it had one.
    pub attempts: u32,
}

/// A code that was asked for last, and what it led to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Redirected {
    pub code: String,
    /// `None` if it led nowhere.
    pub url: Option<String>,
    /// A stranger tried it.
    pub guess: bool,
}

/// How clicks are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counting {
    #[default]
    Inline,
    Queued,
    Off,
}
