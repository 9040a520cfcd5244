//! What the proxy does with connections and their bytes.

use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Forward,
    /// Forwards each chunk this much later.
    Delay(Duration),
    /// Forwards open connections, refuses new ones.
    RefuseConnections,
    /// Reads nothing and accepts nothing.
    Stall,
    /// Reads and discards; accepts nothing.
    HalfOpen,
}

impl Mode {
    /// Whether the port listens at all.
    pub(crate) const fn listens(self) -> bool {
        !matches!(self, Self::RefuseConnections)
    }

    /// Whether connections are taken from the system's queue of completed ones.
    pub(crate) const fn accepts(self) -> bool {
        matches!(self, Self::Forward | Self::Delay(_))
    }
}
