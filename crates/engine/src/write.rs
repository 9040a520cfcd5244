//! Writing: whatever is ready, as soon as a writer is free.

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::company::Company;
use crate::examine::Examiner;
use crate::groups::WaitingGroups;
use crate::in_flight::Storable;
use crate::sink::Sink;
use crate::store::Unstored;

/// What every writer shares.
pub(crate) struct Writer<K> {
    pub(crate) examiner: Arc<Examiner<K>>,
    /// Messages per write.
    pub(crate) batch: usize,
    /// The groups of a FIFO queue with messages in the waiting room.
    pub(crate) groups: Arc<WaitingGroups>,
    pub(crate) storable: Mutex<UnboundedReceiver<Storable>>,
    /// Where the waiting room asks for new rows.
    pub(crate) company: Arc<Company>,
    /// To the waiting room.
    pub(crate) waiting: UnboundedSender<Unstored>,
}

impl<K: Sink> Writer<K> {
    /// Writes until the pollers are gone and everything they received is stored, rejected or in the waiting room.
    pub(crate) async fn run(self: Arc<Self>) {
        while let Some(batch) = self.next().await {
            let free = self.pass_by_waiting_groups(batch);
            let unstored = match self.company.hand_over(free).await {
                Ok(unstored) => unstored,
                Err(free) => self.examiner.store.store(free).await,
            };
            self.examiner.notice_recovery();
            if unstored.is_empty() {
                continue;
            }
            for one in self.examiner.examine(unstored).await {
                self.send_to_waiting_room(one);
            }
        }
    }

    /// Whatever is ready, at most a batch. There is no timer: while a write is under way the next batch gathers by itself.
    async fn next(&self) -> Option<Vec<Storable>> {
        let mut batch = Vec::with_capacity(self.batch);
        let count = self.storable.lock().await.recv_many(&mut batch, self.batch).await;
        (count > 0).then_some(batch)
    }

    /// On a FIFO queue, sends a message whose group waits to the waiting room, behind it; returns the others.
    fn pass_by_waiting_groups(&self, batch: Vec<Storable>) -> Vec<Storable> {
        if self.groups.is_empty() {
            return batch;
        }
        let mut free = Vec::with_capacity(batch.len());
        for message in batch {
            if self.groups.waits(&message) {
                self.send_to_waiting_room(Unstored::new(message, None));
            } else {
                free.push(message);
            }
        }
        free
    }

    fn send_to_waiting_room(&self, one: Unstored) {
        self.groups.entered(&one.message);
        // The room ends only after the writers, so a send can't fail.
        let _ = self.waiting.send(one);
    }
}
