mod charts;
mod gallery;
mod motion;
mod picture;
mod system;
mod words;
