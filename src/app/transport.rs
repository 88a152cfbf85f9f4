//! Play, step, go to any moment, choose the speed.

use super::dom::{input_of, set_child_variables, set_variables};
use super::engine::{Engine, Pulse};
use super::part::parts;
use std::rc::Rc;
use switchyard::play::Flag;
use switchyard::scene::figures;
use switchyard::sim::Time;
use yew::prelude::*;

parts!(Transport use_transport);

#[derive(PartialEq)]
pub struct Transport {
    pub engine: Engine,
    pub pulse: Pulse,
    pub flags: Rc<Vec<Flag>>,
}

#[hook]
fn use_transport(props: &Transport) -> Html {
    let (engine, pulse) = (&props.engine, &props.pulse);
    let act = |act: fn(&Engine)| {
        let engine = engine.clone();
        Callback::from(move |_: MouseEvent| act(&engine))
    };
    let timeline = use_timeline(engine, pulse.now, pulse.end, &props.flags);
    let speed = use_speed(engine, pulse.speed);
    let (play, shape) = match pulse.playing {
        true => ("Pause", "M6 4h3v12H6zM11 4h3v12h-3z"),
        false => ("Play", "M5 3l12 7-12 7z"),
    };
    html! {
        <section class="panel transport" aria-label="Transport">
            <div class="row">
                <button type="button" class="icon is-play" onclick={act(Engine::toggle)} aria-label={play} title={format!("{play} (Space)")}>
                    <svg viewBox="0 0 20 20" aria-hidden="true"><path d={shape} fill="currentColor" /></svg>
                </button>
                { icon("Step one event", "Step one event (→)", act(Engine::step_event), "M4 3v14M8 4l7 6-7 6") }
                { icon("Step one request", "Step to the end of a request (Shift →)", act(Engine::step_request), "M3 4l6 6-6 6M10 4l6 6-6 6M18 3v14") }
                { icon("Step back", "Step back (←)", act(Engine::step_back), "M16 3v14M12 4l-7 6 7 6") }
                { icon("Restart", "Back to the start", act(Engine::restart), "M5 5a7 7 0 1 1-2 5M5 1v4h4") }
                { next_change(engine, pulse, &props.flags) }
            </div>
            <p class="time" aria-label="Simulated time">{ format!("t = {}", figures::seconds(pulse.now.seconds())) }</p>
            { timeline }
            { speed }
        </section>
    }
}

fn icon(label: &'static str, title: &'static str, onclick: Callback<MouseEvent>, path: &'static str) -> Html {
    html! {
        <button type="button" class="icon" {onclick} aria-label={label} {title}>
            <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"
                stroke-linejoin="round" aria-hidden="true"><path d={path} /></svg>
        </button>
    }
}

fn next_change(engine: &Engine, pulse: &Pulse, flags: &[Flag]) -> Html {
    let Some(flag) = flags.iter().find(|flag| flag.at > pulse.now) else { return html! {} };
    let (engine, at) = (engine.clone(), flag.at);
    let jump = Callback::from(move |_: MouseEvent| engine.seek(at));
    icon("Go to the next change", "Go to the next change", jump, "M6 18V3l9 3.5L6 10")
}

/// Steps of the slider: finer than the pixels of a wide screen.
const STEPS: f64 = 4000.0;

