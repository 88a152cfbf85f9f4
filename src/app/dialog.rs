//! A native modal dialog.

use super::part::parts;
use wasm_bindgen::JsCast;
use web_sys::HtmlDialogElement;
use yew::prelude::*;

parts!(Dialog use_dialog);

/// Open for as long as it exists; Escape, the button and a press beside it close it.
#[derive(PartialEq)]
pub struct Dialog {
    pub title: &'static str,
    pub on_close: Callback<()>,
    pub inside: Html,
}

#[hook]
fn use_dialog(props: &Dialog) -> Html {
    let node = use_node_ref();
    {
        let node = node.clone();
        use_effect_with((), move |()| {
            let dialog = node.cast::<HtmlDialogElement>();
            if let Some(dialog) = dialog.as_ref().filter(|dialog| !dialog.open()) {
                let _ = dialog.show_modal();
            }
            // The browser gives the focus back to where it was only on a proper close.
            move || {
                if let Some(dialog) = dialog {
                    dialog.close();
                }
            }
        });
    }
    let onclose = props.on_close.reform(|_: Event| ());
    let close = props.on_close.reform(|_: MouseEvent| ());
    let beside = {
        let (node, on_close) = (node.clone(), props.on_close.clone());
        Callback::from(move |event: MouseEvent| {
            let on_backdrop = event.target().is_some_and(|target| {
                node.get().is_some_and(|dialog| *dialog.unchecked_ref::<web_sys::EventTarget>() == target)
            });
            if on_backdrop {
                on_close.emit(());
            }
        })
    };
    html! {
        <dialog ref={node} aria-labelledby="dialog-title" {onclose} onclick={beside}>
            <div class="inside">
                <div class="top">
                    <h2 id="dialog-title">{ props.title }</h2>
                    <button type="button" class="button" onclick={close}>{ "Close" }</button>
                </div>
                { props.inside.clone() }
            </div>
        </dialog>
    }
}
