//! The built program: exit codes, what it prints, and that its figures agree with theory.

use serde_json::Value;
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};
use switchyard::labs::LABS;
use switchyard::scenario::{Checked, link};

const LAB: &str = "load-balancing/one-slow-server";

fn start(arguments: &[&str]) -> std::process::Child {
    Command::new(env!("CARGO_BIN_EXE_switchyard"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn with_input(arguments: &[&str], input: &str) -> Output {
    let mut child = start(arguments);
    // A program that does not read its input closes it; that is its right.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// What it printed, given that it succeeded.
fn out(arguments: &[&str]) -> String {
    let output = with_input(arguments, "");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&out(arguments)).unwrap()
}

/// What it complained of, given that it failed as it should.
fn complaint(arguments: &[&str], input: &str) -> String {
    let output = with_input(arguments, input);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

fn number(json: &Value, path: &str) -> f64 {
    json.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("{path} in {json:#}"))
}

#[test]
fn a_run_prints_every_promised_figure() {
    let found = json(&["run", LAB, "--json"]);
    let latency = ["mean", "p50", "p90", "p95", "p99", "p99.9"];
    for name in latency {
        number(&found, &format!("/total/latency_ms/{name}"));
        for kind in ["latency_ms", "queueing_ms", "service_ms"] {
            number(&found, &format!("/nodes/servers/{kind}/{name}"));
        }
    }
    for path in [
        "/total/throughput_per_s",
        "/nodes/servers/queue_length/mean",
        "/nodes/servers/queue_length/largest",
        "/nodes/servers/utilisation",
        "/nodes/servers/members/3/load_share",
        "/theory/mean_ms",
    ] {
        number(&found, path);
    }
    let outcomes = found["total"]["outcomes"].as_object().unwrap();
    let ended: f64 = outcomes.values().filter_map(Value::as_f64).sum();
    assert_eq!(number(&found, "/total/requests"), ended + number(&found, "/total/in_flight"));
    let digest = found["runs"][0]["digest"].as_str().unwrap();
    assert!(digest.len() == 16 && u64::from_str_radix(digest, 16).is_ok(), "{digest}");
    assert_eq!(found, json(&["run", LAB, "--json"]), "the same again");
    assert!(found.get("half_width_95").is_none(), "one run has no interval");

    let text = out(&["run", LAB]);
    assert!(text.contains("seed 42") && text.contains(digest), "{text}");
    assert!(text.contains("queue full") && text.contains("servers/3") && text.contains("M/M/16"), "{text}");
}

/// One server with two workers: M/M/2 is exact, and lies in the interval that the seeds give.
#[test]
fn several_seeds_give_means_and_intervals_that_agree_with_theory() {
    let scenario = r#"{"v":1,"duration_ms":600000,"nodes":[
        {"id":"c","kind":"clients","rate_per_s":14,"timeout_ms":0,"to":["s"]},
        {"id":"s","kind":"servers","workers":2,"queue":10000,"service_ms":{"dist":"exponential","mean":100}}]}"#;
    let output = with_input(&["run", "-", "--seeds", "1..20", "--json"], scenario);
    assert!(output.status.success());
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["runs"].as_array().unwrap().len(), 20);
    assert_eq!(found["theory"]["exact"], true);
    // E. g. Kleinrock: T = (1/μ) / (1 − ρ²) for M/M/2, here 100 / (1 − 0.49).
    let theory = number(&found, "/theory/mean_ms");
    assert!((theory - 100.0 / 0.51).abs() < 1e-9, "{theory}");
    for (figure, wanted) in [
        ("/total/latency_ms/mean", theory),
        ("/nodes/s/utilisation", number(&found, "/theory/utilisation")),
        ("/nodes/s/queue_length/mean", number(&found, "/theory/mean_queue_length")),
        ("/total/throughput_per_s", 14.0),
    ] {
        let (mean, half) = (number(&found, figure), number(&found["half_width_95"], figure));
        assert!((mean - wanted).abs() <= half, "{figure}: {mean} ± {half}, not {wanted}");
        assert!(half / mean < 0.06, "{figure}: {mean} ± {half} says too little");
    }
}

