//! The Markdown that lessons are written in, as blocks: paragraphs and `- ` lists of *emphasis*,
//! **strong** text, `code` and [links](https://example.com/), also to moments of the run, in seconds: `[8 s](at:7.5)`.
//! Everything else is shown as it is written.
//!
//! A general Markdown parser would be a tenth of the page's first load, most of it tables that no lesson
//! needs. A test holds every lesson against one, so a lesson that leaves this part of the language fails.

/// What stands below another block.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    Paragraph(Vec<Inline>),
    /// Its items.
    List(Vec<Vec<Inline>>),
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Inline {
    Text(String),
    Code(String),
    Emphasis(Vec<Inline>),
    Strong(Vec<Inline>),
    Link { address: String, inside: Vec<Inline> },
}

/// The blocks of a text. Line breaks within a block are spaces.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = vec![];
    let mut items = vec![];
    let mut open = String::new();
    let mut in_list = false;
    // An empty line behind the last closes what is open.
    for line in text.lines().map(str::trim).chain([""]) {
        let item = line.strip_prefix("- ");
        if item.is_some() || line.is_empty() {
            if !open.is_empty() {
                let inside = inlines(&std::mem::take(&mut open));
                if in_list { items.push(inside) } else { blocks.push(Block::Paragraph(inside)) }
            }
            in_list = item.is_some();
            if !in_list && !items.is_empty() {
                blocks.push(Block::List(std::mem::take(&mut items)));
            }
        }
        if !open.is_empty() {
            open.push(' ');
        }
        open.push_str(item.unwrap_or(line));
    }
    blocks
}

/// The pieces of a line: up to the first mark that is closed again, what it encloses, and the rest.
pub fn inlines(text: &str) -> Vec<Inline> {
    let mut pieces = vec![];
    let mut rest = text;
    let mut from = 0;
    while let Some(at) = rest.get(from..).and_then(|ahead| ahead.find(['`', '*', '['])).map(|at| at + from) {
        let (before, ahead) = rest.split_at(at);
        let Some((piece, behind)) = marked(ahead) else {
            // All marks are one byte, and `**` is either both or none.
            from = at + ahead.bytes().take_while(|&byte| byte == b'*').count().max(1);
            continue;
        };
        push_text(&mut pieces, before);
        pieces.push(piece);
        (rest, from) = (behind, 0);
    }
    push_text(&mut pieces, rest);
    pieces
}

fn push_text(pieces: &mut Vec<Inline>, text: &str) {
    if !text.is_empty() {
        pieces.push(Inline::Text(text.to_owned()));
    }
}

/// What begins with a mark, and what is behind it; `None` if the mark means itself.
fn marked(text: &str) -> Option<(Inline, &str)> {
    if let Some(ahead) = text.strip_prefix('`') {
        let (code, behind) = ahead.split_once('`')?;
        return Some((Inline::Code(code.to_owned()), behind));
    }
    if let Some(ahead) = text.strip_prefix('[') {
        let (inside, ahead) = split_once(ahead, "](")?;
        let (address, behind) = ahead.split_once(')')?;
        if inside.contains(']') {
            return None;
        }
        return Some((Inline::Link { address: address.to_owned(), inside: inlines(inside) }, behind));
    }
    let mark = if text.starts_with("**") { "**" } else { "*" };
    let (inside, behind) = split_once(text.strip_prefix(mark)?, mark)?;
    // As in `2 * 3 * 4`.
    if inside.is_empty() || inside.starts_with(' ') || inside.ends_with(' ') {
        return None;
    }
    let inside = inlines(inside);
    Some((if mark == "**" { Inline::Strong(inside) } else { Inline::Emphasis(inside) }, behind))
}

/// As `str` has it; but its search is made for long texts, and would be a kilobyte of every visit.
fn split_once<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let at = text.as_bytes().windows(mark.len()).position(|it| it == mark.as_bytes())?;
    Some((&text[..at], &text[at + mark.len()..]))
}

/// Between groups of three digits.
const GROUP: char = '\u{202f}';
/// Between a figure and its unit.
const UNIT: char = '\u{a0}';

/// The same with spaces inside figures at which no line breaks: 8 000, 80 %, 25 ms, 180 req/s.
pub fn unbroken(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut last = ' ';
    for (at, character) in text.char_indices() {
        let space = character == ' ' && last.is_ascii_digit();
        out.push(if space { space_in_figure(&text[at + 1..]).unwrap_or(' ') } else { character });
        last = character;
    }
    out
}

/// What stands between digits and this; `None` if it is no part of their figure.
fn space_in_figure(ahead: &str) -> Option<char> {
    let ends_at = |length: usize| !ahead[length..].starts_with(|it: char| it.is_alphanumeric());
    let digits = ahead.bytes().take_while(u8::is_ascii_digit).count();
    let unit = ["%", "ms", "s", "h", "req/s"].into_iter().find(|unit| ahead.starts_with(unit));
    match unit {
        _ if digits == 3 && ends_at(digits) => Some(GROUP),
        Some(unit) if ends_at(unit.len()) => Some(UNIT),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::unbroken;

    #[test]
    fn no_line_breaks_within_a_figure() {
        for (written, shown) in [
            ("8 000 of 1 048 576 keys", "8\u{202f}000 of 1\u{202f}048\u{202f}576 keys"),
            ("at 80 %, 25 ms or 2 s", "at 80\u{a0}%, 25\u{a0}ms or 2\u{a0}s"),
            ("180 req/s; 2 h", "180\u{a0}req/s; 2\u{a0}h"),
            ("4 servers, 3 have 2 each", "4 servers, 3 have 2 each"),
            ("in 2010 1000 were", "in 2010 1000 were"),
            ("ends with 7 ", "ends with 7 "),
        ] {
            assert_eq!(unbroken(written), shown);
        }
    }
}
