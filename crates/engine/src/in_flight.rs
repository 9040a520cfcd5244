//! Messages on their way through the engine.

use std::time::Instant;

use pipeline::message::Rejection;
use pipeline::row::Rows;

use crate::fault::Fault;
use crate::lease::InFlight;

/// A message with its rows.
#[derive(Debug)]
pub(crate) struct Storable {
    pub(crate) rows: Rows,
    pub(crate) in_flight: InFlight,
    /// Of a message that the database refused alone.
    pub(crate) refusal: Option<Refusal>,
}

/// A message with the reason why it can't be stored.
#[derive(Debug)]
pub(crate) struct Rejected {
    pub(crate) rejection: Rejection,
    pub(crate) in_flight: InFlight,
}

/// Since when the database refuses a message alone, and why.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) since: Instant,
    pub(crate) fault: Fault,
}

impl Refusal {
    pub(crate) fn now(fault: &Fault) -> Self {
        Self { since: Instant::now(), fault: fault.copy() }
    }
}

impl Storable {
    /// The indexes of the tables that the message has rows for.
    pub(crate) fn tables(&self) -> impl Iterator<Item = usize> {
        self.rows.tables.iter().enumerate().filter(|(_, rows)| !rows.is_empty()).map(|(table, _)| table)
    }

    /// The message group on a FIFO queue.
    pub(crate) fn group(&self) -> Option<&str> {
        self.in_flight.delivery.metadata.group_id.as_deref()
    }

    pub(crate) fn sent_at(&self) -> Option<i64> {
        self.in_flight.delivery.metadata.sent_at
    }
}
