//! The common log format of Apache and nginx, and "combined", which adds referer and user agent.
//!
//! ```text
//! 127.0.0.1 - - [22/Nov/2026:13:48:01 +0000] "GET /a HTTP/1.1" 200 512 "-" "curl/8.0" 0.012
//! ```
//!
//! What may follow, as the duration of the request (quoted fields are passed over):
//!
//! 1. `rt=` or `request_time=` with a number: seconds;
//! 2. else the first number with a decimal point: seconds (nginx `$request_time`);
//! 3. else a whole number, if there is just one: microseconds (Apache `%D`).
//!
//! Two whole numbers stay unread: mod_logio's `%I %O` are bytes. Times are taken as written: Apache's is
//! the request's arrival, nginx's the end of its answer.

use super::entry::{Entry, resource};
use super::when::{self, Stamp, Unit};
use std::borrow::Cow;
use std::net::IpAddr;
use std::str;

/// More than any `[time zone]` takes.
const TIME_BYTES_MAX: usize = 40;

/// One line. The reason of an error is a clause for the list of bad lines.
pub(super) fn read(line: &[u8]) -> Result<Entry<'_>, &'static str> {
    let (head, stamp, rest) = around_time(line).ok_or("no [day/month/year:time zone] in brackets")?;
    let client = client(head).ok_or("no client before the time")?;
    let (request, rest) = quoted(rest.trim_ascii_start()).ok_or("no request in quotes after the time")?;
    let path = target(request).and_then(resource).ok_or("the request names no path")?;
    let (status, rest) = token(rest).ok_or("the line ends before the status")?;
    let status = three_digits(status).ok_or("no status after the request")?;
    let (size, rest) = token(rest).ok_or("the line ends before the size")?;
    if size != b"-" && !size.iter().all(u8::is_ascii_digit) {
        return Err("no size after the status");
    }
    Ok(Entry {
        stamp,
        client: Cow::Borrowed(client),
        path: Cow::Borrowed(path),
        status: Some(status),
        duration_ns: duration_ns(rest),
    })
}

/// What stands before the time, the time, and what stands behind it. User names may hold brackets, so
/// the first bracket with a time in it counts.
fn around_time(line: &[u8]) -> Option<(&[u8], Stamp, &[u8])> {
    let brackets = line.iter().enumerate().filter(|(_, b)| **b == b'[').map(|(at, _)| at);
    brackets.into_iter().find_map(|open| {
        let inside = line.get(open + 1..)?;
        let close = inside.iter().take(TIME_BYTES_MAX).position(|&b| b == b']')?;
        let stamp = when::common_log(str::from_utf8(inside.get(..close)?).ok()?)?;
        Some((line.get(..open)?, stamp, inside.get(close + 1..)?))
    })
}

/// The first word; the second, where only that is an address (Debian's `vhost_combined` puts the
/// virtual host first).
fn client(head: &[u8]) -> Option<&[u8]> {
    let mut words = head.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let first = words.next()?;
    let is_address = |word: &[u8]| str::from_utf8(word).is_ok_and(|text| text.parse::<IpAddr>().is_ok());
    Some(words.next().filter(|second| is_address(second) && !is_address(first)).unwrap_or(first))
}

/// `"…" rest`, where a backslash hides a quote.
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = text.strip_prefix(b"\"")?;
    let mut escaped = false;
    let close = inner.iter().position(|&byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })?;
    Some((inner.get(..close)?, inner.get(close + 1..)?))
}

/// The second word of `GET /path HTTP/1.1`.
fn target(request: &[u8]) -> Option<&[u8]> {
    let mut words = request.split(|&b| b == b' ').filter(|word| !word.is_empty());
    let method = words.next()?;
    let is_method = method.iter().all(|b| b.is_ascii_uppercase() || matches!(b, b'-' | b'_'));
    words.next().filter(|_| is_method)
}

