//! Writing: whatever is ready, as soon as a writer is free. A batch that is refused is halved until the refused message
//! is alone.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::{Mutex, watch};

use super::lease::InFlight;
use crate::backoff::Backoff;
use crate::evidence::TableActivity;
use crate::fault::{Class, Fault};
use crate::figures::{Figures, Service};
use crate::in_flight::{Refusal, Rejected, Storable};
use crate::sink::{Sink, Written};
use crate::stop::Stop;
use pipeline::message::{Code, Rejection};
use pipeline::row::Rows;

/// What every writer shares.
pub(crate) struct Writer<K> {
    pub(crate) sink: Arc<K>,
    pub(crate) pipeline: Arc<str>,
    /// Messages per write.
    pub(crate) batch: usize,
    pub(crate) figures: Arc<Figures>,
    pub(crate) gate: watch::Sender<bool>,
    pub(crate) stop: Stop,
    pub(crate) fatal: UnboundedSender<Fault>,
    /// Messages of a group don't overtake each other.
    pub(crate) ordered: bool,
    pub(crate) activity: TableActivity,
    pub(crate) storable: Mutex<UnboundedReceiver<Storable>>,
    pub(crate) rejected: UnboundedSender<Rejected>,
    pub(crate) settled: UnboundedSender<InFlight>,
}

/// Characters of PostgreSQL's message in a reason: it may show a value, and values can be long.
const MAX_REASON: usize = 300;
/// Bytes of rows in one write. PostgreSQL takes at most 1 GiB in one message.
const MAX_BYTES: usize = 16 << 20;

/// Why a batch was not written.
enum Unwritten {
    /// The database answered that it does not take these rows.
    Refused(Fault),
    /// The pipeline ends; the queue keeps the messages.
    GivenUp,
}

