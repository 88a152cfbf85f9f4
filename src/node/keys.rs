//! Which key a request asks for.

use crate::sim::fields::Fields;
use crate::sim::{Random, Stream, Time};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use std::sync::Arc;

/// How keys are chosen. Key 0 is the most popular where there is such a thing.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Keys {
    /// All equally popular.
    Uniform { count: u32 },
    /// The k-th most popular has popularity proportional to 1 / k^s.
    Zipf { count: u32, s: f64 },
    /// One after another, then from the beginning: a scan, or a loop.
    Sequential { count: u32 },
    /// `hot_share` of the requests go to `hot` keys, which are others every `shift_ms` (0: never).
    HotSet { count: u32, hot: u32, hot_share: f64, shift_ms: f64 },
    /// Exactly these, then from the beginning.
    List { keys: Vec<u32> },
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        written(&serde_json::Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn written(value: &serde_json::Value) -> Result<Keys, String> {
    let (kind, fields) = Fields::tagged(value, "kind")?;
    let names: &[&str] = match kind {
        "uniform" | "sequential" => &["count"],
        "zipf" => &["count", "s"],
        "hot-set" => &["count", "hot", "hot_share", "shift_ms"],
        "list" => &["keys"],
        _ => return Err(format!("unknown kind `{kind}` of keys")),
    };
    fields.only("kind", names)?;
    if kind == "list" {
        return Ok(Keys::List { keys: fields.wholes("keys")? });
    }
    let count = fields.whole("count")?;
    Ok(match kind {
        "uniform" => Keys::Uniform { count },
        "sequential" => Keys::Sequential { count },
        "zipf" => Keys::Zipf { count, s: fields.number("s")? },
        _ => Keys::HotSet {
            count,
            hot: fields.whole("hot")?,
            hot_share: fields.number("hot_share")?,
            shift_ms: fields.number("shift_ms")?,
        },
    })
}

/// The most distinct keys in a scenario.
pub const KEYS_MAX: u32 = 1_000_000;
/// The longest list of keys.
pub const KEY_LIST_MAX: usize = 100_000;

impl Default for Keys {
    fn default() -> Self {
        Keys::Uniform { count: 1 }
    }
}

impl Keys {
    /// # Errors
    /// Says which number is out of range and what is wanted.
    pub fn check(&self) -> Result<(), String> {
        let share = |name: &str, x: f64, most: f64| {
            if (0.0..=most).contains(&x) {
                Ok(())
            } else {
                Err(format!("`{name}` must be between 0 and {most}, is {x}"))
            }
        };
        match self {
            Keys::Uniform { count } | Keys::Sequential { count } => check_count(*count),
            Keys::Zipf { count, s } => check_count(*count).and_then(|()| share("s", *s, 5.0)),
            Keys::HotSet { count, hot, hot_share, shift_ms } => {
                check_count(*count)?;
                if *hot == 0 || hot > count {
                    return Err(format!("`hot` must be between 1 and `count` ({count}), is {hot}"));
                }
                share("hot_share", *hot_share, 1.0)?;
                share("shift_ms", *shift_ms, 86_400_000.0)
            }
            Keys::List { keys } if keys.is_empty() || keys.len() > KEY_LIST_MAX => {
                Err(format!("`keys` must have between 1 and {KEY_LIST_MAX} entries, has {}", keys.len()))
            }
            Keys::List { .. } => Ok(()),
        }
    }
}

fn check_count(count: u32) -> Result<(), String> {
    if (1..=KEYS_MAX).contains(&count) {
        Ok(())
    } else {
        Err(format!("`count` must be between 1 and {KEYS_MAX}, is {count}"))
    }
}

/// Draws keys. A clone shares its tables.
#[derive(Clone, Debug)]
pub struct KeySource {
    keys: Keys,
    alias: Option<Arc<Alias>>,
    next: u32,
}

impl KeySource {
    pub fn new(keys: &Keys) -> KeySource {
        let alias = match *keys {
            Keys::Zipf { count, s } if count > 1 => Some(Arc::new(Alias::zipf(count, s))),
            _ => None,
        };
        KeySource { keys: keys.clone(), alias, next: 0 }
    }

    #[inline(always)]
    pub fn draw(&mut self, random: &mut Stream, now: Time) -> u32 {
        match self.keys {
            Keys::Uniform { count: 1 } => 0,
            _ => self.draw_of_many(random, now),
        }
    }

    #[inline(never)]
    fn draw_of_many(&mut self, random: &mut Stream, now: Time) -> u32 {
        match &self.keys {
            Keys::Uniform { count } => random.below(*count as u64) as u32,
            Keys::Zipf { .. } => self.alias.as_ref().map_or(0, |alias| alias.draw(random)),
            Keys::Sequential { count } => {
                let key = self.next % count;
                self.next = key + 1;
                key
            }
            Keys::HotSet { count, hot, hot_share, shift_ms } => {
                // Two numbers for each request, whichever way it goes: variants stay in step.
                let (is_hot, key) = (random.unit() < *hot_share, random.next_u64());
                let era = if *shift_ms > 0.0 { (now.ms() / shift_ms) as u64 } else { 0 };
                let among = if is_hot { *hot } else { *count } as u128;
                let drawn = ((key as u128 * among) >> 64) as u64;
                let shift = if is_hot { era.wrapping_mul(*hot as u64) } else { 0 };
                ((drawn + shift % *count as u64) % *count as u64) as u32
            }
            Keys::List { keys } => {
                let index = self.next as usize % keys.len().max(1);
                self.next = index as u32 + 1;
                keys.get(index).copied().unwrap_or(0)
            }
        }
    }
}

/// Walker's alias table (1977), built by Vose's method (1991): one draw, two look-ups.
#[derive(Debug)]
struct Alias {
    /// Probability of staying, scaled to 2³², and where to go otherwise.
    entries: Vec<(u32, u32)>,
}

impl Alias {
    fn zipf(count: u32, s: f64) -> Alias {
        let weights: Vec<f64> = (1..=count).map(|rank| libm::pow(rank as f64, -s)).collect();
        let mean = weights.iter().sum::<f64>() / count as f64;
        let mut scaled: Vec<f64> = weights.iter().map(|w| w / mean).collect();
        let mut entries = vec![(u32::MAX, 0); count as usize];
        for (index, entry) in entries.iter_mut().enumerate() {
            entry.1 = index as u32;
        }
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..count as usize).partition(|i| scaled[*i] < 1.0);
        while let (Some(little), Some(&big)) = (small.pop(), large.last()) {
            entries[little] = ((scaled[little] * 4_294_967_296.0) as u32, big as u32);
            scaled[big] -= 1.0 - scaled[little];
            if scaled[big] < 1.0 {
                large.pop();
                small.push(big);
            }
        }
        Alias { entries }
    }

    fn draw(&self, random: &mut Stream) -> u32 {
        let bits = random.next_u64();
        let index = (((bits >> 32) * self.entries.len() as u64) >> 32) as usize;
        let (stay, other) = self.entries[index];
        if (bits as u32) <= stay { index as u32 } else { other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Purpose;

    /// The definition of Zipf's law is the oracle.
    #[test]
    fn zipf_popularity_follows_the_power_law() {
        let mut source = KeySource::new(&Keys::Zipf { count: 1000, s: 1.0 });
        let mut random = Stream::new(5, "zipf", Purpose::Keys);
        let n = 1_000_000;
        let mut counts = vec![0u32; 1000];
        for _ in 0..n {
            counts[source.draw(&mut random, Time::ZERO) as usize] += 1;
        }
        let harmonic: f64 = (1..=1000).map(|k| 1.0 / k as f64).sum();
        for rank in [1usize, 2, 3, 10, 100] {
            let expected = n as f64 / harmonic / rank as f64;
            let found = counts[rank - 1] as f64;
            assert!(
                (found - expected).abs() < 5.0 * libm::sqrt(expected),
                "rank {rank}: {found} for {expected}"
            );
        }
    }

    #[test]
    fn a_scan_goes_round_and_a_hot_set_shifts() {
        let mut random = Stream::new(5, "k", Purpose::Keys);
        let mut scan = KeySource::new(&Keys::Sequential { count: 3 });
        let keys: Vec<u32> = (0..7).map(|_| scan.draw(&mut random, Time::ZERO)).collect();
        assert_eq!(keys, [0, 1, 2, 0, 1, 2, 0]);
        let hot = Keys::HotSet { count: 100, hot: 10, hot_share: 1.0, shift_ms: 1000.0 };
        let mut source = KeySource::new(&hot);
        assert!((0..100).all(|_| source.draw(&mut random, Time::from_ms(500.0)) < 10));
        assert!((0..100).all(|_| (10..20).contains(&source.draw(&mut random, Time::from_ms(1500.0)))));
    }
}
