//! On no lab's stage does text run into other text, leave the stage, or stand behind anything, nor is it cut: on wide pages, tablets
//! and phones, alone and compared, with text as usual and twice as large, with and without motion, throughout the run.
//!
//! Widths are those of `scene::text`, which no usual font exceeds.

use std::collections::BTreeSet;
use switchyard::labs::{LABS, Lab};
use switchyard::play::Session;
use switchyard::run::snapshot::NodeState;
use switchyard::scenario::Checked;
use switchyard::scene::geometry::{Rect, rect};
use switchyard::scene::shape::{Label, Shape};
use switchyard::scene::target::TARGET_MIN;
use switchyard::scene::yard::{Density, Yard};
use switchyard::scene::{self, Fall, Height, MemberReading, Picture, Readings, Spot, Status, View, height};
use switchyard::sim::{Place, Time};

/// A page: its name, how large its text is, and what its stage measures, by how much height it wants.
type Page = (&'static str, f64, [(f64, f64); 4]);

/// As the style sheets have it: `www/lab.css`.
const PAGES: [Page; 9] = [
    ("1440", 1.0, [(796.0, 514.0); 4]),
    ("1024", 1.0, [(678.0, 512.0); 4]),
    ("390", 1.0, [(364.0, 359.0), (364.0, 460.0), (364.0, 507.0), (364.0, 604.0)]),
    ("1440, large text", 2.0, [(1390.0, 806.0); 4]),
    ("1024, large text", 2.0, [(974.0, 768.0), (974.0, 960.0), (974.0, 1088.0), (974.0, 1280.0)]),
    ("390, large text", 2.0, [(480.0, 640.0), (480.0, 832.0), (480.0, 960.0), (480.0, 1088.0)]),
    ("two compared on 1440", 1.0, [(532.0, 290.0); 4]),
    ("two compared on 1024", 1.0, [(482.0, 307.0), (482.0, 307.0), (482.0, 448.0), (482.0, 448.0)]),
    ("two compared on 390", 1.0, [(334.0, 400.0), (334.0, 400.0), (334.0, 480.0), (334.0, 480.0)]),
];

/// Where nothing on the stage wants more.
const FLAT_ON_1024: (f64, f64) = (678.0, 360.0);

/// Where the page need not be moved sideways.
const NARROW_WITH_LARGE_TEXT: f64 = 328.0;

/// At least so much of the page's text size has what is written on the stage of a lab.
const GROWN: f64 = 0.6;

/// In so many steps of the run it is looked at, beside the moments just after each change.
const STEPS: u32 = 20;
const AFTER_MS: f64 = 350.0;
/// At most so many changes are looked at.
const CHANGES_MAX: usize = 8;

fn moments(session: &Session) -> Vec<Time> {
    let end = session.end();
    let steps = (0..=STEPS).map(|step| Time::from_ms(end.ms() * f64::from(step) / f64::from(STEPS)));
    let changes = session.scenario().changes.iter().take(CHANGES_MAX);
    let changes = changes.map(|change| Time::from_ms(change.at_ms + AFTER_MS).min(end));
    let all: BTreeSet<Time> = steps.chain(changes).collect();
    all.into_iter().collect()
}

/// What the page reads off the metrics, without its smoothing.
fn readings(session: &Session, snapshot: &switchyard::run::Snapshot) -> Readings {
    let metrics = session.metrics();
    let member = |node: usize, member: usize, view: &switchyard::run::snapshot::MemberView| {
        let tally = metrics.member(Place { node: node as u16, member: member as u16 });
        let busy = tally.map_or(0.0, |tally| tally.recent_busy(snapshot.now));
        let utilisation = (busy / view.workers.len().max(1) as f64).clamp(0.0, 1.0);
        let status = Status::of(utilisation, view.queued.into(), view.queue_places);
        let links = &snapshot.links;
        let behind_cache =
            links.iter().any(|link| link.to == node && snapshot.nodes[link.from].kind == "cache");
        let per_s = tally.filter(|_| behind_cache).map(|tally| tally.recent_per_s(snapshot.now));
        MemberReading {
            p99_ms: tally.and_then(|tally| tally.recent_p99_ms(snapshot.now)),
            utilisation,
            status,
            per_s,
        }
    };
    let members = |(node, view): (usize, &switchyard::run::snapshot::NodeView)| match &view.state {
        NodeState::Servers(servers) => {
            servers.members.iter().enumerate().map(|(at, view)| member(node, at, view)).collect()
        }
        _ => vec![],
    };
    let fall = |it: &switchyard::report::Fall| Fall {
        request: it.number,
        at: it.at,
        outcome: it.outcome,
        spot: match it.at_caller {
            true => Spot::Link { link: it.link, member: it.place.member, per_mille: 0 },
            false => Spot::Place(it.place),
        },
    };
    let p99_ms = |node: usize| metrics.source(node as u16)?.latency.quantile_ms(0.99);
    let ok = |node: usize| metrics.ok_lately(node as u16, session.now());
    Readings {
        clients_p99_ms: (0..snapshot.nodes.len()).map(p99_ms).collect(),
        clients_ok: (0..snapshot.nodes.len()).map(ok).collect(),
        members: snapshot.nodes.iter().enumerate().map(members).collect(),
        falls: metrics.falls().map(fall).collect(),
        ended_by: metrics.total().ended,
        probing: session.scenario().nodes.iter().any(|node| node.settings.kind().id == "balancer"),
    }
}

/// A shape that nothing below it can be seen through.
fn covers(shape: &Shape) -> Option<Rect> {
    match shape {
        Shape::Rect { rect, fill: Some(fill), .. } if fill.alpha > 0.6 => Some(*rect),
        _ => None,
    }
}

fn problems(picture: &Picture, stage: Rect, may_not_cut: bool) -> Vec<String> {
    let mut found = vec![];
    let labels: Vec<(usize, &Label, Rect)> = (picture.shapes.iter().enumerate())
        .filter_map(|(at, shape)| match shape {
            Shape::Text(label) if !label.text.is_empty() => Some((at, label, label.rect())),
            _ => None,
        })
        .collect();
    for (nth, (at, label, area)) in labels.iter().enumerate() {
        if !area.inside(stage) {
            found.push(format!("{:?} leaves the stage", label.text));
        }
        for (_, other, there) in &labels[nth + 1..] {
            if area.overlaps(*there) {
                found.push(format!("{:?} runs into {:?}", label.text, other.text));
            }
        }
        if may_not_cut && label.text.contains('…') && !label.text.starts_with('…') {
            found.push(format!("{:?} is cut", label.text));
        }
        // A line's height has some air.
        let core = rect(area.x + 0.5, area.y + 1.0, area.width - 1.0, area.height - 3.0);
        let behind = picture.shapes[at + 1..].iter().filter_map(covers).any(|cover| cover.overlaps(core));
        if behind {
            found.push(format!("{:?} is covered", label.text));
        }
    }
    found
}

/// What is wrong on a lab's stage.
fn look(lab: &Lab) -> Vec<String> {
    let scenario = Checked::parse(lab.scenario).expect("a lab's scenario is fine");
    let mut session = Session::new(scenario);
    let mut found: Vec<String> = vec![];
    for moment in moments(&session) {
        session.advance(moment, u64::MAX);
        let snapshot = session.snapshot();
        let readings = readings(&session, &snapshot);
        let which = match height(&snapshot) {
            Height::Low => 0,
            Height::Usual => 1,
            Height::High => 2,
            Height::Highest => 3,
        };
        for (page, text, sizes) in PAGES {
            let (width, height) = match page {
                "1024" if scene::is_flat(&snapshot) => FLAT_ON_1024,
                "390, large text" if scene::is_narrow(&snapshot) => (NARROW_WITH_LARGE_TEXT, sizes[which].1),
                _ => sizes[which],
            };
            for reduced_motion in [false, true] {
                let view = View { width, height, text, reduced_motion, ..View::default() };
                let picture = scene::stage(&snapshot, &readings, &view);
                let is_low = |row: &Rect| row.height * picture.layout.scale < TARGET_MIN - 0.5;
                // More than so many need not be pressed one by one.
                let few = |yard: &&Yard| yard.density == Density::Rows && yard.cards.len() <= 8;
                let rows = picture.layout.yards.iter().filter(few);
                if page == "1440" && rows.flat_map(|yard| &yard.cards).any(is_low) {
                    found.push(format!("{} on {page}: rows are too low to be pressed", lab.id));
                }
                if picture.layout.scale < GROWN * text {
                    found.push(format!(
                        "{} on {page}: all is {:.2} times as large",
                        lab.id, picture.layout.scale
                    ));
                }
                // Beside others there is not always room for a whole sentence.
                let whole = !page.contains("compared");
                for problem in problems(&picture, rect(0.0, 0.0, width, height), whole) {
                    let still = if reduced_motion { ", still" } else { "" };
                    found.push(format!("{} on {page}{still} at {:.0} ms: {problem}", lab.id, moment.ms()));
                }
            }
        }
    }
    found
}

#[test]
fn text_stands_free_on_every_stage() {
    let halves = [0, 1].map(|half| LABS.iter().skip(half).step_by(2).collect::<Vec<_>>());
    let found: Vec<String> = std::thread::scope(|scope| {
        let looking =
            halves.map(|labs| scope.spawn(move || labs.into_iter().flat_map(look).collect::<Vec<_>>()));
        looking.into_iter().flat_map(|half| half.join().expect("looking does not panic")).collect()
    });
    assert!(found.is_empty(), "{} places:\n{}", found.len(), found.join("\n"));
}
