//! The question with its prediction, and the challenge with goals that are checked while the run goes on.

use super::engine::{Engine, Pulse};
use super::goal::{Standing, replays, standing};
use super::lesson::markdown;
use super::part::parts;
use super::storage;
use std::rc::Rc;
use switchyard::labs::lesson::Lesson;
use switchyard::labs::prose::unbroken;
use switchyard::sim::Time;
use yew::prelude::*;

parts!(Question use_question, Challenge use_challenge);

#[derive(PartialEq)]
pub struct Question {
    pub lesson: Rc<Lesson>,
    pub lab: &'static str,
    pub playing: bool,
    /// Whether there is anything to see yet.
    pub begun: bool,
    pub on_play: Callback<()>,
}

#[hook]
fn use_question(props: &Question) -> Html {
    let (question, prediction) = (&props.lesson.question, &props.lesson.predict);
    // An option by its own text: lessons change.
    let index_of = |text: String| prediction.options.iter().position(|option| *option == text);
    let guess = use_state(|| storage::prediction(props.lab).and_then(index_of));
    let asked = use_state(|| guess.is_some() && storage::has_seen_answer(props.lab));
    let option = |(index, text): (usize, &String)| {
        let onclick = {
            let (guess, lab, text) = (guess.setter(), props.lab, text.clone());
            Callback::from(move |_: MouseEvent| {
                storage::predict(lab, &text);
                guess.set(Some(index));
            })
        };
        html! {
            <button type="button" {onclick} aria-pressed={(*guess == Some(index)).to_string()} disabled={*asked}>{ unbroken(text) }</button>
        }
    };
    let show = {
        let (asked, lab) = (asked.setter(), props.lab);
        Callback::from(move |_: MouseEvent| {
            storage::see_answer(lab);
            asked.set(true);
        })
    };
    let play = props.on_play.reform(|_: MouseEvent| ());
    // The explanation gives the answer away, so it comes after it.
    let explained = *asked || prediction.options.is_empty();
    html! {
        <section aria-labelledby="question-title">
            <h2 id="question-title">{ if explained { &question.title } else { "Predict" } }</h2>
            if explained { { markdown(&question.text) } }
            if !prediction.options.is_empty() {
                <div class="ask" id="prediction">{ markdown(&prediction.ask) }</div>
                <div class="options" role="group" aria-labelledby="prediction">
                    { for prediction.options.iter().enumerate().map(option) }
                </div>
                <div aria-live="polite" class="answer">
                    if *asked {
                        <p class="strong">{ verdict(&props.lesson, *guess) }</p>
                        { markdown(&prediction.answer) }
                    } else if guess.is_some() {
                        <p class="dim small">{ "Try it, and see whether you are right." }</p>
                        if props.playing || props.begun {
                            <p><button type="button" class="text-button" onclick={show}>{ "Show the answer" }</button></p>
                        } else {
                            <p><button type="button" class="text-button" onclick={play}>{ "Play, and see" }</button></p>
                        }
                    } else {
                        <p class="dim small">{ "Choose first, then play." }</p>
                    }
                </div>
            }
        </section>
    }
}

fn verdict(lesson: &Lesson, guess: Option<usize>) -> String {
    let prediction = &lesson.predict;
    let right = prediction.options.get(prediction.answer_index).map(String::as_str).unwrap_or_default();
    let right = unbroken(right);
    match guess {
        Some(guess) if guess == prediction.answer_index => format!("Right: {right}."),
        _ => format!("It is {right}."),
    }
}

#[derive(PartialEq)]
pub struct Challenge {
    pub engine: Engine,
    pub pulse: Pulse,
    pub lesson: Rc<Lesson>,
    pub lab: &'static str,
}

/// Goals hold when the whole run says so: a challenge is met at the end of a run, and stays met.
#[hook]
fn use_challenge(props: &Challenge) -> Html {
    let met_before = use_state(|| storage::completed(props.lab));
    let session = props.engine.session();
    let standing = standing(&props.lesson.challenge.goals, &session);
    let at_end = session.now() >= session.end();
    // What is only to look at has met nothing.
    let has_run = props.engine.begun() && session.now() > Time::ZERO;
    let holds = |goal: &Standing| has_run && goal.met;
    let all = !standing.is_empty() && standing.iter().all(holds);
    {
        let (lab, met_before) = (props.lab, met_before.setter());
        use_effect_with(all && at_end, move |met| {
            if *met {
                storage::complete(lab);
                met_before.set(true);
            }
        });
    }
    let goal = |goal: &Standing| {
        let (shape, class, said) = match (holds(goal), at_end) {
            (true, true) => ("M5 10.5l3.5 3.5 7-8", "good is-met", "met"),
            (true, false) => ("M6 10.5l2.8 2.8 5.2-6", "good", "holds so far"),
            (false, _) if !has_run => ("", "dim", "not run yet"),
            (false, _) => ("", "dim", "not met"),
        };
        html! {
            <li>
                <svg viewBox="0 0 20 20" class={class} fill="none" stroke="currentColor" aria-hidden="true">
                    <circle cx="10" cy="10" r="8.6" stroke-width="2" />
                    <path class="tick" d={shape} stroke-linecap="round" stroke-linejoin="round" />
                </svg>
                <span>{ unbroken(&goal.text) }<span class="unseen">{ format!(": {said}") }</span>
                    if let Some(now) = &goal.now { { " " }<span class="now">{ format!("· {now}") }</span> }</span>
            </li>
        }
    };
    html! {
        <section aria-labelledby="challenge-title">
            <h2 id="challenge-title">{ "Challenge" }</h2>
            { markdown(&props.lesson.challenge.text) }
            <ul role="list" class="goals">{ for standing.iter().map(goal) }</ul>
            if *met_before {
                <p class="done good strong">{ if all && at_end { "Challenge met" } else { "Challenge met before" } }</p>
            } else if replays(&session) {
                <p class="dim small">{ "Your own requests are replayed. The challenge is about the lab's own traffic, so no goal is met." }</p>
            } else if all && !at_end {
                <p class="dim small">{ "All goals hold so far. They count at the end of the run." }</p>
            } else if !has_run {
                <p class="dim small">{ "Goals count at the end of the run." }</p>
            } else if at_end && props.engine.can_undo() && !session.scenario().changes.is_empty() {
                <p class="dim small">{ "Goals count over the whole run, with what came before a change. “From the start” under Controls makes it from 0 on." }</p>
            }
            if !storage::works() { <p class="dim small">{ "Progress is not saved here." }</p> }
        </section>
    }
}
