//! The picture of payments.

use super::services::{assert_service, service};
use super::*;
use switchyard::scene::figures;
use switchyard::sim::Span;
use switchyard::systems::ServiceView;
use switchyard::systems::payments::{Movement, State};

fn payments() -> Checked {
    let runs = json!({ "id": "payments", "day_s": 1, "declined_share": 0.1, "fraud_threshold": 1000, "webhook_pauses": "doubling" });
    let nodes = json!([
        { "id": "clients", "kind": "clients", "rate_per_s": 60, "clients": 12, "mix": [{ "path": "POST /authorisations", "share": 3 },
          { "path": "POST /captures", "share": 3 }, { "path": "POST /voids" }, { "path": "POST /refunds" },
          { "path": "POST /partial-refunds" }], "to": ["servers"] },
        { "id": "servers", "kind": "servers", "count": 2, "workers": 4, "queue": 20, "runs": runs,
          "service_ms": { "dist": "exponential", "mean": 20 }, "events_to": "shop", "to": ["shop"] },
        { "id": "shop", "kind": "servers", "workers": 8, "queue": 100, "service_ms": 5 },
    ]);
    let links = json!([{ "from": "clients", "to": "servers", "latency_ms": 5 }]);
    let changes = json!([{ "at_ms": 1000, "node": "shop/1", "set": { "down": true } },
        { "at_ms": 3000, "node": "shop/1", "set": { "down": false } }]);
    scenario(nodes, links, changes)
}

#[test]
fn payments_are_drawn_as_they_are() {
    assert_service(&payments(), |card, view, what| {
        let ServiceView::Payments(view) = view else { panic!("no payments") };
        let texts = card.texts();
        assert_eq!(view.books.difference(), 0, "{what}");
        assert_eq!(view.states.iter().sum::<u64>(), view.payments, "{what}: each is in one state");
        // Below each state's name stands how many are in it.
        for (state, count) in State::ALL.iter().zip(view.states) {
            let short = if *state == State::PartlyRefunded { "in part" } else { state.name() };
            let name =
                texts.iter().find(|label| label.text == short).unwrap_or_else(|| panic!("{what}: {short}"));
            let below = |label: &&&Label| label.at.x == name.at.x && label.at.y > name.at.y;
            let nearest = texts.iter().filter(below).min_by(|a, b| a.at.y.total_cmp(&b.at.y)).unwrap();
            assert_eq!(nearest.text, figures::whole(count), "{what}: {short}");
        }
        // A line is lit for each of the table's steps that was just taken.
        let heads = |ink| {
            let drawn = card
                .shapes
                .iter()
                .filter(|shape| matches!(shape, Shape::Polygon { fill: Some(fill), .. } if fill.ink == ink));
            drawn.count()
        };
        let fresh = |step: &&Movement| view.now.since(step.at) < Span::from_ms(600.0);
        let lit: std::collections::BTreeSet<_> = view
            .recent
            .iter()
            .filter(fresh)
            .filter_map(|step| Some((step.from, step.to?)))
            .filter(|(from, to)| from != to)
            .collect();
        assert_eq!(heads(Ink::Request), lit.len(), "{what}");
        assert!(texts.iter().any(|label| label.text == "balances"), "{what}");
        // Both bars are as long as what came in, and each part as long as it is.
        let length = |ink| {
            let bars = card.shapes.iter().filter_map(|shape| match shape {
                Shape::Rect { rect, radius: 0.0, fill: Some(fill), .. } if fill.ink == ink => {
                    Some(rect.width)
                }
                _ => None,
            });
            bars.sum::<f64>()
        };
        let books = &view.books;
        // What merchants owe is part of the sum, so it is said at every size.
        let owed = ["merchants owe ", "debts "]
            .map(|what| texts.iter().filter(|it| it.text.starts_with(what)).count());
        let owed = owed[0] + owed[1];
        assert_eq!(owed, usize::from(books.debts > 0), "{what}: {texts:?}");
        let all = (books.paid + books.debts) as f64;
        if all > 0.0 {
            let whole = length(Ink::Ok)
                + length(Ink::Waiting)
                + length(Ink::Refused)
                + length(Ink::Request)
                + length(Ink::Failed);
            for (ink, amount) in [
                (Ink::Ok, books.paid_out),
                (Ink::Waiting, books.fees),
                (Ink::Refused, books.refunded),
                (Ink::Request, books.owed + books.paid),
                (Ink::Failed, books.debts),
            ] {
                let wanted = amount as f64 / (2.0 * all);
                assert!((length(ink) / whole - wanted).abs() < 0.01, "{what}: {ink:?}");
            }
        }
    });
    let mut simulation = Simulation::new(&payments(), &mut ());
    simulation.advance(Time::from_ms(2900.0), u64::MAX, &mut ());
    let ServiceView::Payments(view) = service(&simulation) else { panic!("no payments") };
    assert!(view.webhooks.again() > 0 && view.webhooks.confirmed > 0 && view.refused > 0, "{view:?}");
    let words = scene::target::node_name(&simulation.snapshot().nodes[1]);
    for (state, count) in State::ALL.iter().zip(view.states).filter(|(_, count)| *count > 0) {
        assert!(words.contains(&format!("{count} {}", state.name())), "{words}");
    }
    assert!(words.contains(&format!("{} waiting", view.webhooks.waiting())), "{words}");
}

#[test]
fn gallery() {
    let mut simulation = Simulation::new(&payments(), &mut ());
    simulation.advance(Time::from_ms(2900.0), u64::MAX, &mut ());
    for size in SIZES {
        keep(&format!("service-payments-{}x{}", size.0, size.1), &picture(&simulation, size), size);
    }
}
