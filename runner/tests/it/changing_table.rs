//! A table whose rules change between any two statements of the engine: no message is rejected for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use engine::dlq::{DeadLetters, Letter};
use engine::fault::Fault;
use engine::sink::{Control, PostgresSink, Sink, Tried, Written};
use engine::source::{Backlog, Source};
use engine::stop::stop_pair;
use engine::{Ending, Figures, Services};
use pipeline::message::{Delivery, Metadata, Receipt};
use pipeline::row::Rows;
use sea_orm::sqlx::{PgPool, raw_sql};
use tokio::sync::Semaphore;

use crate::tables::Tables;

const ADD: &str = "ALTER TABLE e ADD CONSTRAINT nothing_new CHECK (id < 0) NOT VALID";
const DROP: &str = "ALTER TABLE e DROP CONSTRAINT IF EXISTS nothing_new";
/// Controls during which the table changes; after them it stays as it was.
const CHANGES: usize = 3;

/// The real sink. The constraint is there for every write but the first, and away during each control.
struct Changing {
    sink: PostgresSink,
    pool: PgPool,
    /// Gets a permit when the constraint was added first.
    changed: Arc<Semaphore>,
    controls: AtomicUsize,
}

impl Changing {
    async fn change(&self, sql: &'static str) {
        raw_sql(sql).execute(&self.pool).await.expect("the table changes");
    }
}

impl Sink for Changing {
    async fn write(&self, batch: &[&Rows], is_wanted: impl Fn() -> bool + Send + Sync) -> Result<Written, Fault> {
        let written = self.sink.write(batch, is_wanted).await;
        if self.changed.available_permits() == 0 && self.controls.load(Ordering::SeqCst) == 0 && written.is_ok() {
            self.change(ADD).await;
            self.changed.add_permits(1);
        }
        written
    }

    async fn write_beside(
        &self,
        batch: &[&Rows],
        suspects: &[&Rows],
        is_wanted: impl Fn() -> bool + Send + Sync,
    ) -> Result<(Written, Vec<Tried>), Fault> {
        self.sink.write_beside(batch, suspects, is_wanted).await
    }

    async fn write_control(&self, tables: &[usize], control: &Rows, candidates: &[&Rows]) -> Result<Control, Fault> {
        self.change(DROP).await;
        let answer = self.sink.write_control(tables, control, candidates).await;
        if self.controls.fetch_add(1, Ordering::SeqCst) < CHANGES {
            self.change(ADD).await;
        }
        answer
    }

    async fn is_stored(&self, rows: &Rows) -> Result<bool, Fault> {
        self.sink.is_stored(rows).await
    }

    async fn describe_tables(&self) -> Result<Vec<String>, Fault> {
        self.sink.describe_tables().await
    }

    async fn look(&self, is_away: bool) -> Result<bool, Fault> {
        self.sink.look(is_away).await
    }
}

/// A message before the change, and another one after it.
struct BeforeAndAfter {
    sent: AtomicUsize,
    changed: Arc<Semaphore>,
}

impl Source for BeforeAndAfter {
    async fn receive(&self, _: usize, wait: Duration) -> Result<Vec<Delivery>, Fault> {
        let number = self.sent.fetch_add(1, Ordering::SeqCst);
        match number {
            0 => {}
            1 => self.changed.acquire().await.expect("it is never closed").forget(),
            _ => {
                tokio::time::sleep(wait).await;
                return Ok(Vec::new());
            }
        }
        let metadata = Metadata { message_id: format!("m-{number}"), ..Metadata::default() };
        Ok(vec![Delivery { body: format!(r#"{{"id": {number}}}"#), metadata, receipt: Receipt(number.to_string()) }])
    }

    async fn delete(&self, receipts: &[Receipt]) -> Vec<Result<(), Fault>> {
        receipts.iter().map(|_| Ok(())).collect()
    }

    async fn change_visibility(&self, receipts: &[Receipt], _: Duration) -> Vec<Result<(), Fault>> {
        receipts.iter().map(|_| Ok(())).collect()
    }

    async fn renew(&self, receipts: &[Receipt], timeout: Duration) -> Vec<Result<(), Fault>> {
        self.change_visibility(receipts, timeout).await
    }

    async fn backlog(&self) -> Result<Backlog, Fault> {
        Ok(Backlog::default())
    }

    fn visibility_timeout(&self) -> Duration {
        Duration::from_secs(30)
    }
}

/// Counts the letters.
struct Counted(Arc<AtomicUsize>);

impl DeadLetters for Counted {
    async fn send(&self, letters: &[Letter<'_>]) -> Vec<Result<(), Fault>> {
        self.0.fetch_add(letters.len(), Ordering::SeqCst);
        letters.iter().map(|_| Ok(())).collect()
    }
}

#[tokio::test]
async fn a_rule_that_comes_and_goes_rejects_nothing() {
    let Tables { stack, pipeline, sink } =
        Tables::new("tables: { e: { primary_key: [id], columns: { id: bigint } } }\n").await;
    let (changed, letters) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let services = Services {
        source: BeforeAndAfter { sent: AtomicUsize::new(0), changed: Arc::clone(&changed) },
        sink: Changing { sink, pool: stack.pool.clone(), changed, controls: AtomicUsize::new(0) },
        dead_letters: Counted(Arc::clone(&letters)),
        ordered: false,
        max_receives: None,
    };
    let pipeline = Arc::new(pipeline);
    let figures = Arc::new(Figures::new(&pipeline));
    let (stopper, stop) = stop_pair();
    let ending = Ending { until_empty: false, grace: Duration::from_secs(20) };
    let run = tokio::spawn(engine::run(pipeline, services, ending, Arc::clone(&figures), stop));
    let stored = async {
        while figures.read().counts.stored + letters.load(Ordering::SeqCst) as u64 != 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), stored).await.expect("both are settled");
    assert_eq!((figures.read().counts.stored, letters.load(Ordering::SeqCst)), (2, 0));
    assert_eq!(stack.count("e").await, 2);
    stopper.drain();
    run.await.expect("it ends").expect("without a fault");
}
