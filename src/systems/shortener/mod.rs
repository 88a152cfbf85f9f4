//! A URL shortener: short codes for long addresses, redirects, and who clicked when.
//!
//! Codes come from a counter in base 62, from the MD5 of the URL, or from the user. With hashing the same
//! URL gets the same code, whoever asks, and another URL may already have it: then the URL is hashed once
//! more with a salt, and the attempts are counted. As the birthday bound says, n links collide about
//! n² / 2m times among m codes. A counter never collides but with codes that users chose. (Where links
//! expire, a code that has become free again is taken first, so a URL can then have two.)

pub mod base62;
mod clicks;
mod codes;
mod service;
mod view;

pub use clicks::{Clicks, ROWS_KEPT_MAX};
pub use codes::{CODE_MAX, CUSTOM_MIN, Code, Coding, RESERVED};
pub use service::SERVICE;
pub use view::{Counting, LINKS_SHOWN, LinkView, PLACES_SHOWN, Redirected, ShortenerView};

use crate::sim::{Random, Span, Time};
use codes::{hashed, is_reserved};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The longest URL, in bytes.
pub const URL_MAX: usize = 2048;
/// The most links that a shortener can be made for.
pub const LINKS_MAX: usize = 100_000;
/// How many codes are tried for one URL.
pub const ATTEMPTS_MAX: u32 = 32;

/// One short link.
#[derive(Clone, Debug)]
pub struct Link {
    /// In the order of making, from 0; never used again.
    pub id: u32,
    /// Shared by clones.
    pub url: Arc<str>,
    pub made: Time,
    pub expires: Time,
    pub clicks: u64,
}

/// A code was given to a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    pub code: Code,
    /// Codes that were looked up, the one that was taken included.
    pub attempts: u32,
    /// The URL had this code already.
    pub known: bool,
}

/// Why there is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MakeError {
    /// The URL is empty or longer than [`URL_MAX`].
    Url,
    /// The wish is too short, too long, reserved, or holds other characters.
    Custom,
    /// Somebody else has the code that was wished for.
    Taken,
    /// [`ATTEMPTS_MAX`] codes were all in use.
    Attempts,
    /// No room for another link.
    Full,
}

/// What a short code leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Url(Arc<str>),
    Expired,
    Unknown,
}

#[derive(Clone, Debug)]
pub struct Shortener {
    coding: Coding,
    links_max: usize,
    /// How long a link lives; none for ever.
    lifetime: Option<Span>,
    day: Span,
    links: BTreeMap<Code, Link>,
    /// Of the links that expire.
    expiring: BTreeSet<(Time, Code)>,
    clicks: Clicks,
    /// Of [`Coding::Counter`].
    next: u64,
    made: u32,
    /// Codes that were found in use by another URL.
    collisions: u64,
}

impl Shortener {
    /// `day` is what a day lasts, for the clicks per day.
    pub fn new(coding: Coding, links_max: usize, lifetime: Option<Span>, day: Span) -> Shortener {
        Shortener {
            coding,
            links_max: links_max.clamp(1, LINKS_MAX),
            lifetime,
            day: Span(day.0.max(1)),
            links: BTreeMap::new(),
            expiring: BTreeSet::new(),
            clicks: Clicks::default(),
            next: 0,
            made: 0,
            collisions: 0,
        }
    }

    /// Gives a URL a code.
    ///
    /// # Errors
    /// See [`MakeError`].
    pub fn shorten(&mut self, url: &str, now: Time) -> Result<Made, MakeError> {
        check_url(url)?;
        for attempt in 0..ATTEMPTS_MAX {
            let code = self.candidate(url, attempt);
            let hashing = self.coding != Coding::Counter;
            match self.links.get(&code).filter(|link| link.expires > now) {
                Some(link) if hashing && *link.url == *url => {
                    return Ok(Made { code, attempts: attempt + 1, known: true });
                }
                Some(_) => self.collisions += 1,
                None if is_reserved(code.as_str()) => {}
                None => {
                    self.insert(code, url, now)?;
                    return Ok(Made { code, attempts: attempt + 1, known: false });
                }
            }
        }
        Err(MakeError::Attempts)
    }

    /// Gives a URL the code that the user wishes for. The same wish for the same URL is granted again.
    ///
    /// # Errors
    /// See [`MakeError`].
    pub fn shorten_as(&mut self, url: &str, wish: &str, now: Time) -> Result<Made, MakeError> {
        check_url(url)?;
        let code = Code::custom(wish).ok_or(MakeError::Custom)?;
        match self.links.get(&code).filter(|link| link.expires > now) {
            Some(link) if *link.url == *url => Ok(Made { code, attempts: 1, known: true }),
            Some(_) => Err(MakeError::Taken),
            None => {
                self.insert(code, url, now)?;
                Ok(Made { code, attempts: 1, known: false })
            }
        }
    }

