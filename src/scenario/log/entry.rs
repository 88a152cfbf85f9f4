//! One request as a reader of some format found it, still with the text of its client and path.

use super::when::Stamp;
use std::borrow::Cow;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Entry<'a> {
    pub stamp: Stamp,
    pub client: Cow<'a, [u8]>,
    pub path: Cow<'a, [u8]>,
    pub status: Option<u16>,
    pub duration_ns: Option<u64>,
}

/// The path alone: without scheme and host, query and fragment. Nothing if that leaves nothing.
pub(super) fn resource(target: &[u8]) -> Option<&[u8]> {
    let end = target.iter().position(|b| matches!(b, b'?' | b'#')).unwrap_or(target.len());
    let path = target.get(..end)?.trim_ascii();
    let host = path.windows(3).position(|w| w == b"://").and_then(|at| path.get(at + 3..));
    let path = match host {
        Some(host) => {
            host.iter().position(|&b| b == b'/').map_or(&b"/"[..], |at| host.get(at..).unwrap_or_default())
        }
        None => path,
    };
    (!path.is_empty()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_path_is_kept() {
        for (target, path) in [
            ("/", Some("/")),
            ("/a/b?user=alice&x=/y#z", Some("/a/b")),
            ("/a#b?c", Some("/a")),
            ("https://example.org/a?b", Some("/a")),
            ("http://example.org:8080", Some("/")),
            ("http://alice:secret@example.org/x", Some("/x")),
            ("*", Some("*")),
            ("?a=b", None),
            ("", None),
        ] {
            assert_eq!(resource(target.as_bytes()), path.map(str::as_bytes), "{target}");
        }
    }
}
