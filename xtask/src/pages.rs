//! What lies beside the app: scripts that few visits need, the page for frames, the script for pages around
//! them, and the examples.

use crate::offline;
use crate::post_build::{bare, files_below};
use crate::process::root;
use anyhow::{Context, Result};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// In `index.html`, where the names of the later scripts go.
const LATER_MARK: &str = "<!-- later -->";

/// What names a later script begins with this; `sizes` does not count it as loaded.
pub const LATER_NAME: &str = "<meta name=\"later:";

/// The style sheet of what only the whole page has.
const OF_WHOLE_PAGE: &str = "compare";

/// Completes Trunk's output. `below` is a page that lies in a folder of the site: it has no files for others. `late` is
/// the file with the second part of the program.
/// Only a site that is `released` works offline: in others, files change under the same names.
pub fn complete(dist: &Path, below: bool, released: bool, late: Option<String>) -> Result<()> {
    let later = later(dist)?;
    let mut scripts: Vec<_> = later.iter().filter(|(_, file)| file.ends_with(".js")).cloned().collect();
    scripts.extend(late.map(|file| ("program".to_owned(), file)));
    if released {
        let site = if below { "../" } else { "" };
        scripts.push(("service-worker".to_owned(), format!("{site}{}", offline::WORKER)));
    }
    let name = |(name, file): &(String, String)| format!("\n{LATER_NAME}{name}\" content=\"{file}\">");
    let names: String = scripts.iter().map(name).collect();
    let version = format!("<meta name=\"version\" content=\"{}\">", env!("CARGO_PKG_VERSION"));
    let index = dist.join("index.html");
    let html = fs::read_to_string(&index)?;
    let (before, after) = html.split_once(LATER_MARK).with_context(|| format!("no {LATER_MARK}"))?;
    let html = format!("{before}{version}{names}{after}");
    let html = if released { join_styles(dist, &html, (!below).then_some(OF_WHOLE_PAGE))? } else { html };
    fs::write(&index, &html)?;
    // The same page with a style of its own; the app and boot.js look at the mark.
    let style = later.iter().find(|(_, file)| file.ends_with(".css")).context("no embed.css")?;
    let link = format!("<link rel=\"stylesheet\" href=\"{}\">\n</head>", style.1);
    let embed = html.replacen("<html ", "<html data-embed ", 1).replacen("</head>", &link, 1);
    fs::write(dist.join("embed.html"), embed)?;
    if !below {
        let www = root().join("www");
        fs::copy(www.join("embed.js"), dist.join("embed.js"))?;
        copy_folder(&www.join("examples"), &dist.join("examples"))?;
    }
    Ok(())
}

/// A page without what is said in it to those who read its source, and without the lines that had nothing else.
pub fn without_comments(html: &str) -> String {
    let mut parts = html.split("<!--");
    let mut bare = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let after = part.split_once("-->").map_or("", |(_, after)| after);
        let alone = bare.is_empty() || bare.ends_with('\n');
        bare += after.strip_prefix('\n').filter(|_| alone).unwrap_or(after);
    }
    bare
}

/// Makes the page's style sheets one file, which compresses better than each by itself; without those of this name.
fn join_styles(dist: &Path, html: &str, without: Option<&str>) -> Result<String> {
    let name_in = |line: &str| {
        let (name, _) = line.strip_prefix("<link rel=\"stylesheet\" href=\"./")?.split_once('"')?;
        Some(name.to_owned())
    };
    let (styles, rest): (Vec<&str>, Vec<&str>) =
        html.split_inclusive('\n').partition(|line| name_in(line).is_some());
    let mut joined = String::new();
    for name in styles.into_iter().filter_map(name_in) {
        let file = dist.join(&name);
        if without.is_none_or(|without| !name.starts_with(without)) {
            joined += &tight(&bare(&fs::read_to_string(&file)?));
        }
        fs::remove_file(file)?;
    }
    let name = format!("style-{:08x}.css", hash(joined.as_bytes()));
    fs::write(dist.join(&name), joined)?;
    let link = format!("<link rel=\"stylesheet\" href=\"./{name}\">\n<script ");
    Ok(rest.concat().replacen("<script ", &link, 1))
}