    fn candidate(&mut self, url: &str, attempt: u32) -> Code {
        match self.coding {
            Coding::Counter => {
                self.next += 1;
                base62::encode(self.next - 1)
            }
            Coding::Md5 { chars } => hashed(url, attempt, chars, false),
            Coding::Md5Hex { chars } => hashed(url, attempt, chars, true),
        }
    }

    /// Room is made by the link that expired first, if one has.
    fn insert(&mut self, code: Code, url: &str, now: Time) -> Result<(), MakeError> {
        self.remove(&code);
        if self.links.len() >= self.links_max {
            let oldest = self.expiring.first().copied().filter(|(expires, _)| *expires <= now);
            let (_, expired) = oldest.ok_or(MakeError::Full)?;
            self.remove(&expired);
        }
        let expires = self.lifetime.map_or(Time::NEVER, |lifetime| now + lifetime);
        if expires < Time::NEVER {
            self.expiring.insert((expires, code));
        }
        self.links.insert(code, Link { id: self.made, url: url.into(), made: now, expires, clicks: 0 });
        self.made = self.made.wrapping_add(1);
        Ok(())
    }

    fn remove(&mut self, code: &Code) {
        if let Some(link) = self.links.remove(code) {
            self.expiring.remove(&(link.expires, *code));
        }
    }

    /// Where a code leads. Does not count the click.
    pub fn redirect(&self, code: &Code, now: Time) -> Found {
        match self.links.get(code) {
            Some(link) if link.expires > now => Found::Url(link.url.clone()),
            Some(_) => Found::Expired,
            None => Found::Unknown,
        }
    }

    /// Counts a click. False if there is no such link (any more).
    pub fn click(&mut self, code: &Code, now: Time) -> bool {
        let Some(link) = self.links.get_mut(code) else { return false };
        link.clicks += 1;
        let id = link.id;
        self.clicks.count(self.day_of(now), id);
        true
    }

    /// The day of an instant, from 0.
    pub fn day_of(&self, now: Time) -> u32 {
        u32::try_from(now.0 / self.day.0).unwrap_or(u32::MAX)
    }

    /// A link and its clicks per day.
    pub fn stats(&self, code: &Code) -> Option<(&Link, Vec<(u32, u64)>)> {
        let link = self.links.get(code)?;
        Some((link, self.clicks.days(link.id).collect()))
    }

    pub fn links(&self) -> &BTreeMap<Code, Link> {
        &self.links
    }

    pub fn clicks(&self) -> &Clicks {
        &self.clicks
    }

    pub fn coding(&self) -> Coding {
        self.coding
    }

    /// The number of the counter's next code.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The code that a stranger tries who knows how codes are made and has one of his own: with a counter any that
    /// was given out before, with a hash any that there is.
    pub fn guess(&self, random: &mut impl Random) -> Code {
        match self.coding {
            Coding::Counter => base62::encode(random.below(self.next.max(1))),
            Coding::Md5 { chars } => codes::any(chars, false, random),
            Coding::Md5Hex { chars } => codes::any(chars, true, random),
        }
    }

    pub fn collisions(&self) -> u64 {
        self.collisions
    }

    /// # Errors
    /// Says which invariant does not hold.
    pub fn check(&self) -> Result<(), String> {
        if self.links.len() > self.links_max {
            return Err(format!("{} links, {} allowed", self.links.len(), self.links_max));
        }
        let expiring = self.links.values().filter(|link| link.expires < Time::NEVER).count();
        let listed =
            self.expiring.iter().all(|(at, code)| self.links.get(code).map(|l| l.expires) == Some(*at));
        if expiring != self.expiring.len() || !listed {
            return Err("the list of expiring links is not that of the links".to_owned());
        }
        let clicks: u64 = self.links.values().map(|link| link.clicks).sum();
        if clicks > self.clicks.counted() {
            return Err(format!("links have {clicks} clicks, counted were {}", self.clicks.counted()));
        }
        self.clicks.check()
    }
}

fn check_url(url: &str) -> Result<(), MakeError> {
    if (1..=URL_MAX).contains(&url.len()) { Ok(()) } else { Err(MakeError::Url) }
}

#[cfg(test)]
mod tests;
