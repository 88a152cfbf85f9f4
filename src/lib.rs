//! Switchyard: a system-design playground. Real requests through real algorithms, in the browser.
//!
//! Each module may use only what stands above it in this list (a test scans the imports):
//!
//! | module | what it is |
//! |---|---|
//! | [`sim`] | the engine: time, random streams, event queue, calls, world, observers |
//! | [`algo`] | pure policies, one file and one table line each |
//! | [`systems`] | what a server can run: shortener, feed, chat, payments, gateway (pure domain logic) |
//! | [`node`] | one file per kind of node: what it does with an arriving call |
//! | [`scenario`] | the file format: types, checking, links, log import |
//! | [`run`] | a scenario under way: the world it builds, snapshots, digest |
//! | [`watch`] | observers that make metrics and traces |
//! | [`report`] | what is said of a run: figures, events, theory |
//! | [`play`] | a run that is watched: checkpoints, seeking, live changes |
//! | [`labs`] | the table of labs |
//! | [`scene`] | snapshot + time → shapes |
//! | `app`, `cli` | the two faces: browser (a package of its own), command line |

#[cfg(not(target_arch = "wasm32"))]
pub mod cli;
pub mod labs;

pub use switchyard_drawing::scene;
pub use switchyard_engine::{algo, sim};
pub use switchyard_format::scenario;
pub use switchyard_nodes::node;
pub use switchyard_reporting::{play, report};
pub use switchyard_running::{run, watch};
pub use switchyard_services::systems;
