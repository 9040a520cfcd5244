//! Dead-lettering: a rejected message stays in flight until the dead-letter queue has accepted it.

use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;

use super::lease::InFlight;
use super::stats::Stats;
use crate::backoff::Backoff;
use crate::dlq::{DeadLetters, Letter};
use crate::fault::{Class, Fault};
use crate::in_flight::Rejected;
use crate::source::MAX_BATCH;
use crate::stop::Stop;

/// Sends rejected messages to the dead-letter queue.
pub(crate) struct Rejecter<D> {
    pub(crate) dead_letters: Arc<D>,
    pub(crate) pipeline: Arc<str>,
    pub(crate) stats: Arc<Stats>,
    pub(crate) stop: Stop,
    pub(crate) settled: UnboundedSender<InFlight>,
    /// Calls side by side; one keeps the order of a FIFO queue.
    pub(crate) at_once: usize,
}

impl<D: DeadLetters> Rejecter<D> {
    /// Runs until nobody rejects any more and every letter is accepted, or the grace period ends.
    pub(crate) async fn run(self: Arc<Self>, mut doomed: UnboundedReceiver<Rejected>) {
        let mut sending = JoinSet::new();
        loop {
            let mut letters = Vec::with_capacity(MAX_BATCH);
            if doomed.recv_many(&mut letters, MAX_BATCH).await == 0 {
                break;
            }
            while sending.len() >= self.at_once {
                sending.join_next().await;
            }
            sending.spawn(Arc::clone(&self).send(letters));
        }
        while sending.join_next().await.is_some() {}
    }

    async fn send(self: Arc<Self>, mut doomed: Vec<Rejected>) {
        let mut backoff = Backoff::quick();
        while let Some(fault) = self.send_once(&mut doomed).await {
            if fault.class == Class::Fatal {
                return self.send_alone(doomed, &fault).await;
            }
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

    /// Leaves in `doomed` what was not accepted, and tells the last reason; `None` when there is nothing left to do.
    async fn send_once(&self, doomed: &mut Vec<Rejected>) -> Option<Fault> {
        let letters: Vec<_> = doomed.iter().map(|doomed| self.letter(doomed)).collect();
        let results = self.stop.unless_expired(self.dead_letters.send(&letters)).await?;
        let mut last_fault = None;
        for (one, result) in std::mem::take(doomed).into_iter().zip(results) {
            match result {
                Ok(()) => self.accepted(one),
                Err(fault) => {
                    last_fault = Some(fault);
                    doomed.push(one);
                }
            }
        }
        last_fault
    }

    /// The dead-letter queue will never take one of these: no neighbour is to pay for it. What it refuses alone is left in
    /// the queue, undeleted.
    async fn send_alone(&self, doomed: Vec<Rejected>, fault: &Fault) {
        if let [one] = doomed.as_slice() {
            let (pipeline, message_id) = (&*self.pipeline, &one.in_flight.delivery.metadata.message_id);
            tracing::error!(pipeline, message_id, %fault, "the dead-letter queue refuses this message; it stays in the queue");
            return;
        }
        for one in doomed {
            let mut alone = vec![one];
            if let Some(fault) = self.send_once(&mut alone).await {
                let (pipeline, messages) = (&*self.pipeline, alone.len());
                tracing::error!(pipeline, messages, %fault, "not dead-lettered; it stays in the queue");
            }
        }
    }

    fn letter<'a>(&'a self, doomed: &'a Rejected) -> Letter<'a> {
        Letter { delivery: &doomed.in_flight.delivery, rejection: &doomed.rejection, pipeline: &self.pipeline }
    }

    fn accepted(&self, doomed: Rejected) {
        let metadata = &doomed.in_flight.delivery.metadata;
        tracing::debug!(
            pipeline = &*self.pipeline,
            message_id = metadata.message_id,
            code = doomed.rejection.code.as_str(),
            "dead-lettered"
        );
        self.stats.dead_lettered(metadata.sent_at);
        let _ = self.settled.send(doomed.in_flight);
    }
}
