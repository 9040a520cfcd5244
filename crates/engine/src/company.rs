//! Batches of new messages that the waiting room asks the writers for, to try suspects beside their rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use crate::in_flight::Storable;
use crate::store::Unstored;

/// The writers' side, and where the waiting room asks.
pub(crate) struct Company {
    wanted: AtomicBool,
    batches: UnboundedSender<NewBatch>,
}

/// A batch that a writer handed over. It waits for what could not be stored of it, so that a FIFO group keeps its order.
pub(crate) struct NewBatch {
    pub(crate) messages: Vec<Storable>,
    pub(crate) unstored: oneshot::Sender<Vec<Unstored>>,
}

impl Company {
    pub(crate) fn new() -> (Arc<Self>, UnboundedReceiver<NewBatch>) {
        let (batches, receiver) = unbounded_channel();
        (Arc::new(Self { wanted: AtomicBool::new(false), batches }), receiver)
    }

    /// Asks for the next batch.
    pub(crate) fn ask(&self) {
        self.wanted.store(true, Ordering::Relaxed);
    }

    /// Asks no more. False when a batch is on its way already, or when none was asked for.
    pub(crate) fn withdraw(&self) -> bool {
        self.wanted.swap(false, Ordering::Relaxed)
    }

    /// Hands a batch to the waiting room if it asked for one, and waits for what could not be stored; else gives it back.
    pub(crate) async fn hand_over(&self, messages: Vec<Storable>) -> Result<Vec<Unstored>, Vec<Storable>> {
        if messages.is_empty() || !self.wanted.load(Ordering::Relaxed) || !self.withdraw() {
            return Err(messages);
        }
        let (unstored, answer) = oneshot::channel();
        self.batches.send(NewBatch { messages, unstored }).map_err(|unsent| unsent.0.messages)?;
        // The waiting room ends after the writers; without an answer it was cancelled, and so is this.
        Ok(answer.await.unwrap_or_default())
    }
}
