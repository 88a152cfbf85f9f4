//! The page's address: what it asks for, and what it becomes. Unknown keys are ignored; a bad value
//! falls back to its default and is told.

use super::dom::{global, text_of, window};
use super::notice::Notice;
use super::theme::Theme;
use super::whole;
use switchyard::algo::setting::shortened;
use switchyard::scenario::envelope;
use switchyard::scenario::json::decimal;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, PopStateEvent, UrlSearchParams};

/// What `show=` can name.
pub const PANELS: [&str; 8] =
    ["stage", "transport", "controls", "charts", "lesson", "challenge", "inspector", "title"];

/// Keys that take one of a few words; the first is what holds without them.
const CHOICES: [(&str, &[&str]); 6] = [
    ("edit", &["full", "knobs", "none"]),
    ("start", &["click", "visible", "auto"]),
    ("motion", &["auto", "reduced", "full"]),
    ("dots", &["auto", "each"]),
    ("wheel", &["ctrl", "on"]),
    ("report", &["none", "splice", "xapi"]),
];

/// Lowest and highest frame that `height=` can ask for, in pixels.
const HEIGHTS_PX: (f64, f64) = (100.0, 5000.0);

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Address {
    pub lab: Option<String>,
    /// A scenario from elsewhere, with what came from there; boot.js has fetched it.
    pub src: Option<Source>,
    /// What is meant as a link; empty if there is none.
    pub fragment: String,
    /// From `p.PATH=VALUE`, in order.
    pub settings: Vec<(String, String)>,
    pub seed: Option<u64>,
    pub t_ms: Option<f64>,
    pub speed: Option<f64>,
    pub theme: Option<Theme>,
    /// `view=compare`: the variants side by side.
    pub compare: bool,
    /// Which panels; `None` for all.
    pub show: Option<Vec<&'static str>>,
    /// What else was asked for and is understood, in order.
    pub words: Vec<(&'static str, String)>,
    /// What is no good, in order; whoever opens the address says so.
    pub left_out: Vec<LeftOut>,
}

/// A pair of the query that has no effect.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// Empty for the whole query.
    key: String,
    value: String,
    /// What would have had one: "a whole number is wanted".
    wanted: String,
}

/// What `src=` names.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    pub address: String,
    /// The scenario's text, or why there is none.
    pub text: Result<String, String>,
}

/// Slowest and fastest playback.
pub const SPEEDS: (f64, f64) = (0.001, 1000.0);

/// Longest query that is looked at, in characters, and most settings that are taken from one.
const QUERY_CHARS_MAX: usize = 16_384;
const SETTINGS_MAX: usize = 64;

impl Address {
    pub fn present() -> Address {
        Address::of(&window().location())
    }

    /// What a `Location` or a `URL` says. No more of it is taken than could be good.
    pub fn of(url: &JsValue) -> Address {
        Address::read(
            &text_of(url, "search", QUERY_CHARS_MAX + 1),
            &text_of(url, "hash", envelope::FRAGMENT_BYTES_MAX + 2),
        )
    }

    /// Reads `?query` and `#fragment`.
    fn read(search: &str, hash: &str) -> Address {
        let meant = envelope::is_meant(hash);
        let fragment = if meant { hash.trim_start_matches('#').to_owned() } else { String::new() };
        let mut address = Address { fragment, ..Address::default() };
        if search.chars().nth(QUERY_CHARS_MAX).is_some() {
            let wanted = format!("it has more than {QUERY_CHARS_MAX} characters");
            address.left_out.push(LeftOut { key: String::new(), value: String::new(), wanted });
            return address;
        }
        for (key, value) in pairs(search) {
            if let Err(wanted) = address.take(&key, &value) {
                address.left_out.push(LeftOut { key, value, wanted });
            }
        }
        address
    }