#[test]
fn seeds_run_side_by_side_as_they_do_alone() {
    let all = json(&["run", LAB, "--seeds", "3,1", "--json"]);
    for (place, seed) in [(0, "3"), (1, "1")] {
        assert_eq!(all["runs"][place], json(&["run", LAB, "--seeds", seed, "--json"])["runs"][0]);
    }
}

#[test]
fn settings_are_set_by_their_paths() {
    let rate = |value: &str| number(&json(&["run", LAB, "--json", "--set", value]), "/total/requests");
    assert!(rate("clients.rate_per_s=12") < 500.0 && rate("clients.rate_per_s=120") > 3000.0);
    let several =
        json(&["run", LAB, "--json", "--set", "lb.policy=least-connections", "--set", "servers.count=2"]);
    assert_eq!(several["nodes"]["servers"]["members"].as_object().unwrap().len(), 2);
    for (setting, path) in [
        ("servers.workrs=3", "servers.workrs"),
        ("servers.workers=many", "servers.workers"),
        ("lb.policy=best", "lb.policy"),
        ("nobody.x=1", "nobody"),
        ("clients>lb.loss=2", "clients>lb.loss"),
    ] {
        let said = complaint(&["run", LAB, "--set", setting], "");
        assert!(said.contains(path), "{setting}: {said}");
    }
    assert!(complaint(&["run", LAB, "--set", "servers.workers"], "").contains("NAME=VALUE"));
}

#[test]
fn a_trace_has_every_request_and_opens_in_perfetto() {
    let file = std::env::temp_dir().join(format!("switchyard-trace-{}.json", std::process::id()));
    let name = file.to_str().unwrap();
    let found = json(&["run", LAB, "--json", "--trace", name]);
    let trace: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    std::fs::remove_file(&file).unwrap();
    // Requests are spans of the first process, the clients.
    let events = trace["traceEvents"].as_array().unwrap();
    let requests = events.iter().filter(|event| event["ph"] == "X" && event["pid"] == 1).count() as f64;
    assert_eq!(requests, number(&found, "/total/requests"));
    assert!(complaint(&["run", LAB, "--seeds", "1..2", "--trace", name], "").contains("one seed"));
}

#[test]
fn requests_are_written_one_to_a_row() {
    let file = std::env::temp_dir().join(format!("switchyard-requests-{}.csv", std::process::id()));
    let name = file.to_str().unwrap();
    let found = json(&["run", LAB, "--json", "--requests", name]);
    let written = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let (heading, rows) = written.split_once('\n').unwrap();
    assert_eq!(heading, "number,born_ms,ended_ms,outcome,client,path,server,queue_ms,service_ms");
    let rows: Vec<Vec<&str>> = rows.lines().map(|row| row.split(',').collect()).collect();
    assert!(rows.iter().all(|row| row.len() == 9));
    let mut numbers: Vec<u64> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
    numbers.sort_unstable();
    assert!(numbers.iter().copied().eq(1..=number(&found, "/total/requests") as u64), "each once");
    let of = |outcome: &str| rows.iter().filter(|row| row[3] == outcome).count() as f64;
    for outcome in ["ok", "queue-full", "timed-out"] {
        assert_eq!(of(outcome), number(&found, &format!("/total/outcomes/{outcome}")), "{outcome}");
    }
    assert_eq!(of("in-flight"), number(&found, "/total/in_flight"));
    let ms = |text: &str| text.parse::<f64>().unwrap();
    let answered: Vec<&Vec<&str>> = rows.iter().filter(|row| row[3] == "ok").collect();
    let latency: f64 = answered.iter().map(|row| ms(row[2]) - ms(row[1])).sum();
    let mean = latency / answered.len() as f64;
    assert!((mean - number(&found, "/total/latency_ms/mean")).abs() < 1e-6, "{mean}");
    // Each way 30 ms and 20 ms; the rest is queue and work.
    for row in answered {
        let rest = ms(row[2]) - ms(row[1]) - ms(row[7]) - ms(row[8]);
        assert!((rest - 100.0).abs() < 1e-5 && row[6].starts_with("servers/"), "{row:?}");
    }
    assert!(complaint(&["run", LAB, "--seeds", "1..2", "--requests", name], "").contains("one seed"));
}

