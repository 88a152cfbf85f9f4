//! The shortener against a plain map, and its collisions against the birthday bound.

use super::*;
use proptest::prelude::*;

const DAY: Span = Span(1000);

fn shortener(coding: Coding) -> Shortener {
    Shortener::new(coding, LINKS_MAX, None, DAY)
}

#[test]
fn a_counter_counts_in_base_62_and_steps_over_codes_that_users_have() {
    let mut links = shortener(Coding::Counter);
    let codes: Vec<Made> =
        (0..3).map(|_| links.shorten("https://example.org", Time::ZERO).unwrap()).collect();
    assert_eq!(codes.iter().map(|made| made.code.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    let wished = base62::encode(62 * 62 + 5);
    links.shorten_as("https://example.com", wished.as_str(), Time::ZERO).unwrap();
    for _ in 3..62 * 62 + 5 {
        assert_eq!(links.shorten("x", Time::ZERO).unwrap().attempts, 1);
    }
    let made = links.shorten("x", Time::ZERO).unwrap();
    assert_eq!((made.code, made.attempts, links.collisions()), (base62::encode(62 * 62 + 6), 2, 1));
}

#[test]
fn reserved_words_are_never_given_out() {
    let mut links = shortener(Coding::Counter);
    links.next = base62::decode("help").unwrap();
    let made = links.shorten("x", Time::ZERO).unwrap();
    assert_eq!((made.code.as_str(), made.attempts, links.collisions()), ("helq", 2, 0));
}

#[test]
fn hashing_gives_the_same_url_the_same_code() {
    let mut links = shortener(Coding::Md5 { chars: 7 });
    let first = links.shorten("https://example.org/1", Time::ZERO).unwrap();
    let again = links.shorten("https://example.org/1", Time(5)).unwrap();
    assert_eq!((first.code, again.known), (again.code, true));
    assert_eq!((first.known, links.links().len(), first.code.as_str().len()), (false, 1, 7));
}

#[test]
fn a_code_that_is_full_of_collisions_is_given_up() {
    // 16 codes of one hexadecimal digit: the odds of missing a free one 32 times are small but real,
    // and once all 16 are taken nothing helps.
    let mut links = shortener(Coding::Md5Hex { chars: 1 });
    let made: Vec<_> = (0..200).map(|n| links.shorten(&format!("u{n}"), Time::ZERO)).collect();
    assert_eq!(links.links().len(), 16);
    assert!(made.iter().filter(|made| **made == Err(MakeError::Attempts)).count() >= 184);
    links.check().unwrap();
}

#[test]
fn links_expire_and_make_room() {
    let mut links = Shortener::new(Coding::Counter, 2, Some(Span(100)), DAY);
    let a = links.shorten("a", Time(0)).unwrap().code;
    let b = links.shorten("b", Time(50)).unwrap().code;
    assert_eq!(links.shorten("c", Time(99)), Err(MakeError::Full));
    assert_eq!(links.redirect(&a, Time(99)), Found::Url("a".into()));
    assert_eq!(links.redirect(&a, Time(100)), Found::Expired);
    assert!(links.shorten("c", Time(100)).is_ok());
    assert_eq!(links.redirect(&a, Time(100)), Found::Unknown);
    assert_eq!(links.redirect(&b, Time(100)), Found::Url("b".into()));
    links.check().unwrap();
}

#[test]
fn urls_are_bounded() {
    let mut links = shortener(Coding::Counter);
    assert_eq!(links.shorten("", Time::ZERO), Err(MakeError::Url));
    assert_eq!(links.shorten(&"x".repeat(URL_MAX + 1), Time::ZERO), Err(MakeError::Url));
    assert!(links.shorten(&"x".repeat(URL_MAX), Time::ZERO).is_ok());
}

/// The birthday bound: the i-th link meets each of the i codes in use with probability 1/m, so n links
/// meet n (n − 1) / 2m in the mean, nearly Poisson distributed while n is far below m. Measured over
/// independent sets of URLs, the mean must lie within 4 standard errors.
#[test]
fn collisions_are_as_frequent_as_the_birthday_bound_says() {
    for (coding, codes, n, sets) in [
        (Coding::Md5Hex { chars: 8 }, 2f64.powi_of(32), 60_000u32, 6u32),
        (Coding::Md5Hex { chars: 6 }, 2f64.powi_of(24), 10_000, 8),
        (Coding::Md5 { chars: 4 }, 62f64.powi_of(4), 10_000, 8),
    ] {
        let collisions: u64 = (0..sets)
            .map(|set| {
                let mut links = shortener(coding);
                for url in 0..n {
                    links.shorten(&format!("https://example.org/{set}/{url}"), Time::ZERO).unwrap();
                }
                links.collisions()
            })
            .sum();
        let n = f64::from(n);
        let expected = n * (n - 1.0) / 2.0 / codes * f64::from(sets);
        let error = 4.0 * expected.sqrt();
        println!("{coding:?}: {collisions} collisions, {expected:.1} expected");
        assert!((collisions as f64 - expected).abs() < error, "{coding:?}: {collisions}, not {expected}");
        assert!(expected > 2.0);
    }
}

/// Whole powers without the functions that differ between targets.
trait Power {
    fn powi_of(self, exponent: u32) -> f64;
}

impl Power for f64 {
    fn powi_of(self, exponent: u32) -> f64 {
        (0..exponent).fold(1.0, |product, _| product * self)
    }
}

#[derive(Clone, Debug)]
enum Step {
    Shorten(u8),
    Wish(u8, u8),
    Click(u8),
}

fn steps() -> impl Strategy<Value = Vec<(Step, u8)>> {
    let step = prop_oneof![
        any::<u8>().prop_map(Step::Shorten),
        (any::<u8>(), 0..20u8).prop_map(|(url, wish)| Step::Wish(url, wish)),
        any::<u8>().prop_map(Step::Click),
    ];
    prop::collection::vec((step, 0..50u8), 1..120)
}

proptest! {
    /// The naive model: a list of all that was ever made, searched from its end.
    #[test]
    fn redirects_are_those_of_a_plain_list(steps in steps(), which in 0..3usize, expires: bool) {
        let coding = [Coding::Counter, Coding::Md5 { chars: 2 }, Coding::Md5Hex { chars: 2 }][which];
        let lifetime = expires.then_some(Span(900));
        let mut links = Shortener::new(coding, 50, lifetime, DAY);
        let mut list: Vec<(Code, String, Time, u64)> = vec![];
        let mut now = Time::ZERO;
        for (step, wait) in steps {
            now = now + Span(u64::from(wait));
            let alive = |made: Time| lifetime.is_none_or(|lifetime| now < made + lifetime);
            let made = match &step {
                Step::Shorten(url) => links.shorten(&format!("u{url}"), now),
                Step::Wish(url, wish) => links.shorten_as(&format!("u{url}"), &format!("wish-{wish}"), now),
                Step::Click(nth) => {
                    if !list.is_empty() {
                        let code = list[*nth as usize % list.len()].0;
                        let entry = list.iter_mut().rev().find(|entry| entry.0 == code).unwrap();
                        if links.click(&code, now) {
                            entry.3 += 1;
                            prop_assert_eq!(links.stats(&code).unwrap().0.clicks, entry.3);
                            let days: u64 = links.stats(&code).unwrap().1.iter().map(|day| day.1).sum();
                            prop_assert_eq!(days, entry.3);
                        } else {
                            prop_assert!(!alive(entry.2));
                        }
                    }
                    Err(MakeError::Url)
                }
            };
            let url = match step { Step::Shorten(url) | Step::Wish(url, _) | Step::Click(url) => format!("u{url}") };
            if let Ok(made) = made {
                let before = list.iter().rev().find(|entry| entry.0 == made.code && alive(entry.2));
                prop_assert_eq!(before.is_some(), made.known);
                prop_assert!(before.is_none_or(|entry| entry.1 == url));
                if !made.known {
                    list.push((made.code, url, now, 0));
                }
            }
            for (code, ..) in &list {
                let (_, url, made, _) = list.iter().rev().find(|entry| entry.0 == *code).unwrap();
                match links.redirect(code, now) {
                    Found::Url(found) => prop_assert!(*found == **url && alive(*made)),
                    Found::Expired | Found::Unknown => prop_assert!(!alive(*made)),
                }
            }
            prop_assert_eq!(links.check(), Ok(()));
        }
    }
}
