//! A queue and a dead-letter queue whose calls are timed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pipeline::message::{Delivery, Receipt};

use crate::dlq::{DeadLetters, Letter};
use crate::fault::Fault;
use crate::figures::{CallResult, Figures, QueueCall};
use crate::source::{Backlog, Source};

/// Times each call of what it contains. One call is for ten messages, so that a message costs next to nothing.
#[derive(Debug)]
pub(crate) struct Measured<T> {
    calls: T,
    figures: Arc<Figures>,
}

impl<T> Measured<T> {
    pub(crate) fn new(calls: T, figures: &Arc<Figures>) -> Self {
        Self { calls, figures: Arc::clone(figures) }
    }

    async fn entries(
        &self,
        call: QueueCall,
        work: impl Future<Output = Vec<Result<(), Fault>>>,
    ) -> Vec<Result<(), Fault>> {
        let began = Instant::now();
        let results = work.await;
        self.figures.called(call, CallResult::of(&results), began.elapsed());
        results
    }
}

impl<S: Source> Source for Measured<S> {
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, Fault> {
        let began = Instant::now();
        let answer = self.calls.receive(max, wait).await;
        let result = match &answer {
            Ok(deliveries) if deliveries.is_empty() => CallResult::Empty,
            Ok(_) => CallResult::Ok,
            Err(_) => CallResult::Failed,
        };
        self.figures.called(QueueCall::Receive, result, began.elapsed());
        answer
    }

    async fn delete(&self, receipts: &[Receipt]) -> Vec<Result<(), Fault>> {
        self.entries(QueueCall::Delete, self.calls.delete(receipts)).await
    }

    async fn change_visibility(&self, receipts: &[Receipt], timeout: Duration) -> Vec<Result<(), Fault>> {
        self.entries(QueueCall::GiveBack, self.calls.change_visibility(receipts, timeout)).await
    }

    async fn renew(&self, receipts: &[Receipt], timeout: Duration) -> Vec<Result<(), Fault>> {
        self.entries(QueueCall::Renew, self.calls.renew(receipts, timeout)).await
    }

    async fn backlog(&self) -> Result<Backlog, Fault> {
        self.calls.backlog().await
    }

    fn visibility_timeout(&self) -> Duration {
        self.calls.visibility_timeout()
    }
}

impl<D: DeadLetters> DeadLetters for Measured<D> {
    async fn send(&self, letters: &[Letter<'_>]) -> Vec<Result<(), Fault>> {
        self.entries(QueueCall::SendDeadLetters, self.calls.send(letters)).await
    }
}
