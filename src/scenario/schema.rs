//! The published JSON Schema: generated from the types, with the bounds of the settings' tables.

use super::types::Scenario;
use crate::algo::setting::{Setting, SettingKind};
use crate::node::KINDS;
use serde_json::{Value, json};

/// The schema of a scenario file.
pub fn schema() -> Value {
    let mut schema = serde_json::to_value(schemars::schema_for!(Scenario)).unwrap_or_default();
    schema["title"] = json!("Switchyard scenario, version 1");
    schema["required"] = json!(["v", "nodes"]);
    schema["properties"]["v"] = json!({ "const": 1 });
    schema["properties"]["$schema"] = json!({ "type": "string" });
    let kinds: Vec<Value> =
        KINDS.iter().map(|kind| node_schema(&schema, kind.id, kind.settings, kind.member_settings)).collect();
    schema["$defs"]["NodeSpec"] = json!({ "oneOf": kinds });
    schema
}

/// A node's own fields, its kind's settings with their bounds, and nothing else.
fn node_schema(schema: &Value, kind: &str, settings: &[Setting], member_settings: &[Setting]) -> Value {
    let own = find_kind(schema, kind).unwrap_or_default();
    let mut properties = own["properties"].as_object().cloned().unwrap_or_default();
    bound(&mut properties, settings);
    if let Some(members) = properties.get_mut("members") {
        if let Some(mut fields) = schema["$defs"]["MemberSettings"]["properties"].as_object().cloned() {
            bound(&mut fields, member_settings);
            members["items"] =
                json!({ "type": "object", "properties": fields, "additionalProperties": false });
        }
    }
    properties.insert("kind".into(), json!({ "const": kind }));
    properties.insert("id".into(), json!({ "type": "string", "pattern": "^[a-z][a-z0-9-]{0,31}$" }));
    properties.insert("name".into(), json!({ "type": "string", "maxLength": 40 }));
    properties.insert("to".into(), json!({ "type": "array", "items": { "type": "string" }, "maxItems": 8 }));
    json!({ "type": "object", "properties": properties, "required": ["id", "kind"], "additionalProperties": false })
}

/// The generated object of a kind's settings: the form of a node with this word for `kind`.
fn find_kind(schema: &Value, kind: &str) -> Option<Value> {
    let forms = schema["$defs"]["NodeSpec"]["oneOf"].as_array()?;
    forms.iter().find(|form| form["properties"]["kind"]["const"] == kind).cloned()
}

/// Writes labels, bounds and defaults of the table into the generated properties.
fn bound(properties: &mut serde_json::Map<String, Value>, settings: &[Setting]) {
    for setting in settings {
        let Some(property) = properties.get_mut(setting.name) else { continue };
        let description = if setting.unit.is_empty() {
            setting.help.to_owned()
        } else {
            format!("{} Unit: {}.", setting.help, setting.unit)
        };
        match setting.kind {
            SettingKind::Number { min, max, step, default, .. } => {
                let kind = if step == 1.0 { "integer" } else { "number" };
                *property = json!({ "type": kind, "minimum": min, "maximum": max, "default": default });
            }
            SettingKind::Choice { options, default } => {
                let ids: Vec<&str> = options.iter().map(|(id, _)| *id).collect();
                *property = json!({ "enum": ids, "default": default });
            }
            SettingKind::Toggle { default } => *property = json!({ "type": "boolean", "default": default }),
            SettingKind::Policy { family, .. } => *property = policy_schema(family),
            SettingKind::Distribution { .. } => {
                *property = json!({ "anyOf": [{ "type": "number" }, { "$ref": "#/$defs/Distribution" }] });
            }
            SettingKind::Other => {}
        }
        property["title"] = json!(setting.label);
        property["description"] = json!(description);
    }
}

fn policy_schema(family: &str) -> Value {
    let policies = crate::node::policies(family);
    let ids: Vec<&str> = policies.iter().map(|policy| policy.id).collect();
    let mut forms = vec![json!({ "enum": ids })];
    for policy in &policies {
        let mut properties: serde_json::Map<String, Value> =
            policy.knobs.iter().map(|knob| (knob.name.to_owned(), json!({}))).collect();
        bound(&mut properties, policy.knobs);
        properties.insert("id".into(), json!({ "const": policy.id }));
        let form = json!({ "type": "object", "properties": properties, "required": ["id"], "additionalProperties": false, "description": policy.summary });
        forms.push(form);
    }
    json!({ "anyOf": forms })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_of_every_kind_stands_in_the_schema_with_its_label() {
        let schema = schema();
        for kind in KINDS {
            let form = find_kind(&schema, kind.id).unwrap_or_default();
            for setting in kind.settings {
                let found = &form["properties"][setting.name]["title"];
                assert_eq!(found, setting.label, "{}.{}", kind.id, setting.name);
            }
        }
    }
}
