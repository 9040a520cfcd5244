//! Writing: whatever is ready, as soon as a writer is free; a batch that a row spoils is split until that row is alone.

use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::{Mutex, watch};

use super::lease::InFlight;
use super::stats::Stats;
use super::{Doomed, Storable};
use crate::backoff::Backoff;
use crate::fault::{Class, Fault};
use crate::message::{Code, Rejection};
use crate::row::Rows;
use crate::sink::{Sink, Written};
use crate::stop::Stop;

/// What every writer shares.
pub(super) struct Writer<K> {
    pub(super) sink: Arc<K>,
    pub(super) pipeline: Arc<str>,
    /// Messages per write.
    pub(super) batch: usize,
    pub(super) stats: Arc<Stats>,
    pub(super) gate: watch::Sender<bool>,
    pub(super) stop: Stop,
    pub(super) fatal: UnboundedSender<Fault>,
    pub(super) storable: Mutex<UnboundedReceiver<Storable>>,
    pub(super) doomed: UnboundedSender<Doomed>,
    pub(super) settled: UnboundedSender<InFlight>,
}

/// Characters of PostgreSQL's message in a reason: it may show a value, and values can be long.
const MAX_REASON: usize = 300;
/// Bytes of rows in one write. PostgreSQL takes at most 1 GiB in one message.
const MAX_BYTES: usize = 16 << 20;

/// Why a batch was not written.
enum Unwritten {
    /// One of its rows is to blame.
    Rejected(Code, Fault),
    /// The pipeline ends; the queue keeps the messages.
    GivenUp,
}

impl<K: Sink> Writer<K> {
    /// Writes until the pollers are gone and everything they received is written.
    pub(super) async fn run(self: Arc<Self>) {
        loop {
            let mut batch = Vec::with_capacity(self.batch);
            // No timer: while a write is under way the next batch gathers by itself.
            if self.storable.lock().await.recv_many(&mut batch, self.batch).await == 0 {
                return;
            }
            self.store(batch).await;
        }
    }

    /// The halves are written in their order, so a FIFO group's rows stay in theirs.
    async fn store(&self, batch: Vec<Storable>) {
        let mut parts = in_bytes(batch);
        while let Some(mut part) = parts.pop() {
            match self.write(&part).await {
                Ok(written) => self.commit(part, written),
                Err(Unwritten::Rejected(code, fault)) => match part.len() {
                    1 => part.into_iter().for_each(|message| self.reject(message, code, &fault)),
                    len => {
                        let tail = part.split_off(len / 2);
                        parts.extend([tail, part]);
                    }
                },
                Err(Unwritten::GivenUp) => return,
            }
        }
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
                Class::Reject(code) => {
                    self.recovered(&backoff);
                    return Err(Unwritten::Rejected(code, fault));
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

    fn recovered(&self, backoff: &Backoff) {
        if backoff.attempts() > 0 && !self.gate.send_replace(true) {
            tracing::info!(pipeline = &*self.pipeline, attempts = backoff.attempts(), "writing again");
        }
    }

    fn commit(&self, batch: Vec<Storable>, written: Written) {
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
        let _ = self.doomed.send(Doomed { rejection, in_flight: message.in_flight });
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
