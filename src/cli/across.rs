//! Figures of several runs, put together leaf by leaf: the mean, and half the width of its 95 % interval.

use crate::report::statistics::estimate;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Means, and half-widths of the 95 % confidence intervals, in the shape of the reports. A figure that some
/// run does not have is null: a mean over the others would be of another population. One report stays as
/// it is, and has no intervals.
pub fn across(reports: &[Value]) -> (Value, Value) {
    match reports {
        [] => (Value::Null, Value::Null),
        [only] => (only.clone(), Value::Null),
        _ if reports.iter().all(Value::is_object) => by_name(reports),
        [first, ..] if reports.iter().all(|report| report == first && !report.is_number()) => {
            (first.clone(), Value::Null)
        }
        _ => {
            let numbers: Option<Vec<f64>> = reports.iter().map(Value::as_f64).collect();
            match numbers.and_then(|numbers| estimate(&numbers)) {
                Some(found) => (json!(found.mean), json!(found.half_width)),
                None => (Value::Null, Value::Null),
            }
        }
    }
}

fn by_name(reports: &[Value]) -> (Value, Value) {
    let names: BTreeSet<&String> = reports.iter().filter_map(Value::as_object).flat_map(Map::keys).collect();
    let (mut means, mut halves) = (Map::new(), Map::new());
    for name in names {
        let values: Vec<Value> =
            reports.iter().map(|report| report.get(name).cloned().unwrap_or_default()).collect();
        let (mean, half) = across(&values);
        means.insert(name.clone(), mean);
        if !half.is_null() {
            halves.insert(name.clone(), half);
        }
    }
    (Value::Object(means), Value::Object(halves))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Student's t for 2 degrees of freedom is 4.303, so 1, 2, 3 gives 2 ± 4.303 · 1 / √3.
    #[test]
    fn numbers_are_averaged_and_the_rest_must_agree() {
        let report =
            |n: usize| json!({ "kind": "servers", "ms": { "p50": n }, "only": (n > 1).then_some(n) });
        let reports = [1, 2, 3].map(report);
        let (mean, half) = across(&reports);
        assert_eq!(mean, json!({ "kind": "servers", "ms": { "p50": 2.0 }, "only": null }));
        let width = half["ms"]["p50"].as_f64().unwrap();
        assert!((width - 4.303 / 3f64.sqrt()).abs() < 1e-3, "{half}");
        assert_eq!(half["kind"], Value::Null);
    }

    #[test]
    fn one_report_stays_as_it_is() {
        assert_eq!(across(&[json!({ "n": 7 })]), (json!({ "n": 7 }), Value::Null));
    }
}
