//! The inside of one machine, as its own instrument: for the inspector, where the stage shows how machines share.

use super::canvas::Canvas;
use super::engine::Engine;
use super::paint;
use super::part::{part, parts};
use super::plot::{Paint, Plot};
use super::theme::palette;
use switchyard::scene::instrument;
use yew::prelude::*;

parts!(Inside use_inside);

#[derive(PartialEq)]
pub struct Inside {
    pub engine: Engine,
    /// Of the snapshot's nodes.
    pub node: usize,
    pub member: usize,
    /// The same in words.
    pub label: String,
}

#[hook]
fn use_inside(props: &Inside) -> Html {
    let paint = use_memo((props.node, props.member), |(node, member)| {
        let (node, member) = (*node, *member);
        Paint::new(move |shown, canvas: &Canvas| {
            let (width, height, ratio) = canvas.ready_for_text()?;
            let shapes = shown
                .snapshot()
                .nodes
                .get(node)
                .map(|node| instrument::member_shapes(node, member, (width, height)))
                .unwrap_or_default();
            paint::paint(&canvas.context, &shapes, palette(), (width, height), ratio);
            None
        })
    });
    let plot =
        part(Plot { engine: props.engine.clone(), paint: (*paint).clone(), label: props.label.clone() });
    html! { <div class="inside">{ plot }</div> }
}
