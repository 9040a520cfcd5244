//! Receiving: as many long polls side by side as the queue has work for, each with its place in memory reserved first, and
//! with a pause before it where that makes its answer fuller.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant as StdInstant};

use pipeline::Pipeline;
use pipeline::message::{Code, Delivery, Receipt, Rejection};
use pipeline::row::Rows;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::fault::{Class, Fault};
use crate::figures::{Figures, Service};
use crate::fullness::{Answer, Before, Fullness};
use crate::gate::Gate;
use crate::in_flight::{Rejected, Storable};
use crate::last_faults::LastFaults;
use crate::lease::{Idle, InFlight, Leases};
use crate::memory::{Memory, Reserved};
use crate::source::{MAX_BATCH, Source};
use crate::stop::Stop;

/// What every poller shares.
pub(crate) struct Receiver<S> {
    pub(crate) source: Arc<S>,
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) leases: Arc<Leases>,
    pub(crate) idle: Arc<Idle>,
    /// Long-poll wait.
    pub(crate) wait: Duration,
    /// Deliveries after which a message is dead-lettered.
    pub(crate) max_receives: Option<u32>,
    /// Messages of a group don't overtake each other.
    pub(crate) ordered: bool,
    pub(crate) last_faults: Arc<LastFaults>,
    pub(crate) memory: Memory,
    /// Calls of all pollers that failed in a row.
    pub(crate) failures: AtomicUsize,
    pub(crate) gate: Gate,
    /// How many pollers there are, and when they pause.
    pub(crate) fullness: Fullness,
    /// Another poller may be wanted.
    pub(crate) more: Notify,
    pub(crate) stop: Stop,
    pub(crate) fatal: mpsc::UnboundedSender<Fault>,
    pub(crate) storable: mpsc::UnboundedSender<Storable>,
    pub(crate) rejected: mpsc::UnboundedSender<Rejected>,
}

/// The first poller never leaves, and is the one that receives while only a trickle flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    First,
    Other,
}

/// When draining begins, an answer on its way may still arrive: dropped, its messages would stay invisible for their
/// whole visibility timeout. A poll that has no answer by then waits at an empty queue.
const LAST_ANSWER: Duration = Duration::from_millis(250);

/// The long poll after a failure.
const SHORT_WAIT: Duration = Duration::from_secs(1);

/// Time from one empty answer to the next call, at least: with a short `wait`, or at a server that does not wait, an idle
/// queue would cost a call as often as the network allows.
const SHORTEST_POLL: Duration = Duration::from_millis(250);

