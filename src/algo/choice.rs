//! A policy as a scenario names it: its id and the settings that differ from its defaults.

use super::setting::{Knobs, kind_of, shortened};
use super::{PolicyInfo, policies};
use crate::sim::order::map_of;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::iter::once;

/// `"round-robin"` or `{ "id": "consistent-hash", "points": 160 }`; written back in the second form.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema), schemars(from = "Written"))]
pub struct PolicyChoice {
    pub id: String,
    /// By the names of the policy's table.
    pub knobs: BTreeMap<String, serde_json::Value>,
}

/// The two forms, for the schema.
#[cfg(not(target_arch = "wasm32"))]
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code)]
enum Written {
    Id(String),
    Full {
        id: String,
        #[schemars(flatten)]
        knobs: BTreeMap<String, serde_json::Value>,
    },
}

/// By hand: what serde derives for a type of two forms with fields of any name is several times as long.
impl<'de> Deserialize<'de> for PolicyChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (id, knobs) = match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::Object(mut fields) => (fields.remove("id"), map_of(fields)),
            id => (Some(id), BTreeMap::new()),
        };
        match id {
            Some(serde_json::Value::String(id)) => Ok(PolicyChoice { id, knobs }),
            Some(other) => {
                let found = kind_of(&other);
                Err(D::Error::custom(format_args!("wrong kind of value: {found}, expected a policy's id")))
            }
            None => Err(D::Error::custom("missing field `id`")),
        }
    }
}

impl Serialize for PolicyChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let id = serde_json::Value::from(self.id.as_str());
        serializer
            .collect_map(once(("id", &id)).chain(self.knobs.iter().map(|(name, value)| (&**name, value))))
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
            knobs: map_of(knobs.iter().map(|(name, value)| (name.to_owned(), value.to_json()))),
        }
    }
}
