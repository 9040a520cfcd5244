//! Faults that no server makes on its own: calls that fail, answers that get lost, entries that fail inside a call that
//! succeeds, and parts of the program that panic.

use std::sync::Arc;
use std::time::Duration;

use devstack::sqs::{ErrorCode, Fault, Operation, Sqs, SqsOptions};
use engine::dlq::{DeadLetters, Letter};
use engine::sink::{Control, Sink, Tried, Written};
use engine::source::{Backlog, Source};
use engine::stop::stop_pair;
use engine::{Ending, Figures, Services};
use pipeline::message::{Delivery, Metadata, Receipt};
use pipeline::row::Rows;
use serde_json::json;

use crate::stack::{Stack, repository, transaction};

const PIPELINE: &str = "pipelines/transactions.yaml";

#[tokio::test]
async fn a_queue_service_that_fails_now_and_then_loses_nothing() {
    let sqs = Sqs::start(SqsOptions::default()).unwrap();
    let stack = Stack::on(sqs.endpoint()).await;
    stack.create_queues(&[]).await;
    stack.ends_with(0, &["migrate", PIPELINE]);
    let broken = |number: u32| format!("broken {number}");
    let bodies = (0..1000).map(|number| if number % 20 == 0 { broken(number) } else { transaction(number) });
    stack.send(&stack.queue, &bodies.collect::<Vec<_>>()).await;

    sqs.faults().inject(Fault::error(ErrorCode::ServiceUnavailable).on(Operation::ReceiveMessage).share(0.2));
    sqs.faults().inject(Fault::error(ErrorCode::RequestThrottled).on(Operation::DeleteMessageBatch).share(0.2));
    sqs.faults().inject(Fault::lost_answer().on(Operation::DeleteMessageBatch).times(5));
    let entries = Fault::failed_entries([0, 1, 4], ErrorCode::InternalFailure);
    sqs.faults().inject(entries.clone().on(Operation::DeleteMessageBatch).times(20));
    sqs.faults().inject(entries.on(Operation::SendMessageBatch).times(3));
    let summary = stack.json(&["run", PIPELINE, "--until-empty", "--format", "json"]);
    sqs.faults().clear();

    assert_eq!(stack.count("events").await, 950, "{summary}");
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(950), &json!(50)), "{summary}");
    assert_eq!((&summary["duplicates"], &summary["undeleted"]), (&json!(0), &json!(0)), "{summary}");
    assert_eq!(stack.drain(&stack.dlq).await.len(), 50);
}

/// A queue with one message for every receive, that is never empty and never fails.
struct Endless;

impl Source for Endless {
    async fn receive(&self, _: usize, _: Duration) -> Result<Vec<Delivery>, engine::fault::Fault> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok(vec![Delivery { body: transaction(1), metadata: Metadata::default(), receipt: Receipt("r".to_owned()) }])
    }

    async fn delete(&self, receipts: &[Receipt]) -> Vec<Result<(), engine::fault::Fault>> {
        receipts.iter().map(|_| Ok(())).collect()
    }

    async fn change_visibility(&self, receipts: &[Receipt], _: Duration) -> Vec<Result<(), engine::fault::Fault>> {
        receipts.iter().map(|_| Ok(())).collect()
    }

    async fn renew(&self, receipts: &[Receipt], timeout: Duration) -> Vec<Result<(), engine::fault::Fault>> {
        self.change_visibility(receipts, timeout).await
    }

    async fn backlog(&self) -> Result<Backlog, engine::fault::Fault> {
        Ok(Backlog { visible: 1, ..Backlog::default() })
    }

    fn visibility_timeout(&self) -> Duration {
        Duration::from_secs(30)
    }
}

/// A sink with a bug.
struct Panics;

impl Sink for Panics {
    async fn write(&self, _: &[&Rows], _: impl Fn() -> bool + Send + Sync) -> Result<Written, engine::fault::Fault> {
        panic!("a bug, on purpose")
    }

    async fn write_beside(
        &self,
        _: &[&Rows],
        _: &[&Rows],
        _: impl Fn() -> bool + Send + Sync,
    ) -> Result<(Written, Vec<Tried>), engine::fault::Fault> {
        panic!("a bug, on purpose")
    }

    async fn write_control(
        &self,
        _: &[usize],
        _: &Rows,
        candidates: &[&Rows],
    ) -> Result<Control, engine::fault::Fault> {
        Ok(Control::Accepted(candidates.iter().map(|_| None).collect()))
    }

    async fn is_stored(&self, _: &Rows) -> Result<bool, engine::fault::Fault> {
        Ok(false)
    }

    async fn describe_tables(&self) -> Result<Vec<String>, engine::fault::Fault> {
        Ok(Vec::new())
    }

    async fn look(&self, _: bool) -> Result<bool, engine::fault::Fault> {
        Ok(true)
    }
}

/// A dead-letter queue nobody needs here.
struct Unused;

impl DeadLetters for Unused {
    async fn send(&self, letters: &[Letter<'_>]) -> Vec<Result<(), engine::fault::Fault>> {
        letters.iter().map(|_| Ok(())).collect()
    }
}

#[tokio::test]
async fn a_panic_ends_the_pipeline_with_an_error_and_gives_its_messages_back() {
    let files = compiler::config::load(&[repository().join(PIPELINE)], &compiler::config::Environment::new());
    let mut compiled = compiler::compile(&files).expect("the example compiles");
    let pipeline = Arc::new(compiled.pipelines.remove(0));
    let services = Services { source: Endless, sink: Panics, dead_letters: Unused, ordered: false, max_receives: None };
    let figures = Arc::new(Figures::new(&pipeline));
    let (_stopper, stop) = stop_pair();
    let ending = Ending { until_empty: false, grace: Duration::from_secs(20) };
    let run = engine::run(pipeline, services, ending, Arc::clone(&figures), stop);
    let ended = tokio::time::timeout(Duration::from_secs(30), run).await.expect("it ends by itself");
    let fault = ended.expect_err("it failed");
    assert!(fault.to_string().contains("panicked"), "{fault}");
    assert_eq!(figures.read().counts.stored, 0);
}
