//! `switchyard policies`: every policy, what can be set on it, and where it comes from.

use super::Failure;
use crate::algo::Family;
use crate::algo::setting::{Setting, SettingKind};
use crate::node;
use std::io::Write;

/// List the policies, their settings with bounds, and their sources
#[derive(Debug, clap::Args)]
pub struct Options {
    /// One family, such as balance; all if none is named
    family: Option<String>,
}

pub fn policies(options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    let wanted = |family: &&Family| options.family.as_deref().is_none_or(|id| id == family.id);
    let all = node::families();
    let families: Vec<&Family> = all.iter().filter(wanted).collect();
    if families.is_empty() {
        let ids: Vec<&str> = all.iter().map(|family| family.id).collect();
        return Err(Failure::input(format!("there is no such family; there are {}", ids.join(", "))));
    }
    for family in families {
        writeln!(out, "{} ({})", family.name, family.id)?;
        for policy in (family.policies)() {
            writeln!(out, "\n  {}  {}", policy.id, policy.name)?;
            writeln!(out, "    {}", policy.summary)?;
            if !policy.source.is_empty() {
                writeln!(out, "    Source: {}", policy.source)?;
            }
            for knob in policy.knobs {
                writeln!(out, "    {} = {}. {}", knob.name, bounds(knob), knob.help)?;
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

/// What a setting may be, and what it is by default.
fn bounds(setting: &Setting) -> String {
    let unit = if setting.unit.is_empty() { String::new() } else { format!(" {}", setting.unit) };
    match setting.kind {
        SettingKind::Number { min, max, default, step, .. } => {
            let whole = if step == 1.0 { "whole, " } else { "" };
            format!("{min} to {max}{unit} ({whole}default {default})")
        }
        SettingKind::Choice { options, default } => {
            let ids: Vec<&str> = options.iter().map(|(id, _)| *id).collect();
            format!("{} (default {default})", ids.join(" | "))
        }
        SettingKind::Toggle { default } => format!("true | false (default {default})"),
        SettingKind::Policy { family, default } => format!("a {family} policy (default {default})"),
        SettingKind::Distribution { max_mean_ms } => format!("a distribution, mean up to {max_mean_ms} ms"),
        SettingKind::Other => "see the schema".to_owned(),
    }
}
