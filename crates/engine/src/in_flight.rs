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
    /// Of a message that was refused alone.
    pub(crate) suspicion: Option<Suspicion>,
}

/// A message with the reason it can't be stored.
#[derive(Debug)]
pub(crate) struct Rejected {
    pub(crate) rejection: Rejection,
    pub(crate) in_flight: InFlight,
}

/// Since when a message is refused alone, and why.
#[derive(Debug)]
pub(crate) struct Suspicion {
    pub(crate) since: Instant,
    pub(crate) fault: Fault,
}

impl Suspicion {
    pub(crate) fn begin(fault: &Fault) -> Self {
        Self { since: Instant::now(), fault: fault.copy() }
    }
}
