//! When a queue is empty, for `--until-empty`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Leases;
use crate::figures::Figures;
use crate::source::{Backlog, Source};

/// Counts empty answers since the last message, by which the queue shows that it is empty.
#[derive(Debug, Default)]
pub(crate) struct Idle(AtomicU64);

impl Idle {
    /// Notes an answer with this many messages.
    pub(crate) fn answered(&self, messages: usize) {
        match messages {
            0 => self.0.fetch_add(1, Ordering::Relaxed),
            _ => self.0.swap(0, Ordering::Relaxed),
        };
    }

    fn is_idle(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

/// Resolves when nothing is left to do: nothing is in flight but messages that were tried often and still have to wait, the
/// last long poll was answered empty, and the queue has counted nothing else twice in a row. One count is not enough: AWS's
/// counts lag behind, and a message between two calls shows in neither.
pub(crate) async fn drained(leases: &Leases, idle: &Idle, figures: &Figures, source: &impl Source) {
    const BETWEEN_LOOKS: Duration = Duration::from_millis(400);
    let mut empty_looks = 0;
    while empty_looks < 2 {
        tokio::time::sleep(BETWEEN_LOOKS).await;
        // Looked at before and after: a message may have arrived while the queue counted.
        let empty = only_waiting(leases, idle, figures)
            && source.backlog().await.is_ok_and(|backlog| is_empty(backlog, leases.len()))
            && only_waiting(leases, idle, figures);
        empty_looks = if empty { empty_looks + 1 } else { 0 };
    }
}

/// Whether the queue holds nothing but what this process has in flight.
fn is_empty(backlog: Backlog, in_flight: usize) -> bool {
    backlog.visible == 0 && backlog.delayed == 0 && backlog.in_flight <= in_flight as u64
}

fn only_waiting(leases: &Leases, idle: &Idle, figures: &Figures) -> bool {
    idle.is_idle() && leases.len() == figures.waited_enough()
}
