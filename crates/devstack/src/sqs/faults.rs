//! Faults on purpose, for tests of clients.
//!
//! ```
//! use devstack::sqs::{ErrorCode, Fault, Operation, Sqs, SqsOptions};
//!
//! let sqs = Sqs::start(SqsOptions::default())?;
//! // The next two deletes are throttled.
//! let fault = Fault::error(ErrorCode::RequestThrottled);
//! sqs.faults().inject(fault.on(Operation::DeleteMessageBatch).times(2));
//! // Every twentieth call is answered with status 500.
//! sqs.faults().inject(Fault::error(ErrorCode::InternalFailure).share(0.05));
//! # std::io::Result::Ok(())
//! ```

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::error::{Error, ErrorCode};
use super::protocol::Operation;

/// One kind of fault, and the calls it hits: every call, unless narrowed.
#[derive(Debug, Clone)]
pub struct Fault {
    effect: Effect,
    operation: Option<Operation>,
    remaining: Option<u32>,
    share: f64,
    /// Collects shares; the call at which it reaches one is hit.
    due: f64,
}

#[derive(Debug, Clone)]
enum Effect {
    Latency(Duration),
    Error(ErrorCode),
    LostRequest,
    LostAnswer,
    FailedEntries { indices: Vec<usize>, code: ErrorCode },
}

impl Fault {
    /// The call takes this much longer. A long poll's wait comes on top.
    pub fn latency(latency: Duration) -> Self {
        Self::new(Effect::Latency(latency))
    }

    /// The call is answered with this error and not applied. `InternalFailure` has status 500,
    /// `ServiceUnavailable` 503, `RequestThrottled` is what SQS says when calls come too fast.
    pub fn error(code: ErrorCode) -> Self {
        Self::new(Effect::Error(code))
    }

    /// The connection breaks before the call is applied.
    pub fn lost_request() -> Self {
        Self::new(Effect::LostRequest)
    }

    /// The call is applied, then the connection breaks: the client can't know.
    pub fn lost_answer() -> Self {
        Self::new(Effect::LostAnswer)
    }

    /// In a batch call the entries at these places (from 0) are not applied and come back as
    /// `Failed` with this code. Calls without entries are left alone, and not counted.
    pub fn failed_entries(indices: impl Into<Vec<usize>>, code: ErrorCode) -> Self {
        Self::new(Effect::FailedEntries { indices: indices.into(), code })
    }

    fn new(effect: Effect) -> Self {
        Self { effect, operation: None, remaining: None, share: 1.0, due: 0.0 }
    }

    /// Only calls of this operation.
    #[must_use]
    pub fn on(mut self, operation: Operation) -> Self {
        self.operation = Some(operation);
        self
    }

    /// Only the next `calls` calls; without it the fault stays until [`Faults::clear`].
    #[must_use]
    pub fn times(mut self, calls: u32) -> Self {
        self.remaining = Some(calls);
        self
    }

    /// Only this share of the calls (0 to 1), evenly spread: 0.05 hits every twentieth.
    #[must_use]
    pub fn share(mut self, share: f64) -> Self {
        self.share = share.clamp(0.0, 1.0);
        self
    }

    fn applies_to(&self, operation: Operation) -> bool {
        let batch = matches!(
            operation,
            Operation::SendMessageBatch | Operation::DeleteMessageBatch | Operation::ChangeMessageVisibilityBatch
        );
        self.operation.is_none_or(|only| only == operation)
            && (batch || !matches!(self.effect, Effect::FailedEntries { .. }))
    }

    /// Whether this call is hit; counts it.
    fn hits(&mut self, operation: Operation) -> bool {
        if !self.applies_to(operation) || self.remaining == Some(0) {
            return false;
        }
        self.due += self.share;
        if self.due < 1.0 - 1e-9 {
            return false;
        }
        self.due -= 1.0;
        self.remaining = self.remaining.map(|remaining| remaining - 1);
        true
    }
}

/// The faults of one endpoint. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    faults: Arc<Mutex<Vec<Fault>>>,
}

impl Faults {
    /// Adds a fault; faults add up.
    pub fn inject(&self, fault: Fault) {
        self.with(|faults| faults.push(fault));
    }

    /// Ends all faults.
    pub fn clear(&self) {
        self.with(Vec::clear);
    }

    /// What happens to the next call of `operation`.
    pub(crate) fn next(&self, operation: Operation) -> Plan {
        self.with(|faults| {
            let mut plan = Plan::default();
            for fault in faults.iter_mut() {
                if fault.hits(operation) {
                    plan.add(&fault.effect);
                }
            }
            faults.retain(|fault| fault.remaining != Some(0));
            plan
        })
    }

    fn with<T>(&self, f: impl FnOnce(&mut Vec<Fault>) -> T) -> T {
        f(&mut self.faults.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What happens to one call.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) latency: Duration,
    pub(crate) error: Option<ErrorCode>,
    pub(crate) lose_request: bool,
    pub(crate) lose_answer: bool,
    failed_entries: Vec<(usize, ErrorCode)>,
}

impl Plan {
    fn add(&mut self, effect: &Effect) {
        match effect {
            Effect::Latency(latency) => self.latency += *latency,
            Effect::Error(code) => self.error = Some(*code),
            Effect::LostRequest => self.lose_request = true,
            Effect::LostAnswer => self.lose_answer = true,
            Effect::FailedEntries { indices, code } => {
                self.failed_entries.extend(indices.iter().map(|&index| (index, *code)));
            }
        }
    }

    /// The error of the entry at `index` of a batch, if it has to fail.
    pub(crate) fn entry(&self, index: usize) -> Result<(), Error> {
        match self.failed_entries.iter().find(|(failed, _)| *failed == index) {
            Some((_, code)) => Err(Error::new(*code, "This entry fails on purpose.")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_operation_narrow_a_fault() {
        let faults = Faults::default();
        let fault = Fault::error(ErrorCode::OverLimit);
        faults.inject(fault.on(Operation::ReceiveMessage).times(1));
        assert!(faults.next(Operation::SendMessage).error.is_none());
        assert_eq!(faults.next(Operation::ReceiveMessage).error, Some(ErrorCode::OverLimit));
        assert!(faults.next(Operation::ReceiveMessage).error.is_none());
    }

    #[test]
    fn a_share_is_spread_evenly() {
        let faults = Faults::default();
        faults.inject(Fault::lost_answer().share(0.05));
        let hit: Vec<_> = (1..=100).filter(|_| faults.next(Operation::SendMessage).lose_answer).collect();
        assert_eq!(hit, [20, 40, 60, 80, 100]);
    }

    #[test]
    fn failed_entries_wait_for_a_batch_call() {
        let faults = Faults::default();
        faults.inject(Fault::failed_entries([1], ErrorCode::InternalFailure).times(1));
        assert!(faults.next(Operation::SendMessage).entry(1).is_ok());
        let plan = faults.next(Operation::SendMessageBatch);
        assert!(plan.entry(0).is_ok());
        assert_eq!(plan.entry(1).unwrap_err().code, ErrorCode::InternalFailure);
    }
}
