//! Charts to look at, beside the stage.

use super::gallery::keep;
use crate::scene::*;

#[test]
fn chart_gallery() {
    let wave = |base: f64, jump: f64| -> Vec<(f64, Option<f64>)> {
        let value = |n: usize| {
            let at = n as f64 * 0.25;
            let rise = jump / (1.0 + libm::exp(-(at - 7.0) * 1.6));
            (
                at,
                (!(20..24).contains(&n))
                    .then_some(base + rise + 12.0 * libm::sin(at * 9.1) + 9.0 * libm::sin(at * 23.7)),
            )
        };
        (0..70).map(value).collect()
    };
    let (p50, p95, p99) = (wave(90.0, 20.0), wave(160.0, 500.0), wave(220.0, 2300.0));
    let line = LineChart {
        width: 258.0,
        height: 180.0,
        lines: vec![
            Line { name: "p99", ink: Ink::Failed, points: &p99 },
            Line { name: "p95", ink: Ink::Waiting, points: &p95 },
            Line { name: "p50", ink: Ink::Ok, points: &p50 },
        ],
        unit: "ms",
        from_s: 0.0,
        to_s: 20.0,
        theory: Some(Theory { value: 80.0, label: "M/M/16" }),
        flags: vec![Flag { at_s: 5.0, label: "servers/3 slow 5" }],
        cursor_s: Some(17.4),
        hover_s: None,
        ..LineChart::default()
    };
    let hovered = LineChart { hover_s: Some(9.3), width: 420.0, height: 240.0, ..line.clone() };
    let bar = |n: usize| Bar {
        name: format!("S{}", n + 1),
        value: Some(45.0 - (n % 5) as f64 * 4.0),
        ink: if n == 2 { Ink::Failed } else { Ink::Request },
    };
    let bars = |count: usize| BarChart {
        width: 258.0,
        height: 180.0,
        bars: (0..count).map(bar).collect(),
        unit: "/s",
        quantity: "load",
        fair: Some(40.0),
        shares: true,
    };
    let all = [
        ("line", line.shapes(), 258.0, 180.0),
        ("hover", hovered.shapes(), 420.0, 240.0),
        ("bars", bars(4).shapes(), 258.0, 180.0),
        ("bars-many", bars(60).shapes(), 258.0, 180.0),
    ];
    for (name, shapes, width, height) in all {
        for (suffix, palette) in [("light", Palette::LIGHT), ("dark", Palette::DARK)] {
            keep(&format!("chart-{name}-{suffix}"), &svg::svg(&shapes, &palette, width, height));
        }
    }
}
