//! The commands, one file each.

pub mod exit;
pub mod format;
pub mod validate_config;
