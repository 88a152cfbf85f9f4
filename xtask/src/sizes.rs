//! How large the built site is, and the limit on what a first visit loads.

use crate::offline::WORKER;
use crate::pages::LATER_NAME;
use crate::post_build::{files_below, twin};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// What a first visit may load at most, brotli-compressed.
const FIRST_LOAD_BYTES_MAX: u64 = 250_000;
/// The same for the whole page, with 5 % of room: it grows with every kind of node.
const WHOLE_LOAD_BYTES_MAX: u64 = 870_000;

struct Row {
    file: PathBuf,
    raw: u64,
    /// As it is sent: the brotli twin's size, or the file's own where there is none.
    sent: u64,
    first_load: bool,
}

/// Prints the tables of sizes: the site without the whole page below it, then that page.
///
/// # Errors
/// When one of them loads more than its limit.
pub fn report(dist: &Path, whole: &Path) -> Result<()> {
    page("first visit", dist, Some(whole), FIRST_LOAD_BYTES_MAX)?;
    page("whole page", whole, None, WHOLE_LOAD_BYTES_MAX)
}

/// `without` is a folder that is no part of the page, though it lies below it.
fn page(name: &str, dist: &Path, without: Option<&Path>, bytes_max: u64) -> Result<()> {
    let mut rows = rows(dist, without)?;
    rows.sort_by_key(|row| (!row.first_load, std::cmp::Reverse(row.sent)));
    let folder = Path::new(dist.file_name().unwrap_or_default()).display();
    let heading = format!("{folder}/ (KB; * = loaded at once)");
    println!("\n{heading:<48} {:>9} {:>9}", "raw", "brotli");
    for row in &rows {
        let mark = if row.first_load { '*' } else { ' ' };
        let file = row.file.display().to_string();
        println!("{mark} {file:<46} {:>9.1} {:>9.1}", kilobytes(row.raw), kilobytes(row.sent));
    }
    let first = || rows.iter().filter(|row| row.first_load);
    let (raw, sent) = (first().map(|row| row.raw).sum(), first().map(|row| row.sent).sum());
    println!(
        "{name:<48} {:>9.1} {:>9.1}   limit {:.0}\n",
        kilobytes(raw),
        kilobytes(sent),
        kilobytes(bytes_max)
    );
    if sent > bytes_max {
        bail!("{name}: {sent} bytes are loaded, {} too many", sent - bytes_max);
    }
    Ok(())
}

fn kilobytes(bytes: u64) -> f64 {
    bytes as f64 / 1000.0
}

fn rows(dist: &Path, without: Option<&Path>) -> Result<Vec<Row>> {
    let files = files_below(dist)?;
    let is_own = |file: &&PathBuf| !is_twin(file) && without.is_none_or(|folder| !file.starts_with(folder));
    let own: Vec<&PathBuf> = files.iter().filter(is_own).collect();
    let loaded = first_load(dist, &own)?;
    own.iter()
        .map(|&file| {
            let size = |path: &Path| fs::metadata(path).map(|metadata| metadata.len());
            let raw = size(file)?;
            Ok(Row {
                file: file.strip_prefix(dist)?.to_owned(),
                raw,
                sent: size(&twin(file, "br")).unwrap_or(raw),
                first_load: loaded.contains(file),
            })
        })
        .collect()
}

fn is_twin(file: &Path) -> bool {
    ["br", "gz"].iter().any(|suffix| file.extension().is_some_and(|extension| extension == *suffix))
        && file.with_extension("").is_file()
}

/// The page, and every file whose name stands in a page, script or style sheet that is itself loaded.
/// What a script loads only later counts too: better too much than too little. But not what is kept for visits
/// without a network: that comes when the page has long been there.
fn first_load(dist: &Path, files: &[&PathBuf]) -> Result<Vec<PathBuf>> {
    let mut loaded = vec![dist.join("index.html")];
    let mut read = 0;
    while let Some(file) = loaded.get(read) {
        read += 1;
        if !file.extension().is_some_and(|kind| ["html", "js", "css"].iter().any(|text| kind == *text)) {
            continue;
        }
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let text: String = text.lines().filter(|line| !line.starts_with(LATER_NAME)).collect();
        for &other in files {
            let named = other
                .file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| name != WORKER && text.contains(name));
            if named && !loaded.contains(other) {
                loaded.push(other.clone());
            }
        }
    }
    Ok(loaded)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with these files, for as long as `check` runs.
    fn with_dist(name: &str, files: &[(&str, &[u8])], check: impl FnOnce(&Path)) {
        let dist = std::env::temp_dir().join(format!("switchyard-{name}-{}", std::process::id()));
        fs::create_dir_all(dist.join("all")).unwrap();
        files.iter().for_each(|(file, content)| fs::write(dist.join(file), content).unwrap());
        check(&dist);
        fs::remove_dir_all(&dist).unwrap();
    }

    #[test]
    fn a_first_visit_loads_what_is_named_by_what_it_loads() {
        let files: &[(&str, &[u8])] = &[
            ("index.html", b"<script src=app-1.js></script>"),
            ("app-1.js", b"fetch('app-1.wasm') // see service-worker.js"),
            ("service-worker.js", b"lesson.md"),
            ("app-1.wasm", b"12345678"),
            ("app-1.wasm.br", b"1234"),
            ("lesson.md", b"not named by anybody"),
            ("all/app-1.js", b"of the other page"),
        ];
        with_dist("first-load", files, |dist| {
            let rows = rows(dist, Some(&dist.join("all"))).unwrap();
            let row = |name: &str| rows.iter().find(|row| row.file == Path::new(name));
            assert!(
                ["index.html", "app-1.js", "app-1.wasm"].iter().all(|name| row(name).unwrap().first_load)
            );
            assert!(!row("lesson.md").unwrap().first_load);
            assert!(row("app-1.wasm.br").is_none() && row("all/app-1.js").is_none());
            assert_eq!((row("app-1.wasm").unwrap().raw, row("app-1.wasm").unwrap().sent), (8, 4));
        });
    }

    #[test]
    fn a_first_visit_that_is_too_large_fails() {
        let page = b"<img src=big.png>";
        let fits = vec![0; FIRST_LOAD_BYTES_MAX as usize - page.len()];
        let too_large = vec![0; fits.len() + 1];
        let whole: (&str, &[u8]) = ("all/index.html", b"<p>");
        let report = |dist: &Path| report(dist, &dist.join("all"));
        with_dist("fits", &[("index.html", page), ("big.png", &fits), whole], |dist| report(dist).unwrap());
        with_dist("too-large", &[("index.html", page), ("big.png", &too_large), whole], |dist| {
            assert!(report(dist).unwrap_err().to_string().contains("1 too many"));
        });
        with_dist("not-loaded", &[("index.html", b"<p>"), ("big.png", &too_large), whole], |dist| {
            report(dist).unwrap()
        });
    }
}
