//! Storing a batch: one transaction, or, where the database refuses it, as many as it takes to find the refused messages.

mod suspects;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

use crate::backoff::Backoff;
use crate::evidence::Evidence;
use crate::fault::{Class, Fault};
use crate::figures::{Figures, Service};
use crate::gate::Gate;
use crate::groups::{Turn, WaitingGroups};
use crate::in_flight::Storable;
use crate::lease::InFlight;
use crate::sink::{Sink, Tried, Written};
use crate::stop::Stop;

/// Writes batches and settles what is committed.
pub(crate) struct Store<K> {
    pub(crate) sink: K,
    pub(crate) pipeline: Arc<str>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) gate: Gate,
    pub(crate) stop: Stop,
    pub(crate) fatal: UnboundedSender<Fault>,
    /// Messages of a group don't overtake each other.
    pub(crate) ordered: bool,
    /// The pipeline file makes a row whose key is there an error.
    pub(crate) duplicates_are_errors: bool,
    pub(crate) groups: Arc<WaitingGroups>,
    pub(crate) evidence: Evidence,
    pub(crate) settled: UnboundedSender<InFlight>,
    /// Ends the waits of those whose write failed.
    pub(crate) answers_again: Notify,
}

/// A message that was not stored.
#[derive(Debug)]
pub(crate) struct Unstored {
    pub(crate) message: Storable,
    /// Why the database refuses it alone; `None` where it only follows a refused message of its group.
    pub(crate) fault: Option<Fault>,
    /// The table that refuses it accepted new rows of others in the same transaction.
    pub(crate) beside_others: bool,
}

impl Unstored {
    pub(crate) fn new(message: Storable, fault: Option<Fault>) -> Self {
        Self { message, fault, beside_others: false }
    }
}

/// Why a batch was not written.
enum NotWritten {
    /// The database answered that it does not take these rows.
    Refused(Fault),
    /// Before it could be tried again, the lease of a message ended.
    LeaseLost,
    /// The pipeline ends; the queue keeps the messages.
    GivenUp,
}

/// Bytes of rows in one write. PostgreSQL takes at most 1 GiB in one message.
const MAX_BYTES: usize = 16 << 20;
/// Parts of one batch that time out in a row before the database is given a pause.
const TIMEOUTS_IN_A_ROW: usize = 3;
const PAUSE: Duration = Duration::from_secs(1);

impl<K: Sink> Store<K> {
    /// Stores a batch; returns what the database refuses, each message with its own fault, in the batch's order.
    ///
    /// A part that is refused is halved until the refused message is alone. The halves are written in their order, so
    /// that a FIFO group's rows stay in theirs.
    pub(crate) async fn store(&self, batch: Vec<Storable>) -> Vec<Unstored> {
        self.store_beside(batch, Vec::new()).await
    }

    /// The same, and tries suspects beside the parts that are stored: those of the batch itself, and earlier ones. Returns
    /// the earlier ones that are refused again, too.
    pub(crate) async fn store_beside(&self, batch: Vec<Storable>, suspects: Vec<Unstored>) -> Vec<Unstored> {
        let mut unstored = suspects;
        let mut parts = in_bytes(batch);
        let mut timeouts = 0;
        while let Some(part) = parts.pop() {
            let mut part = self.hold_back(part, &mut unstored);
            let began = Instant::now();
            match self.write(&mut part, &mut unstored).await {
                Ok((written, tried)) => {
                    timeouts = 0;
                    self.commit(part, &written, began);
                    self.settle_suspects(tried, &mut unstored, began);
                }
                Err(NotWritten::Refused(fault)) if part.len() > 1 => {
                    timeouts = self.pause(&fault, timeouts).await;
                    let tail = part.split_off(part.len() / 2);
                    parts.extend([tail, part]);
                }
                Err(NotWritten::Refused(fault)) => {
                    timeouts = self.pause(&fault, timeouts).await;
                    for message in part {
                        self.refused(message, &fault, &mut unstored).await;
                    }
                }
                Err(NotWritten::LeaseLost) => parts.push(part),
                Err(NotWritten::GivenUp) => return Vec::new(),
            }
        }
        unstored
    }

    /// On a FIFO queue, moves what belongs to the group of a refused message behind it; returns the rest. A message whose
    /// lease is lost is not written any more: another receiver may have it, and those behind it, already.
    fn hold_back(&self, part: Vec<Storable>, unstored: &mut Vec<Unstored>) -> Vec<Storable> {
        if !self.ordered {
            return part;
        }
        let mut held: HashSet<String> = HashSet::new();
        held.extend(unstored.iter().filter_map(|one| one.message.group().map(str::to_owned)));
        let mut free = Vec::with_capacity(part.len());
        for message in part {
            let group = message.group().unwrap_or_default();
            // Also where an earlier one of its group was left to the queue, in another part of the batch or before it.
            if message.in_flight.is_lost() || self.groups.turn(&message) == Turn::Follow {
                self.groups.released(Some(group), crate::source::unix_ms());
                tracing::warn!(
                    pipeline = &*self.pipeline,
                    message_id = message.in_flight.delivery.metadata.message_id,
                    "not written: its visibility timeout ended, and the queue delivers its group again"
                );
            } else if held.contains(group) {
                unstored.push(Unstored::new(message, None));
            } else {
                free.push(message);
            }
        }
        free
    }