/// A bare style sheet without the white space and the last semicolons that it does not need.
fn tight(style: &str) -> String {
    let mut tight = String::with_capacity(style.len());
    let mut quote = None;
    let mut space = false;
    for c in style.chars() {
        if quote.is_none() && c.is_whitespace() {
            space = true;
            continue;
        }
        if space && !tight.ends_with(['{', '}', ';', ':', ',']) && !['{', '}'].contains(&c) {
            tight.push(' ');
        }
        space = false;
        if c == '}' && tight.ends_with(';') {
            tight.pop();
        }
        tight.push(c);
        quote = match quote {
            Some(open) if c == open => None,
            None if ['"', '\''].contains(&c) => Some(c),
            other => other,
        };
    }
    tight
}

/// Puts the files of `www/later` under names with hashes. (their names, the names with hashes)
fn later(dist: &Path) -> Result<Vec<(String, String)>> {
    let mut named = vec![];
    for file in files_below(&root().join("www/later"))? {
        let content = fs::read(&file)?;
        let text = |part: Option<&OsStr>| part.and_then(OsStr::to_str).unwrap_or_default().to_owned();
        let stem = text(file.file_stem());
        let name = format!("{stem}-{:08x}.{}", hash(&content), text(file.extension()));
        fs::write(dist.join(&name), content)?;
        named.push((stem, name));
    }
    Ok(named)
}

pub fn hash(content: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(content);
    crc.sum()
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for file in files_below(from)? {
        let copy = to.join(file.strip_prefix(from)?);
        fs::create_dir_all(copy.parent().context("no folder")?)?;
        fs::copy(&file, copy)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tight_style_sheet_means_the_same() {
        let style = "a, b > c :hover {\ncolor: red;\nmargin: 0 calc(1px + 2px);\n}\n@media (width > 4rem) and (hover) {\nd::after { content: \"a; }  b\"; }\n}\n";
        let expected = "a,b > c :hover{color:red;margin:0 calc(1px + 2px)}@media (width > 4rem) and (hover){d::after{content:\"a; }  b\"}}";
        assert_eq!(tight(style), expected);
    }

    #[test]
    fn a_page_without_comments_is_the_same_page() {
        let html = "<head>\n<!-- a -->\n<b><!-- c\nd --> e\n</b> <!-- f -->\n</head>";
        assert_eq!(without_comments(html), "<head>\n<b> e\n</b> \n</head>");
        assert_eq!(without_comments("<p>\n"), "<p>\n");
    }

    #[test]
    fn style_sheets_are_joined_in_their_order() {
        let dist = std::env::temp_dir().join(format!("switchyard-styles-{}", std::process::id()));
        fs::create_dir_all(&dist).unwrap();
        fs::write(dist.join("b.css"), "b{}\n").unwrap();
        fs::write(dist.join("a.css"), "a{}\n").unwrap();
        let link =
            |name: &str| format!("<link rel=\"stylesheet\" href=\"./{name}\" data-integrity=\"none\"/>\n");
        let html = ["<head>\n", &link("b.css"), &link("a.css"), "<script src=x></script>\n</head>"].concat();
        fs::write(dist.join("compare-1.css"), "c{}\n").unwrap();
        let html = html.replacen("<script", &(link("compare-1.css") + "<script"), 1);
        let joined = join_styles(&dist, &html, Some(OF_WHOLE_PAGE)).unwrap();
        let files = files_below(&dist).unwrap();
        let [file] = files.as_slice() else { panic!("{files:?}") };
        assert_eq!(fs::read_to_string(file).unwrap(), "b{}a{}");
        let name = file.file_name().unwrap().to_str().unwrap();
        let link = format!("<link rel=\"stylesheet\" href=\"./{name}\">");
        assert_eq!(joined, format!("<head>\n{link}\n<script src=x></script>\n</head>"));
        fs::remove_dir_all(&dist).unwrap();
    }
}
