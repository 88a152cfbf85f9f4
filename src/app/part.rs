//! Parts of the page that have a state of their own. What Yew compiles anew for each type of component is long, so
//! to it they are all of one: a part is a struct of what it is given, and a hook that draws it.

use std::any::{Any, TypeId};
use std::rc::Rc;
use yew::functional::{FunctionComponent, FunctionProvider, HookContext};
use yew::html::{BaseComponent, Context, HtmlResult};
use yew::prelude::*;
use yew::virtual_dom::{Key, VComp};

/// What a part is given. It is drawn anew when this differs from before; see [`parts`](crate::page::parts).
pub trait Part: PartialEq + 'static {
    fn draw(&self, hooks: &mut HookContext) -> Html;
}

/// Makes structs parts, each drawn by a hook: `parts!(Stage use_stage)`.
macro_rules! parts {
    ($($Part:ident $draw:ident),+) => {
        $(impl $crate::page::part::Part for $Part {
            fn draw(&self, hooks: &mut ::yew::functional::HookContext) -> ::yew::Html {
                ::yew::functional::Hook::run($draw(self), hooks)
            }
        })+
    };
}
pub(super) use parts;

/// A part at its place on the page. It keeps its state for as long as a part of the same type stands there.
pub fn part(part: impl Part) -> Html {
    placed(None, Rc::new(part))
}

/// The same among parts that come and go: it keeps its state wherever this key is.
pub fn keyed(key: impl Into<Key>, part: impl Part) -> Html {
    placed(Some(key.into()), Rc::new(part))
}

fn placed(key: Option<Key>, part: Rc<dyn AnyPart>) -> Html {
    VComp::new::<Shown>(Rc::new(Given { part }), key).into()
}

/// A part of whatever type.
trait AnyPart: Any {
    fn draw(&self, hooks: &mut HookContext) -> Html;
    fn equals(&self, other: &dyn AnyPart) -> bool;
    fn as_any(&self) -> &dyn Any;
}

impl<P: Part> AnyPart for P {
    fn draw(&self, hooks: &mut HookContext) -> Html {
        Part::draw(self, hooks)
    }

    fn equals(&self, other: &dyn AnyPart) -> bool {
        other.as_any().downcast_ref::<P>().is_some_and(|other| self == other)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[derive(Properties)]
struct Given {
    part: Rc<dyn AnyPart>,
}

impl Given {
    fn kind(&self) -> TypeId {
        self.part.as_any().type_id()
    }
}

impl PartialEq for Given {
    fn eq(&self, other: &Given) -> bool {
        self.part.equals(&*other.part)
    }
}

/// The component, as `#[component]` would make it; but when a part of another type takes the place, the state of
/// the one before ends with it.
struct Shown {
    hooks: FunctionComponent<Shown>,
}

impl FunctionProvider for Shown {
    type Properties = Given;

    fn run(hooks: &mut HookContext, given: &Given) -> HtmlResult {
        Ok(given.part.draw(hooks))
    }
}

impl BaseComponent for Shown {
    type Message = ();
    type Properties = Given;

    fn create(context: &Context<Self>) -> Self {
        Shown { hooks: FunctionComponent::new(context) }
    }

    fn update(&mut self, _: &Context<Self>, (): ()) -> bool {
        true
    }

    fn changed(&mut self, context: &Context<Self>, before: &Given) -> bool {
        if context.props().kind() != before.kind() {
            self.hooks.destroy();
            self.hooks = FunctionComponent::new(context);
        }
        true
    }

    fn view(&self, context: &Context<Self>) -> HtmlResult {
        self.hooks.render(context.props())
    }

    fn rendered(&mut self, _: &Context<Self>, _: bool) {
        self.hooks.rendered();
    }

    fn destroy(&mut self, _: &Context<Self>) {
        self.hooks.destroy();
    }

    fn prepare_state(&self) -> Option<String> {
        None
    }
}