    /// Says what is left out.
    pub fn complaint(&self) -> Option<Notice> {
        let named = |pair: &LeftOut| match pair.key.as_str() {
            "" => "What stands after “?”".to_owned(),
            key => format!("“{}={}”", shortened(key), shortened(&pair.value)),
        };
        match self.left_out.as_slice() {
            [] => None,
            [pair] => {
                Some(Notice::note(format!("{} in the address is left out: {}.", named(pair), pair.wanted)))
            }
            pairs => {
                let lines = pairs.iter().map(|pair| format!("{}: {}", named(pair), pair.wanted));
                Some(Notice::note("Some of the address is left out:").with(lines))
            }
        }
    }

    /// Takes one pair; says what is wanted instead.
    fn take(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "lab" => self.lab = Some(value.to_owned()),
            // The fragment comes after it, so nothing was fetched if there is one.
            "src" if self.fragment.is_empty() => {
                let said = |name: &str| global(name).as_string();
                let text = said("__sourceText");
                let why = said("__sourceProblem").unwrap_or_default();
                self.src = Some(Source { address: value.to_owned(), text: text.ok_or(why) });
            }
            "seed" => self.seed = Some(value.parse().map_err(|_| "a whole number is wanted")?),
            "t" => self.t_ms = Some(number(value, 0.0, f64::MAX)?),
            "speed" => self.speed = Some(number(value, SPEEDS.0, SPEEDS.1)?),
            "theme" => self.theme = Some(Theme::from_id(value).ok_or("auto, light or dark is wanted")?),
            "view" if value == "compare" => self.compare = true,
            "view" => return Err("compare is wanted".into()),
            "show" => {
                let known = |name: &str| PANELS.iter().copied().find(|panel| *panel == name.trim());
                let shown: Option<Vec<&'static str>> = value.split(',').map(known).collect();
                self.show = Some(shown.ok_or_else(|| format!("panels are {}", PANELS.join(", ")))?);
            }
            "height" if value != "auto" => {
                number(value, HEIGHTS_PX.0, HEIGHTS_PX.1)?;
                self.words.push(("height", value.to_owned()));
            }
            "height" => self.words.push(("height", value.to_owned())),
            "lang" => {
                let is_english = value.split('-').next().is_some_and(|lang| lang.eq_ignore_ascii_case("en"));
                if !is_english {
                    return Err("the page is in English".into());
                }
                self.words.push(("lang", value.to_owned()));
            }
            "id" => {
                let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
                if value.is_empty() || value.len() > 64 || !value.chars().all(fits) {
                    return Err("at most 64 letters, digits, - and _ are wanted".into());
                }
                self.words.push(("id", value.to_owned()));
            }
            _ => {
                if let Some(path) = key.strip_prefix("p.") {
                    if self.settings.len() == SETTINGS_MAX {
                        return Err(format!("at most {SETTINGS_MAX} settings are taken"));
                    }
                    self.settings.push((path.to_owned(), value.to_owned()));
                } else if let Some((key, words)) = CHOICES.iter().find(|(known, _)| *known == key) {
                    if !words.contains(&value) {
                        return Err(format!("{} is wanted", words.join(" or ")));
                    }
                    self.words.push((key, value.to_owned()));
                }
            }
        }
        Ok(())
    }

    /// What `edit`, `start`, `motion`, `dots`, `wheel` or `report` is, asked for or not.
    pub fn word(&self, key: &str) -> &str {
        let asked = self.words.iter().rfind(|(known, _)| *known == key).map(|(_, value)| value.as_str());
        let usual = CHOICES.iter().find(|(known, _)| *known == key).map_or("", |(_, words)| words[0]);
        asked.unwrap_or(usual)
    }

    /// Whether it asks for a run, or for the first page.
    pub fn asks_for_a_run(&self) -> bool {
        self.lab.is_some() || !self.fragment.is_empty() || self.src.is_some()
    }

    /// "?lab=…&speed=…#s1.…", relative to the page's folder.
    pub fn write(&self) -> String {
        let mut parts = vec![];
        let mut add = |key: &str, value: &str| parts.push(format!("{key}={}", escaped(value)));
        if let Some(lab) = &self.lab {
            add("lab", lab);
        }
        for (path, value) in &self.settings {
            add(&format!("p.{path}"), value);
        }
        if let Some(seed) = self.seed {
            add("seed", &seed.to_string());
        }
        if let Some(t_ms) = self.t_ms {
            add("t", &t_ms.to_string());
        }
        if let Some(speed) = self.speed {
            add("speed", &speed.to_string());
        }
        if let Some(theme) = self.theme {
            add("theme", theme.id());
        }
        if self.compare {
            add("view", "compare");
        }
        if let Some(show) = &self.show {
            add("show", &show.join(","));
        }
        if let Some(source) = &self.src {
            add("src", &source.address);
        }
        self.words.iter().for_each(|(key, value)| add(key, value));
        let known = self.left_out.iter().filter(|pair| !pair.key.is_empty());
        known.for_each(|pair| add(&pair.key, &pair.value));
        let query = if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) };
        let fragment = if self.fragment.is_empty() { String::new() } else { format!("#{}", self.fragment) };
        match (query.is_empty(), fragment.is_empty()) {
            (true, true) => "./".into(),
            (true, false) => format!("./{fragment}"),
            _ => query + &fragment,
        }
    }

    /// The same with the scheme, host and folder of the site before it.
    pub fn absolute(&self) -> String {
        web_sys::Url::new_with_base(&self.write(), &whole::site()).map(|url| url.href()).unwrap_or_default()
    }

    /// Shown without a new entry in the history. Frames without an origin of their own may not do
    /// that, which does no harm.
    pub fn replace(&self) {
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&JsValue::TRUE, "", Some(&self.here()));
        }
    }

    /// Shown as a new entry in the history.
    pub fn push(&self) {
        if let Ok(history) = window().history() {
            let _ = history.push_state_with_url(&JsValue::TRUE, "", Some(&self.here()));
        }
    }

    /// The same on this very page, which may be `embed.html`.
    fn here(&self) -> String {
        let path = window().location().pathname().unwrap_or_default();
        let address = self.write();
        path + address.strip_prefix("./").unwrap_or(&address)
    }
}

