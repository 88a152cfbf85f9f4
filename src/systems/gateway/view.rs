//! A gateway at one instant, as plain data for its picture on the stage.

use super::Check;
use crate::sim::Time;
use serde::Serialize;

/// Most passages of a [`GatewayView`].
pub const PASSAGES_SHOWN: usize = 8;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct GatewayView {
    /// How many requests each check has stopped, in the order of [`Check::ALL`].
    pub stopped: [u64; Check::ALL.len()],
    pub forwarded: u64,
    /// Tokens that clients asked for after the start.
    pub logins: u64,
    /// The last requests, oldest first, at most [`PASSAGES_SHOWN`].
    pub passages: Vec<Passage>,
}

/// One request's way through the checks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Passage {
    pub at: Time,
    pub client: u32,
    /// Method and path of the operation that was asked for.
    pub path: &'static str,
    /// `None` if it goes on.
    pub stopped: Option<Check>,
    /// "token expired", "forwarded".
    pub why: &'static str,
    /// Its client had to log in first.
    pub renewed: bool,
}

impl GatewayView {
    /// All requests that came to the first check.
    pub fn asked(&self) -> u64 {
        self.forwarded + self.stopped.iter().sum::<u64>()
    }
}
