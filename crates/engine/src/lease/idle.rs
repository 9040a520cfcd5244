//! When a queue is empty, for `--until-empty`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Leases;
use crate::figures::Figures;
use crate::source::{Backlog, Source};

/// What shows that a queue is empty: its empty answers since the last message, and the messages that only come back later.
#[derive(Debug, Default)]
pub(crate) struct Idle {
    empty_answers: AtomicU64,
    /// Until when each message stays away that was given back.
    away: Mutex<Vec<Instant>>,
}

impl Idle {
    /// Notes an answer with this many messages.
    pub(crate) fn answered(&self, messages: usize) {
        match messages {
            0 => self.empty_answers.fetch_add(1, Ordering::Relaxed),
            _ => self.empty_answers.swap(0, Ordering::Relaxed),
        };
    }

    /// Notes a message that was given back to the queue and can't be received for so long.
    pub(crate) fn gave_back(&self, delay: Duration) {
        let now = Instant::now();
        let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        away.retain(|until| *until > now);
        away.push(now + delay);
    }

    /// How many messages were given back and are still away.
    pub(crate) fn away(&self) -> usize {
        let now = Instant::now();
        self.away.lock().unwrap_or_else(PoisonError::into_inner).iter().filter(|until| **until > now).count()
    }

    fn is_idle(&self) -> bool {
        self.empty_answers.load(Ordering::Relaxed) > 0
    }
}

/// Resolves when nothing is left to do: nothing is in flight but messages that were tried often and still have to wait, or
/// that were given back to the queue for later, the last long poll was answered empty, and the queue has counted nothing else twice in a row. One count is not enough: AWS's
/// counts lag behind, and a message between two calls shows in neither.
pub(crate) async fn drained(leases: &Leases, idle: &Idle, figures: &Figures, source: &impl Source) {
    const BETWEEN_LOOKS: Duration = Duration::from_millis(400);
    let mut empty_looks = 0;
    while empty_looks < 2 {
        tokio::time::sleep(BETWEEN_LOOKS).await;
        // Looked at before and after: a message may have arrived while the queue counted.
        let empty = only_waiting(leases, idle, figures)
            && match source.backlog().await {
                Ok(backlog) => is_empty(backlog, leases.len() + idle.away()),
                // Nobody may count, so the empty answers have to do.
                Err(fault) => fault.is_access_denied(),
            }
            && only_waiting(leases, idle, figures);
        empty_looks = if empty { empty_looks + 1 } else { 0 };
    }
}

/// Whether the queue holds nothing but what this process has in flight or gave back. The queue counts as visible what is
/// behind such a message in its group.
fn is_empty(backlog: Backlog, ours: usize) -> bool {
    backlog.delayed == 0 && backlog.visible + backlog.in_flight <= ours as u64
}

fn only_waiting(leases: &Leases, idle: &Idle, figures: &Figures) -> bool {
    idle.is_idle() && leases.len() == figures.waited_enough()
}
