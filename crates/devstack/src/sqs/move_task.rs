//! A task that moves the messages of a dead-letter queue, as `StartMessageMoveTask` starts it.

use super::time::Timestamp;

/// How far a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Running,
    Completed,
    Cancelled,
    Failed,
}

/// One `StartMessageMoveTask`, and how far it is.
#[derive(Debug, Clone)]
pub(crate) struct MoveTask {
    pub(crate) handle: String,
    /// The name of the dead-letter queue.
    pub(crate) source: String,
    /// The name of a queue. `None`: every message goes back to the queue it came from.
    pub(crate) destination: Option<String>,
    /// Messages per second; `None`: as many as possible.
    pub(crate) rate: Option<u32>,
    pub(crate) started_at: Timestamp,
    pub(crate) status: Status,
    pub(crate) moved: u64,
    pub(crate) to_move: u64,
    pub(crate) failure: Option<&'static str>,
}