#[test]
fn a_log_says_what_was_read_of_it() {
    let text = out(&["run", LAB, "--log", "tests/fixtures/nginx/broken.log"]);
    for part in ["53 requests", "6 bad lines", "line 5:", "line 30:"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        complaint(&["run", LAB, "--log", "nowhere.log"], "").contains("nowhere.log: there is no such file")
    );
    let said = complaint(&["run", LAB, "--log", "-"], "{\"not\":\"a log\"}");
    assert!(said.contains("JSON, not an access log"), "{said}");
    assert!(complaint(&["run", "-", "--log", "-"], "").contains("standard input"));
}

#[test]
fn a_balancer_replays() {
    // The sequence that nginx's own commit message gives for weights 5, 1, 1 (52327e0627383dbee1e8).
    let picks =
        json(&["replay", "balancer", "--policy", "weighted-smooth", "--weights", "5,1,1", "--requests", "7"]);
    assert_eq!(picks, serde_json::json!({ "policy": "weighted-smooth", "picks": [0, 0, 1, 0, 2, 0, 0] }));
    let all = out(&["replay", "balancer", "--policy", "all", "--weights", "1,3", "--requests", "40"]);
    let counts = |id: &str| {
        let line = all.lines().find(|line| line.split_whitespace().next() == Some(id)).unwrap();
        line.split_whitespace().skip(1).map(|count| count.parse().unwrap()).collect::<Vec<u64>>()
    };
    assert_eq!((counts("round-robin"), counts("weighted-interleaved")), (vec![20, 20], vec![10, 30]));
    for entry in switchyard::algo::balance::TABLE {
        assert_eq!(counts(entry.info.id).iter().sum::<u64>(), 40, "{}", entry.info.id);
    }
    let replay = |policy: &str, more: &[&str]| {
        let base = ["replay", "balancer", "--policy", policy, "--weights", "1,1", "--requests", "4"];
        complaint(&[&base[..], more].concat(), "")
    };
    assert!(replay("best", &[]).contains("round-robin"));
    assert!(replay("consistent-hash", &["--knob", "points=0"]).contains("policy.points"));
    assert!(replay("all", &["--knob", "points=9"]).contains("one policy"));
}

