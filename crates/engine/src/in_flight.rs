//! Messages on their way through the engine.

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
    /// It was part of a write whose outcome is not known: its rows may be stored already.
    pub(crate) written_before: bool,
}

/// A message with the reason why it can't be stored.
#[derive(Debug)]
pub(crate) struct Rejected {
    pub(crate) rejection: Rejection,
    pub(crate) in_flight: InFlight,
}

/// Why the database refuses a message alone.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) fault: Fault,
    /// How often it was refused alone.
    pub(crate) times: u32,
}

impl Storable {
    pub(crate) fn new(rows: Rows, in_flight: InFlight) -> Self {
        Self { rows, in_flight, refusal: None, written_before: false }
    }

    /// Notes that the database refuses it alone.
    pub(crate) fn refused_now(&mut self, fault: &Fault) {
        let times = self.refusal.as_ref().map_or(0, |refusal| refusal.times) + 1;
        self.refusal = Some(Refusal { fault: fault.copy(), times });
    }

    /// Milliseconds since 1970.
    pub(crate) fn received_at(&self) -> i64 {
        self.in_flight.delivery.metadata.received_at
    }

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
