//! Completes the service worker, `www/service-worker.js`, with the list of what it keeps.

use crate::post_build::{compress, extension, files_below};
use crate::process::root;
use anyhow::{Context, Result, bail};
use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;

/// Its name on the site. It has no hash: browsers look under this one name for the next version.
pub const WORKER: &str = "service-worker.js";

/// What is there for other sites, and the worker itself.
const NOT_KEPT: [&str; 4] = ["module/", "examples/", "embed.js", WORKER];
/// The last file of each of these.
const FOR_OTHERS: [&str; 3] = ["module/switchyard_bg.wasm", "examples/index.html", "embed.js"];

/// Begins the worker's line that says what it keeps.
const LIST: &str = "const FILES = ";

/// Writes it for the site in `dist`, when all else is there.
pub fn complete(dist: &Path) -> Result<()> {
    let files = list(dist)?;
    let script = fs::read_to_string(root().join("www").join(WORKER))?;
    let version = &HEXLOWER.encode(&Sha256::digest(format!("{files}{script}")))[..16];
    let worker = dist.join(WORKER);
    fs::write(&worker, format!("const VERSION = '{version}';\n{LIST}{files};\n{script}"))?;
    compress(&worker)
}

/// What the worker keeps, with its digest, and what is there for others.
///
/// # Errors
/// The first file that is missing, too many or another one: a build did not come to its end, or `dist` was changed.
pub fn verify(dist: &Path) -> Result<()> {
    let worker = fs::read_to_string(dist.join(WORKER)).with_context(|| format!("{WORKER} is missing"))?;
    let listed = worker.lines().find_map(|line| line.strip_prefix(LIST)).context("its list is missing")?;
    let entries = |list: &str| -> Vec<(String, String)> {
        let parts: Vec<_> = list.split('"').skip(1).step_by(2).map(str::to_owned).collect();
        parts.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
    };
    let (listed, found) = (entries(listed), entries(&list(dist)?));
    for (path, digest) in &listed {
        match found.iter().find(|(other, _)| other == path) {
            None => bail!("{path:?} is missing"),
            Some((_, other)) if other != digest => bail!("{path:?} is not what was built"),
            _ => {}
        }
    }
    if let Some((path, _)) = found.iter().find(|entry| !listed.contains(entry)) {
        bail!("{path:?} is of another build");
    }
    match FOR_OTHERS.iter().find(|file| !dist.join(file).is_file()) {
        Some(file) => bail!("{file:?} is missing"),
        None => Ok(()),
    }
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

    #[test]
    fn half_a_build_is_noticed() {
        let dist = std::env::temp_dir().join(format!("switchyard-half-{}", std::process::id()));
        let path = |file: &str| dist.join(file);
        let put = |file: &str, content: &str| {
            fs::create_dir_all(path(file).parent().unwrap()).unwrap();
            fs::write(path(file), content).unwrap();
        };
        let all = [&["index.html", "all/index.html", "all/app-1.js"][..], &FOR_OTHERS].concat();
        all.iter().for_each(|file| put(file, "whole"));
        let problem = || format!("{:#}", verify(&dist).unwrap_err());
        assert!(problem().contains("service-worker.js is missing"), "{}", problem());
        complete(&dist).unwrap();
        verify(&dist).unwrap();
        // Without one file, with half of it, and with one too many.
        for file in all {
            fs::remove_file(path(file)).unwrap();
            assert!(problem().contains("is missing"), "{file}: {}", problem());
            put(file, "wh");
            assert_eq!(verify(&dist).is_err(), !NOT_KEPT.iter().any(|name| file.starts_with(name)), "{file}");
            put(file, "whole");
            verify(&dist).unwrap();
        }
        put("all/app-2.js", "whole");
        assert!(problem().contains("all/app-2.js") && problem().contains("another build"), "{}", problem());
        fs::remove_dir_all(&dist).unwrap();
    }
}
