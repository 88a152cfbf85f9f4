//! What several test programs share.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub mod audit;
pub mod digests;
pub mod mutate;
pub mod promises;
pub mod record;
pub mod scenarios;
pub mod systems;
