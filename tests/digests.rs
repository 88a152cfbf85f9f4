//! A scenario gives the same run as when `golden/digests.json` was written, so that links keep what
//! they show. Where the engine is meant to run otherwise: `UPDATE_GOLDEN=1 cargo test --test digests`.

mod common;

use common::digests::{differing, found};

#[test]
fn scenarios_give_the_kept_runs() {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let text = serde_json::to_string_pretty(&found()).expect("plain data") + "\n";
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/digests.json");
        return std::fs::write(path, text).expect("the golden file can be written");
    }
    let differing = differing();
    assert!(differing.is_empty(), "these give another run (UPDATE_GOLDEN=1 if that is meant): {differing:?}");
}
