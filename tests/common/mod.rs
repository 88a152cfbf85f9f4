//! What several test programs share.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub mod audit;
pub mod digests;
pub mod mutate;
pub mod promises;
pub mod record;
pub mod scenarios;
pub mod systems;

/// As many cases as usual, or as the environment says: a long hunt is `PROPTEST_CASES=5000 cargo test --test store`.
pub fn cases(usual: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual)
}