    /// A row of the message's own may be there already, and a trigger report it: another delivery was stored, before this one
    /// or after its lease was lost, or an earlier write whose answer never arrived. Where the pipeline file makes a key that
    /// is there an error, these are not errors, but a new message with the same row is.
    async fn refused(&self, mut message: Storable, fault: &Fault, unstored: &mut Vec<Unstored>) {
        let in_flight = &message.in_flight;
        let repeated = in_flight.delivery.metadata.receive_count > 1 || message.written_before || in_flight.is_lost();
        let is_duplicate = repeated || !self.duplicates_are_errors;
        if fault.is_unique_violation() && is_duplicate && self.sink.is_stored(&message.rows).await.unwrap_or(false) {
            let written = Written::all_duplicates(&message.rows);
            return self.commit(vec![message], &written, Instant::now());
        }
        message.refused_now(fault);
        unstored.push(Unstored::new(message, Some(fault.copy())));
    }

    /// Several parts in a row that waited for a lock or ran into a timeout mean that the whole table is busy: it gets a
    /// moment, while the queue keeps its messages. How many there were in a row.
    async fn pause(&self, fault: &Fault, timeouts: usize) -> usize {
        if fault.class != Class::Wait {
            return 0;
        }
        if timeouts >= TIMEOUTS_IN_A_ROW && fault.is_timeout() {
            self.gate.set_unreachable(true);
            self.figures.health().failed(Service::Database, fault);
            self.stop.unless_expired(tokio::time::sleep(PAUSE)).await;
            self.recovered();
        }
        timeouts + 1
    }

    /// Writes a part in one transaction, and beside it a few of the suspects; waits until the database is there.
    async fn write(
        &self,
        part: &mut [Storable],
        unstored: &mut [Unstored],
    ) -> Result<(Written, Vec<(usize, Tried)>), NotWritten> {
        if part.is_empty() {
            return Ok((Written::default(), Vec::new()));
        }
        let mut backoff = Backoff::quick();
        loop {
            let suspects = self.suspects_to_try(unstored);
            let write = self.write_once(part, &suspects, unstored);
            let answer = self.stop.unless_expired(write).await;
            let fault = match answer.ok_or(NotWritten::GivenUp)? {
                Ok((written, tried)) => {
                    self.recovered();
                    return Ok((written, suspects.into_iter().zip(tried).collect()));
                }
                Err(fault) => fault,
            };
            match fault.class {
                Class::Reject(_) | Class::Refuse(_) | Class::Suspect | Class::Wait => {
                    self.recovered();
                    return Err(NotWritten::Refused(fault));
                }
                Class::Fatal => {
                    let _ = self.fatal.send(fault);
                    // Held until the end of the pipeline, which gives them back.
                    self.stop.unless_expired(std::future::pending::<()>()).await;
                    return Err(NotWritten::GivenUp);
                }
                Class::Retry | Class::Outage => {
                    for index in suspects {
                        unstored[index].message.written_before = true;
                    }
                    for message in part.iter_mut() {
                        message.written_before = true;
                    }
                    self.wait_out(&fault, &mut backoff).await?;
                    if self.has_lost_lease(part) {
                        return Err(NotWritten::LeaseLost);
                    }
                }
            }
        }
    }

    /// Whether a message must not be written any more, since the order of its group counts.
    fn has_lost_lease(&self, part: &[Storable]) -> bool {
        self.ordered && part.iter().any(|message| message.in_flight.is_lost())
    }

    /// Waits before the next attempt. A first transient failure is nothing special; from the second on, and in an outage,
    /// the queue keeps its messages.
    async fn wait_out(&self, fault: &Fault, backoff: &mut Backoff) -> Result<(), NotWritten> {
        let wait = backoff.next();
        let attempts = backoff.attempts();
        if fault.class == Class::Outage || attempts > 1 {
            self.gate.set_unreachable(true);
            self.figures.health().failed(Service::Database, fault);
        }
        tracing::debug!(pipeline = &*self.pipeline, attempts, %fault, "can't write");
        let waiting = async {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.answers_again.notified() => {}
            }
        };
        self.stop.unless_expired(waiting).await.ok_or(NotWritten::GivenUp)
    }

    fn commit(&self, batch: Vec<Storable>, written: &Written, began: Instant) {
        self.evidence.committed(&batch, written, began);
        self.figures.written(written);
        if written.rows() > written.duplicates() {
            self.figures.note_keys(batch.iter().map(|message| &message.rows));
        }
        let mut skipped = Vec::new();
        let mut stored = Vec::with_capacity(batch.len());
        for message in batch {
            // A message without rows is one that the pipeline file drops.
            if message.rows.is_empty() { &mut skipped } else { &mut stored }.push(message.sent_at());
            let mut in_flight = message.in_flight;
            in_flight.release_rows();
            let _ = self.settled.send(in_flight);
        }
        self.figures.stored(&stored);
        self.figures.skipped(&skipped);
    }
}

/// Cuts a batch where its rows become too many bytes for one write; reversed, so that the first is popped first.
fn in_bytes(batch: Vec<Storable>) -> Vec<Vec<Storable>> {
    let mut parts = vec![Vec::new()];
    let mut bytes = 0;
    for message in batch {
        let own = message.rows.size();
        if bytes + own > MAX_BYTES && bytes > 0 {
            parts.push(Vec::new());
            bytes = 0;
        }
        bytes += own;
        parts.last_mut().expect("there is always one").push(message);
    }
    parts.reverse();
    parts
}
