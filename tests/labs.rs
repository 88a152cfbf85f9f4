//! Every lab of the table: that it is whole, and that what its lesson says is what its run does, on its own
//! seed and on others.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use switchyard::labs::prose::{Block, Inline, blocks};
use switchyard::labs::{LABS, Lab, Lesson, find};
use switchyard::play::{Session, When};
use switchyard::report::Summary;
use switchyard::run::{NO_LIMIT, Simulation};
use switchyard::scenario::{Checked, link, paths};
use switchyard::sim::{Call, CallId, Observer, Purpose, Random, Request, Stream, Time};

fn scenario(lab: &Lab) -> Checked {
    Checked::parse(lab.scenario).unwrap_or_else(|problems| panic!("{}: {problems:?}", lab.id))
}

fn lesson(lab: &Lab) -> Lesson {
    Lesson::parse(lab.lesson).unwrap_or_else(|error| panic!("{}: {error}", lab.id))
}

/// The lab with settings turned from the start, as a learner does it.
fn session(id: &str, seed: u64, settings: &[(&str, Value)]) -> Session {
    let mut session = Session::new(scenario(find(id).expect("the lab is in the table")));
    let seed = ("seed", json!(seed));
    for (path, value) in settings.iter().chain([&seed]) {
        session.set(path, value.clone(), When::FromStart).unwrap_or_else(|problems| panic!("{problems:?}"));
    }
    session
}

fn run(id: &str, seed: u64, settings: &[(&str, Value)]) -> (Summary, Session) {
    let mut session = session(id, seed, settings);
    session.advance(session.end(), u64::MAX);
    (session.summary(), session)
}

fn goals_met(id: &str, seed: u64, settings: &[(&str, Value)]) -> bool {
    let (summary, session) = run(id, seed, settings);
    let summary = serde_json::to_value(summary).unwrap();
    let goals = lesson(find(id).unwrap()).challenge.goals;
    goals.iter().all(|goal| goal.met(&summary, session.state()) == Some(true))
}

fn share(summary: &Summary, member: u32) -> f64 {
    summary.nodes["servers"].members[&member].load_share
}

fn busy(summary: &Summary, member: u32) -> f64 {
    summary.nodes["servers"].members[&member].utilisation.unwrap()
}

fn p99(summary: &Summary) -> f64 {
    summary.total.latency_ms.p99.unwrap()
}

/// The lab's own seed first, then others.
fn seeds() -> impl Iterator<Item = u64> {
    std::iter::once(42).chain(1..=24)
}

const SLOW: &str = "load-balancing/one-slow-server";
const UNEQUAL: &str = "load-balancing/unequal-servers";
const CRASH: &str = "load-balancing/crash-and-health-checks";

#[test]
fn every_lab_is_whole() {
    let ids: BTreeSet<&str> = LABS.iter().map(|lab| lab.id).collect();
    assert_eq!(ids.len(), LABS.len(), "ids are unique");
    for lab in LABS {
        let (scenario, lesson) = (scenario(lab), lesson(lab));
        assert_eq!((lesson.title.as_str(), scenario.title.as_str()), (lab.title, lab.title));
        assert!(!lab.lesson.contains('!') && !lab.summary.contains('!'), "{}: exclamation mark", lab.id);
        for text in [&lesson.intro, &lesson.try_, &lesson.notice, &lesson.question.text, &lesson.left_out] {
            assert!(!text.is_empty(), "{}", lab.id);
        }
        assert!((20_000.0..=60_000.0).contains(&scenario.duration_ms), "{}: duration", lab.id);
        for link in &scenario.links {
            assert!(
                (15.0..=40.0).contains(&link.latency_ms.mean_ms()),
                "{}: dots are seen travelling",
                lab.id
            );
        }
    }
}

#[test]
fn every_knob_can_be_turned() {
    for lab in LABS {
        let mut session = Session::new(scenario(lab));
        let knobs = session.knobs();
        assert_eq!(knobs.len(), scenario(lab).knobs.len(), "{}: every knob is a control", lab.id);
        assert!((6..=9).contains(&knobs.len()), "{}: {} knobs", lab.id, knobs.len());
        for knob in knobs {
            let set = session.set(&knob.path, knob.value.clone(), When::FromStart);
            assert_eq!(set, Ok(()), "{} {}", lab.id, knob.path);
            assert_eq!(session.value(&knob.path), Some(knob.value), "{} {}", lab.id, knob.path);
        }
    }
}