impl<K: Sink> Writer<K> {
    /// Writes until the pollers are gone and everything they received is written.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut undecided = Vec::new();
        let mut backoff = Backoff::quick();
        while let Some(batch) = self.next(&undecided, &mut backoff).await {
            undecided = self.store(undecided, batch).await;
        }
    }

    /// The next batch. Messages that were refused without a decision are tried again together with it, since what
    /// becomes of the others decides, or alone after a wait. As many of them as a batch holds are an outage.
    async fn next(&self, undecided: &[Storable], backoff: &mut Backoff) -> Option<Vec<Storable>> {
        let Some(first) = undecided.first() else {
            self.recovered(backoff);
            *backoff = Backoff::quick();
            return self.take().await;
        };
        let receiving = undecided.len() < self.batch;
        self.gate.send_replace(receiving);
        let wait = backoff.next();
        if backoff.attempts() > 1 && backoff.attempts().is_power_of_two() {
            self.report_undecided(first, undecided.len());
        }
        tokio::select! {
            Some(batch) = self.take(), if receiving => Some(batch),
            waited = self.stop.unless_expired(tokio::time::sleep(wait)) => waited.map(|()| Vec::new()),
        }
    }

    /// Whatever is ready, at most a batch. There is no timer: while a write is under way the next batch gathers by itself.
    async fn take(&self) -> Option<Vec<Storable>> {
        let mut batch = Vec::with_capacity(self.batch);
        let count = self.storable.lock().await.recv_many(&mut batch, self.batch).await;
        (count > 0).then_some(batch)
    }

    /// Stores a batch and the undecided messages of earlier ones; returns those that stay undecided.
    ///
    /// A part that is refused is halved until the refused message is alone. The halves are written in their order, so
    /// that a FIFO group's rows stay in theirs.
    async fn store(&self, undecided: Vec<Storable>, batch: Vec<Storable>) -> Vec<Storable> {
        let mut left = Vec::new();
        // A stack: the undecided messages lie on top, since they are the oldest.
        let mut parts = in_bytes(batch);
        parts.extend(in_bytes(undecided));
        while let Some(part) = parts.pop() {
            let mut part = self.hold_back(part, &mut left);
            let began = Instant::now();
            match self.write(&part).await {
                Ok(written) => self.commit(part, &written, began),
                Err(Unwritten::Refused(fault)) if part.len() > 1 && self.should_split(&part, &fault) => {
                    let tail = part.split_off(part.len() / 2);
                    parts.extend([tail, part]);
                }
                Err(Unwritten::Refused(fault)) => {
                    for message in part {
                        left.extend(self.reject_or_keep(message, &fault));
                    }
                }
                Err(Unwritten::GivenUp) => return Vec::new(),
            }
        }
        left
    }

    /// On a FIFO queue, moves what belongs to the group of an undecided message behind it; returns the rest.
    fn hold_back(&self, part: Vec<Storable>, undecided: &mut Vec<Storable>) -> Vec<Storable> {
        if !self.ordered || undecided.is_empty() {
            return part;
        }
        let groups: HashSet<Option<String>> =
            undecided.iter().map(|message| message.group().map(str::to_owned)).collect();
        let mut free = Vec::with_capacity(part.len());
        for message in part {
            if groups.contains(&message.group().map(str::to_owned)) {
                undecided.push(message);
            } else {
                free.push(message);
            }
        }
        free
    }

    /// Whether halving can show something new. It can't where every message was refused alone before and nothing was
    /// stored since.
    fn should_split(&self, part: &[Storable], fault: &Fault) -> bool {
        fault.class != Class::Suspect
            || part
                .iter()
                .any(|message| message.refusal.is_none() || self.activity.others_stored_since_refusal(message))
    }

    /// Dead-letters a message that is at fault; returns it when that is not certain.
    fn reject_or_keep(&self, mut message: Storable, fault: &Fault) -> Option<Storable> {
        let code = match fault.class {
            // It may refer to a row of this very batch that the splitting put after it.
            Class::Reject(_) if fault.is_missing_reference() && message.refusal.is_none() => None,
            Class::Reject(code) => Some(code),
            _ => self.activity.others_stored_since_refusal(&message).then_some(Code::Constraint),
        };
        let Some(code) = code else {
            message.refusal.get_or_insert_with(|| Refusal::now(fault));
            return Some(message);
        };
        self.reject(message, code, fault);
        None
    }

    /// Writes a batch in one transaction; waits until the database is there.
    async fn write(&self, batch: &[Storable]) -> Result<Written, Unwritten> {
        let rows: Vec<&Rows> = batch.iter().map(|message| &message.rows).collect();
        let mut backoff = Backoff::quick();
        loop {
            let answer = self.stop.unless_expired(self.sink.write(&rows)).await;
            let fault = match answer.ok_or(Unwritten::GivenUp)? {
                Ok(written) => {
                    self.recovered(&backoff);
                    return Ok(written);
                }
                Err(fault) => fault,
            };
            match fault.class {
                Class::Reject(_) | Class::Suspect => {
                    self.recovered(&backoff);
                    return Err(Unwritten::Refused(fault));
                }
                Class::Fatal => {
                    let _ = self.fatal.send(fault);
                    // Held until the end of the pipeline, which gives them back.
                    self.stop.unless_expired(std::future::pending::<()>()).await;
                    return Err(Unwritten::GivenUp);
                }
                Class::Retry | Class::Outage => self.wait_out(&fault, &mut backoff).await?,
            }
        }
    }

    /// A first transient failure is nothing special; from the second on, and in an outage, the queue keeps its messages.
    async fn wait_out(&self, fault: &Fault, backoff: &mut Backoff) -> Result<(), Unwritten> {
        let wait = backoff.next();
        let attempts = backoff.attempts();
        if fault.class == Class::Outage || attempts > 1 {
            self.gate.send_replace(false);
            self.figures.health().failed(Service::Database, fault);
        }
        if backoff.worth_a_line() {
            let pipeline = &*self.pipeline;
            tracing::warn!(pipeline, attempts, %fault, "can't write; the queue keeps its messages; trying again");
        }
        self.stop.unless_expired(tokio::time::sleep(wait)).await.ok_or(Unwritten::GivenUp)
    }

    fn report_undecided(&self, first: &Storable, messages: usize) {
        let Some(Refusal { fault, .. }) = &first.refusal else { return };
        let (pipeline, message_id) = (&*self.pipeline, &first.in_flight.delivery.metadata.message_id);
        tracing::warn!(
            pipeline,
            message_id,
            messages,
            %fault,
            "can't write this message, and no other was stored since, which would show that the message is at fault; \
             keeping it, trying again"
        );
    }

    fn recovered(&self, backoff: &Backoff) {
        if backoff.attempts() > 0 && !self.gate.send_replace(true) {
            self.figures.health().recovered(Service::Database);
            tracing::info!(pipeline = &*self.pipeline, attempts = backoff.attempts(), "writing again");
        }
    }

    fn commit(&self, batch: Vec<Storable>, written: &Written, began: Instant) {
        self.activity.committed(written, began);
        self.figures.written(written);
        let mut skipped = Vec::new();
        let mut stored = Vec::with_capacity(batch.len());
        for message in batch {
            // A message without rows is one that the pipeline file drops.
            if message.rows.is_empty() { &mut skipped } else { &mut stored }.push(message.sent_at());
            let _ = self.settled.send(message.in_flight);
        }
        self.figures.stored(&stored);
        self.figures.skipped(&skipped);
    }

    fn reject(&self, message: Storable, code: Code, fault: &Fault) {
        let mut rejection = Rejection::new(code, fault.to_string().chars().take(MAX_REASON).collect::<String>());
        rejection.sqlstate.clone_from(&fault.code);
        let _ = self.rejected.send(Rejected { rejection, in_flight: message.in_flight });
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
