//! Damaged scenario files: bytes flipped, and JSON changed where it hurts.

use serde_json::{Value, json};
use switchyard::sim::{Purpose, Random, Stream};

/// The `number`-th damaged form of one of the texts.
pub fn damaged(number: u64, texts: &[String]) -> String {
    let mut random = Stream::new(number, "fuzz", Purpose::Fault);
    let text = &texts[random.below(texts.len() as u64) as usize];
    if random.chance(0.3) {
        return bytes_changed(text, &mut random);
    }
    let Ok(mut value) = serde_json::from_str::<Value>(text) else { return text.clone() };
    for _ in 0..1 + random.below(4) {
        let places = count(&value);
        let mut at = random.below(places);
        change(&mut value, &mut at, &mut random);
    }
    value.to_string()
}

fn bytes_changed(text: &str, random: &mut Stream) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..1 + random.below(6) {
        let at = random.below(bytes.len().max(1) as u64) as usize;
        match random.below(5) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, random.next_u64() as u8),
            2 if at < bytes.len() => drop(bytes.remove(at)),
            3 => {
                let piece = bytes[at / 2..at].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// How many values there are, the whole included.
fn count(value: &Value) -> u64 {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum(),
        _ => 0,
    }
}

/// Goes to the `at`-th value and damages it, or what contains it.
fn change(value: &mut Value, at: &mut u64, random: &mut Stream) -> bool {
    if *at == 0 {
        *value = instead_of(value, random);
        return true;
    }
    *at -= 1;
    match value {
        Value::Array(items) => {
            for index in 0..items.len() {
                if *at == 0 && random.chance(0.4) {
                    if random.chance(0.5) {
                        items.remove(index);
                    } else {
                        items.insert(index, items[index].clone());
                    }
                    return true;
                }
                if change(&mut items[index], at, random) {
                    return true;
                }
            }
        }
        Value::Object(map) => {
            for name in map.keys().cloned().collect::<Vec<_>>() {
                if *at == 0 && random.chance(0.3) {
                    let taken = map.remove(&name);
                    if random.chance(0.5) {
                        map.insert(format!("{name}x"), taken.unwrap_or_default());
                    }
                    return true;
                }
                if map.get_mut(&name).is_some_and(|inner| change(inner, at, random)) {
                    return true;
                }
            }
        }
        _ => {}
    }
    false
}

fn instead_of(value: &Value, random: &mut Stream) -> Value {
    const NUMBERS: [f64; 14] = [
        0.0,
        -0.0,
        -1.0,
        0.5,
        1.0,
        2.0,
        1e-300,
        5e-324,
        1e9,
        65536.0,
        4294967296.0,
        9007199254740993.0,
        1e300,
        86400000.0,
    ];
    if let (Some(number), true) = (value.as_f64(), random.chance(0.7)) {
        return match random.below(4) {
            0 => json!(NUMBERS[random.below(NUMBERS.len() as u64) as usize]),
            1 => json!(NUMBERS[random.below(NUMBERS.len() as u64) as usize] as i64),
            2 => json!(number * (random.unit() * 4.0 - 1.0)),
            _ => json!((number + random.below(5) as f64 - 2.0) as i64),
        };
    }
    const WORDS: [&str; 16] = [
        "",
        "/",
        "a",
        "n0",
        "s",
        "lb>servers",
        "servers/1",
        "servers/0",
        "closed",
        "replay",
        "bursty",
        "4",
        "cookie",
        "consistent-hash",
        "\u{0}\u{202e}",
        "weighted-smooth",
    ];
    match random.below(9) {
        0 => Value::Null,
        1 => json!(random.chance(0.5)),
        2 => json!([]),
        3 => json!({}),
        4 => json!([value]),
        5 => json!({ "dist": "pareto", "mean": 1e7, "shape": 1.05 }),
        6 => {
            let depth = random.below(40);
            (0..depth).fold(json!(1), |inner, _| json!([inner]))
        }
        _ => json!(WORDS[random.below(WORDS.len() as u64) as usize]),
    }
}
