//! The page in the browser.

pub mod paint;
