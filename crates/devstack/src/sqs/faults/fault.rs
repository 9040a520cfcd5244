//! One kind of fault, and the choice of the calls it hits.

use std::time::Duration;

use super::plan::{CallPlan, FailingEntry};
use crate::sqs::error::ErrorCode;
use crate::sqs::limits::BATCH_ENTRIES;
use crate::sqs::protocol::Operation;
use crate::sqs::random_numbers::RandomNumbers;

/// One kind of fault, and the calls it hits: every call, unless narrowed.
///
/// A fault comes before the effect of a call (the call is not carried out) or after it (the call is carried out, but
/// the client does not get its answer). Faults that hit the same call add up; an error before the effect hides those
/// after it.
#[derive(Debug, Clone)]
pub struct Fault {
    kind: Kind,
    operations: Vec<Operation>,
    queue: Option<String>,
    remaining_calls: Option<u32>,
    frequency: Frequency,
    numbers: RandomNumbers,
}

#[derive(Debug, Clone)]
enum Kind {
    Latency { shortest: Duration, longest: Duration },
    LateAnswer(Duration),
    ErrorBefore(Vec<ErrorCode>),
    ErrorAfter(Vec<ErrorCode>),
    LostRequest,
    LostAnswer,
    FailedEntries { entries: EntryChoice, code: ErrorCode, sender_fault: bool },
}

#[derive(Debug, Clone)]
enum EntryChoice {
    Indices(Vec<usize>),
    EachWithProbability(f64),
}

#[derive(Debug, Clone)]
enum Frequency {
    /// `due` collects the shares; the call at which it reaches one is hit.
    EvenlySpread {
        share: f64,
        due: f64,
    },
    Random {
        probability: f64,
    },
}

impl Fault {
    /// The call waits this long before it is carried out. A long poll's own wait is added.
    ///
    /// A client that gives up while it waits cancels the call. See [`late_answer`](Self::late_answer).
    pub fn latency(latency: Duration) -> Self {
        Self::latency_between(latency, latency)
    }

    /// As [`latency`](Self::latency), with a random duration for each call.
    pub fn latency_between(shortest: Duration, longest: Duration) -> Self {
        Self::new(Kind::Latency { shortest, longest: longest.max(shortest) })
    }

    /// The call is carried out at once, and answered this much later. So a client that does not wait long enough
    /// can't see that its call took place.
    pub fn late_answer(latency: Duration) -> Self {
        Self::new(Kind::LateAnswer(latency))
    }

    /// A slow dead-letter queue: messages sent to this queue (name or URL) are stored at once, and the answer comes
    /// this much later.
    pub fn slow_sends(queue: impl AsRef<str>, latency: Duration) -> Self {
        let sends = Self::late_answer(latency).on(Operation::SendMessage).on(Operation::SendMessageBatch);
        sends.on_queue(queue)
    }

    /// The call is answered with this error and not carried out. `InternalFailure` has status 500,
    /// `ServiceUnavailable` 503; SQS answers with `RequestThrottled` when calls come too fast.
    pub fn error(code: ErrorCode) -> Self {
        Self::any_error([code])
    }

    /// As [`error`](Self::error), with one of these codes at random.
    pub fn any_error(codes: impl Into<Vec<ErrorCode>>) -> Self {
        Self::new(Kind::ErrorBefore(codes.into()))
    }

    /// The call is carried out, then answered with this error. A call that fails by itself keeps its own error.
    pub fn error_after(code: ErrorCode) -> Self {
        Self::any_error_after([code])
    }

    /// As [`error_after`](Self::error_after), with one of these codes at random.
    pub fn any_error_after(codes: impl Into<Vec<ErrorCode>>) -> Self {
        Self::new(Kind::ErrorAfter(codes.into()))
    }

    /// The connection is closed without an answer, and the call is not carried out.
    pub fn lost_request() -> Self {
        Self::new(Kind::LostRequest)
    }

    /// The call is carried out, then the connection is closed without an answer.
    pub fn lost_answer() -> Self {
        Self::new(Kind::LostAnswer)
    }

    /// In a batch call the entries at these places (from 0) are not applied and come back as `Failed` with this code.
    /// Calls without entries are left alone, and not counted. `SenderFault` is the one that belongs to the code; see
    /// [`with_sender_fault`](Self::with_sender_fault).
    pub fn failed_entries(indices: impl Into<Vec<usize>>, code: ErrorCode) -> Self {
        Self::failing(EntryChoice::Indices(indices.into()), code)
    }

    /// As [`failed_entries`](Self::failed_entries); each entry of a batch call fails with this probability (0 to 1).
    pub fn random_failed_entries(probability: f64, code: ErrorCode) -> Self {
        Self::failing(EntryChoice::EachWithProbability(probability), code)
    }

