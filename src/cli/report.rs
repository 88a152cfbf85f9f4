//! A finished run as JSON, or as tables for reading.

use super::across::across;
use super::table::Table;
use crate::report::{TheoryLine, theory_of};
use crate::scenario::replay::{Imported, Sort};
use crate::scenario::{Checked, state_at};
use crate::sim::{OUTCOMES, Time};
use serde_json::{Value, json};
use std::fmt;

/// One run to its end.
#[derive(Clone, Debug, Default)]
pub struct Ran {
    pub seed: u64,
    pub digest: u64,
    /// A [`crate::report::Summary`].
    pub summary: Value,
}

/// All runs of a command.
#[derive(Clone, Debug)]
pub struct Report {
    title: String,
    duration_ms: f64,
    runs: Vec<(u64, String)>,
    /// The summary, or the mean of several.
    figures: Value,
    /// In the same shape; null for one run.
    half_widths: Value,
    theory: Option<TheoryLine>,
    imported: Option<Imported>,
}

impl Report {
    pub fn new(scenario: &Checked, imported: Option<Imported>, runs: Vec<Ran>) -> Report {
        let (seeds, summaries): (Vec<(u64, String)>, Vec<Value>) =
            runs.into_iter().map(|ran| ((ran.seed, format!("{:016x}", ran.digest)), ran.summary)).unzip();
        let (figures, half_widths) = across(&summaries);
        Report {
            title: scenario.title.clone(),
            duration_ms: scenario.duration_ms,
            runs: seeds,
            figures,
            half_widths,
            theory: theory_of(&state_at(scenario, Time::ZERO)),
            imported,
        }
    }

    pub fn to_json(&self) -> Value {
        let runs: Vec<Value> =
            self.runs.iter().map(|(seed, digest)| json!({ "seed": seed, "digest": digest })).collect();
        let mut json = json!({
            "title": self.title,
            "at_ms": self.duration_ms,
            "runs": runs,
            "total": self.figures["total"],
            "nodes": self.figures["nodes"],
            "theory": self.theory,
        });
        if self.half_widths.is_object() {
            let halves = &self.half_widths;
            json["half_width_95"] = json!({ "total": halves["total"], "nodes": halves["nodes"] });
        }
        if let Some(imported) = &self.imported {
            json["log"] = json!(imported);
        }
        json
    }

    /// A figure for reading, with its interval where there is one.
    fn figure(&self, path: &str) -> String {
        let number = |value: &Value| value.pointer(path).and_then(Value::as_f64);
        match (number(&self.figures), number(&self.half_widths)) {
            (None, _) => "–".to_owned(),
            (Some(mean), None) => rounded(mean, mean),
            // Digits beyond the first two of the interval would say nothing.
            (Some(mean), Some(half)) => {
                format!("{} ± {}", rounded(mean, half * 10.0), rounded(half, half * 10.0))
            }
        }
    }

    fn percent(&self, path: &str) -> String {
        let number = |value: &Value| value.pointer(path).and_then(Value::as_f64).map(|share| share * 100.0);
        match (number(&self.figures), number(&self.half_widths)) {
            (None, _) => "–".to_owned(),
            (Some(mean), None) => format!("{mean:.1} %"),
            (Some(mean), Some(half)) => format!("{mean:.1} ± {half:.1} %"),
        }
    }

