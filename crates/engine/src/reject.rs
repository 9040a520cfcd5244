//! Dead-lettering: a rejected message stays in flight until the dead-letter queue has accepted it. While that queue accepts
//! nothing, what would be too much to keep goes back to the source queue, so that good messages flow on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pipeline::message::Rejection;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;

use crate::backoff::Backoff;
use crate::dlq::{DeadLetters, Kind, Letter};
use crate::fault::{Class, Fault};
use crate::figures::{Figures, Service};
use crate::give_back::{self, GiveBack};
use crate::in_flight::Rejected;
use crate::lease::InFlight;
use crate::source::{MAX_BATCH, Source};
use crate::stop::Stop;

/// Sends rejected messages to the dead-letter queue.
pub(crate) struct Rejecter<S, D> {
    pub(crate) queue: GiveBack<S>,
    pub(crate) dead_letters: D,
    pub(crate) pipeline: Arc<str>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) stop: Stop,
    pub(crate) settled: UnboundedSender<InFlight>,
    /// Calls side by side; one keeps the order of a FIFO queue.
    pub(crate) at_once: usize,
    /// Rejected messages that are kept while the dead-letter queue accepts none.
    pub(crate) capacity: usize,
    /// Rejected messages on their way to the dead-letter queue.
    pub(crate) kept: AtomicUsize,
    /// Rejected messages that wait for their turn.
    pub(crate) behind: AtomicUsize,
}

/// Attempts after which the dead-letter queue counts as away.
const ATTEMPTS_UNTIL_AWAY: u32 = 3;
/// The visibility timeout of a rejected message that goes back the first time; it doubles with each delivery.
const FIRST_DELAY: Duration = Duration::from_mins(1);

impl<S: Source, D: DeadLetters> Rejecter<S, D> {
    /// Runs until no part of the engine rejects any more and every letter is accepted, or the grace period ends.
    pub(crate) async fn run(self: Arc<Self>, mut rejected: UnboundedReceiver<Rejected>) {
        let mut sending = JoinSet::new();
        loop {
            let mut letters = Vec::with_capacity(MAX_BATCH);
            if rejected.recv_many(&mut letters, MAX_BATCH).await == 0 {
                break;
            }
            self.kept.fetch_add(letters.len(), Ordering::Relaxed);
            self.behind.store(rejected.len(), Ordering::Relaxed);
            while sending.len() >= self.at_once && !self.is_away() {
                // Looked at again from time to time, since the dead-letter queue may fail meanwhile.
                self.behind.store(rejected.len(), Ordering::Relaxed);
                tokio::select! {
                    _ = sending.join_next() => {}
                    () = tokio::time::sleep(Duration::from_millis(200)) => {}
                }
            }
            sending.spawn(Arc::clone(&self).send(letters));
            while sending.try_join_next().is_some() {}
        }
        while sending.join_next().await.is_some() {}
    }

    async fn send(self: Arc<Self>, mut rejected: Vec<Rejected>) {
        let count = rejected.len();
        self.send_until_accepted(&mut rejected).await;
        self.kept.fetch_sub(count, Ordering::Relaxed);
    }

    /// Sends until each letter is accepted, given back, or the pipeline ends.
    async fn send_until_accepted(&self, rejected: &mut Vec<Rejected>) {
        let mut backoff = Backoff::quick();
        while !rejected.is_empty() {
            let letters: Vec<Letter<'_>> = rejected.iter().map(|one| self.letter(one)).collect();
            let Some(results) = self.stop.unless_expired(self.dead_letters.send(&letters)).await else { return };
            let Some(fault) = self.sort_out(rejected, results).await else { return };
            let wait = backoff.next();
            let attempts = backoff.attempts();
            self.figures.health().failed(Service::DeadLetterQueue, &fault);
            tracing::debug!(pipeline = &*self.pipeline, attempts, %fault, "can't dead-letter");
            if attempts >= ATTEMPTS_UNTIL_AWAY && self.is_overfull() {
                for one in rejected.drain(..) {
                    self.give_back(one.in_flight).await;
                }
                return;
            }
            // A send whose answer never came may have been accepted: soon again it would only be accepted twice.
            let wait = if fault.code.is_none() { wait.max(Duration::from_secs(2)) } else { wait };
            if self.stop.unless_expired(tokio::time::sleep(wait)).await.is_none() {
                return;
            }
        }
    }

