//! The browser, as far as the page needs it: every access that can fail is answered for here.

use js_sys::Uint8Array;
use std::cell::RefCell;
use wasm_bindgen::prelude::*;
use web_sys::{
    Document, Element, Event, HtmlElement, HtmlInputElement, IntersectionObserver, IntersectionObserverEntry,
    MediaQueryList, Window,
};
use yew::prelude::*;

/// The app runs in a page; without a window nothing could have started it.
pub fn window() -> Window {
    web_sys::window().expect("a page has a window")
}

pub fn document() -> Document {
    window().document().expect("a page has a document")
}

/// Milliseconds since the page began.
pub fn now_ms() -> f64 {
    window().performance().map(|performance| performance.now()).unwrap_or(0.0)
}

/// Whether a media query holds now.
pub fn matches(query: &'static str) -> bool {
    thread_local! {
        /// Those that were asked before: they follow by themselves, and are asked for every frame.
        static KNOWN: RefCell<Vec<(&'static str, MediaQueryList)>> = const { RefCell::new(vec![]) };
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some((_, list)) = known.iter().find(|(it, _)| *it == query) {
            return list.matches();
        }
        let Some(list) = window().match_media(query).ok().flatten() else { return false };
        let matches = list.matches();
        known.push((query, list));
        matches
    })
}

/// How large text is on this page beside the usual. Some browsers enlarge text alone and tell no script of it: so a
/// length that follows text is measured.
pub fn text_scale() -> f64 {
    const USUAL_PX: f64 = 16.0;
    thread_local! {
        static MEASURE: Option<HtmlElement> = measure();
    }
    fn measure() -> Option<HtmlElement> {
        let element: HtmlElement = document().create_element("div").ok()?.dyn_into().ok()?;
        for (name, value) in [("position", "absolute"), ("width", "1rem"), ("visibility", "hidden")] {
            element.style().set_property(name, value).ok()?;
        }
        document().body()?.append_child(&element).ok()?;
        Some(element)
    }
    let width = MEASURE.with(|it| it.as_ref().map(|it| it.get_bounding_client_rect().width()));
    width.filter(|width| *width > 0.0).map_or(1.0, |width| width / USUAL_PX)
}

/// What a script of ours has put on the window; undefined if nothing.
pub fn global(name: &str) -> JsValue {
    js_sys::Reflect::get(&js_sys::global(), &name.into()).unwrap_or_default()
}

/// A property that is text, or what is at its front: no more characters than `most`, however many there are.
pub fn text_of(object: &JsValue, name: &str, most: usize) -> String {
    let text = js_sys::Reflect::get(object, &name.into()).ok().and_then(|text| text.dyn_into().ok());
    text.map_or_else(String::new, |text: js_sys::JsString| text.slice(0, most as u32).into())
}

fn root_attribute(name: &str) -> Option<String> {
    document().document_element().and_then(|root| root.get_attribute(name))
}

/// Whether this is `embed.html`: a lab in a frame of somebody else's page.
pub fn is_embed() -> bool {
    root_attribute("data-embed").is_some()
}

/// Whether less motion is wanted, by the address or else by the system.
pub fn less_motion() -> bool {
    match root_attribute("data-motion").as_deref() {
        Some("reduced") => true,
        Some("full") => false,
        _ => matches("(prefers-reduced-motion: reduce)"),
    }
}

/// A dot for each request was asked for, however many there are.
pub fn dot_for_each() -> bool {
    root_attribute("data-dots").as_deref() == Some("each")
}

/// Puts a word on the document's root, for style sheets and scripts.
pub fn mark_root(name: &str, value: &str) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute(name, value);
    }
}

/// Whether a media query holds, kept up to date.
#[hook]
pub fn use_media(query: &'static str) -> bool {
    let holds = use_state(|| matches(query));
    {
        let holds = holds.setter();
        use_effect_with((), move |()| {
            let list = window().match_media(query).ok().flatten();
            let listener = list.map(|list| {
                gloo_events::EventListener::new(&list, "change", move |_| holds.set(matches(query)))
            });
            move || drop(listener)
        });
    }
    *holds
}

/// Tells whether an element can be seen, now and whenever that changes, until it is dropped.
pub struct Sight {
    observer: IntersectionObserver,
    _told: Closure<dyn FnMut(js_sys::Array)>,
}

