//! Scenario links: a whole scenario in an address.

use super::check::Checked;
use super::envelope::{self, LinkError};
use super::types::Problem;
use std::fmt;

/// Why a link does not open.
#[derive(Clone, Debug, PartialEq)]
pub enum OpenError {
    /// The envelope is not whole, or not one.
    Link(LinkError),
    /// What is in it is not a scenario that can run.
    Scenario(Vec<Problem>),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Link(error) => write!(f, "{error}"),
            OpenError::Scenario(problems) => {
                f.write_str("The link is whole, but its scenario cannot run.")?;
                problems.iter().try_for_each(|problem| write!(f, " {problem}."))
            }
        }
    }
}

impl std::error::Error for OpenError {}

/// The address's fragment, without `#`.
pub fn encode(scenario: &Checked) -> String {
    envelope::encode(&scenario.to_json())
}

/// # Errors
/// What is wrong with the link, or with the scenario in it.
pub fn decode(fragment: &str) -> Result<Checked, OpenError> {
    let json = envelope::decode(fragment).map_err(OpenError::Link)?;
    Checked::parse(&json).map_err(OpenError::Scenario)
}
