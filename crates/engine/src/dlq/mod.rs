//! Where messages go that can never be stored, and what becomes of them there: `runner dlq` lists, redrives and purges
//! the letters.

mod batch;
mod letter;
mod reason;
mod sqs;

mod dead_letter;
mod filter;
mod held;
mod kind;
mod look;
mod redrive;
mod resend;
mod visitors;

pub use dead_letter::{DeadLetter, REDRIVE_POLICY};
pub use filter::Filter;
pub use held::{Held, Unsettled, VISIBILITY};
pub use kind::{Group, Kind, Kinds, Sample};
pub use letter::{CODE_ATTRIBUTE, REASON_ATTRIBUTE};
pub use look::{Next, Seen, Selection, Visitor, look};
pub use redrive::{MOST_REDRIVES, Redrive, RedriveOptions, Redriven};
pub use resend::Resender;
pub use sqs::SqsDeadLetters;
pub use visitors::{Collected, Collection, Listing, Search};

use std::future::Future;

use crate::fault::Fault;
use pipeline::message::{Delivery, Rejection};

/// A rejected message and its reason.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// The message; its body travels byte for byte.
    pub delivery: &'a Delivery,
    /// Why it is rejected.
    pub rejection: &'a Rejection,
    /// The pipeline that rejects it.
    pub pipeline: &'a str,
}

/// A queue for dead letters.
///
/// "Accepted" means that the queue has confirmed this very letter. A letter sent twice is possible (the answer
/// to the first got lost); a letter lost is not. The implementation never retries; the engine does.
pub trait DeadLetters: Send + Sync + 'static {
    /// Sends at most ten letters. One result per letter, in their order.
    fn send(&self, letters: &[Letter<'_>]) -> impl Future<Output = Vec<Result<(), Fault>>> + Send;
}