impl Sight {
    pub fn of(element: &Element, on_change: impl Fn(bool) + 'static) -> Option<Sight> {
        let told: Closure<dyn FnMut(js_sys::Array)> = Closure::new(move |entries: js_sys::Array| {
            let last = entries.iter().last().and_then(|entry| entry.dyn_into().ok());
            if let Some(entry) = last as Option<IntersectionObserverEntry> {
                on_change(entry.is_intersecting());
            }
        });
        let observer = IntersectionObserver::new(told.as_ref().unchecked_ref()).ok()?;
        observer.observe(element);
        Some(Sight { observer, _told: told })
    }
}

impl Drop for Sight {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Sets custom properties of an element. (`style=` attributes are stopped by the page's policy;
/// the object model is not.)
pub fn set_variables(node: &NodeRef, variables: &[(&str, String)]) {
    if let Some(element) = node.cast::<HtmlElement>() {
        set_on(&element, variables);
    }
}

/// The same for a node's child.
pub fn set_child_variables(node: &NodeRef, index: usize, variables: &[(&str, String)]) {
    let child = node.cast::<Element>().and_then(|element| element.children().item(index as u32));
    if let Some(child) = child.and_then(|child| child.dyn_into::<HtmlElement>().ok()) {
        set_on(&child, variables);
    }
}

fn set_on(element: &HtmlElement, variables: &[(&str, String)]) {
    for (name, value) in variables {
        let _ = element.style().set_property(name, value);
    }
}

pub fn focus(selector: &str) {
    let found = document().query_selector(selector).ok().flatten();
    if let Some(element) = found.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// The input that an event is about.
pub fn input_of(event: &Event) -> Option<HtmlInputElement> {
    event.target()?.dyn_into().ok()
}

/// Whether what has the focus has a use for this key, so that it is no shortcut.
pub fn takes_key(event: &Event, key: &str) -> bool {
    let Some(element) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else {
        return false;
    };
    // Space presses what can be pressed; arrows do nothing there. With a slider it is the other way
    // round.
    let taken = if key == " " { "button, summary, a, input:not([type=range])" } else { "input" };
    let selector = format!("{taken}, select, textarea, [role=tab], [role=radio], dialog, dialog *");
    element.matches(&selector).unwrap_or(false)
}

/// What has a use for text, a text's own undoing included. Sliders, switches and chips are inputs too.
pub const TAKES_TEXT: &str =
    "textarea, input:not([type=range], [type=radio], [type=checkbox]), dialog, dialog *";

/// Whether what has the focus takes text.
pub fn takes_text(event: &Event) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|element| element.matches(TAKES_TEXT).unwrap_or(false))
}

/// Hands a file to whoever reads the page.
pub fn save(name: &str, kind: &str, content: &str) {
    let bag = web_sys::BlobPropertyBag::new();
    bag.set_type(kind);
    let parts = js_sys::Array::of1(&JsValue::from_str(content));
    let blob = web_sys::Blob::new_with_str_sequence_and_options(&parts, &bag);
    let address = blob.and_then(|blob| web_sys::Url::create_object_url_with_blob(&blob));
    let Ok(address) = address else { return };
    save_from(name, &address);
    // Revoked once the download has begun for certain.
    gloo_timers::callback::Timeout::new(60_000, move || drop(web_sys::Url::revoke_object_url(&address)))
        .forget();
}

/// The same with a picture, as PNG.
pub fn save_canvas(name: &str, canvas: &web_sys::HtmlCanvasElement) {
    if let Ok(address) = canvas.to_data_url() {
        save_from(name, &address);
    }
}

fn save_from(name: &str, address: &str) {
    let anchor =
        document().create_element("a").ok().and_then(|a| a.dyn_into::<web_sys::HtmlAnchorElement>().ok());
    if let Some(anchor) = anchor {
        anchor.set_href(address);
        anchor.set_download(name);
        anchor.click();
    }
}

/// The bytes of a file.
///
/// # Errors
/// The browser's reason.
pub async fn read(file: &web_sys::File) -> Result<Vec<u8>, String> {
    let buffer = wasm_bindgen_futures::JsFuture::from(file.array_buffer()).await;
    buffer.map(|buffer| Uint8Array::new(&buffer).to_vec()).map_err(|error| format!("{error:?}"))
}

#[wasm_bindgen]
extern "C" {
    /// boot.js shows the worst-case screen; absent in tests.
    #[wasm_bindgen(catch, js_name = __fatal)]
    fn js_fatal(message: &str) -> Result<(), JsValue>;
}

pub fn fatal(message: &str) {
    let _ = js_fatal(message);
}

/// Tells boot.js where the present scenario can be found again.
pub fn remember_scenario(link: &str) {
    let _ = js_sys::Reflect::set(&js_sys::global(), &"__scenarioLink".into(), &link.into());
}