fn per_cent(share: f64) -> [(&'static str, String); 1] {
    [("--at", format!("{:.2}%", share * 100.0))]
}

/// Any moment, and the changes as flags that lead to theirs.
#[hook]
fn use_timeline(engine: &Engine, now: Time, end: Time, flags: &Rc<Vec<Flag>>) -> Html {
    let (slider, row) = (use_node_ref(), use_node_ref());
    let end_ns = end.0.max(1) as f64;
    let share = now.0 as f64 / end_ns;
    {
        let slider = slider.clone();
        use_effect_with(share.to_bits(), move |_| set_variables(&slider, &per_cent(share)));
    }
    {
        let row = row.clone();
        use_effect_with((flags.clone(), end), move |(flags, _)| {
            for (index, flag) in flags.iter().enumerate() {
                set_child_variables(&row, index, &per_cent(flag.at.0 as f64 / end_ns));
            }
        });
    }
    let oninput = {
        let engine = engine.clone();
        Callback::from(move |event: InputEvent| {
            let Some(at) = input_of(&event).map(|input| input.value_as_number()) else { return };
            engine.pause();
            engine.seek(Time((at / STEPS * end_ns) as u64));
        })
    };
    let text = format!("{} of {}", figures::seconds(now.seconds()), figures::seconds(end.seconds()));
    html! {
        <div class="timeline">
            <input ref={slider} class="slider" type="range" min="0" max={STEPS.to_string()} step="1"
                value={format!("{:.0}", share * STEPS)} {oninput} aria-label="Moment" aria-valuetext={text} />
            <div ref={row} class="flags">{ for flags.iter().map(|flag| flag_button(engine, flag)) }</div>
        </div>
    }
}

fn flag_button(engine: &Engine, flag: &Flag) -> Html {
    let label = format!("{} at {}", flag.label, figures::seconds(flag.at.seconds()));
    let onclick = {
        let (engine, at) = (engine.clone(), flag.at);
        Callback::from(move |_: MouseEvent| engine.seek(at))
    };
    html! {
        <button type="button" class="flag" title={label.clone()} aria-label={format!("Go to: {label}")} {onclick}>
            <svg viewBox="0 0 24 36" aria-hidden="true">
                <path d="M12 34V4" stroke="currentColor" stroke-width="2" />
                <path d="M12 3l9 4-9 4z" fill="currentColor" />
            </svg>
        </button>
    }
}

/// The speed's slider is logarithmic: tenths of a decade.
#[hook]
fn use_speed(engine: &Engine, speed: f64) -> Html {
    let node = use_node_ref();
    let position = (libm::log10(speed) * 10.0).round();
    {
        let node = node.clone();
        use_effect_with(position.to_bits(), move |_| {
            set_variables(&node, &per_cent((position + 30.0) / 60.0))
        });
    }
    let oninput = {
        let engine = engine.clone();
        Callback::from(move |event: InputEvent| {
            let Some(tenths) = input_of(&event).map(|input| input.value_as_number()) else { return };
            engine.set_speed(rounded(libm::pow(10.0, tenths / 10.0)));
        })
    };
    let shortcut = |wanted: f64| {
        let engine = engine.clone();
        let onclick = Callback::from(move |_: MouseEvent| engine.set_speed(wanted));
        let pressed = (speed / wanted - 1.0).abs() < 1e-6;
        html! {
            <button type="button" class="text-button" {onclick} aria-pressed={pressed.to_string()}>{ format!("×{wanted}") }</button>
        }
    };
    let text = said(speed);
    html! {
        <div class="speed">
            <output>{ &text }</output>
            <input ref={node} class="slider" type="range" min="-30" max="30" step="1" value={position.to_string()} {oninput}
                aria-label="Speed" aria-valuetext={text.clone()} />
            { shortcut(1.0) }
            { shortcut(10.0) }
        </div>
    }
}

/// 1/20, not 1/19.95; ×3, not ×3.16.
fn rounded(speed: f64) -> f64 {
    let nice = |value: f64| {
        let unit = libm::pow(10.0, libm::floor(libm::log10(value)));
        let digit = value / unit;
        let nearest = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
        let best =
            nearest.into_iter().min_by(|a: &f64, b: &f64| (a - digit).abs().total_cmp(&(b - digit).abs()));
        best.unwrap_or(digit) * unit
    };
    if speed < 0.999 { 1.0 / nice(1.0 / speed) } else { nice(speed) }
}

/// "1/20 speed", "×3 speed".
fn said(speed: f64) -> String {
    if speed >= 0.999 {
        return format!("×{} speed", trimmed(speed));
    }
    format!("1/{} speed", trimmed(1.0 / speed))
}

fn trimmed(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}
