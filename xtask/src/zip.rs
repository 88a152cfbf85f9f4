//! `cargo xtask zip`: the whole site in one file, for classrooms without a network.

use crate::post_build::{extension, files_below};
use crate::process::{dist_dir, root};
use crate::{build, offline};
use anyhow::{Context, Result};
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The folder that unpacking makes.
const FOLDER: &str = "switchyard";

/// How to serve it; only here, for a site that is served needs none.
const README: &str = "README.txt";

/// `--built` takes `dist/` as it is.
pub fn zip(args: &[String]) -> Result<()> {
    if !args.iter().any(|arg| arg == "--built") {
        build::build(&[])?;
    }
    offline::verify(&dist_dir()).context("dist/ is no whole build: start again with `cargo xtask build`")?;
    let readme = fs::read(root().join("www").join(README))?;
    let packed = pack(&dist_dir(), &readme)?;
    let file = root().join("target/switchyard.zip");
    fs::write(&file, &packed)?;
    println!("{}: {:.1} MB", file.display(), packed.len() as f64 / 1e6);
    Ok(())
}

/// The same bytes for the same files: in order of their names, without times and owners. Without the compressed
/// twins too, which simple servers do not know.
fn pack(dist: &Path, readme: &[u8]) -> Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut packed = ZipWriter::new(Cursor::new(vec![]));
    packed.start_file(format!("{FOLDER}/{README}"), options)?;
    packed.write_all(readme)?;
    for file in files_below(dist)?.iter().filter(|file| !["br", "gz"].contains(&extension(file))) {
        let parts = file.strip_prefix(dist)?.iter().map(|part| part.to_str().context("a name is no text"));
        let name = parts.collect::<Result<Vec<_>>>()?.join("/");
        packed.start_file(format!("{FOLDER}/{name}"), options)?;
        packed.write_all(&fs::read(file)?)?;
    }
    Ok(packed.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::time::{Duration, SystemTime};

    #[test]
    fn the_same_files_give_the_same_bytes() {
        let folder = std::env::temp_dir().join(format!("switchyard-zip-{}", std::process::id()));
        let mut files = vec![("index.html", "<p>"), ("index.html.br", "packed"), ("all/labs-1/a.json", "{}")];
        let packed = [SystemTime::now(), SystemTime::now() - Duration::from_secs(1_000_000)].map(|time| {
            for (file, content) in &files {
                let file = folder.join(file);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(&file, content).unwrap();
                fs::File::options().write(true).open(&file).unwrap().set_modified(time).unwrap();
            }
            // The second time in another order.
            files.reverse();
            let packed = pack(&folder, b"how to").unwrap();
            fs::remove_dir_all(&folder).unwrap();
            packed
        });
        assert_eq!(packed[0], packed[1]);

        let mut archive = zip::ZipArchive::new(Cursor::new(&packed[0])).unwrap();
        let names: Vec<_> = archive.file_names().map(str::to_owned).collect();
        assert_eq!(
            names,
            ["README.txt", "all/labs-1/a.json", "index.html"].map(|name| format!("{FOLDER}/{name}"))
        );
        let mut page = String::new();
        archive.by_name("switchyard/index.html").unwrap().read_to_string(&mut page).unwrap();
        assert_eq!(page, "<p>");
    }
}