    fn failing(entries: EntryChoice, code: ErrorCode) -> Self {
        Self::new(Kind::FailedEntries { entries, code, sender_fault: code.is_sender_fault() })
    }

    fn new(kind: Kind) -> Self {
        Self {
            kind,
            operations: Vec::new(),
            queue: None,
            remaining_calls: None,
            frequency: Frequency::EvenlySpread { share: 1.0, due: 0.0 },
            numbers: RandomNumbers::new(0),
        }
    }

    /// Answers failed entries with this `SenderFault`, whatever their code. Faults of other kinds stay as they are.
    #[must_use]
    pub fn with_sender_fault(mut self, value: bool) -> Self {
        if let Kind::FailedEntries { sender_fault, .. } = &mut self.kind {
            *sender_fault = value;
        }
        self
    }

    /// Only calls of this operation. Called more than once, it is enough that one of them matches.
    #[must_use]
    pub fn on(mut self, operation: Operation) -> Self {
        self.operations.push(operation);
        self
    }

    /// Only calls about this queue, given by its name or its URL.
    #[must_use]
    pub fn on_queue(mut self, queue: impl AsRef<str>) -> Self {
        let queue = queue.as_ref();
        self.queue = Some(queue.rsplit('/').next().unwrap_or(queue).to_owned());
        self
    }

    /// Only the next `calls` calls; without it the fault stays until it is removed.
    #[must_use]
    pub fn times(mut self, calls: u32) -> Self {
        self.remaining_calls = Some(calls);
        self
    }

    /// Only this share of the calls (0 to 1), evenly spread: 0.05 hits every twentieth.
    #[must_use]
    pub fn share(mut self, share: f64) -> Self {
        self.frequency = Frequency::EvenlySpread { share: share.clamp(0.0, 1.0), due: 0.0 };
        self
    }

    /// Each call with this probability (0 to 1), at random. The seed is that of [`Faults::seed`](super::Faults::seed).
    #[must_use]
    pub fn probability(mut self, probability: f64) -> Self {
        self.frequency = Frequency::Random { probability };
        self
    }

    pub(super) fn use_seed(&mut self, seed: u64) {
        self.numbers = RandomNumbers::new(seed);
    }

    pub(super) fn needs_queue(&self) -> bool {
        self.queue.is_some()
    }

    pub(super) fn is_over(&self) -> bool {
        self.remaining_calls == Some(0)
    }

    /// Adds this fault to the plan of a call, if it hits that call.
    pub(super) fn apply_to(&mut self, operation: Operation, queue: Option<&str>, plan: &mut CallPlan) {
        if self.is_over() || !self.matches(operation, queue) || !self.is_due() {
            return;
        }
        self.remaining_calls = self.remaining_calls.map(|calls| calls - 1);
        self.add_to(plan);
    }

    fn matches(&self, operation: Operation, queue: Option<&str>) -> bool {
        let operation_matches = self.operations.is_empty() || self.operations.contains(&operation);
        let queue_matches = self.queue.is_none() || self.queue.as_deref() == queue;
        let needs_entries = matches!(self.kind, Kind::FailedEntries { .. });
        operation_matches && queue_matches && (operation.is_batch() || !needs_entries)
    }

    fn is_due(&mut self) -> bool {
        match &mut self.frequency {
            Frequency::Random { probability } => self.numbers.happens(*probability),
            Frequency::EvenlySpread { share, due } => {
                *due += *share;
                // Twenty times 0.05 may be a little less than 1.
                let reached = *due >= 1.0 - 1e-9;
                if reached {
                    *due -= 1.0;
                }
                reached
            }
        }
    }

    fn add_to(&mut self, plan: &mut CallPlan) {
        match &self.kind {
            Kind::Latency { shortest, longest } => {
                let range = longest.saturating_sub(*shortest);
                plan.wait_before += *shortest + range.mul_f64(self.numbers.next_fraction());
            }
            Kind::LateAnswer(latency) => plan.wait_after += *latency,
            Kind::ErrorBefore(codes) => plan.error_before = self.numbers.choose(codes),
            Kind::ErrorAfter(codes) => plan.error_after = self.numbers.choose(codes),
            Kind::LostRequest => plan.lose_request = true,
            Kind::LostAnswer => plan.lose_answer = true,
            Kind::FailedEntries { entries, code, sender_fault } => {
                for index in entries.indices(&mut self.numbers) {
                    plan.failing_entries.push(FailingEntry { index, code: *code, sender_fault: *sender_fault });
                }
            }
        }
    }
}

impl EntryChoice {
    fn indices(&self, numbers: &mut RandomNumbers) -> Vec<usize> {
        match self {
            Self::Indices(indices) => indices.clone(),
            Self::EachWithProbability(probability) => {
                (0..BATCH_ENTRIES).filter(|_| numbers.happens(*probability)).collect()
            }
        }
    }
}
