//! The two pages: this one may lack what only the whole build has, which lies in a folder below it. Whatever
//! needs that goes there; what is shared and what leads home names the address without the folder.

use super::address::Address;
use super::dom::{document, window};
use switchyard::node;
use switchyard::scenario::{elsewhere, envelope};

/// Where the whole page lies below the site, as `cargo xtask build` puts it.
const FOLDER: &str = "all/";

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

/// Whether what the address asks for needs the whole page, and this is not it. `lab` is the scenario of the
/// lab that it names.
pub fn is_needed(address: &Address, lab: Option<&str>) -> bool {
    let linked = envelope::decode(&address.fragment).ok();
    let source = address.src.as_ref().and_then(|source| source.text.as_deref().ok());
    (address.compare && !cfg!(feature = "whole"))
        || [linked.as_deref(), source, lab].into_iter().flatten().any(elsewhere::is_needed)
        || address.settings.iter().any(|(path, value)| path.ends_with(".runs") && node::is_elsewhere(value))
}

/// Shows on the whole page what was asked for here, in its place in the history; without it the address with
/// which this page was opened, and all that stands in it. Later the page's address may follow a run that is
/// about to be left.
pub fn follow(asked: Option<&Address>) {
    let location = window().location();
    let present = || location.search().unwrap_or_default() + &location.hash().unwrap_or_default();
    let address = asked.map_or_else(present, Address::write);
    let path = location.pathname().unwrap_or_default();
    let page = path.rsplit('/').next().unwrap_or_default();
    let _ = location.replace(&format!("{FOLDER}{page}{}", address.trim_start_matches("./")));
}

/// The address of a lab's stage alone, for a frame that runs at once; on the page that has everything.
pub fn frame(lab: &str) -> String {
    format!("{}{FOLDER}embed.html?lab={lab}&show=stage&start=auto&t=2000", site())
}

/// What is said of a scenario that the whole page could run, where no link can hold it.
pub fn too_large() -> String {
    format!("It is too large for a link to the page that can run it. Open it there: {}{FOLDER}", site())
}
