//! Settling: deletes what is committed or dead-lettered, ten in a call where they come soon enough, each entry by itself.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use pipeline::message::Receipt;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;

use crate::backoff::Backoff;
use crate::fault::{Class, Fault};
use crate::figures::Figures;
use crate::lease::{InFlight, Leases};
use crate::memory::Memory;
use crate::source::{MAX_BATCH, Source};
use crate::stop::Stop;

/// Deletes settled messages.
pub(crate) struct Settler<S> {
    pub(crate) source: Arc<S>,
    pub(crate) pipeline: Arc<str>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) stop: Stop,
    pub(crate) leases: Arc<Leases>,
    pub(crate) memory: Memory,
    /// The pipeline ends when its queue is empty.
    pub(crate) until_empty: bool,
    /// How long a delete waits for others.
    pub(crate) gathering: Duration,
    /// The deletes of a message group keep its order.
    pub(crate) ordered: bool,
}

/// Delete calls in flight side by side: at 20 ms of latency that is 32,000 messages a second.
const CALLS_AT_ONCE: usize = 64;

/// How long a delete waits for others: at 50 messages a second, ten are there after 200 ms. It delays no row, those of the
/// message are committed. At most nine messages wait, renewed like all others, and each timeout is a second or more.
pub(crate) const GATHERING: Duration = Duration::from_millis(250);

/// What became of the entries of one call.
struct Deleted {
    /// To be tried again, with the last fault.
    failed: Vec<InFlight>,
    fault: Option<Fault>,
    /// Never deleted: their receipts have expired.
    expired: Vec<InFlight>,
}

impl<S: Source> Settler<S> {
    /// Runs until everything in flight is settled.
    pub(crate) async fn run(self: Arc<Self>, settled: UnboundedReceiver<InFlight>) {
        if self.ordered { self.run_in_order(settled).await } else { self.run_side_by_side(settled).await }
    }

    async fn run_side_by_side(self: Arc<Self>, mut settled: UnboundedReceiver<InFlight>) {
        let mut deleting = JoinSet::new();
        loop {
            let batch = self.gather(&mut settled).await;
            if batch.is_empty() {
                break;
            }
            while deleting.len() >= CALLS_AT_ONCE {
                deleting.join_next().await;
            }
            deleting.spawn(Arc::clone(&self).delete_until_done(batch));
            while deleting.try_join_next().is_some() {}
        }
        while deleting.join_next().await.is_some() {}
    }

    /// Ten messages, or what is there when waiting longer would gain nothing; none at the end.
    async fn gather(&self, settled: &mut UnboundedReceiver<InFlight>) -> Vec<InFlight> {
        let mut batch = Vec::with_capacity(MAX_BATCH);
        settled.recv_many(&mut batch, MAX_BATCH).await;
        let mut enough = std::pin::pin!(self.enough_waited());
        while !batch.is_empty() && batch.len() < MAX_BATCH && !self.is_the_rest(&batch) {
            let missing = MAX_BATCH - batch.len();
            tokio::select! {
                biased;
                more = settled.recv_many(&mut batch, missing) => if more == 0 { break },
                () = &mut enough => break,
            }
        }
        batch
    }

    /// Resolves after a moment, or when somebody waits for the end of what is settled.
    async fn enough_waited(&self) {
        tokio::select! {
            () = self.stop.draining() => {}
            () = self.memory.is_wanted() => {}
            () = tokio::time::sleep(self.gathering) => {}
        }
    }

    /// Whether a pipeline that ends with its queue has nothing else in flight.
    fn is_the_rest(&self, batch: &[InFlight]) -> bool {
        self.until_empty && self.leases.len() == batch.len()
    }

    async fn delete_until_done(self: Arc<Self>, mut batch: Vec<InFlight>) {
        let mut backoff = Backoff::quick();
        while !batch.is_empty() {
            let Some(deleted) = self.delete(batch).await else { return };
            self.leave(&deleted.expired);
            batch = deleted.failed;
            if let Some(fault) = deleted.fault
                && !batch.is_empty()
                && !self.wait_out(&fault, &mut backoff).await
            {
                return self.leave(&batch);
            }
        }
    }

