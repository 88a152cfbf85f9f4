//! Pictures of what servers run.

use super::*;
use switchyard::scene::figures;
use switchyard::systems::ServiceView;
use switchyard::systems::feed::view::Came;
use switchyard::systems::gateway::Check;
use switchyard::systems::shortener::Counting;

fn served(runs: Value, mix: Value) -> Checked {
    let nodes = json!([
        { "id": "clients", "kind": "clients", "rate_per_s": 120, "clients": 12, "mix": mix, "to": ["servers"] },
        { "id": "servers", "kind": "servers", "count": 2, "workers": 4, "queue": 20, "runs": runs,
          "service_ms": { "dist": "exponential", "mean": 20 } },
    ]);
    scenario(nodes, json!([{ "from": "clients", "to": "servers", "latency_ms": 5 }]), json!([]))
}

fn gateway() -> Checked {
    let runs = json!({ "id": "gateway", "anonymous_share": 0.1, "malformed_share": 0.1, "oversized_share": 0.05,
        "limit_per_s": 9, "limit_burst": 4, "token_valid_ms": 700, "renew": false });
    served(
        runs,
        json!([{ "path": "GET /l", "share": 6 }, { "path": "POST /links", "share": 2 },
        { "path": "POST /login", "share": 1 }, { "path": "GET /nowhere", "share": 1 }]),
    )
}

pub fn service(simulation: &Simulation) -> ServiceView {
    let snapshot = simulation.snapshot();
    let NodeState::Servers(servers) = &snapshot.nodes[1].state else { panic!("no servers") };
    let Inside::Service(view) = &servers.inside else { panic!("no service") };
    view.clone()
}

