//! Links: they come back whole, or as an error that says what happened; never as other text.

use proptest::prelude::*;
use switchyard::scenario::envelope::{
    DEPTH_MAX, Damage, FRAGMENT_BYTES_MAX, LinkError, TEXT_BYTES_MAX, decode, depth, encode, is_meant,
};
use switchyard::sim::{Purpose, Random, Stream};

const TEXT: &str =
    r#"{"v":1,"name":"Zwei Züge","nodes":[{"id":"lb","policy":"p2c"},{"id":"servers","count":8}]}"#;
const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
const FOREIGN: &str = "&?=/:~%+ #!é\u{0}\n";

/// A fragment around bytes of our choice, written from the description of the format alone.
fn fragment_of(packed: &[u8]) -> String {
    let mut crc = u64::from(crc32fast::hash(packed));
    let mut digits = String::new();
    for _ in 0..7 {
        digits.insert(0, char::from(b"0123456789abcdefghijklmnopqrstuvwxyz"[(crc % 36) as usize]));
        crc /= 36;
    }
    format!("s1.{}.{digits}", data_encoding::BASE64URL_NOPAD.encode(packed))
}

fn deflated(text: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec(text, 9)
}

/// The only thing damage may lead to.
fn assert_error_or_same(fragment: &str, what: &str) {
    if let Ok(text) = decode(fragment) {
        assert_eq!(text, TEXT, "{what} opened as other text: {fragment}");
    }
}