#[test]
fn links_carry_the_whole_lab() {
    for lab in LABS {
        let scenario = scenario(lab);
        let fragment = link::encode(&scenario);
        assert!(fragment.len() <= 2000, "{}: {} characters", lab.id, fragment.len());
        let decoded = link::decode(&fragment).unwrap_or_else(|error| panic!("{}: {error}", lab.id));
        assert_eq!(decoded.to_json(), scenario.to_json(), "{}", lab.id);
    }
}

/// A number that a link changed in its last bit would be another run.
#[test]
fn links_keep_every_bit_of_a_number() {
    let mut random = Stream::new(1, "numbers", Purpose::Keys);
    let base = scenario(find(SLOW).unwrap());
    for _ in 0..2000 {
        let rate = 1.0 + 399.0 * random.unit();
        let turned = paths::with(&base, "clients.rate_per_s", json!(rate)).unwrap();
        let decoded = link::decode(&link::encode(&turned)).unwrap();
        assert_eq!(paths::get(&decoded, "clients.rate_per_s"), Some(json!(rate)), "{rate}");
    }
}

/// For each lab, settings that meet its challenge.
fn solutions() -> Vec<(&'static str, Vec<(&'static str, Value)>)> {
    let weighted = [("servers/1.weight", json!(4)), ("servers/2.weight", json!(2))];
    let weighted_least = ("lb.policy", json!("weighted-least-connections"));
    vec![
        (SLOW, vec![("lb.policy", json!("peak-ewma"))]),
        (UNEQUAL, weighted.into_iter().chain([weighted_least]).collect()),
        (CRASH, vec![("lb.health_every_ms", json!(500)), ("lb.health_down_after", json!(1))]),
    ]
}

#[test]
fn challenges_are_not_met_at_first_and_can_be_met() {
    let solutions = solutions();
    for lab in LABS {
        let (_, solution) = solutions
            .iter()
            .find(|(id, _)| *id == lab.id)
            .unwrap_or_else(|| panic!("{}: no solution", lab.id));
        for (path, _) in solution {
            assert!(scenario(lab).knobs.iter().any(|knob| knob == path), "{}: {path} is a knob", lab.id);
        }
        assert!(goals_met(lab.id, 42, solution), "{}: the solution meets it", lab.id);
        let others = (1..=24).filter(|seed| goals_met(lab.id, *seed, solution)).count();
        assert!(others >= 20, "{}: met on {others} of 24 other seeds", lab.id);
        for seed in seeds() {
            assert!(!goals_met(lab.id, seed, &[]), "{}: met at first with seed {seed}", lab.id);
        }
    }
}

#[test]
fn every_goal_has_a_figure() {
    for lab in LABS {
        let (summary, session) = run(lab.id, 42, &[]);
        let summary = serde_json::to_value(summary).unwrap();
        for goal in lesson(lab).challenge.goals {
            assert!(goal.met(&summary, session.state()).is_some(), "{}: {}", lab.id, goal.path);
        }
    }
}

#[test]
fn answers_are_what_the_tests_below_measure() {
    for (id, answer) in [(SLOW, "about 8 %"), (UNEQUAL, "about 40 %"), (CRASH, "about 40 %")] {
        let predict = lesson(find(id).unwrap()).predict;
        assert_eq!(predict.options[predict.answer_index], answer, "{id}");
    }
}

#[test]
fn one_slow_server_fills_its_queue_under_round_robin() {
    for seed in seeds() {
        let (summary, _) = run(SLOW, seed, &[]);
        let total = &summary.total;
        assert!(total.outcomes["queue-full"] > 450, "{seed}: {:?}", total.outcomes);
        let refused_by_3 = summary.nodes["servers"].members[&3].refused;
        assert!(refused_by_3 as f64 > 0.99 * total.outcomes["queue-full"] as f64, "{seed}: {refused_by_3}");
        assert!(p99(&summary) > 10.0 * total.latency_ms.p50.unwrap(), "{seed}: {}", p99(&summary));
        assert!(busy(&summary, 3) > 0.98, "{seed}");
        for well in [1, 2, 4] {
            assert!((busy(&summary, well) - 0.6).abs() < 0.08, "{seed}: {}", busy(&summary, well));
        }
        let (well, _) = run(SLOW, seed, &[("servers/3.slow", json!(1))]);
        let median = |summary: &Summary| summary.total.latency_ms.p50.unwrap();
        assert!(median(&summary) / median(&well) < 1.15, "{seed}: {} {}", median(&summary), median(&well));
    }
}

