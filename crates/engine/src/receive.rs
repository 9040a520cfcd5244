//! Receiving: as many long polls side by side as the queue has work for, each paid for with permits first.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use super::lease::{Idle, InFlight, Leases};
use crate::backoff::Backoff;
use crate::fault::{Class, Fault};
use crate::figures::{Figures, Service};
use crate::in_flight::{Rejected, Storable};
use crate::source::{MAX_BATCH, Source};
use crate::stop::Stop;
use pipeline::Pipeline;
use pipeline::message::{Code, Delivery, Rejection};

/// What every poller shares.
pub(crate) struct Receiver<S> {
    pub(crate) source: Arc<S>,
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) leases: Arc<Leases>,
    pub(crate) idle: Arc<Idle>,
    /// Long-poll wait.
    pub(crate) wait: Duration,
    /// One permit per message in memory.
    pub(crate) permits: Arc<Semaphore>,
    /// False while the database refuses writes.
    pub(crate) gate: watch::Receiver<bool>,
    /// How many pollers the queue has work for.
    pub(crate) wanted: watch::Sender<usize>,
    pub(crate) stop: Stop,
    pub(crate) fatal: mpsc::UnboundedSender<Fault>,
    pub(crate) storable: mpsc::UnboundedSender<Storable>,
    pub(crate) rejected: mpsc::UnboundedSender<Rejected>,
}

/// When draining begins, an answer on its way may still arrive: dropped, its messages would stay invisible for their
/// whole visibility timeout. A poll that has no answer by then waits at an empty queue.
const LAST_ANSWER: Duration = Duration::from_millis(250);

/// A whole answer's worth.
const PERMITS: u32 = 10;
const _: () = assert!(PERMITS as usize == MAX_BATCH);

impl<S: Source> Receiver<S> {
    /// Polls until draining begins. Only the waits are cancelled, never the code after an answer.
    pub(crate) async fn poll(self: Arc<Self>, index: usize) {
        let mut backoff = Backoff::quick();
        while let Some(permits) = self.stop.unless_draining(self.ready(index)).await {
            match self.stop.unless_draining_for(LAST_ANSWER, self.source.receive(MAX_BATCH, self.wait)).await {
                None => return,
                Some(Ok(deliveries)) => {
                    if backoff.attempts() > 0 {
                        self.figures.health().recovered(Service::Queue);
                        backoff = Backoff::quick();
                    }
                    self.idle.answered(deliveries.len());
                    self.rescale(index, deliveries.len());
                    self.take_in(deliveries, permits);
                    // Decisions are synchronous: let the writers have their turn.
                    tokio::task::yield_now().await;
                }
                Some(Err(fault)) => {
                    drop(permits);
                    if !self.wait_out(fault, &mut backoff).await {
                        return;
                    }
                }
            }
        }
    }

    /// Waits until this poller is wanted, the database takes writes, and memory is free for a whole answer.
    async fn ready(&self, index: usize) -> OwnedSemaphorePermit {
        // Both senders live as long as the pipeline runs.
        let _ = self.wanted.subscribe().wait_for(|wanted| index < *wanted).await;
        let permits = Arc::clone(&self.permits).acquire_many_owned(PERMITS).await;
        let _ = self.gate.clone().wait_for(|open| *open).await;
        permits.expect("the semaphore is never closed")
    }

    /// One more poller for each answer with messages, one less for each empty one: an idle queue costs one long poll.
    fn rescale(&self, index: usize, received: usize) {
        let most = self.pipeline.source().pollers;
        let changed = self.wanted.send_if_modified(|wanted| {
            let next = match received {
                // Only the last one leaves, so that the first always stays.
                0 if index + 1 == *wanted => wanted.saturating_sub(1).max(1),
                0 => *wanted,
                _ => (*wanted + 1).min(most),
            };
            std::mem::replace(wanted, next) != next
        });
        if changed {
            self.figures.pollers(*self.wanted.borrow());
        }
    }

    fn take_in(&self, deliveries: Vec<Delivery>, mut permits: OwnedSemaphorePermit) {
        self.figures.received(deliveries.len());
        for delivery in deliveries {
            let permit = permits.split(1).expect("a receive never answers more than was asked for");
            let in_flight = self.leases.take(delivery, permit);
            self.hand_on(in_flight);
        }
    }

    /// The channels end only after the pollers, so a send can't fail.
    fn hand_on(&self, in_flight: InFlight) {
        match self.decide(&in_flight.delivery) {
            Ok(rows) => drop(self.storable.send(Storable { rows, in_flight, refusal: None })),
            Err(rejection) => drop(self.rejected.send(Rejected { rejection, in_flight })),
        }
    }

    fn decide(&self, delivery: &Delivery) -> Result<pipeline::row::Rows, Rejection> {
        let receives = delivery.metadata.receive_count;
        if self.pipeline.source().max_receives.is_some_and(|most| receives > most) {
            return Err(Rejection::new(
                Code::MaxReceives,
                format!(
                    "delivered {receives} times without being settled: each earlier receiver stopped or failed before it was done"
                ),
            ));
        }
        self.pipeline.decider().decide(delivery)
    }

    /// False when there is no point in going on.
    async fn wait_out(&self, fault: Fault, backoff: &mut Backoff) -> bool {
        if fault.class == Class::Fatal {
            let _ = self.fatal.send(fault);
            return false;
        }
        self.figures.health().failed(Service::Queue, &fault);
        let wait = backoff.next();
        if backoff.worth_a_line() {
            let (pipeline, attempts) = (self.pipeline.name(), backoff.attempts());
            tracing::warn!(pipeline, attempts, %fault, "can't receive; trying again");
        }
        let wait = if fault.class == Class::Outage { wait.max(Duration::from_millis(500)) } else { wait };
        self.stop.unless_draining(tokio::time::sleep(wait)).await.is_some()
    }
}
