//! Times and lengths of time as logs write them, exactly, in nanoseconds.

use std::str;

const NS_PER_S: i64 = 1_000_000_000;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// An instant as written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stamp {
    /// Nanoseconds from 1970-01-01T00:00:00Z, or from wherever the log counts.
    pub ns: i64,
    /// Written without a fraction of a second: it may be anywhere within its second.
    pub whole_second: bool,
}

/// What one step of a written number stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

impl Unit {
    pub fn ns(self) -> i64 {
        match self {
            Unit::Seconds => NS_PER_S,
            Unit::Milliseconds => 1_000_000,
            Unit::Microseconds => 1_000,
            Unit::Nanoseconds => 1,
        }
    }
}

/// `22/Nov/2026:13:48:01 +0000`, the time of the common log format.
pub(super) fn common_log(text: &str) -> Option<Stamp> {
    let (clock, zone) = text.split_once(' ')?;
    let mut parts = clock.splitn(4, ['/', ':']);
    let day = digits(parts.next()?, 2)?;
    let month_name = parts.next()?;
    let month = MONTHS.iter().position(|name| *name == month_name)? as i64 + 1;
    let year = digits(parts.next()?, 4)?;
    let s = days(year, month, day)? * 86_400 + time_of_day(parts.next()?)? - offset(zone)?;
    Some(Stamp { ns: s.checked_mul(NS_PER_S)?, whole_second: true })
}

/// RFC 3339: `2026-11-22T13:48:01.5+01:00`; a space or `t` for `T`, and no zone at all (then UTC), are
/// accepted too. Digits beyond nanoseconds are dropped.
pub(super) fn rfc3339(text: &str) -> Option<Stamp> {
    let date = text.get(..10)?;
    let rest = text.get(10..)?.strip_prefix(['T', 't', ' '])?;
    let mut ymd = date.split('-');
    let (year, month, day) = (digits(ymd.next()?, 4)?, digits(ymd.next()?, 2)?, digits(ymd.next()?, 2)?);
    let seconds = time_of_day(rest.get(..8)?)?;
    let rest = rest.get(8..)?;
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(tail) => tail.split_at(tail.bytes().take_while(u8::is_ascii_digit).count()),
        None => ("", rest),
    };
    if rest.starts_with('.') && fraction.is_empty() {
        return None;
    }
    let s = days(year, month, day)? * 86_400 + seconds - offset(zone)?;
    let ns = s.checked_mul(NS_PER_S)?.checked_add(fraction_ns(fraction))?;
    Some(Stamp { ns, whole_second: fraction.is_empty() })
}

/// A non-negative decimal number of `unit`s, in nanoseconds; what is below a nanosecond is dropped.
/// Also the exponents that programs print for very small numbers (`1e-05`).
pub(super) fn decimal(text: &str, unit: Unit) -> Option<i64> {
    if text.contains(['e', 'E']) {
        let ns = crate::scenario::json::decimal(text)? * unit.ns() as f64;
        return (ns >= 0.0 && ns < i64::MAX as f64).then_some(ns as i64);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let all_digits = whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
    if !all_digits || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let part = fraction_ns(fraction) / (NS_PER_S / unit.ns());
    whole.checked_mul(unit.ns())?.checked_add(part)
}

/// Digits after a decimal point, in billionths.
fn fraction_ns(digits: &str) -> i64 {
    let mut ns = 0;
    let mut place = NS_PER_S / 10;
    for byte in digits.bytes().take(9) {
        ns += i64::from(byte.wrapping_sub(b'0')) * place;
        place /= 10;
    }
    ns
}

/// Exactly `count` digits.
fn digits(text: &str, count: usize) -> Option<i64> {
    let right = text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| right)
}

/// `hh:mm:ss` in seconds; a leap second (60) counts as the next minute's first.
fn time_of_day(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, ':');
    let (h, m, s) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    (h < 24 && m < 60 && s <= 60).then_some((h * 60 + m) * 60 + s)
}

/// `Z`, `z`, nothing, `+0100` or `+01:00` in seconds east of Greenwich.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "" | "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = match zone.as_bytes().first()? {
        b'+' => (1, zone.get(1..)?),
        b'-' => (-1, zone.get(1..)?),
        _ => return None,
    };
    let minutes = rest.get(2..)?;
    let (h, m) = (digits(rest.get(..2)?, 2)?, digits(minutes.strip_prefix(':').unwrap_or(minutes), 2)?);
    (h < 24 && m < 60).then_some(sign * (h * 60 + m) * 60)
}

