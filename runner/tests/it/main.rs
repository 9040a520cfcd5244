//! The integration suite of `runner`: one binary, one module per subject.

mod containers;
mod crash;
mod events;
mod outage;
mod stack;
mod startup;
