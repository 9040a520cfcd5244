//! Trying suspects beside new rows of others: only these show whether a suspect is at fault.

use std::time::Instant;

use super::{Waiting, WaitingRoom, first_of_each_group};
use crate::company::NewBatch;
use crate::sink::Sink;
use crate::source::Source;

/// Suspects that are tried beside one batch.
const TRIED_BESIDE: usize = 10;

impl<S: Source, K: Sink> WaitingRoom<S, K> {
    /// Asks the writers for their next batch where a suspect is due. Whether it did.
    pub(super) fn ask_for_company(&self, waiting: &[Waiting]) -> bool {
        let asks = !self.due_beside(waiting).is_empty();
        if asks {
            self.company.ask();
        }
        asks
    }

    /// Stores a writer's batch, with suspects beside it.
    pub(super) async fn try_beside(&self, batch: NewBatch, waiting: &mut Vec<Waiting>) {
        let (suspects, tried) = self.take(&self.due_beside(waiting), waiting);
        let refused = self.examiner.store.store_beside(batch.messages, suspects).await;
        let (mut ours, mut new) = (Vec::new(), Vec::new());
        for one in refused {
            let id = one.message.in_flight.id();
            if tried.iter().any(|tried| tried.id == id) { &mut ours } else { &mut new }.push(one);
        }
        // A writer that is gone was cancelled: its messages go back to the queue with those of this room.
        let _ = batch.unstored.send(new);
        for (unstored, mut schedule) in self.examine(ours, tried).await.into_iter().rev() {
            schedule.beside = Instant::now() + schedule.beside_backoff.next();
            waiting.insert(0, Waiting { unstored, schedule });
        }
    }

    fn due_beside(&self, waiting: &[Waiting]) -> Vec<usize> {
        let now = Instant::now();
        let mut due = first_of_each_group(waiting, &self.groups);
        due.retain(|index| waiting[*index].unstored.is_suspect() && waiting[*index].schedule.beside <= now);
        due.truncate(TRIED_BESIDE);
        due
    }
}
