//! A lab's lesson: Markdown with fixed sections, and goals that a run is checked against.
//!
//! `# Title`, an introduction, then `## Try`, `## Notice`, `## Question` (a line, then text), `## Predict`
//! (a question, options `- [ ]` with the right one `- [x]`, then what happened), `## Challenge` (text,
//! then goals `` - label: `path < number` ``) and `## Left out`.

use crate::scenario::json::decimal;
use crate::scenario::{Scenario, paths};
use crate::sim::Distribution;
use serde_json::Value;

/// What a lab says. All text is Markdown, of which [`super::prose`] reads what lessons need.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    pub title: String,
    pub intro: String,
    pub try_: String,
    pub notice: String,
    pub question: Question,
    pub predict: Prediction,
    pub challenge: Challenge,
    /// What the model does not have.
    pub left_out: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// "Why is p99 so bad?"
    pub title: String,
    pub text: String,
}

/// Asked before play.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    pub ask: String,
    pub options: Vec<String>,
    /// Into `options`.
    pub answer_index: usize,
    /// What happened; shown after a choice.
    pub answer: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Challenge {
    pub text: String,
    pub goals: Vec<Goal>,
}

/// A condition on a figure of the run, or on a setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// "p99 < 250 ms"
    pub label: String,
    /// `total.latency_ms.p99` of the summary, or a setting's path.
    pub path: String,
    pub op: Op,
    pub value: f64,
}

/// How a goal compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Below,
    AtMost,
    Equal,
    AtLeast,
    Above,
}

const OPS: [(&str, Op); 5] =
    [("<=", Op::AtMost), (">=", Op::AtLeast), ("==", Op::Equal), ("<", Op::Below), (">", Op::Above)];

impl Goal {
    /// Whether it is met; `None` while its figure does not exist yet. `summary` is a
    /// [`crate::report::Summary`] as JSON, `state` the settings in force.
    pub fn met(&self, summary: &Value, state: &Scenario) -> Option<bool> {
        let figure = self.figure(summary, state)?;
        Some(match self.op {
            Op::Below => figure < self.value,
            Op::AtMost => figure <= self.value,
            Op::Equal => figure == self.value,
            Op::AtLeast => figure >= self.value,
            Op::Above => figure > self.value,
        })
    }
}

impl Goal {
    /// Whether its figure is of the run so far, not a setting.
    pub fn is_measured(&self, summary: &Value) -> bool {
        look_up(summary, &self.path).is_some()
    }

    /// The figure that it is about; `None` while that does not exist yet.
    pub fn figure(&self, summary: &Value, state: &Scenario) -> Option<f64> {
        match look_up(summary, &self.path) {
            Some(found) => found.as_f64(),
            // Of a distribution its mean.
            None => match paths::get(state, &self.path)? {
                Value::Object(of) => Some(serde_json::from_value::<Distribution>(of.into()).ok()?.mean_ms()),
                value => value.as_f64(),
            },
        }
    }
}

/// By how much a goal's figure is multiplied where its label says it in another unit: shares in per cent,
/// milliseconds in seconds, cents in whole money.
const FACTORS: [f64; 4] = [1.0, 100.0, 0.001, 0.01];

/// Units that stand beside a label's number, and are said beside the present figure too.
const UNITS: [&str; 5] = ["ms", "s", "%", "×", "days"];

impl Goal {
    /// By how much a figure is to be multiplied, and the unit that stands behind it then, so that it can be held
    /// against what the label says: "10 % lost" is about a share of 0.1. The label's number says so, where it has one.
    pub fn unit(&self) -> (f64, &'static str) {
        let label = without_groups(&self.label);
        let words: Vec<&str> = label.split_whitespace().collect();
        let number = |word: &str| decimal(word.trim_matches(|c: char| !c.is_ascii_digit()));
        for factor in FACTORS {
            let is_it = |word: &&str| number(word).is_some_and(|it| (it - self.value * factor).abs() < 1e-9);
            if let Some(at) = words.iter().position(is_it) {
                let next = words.get(at + 1).map(|word| word.trim_matches(','));
                let unit = UNITS.into_iter().find(|unit| next == Some(unit));
                return (factor, unit.unwrap_or_default());
            }
        }
        (1.0, "")
    }
}