/// Silberschatz, Galvin and Gagne's reference string: 15 faults for FIFO, 12 for LRU, 9 for the optimum.
#[test]
fn a_cache_replays() {
    let string = "7 0 1 2 0 3 0 4 2 3 0 3 2 1 2 0 1 7 0 1".replace(' ', "\n");
    let replay = |policy: &str, capacity: &str, more: &[&str]| {
        let base = ["replay", "cache", "--policy", policy, "--capacity", capacity, "--trace", "-"];
        with_input(&[&base[..], more].concat(), &string)
    };
    for (policy, misses) in [("fifo", 15), ("lru", 12), ("min", 9)] {
        let found: Value = serde_json::from_slice(&replay(policy, "3", &[]).stdout).unwrap();
        let wanted = serde_json::json!({ "policy": policy, "capacity": 3, "requests": 20,
            "hits": 20 - misses, "misses": misses, "hit_ratio": f64::from(20 - misses) / 20.0 });
        assert_eq!(found, wanted);
    }
    let all = String::from_utf8(replay("all", "3", &[]).stdout).unwrap();
    for entry in switchyard::algo::cache::TABLE {
        let line = all.lines().find(|line| line.split_whitespace().next() == Some(entry.info.id)).unwrap();
        let figures: Vec<f64> = line.split_whitespace().skip(1).map(|text| text.parse().unwrap()).collect();
        assert!(figures[0] == 20.0 && figures[1] + figures[2] == 20.0, "{line}");
    }
    let said = |policy: &str, capacity: &str, more: &[&str]| {
        let output = replay(policy, capacity, more);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(said("best", "3", &[]).contains("w-tiny-lfu"));
    assert!(said("lru", "0", &[]).contains("between 1 and 1000000"));
    assert!(said("clock", "3", &["--knob", "bits=9"]).contains("policy.bits"));
    assert!(said("all", "3", &["--knob", "bits=2"]).contains("one policy"));
    let nowhere = ["replay", "cache", "--policy", "lru", "--capacity", "3", "--trace", "nowhere.txt"];
    assert!(complaint(&nowhere, "").contains("nowhere.txt: there is no such file"));
    let long = format!("a\n{}\n", "x".repeat(257));
    let piped = ["replay", "cache", "--policy", "lru", "--capacity", "3", "--trace", "-"];
    assert!(complaint(&piped, &long).contains("-: line 2: a line may have at most 256 bytes"));
}

/// A burst of three, then what comes too early and exactly in time: 1/3 s, rounded up to the nanosecond.
#[test]
fn a_limiter_replays() {
    let replay = |arguments: &[&str], input: &str| -> Value {
        let base = ["replay", "limiter", "--arrivals", "-"];
        let output = with_input(&[&base[..], arguments].concat(), input);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let gcra = ["--policy", "gcra", "--knob", "capacity=2", "--knob", "rate_per_s=3"];
    let found = replay(&gcra, "0,a\n0,a\n0,b\n0.1,a\r\n\n0.333333333,a\n0.333333334,a\n1e1,a,2\n10,a,3\n");
    let decision = |t: f64, key: &str, allow: bool, remaining: u32, retry_after_s: Value| serde_json::json!({ "t": t, "key": key, "allow": allow, "remaining": remaining, "retry_after_s": retry_after_s });
    let mut wanted = vec![decision(0.0, "a", true, 1, Value::Null), decision(0.0, "a", true, 0, Value::Null)];
    wanted.push(decision(0.0, "b", true, 1, Value::Null));
    wanted.push(decision(0.1, "a", false, 0, serde_json::json!(0.233333334)));
    wanted.push(decision(0.333333333, "a", false, 0, serde_json::json!(0.000000001)));
    wanted.push(decision(0.333333334, "a", true, 0, Value::Null));
    wanted.push(decision(10.0, "a", true, 0, Value::Null));
    wanted.push(decision(10.0, "a", false, 0, Value::Null));
    let decisions = found["decisions"].as_array().unwrap();
    for (found, wanted) in decisions.iter().zip(&wanted) {
        let t = |decision: &Value| decision["t"].as_f64();
        assert_eq!((t(found), &found["key"]), (t(wanted), &wanted["key"]));
        let rest = ["allow", "remaining", "retry_after_s"];
        assert!(rest.iter().all(|name| found[name] == wanted[name]), "{found} is not {wanted}");
    }
    assert_eq!((&found["policy"], decisions.len()), (&serde_json::json!("gcra"), wanted.len()));

    // One that queues says how long; one that counts what is under way is told when that is done.
    let queue = replay(&["--policy", "leaky-queue", "--knob", "rate_per_s=4"], "0\n0\n");
    assert_eq!(queue["decisions"][1]["wait_s"], 0.25);
    assert_eq!(queue["decisions"][1]["key"], Value::Null);
    let held = ["--policy", "concurrency", "--knob", "limit=1", "--held-s", "2"];
    let allowed = replay(&held, "0\n1\n1.999\n2\n3\n");
    let allowed = allowed["decisions"].as_array().unwrap().iter().map(|one| one["allow"] == true);
    assert_eq!(allowed.collect::<Vec<_>>(), [true, false, false, true, false]);

    let all = with_input(&["replay", "limiter", "--policy", "all", "--arrivals", "-"], &"5,x\n".repeat(30));
    let all = String::from_utf8(all.stdout).unwrap();
    for entry in switchyard::algo::limit::TABLE {
        let line = all.lines().find(|line| line.split_whitespace().next() == Some(entry.info.id));
        assert_eq!(line.unwrap().split_whitespace().skip(1).collect::<Vec<_>>(), ["10", "20", "10"]);
    }
}

#[test]
fn bad_arrivals_are_told_by_line() {
    let complaint = |policy: &str, input: &str| {
        complaint(&["replay", "limiter", "--policy", policy, "--arrivals", "-"], input)
    };
    let said = complaint("gcra", "0\nsoon\n1,a,0\n0.5\n2,a,1,9\n");
    for part in ["-: line 2: ", "\"soon\"", "-: line 3: a cost", "-: line 4: 0.5 comes before", "-: line 5: "]
    {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert_eq!(complaint("gcra", &"x\n".repeat(50)).lines().count(), 10, "not one for each of millions");
    assert!(complaint("gcra", &"7".repeat(257)).contains("line 1: a line may have at most 256 bytes"));
    assert!(complaint("fast", "").contains("token-bucket"));
    let nowhere = ["replay", "limiter", "--policy", "gcra", "--arrivals", "no/such"];
    assert!(self::complaint(&nowhere, "").contains("no/such: there is no such file"));
    let all = ["replay", "limiter", "--policy", "all", "--knob", "limit=3", "--arrivals", "-"];
    assert!(self::complaint(&all, "").contains("one policy"));
    let mut output = start(&["replay", "limiter", "--policy", "gcra", "--arrivals", "-"]);
    output.stdin.take().unwrap().write_all(b"0\n1,\xff\n").unwrap();
    let output = output.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("-: line 2: this is not UTF-8"));
}

#[test]
fn a_ring_replays() {
    let replay = |arguments: &[&str], input: &str| -> Value {
        let base = ["replay", "ring", "--keys", "-"];
        let output = with_input(&[&base[..], arguments].concat(), input);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    // As Python's hashlib says of four points each, the first four bytes of their MD5.
    let ring = ["--policy", "ring", "--nodes", "a,b,c", "--knob", "hash=md5", "--knob", "points=4"];
    let found = replay(&ring, "apple\nbanana\ncherry\n42\n");
    let wanted = serde_json::json!([["apple", ["c"]], ["banana", ["b"]], ["cherry", ["c"]], ["42", ["b"]]]);
    assert_eq!(found["owners"], wanted);
    assert_eq!(found["keys"], serde_json::json!({ "a": 0, "b": 2, "c": 2 }));
    assert_eq!(found["imbalance"]["max_over_mean"], 1.5);
    let both = ["--policy", "modulo", "--knob", "hash=identity", "--nodes", "x,y,z", "--owners", "2"];
    assert_eq!(replay(&both, "7\n8")["owners"], serde_json::json!([["7", ["y", "z"]], ["8", ["z", "x"]]]));
    // Every line is held: none of four has more than ⌈1.25 · 8 / 4⌉, though all are the same key.
    let bounded = replay(&["--policy", "bounded-ring", "--nodes", "a,b,c,d"], &"same\n".repeat(8));
    let held: Vec<u64> =
        ["a", "b", "c", "d"].iter().map(|name| bounded["keys"][name].as_u64().unwrap()).collect();
    assert!(held.iter().max() == Some(&3) && held.iter().sum::<u64>() == 8, "{held:?}");
    let weighted = ["--policy", "range", "--knob", "keys=100", "--nodes", "10.0.0.1:80,10.0.0.2:80=3"];
    let found = replay(&weighted, "24\n25\n");
    assert_eq!(found["owners"], serde_json::json!([["24", ["10.0.0.1:80"]], ["25", ["10.0.0.2:80"]]]));

    let keys: String = (0..1000).map(|number| format!("{number}\n")).collect();
    let all = with_input(&["replay", "ring", "--policy", "all", "--nodes", "a,b,c,d", "--keys", "-"], &keys);
    let all = String::from_utf8(all.stdout).unwrap();
    for entry in switchyard::algo::ring::TABLE {
        let line = all.lines().find(|line| line.split_whitespace().next() == Some(entry.info.id)).unwrap();
        let figures = line.split_whitespace().skip(1).map(|figure| figure.parse().unwrap());
        let figures: Vec<f64> = figures.collect();
        assert_eq!((figures.len(), figures[..4].iter().sum::<f64>()), (7, 1000.0), "{line}");
        // From four to three at least the last's keys move.
        assert!(figures[6] >= figures[3] || entry.info.id == "bounded-ring", "{line}");
    }
}

#[test]
fn bad_nodes_and_keys_are_told() {
    let complaint = |arguments: &[&str], keys: &str| {
        complaint(&[&["replay", "ring", "--keys", "-"][..], arguments].concat(), keys)
    };
    let said = complaint(&["--policy", "ring", "--nodes", "a,a,=2,b=0,c=x"], "");
    for part in ["two called \"a\"", "1 to 256 bytes", "in \"b=0\"", "in \"c=x\""] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let said = complaint(&["--policy", "ring", "--nodes", "1", "--knob", "hash=identity"], "7\nseven\n");
    assert!(said.contains("-: line 2: ") && said.contains("decimal number"), "{said}");
    assert!(
        complaint(&["--policy", "ring", "--nodes", "a", "--owners", "0"], "").contains("1 to 1000 owners")
    );
    assert!(complaint(&["--policy", "circle", "--nodes", "a"], "").contains("rendezvous"));
    assert!(
        complaint(&["--policy", "ring", "--nodes", "a", "--knob", "points=0"], "").contains("policy.points")
    );
    let many: Vec<String> = (0..1001).map(|number| number.to_string()).collect();
    assert!(complaint(&["--policy", "ring", "--nodes", &many.join(",")], "").contains("at most 1000 nodes"));
}

#[test]
fn a_check_names_every_problem_by_its_path() {
    let wrong = r#"{"v":1,"sed":3,"nodes":[{"id":"c","kind":"clients","rate_per_s":-1,"to":["s"]},
        {"id":"s","kind":"servers","workers":0}]}"#;
    let said = complaint(&["check", "-"], wrong);
    for path in ["-: sed: ", "-: c.rate_per_s: ", "-: s.workers: "] {
        assert!(said.contains(path), "{path} in {said}");
    }
    assert_eq!(said.lines().count(), 3, "{said}");
    assert!(complaint(&["check", "-"], "{").contains("not JSON"));
    assert!(complaint(&["check", "no/such-file"], "").contains("no/such-file: there is no such file"));
    assert!(out(&["check", LAB]).contains("fine"));
    // A good one beside a bad one is still named, and the whole has failed.
    let both = with_input(&["check", LAB, "-"], "[]");
    assert_eq!(both.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&both.stdout).contains(LAB));
}

