//! Opens a pipeline's three outsides, and runs it.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::DatabaseConnection;

use crate::connection;
use crate::exit::Failure;
use crate::settings::DatabaseUrl;
use engine::dlq::SqsDeadLetters;
use engine::sink::PostgresSink;
use engine::source::{Clients, Queue, SqsSource, resolve};
use engine::stop::Stop;
use engine::{self, Ending, Figures, Services, WRITERS};
use pipeline::{Pipeline, QueueRef};

/// The outsides of a pipeline as they are outside of tests.
pub(crate) type Opened = Services<SqsSource, PostgresSink, SqsDeadLetters>;

/// The queues to open: the pipeline's own, or their namesakes on a local service.
#[derive(Debug, Clone)]
pub(crate) struct Queues {
    pub(crate) queue: QueueRef,
    pub(crate) dlq: QueueRef,
}

impl Queues {
    /// Those the pipeline file names.
    pub(crate) fn of(pipeline: &Pipeline) -> Self {
        Self { queue: pipeline.source().queue.clone(), dlq: pipeline.source().dlq.clone() }
    }
}

/// Opens queue, dead-letter queue and database; with `wait`, keeps trying what time can mend.
pub(crate) async fn open(
    pipeline: &Pipeline,
    queues: &Queues,
    clients: &Clients,
    database: &DatabaseUrl,
    wait: bool,
) -> Result<Opened, Failure> {
    let mut told = String::new();
    loop {
        let failure = match try_open(pipeline, queues, clients, database).await {
            Err(Failure::Running(report)) if wait => report,
            other => return other,
        };
        if failure != told {
            tracing::warn!(pipeline = pipeline.name(), "waiting: {failure}");
            told = failure;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn try_open(
    pipeline: &Pipeline,
    queues: &Queues,
    clients: &Clients,
    database: &DatabaseUrl,
) -> Result<Opened, Failure> {
    let source = pipeline.source();
    let (queue, dlq, database) = tokio::try_join!(
        queue(clients, &queues.queue),
        queue(clients, &queues.dlq),
        tables_that_fit(pipeline, database),
    )?;
    if dlq.url == queue.url {
        let file = pipeline.file().display();
        let help = "a rejected message would come back for ever; name another queue";
        return Err(Failure::Config(format!(
            "error: {file}: the dead-letter queue is the source queue\n  help: {help}"
        )));
    }
    if dlq.max_message_bytes < queue.max_message_bytes {
        tracing::warn!(
            pipeline = pipeline.name(),
            "the dead-letter queue takes {} bytes, the queue {}: a larger message could not be dead-lettered; \
             raise the DLQ's MaximumMessageSize",
            dlq.max_message_bytes,
            queue.max_message_bytes
        );
    }
    Ok(Services {
        ordered: queue.fifo,
        source: SqsSource::new(clients, &queue, source.visibility),
        sink: PostgresSink::new(&database, pipeline.targets()),
        dead_letters: SqsDeadLetters::new(clients.calls.clone(), dlq.url, dlq.max_message_bytes, dlq.fifo),
    })
}

async fn queue(clients: &Clients, queue: &QueueRef) -> Result<Queue, Failure> {
    let resolved = resolve(clients, queue).await;
    resolved.map_err(|error| Failure::Running(format!("error: {error}; `run --wait` keeps trying")))
}

/// A pool, once the live tables are known to take the pipeline's rows.
async fn tables_that_fit(pipeline: &Pipeline, database: &DatabaseUrl) -> Result<DatabaseConnection, Failure> {
    // A connection is checked on its way back to the pool; the next write need not wait for that.
    let connections = u32::try_from(WRITERS * 2).expect("a handful");
    let pool = connection::open(database, connections).await?;
    let misfits = migration::misfits(&pool, &connection::tables([pipeline])).await;
    let misfits = misfits.map_err(|error| Failure::Running(format!("error: {}", crate::cli::chain(&error))))?;
    if misfits.is_empty() {
        return Ok(pool);
    }
    let list: Vec<_> = misfits.iter().map(|misfit| format!("error: {misfit}\n  help: {}", misfit.fix)).collect();
    Err(Failure::Running(list.join("\n")))
}

/// Runs an opened pipeline to its end.
pub(crate) async fn run(
    pipeline: Arc<Pipeline>,
    services: Opened,
    ending: Ending,
    figures: Arc<Figures>,
    stop: Stop,
) -> Result<(), Failure> {
    let name = pipeline.name().to_owned();
    let ended = engine::run(pipeline, services, ending, figures, stop).await;
    ended.map_err(|fault| Failure::Running(format!("error: pipeline `{name}` stopped: {fault}")))
}
