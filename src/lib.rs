//! Switchyard: a system-design playground. Real requests through real algorithms, in the browser.
//!
//! Each module may use only what stands above it in this list (a test scans the imports):
//!
//! | module | what it is |
//! |---|---|
//! | [`sim`] | the engine: time, random streams, event queue, calls, world, observers |
//! | [`algo`] | pure policies, one file and one table line each |
//! | `node` | one file per kind of node: what it does with an arriving call |
//! | `scenario` | the file format: types, checking, links, log import |
//! | `run` | a scenario under way: checkpoints, seeking, live changes, digest |
//! | `report` | metrics, percentiles, theory |
//! | `labs` | the table of labs |
//! | `scene` | snapshot + time → shapes |
//! | `app`, `cli` | the two faces: browser, command line |

pub mod algo;
pub mod scenario;
pub mod sim;
