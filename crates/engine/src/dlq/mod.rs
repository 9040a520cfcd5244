//! Where messages go that can never be stored.

mod letter;
mod sqs;

pub use letter::{CODE_ATTRIBUTE, REASON_ATTRIBUTE};
pub use sqs::SqsDeadLetters;

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
/// "Accepted" means that the queue has said so for this very letter. A letter sent twice is possible (the answer
/// to the first got lost); a letter lost is not. The implementation never retries; the engine does.
pub trait DeadLetters: Send + Sync + 'static {
    /// Sends at most ten letters. One result per letter, in their order.
    fn send(&self, letters: &[Letter<'_>]) -> impl Future<Output = Vec<Result<(), Fault>>> + Send;
}
