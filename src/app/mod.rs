//! The page: Yew components around a run that lives outside the virtual DOM.
//!
//! [`engine`] holds the run, [`clock`] moves it and tells components by pulses, about ten a second.
//! Stage and charts are canvases that painters draw at every frame or pulse; everything else is HTML.
//! [`paint`] puts the scene's shapes and pixels on canvases.
//! The page never sets `style=` and never parses HTML: its policy forbids both.

mod address;
mod bar;
mod bridge;
mod broken;
mod canvas;
mod chart_picture;
mod charts;
mod chips;
mod clock;
#[cfg(feature = "whole")]
mod compare;
#[cfg(feature = "whole")]
mod compare_charts;
mod controls;
mod dialog;
mod dom;
mod engine;
mod event_table;
mod files;
mod goal;
mod head;
mod home;
mod incoming;
mod inside;
mod inspect;
mod knob;
mod lab;
mod later;
mod lesson;
mod log;
mod marks;
#[cfg(feature = "whole")]
mod measure;
#[cfg(feature = "whole")]
mod measure_plot;
mod names;
mod node_panel;
mod notice;
mod open;
mod paint;
mod part;
mod picture;
mod plot;
mod request;
mod slider;
mod stage;
mod storage;
mod tabs;
mod task;
mod texts;
mod theme;
mod transport;
#[cfg(feature = "whole")]
mod trials;
#[cfg(feature = "whole")]
mod variants;
mod whole;
mod work;
mod worker;

use address::Address;
use broken::{Broken, broken_page};
#[cfg(feature = "whole")]
use compare::ComparePage;
use gloo_events::EventListener;
use head::Around;
use home::Home;
use lab::LabPage;
use notice::{Notice, Notices, Say, Tell, notice_bar};
use open::{Closed, Opened, open};
use part::{keyed, part};
use std::rc::Rc;
use texts::Missing;
use theme::Theme;
use wasm_bindgen::JsCast;
use yew::prelude::*;

/// Shows the page in the element `#app`.
pub fn main() {
    yew::set_custom_panic_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        dom::fatal(&info.to_string());
    }));
    if web_sys::window().is_none() {
        return worker::serve();
    }
    let Some(root) = dom::document().get_element_by_id("app") else { return dom::fatal("there is no #app") };
    yew::Renderer::<App>::with_root(root).render();
}

/// Which page is shown. Runs are told apart by a number, so that the same lab can be opened anew.
#[derive(Clone)]
enum Page {
    Home,
    Lab(u32, Rc<Opened>),
    Broken(Rc<Broken>),
    /// What was asked for is on its way.
    Opening,
    /// It did not arrive.
    Missing(Address, Missing),
}

/// The page that an address asks for, and what is to be said of it; no page if it asks for a run that cannot
/// be had.
async fn page_of(address: &Address, number: u32) -> (Option<Page>, Vec<Notice>) {
    let mut notices = Vec::from_iter(address.complaint());
    if !address.asks_for_a_run() {
        return ((!dom::is_embed()).then_some(Page::Home), notices);
    }
    let page = match open(address, &mut notices).await {
        Ok(opened) => Some(Page::Lab(number, Rc::new(opened))),
        Err(Closed::Wrong) => None,
        Err(Closed::Broken(broken)) => Some(Page::Broken(Rc::new(broken))),
        Err(Closed::Missing(why)) => Some(Page::Missing(address.clone(), why)),
        Err(Closed::Elsewhere) => {
            whole::follow((number > 1).then_some(address));
            // The other page says it.
            notices.clear();
            Some(Page::Opening)
        }
    };
    (page, notices)
}

