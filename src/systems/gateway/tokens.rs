//! Credentials: API keys, which last, and tokens, which expire. Opaque, as in RFC 6750: 64 bits that say
//! nothing but which row to look up.

use crate::sim::{Span, Time, mix};
use std::collections::{BTreeMap, BTreeSet};

/// The most credentials that are valid at once; beyond, the one that expires first goes.
pub const TOKENS_MAX: usize = 20_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Credential(pub u64);

#[derive(Clone, Debug)]
pub struct Tokens {
    seed: u64,
    valid: Span,
    issued: u64,
    /// Who it belongs to, and until when.
    owners: BTreeMap<Credential, (u32, Time)>,
    /// (when, which).
    expiring: BTreeSet<(Time, Credential)>,
}

impl Tokens {
    /// Tokens are valid for so long.
    pub fn new(seed: u64, valid: Span) -> Tokens {
        Tokens { seed, valid, issued: 0, owners: BTreeMap::new(), expiring: BTreeSet::new() }
    }

    /// A token for a client.
    pub fn issue(&mut self, client: u32, now: Time) -> Credential {
        self.give(client, now + self.valid)
    }

    /// An API key for a client: valid until it is revoked.
    pub fn api_key(&mut self, client: u32) -> Credential {
        self.give(client, Time::NEVER)
    }

    fn give(&mut self, client: u32, expires: Time) -> Credential {
        self.issued += 1;
        // `mix` is a bijection, so no two numbers give the same credential.
        let credential = Credential(mix(self.seed ^ self.issued));
        if self.owners.len() >= TOKENS_MAX {
            if let Some((_, first)) = self.expiring.pop_first() {
                self.owners.remove(&first);
            }
        }
        self.owners.insert(credential, (client, expires));
        self.expiring.insert((expires, credential));
        credential
    }

    /// Whose it is, and when it expires, which may be over. None if it was never given, was revoked, or
    /// has made room for others.
    pub fn owner(&self, credential: Credential) -> Option<(u32, Time)> {
        self.owners.get(&credential).copied()
    }

    /// False if there was nothing to revoke.
    pub fn revoke(&mut self, credential: Credential) -> bool {
        let Some((_, expires)) = self.owners.remove(&credential) else { return false };
        self.expiring.remove(&(expires, credential))
    }

    pub fn len(&self) -> usize {
        self.owners.len()
    }

    pub fn is_empty(&self) -> bool {
        self.owners.is_empty()
    }

    /// # Errors
    /// If the list and the map differ, or there are too many.
    pub fn check(&self) -> Result<(), String> {
        let listed =
            self.owners.iter().all(|(which, (_, expires))| self.expiring.contains(&(*expires, *which)));
        if self.owners.len() != self.expiring.len() || self.owners.len() > TOKENS_MAX || !listed {
            return Err(format!("{} credentials, {} listed", self.owners.len(), self.expiring.len()));
        }
        Ok(())
    }
}
