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
    /// How long a receive call is put off, at most, after an answer that was not full; zero for never.
    pub linger: Duration,
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
    /// Connections to PostgreSQL, at most.
    pub connections: u32,
}

/// Calls a second that renew visibility timeouts, at most: what one thread can make beside everything else.
const MOST_RENEWALS: u64 = 1_000;
/// Messages in one of these calls.
const RENEWED_BY_A_CALL: u64 = 10;

/// The shortest visibility timeout with which so many messages can be kept in flight: each is renewed when half of it is
/// over.
pub fn shortest_visibility(in_flight: usize) -> Duration {
    let calls = (in_flight as u64).div_ceil(RENEWED_BY_A_CALL);
    Duration::from_secs((2 * calls).div_ceil(MOST_RENEWALS).max(1))
}

/// The same as a sentence, for a timeout that is shorter.
pub fn too_short_visibility(in_flight: usize, visibility: Duration) -> String {
    format!(
        "a visibility timeout of {} s is too short for {in_flight} messages in flight: each is renewed every half of it, \
         {RENEWED_BY_A_CALL} in a call, and at most {MOST_RENEWALS} calls a second are possible; the shortest is \
         2 * {in_flight} / {RENEWED_BY_A_CALL} / {MOST_RENEWALS} = {} s",
        visibility.as_secs(),
        shortest_visibility(in_flight).as_secs(),
    )
}

impl Source {
    /// Writes side by side, on a queue that keeps no order: one is on its way while the batch of another is built. The other
    /// half of the connections is for what is examined or waits.
    pub fn writers(&self) -> usize {
        self.connections.div_ceil(2) as usize
    }
}
