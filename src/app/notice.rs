//! What went wrong, said on the page; everything else stays as it was.

use std::rc::Rc;
use yew::prelude::*;

#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub is_error: bool,
    pub text: String,
    /// One line each: places in a file, problems of a scenario.
    pub details: Vec<String>,
}

impl Notice {
    pub fn note(text: impl Into<String>) -> Notice {
        Notice { is_error: false, text: text.into(), details: vec![] }
    }

    pub fn error(text: impl Into<String>) -> Notice {
        Notice { is_error: true, text: text.into(), details: vec![] }
    }

    pub fn with(mut self, details: impl IntoIterator<Item = String>) -> Notice {
        self.details = details.into_iter().collect();
        self
    }
}

/// The notices that stand on the page, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notices {
    shown: Vec<(u32, Notice)>,
    next: u32,
}

pub enum Tell {
    Add(Notice),
    Dismiss(u32),
    /// The page shows something else now.
    Clear,
}

/// More than these would bury the page.
const SHOWN_MAX: usize = 4;
const DETAILS_MAX: usize = 6;

impl Reducible for Notices {
    type Action = Tell;

    fn reduce(self: Rc<Self>, tell: Tell) -> Rc<Self> {
        let mut notices = (*self).clone();
        match tell {
            Tell::Add(notice) => {
                notices.shown.retain(|(_, known)| *known != notice);
                notices.shown.push((notices.next, notice));
                notices.next += 1;
                let surplus = notices.shown.len().saturating_sub(SHOWN_MAX);
                notices.shown.drain(..surplus);
            }
            Tell::Dismiss(id) => notices.shown.retain(|(known, _)| *known != id),
            Tell::Clear => notices.shown.clear(),
        }
        Rc::new(notices)
    }
}

/// What components use to say something.
pub type Say = Callback<Notice>;

/// What stands at the top of the page.
pub fn notice_bar(notices: &Notices, on_dismiss: &Callback<u32>) -> Html {
    let notice = |(id, notice): &(u32, Notice)| {
        let id = *id;
        let onclick = on_dismiss.reform(move |_: MouseEvent| id);
        html! {
            <div key={id} class={classes!("notice", notice.is_error.then_some("is-error"))}>
                <div>
                    <p>{ &notice.text }</p>
                    if !notice.details.is_empty() {
                        <ul>
                            { for notice.details.iter().take(DETAILS_MAX).map(|line| html! { <li>{ line }</li> }) }
                            if notice.details.len() > DETAILS_MAX {
                                <li>{ format!("and {} more", notice.details.len() - DETAILS_MAX) }</li>
                            }
                        </ul>
                    }
                </div>
                <button type="button" class="button" {onclick}>{ "Dismiss" }</button>
            </div>
        }
    };
    // The live region exists before anything is said in it.
    html! {
        <div class={classes!((!notices.shown.is_empty()).then_some("notices"))} role="alert">
            { for notices.shown.iter().map(notice) }
        </div>
    }
}
