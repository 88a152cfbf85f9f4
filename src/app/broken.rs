//! The page that is shown when what an address asks for cannot be opened: it says so, and never shows
//! something else in its place.

use super::address::Address;
use super::head::button_to;
use switchyard::scenario::Problem;
use yew::prelude::*;

/// The longest text that is offered for copying, in bytes.
const RAW_BYTES_MAX: usize = 64 * 1024;

/// What could not be opened, and what is left of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Broken {
    title: &'static str,
    text: String,
    details: Vec<String>,
    /// For another version, or for whoever wants to see what is wrong.
    raw: Option<String>,
    /// The lab that the address names too.
    lab: Option<Address>,
}

impl Broken {
    pub fn link(address: &Address, text: String, found: Vec<Problem>, raw: Option<String>) -> Broken {
        Broken::new("This link cannot be opened", address, text, found, raw)
    }

    pub fn source(address: &Address, text: String, found: Vec<Problem>, raw: Option<String>) -> Broken {
        Broken::new("This scenario cannot be opened", address, text, found, raw)
    }

    /// A frame that asks for nothing.
    pub fn frame() -> Broken {
        let text = "The address of this frame names neither a lab nor a scenario, such as ?lab=load-balancing/one-slow-server.";
        Broken::new("Nothing to show", &Address::default(), text.into(), vec![], None)
    }

    fn new(
        title: &'static str,
        address: &Address,
        text: String,
        found: Vec<Problem>,
        raw: Option<String>,
    ) -> Broken {
        let lab = address.lab.clone().map(|lab| Address { lab: Some(lab), ..Address::default() });
        let details = found.iter().map(Problem::to_string).collect();
        Broken { title, text, details, raw: raw.filter(|raw| raw.len() <= RAW_BYTES_MAX), lab }
    }
}

pub fn broken_page(broken: &Broken) -> Html {
    html! {
        <main id="main" class="home broken" tabindex="-1">
            <h1 id="title" tabindex="-1">{ broken.title }</h1>
            <p class="lead">{ &broken.text }</p>
            <ul>{ for broken.details.iter().take(8).map(|line| html! { <li>{ line }</li> }) }</ul>
            <p>{ "Nothing was changed, and nothing else was opened in its place." }</p>
            <p class="row">
                if let Some(lab) = &broken.lab {
                    { button_to(lab.clone(), "Open the lab as it was made") }
                }
                if !super::dom::is_embed() {
                    { button_to(Address::default(), "Start page") }
                }
            </p>
            if let Some(raw) = &broken.raw {
                <details>
                    <summary>{ "What is in it" }</summary>
                    <textarea readonly=true rows="8" aria-label="What is in it" value={raw.clone()} />
                </details>
            }
        </main>
    }
}
