//! Dead-lettering: a rejected message stays in flight until the dead-letter queue has accepted it.

use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;

use super::lease::InFlight;
use crate::backoff::Backoff;
use crate::dlq::{DeadLetters, Letter};
use crate::fault::{Class, Fault};
use crate::figures::{Figures, Service};
use crate::in_flight::Rejected;
use crate::source::MAX_BATCH;
use crate::stop::Stop;

/// Sends rejected messages to the dead-letter queue.
pub(crate) struct Rejecter<D> {
    pub(crate) dead_letters: Arc<D>,
    pub(crate) pipeline: Arc<str>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) stop: Stop,
    pub(crate) settled: UnboundedSender<InFlight>,
    /// Calls side by side; one keeps the order of a FIFO queue.
    pub(crate) at_once: usize,
}

impl<D: DeadLetters> Rejecter<D> {
    /// Runs until no part of the engine rejects any more and every letter is accepted, or the grace period ends.
    pub(crate) async fn run(self: Arc<Self>, mut rejected: UnboundedReceiver<Rejected>) {
        let mut sending = JoinSet::new();
        loop {
            let mut letters = Vec::with_capacity(MAX_BATCH);
            if rejected.recv_many(&mut letters, MAX_BATCH).await == 0 {
                break;
            }
            while sending.len() >= self.at_once {
                sending.join_next().await;
            }
            sending.spawn(Arc::clone(&self).send(letters));
        }
        while sending.join_next().await.is_some() {}
    }

    async fn send(self: Arc<Self>, mut rejected: Vec<Rejected>) {
        let mut backoff = Backoff::quick();
        while let Some(fault) = self.send_once(&mut rejected).await {
            if fault.class == Class::Fatal {
                return self.send_alone(rejected, &fault).await;
            }
            self.figures.health().failed(Service::DeadLetterQueue, &fault);
            let wait = backoff.next();
            if backoff.worth_a_line() {
                let (pipeline, attempts) = (&*self.pipeline, backoff.attempts());
                tracing::warn!(pipeline, attempts, %fault, "the dead-letter queue takes no messages; keeping them, trying again");
            }
            if self.stop.unless_expired(tokio::time::sleep(wait)).await.is_none() {
                return;
            }
        }
    }

    /// Sends once. Leaves in `rejected` what was not accepted, and returns the last fault; `None` when nothing is left.
    async fn send_once(&self, rejected: &mut Vec<Rejected>) -> Option<Fault> {
        let letters: Vec<_> = rejected.iter().map(|one| self.letter(one)).collect();
        let results = self.stop.unless_expired(self.dead_letters.send(&letters)).await?;
        let mut last_fault = None;
        for (one, result) in std::mem::take(rejected).into_iter().zip(results) {
            match result {
                Ok(()) => self.accepted(one),
                Err(fault) => {
                    last_fault = Some(fault);
                    rejected.push(one);
                }
            }
        }
        last_fault
    }

    /// Sends each alone, since the dead-letter queue will never take one of them. What it refuses alone stays in the source
    /// queue, undeleted.
    async fn send_alone(&self, rejected: Vec<Rejected>, fault: &Fault) {
        if let [one] = rejected.as_slice() {
            let (pipeline, message_id) = (&*self.pipeline, &one.in_flight.delivery.metadata.message_id);
            tracing::error!(pipeline, message_id, %fault, "the dead-letter queue refuses this message; it stays in the queue");
            return;
        }
        for one in rejected {
            let mut alone = vec![one];
            if let Some(fault) = self.send_once(&mut alone).await {
                let (pipeline, messages) = (&*self.pipeline, alone.len());
                tracing::error!(pipeline, messages, %fault, "not dead-lettered; it stays in the queue");
            }
        }
    }

    fn letter<'a>(&'a self, rejected: &'a Rejected) -> Letter<'a> {
        Letter { delivery: &rejected.in_flight.delivery, rejection: &rejected.rejection, pipeline: &self.pipeline }
    }

    fn accepted(&self, rejected: Rejected) {
        let metadata = &rejected.in_flight.delivery.metadata;
        tracing::debug!(
            pipeline = &*self.pipeline,
            message_id = metadata.message_id,
            code = rejected.rejection.code.as_str(),
            "dead-lettered"
        );
        self.figures.health().recovered(Service::DeadLetterQueue);
        self.figures.dead_lettered(rejected.rejection.code, metadata.sent_at);
        let _ = self.settled.send(rejected.in_flight);
    }
}
