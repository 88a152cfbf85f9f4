//! Reads a type out of JSON that is parsed already. An error knows its place, which `serde_json`'s does
//! not; and one reader of our own is smaller than its reader in another crate's wrapper.

use crate::algo::setting::kind_of;
use crate::node::configure::{Fieldwise, ReadField};
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    self, Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Expected, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde_json::{Map, Value};
use std::fmt;

/// 2⁵³.
const WHOLE_BELOW: f64 = 9_007_199_254_740_992.0;

/// # Errors
/// The first thing that is wrong.
pub(super) fn read<'a, T: Deserialize<'a>>(value: &'a Value) -> Result<T, Wrong> {
    T::deserialize(Reader(value))
}

/// Reads one of the fields of settings.
///
/// # Errors
/// What is wrong with its value, or that there is no such field.
pub(super) fn read_field(settings: &mut impl Fieldwise, name: &str, value: &Value) -> Result<(), Wrong> {
    let mut field = Field { value, wrong: None };
    let known = settings.put(name, &mut field);
    if !known {
        field.wrong = Some(de::Error::custom("there is no such setting"));
    }
    field.wrong.map_or(Ok(()), |wrong| Err(wrong.below(name)))
}

struct Field<'a> {
    value: &'a Value,
    wrong: Option<Wrong>,
}

impl ReadField for Field<'_> {
    #[inline(never)]
    fn read<T: DeserializeOwned>(&mut self, place: &mut T) {
        match read(self.value) {
            Ok(value) => *place = value,
            Err(wrong) => self.wrong = Some(wrong),
        }
    }
}

/// What is wrong, and where.
#[derive(Debug)]
pub(super) struct Wrong {
    /// As in `members[2].slow`; empty for the whole.
    pub place: String,
    pub sentence: String,
}

impl Wrong {
    fn below(mut self, step: &str) -> Wrong {
        let dot = if self.place.is_empty() || self.place.starts_with('[') { "" } else { "." };
        self.place = [step, dot, &self.place].concat();
        self
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(sentence: T) -> Wrong {
        Wrong { place: String::new(), sentence: sentence.to_string() }
    }

    fn invalid_type(found: Unexpected<'_>, wanted: &dyn Expected) -> Wrong {
        Wrong::custom(format_args!("wrong kind of value: {}, expected {wanted}", Found(found)))
    }

    fn invalid_value(found: Unexpected<'_>, wanted: &dyn Expected) -> Wrong {
        Wrong::custom(format_args!("invalid value: {}, expected {wanted}", Found(found)))
    }
}

/// In the words of JSON.
struct Found<'a>(Unexpected<'a>);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Unexpected::Unit => f.write_str("null"),
            Unexpected::Float(number) => write!(f, "number `{number:?}`"),
            other => other.fmt(f),
        }
    }
}

struct Reader<'a>(&'a Value);

impl<'de> Reader<'de> {
    /// JSON knows no whole numbers: 5.0 is 5 where one is wanted. Beyond 2⁵³ not every one can be written.
    fn whole<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.0.as_f64().filter(|number| self.0.is_f64() && *number == number.trunc()) {
            Some(number) if (0.0..WHOLE_BELOW).contains(&number) => visitor.visit_u64(number as u64),
            _ => self.deserialize_any(visitor),
        }
    }
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(*flag),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => {
                let mut rest = Items { items, next: 0 };
                let read = visitor.visit_seq(&mut rest)?;
                let whole = rest.next == items.len();
                let wrong = || de::Error::invalid_length(items.len(), &"fewer elements in array");
                if whole { Ok(read) } else { Err(wrong()) }
            }
            Value::Object(map) => visitor.visit_map(Fields::of(map)),
        }
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.whole(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.whole(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.whole(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.whole(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    /// Our enums without a field that tells them apart are plain words.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match self.0 {
            Value::String(word) => visitor.visit_enum(Word(word)),
            other => Err(de::Error::custom(format_args!(
                "wrong kind of value: {}, expected a word",
                kind_of(other)
            ))),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items<'a> {
    items: &'a [Value],
    next: usize,
}

impl<'a> SeqAccess<'a> for &mut Items<'a> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        let Some(item) = self.items.get(self.next) else { return Ok(None) };
        let index = self.next;
        self.next += 1;
        seed.deserialize(Reader(item)).map(Some).map_err(|wrong| wrong.below(&format!("[{index}]")))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len() - self.next)
    }
}

struct Fields<'a> {
    rest: serde_json::map::Iter<'a>,
    present: (&'a str, &'a Value),
}