/// zlib is the oracle: Python's `zlib.compressobj(9, DEFLATED, -15)`, `zlib.crc32` and
/// `base64.urlsafe_b64encode` made this fragment.
#[test]
fn opens_what_another_implementation_wrote() {
    let fragment = "s1.q1YqU7Iy1FHKS8xNVbJSKsnMq1SqBQA.1ppl2yz";
    assert_eq!(decode(fragment).unwrap(), r#"{"v":1,"name":"tiny"}"#);
}

#[test]
fn hosts_may_append_and_escape() {
    let link = encode(TEXT);
    for suffix in
        ["", "&utm=1", ":~:text=servers", "?a=b", "/", ".", ")", "%26utm%3D1", "%2526utm", "#top", "_", " "]
    {
        assert_eq!(decode(&format!("{link}{suffix}")).as_deref(), Ok(TEXT), "{suffix}");
    }
    for dot in ["%2E", "%2e", "%252E", "%252e"] {
        assert_eq!(decode(&link.replace('.', dot)).as_deref(), Ok(TEXT), "{dot}");
    }
    let escaped = link.replace('_', "%5F").replace('-', "%2D").replace('a', "%61").replace('.', "%252E");
    for front in ["#", "%23", "%2523"] {
        assert_eq!(decode(&format!("{front}{escaped}")).as_deref(), Ok(TEXT), "{front}");
    }
}

#[test]
fn every_cut_is_an_error() {
    let link = encode(TEXT);
    for end in 0..link.len() {
        let error = decode(&link[..end]).unwrap_err();
        let expected = if end < 3 { LinkError::NotALink } else { LinkError::Damaged(Damage::Clipped) };
        assert_eq!(error, expected, "cut after {end}");
        assert_eq!(decode(&format!("{}&utm=1", &link[..end])), Err(expected), "cut after {end}");
    }
    assert!(LinkError::Damaged(Damage::Clipped).to_string().contains("its end is missing"));
}

#[test]
fn every_changed_character_is_an_error() {
    let link = encode(TEXT);
    for at in 0..link.len() {
        for c in ALPHABET.chars().chain(FOREIGN.chars()).filter(|&c| !link[at..].starts_with(c)) {
            let changed = format!("{}{c}{}", &link[..at], &link[at + 1..]);
            assert!(decode(&changed).is_err(), "{c:?} at {at} opened: {changed}");
        }
    }
}

#[test]
fn every_missing_doubled_swapped_or_inserted_character_is_seen() {
    let link = encode(TEXT);
    for at in 0..link.len() {
        let (front, rest) = link.split_at(at);
        assert!(decode(&format!("{front}{}", &rest[1..])).is_err(), "without character {at}");
        for c in ALPHABET.chars().chain(FOREIGN.chars()) {
            assert_error_or_same(&format!("{front}{c}{rest}"), "an insertion");
        }
        if at + 1 < link.len() {
            let swapped = format!("{front}{}{}{}", &rest[1..2], &rest[..1], &rest[2..]);
            assert!(swapped == link || decode(&swapped).is_err(), "swapped at {at}");
        }
    }
}

/// RFC 4648, section 3.5: the bits after the last byte must be zero, or two payloads mean one text.
#[test]
fn unused_bits_of_the_payload_must_be_zero() {
    let link = "s1.q1YqU7Iy1FHKS8xNVbJSKsnMq1SqBQA.1ppl2yz";
    for last in ["B", "C", "D"] {
        assert_eq!(
            decode(&link.replace("BQA.", &format!("BQ{last}."))),
            Err(LinkError::Damaged(Damage::Characters))
        );
    }
}

#[test]
fn other_addresses_and_newer_links_are_told_apart() {
    for other in [
        "",
        "#",
        "/labs",
        "main",
        "s",
        "s1",
        "S1.a.b",
        "s0.a.b",
        "s01.a.b",
        "s-1.a.b",
        "s1x.a.b",
        "s99999999999.a.b",
    ] {
        assert_eq!(decode(other), Err(LinkError::NotALink), "{other}");
    }
    let newer = encode(TEXT).replacen("s1.", "s2.", 1);
    assert_eq!(decode(&newer), Err(LinkError::NewerVersion { found: 2 }));
    assert!(decode("s12.whatever").unwrap_err().to_string().contains("made by a newer version"));
}

/// A damaged link must not be passed over as something that a host put there: the page would show a lab.
#[test]
fn what_is_left_of_a_link_is_still_meant_as_one() {
    let link = encode(TEXT);
    assert!(is_meant(&link) && is_meant(&format!("#{link}")) && is_meant(&link.replacen('s', "%73", 1)));
    for at in 0..link.len() {
        let (front, rest) = link.split_at(at);
        assert!(is_meant(&format!("{front}{}", &rest[1..])), "without character {at}");
        assert!(at == 0 || is_meant(front), "cut after {at}");
        for c in ALPHABET.chars().chain(FOREIGN.chars()) {
            assert!(is_meant(&format!("{front}{c}{}", &rest[1..])), "{c:?} at {at}");
        }
    }
}

#[test]
fn what_hosts_and_browsers_put_there_is_not_meant_as_a_link() {
    for hash in
        ["", "#", "#main", "/labs/one", "?secret=q1YqU7", "#?secret=a.b", "&utm_source=x", ":~:text=a,b"]
    {
        assert!(!is_meant(hash), "{hash}");
    }
}

#[test]
fn damage_is_named() {
    let packed = deflated(TEXT.as_bytes());
    let damaged = |fragment: &str| decode(fragment).unwrap_err();
    let whole = fragment_of(&packed);
    let (body, _) = whole.rsplit_once('.').unwrap();
    assert_eq!(damaged(&format!("{body}.0000000")), LinkError::Damaged(Damage::Checksum));
    assert_eq!(damaged(&format!("{body}.zzzzzzz")), LinkError::Damaged(Damage::Characters));
    assert_eq!(damaged(&format!("{whole}0")), LinkError::Damaged(Damage::Characters));
    assert_eq!(damaged(&fragment_of(&packed[..packed.len() - 3])), LinkError::Damaged(Damage::Compression));
    assert_eq!(damaged(&fragment_of(b"\xff\xff\xff")), LinkError::Damaged(Damage::Compression));
    assert_eq!(damaged(&fragment_of(&deflated(b"\xc3\x28"))), LinkError::NotText);
}

#[test]
fn limits_hold_before_memory_is_taken() {
    let long = format!("s1.{}", "A".repeat(FRAGMENT_BYTES_MAX - 2));
    assert_eq!(decode(&long), Err(LinkError::TooLong { bytes: FRAGMENT_BYTES_MAX + 1 }));
    assert_eq!(decode(&long[..FRAGMENT_BYTES_MAX]), Err(LinkError::Damaged(Damage::Clipped)));

    let full = "7".repeat(TEXT_BYTES_MAX);
    assert_eq!(decode(&encode(&full)), Ok(full));
    assert_eq!(decode(&encode(&"7".repeat(TEXT_BYTES_MAX + 1))), Err(LinkError::TooLarge));
    // About a thousandfold, the most that deflate can do.
    let bomb = encode(&" ".repeat(10_000_000));
    assert!(bomb.len() < FRAGMENT_BYTES_MAX, "{}", bomb.len());
    assert_eq!(decode(&bomb), Err(LinkError::TooLarge));

    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(decode(&encode(&nested(DEPTH_MAX))), Ok(nested(DEPTH_MAX)));
    assert_eq!(decode(&encode(&nested(DEPTH_MAX + 1))), Err(LinkError::TooDeep));
}

#[test]
fn depth_looks_past_strings() {
    for (json, expected) in [
        ("", 0),
        ("7", 0),
        ("[]", 1),
        (r#"{"a":[{"b":[]}],"c":{}}"#, 4),
        (r#""[[[[""#, 0),
        (r#"["\"[[", [1]]"#, 2),
        (r#"["\\", [1]]"#, 2),
        ("]]]][", 1),
    ] {
        assert_eq!(depth(json), expected, "{json}");
    }
}

/// serde_json is the oracle for the depth of what it can parse.
fn depth_of(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => 1 + items.iter().map(depth_of).max().unwrap_or(0),
        serde_json::Value::Object(fields) => 1 + fields.values().map(depth_of).max().unwrap_or(0),
        _ => 0,
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![any::<i64>().prop_map(Into::into), ".{0,12}".prop_map(serde_json::Value::from)];
    leaf.prop_recursive(6, 60, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::btree_map(".{0,6}", inner, 0..5).prop_map(|m| m.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn every_text_comes_back(text in "\\PC{0,300}") {
        let expected = if depth(&text) > DEPTH_MAX { Err(LinkError::TooDeep) } else { Ok(text.clone()) };
        prop_assert_eq!(decode(&encode(&text)), expected);
    }

    #[test]
    fn every_scenario_comes_back(value in json()) {
        let text = value.to_string();
        prop_assert_eq!(depth(&text), depth_of(&value));
        let link = encode(&text);
        prop_assert!(link.bytes().all(|b| ALPHABET.as_bytes().contains(&b)));
        prop_assert_eq!(link.rsplit_once('.').map(|(_, crc)| crc.len()), Some(7));
        prop_assert_eq!(decode(&format!("#{link}&utm_source=x")), Ok(text));
    }

    /// That noise carries its own CRC-32 is one chance in four thousand million: it never opens.
    #[test]
    fn noise_is_refused_with_a_sentence(text in "\\PC{0,200}") {
        for fragment in [format!("s1.{text}"), text] {
            let sentence = decode(&fragment).map_err(|error| error.to_string()).unwrap_err();
            prop_assert!(sentence.starts_with("This ") && sentence.ends_with('.'));
        }
    }
}

/// Seeded: damaged links, right checksums over damaged deflate, and noise. Nothing panics, and no
/// damage to a link yields other text.
#[test]
fn survives_twenty_thousand_mutations() {
    let mut random = Stream::new(2026, "fuzz", Purpose::Keys);
    let link = encode(TEXT);
    let packed = deflated(TEXT.as_bytes());
    for _ in 0..20_000 {
        let mut characters: Vec<char> = link.chars().collect();
        let mut bytes = packed.clone();
        for _ in 0..=random.below(4) {
            let at = random.below(characters.len() as u64) as usize;
            let pool = if random.chance(0.8) { ALPHABET } else { FOREIGN };
            let c = pool.chars().nth(random.below(pool.chars().count() as u64) as usize).unwrap();
            match random.below(4) {
                0 => characters[at] = c,
                1 => characters.insert(at, c),
                2 => characters.truncate(at.max(1)),
                _ => drop(characters.remove(at)),
            }
            if characters.is_empty() {
                break;
            }
            let at = random.below(bytes.len() as u64) as usize;
            bytes[at] = random.next_u64() as u8;
        }
        let noise: Vec<u8> = (0..random.below(200)).map(|_| random.next_u64() as u8).collect();
        assert_error_or_same(&characters.into_iter().collect::<String>(), "a mutation");
        // Right checksums: deflate itself must hold. Text it yields is within the limits.
        for fragment in [fragment_of(&bytes), fragment_of(&noise)] {
            assert!(decode(&fragment).map_or(true, |text| text.len() <= TEXT_BYTES_MAX));
        }
        assert!(decode(&String::from_utf8_lossy(&noise)).is_err());
    }
}