/// Days from 1970-01-01 in the Gregorian calendar; nothing for a day that does not exist.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years that begin in March put the leap day last: 153 days in every five months from then on.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(text: &str) -> Option<i64> {
        common_log(text).or_else(|| rfc3339(text)).map(|stamp| stamp.ns)
    }

    /// Seconds since 1970 from GNU `date -u -d … +%s`.
    #[test]
    fn known_instants() {
        for (text, seconds) in KNOWN {
            assert_eq!(stamp(text), Some(seconds * NS_PER_S), "{text}");
        }
    }

    const KNOWN: &[(&str, i64)] = &[
        ("01/Jan/1970:00:00:00 +0000", 0),
        ("1970-01-01T00:00:00Z", 0),
        ("22/Nov/2026:13:48:01 +0000", 1795355281),
        ("2026-11-22T13:48:01Z", 1795355281),
        ("22/Nov/2026:13:48:01 -0730", 1795382281),
        ("2026-11-22T13:48:01-07:30", 1795382281),
        ("29/Feb/2024:23:59:59 +0000", 1709251199),
        ("2024-02-29T23:59:59Z", 1709251199),
        ("29/Feb/2000:12:00:00 +0530", 951805800),
        ("2000-02-29T12:00:00+05:30", 951805800),
        ("01/Mar/2100:00:00:00 +0000", 4107542400),
        ("2100-03-01T00:00:00Z", 4107542400),
        ("31/Dec/2016:23:59:59 +0000", 1483228799),
        ("2016-12-31T23:59:59Z", 1483228799),
        ("10/Oct/2000:13:55:36 -0700", 971211336),
        ("2000-10-10T13:55:36-07:00", 971211336),
        ("31/Dec/1969:23:59:59 +0000", -1),
        ("1969-12-31T23:59:59Z", -1),
        ("01/Mar/1900:00:00:00 +0000", -2203891200),
        ("1900-03-01T00:00:00Z", -2203891200),
    ];

    #[test]
    fn fractions_and_forms() {
        let base = 1_795_355_281 * NS_PER_S;
        for (text, ns, whole) in [
            ("2026-11-22T13:48:01Z", 0, true),
            ("2026-11-22 13:48:01", 0, true),
            ("2026-11-22t13:48:01z", 0, true),
            ("2026-11-22T13:48:01.5Z", 500_000_000, false),
            ("2026-11-22T13:48:01.000000001", 1, false),
            ("2026-11-22T13:48:01.1234567899+00:00", 123_456_789, false),
        ] {
            assert_eq!(rfc3339(text), Some(Stamp { ns: base + ns, whole_second: whole }), "{text}");
        }
    }

    #[test]
    fn what_is_no_instant() {
        for text in [
            "",
            "22/Nov/2026",
            "31/Nov/2026:13:48:01 +0000",
            "29/Feb/2025:13:48:01 +0000",
            "22/nov/2026:13:48:01 +0000",
            "22/Nov/2026:24:00:00 +0000",
            "22/Nov/2026:13:48:01 0000",
            "22/Nov/2026:13:48:01 +00é",
            "2026-13-01T00:00:00Z",
            "2026-1-1T00:00:00Z",
            "2026-11-22T13:48:01.Z",
            "2026-11-22T13:48Z",
            "2026-11-22",
            "9999-12-31T23:59:59Z",
            "yesterday",
        ] {
            assert_eq!(stamp(text), None, "{text}");
        }
    }

    #[test]
    fn decimals_are_exact() {
        for (text, unit, ns) in [
            ("0.012", Unit::Seconds, Some(12_000_000)),
            ("12", Unit::Milliseconds, Some(12_000_000)),
            ("12.345678", Unit::Milliseconds, Some(12_345_678)),
            ("1.5", Unit::Microseconds, Some(1_500)),
            ("7.9", Unit::Nanoseconds, Some(7)),
            ("1795355281.123456789", Unit::Seconds, Some(1_795_355_281_123_456_789)),
            (".5", Unit::Seconds, Some(500_000_000)),
            ("5.", Unit::Seconds, Some(5_000_000_000)),
            ("1e-05", Unit::Seconds, Some(10_000)),
            ("1e99", Unit::Seconds, None),
            ("-1", Unit::Seconds, None),
            ("1795355281000", Unit::Seconds, None),
            (".", Unit::Seconds, None),
            ("1.2.3", Unit::Seconds, None),
            ("", Unit::Seconds, None),
            ("e", Unit::Seconds, None),
        ] {
            assert_eq!(decimal(text, unit), ns, "{text}");
        }
    }
}
