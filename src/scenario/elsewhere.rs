//! What a scenario needs that only the whole build has: see the README, "Two pages".

use super::{envelope, limits};
use crate::node;
use serde_json::Value;

/// Whether a scenario names a kind of node or a service that only the whole build has. What is no scenario
/// names none.
pub fn is_needed(json: &str) -> bool {
    if json.len() > limits::FILE_BYTES || envelope::depth(json) > limits::DEPTH {
        return false;
    }
    let Ok(scenario) = serde_json::from_str::<Value>(json) else { return false };
    let list = |name: &str| scenario[name].as_array().map(Vec::as_slice).unwrap_or_default();
    list("nodes").iter().any(|node| is_named(&node["kind"]) || is_named(&node["runs"]))
        || list("changes").iter().any(|change| is_named(&change["set"]["runs"]))
}

/// Whether the value of `kind` or `runs` is one that only the whole build knows.
fn is_named(value: &Value) -> bool {
    let id = value.get("id").unwrap_or(value);
    id.as_str().is_some_and(node::is_elsewhere)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// True of all but the last two in the small build, of none in the whole one.
    #[test]
    fn kinds_and_services_are_found_wherever_they_stand() {
        let small = !cfg!(feature = "whole");
        assert_eq!(
            is_needed(r#"{"v":1,"nodes":[{"id":"a","kind":"clients"},{"id":"b","kind":"cache"}]}"#),
            small
        );
        assert_eq!(is_needed(r#"{"v":1,"nodes":[{"id":"b","kind":"servers","runs":"feed"}]}"#), small);
        assert_eq!(is_needed(r#"{"v":1,"nodes":[{"id":"b","kind":"servers","runs":{"id":"chat"}}]}"#), small);
        assert_eq!(is_needed(r#"{"v":1,"changes":[{"at_ms":1,"node":"b","set":{"runs":"feed"}}]}"#), small);
        assert!(!is_needed(r#"{"v":1,"nodes":[{"id":"b","kind":"servers","runs":"plain"}],"changes":{}}"#));
        assert!(
            ["", "[]", "{\"nodes\":7}", "\"cache\"", "{\"nodes\":[[\"cache\"]]}"]
                .iter()
                .all(|json| !is_needed(json))
        );
    }
}
