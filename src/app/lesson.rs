//! A lesson's text as virtual nodes: no HTML is ever parsed, so Trusted Types have nothing to object to.

use super::part::{part, parts};
use switchyard::labs::prose::{Block, Inline, blocks, unbroken};
use switchyard::scenario::json::decimal;
use yew::prelude::*;

parts!(Markdown use_markdown);

/// A part, so that it is read only when it changes.
#[derive(PartialEq)]
struct Markdown {
    text: String,
}

pub fn markdown(text: &str) -> Html {
    part(Markdown { text: text.to_owned() })
}

#[hook]
fn use_markdown(props: &Markdown) -> Html {
    html! { <div class="prose">{ for blocks(&props.text).iter().map(block) }</div> }
}

fn block(block: &Block) -> Html {
    match block {
        Block::Paragraph(inside) => html! { <p>{ inlines(inside) }</p> },
        Block::List(items) => {
            html! { <ul>{ for items.iter().map(|item| html! { <li>{ inlines(item) }</li> }) }</ul> }
        }
    }
}

/// The moment that was pressed in a text, in milliseconds: see [`link`].
pub fn moment_ms(event: &MouseEvent) -> Option<f64> {
    let pressed = event.target_dyn_into::<web_sys::Element>()?;
    Some(decimal(&pressed.get_attribute("data-at")?)? * 1000.0)
}

fn inlines(pieces: &[Inline]) -> Html {
    pieces.iter().map(inline).collect()
}

fn inline(piece: &Inline) -> Html {
    match piece {
        Inline::Text(text) => html! { { unbroken(text) } },
        Inline::Code(text) => html! { <code>{ text }</code> },
        Inline::Emphasis(inside) => html! { <em>{ inlines(inside) }</em> },
        Inline::Strong(inside) => html! { <strong>{ inlines(inside) }</strong> },
        Inline::Link { address, inside } => link(address, inlines(inside)),
    }
}

/// Links lead to the web, to a place of this site, or to a moment of the run, as `at:7.5` does; nothing else is a link.
fn link(address: &str, inside: Html) -> Html {
    if let Some(at_s) = address.strip_prefix("at:") {
        let (at, title) = (at_s.to_owned(), format!("Go to {at_s} s"));
        return html! { <button type="button" class="text-button is-moment" data-at={at} {title}>{ inside }</button> };
    }
    let elsewhere = address.starts_with("https://");
    if elsewhere {
        html! { <a href={address.to_owned()} rel="noopener" target="_blank">{ inside }</a> }
    } else if address.starts_with('?') || address.starts_with("./") {
        html! { <a href={address.to_owned()}>{ inside }</a> }
    } else {
        inside
    }
}