#[test]
fn lists_name_everything() {
    let labs = out(&["labs"]);
    assert!(LABS.iter().all(|lab| labs.contains(lab.id) && labs.contains(lab.title)));
    let policies = out(&["policies", "balance"]);
    for entry in switchyard::algo::balance::TABLE {
        assert!(
            policies.contains(entry.info.id) && policies.contains(entry.info.source),
            "{}",
            entry.info.id
        );
        assert!(entry.info.knobs.iter().all(|knob| policies.contains(knob.name)), "{}", entry.info.id);
    }
    assert!(complaint(&["policies", "guessing"], "").contains("balance"));
    assert_eq!(json(&["schema"])["title"], "Switchyard scenario, version 1");
}

#[test]
fn a_link_opens_as_the_same_scenario() {
    for lab in LABS {
        let printed = out(&["link", lab.id]);
        let fragment = printed.trim_end().strip_prefix('#').unwrap();
        assert_eq!(link::decode(fragment).unwrap(), Checked::parse(lab.scenario).unwrap(), "{}", lab.id);
    }
}

/// Like `| head -1`: the reader leaves while much is still to come.
#[test]
fn a_reader_may_leave_early() {
    let mut child =
        start(&["replay", "balancer", "--policy", "random", "--weights", "1,1", "--requests", "1000000"]);
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn wrong_usage_is_told_from_help() {
    assert!(!complaint(&["run"], "").is_empty());
    assert!(!complaint(&["fly"], "").is_empty());
    assert!(out(&["--help"]).contains("replay"));
}
