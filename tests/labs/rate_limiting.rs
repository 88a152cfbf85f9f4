//! What the labs on rate limiting claim.

use super::common::Proof;

pub fn proofs() -> Vec<Proof> {
    vec![]
}
