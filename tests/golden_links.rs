//! Links that were given out once open for ever, as the same scenario: `tests/golden/links/ENVELOPE/NAME.link` and
//! the scenario beside it as `NAME.json`. Files are added, never changed or removed.

use std::fs;
use std::path::Path;
use switchyard::scenario::{Checked, envelope, link};

/// The folder of the envelope's version that is written now; older ones stay beside it.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/links");

#[test]
fn every_link_that_was_given_out_still_opens_as_it_did() {
    let mut tried = 0;
    for version in fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()) {
        let mut links: Vec<_> = fs::read_dir(&version).unwrap().map(|entry| entry.unwrap().path()).collect();
        links.retain(|path| path.extension().is_some_and(|kind| kind == "link"));
        for path in links {
            let text = fs::read_to_string(&path).unwrap();
            let expected = fs::read_to_string(path.with_extension("json")).unwrap();
            let opened =
                link::decode(text.trim_end()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(Ok(&opened), Checked::parse(&expected).as_ref(), "{}", path.display());
            // What it is now shared as is the same scenario.
            assert_eq!(link::decode(&link::encode(&opened)).as_ref(), Ok(&opened), "{}", path.display());
            tried += 1;
        }
    }
    assert!(tried >= 12, "only {tried} links");
}

/// A new version of the envelope comes with links of its own.
#[test]
fn the_present_version_has_golden_links() {
    let folder = Path::new(FOLDER).join(format!("s{}", envelope::VERSION));
    assert!(fs::read_dir(folder).unwrap().count() >= 12);
}
