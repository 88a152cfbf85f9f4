//! From an address or a file to a scenario that can run. Order: lab < fragment < `p.*`, `seed`.

use super::address::Address;
use super::notice::Notice;
use serde_json::Value;
use switchyard::labs::{self, Lab};
use switchyard::scenario::{Checked, Problem, link, paths};

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Opened {
    pub lab: Option<&'static Lab>,
    pub scenario: Checked,
    pub address: Address,
}

/// The scenario that an address asks for; `None` where nothing can be run.
pub fn open(address: &Address, notices: &mut Vec<Notice>) -> Option<Opened> {
    let lab = address.lab.as_deref().and_then(|id| {
        let lab = labs::find(id);
        if lab.is_none() {
            let id = switchyard::algo::setting::shortened(id);
            notices.push(Notice::error(format!("There is no lab “{id}”.")));
        }
        lab
    });
    let of_lab = lab.map(|lab| Checked::parse(lab.scenario)).transpose();
    let of_lab = of_lab.unwrap_or_else(|found| {
        notices.push(problems("The lab cannot be run", found));
        None
    });
    let mut scenario = if address.fragment.is_empty() {
        of_lab?
    } else {
        link::decode(&address.fragment)
            .or_else(|error| {
                // Never silently some other lab: what is shown instead is said.
                let instead = if of_lab.is_some() { " The lab is shown as it was made." } else { "" };
                notices.push(Notice::error(format!("The link could not be opened. {error}{instead}")));
                of_lab.ok_or(())
            })
            .ok()?
    };
    if let Some(seed) = address.seed {
        scenario = adjusted(scenario, "seed", Value::from(seed), notices);
    }
    for (path, value) in &address.settings {
        scenario = adjusted(scenario, path, value_of(value), notices);
    }
    Some(Opened { lab, scenario, address: address.clone() })
}

/// `5`, `true` and `{"dist":…}` mean what they mean in JSON; everything else is a word.
fn value_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

fn adjusted(scenario: Checked, path: &str, value: Value, notices: &mut Vec<Notice>) -> Checked {
    match paths::with(&scenario, path, value) {
        Ok(changed) => changed,
        Err(found) => {
            notices.push(problems("A setting in the address is left out", found));
            scenario
        }
    }
}

/// A notice that lists what is wrong.
pub fn problems(what: &str, problems: Vec<Problem>) -> Notice {
    Notice::error(format!("{what}:")).with(problems.iter().map(Problem::to_string))
}

/// The scenario of a lab as it was made.
pub fn of_lab(lab: &Lab) -> Option<Checked> {
    Checked::parse(lab.scenario).ok()
}
