//! A mix of faults at random moments.

use std::time::Duration;

use super::fault::Fault;
use crate::sqs::error::ErrorCode;
use crate::sqs::protocol::Operation;

/// The calls by which messages move.
const MESSAGE_OPERATIONS: [Operation; 7] = [
    Operation::SendMessage,
    Operation::SendMessageBatch,
    Operation::ReceiveMessage,
    Operation::DeleteMessage,
    Operation::DeleteMessageBatch,
    Operation::ChangeMessageVisibility,
    Operation::ChangeMessageVisibilityBatch,
];

/// A mix of faults, each with its probability (0 to 1) for a call. [`Faults::inject_random`] starts it.
///
/// [`Faults::inject_random`]: super::Faults::inject_random
#[derive(Debug, Clone)]
pub struct RandomFaults {
    /// The operations that may be hit; none: every operation.
    pub operations: Vec<Operation>,
    /// The queue that may be hit, by name or URL; `None`: every queue.
    pub queue: Option<String>,
    /// Probability of a latency from zero to `longest_latency`.
    pub latency: f64,
    /// The longest latency.
    pub longest_latency: Duration,
    /// Probability of an error before the effect.
    pub error_before: f64,
    /// Probability of an error after the effect.
    pub error_after: f64,
    /// The codes of both errors; each error is one of them.
    pub error_codes: Vec<ErrorCode>,
    /// Probability of a connection closed before the effect.
    pub lost_request: f64,
    /// Probability of a connection closed after the effect.
    pub lost_answer: f64,
    /// Probability, for each entry of a batch call, of failing with `SenderFault` false.
    pub failed_entry: f64,
    /// Probability, for each entry of a batch call, of failing with `SenderFault` true.
    pub failed_entry_of_sender: f64,
}

impl RandomFaults {
    /// Every fault from which a client recovers by trying again, with the same probability each, on the operations
    /// that send, receive, delete and hide messages. Entries that fail by the sender's fault are left out, since
    /// clients give up on them.
    pub fn transient(probability: f64) -> Self {
        Self {
            operations: MESSAGE_OPERATIONS.to_vec(),
            queue: None,
            latency: probability,
            longest_latency: Duration::from_millis(50),
            error_before: probability,
            error_after: probability,
            error_codes: vec![
                ErrorCode::InternalFailure,
                ErrorCode::ServiceUnavailable,
                ErrorCode::RequestThrottled,
                ErrorCode::ThrottlingException,
            ],
            lost_request: probability,
            lost_answer: probability,
            failed_entry: probability,
            failed_entry_of_sender: 0.0,
        }
    }

    pub(super) fn faults(&self) -> Vec<Fault> {
        let faults = [
            Fault::latency_between(Duration::ZERO, self.longest_latency).probability(self.latency),
            Fault::any_error(self.error_codes.clone()).probability(self.error_before),
            Fault::any_error_after(self.error_codes.clone()).probability(self.error_after),
            Fault::lost_request().probability(self.lost_request),
            Fault::lost_answer().probability(self.lost_answer),
            Fault::random_failed_entries(self.failed_entry, ErrorCode::InternalFailure),
            Fault::random_failed_entries(self.failed_entry_of_sender, ErrorCode::InvalidParameterValue),
        ];
        faults.into_iter().map(|fault| self.narrow(fault)).collect()
    }

    fn narrow(&self, mut fault: Fault) -> Fault {
        for operation in &self.operations {
            fault = fault.on(*operation);
        }
        match &self.queue {
            Some(queue) => fault.on_queue(queue),
            None => fault,
        }
    }
}
