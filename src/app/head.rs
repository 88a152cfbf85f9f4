//! The head of every page: name, way back, what can be done.

use super::address::Address;
use super::engine::Engine;
use super::lab::present_address;
use super::later;
use super::notice::Say;
use super::open::Opened;
use super::part::{part, parts};
use super::theme::{Theme, theme_choice};
use super::whole;
use wasm_bindgen::JsCast;
use web_sys::HtmlAnchorElement;
use yew::prelude::*;

/// Goes to another page of the app without loading the site anew.
pub type Go = Callback<Address>;

/// What everything on the page may ask for.
#[derive(Clone, PartialEq)]
pub struct Around {
    pub go: Go,
    /// The page's colours.
    pub dark: bool,
}

parts!(Link use_link);

#[derive(PartialEq)]
struct Link {
    to: Address,
    class: &'static str,
    inside: Html,
}

/// A link inside the app. Middle clicks and the like do what they always do; links of a page below the
/// site lead out of it.
pub fn link(to: Address, class: &'static str, inside: Html) -> Html {
    part(Link { to, class, inside })
}

/// A link that looks like a button.
pub fn button_to(to: Address, name: &'static str) -> Html {
    link(to, "button", name.into())
}

#[hook]
fn use_link(props: &Link) -> Html {
    let below = whole::is_below();
    let go = use_context::<Around>().filter(|_| !below).map(|around| around.go);
    let onclick = {
        let to = props.to.clone();
        Callback::from(move |event: MouseEvent| {
            let plain = event.button() == 0
                && !event.ctrl_key()
                && !event.meta_key()
                && !event.shift_key()
                && !event.alt_key();
            if let Some(go) = go.as_ref().filter(|_| plain) {
                event.prevent_default();
                go.emit(to.clone());
            }
        })
    };
    let href = if below { props.to.absolute() } else { props.to.write() };
    html! { <a {href} class={classes!(props.class)} {onclick}>{ props.inside.clone() }</a> }
}

/// Where a page stands: topic and title; none on the first page.
pub type Where<'a> = Option<(Option<&'static str>, &'a str)>;

pub fn head(at: Where, theme: Theme, on_theme: &Callback<Theme>, say: &Say, acts: Html) -> Html {
    html! {
        <header class="head">
            { link(Address::default(), "brand", html! { <>{ logo() }{ "Switchyard" }</> }) }
            if let Some((topic, title)) = at {
                <nav aria-label="Where this is">
                    <ol>
                        <li>{ link(Address::default(), "", "Labs".into()) }</li>
                        if let Some(topic) = topic { <li>{ topic }</li> }
                    </ol>
                </nav>
                <h1 id="title" tabindex="-1">{ title }</h1>
            }
            <div class="acts">
                { acts }
                { keys_button(say) }
                { theme_choice(theme, on_theme) }
            </div>
        </header>
    }
}

/// Leads to the list of keys, as "?" does.
fn keys_button(say: &Say) -> Html {
    let say = say.clone();
    let onclick = Callback::from(move |_: MouseEvent| later::open("keys", &say));
    html! {
        <button type="button" class="icon" title="Keys (?)" aria-label="Keys" {onclick}>
            <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
                <path d="M7 7.2a3 3 0 1 1 4.4 2.7c-1 .5-1.4 1-1.4 2.1M10 15.4v.1" />
                <circle cx="10" cy="10" r="8.2" />
            </svg>
        </button>
    }
}

/// The head of a frame: the title, and the way to the whole page with the run as it is.
pub fn embed_head(title: &str, engine: &Engine, opened: &Opened) -> Html {
    let to_page = {
        let (engine, opened) = (engine.clone(), opened.clone());
        Callback::from(move |event: MouseEvent| {
            let address = Address { show: None, ..present_address(&engine, &opened) };
            if let Some(link) =
                event.current_target().and_then(|target| target.dyn_into::<HtmlAnchorElement>().ok())
            {
                link.set_href(&address.absolute());
            }
        })
    };
    html! {
        <header class="head">
            <h1 id="title" tabindex="-1">{ title }</h1>
            <a class="acts" href={whole::site()} target="_blank" rel="noopener" onclick={to_page}>{ "Open in Switchyard" }</a>
        </header>
    }
}

fn logo() -> Html {
    html! {
        <svg viewBox="0 0 58 30" fill="none" stroke-width="5" stroke-linecap="round" aria-hidden="true">
            <path class="siding" d="M6 24h46" />
            <g class="route" ><path d="M6 24h14c8 0 9-5 11-10s4-9 10-9h11" /><circle cx="6" cy="24" r="5" /></g>
        </svg>
    }
}
