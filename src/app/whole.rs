//! The two pages: this one may lack what only the whole build has, which lies in a folder below it. Whatever
//! needs that goes there; what is shared and what leads home names the address without the folder.

use super::address::Address;
use super::dom::{document, window};
use super::engine::Engine;
use serde_json::Value;
use switchyard::labs;
use switchyard::scenario::{elsewhere, envelope, link};

/// Where the whole page lies below the site, as `cargo xtask build` puts it.
pub const FOLDER: &str = "all/";

/// The site's folder, whichever of the two pages this is.
pub fn site() -> String {
    let base = document().base_uri().ok().flatten().unwrap_or_default();
    site_of(&base).unwrap_or(&base).to_owned()
}

/// Whether this page lies below the site's folder.
pub fn is_below() -> bool {
    document().base_uri().ok().flatten().is_some_and(|base| site_of(&base).is_some())
}

fn site_of(base: &str) -> Option<&str> {
    base.strip_suffix(FOLDER).filter(|site| cfg!(feature = "whole") && site.ends_with('/'))
}

/// Whether what the address asks for needs the whole page, and this is not it.
pub fn is_needed(address: &Address) -> bool {
    let linked = envelope::decode(&address.fragment).ok();
    let lab = || address.lab.as_deref().and_then(labs::find).map(|lab| lab.scenario);
    linked.as_deref().or_else(lab).is_some_and(elsewhere::is_needed)
        || address.settings.iter().any(|(path, value)| is_needed_for(path, &Value::from(value.as_str())))
}

/// The same for one setting.
fn is_needed_for(path: &str, value: &Value) -> bool {
    path.ends_with(".runs") && elsewhere::is_named(value)
}

/// Shows the present address on the whole page, in its place in the history.
pub fn follow() {
    let location = window().location();
    let (search, hash) = (location.search().unwrap_or_default(), location.hash().unwrap_or_default());
    let _ = location.replace(&format!("{FOLDER}{search}{hash}"));
}

/// Opens a scenario's text on the whole page.
///
/// # Errors
/// Where no address can hold it: says what to do instead.
pub fn open(scenario: &str) -> Result<(), String> {
    let written =
        serde_json::from_str::<Value>(scenario).map_or(scenario.to_owned(), |json| json.to_string());
    go(&Address { fragment: envelope::encode(&written), ..Address::default() })
}

/// Goes to the whole page if that is what the setting needs. There it holds from the start of the run.
pub fn takes_setting(engine: &Engine, path: &str, value: &Value) -> bool {
    let needed = is_needed_for(path, value);
    if needed {
        let session = engine.session();
        let (present, _) = Address::present();
        let address = Address {
            fragment: link::encode(session.scenario()),
            settings: vec![(path.to_owned(), value.as_str().unwrap_or_default().to_owned())],
            t_ms: engine.begun().then(|| session.now().ms().round()),
            ..present
        };
        drop(session);
        if let Err(sentence) = go(&address) {
            engine.say(super::notice::Notice::error(sentence));
        }
    }
    needed
}

fn go(address: &Address) -> Result<(), String> {
    let at = format!("{}{FOLDER}", site());
    if address.fragment.len() > envelope::FRAGMENT_BYTES_MAX {
        return Err(format!(
            "This needs the whole page, and is too large for a link. Open it as a file at {at}"
        ));
    }
    window().location().assign(&format!("{at}{}", address.write())).map_err(|_| format!("Open it at {at}"))
}
