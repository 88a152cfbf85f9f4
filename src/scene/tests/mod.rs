mod gallery;
mod system;
