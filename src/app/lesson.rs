//! Markdown as virtual nodes: no HTML is ever parsed, so Trusted Types have nothing to object to.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct MarkdownProps {
    pub text: AttrValue,
}

#[component]
pub fn Markdown(props: &MarkdownProps) -> Html {
    let parser = Parser::new_ext(&props.text, Options::ENABLE_TABLES);
    let mut builder = Builder::default();
    for event in parser {
        builder.take(event);
    }
    html! { <div class="prose">{ for builder.root }</div> }
}

/// The nodes of each open tag, outermost first.
#[derive(Default)]
struct Builder<'a> {
    root: Vec<Html>,
    open: Vec<(Tag<'a>, Vec<Html>)>,
    in_table_head: bool,
}

impl<'a> Builder<'a> {
    fn take(&mut self, event: Event<'a>) {
        match event {
            Event::Start(tag) => {
                self.in_table_head |= matches!(tag, Tag::TableHead);
                self.open.push((tag, vec![]));
            }
            Event::End(end) => {
                let Some((tag, inside)) = self.open.pop() else { return };
                let node = self.element(tag, inside);
                self.in_table_head &= !matches!(end, TagEnd::TableHead);
                self.put(node);
            }
            Event::Text(text) => self.put(html! { { text.to_string() } }),
            Event::Code(text) => self.put(html! { <code>{ text.to_string() }</code> }),
            Event::SoftBreak => self.put(html! { { " " } }),
            Event::HardBreak => self.put(html! { <br /> }),
            Event::Rule => self.put(html! { <hr /> }),
            // Raw HTML has no business in a lesson: it is shown as it is written.
            Event::Html(text) | Event::InlineHtml(text) => self.put(html! { { text.to_string() } }),
            _ => {}
        }
    }

    fn put(&mut self, node: Html) {
        match self.open.last_mut() {
            Some((_, inside)) => inside.push(node),
            None => self.root.push(node),
        }
    }

    fn element(&self, tag: Tag, inside: Vec<Html>) -> Html {
        let inside: Html = inside.into_iter().collect();
        match tag {
            Tag::Paragraph => html! { <p>{ inside }</p> },
            // The page has the first level, the panel's tab stands for the second.
            Tag::Heading { level: HeadingLevel::H1 | HeadingLevel::H2, .. } => html! { <h2>{ inside }</h2> },
            Tag::Heading { .. } => html! { <h3>{ inside }</h3> },
            Tag::BlockQuote(_) => html! { <blockquote>{ inside }</blockquote> },
            Tag::CodeBlock(_) => html! { <pre tabindex="0"><code>{ inside }</code></pre> },
            Tag::List(None) => html! { <ul>{ inside }</ul> },
            Tag::List(Some(start)) => html! { <ol start={start.to_string()}>{ inside }</ol> },
            Tag::Item => html! { <li>{ inside }</li> },
            Tag::Table(_) => html! { <div class="scroll"><table>{ inside }</table></div> },
            Tag::TableHead => html! { <thead><tr>{ inside }</tr></thead> },
            Tag::TableRow => html! { <tr>{ inside }</tr> },
            Tag::TableCell if self.in_table_head => html! { <th scope="col">{ inside }</th> },
            Tag::TableCell => html! { <td>{ inside }</td> },
            Tag::Emphasis => html! { <em>{ inside }</em> },
            Tag::Strong => html! { <strong>{ inside }</strong> },
            Tag::Link { dest_url, .. } => link(&dest_url, inside),
            _ => inside,
        }
    }
}

/// Links lead to the web or to a place of this site; nothing else is a link.
fn link(address: &str, inside: Html) -> Html {
    let elsewhere = address.starts_with("https://");
    if elsewhere {
        html! { <a href={address.to_owned()} rel="noopener" target="_blank">{ inside }</a> }
    } else if address.starts_with('?') || address.starts_with("./") {
        html! { <a href={address.to_owned()}>{ inside }</a> }
    } else {
        inside
    }
}
