//! The page: Yew components around a run that lives outside the virtual DOM.
//!
//! [`engine`] holds the run, [`clock`] moves it and tells components by pulses, about ten a second.
//! Stage and charts are canvases that painters draw at every frame or pulse; everything else is HTML.
//! [`paint`] puts the scene's shapes and pixels on canvases.
//! The page never sets `style=` and never parses HTML: its policy forbids both.

mod address;
mod bar;
mod canvas;
mod chart_picture;
mod charts;
mod chips;
mod clock;
mod controls;
mod dialog;
mod dom;
mod engine;
mod files;
mod goal;
mod head;
mod home;
mod inspect;
mod knob;
mod lab;
mod lesson;
mod log;
mod names;
mod node_panel;
mod notice;
mod open;
mod paint;
mod picture;
mod request;
mod share;
mod slider;
mod stage;
mod storage;
mod tabs;
mod task;
mod theme;
mod transport;
mod whole;

use address::Address;
use gloo_events::EventListener;
use home::Home;
use lab::LabPage;
use notice::{Notice, Notices, Say, Tell, notice_bar};
use open::{Opened, open};
use std::rc::Rc;
use theme::Theme;
use yew::prelude::*;

/// Shows the page in the element `#app`.
pub fn main() {
    yew::set_custom_panic_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        dom::fatal(&info.to_string());
    }));
    let Some(root) = dom::document().get_element_by_id("app") else { return dom::fatal("there is no #app") };
    yew::Renderer::<App>::with_root(root).render();
}

/// Which page is shown. Runs are told apart by a number, so that the same lab can be opened anew.
#[derive(Clone)]
enum Page {
    Home,
    Lab(u32, Rc<Opened>),
    /// The whole page is on its way.
    Leaving,
}

/// The page that an address asks for; `None` if it asks for a run that cannot be had.
fn page_of(address: &Address, number: u32, notices: &mut Vec<Notice>) -> Option<Page> {
    if !address.asks_for_a_run() {
        return Some(Page::Home);
    }
    open(address, notices).map(|opened| Page::Lab(number, Rc::new(opened)))
}

#[component]
fn App() -> Html {
    let notices = use_reducer(Notices::default);
    let theme = use_state(Theme::remembered);
    let first = use_memo((), |()| first_page());
    let page = use_state(|| first.0.clone());
    {
        let (notices, first, theme) = (notices.dispatcher(), first.clone(), theme.setter());
        use_effect_with((), move |()| {
            first.1.iter().for_each(|notice| notices.dispatch(Tell::Add(notice.clone())));
            if let Some(chosen) = first.2 {
                theme.set(chosen);
            }
        });
    }
    use_effect_with(*theme, |theme| theme.apply());
    let show = {
        let (page, notices) = (page.setter(), notices.dispatcher());
        let number = use_mut_ref(|| 1u32);
        Callback::from(move |address: Address| {
            if whole::is_needed(&address) {
                return whole::follow();
            }
            *number.borrow_mut() += 1;
            let mut told = vec![];
            // What cannot be opened leaves everything as it was.
            if let Some(next) = page_of(&address, *number.borrow(), &mut told) {
                notices.dispatch(Tell::Clear);
                page.set(next);
                dom::window().scroll_to_with_x_and_y(0.0, 0.0);
                gloo_timers::callback::Timeout::new(0, || dom::focus("#title")).forget();
            }
            told.into_iter().for_each(|notice| notices.dispatch(Tell::Add(notice)));
        })
    };
    use_back_button(&show);
    let go = {
        let show = show.clone();
        Callback::from(move |address: Address| {
            address.push();
            show.emit(address);
        })
    };
    let say: Say = {
        let notices = notices.dispatcher();
        use_callback((), move |notice, ()| notices.dispatch(Tell::Add(notice)))
    };
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
        Page::Home | Page::Leaving => "Switchyard".to_owned(),
        Page::Lab(_, opened) => format!("{} · Switchyard", opened.scenario.title),
    };
    use_effect_with(title, |title| dom::document().set_title(title));
    let skip = Callback::from(|_: MouseEvent| dom::focus("#main"));
    html! {
        <ContextProvider<head::Go> context={go}>
            <button type="button" class="skip" onclick={skip}>{ "Skip to the content" }</button>
            { notice_bar(&notices, &on_dismiss) }
            { match &*page {
                Page::Home => html! { <Home theme={*theme} {on_theme} /> },
                Page::Leaving => html! { <main id="main" class="home" tabindex="-1"><p>{ "Opening…" }</p></main> },
                Page::Lab(number, opened) => html! {
                    <LabPage key={*number} opened={opened.clone()} theme={*theme} {on_theme} {say} />
                },
            } }
        </ContextProvider<head::Go>>
    }
}

/// The page of the present address, what is to be said of it, and the theme that it asks for.
fn first_page() -> (Page, Vec<Notice>, Option<Theme>) {
    let (address, mut notices) = Address::present();
    if whole::is_needed(&address) {
        whole::follow();
        return (Page::Leaving, notices, address.theme);
    }
    let page = page_of(&address, 0, &mut notices).unwrap_or(Page::Home);
    (page, notices, address.theme)
}

/// Back, forward, and another fragment typed into the address bar.
#[hook]
fn use_back_button(show: &Callback<Address>) {
    let show = show.clone();
    use_effect_with((), move |()| {
        let listener =
            EventListener::new(&dom::window(), "popstate", move |_| show.emit(Address::present().0));
        move || drop(listener)
    });
}
