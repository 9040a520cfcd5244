//! The commands, one file each.

pub(crate) mod completions;
#[cfg(feature = "dev")]
pub(crate) mod dev;
pub mod dlq;
pub mod explain;
pub(crate) mod man;
pub mod migrate;
pub(crate) mod new;
pub(crate) mod permissions;
pub mod produce;
pub(crate) mod run;
pub(crate) mod schema;
pub mod test;
pub mod validate_config;