#[test]
fn one_slow_server_gets_about_8_percent_under_least_connections() {
    for seed in seeds() {
        let (least, _) = run(SLOW, seed, &[("lb.policy", json!("least-connections"))]);
        assert!((share(&least, 3) - 0.08).abs() < 0.015, "{seed}: {}", share(&least, 3));
        let (ewma, _) = run(SLOW, seed, &[("lb.policy", json!("peak-ewma"))]);
        assert!(share(&ewma, 3) < share(&least, 3), "{seed}");
        assert!(p99(&ewma) < p99(&least) && p99(&least) < 1500.0, "{seed}: {} {}", p99(&ewma), p99(&least));
    }
}

/// "Every health check passes": checks change nothing but their own traffic, so no server is taken out.
#[test]
fn health_checks_do_not_see_a_slow_server() {
    for seed in seeds() {
        let with = run(SLOW, seed, &[]).0;
        let without = run(SLOW, seed, &[("lb.health_every_ms", json!(0))]).0;
        assert_eq!(with.total.outcomes, without.total.outcomes, "{seed}");
        assert_eq!(share(&with, 3), share(&without, 3), "{seed}");
    }
}

#[test]
fn unequal_servers_need_unequal_shares() {
    let weights = [("servers/1.weight", json!(4)), ("servers/2.weight", json!(2))];
    for seed in seeds() {
        let (equal, _) = run(UNEQUAL, seed, &[]);
        assert!(equal.total.outcomes["queue-full"] > 250, "{seed}: {:?}", equal.total.outcomes);
        assert!((busy(&equal, 1) - 0.35).abs() < 0.04, "{seed}: {}", busy(&equal, 1));
        assert!(busy(&equal, 3) > 0.98 && busy(&equal, 4) > 0.98, "{seed}");
        let (weighted, _) = run(UNEQUAL, seed, &weights);
        for (member, wanted) in [(1, 0.5), (2, 0.25), (3, 0.125), (4, 0.125)] {
            assert!(
                (share(&weighted, member) - wanted).abs() < 0.004,
                "{seed}: {}",
                share(&weighted, member)
            );
            assert!((busy(&weighted, member) - 0.7).abs() < 0.12, "{seed}: {}", busy(&weighted, member));
        }
    }
}

#[test]
fn unequal_servers_get_40_percent_at_the_big_one_under_least_connections() {
    for seed in seeds() {
        let (least, _) = run(UNEQUAL, seed, &[("lb.policy", json!("least-connections"))]);
        assert!((share(&least, 1) - 0.4).abs() < 0.025, "{seed}: {}", share(&least, 1));
    }
}

/// Where the balancer sends requests while server 2 is down.
#[derive(Default)]
struct WhileDown {
    to_2: u64,
    all: u64,
}

const DOWN: std::ops::Range<Time> = Time(3_300_000_000)..Time(18_300_000_000);

impl Observer for WhileDown {
    fn departed(&mut self, _: CallId, call: &Call, request: &Request) {
        if call.to.node == 2 && !request.probe && DOWN.contains(&call.departed) {
            self.all += 1;
            self.to_2 += u64::from(call.to.member == 1);
        }
    }
}

fn share_while_down(seed: u64, settings: &[(&str, Value)]) -> f64 {
    let scenario = session(CRASH, seed, settings).scenario().clone();
    assert_eq!(scenario.nodes[2].id, "servers");
    let changed: Vec<Time> = scenario.changes.iter().map(|change| Time::from_ms(change.at_ms)).collect();
    assert_eq!(changed, [DOWN.start, DOWN.end]);
    let mut seen = WhileDown::default();
    let mut simulation = Simulation::new(&scenario, &mut seen);
    simulation.advance(Time::from_ms(scenario.duration_ms), NO_LIMIT, &mut seen);
    seen.to_2 as f64 / seen.all as f64
}

