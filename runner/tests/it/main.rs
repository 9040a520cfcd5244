//! The integration suite of `runner`: one binary, one module per subject.

mod containers;
mod produce;
mod broken;
mod examples;
