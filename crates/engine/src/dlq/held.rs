//! Letters that a command holds while it looks at them: kept invisible to others, and in the end deleted or given back.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::fault::{Class, Fault};
use crate::source::{MAX_BATCH, Source};
use pipeline::message::Receipt;

/// How long a letter stays invisible when the process that holds it is killed. Short, because then it is missing for that
/// long; renewed when half of it is over.
pub const VISIBILITY: Duration = Duration::from_secs(30);
/// Calls of one kind side by side.
const AT_ONCE: usize = 32;
/// Attempts at a call that only settles: what fails comes back by itself when its visibility ends.
const ATTEMPTS: u32 = 6;

/// The letters that a command holds.
#[derive(Debug)]
pub struct Held<'q, S> {
    queue: &'q S,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// By the letter's id: the newest receipt, and how long it holds the letter.
    leases: HashMap<String, Lease>,
    /// Letters that are done with. One that comes back, because its delete failed or SQS delivered it twice, is deleted.
    discarded: HashSet<String>,
    /// Whether a fault was logged.
    reported: bool,
}

/// Ids with their receipts.
type Leases = Vec<(String, Receipt)>;

#[derive(Debug, Clone)]
struct Lease {
    receipt: Receipt,
    until: Instant,
}

/// What could not be settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unsettled {
    /// Letters that are done with and are still in the queue.
    pub undeleted: usize,
    /// Letters that come back only when their visibility timeout ends.
    pub not_given_back: usize,
}

impl<'q, S: Source> Held<'q, S> {
    /// Holds letters of a queue whose receives ask for [`VISIBILITY`].
    pub fn new(queue: &'q S) -> Self {
        Self { queue, state: Mutex::default() }
    }

    /// Holds a letter, or holds it by its newer receipt.
    pub(super) fn hold(&self, id: &str, receipt: Receipt) {
        self.state().leases.insert(id.to_owned(), Lease { receipt, until: Instant::now() + VISIBILITY });
    }

    /// How many letters are held.
    pub(super) fn count(&self) -> usize {
        self.state().leases.len()
    }

    /// Runs `work` and keeps the held letters invisible meanwhile.
    pub async fn while_renewed<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            done = work => done,
            () = self.renew() => unreachable!("it never ends"),
        }
    }

    async fn renew(&self) {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let half = Instant::now() + VISIBILITY / 2;
            self.change_visibility(self.leases(|_, lease| lease.until < half), VISIBILITY, 1).await;
        }
    }

    /// Deletes letters that are done with. What can't be deleted now is tried again by [`Self::finish`].
    pub async fn discard(&self, ids: &[String]) {
        self.state().discarded.extend(ids.iter().cloned());
        let mut leases = Vec::new();
        for id in ids {
            leases.extend(self.state().leases.get(id).map(|lease| (id.clone(), lease.receipt.clone())));
        }
        self.delete(leases).await;
    }

    /// Deletes what is done with and still there, and gives everything else back at once.
    pub async fn finish(self) -> Unsettled {
        let discarded = self.state().discarded.clone();
        self.while_renewed(self.delete(self.leases(|id, _| discarded.contains(id)))).await;
        let undeleted = self.leases(|id, _| discarded.contains(id)).len();
        self.change_visibility(self.leases(|_, _| true), Duration::ZERO, ATTEMPTS).await;
        Unsettled { undeleted, not_given_back: self.count() }
    }

    async fn delete(&self, leases: Leases) {
        let calls = leases.chunks(MAX_BATCH).map(|chunk| self.delete_ten(chunk.to_vec()));
        stream::iter(calls).for_each_concurrent(AT_ONCE, |call| call).await;
    }

    async fn delete_ten(&self, mut left: Leases) {
        let mut backoff = Backoff::quick();
        while !left.is_empty() && backoff.attempts() < ATTEMPTS {
            let results = self.queue.delete(&receipts(&left)).await;
            let mut failed = Vec::new();
            for ((id, receipt), result) in left.into_iter().zip(results) {
                match result {
                    Ok(()) => _ = self.state().leases.remove(&id),
                    Err(fault) if fault.class == Class::Retry => failed.push((id, receipt)),
                    Err(fault) => self.report(&fault),
                }
            }
            left = failed;
            pause(&mut backoff, &left).await;
        }
    }

    /// Renews, or with a timeout of zero gives back and forgets.
    async fn change_visibility(&self, leases: Leases, timeout: Duration, attempts: u32) {
        let calls = leases.chunks(MAX_BATCH).map(|chunk| self.change_ten(chunk.to_vec(), timeout, attempts));
        stream::iter(calls).for_each_concurrent(AT_ONCE, |call| call).await;
    }

    async fn change_ten(&self, mut left: Leases, timeout: Duration, attempts: u32) {
        let mut backoff = Backoff::quick();
        while !left.is_empty() && backoff.attempts() < attempts {
            let results = self.queue.change_visibility(&receipts(&left), timeout).await;
            let mut failed = Vec::new();
            for ((id, receipt), result) in left.into_iter().zip(results) {
                if !self.changed(&id, &receipt, timeout, &result) {
                    failed.push((id, receipt));
                }
            }
            left = failed;
            pause(&mut backoff, &left).await;
        }
    }

    /// Notes what became of a letter's visibility; false when another attempt may help.
    fn changed(&self, id: &str, receipt: &Receipt, timeout: Duration, result: &Result<(), Fault>) -> bool {
        let mut state = self.state();
        let Some(lease) = state.leases.get_mut(id).filter(|lease| lease.receipt == *receipt) else { return true };
        match result {
            Ok(()) if !timeout.is_zero() => lease.until = Instant::now() + timeout,
            Err(fault) if fault.class == Class::Retry => return false,
            Err(fault) if fault.class == Class::Outage => {
                state.leases.remove(id);
                drop(state);
                self.report(fault);
            }
            // Given back, or a receipt whose time is over: the queue has the letter again.
            Ok(()) | Err(_) => _ = state.leases.remove(id),
        }
        true
    }

    /// Logs the first of the faults that somebody has to act on.
    fn report(&self, fault: &Fault) {
        if fault.class == Class::Outage && !std::mem::replace(&mut self.state().reported, true) {
            tracing::warn!(%fault, "can't delete letters or give them back; those come back within {} s", VISIBILITY.as_secs());
        }
    }

    fn leases(&self, wanted: impl Fn(&String, &Lease) -> bool) -> Leases {
        let state = self.state();
        let chosen = state.leases.iter().filter(|(id, lease)| wanted(id, lease));
        chosen.map(|(id, lease)| (id.clone(), lease.receipt.clone())).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn receipts(leases: &[(String, Receipt)]) -> Vec<Receipt> {
    leases.iter().map(|(_, receipt)| receipt.clone()).collect()
}

async fn pause(backoff: &mut Backoff, left: &[(String, Receipt)]) {
    let wait = backoff.next();
    if !left.is_empty() {
        tokio::time::sleep(wait).await;
    }
}