/// At many instants and sizes, if there is room for it.
pub fn assert_service(scenario: &Checked, assert: impl Fn(&Card<'_>, &ServiceView, &str)) {
    let mut simulation = Simulation::new(scenario, &mut ());
    let mut drawn = 0;
    for step in 0..60 {
        simulation.advance(Time::from_ms(83.0 * f64::from(step)), u64::MAX, &mut ());
        let view = service(&simulation);
        for size in SIZES {
            let picture = picture(&simulation, size);
            let what = format!("step {step} at {size:?}");
            for card in cards(&picture, 1) {
                card.assert_legible(&what);
                assert(&card, &view, &what);
                drawn += 1;
            }
        }
    }
    assert_eq!(drawn, 60 * SIZES.len());
}

/// The present picture of one node, at every size that has room for it.
fn assert_service_at(simulation: &Simulation, node: usize, mut assert: impl FnMut(&Card<'_>)) {
    for size in SIZES {
        let picture = picture(simulation, size);
        cards(&picture, node).iter().for_each(&mut assert);
    }
}

#[test]
fn a_gateway_is_drawn_as_it_is() {
    assert_service(&gateway(), |card, view, what| {
        let ServiceView::Gateway(view) = view else { panic!("no gateway") };
        let texts: Vec<String> = card.texts().iter().map(|label| label.text.clone()).collect();
        let stopped = view.passages.iter().filter(|passage| passage.stopped.is_some()).count();
        let crosses: Vec<f64> = (card.shapes.iter())
            .filter_map(|shape| if let Shape::Cross { center, .. } = shape { Some(center.y) } else { None })
            .collect();
        assert_eq!(crosses.len(), stopped, "{what}: a cross for each that was stopped");
        for (check, count) in Check::ALL.iter().zip(view.stopped) {
            let label = card.texts().into_iter().find(|label| label.text == check.name()).unwrap();
            let beside = |other: &&&Label| other.at.y == label.at.y && other.at.x > label.at.x;
            let said = card.texts();
            let said = said.iter().find(beside).unwrap();
            assert_eq!(said.text, figures::whole(count), "{what}: {}", check.name());
            let here = crosses.iter().filter(|y| (**y - label.rect().center().y).abs() < 6.0).count();
            let wanted = view.passages.iter().filter(|passage| passage.stopped == Some(*check)).count();
            assert_eq!(here, wanted, "{what}: crosses at {}", check.name());
        }
        if let Some(last) = view.passages.last() {
            assert!(texts.iter().any(|text| text == last.why), "{what}: {texts:?}");
        }
    });
    let mut simulation = Simulation::new(&gateway(), &mut ());
    simulation.advance(Time::from_ms(5000.0), u64::MAX, &mut ());
    let ServiceView::Gateway(view) = service(&simulation) else { panic!("no gateway") };
    assert!(view.stopped.iter().all(|count| *count > 0), "{view:?}");
    let words = scene::target::node_name(&simulation.snapshot().nodes[1]);
    let said = scene::describe::describe(&simulation.snapshot(), &Readings::default());
    assert!(said.contains("Servers, API gateway: 2 machines with 4 workers each."), "{said}");
    for (check, count) in Check::ALL.iter().zip(view.stopped) {
        assert!(words.contains(&format!("{count} stopped by {}", check.name())), "{words}");
    }
}

fn feed(fan_out: &str, copies: &str) -> Checked {
    let runs = json!({ "id": "feed", "users": 400, "follows": 20, "fan_out": fan_out,
        "celebrity_followers": 100, "copies": copies });
    let nodes = json!([
        { "id": "clients", "kind": "clients", "rate_per_s": 60, "clients": 30,
          "mix": [{ "path": "GET /feed", "share": 4 }, { "path": "POST /posts", "share": 1 }], "to": ["servers"] },
        { "id": "servers", "kind": "servers", "workers": 8, "queue": 20, "runs": runs, "events_to": "copiers",
          "service_ms": { "dist": "exponential", "mean": 20 }, "to": ["copiers"] },
        { "id": "copiers", "kind": "servers", "workers": 2, "queue": 100, "service_ms": { "dist": "constant", "value": 1 } },
    ]);
    let links = json!([{ "from": "clients", "to": "servers", "latency_ms": 5 },
        { "from": "servers", "to": "copiers", "latency_ms": 5 }]);
    scenario(nodes, links, json!([]))
}

fn chat() -> Checked {
    let runs = json!({ "id": "chat", "users": 14, "groups": 1, "group_members": 500, "online_share": 0.7, "gateways": 3,
        "history_max": 30, "instant_receipts": false, "presence_ms": 900, "receipt_loss": 0.1, "confirm_ms": 300 });
    let mix = json!([{ "path": "POST /groups", "share": 2 }, { "path": "POST /heartbeats", "share": 3 },
        { "path": "POST /receipts", "share": 2 }]);
    let nodes = json!([
        { "id": "clients", "kind": "clients", "rate_per_s": 40, "clients": 10, "mix": mix, "to": ["servers"] },
        { "id": "servers", "kind": "servers", "workers": 8, "queue": 20, "runs": runs, "events_to": "gateways",
          "service_ms": { "dist": "exponential", "mean": 20 }, "to": ["gateways"] },
        { "id": "gateways", "kind": "servers", "count": 3, "workers": 8, "queue": 100, "service_ms": 10 },
    ]);
    let links = json!([{ "from": "clients", "to": "servers", "latency_ms": 5 },
        { "from": "servers", "to": "gateways", "latency_ms": 5 }]);
    scenario(nodes, links, json!([{ "at_ms": 2000, "node": "gateways/2", "set": { "down": true } }]))
}

/// A row for each member and message that fits, in the view's order, with mark, gateway and figures.
#[test]
fn a_chat_is_drawn_as_it_is() {
    let seen = std::cell::Cell::new((0, 0));
    assert_service(&chat(), |card, view, what| {
        let ServiceView::Chat(view) = view else { panic!("no chat") };
        let texts = card.texts();
        let beside = |label: &Label| {
            let here = texts.iter().filter(|it| it.at.y == label.at.y && it.at.x > label.at.x);
            here.map(|label| label.text.clone()).collect::<Vec<_>>()
        };
        let members: Vec<&&Label> = texts.iter().filter(|label| label.text.starts_with("user ")).collect();
        assert!(members.len() >= 2, "{what}: {texts:?}");
        let of = |label: &Label| {
            let number =
                label.text.trim_start_matches("user ").split(' ').next().and_then(|it| it.parse().ok());
            view.members
                .iter()
                .find(|row| Some(row.user) == number)
                .unwrap_or_else(|| panic!("{what}: {label:?}"))
        };
        // Nobody has much more to get than those who are shown.
        let least = members.iter().map(|label| of(label).waiting).min().unwrap();
        let hidden = view.members.iter().filter(|row| members.iter().all(|label| of(label).user != row.user));
        let hidden = hidden.map(|row| row.waiting).max().unwrap_or(0);
        assert!(hidden <= 2 * least + 1, "{what}: {hidden} hidden, {least} shown");
        for label in &members {
            let row = of(label);
            let at = row.gateway.map_or(String::new(), |gateway| format!(" · g{}", gateway + 1));
            assert_eq!(label.text, format!("user {}{at}", row.user), "{what}");
            assert_eq!(beside(label).first(), Some(&figures::whole(row.waiting.into())), "{what}");
            let y = label.rect().center().y * card.factor;
            let discs = card.discs(Ink::Ok).into_iter().filter(|(_, at, _)| (at - y).abs() < 3.0).count();
            assert_eq!(discs, usize::from(row.gateway.is_some()), "{what}: user {}", row.user);
        }
        let messages: Vec<&&Label> = texts.iter().filter(|label| label.text.starts_with('#')).collect();
        for (row, label) in view.messages.iter().zip(&messages) {
            assert_eq!(label.text, format!("#{} user {}", row.seq, row.from), "{what}");
            // Of reading nothing is said before anybody has.
            let reads = view.members.iter().any(|member| member.unread < view.acknowledged);
            let said = match reads {
                true => format!("{} · {} of {}", row.delivered, row.read, row.of),
                false => format!("{} of {}", row.delivered, row.of),
            };
            assert_eq!(beside(label).first(), Some(&said), "{what}");
        }
        let (most, least) = seen.get();
        seen.set((most.max(members.len()), least.max(messages.len())));
    });
    assert!(seen.get().0 >= 8 && seen.get().1 >= 5, "{:?}", seen.get());
    let mut simulation = Simulation::new(&chat(), &mut ());
    simulation.advance(Time::from_ms(5000.0), u64::MAX, &mut ());
    let ServiceView::Chat(view) = service(&simulation) else { panic!("no chat") };
    assert!(view.members.iter().any(|member| member.gateway.is_none()) && view.waiting > 0, "{view:?}");
    let words = scene::target::node_name(&simulation.snapshot().nodes[1]);
    assert!(
        words.contains(&format!("{} of {} members online", view.members_online, view.members_all)),
        "{words}"
    );
}

/// Every send that was made again stands in the room as a message that names the earlier one, of the same user; the
/// card and its words count them apart from what phones were sent again.
#[test]
fn doubled_messages_of_a_chat_are_told_from_those_delivered_again() {
    let lab = switchyard::labs::find("chat/one-room").unwrap();
    let mut simulation = Simulation::new(&Checked::parse(lab.scenario).unwrap(), &mut ());
    let (mut copies, mut from) = (std::collections::BTreeMap::new(), std::collections::BTreeMap::new());
    let mut last = None;
    for step in 1..=400 {
        simulation.advance(Time::from_ms(100.0 * f64::from(step)), u64::MAX, &mut ());
        let snapshot = simulation.snapshot();
        let NodeState::Servers(servers) = &snapshot.nodes[2].state else { panic!("no servers") };
        let Inside::Service(ServiceView::Chat(view)) = &servers.inside else { panic!("no chat") };
        for message in &view.messages {
            from.insert(message.seq, message.from);
            if let Some(first) = message.copy_of {
                assert!(first < message.seq, "{message:?}");
                copies.insert(message.seq, first);
            }
        }
        last = Some((view.clone(), switchyard::scene::target::node_name(&snapshot.nodes[2])));
    }
    let (view, words) = last.unwrap();
    assert!(copies.len() > 5 && copies.len() as u64 == view.doubled, "{copies:?} {}", view.doubled);
    assert!(copies.iter().all(|(seq, first)| from[seq] == from[first]), "{copies:?}");
    assert_eq!(view.twice, 0, "nothing is lost behind the chat");
    assert!(words.contains(&format!("{} doubled", view.doubled)) && !words.contains("again"), "{words}");
    let mut drawn = false;
    assert_service_at(&simulation, 2, |card| {
        let texts: Vec<String> = card.texts().iter().map(|label| label.text.clone()).collect();
        assert!(texts.contains(&format!("{} doubled", view.doubled)), "{texts:?}");
        for (message, first) in view.messages.iter().filter_map(|it| Some((it, it.copy_of?))) {
            let said = format!("#{} user {} = #{first}", message.seq, message.from);
            drawn |= texts.contains(&said);
        }
    });
    assert_eq!(drawn, view.messages.iter().any(|message| message.copy_of.is_some()), "{view:?}");
}

/// Rows and marks of a feed's card: as many as fit, in the view's order, each with the mark of how it came.
#[test]
fn a_feed_is_drawn_as_it_is() {
    for (fan_out, copies) in
        [("write", "at-once"), ("read", "at-once"), ("hybrid", "at-once"), ("write", "by-events")]
    {
        let most = std::cell::Cell::new(0);
        assert_service(&feed(fan_out, copies), |card, view, what| {
            let ServiceView::Feed(view) = view else { panic!("no feed") };
            let texts = card.texts();
            let rows: Vec<&&Label> = texts.iter().filter(|label| label.text.contains(" · ")).collect();
            assert!(rows.len() >= 3, "{what}: {texts:?}");
            most.set(most.get().max(rows.len()));
            for (row, label) in view.rows.iter().zip(&rows) {
                let wanted = format!("user {} · {} f", row.author, figures::whole(row.followers.into()));
                assert!(label.text.starts_with(&wanted), "{what}: {} is not {wanted}", label.text);
                let wanted = match row.came {
                    Came::Copied => (Ink::Ok, true, false),
                    Came::Gathered => (Ink::Request, false, false),
                    Came::Waiting => (Ink::Waiting, false, true),
                };
                let beside = |shape: &&Shape| match *shape {
                    Shape::Circle { center, fill, line, .. }
                        if (center.y - label.rect().center().y).abs() < 4.0 && center.x < label.at.x =>
                    {
                        let ink = fill.map(|fill| fill.ink).or(line.map(|line| line.ink));
                        Some((ink?, fill.is_some(), line.is_some_and(|line| line.dash.0 > 0.0)))
                    }
                    _ => None,
                };
                assert_eq!(card.shapes.iter().find_map(beside), Some(wanted), "{what}: {}", label.text);
            }
            for (post, label) in view.posts.iter().filter(|post| !post.gathered).zip(
                texts.iter().filter(|label| label.text.starts_with("user ") && !label.text.contains('·')),
            ) {
                let beside = |other: &&&Label| other.at.y == label.at.y && other.at.x > label.at.x;
                let said = figures::whole((post.copied + post.waiting).into());
                if fan_out != "hybrid" {
                    assert!(texts.iter().filter(beside).any(|other| other.text == said), "{what}: {said}");
                }
            }
        });
        assert!(most.get() >= 8, "{}", most.get());
        let mut simulation = Simulation::new(&feed(fan_out, copies), &mut ());
        simulation.advance(Time::from_ms(5000.0), u64::MAX, &mut ());
        let ServiceView::Feed(view) = service(&simulation) else { panic!("no feed") };
        let words = scene::target::node_name(&simulation.snapshot().nodes[1]);
        assert!(words.contains(&format!("the feed of user {}", view.reader)), "{words}");
        assert_eq!(view.copies_waiting > 0, copies == "by-events", "{view:?}");
        let gathered = view.rows.iter().filter(|row| row.came == Came::Gathered).count();
        match fan_out {
            "write" => assert_eq!((gathered, view.lists), (0, 1)),
            "read" => assert_eq!((gathered, view.lists), (view.rows.len(), view.follows)),
            _ => assert!(view.lists > 1 && view.lists < view.follows, "{view:?}"),
        }
    }
}

fn shortener(runs: Value) -> Checked {
    let mut service = json!({ "id": "shortener", "links": 300 });
    for (name, value) in runs.as_object().unwrap() {
        service[name] = value.clone();
    }
    served(
        service,
        json!([{ "path": "GET /l", "share": 5 }, { "path": "POST /links", "share": 3 },
        { "path": "GET /guess", "share": 1 }]),
    )
}

fn shorteners() -> [(&'static str, Checked); 3] {
    [
        ("counter", shortener(json!({}))),
        ("md5", shortener(json!({ "codes": "md5", "code_chars": 2, "clicks": "queued" }))),
        ("hex", shortener(json!({ "codes": "md5-hex", "code_chars": 4, "clicks": "off", "links": 3000 }))),
    ]
}

#[test]
fn a_shortener_is_drawn_as_it_is() {
    for (name, scenario) in shorteners() {
        assert_service(&scenario, |card, view, what| {
            let what = format!("{name} {what}");
            let ServiceView::Shortener(view) = view else { panic!("no shortener") };
            let texts: Vec<&str> = card.texts().iter().map(|label| label.text.as_str()).collect();
            let ticks = card.shapes.iter().filter(|shape| {
                matches!(shape, Shape::Polyline { points, line } if points[0].x == points[1].x
                    && [Ink::Ink, Ink::Request].contains(&line.ink))
            });
            assert_eq!(ticks.count(), view.places.len(), "{what}: a tick for each code");
            assert!(texts.contains(&figures::count(view.links.into(), "link", "links").as_str()), "{what}");
            let rows = card
                .texts()
                .into_iter()
                .filter(|label| label.text.ends_with("clicks") || label.text.ends_with("click"));
            let rows: Vec<&Label> = rows.collect();
            assert!(rows.len() >= 2, "{what}: {texts:?}");
            let is_sorted = view.shown.is_sorted_by(|one, next| one.clicks >= next.clicks);
            assert!(view.clicks == 0 || is_sorted, "{what}: {:?}", view.shown);
            for (row, link) in rows.iter().zip(&view.shown) {
                let clicks = figures::count(link.clicks, "click", "clicks");
                assert!(row.text.ends_with(&clicks), "{what}: {} {link:?}", row.text);
                assert_eq!(row.text.contains("tried"), link.attempts > 1, "{what}: {}", row.text);
                let code = card.texts().into_iter().find(|label| label.at.y == row.at.y).unwrap();
                assert_eq!(code.text, link.code, "{what}");
            }
            if let Some(last) = &view.last {
                assert!(texts.contains(&last.code.as_str()), "{what}: {texts:?}");
                assert_eq!(texts.contains(&"unknown code"), last.url.is_none(), "{what}");
                let said = match view.counting {
                    _ if last.guess => "guessed",
                    Counting::Inline => "click counted",
                    Counting::Queued => "event sent",
                    Counting::Off => "not counted",
                };
                assert_eq!(texts.contains(&said), last.url.is_some(), "{what}: {texts:?}");
            }
        });
        let mut simulation = Simulation::new(&scenario, &mut ());
        simulation.advance(Time::from_ms(5000.0), u64::MAX, &mut ());
        let ServiceView::Shortener(view) = service(&simulation) else { panic!("no shortener") };
        let words = scene::target::node_name(&simulation.snapshot().nodes[1]);
        assert!(words.contains(&figures::count(view.links.into(), "link", "links")), "{words}");
        assert!(words.contains(&format!("of {} guesses right", view.guesses)), "{words}");
        assert_eq!(view.collisions > 0, name != "counter", "{name}: {}", view.collisions);
    }
}

#[test]
fn gallery() {
    for (name, scenario) in [
        ("chat", chat()),
        ("feed", feed("hybrid", "at-once")),
        ("feed-late", feed("write", "by-events")),
        ("gateway", gateway()),
    ]
    .into_iter()
    .chain(shorteners())
    {
        let mut simulation = Simulation::new(&scenario, &mut ());
        simulation.advance(Time::from_ms(3000.0), u64::MAX, &mut ());
        for size in SIZES {
            keep(&format!("service-{name}-{}x{}", size.0, size.1), &picture(&simulation, size), size);
        }
    }
}
