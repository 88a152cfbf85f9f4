//! Puts the labs' scenarios and lessons beside the page, which fetches them when they are wanted.

use crate::post_build::{extension, files_below};
use crate::process::{cargo, root, run};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// In `index.html`, where the page learns of the folder.
const MARK: &str = "<!-- labs -->";

/// What the folder's name begins with.
const FOLDER: &str = "labs-";

/// Tells Trunk's hook which folder the page takes them from, if another page of the site has them already.
pub const SHARED: &str = "SWITCHYARD_LABS";

/// Names the folder in the page.
pub fn put_beside(dist: &Path) -> Result<()> {
    let folder = env::var(SHARED).or_else(|_| copy(dist))?;
    let page = dist.join("index.html");
    let html = fs::read_to_string(&page)?;
    let (before, after) =
        html.split_once(MARK).with_context(|| format!("{} has no {MARK}", page.display()))?;
    fs::write(&page, format!(r#"{before}<meta name="labs" content="{folder}">{after}"#))?;
    Ok(())
}

/// The name of the folder that is in `dist`.
pub fn folder(dist: &Path) -> Result<String> {
    let names = fs::read_dir(dist)?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.into_iter().find(|name| name.starts_with(FOLDER)).context("the site has no labs")
}

/// Copies them into a folder of `dist` that is named after what they hold, so that a page never gets those of
/// another version from a cache. Answers with its name.
fn copy(dist: &Path) -> Result<String> {
    let source = root().join("src/labs");
    let mut labs = vec![];
    for file in files_below(&source)? {
        if ["json", "md"].contains(&extension(&file)) {
            labs.push((file.strip_prefix(&source)?.to_owned(), fs::read(&file)?));
        }
    }
    labs.extend(pictures()?);
    let parts = labs.iter().flat_map(|(name, content)| [name.as_os_str().as_encoded_bytes(), content]);
    let folder = format!("{FOLDER}{:016x}", fingerprint(parts));
    for (name, content) in &labs {
        let file = dist.join(&folder).join(name);
        fs::create_dir_all(file.parent().context("a lab lies in a folder")?)?;
        fs::write(&file, content)?;
    }
    Ok(folder)
}

/// How much of a run has happened in a lab's picture; the page's gallery begins its live ones there too.
const PICTURED_AT_MS: &str = "2000";
/// Width and height of a card's picture.
const PICTURED: [&str; 2] = ["600", "340"];

/// Each lab's picture for a light and for a dark page, drawn by the command line: what the gallery shows of a
/// lab before it runs.
fn pictures() -> Result<Vec<(PathBuf, Vec<u8>)>> {
    // Named after this process: two pages may be built at the same time.
    let folder = root().join(format!("target/lab-pictures-{}", std::process::id()));
    let [width, height] = PICTURED;
    let mut draw = cargo();
    draw.args(["run", "--quiet", "--package", "switchyard", "--", "draw", "--at-ms", PICTURED_AT_MS]);
    run(draw.args(["--width", width, "--height", height, "--labs-into"]).arg(&folder))?;
    let picture = |file: PathBuf| Ok((file.strip_prefix(&folder)?.to_owned(), fs::read(&file)?));
    let pictures = files_below(&folder)?.into_iter().map(picture).collect();
    fs::remove_dir_all(&folder)?;
    pictures
}

/// FNV-1a of the parts and their lengths.
fn fingerprint<'a>(parts: impl Iterator<Item = &'a [u8]>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for part in parts {
        for byte in part.len().to_le_bytes().iter().chain(part) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_the_folder_that_holds_every_lab() {
        let dist = std::env::temp_dir().join(format!("switchyard-labs-{}", std::process::id()));
        fs::create_dir_all(&dist).unwrap();
        fs::write(dist.join("index.html"), format!("<head>{MARK}</head>")).unwrap();
        put_beside(&dist).unwrap();
        let html = fs::read_to_string(dist.join("index.html")).unwrap();
        let folder = html.split('"').nth(3).unwrap();
        assert_eq!(folder, super::folder(&dist).unwrap());
        let lab = "load-balancing/one-slow-server";
        for kind in ["json", "md"] {
            let put = fs::read(dist.join(folder).join(lab).with_extension(kind)).unwrap();
            assert_eq!(put, fs::read(root().join("src/labs").join(lab).with_extension(kind)).unwrap());
        }
        fs::remove_dir_all(&dist).unwrap();
    }

    #[test]
    fn other_content_has_another_name() {
        let of = |parts: &[&[u8]]| fingerprint(parts.iter().copied());
        // Of an empty part, FNV-1a of eight zero bytes.
        assert_eq!(of(&[b""]), 0xa8c7_f832_281a_39c5);
        assert!(of(&[b"ab", b"c"]) != of(&[b"a", b"bc"]) && of(&[b"a"]) != of(&[b"b"]));
    }
}
