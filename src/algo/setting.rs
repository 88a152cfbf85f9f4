//! What can be set, as a table row: the one source for validation, sliders, the schema and the docs.

/// One thing that can be set on a policy or a node. Units stand last in the name (`window_ms`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// As in scenario files; never changes once released.
    pub name: &'static str,
    /// As on the page.
    pub label: &'static str,
    /// Shown behind the value; empty for a plain number.
    pub unit: &'static str,
    /// One sentence: what it does.
    pub help: &'static str,
    pub kind: SettingKind,
    /// It is asked for once, when a run begins: a change at another moment would change nothing.
    pub only_at_start: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SettingKind {
    /// A number within `min..=max`. `usual` is the span of a slider, which may be narrower.
    Number {
        min: f64,
        max: f64,
        usual: (f64, f64),
        step: f64,
        default: f64,
        scale: Scale,
    },
    /// One of a few words: (id, label).
    Choice {
        options: &'static [(&'static str, &'static str)],
        default: &'static str,
    },
    Toggle {
        default: bool,
    },
    /// A policy of the family with this name; its own settings follow from the family's table.
    Policy {
        family: &'static str,
        default: &'static str,
    },
    /// A distribution of milliseconds; sliders set its mean.
    Distribution {
        max_mean_ms: f64,
    },
    /// Structured; not a single control.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    Linear,
    Logarithmic,
}

/// A policy's settings as chosen: every name of its table is present, every value within its bounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Knobs {
    /// In the order of the table.
    values: Vec<(&'static str, Value)>,
}

/// The value of one setting.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Number(f64),
    Word(&'static str),
    Flag(bool),
}

impl Value {
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Number(number) => (*number).into(),
            Value::Word(word) => (*word).into(),
            Value::Flag(flag) => (*flag).into(),
        }
    }
}

impl Knobs {
    /// The defaults of a table.
    pub fn defaults(table: &[Setting]) -> Knobs {
        let values = table.iter().filter_map(|setting| Some((setting.name, setting.default_value()?)));
        Knobs { values: values.collect() }
    }

    /// Replaces one value; the caller has checked it against the table.
    pub fn set(&mut self, name: &'static str, value: Value) {
        match self.values.iter_mut().find(|(known, _)| *known == name) {
            Some((_, present)) => *present = value,
            None => self.values.push((name, value)),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.values.iter().map(|(name, value)| (*name, value))
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// A number setting's value; 0 if the table has no such number.
    pub fn number(&self, name: &str) -> f64 {
        match self.get(name) {
            Some(Value::Number(number)) => *number,
            _ => 0.0,
        }
    }

    /// A choice's id; empty if the table has no such choice.
    pub fn word(&self, name: &str) -> &'static str {
        match self.get(name) {
            Some(Value::Word(word)) => word,
            _ => "",
        }
    }

    pub fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Value::Flag(true)))
    }
}

impl Setting {
    /// In what its numbers are told, and how many of these 1 is: shares are told in per cent, as lessons and goals tell
    /// them.
    pub fn told_in(&self) -> (f64, &'static str) {
        match self.kind {
            SettingKind::Number { max, step, .. } if self.unit.is_empty() && max <= 1.0 && step == 0.0 => {
                (100.0, "%")
            }
            _ => (1.0, self.unit),
        }
    }

    const fn of(
        name: &'static str,
        label: &'static str,
        unit: &'static str,
        help: &'static str,
        kind: SettingKind,
    ) -> Setting {
        Setting { name, label, unit, help, kind, only_at_start: false }
    }

    pub const fn number(
        name: &'static str,
        label: &'static str,
        unit: &'static str,
        bounds: (f64, f64),
        default: f64,
        help: &'static str,
    ) -> Setting {
        let kind = SettingKind::Number {
            min: bounds.0,
            max: bounds.1,
            usual: bounds,
            step: 0.0,
            default,
            scale: Scale::Linear,
        };
        Setting::of(name, label, unit, help, kind)
    }

    pub const fn integer(
        name: &'static str,
        label: &'static str,
        unit: &'static str,
        bounds: (f64, f64),
        default: f64,
        help: &'static str,
    ) -> Setting {
        let kind = SettingKind::Number {
            min: bounds.0,
            max: bounds.1,
            usual: bounds,
            step: 1.0,
            default,
            scale: Scale::Linear,
        };
        Setting::of(name, label, unit, help, kind)
    }

    pub const fn choice(
        name: &'static str,
        label: &'static str,
        options: &'static [(&'static str, &'static str)],
        default: &'static str,
        help: &'static str,
    ) -> Setting {
        Setting::of(name, label, "", help, SettingKind::Choice { options, default })
    }

