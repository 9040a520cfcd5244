//! The integration suite of `runner`: one binary, one module per subject.

mod broken;
mod containers;
mod examples;
mod produce;
mod reference;
mod sample_events;
