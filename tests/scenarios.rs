//! The examples that are named after a kind of node, `tests/scenarios/KIND.json`: the books add up, and what
//! the node counts shows that it is an example of something. (`services.rs` runs all examples.)

mod common;

use common::audit::audit;
use std::fs;
use std::path::Path;
use switchyard::node::kind;
use switchyard::report::{Metrics, summarise};
use switchyard::run::{NO_LIMIT, Simulation};
use switchyard::scenario::Checked;
use switchyard::sim::{Span, Time};

#[test]
fn every_example_runs_and_shows_its_kind() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|it| it.expect("a file").path()).collect();
    files.sort();
    let mut examples = 0;
    for file in &files {
        let name = file.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        let Some(kind) = kind(&name) else { continue };
        let text = fs::read_to_string(file).expect("text");
        let scenario = Checked::parse(&text).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        let end = Time::from_ms(scenario.duration_ms);
        let mut metrics = Metrics::new(Span(end.0));
        let mut simulation = Simulation::new(&scenario, &mut metrics);
        simulation.advance(end, NO_LIMIT, &mut metrics);
        audit(&simulation);
        let summary = summarise(&scenario, &metrics, simulation.world().nodes(), end);
        assert!(summary.total.requests > 1000, "{name}: {} requests", summary.total.requests);
        let node = summary.nodes.values().find(|node| node.kind == name).expect("a node of its kind");
        let counted = node.counts.values().filter(|count| **count > 0).count();
        assert!(counted > 1 && node.counts.len() == kind.counters.len(), "{name}: {:?}", node.counts);
        examples += 1;
    }
    assert!(examples >= 2);
}
