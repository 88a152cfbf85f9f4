//! The file format: types, checking, links, log import.

pub mod envelope;
pub mod log;
