//! Whether receiving makes sense: closed while the database takes no rows.

use std::time::Duration;

use tokio::sync::watch;

/// How freely messages are received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Flow {
    Open,
    /// One answer at a time, with a pause: enough to notice that other messages are accepted.
    Trickle,
    Closed,
}

/// What holds the flow back; the strongest reason counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Reasons {
    /// The database does not answer, or does not have what every message needs.
    unreachable: bool,
    /// Whatever was written lately was refused.
    refusing: bool,
    /// The waiting room has no place for what would be refused next.
    full: bool,
}

/// The gate between the queue and memory. Clones are one gate.
#[derive(Debug, Clone)]
pub(crate) struct Gate(watch::Sender<Reasons>);

/// The pause between two answers while only a trickle flows.
const TRICKLE: Duration = Duration::from_secs(1);

impl Gate {
    /// An open gate.
    pub(crate) fn new() -> Self {
        Self(watch::channel(Reasons::default()).0)
    }

    /// Notes whether the database can be reached and has what every message needs; whether that changed.
    pub(crate) fn set_unreachable(&self, unreachable: bool) -> bool {
        self.set(|reasons| &mut reasons.unreachable, unreachable)
    }

    /// Notes whether the database refuses whatever is written; whether that changed.
    pub(crate) fn set_refusing(&self, refusing: bool) -> bool {
        self.set(|reasons| &mut reasons.refusing, refusing)
    }

    /// Notes whether the waiting room is full.
    pub(crate) fn set_full(&self, full: bool) {
        self.set(|reasons| &mut reasons.full, full);
    }

    /// Whether the database refuses whatever is written.
    pub(crate) fn is_refusing(&self) -> bool {
        self.0.borrow().refusing
    }

    /// Resolves when a poller may receive. Only the first one receives while a trickle flows.
    pub(crate) async fn may_receive(&self, is_first: bool) {
        let mut reasons = self.0.subscribe();
        // The sender is `self`, so waiting never fails.
        let _ = reasons.wait_for(|reasons| reasons.allow(is_first)).await;
        if self.0.borrow().flow() == Flow::Trickle {
            tokio::time::sleep(TRICKLE).await;
        }
    }

    /// The same for this moment.
    pub(crate) fn is_open_for(&self, is_first: bool) -> bool {
        self.0.borrow().allow(is_first)
    }

    fn set(&self, field: fn(&mut Reasons) -> &mut bool, value: bool) -> bool {
        self.0.send_if_modified(|reasons| std::mem::replace(field(reasons), value) != value)
    }
}

impl Reasons {
    fn flow(self) -> Flow {
        match self {
            Self { unreachable: true, .. } | Self { refusing: true, full: true, .. } => Flow::Closed,
            Self { refusing: true, .. } => Flow::Trickle,
            _ => Flow::Open,
        }
    }

    fn allow(self, is_first: bool) -> bool {
        match self.flow() {
            Flow::Open => true,
            Flow::Trickle => is_first,
            Flow::Closed => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_reason_counts() {
        let reasons = |unreachable, refusing, full| Reasons { unreachable, refusing, full };
        assert_eq!(reasons(false, false, false).flow(), Flow::Open);
        assert_eq!(reasons(false, false, true).flow(), Flow::Open, "others flow past a full waiting room");
        assert_eq!(reasons(false, true, false).flow(), Flow::Trickle);
        assert_eq!(reasons(false, true, true).flow(), Flow::Closed);
        assert_eq!(reasons(true, false, false).flow(), Flow::Closed);
        assert!(reasons(false, true, false).allow(true) && !reasons(false, true, false).allow(false));
    }
}