    /// Settles what was accepted, gives back what never will be, leaves in `rejected` what may be sent again, with the last
    /// fault. Each entry has a result of its own: a fault of one says nothing about its neighbours.
    async fn sort_out(&self, rejected: &mut Vec<Rejected>, results: Vec<Result<(), Fault>>) -> Option<Fault> {
        let together = results.len() > 1 && results.iter().all(Result::is_err);
        let mut last_fault = None;
        for (one, result) in std::mem::take(rejected).into_iter().zip(results) {
            match result {
                Ok(()) => self.accepted(one),
                // The call as a whole may be refused for one entry: each is sent alone before one is given up.
                Err(fault) if fault.class == Class::Fatal && !together => self.refused_for_good(one, &fault).await,
                Err(fault) if fault.class == Class::Fatal => self.send_alone(one).await,
                Err(fault) => {
                    last_fault = Some(fault);
                    rejected.push(one);
                }
            }
        }
        last_fault
    }

    async fn send_alone(&self, one: Rejected) {
        let results = self.stop.unless_expired(self.dead_letters.send(&[self.letter(&one)])).await;
        match results.and_then(|mut results| results.pop()) {
            Some(Ok(())) => self.accepted(one),
            Some(Err(fault)) => self.refused_for_good(one, &fault).await,
            None => {}
        }
    }

    /// What the dead-letter queue refuses alone stays in the source queue, undeleted, and comes back later and later.
    async fn refused_for_good(&self, one: Rejected, fault: &Fault) {
        let (pipeline, message_id) = (&*self.pipeline, &one.in_flight.delivery.metadata.message_id);
        tracing::error!(pipeline, message_id, %fault, "the dead-letter queue refuses this message; it stays in the queue");
        self.give_back(one.in_flight).await;
    }

    async fn give_back(&self, in_flight: InFlight) {
        let delay = give_back::delay(FIRST_DELAY, &in_flight);
        self.queue.give_back(in_flight, delay, delay).await;
    }

    /// While the dead-letter queue fails, calls are not bounded: each batch ends by being accepted or given back.
    fn is_away(&self) -> bool {
        self.at_once > 1 && self.figures.health().of(Service::DeadLetterQueue).is_some()
    }

    fn is_overfull(&self) -> bool {
        self.kept.load(Ordering::Relaxed) + self.behind.load(Ordering::Relaxed) > self.capacity
    }

    fn letter<'a>(&'a self, rejected: &'a Rejected) -> Letter<'a> {
        Letter { delivery: &rejected.in_flight.delivery, rejection: &rejected.rejection, pipeline: &self.pipeline }
    }

    fn accepted(&self, rejected: Rejected) {
        self.figures.health().recovered(Service::DeadLetterQueue);
        let metadata = &rejected.in_flight.delivery.metadata;
        if self.figures.dead_lettered(&rejected.rejection, metadata) {
            self.report(&rejected.rejection, &metadata.message_id);
        }
        let _ = self.settled.send(rejected.in_flight);
    }

    /// Logs the first message of a kind; the others are counted.
    fn report(&self, rejection: &Rejection, message_id: &str) {
        let kind = Kind::of_rejection(rejection);
        tracing::warn!(
            pipeline = &*self.pipeline,
            code = kind.code,
            place = kind.place,
            keyword = kind.keyword,
            sqlstate = kind.sqlstate,
            message_id,
            reason = rejection.message,
            "dead-lettered the first message of this kind"
        );
    }
}
