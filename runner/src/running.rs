//! Opens the external services of a pipeline, and runs it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::connection;
use crate::exit::Failure;
use crate::output::failure::one_line;
use engine::dlq::SqsDeadLetters;
use engine::sink::{Database, PostgresSink, RowOrder, Server, WritingOptions};
use engine::source::{Clients, Queue, Source as _, SqsSource, resolve};
use engine::stop::Stop;
use engine::{self, Ending, Figures, Services};
use pipeline::{LiveTypes, Pipeline, QueueRef, shortest_visibility, too_short_visibility};

/// The external services of a pipeline, as commands use them.
pub(crate) type Opened = Services<SqsSource, PostgresSink, SqsDeadLetters>;

/// Deliveries of a message on a queue without a redrive policy, which would deliver it without end.
const MAX_RECEIVES: u32 = 10;

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

/// How long a start is tried again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Without end, also for what somebody has to create first.
    pub(crate) wait: bool,
    /// For what usually passes by itself.
    pub(crate) transient: Duration,
}

impl Patience {
    fn allows(self, failure: &Failure, waited: Duration) -> bool {
        (self.wait && failure.may_pass()) || (failure.is_transient() && waited < self.transient)
    }
}

/// Makes an attempt at starting a pipeline as often as `patience` allows, and shows in its figures what keeps it waiting.
pub(crate) async fn patiently<T>(
    pipeline: &Pipeline,
    figures: &Figures,
    patience: Patience,
    attempt: impl AsyncFn() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let began = Instant::now();
    let mut logged = String::new();
    loop {
        let failure = match attempt().await {
            Err(failure) if patience.allows(&failure, began.elapsed()) => failure,
            other => return other,
        };
        let reason = one_line(&failure);
        figures.progress().can_not_start(failure.service(), reason.clone());
        if reason != logged {
            tracing::warn!(pipeline = pipeline.name(), "can't start yet, trying again: {reason}");
            logged = reason;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Opens queue, dead-letter queue and database.
pub(crate) async fn open(
    pipeline: &Pipeline,
    queues: &Queues,
    clients: &Clients,
    database: &Arc<Server>,
) -> Result<Opened, Failure> {
    let source = pipeline.source();
    let (queue, dlq, (database, live_types)) = tokio::try_join!(
        queue(clients, &queues.queue),
        queue(clients, &queues.dlq),
        tables_that_fit(pipeline, database),
    )?;
    if dlq.url == queue.url {
        return Err(Failure::SameQueue(pipeline.file().to_owned()));
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
    queue.warn_of_assumptions();
    dlq.warn_of_assumptions();
    let messages = SqsSource::new(&queue, source.visibility);
    can_renew(pipeline, messages.visibility_timeout())?;
    let order = if queue.fifo { RowOrder::Arrival } else { RowOrder::Key };
    Ok(Services {
        ordered: queue.fifo,
        max_receives: source.max_receives.or(queue.redrive_policy.is_none().then_some(MAX_RECEIVES)),
        source: messages,
        sink: PostgresSink::new(&database, pipeline.targets().iter().zip(&live_types), source.write_timeout, order),
        dead_letters: SqsDeadLetters::new(dlq.clients.dead_letters, dlq.url, dlq.max_message_bytes, dlq.fifo),
    })
}

/// The queue's own visibility timeout is known only now.
fn can_renew(pipeline: &Pipeline, visibility: Duration) -> Result<(), Failure> {
    let in_flight = pipeline.source().in_flight;
    if visibility >= shortest_visibility(in_flight) {
        return Ok(());
    }
    let problem = too_short_visibility(in_flight, visibility);
    Err(Failure::ShortVisibility { file: pipeline.file().to_owned(), problem })
}

async fn queue(clients: &Clients, queue: &QueueRef) -> Result<Queue, Failure> {
    Ok(resolve(clients, queue).await?)
}

/// A pool and the types of the live tables, once these are known to take the pipeline's rows.
async fn tables_that_fit(pipeline: &Pipeline, database: &Arc<Server>) -> Result<(Database, Vec<LiveTypes>), Failure> {
    let source = pipeline.source();
    let (connections, write_timeout) = (source.connections, source.write_timeout);
    let writing = WritingOptions { connections, write_timeout, tables: pipeline.targets().len() };
    let database = connection::open_for_writing(database, writing).await?;
    let fit = migration::fit(&database.orm(), pipeline.targets()).await?;
    if !fit.misfits.is_empty() {
        return Err(Failure::Misfits(fit.misfits));
    }
    for lossy in fit.lossy {
        tracing::warn!(pipeline = pipeline.name(), "{lossy}");
    }
    Ok((database, fit.live_types))
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
    ended.map_err(|fault| Failure::Stopped { pipeline: name, fault })
}