    fn write_runs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, {} s", self.title, self.duration_ms / 1000.0)?;
        match self.runs.as_slice() {
            [(seed, digest)] => writeln!(f, "seed {seed}, digest {digest}"),
            many => {
                writeln!(f, "{} seeds: mean ± half the width of the 95 % interval", many.len())?;
                many.iter().try_for_each(|(seed, digest)| writeln!(f, "seed {seed}, digest {digest}"))
            }
        }
    }

    fn write_log(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(log) = &self.imported else { return Ok(()) };
        let Imported { name, requests, clients, paths, span_ms, with_duration, bad_lines, left_out, .. } =
            log;
        let seconds = span_ms / 1000.0;
        match log.what {
            Sort::AccessLog => {
                writeln!(f, "\nlog {name}: {requests} requests of {clients} clients for {paths} paths")?;
                writeln!(f, "{seconds} s, {with_duration} with a duration")?;
            }
            Sort::Keys => {
                writeln!(f, "\nkeys {name}: {requests} requests for {} keys, {seconds} s", log.keys)?
            }
            Sort::Arrivals => {
                writeln!(f, "\narrivals {name}: {requests} requests of {clients} clients, {seconds} s")?
            }
        }
        if log.spread {
            writeln!(f, "times are whole seconds; requests of the same second were spread over it")?;
        }
        if *left_out > 0 {
            writeln!(f, "{left_out} more were left out")?;
        }
        if *bad_lines > 0 {
            writeln!(f, "{bad_lines} bad lines")?;
        }
        log.bad.iter().try_for_each(|(line, reason)| writeln!(f, "  line {line}: {reason}"))
    }

    fn write_total(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["requests", &self.figure("/total/requests")]);
        for (_, _, id, label) in OUTCOMES {
            let path = format!("/total/outcomes/{id}");
            if self.figures.pointer(&path).and_then(Value::as_f64).is_some_and(|count| count > 0.0) {
                table.row([format!("  {label}"), self.figure(&path)]);
            }
        }
        table.row(["  in flight".to_owned(), self.figure("/total/in_flight")]);
        table.row(["ok per second".to_owned(), self.figure("/total/throughput_per_s")]);
        write!(f, "\n{table}")
    }

    fn write_times(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["ms", "mean", "p50", "p90", "p95", "p99", "p99.9", "largest"]);
        let columns = ["mean", "p50", "p90", "p95", "p99", "p99.9", "max"];
        let mut row = |name: String, path: String| {
            let cells = columns.iter().map(|column| self.figure(&format!("{path}/{column}")));
            table.row(std::iter::once(name).chain(cells));
        };
        row("request to answer".to_owned(), "/total/latency_ms".to_owned());
        for (id, node) in self.nodes("servers") {
            if node["latency_ms"]["count"] != json!(0) {
                row(format!("{id}: in the queue"), format!("/nodes/{id}/queueing_ms"));
                row(format!("{id}: at work"), format!("/nodes/{id}/service_ms"));
            }
        }
        if let Some(theory) = &self.theory {
            let known = |ms: Option<f64>| ms.map_or("–".to_owned(), |ms| rounded(ms, ms));
            let none = || "–".to_owned();
            let bound = if theory.exact { "" } else { ", one shared queue" };
            table.row([
                format!("theory, {}{bound}", theory.model),
                known(Some(theory.mean_ms)),
                known(theory.p50_ms),
                none(),
                known(theory.p95_ms),
                known(theory.p99_ms),
                none(),
                none(),
            ]);
        }
        write!(f, "\n{table}")
    }

    fn write_members(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heading =
            ["", "calls", "share", "refused", "busy", "queue", "longest", "mean ms", "p50 ms", "p99 ms"];
        let mut table = Table::new(&heading);
        for (id, node) in self.nodes("servers") {
            let mut numbers: Vec<u32> = node["members"]
                .as_object()
                .map(|members| members.keys().filter_map(|number| number.parse().ok()).collect())
                .unwrap_or_default();
            numbers.sort_unstable();
            for number in numbers {
                self.member_row(
                    &mut table,
                    &format!("{id}/{number}"),
                    &format!("/nodes/{id}/members/{number}"),
                );
            }
            let all = format!("/nodes/{id}");
            let figure = |path: &str| self.figure(&format!("{all}{path}"));
            table.row([
                id.clone(),
                figure("/calls"),
                String::new(),
                figure("/outcomes/queue-full"),
                self.percent(&format!("{all}/utilisation")),
                figure("/queue_length/mean"),
                figure("/queue_length/largest"),
                figure("/latency_ms/mean"),
                figure("/latency_ms/p50"),
                figure("/latency_ms/p99"),
            ]);
        }
        write!(f, "\n{table}")
    }

    /// What nodes have counted and what services say, all that is not 0: one line each.
    fn write_counts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["", ""]);
        for (id, node) in self.figures["nodes"].as_object().into_iter().flatten() {
            if node["hit_ratio"].is_number() {
                table.row([format!("{id}: hit ratio"), self.percent(&format!("/nodes/{id}/hit_ratio"))]);
            }
            for part in ["counts", "service"] {
                for (name, value) in node[part].as_object().into_iter().flatten() {
                    if value.as_f64().is_some_and(|count| count != 0.0) {
                        let figure = self.figure(&format!("/nodes/{id}/{part}/{name}"));
                        table.row([format!("{id}: {}", name.replace('_', " ")), figure]);
                    }
                }
            }
        }
        write!(f, "{table}")
    }

    fn member_row(&self, table: &mut Table, name: &str, path: &str) {
        let figure = |below: &str| self.figure(&format!("{path}{below}"));
        table.row([
            name.to_owned(),
            figure("/calls"),
            self.percent(&format!("{path}/load_share")),
            figure("/refused"),
            self.percent(&format!("{path}/utilisation")),
            figure("/queue_length/mean"),
            figure("/queue_length/largest"),
            figure("/latency_ms/mean"),
            figure("/latency_ms/p50"),
            figure("/latency_ms/p99"),
        ]);
    }

    fn nodes<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a String, &'a Value)> {
        let nodes = self.figures["nodes"].as_object().into_iter().flatten();
        nodes.filter(move |(_, node)| node["kind"] == kind)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_runs(f)?;
        self.write_log(f)?;
        self.write_total(f)?;
        self.write_times(f)?;
        self.write_members(f)?;
        self.write_counts(f)
    }
}

/// Whole numbers as they are, others to as many places as three digits of `like` have.
fn rounded(number: f64, like: f64) -> String {
    let digits = match like.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    if number == number.trunc() && (number == like || like == 0.0) {
        format!("{number}")
    } else {
        format!("{number:.digits$}")
    }
}
