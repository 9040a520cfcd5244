//! The suite of the pipeline crate: one binary, one module per subject.

mod decide;
mod fuzz;
