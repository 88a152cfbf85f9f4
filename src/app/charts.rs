//! STUB
use super::engine::{Engine, Pulse};
use crate::play::Flag;
use std::rc::Rc;
use yew::prelude::*;
#[derive(Properties, PartialEq)]
pub struct ChartsProps { pub engine: Engine, pub pulse: Pulse, pub flags: Rc<Vec<Flag>> }
#[component]
pub fn Charts(_p: &ChartsProps) -> Html { html! {} }
