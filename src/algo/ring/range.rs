//! Range partitioning: the keys in order, cut into one range for each member.
//!
//! As in Bigtable (Chang et al., 2006) and HBase: neighbouring keys lie together, so scans are cheap and a
//! popular range makes a hot member. The ranges are equal, or in proportion to weights, in the order in which
//! the members are listed; where real systems split a range that has become large, here all bounds are drawn
//! anew. `by` = `number`: keys are numbers from 0 to `keys` − 1; larger ones belong to the last member. `by` =
//! `letters`: the first twelve characters decide, in the order "anything else", 0–9, a–z (or A–Z); replicas are
//! the following ranges.

use super::*;
use crate::algo::setting::{Scale, Setting};

pub(super) const ENTRY: Entry = Entry {
    info: PolicyInfo {
        id: "range",
        name: "Ranges",
        short: "Ranges",
        summary: "The keys in order, cut into one range per member; neighbours stay together.",
        source: "Bigtable (Chang et al., 2006)",
        knobs: &[
            Setting::choice(
                "by",
                "Order",
                &[("number", "by number"), ("letters", "by letters")],
                "number",
                "Whether keys are numbers, or are ordered by their first letters and digits.",
            ),
            Setting::integer("keys", "Keys", "", (1.0, KEYS_MAX), 10_000.0, KEYS_HELP).usual(
                100.0,
                1_000_000.0,
                Scale::Logarithmic,
            ),
        ],
    },
    build: |knobs| {
        let letters = knobs.word("by") == "letters";
        let keys = knobs.number("keys").clamp(1.0, KEYS_MAX) as u64;
        let span = if letters { LETTERS.pow(CHARACTERS) } else { keys };
        Box::new(Range { letters, span, begins: vec![] })
    },
};

const KEYS_HELP: &str =
    "By number: keys from 0 to one less than this are divided; larger ones are the last's.";
/// As many as there are request keys.
const KEYS_MAX: f64 = 4_294_967_296.0;

/// Digits, letters, and anything else: the digits of a number with this base.
const LETTERS: u64 = 37;
/// As many as go into 64 bits.
const CHARACTERS: u32 = 12;

#[derive(Clone, Debug)]
struct Range {
    letters: bool,
    /// How many values are divided.
    span: u64,
    /// Where each member's range begins; ascending, the first at 0.
    begins: Vec<u64>,
}

/// A text's place in the order of letters, below 37¹².
fn value_of_letters(text: &[u8]) -> u64 {
    let digit = |at: u32| match text.get(at as usize).map(u8::to_ascii_lowercase) {
        Some(digit @ b'0'..=b'9') => u64::from(digit - b'0') + 1,
        Some(letter @ b'a'..=b'z') => u64::from(letter - b'a') + 11,
        _ => 0,
    };
    (0..CHARACTERS).fold(0, |value, at| value * LETTERS + digit(at))
}

impl Range {
    fn value(&self, key: &Key) -> u64 {
        let value = match self.letters {
            true => value_of_letters(key.name.bytes(&mut [0; DIGITS])),
            false => key.name.value().unwrap_or(0),
        };
        value.min(self.span - 1)
    }
}

impl Partition for Range {
    fn rebuild(&mut self, members: &Members) {
        let total = u128::from(members.total_weight().max(1));
        let mut before = 0;
        let begin = |weight: &u32| {
            let begin = u128::from(self.span) * before / total;
            before += u128::from(*weight);
            begin as u64
        };
        self.begins = members.weight.iter().map(begin).collect();
    }

    fn numbers_only(&self) -> bool {
        !self.letters
    }

    /// The last range that begins at or before the key.
    fn owner(&self, key: &Key) -> usize {
        let value = self.value(key);
        self.begins.partition_point(|&begin| begin <= value).saturating_sub(1)
    }

    fn owners(&self, key: &Key, count: usize, out: &mut Vec<usize>) {
        following(self.owner(key), self.begins.len(), count, out);
    }

    fn place(&self, key: &Key) -> Option<f64> {
        Some(self.value(key) as f64 / self.span as f64)
    }

    fn why(&self, key: &Key, name: &dyn Fn(usize) -> String) -> String {
        format!(
            "lies at {} of all, in the range of {}",
            self.place(key).map(per_cent).unwrap_or_default(),
            name(self.owner(key))
        )
    }

    fn inspect(&self, members: &Members) -> Inspection {
        let at = |begin: u64| begin as f64 / self.span as f64;
        let point = |(member, &begin): (usize, &u64)| Point { at: at(begin), member: member as u32 };
        let end = |member: usize| self.begins.get(member + 1).map_or(1.0, |&begin| at(begin));
        Inspection {
            note: format!("{} ranges", members.len()),
            points: self.begins.iter().enumerate().take(POINTS_SHOWN).map(point).collect(),
            points_total: self.begins.len(),
            shares: (0..self.begins.len()).map(|member| end(member) - at(self.begins[member])).collect(),
            ..Default::default()
        }
    }

    fn check(&self, members: &Members) -> Result<(), String> {
        let sound = self.begins.len() == members.len()
            && self.begins.is_sorted()
            && self.begins.iter().all(|&begin| begin < self.span)
            && self.begins.first().is_none_or(|&first| first == 0);
        if sound { Ok(()) } else { Err(format!("ranges begin at {:?}", self.begins)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::ring::tests::{policy_with, weighted};
    use crate::algo::setting::Value;

    #[test]
    fn bounds_computed_by_hand() {
        // 100 keys by weights 1, 2, 1: 0–24, 25–74, 75–99; by thirds 0–32, 33–65, 66–99.
        for (weights, begins) in [(&[1, 2, 1], [0, 25, 75]), (&[1, 1, 1], [0, 33, 66])] {
            let policy = policy_with("range", &[("keys", Value::Number(100.0))], &weighted(weights));
            for number in 0..200 {
                let wanted = begins.iter().filter(|&&begin| begin <= number).count() - 1;
                assert_eq!(policy.owner(&Key::number(number, Hashing::Xxhash)), wanted, "{number}");
            }
        }
    }

    #[test]
    fn letters_keep_the_order_of_an_index_of_names() {
        let policy = policy_with("range", &[("by", Value::Word("letters"))], &weighted(&[1; 36]));
        let ordered = ["", "-", "0", "007", "42", "Adam", "adam2", "ben", "zoe", "zzzzzzzzzzzzzz"];
        let values: Vec<u64> = ordered.iter().map(|text| value_of_letters(text.as_bytes())).collect();
        assert!(values.is_sorted() && values.iter().all(|&value| value < LETTERS.pow(CHARACTERS)));
        assert_eq!(value_of_letters(b"ADA"), value_of_letters(b"ada"));
        let owner = |text| policy.owner(&Key::text(text, Hashing::Xxhash));
        let owners: Vec<usize> = ordered.iter().map(|text| owner(text)).collect();
        assert!(owners.is_sorted() && owners[0] == 0 && owners[9] == 35, "{owners:?}");
        assert!(!policy.numbers_only());
    }
}
