//! The command line of `runner`: commands, settings, and how results and failures are shown.
//!
//! What a command does is in the crates: `compiler` reads pipeline files, `engine` runs them, `migration` brings the
//! database up to them.
#![allow(clippy::doc_markdown, reason = "the arguments' comments are the help a person reads in a terminal")]

pub mod cli;
pub mod commands;

mod connection;
mod live;
mod load;
mod running;
mod signals;

pub mod exit;
pub mod output;

pub mod environment;
pub mod settings;
pub mod telemetry;