/// The next word; a quoted part of it may hold blanks.
fn token(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let (mut in_quotes, mut escaped) = (false, false);
    let end = text.iter().position(|&byte| {
        in_quotes ^= byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        byte == b' ' && !in_quotes
    });
    let (word, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
    (!word.is_empty()).then_some((word, rest))
}

fn three_digits(word: &[u8]) -> Option<u16> {
    str::from_utf8(word).ok().filter(|text| text.len() == 3)?.parse().ok()
}

/// By the three rules at the top of this file.
fn duration_ns(mut rest: &[u8]) -> Option<u64> {
    let (mut with_point, mut whole, mut whole_count) = (None, None, 0);
    while let Some((word, tail)) = token(rest) {
        rest = tail;
        let Ok(word) = str::from_utf8(word) else { continue };
        let word = word.trim_end_matches(',');
        if let Some(keyed) = word.strip_prefix("rt=").or_else(|| word.strip_prefix("request_time=")) {
            return when::decimal(keyed, Unit::Seconds)?.try_into().ok();
        }
        if word.contains('.') {
            with_point = with_point.or_else(|| when::decimal(word, Unit::Seconds));
        } else if let Some(ns) = when::decimal(word, Unit::Microseconds) {
            whole = Some(ns);
            whole_count += 1;
        }
    }
    with_point.or(whole.filter(|_| whole_count == 1))?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRONT: &str = "10.0.0.1 - - [22/Nov/2026:13:48:01 +0000]";

    #[test]
    fn the_duration_behind_a_line() {
        for (tail, ns) in [
            ("", None),
            ("\"-\" \"curl/8.0 1.5\"", None),
            ("\"-\" \"curl\" 0.012", Some(12_000_000)),
            ("0.012", Some(12_000_000)),
            ("\"-\" \"curl\" 12345", Some(12_345_000)),
            ("\"-\" \"say \\\"9.9\\\" 7.7\" 0.012", Some(12_000_000)),
            ("\"-\" \"curl\" rt=0.25 uct=\"0.001\" urt=\"0.249\"", Some(250_000_000)),
            ("\"-\" \"curl\" 99 1.5 rt=2", Some(2_000_000_000)),
            ("\"-\" \"curl\" xff=\"9.9 8.8\" 0.5 0.4", Some(500_000_000)),
            ("\"-\" \"curl\" 512 4096", None),
            ("\"-\" \"curl\" - .", None),
            ("\"-\" \"curl 0.5", None),
        ] {
            let line = format!("{FRONT} \"GET /a HTTP/1.1\" 200 5 {tail}");
            assert_eq!(read(line.as_bytes()).unwrap().duration_ns, ns, "{tail}");
        }
    }

    #[test]
    fn who_and_what() {
        for (line, client, path) in [
            (format!("{FRONT} \"GET /a?b HTTP/1.1\" 200 -"), "10.0.0.1", "/a"),
            ("::1 - - [22/Nov/2026:13:48:01 +0000] \"GET /a\" 200 1".into(), "::1", "/a"),
            ("h John [x] Doe [22/Nov/2026:13:48:01 +0000] \"PUT /p HTTP/2.0\" 204 0".into(), "h", "/p"),
            ("www.example.org:80 10.0.0.9 - - [22/Nov/2026:13:48:01 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"x\"".into(), "10.0.0.9", "/"),
            (format!("{FRONT} \"GET /say\\\"hi\\\" HTTP/1.1\" 404 0"), "10.0.0.1", "/say\\\"hi\\\""),
        ] {
            let entry = read(line.as_bytes()).unwrap();
            assert_eq!((&*entry.client, &*entry.path), (client.as_bytes(), path.as_bytes()), "{line}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, reason) in [
            ("hello".into(), "no [day/month/year:time zone] in brackets"),
            ("[22/Nov/2026:13:48:01 +0000] \"GET / HTTP/1.1\" 200 1".into(), "no client before the time"),
            (format!("{FRONT} GET / 200 1"), "no request in quotes after the time"),
            (format!("{FRONT} \"GET / HTTP/1.1 200 1"), "no request in quotes after the time"),
            (format!("{FRONT} \"-\" 408 0"), "the request names no path"),
            (format!("{FRONT} \"\\x16\\x03\\x01 \\x02\" 400 0"), "the request names no path"),
            (format!("{FRONT} \"GET / HTTP/1.1\""), "the line ends before the status"),
            (format!("{FRONT} \"GET / HTTP/1.1\" OK 7"), "no status after the request"),
            (format!("{FRONT} \"GET / HTTP/1.1\" 200"), "the line ends before the size"),
            (format!("{FRONT} \"GET / HTTP/1.1\" 200 big"), "no size after the status"),
        ] {
            assert_eq!(read(line.as_bytes()), Err(reason), "{line}");
        }
    }
}