    pub const fn toggle(
        name: &'static str,
        label: &'static str,
        default: bool,
        help: &'static str,
    ) -> Setting {
        Setting::of(name, label, "", help, SettingKind::Toggle { default })
    }

    pub const fn policy(
        name: &'static str,
        label: &'static str,
        family: &'static str,
        default: &'static str,
        help: &'static str,
    ) -> Setting {
        Setting::of(name, label, "", help, SettingKind::Policy { family, default })
    }

    pub const fn distribution(
        name: &'static str,
        label: &'static str,
        max_mean_ms: f64,
        help: &'static str,
    ) -> Setting {
        Setting::of(name, label, "ms", help, SettingKind::Distribution { max_mean_ms })
    }

    pub const fn only_at_start(self) -> Setting {
        Setting { only_at_start: true, ..self }
    }

    pub const fn other(name: &'static str, label: &'static str, help: &'static str) -> Setting {
        Setting::of(name, label, "", help, SettingKind::Other)
    }

    /// The same setting with a slider over `low..=high`, logarithmic if `scale` says so.
    pub const fn usual(mut self, low: f64, high: f64, scale: Scale) -> Setting {
        if let SettingKind::Number { min, max, step, default, .. } = self.kind {
            self.kind = SettingKind::Number { min, max, usual: (low, high), step, default, scale };
        }
        self
    }

    /// The default, where the setting has a simple one.
    pub fn default_value(&self) -> Option<Value> {
        match self.kind {
            SettingKind::Number { default, .. } => Some(Value::Number(default)),
            SettingKind::Choice { default, .. } => Some(Value::Word(default)),
            SettingKind::Toggle { default } => Some(Value::Flag(default)),
            SettingKind::Policy { .. } | SettingKind::Distribution { .. } | SettingKind::Other => None,
        }
    }

    /// Checks a JSON value against this setting.
    ///
    /// # Errors
    /// One sentence that says what is wanted instead.
    pub fn check(&self, value: &serde_json::Value) -> Result<Option<Value>, String> {
        match self.kind {
            SettingKind::Number { min, max, step, .. } => {
                let Some(number) = value.as_f64() else {
                    return Err(format!("must be a number, not {}", kind_of(value)));
                };
                if !(min..=max).contains(&number) {
                    return Err(format!("must be between {min} and {max}, is {number}"));
                }
                if step == 1.0 && number != number.trunc() {
                    return Err(format!("must be a whole number, is {number}"));
                }
                Ok(Some(Value::Number(number)))
            }
            SettingKind::Choice { options, .. } => {
                let word = value.as_str().ok_or_else(|| format!("must be a word, not {}", kind_of(value)))?;
                match options.iter().find(|(id, _)| *id == word) {
                    Some((id, _)) => Ok(Some(Value::Word(id))),
                    None => {
                        let ids: Vec<&str> = options.iter().map(|(id, _)| *id).collect();
                        Err(format!("must be one of {}, is \"{}\"", ids.join(", "), shortened(word)))
                    }
                }
            }
            SettingKind::Toggle { .. } => match value.as_bool() {
                Some(flag) => Ok(Some(Value::Flag(flag))),
                None => Err(format!("must be true or false, not {}", kind_of(value))),
            },
            SettingKind::Policy { .. } | SettingKind::Distribution { .. } | SettingKind::Other => Ok(None),
        }
    }
}

/// "a list", "text" …: for messages.
pub fn kind_of(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "true or false",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "text",
        serde_json::Value::Array(_) => "a list",
        serde_json::Value::Object(_) => "an object",
    }
}

/// At most 40 characters of what somebody else wrote, without control or direction marks.
pub fn shortened(text: &str) -> String {
    let plain = |c: &char| {
        !c.is_control() && !matches!(*c as u32, 0x200b..=0x200f | 0x202a..=0x202e | 0x2066..=0x2069)
    };
    let mut short: String = text.chars().filter(plain).take(40).collect();
    if text.chars().count() > 40 {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_told_in_per_cent_and_all_else_as_it_is() {
        let told = |unit, bounds| Setting::number("name", "Label", unit, bounds, 0.0, "").told_in();
        assert_eq!(told("", (0.0, 1.0)), (100.0, "%"));
        assert_eq!(told("", (0.05, 1.0)), (100.0, "%"));
        assert_eq!(told("", (0.0, 4.0)), (1.0, ""));
        assert_eq!(told("ms", (0.0, 1.0)), (1.0, "ms"));
        assert_eq!(Setting::integer("name", "Label", "", (0.0, 1.0), 0.0, "").told_in(), (1.0, ""));
    }
}
