//! A queue for tests that answers as they want, and what a pipeline on it needs.

use std::collections::VecDeque;
use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pipeline::decide::{Decider, Schemas};
use pipeline::message::{Delivery, Metadata, Receipt};
use pipeline::validate::{Options, Validator};
use pipeline::{Mapping, Pipeline, Source as Plan};
use serde_json::json;

use crate::fault::Fault;
use crate::source::{Backlog, Source};

/// Answers each receive with the next of its counts, and then no more.
#[derive(Debug, Default)]
pub(crate) struct ScriptedQueue {
    answers: Mutex<VecDeque<usize>>,
    /// Receives that have no answer yet.
    pub(crate) open: AtomicUsize,
    /// The messages in each delete.
    pub(crate) deletes: Mutex<Vec<usize>>,
}

impl ScriptedQueue {
    pub(crate) fn new(answers: impl IntoIterator<Item = usize>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), ..Self::default() })
    }

    pub(crate) fn answers_left(&self) -> usize {
        self.answers.lock().expect("no test panics with it").len()
    }

    pub(crate) fn deletes(&self) -> Vec<usize> {
        self.deletes.lock().expect("no test panics with it").clone()
    }
}

impl Source for ScriptedQueue {
    async fn receive(&self, _: usize, _: Duration) -> Result<Vec<Delivery>, Fault> {
        self.open.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        let next = self.answers.lock().expect("no test panics with it").pop_front();
        let Some(messages) = next else { return std::future::pending().await };
        self.open.fetch_sub(1, Ordering::Relaxed);
        Ok((0..messages).map(|_| delivery()).collect())
    }

    async fn delete(&self, receipts: &[Receipt]) -> Vec<Result<(), Fault>> {
        self.deletes.lock().expect("no test panics with it").push(receipts.len());
        receipts.iter().map(|_| Ok(())).collect()
    }

    async fn change_visibility(&self, receipts: &[Receipt], _: Duration) -> Vec<Result<(), Fault>> {
        receipts.iter().map(|_| Ok(())).collect()
    }

    async fn renew(&self, receipts: &[Receipt], _: Duration) -> Vec<Result<(), Fault>> {
        receipts.iter().map(|_| Ok(())).collect()
    }

    async fn backlog(&self) -> Result<Backlog, Fault> {
        Ok(Backlog::default())
    }

    fn visibility_timeout(&self) -> Duration {
        Duration::from_hours(1)
    }
}

pub(crate) fn delivery() -> Delivery {
    Delivery { body: "{}".to_owned(), metadata: Metadata::default(), receipt: Receipt(String::new()) }
}

/// A pipeline without tables.
pub(crate) fn pipeline(in_flight: usize) -> Arc<Pipeline> {
    let plan = Plan {
        queue: "source".parse().expect("a name"),
        dlq: "source-dlq".parse().expect("a name"),
        pollers: in_flight / 10,
        wait: Duration::from_secs(20),
        linger: Duration::from_hours(1),
        visibility: None,
        max_receives: None,
        batch: in_flight,
        in_flight,
        in_flight_bytes: 1 << 20,
        hold: Duration::from_mins(1),
        write_timeout: Duration::from_mins(1),
        connections: 1,
    };
    let schemas = Schemas::one(Validator::of(&json!({}), Options::default()).expect("a schema"));
    let decider = Decider { unwrap: None, skip: None, schemas, mapping: Mapping { tables: Vec::new() } };
    Arc::new(Pipeline::new(PathBuf::from("test.yaml"), plan, decider, Vec::new(), None))
}

/// Lets everything run until nothing is left to do but to wait.
pub(crate) async fn settle_down() {
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
}

/// What must come to an end, in whatever time.
pub(crate) async fn ends<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), work).await.expect("it ends")
}
