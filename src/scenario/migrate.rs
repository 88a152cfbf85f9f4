//! From older versions of the format to the newest, one step at a time.

use super::types::{Problem, VERSION};
use serde_json::{Map, Value};

/// Brings an object of version n to version n + 1.
type Step = fn(Map<String, Value>) -> Map<String, Value>;

/// `STEPS[n - 1]` leads from version n to n + 1. Version 1 is the first, so there is none yet.
const STEPS: &[Step] = &[];

/// # Errors
/// Where the version is missing, unknown or newer than this program.
pub(super) fn to_newest(mut map: Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    let version = match map.get("v") {
        None => return Err(Problem::new("v", "the format's version is missing; the present one is 1")),
        Some(value) => value.as_u64().ok_or_else(|| Problem::new("v", "must be a whole number"))?,
    };
    if version > VERSION as u64 {
        return Err(Problem::new(
            "v",
            format!("made by a newer version ({version}); this one reads up to {VERSION}"),
        ));
    }
    if version == 0 {
        return Err(Problem::new("v", "there is no version 0"));
    }
    for step in STEPS.iter().skip(version as usize - 1) {
        map = step(map);
    }
    map.insert("v".into(), VERSION.into());
    Ok(map)
}