impl<S: Source> Receiver<S> {
    /// Runs pollers until draining begins: the first one stays, the others come and go.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut pollers = JoinSet::new();
        pollers.spawn(Arc::clone(&self).poll(Role::First));
        loop {
            for _ in 0..self.fullness.start() {
                pollers.spawn(Arc::clone(&self).poll(Role::Other));
            }
            let ended = tokio::select! {
                () = self.more.notified() => continue,
                ended = pollers.join_next() => ended,
            };
            match ended {
                // It is reported where the end of any task is.
                Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Some(_) => {}
                None => return,
            }
        }
    }

    /// Polls until draining begins. Only the waits are cancelled, never the code after an answer.
    async fn poll(self: Arc<Self>, role: Role) {
        let mut backoff = Backoff::quick();
        let mut before = Before::Nothing;
        while let Some(reserved) = self.stop.unless_draining(self.ready(role, before)).await {
            let asked = Instant::now();
            let receive = self.source.receive(MAX_BATCH, self.patience());
            match self.stop.unless_draining_for(LAST_ANSWER, receive).await {
                None => return,
                Some(Ok(deliveries)) => {
                    self.answered(&mut backoff);
                    self.idle.answered(deliveries.len());
                    before = self.rescale(before, deliveries.len(), asked.elapsed());
                    if deliveries.is_empty() {
                        let rest = SHORTEST_POLL.saturating_sub(asked.elapsed());
                        self.stop.unless_draining(tokio::time::sleep(rest)).await;
                    }
                    if let Some(held_since) = self.held_since(asked.into_std(), &deliveries).await {
                        self.take_in(deliveries, held_since, reserved).await;
                    }
                    if role == Role::Other && self.fullness.leave() {
                        return;
                    }
                    // Decisions are synchronous: let the writers have their turn.
                    tokio::task::yield_now().await;
                }
                Some(Err(fault)) => {
                    drop(reserved);
                    before = Before::Nothing;
                    if !self.wait_out(fault, &mut backoff).await {
                        return;
                    }
                }
            }
        }
    }

    /// Waits until messages had time to gather, memory is free for a whole answer, and the database takes rows.
    async fn ready(&self, role: Role, before: Before) -> Reserved {
        if let Before::Pause(pause) = before {
            tokio::time::sleep(pause).await;
        }
        let is_first = role == Role::First;
        loop {
            self.gate.may_receive(is_first).await;
            let reserved = self.memory.reserve().await;
            // Nothing is kept reserved at a closed gate: it would lack for the one poller that may receive.
            if self.gate.is_open_for(is_first) {
                return reserved;
            }
        }
    }

    /// What to do before the next call. Starts another poller where one is wanted.
    fn rescale(&self, before: Before, messages: usize, took: Duration) -> Before {
        let next = self.fullness.answered(before, Answer { messages, took, has_room: self.memory.has_room() });
        self.figures.pollers(self.fullness.wanted());
        if self.fullness.missing() > 0 {
            self.more.notify_one();
        }
        next
    }

    /// A moment before the visibility timeouts began; `None` for messages that must be left to the queue.
    ///
    /// An answer may lie unread while the process is frozen. So where order counts, what was asked for some time ago is
    /// renewed before it is written, and left where that fails: another process may have it, and later ones, by now.
    async fn held_since(&self, asked: StdInstant, deliveries: &[Delivery]) -> Option<StdInstant> {
        let timeout = self.leases.timeout();
        if !self.ordered || deliveries.is_empty() || asked.elapsed() < timeout / 4 {
            return Some(asked);
        }
        let began = StdInstant::now();
        let receipts: Vec<Receipt> = deliveries.iter().map(|delivery| delivery.receipt.clone()).collect();
        let renewed = self.stop.unless_expired(self.source.change_visibility(&receipts, timeout)).await?;
        renewed.iter().all(Result::is_ok).then_some(began)
    }

    async fn take_in(&self, deliveries: Vec<Delivery>, held_since: StdInstant, mut reserved: Reserved) {
        self.figures.counters.received.add(deliveries.len());
        self.memory.note_bodies(&deliveries);
        // All are registered before the first is decided: a lease begins with the answer.
        let mut in_flight = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            let permit = reserved.permits.split(1).expect("a receive never answers more than was asked for");
            let body = self.memory.charge_body(delivery.body.len());
            in_flight.push(self.leases.take(delivery, held_since, permit, body));
        }
        drop(reserved);
        for message in in_flight {
            self.hand_on(message).await;
        }
    }

    /// Decides a message and sends it on. The channels end only after the pollers, so a send can't fail.
    async fn hand_on(&self, mut in_flight: InFlight) {
        // A message becomes rows only where there is room for rows; how many it becomes shows afterwards.
        let Some(room) = self.stop.unless_expired(self.memory.room_for_rows()).await else { return };
        match self.decide(&in_flight.delivery) {
            Ok(rows) => {
                in_flight.charge_rows(self.memory.charge_rows(rows.size()));
                let _ = self.storable.send(Storable::new(rows, in_flight));
            }
            Err(rejection) => drop(self.rejected.send(Rejected { rejection, in_flight })),
        }
        drop(room);
    }

    fn decide(&self, delivery: &Delivery) -> Result<Rows, Rejection> {
        let receives = delivery.metadata.receive_count;
        // In an outage a message may come back often without being at fault.
        if self.max_receives.is_some_and(|most| receives > most) && !self.gate.is_refusing() {
            let last = self.last_faults.of(&delivery.metadata.message_id);
            let last = last.unwrap_or_else(|| "each earlier receiver stopped or failed before it was done".to_owned());
            let message = format!("delivered {receives} times without being settled: {last}");
            return Err(Rejection::new(Code::MaxReceives, message));
        }
        self.pipeline.decider().decide(delivery)
    }

    /// How long to wait for a message. After a failure the answer itself is what is waited for.
    fn patience(&self) -> Duration {
        if self.failures.load(Ordering::Relaxed) == 0 { self.wait } else { self.wait.min(SHORT_WAIT) }
    }

    /// An answer to any poller shows that the queue is there: the one that failed may not be wanted any more.
    fn answered(&self, backoff: &mut Backoff) {
        self.failures.store(0, Ordering::Relaxed);
        self.figures.health().recovered(Service::Queue);
        if backoff.attempts() > 0 {
            *backoff = Backoff::quick();
        }
    }

    /// False when there is no point in going on.
    async fn wait_out(&self, fault: Fault, backoff: &mut Backoff) -> bool {
        if fault.class == Class::Fatal {
            let _ = self.fatal.send(fault);
            return false;
        }
        // A first transient failure is nothing special.
        let failed_before = self.failures.fetch_add(1, Ordering::Relaxed) > 0;
        if failed_before || fault.class == Class::Outage {
            self.figures.health().failed(Service::Queue, &fault);
        }
        let wait = backoff.next();
        tracing::debug!(pipeline = self.pipeline.name(), attempts = backoff.attempts(), %fault, "can't receive");
        let wait = if fault.class == Class::Outage { wait.max(Duration::from_millis(500)) } else { wait };
        self.stop.unless_draining(tokio::time::sleep(wait)).await.is_some()
    }
}

#[cfg(test)]
mod tests;
