//! The stage: two canvases that the clock has painted, and buttons over what can be selected.

use super::canvas::Canvas;
use super::dom::{now_ms, set_child_variables};
use super::engine::{Engine, Pace, Pulse};
use super::part::parts;
use super::picture::StagePainter;
use std::cell::RefCell;
use std::rc::Rc;
use switchyard::run::snapshot::Snapshot;
use switchyard::scene::target::TargetArea;
use switchyard::scene::{self, Height, Target};
use web_sys::Element;
use yew::prelude::*;

parts!(Stage use_stage);

#[derive(PartialEq)]
pub struct Stage {
    pub engine: Engine,
    pub pulse: Pulse,
    /// What is shown, for those who do not see it.
    pub name: AttrValue,
    /// Which of the runs that are compared.
    pub run: usize,
    /// Only to be looked at: nothing in it can be selected.
    pub miniature: bool,
}

#[hook]
fn use_stage(props: &Stage) -> Html {
    let (frame, base, overlay) = (use_node_ref(), use_node_ref(), use_node_ref());
    let painter = use_memo((), |()| Rc::new(RefCell::new(StagePainter::default())));
    let spots = use_state(Vec::<TargetArea>::new);
    {
        let (painter, spots) = ((*painter).clone(), spots.setter());
        let (base, overlay, miniature) = (base.clone(), overlay.clone(), props.miniature);
        use_effect_with((props.engine.clone(), props.run), move |(engine, run)| {
            let canvases = Canvas::new(&base, engine, false).zip(Canvas::new(&overlay, engine, true));
            let painting = canvases.map(|(base, overlay)| {
                let (painter, to) = (painter.clone(), engine.clone());
                engine.paint_run_with(*run, Pace::EveryFrame, move |shown| {
                    painter.borrow_mut().paint(shown, &to, &base, &overlay)
                })
            });
            let left = painter.clone();
            let telling = (!miniature).then(|| {
                let told = RefCell::new(Vec::new());
                engine.paint_run_with(*run, Pace::EveryPulse, move |shown| {
                    let now = painter.borrow().spots(shown);
                    if *told.borrow() != now {
                        told.replace(now.clone());
                        spots.set(now);
                    }
                })
            });
            move || {
                drop((painting, telling));
                left.borrow_mut().paint_here();
            }
        });
    }
    let targets = use_node_ref();
    {
        let targets = targets.clone();
        use_effect_with((*spots).clone(), move |spots| place_spots(&targets, spots));
    }
    let point = {
        let (painter, frame) = ((*painter).clone(), frame.clone());
        move |event: &MouseEvent| {
            let corner = frame.cast::<Element>()?.get_bounding_client_rect();
            let (x, y) = (event.client_x() as f64 - corner.left(), event.client_y() as f64 - corner.top());
            painter.borrow().hit(x, y)
        }
    };
    let onclick = {
        let (engine, point) = (props.engine.clone(), point.clone());
        // The keyboard presses a button, the pointer whatever is under it.
        Callback::from(move |event: MouseEvent| {
            if event.detail() > 0 {
                engine.select(point(&event));
            }
        })
    };
    let onpointermove = {
        let (engine, painter) = (props.engine.clone(), (*painter).clone());
        Callback::from(move |event: PointerEvent| {
            let found = point(&event);
            if painter.borrow_mut().hover(found) {
                engine.touch();
            }
        })
    };
    let onpointerleave = {
        let (engine, painter) = (props.engine.clone(), (*painter).clone());
        Callback::from(move |_: PointerEvent| {
            if painter.borrow_mut().hover(None) {
                engine.touch();
            }
        })
    };
    let snapshot = props.pulse.snapshots.get(props.run).unwrap_or(&props.pulse.snapshot);
    let told = use_told(&painter, snapshot, props.pulse.playing);
    let height = match scene::height(snapshot) {
        Height::Low => "stage is-low",
        Height::Usual => "stage",
        Height::High => "stage is-high",
        Height::Highest => "stage is-highest",
    };
    let shape = [(scene::is_flat(snapshot), "is-flat"), (scene::is_narrow(snapshot), "is-narrow")];
    let height =
        classes!(height, shape.into_iter().filter(|(is, _)| *is).map(|(_, class)| class).collect::<Vec<_>>());
    let canvases = html! {
        <>
            <canvas ref={base} class="base" aria-hidden="true"></canvas>
            <canvas ref={overlay} class="overlay" aria-hidden="true"></canvas>
        </>
    };
    if props.miniature {
        return html! { <div ref={frame} class="stage" role="img" aria-label={format!("Picture of {}", props.name)}>{ canvases }</div> };
    }
    html! {
        <section ref={frame} class={height} aria-label="Stage" {onclick} {onpointermove} {onpointerleave}>
            { canvases }
            <div ref={targets} class="targets">
                { for spots.iter().map(|spot| spot_button(&props.engine, spot, props.pulse.selected)) }
            </div>
            if props.pulse.strained { <p class="said">{ "As fast as this machine can" }</p> }
            <p class="unseen" aria-live="polite">{ told.happening }</p>
            // While time passes it is there to be read; where it stands still, a step's changes are announced.
            <div class="unseen" role="group" aria-label="What the instruments show" aria-live={if props.pulse.playing { "off" } else { "polite" }}>
                { for told.insides.iter().map(|line| html! { <p>{ line }</p> }) }
            </div>
        </section>
    }
}

/// A button over something on the stage, so that it can be reached and read without seeing it.
fn spot_button(engine: &Engine, spot: &TargetArea, selected: Option<Target>) -> Html {
    let onclick = {
        let (engine, target) = (engine.clone(), spot.target);
        Callback::from(move |event: MouseEvent| {
            if event.detail() == 0 {
                event.stop_propagation();
                engine.select(Some(target));
            }
        })
    };
    html! {
        <button key={format!("{:?}", spot.target)} type="button" class="target" aria-label={spot.name.clone()}
            aria-pressed={(selected == Some(spot.target)).to_string()} {onclick}></button>
    }
}

/// Puts the buttons where their things are.
fn place_spots(node: &NodeRef, spots: &[TargetArea]) {
    let px = |value: f64| format!("{value:.1}px");
    for (index, TargetArea { rect, .. }) in spots.iter().enumerate() {
        let variables =
            [("--x", px(rect.x)), ("--y", px(rect.y)), ("--w", px(rect.width)), ("--h", px(rect.height))];
        set_child_variables(node, index, &variables);
    }
}

/// At most one announcement in so many milliseconds while the run plays.
const TOLD_MS: f64 = 2000.0;

/// The stage in words.
#[derive(Clone, Default)]
struct Told {
    /// Changes only when something notable does.
    happening: AttrValue,
    insides: Rc<[AttrValue]>,
}

/// What is told of the stage: not too often while it plays, at once where time stands still, as nothing else may come
/// that would bring it up to date.
#[hook]
fn use_told(painter: &Rc<RefCell<StagePainter>>, snapshot: &Snapshot, playing: bool) -> Told {
    let told = use_mut_ref(|| (f64::NEG_INFINITY, f64::NEG_INFINITY, Told::default()));
    let mut told = told.borrow_mut();
    let now = now_ms();
    if !playing || now - told.0 >= TOLD_MS {
        let text = painter.borrow().told(snapshot);
        if told.2.happening != text {
            (told.0, told.2.happening) = (now, text.into());
        }
    }
    if !playing || now - told.1 >= TOLD_MS {
        told.1 = now;
        told.2.insides = scene::insides(snapshot).into_iter().map(AttrValue::from).collect();
    }
    told.2.clone()
}
