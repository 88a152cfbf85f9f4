//! What every kind of node says of its settings: checks, sizes, members.

use super::member::MemberSettings;
use crate::algo::choice::PolicyChoice;
use serde::de::DeserializeOwned;

/// Settings that are read field by field, each over its default. What serde derives for a struct with many fields,
/// or with another one's among them, is several times as long.
pub trait Fieldwise: Default {
    /// Sets the field of this name; false if there is none.
    fn put(&mut self, name: &str, field: &mut impl ReadField) -> bool;
}

/// A field's value, which can be read as any type.
pub trait ReadField {
    /// Puts it into `place`, or keeps in mind what is wrong with it.
    fn read<T: DeserializeOwned>(&mut self, place: &mut T);
}

/// Implements [`Fieldwise`] for a struct with these fields; after the semicolon stand those whose own fields count
/// as the struct's.
macro_rules! fields {
    ($Settings:ident: $($name:ident),+ $(; $($part:ident),+)?) => {
        impl $crate::node::configure::Fieldwise for $Settings {
            fn put(&mut self, name: &str, field: &mut impl $crate::node::configure::ReadField) -> bool {
                match name {
                    $(stringify!($name) => field.read(&mut self.$name),)+
                    _ => return $($(self.$part.put(name, field) ||)+)? false,
                }
                true
            }
        }
    };
}
pub(super) use fields;

/// What a check may look at beside the settings themselves.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The node's id.
    pub id: &'a str,
    /// Ids of what it calls.
    pub to: &'a [String],
    /// Length of the scenario.
    pub duration_ms: f64,
}

/// Collects what is wrong, each with its path.
pub struct Findings<'a> {
    id: &'a str,
    add: &'a mut dyn FnMut(String, String),
}

impl std::fmt::Debug for Findings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Findings of {}", self.id)
    }
}

impl<'a> Findings<'a> {
    /// For the node `id`; `add` takes (path, sentence).
    pub fn new(id: &'a str, add: &'a mut dyn FnMut(String, String)) -> Findings<'a> {
        Findings { id, add }
    }

    /// Something wrong with the setting `below` the node: `policy.points`, `mix[2].path`.
    pub fn add(&mut self, below: impl AsRef<str>, sentence: impl Into<String>) {
        let path = format!("{}.{}", self.id, below.as_ref());
        (self.add)(path, sentence.into());
    }

    /// The same for a path that stands alone, such as a member's.
    pub fn add_at(&mut self, path: impl Into<String>, sentence: impl Into<String>) {
        (self.add)(path.into(), sentence.into());
    }

    /// Takes over the result of a check of one setting.
    pub fn sentence(&mut self, below: &str, result: Result<(), String>) {
        if let Err(sentence) = result {
            self.add(below, sentence);
        }
    }
}

/// What memory a node can take: members, and for each of them workers and queue places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub members: u64,
    pub workers: u64,
    pub places: u64,
}

impl Size {
    /// One machine without workers or a queue.
    pub const ONE: Size = Size { members: 1, workers: 0, places: 0 };
}

/// The settings of one kind of node.
pub trait Configure {
    /// Reports what the types and the kind's table do not already guarantee.
    fn check(&self, around: &Around<'_>, found: &mut Findings<'_>);

    /// Writes policies' defaults out.
    fn spell_out(&mut self) {}

    fn size(&self) -> Size {
        Size::ONE
    }

    /// What sets members apart; empty where a node has none.
    fn members(&self) -> &[MemberSettings] {
        &[]
    }
}

/// Reports what is wrong with the choice of a policy of this family.
pub fn check_policy(setting: &str, policy: &PolicyChoice, family: &str, found: &mut Findings<'_>) {
    for (below, sentence) in policy.resolve_among(&super::policies(family)).err().unwrap_or_default() {
        found.add(format!("{setting}.{below}"), sentence);
    }
}
