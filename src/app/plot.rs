//! A chart's canvas: it is painted at every pulse, and pointing at it points all charts at that moment.

use super::canvas::Canvas;
use super::engine::{Engine, Frame, Pace};
use super::part::parts;
use std::cell::Cell;
use std::rc::Rc;
use switchyard::sim::Time;
use web_sys::Element;
use yew::prelude::*;

parts!(Plot use_plot);

/// Where a chart's time axis lies: (left edge, width, seconds at its end), in CSS pixels.
pub type TimeAxis = (f64, f64, f64);

type PaintOn = dyn Fn(&Frame, &Canvas) -> Option<TimeAxis>;

/// Paints a chart; answers with its time axis if it has one, in the pixels of [`Canvas::ready_for_text`].
#[derive(Clone)]
pub struct Paint(Rc<PaintOn>);

impl Paint {
    pub fn new(paint: impl Fn(&Frame, &Canvas) -> Option<TimeAxis> + 'static) -> Paint {
        Paint(Rc::new(paint))
    }
}

impl PartialEq for Paint {
    fn eq(&self, other: &Paint) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(PartialEq)]
pub struct Plot {
    pub engine: Engine,
    pub paint: Paint,
    /// What is shown, for those who do not see it.
    pub label: String,
}

#[hook]
fn use_plot(props: &Plot) -> Html {
    let (node, frame) = (use_node_ref(), use_node_ref());
    let axis = use_memo((), |()| Cell::new(None::<TimeAxis>));
    {
        let (node, axis) = (node.clone(), axis.clone());
        use_effect_with((props.engine.clone(), props.paint.clone()), move |(engine, paint)| {
            let painting = Canvas::new(&node, engine, false).map(|canvas| {
                let paint = paint.clone();
                engine.paint_with(Pace::EveryPulse, move |shown| {
                    let text = canvas.text();
                    let in_css = |(left, width, end_s): TimeAxis| (left * text, width * text, end_s);
                    axis.set((paint.0)(shown, &canvas).map(in_css));
                })
            });
            move || drop(painting)
        });
    }
    let onpointermove = {
        let (engine, frame) = (props.engine.clone(), frame.clone());
        Callback::from(move |event: PointerEvent| {
            let Some(rect) = frame.cast::<Element>().map(|element| element.get_bounding_client_rect()) else {
                return;
            };
            let x = event.client_x() as f64 - rect.left();
            let share = |(left, width, _): TimeAxis| ((x - left) / width).clamp(0.0, 1.0);
            engine.point_at(axis.get().map(|axis| Time::from_ms(share(axis) * axis.2 * 1000.0)));
        })
    };
    let onpointerleave = {
        let engine = props.engine.clone();
        Callback::from(move |_: PointerEvent| engine.point_at(None))
    };
    html! {
        <div ref={frame} class="plot" {onpointermove} {onpointerleave}>
            <canvas ref={node} role="img" aria-label={props.label.clone()}></canvas>
        </div>
    }
}