impl<'a> Fields<'a> {
    fn of(map: &'a Map<String, Value>) -> Fields<'a> {
        Fields { rest: map.iter(), present: ("", &Value::Null) }
    }
}

impl<'a> MapAccess<'a> for Fields<'a> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        self.present = (name, value);
        seed.deserialize(BorrowedStrDeserializer::new(name))
            .map(Some)
            .map_err(|wrong: Wrong| wrong.below(name))
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let (name, value) = self.present;
        seed.deserialize(Reader(value)).map_err(|wrong| wrong.below(name))
    }
}

struct Word<'a>(&'a str);

impl<'a> EnumAccess<'a> for Word<'a> {
    type Error = Wrong;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'a>>(self, seed: V) -> Result<(V::Value, Self), Wrong> {
        Ok((seed.deserialize(BorrowedStrDeserializer::new(self.0))?, self))
    }
}

impl<'a> VariantAccess<'a> for Word<'a> {
    type Error = Wrong;

    fn unit_variant(self) -> Result<(), Wrong> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, _: T) -> Result<T::Value, Wrong> {
        Err(de::Error::invalid_type(Unexpected::UnitVariant, &"newtype variant"))
    }

    fn tuple_variant<V: Visitor<'a>>(self, _: usize, _: V) -> Result<V::Value, Wrong> {
        Err(de::Error::invalid_type(Unexpected::UnitVariant, &"tuple variant"))
    }

    fn struct_variant<V: Visitor<'a>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Wrong> {
        Err(de::Error::invalid_type(Unexpected::UnitVariant, &"struct variant"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_may_be_written_with_a_point() {
        let read_u8 =
            |text: &str| read::<u8>(&serde_json::from_str(text).unwrap()).map_err(|wrong| wrong.sentence);
        assert_eq!((read_u8("5.0"), read_u8("0.0")), (Ok(5), Ok(0)));
        assert!(read_u8("5.5").is_err() && read_u8("256.0").is_err() && read_u8("-1.0").is_err());
        let read_f64 = |text: &str| read::<f64>(&serde_json::from_str(text).unwrap()).map(f64::to_bits).ok();
        for number in [5.0, -3.0, 0.0, -0.0, 1e300, 0.1, 9_007_199_254_740_993.0] {
            assert_eq!(read_f64(&format!("{number:?}")), Some(f64::to_bits(number)), "{number}");
        }
    }
    use serde::Deserialize;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "kebab-case")]
    enum Colour {
        DarkRed,
        Blue,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Whole {
        name: String,
        #[serde(default)]
        parts: Vec<Part>,
        #[serde(default)]
        sizes: BTreeMap<String, f64>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Part {
        colour: Colour,
        count: Option<u32>,
    }

    #[test]
    fn what_serde_json_reads_is_read_as_it_does() {
        for value in [
            json!({ "name": "x" }),
            json!({ "name": "x", "parts": [{ "colour": "dark-red", "count": null }, { "colour": "blue", "count": 3 }] }),
            json!({ "name": "", "sizes": { "a": 1, "b": -2, "c": 0.5 } }),
            json!(["x", [["blue", 1]], {}]),
        ] {
            assert_eq!(read::<Whole>(&value).unwrap(), serde_json::from_value(value).unwrap());
        }
    }

    #[test]
    fn errors_tell_the_place() {
        for (value, place, sentence) in [
            (json!({}), "", "missing field `name`"),
            (json!(5), "", "wrong kind of value: integer `5`, expected struct Whole"),
            (json!({ "name": null }), "name", "wrong kind of value: null, expected a string"),
            (json!({ "name": 1.5 }), "name", "wrong kind of value: number `1.5`, expected a string"),
            (
                json!({ "name": "x", "extra": 1 }),
                "extra",
                "unknown field `extra`, expected one of `name`, `parts`, `sizes`",
            ),
            (
                json!({ "name": "x", "parts": [{ "colour": "blue" }, { "colour": "green" }] }),
                "parts[1].colour",
                "unknown variant `green`, expected `dark-red` or `blue`",
            ),
            (
                json!({ "name": "x", "parts": [{ "colour": 3 }] }),
                "parts[0].colour",
                "wrong kind of value: a number, expected a word",
            ),
            (
                json!({ "name": "x", "parts": [{ "colour": "blue", "count": -1 }] }),
                "parts[0].count",
                "invalid value: integer `-1`, expected u32",
            ),
            (json!({ "name": "x", "parts": [{}] }), "parts[0]", "missing field `colour`"),
            (
                json!({ "name": "x", "sizes": { "a": "b" } }),
                "sizes.a",
                "wrong kind of value: string \"b\", expected f64",
            ),
            (json!(["x", [], {}, 4]), "", "invalid length 4, expected fewer elements in array"),
        ] {
            let wrong = read::<Whole>(&value).unwrap_err();
            assert_eq!((wrong.place.as_str(), wrong.sentence.as_str()), (place, sentence), "{value}");
        }
    }
}
