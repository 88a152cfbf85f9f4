//! Completes the service worker, `www/service-worker.js`, with the list of what it keeps.

use crate::post_build::{compress, extension, files_below};
use crate::process::root;
use anyhow::{Context, Result};
use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;

/// Its name on the site. It has no hash: browsers look under this one name for the next version.
pub const WORKER: &str = "service-worker.js";

/// What is there for other sites, and the worker itself.
const NOT_KEPT: [&str; 4] = ["module/", "examples/", "embed.js", WORKER];

/// Writes it for the site in `dist`, when all else is there.
pub fn complete(dist: &Path) -> Result<()> {
    let files = list(dist)?;
    let script = fs::read_to_string(root().join("www").join(WORKER))?;
    let version = &HEXLOWER.encode(&Sha256::digest(format!("{files}{script}")))[..16];
    let worker = dist.join(WORKER);
    fs::write(&worker, format!("const VERSION = '{version}';\nconst FILES = {files};\n{script}"))?;
    compress(&worker)
}

/// `{"path": "SHA-256 in base64", …}` of every file that is kept.
fn list(dist: &Path) -> Result<String> {
    let mut entries = vec![];
    for file in files_below(dist)? {
        let parts = file.strip_prefix(dist)?.iter().map(|part| part.to_str().context("a name is no text"));
        let path = parts.collect::<Result<Vec<_>>>()?.join("/");
        if ["br", "gz"].contains(&extension(&file)) || NOT_KEPT.iter().any(|name| path.starts_with(name)) {
            continue;
        }
        let hash = BASE64.encode(&Sha256::digest(fs::read(&file)?));
        // A page's address is that of its folder.
        entries.push(format!("{:?}: \"{hash}\"", path.strip_suffix("index.html").unwrap_or(&path)));
    }
    Ok(format!("{{{}}}", entries.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_pages_is_kept_and_no_other() {
        let dist = std::env::temp_dir().join(format!("switchyard-offline-{}", std::process::id()));
        let put = |file: &str, content: &str| {
            let file = dist.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        };
        put("index.html", "abc");
        put("index.html.br", "packed");
        put("all/index.html", "");
        put("labs-1/caching/a.json", "abc");
        for file in ["module/a.js", "examples/index.html", "embed.js", WORKER] {
            put(file, "for others");
        }
        // The digests are the examples of FIPS 180-2, and of nothing.
        let abc = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
        let nothing = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let expected =
            format!("{{\"all/\": \"{nothing}\", \"\": \"{abc}\", \"labs-1/caching/a.json\": \"{abc}\"}}");
        assert_eq!(list(&dist).unwrap(), expected);

        complete(&dist).unwrap();
        let version = || fs::read_to_string(dist.join(WORKER)).unwrap().lines().next().unwrap().to_owned();
        let first = version();
        complete(&dist).unwrap();
        assert_eq!(version(), first);
        put("all/index.html", "other");
        complete(&dist).unwrap();
        assert_ne!(version(), first);
        fs::remove_dir_all(&dist).unwrap();
    }
}