#[test]
fn a_crash_draws_traffic_under_least_connections() {
    for seed in seeds() {
        let equal = share_while_down(seed, &[]);
        assert!((equal - 0.25).abs() < 0.01, "{seed}: {equal}");
        let least = share_while_down(seed, &[("lb.policy", json!("least-connections"))]);
        assert!((least - 0.4).abs() < 0.03, "{seed}: {least}");
    }
}

#[test]
fn health_checks_and_ejection_end_a_crash_early() {
    let failed = |seed, settings: &[(&str, Value)]| run(CRASH, seed, settings).0.total.outcomes["crashed"];
    for seed in seeds() {
        let without = failed(seed, &[]);
        let three = failed(seed, &[("lb.health_every_ms", json!(500))]);
        let one = failed(seed, &[("lb.health_every_ms", json!(500)), ("lb.health_down_after", json!(1))]);
        // A quarter of 90 a second: for 15 s; until the third check at 4.5 s; until the first at 3.5 s.
        assert!((300..=380).contains(&without), "{seed}: {without}");
        assert!((20..=40).contains(&three), "{seed}: {three}");
        assert!((2..=12).contains(&one), "{seed}: {one}");
        let (ejected, _) = run(CRASH, seed, &[("lb.eject_after", json!(3))]);
        assert!(ejected.total.outcomes["crashed"] <= 8, "{seed}: {:?}", ejected.total.outcomes);
        assert!(share(&ejected, 2) < 0.035, "{seed}: out until the end: {}", share(&ejected, 2));
    }
}

/// The same notation for both parsers: `<p>`, `</p>` and so on, text as it is.
fn as_we_read_it(text: &str) -> String {
    let written = |block: &Block| match block {
        Block::Paragraph(inside) => format!("<p>{}</p>", pieces(inside)),
        Block::List(items) => {
            let items: String = items.iter().map(|item| format!("<li>{}</li>", pieces(item))).collect();
            format!("<ul>{items}</ul>")
        }
    };
    blocks(text).iter().map(written).collect()
}

fn pieces(inside: &[Inline]) -> String {
    let written = |piece: &Inline| match piece {
        Inline::Text(text) => text.clone(),
        Inline::Code(text) => format!("<code>{text}</code>"),
        Inline::Emphasis(inside) => format!("<em>{}</em>", pieces(inside)),
        Inline::Strong(inside) => format!("<strong>{}</strong>", pieces(inside)),
        Inline::Link { address, inside } => format!("<a {address}>{}</a>", pieces(inside)),
    };
    inside.iter().map(written).collect()
}

fn as_commonmark_has_it(text: &str) -> String {
    let end = |end| match end {
        TagEnd::Paragraph => "</p>",
        TagEnd::List(false) => "</ul>",
        TagEnd::Item => "</li>",
        TagEnd::Emphasis => "</em>",
        TagEnd::Strong => "</strong>",
        TagEnd::Link => "</a>",
        other => panic!("lessons have no {other:?}: {text}"),
    };
    let written = |event: Event| match event {
        Event::Start(Tag::Link { dest_url, .. }) => format!("<a {dest_url}>"),
        Event::Start(tag) => end(tag.to_end()).replace('/', ""),
        Event::End(tag) => end(tag).to_owned(),
        Event::Text(text) => text.to_string(),
        Event::Code(text) => format!("<code>{text}</code>"),
        Event::SoftBreak => " ".to_owned(),
        other => panic!("lessons have no {other:?}: {text}"),
    };
    Parser::new_ext(text, Options::ENABLE_TABLES).map(written).collect()
}

/// The reference is CommonMark as `pulldown-cmark` reads it.
#[test]
fn lessons_are_read_as_commonmark_reads_them() {
    let every_construct = "One *em* and **strong *both* words**, `a * b`,\n2 * 3 * 4 [no link], [a `b`](?lab=x).\n\n\
        - first\n  goes on\n- *second*: 5 [%]\n\nLast **open, lonely * and a [thing.";
    for lab in LABS {
        let Lesson { intro, try_, notice, question, predict, challenge, left_out, .. } = lesson(lab);
        for text in
            [intro, try_, notice, question.text, predict.ask, predict.answer, challenge.text, left_out]
        {
            assert_eq!(as_we_read_it(&text), as_commonmark_has_it(&text), "{}", lab.id);
        }
    }
    assert_eq!(as_we_read_it(every_construct), as_commonmark_has_it(every_construct));
}
