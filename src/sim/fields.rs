//! The fields of an object that says by one of them what the others are. Read by hand: what serde
//! derives for such types is the largest code of the scenario format.

use serde_json::{Map, Value};

#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// The object's fields, and the word in the one called `tag`.
    ///
    /// # Errors
    /// When it is no object, or has no such word.
    pub fn tagged(value: &'a Value, tag: &str) -> Result<(&'a str, Fields<'a>), String> {
        let Value::Object(map) = value else { return Err(format!("must be an object with `{tag}`")) };
        match map.get(tag) {
            Some(Value::String(word)) => Ok((word, Fields(map))),
            Some(_) => Err(format!("`{tag}` must be a word")),
            None => Err(format!("missing field `{tag}`")),
        }
    }

    /// # Errors
    /// When there is a field of another name.
    pub fn only(self, tag: &str, names: &[&str]) -> Result<(), String> {
        let known = |name: &str| name == tag || names.contains(&name);
        match self.0.keys().find(|name| !known(name)) {
            Some(name) => Err(format!("unknown field `{name}`, there are `{}`", names.join("`, `"))),
            None => Ok(()),
        }
    }

    fn field(self, name: &str) -> Result<&'a Value, String> {
        self.0.get(name).ok_or_else(|| format!("missing field `{name}`"))
    }

    /// # Errors
    /// When it is missing, or no number.
    pub fn number(self, name: &str) -> Result<f64, String> {
        self.field(name)?.as_f64().ok_or_else(|| format!("`{name}` must be a number"))
    }

    /// # Errors
    /// When it is missing, or no whole number of 32 bits.
    pub fn whole(self, name: &str) -> Result<u32, String> {
        whole(self.field(name)?).ok_or_else(|| format!("`{name}` must be a whole number below 2^32"))
    }

    /// # Errors
    /// When it is missing, or no list of such numbers.
    pub fn wholes(self, name: &str) -> Result<Vec<u32>, String> {
        let list = self.field(name)?.as_array().and_then(|items| items.iter().map(whole).collect());
        list.ok_or_else(|| format!("`{name}` must be a list of whole numbers below 2^32"))
    }
}

fn whole(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}
