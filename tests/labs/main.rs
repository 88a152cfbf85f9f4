//! Every lab of the table: that it is whole, and that what its lesson says is what its run does, on its own
//! seed and on others. What each lab claims is in the file of its topic.

mod api_gateway;
mod caching;
mod chat;
mod common;
mod consistency;
mod distributed_cache;
mod hash_rings;
mod load_balancing;
mod message_queue;
mod news_feed;
mod payments;
mod prose;
mod rate_limiting;
mod resilience;
mod scaling;
mod sharding;
mod url_shortener;

use common::{OTHERS, Proof, goals_met, lesson, own_seed, run, scenario, seeds};
use serde_json::json;
use std::collections::BTreeSet;
use switchyard::labs::{LABS, Lab};
use switchyard::play::{Session, When};
use switchyard::scenario::{link, paths};
use switchyard::sim::{Purpose, Random, Stream};

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
    let base = scenario(&LABS[0]);
    for _ in 0..2000 {
        let rate = 1.0 + 399.0 * random.unit();
        let turned = paths::with(&base, "clients.rate_per_s", json!(rate)).unwrap();
        let decoded = link::decode(&link::encode(&turned)).unwrap();
        assert_eq!(paths::get(&decoded, "clients.rate_per_s"), Some(json!(rate)), "{rate}");
    }
}

fn proof(lab: &Lab) -> Proof {
    let topics = [
        load_balancing::proofs(),
        caching::proofs(),
        hash_rings::proofs(),
        rate_limiting::proofs(),
        consistency::proofs(),
        scaling::proofs(),
        news_feed::proofs(),
        chat::proofs(),
        message_queue::proofs(),
        payments::proofs(),
        resilience::proofs(),
        sharding::proofs(),
        distributed_cache::proofs(),
        url_shortener::proofs(),
        api_gateway::proofs(),
    ];
    let mut proofs = topics.into_iter().flatten();
    proofs.find(|proof| proof.id == lab.id).unwrap_or_else(|| panic!("{}: no proof", lab.id))
}

#[test]
fn challenges_are_not_met_at_first_and_can_be_met() {
    for lab in LABS {
        let Proof { solution, .. } = proof(lab);
        for (path, _) in &solution {
            assert!(scenario(lab).knobs.iter().any(|knob| knob == path), "{}: {path} is a knob", lab.id);
        }
        assert!(goals_met(lab.id, own_seed(lab.id), &solution), "{}: the solution meets it", lab.id);
        let others = OTHERS.filter(|seed| goals_met(lab.id, *seed, &solution)).count();
        assert!(others >= 20, "{}: met on {others} of 24 other seeds", lab.id);
        for seed in seeds(lab.id) {
            assert!(!goals_met(lab.id, seed, &[]), "{}: met at first with seed {seed}", lab.id);
        }
    }
}

#[test]
fn the_right_answers_are_those_that_are_measured() {
    for lab in LABS {
        let predict = lesson(lab).predict;
        assert_eq!(predict.options[predict.answer_index], proof(lab).answer, "{}", lab.id);
    }
}

#[test]
fn every_goal_has_a_figure() {
    for lab in LABS {
        let (summary, session) = run(lab.id, own_seed(lab.id), &[]);
        let summary = serde_json::to_value(summary).unwrap();
        for goal in lesson(lab).challenge.goals {
            assert!(goal.met(&summary, session.state()).is_some(), "{}: {}", lab.id, goal.path);
        }
    }
}
