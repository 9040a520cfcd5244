//! Where a pipeline's messages come from, and how.

use std::time::Duration;

use crate::queue::QueueRef;

/// Where a pipeline's messages come from, and how.
#[derive(Debug, Clone)]
pub struct Source {
    /// The queue to receive from.
    pub queue: QueueRef,
    /// The dead-letter queue.
    pub dlq: QueueRef,
    /// Receive calls in flight side by side, at most.
    pub pollers: usize,
    /// Long-poll wait; SQS allows 0 to 20 s.
    pub wait: Duration,
    /// Overrides the queue's own visibility timeout; 1 s to 12 h: SQS would allow 0 s, which hands a message out again at once.
    pub visibility: Option<Duration>,
    /// Deliveries after which a message is dead-lettered with its last error; `None` leaves it to the queue's redrive policy.
    pub max_receives: Option<u32>,
    /// Messages per write.
    pub batch: usize,
    /// Messages held in memory, at most.
    pub in_flight: usize,
    /// Bytes of bodies and rows held in memory, at most; one larger message passes alone.
    pub in_flight_bytes: usize,
    /// How long a message that the database does not take now is kept, before it is given back to the queue.
    pub hold: Duration,
    /// Longest wait for an answer to a write.
    pub write_timeout: Duration,
}
