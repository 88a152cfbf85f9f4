//! The file format: types, checking, links, log import.

mod check;
mod connections;
mod effects;
pub mod elsewhere;
pub mod envelope;
pub mod json;
pub mod link;
pub mod log;
mod migrate;
mod node_check;
pub mod paths;
mod reader;
pub mod replay;
#[cfg(not(target_arch = "wasm32"))]
pub mod schema;
mod types;
pub mod variants;

pub use check::Checked;
pub use connections::connections;
pub use effects::{effects, state_at};
pub use types::{ChangeSpec, LinkSpec, NodeSpec, Problem, Scenario, VERSION, VariantSpec, limits};
pub use variants::variants;