    /// One call at a time, with the first message of each group in it: a group stops at its first failure, so that no
    /// message is redelivered after a later one of its group was deleted. It never waits for more: the queue delivers
    /// nothing of a group while a message of it is in flight, so waiting would add its time to each round of a group.
    async fn run_in_order(self: Arc<Self>, mut settled: UnboundedReceiver<InFlight>) {
        let mut waiting: VecDeque<InFlight> = VecDeque::new();
        let mut backoff = Backoff::quick();
        loop {
            if waiting.is_empty() {
                match settled.recv().await {
                    Some(message) => waiting.push_back(message),
                    None => return,
                }
            }
            while let Ok(message) = settled.try_recv() {
                waiting.push_back(message);
            }
            let Some(deleted) = self.delete(first_of_each_group(&mut waiting)).await else { return };
            for message in &deleted.expired {
                self.leave(std::slice::from_ref(message));
                self.leave_group(message, &mut waiting);
            }
            for message in deleted.failed.into_iter().rev() {
                waiting.push_front(message);
            }
            match deleted.fault {
                Some(fault) if !waiting.is_empty() => {
                    if !self.wait_out(&fault, &mut backoff).await {
                        self.leave(waiting.make_contiguous());
                        return;
                    }
                }
                _ => backoff = Backoff::quick(),
            }
        }
    }

    /// Deletes at most ten messages; `None` when the pipeline ends first.
    async fn delete(&self, batch: Vec<InFlight>) -> Option<Deleted> {
        let receipts: Vec<Receipt> = batch.iter().map(InFlight::receipt).collect();
        let Some(results) = self.stop.unless_expired(self.source.delete(&receipts)).await else {
            self.leave(&batch);
            return None;
        };
        let mut deleted = Deleted { failed: Vec::new(), fault: None, expired: Vec::new() };
        for (message, result) in batch.into_iter().zip(results) {
            match result {
                Ok(()) => {}
                Err(fault) if fault.class == Class::Fatal => deleted.expired.push(message),
                Err(fault) => {
                    deleted.fault = Some(fault);
                    deleted.failed.push(message);
                }
            }
        }
        Some(deleted)
    }

    /// False when the pipeline ends first. Everything but an expired receipt is worth waiting for: the visibility timeout is
    /// renewed meanwhile, and what waits here stops the receiving before it grows.
    async fn wait_out(&self, fault: &Fault, backoff: &mut Backoff) -> bool {
        let wait = backoff.next();
        if backoff.worth_a_line() {
            let (pipeline, attempts) = (&*self.pipeline, backoff.attempts());
            tracing::warn!(pipeline, attempts, %fault, "can't delete what is settled; keeping it invisible, trying again");
        }
        self.stop.unless_expired(tokio::time::sleep(wait)).await.is_some()
    }

    fn leave(&self, batch: &[InFlight]) {
        if batch.is_empty() {
            return;
        }
        self.figures.counters.undeleted.add(batch.len());
        let (pipeline, messages) = (&*self.pipeline, batch.len());
        tracing::warn!(pipeline, messages, "settled but not deleted: the queue will deliver them again");
    }

    /// Leaves what follows a message of the same group: it is redelivered in its order.
    fn leave_group(&self, first: &InFlight, waiting: &mut VecDeque<InFlight>) {
        let group = &first.delivery.metadata.group_id;
        let mut behind = Vec::new();
        for message in std::mem::take(waiting) {
            if message.delivery.metadata.group_id == *group {
                behind.push(message);
            } else {
                waiting.push_back(message);
            }
        }
        self.leave(&behind);
    }
}

/// Takes the first message of each group out, at most ten.
fn first_of_each_group(waiting: &mut VecDeque<InFlight>) -> Vec<InFlight> {
    let mut groups: HashSet<Option<String>> = HashSet::new();
    let mut first = Vec::with_capacity(MAX_BATCH);
    let mut rest = VecDeque::with_capacity(waiting.len());
    for message in waiting.drain(..) {
        let group = message.delivery.metadata.group_id.clone();
        if first.len() < MAX_BATCH && groups.insert(group) {
            first.push(message);
        } else {
            rest.push_back(message);
        }
    }
    *waiting = rest;
    first
}

#[cfg(test)]
mod tests;
