//! How long the calls to the queue service take, and how they end.

use std::time::Duration;

use super::histogram::{CALLS, Histogram, HistogramReading};

/// A call to the queue service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueCall {
    /// Receives messages; at an empty queue it waits.
    Receive,
    /// Deletes settled messages.
    Delete,
    /// Gives messages back to the queue.
    GiveBack,
    /// Renews the visibility timeout of messages in flight.
    Renew,
    /// Sends dead letters.
    SendDeadLetters,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallResult {
    /// It did everything it was asked for.
    Ok,
    /// A receive found no message.
    Empty,
    /// It failed, or an entry of it did.
    Failed,
}

impl QueueCall {
    /// Every call.
    pub const ALL: [Self; 5] = [Self::Receive, Self::Delete, Self::GiveBack, Self::Renew, Self::SendDeadLetters];

    /// One word for metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Delete => "delete",
            Self::GiveBack => "give_back",
            Self::Renew => "renew",
            Self::SendDeadLetters => "send_dead_letters",
        }
    }
}

impl CallResult {
    /// Every result.
    pub const ALL: [Self; 3] = [Self::Ok, Self::Empty, Self::Failed];

    /// Whether all entries of a batch call succeeded.
    pub(crate) fn of<T, E>(entries: &[Result<T, E>]) -> Self {
        if entries.iter().all(Result::is_ok) { Self::Ok } else { Self::Failed }
    }

    /// One word for metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Empty => "empty",
            Self::Failed => "failed",
        }
    }
}

/// The calls of one pipeline.
#[derive(Debug)]
pub(super) struct Calls([[Histogram; CallResult::ALL.len()]; QueueCall::ALL.len()]);

/// The calls of one kind that ended in one way.
#[derive(Debug, Clone, PartialEq)]
pub struct CallReading {
    /// What was called.
    pub call: QueueCall,
    /// How it ended.
    pub result: CallResult,
    /// How long it took.
    pub seconds: HistogramReading,
}

impl Calls {
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|_| std::array::from_fn(|_| Histogram::new(CALLS))))
    }

    pub(super) fn record(&self, call: QueueCall, result: CallResult, took: Duration) {
        self.0[call as usize][result as usize].record(took);
    }

    /// Only a receive can be empty.
    pub(super) fn read(&self) -> Vec<CallReading> {
        let mut readings = Vec::new();
        for call in QueueCall::ALL {
            for result in CallResult::ALL {
                if result != CallResult::Empty || call == QueueCall::Receive {
                    readings.push(CallReading { call, result, seconds: self.0[call as usize][result as usize].read() });
                }
            }
        }
        readings
    }
}
