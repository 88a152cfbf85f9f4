mod charts;
mod gallery;
mod instruments;
mod motion;
mod picture;
mod system;
mod words;
