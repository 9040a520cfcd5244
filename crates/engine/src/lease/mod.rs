//! Leases: while a message is in flight, its visibility timeout is renewed, on a thread of its own, so that no renewal
//! waits for work.

mod idle;
mod renew;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pipeline::message::{Delivery, Receipt};
use tokio::sync::OwnedSemaphorePermit;

use crate::bytes::Charge;
use crate::figures::Figures;

pub(crate) use idle::{Idle, drained};
pub(crate) use renew::{Renewal, release};

/// A delivery that the engine is responsible for. Until it is dropped it occupies its place in memory, and its visibility
/// timeout is renewed.
#[derive(Debug)]
pub(crate) struct InFlight {
    pub(crate) delivery: Delivery,
    id: u64,
    leases: Arc<Leases>,
    _body: Charge,
    rows: Option<Charge>,
    _permit: OwnedSemaphorePermit,
}

impl InFlight {
    /// Distinguishes it from everything else in flight.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn receipt(&self) -> Receipt {
        self.delivery.receipt.clone()
    }

    /// Whether its visibility timeout ended, or may end soon because no renewal came through or the process was frozen: the
    /// queue delivers the message again, whatever becomes of this delivery. A write that begins now needs some time, too.
    pub(crate) fn is_lost(&self) -> bool {
        let needed_until = Instant::now() + self.leases.timeout / 4;
        self.leases.state().entries.get(&self.id).is_none_or(|entry| entry.lost || entry.held_until <= needed_until)
    }

    /// Accounts for its rows, as long as it is in flight.
    pub(crate) fn charge_rows(&mut self, charge: Charge) {
        self.rows = Some(charge);
    }

    /// Frees what its rows took: they are not needed any more.
    pub(crate) fn release_rows(&mut self) {
        self.rows = None;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.leases.state().entries.remove(&self.id);
        self.leases.figures.left_flight();
    }
}

/// Everything in flight, and when each has to be renewed.
#[derive(Debug)]
pub(crate) struct Leases {
    state: Mutex<State>,
    /// The visibility timeout of every delivery.
    timeout: Duration,
    figures: Arc<Figures>,
}

#[derive(Debug, Default)]
struct State {
    entries: HashMap<u64, Entry>,
    next_id: u64,
    /// When each is due, in that order, since all have the same timeout. Entries that are gone are passed over.
    due: VecDeque<(Instant, u64)>,
    /// Those whose renewal failed, which are due earlier.
    retries: BTreeSet<(Instant, u64)>,
}

#[derive(Debug)]
struct Entry {
    receipt: Receipt,
    received: Instant,
    /// The queue keeps it invisible at least until then.
    held_until: Instant,
    lost: bool,
}

impl Leases {
    pub(crate) fn new(timeout: Duration, figures: Arc<Figures>) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), timeout, figures })
    }

    /// Registers a delivery whose visibility timeout began at `held_since` or later.
    pub(crate) fn take(
        self: &Arc<Self>,
        delivery: Delivery,
        held_since: Instant,
        permit: OwnedSemaphorePermit,
        body: Charge,
    ) -> InFlight {
        let now = Instant::now();
        let held_until = held_since + self.timeout;
        let mut state = self.state();
        let id = state.next_id;
        state.next_id += 1;
        let receipt = delivery.receipt.clone();
        state.entries.insert(id, Entry { receipt, received: now, held_until, lost: false });
        state.due.push_back((now + self.timeout / 2, id));
        state.forget_settled();
        drop(state);
        self.figures.taken_in_flight();
        InFlight { delivery, id, leases: Arc::clone(self), _body: body, rows: None, _permit: permit }
    }

    /// The visibility timeout of every delivery.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How many deliveries are in flight.
    pub(crate) fn len(&self) -> usize {
        self.state().entries.len()
    }

    /// The receipts of everything in flight.
    pub(crate) fn receipts(&self) -> Vec<Receipt> {
        self.state().entries.values().map(|entry| entry.receipt.clone()).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Drops what was settled before it was due, so that the list is no longer than what is in flight.
    fn forget_settled(&mut self) {
        while self.due.front().is_some_and(|(_, id)| !self.entries.contains_key(id)) {
            self.due.pop_front();
        }
    }
}
