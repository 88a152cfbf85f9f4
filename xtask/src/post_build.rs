//! `cargo xtask post-build`: what Trunk calls when its own work is done, before `dist/` is replaced.
//!
//! The labs' texts are put beside the page. A release gets the Content-Security-Policy, modules without debugging names, and compressed twins of
//! every file. A development build stays as it is: the script by which `trunk serve` reloads the page
//! is inline, and the policy would forbid it.

use crate::{labs, pages, program, serve, wasm};
use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// In `index.html`, where the policy goes.
const POLICY_MARK: &str = "<!-- content-security-policy -->";

const POLICY: &[&str] = &[
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "connect-src 'self' https:", // `src=` may name any public host
    "frame-src 'self'",
    "worker-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "base-uri 'self'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types app",
];

/// The kinds of file that a server should send compressed; others are compressed already.
const COMPRESSIBLE: &[&str] = &["css", "html", "js", "json", "md", "svg", "txt", "wasm", "webmanifest"];

pub fn post_build(_: &[String]) -> Result<()> {
    let dist = PathBuf::from(env::var_os("TRUNK_STAGING_DIR").context("this is Trunk's hook")?);
    labs::put_beside(&dist)?;
    let place = PathBuf::from(env::var_os("TRUNK_DIST_DIR").unwrap_or_default());
    let released = env::var("TRUNK_PROFILE").as_deref() == Ok("release");
    let below = place.ends_with("all");
    // What goes to the whole page needs all of it.
    let late = if released && !below { program::cut(&dist)? } else { None };
    pages::complete(&dist, below, released, late)?;
    if !released {
        serve::announce();
        return Ok(());
    }
    let files = files_below(&dist)?;
    for file in &files {
        match extension(file) {
            // Example pages stand for pages of others, and have policies of their own.
            "html" if file.parent() == Some(&dist) => insert_policy(file)?,
            "wasm" => fs::write(file, wasm::ordered(&wasm::without_names(&fs::read(file)?)?)?)?,
            // Those of `www/later` are named by what is in them already, and others are to be read.
            "js" if is_program(file) => fs::write(file, bare(&fs::read_to_string(file)?))?,
            _ => {}
        }
    }
    files.iter().filter(|file| COMPRESSIBLE.contains(&extension(file))).try_for_each(|file| compress(file))
}

/// Every file below `folder`, in order of their names.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = vec![];
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() { files.extend(files_below(&path)?) } else { files.push(path) }
    }
    files.sort();
    Ok(files)
}

pub fn extension(file: &Path) -> &str {
    file.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

/// What every visit loads.
fn is_program(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with("boot-") || name.starts_with("switchyard-app-")
}

/// A script or style sheet without its indentation, and without comments that have lines to themselves.
pub fn bare(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut in_comment = false;
    for line in text.lines().map(str::trim_start) {
        in_comment |= line.starts_with("/*") && (line.ends_with("*/") || !line.contains("*/"));
        let is_comment = in_comment || line.starts_with("//");
        if in_comment && line.ends_with("*/") {
            in_comment = false;
        } else if !is_comment && !line.is_empty() {
            bare += line;
            bare.push('\n');
        }
    }
    bare
}

/// And takes the comments out, of which it was one.
fn insert_policy(page: &Path) -> Result<()> {
    let html = fs::read_to_string(page)?;
    let (before, after) =
        html.split_once(POLICY_MARK).with_context(|| format!("{} has no {POLICY_MARK}", page.display()))?;
    let policy = POLICY.join("; ");
    let html = format!(r#"{before}<meta http-equiv="Content-Security-Policy" content="{policy}">{after}"#);
    // What Trunk alone reads.
    Ok(fs::write(page, pages::without_comments(&html).replace(" data-integrity=\"none\"", ""))?)
}

/// `name.br` and `name.gz` beside `name`.
pub fn compress(file: &Path) -> Result<()> {
    let content = fs::read(file)?;
    let mut brotli = vec![];
    let params =
        brotli::enc::BrotliEncoderParams { size_hint: content.len(), lgblock: 16, ..Default::default() };
    brotli::BrotliCompress(&mut content.as_slice(), &mut brotli, &params)?;
    fs::write(twin(file, "br"), brotli)?;
    let mut gzip = GzEncoder::new(vec![], Compression::best());
    gzip.write_all(&content)?;
    fs::write(twin(file, "gz"), gzip.finish()?)?;
    Ok(())
}

/// The path of a file's compressed twin.
pub fn twin(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::root;
    use std::io::Read;

    #[test]
    fn the_policy_is_the_documented_one() {
        let hosting = fs::read_to_string(root().join("www/hosting.md")).unwrap();
        assert!(hosting.contains(&format!("```\n{}\n```", POLICY.join("; "))));
    }

    #[test]
    fn a_bare_text_has_neither_indentation_nor_comments_of_whole_lines() {
        let text = "/** Two\n * lines. */\nlet a = 'b'; // stays\n\n  // One.\n  /* One. */\n  f(a, /* stays */ 1);\n/* stays */ g();\n";
        assert_eq!(bare(text), "let a = 'b'; // stays\nf(a, /* stays */ 1);\n/* stays */ g();\n");
    }

    #[test]
    fn the_twins_hold_what_the_file_holds() {
        let file = env::temp_dir().join(format!("switchyard-twins-{}.js", std::process::id()));
        let content = "let request = 1;\n".repeat(1000);
        fs::write(&file, &content).unwrap();
        compress(&file).unwrap();
        let (mut from_gzip, mut from_brotli) = (String::new(), String::new());
        let twins = [twin(&file, "gz"), twin(&file, "br")].map(|twin| fs::read(twin).unwrap());
        flate2::read::GzDecoder::new(twins[0].as_slice()).read_to_string(&mut from_gzip).unwrap();
        brotli::Decompressor::new(twins[1].as_slice(), 4096).read_to_string(&mut from_brotli).unwrap();
        assert!(from_gzip == content && from_brotli == content);
        assert!(twins.iter().all(|twin| twin.len() < content.len() / 10));
        for path in [file.clone(), twin(&file, "gz"), twin(&file, "br")] {
            fs::remove_file(path).unwrap();
        }
    }
}
