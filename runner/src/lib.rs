//! The command line of `runner`: commands, settings, and how results and failures are shown.
//!
//! The work itself is in the crates: `compiler` reads pipeline files, `engine` runs them, `migration` changes the
//! database to match them.
#![allow(clippy::doc_markdown, reason = "the arguments' comments are the help a person reads in a terminal")]

pub mod cli;
pub mod commands;

mod backlog;
mod connection;
mod database_parameters;
pub mod database_url;
mod dlq_failure;
mod events;
mod existing_table;
mod letters;
pub mod listen;
mod live;
mod load;
mod permissions;
mod report;
mod running;
mod runtime;
mod samples;
mod signals;

pub mod exit;
pub mod output;

mod duration;
pub mod env_file;
mod environment;
pub mod settings;
mod table_error;
pub mod telemetry;
mod text_file;
mod words;