/// "≥ 3000" of "≥ 3 000": three digits behind a digit and a space belong to the same number.
fn without_groups(label: &str) -> String {
    let is_digits = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let mut out = String::new();
    for word in label.split_whitespace() {
        let goes_on = word.len() == 3 && is_digits(word) && out.ends_with(|c: char| c.is_ascii_digit());
        if !(out.is_empty() || goes_on) {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// The value at a path with points between names; names may have points themselves, as `p99.9` has.
fn look_up<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    if let Some(found) = value.get(path) {
        return Some(found);
    }
    let points = path.match_indices('.').map(|(at, _)| path.split_at(at));
    points.filter_map(|(name, rest)| look_up(value.get(name)?, rest.strip_prefix('.')?)).next()
}

const SECTIONS: [&str; 6] = ["Try", "Notice", "Question", "Predict", "Challenge", "Left out"];

impl Lesson {
    /// Reads a lesson.
    ///
    /// # Errors
    /// One sentence: which section is missing, unknown or not as it should be.
    pub fn parse(markdown: &str) -> Result<Lesson, String> {
        let (top, mut sections) = split(markdown)?;
        let (title, intro) = top.trim().split_once('\n').unwrap_or((top.trim(), ""));
        let title = title.strip_prefix("# ").ok_or("it does not begin with a title")?.trim().to_owned();
        let mut take = |name: &str| {
            let place = sections.iter().position(|(other, _)| *other == name);
            place.map(|place| sections.swap_remove(place).1).ok_or(format!("there is no section {name}"))
        };
        let text = |text: String| text.trim().to_owned();
        let (question, why) = first_line(&take("Question")?);
        Ok(Lesson {
            title,
            intro: text(intro.to_owned()),
            try_: text(take("Try")?),
            notice: text(take("Notice")?),
            question: Question { title: question, text: why },
            predict: prediction(&take("Predict")?)?,
            challenge: challenge(&take("Challenge")?)?,
            left_out: text(take("Left out")?),
        })
    }
}

/// A section's heading and text.
type Section<'a> = (&'a str, String);

/// What stands before the first section, and the sections by name.
fn split(markdown: &str) -> Result<(String, Vec<Section<'_>>), String> {
    let mut top = String::new();
    let mut sections: Vec<(&str, String)> = vec![];
    for line in markdown.lines() {
        if let Some(name) = line.strip_prefix("## ").map(str::trim) {
            if !SECTIONS.contains(&name) {
                return Err(format!("there is no section called {name}"));
            }
            if sections.iter().any(|(other, _)| *other == name) {
                return Err(format!("the section {name} comes twice"));
            }
            sections.push((name, String::new()));
            continue;
        }
        let text = sections.last_mut().map_or(&mut top, |(_, text)| text);
        text.push_str(line);
        text.push('\n');
    }
    Ok((top, sections))
}

fn first_line(text: &str) -> (String, String) {
    let (first, rest) = text.trim().split_once('\n').unwrap_or((text.trim(), ""));
    (first.trim().to_owned(), rest.trim().to_owned())
}

/// Paragraphs before the list, the list's items, paragraphs behind it.
fn around_list(text: &str) -> (String, Vec<String>, String) {
    let (mut before, mut items, mut after) = (String::new(), Vec::<String>::new(), String::new());
    for line in text.lines() {
        if let Some(item) = line.strip_prefix("- ") {
            items.push(item.trim().to_owned());
        } else if let (Some(item), true) = (items.last_mut(), line.starts_with("  ") && after.is_empty()) {
            item.push(' ');
            item.push_str(line.trim());
        } else {
            let text = if items.is_empty() { &mut before } else { &mut after };
            if !(text.is_empty() && line.trim().is_empty()) {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    (before.trim().to_owned(), items, after.trim().to_owned())
}

fn prediction(text: &str) -> Result<Prediction, String> {
    let (ask, items, answer) = around_list(text);
    let mut options = vec![];
    let mut right = vec![];
    for item in items {
        let option = match (item.strip_prefix("[x] "), item.strip_prefix("[ ] ")) {
            (Some(option), _) => {
                right.push(options.len());
                option
            }
            (_, Some(option)) => option,
            _ => return Err(format!("\"{item}\" begins neither with [ ] nor with [x]")),
        };
        options.push(option.to_owned());
    }
    match (right.as_slice(), ask.is_empty() || answer.is_empty()) {
        ([answer_index], false) => Ok(Prediction { ask, options, answer_index: *answer_index, answer }),
        ([_], true) => Err("a prediction needs a question and an answer".into()),
        _ => Err("a prediction has exactly one right option".into()),
    }
}

fn challenge(text: &str) -> Result<Challenge, String> {
    let (text, items, after) = around_list(text);
    if !after.is_empty() || items.is_empty() || text.is_empty() {
        return Err("a challenge is a text and a list of goals behind it".into());
    }
    let goals: Result<Vec<Goal>, String> = items.iter().map(|item| goal(item)).collect();
    Ok(Challenge { text, goals: goals? })
}

/// `` p99 < 250 ms: `total.latency_ms.p99 < 250` ``
fn goal(item: &str) -> Result<Goal, String> {
    let wrong = || format!("\"{item}\" is not a goal");
    let (label, condition) =
        item.strip_suffix('`').and_then(|item| item.rsplit_once('`')).ok_or_else(wrong)?;
    let label = label.strip_suffix(": ").ok_or_else(wrong)?.trim().to_owned();
    // Paths have spaces and signs of their own: "nodes.feed.service.stale share <= 5".
    let (compared, number) = condition.rsplit_once(' ').ok_or_else(wrong)?;
    let (path, sign) = compared.rsplit_once(' ').ok_or_else(wrong)?;
    let (_, op) = OPS.iter().find(|(known, _)| *known == sign).ok_or_else(wrong)?;
    let value = decimal(number).ok_or_else(wrong)?;
    Ok(Goal { label, path: path.to_owned(), op: *op, value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Checked;
    use serde_json::json;

    const LESSON: &str = "# Title\n\nFirst.\n\nSecond.\n\n## Try\nTurn it.\n## Notice\nIt turns.\n\
        ## Question\nWhy?\n\nBecause.\n## Predict\nWhich?\n\n- [ ] this\n- [x] that\n  one\n\nIt was that.\n\
        ## Challenge\nDo it.\n\n- p99.9 < 25 ms: `total.latency_ms.p99.9 < 25`\n- ≤ 4: `s.workers <= 4`\n\
        ## Left out\nMuch.\n";

    #[test]
    fn every_section_is_read() {
        let lesson = Lesson::parse(LESSON).unwrap();
        assert_eq!((lesson.title.as_str(), lesson.intro.as_str()), ("Title", "First.\n\nSecond."));
        assert_eq!((lesson.try_.as_str(), lesson.notice.as_str()), ("Turn it.", "It turns."));
        assert_eq!(lesson.question, Question { title: "Why?".into(), text: "Because.".into() });
        let predict = &lesson.predict;
        assert_eq!((predict.ask.as_str(), predict.answer.as_str()), ("Which?", "It was that."));
        assert_eq!(
            (predict.options.as_slice(), predict.answer_index),
            (&["this".into(), "that one".into()][..], 1)
        );
        assert_eq!(lesson.left_out, "Much.");
        let goals = &lesson.challenge.goals;
        assert_eq!(
            (goals[0].label.as_str(), goals[0].op, goals[0].value),
            ("p99.9 < 25 ms", Op::Below, 25.0)
        );
        assert_eq!((goals[1].path.as_str(), goals[1].op), ("s.workers", Op::AtMost));
    }

    #[test]
    fn goals_look_into_the_summary_and_then_the_settings() {
        let json = r#"{"v":1,"nodes":[{"id":"s","kind":"servers","workers":4}]}"#;
        let state = Checked::parse(json).unwrap();
        let goals = Lesson::parse(LESSON).unwrap().challenge.goals;
        let summary = |p999: Value| json!({ "total": { "latency_ms": { "p99": 1, "p99.9": p999 } } });
        assert_eq!(goals[0].met(&summary(json!(24.9)), &state), Some(true));
        assert_eq!(goals[0].met(&summary(json!(25)), &state), Some(false));
        assert_eq!(goals[0].met(&summary(Value::Null), &state), None);
        assert_eq!(goals[1].met(&summary(Value::Null), &state), Some(true));
        assert_eq!(Goal { path: "nowhere.x".into(), ..goals[1].clone() }.met(&json!({}), &state), None);
    }

    #[test]
    fn the_present_figure_is_said_in_the_labels_unit() {
        for (label, value, factor, unit) in [
            ("10 % lost each way", 0.1, 100.0, "%"),
            ("stale ≤ 5 %", 5.0, 1.0, "%"),
            ("p99 < 250 ms", 250.0, 1.0, "ms"),
            ("delivered within 3.5 s", 3500.0, 0.001, "s"),
            ("bursts still 0.5 s", 500.0, 0.001, "s"),
            ("< 500.00 owed", 50000.0, 0.01, ""),
            ("busiest ≥ 1.1 × mean", 1.1, 1.0, "×"),
            ("server 1 at most 4 times as fast", 4.0, 1.0, ""),
            ("none lost", 0.0, 1.0, ""),
            ("≥ 3 000 clicks counted", 3000.0, 1.0, ""),
            ("within 12 000 ms", 12000.0, 1.0, "ms"),
            ("one machine", 1.0, 1.0, ""),
        ] {
            let goal = Goal { label: label.into(), path: "x".into(), op: Op::AtMost, value };
            assert_eq!(goal.unit(), (factor, unit), "{label}");
        }
    }

    #[cfg(feature = "texts")]
    #[test]
    fn every_goal_that_names_a_unit_has_it() {
        for lab in crate::labs::LABS {
            for goal in Lesson::parse(lab.lesson).unwrap().challenge.goals {
                let label = &goal.label;
                let (factor, unit) = goal.unit();
                let numbers = label
                    .split_whitespace()
                    .filter_map(|word| decimal(word.trim_matches(|c: char| !c.is_ascii_digit())));
                let numbers: Vec<f64> = numbers.collect();
                let joined = label.replace(' ', "").contains(&goal.value.to_string());
                let says = joined || numbers.iter().any(|number| (number - goal.value * factor).abs() < 1e-9);
                assert!(says || numbers.is_empty(), "{}: {label}", lab.id);
                assert_eq!(unit == "%", label.contains('%'), "{}: {label}", lab.id);
            }
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (part, instead, sentence) in [
            ("# Title", "Title", "title"),
            ("## Try", "## Tried", "no section called Tried"),
            ("## Notice", "## Try", "comes twice"),
            ("## Left out\nMuch.\n", "", "no section Left out"),
            ("- [x]", "- [ ]", "exactly one"),
            ("- [x]", "- x", "neither"),
            ("\nIt was that.", "", "needs a question and an answer"),
            ("s.workers <= 4", "s.workers = 4", "not a goal"),
        ] {
            let error = Lesson::parse(&LESSON.replacen(part, instead, 1)).unwrap_err();
            assert!(error.contains(sentence), "{part} → {instead}: {error}");
        }
    }
}
