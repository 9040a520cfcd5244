//! The command line: one file per command.

pub mod exit;
pub mod format;
pub mod produce;
pub mod validate_config;
