//! Lessons are Markdown: what reads them here reads them as CommonMark does.

use super::common::{lesson, scenario};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use switchyard::labs::prose::{Block, Inline, blocks};
use switchyard::labs::{LABS, Lesson};

/// The same notation for both parsers: `<p>`, `</p>` and so on, text as it is.
fn as_we_read_it(text: &str) -> String {
    let written = |block: &Block| match block {
        Block::Paragraph(inside) => format!("<p>{}</p>", pieces(inside)),
        Block::List(items) => {
            let items: String = items.iter().map(|item| format!("<li>{}</li>", pieces(item))).collect();
            format!("<ul>{items}</ul>")
        }
    };
    blocks(text).iter().map(written).collect()
}

fn pieces(inside: &[Inline]) -> String {
    let written = |piece: &Inline| match piece {
        Inline::Text(text) => text.clone(),
        Inline::Code(text) => format!("<code>{text}</code>"),
        Inline::Emphasis(inside) => format!("<em>{}</em>", pieces(inside)),
        Inline::Strong(inside) => format!("<strong>{}</strong>", pieces(inside)),
        Inline::Link { address, inside } => format!("<a {address}>{}</a>", pieces(inside)),
    };
    inside.iter().map(written).collect()
}

fn as_commonmark_has_it(text: &str) -> String {
    let end = |end| match end {
        TagEnd::Paragraph => "</p>",
        TagEnd::List(false) => "</ul>",
        TagEnd::Item => "</li>",
        TagEnd::Emphasis => "</em>",
        TagEnd::Strong => "</strong>",
        TagEnd::Link => "</a>",
        other => panic!("lessons have no {other:?}: {text}"),
    };
    let written = |event: Event| match event {
        Event::Start(Tag::Link { dest_url, .. }) => format!("<a {dest_url}>"),
        Event::Start(tag) => end(tag.to_end()).replace('/', ""),
        Event::End(tag) => end(tag).to_owned(),
        Event::Text(text) => text.to_string(),
        Event::Code(text) => format!("<code>{text}</code>"),
        Event::SoftBreak => " ".to_owned(),
        other => panic!("lessons have no {other:?}: {text}"),
    };
    Parser::new_ext(text, Options::ENABLE_TABLES).map(written).collect()
}

/// The reference is CommonMark as `pulldown-cmark` reads it.
#[test]
fn lessons_are_read_as_commonmark_reads_them() {
    let every_construct = "One *em* and **strong *both* words**, `a * b`,\n2 * 3 * 4 [no link], [a `b`](?lab=x).\n\n\
        - first\n  goes on\n- *second*: 5 [%]\n\nLast **open, lonely * and a [thing.";
    for lab in LABS {
        let Lesson { intro, try_, notice, question, predict, challenge, left_out, .. } = lesson(lab);
        for text in
            [intro, try_, notice, question.text, predict.ask, predict.answer, challenge.text, left_out]
        {
            assert_eq!(as_we_read_it(&text), as_commonmark_has_it(&text), "{}", lab.id);
        }
    }
    assert_eq!(as_we_read_it(every_construct), as_commonmark_has_it(every_construct));
}

/// A lesson sends nobody to a moment that its run does not have.
#[test]
fn moments_that_can_be_pressed_are_in_the_run() {
    fn moments(pieces: &[Inline], found: &mut Vec<f64>) {
        for piece in pieces {
            match piece {
                Inline::Link { address, .. } => {
                    found.extend(address.strip_prefix("at:").map(|at| at.parse::<f64>().expect("seconds")));
                }
                Inline::Emphasis(inside) | Inline::Strong(inside) => moments(inside, found),
                _ => {}
            }
        }
    }
    let mut labs = 0;
    for lab in LABS {
        let Lesson { try_, notice, .. } = lesson(lab);
        let mut found = vec![];
        for block in blocks(&[try_, notice].join("\n\n")) {
            match block {
                Block::Paragraph(inside) => moments(&inside, &mut found),
                Block::List(items) => items.iter().for_each(|item| moments(item, &mut found)),
            }
        }
        let end_s = scenario(lab).duration_ms / 1000.0;
        assert!(found.iter().all(|at| (0.0..end_s).contains(at)), "{}: {found:?}", lab.id);
        labs += u32::from(!found.is_empty());
    }
    assert!(labs > 20, "{labs}");
}
