//! A policy as a scenario names it: its id and the settings that differ from its defaults.

use super::setting::{Knobs, kind_of, shortened};
use super::{PolicyInfo, policies};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `"round-robin"` or `{ "id": "consistent-hash", "points": 160 }`; written back in the second form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(from = "Written")]
pub struct PolicyChoice {
    pub id: String,
    /// By the names of the policy's table.
    #[serde(flatten)]
    pub knobs: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(untagged)]
enum Written {
    Id(String),
    Full {
        id: String,
        #[serde(flatten)]
        knobs: BTreeMap<String, serde_json::Value>,
    },
}

impl From<Written> for PolicyChoice {
    fn from(written: Written) -> Self {
        match written {
            Written::Id(id) => PolicyChoice { id, knobs: BTreeMap::new() },
            Written::Full { id, knobs } => PolicyChoice { id, knobs },
        }
    }
}

impl PolicyChoice {
    pub fn new(id: &str) -> PolicyChoice {
        PolicyChoice { id: id.into(), knobs: BTreeMap::new() }
    }

    /// What the family's table says of this policy.
    pub fn info(&self, family: &str) -> Option<PolicyInfo> {
        policies(family).into_iter().find(|info| info.id == self.id)
    }

    /// All settings, defaults included.
    ///
    /// # Errors
    /// Every problem, as (path below the policy, sentence).
    pub fn resolve(&self, family: &str) -> Result<Knobs, Vec<(String, String)>> {
        self.resolve_among(&policies(family))
    }

    /// The same among policies that are no family of this layer.
    ///
    /// # Errors
    /// Every problem, as (path below the policy, sentence).
    pub fn resolve_among(&self, known: &[PolicyInfo]) -> Result<Knobs, Vec<(String, String)>> {
        let Some(info) = known.iter().find(|info| info.id == self.id) else {
            let ids: Vec<&str> = known.iter().map(|info| info.id).collect();
            let sentence =
                format!("there is no policy \"{}\"; there are {}", shortened(&self.id), ids.join(", "));
            return Err(vec![("id".into(), sentence)]);
        };
        let mut knobs = Knobs::defaults(info.knobs);
        let mut problems = vec![];
        for (name, value) in &self.knobs {
            match info.knobs.iter().find(|setting| setting.name == name) {
                None => problems.push((shortened(name), format!("{} has no such setting", info.name))),
                Some(setting) => match setting.check(value) {
                    Ok(Some(checked)) => knobs.set(setting.name, checked),
                    Ok(None) => problems.push((name.clone(), format!("cannot be {}", kind_of(value)))),
                    Err(sentence) => problems.push((name.clone(), sentence)),
                },
            }
        }
        if problems.is_empty() { Ok(knobs) } else { Err(problems) }
    }

    /// The same choice with every default written out.
    pub fn spelled_out(&self, family: &str) -> PolicyChoice {
        self.spelled_out_among(&policies(family))
    }

    pub fn spelled_out_among(&self, known: &[PolicyInfo]) -> PolicyChoice {
        let Ok(knobs) = self.resolve_among(known) else { return self.clone() };
        PolicyChoice {
            id: self.id.clone(),
            knobs: knobs.iter().map(|(name, v)| (name.to_owned(), v.to_json())).collect(),
        }
    }
}