#[component]
fn App() -> Html {
    let notices = use_reducer(Notices::default);
    let theme = use_state(Theme::remembered);
    let first = use_memo((), |()| Address::present());
    let nothing = || if dom::is_embed() { Page::Broken(Rc::new(Broken::frame())) } else { Page::Home };
    let page = use_state(|| if first.asks_for_a_run() { Page::Opening } else { nothing() });
    use_effect_with(first.clone(), |first| {
        dom::mark_root("data-motion", first.word("motion"));
        dom::mark_root("data-dots", first.word("dots"));
        dom::mark_root("data-wheel", first.word("wheel"));
    });
    // Before anything is drawn that asks for it.
    let _applied = use_memo(*theme, |theme| theme.apply());
    dom::use_media(theme::DARK);
    let show = {
        let (page, notices) = (page.setter(), notices.dispatcher());
        // How many pages were asked for; the first is the one that the site was opened with.
        let asked = use_mut_ref(|| 0u32);
        Callback::from(move |address: Address| {
            let (page, notices, asked) = (page.clone(), notices.clone(), asked.clone());
            *asked.borrow_mut() += 1;
            let number = *asked.borrow();
            wasm_bindgen_futures::spawn_local(async move {
                let (next, told) = page_of(&address, number).await;
                // Meanwhile something else may have been asked for.
                if *asked.borrow() != number {
                    return;
                }
                let is_first = number == 1;
                // What cannot be opened leaves everything as it was.
                if let Some(next) = next.or_else(|| is_first.then(nothing)) {
                    page.set(next);
                    if !is_first {
                        notices.dispatch(Tell::Clear);
                        dom::window().scroll_to_with_x_and_y(0.0, 0.0);
                        gloo_timers::callback::Timeout::new(0, || dom::focus("#title")).forget();
                    }
                }
                told.into_iter().for_each(|notice| notices.dispatch(Tell::Add(notice)));
            });
        })
    };
    {
        let (first, theme, show) = (first.clone(), theme.setter(), show.clone());
        use_effect_with((), move |()| {
            if let Some(chosen) = first.theme {
                theme.set(chosen);
            }
            show.emit((*first).clone());
        });
    }
    let go = {
        let show = show.clone();
        Callback::from(move |address: Address| {
            // A frame leaves the history to the page around it.
            if dom::is_embed() {
                address.replace()
            } else {
                address.push()
            }
            show.emit(address);
        })
    };
    let say: Say = {
        let notices = notices.dispatcher();
        use_callback((), move |notice, ()| notices.dispatch(Tell::Add(notice)))
    };
    use_history(&show, &say);
    use_keys(&say);
    incoming::use_incoming(&go, &say);
    let on_dismiss = {
        let notices = notices.dispatcher();
        Callback::from(move |id| notices.dispatch(Tell::Dismiss(id)))
    };
    let on_theme = {
        let theme = theme.setter();
        Callback::from(move |chosen: Theme| {
            storage::write("theme", chosen.id());
            theme.set(chosen);
        })
    };
    let title = match &*page {
        Page::Home | Page::Opening | Page::Missing(..) | Page::Broken(_) => "Switchyard".to_owned(),
        Page::Lab(_, opened) => format!("{} · Switchyard", opened.scenario.title),
    };
    use_effect_with(title, |title| dom::document().set_title(title));
    let skip = Callback::from(|_: MouseEvent| dom::focus("#main"));
    html! {
        <ContextProvider<Around> context={Around { go, dark: theme::is_dark() }}>
            <button type="button" class="skip" onclick={skip}>{ "Skip to the content" }</button>
            { notice_bar(&notices, &on_dismiss) }
            { match &*page {
                Page::Home => part(Home { theme: *theme, on_theme, say }),
                Page::Broken(broken) => broken_page(broken),
                Page::Opening => html! { <main id="main" class="home" tabindex="-1"><p>{ "Opening…" }</p></main> },
                Page::Missing(address, why) => missing(address, *why, &show),
                #[cfg(feature = "whole")]
                Page::Lab(number, opened) if opened.address.compare => {
                    keyed(*number, ComparePage { opened: opened.clone(), theme: *theme, on_theme, say })
                }
                Page::Lab(number, opened) => {
                    keyed(*number, LabPage { opened: opened.clone(), theme: *theme, on_theme, say })
                }
            } }
        </ContextProvider<Around>>
    }
}

/// What is shown in place of a lab that did not arrive.
fn missing(address: &Address, why: Missing, show: &Callback<Address>) -> Html {
    let text = match why {
        Missing::Broken => {
            "The connection broke. What has been loaded goes on working; a new lab has to be fetched.".into()
        }
        Missing::Gone(status) => {
            format!("The site does not have it any more (status {status}): it was updated just now.")
        }
    };
    let again = {
        let (address, show) = (address.clone(), show.clone());
        Callback::from(move |_: MouseEvent| match why {
            Missing::Broken => show.emit(address.clone()),
            Missing::Gone(_) => drop(dom::window().location().reload()),
        })
    };
    html! {
        <main id="main" class="home" tabindex="-1">
            <h1 id="title" tabindex="-1">{ "The lab did not arrive" }</h1>
            <p>{ text }</p>
            <p class="acts">
                <button type="button" class="button is-main" onclick={again}>{ "Try again" }</button>
                { head::button_to(Address::default(), "All labs") }
            </p>
        </main>
    }
}

/// "?" shows the keys.
#[hook]
fn use_keys(say: &Say) {
    let say = say.clone();
    use_effect_with((), move |()| {
        let listener = EventListener::new(&dom::document(), "keydown", move |event| {
            let key = event.dyn_ref::<KeyboardEvent>().map(KeyboardEvent::key);
            if key.as_deref() == Some("?") && !dom::takes_text(event) {
                later::open("keys", &say);
            }
        });
        move || drop(listener)
    });
}

/// Back, forward, and another fragment in the address bar: only the last could cost work, and asks.
#[hook]
fn use_history(show: &Callback<Address>, say: &Say) {
    let (show, say) = (show.clone(), say.clone());
    use_effect_with((), move |()| {
        if !dom::is_embed() {
            address::mark_present();
        }
        let listener = EventListener::new(&dom::window(), "popstate", move |event| {
            let (show, say, address) = (show.clone(), say.clone(), Address::present());
            if dom::is_embed() || address::is_ours(event) {
                return show.emit(address);
            }
            wasm_bindgen_futures::spawn_local(async move {
                if work::may_go(&say).await { show.emit(address) } else { work::show_address() }
            });
        });
        move || drop(listener)
    });
}
