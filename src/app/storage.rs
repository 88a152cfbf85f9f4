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