/// Marks the entry of the history that the site was opened with as the others are.
pub fn mark_present() {
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&JsValue::TRUE, "", None);
    }
}

/// Whether an entry that is come to is one of those, and no address that somebody has just given.
pub fn is_ours(popstate: &Event) -> bool {
    popstate.dyn_ref::<PopStateEvent>().is_some_and(|event| event.state().is_truthy())
}

fn pairs(search: &str) -> Vec<(String, String)> {
    let Ok(parameters) = UrlSearchParams::new_with_str(search) else { return vec![] };
    let entries = js_sys::Array::from(&parameters);
    let text = |pair: &js_sys::Array, index| pair.get(index).as_string().unwrap_or_default();
    entries
        .iter()
        .map(|pair| js_sys::Array::from(&pair))
        .map(|pair| (text(&pair, 0), text(&pair, 1)))
        .collect()
}

fn number(text: &str, min: f64, max: f64) -> Result<f64, String> {
    match decimal(text) {
        Some(number) if (min..=max).contains(&number) => Ok(number),
        _ if max == f64::MAX => Err(format!("a number from {min} on is wanted")),
        _ => Err(format!("a number between {min} and {max} is wanted")),
    }
}

/// Escaped for a query, with what is legible there left so.
fn escaped(text: &str) -> String {
    const LEGIBLE: [char; 3] = ['/', ',', ':'];
    let piece = |piece: &str| {
        let word = piece.trim_end_matches(LEGIBLE);
        String::from(js_sys::encode_uri_component(word)) + &piece[word.len()..]
    };
    text.split_inclusive(LEGIBLE).map(piece).collect()
}
