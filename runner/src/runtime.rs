//! The asynchronous runtime of a command.

use crate::exit::Failure;

/// Starts a runtime of one thread: enough for a command, and the fastest for a pipeline.
pub(crate) fn start() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)
}
