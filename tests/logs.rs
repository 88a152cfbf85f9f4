//! Import of access logs: a real one with figures counted elsewhere, hostile ones, and limits.

use proptest::prelude::*;
use std::collections::BTreeMap;
use switchyard::scenario::log::{
    AccessLog, BAD_LINES_KEPT, BYTES_MAX, BadLine, LogError, LogFormat, OTHER_PATHS, PATH_CHARS_MAX,
    PATHS_MAX, ROWS_MAX, parse,
};
use switchyard::sim::{Purpose, Random, Stream};

const ACCESS: &[u8] = include_bytes!("fixtures/nginx/access.log");
const SAMPLE: &[u8] = include_bytes!("fixtures/nginx/sample.csv");
const BROKEN: &[u8] = include_bytes!("fixtures/nginx/broken.log");
const NS_PER_S: u64 = 1_000_000_000;

fn read(text: &str) -> AccessLog {
    parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn times_ms(log: &AccessLog) -> Vec<u64> {
    log.rows.iter().map(|row| row.at_ns / 1_000_000).collect()
}

/// What must hold of every log, whatever it was read from.
fn assert_sound(log: &AccessLog) {
    assert!(!log.rows.is_empty() && log.rows.len() <= ROWS_MAX);
    assert_eq!(log.rows[0].at_ns, 0);
    assert_eq!(log.rows.last().map(|row| row.at_ns), Some(log.span_ns));
    assert!(log.rows.is_sorted_by_key(|row| row.at_ns));
    assert!(log.paths.len() <= PATHS_MAX && log.paths.len() <= log.distinct_paths as usize);
    let mut seen = vec![false; log.clients as usize];
    log.rows.iter().for_each(|row| seen[row.client as usize] = true);
    assert!(seen.into_iter().all(|s| s), "clients are dense");
    let counts = path_counts(log);
    assert!(counts.iter().all(|&n| n > 0), "every path occurs");
    let named = counts.len() - usize::from(log.distinct_paths as usize > counts.len());
    assert!(counts[..named].is_sorted_by(|a, b| a >= b), "most frequent first");
    assert!(log.paths.iter().all(|p| p.chars().count() <= PATH_CHARS_MAX && !p.contains(char::is_control)));
    assert_eq!(log.bad.len(), BAD_LINES_KEPT.min(log.bad_lines as usize));
}

fn path_counts(log: &AccessLog) -> Vec<usize> {
    let mut counts = vec![0; log.paths.len()];
    log.rows.iter().for_each(|row| counts[row.path as usize] += 1);
    counts
}

/// The figures are those of the fixture's README, counted by Python and by awk.
#[test]
fn a_log_of_nginx_gives_the_figures_counted_elsewhere() {
    let log = parse(ACCESS).unwrap();
    assert_sound(&log);
    assert_eq!((log.format, log.rows.len(), log.clients), (LogFormat::Common, 1967, 60));
    assert_eq!((log.bad_lines, log.truncated, log.out_of_order, log.distinct_paths), (0, 0, 0, 11));
    let expected = [
        ("/feed", 511),
        ("/", 509),
        ("/images/logo.png", 227),
        ("/api/items", 209),
        ("/api/items/7", 127),
        ("/about.html", 99),
        ("/images/banner.jpg", 94),
        ("/api/cart", 89),
        ("/favicon.ico", 47),
        ("/wp-login.php", 34),
        ("/old%20page", 21),
    ];
    let found: Vec<(&str, usize)> = log.paths.iter().map(String::as_str).zip(path_counts(&log)).collect();
    assert_eq!(found, expected);

    let statuses = log.rows.iter().fold(BTreeMap::new(), |mut counts: BTreeMap<_, u32>, row| {
        *counts.entry(row.status).or_default() += 1;
        counts
    });
    assert_eq!(statuses, BTreeMap::from([(Some(200), 1865), (Some(404), 102)]));

    let durations: Vec<u64> = log.rows.iter().filter_map(|row| row.duration_ns).collect();
    assert_eq!(durations.len(), 1967);
    assert_eq!(durations.iter().sum::<u64>(), 85_232_000_000);
    assert_eq!(durations.iter().max(), Some(&1_001_000_000));

    assert_eq!(log.span_ns, 26 * NS_PER_S);
    let in_second = |s: u64| log.rows.iter().filter(|row| row.at_ns / NS_PER_S == s).count();
    assert_eq!(
        (0..=26).map(in_second).collect::<Vec<_>>(),
        [
            43, 53, 60, 69, 54, 55, 63, 63, 53, 65, 133, 190, 171, 172, 107, 64, 60, 68, 61, 59, 52, 58, 53,
            58, 56, 26, 1,
        ]
    );
}

/// The format's resolution is a second: 43 rows of the first one stand 1/43 s apart.
#[test]
fn rows_of_one_second_are_spread_over_it_in_order() {
    let log = parse(ACCESS).unwrap();
    assert!(log.spread);
    let expected: Vec<u64> = (0..43).map(|i| i * NS_PER_S / 43).collect();
    assert_eq!(log.rows[..43].iter().map(|row| row.at_ns).collect::<Vec<_>>(), expected);
    let first_durations: Vec<u64> = log.rows[..4].iter().filter_map(|row| row.duration_ns).collect();
    assert_eq!(first_durations, [29_000_000, 11_000_000, 0, 4_000_000]);
    assert_eq!(log.rows[..4].iter().map(|row| row.client).collect::<Vec<_>>(), [0, 1, 2, 3]);
}

/// The same requests in two formats are the same log.
#[test]
fn csv_and_log_of_the_same_requests_agree() {
    let csv = parse(SAMPLE).unwrap();
    assert_sound(&csv);
    let lines: Vec<&[u8]> = ACCESS.split_inclusive(|&b| b == b'\n').take(120).collect();
    let log = parse(&lines.concat()).unwrap();
    assert_eq!(csv, AccessLog { format: LogFormat::Csv, ..log });
    assert_eq!(csv.rows.len(), 120);
}

#[test]
fn bad_lines_are_counted_and_shown() {
    let log = parse(BROKEN).unwrap();
    assert_sound(&log);
    assert_eq!((log.rows.len(), log.bad_lines, log.out_of_order), (53, 6, 1));
    let bad: Vec<(u32, &str)> = log.bad.iter().map(|bad| (bad.line, bad.reason)).collect();
    assert_eq!(
        bad,
        [
            (5, "no request in quotes after the time"),
            (10, "the request names no path"),
            (15, "the request names no path"),
            (20, "no [day/month/year:time zone] in brackets"),
            (25, "no [day/month/year:time zone] in brackets"),
            (30, "the line is longer than 8 KiB"),
        ]
    );
    let path = |at: usize| log.paths[log.rows[at].path as usize].as_str();
    assert_eq!((path(0), log.rows[0].duration_ns), ("/late", Some(10 * NS_PER_S)));
    assert_eq!(log.rows[1].at_ns, 10 * NS_PER_S);
    assert!(log.paths.contains(&"/caf\u{fffd}".to_string()));
}

#[test]
fn csv_in_its_many_forms() {
    let one = |text: &str| {
        let log = read(text);
        assert_sound(&log);
        assert_eq!((log.format, log.bad_lines, log.spread), (LogFormat::Csv, 0, false), "{text}");
        let durations: Vec<_> = log.rows.iter().map(|row| row.duration_ns.map(|ns| ns / 1000)).collect();
        (times_ms(&log), log.clients, log.paths.join(" "), durations)
    };
    let expected = (vec![0, 1500, 2000], 2, "/a /b".to_string(), vec![Some(12_000), None, Some(1_000)]);
    for text in [
        "time,client,path,duration\n0,x,/a,0.012\n1.5,y,/b,\n2.0,x,/a,0.001\n",
        "0,x,/a,0.012\n1.5,y,/b\n2.0,x,/a,.001\n",
        "100.0;x;/a?q;12e-3\n101.5;y;/b;-\n102;x;/a#top;1e-3",
        "TIME (ms)\tClient IP\tURL\tDuration (us)\n5\tx\thttp://h/a\t12000\n1505\ty\thttp://h/b\t-\n2005\tx\t/a\t1000\n",
        "status;latency_ms;path;bytes;user;timestamp_us\r\n200;12;/a;7;x;0\r\n-;;/b;7;y;1500000\r\n200;1;/a;7;x;2000000\r\n",
        "\u{feff}\"path\",\"ip\",\"ts\",\"request_time\"\n\"/a\",\"x\",\"2026-11-22T13:48:01Z\",0.012\n\
         \"/b\",\"y\",\"2026-11-22T14:48:02.5+01:00\",\"\"\n\"/a\",\"x\",\"2026-11-22 13:48:03\",0.001\n",
    ] {
        assert_eq!(one(text), expected, "{text}");
    }
}

#[test]
fn whole_seconds_are_spread_but_stated_milliseconds_are_not() {
    let log = read("time,client,path\n7,x,/\n7,y,/\n8,x,/\n8,x,/\n8,x,/\n8,y,/\n");
    assert_eq!((log.spread, times_ms(&log)), (true, vec![0, 500, 1000, 1250, 1500, 1750]));
    let log = read("time_ms,client,path\n7000,x,/\n7000,y,/\n8000,x,/\n");
    assert_eq!((log.spread, times_ms(&log)), (false, vec![0, 0, 1000]));
    let log = read("time,client,path\n7,x,/\n7,y,/\n8.5,x,/\n");
    assert_eq!((log.spread, times_ms(&log)), (false, vec![0, 0, 1500]));
}

#[test]
fn rows_are_sorted_and_equal_times_keep_their_order() {
    let log =
        read("time_ms,client,path,status\n30,a,/,200\n10,b,/,201\n30,c,/,202\n20,d,/,203\n10,e,/,204\n");
    assert_eq!(log.out_of_order, 3);
    let rows: Vec<_> = log.rows.iter().map(|row| (row.at_ns / 1_000_000, row.client, row.status)).collect();
    assert_eq!(
        rows,
        [(0, 1, Some(201)), (0, 4, Some(204)), (10, 3, Some(203)), (20, 0, Some(200)), (20, 2, Some(202))]
    );
}

#[test]
fn rare_paths_become_other() {
    // Path i occurs i + 1 times.
    let csv =
        |paths: usize| (0..paths).flat_map(|i| vec![format!("0,c,/p{i:03}\n"); i + 1]).collect::<String>();
    let log = read(&csv(PATHS_MAX));
    assert_sound(&log);
    assert_eq!((log.paths.len(), log.paths[0].as_str(), log.paths[63].as_str()), (64, "/p063", "/p000"));
    let log = read(&csv(PATHS_MAX + 6));
    assert_sound(&log);
    assert_eq!((log.paths.len(), log.distinct_paths), (PATHS_MAX, 70));
    assert_eq!(
        (log.paths[0].as_str(), log.paths[62].as_str(), log.paths[63].as_str()),
        ("/p069", "/p007", OTHER_PATHS)
    );
    assert_eq!(path_counts(&log)[63], (1..=7).sum::<usize>());

    let long = read(&format!("0,c,/{}\n", "ü".repeat(500)));
    assert_eq!(long.paths[0].chars().count(), PATH_CHARS_MAX);
    assert!(long.paths[0].ends_with("ü…"));
}

#[test]
fn neither_addresses_nor_queries_are_kept() {
    let shown = format!("{:?}", parse(ACCESS).unwrap());
    for private in ["127.0.1.", "page=1", "lang=en", "limit=20", "loadtest"] {
        assert!(ACCESS.windows(private.len()).any(|w| w == private.as_bytes()), "{private} is in the file");
        assert!(!shown.contains(private), "{private} is kept");
    }
}

#[test]
fn what_is_no_log_is_named() {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0".as_slice();
    let prose = "Call me Ishmael.\nSome years ago, never mind how long,\nprecisely\n";
    let no_time = LogError::NotALog { line: 1, reason: "no [day/month/year:time zone] in brackets" };
    for (bytes, error) in [
        (b"".as_slice(), LogError::Empty),
        (b"\n \r\n# comment\n", LogError::Empty),
        (b"time,client,path\n", LogError::Empty),
        (b"\x1f\x8b\x08\0\0", LogError::Compressed),
        (b"PK\x03\x04\x14\0", LogError::Compressed),
        (b"\xff\xfet\0i\0m\0e\0", LogError::Utf16),
        (png, LogError::Binary),
        (b"\x01\x02\x03\x04 text", LogError::Binary),
        (b"\n<!DOCTYPE html><html>", LogError::Html),
        (b"<?xml version='1.0'?>", LogError::Html),
        (b"{\"time\": 1}", LogError::Json),
        (b"[ {\"time\": 1} ]", LogError::Json),
        (b"time,client,size\n1,x,2\n", LogError::ColumnsMissing { missing: vec!["path"] }),
        (b"path;duration_ms\n/;2\n", LogError::ColumnsMissing { missing: vec!["time", "client"] }),
        (b"name,age\nAda,36\n", LogError::ColumnsMissing { missing: vec!["time", "client", "path"] }),
        (prose.as_bytes(), no_time.clone()),
        (b"[Sun Nov 22 14:08:05 2026] [error] [client 127.0.0.1] File does not exist", no_time),
        (b"1,2\n3,4\n", LogError::NotALog { line: 1, reason: "no [day/month/year:time zone] in brackets" }),
        (
            b"time_ms,client,path\nnow,a,/\n1,a,/\nlater,a,/\n",
            LogError::NotALog { line: 2, reason: "the time is not a number" },
        ),
    ] {
        let found = parse(bytes).unwrap_err();
        assert_eq!(found, error, "{}", String::from_utf8_lossy(bytes));
        assert!(found.to_string().ends_with('.'), "{found}");
    }
    let sentence = parse(prose.as_bytes()).unwrap_err().to_string();
    assert!(
        sentence.contains("does not look like an access log") && sentence.contains("Line 1: no ["),
        "{sentence}"
    );
}

#[test]
fn a_row_may_be_wrong_in_each_field() {
    let log = read(
        "time,client,path,duration\n1,a,/,1\n2,a,/,2\n3,a,/,3\n4,a,/,4\n5,a,/,5\n6,a,/,6\n7,a,/,7\n8,a,/,8\n\
         x,a,/,1\n-1,a,/,1\n1795355281000,a,/,1\n1,,/,1\n1,a,?q,1\n1,a,/,fast\n1,a\n\"1,a,/,1\n",
    );
    assert_eq!(log.rows.len(), 8);
    let bad: Vec<_> = log.bad.iter().map(|bad| bad.reason).collect();
    assert_eq!(
        bad,
        [
            "the time is neither a number nor a date",
            "the time is neither a number nor a date",
            "the time is too large for seconds (a column of milliseconds is named time_ms)",
            "the client is empty",
            "the path is empty",
            "the duration is not a number",
            "fields are missing",
            "a quote is not closed",
        ]
    );
    assert_eq!(log.bad[7], BadLine { line: 17, reason: "a quote is not closed" });
}

#[test]
fn limits_hold() {
    let rows = "0,c,/\n".repeat(ROWS_MAX);
    assert_eq!((read(&rows).rows.len(), read(&rows).truncated), (ROWS_MAX, 0));
    let log = read(&format!("{rows}1,d,/x\nbad\n\n"));
    assert_eq!((log.rows.len(), log.truncated, log.bad_lines, log.clients), (ROWS_MAX, 2, 0, 1));

    let log = read(&format!("{}{}", "0,c,/\n".repeat(60), "bad\n".repeat(3000)));
    assert_eq!((log.rows.len(), log.bad_lines, log.bad.len()), (60, 3000, BAD_LINES_KEPT));

    let large = vec![b'\n'; BYTES_MAX + 1];
    assert_eq!(parse(&large), Err(LogError::TooLarge { bytes: BYTES_MAX + 1 }));
    assert_eq!(parse(&large[1..]), Err(LogError::Empty));
}

/// Times as far apart as the formats allow do not overflow.
#[test]
fn extreme_times_fit() {
    let log = read("time_ns,client,path\n9223372036854775807,a,/\n0,a,/\n");
    assert_eq!((log.span_ns, log.out_of_order), (i64::MAX as u64, 1));
    let log = read(
        "time,client,path\n1700-01-01T00:00:00Z,a,/\n2260-01-01T00:00:00Z,a,/\n2260-01-01T00:00:00Z,a,/\n",
    );
    assert_eq!(log.span_ns, (204_535 * 86_400) * NS_PER_S + NS_PER_S / 2);
}

/// Fixtures with bytes changed, cut, doubled and moved: an answer always, and a sound one.
#[test]
fn survives_mutations_of_real_files() {
    let mut random = Stream::new(2026, "fuzz", Purpose::Keys);
    let sources = [&ACCESS[..6_000], &SAMPLE[..6_000], BROKEN, b"0,c,/a\n1,d,/b,0.5\n2,\"e\"\"f\",/c\n"];
    let mut answers = [0u32; 2];
    for _ in 0..4_000 {
        let mut bytes = sources[random.below(4) as usize].to_vec();
        for _ in 0..random.below(40) {
            let at = random.below(bytes.len() as u64) as usize;
            let byte = *b"\",;\n\r[]0 -\\\t\xff\0e"
                .get(random.below(20) as usize)
                .unwrap_or(&(random.next_u64() as u8));
            match random.below(5) {
                0 => bytes.insert(at, byte),
                1 if bytes.len() > 1 => drop(bytes.remove(at)),
                2 if random.chance(0.02) => bytes.truncate(at.max(1)),
                3 if random.chance(0.1) => bytes.rotate_left(at),
                _ => bytes[at] = byte,
            }
        }
        match parse(&bytes) {
            Ok(log) => {
                assert_sound(&log);
                answers[0] += 1;
            }
            Err(error) => answers[1] += u32::from(error.to_string().ends_with('.')),
        }
    }
    assert!(answers[0] > 1_000 && answers[0] + answers[1] == 4_000, "{answers:?}");
}

/// Plain and awkward text for a CSV field.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z/]{1,8}", "[a-c,;\"\n é]{0,6}x"]
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        match parse(&bytes) {
            Ok(log) => assert_sound(&log),
            Err(error) => prop_assert!(error.to_string().ends_with('.')),
        }
    }

    /// Text made of a log's own characters gets further than noise.
    #[test]
    fn any_log_like_text_is_answered(text in "([0-9\\[\\]\"/:,;. \n\t+-]|time|client|path|GET|Nov|ms|_){0,200}") {
        match parse(text.as_bytes()) {
            Ok(log) => assert_sound(&log),
            Err(error) => prop_assert!(error.to_string().ends_with('.')),
        }
    }

    /// What a writer of RFC 4180 puts down is read back: times, and who is who.
    #[test]
    fn csv_comes_back(
        rows in prop::collection::vec((0u32..100_000, text(), text(), prop::option::of(0u32..1_000_000)), 1..40),
        delimiter in prop::sample::select(vec![',', ';', '\t']),
    ) {
        let quoted = |s: &str| format!("\"{}\"", s.replace('"', "\"\""));
        let mut file = ["time_ms", "client", "path", "duration_us"].join(&delimiter.to_string()) + "\r\n";
        for (time, client, path, duration) in &rows {
            let duration = duration.map(|d| d.to_string()).unwrap_or_default();
            let fields = [time.to_string(), quoted(client), quoted(&format!("/{path}")), duration];
            file += &(fields.join(&delimiter.to_string()) + "\r\n");
        }
        let log = parse(file.as_bytes()).unwrap();
        assert_sound(&log);
        prop_assert_eq!(log.bad_lines, 0);

        let mut sorted = rows.clone();
        sorted.sort_by_key(|row| row.0);
        prop_assert_eq!(log.rows.len(), sorted.len());
        for (row, expected) in log.rows.iter().zip(&sorted) {
            prop_assert_eq!(row.at_ns, u64::from(expected.0 - sorted[0].0) * 1_000_000);
            prop_assert_eq!(row.duration_ns, expected.3.map(|us| u64::from(us) * 1000));
            let first = rows.iter().position(|other| other.1 == expected.1).unwrap();
            let earlier: std::collections::BTreeSet<_> = rows[..first].iter().map(|other| &other.1).collect();
            prop_assert_eq!(row.client as usize, earlier.len());
            let shown = format!("/{}", expected.2).replace('\n', "\u{fffd}");
            prop_assert_eq!(&log.paths[row.path as usize], &shown);
        }
    }
}
