//! What the browser remembers between visits. Storage can be blocked; then nothing is remembered.

use super::dom::window;

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

pub fn read(key: &str) -> Option<String> {
    storage()?.get_item(&format!("switchyard.{key}")).ok().flatten()
}

pub fn write(key: &str, value: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(&format!("switchyard.{key}"), value);
    }
}

/// Whether anything is remembered at all.
pub fn works() -> bool {
    storage().is_some()
}

/// Whether a lab's challenge was met on this machine.
pub fn completed(lab: &str) -> bool {
    read(&format!("completed.{lab}")).is_some()
}

pub fn complete(lab: &str) {
    write(&format!("completed.{lab}"), "1");
}

/// What was predicted in a lab on this machine: an option's text.
pub fn prediction(lab: &str) -> Option<String> {
    read(&format!("predicted.{lab}"))
}

pub fn predict(lab: &str, option: &str) {
    write(&format!("predicted.{lab}"), option);
}

/// Whether the answer to a lab's prediction was shown.
pub fn has_seen_answer(lab: &str) -> bool {
    read(&format!("answered.{lab}")).is_some()
}

pub fn see_answer(lab: &str) {
    write(&format!("answered.{lab}"), "1");
}
