//! The page's address: what it asks for, and what it becomes. Unknown keys are ignored; a bad value
//! falls back to its default and is told.

use super::dom::window;
use super::notice::Notice;
use super::theme::Theme;
use super::whole;
use switchyard::algo::setting::shortened;
use switchyard::scenario::json::decimal;
use wasm_bindgen::JsValue;
use web_sys::UrlSearchParams;

/// What `show=` can name.
pub const PANELS: [&str; 8] =
    ["stage", "transport", "controls", "charts", "lesson", "challenge", "inspector", "title"];

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Address {
    pub lab: Option<String>,
    /// Begins with `s` and a digit; empty if there is none.
    pub fragment: String,
    /// From `p.PATH=VALUE`, in order.
    pub settings: Vec<(String, String)>,
    pub seed: Option<u64>,
    pub t_ms: Option<f64>,
    pub speed: Option<f64>,
    pub theme: Option<Theme>,
    /// Which panels; `None` for all.
    pub show: Option<Vec<&'static str>>,
}

/// Slowest and fastest playback.
pub const SPEEDS: (f64, f64) = (0.001, 1000.0);

impl Address {
    /// The present one, and what could not be understood.
    pub fn present() -> (Address, Vec<Notice>) {
        let location = window().location();
        Address::read(&location.search().unwrap_or_default(), &location.hash().unwrap_or_default())
    }

    /// Reads `?query` and `#fragment`.
    pub fn read(search: &str, hash: &str) -> (Address, Vec<Notice>) {
        let mut address = Address { fragment: fragment_of(hash), ..Address::default() };
        let mut notices = vec![];
        for (key, value) in pairs(search) {
            if let Err(wanted) = address.take(&key, &value) {
                let text = format!(
                    "“{}={}” in the address is left out: {wanted}.",
                    shortened(&key),
                    shortened(&value)
                );
                notices.push(Notice::note(text));
            }
        }
        (address, notices)
    }

    /// Takes one pair; says what is wanted instead.
    fn take(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "lab" => self.lab = Some(value.to_owned()),
            "seed" => self.seed = Some(value.parse().map_err(|_| "a whole number is wanted")?),
            "t" => self.t_ms = Some(number(value, 0.0, f64::MAX)?),
            "speed" => self.speed = Some(number(value, SPEEDS.0, SPEEDS.1)?),
            "theme" => self.theme = Some(Theme::from_id(value).ok_or("auto, light or dark is wanted")?),
            "show" => {
                let known = |name: &str| PANELS.iter().copied().find(|panel| *panel == name.trim());
                let shown: Option<Vec<&'static str>> = value.split(',').map(known).collect();
                self.show = Some(shown.ok_or_else(|| format!("panels are {}", PANELS.join(", ")))?);
            }
            _ => {
                if let Some(path) = key.strip_prefix("p.") {
                    self.settings.push((path.to_owned(), value.to_owned()));
                }
            }
        }
        Ok(())
    }

    /// Whether it asks for a run, or for the first page.
    pub fn asks_for_a_run(&self) -> bool {
        self.lab.is_some() || !self.fragment.is_empty()
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
        if let Some(show) = &self.show {
            add("show", &show.join(","));
        }
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
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&self.write()));
        }
    }

    /// Shown as a new entry in the history.
    pub fn push(&self) {
        if let Ok(history) = window().history() {
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&self.write()));
        }
    }
}

fn fragment_of(hash: &str) -> String {
    let hash = hash.trim_start_matches('#');
    let is_scenario = hash.starts_with('s') && hash[1..].starts_with(|c: char| c.is_ascii_digit());
    if is_scenario { hash.to_owned() } else { String::new() }
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
    let escaped: String = js_sys::encode_uri_component(text).into();
    escaped.replace("%2F", "/").replace("%2C", ",").replace("%3A", ":")
}
