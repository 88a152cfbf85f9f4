//! From an address or a file to a scenario that can run. Order: lab < src < fragment < `p.*`, `seed`.

use super::address::Address;
use super::broken::Broken;
use super::notice::Notice;
use super::texts::{self, Missing};
use super::whole;
use serde_json::Value;
use std::rc::Rc;
use switchyard::labs::{self, Lab, Lesson};
use switchyard::scenario::envelope::{self, LinkError};
use switchyard::scenario::link::{self, OpenError};
use switchyard::scenario::{Checked, Problem, paths};

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Opened {
    pub lab: Option<OpenedLab>,
    pub scenario: Checked,
    pub address: Address,
}

/// A lab that has arrived.
#[derive(Clone, Debug)]
pub struct OpenedLab {
    pub lab: &'static Lab,
    /// The scenario as it was made.
    pub made: Checked,
    pub lesson: Rc<Lesson>,
}

/// Why an address leads to no run.
pub enum Closed {
    /// The whole page has what this one lacks.
    Elsewhere,
    /// A file of the lab did not arrive.
    Missing(Missing),
    /// A link or a scenario from elsewhere does not open. Another one is never shown in its place.
    Broken(Broken),
    /// What it asks for cannot be run; a notice says why.
    Wrong,
}

/// The scenario that an address asks for.
///
/// # Errors
/// Why nothing can be run.
pub async fn open(address: &Address, notices: &mut Vec<Notice>) -> Result<Opened, Closed> {
    let lab = address.lab.as_deref().and_then(|id| {
        let lab = labs::find(id);
        if lab.is_none() {
            let id = switchyard::algo::setting::shortened(id);
            notices.push(Notice::error(format!("There is no lab “{id}”.")));
        }
        lab
    });
    let link = match address.fragment.as_str() {
        "" => None,
        fragment => Some(link::decode(fragment)),
    };
    // It takes no look at the lab to see that a link is damaged.
    if let Some(Err(error @ OpenError::Link(_))) = &link {
        return Err(Closed::Broken(broken_link(address, error.clone())));
    }
    let texts = match lab {
        Some(lab) => Some(texts::of_lab(lab).await.map_err(Closed::Missing)?),
        None => None,
    };
    if whole::is_needed(address, texts.as_ref().map(|texts| texts.scenario.as_str())) {
        return Err(Closed::Elsewhere);
    }
    let lab = lab.zip(texts).and_then(|(lab, texts)| match read(lab, &texts.scenario, &texts.lesson) {
        Ok(lab) => Some(lab),
        Err(notice) => {
            notices.push(notice);
            None
        }
    });
    let mut scenario = if let Some(linked) = link {
        linked.map_err(|error| Closed::Broken(broken_link(address, error)))?
    } else if let Some(source) = &address.src {
        let refuse = |why, found, text| Closed::Broken(Broken::source(address, why, found, text));
        let text = source.text.as_ref().map_err(|why| refuse(why.clone(), vec![], None))?;
        let unfit = |found| refuse("Its scenario cannot run.".into(), found, Some(text.clone()));
        let scenario = Checked::parse(text).map_err(unfit)?;
        let host = web_sys::Url::new(&source.address).map(|address| address.host()).unwrap_or_default();
        notices.push(Notice::note(format!("This scenario comes from {host}.")));
        scenario
    } else {
        lab.as_ref().map(|lab| lab.made.clone()).ok_or(Closed::Wrong)?
    };
    if let Some(seed) = address.seed {
        scenario = adjusted(scenario, "seed", Value::from(seed), notices);
    }
    for (path, value) in &address.settings {
        scenario = adjusted(scenario, path, value_of(value), notices);
    }
    Ok(Opened { lab, scenario, address: Address { left_out: vec![], ..address.clone() } })
}

fn read(lab: &'static Lab, scenario: &str, lesson: &str) -> Result<OpenedLab, Notice> {
    let made = Checked::parse(scenario).map_err(|found| problems("The lab cannot be run", found))?;
    let lesson =
        Lesson::parse(lesson).map_err(|why| Notice::error("The lab's lesson cannot be read:").with([why]))?;
    Ok(OpenedLab { lab, made, lesson: Rc::new(lesson) })
}

fn broken_link(address: &Address, error: OpenError) -> Broken {
    match error {
        OpenError::Link(error) => {
            // Only its front was taken.
            let is_whole = !matches!(error, LinkError::TooLong { .. });
            let raw = is_whole.then(|| address.fragment.clone());
            Broken::link(address, error.to_string(), vec![], raw)
        }
        OpenError::Scenario(found) => Broken::link(
            address,
            "The link is whole, but its scenario cannot run.".into(),
            found,
            envelope::decode(&address.fragment).ok(),
        ),
    }
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
