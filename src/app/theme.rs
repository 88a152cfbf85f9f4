//! Light, dark, or as the system has it.

use super::dom::{document, dot_for_each, less_motion, matches};
use super::storage;
use std::cell::Cell;
use switchyard::scene::Palette;
use yew::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Auto,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [(Theme, &'static str, &'static str); 3] =
        [(Theme::Auto, "auto", "Automatic"), (Theme::Light, "light", "Light"), (Theme::Dark, "dark", "Dark")];

    pub fn from_id(id: &str) -> Option<Theme> {
        Theme::ALL.iter().find(|(_, known, _)| *known == id).map(|(theme, ..)| *theme)
    }

    pub fn id(self) -> &'static str {
        Theme::ALL[self as usize].1
    }

    /// As remembered from an earlier visit.
    pub fn remembered() -> Theme {
        storage::read("theme").and_then(|id| Theme::from_id(&id)).unwrap_or(Theme::Auto)
    }

    /// Makes the page look so.
    pub fn apply(self) {
        let Some(root) = document().document_element() else { return };
        let _ = match self {
            Theme::Auto => root.remove_attribute("data-theme"),
            _ => root.set_attribute("data-theme", self.id()),
        };
    }
}

/// Holds while the system wants dark pages.
pub const DARK: &str = "(prefers-color-scheme: dark)";

/// Whether the page is dark at this moment.
pub fn is_dark() -> bool {
    let chosen = document().document_element().and_then(|root| root.get_attribute("data-theme"));
    match chosen.as_deref() {
        Some("dark") => true,
        Some("light") => false,
        _ => matches(DARK),
    }
}

/// How pictures are to look.
#[derive(Clone, Copy)]
pub struct Look {
    pub dark: bool,
    pub less_motion: bool,
    pub dot_for_each: bool,
}

thread_local! {
    static LOOK: Cell<Option<Look>> = const { Cell::new(None) };
}

/// As it was at the last pulse: too much is asked of the page for every frame.
pub fn look() -> Look {
    LOOK.get().unwrap_or_else(look_anew)
}

pub fn look_anew() -> Look {
    let look = Look { dark: is_dark(), less_motion: less_motion(), dot_for_each: dot_for_each() };
    LOOK.set(Some(look));
    look
}

/// The colours of canvases.
pub fn palette() -> &'static Palette {
    Palette::of(is_dark())
}

/// A button that goes round the three.
pub fn theme_choice(theme: Theme, on_change: &Callback<Theme>) -> Html {
    let (theme, _, name) = Theme::ALL[theme as usize];
    let next = Theme::ALL[(theme as usize + 1) % Theme::ALL.len()].0;
    let onclick = on_change.reform(move |_| next);
    let label = format!("Colours: {name}");
    let picture = match theme {
        Theme::Auto => html! { <path d="M10 3a7 7 0 0 1 0 14z" fill="currentColor" /> },
        Theme::Light => {
            html! { <path d="M10 1v2M10 17v2M1 10h2M17 10h2M3.6 3.6 5 5M15 15l1.4 1.4M16.4 3.6 15 5M5 15l-1.4 1.4" /> }
        }
        Theme::Dark => html! { <circle cx="10" cy="10" r="7" fill="currentColor" /> },
    };
    let radius = if theme == Theme::Light { "4" } else { "7" };
    html! {
        <button type="button" class="icon" title={label.clone()} aria-label={label} {onclick}>
            <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" aria-hidden="true">
                <circle cx="10" cy="10" r={radius} />
                { picture }
            </svg>
        </button>
    }
}
