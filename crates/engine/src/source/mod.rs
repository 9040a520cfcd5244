//! Where messages come from.

mod client;
mod queue;
mod sqs;

pub(crate) use client::sdk_config;
pub use client::{Access, ClientError, Clients, Keys, Place, connect};
pub use queue::{Queue, QueueError, RedrivePolicy, resolve};
pub use sqs::SqsSource;

use std::future::Future;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::fault::Fault;
use pipeline::message::{Delivery, Receipt};

/// A queue with at-least-once delivery.
///
/// Every call may be repeated, and calls run side by side. An implementation never retries: it tells what failed,
/// and the engine decides. A message may be delivered again at any time, even after a delete that answered "done".
pub trait Source: Send + Sync + 'static {
    /// Receives at most [`MAX_BATCH`] messages, waiting up to `wait` for the first. An empty answer is normal.
    /// Dropping the future is allowed: what the queue had handed out comes back after its visibility timeout.
    fn receive(&self, max: usize, wait: Duration) -> impl Future<Output = Result<Vec<Delivery>, Fault>> + Send;

    /// Deletes at most [`MAX_BATCH`] deliveries. One result per receipt, in their order: a call that failed
    /// as a whole fails each of them. Deleting twice is no error.
    fn delete(&self, receipts: &[Receipt]) -> impl Future<Output = Vec<Result<(), Fault>>> + Send;

    /// Makes at most [`MAX_BATCH`] deliveries invisible for `timeout` from now; zero gives them back at once.
    /// One result per receipt, in their order.
    fn change_visibility(
        &self,
        receipts: &[Receipt],
        timeout: Duration,
    ) -> impl Future<Output = Vec<Result<(), Fault>>> + Send;

    /// The same, called from the thread that renews leases: it must not wait for what receives and deletes.
    fn renew(&self, receipts: &[Receipt], timeout: Duration) -> impl Future<Output = Vec<Result<(), Fault>>> + Send;

    /// How many messages the queue holds: waiting, in flight anywhere, and delayed. Approximate on AWS.
    fn backlog(&self) -> impl Future<Output = Result<Backlog, Fault>> + Send;

    /// How long a delivery stays invisible unless it is renewed.
    fn visibility_timeout(&self) -> Duration;
}

/// Entries of one batch call: SQS's own limit.
pub const MAX_BATCH: usize = 10;

/// What a queue still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    /// Ready to be received.
    pub visible: u64,
    /// Received by somebody, not settled yet.
    pub in_flight: u64,
    /// Not ready yet.
    pub delayed: u64,
}

impl Backlog {
    /// Nothing left, for anybody.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// Milliseconds since 1970.
pub(crate) fn unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
