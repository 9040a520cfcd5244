//! Writing: whatever is ready, as soon as a writer is free; a batch that a row spoils is split until that row is alone.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::{Mutex, watch};

use super::lease::InFlight;
use super::stats::Stats;
use crate::backoff::Backoff;
use crate::doubt::Witness;
use crate::fault::{Class, Fault};
use crate::in_flight::{Rejected, Storable, Suspicion};
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
    pub(crate) stats: Arc<Stats>,
    pub(crate) gate: watch::Sender<bool>,
    pub(crate) stop: Stop,
    pub(crate) fatal: UnboundedSender<Fault>,
    /// Messages of a group don't overtake each other.
    pub(crate) ordered: bool,
    pub(crate) witness: Witness,
    pub(crate) storable: Mutex<UnboundedReceiver<Storable>>,
    pub(crate) doomed: UnboundedSender<Rejected>,
    pub(crate) settled: UnboundedSender<InFlight>,
}

/// Characters of PostgreSQL's message in a reason: it may show a value, and values can be long.
const MAX_REASON: usize = 300;
/// Bytes of rows in one write. PostgreSQL takes at most 1 GiB in one message.
const MAX_BYTES: usize = 16 << 20;

/// Why a batch was not written.
enum Unwritten {
    /// One of its rows is to blame, or may be.
    Refused(Fault),
    /// The pipeline ends; the queue keeps the messages.
    GivenUp,
}

impl<K: Sink> Writer<K> {
    /// Writes until the pollers are gone and everything they received is written.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut doubtful = Vec::new();
        let mut backoff = Backoff::quick();
        while let Some(batch) = self.next(&doubtful, &mut backoff).await {
            doubtful = self.store(doubtful, batch).await;
        }
    }

    /// Doubtful messages are tried again with the next new ones, which may speak for or against them, or after a while.
    /// As many as a batch are an outage.
    async fn next(&self, doubtful: &[Storable], backoff: &mut Backoff) -> Option<Vec<Storable>> {
        let Some(first) = doubtful.first() else {
            self.recovered(backoff);
            *backoff = Backoff::quick();
            return self.take().await;
        };
        let receiving = doubtful.len() < self.batch;
        self.gate.send_replace(receiving);
        let wait = backoff.next();
        if backoff.attempts() > 1 && backoff.attempts().is_power_of_two() {
            self.tell_doubt(first, doubtful.len());
        }
        tokio::select! {
            Some(batch) = self.take(), if receiving => Some(batch),
            waited = self.stop.unless_expired(tokio::time::sleep(wait)) => waited.map(|()| Vec::new()),
        }
    }

    /// No timer: while a write is under way the next batch gathers by itself.
    async fn take(&self) -> Option<Vec<Storable>> {
        let mut batch = Vec::with_capacity(self.batch);
        let count = self.storable.lock().await.recv_many(&mut batch, self.batch).await;
        (count > 0).then_some(batch)
    }

    /// Gives what stays doubtful. The halves are written in their order, so a FIFO group's rows stay in theirs.
    async fn store(&self, doubtful: Vec<Storable>, batch: Vec<Storable>) -> Vec<Storable> {
        let mut left = Vec::new();
        let mut parts = in_bytes(batch);
        parts.extend(in_bytes(doubtful));
        while let Some(part) = parts.pop() {
            let mut part = self.hold_back(part, &mut left);
            let began = Instant::now();
            match self.write(&part).await {
                Ok(written) => self.commit(part, written, began),
                Err(Unwritten::Refused(fault)) if part.len() > 1 && self.should_split(&part, &fault) => {
                    let tail = part.split_off(part.len() / 2);
                    parts.extend([tail, part]);
                }
                Err(Unwritten::Refused(fault)) => {
                    left.extend(part.into_iter().filter_map(|message| self.judge(message, &fault)));
                }
                Err(Unwritten::GivenUp) => return Vec::new(),
            }
        }
        left
    }

    /// On a FIFO queue no message overtakes a doubtful one of its group.
    fn hold_back(&self, part: Vec<Storable>, doubtful: &mut Vec<Storable>) -> Vec<Storable> {
        if !self.ordered || doubtful.is_empty() {
            return part;
        }
        let group = |message: &Storable| message.in_flight.delivery.metadata.group_id.clone();
        let groups: HashSet<_> = doubtful.iter().map(group).collect();
        let (behind, free): (Vec<_>, _) = part.into_iter().partition(|message| groups.contains(&group(message)));
        doubtful.extend(behind);
        free
    }

    /// Of messages that were all refused alone before, nothing new comes out until others were stored.
    fn should_split(&self, part: &[Storable], fault: &Fault) -> bool {
        let news = |message: &Storable| message.suspicion.is_none() || self.witness.speaks_against(message);
        fault.class != Class::Suspect || part.iter().any(news)
    }

    /// Dead-letters a message that is to blame, and gives it back when that is not sure.
    fn judge(&self, mut message: Storable, fault: &Fault) -> Option<Storable> {
        let code = match fault.class {
            // It may refer to a row of this very batch that the splitting put after it.
            Class::Reject(_) if fault.is_missing_reference() && message.suspicion.is_none() => None,
            Class::Reject(code) => Some(code),
            _ => self.witness.speaks_against(&message).then_some(Code::Constraint),
        };
        let Some(code) = code else {
            message.suspicion.get_or_insert_with(|| Suspicion::begin(fault));
            return Some(message);
        };
        self.reject(message, code, fault);
        None
    }

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
        }
        if backoff.worth_a_line() {
            let pipeline = &*self.pipeline;
            tracing::warn!(pipeline, attempts, %fault, "can't write; the queue keeps its messages; trying again");
        }
        self.stop.unless_expired(tokio::time::sleep(wait)).await.ok_or(Unwritten::GivenUp)
    }

    fn tell_doubt(&self, first: &Storable, messages: usize) {
        let Some(Suspicion { fault, .. }) = &first.suspicion else { return };
        let (pipeline, message_id) = (&*self.pipeline, &first.in_flight.delivery.metadata.message_id);
        tracing::warn!(
            pipeline,
            message_id,
            messages,
            %fault,
            "can't write this message, and no other was stored since that would show that it is to blame; \
             keeping it, trying again"
        );
    }

    fn recovered(&self, backoff: &Backoff) {
        if backoff.attempts() > 0 && !self.gate.send_replace(true) {
            tracing::info!(pipeline = &*self.pipeline, attempts = backoff.attempts(), "writing again");
        }
    }

    fn commit(&self, batch: Vec<Storable>, written: Written, began: Instant) {
        self.witness.committed(&batch, written, began);
        let (skipped, stored): (Vec<_>, Vec<_>) = batch.iter().partition(|message| message.rows.is_empty());
        let sent_at = |message: &&Storable| message.in_flight.delivery.metadata.sent_at;
        self.stats.stored(written, stored.iter().map(sent_at));
        self.stats.skipped(skipped.iter().map(sent_at));
        for message in batch {
            let _ = self.settled.send(message.in_flight);
        }
    }

    fn reject(&self, message: Storable, code: Code, fault: &Fault) {
        let mut rejection = Rejection::new(code, fault.to_string().chars().take(MAX_REASON).collect::<String>());
        rejection.sqlstate.clone_from(&fault.code);
        let _ = self.doomed.send(Rejected { rejection, in_flight: message.in_flight });
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
